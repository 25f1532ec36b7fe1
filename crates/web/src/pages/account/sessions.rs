//! Where a person is logged in, and ending that; only for who has just proven who they are.

use axum::response::{IntoResponse, Redirect, Response};
use serde::Serialize;
use session_auth::{FlashLevel, OpenSession};

use crate::auth::RecentLogin;
use crate::error::Error;
use crate::form::Form;
use crate::page::Page;

/// `GET /account/sessions`
pub(crate) async fn index(page: Page, _login: RecentLogin) -> Result<Response, Error> {
    let sessions = page.auth()?.sessions().await?;
    page.render("pages/account/sessions.html", View { sessions })
        .await
}

/// `POST /account/sessions`: ends the one named by the field `session`, or all `others`.
pub(crate) async fn end(page: Page, _login: RecentLogin, form: Form) -> Result<Response, Error> {
    let auth = page.auth()?;
    let sentence = match form.text("session") {
        "others" => {
            auth.log_out_everywhere_else().await?;
            "Every other browser is logged out."
        }
        "" => return Err(Error::BadRequest("Which session is to end?".into())),
        id => match auth.revoke(id).await? {
            true if auth.user().await?.is_none() => return Ok(Redirect::to("/").into_response()),
            true => "That browser is logged out.",
            false => "That session had ended already.",
        },
    };
    page.say(FlashLevel::Success, sentence.to_owned(), None)
        .await?;
    Ok(Redirect::to("/account/sessions").into_response())
}

#[derive(Serialize)]
struct View {
    sessions: Vec<OpenSession>,
}
