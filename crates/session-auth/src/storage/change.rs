//! One change to a stored session, and the single place that says what it does.
//!
//! Invariant: a change is applied to what is stored *now*. It carries what a request did, never a copy of what it read.

use std::sync::Arc;

use serde_json::{Map, Value};
use time::OffsetDateTime;

use super::{Login, SessionKey, StoredSession, Values};
use crate::{Client, Lifetime};

/// What a request did to its session.
///
/// Read it with [`apply`](Self::apply). A storage that writes fields one by one, as the one for Redis does, reads its parts.
///
/// ```
/// use session_auth::{Change, LoginChange, SessionKey};
///
/// let mut change = Change::new(time::macros::datetime!(2030-01-01 12:00 UTC));
/// change.set.insert("theme".to_owned(), "dark".into());
/// change.remove.push("draft".to_owned());
/// change.new_key = Some(SessionKey::from_bytes([8; 32])); // a rotation is a change like any other
/// assert_eq!(change.login, LoginChange::Keep);
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Change {
    /// When the request was answered; the session counts as used then.
    pub now: OffsetDateTime,
    /// Values that must still be like this (`None`: absent), or nothing happens.
    pub expected: Vec<(String, Option<Value>)>,
    /// Whether every value goes, before those below come.
    pub wipe: bool,
    /// Values that are set.
    pub set: Map<String, Value>,
    /// Values that go.
    pub remove: Vec<String>,
    /// The key that the session moves to.
    pub new_key: Option<SessionKey>,
    /// What happens to the login.
    pub login: LoginChange,
    /// A new lifetime.
    pub lifetime: Option<Lifetime>,
    /// Where the person logged in from.
    pub client: Option<Client>,
}

/// What a [`Change`] does to the login of a session.
///
/// ```
/// use session_auth::{Login, LoginChange, Stamp};
///
/// let now = time::macros::datetime!(2030-01-01 12:00 UTC);
/// let login = |user: &str| Login { user: user.into(), stamp: Stamp::of(&[]), at: now, remember: false };
/// assert_ne!(LoginChange::Set(login("alice")), LoginChange::Set(login("bob")));
/// assert_ne!(LoginChange::Clear, LoginChange::Keep);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LoginChange {
    /// It stays.
    Keep,
    /// Somebody is logged in now. When that is somebody else than before, the values of the session go.
    Set(Login),
    /// Nobody is logged in any more.
    Clear,
}

/// What [`Change::apply`] makes of a stored session.
///
/// ```
/// use session_auth::{Applied, Outcome, StoredSession};
/// use std::sync::Arc;
///
/// /// What a storage answers, which holds the lock of the session.
/// fn outcome(applied: Applied, stored: Arc<StoredSession>, store: impl FnOnce(Arc<StoredSession>)) -> Outcome {
///     match applied {
///         Applied::Gone => Outcome::Gone,
///         Applied::Changed => Outcome::Changed(stored),
///         Applied::Stored(next) => {
///             store(next);
///             Outcome::Done
///         }
///     }
/// }
/// ```
#[derive(Clone, Debug)]
pub enum Applied {
    /// The session as it is to be stored, under the change's `new_key` if it has one.
    Stored(Arc<StoredSession>),
    /// The session is over: answer [`Outcome::Gone`](super::Outcome::Gone).
    Gone,
    /// A value is not as expected: answer [`Outcome::Changed`](super::Outcome::Changed).
    Changed,
}

impl Change {
    /// A change that does nothing yet.
    ///
    /// ```
    /// use session_auth::Change;
    ///
    /// let change = Change::new(time::macros::datetime!(2030-01-01 12:00 UTC));
    /// assert!(change.set.is_empty() && change.new_key.is_none() && !change.wipe);
    /// ```
    #[must_use]
    pub fn new(now: OffsetDateTime) -> Self {
        Self {
            now,
            expected: Vec::new(),
            wipe: false,
            set: Map::new(),
            remove: Vec::new(),
            new_key: None,
            login: LoginChange::Keep,
            lifetime: None,
            client: None,
        }
    }

    /// Whether committing this would do no more than touch the session.
    pub(crate) fn is_empty(&self) -> bool {
        !self.wipe
            && self.set.is_empty()
            && self.remove.is_empty()
            && self.new_key.is_none()
            && self.login == LoginChange::Keep
            && self.lifetime.is_none()
    }

    /// What becomes of the session that is stored now. The caller holds whatever keeps others from writing it.
    ///
    /// ```
    /// # use session_auth::{Applied, Change, Client, Lifetime, StoredSession, Values};
    /// # use std::time::Duration;
    /// # let now = time::OffsetDateTime::UNIX_EPOCH;
    /// # let lifetime = Lifetime { idle: Duration::from_secs(60), deadline: now + Duration::from_secs(600), persistent: false };
    /// # let stored = StoredSession { created_at: now, last_seen: now, lifetime, login: None, client: Client::default(),
    /// #     values: Values::from_json(r#"{"count":1}"#.to_owned()).unwrap() };
    /// let mut change = Change::new(now);
    /// change.expected.push(("count".to_owned(), Some(1.into())));
    /// change.set.insert("count".to_owned(), 2.into());
    ///
    /// let Applied::Stored(next) = change.apply(&stored) else { panic!() };
    /// assert_eq!(next.values.to_json(), r#"{"count":2}"#);
    ///
    /// // The same change a second time: the value is no longer as it was read.
    /// assert!(matches!(change.apply(&next), Applied::Changed));
    /// // And a session that is over takes no change at all.
    /// change.now += Duration::from_secs(60);
    /// assert!(matches!(change.apply(&stored), Applied::Gone));
    /// ```
    #[must_use]
    pub fn apply(&self, stored: &StoredSession) -> Applied {
        if stored.is_over(self.now) {
            return Applied::Gone;
        }
        if !self.expects(stored) {
            return Applied::Changed;
        }
        Applied::Stored(Arc::new(StoredSession {
            created_at: stored.created_at,
            last_seen: stored.last_seen.max(self.now),
            lifetime: self.lifetime.unwrap_or(stored.lifetime),
            login: match &self.login {
                LoginChange::Keep => stored.login.clone(),
                LoginChange::Set(login) => Some(login.clone()),
                LoginChange::Clear => None,
            },
            client: self.client.as_ref().unwrap_or(&stored.client).clone(),
            values: self.values(stored),
        }))
    }

    /// Whether every value is still what it has to be.
    pub(crate) fn expects(&self, stored: &StoredSession) -> bool {
        let as_read =
            |(key, value): &(String, Option<Value>)| stored.values.map().get(key) == value.as_ref();
        self.expected.iter().all(as_read)
    }

    fn values(&self, stored: &StoredSession) -> Values {
        let wipe = self.wipe || self.is_other_person(stored);
        if !wipe && self.set.is_empty() && self.remove.is_empty() {
            return stored.values.clone();
        }
        let mut values = if wipe {
            Map::new()
        } else {
            stored.values.map().clone()
        };
        for key in &self.remove {
            values.remove(key);
        }
        values.extend(
            self.set
                .iter()
                .map(|(key, value)| (key.clone(), value.clone())),
        );
        values.into()
    }

    fn is_other_person(&self, stored: &StoredSession) -> bool {
        match (&self.login, &stored.login) {
            (LoginChange::Set(new), Some(old)) => new.user != old.user,
            _ => false,
        }
    }
}
