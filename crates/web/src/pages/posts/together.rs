//! What a form says and what others saved since it was drawn, as one edit, or with the places where a person must decide.
//!
//! Invariant: a field that only one of the two changed is as that one has it; nothing becomes public, or public earlier,
//! that its writer did not send for it.

use gatepost_domain::excerpt::Excerpt;
use gatepost_domain::merge::{Merge, Sent, merge};
use gatepost_domain::note::Note;
use gatepost_domain::picture::PlacedPicture;
use gatepost_domain::post::{Post, Visibility};
use gatepost_domain::tag::Tags;
use gatepost_domain::text::Text;
use gatepost_domain::title::Title;
use gatepost_storage::posts::{Edit, WantedSlug};
use gatepost_storage::revisions::Revision;

use super::clashes::{Clashes, FieldClash, readers};
use super::typed::{Typed, minute};
use crate::zone::Zone;

pub(super) enum Together {
    Whole(Box<Edit>),
    Overlapping(Box<Overlap>),
}

/// Both in one form, for a person to finish.
pub(super) struct Overlap {
    edit: Edit,
    text: String,
    /// They moved the post on, and I did not.
    stage_is_theirs: bool,
    pub(super) overlaps: usize,
    pub(super) fields: Vec<FieldClash>,
}

/// What is brought together.
#[derive(Clone)]
pub(super) struct Versions {
    pub(super) base: Option<Revision>,
    pub(super) mine: Edit,
    /// The pictures that mine started from.
    pub(super) start: Vec<PlacedPicture>,
    pub(super) theirs: Box<Post>,
}

impl Overlap {
    /// There was no time to merge the texts: mine stands in the form.
    pub(super) fn of_busy(versions: &Versions, zone: &Zone) -> Self {
        let Versions { mine, theirs, .. } = versions;
        let (edit, fields) = versions.fields(zone);
        Self {
            stage_is_theirs: edit.stage != mine.stage,
            edit,
            text: mine.text.as_str().to_owned(),
            overlaps: usize::from(mine.text != theirs.text),
            fields,
        }
    }

    /// Puts what was merged into the form.
    pub(super) fn fill(&self, typed: &mut Typed, theirs: &Post, zone: &Zone) {
        let edit = &self.edit;
        typed.text.clone_from(&self.text);
        typed.title = edit.title.to_string();
        typed.tags = Some(edit.tags.to_string());
        typed.excerpt = Some(said(edit.excerpt.as_ref()));
        typed.visibility = Some(edit.visibility.as_str().to_owned());
        typed.slug = Some(match &edit.slug {
            WantedSlug::Typed(slug) => slug.to_string(),
            WantedSlug::FromTitle => String::new(),
        });
        typed.meant = Some(typed.intent);
        if self.stage_is_theirs {
            typed.publish_at = minute(edit.stage, zone);
        }
        typed.arrange(&edit.pictures, &theirs.pictures);
    }
}

impl Versions {
    pub(super) fn together(&self, zone: &Zone) -> Together {
        let (edit, fields) = self.fields(zone);
        let old = self.base.as_ref().map_or("", |base| base.text.as_str());
        let (mine, theirs) = (self.mine.text.as_str(), self.theirs.text.as_str());
        let who = self.theirs.last_editor.display_name.as_str();
        let (text, overlaps) = match merge(old, mine, theirs) {
            Merge::Merged(text) => (text, 0),
            Merge::Conflict(conflict) => (conflict.to_finish(who), conflict.overlaps()),
        };
        if let Ok(text) = Text::parse(text.as_str())
            && overlaps == 0
            && fields.is_empty()
        {
            let edit = Edit {
                text,
                ..edit.clone()
            };
            // One took the text out, the other the pictures.
            if !edit.is_hollow() {
                return Together::Whole(Box::new(edit));
            }
        }
        Together::Overlapping(Box::new(Overlap {
            stage_is_theirs: edit.stage != self.mine.stage,
            edit,
            text,
            overlaps,
            fields,
        }))
    }

