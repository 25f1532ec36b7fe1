//! Sessions as aiohttp-session writes them: when they were last written, and the values; the login is one of these.
//!
//! Invariant: what is read is no more than what Python would read, and what is written is byte for byte what it writes,
//! up to the order of keys.

use std::{borrow::Cow, time::Duration};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use time::{OffsetDateTime, PrimitiveDateTime};

use super::ascii_json;
use crate::{Client, Lifetime, Login, LoginChange, Stamp, StorageError, StoredSession};

/// What Python's side is set to.
#[derive(Clone, Debug)]
pub(crate) struct Aiohttp {
    pub(crate) login_key: Cow<'static, str>,
    pub(crate) max_age: Option<Duration>,
}

impl Default for Aiohttp {
    fn default() -> Self {
        Self {
            login_key: Cow::Borrowed("username"),
            max_age: None,
        }
    }
}

#[derive(Deserialize)]
struct Read {
    created: Option<f64>,
    session: Option<Map<String, Value>>,
}

#[derive(Serialize)]
struct Written<'a> {
    created: i64,
    session: &'a Map<String, Value>,
}

impl Aiohttp {
    pub(crate) const COOKIE_NAME: &str = "AIOHTTP_SESSION";

    /// The session in a text: `None` when it is none of aiohttp-session's, `Some(None)` when it says that there is none.
    pub(crate) fn read(&self, text: &str) -> Option<Option<StoredSession>> {
        if text.trim() == "{}" {
            return Some(None);
        }
        // A misfit message would quote the values, and nobody needs it.
        let read: Read = serde_json::from_str(text).ok()?;
        let created = read.created.filter(|created| *created != 0.0);
        if created.is_none() && self.max_age.is_some() {
            return Some(None);
        }
        #[expect(clippy::cast_possible_truncation, reason = "a time beyond i64 is none")]
        let created = created.map_or(0, |created| created as i64);
        let written = OffsetDateTime::from_unix_timestamp(created).ok()?;
        let values = read.session.unwrap_or_default();
        Some(Some(StoredSession {
            created_at: written,
            last_seen: written,
            lifetime: self.lifetime(written),
            login: self.login(&values),
            client: Client::default(),
            values: values.into(),
        }))
    }

    /// A session was written last when it was last seen: this format knows of no reading.
    pub(crate) fn write(&self, session: &StoredSession) -> Result<String, StorageError> {
        let written = Written {
            created: session.last_seen.unix_timestamp(),
            session: session.values.map(),
        };
        ascii_json::spaced(&written).map_err(StorageError::new)
    }

    /// The session as it will be read again: the login lies among the values, and nothing but `max_age` ends it.
    pub(crate) fn shape(&self, session: &StoredSession, login: &LoginChange) -> StoredSession {
        let mut values = session.values.map().clone();
        match login {
            LoginChange::Keep => {}
            LoginChange::Set(login) => {
                values.insert(
                    self.login_key.clone().into_owned(),
                    login.user.clone().into(),
                );
            }
            LoginChange::Clear => drop(values.remove(&*self.login_key)),
        }
        StoredSession {
            lifetime: self.lifetime(session.last_seen),
            login: self.login(&values),
            values: values.into(),
            ..session.clone()
        }
    }

    /// Whether Python would refuse a token of this age.
    pub(crate) fn is_over(&self, sealed_at: Option<i64>, now: OffsetDateTime) -> bool {
        let (Some(sealed_at), Some(max_age)) = (sealed_at, self.max_age) else {
            return false;
        };
        let now = now.unix_timestamp();
        let max_age = i64::try_from(max_age.as_secs()).unwrap_or(i64::MAX);
        sealed_at.saturating_add(max_age) < now || sealed_at > now.saturating_add(60)
    }

    fn login(&self, values: &Map<String, Value>) -> Option<Login> {
        let user = values.get(&*self.login_key)?.as_str()?;
        (!user.is_empty()).then(|| Login {
            user: user.to_owned(),
            stamp: Stamp::UNKNOWN,
            // Nobody knows, so it was never recently.
            at: OffsetDateTime::UNIX_EPOCH,
            remember: false,
        })
    }

    fn lifetime(&self, written: OffsetDateTime) -> Lifetime {
        let far = PrimitiveDateTime::MAX.assume_utc();
        let deadline = match self.max_age {
            Some(max_age) => written
                .checked_add(time::Duration::try_from(max_age).unwrap_or(time::Duration::MAX))
                .unwrap_or(far),
            None => far,
        };
        Lifetime {
            idle: Duration::MAX,
            deadline,
            persistent: self.max_age.is_some(),
        }
    }
}
