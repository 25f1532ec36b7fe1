//! What can fail: [`OpenError`] at the start, with a sentence for the person at the terminal; [`Error`] afterwards.

use std::path::PathBuf;

use libsqlite3_sys as ffi;
use sqlx::sqlite::SqliteError;

/// Why the database could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    #[error("{path} can’t be written")]
    Unwritable {
        path: PathBuf,
        source: std::io::Error,
    },

    #[error("{path} can’t be opened or made")]
    CantOpen { path: PathBuf, source: sqlx::Error },

    #[error("{path} is no SQLite database, or is damaged")]
    Corrupt { path: PathBuf, source: sqlx::Error },

    #[error(
        "{path} was written by a newer gatepost: its tables have number {found}, this program knows up to {known}"
    )]
    Newer {
        path: PathBuf,
        found: i64,
        known: i64,
    },

    #[error("migration {number} of {path} is not the one this program knows")]
    Altered { path: PathBuf, number: i64 },

    #[error("{path} can’t be copied to {snapshot} before its tables change")]
    Snapshot {
        path: PathBuf,
        snapshot: PathBuf,
        source: Box<dyn std::error::Error + Send + Sync>,
    },

    #[error("the tables of {path} can’t be brought up to date")]
    Migration {
        path: PathBuf,
        source: sqlx::migrate::MigrateError,
    },

    #[error(
        "SQLite {0} can corrupt a database when its write-ahead log is reset; 3.51.3 or later is needed"
    )]
    UnsafeSqlite(String),

    #[error("another process holds {path}")]
    Busy { path: PathBuf, source: sqlx::Error },

    #[error("SQLite does not work here")]
    Engine(#[source] sqlx::Error),
}

impl OpenError {
    /// What went wrong with this file, judged by SQLite's own code.
    pub(crate) fn of_file(path: &std::path::Path, source: sqlx::Error) -> Self {
        let path = path.to_owned();
        match sqlite_code(&source) {
            Some(ffi::SQLITE_NOTADB | ffi::SQLITE_CORRUPT) => Self::Corrupt { path, source },
            Some(ffi::SQLITE_BUSY | ffi::SQLITE_LOCKED) => Self::Busy { path, source },
            _ => Self::CantOpen { path, source },
        }
    }
}

/// What failed while the program ran.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("the database failed")]
    Database(#[from] sqlx::Error),

    #[error("{column} holds what the program never wrote")]
    Row {
        column: &'static str,
        source: Box<dyn std::error::Error + Send + Sync>,
    },

    #[error("the store of pictures failed")]
    Images(#[from] object_store::Error),

    #[error("the directory of pictures can’t be used")]
    ImageDirectory(#[source] std::io::Error),
}

impl Error {
    pub(crate) fn row(
        column: &'static str,
        source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Self {
        Self::Row {
            column,
            source: source.into(),
        }
    }

    /// Not a fault of the program: it passes by itself, or when somebody has looked after the disk or the database.
    pub fn will_pass(&self) -> bool {
        match self {
            Self::Database(error) => match error {
                sqlx::Error::PoolClosed
                | sqlx::Error::PoolTimedOut
                | sqlx::Error::WorkerCrashed
                | sqlx::Error::Io(_) => true,
                // What a constraint refuses was wrong from the beginning.
                sqlx::Error::Database(error) => error.kind() == sqlx::error::ErrorKind::Other,
                _ => false,
            },
            Self::Images(_) | Self::ImageDirectory(_) => true,
            Self::Row { .. } => false,
        }
    }

    /// Somebody else is writing; the same request may succeed in a moment.
    pub fn is_busy(&self) -> bool {
        let Self::Database(error) = self else {
            return false;
        };
        match error {
            sqlx::Error::PoolTimedOut => true,
            error => match sqlite_code(error) {
                Some(code) => matches!(code, ffi::SQLITE_BUSY | ffi::SQLITE_LOCKED),
                // Lock not available, serialization failure, deadlock, too many connections.
                None => postgres_code(error, &["55P03", "40001", "40P01", "53300"]),
            },
        }
    }

    /// The database takes no writes: it is read-only, or the disk is full. Reading still works.
    pub fn is_read_only(&self) -> bool {
        let Self::Database(error) = self else {
            return false;
        };
        match sqlite_code(error) {
            Some(code) => matches!(code, ffi::SQLITE_READONLY | ffi::SQLITE_FULL),
            None => postgres_code(error, &["25006", "53100"]),
        }
    }
}

/// SQLite's primary result code; its drivers report the extended one.
fn sqlite_code(error: &sqlx::Error) -> Option<i32> {
    let error = error
        .as_database_error()?
        .try_downcast_ref::<SqliteError>()?;
    let code: i32 = sqlx::error::DatabaseError::code(error)?.parse().ok()?;
    Some(code & 0xff)
}

fn postgres_code(error: &sqlx::Error, codes: &[&str]) -> bool {
    error
        .as_database_error()
        .and_then(|error| error.code())
        .is_some_and(|code| codes.contains(&&*code))
}
