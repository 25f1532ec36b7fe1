//! Finding public posts by their words. What each engine does for it stands in a file of its own, behind the same tests.
//!
//! Invariant: only what everybody may read is found, as it was when the last save was acknowledged.

use gatepost_domain::post::Summary;
use gatepost_domain::search::Query;

use crate::db::Db;
use crate::engine::{Pool, Tx};
use crate::error::Error;

mod sqlite;

/// So many posts are put in order by how well they fit. Where more are found, the newest ones are: those with the words in
/// their title first, then those with them in tags or names.
pub const RANKED: u32 = 1_000;

/// So many posts can be turned to, however many are found.
pub const REACHED: u32 = 1_000;

/// How much of a text comes with a result, for showing the passage; in characters.
const PASSAGE: i64 = 12_000;

/// The search.
pub struct Search<'a>(pub(crate) &'a Db);

/// A page of what was found.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Results {
    pub hits: Vec<Hit>,
    /// How many posts were found; [`RANKED`] also stands for more.
    pub found: u32,
}

/// A post that was found, with the beginning of its text.
#[derive(Clone, Debug, PartialEq)]
pub struct Hit {
    pub post: Summary,
    pub text: String,
}

impl Search<'_> {
    /// Public posts that have all of the terms, somewhere in title, tags, author and text; `skip` of them are left out.
    pub async fn find(&self, query: &Query, skip: u32, limit: u32) -> Result<Results, Error> {
        if query.is_empty() {
            return Ok(Results::default());
        }
        match &self.0.read {
            Pool::Sqlite(pool) => sqlite::find(pool, query, skip, limit).await,
            Pool::Postgres(_) => unreachable!("this version opens SQLite only"),
        }
    }
}

/// Puts a post into the index as it is now, or takes it out: part of every save.
pub(crate) async fn index(tx: &mut Tx, post: i64) -> Result<(), Error> {
    match tx {
        Tx::Sqlite(tx) => sqlite::index(tx, post).await,
        Tx::Postgres(_) => unreachable!("this version opens SQLite only"),
    }
}

#[cfg(test)]
#[path = "../fuzz/search.rs"]
mod fuzz;
