//! Whether anybody still wants something of a connection.
//!
//! Invariant: a connection counts as still only when no request is under way and none began for the whole pause.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

/// The requests of one connection.
#[derive(Default)]
pub(super) struct Activity {
    begun: AtomicUsize,
    under_way: Arc<AtomicUsize>,
}

/// A request that is under way until this is dropped.
pub(super) struct UnderWay(Arc<AtomicUsize>);

impl Activity {
    pub(super) fn begin(&self) -> UnderWay {
        self.begun.fetch_add(1, Ordering::Relaxed);
        self.under_way.fetch_add(1, Ordering::Relaxed);
        UnderWay(Arc::clone(&self.under_way))
    }

    pub(super) fn ever_began(&self) -> bool {
        self.begun.load(Ordering::Relaxed) > 0
    }

    /// Ends when the connection has been still for a pause.
    pub(super) async fn stops(&self, pause: Duration) {
        loop {
            let begun = self.begun.load(Ordering::Relaxed);
            tokio::time::sleep(pause).await;
            let still = self.begun.load(Ordering::Relaxed) == begun;
            if still && self.under_way.load(Ordering::Relaxed) == 0 {
                return;
            }
        }
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}
