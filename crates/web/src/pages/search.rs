//! Searching what everybody may read. Whatever was typed, the answer is a page.

use std::sync::Arc;

use axum::extract::{RawQuery, State};
use axum::response::Response;
use gatepost_domain::search::Query;
use gatepost_storage::search::{Hit, RANKED, REACHED};
use serde::Serialize;

use crate::error::Error;
use crate::page::Page;
use crate::passage::{self, Piece};
use crate::paths;
use crate::state::App;

const PER_PAGE: u32 = 20;

/// `GET /search?q=`
pub(crate) async fn index(
    State(app): State<Arc<App>>,
    page: Page,
    RawQuery(asked): RawQuery,
) -> Result<Response, Error> {
    let asked = asked.unwrap_or_default();
    let last = |name: &str| {
        let pairs = form_urlencoded::parse(asked.as_bytes()).filter(|(key, _)| key == name);
        pairs.last().map(|(_, value)| value)
    };
    let typed = last("q").unwrap_or_default();
    let number = last("page").and_then(|it| it.parse().ok()).unwrap_or(1);
    let number: u32 = number.clamp(1, REACHED / PER_PAGE);
    let query = Query::parse(&typed);
    let skip = (number - 1) * PER_PAGE;
    let results = app.db.search().find(&query, skip, PER_PAGE).await?;
    let reached = results.found.min(REACHED);
    let beside = |other: u32| {
        let path = "/search?";
        let mut address = form_urlencoded::Serializer::for_suffix(path.to_owned(), path.len());
        address.append_pair("q", &typed);
        address.append_pair("page", &other.to_string()).finish()
    };
    let view = SearchView {
        typed: typed.trim(),
        asked: !query.is_empty(),
        found: results.found,
        more: results.found >= RANKED,
        hits: results
            .hits
            .iter()
            .map(|hit| Found::of(hit, &query))
            .collect(),
        first: skip + 1,
        better: (number > 1).then(|| beside(number - 1)),
        further: (skip + PER_PAGE < reached).then(|| beside(number + 1)),
    };
    page.render("pages/search/index.html", view).await
}

#[derive(Serialize)]
struct SearchView<'a> {
    typed: &'a str,
    /// Whether there was anything to look for.
    asked: bool,
    found: u32,
    /// More than were counted.
    more: bool,
    hits: Vec<Found>,
    first: u32,
    better: Option<String>,
    further: Option<String>,
}

/// A post that was found.
#[derive(Serialize)]
struct Found {
    href: String,
    title: Vec<Piece>,
    passage: Vec<Piece>,
    owner: String,
    at: i64,
}

impl Found {
    fn of(hit: &Hit, query: &Query) -> Self {
        let post = &hit.post;
        Self {
            href: paths::post(&post.slug),
            title: passage::line(post.title.as_str(), query),
            passage: passage::of(&hit.text, query),
            owner: post.owner.display_name.to_string(),
            at: super::millis(post.published_at.unwrap_or(post.updated_at)),
        }
    }
}
