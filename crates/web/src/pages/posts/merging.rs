//! A form that was drawn before somebody else saved: both changes brought together by themselves, or shown side by side.
//!
//! Invariant: whatever comes of it, the words of both are in the post, in its history or on the page.

use axum::response::Response;
use gatepost_domain::changes::{Piece, changes};
use gatepost_domain::ids::{PostId, RevisionNo, UserId};
use gatepost_domain::merge::{Merge, marks, merge};
use gatepost_domain::picture::ImageHash;
use gatepost_domain::post::Post;
use gatepost_domain::user::Person;
use gatepost_storage::posts::{Edit, Updated};
use gatepost_storage::revisions::{Revision, Saves};
use http::StatusCode;
use serde::Serialize;
use session_auth::FlashLevel;

use super::desk::Desk;
use super::kept::Kept;
use super::submission::{Submission, UNKNOWN};
use super::together::{FieldClash, Overlap, Together, together};
use super::typed::Take;
use crate::error::Error;
use crate::pages::millis;
use crate::paths;
use crate::state::App;

/// How often somebody else may save while this form is being merged.
const ATTEMPTS: usize = 5;

/// What the editor shows beside the form when two versions meet.
#[derive(Serialize)]
pub(crate) struct Conflict {
    who: String,
    /// It was the same person, in another window.
    own: bool,
    at: i64,
    overlaps: usize,
    /// Where to see what the others changed.
    href: String,
    mine: Side,
    theirs: Side,
    fields: Vec<FieldClash>,
}

#[derive(Serialize)]
struct Side {
    title: String,
    pieces: Vec<Piece>,
}

impl Submission {
    /// Saves this form together with what was saved since it was drawn; where both changed the same, a person decides.
    pub(super) async fn bring_together(
        mut self,
        sent: Edit,
        mut theirs: Box<Post>,
    ) -> Result<Response, Error> {
        let from = self.typed.revision.unwrap_or(UNKNOWN);
        let base = match self.app.db.revisions().find(theirs.id, from).await {
            Ok(base) => base,
            Err(error) => return self.keep(&error).await,
        };
        let known: Vec<_> = self.typed.pictures.iter().map(|kept| kept.hash).collect();
        for _ in 0..ATTEMPTS {
            let merged = off_thread(base.clone(), sent.clone(), theirs.clone(), known.clone());
            let edit = match merged.await {
                Together::Whole(edit) => edit,
                Together::Overlapping(overlap) => {
                    return self.show_both(*overlap, base, theirs).await;
                }
            };
            let posts = self.app.db.posts();
            let (id, onto) = (theirs.id, theirs.revision);
            match posts.update_merged(id, onto, &edit, (&sent, from)).await {
                Ok(Updated::Saved(post)) => {
                    let response = self.onward(&post).await?;
                    self.say_merged(&post, from, &theirs).await?;
                    return Ok(response);
                }
                Ok(Updated::Stale(newer)) => theirs = newer,
                other => return Box::pin(self.settled(other, sent)).await,
            }
            self.typed.faults = Default::default();
        }
        // Whoever saves that often is asked to be looked at.
        let overlap = Overlap::of_busy(&sent, &theirs);
        self.show_both(overlap, base, theirs).await
    }

    async fn say_merged(&self, post: &Post, from: RevisionNo, theirs: &Post) -> Result<(), Error> {
        let (who, own) = self.who_saved(from, theirs).await;
        let said = if own {
            "You had saved this post in another window; both changes are in.".to_owned()
        } else {
            format!("{who} saved this post while you were writing; both changes are in.")
        };
        let more = what_changed(post, from, theirs.revision);
        self.page
            .say_and_show(FlashLevel::Success, said, more)
            .await
    }

    async fn show_both(
        mut self,
        overlap: Overlap,
        base: Option<Revision>,
        theirs: Box<Post>,
    ) -> Result<Response, Error> {
        if self.typed.revision.is_none() {
            let sentence = "The form did not say which version of the post it changes. Nothing is saved yet: compare both.";
            self.typed.faults.invalid("text", sentence);
        }
        let from = self.typed.revision.unwrap_or(UNKNOWN);
        let (who, own) = self.who_saved(from, &theirs).await;
        let base_text = base.as_ref().map(|base| base.text.as_str().to_owned());
        let (my_title, their_title) = (self.typed.title.clone(), theirs.title.to_string());
        let (mine, saved) = (self.typed.text.clone(), theirs.text.as_str().to_owned());
        let conflict = Conflict {
            who,
            own,
            at: millis(theirs.updated_at),
            overlaps: overlap.overlaps,
            href: what_changed(
                &theirs,
                base.map_or(theirs.revision, |it| it.number),
                theirs.revision,
            ),
            mine: Side::of(my_title, base_text.clone(), mine.clone()).await,
            theirs: Side::of(their_title, base_text, saved).await,
            fields: overlap.fields.clone(),
        };
        self.typed.mine = Some(mine);
        self.typed.base = self.typed.revision;
        self.typed.revision = Some(theirs.revision);
        overlap.fill(&mut self.typed);
        for picture in &theirs.pictures {
            match self
                .typed
                .pictures
                .iter_mut()
                .find(|kept| kept.hash == picture.hash)
            {
                Some(kept) => kept.was = picture.alt.to_string(),
                None => self.typed.pictures.push(Kept::of(picture)),
            }
        }
        self.post = Some(theirs);
        let desk = Desk {
            conflict: Some(conflict),
            ..self.desk()
        };
        desk.draw(&self.page, StatusCode::CONFLICT, &self.typed)
            .await
    }

