//! Logging out: by POST alone; the page has the button and changes nothing.

use axum::response::{IntoResponse, Redirect, Response};
use serde::Serialize;

use crate::error::Error;
use crate::page::Page;

/// `GET /logout`
pub(crate) async fn show(page: Page) -> Result<Response, Error> {
    page.render("pages/logout/show.html", LogoutView {}).await
}

/// `POST /logout`
pub(crate) async fn destroy(page: Page) -> Result<Response, Error> {
    page.auth()?.logout().await?;
    Ok(Redirect::to("/").into_response())
}

#[derive(Serialize)]
pub(crate) struct LogoutView {}
