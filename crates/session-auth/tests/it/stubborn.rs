//! Storages on which an update comes to nothing: the request ends with an error that says why, and does not ask for ever.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use axum::http::StatusCode;
use session_auth::{
    Change, MemoryStorage, Outcome, Promises, SessionError, SessionKey, SessionStorage,
    StorageError, StoredSession,
};
use time::OffsetDateTime;

use crate::counter::{cookie_of, site, visit};

/// Refuses every change that expects something: because of a value that is always another, or of one that is as expected.
#[derive(Clone)]
struct Stubborn {
    sessions: MemoryStorage,
    others_write: bool,
    asked: Arc<AtomicU64>,
}

#[async_trait]
impl SessionStorage for Stubborn {
    fn promises(&self) -> Promises {
        self.sessions.promises()
    }

    async fn create(
        &self,
        key: &SessionKey,
        session: &StoredSession,
    ) -> Result<bool, StorageError> {
        self.sessions.create(key, session).await
    }

    async fn load(&self, key: &SessionKey) -> Result<Option<Arc<StoredSession>>, StorageError> {
        self.sessions.load(key).await
    }

    async fn commit(&self, key: &SessionKey, change: &Change) -> Result<Outcome, StorageError> {
        if change.expected.is_empty() {
            return self.sessions.commit(key, change).await;
        }
        let asked = self.asked.fetch_add(1, Ordering::Relaxed);
        if self.others_write {
            let mut other = Change::new(change.now);
            other.set.insert("count".to_owned(), (100 + asked).into());
            self.sessions.commit(key, &other).await?;
        }
        let stored = self.sessions.load(key).await?;
        Ok(stored.map_or(Outcome::Gone, Outcome::Changed))
    }

    async fn touch(&self, key: &SessionKey, at: OffsetDateTime) -> Result<(), StorageError> {
        self.sessions.touch(key, at).await
    }

    async fn delete(&self, key: &SessionKey) -> Result<(), StorageError> {
        self.sessions.delete(key).await
    }

    async fn list_by_user(
        &self,
        user: &str,
    ) -> Result<Vec<(SessionKey, Arc<StoredSession>)>, StorageError> {
        self.sessions.list_by_user(user).await
    }

    async fn delete_by_user(
        &self,
        user: &str,
        except: Option<&SessionKey>,
    ) -> Result<u64, StorageError> {
        self.sessions.delete_by_user(user, except).await
    }

    async fn delete_expired(
        &self,
        before: OffsetDateTime,
        limit: usize,
    ) -> Result<u64, StorageError> {
        self.sessions.delete_expired(before, limit).await
    }
}

#[tokio::test]
async fn an_update_that_comes_to_nothing_ends_with_the_reason() {
    for (others_write, asked, reason) in [
        (
            false,
            8,
            "the storage calls a value changed that it gives back unchanged",
        ),
        (
            true,
            1_000,
            "others changed a value of a session faster than it could be updated",
        ),
    ] {
        let storage = Stubborn {
            sessions: MemoryStorage::new(),
            others_write,
            asked: Arc::default(),
        };
        let site = site(storage.clone());
        let cookie = cookie_of(&site).await;
        let refused = visit(&site, "/count", &cookie).await;
        assert_eq!(refused.status(), StatusCode::SERVICE_UNAVAILABLE);
        let error = refused.extensions().get::<SessionError>();
        let Some(SessionError::Unavailable(error)) = error else {
            panic!("{error:?}")
        };
        assert_eq!(error.to_string(), reason);
        assert_eq!(storage.asked.load(Ordering::Relaxed), asked);
    }
}
