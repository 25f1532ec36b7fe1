//! Removes sessions that are over, and those whose login counts no more, in small batches, for as long as the layer lives.
//!
//! Invariant: the task holds the storage only while it works on a batch, so the layer can go at any time and takes the
//! task with it.

use std::{
    error::Error,
    sync::{
        Arc, OnceLock, Weak,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use tokio::task::AbortHandle;

use crate::layer::Shared;

mod dead_logins;

pub(crate) use dead_logins::Judge;
use dead_logins::{Judges, Rounds};

/// So few that a visitor who has to write at the same moment does not notice.
const BATCH: usize = 500;

/// A session is kept this long after its end, because the note of its last use may still be under way.
const GRACE: Duration = Duration::from_secs(60);

pub(crate) struct Cleanup {
    interval: Duration,
    task: OnceLock<AbortHandle>,
    judges: Judges,
    /// Where the last of them lies, so that a request need not ask whether it is among them.
    last_judge: AtomicUsize,
}

impl Cleanup {
    pub(crate) fn every(interval: Duration) -> Self {
        Self {
            interval,
            task: OnceLock::new(),
            judges: Judges::default(),
            last_judge: AtomicUsize::new(0),
        }
    }

    /// Lets this directory say, too, which logins count. With every request it says so, and means the first time.
    pub(crate) fn ask<J: Judge + 'static>(&self, judge: &Arc<J>) {
        let place = Arc::as_ptr(judge).addr();
        if self.last_judge.load(Ordering::Acquire) != place {
            let weak = Arc::downgrade(judge);
            self.judges.add(weak);
            self.last_judge.store(place, Ordering::Release);
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
    let mut rounds = Rounds::default();
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
        match shared.upgrade() {
            Some(shared) => dead_logins(&shared, &mut rounds).await,
            None => return,
        }
    }
}

async fn dead_logins(shared: &Shared, rounds: &mut Rounds) {
    let Some(storage) = shared.storage.on_server() else {
        return;
    };
    if let Err(error) = rounds.next(&**storage, &shared.cleanup.judges).await {
        let error: &dyn Error = &error;
        tracing::warn!(
            error,
            "sessions of logins that count no more could not be looked for, the next round tries again"
        );
    }
}

async fn batch(shared: &Shared) -> Result<u64, crate::StorageError> {
    let before = shared.now() - GRACE;
    match shared.storage.on_server() {
        Some(storage) => storage.delete_expired(before, BATCH).await,
        None => Ok(0),
    }
}
