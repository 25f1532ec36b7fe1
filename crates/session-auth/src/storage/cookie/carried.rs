//! The session of one request, out of its cookie and into the next.
//!
//! Invariant: what is to be sent was sealed, and found to fit, before the ledger heard of it.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard},
};

use async_trait::async_trait;
use serde_json::Value;
use time::OffsetDateTime;

use super::{CookieStorage, Format, LIMIT, Read};
use crate::{
    Applied, Change, Clock, Lifetime, LoginChange, Outcome, Promises, Randomness, SessionKey,
    SessionStorage, SessionTooLarge, StorageError, StoredSession, Values,
    cookie::{Found, Presented},
    layer::Shared,
    storage::Lent,
};

pub(crate) struct Carried {
    cookies: Arc<CookieStorage>,
    clock: Clock,
    randomness: Randomness,
    /// What is left for the value when the browser counts the name.
    limit: usize,
    name_len: usize,
    slot: Mutex<Slot>,
}

#[derive(Default)]
struct Slot {
    session: Option<(SessionKey, Arc<StoredSession>)>,
    is_outdated: bool,
    /// The value of the cookie to send.
    sealed: Option<String>,
}

impl Carried {
    pub(crate) fn meet(
        cookies: Arc<CookieStorage>,
        found: &Found<'_>,
        shared: &Shared,
    ) -> (Self, Presented) {
        let read = match found {
            Found::One(value) => cookies.read(value, shared.now()),
            Found::Nothing | Found::Ambiguous => Read::Nothing,
        };
        let (slot, presented) = match (read, found) {
            (Read::Session(key, session, is_outdated), _) => {
                let slot = Slot {
                    session: Some((key, Arc::from(session))),
                    is_outdated,
                    sealed: None,
                };
                (slot, Presented::Carried(key))
            }
            (Read::Undecodable, _) => (Slot::default(), Presented::Undecodable),
            (Read::Nothing, Found::Ambiguous) => (Slot::default(), Presented::Ambiguous),
            (Read::Nothing, _) => (Slot::default(), Presented::Nothing),
        };
        let name_len = shared.cookie.name().len();
        let carried = Self {
            cookies,
            clock: shared.clock,
            randomness: shared.randomness,
            limit: LIMIT.saturating_sub(name_len),
            name_len,
            slot: Mutex::new(slot),
        };
        (carried, presented)
    }

    /// Of a request that brought nothing, outside of any layer.
    #[cfg(feature = "testing")]
    pub(crate) fn nothing(cookies: Arc<CookieStorage>) -> Self {
        Self {
            cookies,
            clock: crate::testing::now,
            randomness: crate::ambient::system_randomness,
            limit: LIMIT,
            name_len: 0,
            slot: Mutex::default(),
        }
    }

    fn sealed(&self, key: &SessionKey, session: &StoredSession) -> Result<String, StorageError> {
        let now = (self.clock)();
        let value = self.cookies.write(key, session, now, self.randomness)?;
        if value.len() > self.limit {
            return Err(StorageError::new(SessionTooLarge {
                size: self.name_len + value.len(),
                limit: LIMIT,
            }));
        }
        Ok(value)
    }

    fn keep(&self, key: SessionKey, session: Arc<StoredSession>, sealed: String) {
        *self.slot() = Slot {
            session: Some((key, session)),
            is_outdated: false,
            sealed: Some(sealed),
        };
    }

    fn session(&self, key: &SessionKey) -> Option<Arc<StoredSession>> {
        let slot = self.slot();
        let (own, session) = slot.session.as_ref()?;
        (own == key).then(|| Arc::clone(session))
    }

    fn slot(&self) -> MutexGuard<'_, Slot> {
        self.slot
            .lock()
            .expect("nothing panics while it holds this lock")
    }

    fn ledger(&self) -> Option<&Arc<dyn SessionStorage>> {
        self.cookies.ledger()
    }
}

impl Lent for Carried {
    /// The session is not as it came.
    fn reissued(&self) -> Option<(String, Lifetime)> {
        let mut slot = self.slot();
        let sealed = slot.sealed.take()?;
        let (_, session) = slot.session.as_ref()?;
        Some((sealed, session.lifetime))
    }

    fn is_in_cookie(&self) -> bool {
        true
    }

    fn is_known_to_server(&self) -> bool {
        self.ledger().is_some()
    }

    /// It is sealed with a key that is on its way out.
    fn is_outdated(&self) -> bool {
        self.slot().is_outdated
    }

    fn notes_uses(&self) -> bool {
        matches!(self.cookies.format, Format::Own)
    }

    fn fits(&self, values: &HashMap<String, Value>, except: &str) -> Result<(), StorageError> {
        let now = (self.clock)();
        let current = self.slot().session.clone();
        let (key, mut session) = match current {
            Some((key, session)) => (key, StoredSession::clone(&session)),
            None => (SessionKey::from_bytes([0; 32]), new_session(now)),
        };
        let values = values.iter().filter(|(key, _)| *key != except);
        session.values = Values::from(
            values
                .map(|(key, value)| (key.clone(), value.clone()))
                .collect::<serde_json::Map<_, _>>(),
        );
        self.sealed(&key, &session).map(drop)
    }
}

