//! What one person has published.
//!
//! Invariant: strangers learn of nobody who has published nothing; account names are for logging in.

use std::sync::Arc;

use axum::extract::{Query, State};
use axum::response::Response;
use gatepost_domain::access::Viewer;
use gatepost_domain::user::User;
use gatepost_domain::username::Username;
use serde::Serialize;

use super::list::{Entry, Listing, PER_PAGE, Place, turned};
use crate::error::Error;
use crate::page::Page;
use crate::paths::{self, Segment};
use crate::state::App;

/// Somebody at an address: under this spelling of the name, or under another.
pub(crate) enum Named {
    Here(User),
    Moved(Username),
}

/// `GET /authors/{username}`
pub(crate) async fn show(
    State(app): State<Arc<App>>,
    page: Page,
    Segment(name): Segment,
    Query(place): Query<Place>,
) -> Result<Response, Error> {
    let author = match named(&app, &name).await? {
        Named::Here(author) => author,
        Named::Moved(username) => return Ok(paths::moved(&paths::author(&username))),
    };
    let posts = app.db.posts();
    let read = |from| posts.by_author(author.id, from, PER_PAGE);
    let (from, posts) = turned(place.direction()?, &read).await?;
    let nothing = posts.items.is_empty() && read(None).await?.items.is_empty();
    if nothing && matches!(page.viewer().await?, Viewer::Anonymous) {
        return Err(Error::NotFound);
    }
    let path = paths::author(&author.username);
    let view = AuthorView {
        list: Listing::of(&app, &path, from, &posts, Entry::of(&app)),
        name: author.display_name.to_string(),
        feed: format!("{path}/feed.atom"),
        href: path,
    };
    page.render("pages/authors/show.html", view).await
}

/// Whom an address means.
pub(crate) async fn named(app: &App, segment: &str) -> Result<Named, Error> {
    let username = Username::parse(segment).map_err(|_| Error::NotFound)?;
    let author = app.db.users().by_username(&username).await?;
    let author = author.ok_or(Error::NotFound)?;
    Ok(match author.username.as_str() == segment {
        true => Named::Here(author),
        false => Named::Moved(author.username),
    })
}

#[derive(Serialize)]
struct AuthorView {
    list: Listing,
    name: String,
    href: String,
    feed: String,
}
