//! The front page: what is published, newest first, twenty at a time; to a writer also the drafts.

use std::sync::Arc;

use axum::extract::{Query, State};
use axum::response::Response;
use gatepost_domain::access::Viewer;
use serde::Serialize;

use super::list::{Entry, Listing, PER_PAGE, Place, turned};
use crate::error::Error;
use crate::page::Page;
use crate::state::App;

const DRAFTS: u32 = 12;

/// `GET /`
pub(crate) async fn index(
    State(app): State<Arc<App>>,
    page: Page,
    Query(place): Query<Place>,
) -> Result<Response, Error> {
    let posts = app.db.posts();
    let (from, posts) = turned(place.direction()?, |from| posts.index(from, PER_PAGE)).await?;
    let drafts = match page.viewer().await? {
        Viewer::User(user) if from.is_none() => {
            let drafts = app.db.posts().drafts(user.id, None, DRAFTS).await?;
            drafts.items
        }
        _ => Vec::new(),
    };
    let view = IndexView {
        list: Listing::of(&app, "/", from, &posts, Entry::of(&app)),
        drafts: drafts.iter().map(Entry::of(&app)).collect(),
    };
    page.render("pages/posts/index.html", view).await
}

#[derive(Serialize)]
struct IndexView {
    list: Listing,
    drafts: Vec<Entry>,
}
