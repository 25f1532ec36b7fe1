//! One picture by itself, for the small script: received as the editor receives it, and answered as the editor lists it.

use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use serde::Serialize;

use super::desk::PictureView;
use super::parking::Author;
use super::typed::Typed;
use crate::auth::Login;
use crate::error::Error;
use crate::form::Form;
use crate::page::Page;
use crate::state::App;

/// `POST /images`
pub(crate) async fn receive(
    State(app): State<Arc<App>>,
    page: Page,
    login: Login,
    mut form: Form,
) -> Result<Response, Error> {
    let mut typed = Typed::read(&mut form);
    if typed.files.len() != 1 {
        return Err(Error::BadRequest(
            "Send one picture, in a field called image.".into(),
        ));
    }
    typed
        .gather_pictures(&app, &[], Author::Known(login.0.user.id))
        .await?;
    let picture = typed.pictures.iter().find_map(PictureView::of);
    match picture {
        Some(picture) if typed.faults.is_empty() => {
            let view = View { picture };
            page.answer(StatusCode::CREATED, "components/one_received.html", view)
                .await
        }
        _ => Ok(typed
            .faults
            .told_with(typed.faults.status().into_response())),
    }
}

#[derive(Serialize)]
struct View {
    picture: PictureView,
}
