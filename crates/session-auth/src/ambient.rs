//! Time and randomness as values that the application may replace; the only place that asks the operating system for them.

use time::OffsetDateTime;

/// Tells the time.
///
/// Every deadline of a session is judged by this clock, so a test that owns it owns time.
///
/// ```
/// use session_auth::{Clock, SessionLayer};
/// use time::OffsetDateTime;
///
/// fn noon() -> OffsetDateTime {
///     time::macros::datetime!(2030-01-01 12:00 UTC)
/// }
///
/// const NOON: Clock = noon;
/// # #[cfg(feature = "memory")]
/// let sessions = SessionLayer::new(session_auth::MemoryStorage::new()).clock(NOON);
/// ```
pub type Clock = fn() -> OffsetDateTime;

/// Fills a buffer with random bytes that nobody can guess.
///
/// A session id is made of 16 of them, 128 bits: twice what OWASP's session management cheat sheet asks for.
///
/// ```
/// use session_auth::Randomness;
///
/// let system: Randomness = |bytes| getrandom::fill(bytes).expect("the system gives random bytes");
/// let (mut first, mut second) = ([0; 16], [0; 16]);
/// system(&mut first);
/// system(&mut second);
/// assert_ne!(first, second);
/// ```
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
