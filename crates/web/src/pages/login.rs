//! Logging in, with a password or (in a classroom) by name alone; who fails keeps the form, and learns nothing from it.

mod brought;
mod credentials;
mod view;

use std::sync::Arc;

use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;

pub(crate) use self::brought::{NoLogin, fields_in, sender};
pub(crate) use self::credentials::Credentials;
use self::credentials::Refused;
pub(crate) use self::view::LoginFields;
use self::view::LoginView;
use crate::error::Error;
use crate::form::{Faults, Form};
use crate::page::Page;
use crate::state::App;

#[derive(Deserialize)]
pub(crate) struct Onward {
    next: Option<String>,
}

/// `GET /login`
pub(crate) async fn new(
    State(app): State<Arc<App>>,
    page: Page,
    Query(onward): Query<Onward>,
) -> Result<Response, Error> {
    let next = onward.next.as_deref();
    if let Some(redirect) = page.auth()?.skip_login(next).await? {
        return Ok(redirect.into_response());
    }
    // Who is logged in and gets here is to confirm that it is still them.
    let person = page.auth()?.user().await?;
    let fields = LoginFields::empty(app.config.login).of(person.as_ref());
    let mut view = LoginView::of(&app, fields, next.unwrap_or_default(), &Faults::default());
    view.confirms = person.is_some();
    page.render("pages/login/form.html", view).await
}

/// `POST /login`
pub(crate) async fn create(
    State(app): State<Arc<App>>,
    page: Page,
    form: Form,
) -> Result<Response, Error> {
    let next = form.text("next");
    let credentials = Credentials::of(&form);
    let refused = match credentials.try_out(&app, &page).await? {
        Ok(()) => return Ok(page.auth()?.target(Some(next)).redirect().into_response()),
        Err(refused) => refused,
    };
    let fields = LoginFields::filled(app.config.login, &credentials);
    let mut view = LoginView::of(&app, fields, next, &refused.faults);
    view.confirms = page.auth()?.user().await?.is_some();
    let response = page
        .answer(refused.faults.status(), "pages/login/form.html", view)
        .await?;
    Ok(refused.hint(refused.faults.told_with(response)))
}
