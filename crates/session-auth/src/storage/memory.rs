//! Sessions in this process' memory.
//!
//! Invariant: the two indexes name exactly the sessions that the map holds, because only `insert`,
//! `remove` and `move_end` touch them.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    ops::Bound,
    sync::{Arc, RwLock, RwLockReadGuard, RwLockWriteGuard},
};

use async_trait::async_trait;
use time::OffsetDateTime;

use super::{
    Applied, Change, Outcome, Promise, Promises, SessionKey, SessionStorage, StoredSession,
};
use crate::StorageError;

/// Keeps sessions in memory: for tests, and for sites whose visitors may be logged out by a restart.
///
/// A clone is the same storage.
///
/// # What it keeps
///
/// Each session under the hash of its id, and two indexes: whose it is, and when it is over. A session takes about a
/// kilobyte and what handlers put into it; the cleanup takes what is over, and nothing else does.
///
/// # What it promises
///
#[doc = include_str!("memory.md")]
///
/// # What it cannot
///
/// Two processes each have their own: a site that runs more than one needs a storage that they share.
///
/// # Errors
///
/// None: memory does not fail.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), session_auth::StorageError> {
/// use session_auth::{MemoryStorage, SessionKey, SessionLayer, SessionStorage};
///
/// let storage = MemoryStorage::new();
/// let sessions = SessionLayer::new(storage.clone());
/// // A session that nobody has stored is none.
/// assert!(storage.load(&SessionKey::from_bytes([7; 32])).await?.is_none());
/// # Ok(()) }
/// ```
#[derive(Clone, Debug, Default)]
pub struct MemoryStorage {
    table: Arc<RwLock<Table>>,
}

impl MemoryStorage {
    /// An empty storage.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), session_auth::StorageError> {
    /// use session_auth::{MemoryStorage, SessionStorage};
    ///
    /// assert!(MemoryStorage::new().list_by_user("alice").await?.is_empty());
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    fn read(&self) -> RwLockReadGuard<'_, Table> {
        self.table
            .read()
            .expect("nothing panics while it holds this lock")
    }

    fn write(&self) -> RwLockWriteGuard<'_, Table> {
        self.table
            .write()
            .expect("nothing panics while it holds this lock")
    }
}

#[derive(Debug, Default)]
struct Table {
    sessions: HashMap<SessionKey, Arc<StoredSession>>,
    by_user: BTreeMap<String, BTreeSet<SessionKey>>,
    by_end: BTreeSet<(OffsetDateTime, SessionKey)>,
}

impl Table {
    fn insert(&mut self, key: SessionKey, session: Arc<StoredSession>) {
        self.by_end
            .insert((session.lifetime.end(session.last_seen), key));
        if let Some(login) = &session.login {
            let keys = self.by_user.entry(login.user.clone()).or_default();
            keys.insert(key);
        }
        self.sessions.insert(key, session);
    }

    fn remove(&mut self, key: &SessionKey) -> Option<Arc<StoredSession>> {
        let session = self.sessions.remove(key)?;
        self.by_end
            .remove(&(session.lifetime.end(session.last_seen), *key));
        if let Some(login) = &session.login
            && let Some(keys) = self.by_user.get_mut(&login.user)
        {
            keys.remove(key);
            if keys.is_empty() {
                self.by_user.remove(&login.user);
            }
        }
        Some(session)
    }

    /// Notes that the session under this key is over at another time now.
    fn move_end(&mut self, key: &SessionKey, before: &StoredSession, after: &StoredSession) {
        let end = |session: &StoredSession| session.lifetime.end(session.last_seen);
        let (before, after) = (end(before), end(after));
        if before != after {
            self.by_end.remove(&(before, *key));
            self.by_end.insert((after, *key));
        }
    }

    fn keys_of(&self, user: &str) -> impl Iterator<Item = SessionKey> {
        self.by_user.get(user).into_iter().flatten().copied()
    }
}

#[async_trait]
impl SessionStorage for MemoryStorage {
    fn promises(&self) -> Promises {
        Promises::all_but(&[(
            Promise::SurvivesRestart,
            "sessions live in the memory of the process",
        )])
    }

