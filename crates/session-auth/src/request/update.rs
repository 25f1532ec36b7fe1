//! The one write that does not wait for the response: a compare-and-set of one value.
//!
//! Invariant: a value is replaced only while it is what `f` was shown, so no concurrent update is lost; and whatever the
//! storage answers, the asking ends.

use std::sync::Arc;

use serde_json::Value;

use super::{RequestSession, intent::MARKER};
use crate::{Change, Outcome, SessionError, SessionKey, StorageError, StoredSession};

/// How often an update is tried: each time but the last somebody else's was stored, which is progress.
const ATTEMPTS: usize = 1_000;

/// How often a storage may refuse a value that is as it was read.
const UNFOUNDED: usize = 8;

fn unavailable(why: &'static str) -> SessionError {
    SessionError::Unavailable(StorageError::new(why))
}

/// When an updated value is in the storage. What a failed answer has to undo is only what is there already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stored {
    AtOnce,
    WithTheAnswer,
}

/// Shows `f` what this request has written in place of what is stored, which it would replace anyway.
fn over(
    written: Option<Option<Value>>,
    mut f: impl FnMut(Option<Value>) -> Result<Option<Value>, SessionError>,
) -> impl FnMut(Option<Value>) -> Result<Option<Value>, SessionError> {
    move |stored| f(written.clone().unwrap_or(stored))
}

impl RequestSession {
    /// Replaces one value at once by what `f` makes of the one that is stored, and asks again when somebody else was
    /// faster. `None` stands for an absent value on both sides.
    pub(crate) async fn update_value(
        &self,
        key: &str,
        f: impl FnMut(Option<Value>) -> Result<Option<Value>, SessionError>,
    ) -> Result<Stored, SessionError> {
        if let Some(settled) = self.inner.settled.get() {
            let (session_key, stored) = self.inner.stored_now(settled).await?;
            let new = self.replace(session_key, stored, key, None, f).await?;
            self.inner.see_update(settled, key, new.clone()).await;
            self.put(key, new).await?;
            return Ok(Stored::AtOnce);
        }
        let stored = self.inner.stored().await?;
        let (Some(session_key), Some(stored)) = (self.inner.key, stored) else {
            return self.update_unstored(key, f).await;
        };
        if !self.still_sees(stored).await? {
            return self.update_unstored(key, f).await;
        }
        // What this request has stored since it read the session is no longer as it was read.
        let updated = self.inner.intent().updated(key);
        let written = self.written(stored, key).await?;
        let f = over(written, f);
        let new = self
            .replace(session_key, Arc::clone(stored), key, updated, f)
            .await?;
        self.inner.intent().note_update(key, new.clone());
        // Else this is undone for a failed answer: whoever saves the session meanwhile holds it until that is settled.
        if !self.inner.intent().is_answered {
            self.put(key, new).await?;
        }
        Ok(Stored::AtOnce)
    }

    /// Whether the stored values are this request's to see. They are not when it has ended the session, cleared it or
    /// given it to another person, though nothing of that is stored before the answer.
    async fn still_sees(&self, stored: &StoredSession) -> Result<bool, SessionError> {
        {
            let intent = self.inner.intent();
            // What is undone then was done to what is stored.
            if intent.is_answered {
                return Ok(!intent.has_ended);
            }
            if intent.lets_go_of(stored) {
                return Ok(false);
            }
        }
        let marker = self.tower.get_value(MARKER).await;
        let marker = marker.map_err(|error| self.inner.failure(error))?;
        Ok(marker.is_some())
    }

    /// What this request has written or removed under this key, where that waits for the answer.
    async fn written(
        &self,
        stored: &StoredSession,
        key: &str,
    ) -> Result<Option<Option<Value>>, SessionError> {
        let is_noted = self.inner.intent().record.is_some();
        if !is_noted && !self.tower.is_modified() {
            return Ok(None);
        }
        let seen = self.tower.get_value(key).await;
        let seen = seen.map_err(|error| self.inner.failure(error))?;
        let intent = self.inner.intent();
        let read = intent.over(stored.values.map()).get(key).cloned();
        Ok((seen != read).then_some(seen))
    }

    /// Asks `f` until its value is stored. The first time it is shown the updated value, where there is one.
    async fn replace(
        &self,
        session_key: SessionKey,
        mut current: Arc<StoredSession>,
        key: &str,
        mut updated: Option<Option<Value>>,
        mut f: impl FnMut(Option<Value>) -> Result<Option<Value>, SessionError>,
    ) -> Result<Option<Value>, SessionError> {
        let mut unfounded = 0;
        for _ in 0..ATTEMPTS {
            let old = match updated.take() {
                Some(updated) => updated,
                None => current.values.map().get(key).cloned(),
            };
            let new = f(old.clone())?;
            if new == old {
                return Ok(new);
            }
            let mut change = Change::new(self.now());
            change.expected.push((key.to_owned(), old));
            match new.clone() {
                Some(value) => drop(change.set.insert(key.to_owned(), value)),
                None => change.remove.push(key.to_owned()),
            }
            let outcome = self.inner.commit(&session_key, &change).await;
            match outcome.map_err(SessionError::of_storage)? {
                Outcome::Done => return Ok(new),
                Outcome::Gone => return Err(SessionError::Gone),
                Outcome::Changed(stored) => {
                    // Somebody may have changed it back; a storage that says so for ever cannot compare this value.
                    unfounded += usize::from(change.expects(&stored));
                    if unfounded == UNFOUNDED {
                        return Err(unavailable(
                            "the storage calls a value changed that it gives back unchanged",
                        ));
                    }
                    current = stored;
                }
            }
        }
        Err(unavailable(
            "others changed a value of a session faster than it could be updated",
        ))
    }

    /// Where no session is stored, or none that this request still sees, there is nobody to race with: the value is
    /// written with the answer.
    async fn update_unstored(
        &self,
        key: &str,
        mut f: impl FnMut(Option<Value>) -> Result<Option<Value>, SessionError>,
    ) -> Result<Stored, SessionError> {
        if self.inner.intent().is_answered {
            return Err(SessionError::Gone);
        }
        let old = self.tower.get_value(key).await;
        let old = old.map_err(|error| self.inner.failure(error))?;
        let new = f(old.clone())?;
        if new != old {
            self.put(key, new).await?;
            // Notes it for the answer; or finds that the answer has gone while this waited.
            let noted = self.tower.save().await;
            noted.map_err(|error| self.inner.failure(error))?;
        }
        Ok(Stored::WithTheAnswer)
    }

    /// Lets this request see the value, too.
    pub(super) async fn put(&self, key: &str, value: Option<Value>) -> Result<(), SessionError> {
        let put = match value {
            Some(value) => self.tower.insert_value(key, value).await,
            None => self.tower.remove_value(key).await,
        };
        put.map(drop).map_err(|error| self.inner.failure(error))
    }
}
