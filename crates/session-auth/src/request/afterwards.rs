//! The session when its answer is on the way: a stream, a socket or a task may still change it or end it.
//!
//! Invariant: nothing is noted here. It is stored before the call returns, or the call is an error; and as no cookie can
//! follow, no session begins and none gets another id.

use serde_json::{Map, Value};
use tokio::sync::Mutex;

use super::{Inner, intent::Record};
use crate::{Change, LoginChange, Outcome, SessionError, SessionKey, StoredSession};

/// What the answer made of the session.
pub(super) struct Settled {
    key: Option<SessionKey>,
    /// The values as the holder of the session knows them to be stored; a later save writes the difference.
    seen: Mutex<Option<Map<String, Value>>>,
}

impl Inner {
    /// From here on the session is the one under this key, and what is wanted of it happens at once.
    pub(super) fn settle_on(&self, key: Option<SessionKey>) {
        self.intent().is_answered = true;
        let seen = Mutex::default();
        // Whoever was first knew best.
        let _ = self.settled.set(Settled { key, seen });
    }

    /// `None` while the request is being handled. While its session is being stored, whoever asks waits.
    pub(super) async fn settled(&self) -> Option<&Settled> {
        if !self.intent().is_answered {
            return None;
        }
        Some(self.settled.wait().await)
    }

    /// What the session is stored under at this moment, as far as this request had a part in it.
    pub(super) fn current_key(&self) -> Option<SessionKey> {
        self.settled.get().map_or(self.key, |settled| settled.key)
    }

    /// The values as they are stored now, for whoever loads the session anew.
    pub(super) async fn load_now(
        &self,
        settled: &Settled,
    ) -> Result<Map<String, Value>, SessionError> {
        let stored = match &settled.key {
            Some(key) => self.load(key).await.map_err(SessionError::Unavailable)?,
            None => None,
        };
        let values = stored.map(|session| session.values.map().clone());
        let values = values.unwrap_or_default();
        *settled.seen.lock().await = Some(values.clone());
        Ok(values)
    }

    /// Stores what has changed since the answer.
    pub(super) async fn save_now(
        &self,
        settled: &Settled,
        record: Record,
    ) -> Result<(), SessionError> {
        let key = self.changeable(settled)?;
        let mut seen = settled.seen.lock().await;
        let (before, was_cleared) = self.left_by_the_answer();
        let before = seen.get_or_insert(before);
        let mut change = Change::new(self.shared.now());
        change.wipe = record.was_cleared && !was_cleared;
        if change.wipe {
            change.login = LoginChange::Clear;
        }
        change.note(before, &record.values);
        if !change.is_empty() {
            let outcome = self.commit(&key, &change).await;
            match outcome.map_err(SessionError::of_storage)? {
                Outcome::Done => {}
                Outcome::Gone | Outcome::Changed(_) => return Err(SessionError::Gone),
            }
        }
        *before = record.values.into_iter().collect();
        Ok(())
    }

    /// Ends the session. A cookie that nobody keeps a list of cannot be ended any more.
    pub(super) async fn delete_now(&self, settled: &Settled) -> Result<(), SessionError> {
        let Some(key) = settled.key else {
            return Ok(());
        };
        if self.is_in_cookie() && !self.is_known_to_server() {
            return Err(SessionError::Answered);
        }
        let deleted = self.storage.delete(&key).await;
        deleted.map_err(SessionError::Unavailable)
    }

    /// The session as it is stored now, for an update.
    pub(super) async fn stored_now(
        &self,
        settled: &Settled,
    ) -> Result<(SessionKey, std::sync::Arc<StoredSession>), SessionError> {
        let key = self.changeable(settled)?;
        let stored = self.load(&key).await.map_err(SessionError::Unavailable)?;
        Ok((key, stored.ok_or(SessionError::Gone)?))
    }

    /// A later save does not take an updated value for one of its own.
    pub(super) async fn see_update(&self, settled: &Settled, key: &str, value: Option<Value>) {
        let mut seen = settled.seen.lock().await;
        let seen = seen.get_or_insert_with(|| self.left_by_the_answer().0);
        match value {
            Some(value) => drop(seen.insert(key.to_owned(), value)),
            None => drop(seen.remove(key)),
        }
    }

    fn changeable(&self, settled: &Settled) -> Result<SessionKey, SessionError> {
        let key = settled.key.filter(|_| !self.is_in_cookie());
        key.ok_or(SessionError::Answered)
    }

    /// Whether the cookie of the answer is what keeps the session.
    fn is_in_cookie(&self) -> bool {
        self.lent.as_ref().is_some_and(|lent| lent.is_in_cookie())
    }

    fn is_known_to_server(&self) -> bool {
        let lent = self.lent.as_ref();
        lent.is_none_or(|lent| lent.is_known_to_server())
    }

    /// The values that the answer left, and whether their record had been cleared by then.
    fn left_by_the_answer(&self) -> (Map<String, Value>, bool) {
        let intent = self.intent();
        if let Some(left) = &intent.left {
            return (left.values.clone().into_iter().collect(), left.was_cleared);
        }
        let read = self.known().map(|session| session.values.map());
        (intent.over(read.unwrap_or(&Map::new())).into_owned(), false)
    }
}
