//! A new password, for whoever knows the old one. Every other session of the person ends with the old one.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use gatepost_storage::users::{Account, PasswordHash};
use http::{HeaderValue, StatusCode, header};
use serde::Serialize;
use session_auth::password::{MAX_LEN, MIN_LEN};
use session_auth::{Attempt, FlashLevel};

use crate::auth::{self, Login};
use crate::config::LoginMode;
use crate::error::Error;
use crate::form::{Fault, Faults, Form};
use crate::page::Page;
use crate::state::App;

/// `GET /account/password`
pub(crate) async fn edit(
    State(app): State<Arc<App>>,
    page: Page,
    login: Login,
) -> Result<Response, Error> {
    let view = View::of(&app, &login.0, &[]);
    page.render("pages/account/password.html", view).await
}

/// `POST /account/password`
pub(crate) async fn change(
    State(app): State<Arc<App>>,
    page: Page,
    login: Login,
    form: Form,
) -> Result<Response, Error> {
    if app.config.login == LoginMode::NameOnly {
        return Err(Error::Forbidden(
            "Nobody needs a password on this site.".into(),
        ));
    }
    let refused = match replace(&app, &page, &login.0, &form).await? {
        Ok(()) => {
            let sentence = "Your password is changed. Every other browser is logged out.";
            page.say(FlashLevel::Success, sentence.to_owned(), None)
                .await?;
            return Ok(Redirect::to("/account/password").into_response());
        }
        Err(refused) => refused,
    };
    let view = View::of(&app, &login.0, refused.faults.list());
    let status = refused.faults.status();
    let form = page
        .answer(status, "pages/account/password.html", view)
        .await?;
    let mut response = refused.faults.told_with(form);
    if let Some(wait) = refused.retry_after {
        let seconds = HeaderValue::from(wait.as_secs().max(1));
        response.headers_mut().insert(header::RETRY_AFTER, seconds);
    }
    Ok(response)
}

#[derive(Default)]
struct Refused {
    faults: Faults,
    retry_after: Option<Duration>,
}

/// Asks for the old password first of all, as a login would be asked, and stores the new one.
async fn replace(
    app: &App,
    page: &Page,
    account: &Account,
    form: &Form,
) -> Result<Result<(), Refused>, Error> {
    let mut refused = Refused::default();
    let new = form.text("new_password");
    // Before anything is hashed, and before the session changes.
    if !(MIN_LEN..=MAX_LEN).contains(&new.len()) {
        let rule = format!("Choose a password of {MIN_LEN} to {MAX_LEN} characters.");
        refused.faults.invalid("new_password", rule);
        return Ok(Err(refused));
    }
    let name = account.user.username.as_str();
    let auth = page.auth()?;
    let attempt = auth
        .confirm(name, form.text("password"), |name| {
            auth::account(&app.db, name)
        })
        .await?;
    let status = match &attempt {
        Attempt::LoggedIn { .. } => None,
        Attempt::Refused => Some(StatusCode::UNPROCESSABLE_ENTITY),
        Attempt::Throttled { retry_after } => {
            refused.retry_after = Some(*retry_after);
            Some(StatusCode::TOO_MANY_REQUESTS)
        }
        Attempt::Busy => Some(StatusCode::SERVICE_UNAVAILABLE),
    };
    if let Some(status) = status {
        let sentence = match attempt {
            Attempt::Refused => "This is not your password.".to_owned(),
            other => other.to_string(),
        };
        refused.faults.add(status, "password", sentence);
        return Ok(Err(refused));
    }
    let hash = match app.passwords.hash(new).await {
        Ok(hash) => PasswordHash::new(hash.as_str()),
        Err(error) => {
            let (status, sentence) = auth::no_password(&error);
            refused.faults.add(status, "new_password", sentence);
            return Ok(Err(refused));
        }
    };
    app.db.users().set_password(account.user.id, &hash).await?;
    let account = app.db.users().account_of(account.user.id).await?;
    auth.renew(&account.ok_or(Error::NotFound)?).await?;
    Ok(Ok(()))
}

#[derive(Serialize)]
struct View<'a> {
    name: &'a str,
    /// Whether this site knows passwords at all.
    has_password: bool,
    errors: &'a [Fault],
}

impl<'a> View<'a> {
    fn of(app: &App, account: &'a Account, errors: &'a [Fault]) -> Self {
        Self {
            name: account.user.username.as_str(),
            has_password: app.config.login == LoginMode::Password,
            errors,
        }
    }
}