    async fn create(
        &self,
        key: &SessionKey,
        session: &StoredSession,
    ) -> Result<bool, StorageError> {
        let mut table = self.write();
        let free = !table.sessions.contains_key(key);
        if free {
            table.insert(*key, Arc::new(session.clone()));
        }
        Ok(free)
    }

    async fn load(&self, key: &SessionKey) -> Result<Option<Arc<StoredSession>>, StorageError> {
        Ok(self.at_hand(key))
    }

    fn at_hand(&self, key: &SessionKey) -> Option<Arc<StoredSession>> {
        self.read().sessions.get(key).cloned()
    }

    async fn commit(&self, key: &SessionKey, change: &Change) -> Result<Outcome, StorageError> {
        let mut table = self.write();
        let table = &mut *table;
        let Some(stored) = table.sessions.get_mut(key) else {
            return Ok(Outcome::Gone);
        };
        let next = match change.apply(stored) {
            Applied::Stored(next) => next,
            Applied::Gone => return Ok(Outcome::Gone),
            Applied::Changed => return Ok(Outcome::Changed(Arc::clone(stored))),
        };
        let new_key = change.new_key.as_ref().unwrap_or(key);
        if new_key == key && next.login == stored.login {
            // Only its end may be another one.
            let stored = std::mem::replace(stored, Arc::clone(&next));
            table.move_end(key, &stored, &next);
            return Ok(Outcome::Done);
        }
        if new_key != key && table.sessions.contains_key(new_key) {
            return Err(StorageError::new("the new key of a session is taken"));
        }
        table.remove(key);
        table.insert(*new_key, next);
        Ok(Outcome::Done)
    }

    async fn touch(&self, key: &SessionKey, at: OffsetDateTime) -> Result<(), StorageError> {
        let mut table = self.write();
        if let Some(mut session) = table.remove(key) {
            let touched = Arc::make_mut(&mut session);
            touched.last_seen = touched.last_seen.max(at);
            table.insert(*key, session);
        }
        Ok(())
    }

    async fn delete(&self, key: &SessionKey) -> Result<(), StorageError> {
        self.write().remove(key);
        Ok(())
    }

    async fn list_by_user(
        &self,
        user: &str,
    ) -> Result<Vec<(SessionKey, Arc<StoredSession>)>, StorageError> {
        let table = self.read();
        let mut sessions: Vec<_> = table
            .keys_of(user)
            .filter_map(|key| Some((key, Arc::clone(table.sessions.get(&key)?))))
            .collect();
        sessions.sort_by_key(|(_, session)| std::cmp::Reverse(session.last_seen));
        Ok(sessions)
    }

    async fn delete_by_user(
        &self,
        user: &str,
        except: Option<&SessionKey>,
    ) -> Result<u64, StorageError> {
        let mut table = self.write();
        let keys: Vec<_> = table
            .keys_of(user)
            .filter(|key| Some(key) != except)
            .collect();
        for key in &keys {
            table.remove(key);
        }
        Ok(keys.len() as u64)
    }

    async fn users(&self, after: Option<&str>, limit: usize) -> Result<Vec<String>, StorageError> {
        let after = after.map_or(Bound::Unbounded, Bound::Excluded);
        let table = self.read();
        let users = table.by_user.range::<str, _>((after, Bound::Unbounded));
        Ok(users.take(limit).map(|(user, _)| user.clone()).collect())
    }

    async fn delete_expired(
        &self,
        before: OffsetDateTime,
        limit: usize,
    ) -> Result<u64, StorageError> {
        let mut table = self.write();
        let keys: Vec<_> = table
            .by_end
            .iter()
            .take_while(|(end, _)| *end <= before)
            .take(limit)
            .map(|(_, key)| *key)
            .collect();
        for key in &keys {
            table.remove(key);
        }
        Ok(keys.len() as u64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_documentation_says_what_the_storage_promises() {
        let promises = MemoryStorage::new().promises();
        assert_eq!(include_str!("memory.md"), promises.to_string());
    }
}
