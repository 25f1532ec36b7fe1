//! The session of one request, as the layer and the login see it.
//!
//! Invariant: the storage is read at most once per request, and what a handler does to the session is only noted here;
//! it is stored when the response exists (`commit`), except by `update`, which asks the storage at once.

use std::{
    borrow::Cow,
    net::IpAddr,
    pin::Pin,
    sync::{
        Arc, Mutex, MutexGuard, OnceLock,
        atomic::{AtomicBool, Ordering},
    },
};

use axum::extract::FromRequestParts;
use http::{HeaderValue, header, request::Parts};
use serde_json::Value;
use time::OffsetDateTime;
use tokio::sync::{OnceCell, SetOnce};
use tower_sessions_core::session::Id;

use crate::{
    Change, Client, FORMER_LOGIN, Login, LoginChange, Outcome, Promise, SessionError, SessionKey,
    SessionStorage, Stamp, StorageError, StoredSession,
    cleanup::Judge,
    client::browser_name,
    cookie::Presented,
    layer::Shared,
    lifetime::touch_interval,
    storage::{Lent, Met},
};

mod adapter;
mod afterwards;
mod answer;
mod commit;
mod handles;
mod intent;
mod update;

use afterwards::Settled;
pub(crate) use answer::Answer;
pub(crate) use handles::Handles;
use intent::{Intent, LoginIntent};
pub(crate) use update::Stored;

/// Found in the extensions of every request that passed the layer. A clone is the same session.
#[derive(Clone)]
pub(crate) struct RequestSession {
    inner: Arc<Inner>,
    tower: tower_sessions_core::Session,
}

struct Inner {
    shared: Arc<Shared>,
    storage: Arc<dyn SessionStorage>,
    /// The same storage, where it was made for this request.
    lent: Option<Arc<dyn Lent>>,
    presented: Presented,
    key: Option<SessionKey>,
    handle: Id,
    address: Option<IpAddr>,
    user_agent: Option<HeaderValue>,
    /// Whether somebody asked for the session, so that the answer depends on it.
    is_used: AtomicBool,
    /// Whether the storage is to hear that the session was used, judged when it was read.
    is_stale: AtomicBool,
    loaded: OnceCell<Result<Option<Arc<StoredSession>>, StorageError>>,
    /// Why the storage could not be asked once more.
    fault: OnceLock<StorageError>,
    intent: Mutex<Intent>,
    /// What the answer made of the session, once it has.
    settled: SetOnce<Settled>,
}

/// What to do when the answer is a 5xx after all.
pub(crate) type Undo =
    Box<dyn FnOnce(RequestSession) -> Pin<Box<dyn Future<Output = ()> + Send>> + Send>;

impl RequestSession {
    pub(crate) fn new(shared: Arc<Shared>, parts: &Parts) -> Self {
        let Met {
            storage,
            lent,
            presented,
        } = shared.storage.meet(&parts.headers, &shared);
        let key = presented.key();
        let handle = key.map_or_else(
            || shared.handles.next(shared.randomness),
            |key| key.public_id(),
        );
        let inner = Arc::new(Inner {
            storage,
            lent,
            presented,
            key,
            handle,
            address: (shared.client_address)(parts),
            user_agent: parts.headers.get(header::USER_AGENT).cloned(),
            is_used: AtomicBool::new(false),
            is_stale: AtomicBool::new(false),
            loaded: OnceCell::new(),
            fault: OnceLock::new(),
            intent: Mutex::default(),
            settled: SetOnce::new(),
            shared,
        });
        let tower = tower_sessions_core::Session::new(Some(handle), Arc::clone(&inner), None);
        Self { inner, tower }
    }

    /// The session that handlers see.
    pub(crate) fn session(&self) -> tower_sessions_core::Session {
        self.tower.clone()
    }

    pub(crate) fn tower(&self) -> &tower_sessions_core::Session {
        &self.tower
    }

    pub(crate) fn now(&self) -> OffsetDateTime {
        self.inner.shared.now()
    }

