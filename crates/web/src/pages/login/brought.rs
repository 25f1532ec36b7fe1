//! A form of somebody whose login has ended: it may bring the fields of a login along, so that nothing of it is lost.

use axum::response::Response;
use gatepost_domain::user::User;

use super::{Credentials, LoginFields, Refused};
use crate::error::Error;
use crate::form::{Faults, Form};
use crate::page::Page;
use crate::state::App;

/// Nobody is logged in: the form comes back with the fields of a login.
pub(crate) struct NoLogin {
    pub(crate) fields: LoginFields,
    /// What was wrong with the login that it brought.
    refused: Option<Refused>,
}

/// Whoever is logged in, or logs in by what this form brought.
pub(crate) async fn sender(
    app: &App,
    page: &Page,
    form: &Form,
) -> Result<Result<User, NoLogin>, Error> {
    if let Some(account) = page.auth()?.user().await? {
        return Ok(Ok(account.user));
    }
    let typed = Credentials::of(form);
    let fields = LoginFields::filled(app.config.login, &typed);
    let refused = match form.has("login") {
        true => typed.try_out(app, page).await?.err(),
        false => None,
    };
    if form.has("login")
        && refused.is_none()
        && let Some(account) = page.auth()?.user().await?
    {
        return Ok(Ok(account.user));
    }
    Ok(Err(NoLogin { fields, refused }))
}

impl NoLogin {
    pub(crate) fn faults(&self) -> Faults {
        let refused = self.refused.as_ref();
        refused.map(|it| it.faults.clone()).unwrap_or_default()
    }

    /// Tells the client when it is worth trying again.
    pub(crate) fn hint(&self, response: Response) -> Response {
        match &self.refused {
            Some(refused) => refused.hint(response),
            None => response,
        }
    }
}

/// The fields of a login that a form brought, for giving it back before anybody knows who sent it.
pub(crate) fn fields_in(app: &App, form: &Form) -> Option<LoginFields> {
    let filled = || LoginFields::filled(app.config.login, &Credentials::of(form));
    form.has("login").then(filled)
}
