//! The sessions of a site that runs on tower-sessions' own layer, read under the ids that their cookies have.
//!
//! Invariant: such a session stays what its own layer makes of it, values under a clear id, until it gets a new id; then
//! it is one of ours, and the clear one is gone. The id of a record of ours, which a copy of the store gives away, opens
//! nothing.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use time::OffsetDateTime;
use tower_sessions_core::{
    SessionStore,
    session::{Id, Record},
};

use super::{
    CONCURRENT_WRITES, NO_CLEANUP, NO_NAMES, NO_REVIVAL, NO_USERS, ROTATION, SESSION, TowerStorage,
};
#[cfg(feature = "testing")]
use crate::storage::Stranger;
use crate::{
    AnyStorage, Applied, Change, Client, Clock, Lifetime, Outcome, Promise, Promises, SessionKey,
    SessionStorage, StorageError, StoredSession,
    cookie::{Found, Presented},
    layer::Shared,
    storage::{Lends, Lent},
};

pub(super) const PROMISES: Promises = Promises::all_but(&[
    CONCURRENT_WRITES,
    NO_REVIVAL,
    ROTATION,
    NO_USERS,
    (
        Promise::Hashed,
        "an id from before lies in the store in clear until it is renewed",
    ),
    NO_CLEANUP,
    NO_NAMES,
]);

/// A [`TowerStorage`] that reads the sessions of a site from before this crate, too.
///
/// Made by [`TowerStorage::existing_ids`]. Whoever comes with a cookie of tower-sessions' own layer finds the values that
/// they had, and keeps the cookie until the session gets a new id, as every login gives it one. From then on it is a
/// session of this crate, under the hash of its id. Nobody is logged in by a session from before: what axum-login or the
/// site itself kept there is a value that a handler may read, to call [`Auth::login`](crate::Auth::login).
///
/// The cookie keeps its name, which is `id` with tower-sessions; where the site has said another, say it to
/// [`SessionLayer::cookie_name`](crate::SessionLayer::cookie_name). A cookie that was signed or encrypted is not understood.
///
/// # What it promises
///
#[doc = include_str!("existing.md")]
///
/// # Errors
///
/// A store that is away is an error, as with every [`SessionStorage`]; the page is a 503 then.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use axum::{Router, body::Body, http::Request, routing::get};
/// use session_auth::{Session, SessionLayer, TowerStorage};
/// use tower::ServiceExt;
/// use tower_sessions_core::{SessionStore, session::{Id, Record}};
/// use tower_sessions_memory_store::MemoryStore;
///
/// // What the old site has stored for a visitor.
/// let store = MemoryStore::default();
/// let mut record = Record {
///     id: Id(7),
///     data: [("theme".to_owned(), "dark".into())].into(),
///     expiry_date: time::OffsetDateTime::from_unix_timestamp(4_000_000_000)?,
/// };
/// store.create(&mut record).await?;
///
/// let theme = async |session: Session| session.get::<String>("theme").await.unwrap().unwrap_or_default();
/// let site = |storage| Router::new().route("/", get(theme)).layer(SessionLayer::new(storage));
/// let visit = || Request::get("/").header("cookie", format!("id={}", record.id)).body(Body::empty()).unwrap();
/// let body = async |site: Router| {
///     axum::body::to_bytes(site.oneshot(visit()).await.unwrap().into_body(), 100).await.unwrap()
/// };
/// assert_eq!(body(site(TowerStorage::new(store.clone()).existing_ids())).await, "dark");
/// # Ok(()) }
/// ```
#[derive(Debug)]
pub struct ExistingIds<S> {
    storage: Arc<TowerStorage<S>>,
}

impl<S> Clone for ExistingIds<S> {
    fn clone(&self) -> Self {
        Self {
            storage: Arc::clone(&self.storage),
        }
    }
}

impl<S: SessionStore> ExistingIds<S> {
    pub(super) fn new(storage: TowerStorage<S>) -> Self {
        Self {
            storage: Arc::new(storage),
        }
    }

