//! A store of tower-sessions: what it promises holds, and what it cannot promise is seen to go wrong.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use axum::Router;
use axum::routing::get;
use session_auth::testing::contract;
use session_auth::{Session, SessionLayer, TowerStorage};
use tower_sessions_core::SessionStore;
use tower_sessions_core::session::{Id, Record};
use tower_sessions_core::session_store::{Error, Result};
use tower_sessions_memory_store::MemoryStore;

use crate::counter::{body, cookie_of, damage_is_nobodys, site, site_on, visit};

/// As far away as a database: others get their turn while it answers.
#[derive(Clone, Debug, Default)]
pub(crate) struct Distant<S = MemoryStore>(pub(crate) S);

#[async_trait]
impl<S: SessionStore> SessionStore for Distant<S> {
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
async fn a_store_with_sessions_from_before_keeps_what_it_can() {
    let stores = Mutex::<HashMap<String, Distant>>::default();
    contract(async |name| {
        let mut stores = stores.lock().unwrap();
        let store = stores.entry(name.to_owned()).or_default().clone();
        TowerStorage::new(store).existing_ids()
    })
    .await;
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

/// What a site on tower-sessions' own layer left, met by one on this crate's.
#[tokio::test]
async fn a_session_from_before_is_read_and_written_until_it_is_renewed() {
    let store = Open::default();
    let id = Id(0x0123_4567_89ab_cdef_0123_4567_89ab_cdef);
    let expiry_date = session_auth::testing::now() + std::time::Duration::from_secs(3600);
    let data: HashMap<String, serde_json::Value> = [("count".to_owned(), 5.into())].into();
    let before = Record {
        id,
        data,
        expiry_date,
    };
    store.save(&before).await.unwrap();
    let cookie = format!("id={id}");

    let storage = TowerStorage::new(store.clone()).existing_ids();
    let layer = SessionLayer::new(storage).clock(session_auth::testing::now);
    let cycle = |session: Session| async move { session.cycle_id().await.unwrap() };
    let site = site_on(layer.clone());
    let site = site.merge(Router::new().route("/cycle", get(cycle)).layer(layer));
    let counted = visit(&site, "/count", &cookie).await;
    assert!(!counted.headers().contains_key("set-cookie"));
    assert_eq!(body(counted).await, "6");
    {
        // The site from before can be started again at any time.
        let records = store.0.lock().unwrap();
        assert_eq!(records.len(), 1);
        assert_eq!(records[&id].data, [("count".to_owned(), 6.into())].into());
        assert_eq!(records[&id].expiry_date, expiry_date);
    }

    let renewed = visit(&site, "/cycle", &cookie).await;
    let renewed = renewed.headers()["set-cookie"].to_str().unwrap().to_owned();
    let renewed = renewed.split(';').next().unwrap();
    assert_eq!(body(visit(&site, "/count", renewed).await).await, "7");
    assert_eq!(body(visit(&site, "/read", &cookie).await).await, "None");
    let stored = format!("{:?}", store.0.lock().unwrap());
    assert!(!stored.contains(&id.to_string()) && !stored.contains(&renewed[3..]));

    // Without being told, nobody reads them; and what is no id is nobody's either way.
    store.save(&before).await.unwrap();
    let unaware = SessionLayer::new(TowerStorage::new(store.clone())).cookie_name("id");
    let unaware = site_on(unaware);
    assert_eq!(body(visit(&unaware, "/read", &cookie).await).await, "None");
    for other in [
        "id=AAAAAAAAAAAAAAAAAAAAAA",
        "id=short",
        "id=",
        &cookie[..20],
    ] {
        assert_eq!(body(visit(&site, "/read", other).await).await, "None");
    }
    session_auth::testing::advance(std::time::Duration::from_secs(3600));
    assert_eq!(body(visit(&site, "/read", &cookie).await).await, "None");
}

/// Whoever has a copy of the store knows under which ids our sessions lie in it, and an id in clear is just such an id.
#[tokio::test]
async fn the_id_of_a_hashed_record_is_no_cookie_from_before() {
    let store = Open::default();
    let storage = TowerStorage::new(store.clone()).existing_ids();
    let layer = SessionLayer::new(storage).clock(session_auth::testing::now);
    let flush = |session: Session| async move { session.flush().await.unwrap() };
    let cycle = |session: Session| async move { session.cycle_id().await.unwrap() };
    let values = |session: Session| async move {
        serde_json::to_string(&session.values().await.unwrap()).unwrap()
    };
    let routes = Router::new()
        .route("/flush", get(flush))
        .route("/cycle", get(cycle))
        .route("/values", get(values))
        .layer(layer.clone());
    let site = site_on(layer).merge(routes);
    let owner = cookie_of(&site).await;
    let records = || store.0.lock().unwrap().clone();
    let before = records();
    let (stolen, _) = before.iter().next().unwrap();
    let stolen = format!("id={stolen}");

    assert_eq!(body(visit(&site, "/values", &stolen).await).await, "{}");
    for path in ["/write", "/count", "/cycle", "/flush"] {
        visit(&site, path, &stolen).await;
        let now = records();
        for (id, record) in &before {
            assert_eq!(now.get(id), Some(record), "{path}");
        }
    }
    assert_eq!(body(visit(&site, "/count", &owner).await).await, "2");
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
