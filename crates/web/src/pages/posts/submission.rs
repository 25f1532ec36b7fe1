//! A form on its way into the database: judged, saved, or given back with what stands in the way.
//!
//! Invariant: every answer but a redirect is the form, filled.

use std::sync::Arc;

use axum::response::{IntoResponse, Redirect, Response};
use gatepost_domain::access::{Action, SiteAction, Viewer};
use gatepost_domain::post::{Post, Status};
use gatepost_storage::posts::{Created, Edit, Updated};
use http::StatusCode;
use session_auth::FlashLevel;

use super::desk::{Conflict, Desk, Preview};
use super::typed::{Intent, Typed};
use crate::error::Error;
use crate::page::Page;
use crate::paths;
use crate::state::App;

/// A form of somebody who may write.
pub(super) struct Submission {
    pub(super) app: Arc<App>,
    pub(super) page: Page,
    pub(super) viewer: Viewer,
    pub(super) post: Option<Box<Post>>,
    pub(super) typed: Typed,
}

impl Submission {
    pub(super) async fn answer(mut self) -> Result<Response, Error> {
        let Some(writer) = self.viewer.user().map(|user| user.id) else {
            return Err(Error::NotFound);
        };
        self.typed
            .gather_pictures(&self.app, self.post.as_deref(), writer)
            .await?;
        if self.typed.intent == Intent::Preview {
            let preview = Some(Preview::of(&self.typed).await);
            let desk = Desk {
                preview,
                ..self.desk()
            };
            return desk.draw(&self.page, StatusCode::OK, &self.typed).await;
        }
        if !self.may_do_as_asked() {
            let sentence = "You may save drafts; an editor publishes them.";
            self.typed
                .faults
                .add(StatusCode::FORBIDDEN, "text", sentence);
        }
        let Some(edit) = self.typed.check(writer, self.post.as_deref()) else {
            let current = self.post.as_ref().map(|post| post.revision);
            self.typed.revision = self.typed.revision.or(current);
            return self
                .desk()
                .draw(&self.page, StatusCode::OK, &self.typed)
                .await;
        };
        self.save(edit).await
    }

    async fn save(mut self, edit: Edit) -> Result<Response, Error> {
        let posts = self.app.db.posts();
        let saved = match (&self.post, self.typed.revision) {
            (Some(post), Some(base)) => posts.update(post.id, base, &edit).await,
            _ => posts.create(&edit).await.map(|created| match created {
                Created::Post(post) => Updated::Saved(post),
                Created::SlugTaken => Updated::SlugTaken,
            }),
        };
        match saved {
            Ok(Updated::Saved(post)) => return self.onward(&post).await,
            Ok(Updated::Stale(current)) => {
                self.typed.revision = Some(current.revision);
                let desk = Desk {
                    conflict: Some(Conflict::with(&current)),
                    ..self.desk()
                };
                return desk
                    .draw(&self.page, StatusCode::CONFLICT, &self.typed)
                    .await;
            }
            Ok(Updated::SlugTaken) => {
                self.typed.faults.invalid(
                    "slug",
                    "Another post has or had this address; choose another.",
                );
            }
            Ok(Updated::Missing) => {
                self.post = None;
                self.typed
                    .becomes_a_new_post(StatusCode::GONE, "This post was deleted in the meantime.");
            }
            Err(error) => return self.keep(&error).await,
        }
        self.desk()
            .draw(&self.page, StatusCode::OK, &self.typed)
            .await
    }

    /// Whatever is wrong with the database, the form comes back.
    async fn keep(mut self, error: &gatepost_storage::Error) -> Result<Response, Error> {
        tracing::error!(
            error = error as &dyn std::error::Error,
            "a post could not be saved"
        );
        let passing = error.is_busy() || error.is_read_only();
        let (status, sentence) = if passing {
            (
                StatusCode::SERVICE_UNAVAILABLE,
                "The site can’t save anything at the moment. Keep this page and try again.",
            )
        } else {
            (
                StatusCode::INTERNAL_SERVER_ERROR,
                "Something broke while saving, and was noted. Copy your text before you leave this page.",
            )
        };
        self.typed.faults.add(status, "text", sentence);
        self.desk().draw(&self.page, status, &self.typed).await
    }

    async fn onward(&self, post: &Post) -> Result<Response, Error> {
        for kept in &self.typed.pictures {
            if let (Some(name), Some(notice)) = (&kept.name, &kept.notice) {
                let said = format!("{name}: {notice}");
                self.page.say(FlashLevel::Info, said, None).await?;
            }
        }
        if post.status == Status::Published {
            return Ok(Redirect::to(&paths::post(&post.slug)).into_response());
        }
        self.page
            .say(FlashLevel::Success, "The draft is saved.".to_owned(), None)
            .await?;
        Ok(Redirect::to(&paths::edit(&post.slug)).into_response())
    }

    fn desk(&self) -> Desk {
        match &self.post {
            Some(post) => Desk::of(post, self.viewer.may(Action::Publish, post)),
            None => Desk::empty(self.viewer.may_on_site(SiteAction::Publish)),
        }
    }

    /// Publishing, and taking back what is public, are rights of their own.
    fn may_do_as_asked(&self) -> bool {
        let publish = self.typed.intent == Intent::Publish;
        match &self.post {
            None => !publish || self.viewer.may_on_site(SiteAction::Publish),
            Some(post) if publish == (post.status == Status::Published) => true,
            Some(post) => self.viewer.may(Action::Publish, post),
        }
    }
}
