//! The storage that tower-sessions sees: one per request, it notes what is wanted and stores nothing.
//!
//! Invariant: `load` always answers a record and names it by the request's handle, so tower-sessions finds nothing
//! suspicious, its `Debug` shows no secret, and no id that it makes up is ever used.

use std::fmt;

use async_trait::async_trait;
use serde_json::{Map, Value};
use tower_sessions_core::{
    SessionStore,
    session::{Id, Record as TowerRecord},
    session_store::Result,
};

use super::{
    Inner, RequestSession,
    intent::{Data, Intent, MARKER, Record},
};
use crate::{SessionError, error::backend};

#[async_trait]
impl SessionStore for Inner {
    async fn create(&self, record: &mut TowerRecord) -> Result<()> {
        if self.settled().await.is_some() {
            return Err(backend(SessionError::Answered));
        }
        let id = self.own(record.id);
        let noted = self.note(|intent| {
            intent.create(id, self.handle, Record::from(&record.data));
            intent.is_misnamed = true;
        });
        if !noted {
            return Err(backend(SessionError::Answered));
        }
        record.id = self.handle;
        Ok(())
    }

    async fn save(&self, record: &TowerRecord) -> Result<()> {
        if let Some(lent) = &self.lent
            && self.is_open_to_handlers()
        {
            let fits = lent.fits(&record.data, MARKER);
            fits.map_err(|error| backend(SessionError::of_storage(error)))?;
        }
        let noted = self.note(|intent| {
            intent.save(Record::from(&record.data));
            intent.is_misnamed = record.id != self.record_id();
        });
        if noted {
            return Ok(());
        }
        let settled = self.settled.wait().await;
        let saved = self.save_now(settled, Record::from(&record.data)).await;
        saved.map_err(backend)
    }

    async fn load(&self, _handle: &Id) -> Result<Option<TowerRecord>> {
        self.intent().is_misnamed = false;
        if let Some(settled) = self.settled().await {
            let read = self.load_now(settled).await.map_err(backend)?;
            let mut data: Data = read.into_iter().collect();
            data.insert(MARKER.to_owned(), Value::Null);
            return Ok(Some(self.record(data)));
        }
        let stored = self.stored().await.map_err(backend)?;
        let intent = self.intent();
        let mut data = match &intent.record {
            Some(record) => record.values.clone(),
            None => match stored {
                Some(stored) if !intent.lets_go_of(stored) => {
                    copy(&intent.over(stored.values.map()))
                }
                Some(_) | None => Data::new(),
            },
        };
        let was_cleared = intent
            .record
            .as_ref()
            .is_some_and(|record| record.was_cleared);
        if !was_cleared && !intent.has_ended {
            data.insert(MARKER.to_owned(), Value::Null);
        }
        Ok(Some(self.record(data)))
    }

    async fn delete(&self, id: &Id) -> Result<()> {
        let own = self.own(*id);
        if !self.note(|intent| intent.delete(own, self.handle)) {
            let settled = self.settled.wait().await;
            // The beginning of a `cycle_id`, whose end would find that no cookie can follow; or what may be one.
            if *id == self.record_id() || self.intent().is_misnamed {
                return Err(backend(SessionError::Answered));
            }
            return self.delete_now(settled).await.map_err(backend);
        }
        Ok(())
    }
}

impl RequestSession {
    /// Every value as this request sees it, and nothing that only this module knows of.
    pub(crate) async fn values(&self) -> std::result::Result<Map<String, Value>, SessionError> {
        if self.tower.is_modified() && !self.inner.intent().is_answered {
            let noted = self.tower.save().await;
            noted.map_err(|error| self.inner.failure(error))?;
        }
        let record = SessionStore::load(&*self.inner, &self.inner.handle).await;
        let record = record.map_err(|error| self.inner.failure(error.into()))?;
        let values = record.map(|record| record.data).unwrap_or_default();
        Ok(values
            .into_iter()
            .filter(|(key, _)| key != MARKER)
            .collect())
    }
}

/// With room for the [`MARKER`].
fn copy(values: &Map<String, Value>) -> Data {
    let mut data = Data::with_capacity(values.len() + 1);
    data.extend(
        values
            .iter()
            .map(|(key, value)| (key.clone(), value.clone())),
    );
    data
}

impl Inner {
    fn record(&self, data: Data) -> TowerRecord {
        TowerRecord {
            id: self.record_id(),
            data,
            expiry_date: time::OffsetDateTime::UNIX_EPOCH,
        }
    }

    /// What a record that was loaded is called. Only `cycle_id` deletes under this name; everything else says the handle.
    fn record_id(&self) -> Id {
        Id(!self.handle.0)
    }

    fn own(&self, id: Id) -> Id {
        if id == self.record_id() {
            self.handle
        } else {
            id
        }
    }

    fn is_open_to_handlers(&self) -> bool {
        let intent = self.intent();
        !intent.is_answered && !intent.is_committed
    }

    /// Notes what is wanted, or says `false`: the answer has taken what was noted, and nobody would look at more.
    #[must_use]
    pub(super) fn note(&self, note: impl FnOnce(&mut Intent)) -> bool {
        self.is_used
            .store(true, std::sync::atomic::Ordering::Relaxed);
        let mut intent = self.intent();
        if !intent.is_answered {
            note(&mut intent);
        }
        !intent.is_answered
    }
}

/// Shows nothing: `Debug` of tower-sessions' session prints its store.
impl fmt::Debug for Inner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("session_auth::SessionStorage")
    }
}
