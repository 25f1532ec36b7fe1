//! Time and randomness as values that the application may replace; the only place that asks the operating system for them.

use time::OffsetDateTime;

/// Tells the time.
///
/// Every deadline of a session is judged by this clock, so a test that owns it owns time.
pub type Clock = fn() -> OffsetDateTime;

/// Fills a buffer with random bytes that nobody can guess.
pub type Randomness = fn(&mut [u8]);

#[expect(clippy::disallowed_methods, reason = "the default of every clock")]
pub(crate) fn system_clock() -> OffsetDateTime {
    OffsetDateTime::now_utc()
}

/// # Panics
///
/// When the operating system has no randomness: a session id that can be guessed would be worse than no answer.
#[expect(
    clippy::disallowed_methods,
    reason = "the default source of randomness"
)]
pub(crate) fn system_randomness(bytes: &mut [u8]) {
    getrandom::fill(bytes).expect("the operating system gives random bytes");
}
