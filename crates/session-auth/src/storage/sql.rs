//! Sessions in a table of an SQL database.
//!
//! Invariant: every write of a session happens in one transaction that holds the session's lock from before the row is
//! read, so a [`Change`] is applied to what is stored now. The statements are the same on every engine, as far as the
//! engines are; times are unix milliseconds.

use std::sync::Arc;

use async_trait::async_trait;
use time::OffsetDateTime;

use super::{Applied, Change, Outcome, Promises, SessionKey, SessionStorage, StoredSession};
use crate::StorageError;

#[macro_use]
mod engine;
mod ended;
#[cfg(feature = "postgres")]
mod postgres;
#[macro_use]
mod row;
#[cfg(feature = "sqlite")]
mod single_process;
#[cfg(feature = "sqlite")]
mod sqlite;
mod statements;
mod touches;
mod user;

use ended::Ended;
use engine::{Pool, Tx};
use row::{Read, Row, readable, unix_milliseconds};
#[cfg(feature = "sqlite")]
pub use single_process::SingleProcessStorage;
use statements::{BY_KEY, BY_USER, DELETE, DELETE_BY_USER, INSERT, UPDATE, USERS};
use touches::Touches;
use user::UserId;

const PROMISES: Promises = Promises::ALL;

/// Keeps sessions in a table of an SQLite or PostgreSQL database.
///
/// A clone is the same storage.
///
/// # What it keeps
///
/// A row for each session in `session_auth_sessions`, under the hash of its id: times, whose it is, where it was opened,
/// and what handlers put into it as JSON text. For a week after the end of a login `session_auth_ended` says whose it was
/// ([`Auth::former_user`](crate::Auth::former_user)). The tables are the storage's own: call [`migrate`](Self::migrate) at
/// start. They have fixed names, so whoever shares the database, or on PostgreSQL the schema, shares the sessions; where
/// these are of different directories of users, see [`AuthLayer::among_others`](crate::AuthLayer::among_others).
///
/// # What it promises
///
#[doc = include_str!("sql.md")]
///
/// # What it cannot
///
/// It is as durable as the database makes a commit, so with SQLite's `synchronous=NORMAL` a logout may be undone by a power
/// cut. Times of last use are written in batches, one transaction a second, and may be lost in a crash. Reads have to see
/// what was just committed: on PostgreSQL that is the primary, and no replica. There, transactions are `read committed`,
/// whatever the server's default is: each waits for its row and then sees it as it is.
///
/// # Errors
///
/// Whatever the database answers, a lost connection or a locked file for instance; also that the tables are not there. A
/// row that cannot be decoded is [damaged](StorageError::damaged), and goes.
///
/// ```
/// # #[cfg(feature = "sqlite")]
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
/// # #[cfg(not(feature = "sqlite"))] fn main() {}
/// ```
#[derive(Clone, Debug)]
pub struct SqlStorage {
    read: Pool,
    write: Pool,
    touches: Arc<Touches>,
}

impl SqlStorage {
    /// Sessions in the database of this pool.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # use session_auth::SqlStorage;
    /// let pool = sqlx::sqlite::SqlitePoolOptions::new().max_connections(1).connect("sqlite::memory:").await?;
    /// let storage = SqlStorage::sqlite(pool);
    /// storage.migrate().await?;
    /// # Ok(()) }
    /// ```
    #[cfg(feature = "sqlite")]
    #[must_use]
    pub fn sqlite(pool: sqlx::SqlitePool) -> Self {
        Self::sqlite_split(pool.clone(), pool)
    }

    /// Sessions in a database that has one pool for reading and another, usually of one connection, for writing.
    ///
    /// Sessions are written when the handler is done, so a handler's own transaction is not in the way. The exception is
    /// [`Session::update`](crate::Session::update): do not call it while holding the only connection for writing.
    ///
    /// ```
    /// # use session_auth::SqlStorage;
    /// use sqlx::sqlite::{SqliteConnectOptions, SqlitePoolOptions};
    ///
    /// async fn open(path: &str) -> sqlx::Result<SqlStorage> {
    ///     let options = SqliteConnectOptions::new().filename(path).create_if_missing(true);
    ///     let write = SqlitePoolOptions::new().max_connections(1).connect_with(options.clone()).await?;
    ///     let read = SqlitePoolOptions::new().connect_with(options.pragma("query_only", "on")).await?;
    ///     Ok(SqlStorage::sqlite_split(read, write))
    /// }
    /// ```
    #[cfg(feature = "sqlite")]
    #[must_use]
    pub fn sqlite_split(read: sqlx::SqlitePool, write: sqlx::SqlitePool) -> Self {
        Self::new(Pool::Sqlite(read), Pool::Sqlite(write))
    }

