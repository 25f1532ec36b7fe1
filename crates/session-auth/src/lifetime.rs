//! How long a session lives: an idle timeout and an absolute deadline, both judged as numbers by the layer's clock.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use time::{OffsetDateTime, UtcOffset};
use tower_sessions_core::Expiry;

/// The lifetime of one session. It is stored with the session and survives later writes.
///
/// ```
/// use session_auth::Lifetime;
/// use std::time::Duration;
/// use time::macros::datetime;
///
/// let login = datetime!(2030-01-01 12:00 UTC);
/// let day = Duration::from_secs(24 * 60 * 60);
/// let lifetime = Lifetime { idle: day, deadline: login + 30 * day, persistent: false };
/// assert!(!lifetime.is_over(login, login + day / 2));
/// assert!(lifetime.is_over(login, login + day), "unused for a day");
/// assert!(lifetime.is_over(login + 30 * day, login + 30 * day), "in use, and past its deadline");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lifetime {
    /// The session ends when it was not used for this long.
    pub idle: Duration,
    /// The session ends at this time, however much it is used.
    #[serde(with = "time::serde::timestamp::milliseconds")]
    pub deadline: OffsetDateTime,
    /// Whether the cookie outlives the browser: with a `Max-Age` until the deadline, or without one.
    pub persistent: bool,
}

impl Lifetime {
    /// Whether a session last seen at `last_seen` is over at `now`.
    ///
    /// ```
    /// use session_auth::Lifetime;
    /// use std::time::Duration;
    /// use time::OffsetDateTime;
    ///
    /// let start = OffsetDateTime::UNIX_EPOCH;
    /// let lifetime = Lifetime {
    ///     idle: Duration::from_secs(60),
    ///     deadline: start + Duration::from_secs(100),
    ///     persistent: false,
    /// };
    /// assert!(!lifetime.is_over(start, start + Duration::from_secs(59)));
    /// assert!(lifetime.is_over(start, start + Duration::from_secs(60)));
    /// assert!(lifetime.is_over(start + Duration::from_secs(90), start + Duration::from_secs(100)));
    /// ```
    #[must_use]
    pub fn is_over(&self, last_seen: OffsetDateTime, now: OffsetDateTime) -> bool {
        now >= self.end(last_seen)
    }

    /// When a session last seen at `last_seen` ends unless it is used again.
    ///
    /// ```
    /// # use session_auth::Lifetime;
    /// # use std::time::Duration;
    /// # use time::macros::datetime;
    /// # let start = datetime!(2030-01-01 12:00 UTC);
    /// let lifetime = Lifetime {
    ///     idle: Duration::from_secs(60),
    ///     deadline: start + Duration::from_secs(100),
    ///     persistent: false,
    /// };
    /// assert_eq!(lifetime.end(start), start + Duration::from_secs(60));
    /// assert_eq!(lifetime.end(start + Duration::from_secs(90)), lifetime.deadline);
    /// ```
    #[must_use]
    pub fn end(&self, last_seen: OffsetDateTime) -> OffsetDateTime {
        later(last_seen, self.idle).min(self.deadline)
    }
}

/// What the layer allows a kind of session.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    pub(crate) idle: Duration,
    pub(crate) absolute: Duration,
}

impl Limits {
    pub(crate) fn lifetime(&self, since: OffsetDateTime, persistent: bool) -> Lifetime {
        Lifetime {
            idle: self.idle,
            deadline: later(since, self.absolute),
            persistent,
        }
    }

    /// The lifetime that a handler asked for with tower-sessions' `set_expiry`, within these limits. `None` asks to end
    /// the session: a deadline in the past, or no idle time at all.
    pub(crate) fn apply(
        &self,
        expiry: Expiry,
        lifetime: Lifetime,
        since: OffsetDateTime,
        now: OffsetDateTime,
    ) -> Option<Lifetime> {
        let asked = match expiry {
            Expiry::OnSessionEnd => Lifetime {
                persistent: false,
                ..lifetime
            },
            Expiry::OnInactivity(idle) => Lifetime {
                idle: whole_milliseconds(Duration::try_from(idle).ok()?.min(self.idle)),
                persistent: true,
                ..lifetime
            },
            Expiry::AtDateTime(deadline) => Lifetime {
                deadline: milliseconds(deadline).min(later(since, self.absolute)),
                persistent: true,
                ..lifetime
            },
        };
        (!asked.is_over(now, now)).then_some(asked)
    }
}

/// How old a session's `last_seen` may grow before a request refreshes it.
pub(crate) fn touch_interval(idle: Duration) -> Duration {
    (idle / 10).min(Duration::from_secs(60))
}

/// Cut to the precision in which every storage keeps times, in UTC, so that what is compared is what was stored.
pub(crate) fn milliseconds(time: OffsetDateTime) -> OffsetDateTime {
    let time = if time.offset().is_utc() {
        time
    } else {
        time.checked_to_offset(UtcOffset::UTC).unwrap_or(time)
    };
    time.replace_millisecond(time.millisecond()).unwrap_or(time)
}

fn whole_milliseconds(duration: Duration) -> Duration {
    Duration::from_millis(u64::try_from(duration.as_millis()).unwrap_or(u64::MAX))
}

fn later(time: OffsetDateTime, by: Duration) -> OffsetDateTime {
    let by = time::Duration::try_from(by).unwrap_or(time::Duration::MAX);
    time.saturating_add(by)
}