/// As large as a new session of nobody's will be.
fn new_session(now: OffsetDateTime) -> StoredSession {
    let lifetime = Lifetime {
        idle: std::time::Duration::from_secs(24 * 60 * 60),
        deadline: now,
        persistent: false,
    };
    StoredSession {
        created_at: now,
        last_seen: now,
        lifetime,
        login: None,
        client: crate::Client::default(),
        values: Values::default(),
    }
}

/// What the ledger is told of a change: everything but the values.
fn without_values(change: &Change) -> Change {
    Change {
        lifetime: change.lifetime,
        new_key: change.new_key,
        login: change.login.clone(),
        client: change.client.clone(),
        ..Change::new(change.now)
    }
}

#[async_trait]
impl SessionStorage for Carried {
    fn promises(&self) -> Promises {
        self.cookies.promises()
    }

    async fn create(
        &self,
        key: &SessionKey,
        session: &StoredSession,
    ) -> Result<bool, StorageError> {
        let login = session.login.clone();
        let login = login.map_or(LoginChange::Keep, LoginChange::Set);
        let session = self.cookies.shaped(Arc::new(session.clone()), &login);
        let sealed = self.sealed(key, &session)?;
        if let Some(ledger) = self.ledger() {
            let known = StoredSession {
                values: Values::default(),
                ..StoredSession::clone(&session)
            };
            if !ledger.create(key, &known).await? {
                return Ok(false);
            }
        }
        self.keep(*key, session, sealed);
        Ok(true)
    }

    async fn load(&self, key: &SessionKey) -> Result<Option<Arc<StoredSession>>, StorageError> {
        let Some(session) = self.session(key) else {
            return Ok(None);
        };
        let Some(ledger) = self.ledger() else {
            return Ok(Some(session));
        };
        let Some(known) = ledger.load(key).await? else {
            return Ok(None);
        };
        // The cookie may be an old copy. Who is logged in, and for how long, is what the ledger says.
        let session = Arc::new(StoredSession {
            values: session.values.clone(),
            ..StoredSession::clone(&known)
        });
        if let Some((own, slot)) = &mut self.slot().session
            && own == key
        {
            *slot = Arc::clone(&session);
        }
        Ok(Some(session))
    }

    async fn commit(&self, key: &SessionKey, change: &Change) -> Result<Outcome, StorageError> {
        let Some(stored) = self.session(key) else {
            // Another session of this person's is ended where it is known; its values nobody here could change.
            return match self.ledger() {
                Some(ledger) if change.set.is_empty() => {
                    ledger.commit(key, &without_values(change)).await
                }
                _ => Ok(Outcome::Gone),
            };
        };
        let next = match change.apply(&stored) {
            Applied::Stored(next) => self.cookies.shaped(next, &change.login),
            Applied::Gone => return Ok(Outcome::Gone),
            Applied::Changed => return Ok(Outcome::Changed(stored)),
        };
        let new_key = change.new_key.unwrap_or(*key);
        let sealed = self.sealed(&new_key, &next)?;
        if let Some(ledger) = self.ledger()
            && let gone @ (Outcome::Gone | Outcome::Changed(_)) =
                ledger.commit(key, &without_values(change)).await?
        {
            return Ok(gone);
        }
        self.keep(new_key, next, sealed);
        Ok(Outcome::Done)
    }

    async fn touch(&self, key: &SessionKey, at: OffsetDateTime) -> Result<(), StorageError> {
        let Some(mut session) = self.session(key) else {
            return Ok(());
        };
        if self.notes_uses() {
            let touched = Arc::make_mut(&mut session);
            touched.last_seen = touched.last_seen.max(at);
        }
        let sealed = self.sealed(key, &session)?;
        if let Some(ledger) = self.ledger() {
            ledger.touch(key, at).await?;
        }
        self.keep(*key, session, sealed);
        Ok(())
    }

    async fn delete(&self, key: &SessionKey) -> Result<(), StorageError> {
        if let Some(ledger) = self.ledger() {
            ledger.delete(key).await?;
        }
        if self.session(key).is_some() {
            *self.slot() = Slot::default();
        }
        Ok(())
    }

    async fn list_by_user(
        &self,
        user: &str,
    ) -> Result<Vec<(SessionKey, Arc<StoredSession>)>, StorageError> {
        match self.ledger() {
            Some(ledger) => ledger.list_by_user(user).await,
            None => Ok(Vec::new()),
        }
    }

    async fn delete_by_user(
        &self,
        user: &str,
        except: Option<&SessionKey>,
    ) -> Result<u64, StorageError> {
        match self.ledger() {
            Some(ledger) => ledger.delete_by_user(user, except).await,
            // Nobody may believe that "log out everywhere" has done something.
            None => Err(StorageError::new(
                "nobody knows which cookies there are, so none can be ended",
            )),
        }
    }

    async fn former_login(
        &self,
        key: &SessionKey,
        since: OffsetDateTime,
    ) -> Result<Option<String>, StorageError> {
        match self.ledger() {
            Some(ledger) => ledger.former_login(key, since).await,
            None => Ok(None),
        }
    }

    async fn delete_expired(
        &self,
        before: OffsetDateTime,
        limit: usize,
    ) -> Result<u64, StorageError> {
        match self.ledger() {
            Some(ledger) => ledger.delete_expired(before, limit).await,
            None => Ok(0),
        }
    }
}
