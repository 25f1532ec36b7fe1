//! The storage suite: every method on a private database. Nothing here but `opening` and `schema` knows the engine.

mod support;

mod images;
mod many;
mod opening;
mod parked;
mod posts;
mod races;
mod revisions;
mod scale;
mod schema;
mod search;
mod settings;
mod setup;
mod users;
