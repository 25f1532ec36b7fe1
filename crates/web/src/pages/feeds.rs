//! The feeds: of the site, of a person, of a tag.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use gatepost_domain::post::{Post, Summary};

use crate::error::Error;
use crate::feed::{ENTRIES, Feed, Subject};
use crate::page::Page;
use crate::state::App;

/// `GET /feed.atom`
pub(crate) async fn atom(State(app): State<Arc<App>>, page: Page) -> Result<Response, Error> {
    of_site(&app, "/feed.atom").await?.atom(&app, &page)
}

/// `GET /feed.json`
pub(crate) async fn json(State(app): State<Arc<App>>, page: Page) -> Result<Response, Error> {
    of_site(&app, "/feed.json").await?.json(&page)
}

async fn of_site(app: &App, address: &str) -> Result<Feed, Error> {
    let newest = app.db.posts().index(None, ENTRIES).await?;
    let subject = Subject {
        title: app.site.name.clone(),
        home: "/".to_owned(),
        address: address.to_owned(),
    };
    Ok(Feed::of(app, subject, &whole(app, newest.items).await?).await)
}

/// The posts of a list with their texts, apart from those that were deleted since.
async fn whole(app: &App, listed: Vec<Summary>) -> Result<Vec<Post>, Error> {
    let mut posts = Vec::with_capacity(listed.len());
    for post in listed {
        posts.extend(app.db.posts().get(post.id).await?);
    }
    Ok(posts)
}
