//! Sessions in a table of an SQL database.
//!
//! Invariant: every write of a session happens in one transaction that holds the writer's lock from before the row is
//! read, so a [`Change`] is applied to what is stored now. The statements are written for every engine, except those of `touches`.

use std::sync::Arc;

use async_trait::async_trait;
use sqlx::SqlitePool;
use time::OffsetDateTime;

use super::{Applied, Change, Outcome, Promises, SessionKey, SessionStorage, StoredSession};
use crate::StorageError;

mod row;
mod touches;

use row::{Row, bound, unix_milliseconds};
use touches::Touches;

const PROMISES: Promises = Promises::ALL;

/// Takes the writer's lock at once: a transaction that reads first and writes later can be refused in the middle.
const BEGIN: &str = "begin immediate";

const SCHEMA: [&str; 3] = [
    "create table if not exists session_auth_sessions (
        key blob not null primary key,
        created_at integer not null,
        last_seen integer not null,
        idle integer not null,
        deadline integer not null,
        persistent integer not null,
        expires_at integer not null,
        user_id text,
        stamp blob,
        logged_in_at integer,
        remember integer not null,
        address text,
        browser text,
        data text not null
    ) strict, without rowid",
    "create index if not exists session_auth_sessions_by_expiry on session_auth_sessions (expires_at)",
    "create index if not exists session_auth_sessions_by_user on session_auth_sessions (user_id, last_seen)
        where user_id is not null",
];

const BY_KEY: &str =
    "select key, created_at, last_seen, idle, deadline, persistent, user_id, stamp, logged_in_at,
    remember, address, browser, data from session_auth_sessions where key = $1";

const BY_USER: &str = "select key, created_at, last_seen, idle, deadline, persistent, user_id, stamp, logged_in_at,
    remember, address, browser, data from session_auth_sessions where user_id = $1 order by last_seen desc";

const INSERT: &str = "insert into session_auth_sessions (key, created_at, last_seen, idle, deadline, persistent,
    expires_at, user_id, stamp, logged_in_at, remember, address, browser, data)
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14) on conflict (key) do nothing";

const UPDATE: &str = "update session_auth_sessions set key = $15, created_at = $2, last_seen = $3, idle = $4,
    deadline = $5, persistent = $6, expires_at = $7, user_id = $8, stamp = $9, logged_in_at = $10, remember = $11,
    address = $12, browser = $13, data = $14 where key = $1";

const DELETE: &str = "delete from session_auth_sessions where key = $1";

const DELETE_BY_USER: &str =
    "delete from session_auth_sessions where user_id = $1 and ($2 is null or key <> $2)";

const DELETE_EXPIRED: &str = "delete from session_auth_sessions where key in
    (select key from session_auth_sessions where expires_at <= $1 order by expires_at limit $2)";

/// Keeps sessions in a table of an SQLite database.
///
/// The table is the storage's own: call [`migrate`](Self::migrate) at start. Everything is durable when it is
/// acknowledged, as far as the database's `synchronous` setting makes commits durable; only the times of last use are
/// written in batches, one transaction a second, and may be lost in a crash. A clone is the same storage. Of what
/// storages may differ in, it keeps:
///
#[doc = include_str!("sql.md")]
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use session_auth::{SessionKey, SessionStorage, SqlStorage};
///
/// let pool = sqlx::sqlite::SqlitePoolOptions::new().max_connections(1).connect("sqlite::memory:").await?;
/// let storage = SqlStorage::sqlite(pool);
/// let key = SessionKey::from_bytes([7; 32]);
/// assert!(storage.load(&key).await.is_err(), "there is no table yet");
/// storage.migrate().await?;
/// assert!(storage.load(&key).await?.is_none());
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
pub struct SqlStorage {
    read: SqlitePool,
    write: SqlitePool,
    touches: Arc<Touches>,
}

impl SqlStorage {
    /// Sessions in the database of this pool.
    #[must_use]
    pub fn sqlite(pool: SqlitePool) -> Self {
        Self::sqlite_split(pool.clone(), pool)
    }

    /// Sessions in a database that has one pool for reading and another, usually of one connection, for writing.
    ///
    /// Sessions are written when the handler is done, so a handler's own transaction is not in the way. The exception is
    /// [`Session::update`](crate::Session::update): do not call it while holding the only connection for writing.
    #[must_use]
    pub fn sqlite_split(read: SqlitePool, write: SqlitePool) -> Self {
        Self {
            touches: Arc::new(Touches::new(write.clone())),
            read,
            write,
        }
    }