    /// What is kept of the contract here, and what is not.
    ///
    /// ```
    /// # use session_auth::{Promise, TowerStorage};
    /// # use tower_sessions_memory_store::MemoryStore;
    /// let promises = TowerStorage::new(MemoryStore::default()).existing_ids().promises();
    /// assert!(promises.keeps(Promise::Lifetimes));
    /// assert!(!promises.keeps(Promise::NoRevival));
    /// ```
    #[must_use]
    pub fn promises(&self) -> Promises {
        PROMISES
    }

    fn lent(&self, existing: Option<(SessionKey, Id)>, clock: Clock) -> Met<S> {
        Met {
            storage: Arc::clone(&self.storage),
            existing,
            clock,
        }
    }
}

impl<S: SessionStore> From<ExistingIds<S>> for AnyStorage {
    fn from(storage: ExistingIds<S>) -> Self {
        Self::lending(storage)
    }
}

impl<S: SessionStore> Lends for ExistingIds<S> {
    fn promises(&self) -> Promises {
        PROMISES
    }

    /// What tower-sessions calls it.
    fn cookie_name(&self) -> Option<String> {
        Some("id".to_owned())
    }

    fn on_server(&self) -> Option<&Arc<dyn SessionStorage>> {
        None
    }

    fn meet(&self, found: &Found<'_>, shared: &Shared) -> (Arc<dyn Lent>, Presented) {
        let existing = existing_id(found);
        let presented = existing.map_or_else(|| found.id(), |(key, _)| Presented::Carried(key));
        (Arc::new(self.lent(existing, shared.clock)), presented)
    }

    #[cfg(feature = "testing")]
    fn unmet(&self) -> Arc<dyn SessionStorage> {
        Arc::new(self.lent(None, crate::testing::now))
    }

    #[cfg(feature = "testing")]
    fn stranger(&self) -> Option<Arc<dyn Stranger>> {
        Some(Arc::new(self.clone()))
    }
}

fn is_ours(record: &Record) -> bool {
    record.data.contains_key(SESSION)
}

/// An id of tower-sessions' has 22 characters, and one of ours never.
fn existing_id(found: &Found<'_>) -> Option<(SessionKey, Id)> {
    let text = found.text()?;
    let id = std::str::from_utf8(text).ok()?.parse().ok()?;
    Some((SessionKey::of(text), id))
}

/// What the site from before does, on its own layer.
#[cfg(feature = "testing")]
#[async_trait]
impl<S: SessionStore> Stranger for ExistingIds<S> {
    async fn open(&self) -> Result<String, StorageError> {
        let mut bytes = [0; 16];
        crate::ambient::system_randomness(&mut bytes);
        // The store's clock is the system's and the suite's is not.
        let later = crate::ambient::system_clock().max(crate::testing::now());
        let mut record = Record {
            id: Id(i128::from_le_bytes(bytes)),
            data: [("a".to_owned(), 1.into())].into(),
            expiry_date: later + Duration::from_secs(24 * 60 * 60),
        };
        self.storage.store.create(&mut record).await?;
        Ok(record.id.to_string())
    }

    async fn read(&self, id: &str) -> Result<String, StorageError> {
        let id = id.parse().map_err(StorageError::new)?;
        let record = self.storage.store.load(&id).await?;
        let text = record
            .map(|record| serde_json::to_string(&record))
            .transpose();
        Ok(text.map_err(StorageError::new)?.unwrap_or_default())
    }

    async fn save(&self, _id: &str, text: &str) -> Result<(), StorageError> {
        let record = serde_json::from_str(text).map_err(StorageError::new)?;
        Ok(self.storage.store.save(&record).await?)
    }
}

/// The storage of one request, which knows the id that the request came with if it is one from before.
struct Met<S> {
    storage: Arc<TowerStorage<S>>,
    existing: Option<(SessionKey, Id)>,
    clock: Clock,
}

impl<S: SessionStore> Met<S> {
    fn existing(&self, key: &SessionKey) -> Option<Id> {
        let (own, id) = self.existing?;
        (own == *key).then_some(id)
    }

    /// The record with a clear id. One of ours is found by its hash alone.
    async fn record(&self, id: &Id) -> Result<Option<Record>, StorageError> {
        let record = self.storage.store.load(id).await?;
        Ok(record.filter(|record| !is_ours(record)))
    }

