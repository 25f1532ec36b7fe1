//! The name that readers see. The one to log in with stays: addresses and sessions hang on it.

use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use gatepost_domain::display_name::DisplayName;
use gatepost_domain::user::User;
use serde::Serialize;
use session_auth::FlashLevel;

use crate::auth::Login;
use crate::error::Error;
use crate::form::{Fault, Faults, Form};
use crate::page::Page;
use crate::state::App;

/// `GET /account`
pub(crate) async fn show(page: Page, login: Login) -> Result<Response, Error> {
    let user = &login.0.user;
    let view = View::of(user, user.display_name.as_str(), &[]);
    page.render("pages/account/show.html", view).await
}

/// `POST /account`
pub(crate) async fn update(
    State(app): State<Arc<App>>,
    page: Page,
    login: Login,
    form: Form,
) -> Result<Response, Error> {
    let user = &login.0.user;
    let typed = form.text("display_name");
    let name = match DisplayName::parse(typed) {
        Ok(name) => name,
        Err(error) => {
            let mut faults = Faults::default();
            faults.invalid("display_name", error.to_string());
            let view = View::of(user, typed, faults.list());
            let form = page
                .answer(faults.status(), "pages/account/show.html", view)
                .await?;
            return Ok(faults.told_with(form));
        }
    };
    app.db.users().set_display_name(user.id, &name).await?;
    let sentence = format!("Readers know you as {name} from now on.");
    page.say(FlashLevel::Success, sentence, None).await?;
    Ok(Redirect::to("/account").into_response())
}

#[derive(Serialize)]
struct View<'a> {
    name: &'a str,
    role: &'static str,
    display_name: &'a str,
    errors: &'a [Fault],
}

impl<'a> View<'a> {
    fn of(user: &'a User, display_name: &'a str, errors: &'a [Fault]) -> Self {
        Self {
            name: user.username.as_str(),
            role: user.role.as_str(),
            display_name,
            errors,
        }
    }
}