    /// Makes the table and its indexes unless they are there. Safe to call at every start, also by several processes.
    ///
    /// # Errors
    ///
    /// When the database cannot be written.
    pub async fn migrate(&self) -> Result<(), StorageError> {
        let mut tx = self.write.begin_with(BEGIN).await?;
        for statement in SCHEMA {
            sqlx::query(statement).execute(&mut *tx).await?;
        }
        Ok(tx.commit().await?)
    }

    /// Notes are newer than the row until their batch is written.
    fn noted(&self, key: &SessionKey, mut session: StoredSession) -> StoredSession {
        if let Some(last_seen) = self.touches.noted(key) {
            session.last_seen = session.last_seen.max(last_seen);
        }
        session
    }
}

#[async_trait]
impl SessionStorage for SqlStorage {
    fn promises(&self) -> Promises {
        PROMISES
    }

    async fn create(
        &self,
        key: &SessionKey,
        session: &StoredSession,
    ) -> Result<bool, StorageError> {
        let done = bound(INSERT, key, session).execute(&self.write).await?;
        Ok(done.rows_affected() == 1)
    }

    async fn load(&self, key: &SessionKey) -> Result<Option<Arc<StoredSession>>, StorageError> {
        let row: Option<Row> = sqlx::query_as(BY_KEY)
            .bind(&key.as_bytes()[..])
            .fetch_optional(&self.read)
            .await?;
        let session = row.map(StoredSession::try_from).transpose()?;
        Ok(session.map(|session| Arc::new(self.noted(key, session))))
    }

    async fn commit(&self, key: &SessionKey, change: &Change) -> Result<Outcome, StorageError> {
        let mut tx = self.write.begin_with(BEGIN).await?;
        let row: Option<Row> = sqlx::query_as(BY_KEY)
            .bind(&key.as_bytes()[..])
            .fetch_optional(&mut *tx)
            .await?;
        let Some(row) = row else {
            return Ok(Outcome::Gone);
        };
        let stored = self.noted(key, row.try_into()?);
        let next = match change.apply(&stored)? {
            Applied::Stored(next) => next,
            Applied::Gone => return Ok(Outcome::Gone),
            Applied::Changed => return Ok(Outcome::Changed(Arc::new(stored))),
        };
        let new_key = change.new_key.as_ref().unwrap_or(key);
        bound(UPDATE, key, &next)
            .bind(&new_key.as_bytes()[..])
            .execute(&mut *tx)
            .await?;
        tx.commit().await?;
        Ok(Outcome::Done)
    }

    async fn touch(&self, key: &SessionKey, at: OffsetDateTime) -> Result<(), StorageError> {
        self.touches.note(*key, at);
        Ok(())
    }

    async fn delete(&self, key: &SessionKey) -> Result<(), StorageError> {
        sqlx::query(DELETE)
            .bind(&key.as_bytes()[..])
            .execute(&self.write)
            .await?;
        Ok(())
    }

    async fn list_by_user(
        &self,
        user: &str,
    ) -> Result<Vec<(SessionKey, Arc<StoredSession>)>, StorageError> {
        let rows: Vec<Row> = sqlx::query_as(BY_USER)
            .bind(user)
            .fetch_all(&self.read)
            .await?;
        rows.into_iter()
            .map(|row| {
                let key = row.key()?;
                Ok((key, Arc::new(self.noted(&key, row.try_into()?))))
            })
            .collect()
    }

    async fn delete_by_user(
        &self,
        user: &str,
        except: Option<&SessionKey>,
    ) -> Result<u64, StorageError> {
        let done = sqlx::query(DELETE_BY_USER)
            .bind(user)
            .bind(except.map(|key| &key.as_bytes()[..]))
            .execute(&self.write)
            .await?;
        Ok(done.rows_affected())
    }

    async fn delete_expired(
        &self,
        before: OffsetDateTime,
        limit: usize,
    ) -> Result<u64, StorageError> {
        self.touches.write().await?;
        let done = sqlx::query(DELETE_EXPIRED)
            .bind(unix_milliseconds(before))
            .bind(i64::try_from(limit).unwrap_or(i64::MAX))
            .execute(&self.write)
            .await?;
        Ok(done.rows_affected())
    }
}

impl From<sqlx::Error> for StorageError {
    fn from(error: sqlx::Error) -> Self {
        Self::new(error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_documentation_says_what_the_storage_promises() {
        assert_eq!(include_str!("sql.md"), PROMISES.to_string());
    }
}