    /// Whether this id is the hash of one of ours. What cannot be decoded is nobody's.
    async fn is_ours(&self, id: &Id) -> Result<bool, StorageError> {
        match self
            .storage
            .store
            .load(id)
            .await
            .map_err(StorageError::from)
        {
            Ok(record) => Ok(record.as_ref().is_some_and(is_ours)),
            Err(error) if error.is_damaged() => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// When it began nobody knows, nor when it was last used; its own layer has said when it is over.
    fn session(&self, record: &Record) -> StoredSession {
        let now = (self.clock)();
        StoredSession {
            created_at: now,
            last_seen: now,
            lifetime: Lifetime {
                idle: Duration::MAX,
                deadline: record.expiry_date,
                persistent: false,
            },
            login: None,
            client: Client::default(),
            values: record
                .data
                .clone()
                .into_iter()
                .collect::<serde_json::Map<_, _>>()
                .into(),
        }
    }

    async fn commit_existing(&self, id: Id, change: &Change) -> Result<Outcome, StorageError> {
        let store = &self.storage.store;
        let Some(mut record) = self.record(&id).await? else {
            return Ok(Outcome::Gone);
        };
        let stored = self.session(&record);
        let next = match change.apply(&stored) {
            Applied::Stored(next) => next,
            Applied::Gone => return Ok(Outcome::Gone),
            Applied::Changed => return Ok(Outcome::Changed(Arc::new(stored))),
        };
        if let Some(new_key) = &change.new_key {
            if !self.storage.create(new_key, &next).await? {
                return Err(StorageError::new("the new key of a session is taken"));
            }
            store.delete(&id).await?;
        } else {
            record.data = next.values.map().clone().into_iter().collect();
            record.expiry_date = next.lifetime.end(next.last_seen);
            store.save(&record).await?;
        }
        Ok(Outcome::Done)
    }
}

impl<S: SessionStore> Lent for Met<S> {
    fn reissued(&self) -> Option<(String, Lifetime)> {
        None
    }
}

#[async_trait]
impl<S: SessionStore> SessionStorage for Met<S> {
    fn promises(&self) -> Promises {
        PROMISES
    }

    async fn create(
        &self,
        key: &SessionKey,
        session: &StoredSession,
    ) -> Result<bool, StorageError> {
        self.storage.create(key, session).await
    }

    async fn load(&self, key: &SessionKey) -> Result<Option<Arc<StoredSession>>, StorageError> {
        let Some(id) = self.existing(key) else {
            return self.storage.load(key).await;
        };
        let record = self.record(&id).await?;
        Ok(record.map(|record| Arc::new(self.session(&record))))
    }

    async fn commit(&self, key: &SessionKey, change: &Change) -> Result<Outcome, StorageError> {
        match self.existing(key) {
            Some(id) => self.commit_existing(id, change).await,
            None => self.storage.commit(key, change).await,
        }
    }

    async fn touch(&self, key: &SessionKey, at: OffsetDateTime) -> Result<(), StorageError> {
        match self.existing(key) {
            Some(_) => Ok(()),
            None => self.storage.touch(key, at).await,
        }
    }

    async fn delete(&self, key: &SessionKey) -> Result<(), StorageError> {
        match self.existing(key) {
            Some(id) if self.is_ours(&id).await? => Ok(()),
            Some(id) => Ok(self.storage.store.delete(&id).await?),
            None => self.storage.delete(key).await,
        }
    }

    async fn list_by_user(
        &self,
        user: &str,
    ) -> Result<Vec<(SessionKey, Arc<StoredSession>)>, StorageError> {
        self.storage.list_by_user(user).await
    }

    async fn delete_by_user(
        &self,
        user: &str,
        except: Option<&SessionKey>,
    ) -> Result<u64, StorageError> {
        self.storage.delete_by_user(user, except).await
    }

    async fn delete_expired(
        &self,
        before: OffsetDateTime,
        limit: usize,
    ) -> Result<u64, StorageError> {
        self.storage.delete_expired(before, limit).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_documentation_says_what_the_storage_promises() {
        assert_eq!(include_str!("existing.md"), PROMISES.to_string());
    }
}

#[cfg(test)]
#[path = "../../../fuzz/existing.rs"]
mod fuzz;
