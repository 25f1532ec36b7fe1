//! The two engines behind one statement: [`Pool`] and [`Tx`] name them, `on!` stamps the same expression into both arms.

#[cfg(feature = "postgres")]
use sqlx::{PgPool, PgTransaction};
#[cfg(feature = "sqlite")]
use sqlx::{SqlitePool, SqliteTransaction};

#[cfg(feature = "postgres")]
use super::postgres;
#[cfg(feature = "sqlite")]
use super::sqlite;
use super::statements::{self, Collecting};

/// Connections to one of the engines.
#[derive(Clone, Debug)]
pub(super) enum Pool {
    #[cfg(feature = "sqlite")]
    Sqlite(SqlitePool),
    #[cfg(feature = "postgres")]
    Postgres(PgPool),
}

/// A transaction that may write; dropped without [`Tx::commit`] it never happened.
pub(super) enum Tx {
    #[cfg(feature = "sqlite")]
    Sqlite(SqliteTransaction<'static>),
    #[cfg(feature = "postgres")]
    Postgres(PgTransaction<'static>),
}

/// Runs one expression on whichever engine is there: `on!(Pool, &self.read, |pool| query(SQL).fetch_all(pool).await)`.
macro_rules! on {
    ($kind:ident, $target:expr, |$conn:ident| $body:expr) => {
        match $target {
            #[cfg(feature = "sqlite")]
            $crate::storage::sql::engine::$kind::Sqlite($conn) => $body,
            #[cfg(feature = "postgres")]
            $crate::storage::sql::engine::$kind::Postgres($conn) => $body,
        }
    };
}

impl Pool {
    pub(super) async fn begin(&self) -> sqlx::Result<Tx> {
        match self {
            // Takes the writer's lock at once: a transaction that reads first and writes later can be refused halfway.
            #[cfg(feature = "sqlite")]
            Self::Sqlite(pool) => pool.begin_with("begin immediate").await.map(Tx::Sqlite),
            #[cfg(feature = "postgres")]
            Self::Postgres(pool) => pool.begin_with(postgres::BEGIN).await.map(Tx::Postgres),
        }
    }

    /// What a batch of the cleanup says to this engine.
    pub(super) fn collecting(&self) -> &'static Collecting {
        match self {
            #[cfg(feature = "sqlite")]
            Self::Sqlite(_) => &sqlite::COLLECTING,
            #[cfg(feature = "postgres")]
            Self::Postgres(_) => &postgres::COLLECTING,
        }
    }
}

impl Tx {
    /// The statement that reads a session which nobody else can write until this transaction is over.
    pub(super) fn by_key(&self) -> &'static str {
        match self {
            #[cfg(feature = "sqlite")]
            Self::Sqlite(_) => statements::BY_KEY,
            #[cfg(feature = "postgres")]
            Self::Postgres(_) => statements::BY_KEY_LOCKED,
        }
    }

    pub(super) async fn commit(self) -> sqlx::Result<()> {
        on!(Tx, self, |tx| tx.commit().await)
    }
}
