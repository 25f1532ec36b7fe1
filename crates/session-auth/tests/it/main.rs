//! The one integration test binary of session-auth: every test acts through the public surface.

mod login;
mod next;
#[cfg(feature = "password")]
mod password;
#[cfg(feature = "throttle")]
mod throttle;

mod site;
