//! A warning that anybody can provoke with a header is written at most once a minute.

use std::sync::atomic::{AtomicI64, Ordering};

use time::OffsetDateTime;

const INTERVAL_SECONDS: i64 = 60;

/// When the warning was last written, in unix seconds; zero for never.
#[derive(Default)]
pub(crate) struct RareWarning(AtomicI64);

impl RareWarning {
    /// Whether it may be written now. Of several askers in one interval, one hears yes.
    pub(crate) fn is_due(&self, now: OffsetDateTime) -> bool {
        let now = now.unix_timestamp();
        let last = self.0.load(Ordering::Relaxed);
        // A clock that was set back must not silence the warning for long.
        let due = last == 0 || now < last || now - last >= INTERVAL_SECONDS;
        due && self
            .0
            .compare_exchange(last, now, Ordering::Relaxed, Ordering::Relaxed)
            .is_ok()
    }
}

impl Clone for RareWarning {
    fn clone(&self) -> Self {
        Self(AtomicI64::new(self.0.load(Ordering::Relaxed)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_warning_is_written_once_a_minute() {
        let warning = RareWarning::default();
        let at = |seconds: i64| OffsetDateTime::from_unix_timestamp(1_000_000 + seconds).unwrap();
        assert!(warning.is_due(at(0)));
        assert!(!warning.is_due(at(0)));
        assert!(!warning.is_due(at(59)));
        assert!(warning.is_due(at(60)));
        assert!(warning.is_due(at(-100)), "the clock was set back");
    }
}
