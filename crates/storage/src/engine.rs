//! The two engines behind one statement: [`Pool`] and [`Tx`] name them, `on!` stamps the same expression into both arms.

use sqlx::{PgPool, PgTransaction, SqlitePool, SqliteTransaction};

use crate::search;

/// Connections to one of the engines.
#[derive(Clone, Debug)]
pub(crate) enum Pool {
    Sqlite(SqlitePool),
    #[expect(
        dead_code,
        reason = "opened once migrations/postgres exist; until then it keeps every statement honest"
    )]
    Postgres(PgPool),
}

/// A transaction that may write; dropped without [`Tx::commit`] it never happened.
pub(crate) enum Tx {
    Sqlite(SqliteTransaction<'static>),
    Postgres(PgTransaction<'static>),
}

/// Runs one expression on whichever engine is there: `on!(Pool, &db.read, |pool| query(SQL).fetch_all(pool).await)`.
macro_rules! on {
    ($kind:ident, $target:expr, |$conn:ident| $body:expr) => {
        match $target {
            $crate::engine::$kind::Sqlite($conn) => $body,
            $crate::engine::$kind::Postgres($conn) => $body,
        }
    };
}

impl Pool {
    pub(crate) async fn begin(&self) -> sqlx::Result<Tx> {
        match self {
            // Taking the write lock at once: a transaction that reads first and writes later could be refused halfway.
            Self::Sqlite(pool) => pool.begin_with("begin immediate").await.map(Tx::Sqlite),
            Self::Postgres(pool) => pool.begin().await.map(Tx::Postgres),
        }
    }

    pub(crate) async fn close(&self) {
        on!(Pool, self, |pool| pool.close().await)
    }
}

impl Tx {
    /// What was changed about posts can be searched for from now on.
    pub(crate) async fn commit(mut self) -> sqlx::Result<()> {
        search::catch_up(&mut self).await?;
        on!(Tx, self, |tx| tx.commit().await)
    }
}
