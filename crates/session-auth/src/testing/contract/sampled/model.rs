//! What a storage should have answered: sessions in a map, one call at a time.
//!
//! Invariant: it says what a call means in its own words and asks none of the code that storages share. Where the storage
//! answers otherwise, that is a fault, and the model goes on from what the storage has.

use std::collections::HashMap;

use serde_json::{Map, Value};

use super::Fault;
use crate::{
    Change, LoginChange, Outcome, Promise, SessionKey, StoredSession, testing::history::Event,
};

/// How a session came to be no more under its key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    Deleted,
    Moved,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Kept {
    pub(super) user: Option<String>,
    pub(super) values: Map<String, Value>,
}

impl From<&StoredSession> for Kept {
    fn from(session: &StoredSession) -> Self {
        Self {
            user: session.login.as_ref().map(|login| login.user.clone()),
            values: session.values.map().clone(),
        }
    }
}

#[derive(Default)]
pub(super) struct Model {
    sessions: HashMap<SessionKey, Kept>,
    ended: HashMap<SessionKey, End>,
}

impl Model {
    /// With the session that is there before the requests.
    pub(super) fn with(key: SessionKey, session: Kept) -> Self {
        Self {
            sessions: [(key, session)].into(),
            ended: HashMap::new(),
        }
    }

    /// What is wrong with what a call came to.
    pub(super) fn follow(&mut self, event: &Event) -> Option<Fault> {
        match event {
            Event::Created(key, session, is_free) => {
                let fault = (!is_free).then(|| Fault::of_all("a new id was taken already"));
                self.sessions.insert(*key, session.into());
                fault
            }
            Event::Loaded(key, loaded) => {
                let loaded = loaded.as_deref().map(Kept::from);
                let fault = self.compare(key, loaded.as_ref());
                self.adopt(*key, loaded);
                fault
            }
            Event::Committed(key, change, outcome) => self.commit(*key, change, outcome),
            Event::Deleted(key) => {
                self.end(*key, End::Deleted);
                None
            }
            Event::UserEnded(user, except) => {
                let is_theirs = |(key, kept): (&SessionKey, &Kept)| {
                    let ends = kept.user.as_ref() == Some(user) && Some(*key) != *except;
                    ends.then_some(*key)
                };
                let theirs: Vec<_> = self.sessions.iter().filter_map(is_theirs).collect();
                for key in theirs {
                    self.end(key, End::Deleted);
                }
                None
            }
        }
    }

    /// What is wrong with what is found under a key.
    pub(super) fn compare(&self, key: &SessionKey, found: Option<&Kept>) -> Option<Fault> {
        match (self.sessions.get(key), found) {
            (None, Some(_)) => Some(self.revived(key, "a session is found")),
            (Some(_), None) => Some(Fault::of(
                Promise::ConcurrentWrites,
                "a session that nobody ended is not found",
            )),
            (Some(expected), Some(found)) if expected != found => Some(Fault::of(
                Promise::ConcurrentWrites,
                format!("the session holds {found:?} instead of {expected:?}"),
            )),
            _ => None,
        }
    }

    fn commit(&mut self, key: SessionKey, change: &Change, outcome: &Outcome) -> Option<Fault> {
        let kept = self.sessions.get(&key);
        let as_read = kept.is_some_and(|kept| {
            let mut expected = change.expected.iter();
            expected.all(|(key, value)| kept.values.get(key) == value.as_ref())
        });
        let fault = match (kept, outcome) {
            (None, Outcome::Gone) => None,
            (None, Outcome::Done) => Some(self.revived(&key, "a change is accepted")),
            // Nothing is stored by it, and the next try is refused.
            (None, Outcome::Changed(_)) => Some(Fault::of(
                Promise::ConcurrentWrites,
                "a value is compared in a session that is no more",
            )),
            (Some(_), Outcome::Gone) => Some(Fault::of(
                Promise::ConcurrentWrites,
                "a change is refused to a session that nobody ended",
            )),
            (Some(_), Outcome::Done) => (!as_read).then(|| {
                Fault::of(
                    Promise::ConcurrentWrites,
                    "a value was replaced that was not as it had been read",
                )
            }),
            (Some(kept), Outcome::Changed(stored)) => {
                let is_right = !as_read && *kept == Kept::from(&**stored);
                (!is_right).then(|| {
                    Fault::of(
                        Promise::ConcurrentWrites,
                        format!("{change:?} met {stored:?} instead of {kept:?}"),
                    )
                })
            }
        };
        if let (Some(_), Outcome::Changed(stored)) = (kept, outcome) {
            self.adopt(key, Some(Kept::from(&**stored)));
        }
        if matches!(outcome, Outcome::Done) {
            self.apply(key, change);
        }
        fault
    }

    fn apply(&mut self, key: SessionKey, change: &Change) {
        let mut kept = self.sessions.remove(&key).unwrap_or_default();
        let before = kept.user.clone();
        match &change.login {
            LoginChange::Keep => {}
            LoginChange::Set(login) => kept.user = Some(login.user.clone()),
            LoginChange::Clear => kept.user = None,
        }
        let is_other = before.is_some() && kept.user.is_some() && before != kept.user;
        if change.wipe || is_other {
            kept.values.clear();
        }
        for key in &change.remove {
            kept.values.remove(key);
        }
        for (key, value) in &change.set {
            kept.values.insert(key.clone(), value.clone());
        }
        if change.new_key.is_some() {
            self.ended.insert(key, End::Moved);
        }
        self.sessions.insert(change.new_key.unwrap_or(key), kept);
    }

    fn end(&mut self, key: SessionKey, end: End) {
        if self.sessions.remove(&key).is_some() {
            self.ended.insert(key, end);
        }
    }

    fn adopt(&mut self, key: SessionKey, found: Option<Kept>) {
        match found {
            Some(kept) => drop(self.sessions.insert(key, kept)),
            None => drop(self.sessions.remove(&key)),
        }
    }

    fn revived(&self, key: &SessionKey, what: &str) -> Fault {
        let (promise, how) = match self.ended.get(key) {
            Some(End::Moved) => (Promise::AtomicRotation, "that has moved to another id"),
            Some(End::Deleted) => (Promise::NoRevival, "that has ended"),
            None => (Promise::NoRevival, "that never was"),
        };
        Fault::of(promise, format!("{what} {how}"))
    }
}
