//! Accounts, posts and pictures to look at; made once, and only on a blog nobody has written on.

use gatepost_domain::role::Role;

pub(crate) mod telephone;

/// Who can log in, and as what.
pub const ACCOUNTS: [(&str, Role); 3] = [
    ("alice", Role::Owner),
    ("bob", Role::Editor),
    ("carol", Role::Author),
];

/// The password of each of them.
pub const PASSWORD: &str = "correct horse";
