//! The one table of who may do what; every question about permission in the program is asked here.

use crate::post::{Post, Status};
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

/// A post as the table sees it. A post in the trash comes back as what it was, so both kinds of trash have a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Draft,
    /// A draft that becomes public by itself.
    Scheduled,
    Published,
    /// In the trash, never seen by strangers.
    TrashedDraft,
    /// In the trash, and public before.
    TrashedPublic,
}

impl State {
    fn of(post: &Post) -> Self {
        match (post.status, post.was_public()) {
            (Status::Draft, _) if post.publish_at.is_some() => Self::Scheduled,
            (Status::Draft, _) => Self::Draft,
            (Status::Published, _) => Self::Published,
            (Status::Trashed, false) => Self::TrashedDraft,
            (Status::Trashed, true) => Self::TrashedPublic,
        }
    }
}

impl Viewer {
    /// Whether this viewer may do this to this post.
    pub fn may(&self, action: Action, post: &Post) -> bool {
        let standing = match self {
            Self::User(user) if !user.disabled => Some((user.role, user.id == post.owner.id)),
            _ => None,
        };
        allowed(standing, State::of(post), action)
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
    use State::{Draft, Published, Scheduled, TrashedDraft, TrashedPublic};

    match (standing, state, action) {
        // What is published, everybody reads.
        (_, Published, View) => true,
        (None, _, _) => false,

        // A trashed post can only be looked at, taken out and deleted for good; a live one is neither.
        (_, TrashedDraft | TrashedPublic, Edit | Submit | Publish | Delete) => false,
        (_, Draft | Scheduled | Published, Restore | Purge) => false,

        (Some((Role::Owner | Role::Editor, _)), _, _) => true,
        (Some((Role::Author, own)), _, _) => own,

        // A contributor's post is theirs until somebody publishes it or says when it will be.
        (Some((Role::Contributor, true)), Draft, View | Edit | Submit | Delete) => true,
        (Some((Role::Contributor, true)), Scheduled, View) => true,
        (Some((Role::Contributor, true)), TrashedDraft, View | Restore | Purge) => true,
        (Some((Role::Contributor, true)), TrashedPublic, View) => true,
        (Some((Role::Contributor, _)), _, _) => false,
    }
}

#[cfg(test)]
mod tests;
