//! A clock that stands still until a test moves it.
//!
//! Invariant: every test thread has its own, so tests that run side by side do not age each other's sessions.

use std::{cell::Cell, time::Duration};

use time::{OffsetDateTime, macros::datetime};

const START: OffsetDateTime = datetime!(2026-01-01 12:00 UTC);

thread_local! {
    static NOW: Cell<OffsetDateTime> = const { Cell::new(START) };
}

/// The time on this thread: give it to [`SessionLayer::clock`](crate::SessionLayer::clock).
///
/// A clock is a plain function, so the time belongs to the thread: use it with a runtime of one thread, as
/// `#[tokio::test]` makes.
///
/// ```
/// use session_auth::testing::{advance, now};
/// use std::time::Duration;
///
/// let before = now();
/// assert_eq!(now(), before);
/// advance(Duration::from_secs(60));
/// assert_eq!(now() - before, Duration::from_secs(60));
/// ```
#[must_use]
pub fn now() -> OffsetDateTime {
    NOW.get()
}

/// Sets the clock of this thread back, as an operator does who finds it wrong.
pub(super) fn set_back(by: Duration) {
    NOW.set(NOW.get() - by);
}

/// Lets time pass on this thread.
///
/// ```
/// use session_auth::testing::{advance, now};
/// use std::time::Duration;
///
/// let before = now();
/// advance(Duration::from_secs(60));
/// assert_eq!(now() - before, Duration::from_secs(60));
/// ```
pub fn advance(by: Duration) {
    NOW.set(NOW.get() + by);
}
