//! Sessions of a table that only this process writes, kept in memory: a session in use costs no statement.
//!
//! Invariant: every write goes through [`SingleProcessStorage::written`], which has the cache forget the session before the table
//! is written and read it again only afterwards, also where the one who asked for the write has hung up meanwhile.

use std::{
    fmt,
    future::Future,
    sync::{
        Arc,
        atomic::{AtomicI32, Ordering},
    },
    time::Instant,
};

use async_trait::async_trait;
use sqlx::{Row as _, SqliteConnection, SqlitePool};
use time::OffsetDateTime;

use super::{Change, Outcome, Promises, SessionKey, SessionStorage, SqlStorage, StoredSession};
use crate::{
    StorageError,
    cache::{Cache, Version, Write},
};

/// About twenty thousand sessions with little in them.
const LIMIT: usize = 32 << 20;

/// Which connection we have asked before: a new one counts its versions from the start. The temporary database is the
/// connection's own and goes with it.
const ASK: &str = "pragma data_version; pragma temp.user_version";

static MARKS: AtomicI32 = AtomicI32::new(1);

type Sessions = Cache<SessionKey, Arc<StoredSession>>;

/// [`SqlStorage`] on SQLite with the sessions in use kept in memory: made by [`SqlStorage::single_process`].
///
/// It keeps and promises what [`SqlStorage`] does, with the same errors. The sessions in use take at most 32 MiB; those that
/// were not asked for lately leave first.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use session_auth::{Promise, SessionStorage, SingleProcessStorage, SqlStorage};
///
/// let pool = sqlx::sqlite::SqlitePoolOptions::new().max_connections(1).connect("sqlite::memory:").await?;
/// let storage: SingleProcessStorage = SqlStorage::sqlite(pool).single_process();
/// storage.migrate().await?;
/// assert!(storage.promises().keeps(Promise::NoRevival));
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct SingleProcessStorage {
    table: SqlStorage,
    write: SqlitePool,
    sessions: Arc<Sessions>,
}

impl SingleProcessStorage {
    /// How long it takes at most until a session that *another* process has ended or changed is so here. A command-line
    /// tool that ends sessions while a server runs waits so long before it says that they have ended.
    ///
    /// ```
    /// use session_auth::SingleProcessStorage;
    ///
    /// async fn say_that_it_is_done() {
    ///     tokio::time::sleep(SingleProcessStorage::NOTICED_WITHIN).await;
    ///     println!("Nobody is logged in any more.");
    /// }
    /// ```
    pub const NOTICED_WITHIN: std::time::Duration = crate::cache::TRUST;

    pub(super) fn new(table: SqlStorage, write: SqlitePool) -> Self {
        assert_eq!(
            write.options().get_max_connections(),
            1,
            "the pool for writing has to have one connection: only there it shows who else has written"
        );
        Self {
            table,
            write,
            sessions: Arc::new(Cache::new(LIMIT)),
        }
    }

    /// Makes the table and its indexes unless they are there.
    ///
    /// # Errors
    ///
    /// When the database cannot be written.
    ///
    /// ```
    /// # use session_auth::{SingleProcessStorage, StorageError};
    /// async fn start(storage: &SingleProcessStorage) -> Result<(), StorageError> {
    ///     storage.migrate().await
    /// }
    /// ```
    pub async fn migrate(&self) -> Result<(), StorageError> {
        self.table.migrate().await
    }

    /// Asks whether another process has written, unless somebody is using the connection that knows. Until it is free
    /// again, sessions are read from the table.
    async fn look_around(&self) {
        if self.sessions.is_trusted(Instant::now()) {
            return;
        }
        if let Some(mut connection) = self.write.try_acquire() {
            // A failure shows where the table is read.
            let _ = self.ask(&mut connection).await;
        }
    }

    async fn ask(&self, connection: &mut SqliteConnection) -> Result<(), StorageError> {
        let asked = Instant::now();
        let rows = sqlx::raw_sql(ASK).fetch_all(&mut *connection).await?;
        let mut numbers = rows.iter().map(|row| row.try_get::<i64, _>(0));
        let (Some(version), Some(mark)) = (numbers.next(), numbers.next()) else {
            return Err(StorageError::new("SQLite did not say its data version"));
        };
        // Not of a row that could be damaged, but of the connection.
        let version = version.map_err(StorageError::new)?;
        let mut mark = mark.map_err(StorageError::new)?;
        if mark == 0 {
            mark = i64::from(MARKS.fetch_add(1, Ordering::Relaxed));
            let statement = format!("pragma temp.user_version = {mark}");
            sqlx::raw_sql(sqlx::AssertSqlSafe(statement))
                .execute(&mut *connection)
                .await?;
        }
        let version: Version = (version, mark);
        self.sessions.seen(version, asked);
        Ok(())
    }

