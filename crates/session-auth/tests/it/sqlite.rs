//! What only a database file can show.

use std::path::Path;

use session_auth::SqlStorage;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};

/// One writer and a pool of readers, as the blog has them.
pub(crate) async fn open(path: &Path) -> SqlStorage {
    let options = SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Off);
    let write = SqlitePoolOptions::new()
        .max_connections(1)
        .connect_with(options.clone());
    let write = write.await.unwrap();
    let read = SqlitePoolOptions::new()
        .max_connections(2)
        .connect_with(options);
    let storage = SqlStorage::sqlite_split(read.await.unwrap(), write);
    storage.migrate().await.unwrap();
    storage
}
