//! All SQL of the blog, and its pictures in an object store; nothing above this crate writes a statement.
//!
//! In reading order:
//! * [`Db`]: the database, opened, tuned and migrated; the way to everything below.
//! * [`users`], [`posts`], [`revisions`], [`images`], [`parked`], [`search`], [`settings`], [`setup`]: a repository each.
//! * [`ImageStore`]: the bytes of pictures.
//! * [`Error`], [`OpenError`]: what can fail. Absence is an `Option`, refusal a value.
//!
//! Every statement stands here once, in words that SQLite and PostgreSQL both understand.

#[macro_use]
mod engine;
mod db;
mod error;
mod migrate;
mod moment;
mod sqlite;

// What fuzz targets are run with.
#[cfg(test)]
#[path = "../fuzz/inputs.rs"]
mod inputs;

mod image_store;
pub mod images;
pub mod parked;
pub mod posts;
pub mod revisions;
pub mod search;
pub mod settings;
pub mod setup;
pub mod users;

pub use db::{Clock, Db};
pub use error::{Error, OpenError};
pub use image_store::ImageStore;
