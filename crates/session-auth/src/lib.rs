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
//! over your own [`SessionStorage`]. Read on in this order; each part needs only those before it.
//!
//! # A login in ten minutes
//!
//! One trait with two methods says who the users are, two layers go around the router, one extractor guards a page. With
//! the feature `password`:
//!
//! ```
//! # #[cfg(all(feature = "memory", feature = "password"))]
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # use axum::{body::Body, http::{Request, StatusCode}, response::{IntoResponse, Response}};
//! # use tower::ServiceExt;
//! use axum::{Router, extract::{Form, State}, response::Redirect, routing::{get, post}};
//! use session_auth::password::{PasswordHash, PasswordHasher};
//! use session_auth::{Attempt, Auth, AuthError, AuthLayer, Directory, Identity, RequireLogin, Stamp};
//! use session_auth::{MemoryStorage, SessionLayer};
//! use std::{collections::HashMap, convert::Infallible, sync::Arc};
//!
//! #[derive(Clone)]
//! struct Account { name: String, password: PasswordHash }
//!
//! #[derive(Clone)]
//! struct Accounts(Arc<HashMap<String, Account>>); // a real site has its database here
//!
//! impl Directory for Accounts {
//!     type User = Account;
//!     type Error = Infallible;
//!
//!     async fn find(&self, id: &str) -> Result<Option<Account>, Infallible> {
//!         Ok(self.0.get(id).cloned())
//!     }
//!
//!     fn identity(&self, account: &Account) -> Identity {
//!         let stamp = Stamp::of(&[account.password.as_str().as_bytes()]); // a new password ends the logins
//!         Identity { id: account.name.clone(), stamp }
//!     }
//! }
//!
//! #[derive(serde::Deserialize)]
//! struct Credentials { login: String, password: String }
//!
//! async fn login(
//!     auth: Auth<Accounts>,
//!     State(accounts): State<Accounts>,
//!     Form(typed): Form<Credentials>,
//! ) -> Result<Response, AuthError> {
//!     let attempt = auth
//!         .attempt(&typed.login, &typed.password, |name| async move {
//!             let found = accounts.find(name).await?;
//!             Ok::<_, Infallible>(found.map(|account| (account.password.clone(), account)))
//!         })
//!         .await?;
//!     Ok(match attempt {
//!         // The README also stores a hash at a new cost, which this gives back.
//!         Attempt::LoggedIn { .. } => Redirect::to("/desk").into_response(),
//!         refused => (refused.status(), &refused, refused.to_string()).into_response(), // perhaps with a Retry-After
//!     })
//! }
//!
//! async fn desk(RequireLogin(account): RequireLogin<Accounts>) -> String {
//!     format!("the desk of {}", account.name)
//! }
//!
//! let hasher = PasswordHasher::new();
//! # let hasher = hasher.cost(8, 1, 1);
//! let alice = Account { name: "alice".into(), password: hasher.hash("correct horse").await? };
//! let accounts = Accounts(Arc::new(HashMap::from([(alice.name.clone(), alice)])));
//! let site: Router = Router::new()
//!     .route("/desk", get(desk))
//!     .route("/login", post(login))
//!     .with_state(accounts.clone())
//!     .layer(AuthLayer::new(accounts).passwords(hasher))
//!     .layer(SessionLayer::new(MemoryStorage::new()));
//! #
//! # let post = |form: &'static str| Request::post("/login")
//! #     .header("content-type", "application/x-www-form-urlencoded").body(Body::from(form)).unwrap();
//! # let wrong = site.clone().oneshot(post("login=alice&password=wrong+horse")).await?;
//! # assert_eq!((wrong.status(), wrong.headers().contains_key("set-cookie")), (StatusCode::UNPROCESSABLE_ENTITY, false));
//! # let right = site.clone().oneshot(post("login=alice&password=correct+horse")).await?;
//! # assert_eq!(right.status(), 303);
//! # let desk = |cookie| Request::get("/desk").header("cookie", cookie).body(Body::empty()).unwrap();
//! # assert_eq!(site.clone().oneshot(desk(right.headers()["set-cookie"].clone())).await?.status(), 200);
//! # assert_eq!(site.oneshot(desk("".parse()?)).await?.status(), 303);
//! # Ok(()) }
//! # #[cfg(not(all(feature = "memory", feature = "password")))] fn main() {}
//! ```
//!
//! The README has the same as a program to type, with the form, the way back and the logout; `examples/` has whole sites.
//!
//! # Sessions
//!
//! [`Session`] derefs to tower-sessions' own (of tower-sessions-core 0.15), is read when a handler first asks and saved when
//! it has answered; [`Session::update`] counts right whatever others do. [`SessionLayer`] sets the name of the cookie and how
//! long sessions live, unused and in all: both are judged by the server. Without https, on your machine, say
//! [`plain_http`](SessionLayer::plain_http). [`SessionError`] says what a handler meets when a storage fails, and
//! [`Flash`] leaves a message for the next page.
//!
//! # Login
//!
//! A [`Directory`] finds users and gives each an [`Identity`] with a [`Stamp`], which ends their sessions when it changes.
//! `Auth::attempt` logs in with a password, [`Auth::login`] whoever was checked otherwise; [`Auth::renew`] keeps the one
//! session in which somebody changed their password; [`Auth::sessions`] and [`Auth::revoke`] show people where they are
//! logged in and let them end it. `next` is a [`LocalPath`], which leads nowhere else.
//!
//! # Who may pass
//!
//! [`RequireLogin`] in a handler's arguments, [`RequireLoginLayer`] around a router, [`RequireLogin::allow`] for rights,
//! [`RequireRecentLogin`] before what must not happen in a browser that was left open. A [`Refusal`] is a redirect for
//! people and a problem document (RFC 9457) for programs, and lies in its response for a layer of yours to dress.
//!
//! # Storages
//!
//! What each keeps of the contract. The page of a storage says why not, and what it cannot; the contract suite sees
//! every ✓ hold and every – go wrong.
//!
#![doc = include_str!("storage/table.md")]
//!
//! With `aiohttp_compatible()`, sessions are shared with a running Python site, in its format and with its limits
//! (`AiohttpCookies`, `AiohttpRedis`). A storage of your own implements [`SessionStorage`].
//!
//! # Templates
//!
//! With the feature `minijinja`, `ContextProcessors` give values to every template that asks for them and run for no
//! other: `UsernameContext` the name of who is logged in, `FlashContext` the messages that wait.
//!
//! # Tests of your site
//!
//! With the feature `testing`, `testing::Browser` keeps cookies and logs in without a form, `testing::advance` moves the
//! clock, and `testing::contract` judges a storage.
//!
//! # Security
//!
//! `SECURITY.md`, beside the README, says what is promised, against whom, and what is not. The rules followed are RFC
//! 6265 for cookies, with `__Host-` and `SameSite` from its revision; RFC 9106 and OWASP's cheat sheet for the cost of
//! passwords; OWASP's on session management for ids, renewal and timeouts; Django's list for addresses in `next`.
#![deny(missing_docs, clippy::missing_errors_doc)]

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
        feature = "tower",
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
#[cfg(feature = "tower-014")]
pub use storage::Tower014;
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