    /// Sessions in the database of this pool, which has to read what was just committed: the primary, not a replica.
    ///
    /// ```
    /// use session_auth::{SessionKey, SessionStorage, SqlStorage};
    /// use sqlx::postgres::PgPoolOptions;
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let pool = PgPoolOptions::new().connect_lazy("postgres://127.0.0.1:1/nowhere")?;
    /// let storage = SqlStorage::postgres(pool);
    /// // A server that is away is an error, never an empty session.
    /// assert!(storage.load(&SessionKey::from_bytes([7; 32])).await.is_err());
    /// # Ok(()) }
    /// ```
    #[cfg(feature = "postgres")]
    #[must_use]
    pub fn postgres(pool: sqlx::PgPool) -> Self {
        Self::new(Pool::Postgres(pool.clone()), Pool::Postgres(pool))
    }

    /// The same sessions, with those in use kept in memory: for a process that has the file to itself, as a server on
    /// SQLite has.
    ///
    /// Everything this process writes counts at once. What another process writes, such as a command-line tool that logs
    /// somebody out, is noticed within [`SingleProcessStorage::NOTICED_WITHIN`], and such a tool waits so long before it
    /// says that it is done. Within this process, everybody who writes sessions of this file has to use this storage or a
    /// clone of it, and everybody else who writes to the file, the same pool: that keeps their writes from looking like
    /// another process'.
    ///
    /// # Panics
    ///
    /// When the database is not SQLite, or when the pool for writing may have more than one connection.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use session_auth::{SessionKey, SessionStorage, SqlStorage};
    /// use sqlx::sqlite::SqlitePoolOptions;
    ///
    /// let pool = SqlitePoolOptions::new().max_connections(1).connect("sqlite::memory:").await?;
    /// let storage = SqlStorage::sqlite(pool).single_process();
    /// storage.migrate().await?;
    /// assert!(storage.load(&SessionKey::from_bytes([7; 32])).await?.is_none());
    ///
    /// // With more connections than one for writing, nobody could tell whose write it was.
    /// let pool = SqlitePoolOptions::new().max_connections(2).connect_lazy("sqlite::memory:")?;
    /// let single = std::panic::AssertUnwindSafe(|| SqlStorage::sqlite(pool).single_process());
    /// assert!(std::panic::catch_unwind(single).is_err());
    /// # Ok(()) }
    /// ```
    #[cfg(feature = "sqlite")]
    #[must_use]
    pub fn single_process(self) -> SingleProcessStorage {
        match self.write.clone() {
            Pool::Sqlite(write) => SingleProcessStorage::new(self, write),
            #[cfg(feature = "postgres")]
            Pool::Postgres(_) => {
                panic!("only a process that has its SQLite file to itself knows who writes")
            }
        }
    }

