//! Posts by the words that were put on them.
//!
//! Invariant: a tag has one address, and strangers learn only of tags under which they find something.

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::extract::{Query, State};
use axum::response::Response;
use gatepost_domain::access::Viewer;
use gatepost_domain::tag::{Tag, TagKey};
use gatepost_storage::posts::TagCount;
use serde::{Deserialize, Serialize};

use super::list::{Entry, Listing, PER_PAGE, Place};
use crate::error::Error;
use crate::page::Page;
use crate::paths::{self, Segment};
use crate::state::App;

/// Tags on a page of all tags.
const TAGS_PER_PAGE: usize = 400;
/// With more first letters than this (an alphabet of thousands), none is offered.
const LETTERS: usize = 60;

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
    let from = place.direction()?;
    let posts = app.db.posts().by_tag(tag.key(), from, PER_PAGE).await?;
    let nothing = posts.items.is_empty() && from.is_none();
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
    let tags = app.db.posts().tags().await?;
    let view = TagsView::of(&app, &tags, from.from.as_deref());
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
    fn of(app: &App, tags: &[TagCount], from: Option<&str>) -> Self {
        let start = from.map_or(0, |from| {
            tags.partition_point(|it| it.tag.key().as_str() < from)
        });
        let end = tags.len().min(start + TAGS_PER_PAGE);
        let before = start.saturating_sub(TAGS_PER_PAGE);
        let page = |at: usize| match at {
            0 => "/tags".to_owned(),
            at => tags
                .get(at)
                .map_or_else(|| "/tags".to_owned(), |it| paths::tags_from(it.tag.key())),
        };
        Self {
            tags: tags[start..end].iter().map(Counted::of).collect(),
            letters: letters(tags),
            list: Listing {
                posts: Vec::new(),
                first_page: start == 0,
                newer: (start > 0).then(|| page(before)),
                older: (end < tags.len()).then(|| page(end)),
                canonical: format!("{}{}", app.config.base_url, page(start)),
            },
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

/// Where each first letter begins, when the tags are too many for one page.
fn letters(tags: &[TagCount]) -> Vec<Letter> {
    if tags.len() <= TAGS_PER_PAGE {
        return Vec::new();
    }
    let mut seen = BTreeSet::new();
    let mut letters = Vec::new();
    for key in tags.iter().map(|it| it.tag.key()) {
        let Some(first) = key.as_str().chars().next() else {
            continue;
        };
        if seen.insert(first) {
            letters.push(Letter {
                letter: first.to_uppercase().collect(),
                href: paths::tags_from(key),
            });
        }
    }
    if letters.len() > LETTERS {
        letters.clear();
    }
    letters
}
