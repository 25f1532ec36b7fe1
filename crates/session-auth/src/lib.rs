//! Sessions, login, `RequireLogin` and template context processors for axum.
//!
//! Put a [`SessionLayer`] around the routes of a site and an [`AuthLayer`] inside of it; then ask for a [`Session`], an
//! [`Auth`] or a [`RequireLogin`] in a handler. What this crate is made for is what goes wrong elsewhere:
//!
//! - Requests that run side by side lose nothing of each other's: a session is changed, never written back as it was read.
//! - Whoever is logged out stays out, whatever was in flight; nothing recreates a session.
//! - The id changes at every login, the old one dies in the same step, and a login that ends in a 5xx was none.
//! - The storage sees hashes only, and logs, errors and `Debug` see neither ids nor values.
//! - A storage that fails is a 503, never an empty session. Any cookie whatsoever gets an answer.
//! - A request that does not use its session costs no access to the storage, and stays cacheable.
//!
//! Every one of these is checked over every storage by one suite, `testing::contract` (feature `testing`), which also runs
//! over your own [`SessionStorage`].
#![deny(missing_docs)]

// What a site writes down: the layer and its settings, and the session that handlers see.
mod layer;
mod session;

// What is kept, for how long, and where: the storages and the values they keep.
#[cfg(feature = "sqlite")]
mod cache;
mod client;
mod error;
mod lifetime;
#[cfg(feature = "sqlite")]
mod locks;
mod storage;

// One request: the service it goes through, its cookie, the session it may use, and what caches are told of the answer.
mod caching;
mod cookie;
mod request;
mod service;

// Login: users come from a directory; who is logged in, who may pass, and where they go after.
mod auth;
mod directory;
mod next;
#[cfg(feature = "password")]
pub mod password;
mod require;
mod stamp;
#[cfg(feature = "throttle")]
mod throttle;

// What pages need: messages that are shown once, and what every template may refer to.
#[cfg(feature = "minijinja")]
mod context;
mod flash;

// What runs beside requests, and what everything stands on.
mod ambient;
mod cleanup;
mod warnings;

#[cfg(feature = "testing")]
pub mod testing;

// What fuzz targets are run with, and what they do with a session that came out of a decoder.
#[cfg(test)]
#[path = "../fuzz/inputs.rs"]
mod inputs;
#[cfg(all(
    test,
    any(
        feature = "sqlite",
        feature = "postgres",
        feature = "redis",
        all(
            feature = "simple-cookie",
            feature = "encrypted-cookie",
            feature = "nacl-cookie"
        )
    )
))]
#[path = "../fuzz/judge.rs"]
mod judge;

pub use ambient::{Clock, Randomness};
#[cfg(feature = "password")]
pub use auth::Attempt;
pub use auth::{Auth, AuthError, AuthLayer, AuthService, OpenSession};
pub use client::Client;
#[cfg(feature = "minijinja")]
pub use context::{
    BoxError, ContextError, ContextProcessor, ContextProcessors, FlashContext, Needed,
    UsernameContext,
};
pub use directory::{Directory, Identity};
pub use error::{SessionError, SessionTooLarge, StorageError};
pub use flash::{Flash, FlashLevel, FlashMessage};
pub use layer::SessionLayer;
pub use lifetime::Lifetime;
pub use next::LocalPath;
pub use require::{
    Reason, Refusal, RequireLogin, RequireLoginExcept, RequireLoginLayer, RequireLoginService,
    RequireRecentLogin,
};
pub use service::{ResponseFuture, SessionService};
pub use session::Session;
pub use stamp::Stamp;
#[cfg(any(
    feature = "simple-cookie",
    feature = "encrypted-cookie",
    feature = "nacl-cookie"
))]
pub use storage::AiohttpCookies;
#[cfg(feature = "encrypted-cookie")]
pub use storage::EncryptedCookieStorage;
#[cfg(any(feature = "encrypted-cookie", feature = "nacl-cookie"))]
pub use storage::KeyError;
#[cfg(feature = "memory")]
pub use storage::MemoryStorage;
#[cfg(feature = "nacl-cookie")]
pub use storage::NaClCookieStorage;
#[cfg(feature = "simple-cookie")]
pub use storage::SimpleCookieStorage;
#[cfg(feature = "sqlite")]
pub use storage::SingleProcessStorage;
#[cfg(any(feature = "sqlite", feature = "postgres"))]
pub use storage::SqlStorage;
#[cfg(feature = "redis")]
pub use storage::{AiohttpRedis, RedisStorage};
pub use storage::{
    AnyStorage, Applied, Change, FORMER_LOGIN, Login, LoginChange, Outcome, Promise, Promises,
    SessionKey, SessionStorage, StoredSession, Values,
};
#[cfg(feature = "tower")]
pub use storage::{ExistingIds, TowerStorage};
#[cfg(feature = "throttle")]
pub use throttle::{Throttle, TooManyAttempts};
