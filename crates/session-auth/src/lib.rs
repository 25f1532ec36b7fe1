//! Sessions, login, `RequireLogin` and template context processors for axum.
#![deny(missing_docs)]

// What a site writes down.
mod layer;
mod session;

// What is kept, and where.
mod client;
mod error;
mod lifetime;
mod storage;

// One request.
mod caching;
mod cookie;
mod request;
mod service;

// Login.
mod auth;
#[cfg(feature = "minijinja")]
mod context;
mod directory;
mod flash;
mod next;
#[cfg(feature = "password")]
pub mod password;
mod require;
mod stamp;
#[cfg(feature = "throttle")]
mod throttle;

// What runs beside requests, and what everything stands on.
mod ambient;
mod cleanup;
mod warnings;

#[cfg(feature = "testing")]
pub mod testing;

pub use ambient::{Clock, Randomness};
#[cfg(feature = "password")]
pub use auth::Attempt;
pub use auth::{Auth, AuthError, AuthLayer, AuthService};
pub use client::Client;
#[cfg(feature = "minijinja")]
pub use context::{
    BoxError, ContextError, ContextProcessor, ContextProcessors, FlashContext, Needed,
    UsernameContext,
};
pub use directory::{Directory, Identity};
pub use error::{SessionError, StorageError};
pub use flash::{Flash, FlashLevel, FlashMessage};
pub use layer::SessionLayer;
pub use lifetime::Lifetime;
pub use next::LocalPath;
pub use require::{
    Reason, Refusal, RequireLogin, RequireLoginExcept, RequireLoginLayer, RequireLoginService,
};
pub use service::{ResponseFuture, SessionService};
pub use session::Session;
pub use stamp::Stamp;
#[cfg(feature = "memory")]
pub use storage::MemoryStorage;
#[cfg(feature = "sqlite")]
pub use storage::SqlStorage;
pub use storage::{
    Applied, Change, Login, LoginChange, Outcome, Promise, Promises, SessionKey, SessionStorage,
    StoredSession, Values,
};
#[cfg(feature = "throttle")]
pub use throttle::{Throttle, TooManyAttempts};

/// Compiles what the README shows.
#[cfg(all(
    doctest,
    feature = "memory",
    feature = "minijinja",
    feature = "password",
    feature = "sqlite"
))]
#[doc = include_str!("../README.md")]
struct Readme;
