//! Everything that was published, by title: as a whole, and a month at a time.

use std::sync::Arc;

use axum::extract::{Query, State};
use axum::response::Response;
use gatepost_domain::post::Summary;
use serde::Serialize;

use super::list::{Line, Listing, Place, turned};
use super::millis;
use crate::error::Error;
use crate::page::Page;
use crate::paths::Segment;
use crate::state::App;
use crate::zone::{Month, Zone};

/// Titles on a page.
const PER_PAGE: u32 = 100;

/// `GET /archive`
pub(crate) async fn index(
    State(app): State<Arc<App>>,
    page: Page,
    Query(place): Query<Place>,
) -> Result<Response, Error> {
    let posts = app.db.posts();
    let (from, posts) = turned(place.direction()?, |from| posts.index(from, PER_PAGE)).await?;
    let view = ArchiveView {
        heading: None,
        years: years(&app).await?,
        months: by_month(&posts.items, &app.site.zone),
        list: Listing::of(&app, "/archive", from, &posts, |_| ()),
    };
    page.render("pages/archive/show.html", view).await
}

/// `GET /archive/{month}`
pub(crate) async fn show(
    State(app): State<Arc<App>>,
    page: Page,
    Segment(segment): Segment,
    Query(place): Query<Place>,
) -> Result<Response, Error> {
    let month = Month::parse(&segment).ok_or(Error::NotFound)?;
    let (start, end) = app.site.zone.span(month).ok_or(Error::NotFound)?;
    let posts = app.db.posts();
    let read = |from| posts.between(start, end, from, PER_PAGE);
    let (from, posts) = turned(place.direction()?, read).await?;
    if posts.items.is_empty() {
        return Err(Error::NotFound);
    }
    let view = ArchiveView {
        heading: Some(format!("{} {}", month.name(), month.year)),
        years: Vec::new(),
        months: by_month(&posts.items, &app.site.zone),
        list: Listing::of(&app, &address(month), from, &posts, |_| ()),
    };
    page.render("pages/archive/show.html", view).await
}

#[derive(Serialize)]
struct ArchiveView {
    /// Of a single month.
    heading: Option<String>,
    years: Vec<Year>,
    months: Vec<Titles>,
    list: Listing<()>,
}

#[derive(Serialize)]
struct Year {
    year: i16,
    posts: i64,
    months: Vec<Counted>,
}

#[derive(Serialize)]
struct Counted {
    name: String,
    href: String,
    posts: i64,
}

/// The posts of a month, as far as they are on this page.
#[derive(Serialize)]
struct Titles {
    name: String,
    year: i16,
    href: String,
    posts: Vec<Line>,
}

fn address(month: Month) -> String {
    format!("/archive/{month}")
}

/// Every month in which something was published, newest first.
async fn years(app: &App) -> Result<Vec<Year>, Error> {
    let (posts, zone) = (app.db.posts(), &app.site.zone);
    let mut years = Vec::new();
    let Some((oldest, newest)) = posts.ends().await? else {
        return Ok(years);
    };
    let ends = zone.month(millis(oldest)).zip(zone.month(millis(newest)));
    let Some((oldest, newest)) = ends else {
        return Ok(years);
    };
    let all = (oldest.year..=newest.year).rev().flat_map(|year| {
        let months = (1..=12).rev().map(move |month| Month { year, month });
        months.filter(|month| (oldest..=newest).contains(month))
    });
    let spans: Vec<_> = all
        .filter_map(|month| Some((month, zone.span(month)?)))
        .collect();
    let times: Vec<_> = spans.iter().map(|(_, span)| *span).collect();
    let counts = posts.count_in_each(&times).await?;
    let counted = spans.iter().zip(counts).filter(|(_, count)| *count > 0);
    for ((month, _), count) in counted {
        let counted = Counted {
            name: month.name(),
            href: address(*month),
            posts: count,
        };
        match years
            .last_mut()
            .filter(|it: &&mut Year| it.year == month.year)
        {
            Some(year) => {
                year.posts += count;
                year.months.push(counted);
            }
            None => years.push(Year {
                year: month.year,
                posts: count,
                months: vec![counted],
            }),
        }
    }
    Ok(years)
}

fn by_month(posts: &[Summary], zone: &Zone) -> Vec<Titles> {
    let mut months: Vec<(Month, Titles)> = Vec::new();
    for line in posts.iter().map(Line::of) {
        let Some(month) = zone.month(line.at) else {
            continue;
        };
        match months.last_mut() {
            Some((last, titles)) if *last == month => titles.posts.push(line),
            _ => months.push((
                month,
                Titles {
                    name: month.name(),
                    year: month.year,
                    href: address(month),
                    posts: vec![line],
                },
            )),
        }
    }
    months.into_iter().map(|(_, titles)| titles).collect()
}
