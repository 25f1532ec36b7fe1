//! Whose turn it is: a picture takes hundreds of megabytes while it is decoded, so they go through one by one.
//!
//! Invariant: a picture that never ends keeps a thread, and after [`Turns::patience`] nobody else's turn.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::time::timeout;

use super::{ReceiveError, Refusal};

/// The largest picture that is taken needs a few seconds on a slow machine.
pub(super) static TURNS: std::sync::LazyLock<Turns> =
    std::sync::LazyLock::new(|| Turns::new(Duration::from_secs(20)));

/// How many pictures that did not end in time are left alone with their threads; then nobody gets a turn until one ends.
const ABANDONED: usize = 2;

#[derive(Clone)]
pub(super) struct Turns {
    free: Arc<Semaphore>,
    abandoned: Arc<AtomicUsize>,
    /// How long one picture may take, and how long the next one waits.
    patience: Duration,
}

/// Given back when the work ends, unless somebody else got it in the meantime.
struct Turn {
    free: Arc<Semaphore>,
    abandoned: Arc<AtomicUsize>,
    state: Arc<AtomicUsize>,
}

const RUNNING: usize = 0;
const OVER: usize = 1;
const LEFT: usize = 2;

impl Turns {
    pub(super) fn new(patience: Duration) -> Self {
        Self {
            free: Arc::new(Semaphore::new(1)),
            abandoned: Arc::default(),
            patience,
        }
    }

    /// Runs the work on a thread that may be busy, when it is its turn.
    pub(super) async fn take<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, Refusal> + Send + 'static,
    ) -> Result<T, ReceiveError> {
        let waited = timeout(self.patience, self.free.acquire()).await;
        let Ok(Ok(permit)) = waited else {
            return Err(ReceiveError::Busy);
        };
        permit.forget();
        let state = Arc::new(AtomicUsize::new(RUNNING));
        let turn = Turn {
            free: Arc::clone(&self.free),
            abandoned: Arc::clone(&self.abandoned),
            state: Arc::clone(&state),
        };
        let work = tokio::task::spawn_blocking(move || {
            // Owned by the work itself: a visitor who goes away does not let a second picture in beside this one.
            let _turn = turn;
            work()
        });
        let turns = self.clone();
        // Watched to its end, also when whoever asked has gone away.
        let watched = tokio::spawn(async move {
            let done = timeout(turns.patience, work).await;
            if done.is_err() {
                turns.leave(&state);
            }
            done
        });
        match watched.await {
            Ok(Ok(Ok(done))) => done.map_err(ReceiveError::Refused),
            Ok(Err(_)) => Err(ReceiveError::Refused(Refusal::TooSlow)),
            // A decoder that panics has met a picture it can't read.
            _ => Err(ReceiveError::Refused(Refusal::Undecodable)),
        }
    }

    /// Gives the turn of a picture that does not end to the next one.
    fn leave(&self, state: &AtomicUsize) {
        let room = |left: usize| (left < ABANDONED).then_some(left + 1);
        let (order, at) = (Ordering::SeqCst, Ordering::SeqCst);
        if self.abandoned.fetch_update(order, at, room).is_err() {
            return;
        }
        match state.compare_exchange(RUNNING, LEFT, order, at) {
            Ok(_) => self.free.add_permits(1),
            // It ended just now, and gave its turn back itself.
            Err(_) => drop(self.abandoned.fetch_sub(1, order)),
        }
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        match self.state.swap(OVER, Ordering::SeqCst) {
            LEFT => drop(self.abandoned.fetch_sub(1, Ordering::SeqCst)),
            _ => self.free.add_permits(1),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{Receiver, Sender, channel};

    use futures_util::FutureExt as _;

    use super::*;

    /// Work that ends when its sender says so, or is dropped.
    fn endless() -> (Sender<()>, Receiver<()>) {
        channel()
    }

    fn refused(result: Result<(), ReceiveError>) -> Refusal {
        match result {
            Err(ReceiveError::Refused(refusal)) => refusal,
            other => panic!("{other:?}"),
        }
    }

    #[tokio::test]
    async fn one_goes_through_at_a_time() {
        let turns = Turns::new(Duration::from_secs(60));
        let (end, wait) = endless();
        let mut first = Box::pin(turns.take(move || {
            let _ = wait.recv();
            Ok(())
        }));
        assert!((&mut first).now_or_never().is_none());
        let mut second = Box::pin(turns.take(|| Ok(())));
        assert!(
            (&mut second).now_or_never().is_none(),
            "waits for the one before"
        );
        drop(end);
        assert!(first.await.is_ok() && second.await.is_ok());
    }

    #[tokio::test]
    async fn a_picture_that_never_ends_does_not_stop_the_others() {
        let turns = Turns::new(Duration::from_millis(50));
        let mut ends = Vec::new();
        for _ in 0..ABANDONED {
            let (end, wait) = endless();
            ends.push(end);
            let stuck = turns.take(move || {
                let _ = wait.recv();
                Ok(())
            });
            assert_eq!(refused(stuck.await), Refusal::TooSlow);
            turns
                .take(|| Ok(()))
                .await
                .expect("the next one has its turn");
        }
        // One too many: nobody starts another, and nobody waits for ever.
        let (end, wait) = endless();
        let stuck = turns.take(move || {
            let _ = wait.recv();
            Ok(())
        });
        assert_eq!(refused(stuck.await), Refusal::TooSlow);
        assert!(matches!(
            turns.take(|| Ok(())).await,
            Err(ReceiveError::Busy)
        ));
        // When they end, everything is as before.
        drop((ends, end));
        while turns.abandoned.load(Ordering::SeqCst) > 0 || turns.free.available_permits() == 0 {
            tokio::task::yield_now().await;
        }
        assert_eq!(turns.free.available_permits(), 1);
        turns.take(|| Ok(())).await.expect("a turn");
    }

    #[tokio::test]
    async fn a_decoder_that_panics_gives_its_turn_back() {
        let turns = Turns::new(Duration::from_secs(60));
        assert_eq!(
            refused(turns.take(|| panic!("a broken decoder")).await),
            Refusal::Undecodable
        );
        turns.take(|| Ok(())).await.expect("a turn");
    }
}
