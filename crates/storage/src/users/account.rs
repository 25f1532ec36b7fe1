//! Accounts as they come and go: what makes one, what logging in needs of one, and the row it is kept in.

use gatepost_domain::display_name::DisplayName;
use gatepost_domain::ids::UserId;
use gatepost_domain::role::Role;
use gatepost_domain::user::User;
use gatepost_domain::username::Username;

use crate::error::Error;

/// Somebody who is to have an account.
#[derive(Clone, Debug)]
pub struct NewUser {
    pub username: Username,
    pub display_name: DisplayName,
    pub role: Role,
    /// None: no password opens this account.
    pub password_hash: Option<PasswordHash>,
}

/// A person with what logging in needs.
#[derive(Clone, Debug)]
pub struct Account {
    pub user: User,
    pub password_hash: Option<PasswordHash>,
    /// Grows whenever every session of the person must end.
    pub epoch: i64,
}

/// A password's hash as the table keeps it; it never shows itself in a log.
#[derive(Clone, PartialEq, Eq)]
pub struct PasswordHash(String);

impl PasswordHash {
    pub fn new(hash: impl Into<String>) -> Self {
        Self(hash.into())
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PasswordHash(…)")
    }
}

/// What became of a change to an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    Done,
    /// Refused: nobody could manage the site afterwards.
    LastOwner,
    Missing,
}

#[derive(sqlx::FromRow)]
pub(super) struct UserRow {
    id: i64,
    username: String,
    display_name: String,
    pub(super) role: String,
    password_hash: Option<String>,
    epoch: i64,
    pub(super) disabled_at: Option<i64>,
}

impl UserRow {
    pub(super) fn account(self) -> Result<Account, Error> {
        let user = User {
            id: UserId(self.id),
            username: username(&self.username)?,
            display_name: display_name(&self.display_name)?,
            role: self
                .role
                .parse()
                .map_err(|error| Error::row("users.role", error))?,
            disabled: self.disabled_at.is_some(),
        };
        Ok(Account {
            user,
            password_hash: self.password_hash.map(PasswordHash),
            epoch: self.epoch,
        })
    }
}

pub(crate) fn username(text: &str) -> Result<Username, Error> {
    Username::parse(text).map_err(|error| Error::row("users.username", error))
}

pub(crate) fn display_name(text: &str) -> Result<DisplayName, Error> {
    DisplayName::parse(text).map_err(|error| Error::row("users.display_name", error))
}
