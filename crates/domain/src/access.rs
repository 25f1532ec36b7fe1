//! The one table of who may do what; every question about permission in the program is asked here.

use crate::ids::UserId;
use crate::post::{Post, Status, Summary};
use crate::role::Role;
use crate::user::User;

/// Who is asking.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Viewer {
    Anonymous,
    User(User),
}

/// What somebody wants to do with a post.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    /// Read it at its address.
    View,
    /// Change its words, pictures or address.
    Edit,
    /// Hand a draft to somebody who may publish it.
    Submit,
    /// Show it to everybody, now or at a set time, or take it back to a draft.
    Publish,
    /// Put it into the trash.
    Delete,
    /// Take it out of the trash, to what it was before.
    Restore,
    /// Delete it for good, with its history.
    Purge,
}

/// What somebody wants to do that concerns no post there is yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SiteAction {
    /// Start a post.
    Write,
    /// Start a post that is public at once.
    Publish,
    /// Look at what others have handed in.
    Review,
    /// See and change accounts, roles and settings.
    Manage,
}

/// What the address of a post answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sight {
    /// The post.
    Visible,
    /// That there was one (410).
    Gone,
    /// What an address answers that never was one (404).
    Hidden,
}

impl Action {
    pub const ALL: [Self; 7] = [
        Self::View,
        Self::Edit,
        Self::Submit,
        Self::Publish,
        Self::Delete,
        Self::Restore,
        Self::Purge,
    ];
}

/// A post as the table sees it. A post in the trash comes back as what it was, so every kind of trash has a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Draft,
    /// A draft that becomes public by itself.
    Scheduled,
    Published,
    /// A draft in the trash, never seen by strangers.
    TrashedDraft,
    /// A draft in the trash that had been public before it was one.
    TrashedFormer,
    /// In the trash, with a moment at which it would become public.
    TrashedScheduled,
    /// In the trash, and public again when it is taken out.
    TrashedPublished,
}

/// What the table asks of a post.
struct Asked {
    owner: UserId,
    status: Status,
    was_public: bool,
    is_scheduled: bool,
    returns_to_readers: bool,
}

impl Asked {
    fn state(&self) -> State {
        match self.status {
            Status::Draft if self.is_scheduled => State::Scheduled,
            Status::Draft => State::Draft,
            Status::Published => State::Published,
            Status::Trashed if self.returns_to_readers => State::TrashedPublished,
            Status::Trashed if self.is_scheduled => State::TrashedScheduled,
            Status::Trashed if self.was_public => State::TrashedFormer,
            Status::Trashed => State::TrashedDraft,
        }
    }
}

impl Viewer {
    /// Whether this viewer may do this to this post.
    pub fn may(&self, action: Action, post: &Post) -> bool {
        let asked = Asked {
            owner: post.owner.id,
            status: post.status,
            was_public: post.was_public(),
            is_scheduled: post.publish_at.is_some(),
            returns_to_readers: post.returns_to_readers,
        };
        self.may_to(action, &asked)
    }

    /// As [`Self::may`], for a post in a list.
    pub fn may_to_listed(&self, action: Action, post: &Summary) -> bool {
        let asked = Asked {
            owner: post.owner.id,
            status: post.status,
            was_public: post.published_at.is_some(),
            is_scheduled: post.publish_at.is_some(),
            returns_to_readers: post.returns_to_readers,
        };
        self.may_to(action, &asked)
    }

    fn may_to(&self, action: Action, asked: &Asked) -> bool {
        let standing = match self {
            Self::User(user) if !user.disabled => Some((user.role, user.id == asked.owner)),
            _ => None,
        };
        allowed(standing, asked.state(), action)
    }

    /// Whether this viewer may do this on the site.
    pub fn may_on_site(&self, action: SiteAction) -> bool {
        let Self::User(user) = self else { return false };
        !user.disabled
            && match action {
                SiteAction::Write => true,
                SiteAction::Publish => user.role != Role::Contributor,
                SiteAction::Review => matches!(user.role, Role::Owner | Role::Editor),
                SiteAction::Manage => user.role == Role::Owner,
            }
    }

    /// What the post's address answers to this viewer.
    pub fn sight(&self, post: &Post) -> Sight {
        if post.status == Status::Trashed {
            return if post.was_public() {
                Sight::Gone
            } else {
                Sight::Hidden
            };
        }
        if self.may(Action::View, post) {
            Sight::Visible
        } else {
            Sight::Hidden
        }
    }

    pub fn user(&self) -> Option<&User> {
        match self {
            Self::User(user) => Some(user),
            Self::Anonymous => None,
        }
    }
}

/// The table. `standing` is the role and whether the post is the person's own; `None` is a visitor.
fn allowed(standing: Option<(Role, bool)>, state: State, action: Action) -> bool {
    use Action::{Delete, Edit, Publish, Purge, Restore, Submit, View};
    use State::{
        Draft, Published, Scheduled, TrashedDraft, TrashedFormer, TrashedPublished,
        TrashedScheduled,
    };

    match (standing, state, action) {
        // What is published, everybody reads.
        (_, Published, View) => true,
        (None, _, _) => false,

        // A trashed post can only be looked at, taken out and deleted for good; a live one is neither.
        (
            _,
            TrashedDraft | TrashedFormer | TrashedScheduled | TrashedPublished,
            Edit | Submit | Publish | Delete,
        ) => false,
        (_, Draft | Scheduled | Published, Restore | Purge) => false,

        (Some((Role::Owner | Role::Editor, _)), _, _) => true,
        (Some((Role::Author, own)), _, _) => own,

        // A contributor's post is theirs until somebody publishes it or says when it will be.
        (Some((Role::Contributor, true)), Draft, View | Edit | Submit | Delete) => true,
        (Some((Role::Contributor, true)), Scheduled, View) => true,
        (Some((Role::Contributor, true)), TrashedDraft, View | Restore | Purge) => true,
        // Whoever may throw it away may take it out; what strangers have seen, only those who publish delete for good.
        (Some((Role::Contributor, true)), TrashedFormer, View | Restore) => true,
        // Others threw these away, and out of the trash they would be on their way to readers again.
        (Some((Role::Contributor, true)), TrashedScheduled | TrashedPublished, View) => true,
        (Some((Role::Contributor, _)), _, _) => false,
    }
}

#[cfg(test)]
mod tests;
