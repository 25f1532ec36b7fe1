//! The one integration test binary of session-auth: every test acts through the public surface.

mod next;
#[cfg(feature = "password")]
mod password;
#[cfg(feature = "throttle")]
mod throttle;
