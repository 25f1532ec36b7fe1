//! Two versions side by side, and a merged text to finish, for a person to decide.
//!
//! Invariant: the form keeps both texts until one is saved, however often it is drawn.

use axum::response::Response;
use gatepost_domain::changes::{Piece, changes};
use gatepost_domain::ids::{PostId, RevisionNo};
use gatepost_domain::merge::{Merge, marks, merge};
use gatepost_domain::post::Post;
use gatepost_storage::revisions::Revision;
use http::StatusCode;
use serde::Serialize;

use super::super::clashes::{Clashes, FieldClash};
use super::super::desk::Desk;
use super::super::intent::Take;
use super::super::submission::{Submission, UNKNOWN};
use super::super::together::Overlap;
use super::what_changed;
use crate::error::Error;
use crate::pages::millis;
use crate::state::App;

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
    pub(super) async fn show_both(
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
        let sides = [
            Side::of(my_title, base_text.clone(), mine.clone()).await,
            Side::of(their_title, base_text, saved).await,
        ];
        self.typed.mine = Some(mine);
        self.typed.base = self.typed.revision;
        self.typed.revision = Some(theirs.revision);
        overlap.fill(&mut self.typed, &theirs, &self.app.site.zone);
        let [mine, saved] = sides;
        let fields = overlap.fields.into_iter();
        let fields = fields.map(|clash| clash.in_place(&self.typed.pictures));
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
            mine,
            theirs: saved,
            fields: fields.collect(),
        };
        self.post = Some(theirs);
        let desk = Desk {
            conflict: Some(conflict),
            ..self.desk()
        };
        desk.draw(&self.page, StatusCode::CONFLICT, &self.typed)
            .await
    }

    /// The desk of a form that came with two versions shows both again, as far as the database tells.
    pub(in crate::pages::posts) async fn desk_for_both(&self) -> Desk {
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
    pub(in crate::pages::posts) async fn take(mut self, take: Take) -> Result<Response, Error> {
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
}

/// The saved versions that a form speaks of.
pub(super) struct Sides {
    pub(super) base: Option<Revision>,
    pub(super) theirs: Revision,
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
            fields: Clashes::left(
                &form.typed,
                self.base.as_ref(),
                &self.theirs,
                &form.app.site.zone,
            ),
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

async fn revision(app: &App, post: PostId, number: RevisionNo) -> Option<Revision> {
    app.db.revisions().find(post, number).await.ok().flatten()
}
