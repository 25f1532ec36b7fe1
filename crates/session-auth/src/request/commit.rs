//! Turns what a request did into one create, change, rotation or deletion, and the outcome into the answer's headers.
//!
//! Invariant: nothing is stored for a 5xx; an answer that could not be stored is a 503; a cookie is set only for what is
//! stored.

use std::sync::Arc;

use serde_json::{Map, Value};
use time::OffsetDateTime;
use tower_sessions_core::Expiry;

use super::{
    Inner, RequestSession,
    intent::{Data, Intent, LoginIntent},
};
use crate::{
    Change, Lifetime, Login, LoginChange, Outcome, SessionError, StorageError, StoredSession,
    cookie::{Issued, Presented, SessionId},
};

/// Ids do not collide unless the randomness is broken; so often it may be a test's.
const ATTEMPTS: usize = 4;

/// What the browser is told about its cookie.
pub(super) enum Cookie {
    Keep,
    Set(Issued, Lifetime),
    Remove,
}

impl RequestSession {
    pub(super) async fn commit(self) -> Result<Cookie, SessionError> {
        if self.tower.is_modified() {
            // Hands the record over; nothing is stored yet.
            self.inner.intent().is_committed = true;
            let saved = self.tower.save().await;
            saved.map_err(|error| self.inner.failure(error))?;
            if self.inner.intent().is_misnamed {
                // A task that goes on after the answer gets a record by which a `cycle_id` can be told.
                let loaded = self.tower.load().await;
                loaded.map_err(|error| self.inner.failure(error))?;
            }
        }
        let expiry = self.tower.expiry();
        let intent = self.inner.intent().take();
        let inner = &self.inner;
        let now = inner.shared.now();
        let stored = if intent.has_ended {
            None
        } else {
            inner.stored().await?.map(Arc::as_ref)
        };
        let login = intent.new_login(stored);
        let lifetime = inner.lifetime(stored, login.as_ref(), expiry, now);
        match (stored, lifetime) {
            (Some(stored), Some(lifetime)) => {
                let change = intent.change(stored, login, lifetime, now);
                inner.apply(change).await
            }
            (Some(_), None) => inner.delete().await,
            (None, lifetime) => {
                let ended = if intent.has_ended {
                    inner.delete().await?
                } else {
                    Cookie::Keep
                };
                let Some(lifetime) = lifetime else {
                    return Ok(ended);
                };
                let values = intent.record.as_ref().map(|record| record.values.clone());
                let values = values.unwrap_or_default().into_iter().collect();
                let login = login.map(|login| login.login);
                let opened = inner.open(values, login, lifetime, now).await?;
                Ok(opened.unwrap_or(ended))
            }
        }
    }
}

/// A login that this request made.
struct NewLogin {
    login: Login,
    /// The person did not prove anew who they are, so the lifetime does not begin again.
    is_renewal: bool,
}

/// A change, and what its outcome needs.
struct Planned {
    change: Change,
    rotates: bool,
    lifetime: Lifetime,
}

impl Intent {
    fn new_login(&self, stored: Option<&StoredSession>) -> Option<NewLogin> {
        let is_renewal = matches!(self.login.as_ref()?, LoginIntent::Renew(_));
        let stored = stored.and_then(|session| session.login.as_ref());
        Some(NewLogin {
            login: self.login_over(stored)?.into_owned(),
            is_renewal,
        })
    }

    /// What this request did to the stored session.
    fn change(
        self,
        stored: &StoredSession,
        login: Option<NewLogin>,
        lifetime: Lifetime,
        now: OffsetDateTime,
    ) -> Planned {
        let mut change = Change::new(now);
        let rotates = self.rotates || login.is_some();
        if lifetime != stored.lifetime {
            change.lifetime = Some(lifetime);
        }
        if let Some(record) = &self.record {
            // What is left after somebody else has logged in is theirs, also where it is what was there before.
            change.wipe = record.was_cleared || is_other_person(stored, login.as_ref());
            if record.was_cleared && stored.login.is_some() {
                change.login = LoginChange::Clear;
            }
            change.note(&self.over(stored.values.map()), &record.values);
        }
        if let Some(NewLogin { login, .. }) = login {
            change.login = LoginChange::Set(login);
        }
        Planned {
            change,
            rotates,
            lifetime,
        }
    }
}

fn is_other_person(stored: &StoredSession, new: Option<&NewLogin>) -> bool {
    let old = stored.login.as_ref();
    old.zip(new)
        .is_some_and(|(old, new)| old.user != new.login.user)
}

impl Change {
    /// Notes the difference between what was read and what a handler left. Writing the value that was read is no write.
    pub(super) fn note(&mut self, read: &Map<String, Value>, left: &Data) {
        if !self.wipe {
            let gone = read.keys().filter(|key| !left.contains_key(*key));
            self.remove = gone.cloned().collect();
        }
        let written = |(key, value): &(&String, &Value)| self.wipe || read.get(*key) != Some(value);
        let set = left.iter().filter(written);
        self.set = set
            .map(|(key, value)| (key.clone(), value.clone()))
            .collect();
    }
}

