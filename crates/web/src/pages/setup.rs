//! The very first account, made by whoever holds the link that the first start printed.
//!
//! Invariant: without the token that counts, and after the first account, the page does not exist.

use std::sync::Arc;

use axum::extract::{Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use gatepost_domain::display_name::DisplayName;
use gatepost_domain::role::Role;
use gatepost_domain::username::Username;
use gatepost_storage::setup::SetUp;
use gatepost_storage::users::{NewUser, PasswordHash};
use serde::{Deserialize, Serialize};

use crate::auth;
use crate::error::Error;
use crate::form::{Fault, Faults, Form};
use crate::page::Page;
use crate::state::App;

#[derive(Deserialize)]
pub(crate) struct Link {
    #[serde(default)]
    token: String,
}

/// `GET /setup?token=`
pub(crate) async fn new(
    State(app): State<Arc<App>>,
    page: Page,
    Query(link): Query<Link>,
) -> Result<Response, Error> {
    must_count(&app, &link.token).await?;
    let view = View {
        token: &link.token,
        name: "",
        display_name: "",
        errors: &[],
    };
    page.render("pages/setup/form.html", view).await
}

/// `POST /setup`
pub(crate) async fn create(
    State(app): State<Arc<App>>,
    page: Page,
    form: Form,
) -> Result<Response, Error> {
    let token = form.text("token");
    must_count(&app, token).await?;
    let owner = match owner(&app, &form).await {
        Ok(owner) => owner,
        Err(faults) => return again(&page, &form, &faults).await,
    };
    let SetUp::Done(user) = app.db.setup().finish(token, &owner).await? else {
        return Err(Error::NotFound);
    };
    let account = app
        .db
        .users()
        .account_of(user.id)
        .await?
        .ok_or(Error::NotFound)?;
    page.auth()?.login(&account).await?;
    Ok(Redirect::to("/").into_response())
}

async fn must_count(app: &App, token: &str) -> Result<(), Error> {
    match app.db.setup().is_valid(token).await? {
        true => Ok(()),
        false => Err(Error::NotFound),
    }
}

/// The owner that the form describes, or everything that is wrong with it.
async fn owner(app: &App, form: &Form) -> Result<NewUser, Faults> {
    let mut faults = Faults::default();
    let username = Username::parse(form.text("name"));
    let display_name = match (form.text("display_name").trim(), &username) {
        ("", Ok(username)) => Ok(DisplayName::from(username)),
        (typed, _) => DisplayName::parse(typed),
    };
    let hash = app.passwords.hash(form.text("password")).await;
    match (username, display_name, hash) {
        (Ok(username), Ok(display_name), Ok(hash)) => {
            let password_hash = Some(PasswordHash::new(hash.as_str()));
            Ok(NewUser {
                username,
                display_name,
                role: Role::Owner,
                password_hash,
            })
        }
        (username, display_name, hash) => {
            let mut fault = |field, message: Option<String>| {
                if let Some(message) = message {
                    faults.invalid(field, message);
                }
            };
            let named = username.is_ok() || !form.text("display_name").trim().is_empty();
            fault("name", username.err().map(|error| error.to_string()));
            fault(
                "display_name",
                display_name
                    .err()
                    .filter(|_| named)
                    .map(|error| error.to_string()),
            );
            if let Err(error) = &hash {
                let (status, sentence) = auth::no_password(error);
                faults.add(status, "password", sentence);
            }
            Err(faults)
        }
    }
}

/// The form with everything as it was typed, but for the password.
async fn again(page: &Page, form: &Form, faults: &Faults) -> Result<Response, Error> {
    let view = View {
        token: form.text("token"),
        name: form.text("name"),
        display_name: form.text("display_name"),
        errors: faults.list(),
    };
    let form = page
        .answer(faults.status(), "pages/setup/form.html", view)
        .await?;
    Ok(faults.told_with(form))
}

#[derive(Serialize)]
struct View<'a> {
    token: &'a str,
    name: &'a str,
    display_name: &'a str,
    errors: &'a [Fault],
}
