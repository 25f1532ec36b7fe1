//! A store made for tower-sessions-core 0.14, as the published ones are: it is as good as one for 0.15, and no better.

use std::collections::HashMap;
use std::sync::Mutex;

use async_trait::async_trait;
use session_auth::testing::contract;
use session_auth::{SessionKey, SessionStorage, Tower014, TowerStorage};
use tower_sessions_core::SessionStore as _;
use tower_sessions_core_014::SessionStore;
use tower_sessions_core_014::session::{Id, Record};
use tower_sessions_core_014::session_store::{Error, Result};
use tower_sessions_memory_store_014::MemoryStore;

use crate::tower::Distant;

type Stores = Mutex<HashMap<String, MemoryStore>>;

fn open(stores: &Stores, name: &str) -> TowerStorage<Distant<Tower014<MemoryStore>>> {
    let mut stores = stores.lock().unwrap();
    let store = stores.entry(name.to_owned()).or_default().clone();
    TowerStorage::new(Distant(Tower014(store)))
}

#[tokio::test]
async fn an_older_store_keeps_what_it_can() {
    let stores = Stores::default();
    contract(async |name| open(&stores, name)).await;
}

#[tokio::test]
async fn an_older_store_with_sessions_from_before_keeps_what_it_can() {
    let stores = Stores::default();
    contract(async |name| open(&stores, name).existing_ids()).await;
}

/// Takes the id away from whoever wants it, or fails, as it is told.
#[derive(Debug)]
struct Stubborn(fn() -> Result<()>);

#[async_trait]
impl SessionStore for Stubborn {
    async fn create(&self, record: &mut Record) -> Result<()> {
        record.id = Id(record.id.0.wrapping_add(1));
        self.0()
    }

    async fn save(&self, _: &Record) -> Result<()> {
        self.0()
    }

    async fn load(&self, _: &Id) -> Result<Option<Record>> {
        self.0().map(|()| None)
    }

    async fn delete(&self, _: &Id) -> Result<()> {
        self.0()
    }
}

#[tokio::test]
async fn the_id_that_an_older_store_finds_is_told() {
    let store = Tower014(Stubborn(|| Ok(())));
    let mut record = tower_sessions_core::session::Record {
        id: tower_sessions_core::session::Id(7),
        data: HashMap::new(),
        expiry_date: session_auth::testing::now(),
    };
    store.create(&mut record).await.unwrap();
    assert_eq!(record.id.0, 8);
}

#[tokio::test]
async fn the_errors_of_an_older_store_keep_their_kind_and_their_message() {
    let key = SessionKey::from_bytes([7; 32]);
    let away = || Err(Error::Backend("the disk is on fire".to_owned()));
    let storage = TowerStorage::new(Tower014(Stubborn(away)));
    let error = storage.load(&key).await.unwrap_err();
    assert!(!error.is_damaged());
    assert_eq!(error.to_string(), "the disk is on fire");
    assert!(storage.delete(&key).await.is_err());

    let undecodable = || Err(Error::Decode("a value that nobody may see".to_owned()));
    let storage = TowerStorage::new(Tower014(Stubborn(undecodable)));
    let error = storage.load(&key).await.unwrap_err();
    assert!(error.is_damaged());
    assert!(!format!("{error:?}").contains("nobody may see"));
}
