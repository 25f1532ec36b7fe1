//! SQLite as a server needs it: one writer, many readers, durable commits, and a library that is known to be safe.

use std::fs::{File, OpenOptions};
use std::path::{Path, PathBuf};
use std::thread::available_parallelism;
use std::time::Duration;

use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{Connection as _, SqliteConnection, SqlitePool};

use crate::error::OpenError;

/// How long a writer waits for another one before it is told "busy".
const BUSY: Duration = Duration::from_secs(5);

/// The library this program was built with.
pub(crate) struct Engine {
    options: Vec<String>,
}

/// Asks the library what it is, before it touches any file of ours.
pub(crate) async fn engine() -> Result<Engine, OpenError> {
    let options = SqliteConnectOptions::new().in_memory(true);
    let mut connection = SqliteConnection::connect_with(&options)
        .await
        .map_err(OpenError::Engine)?;
    let version: String = sqlx::query_scalar("select sqlite_version()")
        .fetch_one(&mut connection)
        .await
        .map_err(OpenError::Engine)?;
    if resets_wal_unsafely(&version) {
        return Err(OpenError::UnsafeSqlite(version));
    }
    let options = sqlx::query_scalar("pragma compile_options")
        .fetch_all(&mut connection)
        .await
        .map_err(OpenError::Engine)?;
    Ok(Engine { options })
}

impl Engine {
    /// One line for a build that works but is slower than it could be.
    pub(crate) fn advice(&self) -> Option<&'static str> {
        let shares_memory = self
            .options
            .iter()
            .any(|option| option == "ENABLE_MEMORY_MANAGEMENT");
        let counts_memory = !self
            .options
            .iter()
            .any(|option| option == "DEFAULT_MEMSTATUS=0");
        (shares_memory || counts_memory).then_some(
            "This build's SQLite shares one page-cache lock between all connections, which costs speed under load; \
             build with LIBSQLITE3_FLAGS=\"-USQLITE_ENABLE_MEMORY_MANAGEMENT -DSQLITE_DEFAULT_MEMSTATUS=0\" to avoid it.",
        )
    }
}

/// Before 3.51.3, two connections that reset the write-ahead log at the same moment could corrupt the database.
fn resets_wal_unsafely(version: &str) -> bool {
    let mut parts = version
        .split('.')
        .map(|part| part.parse::<u32>().unwrap_or(0));
    let mut next = || parts.next().unwrap_or(0);
    (next(), next(), next()) < (3, 51, 3)
}

/// Holds the lock file beside the database; dropping it lets the next process in.
pub(crate) async fn lock(database: &Path) -> Result<File, OpenError> {
    let path = beside(database, ".lock");
    let taken = tokio::task::spawn_blocking({
        let path = path.clone();
        move || {
            let file = OpenOptions::new()
                .create(true)
                .truncate(false)
                .write(true)
                .open(path)?;
            file.lock()?;
            Ok(file)
        }
    });
    match taken.await {
        Ok(Ok(file)) => Ok(file),
        Ok(Err(source)) => Err(OpenError::Unwritable { path, source }),
        Err(join) => Err(OpenError::Unwritable {
            path,
            source: std::io::Error::other(join),
        }),
    }
}

/// `data/gatepost.db` and `.lock` give `data/gatepost.db.lock`.
pub(crate) fn beside(database: &Path, ending: &str) -> PathBuf {
    let mut name = database.as_os_str().to_owned();
    name.push(ending);
    PathBuf::from(name)
}

/// The one connection that writes.
pub(crate) async fn writer(path: &Path) -> Result<SqlitePool, OpenError> {
    let options = options(path)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        // A commit that was answered survives a power cut.
        .synchronous(SqliteSynchronous::Full)
        // The log is cut back to this size after a burst.
        .pragma("journal_size_limit", "67108864")
        .optimize_on_close(true, 400);
    let writer = pool(1)
        .connect_with(options)
        .await
        .map_err(|source| OpenError::of_file(path, source))?;
    // What SQLite's manual asks of a program with long-lived connections.
    sqlx::query("pragma optimize = 0x10002")
        .execute(&writer)
        .await
        .map_err(|source| OpenError::of_file(path, source))?;
    Ok(writer)
}

/// Connections that can't write even by mistake.
pub(crate) async fn readers(path: &Path) -> Result<SqlitePool, OpenError> {
    let options = options(path).pragma("query_only", "on");
    let count = available_parallelism().map_or(4, |cores| (2 * cores.get()).clamp(4, 16));
    pool(count as u32)
        .connect_with(options)
        .await
        .map_err(|source| OpenError::of_file(path, source))
}

fn options(path: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(path)
        .foreign_keys(true)
        .busy_timeout(BUSY)
        .pragma("cache_size", "-8000")
        .pragma("temp_store", "memory")
        .statement_cache_capacity(200)
}

fn pool(connections: u32) -> SqlitePoolOptions {
    SqlitePoolOptions::new()
        .max_connections(connections)
        .min_connections(1)
        .acquire_timeout(BUSY)
        // A connection to a file does not go stale.
        .idle_timeout(None)
        .max_lifetime(None)
        .test_before_acquire(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sqlite_with_the_wal_reset_bug_is_recognised() {
        for unsafe_version in [
            "3.7.0", "3.46.0", "3.50.4", "3.51.2", "2.8.17", "", "nonsense",
        ] {
            assert!(resets_wal_unsafely(unsafe_version), "{unsafe_version}");
        }
        for safe_version in ["3.51.3", "3.51.10", "3.52.0", "3.54.1", "4.0.0"] {
            assert!(!resets_wal_unsafely(safe_version), "{safe_version}");
        }
    }

    #[test]
    fn a_build_without_our_flags_is_told_so_in_one_line() {
        let engine = |options: &[&str]| Engine {
            options: options.iter().map(|&option| option.to_owned()).collect(),
        };
        assert_eq!(
            engine(&["THREADSAFE=1", "DEFAULT_MEMSTATUS=0"]).advice(),
            None
        );
        assert!(
            engine(&["DEFAULT_MEMSTATUS=0", "ENABLE_MEMORY_MANAGEMENT"])
                .advice()
                .is_some()
        );
        let advice = engine(&["THREADSAFE=1"]).advice().unwrap();
        assert!(
            !advice.contains('\n') && advice.contains("LIBSQLITE3_FLAGS"),
            "{advice}"
        );
    }

    #[tokio::test]
    async fn the_library_in_this_build_is_safe_and_built_with_our_flags() {
        let engine = engine().await.unwrap();
        assert_eq!(
            engine.advice(),
            None,
            "run cargo inside the workspace, whose .cargo/config.toml sets the flags"
        );
    }
}
