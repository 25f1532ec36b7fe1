//! What became of a post, save by save, for those who may edit it; any version can be brought back as a new one.
//!
//! Invariant: nothing here changes or removes a revision; bringing one back adds one, on top of the one that was seen.

use std::sync::Arc;

use axum::extract::{FromRequestParts, Path, Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use gatepost_domain::access::Action;
use gatepost_domain::ids::{PostId, RevisionNo};
use gatepost_domain::post::Post;
use gatepost_storage::posts::Updated;
use gatepost_storage::revisions::{Revision, Saves};
use http::StatusCode;
use http::request::Parts;
use serde::{Deserialize, Serialize};
use session_auth::FlashLevel;

use super::comparison::{Comparison, brought_back};
use super::find_for;
use super::log::{EntryView, sizes};
use super::show::Facts;
use crate::auth::Login;
use crate::error::Error;
use crate::form::Form;
use crate::page::Page;
use crate::paths::{self, Segment};
use crate::state::App;

const PER_PAGE: u32 = 30;

#[derive(Deserialize)]
pub(crate) struct Place {
    before: Option<String>,
    after: Option<String>,
}

impl Place {
    fn saves(&self) -> Result<Saves, Error> {
        let number = |text: &String| {
            let known = text.parse::<RevisionNo>();
            known.map_err(|_| Error::BadRequest("There is no such place in the history.".into()))
        };
        match (&self.before, &self.after) {
            (Some(before), _) => number(before).map(Saves::Before),
            (None, Some(after)) => number(after).map(Saves::After),
            (None, None) => Ok(Saves::Newest),
        }
    }
}

/// `GET /{post}/history`
pub(crate) async fn index(
    State(app): State<Arc<App>>,
    page: Page,
    Segment(segment): Segment,
    Query(place): Query<Place>,
    _: Login,
) -> Result<Response, Error> {
    let post = find_for(&app, &page.viewer().await?, Action::Edit, &segment).await?;
    let saves = place.saves()?;
    let log = app.db.revisions().list(post.id, saves, PER_PAGE).await?;
    let sizes = sizes(&app, post.id, &log).await?;
    let href = paths::history(&post.slug);
    let (newest, oldest) = (log.entries.first(), log.entries.last());
    let entry = |entry| EntryView::of(entry, sizes.get(&entry.number), &href, &post);
    let view = HistoryView {
        newer: newest
            .filter(|_| log.has_newer)
            .map(|entry| format!("{href}?after={}", entry.number)),
        older: oldest
            .filter(|_| log.has_older)
            .map(|entry| format!("{href}?before={}", entry.number)),
        entries: log.entries.iter().map(entry).collect(),
        post: Facts::of(&post),
    };
    page.render("pages/posts/history.html", view).await
}

#[derive(Serialize)]
pub(crate) struct HistoryView {
    post: Facts,
    entries: Vec<EntryView>,
    newer: Option<String>,
    older: Option<String>,
}

/// A save of a post, as an address names it.
pub(crate) struct Save {
    segment: String,
    number: RevisionNo,
}

impl<S: Send + Sync> FromRequestParts<S> for Save {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Error> {
        let named = Path::<(String, String)>::from_request_parts(parts, state).await;
        let Path((segment, number)) = named.map_err(|_| Error::NotFound)?;
        let number = number.parse().map_err(|_| Error::NotFound)?;
        Ok(Self { segment, number })
    }
}

#[derive(Deserialize)]
pub(crate) struct Against {
    against: Option<String>,
}

/// `GET /{post}/history/{n}`
pub(crate) async fn show(
    State(app): State<Arc<App>>,
    page: Page,
    save: Save,
    Query(Against { against }): Query<Against>,
    _: Login,
) -> Result<Response, Error> {
    let post = find_for(&app, &page.viewer().await?, Action::Edit, &save.segment).await?;
    let revision = found(&app, &post, save.number).await?;
    let other = match against {
        Some(number) => number.parse().map(Some).map_err(|_| Error::NotFound)?,
        None => before(save.number),
    };
    let other = match other {
        Some(number) => Some(found(&app, &post, number).await?),
        None => None,
    };
    let comparison = Comparison::of(&app, &post, revision, other).await?;
    page.render("pages/posts/revision.html", comparison).await
}

/// `POST /{post}/history/{n}`: it becomes the newest again.
pub(crate) async fn restore(
    State(app): State<Arc<App>>,
    page: Page,
    save: Save,
    _: Login,
    form: Form,
) -> Result<Response, Error> {
    let viewer = page.viewer().await?;
    let number = form.text("post").parse::<PostId>();
    let address = number.map_or(save.segment, |number| number.to_string());
    let post = find_for(&app, &viewer, Action::Edit, &address).await?;
    let editor = viewer.user().map(|user| user.id).ok_or(Error::NotFound)?;
    let revision = found(&app, &post, save.number).await?;
    let seen: Option<RevisionNo> = form.text("revision").parse().ok();
    let saved = match seen {
        Some(seen) => {
            let edit = brought_back(&revision, &post, editor);
            if edit.is_hollow() {
                let now = found(&app, &post, post.revision).await?;
                let page_of = Comparison::of(&app, &post, revision, Some(now)).await?;
                let status = StatusCode::UNPROCESSABLE_ENTITY;
                return page
                    .answer(status, "pages/posts/revision.html", page_of.hollow())
                    .await;
            }
            app.db.posts().update(post.id, seen, &edit).await?
        }
        None => Updated::Stale(post),
    };
    match saved {
        Updated::Saved(post) => {
            let said = format!(
                "Revision {} is back, as revision {}.",
                save.number, post.revision
            );
            page.say(FlashLevel::Success, said, None).await?;
            Ok(Redirect::to(&paths::post(&post.slug)).into_response())
        }
        Updated::Stale(post) => {
            let other = found(&app, &post, post.revision).await?;
            let comparison = Comparison::of(&app, &post, revision, Some(other))
                .await?
                .too_late();
            page.answer(
                StatusCode::CONFLICT,
                "pages/posts/revision.html",
                comparison,
            )
            .await
        }
        Updated::Missing => Err(Error::Gone),
        // Only a form with a name of its own is known again, and this one has none.
        Updated::Before(_) => Err(Error::Conflict(
            "This post was saved in the meantime.".into(),
        )),
        Updated::SlugTaken => Err(Error::Conflict(
            "The address of this post was given away in the meantime.".into(),
        )),
    }
}

async fn found(app: &App, post: &Post, number: RevisionNo) -> Result<Revision, Error> {
    let revision = app.db.revisions().find(post.id, number).await?;
    revision.ok_or(Error::NotFound)
}

fn before(number: RevisionNo) -> Option<RevisionNo> {
    (number.0 > 1).then_some(RevisionNo(number.0 - 1))
}
