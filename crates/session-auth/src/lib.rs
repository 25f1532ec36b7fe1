//! Sessions, login, `RequireLogin` and template context processors for axum.
#![deny(missing_docs)]

mod next;
#[cfg(feature = "password")]
pub mod password;
mod stamp;
#[cfg(feature = "throttle")]
mod throttle;

pub use next::LocalPath;
pub use stamp::Stamp;
#[cfg(feature = "throttle")]
pub use throttle::{Throttle, TooManyAttempts};

/// Fills a buffer with random bytes.
pub type Randomness = fn(&mut [u8]);

#[cfg(feature = "password")]
fn system_randomness(bytes: &mut [u8]) {
    getrandom::fill(bytes).expect("the system gives random bytes");
}
