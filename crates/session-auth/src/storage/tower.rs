//! Sessions in any store made for tower-sessions.
//!
//! Invariant: what these stores cannot do is written down and not papered over. A record is loaded, changed and saved
//! whole, and nothing keeps others from doing the same meanwhile.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use time::OffsetDateTime;
use tower_sessions_core::{
    SessionStore,
    session::{Id, Record},
    session_store::Error,
};

use super::{
    Applied, Change, Login, Outcome, Promise, Promises, SessionKey, SessionStorage, StoredSession,
};
use crate::{Client, Lifetime, StorageError, ambient::system_clock};

#[cfg(feature = "tower-014")]
mod core_014;
mod existing;

#[cfg(feature = "tower-014")]
pub use core_014::Tower014;
pub use existing::ExistingIds;

const CONCURRENT_WRITES: (Promise, &str) = (
    Promise::ConcurrentWrites,
    "a store loads and saves whole records, and the last one wins",
);
const NO_REVIVAL: (Promise, &str) = (
    Promise::NoRevival,
    "a save of a record that is not there makes it",
);
const ROTATION: (Promise, &str) = (
    Promise::AtomicRotation,
    "a rotation is a create and a delete",
);
const NO_USERS: (Promise, &str) = (
    Promise::ByUser,
    "a store knows no users, so asking is an error",
);
const NO_CLEANUP: (Promise, &str) = (
    Promise::Cleanup,
    "the store does it, by its own clock and a day later",
);
const NO_NAMES: (Promise, &str) = (
    Promise::DeadLogins,
    "they stay, as nobody's, until they are over",
);

const PROMISES: Promises = Promises::all_but(&[
    CONCURRENT_WRITES,
    NO_REVIVAL,
    ROTATION,
    NO_USERS,
    NO_CLEANUP,
    NO_NAMES,
]);

/// Stores judge by the system's clock when a record is over, and the layer by its own, so theirs is later.
const GRACE: Duration = Duration::from_secs(24 * 60 * 60);

/// The one value in a record of ours. Records of others have values of theirs instead.
const SESSION: &str = "gatepost-session-auth";

