//! A form on its way into the database: judged, saved, or given back with what stands in the way.
//!
//! Invariant: every answer but a redirect is the form, filled.

use std::sync::Arc;

use axum::response::Response;
use gatepost_domain::access::{Action, SiteAction, Viewer};
use gatepost_domain::ids::{RevisionNo, UserId};
use gatepost_domain::merge::marks;
use gatepost_domain::picture::Picture;
use gatepost_domain::post::{Post, Stage};
use gatepost_storage::posts::{Created, Edit, Updated};
use gatepost_storage::revisions::Revision;
use http::StatusCode;

use super::desk::{Desk, Preview};
use super::intent::Intent;
use super::judged::Here;
use super::parking::{self, Author};
use super::pictures::pictures_then;
use super::typed::Typed;
use crate::error::Error;
use crate::page::Page;
use crate::pages::login::LoginFields;
use crate::state::App;

/// The version that a form starts from when it names none.
pub(super) const UNKNOWN: RevisionNo = RevisionNo(0);

/// A form of somebody who may write.
pub(super) struct Submission {
    pub(super) app: Arc<App>,
    pub(super) page: Page,
    pub(super) viewer: Viewer,
    pub(super) post: Option<Box<Post>>,
    pub(super) typed: Typed,
    /// The version that the form was drawn from, when it is not the newest.
    pub(super) base: Option<Revision>,
    /// The login that the form brought: stored only with the answer, and needed again if that fails.
    pub(super) login: Option<LoginFields>,
}

impl Submission {
    pub(super) async fn answer(mut self) -> Result<Response, Error> {
        let Some(writer) = self.viewer.user().map(|user| user.id) else {
            return Err(Error::NotFound);
        };
        let start = self.start().await?;
        let (author, address) = (Author::Known(writer), self.desk().action);
        parking::receive(&self.app, &start, author, &address, &mut self.typed).await?;
        self.go_on(writer).await
    }

    /// The form as it waited, for its author to go on with.
    pub(super) async fn given_back(mut self, author: Author) -> Result<Response, Error> {
        let start = self.start().await?;
        let gathered = self.typed.gather_pictures(&self.app, &start, author);
        gathered.await?;
        self.typed.post = self.post.as_ref().map(|post| post.id);
        let desk = Desk {
            restored: true,
            ..self.desk_for_both().await
        };
        desk.draw(&self.page, StatusCode::OK, &self.typed).await
    }

    /// What the form says of pictures is relative to those of the version that it was drawn from; where nobody knows them,
    /// to those of now.
    async fn start(&mut self) -> Result<Vec<Picture>, Error> {
        let (app, revision) = (&self.app, self.typed.revision);
        self.base = match (&self.post, revision) {
            (Some(post), Some(number)) if number != post.revision => {
                app.db.revisions().find(post.id, number).await?
            }
            _ => None,
        };
        pictures_then(app, self.post.as_deref(), self.base.as_ref()).await
    }

    /// With its pictures in place.
    async fn go_on(mut self, writer: UserId) -> Result<Response, Error> {
        self.typed.post = self.post.as_ref().map(|post| post.id);
        let held = Desk {
            login: self.login.clone(),
            ..self.desk()
        };
        held.hold(&self.page, &self.typed);
        if let Some(post) = &self.post {
            self.typed.filled_from(post, &self.app.site.zone);
        }
        if let Some(take) = self.typed.take {
            return self.take(take).await;
        }
        if self.typed.intent == Intent::Preview {
            let preview = match self.typed.is_unclear {
                true => None,
                false => Some(Preview::of(&self.typed).await),
            };
            let desk = Desk {
                preview,
                ..self.desk_for_both().await
            };
            return desk.draw(&self.page, StatusCode::OK, &self.typed).await;
        }
        if !self.may_do_as_asked() {
            let sentence =
                "You may save drafts and hand them in for review; an editor publishes them.";
            self.typed
                .faults
                .add(StatusCode::FORBIDDEN, "text", sentence);
        }
        if let Some(line) = marks(&self.typed.text).next() {
            let sentence = format!(
                "Line {line} says whose words follow: keep one version or join both, and delete the lines in triple brackets."
            );
            self.typed.faults.invalid("text", sentence);
        }
        let here = Here::of(&self.app, self.base.as_ref());
        let Some(edit) = self.typed.check(writer, self.post.as_deref(), &here) else {
            return self
                .desk_for_both()
                .await
                .draw(&self.page, StatusCode::OK, &self.typed)
                .await;
        };
        self.save(edit).await
    }

