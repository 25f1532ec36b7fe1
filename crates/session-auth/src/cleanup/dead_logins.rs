//! Takes away the sessions whose login counts no more: the user is gone or has another stamp.
//!
//! Invariant: a session goes only when it was found dead twice, with [`GRACE`] in between, in which a request that was
//! under way could renew it. A renewed session has another key, so the wrong one is never hit.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError, Weak},
    time::Duration,
};

use async_trait::async_trait;
use tokio::time::Instant;

use crate::{AuthError, Login, SessionKey, SessionStorage, Stamp, StorageError};

/// How many users one question to the storage names, and how often it is asked in one round.
const USERS: usize = 50;
const QUESTIONS: usize = 10;

/// Longer than a request runs that renews its session.
pub(crate) const GRACE: Duration = Duration::from_secs(10 * 60);

/// Says which logins count: the directory behind an `AuthLayer`.
#[async_trait]
pub(crate) trait Judge: Send + Sync {
    /// The stamp that a login of this user has to have; `None` when there is no such user.
    async fn stamp(&self, user: &str) -> Result<Option<Stamp>, AuthError>;
}

/// The directories of a site. A login counts when it counts for one of them.
#[derive(Default)]
pub(crate) struct Judges(Mutex<Vec<Weak<dyn Judge>>>);

impl Judges {
    pub(crate) fn add(&self, judge: Weak<dyn Judge>) {
        let mut judges = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        judges.retain(|other| other.strong_count() > 0);
        if !judges.iter().any(|other| other.ptr_eq(&judge)) {
            judges.push(judge);
        }
    }

    /// The stamps with which a login of this user counts; `None` when there is nobody who could say.
    async fn stamps(&self, user: &str) -> Result<Option<Vec<Stamp>>, AuthError> {
        let judges = {
            let judges = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            judges.iter().filter_map(Weak::upgrade).collect::<Vec<_>>()
        };
        if judges.is_empty() {
            return Ok(None);
        }
        let mut stamps = Vec::new();
        for judge in judges {
            stamps.extend(judge.stamp(user).await?);
        }
        Ok(Some(stamps))
    }
}

/// How far the cleanup has got with the users of a storage.
#[derive(Default)]
pub(crate) struct Rounds {
    /// The user who was looked at last; `None` when the next is the first.
    after: Option<String>,
    /// What was found dead, and when first, since the first user.
    found: HashMap<SessionKey, Instant>,
    /// The same of the time before that.
    before: HashMap<SessionKey, Instant>,
}

#[derive(Debug, thiserror::Error)]
pub(crate) enum RoundError {
    #[error(transparent)]
    Storage(#[from] StorageError),
    #[error(transparent)]
    Directory(#[from] AuthError),
}

impl Rounds {
    /// Looks at the next users.
    pub(crate) async fn next(
        &mut self,
        storage: &dyn SessionStorage,
        judges: &Judges,
        now: Instant,
    ) -> Result<(), RoundError> {
        for _ in 0..QUESTIONS {
            let users = storage.users(self.after.as_deref(), USERS).await?;
            for user in &users {
                let Some(stamps) = judges.stamps(user).await? else {
                    return Ok(());
                };
                self.look_at(user, &stamps, storage, now).await?;
                self.after = Some(user.clone());
            }
            if users.len() < USERS {
                self.after = None;
                self.before = std::mem::take(&mut self.found);
                return Ok(());
            }
            tokio::task::yield_now().await;
        }
        Ok(())
    }

    async fn look_at(
        &mut self,
        user: &str,
        stamps: &[Stamp],
        storage: &dyn SessionStorage,
        now: Instant,
    ) -> Result<(), StorageError> {
        let counts = |login: &Login| stamps.iter().any(|stamp| login.stamp.admits(stamp));
        for (key, session) in storage.list_by_user(user).await? {
            if session.login.as_ref().is_some_and(counts) {
                continue;
            }
            let first = self.before.get(&key).copied().unwrap_or(now);
            if now.duration_since(first) >= GRACE {
                storage.delete(&key).await?;
            } else {
                self.found.insert(key, first);
            }
        }
        Ok(())
    }
}
