//! The name that readers see. The one to log in with stays: addresses and sessions hang on it.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use gatepost_domain::display_name::DisplayName;
use gatepost_domain::user::User;
use serde::Serialize;
use session_auth::FlashLevel;

use crate::auth::Login;
use crate::error::Error;
use crate::form::{Fault, Faults, Form};
use crate::page::Page;
use crate::pages::login::{LoginFields, NoLogin, sender};
use crate::state::App;

const TEMPLATE: &str = "pages/account/show.html";

/// `GET /account`
pub(crate) async fn show(page: Page, login: Login) -> Result<Response, Error> {
    let user = &login.0.user;
    let view = View::of(user, user.display_name.as_str(), &[]);
    page.render(TEMPLATE, view).await
}

/// `POST /account`: the form is read before anybody is asked who they are, so that an ended login takes no name away.
pub(crate) async fn update(
    State(app): State<Arc<App>>,
    page: Page,
    form: Form,
) -> Result<Response, Error> {
    let typed = form.text("display_name");
    let user = match sender(&app, &page, &form).await? {
        Ok(user) => user,
        Err(nobody) => return without_login(&nobody, &page, typed).await,
    };
    let name = match DisplayName::parse(typed) {
        Ok(name) => name,
        Err(error) => {
            let mut faults = Faults::default();
            faults.invalid("display_name", error.to_string());
            let view = View::of(&user, typed, faults.list());
            let form = page.answer(faults.status(), TEMPLATE, view).await?;
            return Ok(faults.told_with(form));
        }
    };
    app.db.users().set_display_name(user.id, &name).await?;
    let sentence = format!("Readers know you as {name} from now on.");
    page.say(FlashLevel::Success, sentence, None).await?;
    Ok(Redirect::to("/account").into_response())
}

/// Nobody is logged in: the form comes back with the fields of a login.
async fn without_login(nobody: &NoLogin, page: &Page, typed: &str) -> Result<Response, Error> {
    let faults = nobody.faults();
    let status = match faults.is_empty() {
        true => StatusCode::UNAUTHORIZED,
        false => faults.status(),
    };
    let view = View {
        person: None,
        login: Some(&nobody.fields),
        display_name: typed,
        errors: faults.list(),
    };
    let form = page.answer(status, TEMPLATE, view).await?;
    Ok(nobody.hint(faults.told_with(form)))
}

#[derive(Serialize)]
struct View<'a> {
    /// Whose account it is, unless the login has ended.
    person: Option<Person<'a>>,
    /// To log in with the form.
    login: Option<&'a LoginFields>,
    display_name: &'a str,
    errors: &'a [Fault],
}

#[derive(Serialize)]
struct Person<'a> {
    name: &'a str,
    role: &'static str,
}

impl<'a> View<'a> {
    fn of(user: &'a User, display_name: &'a str, errors: &'a [Fault]) -> Self {
        let person = Person {
            name: user.username.as_str(),
            role: user.role.as_str(),
        };
        Self {
            person: Some(person),
            login: None,
            display_name,
            errors,
        }
    }
}