    async fn save(self, edit: Edit) -> Result<Response, Error> {
        let posts = self.app.db.posts();
        let saved = match (&self.post, self.typed.revision) {
            // No version at all is as stale as can be.
            (Some(post), base) => {
                let base = base.unwrap_or(UNKNOWN);
                posts.update(post.id, base, &edit).await
            }
            (None, _) => match posts.create(&edit).await {
                Ok(Created::Post(post)) => Ok(Updated::Saved(post)),
                Ok(Created::SlugTaken) => Ok(Updated::SlugTaken),
                Ok(Created::Before(post, made)) => return self.again(post, Some(made)).await,
                Ok(Created::Elsewhere(post)) => return self.again(post, None).await,
                Err(error) => Err(error),
            },
        };
        self.settled(saved, edit).await
    }

    /// Answers what became of an edit.
    pub(super) async fn settled(
        mut self,
        saved: Result<Updated, gatepost_storage::Error>,
        edit: Edit,
    ) -> Result<Response, Error> {
        match saved {
            Ok(Updated::Saved(post)) => return self.onward(&post).await,
            Ok(Updated::Before(made)) => {
                self.typed.revision = Some(made);
                return self.once_more().await;
            }
            Ok(Updated::Stale(current)) => return self.bring_together(edit, current).await,
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
    pub(super) async fn keep(mut self, error: &gatepost_storage::Error) -> Result<Response, Error> {
        tracing::error!(
            error = error as &dyn std::error::Error,
            "a post could not be saved"
        );
        let (status, sentence) = if error.will_pass() {
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

    /// The form of a new post that came before, changed since: a change of the post that it made. From which of its
    /// revisions is not known of a form that was opened twice.
    async fn again(mut self, post: Box<Post>, made: Option<RevisionNo>) -> Result<Response, Error> {
        if self.viewer.may(Action::Edit, &post) {
            self.typed.revision = made;
            self.post = Some(post);
        } else {
            self.typed.form = None;
        }
        self.once_more().await
    }

    /// As a change of another version than it was taken for; what came with it is laid over that one.
    async fn once_more(mut self) -> Result<Response, Error> {
        let Some(writer) = self.viewer.user().map(|user| user.id) else {
            return Err(Error::NotFound);
        };
        let start = self.start().await?;
        self.typed.start_from(start);
        Box::pin(self.go_on(writer)).await
    }

    pub(super) fn desk(&self) -> Desk {
        match &self.post {
            Some(post) => Desk::of(post, self.viewer.may(Action::Publish, post)),
            None => Desk::empty(self.viewer.may_on_site(SiteAction::Publish)),
        }
    }

    /// Publishing, scheduling, and taking back what is public or will be, are rights of their own.
    fn may_do_as_asked(&self) -> bool {
        let Some(post) = &self.post else {
            let publishes = matches!(self.typed.intent, Intent::Publish | Intent::Schedule);
            return !publishes || self.viewer.may_on_site(SiteAction::Publish);
        };
        let hidden = matches!(post.stage(), Stage::Draft | Stage::Review);
        let needed = match self.typed.intent {
            Intent::Draft if hidden => Action::Edit,
            Intent::Review if hidden => Action::Submit,
            _ => Action::Publish,
        };
        self.viewer.may(needed, post)
    }
}
