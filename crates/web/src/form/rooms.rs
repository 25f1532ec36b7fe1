//! How many forms with files are in memory at a time, and who waits for whom.
//!
//! Invariant: who is logged in never waits for strangers; whoever waited in vain keeps the form and not the files.

use std::sync::Arc;
use std::time::Duration;

use http::request::Parts;
use session_auth::Auth;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::auth::Accounts;
use crate::server::Closing;

/// Of those who are logged in, and of those who are not, or not any more.
const MEMBERS: usize = 6;
const STRANGERS: usize = 2;

/// Long enough for a picture before, and shorter than a sender would believe that anything happens.
const PATIENCE: Duration = Duration::from_secs(60);
/// Anybody can fill this room and send slowly; a text must not wait for that.
const PATIENCE_OF_STRANGERS: Duration = Duration::from_secs(5);

/// Two rooms. A clone is the same.
#[derive(Clone)]
pub(crate) struct Rooms {
    pub(super) members: Arc<Semaphore>,
    pub(super) strangers: Arc<Semaphore>,
    pub(super) patience_of_strangers: Duration,
}

impl Default for Rooms {
    fn default() -> Self {
        Self {
            members: Arc::new(Semaphore::new(MEMBERS)),
            strangers: Arc::new(Semaphore::new(STRANGERS)),
            patience_of_strangers: PATIENCE_OF_STRANGERS,
        }
    }
}

/// Who sends a form, as far as its files ask.
#[derive(Default)]
pub(super) struct Sender {
    auth: Option<Auth<Accounts>>,
    closing: Option<Closing>,
}

impl Sender {
    pub(super) fn of(parts: &Parts) -> Self {
        Self {
            auth: Auth::of(parts).ok(),
            closing: parts.extensions.get().cloned(),
        }
    }

    /// Asked of the storage and not remembered: when all has arrived it may be another matter.
    async fn is_member(&self) -> bool {
        match &self.auth {
            Some(auth) => auth.still_valid().await.unwrap_or(false),
            None => false,
        }
    }

    async fn is_cut_short(&self) {
        match &self.closing {
            Some(closing) => closing.comes().await,
            None => std::future::pending().await,
        }
    }
}

impl Rooms {
    /// A place for a form with files. `None`: there is none, or the server is about to stop.
    pub(super) async fn enter(&self, sender: &Sender) -> Option<OwnedSemaphorePermit> {
        let (room, patience) = match sender.is_member().await {
            true => (&self.members, PATIENCE),
            false => (&self.strangers, self.patience_of_strangers),
        };
        let place = tokio::time::timeout(patience, Arc::clone(room).acquire_owned());
        tokio::select! {
            biased;
            place = place => place.ok()?.ok(),
            () = sender.is_cut_short() => None,
        }
    }
}
