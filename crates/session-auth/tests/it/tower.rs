//! A store of tower-sessions: what it promises holds, and what it cannot promise is seen to go wrong.

use std::collections::HashMap;
use std::sync::Mutex;

use async_trait::async_trait;
use session_auth::TowerStorage;
use session_auth::testing::contract;
use tower_sessions_core::SessionStore;
use tower_sessions_core::session::{Id, Record};
use tower_sessions_core::session_store::Result;
use tower_sessions_memory_store::MemoryStore;

/// As far away as a database: others get their turn while it answers.
#[derive(Clone, Debug, Default)]
struct Distant(MemoryStore);

#[async_trait]
impl SessionStore for Distant {
    async fn create(&self, record: &mut Record) -> Result<()> {
        let created = self.0.create(record).await;
        tokio::task::yield_now().await;
        created
    }

    async fn save(&self, record: &Record) -> Result<()> {
        let saved = self.0.save(record).await;
        tokio::task::yield_now().await;
        saved
    }

    async fn load(&self, id: &Id) -> Result<Option<Record>> {
        let loaded = self.0.load(id).await;
        tokio::task::yield_now().await;
        loaded
    }

    async fn delete(&self, id: &Id) -> Result<()> {
        let deleted = self.0.delete(id).await;
        tokio::task::yield_now().await;
        deleted
    }
}

#[tokio::test]
async fn a_store_of_tower_sessions_keeps_what_it_can() {
    let stores = Mutex::<HashMap<String, Distant>>::default();
    contract(async |name| {
        let mut stores = stores.lock().unwrap();
        TowerStorage::new(stores.entry(name.to_owned()).or_default().clone())
    })
    .await;
}