/// Keeps sessions in a store made for tower-sessions, for a site that has one and cannot do without.
///
/// A store made for tower-sessions-core 0.15 is taken as it is. The published database stores, and those of a site on
/// axum-login, are made for 0.14: feature `tower-014` has `Tower014` around them.
///
/// # What it keeps
///
/// A record for each session with one value in it, `gatepost-session-auth`. Its id is the first half of the session's key.
/// Sessions that the site had before are read when it is told to ([`existing_ids`](Self::existing_ids)).
///
/// # What it promises
///
#[doc = include_str!("tower.md")]
///
/// Whether sessions survive a restart is up to the store.
///
/// # What it cannot
///
/// A store has no other way to write than to replace, and no way to find the sessions of a user: a request that was under
/// way at a logout may bring the session back, and "log out everywhere" is refused. What ends sessions for certain here is
/// the user's [`Stamp`](crate::Stamp).
///
/// # Errors
///
/// Whatever the store answers. A record that it cannot decode, or that is no session of this crate, is
/// [damaged](StorageError::damaged), and goes.
///
/// ```
/// use session_auth::{Promise, SessionKey, SessionStorage, TowerStorage};
/// use tower_sessions_memory_store::MemoryStore;
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), session_auth::StorageError> {
/// let storage = TowerStorage::new(MemoryStore::default());
/// assert!(storage.load(&SessionKey::from_bytes([7; 32])).await?.is_none());
/// // What it cannot promise it says, and what it cannot do it refuses.
/// assert!(!storage.promises().keeps(Promise::ByUser));
/// assert!(storage.delete_by_user("alice", None).await.is_err());
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
pub struct TowerStorage<S> {
    store: S,
}

impl<S: SessionStore> TowerStorage<S> {
    /// Sessions in this store.
    ///
    /// ```
    /// use session_auth::{SessionLayer, TowerStorage};
    /// use tower_sessions_memory_store::MemoryStore;
    ///
    /// let sessions = SessionLayer::new(TowerStorage::new(MemoryStore::default()));
    /// ```
    #[must_use]
    pub fn new(store: S) -> Self {
        Self { store }
    }

    /// Reads the sessions that a running site has in this store, under the ids of tower-sessions' own layer, until each
    /// gets a new one.
    ///
    /// ```
    /// use session_auth::{Promise, SessionLayer, TowerStorage};
    /// use tower_sessions_memory_store::MemoryStore;
    ///
    /// let storage = TowerStorage::new(MemoryStore::default()).existing_ids();
    /// assert!(!storage.promises().keeps(Promise::Hashed), "until the last old session has its new id");
    /// let sessions = SessionLayer::new(storage); // the cookie is `id`
    /// ```
    #[must_use]
    pub fn existing_ids(self) -> ExistingIds<S> {
        ExistingIds::new(self)
    }

    async fn stored(&self, key: &SessionKey) -> Result<Option<StoredSession>, StorageError> {
        let record = self.store.load(&id(key)).await?;
        record.map(session).transpose()
    }
}

#[async_trait]
impl<S: SessionStore> SessionStorage for TowerStorage<S> {
    fn promises(&self) -> Promises {
        PROMISES
    }

    async fn create(
        &self,
        key: &SessionKey,
        session: &StoredSession,
    ) -> Result<bool, StorageError> {
        // A store's `create` may be a `save`, which replaces.
        if self.store.load(&id(key)).await?.is_some() {
            return Ok(false);
        }
        let mut record = record(key, session)?;
        self.store.create(&mut record).await?;
        if record.id != id(key) {
            // Others find another id for a record whose own is taken.
            self.store.delete(&record.id).await?;
            return Ok(false);
        }
        Ok(true)
    }

    async fn load(&self, key: &SessionKey) -> Result<Option<Arc<StoredSession>>, StorageError> {
        Ok(self.stored(key).await?.map(Arc::new))
    }

    async fn commit(&self, key: &SessionKey, change: &Change) -> Result<Outcome, StorageError> {
        let Some(stored) = self.stored(key).await? else {
            return Ok(Outcome::Gone);
        };
        let next = match change.apply(&stored) {
            Applied::Stored(next) => next,
            Applied::Gone => return Ok(Outcome::Gone),
            Applied::Changed => return Ok(Outcome::Changed(Arc::new(stored))),
        };
        match &change.new_key {
            None => self.store.save(&record(key, &next)?).await?,
            Some(new_key) => {
                if !self.create(new_key, &next).await? {
                    return Err(StorageError::new("the new key of a session is taken"));
                }
                self.store.delete(&id(key)).await?;
            }
        }
        Ok(Outcome::Done)
    }

    async fn touch(&self, key: &SessionKey, at: OffsetDateTime) -> Result<(), StorageError> {
        if let Some(mut session) = self.stored(key).await? {
            session.last_seen = session.last_seen.max(at);
            self.store.save(&record(key, &session)?).await?;
        }
        Ok(())
    }

    async fn delete(&self, key: &SessionKey) -> Result<(), StorageError> {
        Ok(self.store.delete(&id(key)).await?)
    }

    async fn list_by_user(
        &self,
        _user: &str,
    ) -> Result<Vec<(SessionKey, Arc<StoredSession>)>, StorageError> {
        Err(no_users())
    }

    async fn delete_by_user(
        &self,
        _user: &str,
        _except: Option<&SessionKey>,
    ) -> Result<u64, StorageError> {
        Err(no_users())
    }

    async fn delete_expired(
        &self,
        _before: OffsetDateTime,
        _limit: usize,
    ) -> Result<u64, StorageError> {
        Ok(0)
    }
}

/// Nobody may believe that "log out everywhere" has done something.
fn no_users() -> StorageError {
    StorageError::new("a tower-sessions store cannot find the sessions of a user")
}

fn id(key: &SessionKey) -> Id {
    let (half, _) = key.as_bytes().split_at(16);
    let mut bytes = [0; 16];
    bytes.copy_from_slice(half);
    Id(i128::from_le_bytes(bytes))
}

/// A session as a value: a record has room for nothing but values.
#[derive(Serialize, Deserialize)]
struct Kept {
    #[serde(with = "time::serde::timestamp::milliseconds")]
    created_at: OffsetDateTime,
    #[serde(with = "time::serde::timestamp::milliseconds")]
    last_seen: OffsetDateTime,
    idle: u64,
    #[serde(with = "time::serde::timestamp::milliseconds")]
    deadline: OffsetDateTime,
    persistent: bool,
    login: Option<Login>,
    client: Client,
    values: Map<String, Value>,
}

fn record(key: &SessionKey, session: &StoredSession) -> Result<Record, StorageError> {
    let lifetime = &session.lifetime;
    let kept = Kept {
        created_at: session.created_at,
        last_seen: session.last_seen,
        idle: u64::try_from(lifetime.idle.as_millis()).unwrap_or(u64::MAX),
        deadline: lifetime.deadline,
        persistent: lifetime.persistent,
        login: session.login.clone(),
        client: session.client.clone(),
        values: session.values.map().clone(),
    };
    let kept = serde_json::to_value(kept).map_err(StorageError::new)?;
    let left = lifetime.end(session.last_seen) - session.last_seen;
    Ok(Record {
        id: id(key),
        data: [(SESSION.to_owned(), kept)].into(),
        expiry_date: system_clock().saturating_add(left + GRACE),
    })
}

fn session(mut record: Record) -> Result<StoredSession, StorageError> {
    // The parser's own message may quote a value, so it is not passed on.
    let damaged = || StorageError::damaged("a record in the store is no session of this crate");
    let kept = record.data.remove(SESSION).ok_or_else(damaged)?;
    let kept: Kept = serde_json::from_value(kept).map_err(|_| damaged())?;
    Ok(StoredSession {
        created_at: kept.created_at,
        last_seen: kept.last_seen,
        lifetime: Lifetime {
            idle: Duration::from_millis(kept.idle),
            deadline: kept.deadline,
            persistent: kept.persistent,
        },
        login: kept.login,
        client: kept.client,
        values: kept.values.into(),
    })
}

impl From<Error> for StorageError {
    fn from(error: Error) -> Self {
        match error {
            // The message may quote a value.
            Error::Decode(_) => Self::damaged("a store could not decode a record"),
            error => Self::new(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_documentation_says_what_the_storage_promises() {
        assert_eq!(include_str!("tower.md"), PROMISES.to_string());
    }
}

#[cfg(test)]
#[path = "../../fuzz/tower_record.rs"]
mod fuzz;
