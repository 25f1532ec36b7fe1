//! A storage around the one under test: it counts calls, lets calls fail, holds calls until a schedule lets them go, and
//! writes down what they came to.

use std::sync::{Arc, Mutex, MutexGuard};

use async_trait::async_trait;
use time::OffsetDateTime;

use super::{
    history::{Event, Notes},
    schedule::Turnstile,
};
use crate::{
    AnyStorage, Change, Outcome, Promises, SessionError, SessionKey, SessionStorage, StorageError,
    StoredSession,
    storage::{Stranger, Watch},
};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Call {
    Create,
    Load,
    Commit,
    Touch,
    Delete,
    ByUser,
    DeleteExpired,
}

impl Call {
    /// As the order of a schedule says it.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Load => "load",
            Self::Commit => "commit",
            Self::Touch => "touch",
            Self::Delete => "delete",
            Self::ByUser => "by user",
            Self::DeleteExpired => "delete expired",
        }
    }
}

#[derive(Clone)]
pub(super) struct Probe {
    /// That of a request, where every request has its own.
    storage: Arc<dyn SessionStorage>,
    kept: AnyStorage,
    seen: Arc<Mutex<Seen>>,
    turnstile: Option<Turnstile>,
    notes: Option<Notes>,
}

#[derive(Default)]
struct Seen {
    calls: Vec<(Call, SessionKey)>,
    failing: Vec<Call>,
    damaged: Vec<Call>,
    /// The first failure that nobody asked for.
    error: Option<StorageError>,
}

impl Probe {
    pub(super) fn around(storage: &AnyStorage) -> Self {
        let unmet = storage.unmet().or_else(|| storage.on_server().cloned());
        Self {
            storage: unmet.expect("where requests have no storage of their own, all have one"),
            kept: storage.clone(),
            seen: Arc::default(),
            turnstile: None,
            notes: None,
        }
    }

    /// What a layer is to keep its sessions in.
    pub(super) fn sessions(&self) -> AnyStorage {
        let probe = self.clone();
        let watch: Watch = Arc::new(move |storage| {
            Arc::new(Self {
                storage,
                ..probe.clone()
            })
        });
        self.kept.watched(watch)
    }

    /// Whether the browser keeps the sessions.
    pub(super) fn is_in_cookie(&self) -> bool {
        self.kept.in_cookie().is_some()
    }

    /// Whether a server knows of every session, also where the browser keeps what is in it.
    pub(super) fn is_on_server(&self) -> bool {
        self.kept.on_server().is_some()
    }

    /// What on the server knows of every session, asked without anybody watching.
    pub(super) fn on_server(&self) -> Option<Arc<dyn SessionStorage>> {
        self.kept.on_server().cloned()
    }

    /// Another program that keeps its sessions in the same place.
    pub(super) fn stranger(&self) -> Option<Arc<dyn Stranger>> {
        self.kept.stranger()
    }

    /// The same storage, with every call waiting at a turnstile.
    pub(super) fn behind(&self, turnstile: Turnstile) -> Self {
        Self {
            turnstile: Some(turnstile),
            ..self.clone()
        }
    }

    /// The same storage, with what every call came to written down.
    pub(super) fn noted_in(&self, notes: Notes) -> Self {
        Self {
            notes: Some(notes),
            ..self.clone()
        }
    }

    /// The calls since the last time this was asked.
    pub(super) fn calls(&self) -> Vec<Call> {
        let calls = std::mem::take(&mut self.seen().calls);
        calls.into_iter().map(|(call, _)| call).collect()
    }

    /// The keys of the calls since the last time either was asked.
    pub(super) fn keys(&self) -> Vec<SessionKey> {
        let calls = std::mem::take(&mut self.seen().calls);
        calls.into_iter().map(|(_, key)| key).collect()
    }

    pub(super) fn fail(&self, calls: &[Call]) {
        self.seen().failing = calls.to_vec();
    }

    /// Lets calls find records that cannot be decoded.
    pub(super) fn damage(&self, calls: &[Call]) {
        self.seen().damaged = calls.to_vec();
    }

    /// How the storage failed without being told to, if it did. One that knows no users may say so.
    pub(super) fn error(&self) -> Option<StorageError> {
        self.seen().error.clone()
    }

    fn kept_working<T>(&self, answer: Result<T, StorageError>) -> Result<T, StorageError> {
        answer.inspect_err(|error| {
            // A session that does not fit is refused by a storage that works.
            if !matches!(
                SessionError::of_storage(error.clone()),
                SessionError::TooLarge(_)
            ) {
                self.seen().error.get_or_insert_with(|| error.clone());
            }
        })
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen
            .lock()
            .expect("nothing panics while it holds this lock")
    }

