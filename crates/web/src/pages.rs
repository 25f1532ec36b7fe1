//! A module per noun; inside, the handlers are called `index show new create edit update destroy`.
//!
//! Invariant: a handler finds within what the viewer may touch, acts, commits and answers.

pub(crate) mod account;
pub(crate) mod archive;
pub(crate) mod authors;
pub(crate) mod drafts;
pub(crate) mod feeds;
pub(crate) mod health;
pub(crate) mod image;
pub(crate) mod index;
pub(crate) mod list;
pub(crate) mod llms;
pub(crate) mod login;
pub(crate) mod logout;
pub(crate) mod parked;
pub(crate) mod posts;
pub(crate) mod robots;
pub(crate) mod search;
pub(crate) mod setup;
pub(crate) mod sitemap;
pub(crate) mod tags;
pub(crate) mod theme;
pub(crate) mod trash;

/// A time as templates and the database have it: unix milliseconds.
pub(crate) fn millis(at: time::OffsetDateTime) -> i64 {
    i64::try_from(at.unix_timestamp_nanos() / 1_000_000).unwrap_or(i64::MAX)
}
