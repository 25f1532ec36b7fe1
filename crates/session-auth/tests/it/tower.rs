//! A store of tower-sessions: what it promises holds, and what it cannot promise is seen to go wrong.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use session_auth::TowerStorage;
use session_auth::testing::contract;
use tower_sessions_core::SessionStore;
use tower_sessions_core::session::{Id, Record};
use tower_sessions_core::session_store::{Error, Result};
use tower_sessions_memory_store::MemoryStore;

use crate::counter::{cookie_of, damage_is_nobodys, site};

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

/// Whose records a test can reach.
#[derive(Clone, Debug, Default)]
struct Open(Arc<Mutex<HashMap<Id, Record>>>);

#[async_trait]
impl SessionStore for Open {
    async fn save(&self, record: &Record) -> Result<()> {
        self.0.lock().unwrap().insert(record.id, record.clone());
        Ok(())
    }

    async fn load(&self, id: &Id) -> Result<Option<Record>> {
        let record = self.0.lock().unwrap().get(id).cloned();
        match record {
            Some(record) if record.data.contains_key("undecodable") => {
                Err(Error::Decode("a value that nobody may see".to_owned()))
            }
            record => Ok(record),
        }
    }

    async fn delete(&self, id: &Id) -> Result<()> {
        self.0.lock().unwrap().remove(id);
        Ok(())
    }
}

#[tokio::test]
async fn a_damaged_record_is_nobodys_and_goes() {
    let store = Open::default();
    let site = site(TowerStorage::new(store.clone()));
    for garbage in ["undecodable", "gatepost-session-auth", "another program's"] {
        let damaged = cookie_of(&site).await;
        let id = {
            let mut records = store.0.lock().unwrap();
            assert_eq!(records.len(), 1);
            let record = records.values_mut().next().unwrap();
            record.data = [(garbage.to_owned(), 7.into())].into();
            record.id
        };
        let fine = cookie_of(&site).await;
        damage_is_nobodys(&site, &damaged, &fine).await;
        let mut records = store.0.lock().unwrap();
        assert!(!records.contains_key(&id), "{garbage}");
        assert_eq!(records.len(), 2, "the fine one and the new one");
        records.clear();
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
