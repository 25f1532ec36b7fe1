//! What somebody has begun: their drafts with those that are scheduled or handed in, and what waits for an editor.
//!
//! Invariant: a draft is listed for its owner, and for those who may publish it once it was handed in.

use std::sync::Arc;

use axum::extract::{Query, State};
use axum::response::Response;
use gatepost_domain::access::{SiteAction, Viewer};
use gatepost_domain::post::Summary;
use serde::Serialize;

use super::list::{Listing, PER_PAGE, Place, turned};
use crate::articles::Articles;
use crate::auth::Login;
use crate::error::Error;
use crate::page::Page;
use crate::paths;
use crate::state::App;

/// So many that wait are shown above one's own drafts.
const WAITING: u32 = 5;

/// `GET /drafts`
pub(crate) async fn index(
    State(app): State<Arc<App>>,
    page: Page,
    Query(place): Query<Place>,
    _: Login,
) -> Result<Response, Error> {
    let viewer = page.viewer().await?;
    let Some(me) = viewer.user() else {
        return Err(Error::NotFound);
    };
    let drafts = app.db.posts();
    let read = |from| drafts.drafts(me.id, from, PER_PAGE);
    let (direction, mine) = turned(place.direction()?, read).await?;
    let waiting = match direction {
        None if reviews(&viewer) => Some(app.db.posts().in_review(None, WAITING).await?),
        _ => None,
    };
    let entry = |post: &Summary| Entry::of(&app.look.articles, post);
    let view = DraftsView {
        mine: Listing::of(&app, "/drafts", direction, &mine, entry),
        more_waiting: waiting.as_ref().is_some_and(|page| page.older.is_some()),
        handed_in: waiting
            .iter()
            .flat_map(|page| &page.items)
            .map(entry)
            .collect(),
    };
    page.render("pages/drafts/index.html", view).await
}

/// `GET /drafts/review`
pub(crate) async fn review(
    State(app): State<Arc<App>>,
    page: Page,
    Query(place): Query<Place>,
    _: Login,
) -> Result<Response, Error> {
    if !reviews(&page.viewer().await?) {
        return Err(Error::Forbidden(
            "Editors look at what was handed in; your own drafts are under Drafts.".into(),
        ));
    }
    let posts = app.db.posts();
    let read = |from| posts.in_review(from, PER_PAGE);
    let (direction, posts) = turned(place.direction()?, read).await?;
    let entry = |post: &Summary| Entry::of(&app.look.articles, post);
    let list = Listing::of(&app, "/drafts/review", direction, &posts, entry);
    page.render("pages/drafts/review.html", list).await
}

/// Who may publish what others have written sees what they handed in.
fn reviews(viewer: &Viewer) -> bool {
    viewer.may_on_site(SiteAction::Review)
}

#[derive(Serialize)]
pub(crate) struct DraftsView {
    handed_in: Vec<Entry>,
    more_waiting: bool,
    #[serde(flatten)]
    mine: Listing<Entry>,
}

/// A draft in a list.
#[derive(Serialize)]
struct Entry {
    href: String,
    title: String,
    summary: Arc<str>,
    owner: String,
    in_review: bool,
    publish_at: Option<i64>,
    edited_at: i64,
}

impl Entry {
    fn of(articles: &Articles, post: &Summary) -> Self {
        Self {
            href: paths::edit(&post.slug),
            title: post.title.to_string(),
            summary: articles.beginning(post),
            owner: post.owner.display_name.to_string(),
            in_review: post.in_review,
            publish_at: post.publish_at.map(super::millis),
            edited_at: super::millis(post.updated_at),
        }
    }
}