    /// The desk of a form that came with two versions shows both again, as far as the database tells.
    pub(super) async fn desk_for_both(&self) -> Desk {
        let conflict = match self.sides().await {
            Some(sides) => Some(sides.conflict(self).await),
            None => None,
        };
        Desk {
            conflict,
            ..self.desk()
        }
    }

    /// Puts one of two versions into the text; saves nothing.
    pub(super) async fn take(mut self, take: Take) -> Result<Response, Error> {
        if let (Some(sides), Some(mine)) = (self.sides().await, self.typed.mine.clone()) {
            let theirs = sides.theirs.text.as_str().to_owned();
            self.typed.text = match take {
                Take::Mine => mine,
                Take::Theirs => theirs,
                Take::Merged => {
                    let base = sides.base_text().unwrap_or_default();
                    let (who, _) = self.who_saved_since(&sides).await;
                    let merged = tokio::task::spawn_blocking(move || merge(&base, &mine, &theirs));
                    match merged.await.map_err(Error::unexpected)? {
                        Merge::Merged(text) => text,
                        Merge::Conflict(conflict) => conflict.to_finish(&who),
                    }
                }
            };
        }
        let desk = self.desk_for_both().await;
        desk.draw(&self.page, StatusCode::OK, &self.typed).await
    }

    async fn sides(&self) -> Option<Sides> {
        let (post, theirs) = (self.post.as_ref()?.id, self.typed.revision?);
        self.typed.mine.as_ref()?;
        let theirs = revision(&self.app, post, theirs).await?;
        let base = match self.typed.base {
            Some(base) => revision(&self.app, post, base).await,
            None => None,
        };
        Some(Sides { base, theirs })
    }

    async fn who_saved(&self, from: RevisionNo, theirs: &Post) -> (String, bool) {
        self.who(theirs.id, from, &theirs.last_editor).await
    }

    async fn who_saved_since(&self, sides: &Sides) -> (String, bool) {
        let from = sides
            .base
            .as_ref()
            .map_or(sides.theirs.number, |base| base.number);
        let post = self.post.as_ref().map_or(PostId(0), |post| post.id);
        self.who(post, from, &sides.theirs.person).await
    }

    /// Who saved since, and whether that was only the writer of this form.
    async fn who(&self, post: PostId, from: RevisionNo, last: &Person) -> (String, bool) {
        let writer: Option<UserId> = self.viewer.user().map(|user| user.id);
        let log = self
            .app
            .db
            .revisions()
            .list(post, Saves::After(from), 50)
            .await;
        let mut people: Vec<Person> = Vec::new();
        for entry in log.map(|log| log.entries).unwrap_or_default() {
            if Some(entry.person.id) != writer
                && !people.iter().any(|known| known.id == entry.person.id)
            {
                people.push(entry.person);
            }
        }
        match people.as_slice() {
            [] => (last.display_name.to_string(), Some(last.id) == writer),
            [one] => (one.display_name.to_string(), false),
            [first, second] => (
                format!("{} and {}", first.display_name, second.display_name),
                false,
            ),
            [first, ..] => (
                format!("{} and {} others", first.display_name, people.len() - 1),
                false,
            ),
        }
    }
}

/// The saved versions that a form speaks of.
struct Sides {
    base: Option<Revision>,
    theirs: Revision,
}

impl Sides {
    fn base_text(&self) -> Option<String> {
        Some(self.base.as_ref()?.text.as_str().to_owned())
    }

    async fn conflict(&self, form: &Submission) -> Conflict {
        let (who, own) = form.who_saved_since(self).await;
        let mine = form.typed.mine.clone().unwrap_or_default();
        let saved = self.theirs.text.as_str().to_owned();
        let base = self
            .base
            .as_ref()
            .map_or(self.theirs.number, |base| base.number);
        let href = match &form.post {
            Some(post) => what_changed(post, base, self.theirs.number),
            None => String::new(),
        };
        Conflict {
            who,
            own,
            at: millis(self.theirs.saved_at),
            overlaps: marks(&form.typed.text).count() / 3,
            href,
            mine: Side::of(form.typed.title.clone(), self.base_text(), mine).await,
            theirs: Side::of(self.theirs.title.to_string(), self.base_text(), saved).await,
            fields: Vec::new(),
        }
    }
}

impl Side {
    /// A text with what it changed; without a base, as it is.
    async fn of(title: String, base: Option<String>, text: String) -> Self {
        let plain = text.clone();
        let compared = tokio::task::spawn_blocking(move || match base {
            Some(base) => changes(&base, &text),
            None => vec![Piece::Same(text)],
        });
        let pieces = compared.await.unwrap_or_else(|_| vec![Piece::Same(plain)]);
        Self { title, pieces }
    }
}

async fn off_thread(
    base: Option<Revision>,
    sent: Edit,
    theirs: Box<Post>,
    known: Vec<ImageHash>,
) -> Together {
    let (mine, saved) = (sent.clone(), theirs.clone());
    let merged =
        tokio::task::spawn_blocking(move || together(base.as_ref(), &mine, &saved, &known));
    merged.await.unwrap_or_else(|error| {
        tracing::error!(%error, "two versions could not be merged");
        Together::Overlapping(Box::new(Overlap::of_busy(&sent, &theirs)))
    })
}

async fn revision(app: &App, post: PostId, number: RevisionNo) -> Option<Revision> {
    app.db.revisions().find(post, number).await.ok().flatten()
}

fn what_changed(post: &Post, from: RevisionNo, to: RevisionNo) -> String {
    format!("{}/{to}?against={from}", paths::history(&post.slug))
}