impl Inner {
    /// The lifetime that the session is to have; `None` when the handler asked to end it.
    fn lifetime(
        &self,
        stored: Option<&StoredSession>,
        login: Option<&NewLogin>,
        expiry: Option<Expiry>,
        now: OffsetDateTime,
    ) -> Option<Lifetime> {
        let (limits, since, lifetime) = match (login, stored) {
            (Some(NewLogin { login, is_renewal }), stored) if !is_renewal || stored.is_none() => {
                let limits = self.shared.limits(login.remember);
                (limits, now, limits.lifetime(now, login.remember))
            }
            (_, Some(stored)) => {
                let login = stored.login.as_ref();
                let limits = self
                    .shared
                    .limits(login.is_some_and(|login| login.remember));
                // A login whose time the storage does not keep is as old as time itself.
                let since =
                    login.map_or(stored.created_at, |login| login.at.max(stored.created_at));
                (limits, since, stored.lifetime)
            }
            (_, None) => {
                let limits = self.shared.limits(false);
                (limits, now, limits.lifetime(now, false))
            }
        };
        match expiry {
            None => Some(lifetime),
            Some(expiry) => limits.apply(expiry, lifetime, since, now),
        }
    }

    /// Whether the session is over with this expiry, which a handler has set.
    pub(super) fn runs_out(&self, stored: &StoredSession, expiry: Option<Expiry>) -> bool {
        let now = self.shared.now();
        self.lifetime(Some(stored), None, expiry, now).is_none()
    }

    async fn apply(&self, planned: Planned) -> Result<Cookie, SessionError> {
        let Planned {
            mut change,
            rotates,
            lifetime,
        } = planned;
        let Some(key) = &self.key else {
            return Ok(Cookie::Keep);
        };
        if change.is_empty() && !rotates {
            self.touch().await;
            return Ok(Cookie::Keep);
        }
        let next = rotates.then(|| self.issued(self.presented.successor(self.shared.randomness)));
        change.new_key = next.map(|next| next.key);
        if matches!(change.login, LoginChange::Set(_)) {
            change.client = Some(self.client());
        }
        let outcome = self.commit(key, &change).await;
        match outcome.map_err(SessionError::of_storage)? {
            Outcome::Done => Ok(match (next, self.presented) {
                (Some(next), _) => Cookie::Set(next, lifetime),
                (None, Presented::Id(id)) if change.lifetime.is_some() => {
                    Cookie::Set(id.into(), lifetime)
                }
                (None, _) => Cookie::Keep,
            }),
            // A login is not a late save: it needs nothing of what is gone.
            Outcome::Gone => match change.login {
                LoginChange::Set(login) => {
                    let opened = self.open(change.set, Some(login), lifetime, change.now);
                    Ok(opened.await?.unwrap_or(Cookie::Keep))
                }
                LoginChange::Keep | LoginChange::Clear => Ok(Cookie::Keep),
            },
            Outcome::Changed(_) => Err(SessionError::Unavailable(StorageError::new(
                "the storage refused a change that expected nothing",
            ))),
        }
    }

    /// Stores a new session, unless there is nothing in it.
    async fn open(
        &self,
        values: Map<String, Value>,
        login: Option<Login>,
        lifetime: Lifetime,
        now: OffsetDateTime,
    ) -> Result<Option<Cookie>, SessionError> {
        if values.is_empty() && login.is_none() {
            return Ok(None);
        }
        let session = StoredSession {
            created_at: now,
            last_seen: now,
            lifetime,
            login,
            client: self.client(),
            values: values.into(),
        };
        for _ in 0..ATTEMPTS {
            let issued = self.issued(SessionId::new(self.shared.randomness).into());
            let created = self.storage.create(&issued.key, &session).await;
            if created.map_err(SessionError::of_storage)? {
                return Ok(Some(Cookie::Set(issued, lifetime)));
            }
        }
        Err(SessionError::Unavailable(StorageError::new(
            "the randomness given to the SessionLayer repeats itself",
        )))
    }

    fn issued(&self, issued: Issued) -> Issued {
        if let Some(lent) = &self.lent {
            lent.issue(&issued.id);
        }
        issued
    }

    /// Ends the session of the presented cookie.
    async fn delete(&self) -> Result<Cookie, SessionError> {
        if let Some(key) = &self.key {
            let deleted = self.storage.delete(key).await;
            deleted.map_err(SessionError::Unavailable)?;
        }
        Ok(match self.presented {
            Presented::Id(_) | Presented::Carried(_) => Cookie::Remove,
            Presented::Nothing | Presented::Undecodable | Presented::Ambiguous => Cookie::Keep,
        })
    }
}
