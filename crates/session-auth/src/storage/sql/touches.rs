//! Times of last use that wait to be written together: one transaction a second, however many requests there are.
//!
//! Invariant: a time leaves `waiting` only when it, or a later one, is in the table, its session is gone, or its batch has
//! failed; one task writes batches while there is anything to write.

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};

use time::OffsetDateTime;

use super::Pool;
use crate::{SessionKey, StorageError};

const INTERVAL: Duration = Duration::from_secs(1);

pub(super) type Batch = HashMap<SessionKey, OffsetDateTime>;

#[derive(Debug)]
pub(super) struct Touches {
    write: Pool,
    pending: Mutex<Pending>,
}

#[derive(Debug, Default)]
struct Pending {
    waiting: Batch,
    has_task: bool,
}

impl Touches {
    pub(super) fn new(write: Pool) -> Self {
        Self {
            write,
            pending: Mutex::default(),
        }
    }

    fn pending(&self) -> MutexGuard<'_, Pending> {
        self.pending
            .lock()
            .expect("nothing panics while it holds this lock")
    }

    /// The last use that is not written yet.
    pub(super) fn noted(&self, key: &SessionKey) -> Option<OffsetDateTime> {
        self.pending().waiting.get(key).copied()
    }

    /// The last uses that are not written yet.
    pub(super) fn waiting(&self) -> Batch {
        self.pending().waiting.clone()
    }

    /// Notes a use. The first note of a batch starts the task that writes it.
    pub(super) fn note(self: &Arc<Self>, key: SessionKey, at: OffsetDateTime) {
        let mut pending = self.pending();
        let noted = pending.waiting.entry(key).or_insert(at);
        *noted = at.max(*noted);
        if !std::mem::replace(&mut pending.has_task, true) {
            tokio::spawn(Arc::clone(self).write_soon());
        }
    }

    async fn write_soon(self: Arc<Self>) {
        loop {
            tokio::time::sleep(INTERVAL).await;
            if let Err(error) = self.write().await {
                tracing::warn!(%error, "times of last use of some sessions were lost");
            }
            let mut pending = self.pending();
            if pending.waiting.is_empty() {
                pending.has_task = false;
                return;
            }
        }
    }

    /// Writes what waits, now.
    pub(super) async fn write(&self) -> Result<(), StorageError> {
        let batch = self.waiting();
        if batch.is_empty() {
            return Ok(());
        }
        let skipped = self.write_batch(&batch).await;
        let again = |key: &SessionKey| skipped.as_ref().is_ok_and(|skipped| skipped.contains(key));
        self.pending()
            .waiting
            .retain(|key, at| batch.get(key).is_none_or(|written| *written < *at) || again(key));
        skipped.map(drop)
    }

    /// Says which of the sessions it stepped aside for; the next batch has them again.
    async fn write_batch(&self, batch: &Batch) -> Result<HashSet<SessionKey>, StorageError> {
        match &self.write {
            #[cfg(feature = "sqlite")]
            Pool::Sqlite(pool) => {
                // Its transaction has the whole file, so it steps aside for nobody.
                super::sqlite::touch(pool, batch).await?;
                Ok(HashSet::new())
            }
            #[cfg(feature = "postgres")]
            Pool::Postgres(pool) => Ok(super::postgres::touch(pool, batch).await?),
        }
    }
}
