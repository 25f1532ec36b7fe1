//! People: the full account holder, and the little of it that stands beside a post.

use serde::Serialize;

use crate::display_name::DisplayName;
use crate::ids::UserId;
use crate::role::Role;
use crate::username::Username;

/// Somebody with an account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct User {
    pub id: UserId,
    pub username: Username,
    pub display_name: DisplayName,
    pub role: Role,
    /// A disabled person can't log in and may do no more than a visitor; the posts stay.
    pub disabled: bool,
}

/// Somebody as readers see them, beside what they wrote.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Person {
    pub id: UserId,
    pub username: Username,
    pub display_name: DisplayName,
}

impl From<&User> for Person {
    fn from(user: &User) -> Self {
        Self {
            id: user.id,
            username: user.username.clone(),
            display_name: user.display_name.clone(),
        }
    }
}
