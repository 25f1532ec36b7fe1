//! Throwing a post away and taking it back: by POST alone, asked once on a page of its own, undone by one button.

use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use gatepost_domain::access::{Action, Sight, Viewer};
use gatepost_domain::post::Post;
use gatepost_storage::posts::Found;
use serde::Serialize;
use session_auth::FlashLevel;

use super::{find_for, known_as, whose};
use crate::auth::Login;
use crate::error::Error;
use crate::page::Page;
use crate::paths::{self, Segment};
use crate::state::App;

/// `GET /{post}/delete`
pub(crate) async fn delete(
    State(app): State<Arc<App>>,
    page: Page,
    Segment(segment): Segment,
    _: Login,
) -> Result<Response, Error> {
    let post = find_for(&app, &page.viewer().await?, Action::Delete, &segment).await?;
    let view = DeleteView {
        href: paths::post(&post.slug),
        title: post.title.to_string(),
        owner: known_as(&post.owner),
    };
    page.render("pages/posts/delete.html", view).await
}

/// `POST /{post}/delete`
pub(crate) async fn destroy(
    State(app): State<Arc<App>>,
    page: Page,
    Segment(segment): Segment,
    _: Login,
) -> Result<Response, Error> {
    let post = find_for(&app, &page.viewer().await?, Action::Delete, &segment).await?;
    app.db.posts().trash(post.id).await?;
    let said = format!("“{}” is in the trash.", post.title);
    page.say(FlashLevel::Success, said, Some(paths::restore(&post.slug)))
        .await?;
    Ok(Redirect::to("/").into_response())
}

/// `POST /{post}/restore`
pub(crate) async fn restore(
    State(app): State<Arc<App>>,
    page: Page,
    Segment(segment): Segment,
    _: Login,
) -> Result<Response, Error> {
    let viewer = page.viewer().await?;
    let address = paths::address(&segment).ok_or(Error::NotFound)?;
    let post = match app.db.posts().find(&address).await? {
        Found::Gone(post) => post,
        // Somebody was faster.
        Found::Post(post) if viewer.may(Action::View, &post) => {
            return Ok(Redirect::to(&paths::post(&post.slug)).into_response());
        }
        _ => return Err(Error::NotFound),
    };
    if !viewer.may(Action::Restore, &post) {
        return Err(refusal(&viewer, &post));
    }
    app.db.posts().restore(post.id).await?;
    page.say(
        FlashLevel::Success,
        format!("“{}” is back.", post.title),
        None,
    )
    .await?;
    Ok(Redirect::to(&paths::post(&post.slug)).into_response())
}

/// A post in the trash that was never public is unknown to others.
fn refusal(viewer: &Viewer, post: &Post) -> Error {
    match viewer.sight(post) {
        _ if viewer.may(Action::View, post) => Error::Forbidden(
            "It would be on its way to readers again, so an editor takes it out of the trash."
                .into(),
        ),
        Sight::Hidden => Error::NotFound,
        _ => Error::Forbidden(whose(post).into()),
    }
}

#[derive(Serialize)]
pub(crate) struct DeleteView {
    pub(crate) href: String,
    pub(crate) title: String,
    pub(crate) owner: String,
}
