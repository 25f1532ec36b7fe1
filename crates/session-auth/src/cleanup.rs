//! Removes sessions that are over, in small batches, for as long as the layer lives.
//!
//! Invariant: the task holds the storage only while it works on a batch, so the layer can go at any time and takes the
//! task with it.

use std::{
    sync::{Arc, OnceLock, Weak},
    time::Duration,
};

use tokio::task::AbortHandle;

use crate::layer::Shared;

/// So few that a visitor who has to write at the same moment does not notice.
const BATCH: usize = 500;

/// A session is kept this long after its end, because the note of its last use may still be under way.
const GRACE: Duration = Duration::from_secs(60);

pub(crate) struct Cleanup {
    interval: Duration,
    task: OnceLock<AbortHandle>,
}

impl Cleanup {
    pub(crate) const fn every(interval: Duration) -> Self {
        Self {
            interval,
            task: OnceLock::new(),
        }
    }

    /// Starts the task at the first call. It needs the runtime that requests run in, so it is not started earlier.
    pub(crate) fn start(&self, shared: &Arc<Shared>) {
        if shared.storage.on_server().is_none() {
            return;
        }
        self.task.get_or_init(|| {
            let shared = Arc::downgrade(shared);
            tokio::spawn(run(shared, self.interval)).abort_handle()
        });
    }
}

impl Clone for Cleanup {
    fn clone(&self) -> Self {
        Self::every(self.interval)
    }
}

impl Drop for Cleanup {
    fn drop(&mut self) {
        if let Some(task) = self.task.get() {
            task.abort();
        }
    }
}

async fn run(shared: Weak<Shared>, interval: Duration) {
    loop {
        tokio::time::sleep(interval).await;
        while let Some(shared) = shared.upgrade() {
            match batch(&shared).await {
                Ok(removed) if removed >= BATCH as u64 => tokio::task::yield_now().await,
                Ok(_) => break,
                Err(error) => {
                    tracing::warn!(%error, "sessions that are over could not be removed, the next round tries again");
                    break;
                }
            }
        }
        if shared.strong_count() == 0 {
            return;
        }
    }
}

async fn batch(shared: &Shared) -> Result<u64, crate::StorageError> {
    let before = shared.now() - GRACE;
    match shared.storage.on_server() {
        Some(storage) => storage.delete_expired(before, BATCH).await,
        None => Ok(0),
    }
}
