//! A form that was drawn before somebody else saved: both changes brought together by themselves, or shown side by side.
//!
//! Invariant: whatever comes of it, the words of both are in the post, in its history or on the page.

use std::sync::Arc;

use axum::response::Response;
use gatepost_domain::ids::RevisionNo;
use gatepost_domain::picture::PlacedPicture;
use gatepost_domain::post::Post;
use gatepost_storage::posts::{Edit, Updated};
use session_auth::FlashLevel;

use super::submission::{Submission, UNKNOWN};
use super::together::{Overlap, Together, Versions};
use crate::error::Error;
use crate::paths;
use crate::state::App;

mod both;
mod who;

pub(crate) use both::Conflict;

/// How often somebody else may save while this form is being merged.
const ATTEMPTS: usize = 5;

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
        let start: Vec<_> = self.typed.start.iter().map(PlacedPicture::from).collect();
        let versions = |theirs: &Post| Versions {
            base: base.clone(),
            mine: sent.clone(),
            start: start.clone(),
            theirs: Box::new(theirs.clone()),
        };
        for _ in 0..ATTEMPTS {
            let edit = match off_thread(&self.app, versions(&theirs)).await {
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
        let overlap = Overlap::of_busy(&versions(&theirs), &self.app.site.zone);
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
}

async fn off_thread(app: &Arc<App>, versions: Versions) -> Together {
    let (site, both) = (Arc::clone(app), versions.clone());
    let merged = tokio::task::spawn_blocking(move || both.together(&site.site.zone));
    merged.await.unwrap_or_else(|error| {
        tracing::error!(%error, "two versions could not be merged");
        Together::Overlapping(Box::new(Overlap::of_busy(&versions, &app.site.zone)))
    })
}

fn what_changed(post: &Post, from: RevisionNo, to: RevisionNo) -> String {
    format!("{}/{to}?against={from}", paths::history(&post.slug))
}
