//! Posts by the words that were put on them.
//!
//! Invariant: a tag has one address, and strangers learn only of tags under which they find something.

use std::sync::Arc;

use axum::extract::{Query, State};
use axum::response::Response;
use gatepost_domain::access::Viewer;
use gatepost_domain::tag::{Tag, TagKey};
use gatepost_storage::posts::{Before, TagCount, TagPage};
use serde::{Deserialize, Serialize};

use super::list::{Entry, Listing, PER_PAGE, Place, turned};
use crate::error::Error;
use crate::page::Page;
use crate::paths::{self, Segment};
use crate::state::App;

/// Tags on a page of all tags.
const TAGS_PER_PAGE: u32 = 200;
/// Where all do not stand on one page, so many that have the most posts come first.
const MOST_USED: u32 = 30;
/// With more first letters than this (an alphabet of thousands), none is offered.
const LETTERS: u32 = 60;

/// What stands at an address.
pub(crate) enum Named {
    Here(Tag),
    Moved(TagKey),
}

/// `GET /tags/{tag}`
pub(crate) async fn show(
    State(app): State<Arc<App>>,
    page: Page,
    Segment(segment): Segment,
    Query(place): Query<Place>,
) -> Result<Response, Error> {
    let tag = match named(&app, &segment).await? {
        Named::Here(tag) => tag,
        Named::Moved(key) => return Ok(paths::moved(&paths::tag(&key))),
    };
    let posts = app.db.posts();
    let read = |from| posts.by_tag(tag.key(), from, PER_PAGE);
    let (from, posts) = turned(place.direction()?, &read).await?;
    let nothing = posts.items.is_empty() && read(None).await?.items.is_empty();
    if nothing && matches!(page.viewer().await?, Viewer::Anonymous) {
        return Err(Error::NotFound);
    }
    let path = paths::tag(tag.key());
    let view = TagView {
        list: Listing::of(&app, &path, from, &posts, Entry::of(&app)),
        name: tag.name().to_owned(),
        feed: format!("{path}/feed.atom"),
    };
    page.render("pages/tags/show.html", view).await
}

/// Which tag an address means.
pub(crate) async fn named(app: &App, segment: &str) -> Result<Named, Error> {
    let Ok(key) = TagKey::parse(segment) else {
        return TagKey::meant(segment)
            .map(Named::Moved)
            .ok_or(Error::NotFound);
    };
    let tag = app.db.posts().tag(&key).await?;
    tag.map(Named::Here).ok_or(Error::NotFound)
}

#[derive(Deserialize)]
pub(crate) struct From {
    /// The key of the first tag wanted.
    from: Option<String>,
}

/// `GET /tags`
pub(crate) async fn index(
    State(app): State<Arc<App>>,
    page: Page,
    Query(from): Query<From>,
) -> Result<Response, Error> {
    let posts = app.db.posts();
    let from = from.from.unwrap_or_default();
    let tags = posts.tags(&from, TAGS_PER_PAGE).await?;
    let mut view = TagsView::of(&app, &tags);
    if tags.before.is_some() || tags.next.is_some() {
        view.letters = letters(&posts.tag_letters(LETTERS + 1).await?);
    }
    if tags.before.is_none() && tags.next.is_some() {
        let most = posts.most_used_tags(MOST_USED).await?;
        view.most_used = most.iter().map(Counted::of).collect();
    }
    page.render("pages/tags/index.html", view).await
}

#[derive(Serialize)]
struct TagView {
    list: Listing,
    name: String,
    feed: String,
}

#[derive(Serialize)]
struct TagsView {
    list: Listing<()>,
    most_used: Vec<Counted>,
    tags: Vec<Counted>,
    letters: Vec<Letter>,
}

#[derive(Serialize)]
struct Counted {
    name: String,
    href: String,
    posts: i64,
}

#[derive(Serialize)]
struct Letter {
    letter: String,
    href: String,
}

impl TagsView {
    fn of(app: &App, page: &TagPage) -> Self {
        let first = page.tags.first().filter(|_| page.before.is_some());
        let place = first.map_or_else(|| "/tags".to_owned(), |it| paths::tags_from(it.tag.key()));
        Self {
            list: Listing {
                posts: Vec::new(),
                first_page: page.before.is_none(),
                newer: page.before.as_ref().map(|before| match before {
                    Before::Start => "/tags".to_owned(),
                    Before::Key(key) => paths::tags_from(key),
                }),
                older: page.next.as_ref().map(paths::tags_from),
                canonical: format!("{}{place}", app.config.base_url),
            },
            most_used: Vec::new(),
            tags: page.tags.iter().map(Counted::of).collect(),
            letters: Vec::new(),
        }
    }
}

impl Counted {
    fn of(count: &TagCount) -> Self {
        Self {
            name: count.tag.name().to_owned(),
            href: paths::tag(count.tag.key()),
            posts: count.posts,
        }
    }
}

/// Where each first letter begins.
fn letters(first: &[TagKey]) -> Vec<Letter> {
    if first.len() > LETTERS as usize {
        return Vec::new();
    }
    let letter = |key: &TagKey| {
        let first = key.as_str().chars().next()?;
        Some(Letter {
            letter: first.to_uppercase().collect(),
            href: paths::tags_from(key),
        })
    };
    first.iter().filter_map(letter).collect()
}
