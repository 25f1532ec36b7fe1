//! What somebody threw away, for as long as it can be taken out again.
//!
//! Invariant: nothing is deleted for good but by POST, asked once on a page of its own, or by time.

use std::sync::Arc;

use axum::extract::{Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use gatepost_domain::access::{Action, SiteAction, Viewer};
use gatepost_domain::post::{Post, Summary};
use gatepost_storage::posts::Found;
use serde::Serialize;
use session_auth::FlashLevel;
use time::Duration;

use super::list::{Listing, PER_PAGE, Place, turned};
use crate::auth::Login;
use crate::error::Error;
use crate::page::Page;
use crate::paths::{self, Segment};
use crate::state::App;

/// How long it can be taken out again.
pub(crate) const KEPT: Duration = Duration::days(30);

const MINE: &str = "/trash";
const EVERYBODYS: &str = "/trash/all";

/// `GET /trash`
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
    let posts = app.db.posts();
    let read = |from| posts.trash_of(me.id, from, PER_PAGE);
    let (direction, posts) = turned(place.direction()?, read).await?;
    let entry = |post: &Summary| Entry::of(&viewer, post);
    let view = TrashView {
        list: Listing::of(&app, MINE, direction, &posts, entry),
        all: false,
        may_see_all: sees_all(&viewer),
    };
    page.render("pages/trash/index.html", view).await
}

/// `GET /trash/all`
pub(crate) async fn all(
    State(app): State<Arc<App>>,
    page: Page,
    Query(place): Query<Place>,
    _: Login,
) -> Result<Response, Error> {
    let viewer = page.viewer().await?;
    if !sees_all(&viewer) {
        return Err(Error::Forbidden(
            "Editors look at what everybody threw away; what you did is under Trash.".into(),
        ));
    }
    let posts = app.db.posts();
    let read = |from| posts.all_trash(from, PER_PAGE);
    let (direction, posts) = turned(place.direction()?, read).await?;
    let entry = |post: &Summary| Entry::of(&viewer, post);
    let view = TrashView {
        list: Listing::of(&app, EVERYBODYS, direction, &posts, entry),
        all: true,
        may_see_all: true,
    };
    page.render("pages/trash/index.html", view).await
}

/// Who may take out what others wrote finds it, too.
fn sees_all(viewer: &Viewer) -> bool {
    viewer.may_on_site(SiteAction::Review)
}

/// The list in which this viewer found the post.
fn list_with(viewer: &Viewer, post: &Post) -> &'static str {
    match viewer.user() {
        Some(me) if me.id == post.owner.id => MINE,
        _ => EVERYBODYS,
    }
}

/// `GET /{post}/purge`
pub(crate) async fn purge(
    State(app): State<Arc<App>>,
    page: Page,
    Segment(segment): Segment,
    _: Login,
) -> Result<Response, Error> {
    let viewer = page.viewer().await?;
    let post = find_thrown_away(&app, &viewer, &segment).await?;
    let view = PurgeView {
        back: list_with(&viewer, &post),
        href: paths::post(&post.slug),
        title: post.title.to_string(),
        was_public: post.was_public(),
    };
    page.render("pages/trash/purge.html", view).await
}

/// `POST /{post}/purge`
pub(crate) async fn destroy(
    State(app): State<Arc<App>>,
    page: Page,
    Segment(segment): Segment,
    _: Login,
) -> Result<Response, Error> {
    let viewer = page.viewer().await?;
    let post = find_thrown_away(&app, &viewer, &segment).await?;
    let said = if app.db.posts().purge(post.id).await? {
        format!("“{}” is deleted for good.", post.title)
    } else {
        format!("“{}” is not in the trash any more.", post.title)
    };
    page.say(FlashLevel::Success, said, None).await?;
    Ok(Redirect::to(list_with(&viewer, &post)).into_response())
}

/// A post in the trash that this viewer may delete for good; to others it is what it is to readers.
async fn find_thrown_away(app: &App, viewer: &Viewer, segment: &str) -> Result<Box<Post>, Error> {
    let address = paths::address(segment).ok_or(Error::NotFound)?;
    match app.db.posts().find(&address).await? {
        Found::Gone(post) if viewer.may(Action::Purge, &post) => Ok(post),
        Found::Gone(post) if post.was_public() => Err(Error::Gone),
        Found::Purged => Err(Error::Gone),
        _ => Err(Error::NotFound),
    }
}

#[derive(Serialize)]
pub(crate) struct PurgeView {
    href: String,
    back: &'static str,
    title: String,
    was_public: bool,
}

#[derive(Serialize)]
pub(crate) struct TrashView {
    #[serde(flatten)]
    list: Listing<Entry>,
    /// Everybody's, not only mine.
    all: bool,
    may_see_all: bool,
}

/// A post in the trash.
#[derive(Serialize)]
struct Entry {
    href: String,
    title: String,
    owner: String,
    may_restore: bool,
    may_purge: bool,
    trashed_at: i64,
    /// When it is deleted for good.
    until: i64,
}

impl Entry {
    fn of(viewer: &Viewer, post: &Summary) -> Self {
        let at = post.trashed_at.unwrap_or(post.updated_at);
        Self {
            href: paths::post(&post.slug),
            title: post.title.to_string(),
            owner: post.owner.display_name.to_string(),
            may_restore: viewer.may_to_listed(Action::Restore, post),
            may_purge: viewer.may_to_listed(Action::Purge, post),
            trashed_at: super::millis(at),
            until: super::millis(at + KEPT),
        }
    }
}
