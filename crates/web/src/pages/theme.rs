//! Choosing light or dark, without a script: a form in every footer, and a cookie that holds one word.

use std::sync::Arc;

use axum::Form;
use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use http::{HeaderValue, header};
use serde::Deserialize;
use session_auth::LocalPath;

use crate::error::Error;
use crate::state::App;
use crate::theme::Theme;

#[derive(Deserialize)]
pub(crate) struct Choice {
    theme: String,
    next: Option<String>,
}

/// `POST /account/theme`
pub(crate) async fn update(
    State(app): State<Arc<App>>,
    Form(choice): Form<Choice>,
) -> Result<Response, Error> {
    let theme = Theme::named(&choice.theme)
        .ok_or_else(|| Error::BadRequest("A page is light, dark, or as the system is.".into()))?;
    let back = choice.next.as_deref().and_then(LocalPath::parse);
    let back = back.unwrap_or_else(LocalPath::root);
    let mut response = Redirect::to(back.as_str()).into_response();
    let cookie = theme.cookie(app.config.base_url.is_https());
    let cookie = HeaderValue::from_str(&cookie).map_err(Error::unexpected)?;
    response.headers_mut().insert(header::SET_COOKIE, cookie);
    Ok(response)
}
