//! The feeds: of the site, of a person, of a tag.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use gatepost_storage::posts::Within;

use crate::error::Error;
use crate::feed::{ENTRIES, Feed, Subject};
use crate::page::Page;
use crate::pages::{authors, tags};
use crate::paths::{self, Segment};
use crate::state::App;

/// `GET /feed.atom`
pub(crate) async fn atom(State(app): State<Arc<App>>, page: Page) -> Result<Response, Error> {
    of_site(&app, "/feed.atom").await?.atom(&app, &page)
}

/// `GET /feed.json`
pub(crate) async fn json(State(app): State<Arc<App>>, page: Page) -> Result<Response, Error> {
    of_site(&app, "/feed.json").await?.json(&page)
}

/// `GET /authors/{username}/feed.atom`
pub(crate) async fn of_author(
    State(app): State<Arc<App>>,
    page: Page,
    Segment(name): Segment,
) -> Result<Response, Error> {
    let author = match authors::named(&app, &name).await? {
        authors::Named::Here(author) => author,
        authors::Named::Moved(name) => return Ok(paths::moved(&feed_of(&paths::author(&name)))),
    };
    let home = paths::author(&author.username);
    let within = Within::Author(author.id);
    below(&app, &page, author.display_name.as_str(), home, within).await
}

/// `GET /tags/{tag}/feed.atom`
pub(crate) async fn of_tag(
    State(app): State<Arc<App>>,
    page: Page,
    Segment(tag): Segment,
) -> Result<Response, Error> {
    let tag = match tags::named(&app, &tag).await? {
        tags::Named::Here(tag) => tag,
        tags::Named::Moved(key) => return Ok(paths::moved(&feed_of(&paths::tag(&key)))),
    };
    let home = paths::tag(tag.key());
    below(&app, &page, tag.name(), home, Within::Tag(tag.key())).await
}

fn feed_of(home: &str) -> String {
    format!("{home}/feed.atom")
}

/// A feed of a part of the site. One without entries is not there, as its page is not for strangers.
async fn below(
    app: &App,
    page: &Page,
    name: &str,
    home: String,
    within: Within<'_>,
) -> Result<Response, Error> {
    let newest = app.db.posts().newest(within, ENTRIES).await?;
    if newest.is_empty() {
        return Err(Error::NotFound);
    }
    let subject = Subject {
        title: format!("{name} – {}", app.site.name),
        address: feed_of(&home),
        home,
    };
    Feed::of(app, subject, &newest).await?.atom(app, page)
}

async fn of_site(app: &App, address: &str) -> Result<Feed, Error> {
    let newest = app.db.posts().newest(Within::Site, ENTRIES).await?;
    let subject = Subject {
        title: app.site.name.clone(),
        home: "/".to_owned(),
        address: address.to_owned(),
    };
    Feed::of(app, subject, &newest).await
}
