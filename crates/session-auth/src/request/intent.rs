//! What a request wants to become of its session, read from the calls that tower-sessions makes.
//!
//! `delete` then `create` under the same id is `flush`; under another id it is `cycle_id`; `delete` alone ends the
//! session; a record that lost the [`MARKER`] was cleared. Invariant: what cannot be told apart ends the session.

use std::{borrow::Cow, collections::HashMap, sync::Arc};

use serde_json::{Map, Value};
use tower_sessions_core::session::Id;

use super::Undo;
use crate::{Login, Stamp, StoredSession};

/// Lies in every record that was loaded. Only `clear` and `flush` can lose it: no handler knows a key with this name.
pub(super) const MARKER: &str = "\u{0}loaded";

pub(super) type Data = HashMap<String, Value>;

#[derive(Default)]
pub(super) struct Intent {
    /// The session is to end. A record or a login that came after that belong to a new one.
    pub(super) has_ended: bool,
    /// The session is to get a new id, also without a login.
    pub(super) rotates: bool,
    pub(super) login: Option<LoginIntent>,
    /// Somebody else than before was logged in, so nothing that was stored until then is to be seen.
    pub(super) is_given_away: bool,
    /// The record as tower-sessions last gave it.
    pub(super) record: Option<Arc<Record>>,
    /// What `update` stored since the session was read.
    updates: Vec<(String, Option<Value>)>,
    /// Deletions under the request's own handle whose meaning the next call tells.
    deletions: u8,
    /// The login as it was at the first of them.
    login_before: Option<LoginIntent>,
    pub(super) undo: Vec<Undo>,
    pub(super) is_answered: bool,
    /// The record as the answer left it, for what comes afterwards.
    pub(super) left: Option<Arc<Record>>,
    /// The layer itself saves, after the handler.
    pub(super) is_committed: bool,
    /// tower-sessions calls its record by the request's handle, so that a `cycle_id` would look like a deletion.
    pub(super) is_misnamed: bool,
}

pub(super) enum LoginIntent {
    Set(Login),
    Renew(Stamp),
}

pub(super) struct Record {
    pub(super) values: Data,
    pub(super) was_cleared: bool,
}

impl From<&Data> for Record {
    fn from(data: &Data) -> Self {
        let mut values = data.clone();
        let was_cleared = values.remove(MARKER).is_none();
        Self {
            values,
            was_cleared,
        }
    }
}

impl Intent {
    pub(super) fn end(&mut self) {
        *self = Self {
            has_ended: true,
            undo: std::mem::take(&mut self.undo),
            is_answered: self.is_answered,
            is_committed: self.is_committed,
            is_misnamed: self.is_misnamed,
            ..Self::default()
        };
    }

    /// tower-sessions deletes: the beginning of a flush or a cycle, or an end. Under an id that it made up itself, it
    /// cycles once more.
    pub(super) fn delete(&mut self, id: Id, handle: Id) {
        if id != handle {
            return;
        }
        self.deletions = self.deletions.saturating_add(1);
        if let Some(login) = self.login.take() {
            self.login_before = Some(login);
        }
    }

    /// tower-sessions creates a record under a new or, after a flush, the old id.
    pub(super) fn create(&mut self, id: Id, handle: Id, record: Record) {
        let is_cycle = self.deletions <= 1 && id != handle && !record.was_cleared;
        if is_cycle || self.deletions == 0 {
            self.settle_cycle();
            self.record = Some(Arc::new(record));
        } else {
            self.settle_end();
            self.record = self.unless_left_over(record);
        }
    }

    /// tower-sessions saves a record under its id.
    pub(super) fn save(&mut self, record: Record) {
        if self.deletions > 0 {
            self.settle_end();
        }
        self.record = self.unless_left_over(record);
    }

    /// A record that was never cleared still holds the values of the session that ended.
    fn unless_left_over(&self, record: Record) -> Option<Arc<Record>> {
        (record.was_cleared || !self.has_ended).then(|| Arc::new(record))
    }

    fn settle_cycle(&mut self) {
        self.rotates |= self.deletions > 0;
        self.deletions = 0;
        let before = self.login_before.take();
        self.login = self.login.take().or(before);
    }

    fn settle_end(&mut self) {
        let login = self.login.take();
        self.end();
        self.login = login;
    }

    /// The response exists: what is wanted now is wanted, and nothing more is heard. A deletion that nothing followed
    /// was meant as it stands.
    pub(super) fn take(&mut self) -> Self {
        if self.deletions > 0 {
            self.settle_end();
        }
        let answered = Self {
            is_answered: true,
            left: self.record.clone(),
            updates: self.updates.clone(),
            is_misnamed: self.is_misnamed,
            ..Self::default()
        };
        std::mem::replace(self, answered)
    }

    /// Whether there may be more to store than what tower-sessions calls modified.
    pub(super) fn is_empty(&self) -> bool {
        !self.has_ended
            && !self.rotates
            && self.deletions == 0
            && self.login.is_none()
            && self.record.is_none()
    }

    /// Whether a deletion waits for the call that tells what it meant.
    pub(super) fn is_undecided(&self) -> bool {
        self.deletions > 0
    }

    /// Whether the stored login is over for this request, as far as it has been told.
    pub(super) fn has_let_go(&self) -> bool {
        let was_cleared = self
            .record
            .as_ref()
            .is_some_and(|record| record.was_cleared);
        self.has_ended || self.deletions > 0 || was_cleared
    }

    /// Whether what is stored is, for this request, another's session or one that has ended.
    pub(super) fn lets_go_of(&self, stored: &StoredSession) -> bool {
        let login = self.login.as_ref().or(self.login_before.as_ref());
        let is_of_another = match (login, &stored.login) {
            (Some(LoginIntent::Set(new)), Some(old)) => new.user != old.user,
            _ => false,
        };
        self.has_ended || self.is_given_away || is_of_another
    }

    pub(super) fn renew(&mut self, stamp: Stamp) {
        match &mut self.login {
            Some(LoginIntent::Set(login)) => login.stamp = stamp,
            _ => self.login = Some(LoginIntent::Renew(stamp)),
        }
    }

    /// The login that results over the stored one.
    pub(super) fn login_over<'a>(&self, stored: Option<&'a Login>) -> Option<Cow<'a, Login>> {
        match &self.login {
            Some(LoginIntent::Set(login)) => Some(Cow::Owned(login.clone())),
            _ if self.has_ended => None,
            Some(LoginIntent::Renew(stamp)) => {
                let mut login = stored?.clone();
                login.stamp = *stamp;
                Some(Cow::Owned(login))
            }
            None => stored.map(Cow::Borrowed),
        }
    }

    pub(super) fn note_update(&mut self, key: &str, value: Option<Value>) {
        self.updates.retain(|(other, _)| other != key);
        self.updates.push((key.to_owned(), value));
    }

    /// What `update` last stored under this key, if anything.
    pub(super) fn updated(&self, key: &str) -> Option<Option<Value>> {
        let mut updates = self.updates.iter();
        updates.find_map(|(other, value)| (other == key).then(|| value.clone()))
    }

    /// The values that were read, with what `update` stored since.
    pub(super) fn over<'a>(&self, read: &'a Map<String, Value>) -> Cow<'a, Map<String, Value>> {
        if self.updates.is_empty() {
            return Cow::Borrowed(read);
        }
        let mut read = read.clone();
        for (key, value) in &self.updates {
            match value {
                Some(value) => drop(read.insert(key.clone(), value.clone())),
                None => drop(read.remove(key)),
            }
        }
        Cow::Owned(read)
    }
}
