//! Removes sessions that are over, and those whose login counts no more, in small batches, for as long as the layer lives.
//!
//! Invariant: the task holds the storage only while it works on a batch, so the layer can go at any time and takes the
//! task with it; nothing else ends it, neither an error of the storage nor a panic in it.

use std::{
    error::Error,
    future::poll_fn,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::pin,
    sync::{
        Arc, OnceLock, Weak,
        atomic::{AtomicUsize, Ordering},
    },
    task::Poll,
    time::Duration,
};

use time::OffsetDateTime;
use tokio::{task::AbortHandle, time::Instant};

use crate::layer::Shared;

mod dead_logins;
mod pace;

pub(crate) use dead_logins::{Judge, Judges, Rounds};
use pace::Pace;

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
            let pace = Pace::begin(shared.now());
            let shared = Arc::downgrade(shared);
            tokio::spawn(run(shared, self.interval, pace)).abort_handle()
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

async fn run(shared: Weak<Shared>, interval: Duration, mut pace: Pace) {
    let mut rounds = Rounds::default();
    loop {
        tokio::time::sleep(interval).await;
        let Some(now) = shared.upgrade().map(|shared| shared.now()) else {
            return;
        };
        if pace.holds(now) {
            collect(&shared, now - GRACE).await;
        }
        match shared.upgrade() {
            Some(shared) => surviving(dead_logins(&shared, &mut rounds)).await,
            None => return,
        };
    }
}

/// Removes what was over before this time, batch after batch.
async fn collect(shared: &Weak<Shared>, before: OffsetDateTime) {
    while let Some(shared) = shared.upgrade() {
        match surviving(batch(&shared, before)).await {
            Some(Ok(removed)) if removed >= BATCH as u64 => tokio::task::yield_now().await,
            Some(Ok(_)) | None => return,
            Some(Err(error)) => {
                tracing::warn!(%error, "sessions that are over could not be removed, the next round tries again");
                return;
            }
        }
    }
}

/// `None` for what panics. Whether a storage is whole then is its own affair; the next round asks it again.
async fn surviving<T>(work: impl Future<Output = T>) -> Option<T> {
    let mut work = pin!(work);
    poll_fn(|context| {
        let polled = catch_unwind(AssertUnwindSafe(|| work.as_mut().poll(context)));
        polled.map_or_else(
            |_panic| {
                tracing::error!("the cleanup of sessions panicked, the next round tries again");
                Poll::Ready(None)
            },
            |polled| polled.map(Some),
        )
    })
    .await
}

async fn dead_logins(shared: &Shared, rounds: &mut Rounds) {
    let Some(storage) = shared.storage.on_server() else {
        return;
    };
    let looked = rounds.next(&**storage, &shared.cleanup.judges, Instant::now());
    if let Err(error) = looked.await {
        let error: &dyn Error = &error;
        tracing::warn!(
            error,
            "sessions of logins that count no more could not be looked for, the next round tries again"
        );
    }
}

async fn batch(shared: &Shared, before: OffsetDateTime) -> Result<u64, crate::StorageError> {
    match shared.storage.on_server() {
        Some(storage) => storage.delete_expired(before, BATCH).await,
        None => Ok(0),
    }
}
