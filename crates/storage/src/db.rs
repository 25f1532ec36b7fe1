//! The database as the program holds it: readers, one writer, a clock; every repository borrows it.

use std::path::Path;
use std::sync::Arc;

use sqlx::SqlitePool;
use time::OffsetDateTime;
use tokio::sync::Notify;

use crate::engine::{Pool, Tx};
use crate::error::{Error, OpenError};
use crate::images::Images;
use crate::parked::Parked;
use crate::posts::Posts;
use crate::revisions::Revisions;
use crate::search::Search;
use crate::settings::Settings;
use crate::setup::Setup;
use crate::users::Users;
use crate::{migrate, moment, search, sqlite};

/// Where the time comes from; a plain function, so that tests own it.
pub type Clock = fn() -> OffsetDateTime;

/// An open, migrated database. Cheap to clone.
#[derive(Clone)]
pub struct Db {
    pub(crate) read: Pool,
    pub(crate) write: Pool,
    clock: Clock,
    /// Rung when the moment changes at which the next post becomes public by itself.
    pub(crate) due: Arc<Notify>,
}

impl Db {
    /// Opens the SQLite database at `path`, makes it when there is none, and brings its tables up to date.
    pub async fn open(path: &Path, clock: Clock) -> Result<Self, OpenError> {
        let engine = sqlite::engine().await?;
        if let Some(advice) = engine.advice() {
            tracing::warn!("{advice}");
        }
        // Held until the tables are up to date: a second process that starts now waits here.
        let _lock = sqlite::lock(path).await?;
        let write = sqlite::writer(path).await?;
        if let Err(error) = migrate::run(&write, path).await {
            // Nobody finds the file busy after we have said why we can't use it.
            write.close().await;
            return Err(error);
        }
        search::finish(&write)
            .await
            .map_err(|source| OpenError::of_file(path, source))?;
        let read = sqlite::readers(path).await?;
        Ok(Self {
            read: Pool::Sqlite(read),
            write: Pool::Sqlite(write),
            clock,
            due: Arc::default(),
        })
    }

    /// The same database with another clock, for whoever writes down what happened at another time.
    pub fn with_clock(&self, clock: Clock) -> Self {
        Self {
            clock,
            ..self.clone()
        }
    }

    pub fn users(&self) -> Users<'_> {
        Users(self)
    }

    pub fn posts(&self) -> Posts<'_> {
        Posts(self)
    }

    pub fn revisions(&self) -> Revisions<'_> {
        Revisions(self)
    }

    pub fn images(&self) -> Images<'_> {
        Images(self)
    }

    pub fn parked(&self) -> Parked<'_> {
        Parked(self)
    }

    pub fn search(&self) -> Search<'_> {
        Search(self)
    }

    pub fn settings(&self) -> Settings<'_> {
        Settings(self)
    }

    pub fn setup(&self) -> Setup<'_> {
        Setup(self)
    }

    /// The readers and the one writer, for a session storage that lives in the same file.
    pub fn sqlite_pools(&self) -> Option<(SqlitePool, SqlitePool)> {
        match (&self.read, &self.write) {
            (Pool::Sqlite(read), Pool::Sqlite(write)) => Some((read.clone(), write.clone())),
            _ => None,
        }
    }

    /// Whether a question is answered now; for readiness.
    pub async fn ping(&self) -> Result<(), Error> {
        on!(Pool, &self.read, |pool| sqlx::query("select 1")
            .execute(pool)
            .await
            .map(drop))?;
        Ok(())
    }

    /// Ends every connection; the last one folds the write-ahead log into the file.
    pub async fn close(&self) {
        self.read.close().await;
        self.write.close().await;
    }

    pub(crate) async fn begin(&self) -> Result<Tx, Error> {
        Ok(self.write.begin().await?)
    }

    /// Now, as the tables keep it.
    pub(crate) fn now(&self) -> i64 {
        moment::to_millis((self.clock)())
    }
}