    /// Lets this directory say, too, which logins count when sessions are cleaned up.
    pub(crate) fn ask<J: Judge + 'static>(&self, judge: &Arc<J>) {
        self.inner.shared.cleanup.ask(judge);
    }

    /// The address of the client, as the application finds it.
    pub(crate) fn address(&self) -> Option<IpAddr> {
        self.inner.address
    }

    /// Whether what keeps this session keeps this promise.
    pub(crate) fn keeps(&self, promise: Promise) -> bool {
        self.inner.storage.promises().keeps(promise)
    }

    /// Who is logged in, as far as this request knows: what it did itself counts.
    pub(crate) async fn login(&self) -> Result<Option<Cow<'_, Login>>, SessionError> {
        let stored = self.inner.stored().await?;
        let login = match stored {
            Some(session) if session.login.is_some() && !self.lets_go(session).await? => {
                session.login.as_ref()
            }
            Some(_) | None => None,
        };
        Ok(self.inner.intent().login_over(login))
    }

    /// Whether a user whom this request has found before may be one no longer, because it has ended the session since.
    pub(crate) async fn may_have_ended(&self) -> Result<bool, SessionError> {
        match self.inner.known() {
            Some(stored) => self.lets_go(stored).await,
            // A login of this very request, in a session that is not stored yet.
            None => Ok(self.is_open().await? && self.inner.intent().login.is_none()),
        }
    }

    /// Whether the answer is still to come; if so, a new id is told from an end by now.
    async fn is_open(&self) -> Result<bool, SessionError> {
        let is_undecided = {
            let intent = self.inner.intent();
            if intent.is_answered {
                return Ok(false);
            }
            intent.is_undecided()
        };
        if is_undecided && self.tower.is_modified() {
            let saved = self.tower.save().await;
            saved.map_err(|error| self.inner.failure(error))?;
        }
        Ok(true)
    }

    /// Whether this request has ended, cleared or run out what is stored, by calls of tower-sessions' own. Nothing of that
    /// is stored before the answer.
    async fn lets_go(&self, stored: &StoredSession) -> Result<bool, SessionError> {
        if !self.is_open().await? {
            return Ok(false);
        }
        if self.inner.intent().has_let_go() {
            return Ok(true);
        }
        if self.tower.is_modified() {
            let marker = self.tower.get_value(intent::MARKER).await;
            if marker.map_err(|error| self.inner.failure(error))?.is_none() {
                return Ok(true);
            }
        }
        let expiry = self.tower.expiry();
        Ok(expiry.is_some() && self.inner.runs_out(stored, expiry))
    }

    /// Who is logged in, as the storage has it at this moment and not as this request found it.
    pub(crate) async fn stored_login(&self) -> Result<Option<Login>, SessionError> {
        self.inner.is_used.store(true, Ordering::Relaxed);
        let Some(key) = self.inner.current_key() else {
            return Ok(None);
        };
        let stored = self.inner.heed(self.inner.load(&key).await)?;
        let login = stored.as_ref().and_then(|session| session.login.clone());
        if self.inner.key == Some(key) {
            // The answer tells of a person, though nobody has asked for the session itself.
            let _ = self.inner.loaded.set(Ok(stored));
        }
        Ok(login)
    }

    /// Who was logged in in the session that this request names, as long as that is remembered: it is over, or was ended.
    pub(crate) async fn former_login(&self) -> Result<Option<String>, SessionError> {
        let Some(key) = &self.inner.key else {
            return Ok(None);
        };
        let since = self.now() - FORMER_LOGIN;
        let stored = self.inner.heed(self.inner.read(key).await)?;
        if let Some(stored) = stored {
            let is_recent = stored.lifetime.end(stored.last_seen) > since;
            let login = stored.login.as_ref().filter(|_| is_recent);
            return Ok(login.map(|login| login.user.clone()));
        }
        self.inner
            .heed(self.inner.storage.former_login(key, since).await)
    }

    /// Logs somebody in: the id changes with the answer, and what another person left in the session goes.
    pub(crate) async fn set_login(&self, login: Login) -> Result<(), SessionError> {
        let before = self.login().await?;
        if before.is_some_and(|before| before.user != login.user) {
            self.inner.still_takes_logins()?.is_given_away = true;
            // Within this request, too. It is no `clear` of the handler's, which would end the login as well.
            self.tower.clear().await;
            self.put(intent::MARKER, Some(Value::Null)).await?;
        }
        // The answer may have gone meanwhile.
        self.inner.still_takes_logins()?.login = Some(LoginIntent::Set(login));
        Ok(())
    }

    /// Logs in before any handler sees the session.
    #[cfg(feature = "testing")]
    pub(crate) fn log_in_untouched(&self, identity: crate::Identity) {
        self.inner.is_used.store(true, Ordering::Relaxed);
        self.inner.intent().login = Some(LoginIntent::Set(Login {
            user: identity.id,
            stamp: identity.stamp,
            at: self.now(),
            remember: false,
        }));
    }

    /// Ends the session. What is written after this belongs to a new one in which nobody is logged in.
    pub(crate) async fn clear_login(&self) -> Result<(), SessionError> {
        if let Some(settled) = self.inner.settled().await {
            return self.inner.delete_now(settled).await;
        }
        self.inner.is_used.store(true, Ordering::Relaxed);
        self.tower.clear().await;
        let is_noted = self.inner.note(Intent::end);
        if !is_noted {
            // The answer went while this waited.
            let settled = self.inner.settled.wait().await;
            return self.inner.delete_now(settled).await;
        }
        Ok(())
    }

    /// Gives the session a new id and the login a new stamp. Nothing, when nobody is logged in.
    pub(crate) fn renew(&self, stamp: Stamp) -> Result<(), SessionError> {
        self.inner.still_takes_logins()?.renew(stamp);
        Ok(())
    }

    /// Ends every other session of this user, now.
    pub(crate) async fn end_other_sessions(&self, user: &str) -> Result<u64, SessionError> {
        let storage = &self.inner.storage;
        let own = self.inner.current_key();
        let ended = storage.delete_by_user(user, own.as_ref());
        ended.await.map_err(SessionError::Unavailable)
    }

    /// What the storage has this request's session under, once it has any.
    pub(crate) fn key(&self) -> Option<SessionKey> {
        self.inner.current_key()
    }

    /// The sessions in which this user is logged in, as the storage has them now.
    pub(crate) async fn sessions_of(
        &self,
        user: &str,
    ) -> Result<Vec<(SessionKey, Arc<StoredSession>)>, SessionError> {
        let listed = self.inner.storage.list_by_user(user).await;
        listed.map_err(SessionError::Unavailable)
    }

    /// Ends another session, now. `false` when it is not there any more, perhaps because it has another id by now.
    pub(crate) async fn end(&self, key: &SessionKey) -> Result<bool, SessionError> {
        // A deletion would not tell whether there was something to delete; a logout does.
        let mut logout = Change::new(self.now());
        logout.wipe = true;
        logout.login = LoginChange::Clear;
        let outcome = self.inner.commit(key, &logout).await;
        let was_there = match outcome.map_err(SessionError::Unavailable)? {
            Outcome::Done => true,
            Outcome::Gone | Outcome::Changed(_) => false,
        };
        let deleted = self.inner.storage.delete(key).await;
        deleted.map_err(SessionError::Unavailable)?;
        Ok(was_there)
    }

    /// After it no cookie can say anything new.
    pub(crate) fn still_has_an_answer(&self) -> Result<(), tower_sessions_core::session::Error> {
        let still = self.inner.still_takes_logins();
        still
            .map(drop)
            .map_err(|error| crate::error::backend(error).into())
    }

    /// Runs when the answer is a 5xx, for what was done at once and should not count then.
    pub(crate) fn on_failure(&self, undo: Undo) {
        self.inner.intent().undo.push(undo);
    }
}

