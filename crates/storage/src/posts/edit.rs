//! What a writer hands in, and what becomes of it.
//!
//! Invariant: no outcome is silent: a form is saved, was saved before, or comes back with its reason.

use gatepost_domain::excerpt::Excerpt;
use gatepost_domain::form_key::FormKey;
use gatepost_domain::ids::{RevisionNo, UserId};
use gatepost_domain::note::Note;
use gatepost_domain::picture::PlacedPicture;
use gatepost_domain::post::{Post, Stage, Visibility, is_hollow};
use gatepost_domain::slug::Slug;
use gatepost_domain::tag::Tags;
use gatepost_domain::text::Text;
use gatepost_domain::title::Title;

/// Where a post is to be found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WantedSlug {
    /// The writer's own choice, refused when it is taken.
    Typed(Slug),
    /// What the title suggests, with a number behind it when that is taken.
    FromTitle,
}

/// What a writer hands in: everything about a post that a form can change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edit {
    pub title: Title,
    pub text: Text,
    pub slug: WantedSlug,
    pub tags: Tags,
    pub excerpt: Option<Excerpt>,
    pub visibility: Visibility,
    pub stage: Stage,
    /// In order; the first is the post's image. A picture named twice keeps its first place.
    pub pictures: Vec<PlacedPicture>,
    /// Who saves.
    pub editor: UserId,
    pub note: Note,
    /// What makes this form, sent twice, one save.
    pub form: Option<FormKey>,
    /// The parked form that it was opened from: opened twice and saved twice, that is still one post.
    pub opened_from: Option<FormKey>,
}

impl Edit {
    /// See [`is_hollow`].
    pub fn is_hollow(&self) -> bool {
        is_hollow(self.stage, &self.text, &self.pictures)
    }
}

/// What became of a new post.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Created {
    /// The post; the one that is there already when this very form came before.
    Post(Box<Post>),
    /// This form made a post before, as this revision, and was changed since: it is an edit of that post now.
    Before(Box<Post>, RevisionNo),
    /// The form that this one was opened from made a post before, and this one says something else: nobody knows what it
    /// comes from.
    Elsewhere(Box<Post>),
    SlugTaken,
}

/// What became of a changed post.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Updated {
    Saved(Box<Post>),
    /// This form saved the post before, as this revision, and was changed since: it is an edit of that revision now.
    Before(RevisionNo),
    /// Somebody saved in between: the post as it is now.
    Stale(Box<Post>),
    SlugTaken,
    /// Not there, or in the trash.
    Missing,
}