    fn new(read: Pool, write: Pool) -> Self {
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
    ///
    /// ```
    /// # #[cfg(feature = "sqlite")]
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # use session_auth::SqlStorage;
    /// let pool = sqlx::sqlite::SqlitePoolOptions::new().max_connections(1).connect("sqlite::memory:").await?;
    /// let storage = SqlStorage::sqlite(pool);
    /// storage.migrate().await?;
    /// storage.migrate().await?; // nothing left to do
    /// # Ok(()) }
    /// # #[cfg(not(feature = "sqlite"))] fn main() {}
    /// ```
    pub async fn migrate(&self) -> Result<(), StorageError> {
        let mut tx = self.write.begin().await?;
        match &mut tx {
            #[cfg(feature = "sqlite")]
            Tx::Sqlite(tx) => sqlite::migrate(tx).await?,
            #[cfg(feature = "postgres")]
            Tx::Postgres(tx) => postgres::migrate(tx).await?,
        }
        Ok(tx.commit().await?)
    }

    /// Notes are newer than the row until their batch is written. `before` is the note from before the row was read: a
    /// batch that was written between that read and now has emptied the notes, and the row does not have it yet.
    fn noted(
        &self,
        key: &SessionKey,
        before: Option<OffsetDateTime>,
        mut session: StoredSession,
    ) -> StoredSession {
        for last_seen in [before, self.touches.noted(key)].into_iter().flatten() {
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
        let rows = on!(Pool, &self.write, |pool| {
            bound!(INSERT, key, session)
                .execute(pool)
                .await?
                .rows_affected()
        });
        Ok(rows == 1)
    }

    async fn load(&self, key: &SessionKey) -> Result<Option<Arc<StoredSession>>, StorageError> {
        let before = self.touches.noted(key);
        let row: Option<Row> = on!(Pool, &self.read, |pool| {
            let query = sqlx::query_as(BY_KEY).bind(&key.as_bytes()[..]);
            query.fetch_optional(pool).await?
        });
        let session = row.map(StoredSession::try_from).transpose()?;
        Ok(session.map(|session| Arc::new(self.noted(key, before, session))))
    }

    async fn commit(&self, key: &SessionKey, change: &Change) -> Result<Outcome, StorageError> {
        let mut tx = self.write.begin().await?;
        let by_key = tx.by_key();
        let before = self.touches.noted(key);
        let row: Option<Row> = on!(Tx, &mut tx, |tx| {
            let query = sqlx::query_as(by_key).bind(&key.as_bytes()[..]);
            query.fetch_optional(&mut **tx).await?
        });
        let Some(row) = row else {
            return Ok(Outcome::Gone);
        };
        let stored = self.noted(key, before, row.try_into()?);
        let next = match change.apply(&stored) {
            Applied::Stored(next) => next,
            Applied::Gone => return Ok(Outcome::Gone),
            Applied::Changed => return Ok(Outcome::Changed(Arc::new(stored))),
        };
        let new_key = change.new_key.as_ref().unwrap_or(key);
        if let (Some(login), None) = (&stored.login, &next.login) {
            let logout = Ended::logout(key, login.user.clone(), change.now);
            tx.remember([logout]).await?;
        }
        on!(Tx, &mut tx, |tx| {
            let update = bound!(UPDATE, key, &next).bind(&new_key.as_bytes()[..]);
            update.execute(&mut **tx).await.map(drop)
        })?;
        tx.commit().await?;
        Ok(Outcome::Done)
    }

    async fn touch(&self, key: &SessionKey, at: OffsetDateTime) -> Result<(), StorageError> {
        self.touches.note(*key, at);
        Ok(())
    }

    async fn delete(&self, key: &SessionKey) -> Result<(), StorageError> {
        let mut tx = self.write.begin().await?;
        let ended: Vec<Read<Ended>> = on!(Tx, &mut tx, |tx| {
            let delete = sqlx::query_as(DELETE).bind(&key.as_bytes()[..]);
            delete.fetch_all(&mut **tx).await?
        });
        tx.remember(readable(ended)).await?;
        Ok(tx.commit().await?)
    }

    async fn former_login(
        &self,
        key: &SessionKey,
        since: OffsetDateTime,
    ) -> Result<Option<String>, StorageError> {
        self.former(key, since).await
    }

    async fn list_by_user(
        &self,
        user: &str,
    ) -> Result<Vec<(SessionKey, Arc<StoredSession>)>, StorageError> {
        // Of all sessions: which ones are the user's, only the rows tell.
        let before = self.touches.waiting();
        let rows: Vec<Read<Row>> = on!(Pool, &self.read, |pool| {
            let query = sqlx::query_as(BY_USER).bind(UserId(user.to_owned()));
            query.fetch_all(pool).await?
        });
        let mut sessions = Vec::with_capacity(rows.len());
        for row in readable(rows) {
            let key = row.key();
            // A row that cannot be decoded waits for whoever has its cookie, or for the cleanup.
            if let (Ok(key), Ok(session)) = (key, row.try_into()) {
                let before = before.get(&key).copied();
                sessions.push((key, Arc::new(self.noted(&key, before, session))));
            }
        }
        Ok(sessions)
    }

    async fn delete_by_user(
        &self,
        user: &str,
        except: Option<&SessionKey>,
    ) -> Result<u64, StorageError> {
        let mut tx = self.write.begin().await?;
        let ended: Vec<Read<Ended>> = on!(Tx, &mut tx, |tx| {
            let delete = sqlx::query_as(DELETE_BY_USER)
                .bind(UserId(user.to_owned()))
                .bind(except.map(|key| &key.as_bytes()[..]));
            delete.fetch_all(&mut **tx).await?
        });
        let count = ended.len() as u64;
        tx.remember(readable(ended)).await?;
        tx.commit().await?;
        Ok(count)
    }

    async fn users(&self, after: Option<&str>, limit: usize) -> Result<Vec<String>, StorageError> {
        let after = after.unwrap_or_default();
        let mut asked = limit;
        loop {
            let rows: Vec<Read<(UserId,)>> = on!(Pool, &self.read, |pool| {
                let query = sqlx::query_as(USERS)
                    .bind(UserId(after.to_owned()))
                    .bind(i64::try_from(asked).unwrap_or(i64::MAX));
                query.fetch_all(pool).await?
            });
            let found = rows.len();
            let users = readable(rows).map(|(UserId(user),)| user);
            let users: Vec<String> = users.take(limit).collect();
            // Fewer than were asked for would say that there are no more, and damage in between says nothing of the kind.
            if found < asked || users.len() >= limit {
                return Ok(users);
            }
            asked = limit + (found - users.len());
        }
    }

    async fn delete_expired(
        &self,
        before: OffsetDateTime,
        limit: usize,
    ) -> Result<u64, StorageError> {
        self.touches.write().await?;
        let collecting = self.write.collecting();
        let mut tx = self.write.begin().await?;
        let ended: Vec<Read<Ended>> = on!(Tx, &mut tx, |tx| {
            let delete = sqlx::query_as(collecting.expired)
                .bind(unix_milliseconds(before))
                .bind(i64::try_from(limit).unwrap_or(i64::MAX));
            delete.fetch_all(&mut **tx).await?
        });
        let count = ended.len() as u64;
        tx.remember(readable(ended)).await?;
        tx.commit().await?;
        self.forget_before(before, limit).await?;
        Ok(count)
    }
}

impl From<sqlx::Error> for StorageError {
    fn from(error: sqlx::Error) -> Self {
        match error {
            // The database works, and what it holds is no session. The message may quote what is there.
            sqlx::Error::ColumnDecode { .. } | sqlx::Error::Decode(_) => {
                Self::damaged("a column of a row in the table cannot be decoded")
            }
            error => Self::new(error),
        }
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
