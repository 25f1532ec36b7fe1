//! What the calls of a storage came to, one after the other, and for which request they were made.

use std::sync::{Arc, Mutex, MutexGuard};

use crate::{Change, Outcome, SessionKey, StoredSession};

/// A call that the storage answered.
pub(super) enum Event {
    Created(SessionKey, StoredSession, bool),
    Loaded(SessionKey, Option<Arc<StoredSession>>),
    Committed(SessionKey, Change, Outcome),
    Deleted(SessionKey),
    /// Every session of this user but this one.
    UserEnded(String, Option<SessionKey>),
}

/// The calls of many requests. A clone is the same history.
#[derive(Clone, Default)]
pub(super) struct History(Arc<Mutex<Vec<(usize, Event)>>>);

impl History {
    /// Where the calls of one request are noted.
    pub(super) fn of_request(&self, request: usize) -> Notes {
        Notes {
            request,
            history: self.clone(),
        }
    }

    pub(super) fn events(&self) -> MutexGuard<'_, Vec<(usize, Event)>> {
        self.0
            .lock()
            .expect("nothing panics while it holds this lock")
    }

    /// How many calls there have been: a clock that stands still while nobody asks the storage.
    pub(super) fn len(&self) -> usize {
        self.events().len()
    }
}

#[derive(Clone)]
pub(super) struct Notes {
    request: usize,
    history: History,
}

impl Notes {
    pub(super) fn note(&self, event: Event) {
        self.history.events().push((self.request, event));
    }
}
