//! Finding public posts by their words. What each engine does for it stands in a file of its own, behind the same tests.
//!
//! Invariant: only what everybody may read is found, as it was when the last save was acknowledged.

use gatepost_domain::post::Summary;
use gatepost_domain::search::Query;

use sqlx::SqlitePool;

use crate::db::Db;
use crate::engine::{Pool, Tx};
use crate::error::Error;

mod sqlite;

/// So many posts are put in order by how well they fit. Where more are found, the newest ones are: those with the words in
/// their title first, then those with them in tags or names.
pub const RANKED: u32 = 1_000;

/// So many posts can be turned to, however many are found.
pub const REACHED: u32 = 1_000;

/// So many posts are indexed in one go.
const AT_ONCE: u32 = 500;

/// How much of a text comes with a result, for showing the passage; in bytes.
const PASSAGE: usize = 12_000;

/// The search.
pub struct Search<'a>(pub(crate) &'a Db);

/// A page of what was found.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Results {
    pub hits: Vec<Hit>,
    /// How many posts were found; [`RANKED`] also stands for more.
    pub found: u32,
}

/// A post that was found, with its text, or of a long one the part that has most of what was looked for.
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

/// The words of a post changed, its tags included: part of every save.
pub(crate) async fn changed(tx: &mut Tx, post: i64) -> sqlx::Result<()> {
    match tx {
        Tx::Sqlite(tx) => sqlite::changed(tx, post).await,
        Tx::Postgres(_) => unreachable!("this version opens SQLite only"),
    }
}

/// Puts every post whose words changed into the index as it is now, or takes it out: the last thing before every commit.
pub(crate) async fn catch_up(tx: &mut Tx) -> sqlx::Result<()> {
    match tx {
        Tx::Sqlite(tx) => while sqlite::catch_up(tx, AT_ONCE).await? > 0 {},
        Tx::Postgres(_) => unreachable!("this version opens SQLite only"),
    }
    Ok(())
}

/// The same for what a migration left to do, in portions, so that the file's log stays small and a start that is cut off
/// is gone on with by the next.
pub(crate) async fn finish(writer: &SqlitePool) -> sqlx::Result<()> {
    loop {
        let mut tx = writer.begin_with("begin immediate").await?;
        let done = sqlite::catch_up(&mut tx, AT_ONCE).await?;
        tx.commit().await?;
        if done == 0 {
            return Ok(());
        }
    }
}

#[cfg(test)]
#[path = "../fuzz/search.rs"]
mod fuzz;