    /// Field by field; the text is mine.
    fn fields(&self, zone: &Zone) -> (Edit, Vec<FieldClash>) {
        let Self {
            base, mine, theirs, ..
        } = self;
        let base = base.as_ref();
        let mut clashes = Clashes::default();
        let title = base.map(|it| &it.title);
        let title = clashes.one("Title", title, &mine.title, &theirs.title, Title::to_string);
        let excerpt = base.map(|it| &it.excerpt);
        let excerpt = clashes.one("Summary", excerpt, &mine.excerpt, &theirs.excerpt, |it| {
            said(it.as_ref())
        });
        let visibility = clashes.one(
            "Readers",
            base.and_then(|it| it.visibility.as_ref()),
            &mine.visibility,
            &theirs.visibility,
            |it| readers(*it).to_owned(),
        );
        let old_slug = base.and_then(|it| it.slug.as_ref());
        let slug = match &mine.slug {
            WantedSlug::FromTitle if old_slug == Some(&theirs.slug) => WantedSlug::FromTitle,
            WantedSlug::FromTitle => WantedSlug::Typed(theirs.slug.clone()),
            WantedSlug::Typed(slug) => {
                WantedSlug::Typed(
                    clashes.one("Address", old_slug, slug, &theirs.slug, |slug| {
                        format!("/{slug}")
                    }),
                )
            }
        };
        let old_stage = base.and_then(Revision::whole_stage);
        let stage = clashes.stage(old_stage, self.my_stage(), self.their_stage(), zone);
        let tags = clashes.tags(base.map(|it| &it.tags), &mine.tags, &theirs.tags);
        let saved: Vec<_> = theirs.pictures.iter().map(PlacedPicture::from).collect();
        let pictures = clashes.pictures(&self.start, &mine.pictures, &saved);
        let who = theirs.last_editor.display_name.as_str();
        let note = if mine.note.is_empty() {
            Note::parse(&format!("merged with what {who} saved")).unwrap_or_default()
        } else {
            mine.note.clone()
        };
        let edit = Edit {
            title,
            excerpt,
            visibility,
            slug,
            stage,
            tags,
            pictures,
            note,
            ..mine.clone()
        };
        (edit, clashes.into_list())
    }

    fn my_stage(&self) -> Sent {
        let mine = &self.mine;
        let shown = Shown {
            title: &mine.title,
            text: &mine.text,
            excerpt: mine.excerpt.as_ref(),
            tags: &mine.tags,
            visibility: mine.visibility,
        };
        Sent {
            stage: mine.stage,
            with_changes: shown.is_new(self.base.as_ref()) || mine.pictures != self.start,
        }
    }

    fn their_stage(&self) -> Sent {
        let theirs = &self.theirs;
        let shown = Shown {
            title: &theirs.title,
            text: &theirs.text,
            excerpt: theirs.excerpt.as_ref(),
            tags: &theirs.tags,
            visibility: theirs.visibility,
        };
        let pictures = theirs.pictures.iter().map(PlacedPicture::from);
        Sent {
            stage: theirs.stage(),
            with_changes: shown.is_new(self.base.as_ref())
                || !pictures.eq(self.start.iter().cloned()),
        }
    }
}

/// What readers see of a post beside its pictures.
pub(super) struct Shown<'a> {
    pub(super) title: &'a Title,
    pub(super) text: &'a Text,
    pub(super) excerpt: Option<&'a Excerpt>,
    pub(super) tags: &'a Tags,
    pub(super) visibility: Visibility,
}

impl Shown<'_> {
    /// It is not what this version had.
    pub(super) fn is_new(&self, base: Option<&Revision>) -> bool {
        let same = |base: &Revision| {
            base.title == *self.title
                && base.text == *self.text
                && base.excerpt.as_ref() == self.excerpt
                && base.tags == *self.tags
                && base.visibility.is_none_or(|it| it == self.visibility)
        };
        !base.is_some_and(same)
    }
}

pub(super) fn said(excerpt: Option<&Excerpt>) -> String {
    excerpt.map(ToString::to_string).unwrap_or_default()
}
