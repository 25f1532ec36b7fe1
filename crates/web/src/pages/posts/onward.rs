//! Where a writer goes from a form that was saved, and what they are told on the way.

use axum::response::{IntoResponse, Redirect, Response};
use gatepost_domain::access::Action;
use gatepost_domain::post::{Post, Stage, Status};
use gatepost_domain::text::Text;
use session_auth::FlashLevel;

use super::judged::Here;
use super::parking;
use super::submission::Submission;
use super::typed::minute_of;
use crate::error::Error;
use crate::pages::millis;
use crate::paths;
use crate::zone::Zone;

impl Submission {
    pub(super) async fn onward(&self, post: &Post) -> Result<Response, Error> {
        if let Some(author) = self.typed.author {
            parking::forget(&self.app, author.id(), &self.typed).await;
        }
        if post.status == Status::Published
            && let Some(said) = wordless(post)
        {
            self.page.say(FlashLevel::Info, said, None).await?;
        }
        for kept in &self.typed.pictures {
            if let (Some(name), Some(notice)) = (&kept.name, &kept.notice) {
                let said = format!("{name}: {notice}");
                self.page.say(FlashLevel::Info, said, None).await?;
            }
        }
        if let Some(said) = taken_out(Text::strays(&self.typed.text)) {
            self.page.say(FlashLevel::Info, said, None).await?;
        }
        if post.status == Status::Published {
            return Ok(Redirect::to(&paths::post(&post.slug)).into_response());
        }
        let mut said = said_of(post, &self.app.site.zone);
        let minute = self.minute_to_set(post);
        if minute.is_some() {
            said.push_str(
                " The time you chose is still in the form, and not set: Schedule sets it.",
            );
        }
        self.page.say(FlashLevel::Success, said, None).await?;
        let next = match minute {
            Some(minute) => paths::edit_with_minute(&post.slug, minute),
            None if self.viewer.may(Action::Edit, post) => paths::edit(&post.slug),
            None => paths::post(&post.slug),
        };
        Ok(Redirect::to(&next).into_response())
    }

    /// A time that was typed beside a button that sets none.
    fn minute_to_set(&self, saved: &Post) -> Option<&str> {
        let here = Here::of(&self.app, self.base.as_ref());
        let before = self.post.as_deref().map(|post| minute_of(post, here.zone));
        let typed = self.typed.publish_at.as_str();
        let known = [before.as_deref(), here.known.as_deref()].contains(&Some(typed));
        let is_new = !typed.is_empty() && !known;
        let may_set = self.viewer.may(Action::Publish, saved);
        (is_new && may_set && saved.publish_at.is_none()).then_some(typed)
    }
}

/// What became of a post that readers don't see yet.
fn said_of(post: &Post, zone: &Zone) -> String {
    match post.stage() {
        Stage::Scheduled(at) => {
            let (date, time) = (zone.date(millis(at)), zone.time(millis(at)));
            let (date, time) = (date.unwrap_or_default(), time.unwrap_or_default());
            format!("It will be published on {date} at {time}.")
        }
        Stage::Review => "It is handed in; an editor will look at it.".to_owned(),
        _ => "The draft is saved.".to_owned(),
    }
}

fn taken_out(strays: usize) -> Option<String> {
    let said = match strays {
        0 => return None,
        1 => "One invisible control character was taken out of the text.".to_owned(),
        many => format!("{many} invisible control characters were taken out of the text."),
    };
    Some(said)
}

/// Readers who can't see the pictures miss them; the writer can still say what they show.
fn wordless(post: &Post) -> Option<String> {
    match post.wordless().count() {
        0 => None,
        1 => Some("It is published. One picture has no words yet for who can’t see it; the editor has a field for them.".to_owned()),
        many => Some(format!(
            "It is published. {many} pictures have no words yet for who can’t see them; the editor has fields for them."
        )),
    }
}
