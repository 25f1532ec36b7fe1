//! The front page: what is published, newest first, twenty at a time; to a writer also the drafts.

use std::sync::Arc;

use axum::extract::{Query, State};
use axum::response::Response;
use gatepost_domain::access::Viewer;
use gatepost_domain::pagination::{Cursor, Direction};
use gatepost_domain::post::{Status, Summary};
use serde::{Deserialize, Serialize};

use crate::articles::Articles;
use crate::error::Error;
use crate::figure::Figure;
use crate::page::Page;
use crate::paths;
use crate::state::App;

const PER_PAGE: u32 = 20;
const DRAFTS: u32 = 12;

#[derive(Deserialize)]
pub(crate) struct Place {
    before: Option<String>,
    after: Option<String>,
}

impl Place {
    fn direction(&self) -> Result<Option<Direction>, Error> {
        let cursor = |text: &String| {
            let known = text.parse::<Cursor>();
            known.map_err(|_| {
                Error::BadRequest("There is no such place in the list of posts.".into())
            })
        };
        match (&self.before, &self.after) {
            (Some(before), _) => Ok(Some(Direction::Before(cursor(before)?))),
            (None, Some(after)) => Ok(Some(Direction::After(cursor(after)?))),
            (None, None) => Ok(None),
        }
    }
}

/// `GET /`
pub(crate) async fn index(
    State(app): State<Arc<App>>,
    page: Page,
    Query(place): Query<Place>,
) -> Result<Response, Error> {
    let direction = place.direction()?;
    let posts = app.db.posts().index(direction, PER_PAGE).await?;
    let drafts = match page.viewer().await? {
        Viewer::User(user) if direction.is_none() => {
            let drafts = app.db.posts().drafts(user.id, None, DRAFTS).await?;
            drafts.items
        }
        _ => Vec::new(),
    };
    let base = &app.config.base_url;
    let entry = |post| Entry::of(&app.look.articles, post);
    let view = IndexView {
        canonical: match direction {
            Some(Direction::Before(cursor)) => format!("{base}/?before={cursor}"),
            Some(Direction::After(cursor)) => format!("{base}/?after={cursor}"),
            None => format!("{base}/"),
        },
        first_page: posts.newer.is_none(),
        newer: posts.newer.map(|cursor| format!("/?after={cursor}")),
        older: posts.older.map(|cursor| format!("/?before={cursor}")),
        posts: posts.items.iter().map(entry).collect(),
        drafts: drafts.iter().map(entry).collect(),
    };
    page.render("pages/posts/index.html", view).await
}

#[derive(Serialize)]
pub(crate) struct IndexView {
    pub(crate) posts: Vec<Entry>,
    pub(crate) drafts: Vec<Entry>,
    pub(crate) first_page: bool,
    pub(crate) newer: Option<String>,
    pub(crate) older: Option<String>,
    pub(crate) canonical: String,
}

/// A post in a list.
#[derive(Serialize)]
pub(crate) struct Entry {
    href: String,
    title: String,
    summary: Arc<str>,
    owner: String,
    at: i64,
    picture: Option<Figure>,
}

impl Entry {
    pub(crate) fn of(articles: &Articles, post: &Summary) -> Self {
        let draft = post.status == Status::Draft;
        let at = post.published_at.unwrap_or(post.updated_at);
        Self {
            href: if draft {
                paths::edit(&post.slug)
            } else {
                paths::post(&post.slug)
            },
            title: post.title.to_string(),
            summary: articles.beginning(post),
            owner: post.owner.display_name.to_string(),
            at: super::millis(at),
            picture: post.picture.as_ref().and_then(Figure::of),
        }
    }
}