impl Inner {
    fn intent(&self) -> MutexGuard<'_, Intent> {
        self.intent
            .lock()
            .expect("nothing panics while it holds this lock")
    }

    /// A login has a new id, and after the answer no cookie can carry one.
    fn still_takes_logins(&self) -> Result<MutexGuard<'_, Intent>, SessionError> {
        let intent = self.intent();
        match intent.is_answered {
            true => Err(SessionError::Answered),
            false => Ok(intent),
        }
    }

    /// Remembers that the storage failed, whatever is made of it: the answer of the request says so.
    fn heed<T>(&self, answer: Result<T, StorageError>) -> Result<T, SessionError> {
        answer.map_err(|error| {
            let _ = self.fault.set(error.clone());
            SessionError::Unavailable(error)
        })
    }

    /// The stored session, read once. A failure is remembered and becomes the answer of the request.
    async fn stored(&self) -> Result<Option<&Arc<StoredSession>>, SessionError> {
        self.is_used.store(true, Ordering::Relaxed);
        let Some(key) = &self.key else {
            return Ok(None);
        };
        if self.loaded.get().is_none()
            && let Some(session) = self.storage.at_hand(key)
        {
            // Whoever else is loading it just now keeps theirs.
            let _ = self.loaded.set(Ok(self.if_not_over(session)));
        }
        let loaded = match self.loaded.get() {
            Some(loaded) => loaded,
            None => self.loaded.get_or_init(|| self.load(key)).await,
        };
        loaded
            .as_ref()
            .map(Option::as_ref)
            .map_err(|error| SessionError::Unavailable(error.clone()))
    }

    async fn load(&self, key: &SessionKey) -> Result<Option<Arc<StoredSession>>, StorageError> {
        let loaded = self.read(key).await.inspect_err(|error| {
            let error: &dyn std::error::Error = error;
            tracing::error!(error, "a session could not be read");
        })?;
        Ok(loaded.and_then(|session| self.if_not_over(session)))
    }

    /// The session, unless its time is over; and whether this use of it is to be noted.
    fn if_not_over(&self, session: Arc<StoredSession>) -> Option<Arc<StoredSession>> {
        let now = self.shared.now();
        if session.is_over(now) {
            return None;
        }
        let was_used = now - session.last_seen >= touch_interval(session.lifetime.idle);
        let is_stale = match &self.lent {
            Some(lent) => lent.is_outdated() || (lent.notes_uses() && was_used),
            None => was_used,
        };
        self.is_stale.store(is_stale, Ordering::Relaxed);
        Some(session)
    }

    /// What the storage has, over or not; what cannot be decoded is not there.
    async fn read(&self, key: &SessionKey) -> Result<Option<Arc<StoredSession>>, StorageError> {
        match self.storage.load(key).await {
            Err(error) if error.is_damaged() => self.discard(key, error).await.map(|()| None),
            loaded => loaded,
        }
    }

    /// Applies a change to the stored session; to one that cannot be decoded as to one that is gone.
    async fn commit(&self, key: &SessionKey, change: &Change) -> Result<Outcome, StorageError> {
        match self.storage.commit(key, change).await {
            Err(error) if error.is_damaged() => {
                self.discard(key, error).await.map(|()| Outcome::Gone)
            }
            committed => committed,
        }
    }

    /// Does away with a record that is no session. The storage works, so nobody is kept waiting for it.
    async fn discard(&self, key: &SessionKey, damage: StorageError) -> Result<(), StorageError> {
        self.storage.delete(key).await?;
        if self.shared.damaged.is_due(self.shared.now()) {
            let error: &dyn std::error::Error = &damage;
            tracing::warn!(error, "a stored session that cannot be decoded was removed");
        }
        Ok(())
    }

    /// What is known of the stored session without asking for it.
    fn known(&self) -> Option<&Arc<StoredSession>> {
        self.loaded.get()?.as_ref().ok()?.as_ref()
    }

    fn load_failure(&self) -> Option<&StorageError> {
        let first = self.loaded.get().and_then(|loaded| loaded.as_ref().err());
        first.or_else(|| self.fault.get())
    }

    /// The real error behind one of tower-sessions, which carries only text.
    fn failure(&self, error: tower_sessions_core::session::Error) -> SessionError {
        match self.load_failure() {
            Some(error) => SessionError::Unavailable(error.clone()),
            None => error.into(),
        }
    }

    fn client(&self) -> Client {
        Client {
            address: self.address,
            browser: self.user_agent.as_ref().and_then(browser_name),
        }
    }
}

impl<S: Sync> FromRequestParts<S> for RequestSession {
    type Rejection = SessionError;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Self::Rejection> {
        let session = parts.extensions.get::<Self>();
        session.cloned().ok_or(SessionError::MissingLayer)
    }
}
