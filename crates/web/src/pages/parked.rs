//! Forms that wait for their author: the list, and throwing one away. Giving one back is the editor's, in `posts`.
//!
//! Invariant: a form is found by its author and its key together, so a key that somebody else knows finds nothing.

use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use serde::Serialize;
use session_auth::FlashLevel;

use crate::auth::Login;
use crate::error::Error;
use crate::page::Page;
use crate::parking::Notice;
use crate::paths::Segment;
use crate::state::App;

/// `GET /parked`
pub(crate) async fn index(
    State(app): State<Arc<App>>,
    page: Page,
    login: Login,
) -> Result<Response, Error> {
    let waiting = app.parking.waiting(&app.db, login.0.user.id).await?;
    let forms = waiting.into_iter().map(Notice::from).collect();
    page.render("pages/parked/index.html", ParkedView { forms })
        .await
}

/// `POST /parked/{form}/discard`
pub(crate) async fn destroy(
    State(app): State<Arc<App>>,
    page: Page,
    Segment(key): Segment,
    login: Login,
) -> Result<Response, Error> {
    let key = key.parse().map_err(|_| Error::NotFound)?;
    if !app.db.parked().discard(login.0.user.id, &key).await? {
        return Err(Error::NotFound);
    }
    page.say(FlashLevel::Success, "It is thrown away.".to_owned(), None)
        .await?;
    Ok(Redirect::to("/").into_response())
}

#[derive(Serialize)]
pub(crate) struct ParkedView {
    forms: Vec<Notice>,
}
