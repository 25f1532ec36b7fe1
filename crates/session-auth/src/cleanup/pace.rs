//! Whether the clock may be believed in what cannot be undone: that a session is over, and can go for good.
//!
//! Invariant: after a clock has leapt ahead of the time that really passed, nothing is collected until it has kept its pace
//! for [`PROBATION`]. A session that is over is refused meanwhile like any other, so waiting costs nothing but space.

use std::time::Duration;

use time::OffsetDateTime;
use tokio::time::Instant;

/// So far a clock may get ahead from one round to the next, by being set right for instance.
const TOLERANCE: Duration = Duration::from_secs(60);

/// How long somebody has to set right a clock that is wrong. A machine that slept looks like one whose clock leapt, and
/// collects again so long after it woke.
const PROBATION: Duration = Duration::from_secs(60 * 60);

/// Compares the clock of the sessions with one that nobody sets.
pub(super) struct Pace {
    clock: OffsetDateTime,
    at: Instant,
    leapt: Option<Instant>,
}

impl Pace {
    /// What the first round compares with is the time of the first request, one interval before it. Whether the clock was
    /// right by then, nobody can tell; but from the start of the machine it has until the first round to be set.
    pub(super) fn begin(clock: OffsetDateTime) -> Self {
        Self {
            clock,
            at: Instant::now(),
            leapt: None,
        }
    }

    /// Whether what is over by this time may be collected. Asked in every round; a leap is warned of once.
    pub(super) fn holds(&mut self, clock: OffsetDateTime) -> bool {
        let at = Instant::now();
        let ahead = (clock - self.clock) - (at - self.at);
        (self.clock, self.at) = (clock, at);
        if ahead > TOLERANCE {
            tracing::warn!(
                seconds = ahead.whole_seconds(),
                "the clock has leapt ahead, so sessions that are over by it stay in the storage until it has gone right for an hour"
            );
            self.leapt = Some(at);
        }
        self.leapt
            .is_none_or(|leapt| at.duration_since(leapt) >= PROBATION)
    }
}