/// When a session is over, for [`Session::set_expiry`](tower_sessions_core::Session::set_expiry): tower-sessions' own type,
/// judged here by the server's clock and never later than the [`SessionLayer`] allows.
///
/// ```
/// use session_auth::{Expiry, Session};
/// use std::time::Duration;
///
/// async fn on_a_shared_computer(session: Session) {
///     session.set_expiry(Some(Expiry::OnInactivity(Duration::from_secs(5 * 60).try_into().unwrap())));
/// }
/// ```
#[doc(inline)]
pub use tower_sessions_core::Expiry;
/// What tower-sessions' methods on a [`Session`] answer when they fail. With `?` it becomes a [`SessionError`] or an
/// [`AuthError`].
///
/// ```
/// use session_auth::{Session, SessionError, SessionFailure};
///
/// async fn theme(session: &Session) -> Result<Option<String>, SessionFailure> {
///     session.get("theme").await
/// }
/// async fn page(session: Session) -> Result<String, SessionError> {
///     Ok(theme(&session).await?.unwrap_or_else(|| "light".to_owned()))
/// }
/// ```
#[doc(inline)]
pub use tower_sessions_core::session::Error as SessionFailure;
/// The name of a session that may be shown: [`SessionKey::public_id`]. It is text and back for a link or a form, and logs
/// nobody in.
///
/// ```
/// use session_auth::{PublicId, SessionKey};
///
/// let shown = SessionKey::from_bytes([7; 32]).public_id().to_string();
/// let back: PublicId = shown.parse().unwrap();
/// assert_eq!(back, SessionKey::from_bytes([7; 32]).public_id());
/// ```
#[doc(inline)]
pub use tower_sessions_core::session::Id as PublicId;
