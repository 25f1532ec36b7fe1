//! Stores that were made for tower-sessions-core 0.14, which is what the published database stores and axum-login are
//! made for.
//!
//! Invariant: nothing but the types changes. A record has the same three fields in both versions, and an error keeps its
//! kind and its message.

use async_trait::async_trait;
use tower_sessions_core::{
    SessionStore,
    session::{Id, Record},
    session_store::{Error, Result},
};
use tower_sessions_core_014 as core_014;

/// A store for tower-sessions-core 0.14 as one for 0.15, so that a [`TowerStorage`](crate::TowerStorage) takes it.
///
/// tower-sessions 0.14, axum-login 0.18, tower-sessions-sqlx-store 0.15 and tower-sessions-redis-store 0.16 all stand on
/// that version, and a store of one version is none of the other: where the compiler says that `SessionStore` is not
/// implemented for a store that has it, this is missing.
///
/// ```
/// use session_auth::{SessionLayer, Tower014, TowerStorage};
/// # use tower_sessions_memory_store_014 as tower_sessions;
/// use tower_sessions::MemoryStore; // of tower-sessions 0.14
///
/// let store = MemoryStore::default();
/// let sessions = SessionLayer::new(TowerStorage::new(Tower014(store.clone())));
/// // Or, where a site on axum-login has left its sessions and their cookies:
/// let sessions = SessionLayer::new(TowerStorage::new(Tower014(store)).existing_ids());
/// ```
#[derive(Clone, Debug)]
pub struct Tower014<S>(pub S);

#[async_trait]
impl<S: core_014::SessionStore> SessionStore for Tower014<S> {
    async fn create(&self, record: &mut Record) -> Result<()> {
        let mut stored = older(record);
        self.0.create(&mut stored).await.map_err(newer_error)?;
        // The store may have found another id.
        *record = newer(stored);
        Ok(())
    }

    async fn save(&self, record: &Record) -> Result<()> {
        self.0.save(&older(record)).await.map_err(newer_error)
    }

    async fn load(&self, id: &Id) -> Result<Option<Record>> {
        let loaded = self.0.load(&older_id(id)).await;
        loaded.map(|record| record.map(newer)).map_err(newer_error)
    }

    async fn delete(&self, id: &Id) -> Result<()> {
        self.0.delete(&older_id(id)).await.map_err(newer_error)
    }
}

fn older_id(id: &Id) -> core_014::session::Id {
    core_014::session::Id(id.0)
}

fn older(record: &Record) -> core_014::session::Record {
    core_014::session::Record {
        id: older_id(&record.id),
        data: record.data.clone(),
        expiry_date: record.expiry_date,
    }
}

fn newer(record: core_014::session::Record) -> Record {
    Record {
        id: Id(record.id.0),
        data: record.data,
        expiry_date: record.expiry_date,
    }
}

fn newer_error(error: core_014::session_store::Error) -> Error {
    use core_014::session_store::Error as Older;
    match error {
        Older::Encode(message) => Error::Encode(message),
        Older::Decode(message) => Error::Decode(message),
        Older::Backend(message) => Error::Backend(message),
    }
}
