//! How sessions are usually stored: the record as it was loaded is written back whole, whether it is still there or not.
//!
//! The control of the contract suite: every race that the suite runs must go wrong here, or it proves nothing.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard},
};

use async_trait::async_trait;
use time::OffsetDateTime;

use crate::{
    Applied, Change, Outcome, Promise, Promises, SessionKey, SessionStorage, StorageError,
    StoredSession,
};

/// A storage that does it wrong, for tests that must be seen to fail: loads a record, writes the whole record back as an
/// upsert. It loses concurrent writes and brings ended sessions back.
///
/// ```
/// use session_auth::{Promise, SessionStorage, testing::NaiveStorage};
///
/// assert!(!NaiveStorage::new().promises().keeps(Promise::ConcurrentWrites));
/// ```
#[derive(Clone, Debug, Default)]
pub struct NaiveStorage {
    tables: Arc<Mutex<Tables>>,
}

#[derive(Debug, Default)]
struct Tables {
    sessions: HashMap<SessionKey, Arc<StoredSession>>,
    /// What requests carry around between their load and their save.
    loaded: HashMap<SessionKey, Arc<StoredSession>>,
}

impl NaiveStorage {
    /// An empty storage.
    ///
    /// ```
    /// use session_auth::{SessionLayer, testing::NaiveStorage};
    ///
    /// // A test of yours that stays green over this one does not see lost updates.
    /// let sessions = SessionLayer::new(NaiveStorage::new());
    /// ```
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    fn tables(&self) -> MutexGuard<'_, Tables> {
        self.tables
            .lock()
            .expect("nothing panics while it holds this lock")
    }
}

#[async_trait]
impl SessionStorage for NaiveStorage {
    fn promises(&self) -> Promises {
        Promises::all_but(&[
            (Promise::ConcurrentWrites, "the last record wins"),
            (Promise::NoRevival, "a save is an upsert"),
            (Promise::AtomicRotation, "rotations copy what was loaded"),
            (Promise::SurvivesRestart, "it is memory"),
            (Promise::DeadLogins, "nobody is named to the cleanup"),
        ])
    }

    async fn create(
        &self,
        key: &SessionKey,
        session: &StoredSession,
    ) -> Result<bool, StorageError> {
        let mut tables = self.tables();
        let is_free = !tables.sessions.contains_key(key);
        if is_free {
            tables.sessions.insert(*key, Arc::new(session.clone()));
        }
        Ok(is_free)
    }

    async fn load(&self, key: &SessionKey) -> Result<Option<Arc<StoredSession>>, StorageError> {
        let mut tables = self.tables();
        let session = tables.sessions.get(key).cloned();
        if let Some(session) = &session {
            tables.loaded.insert(*key, Arc::clone(session));
        }
        Ok(session)
    }

    async fn commit(&self, key: &SessionKey, change: &Change) -> Result<Outcome, StorageError> {
        let mut tables = self.tables();
        let Some(loaded) = tables.loaded.get(key).cloned() else {
            return Ok(Outcome::Gone);
        };
        match change.apply(&loaded) {
            Applied::Stored(next) => {
                tables.sessions.remove(key);
                let key = change.new_key.unwrap_or(*key);
                tables.sessions.insert(key, next);
                Ok(Outcome::Done)
            }
            Applied::Gone => Ok(Outcome::Gone),
            Applied::Changed => Ok(Outcome::Changed(loaded)),
        }
    }

    async fn touch(&self, key: &SessionKey, at: OffsetDateTime) -> Result<(), StorageError> {
        let mut tables = self.tables();
        if let Some(mut session) = tables.loaded.get(key).cloned() {
            Arc::make_mut(&mut session).last_seen = at;
            tables.sessions.insert(*key, session);
        }
        Ok(())
    }

    async fn delete(&self, key: &SessionKey) -> Result<(), StorageError> {
        self.tables().sessions.remove(key);
        Ok(())
    }

    async fn list_by_user(
        &self,
        user: &str,
    ) -> Result<Vec<(SessionKey, Arc<StoredSession>)>, StorageError> {
        let tables = self.tables();
        let mut sessions: Vec<_> = tables
            .sessions
            .iter()
            .filter(|(_, session)| is_of(session, user))
            .map(|(key, session)| (*key, Arc::clone(session)))
            .collect();
        sessions.sort_by_key(|(_, session)| std::cmp::Reverse(session.last_seen));
        Ok(sessions)
    }

    async fn delete_by_user(
        &self,
        user: &str,
        except: Option<&SessionKey>,
    ) -> Result<u64, StorageError> {
        let mut tables = self.tables();
        let before = tables.sessions.len();
        tables
            .sessions
            .retain(|key, session| Some(key) == except || !is_of(session, user));
        Ok((before - tables.sessions.len()) as u64)
    }

    async fn delete_expired(
        &self,
        before: OffsetDateTime,
        limit: usize,
    ) -> Result<u64, StorageError> {
        let mut tables = self.tables();
        let over = tables
            .sessions
            .iter()
            .filter(|(_, session)| session.is_over(before));
        let keys: Vec<_> = over.map(|(key, _)| *key).take(limit).collect();
        for key in &keys {
            tables.sessions.remove(key);
        }
        Ok(keys.len() as u64)
    }
}

fn is_of(session: &StoredSession, user: &str) -> bool {
    session
        .login
        .as_ref()
        .is_some_and(|login| login.user == user)
}