    fn note(&self, event: impl FnOnce() -> Event) {
        if let Some(notes) = &self.notes {
            notes.note(event());
        }
    }

    async fn pass(&self, call: Call, key: &SessionKey) -> Result<(), StorageError> {
        if let Some(turnstile) = &self.turnstile {
            turnstile.wait(call.name()).await;
        }
        let mut seen = self.seen();
        seen.calls.push((call, *key));
        if seen.failing.contains(&call) {
            return Err(StorageError::new("the storage is told to fail"));
        }
        if seen.damaged.contains(&call) {
            return Err(StorageError::damaged("the storage is told so"));
        }
        Ok(())
    }
}

/// Stands for calls that have no key.
const NO_KEY: [u8; 32] = [0; 32];

#[async_trait]
impl SessionStorage for Probe {
    fn promises(&self) -> Promises {
        self.storage.promises()
    }

    async fn create(
        &self,
        key: &SessionKey,
        session: &StoredSession,
    ) -> Result<bool, StorageError> {
        self.pass(Call::Create, key).await?;
        let is_free = self.kept_working(self.storage.create(key, session).await)?;
        self.note(|| Event::Created(*key, session.clone(), is_free));
        Ok(is_free)
    }

    async fn load(&self, key: &SessionKey) -> Result<Option<Arc<StoredSession>>, StorageError> {
        self.pass(Call::Load, key).await?;
        let loaded = self.kept_working(self.storage.load(key).await)?;
        self.note(|| Event::Loaded(*key, loaded.clone()));
        Ok(loaded)
    }

    /// A call like any other, except where it would be asked to wait or to fail: what cannot, is not at hand.
    fn at_hand(&self, key: &SessionKey) -> Option<Arc<StoredSession>> {
        let mut seen = self.seen();
        let must_load = seen.failing.contains(&Call::Load) || seen.damaged.contains(&Call::Load);
        if must_load || self.turnstile.is_some() {
            return None;
        }
        let session = self.storage.at_hand(key)?;
        seen.calls.push((Call::Load, *key));
        Some(session)
    }

    async fn commit(&self, key: &SessionKey, change: &Change) -> Result<Outcome, StorageError> {
        self.pass(Call::Commit, key).await?;
        let outcome = self.kept_working(self.storage.commit(key, change).await)?;
        self.note(|| Event::Committed(*key, change.clone(), outcome.clone()));
        Ok(outcome)
    }

    async fn touch(&self, key: &SessionKey, at: OffsetDateTime) -> Result<(), StorageError> {
        self.pass(Call::Touch, key).await?;
        self.kept_working(self.storage.touch(key, at).await)
    }

    async fn delete(&self, key: &SessionKey) -> Result<(), StorageError> {
        self.pass(Call::Delete, key).await?;
        self.kept_working(self.storage.delete(key).await)?;
        self.note(|| Event::Deleted(*key));
        Ok(())
    }

    async fn former_login(
        &self,
        key: &SessionKey,
        since: OffsetDateTime,
    ) -> Result<Option<String>, StorageError> {
        self.storage.former_login(key, since).await
    }

    async fn list_by_user(
        &self,
        user: &str,
    ) -> Result<Vec<(SessionKey, Arc<StoredSession>)>, StorageError> {
        self.pass(Call::ByUser, &SessionKey::from_bytes(NO_KEY))
            .await?;
        self.storage.list_by_user(user).await
    }

    async fn delete_by_user(
        &self,
        user: &str,
        except: Option<&SessionKey>,
    ) -> Result<u64, StorageError> {
        self.pass(Call::ByUser, &SessionKey::from_bytes(NO_KEY))
            .await?;
        let ended = self.storage.delete_by_user(user, except).await?;
        self.note(|| Event::UserEnded(user.to_owned(), except.copied()));
        Ok(ended)
    }

    async fn users(&self, after: Option<&str>, limit: usize) -> Result<Vec<String>, StorageError> {
        self.pass(Call::ByUser, &SessionKey::from_bytes(NO_KEY))
            .await?;
        self.storage.users(after, limit).await
    }

    async fn delete_expired(
        &self,
        before: OffsetDateTime,
        limit: usize,
    ) -> Result<u64, StorageError> {
        self.pass(Call::DeleteExpired, &SessionKey::from_bytes(NO_KEY))
            .await?;
        self.kept_working(self.storage.delete_expired(before, limit).await)
    }
}
