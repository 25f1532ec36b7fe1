//! What is said to the database, in words that SQLite and PostgreSQL both understand.
//!
//! Invariant: no statement creates a session but `INSERT`, and none but `INSERT` and `UPDATE` writes more than a time.

macro_rules! select {
    ($rows:literal) => {
        concat!(
            "select key, created_at, last_seen, idle, deadline, persistent, user_id, stamp, logged_in_at, remember,
            address, browser, data from session_auth_sessions ",
            $rows
        )
    };
}

pub(super) const BY_KEY: &str = select!("where key = $1");

/// For an engine whose transactions lock the rows that they read only when told to.
#[cfg(feature = "postgres")]
pub(super) const BY_KEY_LOCKED: &str = select!("where key = $1 for update");

pub(super) const BY_USER: &str = select!("where user_id = $1 order by last_seen desc");

/// Every user is after the empty one, which nobody is.
pub(super) const USERS: &str =
    "select distinct user_id from session_auth_sessions where user_id > $1
    order by user_id limit $2";

pub(super) const INSERT: &str = "insert into session_auth_sessions (key, created_at, last_seen, idle, deadline,
    persistent, expires_at, user_id, stamp, logged_in_at, remember, address, browser, data)
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14) on conflict (key) do nothing";

pub(super) const UPDATE: &str = "update session_auth_sessions set key = $15, created_at = $2, last_seen = $3,
    idle = $4, deadline = $5, persistent = $6, expires_at = $7, user_id = $8, stamp = $9, logged_in_at = $10,
    remember = $11, address = $12, browser = $13, data = $14 where key = $1";

pub(super) const DELETE: &str = "delete from session_auth_sessions where key = $1
    returning key, user_id, cast(null as bigint) as ended_at";

/// A row that somebody else is just moving to another key is waited for and then ended there.
pub(super) const DELETE_BY_USER: &str =
    "delete from session_auth_sessions where user_id = $1 and ($2 is null or key <> $2)
    returning key, user_id, cast(null as bigint) as ended_at";

/// What the cleanup says. Each statement takes a time and at most so many rows.
pub(super) struct Collecting {
    /// Removes sessions that are over.
    pub(super) expired: &'static str,
    /// Gives the time to sessions that have ended without one.
    pub(super) date: &'static str,
    /// Forgets whose the sessions were that ended by then.
    pub(super) forget: &'static str,
}

pub(super) const BY_USER_INDEX: &str = "create index if not exists session_auth_sessions_by_user
    on session_auth_sessions (user_id, last_seen) where user_id is not null";

pub(super) const BY_EXPIRY_INDEX: &str =
    "create index if not exists session_auth_sessions_by_expiry
    on session_auth_sessions (expires_at)";
