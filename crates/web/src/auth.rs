//! The one joint between session-auth and storage: whose sessions they are, and where they are kept.
//!
//! Invariant: nothing else in this crate implements `Directory` or chooses a session storage.

use gatepost_storage::Db;
use session_auth::{MemoryStorage, SessionLayer, SessionStorage, SqlStorage, StorageError};

use crate::arrival::Arrival;
use crate::config::{Config, Sessions};
use crate::state::App;

/// Sessions in the database of the blog, which its readers and its one writer share.
fn in_database(db: &Db) -> SqlStorage {
    let (read, write) = db.sqlite_pools().expect("this version opens SQLite only");
    SqlStorage::sqlite_split(read, write)
}

/// Makes the tables that sessions need.
pub(crate) async fn migrate(db: &Db) -> Result<(), StorageError> {
    in_database(db).migrate().await
}

/// The session storage as a command sees it; `None` for one that lives in the server's memory.
pub(crate) fn stored_sessions(config: &Config, db: &Db) -> Option<impl SessionStorage + use<>> {
    (config.sessions == Sessions::Database).then(|| in_database(db))
}

/// The layer that gives every request its session.
pub(crate) fn sessions(app: &App) -> SessionLayer {
    let config = &app.config;
    let layer = match config.sessions {
        Sessions::Database => SessionLayer::new(in_database(&app.db)),
        Sessions::Memory => SessionLayer::new(MemoryStorage::new()),
    };
    let layer = layer
        .idle_timeout(config.session_idle)
        .absolute_timeout(config.session_absolute)
        .remember(config.remember, config.session_absolute)
        .client_address(Arrival::client_of)
        .clock(app.world.clock)
        .randomness(app.world.randomness);
    match config.base_url.is_https() {
        true => layer,
        false => layer.plain_http(),
    }
}
