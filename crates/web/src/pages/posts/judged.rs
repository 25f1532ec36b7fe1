//! What was typed, judged: every field by its own rule, each fault beside its field, and nothing changed silently.

use gatepost_domain::excerpt::Excerpt;
use gatepost_domain::ids::UserId;
use gatepost_domain::note::Note;
use gatepost_domain::picture::{Alt, PlacedPicture};
use gatepost_domain::post::{Post, Stage, Visibility, is_hollow};
use gatepost_domain::schedule::{ScheduleError, schedule};
use gatepost_domain::slug::Slug;
use gatepost_domain::tag::Tags;
use gatepost_domain::text::Text;
use gatepost_domain::title::Title;
use gatepost_storage::posts::{Edit, WantedSlug};
use gatepost_storage::revisions::Revision;
use time::OffsetDateTime;

use super::intent::Intent;
use super::typed::{Typed, minute_of};
use crate::form::Faults;
use crate::pages::millis;
use crate::state::App;
use crate::zone::{NotAMinute, Zone};

/// When and where a form is judged.
pub(super) struct Here<'a> {
    pub(super) now: OffsetDateTime,
    pub(super) zone: &'a Zone,
    /// What a form of an older version shows as the minute that was set.
    pub(super) known: Option<String>,
}

impl<'a> Here<'a> {
    pub(super) fn of(app: &'a App, base: Option<&Revision>) -> Self {
        let zone = &app.site.zone;
        let set = base.and_then(|base| base.publish_at);
        Self {
            now: app.world.now(),
            zone,
            known: set.and_then(|at| zone.minute(millis(at))),
        }
    }
}

impl Typed {
    /// Judges everything. `None`: the faults say what is wrong.
    pub(super) fn check(
        &mut self,
        editor: UserId,
        post: Option<&Post>,
        here: &Here<'_>,
    ) -> Option<Edit> {
        let mut faults = std::mem::take(&mut self.faults);
        let edit = self.judged(&mut faults, editor, post, here);
        self.faults = faults;
        edit.filter(|_| self.faults.is_empty())
    }

    fn judged(
        &self,
        faults: &mut Faults,
        editor: UserId,
        post: Option<&Post>,
        here: &Here<'_>,
    ) -> Option<Edit> {
        let title = judge(faults, "title", Title::parse(&self.title));
        let text = judge(faults, "text", Text::parse(self.text.as_str()));
        let slug = self.slug(faults, post);
        let typed = self.tags.as_deref().unwrap_or_default();
        let tags = judge(faults, "tags", Tags::parse(typed));
        let typed = self.excerpt.as_deref().unwrap_or_default();
        let excerpt = judge(faults, "excerpt", Excerpt::parse(typed));
        let visibility = match self.visibility.as_deref() {
            None | Some("") => Some(Visibility::Public),
            Some(typed) => judge(faults, "visibility", typed.parse()),
        };
        let note = judge(faults, "note", Note::parse(&self.note));
        let stage = self.stage(faults, post, here);
        let pictures = self.placed(faults);
        let judged = text.as_ref().zip(stage);
        if judged.is_some_and(|(text, stage)| is_hollow(stage, text, &pictures)) {
            faults.invalid(
                "text",
                "There is nothing to read yet: write something, or add a picture.",
            );
        }
        Some(Edit {
            title: title?,
            text: text?,
            slug: slug?,
            tags: tags?,
            excerpt: excerpt?,
            visibility: visibility?,
            stage: stage?,
            pictures,
            editor,
            note: note?,
            form: self.form.clone(),
            // What has no name of its own is known by no other either.
            opened_from: self
                .parked
                .as_ref()
                .filter(|_| self.form.is_some())
                .map(|it| it.key.clone()),
        })
    }

    fn slug(&self, faults: &mut Faults, post: Option<&Post>) -> Option<WantedSlug> {
        match (self.slug.as_deref().map(str::trim), post) {
            (None, Some(post)) => Some(WantedSlug::Typed(post.slug.clone())),
            (None | Some(""), _) => Some(WantedSlug::FromTitle),
            (Some(typed), _) => judge(faults, "slug", Slug::typed(typed)).map(WantedSlug::Typed),
        }
    }

    /// How far the pressed button takes the post.
    fn stage(&self, faults: &mut Faults, post: Option<&Post>, here: &Here<'_>) -> Option<Stage> {
        let now = post.map(|post| minute_of(post, here.zone));
        let was_set = [now.as_ref(), here.known.as_ref()].contains(&Some(&self.publish_at));
        match self.intent {
            Intent::Draft | Intent::Preview => Some(Stage::Draft),
            Intent::Review => Some(Stage::Review),
            Intent::Schedule => self.moment(faults, here).map(Stage::Scheduled),
            // What is public can't be called back, so a time that was typed just now is asked about.
            Intent::Publish if !self.publish_at.is_empty() && !was_set => {
                faults.invalid(
                    "publish_at",
                    "Press Schedule to publish at this time, or empty the field to publish now.",
                );
                None
            }
            Intent::Publish => Some(Stage::Published),
        }
    }

    fn moment(&self, faults: &mut Faults, here: &Here<'_>) -> Option<OffsetDateTime> {
        if self.publish_at.is_empty() {
            faults.invalid("publish_at", "Say when it is to be published.");
            return None;
        }
        let said = match here.zone.moment(&self.publish_at) {
            Ok(at) => schedule(at, here.now).map_err(|error| error.to_string()),
            Err(NotAMinute::Beyond) => Err(ScheduleError::TooFar.to_string()),
            Err(error) => Err(error.to_string()),
        };
        said.map_err(|sentence| faults.invalid("publish_at", sentence))
            .ok()
    }

    fn placed(&self, faults: &mut Faults) -> Vec<PlacedPicture> {
        let mut placed = Vec::new();
        for kept in self.pictures.iter().filter(|kept| !kept.removed) {
            match Alt::parse(&kept.alt) {
                Ok(alt) => placed.push(PlacedPicture {
                    hash: kept.hash,
                    alt,
                    decorative: kept.decorative,
                }),
                Err(error) => faults.invalid(format!("alt-{}", kept.hash), error.to_string()),
            }
        }
        placed
    }
}

fn judge<T, E: std::error::Error>(
    faults: &mut Faults,
    field: &str,
    judged: Result<T, E>,
) -> Option<T> {
    judged
        .map_err(|error| faults.invalid(field, error.to_string()))
        .ok()
}
