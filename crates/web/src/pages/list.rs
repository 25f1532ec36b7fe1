//! A page of posts, newest first, with its way to the pages beside it; every list of the site is one.
//!
//! Invariant: a place in a list is a cursor that the site printed; any other is a 400.

use std::sync::Arc;

use gatepost_domain::pagination::{Cursor, Direction, Page};
use gatepost_domain::post::{Status, Summary};
use serde::{Deserialize, Serialize};

use super::millis;
use crate::error::Error;
use crate::figure::Figure;
use crate::paths;
use crate::state::App;

pub(crate) const PER_PAGE: u32 = 20;

/// `?before=` and `?after=`.
#[derive(Deserialize)]
pub(crate) struct Place {
    before: Option<String>,
    after: Option<String>,
}

impl Place {
    pub(crate) fn direction(&self) -> Result<Option<Direction>, Error> {
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

/// A page of a list. Before the newest of all there is nothing, so that whoever asks for it gets the first page.
pub(crate) async fn turned<R>(
    from: Option<Direction>,
    mut read: impl FnMut(Option<Direction>) -> R,
) -> Result<(Option<Direction>, Page<Summary>), Error>
where
    R: Future<Output = Result<Page<Summary>, gatepost_storage::Error>>,
{
    let page = read(from).await?;
    match from {
        Some(Direction::After(_)) if page.items.is_empty() => Ok((None, read(None).await?)),
        _ => Ok((from, page)),
    }
}

/// What a template shows of a page.
#[derive(Serialize)]
pub(crate) struct Listing<T = Entry> {
    pub(crate) posts: Vec<T>,
    pub(crate) first_page: bool,
    pub(crate) newer: Option<String>,
    pub(crate) older: Option<String>,
    pub(crate) canonical: String,
}

impl<T> Listing<T> {
    /// `path` is that of the first page.
    pub(crate) fn of(
        app: &App,
        path: &str,
        from: Option<Direction>,
        page: &Page<Summary>,
        entry: impl Fn(&Summary) -> T,
    ) -> Self {
        let base = &app.config.base_url;
        Self {
            canonical: match from {
                Some(Direction::Before(cursor)) => format!("{base}{path}?before={cursor}"),
                Some(Direction::After(cursor)) => format!("{base}{path}?after={cursor}"),
                None => format!("{base}{path}"),
            },
            first_page: page.newer.is_none(),
            newer: page.newer.map(|cursor| format!("{path}?after={cursor}")),
            older: page.older.map(|cursor| format!("{path}?before={cursor}")),
            posts: page.items.iter().map(entry).collect(),
        }
    }
}

/// A post in a list.
#[derive(Serialize)]
pub(crate) struct Entry {
    href: String,
    title: String,
    summary: Arc<str>,
    owner: String,
    owner_href: String,
    at: i64,
    picture: Option<Figure>,
}

impl Entry {
    pub(crate) fn of(app: &App) -> impl Fn(&Summary) -> Self + use<'_> {
        |post| {
            let draft = post.status == Status::Draft;
            let at = post.published_at.unwrap_or(post.updated_at);
            Self {
                href: if draft {
                    paths::edit(&post.slug)
                } else {
                    paths::post(&post.slug)
                },
                title: post.title.to_string(),
                summary: app.look.articles.beginning(post),
                owner: post.owner.display_name.to_string(),
                owner_href: paths::author(&post.owner.username),
                at: millis(at),
                picture: post.picture.as_ref().and_then(Figure::still),
            }
        }
    }
}

/// A post as one line.
#[derive(Serialize)]
pub(crate) struct Line {
    pub(crate) href: String,
    pub(crate) title: String,
    pub(crate) at: i64,
}

impl Line {
    pub(crate) fn of(post: &Summary) -> Self {
        Self {
            href: paths::post(&post.slug),
            title: post.title.to_string(),
            at: millis(post.published_at.unwrap_or(post.updated_at)),
        }
    }
}
