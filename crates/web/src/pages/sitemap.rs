//! What search engines may know: an index of parts, and the parts themselves under the same address.
//!
//! Invariant: a part lists addresses that answer 200 to everybody, and nothing that is in no list.

use std::sync::Arc;

use axum::extract::{Query, State};
use axum::response::Response;
use minijinja::context;
use serde::{Deserialize, Serialize};

use super::millis;
use crate::edition::XML;
use crate::error::Error;
use crate::page::Page;
use crate::paths;
use crate::state::App;

/// Addresses that the protocol allows in a file.
const LONGEST: u32 = 50_000;

#[derive(Deserialize)]
pub(crate) struct Which {
    part: Option<String>,
}

/// An address and when it last changed, if that is known.
#[derive(Serialize)]
struct Place {
    url: String,
    changed: Option<i64>,
}

/// `GET /sitemap.xml`
pub(crate) async fn show(
    State(app): State<Arc<App>>,
    page: Page,
    Query(which): Query<Which>,
) -> Result<Response, Error> {
    let (template, places) = match which.part {
        None => ("feeds/sitemap_index.xml", parts(&app).await?),
        Some(part) => ("feeds/sitemap.xml", places(&app, &part).await?),
    };
    let view = context! { places => minijinja::Value::from(minijinja::value::Serde(places)) };
    let text = app.look.templates.render(template, view);
    Ok(page.public(XML, text.map_err(Error::unexpected)?))
}

async fn parts(app: &App) -> Result<Vec<Place>, Error> {
    let base = &app.config.base_url;
    let mut parts = vec![Place {
        url: format!("{base}/sitemap.xml?part=pages"),
        changed: None,
    }];
    for part in app.db.posts().sitemap().await? {
        parts.push(Place {
            url: format!("{base}/sitemap.xml?part={}", part.number),
            changed: Some(millis(part.updated_at)),
        });
    }
    Ok(parts)
}

async fn places(app: &App, part: &str) -> Result<Vec<Place>, Error> {
    let base = &app.config.base_url;
    if part == "pages" {
        return pages(app).await;
    }
    let number = part.parse().map_err(|_| Error::NotFound)?;
    let posts = app.db.posts().sitemap_part(number).await?;
    if posts.is_empty() {
        return Err(Error::NotFound);
    }
    let place = |(slug, updated_at)| Place {
        url: format!("{base}{}", paths::post(&slug)),
        changed: Some(millis(updated_at)),
    };
    Ok(posts.into_iter().map(place).collect())
}

/// The lists in which somebody finds something.
async fn pages(app: &App) -> Result<Vec<Place>, Error> {
    let mut paths = vec!["/".to_owned()];
    if app.db.posts().ends().await?.is_some() {
        paths.push("/archive".to_owned());
    }
    paths.extend(app.db.posts().authors().await?.iter().map(paths::author));
    let tags = app.db.posts().tag_keys(LONGEST).await?;
    if !tags.is_empty() {
        paths.push("/tags".to_owned());
    }
    paths.extend(tags.iter().map(paths::tag));
    let place = |path| Place {
        url: format!("{}{path}", app.config.base_url),
        changed: None,
    };
    Ok(paths
        .into_iter()
        .take(LONGEST as usize)
        .map(place)
        .collect())
}
