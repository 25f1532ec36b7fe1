//! The one integration test binary of session-auth: every test acts through the public surface.

#[cfg(feature = "password")]
mod attempt;
#[cfg(feature = "minijinja")]
mod context;
#[cfg(all(feature = "memory", feature = "testing"))]
mod contract;
mod flash;
mod login;
mod next;
#[cfg(feature = "password")]
mod password;
mod require;
#[cfg(feature = "sqlite")]
mod sqlite;
#[cfg(feature = "throttle")]
mod throttle;

mod site;
