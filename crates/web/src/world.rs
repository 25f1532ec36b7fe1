//! The clock and the randomness of the process.
//!
//! Invariant: only `main` reaches for the real ones; everything inside takes a [`World`], so that tests own both.

use std::sync::LazyLock;
use std::time::{Duration, Instant, SystemTime};

use time::OffsetDateTime;

/// Tells the time, in UTC.
pub type Clock = fn() -> OffsetDateTime;

/// How much time went by since some moment: for what takes too long. It never goes back, whatever is done to the clock.
pub(crate) type Ticks = fn() -> Duration;

pub(crate) fn ticks() -> Duration {
    static BEGINNING: LazyLock<Instant> = LazyLock::new(Instant::now);
    BEGINNING.elapsed()
}

/// What the process asks of the world around it.
#[derive(Debug, Clone, Copy)]
pub struct World {
    /// Tells the time, in UTC.
    pub clock: Clock,
    /// Fills a buffer with unpredictable bytes.
    pub randomness: fn(&mut [u8]),
}

impl World {
    /// The clock and the randomness of this computer.
    pub const REAL: Self = Self {
        clock: system_time,
        randomness: system_randomness,
    };

    /// The time, in UTC.
    pub(crate) fn now(&self) -> OffsetDateTime {
        (self.clock)()
    }

    /// So many unpredictable bytes.
    pub(crate) fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        (self.randomness)(&mut bytes);
        bytes
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the one place where this program looks at the clock"
)]
fn system_time() -> OffsetDateTime {
    SystemTime::now().into()
}

#[expect(
    clippy::disallowed_methods,
    reason = "the one place where this program asks for randomness"
)]
fn system_randomness(bytes: &mut [u8]) {
    getrandom::fill(bytes).expect("the operating system has randomness");
}