    /// Runs a write of what `begin` names, in a task of its own: half a write would leave the cache in doubt.
    async fn written<T, F>(
        &self,
        begin: impl FnOnce(&Sessions) -> Write<'_, SessionKey, Arc<StoredSession>> + Send + 'static,
        write: impl FnOnce(SqlStorage) -> F + Send + 'static,
    ) -> Result<T, StorageError>
    where
        T: Send + 'static,
        F: Future<Output = Result<T, StorageError>> + Send,
    {
        let this = self.clone();
        let task = async move {
            let _write = begin(&this.sessions);
            let mut connection = this.write.acquire().await?;
            this.ask(&mut connection).await?;
            drop(connection);
            write(this.table.clone()).await
        };
        let written = tokio::spawn(tracing::Instrument::in_current_span(task)).await;
        written.map_err(StorageError::new)?
    }
}

#[async_trait]
impl SessionStorage for SingleProcessStorage {
    fn promises(&self) -> Promises {
        self.table.promises()
    }

    async fn create(
        &self,
        key: &SessionKey,
        session: &StoredSession,
    ) -> Result<bool, StorageError> {
        let (key, session) = (*key, session.clone());
        self.written(
            move |sessions| sessions.write(vec![key]),
            async move |table| table.create(&key, &session).await,
        )
        .await
    }

    async fn load(&self, key: &SessionKey) -> Result<Option<Arc<StoredSession>>, StorageError> {
        self.look_around().await;
        if let Some(session) = self.at_hand(key) {
            return Ok(Some(session));
        }
        let fill = self.sessions.fill(*key);
        let loaded = self.table.load(key).await?;
        if let Some(session) = &loaded {
            fill.keep(Arc::clone(session), session.size());
        }
        Ok(loaded)
    }

    fn at_hand(&self, key: &SessionKey) -> Option<Arc<StoredSession>> {
        self.sessions.get(key, Instant::now())
    }

    async fn commit(&self, key: &SessionKey, change: &Change) -> Result<Outcome, StorageError> {
        let (key, change) = (*key, change.clone());
        let keys = std::iter::once(key).chain(change.new_key).collect();
        self.written(
            move |sessions| sessions.write(keys),
            async move |table| table.commit(&key, &change).await,
        )
        .await
    }

    async fn touch(&self, key: &SessionKey, at: OffsetDateTime) -> Result<(), StorageError> {
        self.table.touch(key, at).await?;
        self.sessions.adjust(key, |session| {
            let last_seen = session.last_seen.max(at);
            Arc::make_mut(session).last_seen = last_seen;
        });
        Ok(())
    }

    async fn delete(&self, key: &SessionKey) -> Result<(), StorageError> {
        let key = *key;
        self.written(
            move |sessions| sessions.write(vec![key]),
            async move |table| table.delete(&key).await,
        )
        .await
    }

    async fn list_by_user(
        &self,
        user: &str,
    ) -> Result<Vec<(SessionKey, Arc<StoredSession>)>, StorageError> {
        self.table.list_by_user(user).await
    }

    async fn delete_by_user(
        &self,
        user: &str,
        except: Option<&SessionKey>,
    ) -> Result<u64, StorageError> {
        let (user, except) = (user.to_owned(), except.copied());
        self.written(Sessions::sweep, async move |table| {
            table.delete_by_user(&user, except.as_ref()).await
        })
        .await
    }

    async fn former_login(
        &self,
        key: &SessionKey,
        since: OffsetDateTime,
    ) -> Result<Option<String>, StorageError> {
        self.table.former_login(key, since).await
    }

    async fn users(&self, after: Option<&str>, limit: usize) -> Result<Vec<String>, StorageError> {
        self.table.users(after, limit).await
    }

    async fn delete_expired(
        &self,
        before: OffsetDateTime,
        limit: usize,
    ) -> Result<u64, StorageError> {
        self.written(Sessions::sweep, async move |table| {
            table.delete_expired(before, limit).await
        })
        .await
    }
}

/// Shows nothing of what is kept.
impl fmt::Debug for SingleProcessStorage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SingleProcessStorage")
            .field("table", &self.table)
            .finish_non_exhaustive()
    }
}
