//! The layer: which storage, which cookie and which limits the sessions of a site have.
//!
//! Invariant: every route that one layer is put around shares one storage, one cookie name and one cleanup task.

use std::{fmt, net::IpAddr, sync::Arc, time::Duration};

use http::request::Parts;
use time::OffsetDateTime;
use tower_layer::Layer;

use crate::{
    AnyStorage, Clock, Randomness,
    ambient::{system_clock, system_randomness},
    cleanup::Cleanup,
    client::peer_address,
    cookie::CookieSettings,
    lifetime::{Limits, milliseconds},
    request::Handles,
    service::SessionService,
    warnings::RareWarning,
};

const HOUR: Duration = Duration::from_secs(60 * 60);
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// Gives every request a session.
///
/// Put it around the routes of a site, outside of what needs sessions. A request that does not use its session costs no
/// access to the storage and gets no cookie.
///
/// ```
/// # #[cfg(feature = "memory")]
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// use axum::{Router, body::Body, routing::get};
/// use http::Request;
/// use session_auth::{MemoryStorage, Session, SessionLayer};
/// use tower::ServiceExt;
///
/// async fn visit(session: Session) -> String {
///     let visits = session.get("visits").await.unwrap().unwrap_or(0) + 1;
///     session.insert("visits", visits).await.unwrap();
///     format!("visit {visits}")
/// }
///
/// let site = Router::new()
///     .route("/", get(visit))
///     .route("/about", get(|| async { "about" }))
///     .layer(SessionLayer::new(MemoryStorage::new()));
///
/// let request = |path, cookie| Request::get(path).header("cookie", cookie).body(Body::empty()).unwrap();
/// let first = site.clone().oneshot(request("/", "")).await.unwrap();
/// let cookie = first.headers()["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned();
/// assert!(cookie.starts_with("__Host-session="));
///
/// // Who comes back is known, and needs no new cookie; an id that the server did not issue is nobody.
/// let second = site.clone().oneshot(request("/", &cookie)).await.unwrap();
/// assert!(!second.headers().contains_key("set-cookie"));
/// let forged = site.clone().oneshot(request("/", "__Host-session=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")).await.unwrap();
/// assert_ne!(forged.headers()["set-cookie"].to_str().unwrap().split(';').next().unwrap(), cookie);
///
/// // And where no session is used, nothing is set.
/// let about = site.clone().oneshot(request("/about", "")).await.unwrap();
/// assert!(!about.headers().contains_key("set-cookie"));
/// # }
/// # #[cfg(not(feature = "memory"))] fn main() {}
/// ```
#[derive(Clone)]
pub struct SessionLayer {
    shared: Arc<Shared>,
}

impl SessionLayer {
    /// Sessions in this storage, with secure defaults: a `__Host-session` cookie over https only; 24 hours without use
    /// or 30 days in all end a session, 30 and 90 days when the person asked to be remembered.
    #[must_use]
    pub fn new(storage: impl Into<AnyStorage>) -> Self {
        let storage = storage.into();
        Self {
            shared: Arc::new(Shared {
                cookie: CookieSettings::named(storage.cookie_name()),
                storage,
                session: Limits {
                    idle: DAY,
                    absolute: 30 * DAY,
                },
                remembered: Limits {
                    idle: 30 * DAY,
                    absolute: 90 * DAY,
                },
                client_address: peer_address,
                clock: system_clock,
                randomness: system_randomness,
                cleanup: Cleanup::every(HOUR / 6),
                handles: Handles::default(),
                undecodable: RareWarning::default(),
                damaged: RareWarning::default(),
            }),
        }
    }

    #[cfg(feature = "testing")]
    pub(crate) fn storage(&self) -> &AnyStorage {
        &self.shared.storage
    }

    /// With the cookie of a storage that nobody else knows.
    #[cfg(feature = "testing")]
    pub(crate) fn named_by_us(self) -> Self {
        self.with(|shared| shared.cookie = CookieSettings::named(None))
    }

    fn with(mut self, set: impl FnOnce(&mut Shared)) -> Self {
        set(Arc::make_mut(&mut self.shared));
        self
    }

    /// For a site without https, such as one on a developer's machine: the cookie is called `gatepost-dev` and is not
    /// `Secure`. The scheme is said here and never guessed from a header.
    #[must_use]
    pub fn plain_http(self) -> Self {
        self.with(|shared| shared.cookie.plain_http())
    }

    /// Another name for the cookie. Keep the `__Host-` in front where you can: browsers then refuse a cookie of this
    /// name from a subdomain or from plain http.
    ///
    /// # Panics
    ///
    /// When the name is not what RFC 6265 calls a token.
    #[must_use]
    pub fn cookie_name(self, name: impl Into<String>) -> Self {
        self.with(|shared| shared.cookie.rename(name.into()))
    }

    /// How long a session lives without being used, unless the person asked to be remembered. Reading counts as use.
    #[must_use]
    pub fn idle_timeout(self, timeout: Duration) -> Self {
        self.with(|shared| shared.session.idle = timeout)
    }

    /// How long a session lives from its creation or login, however much it is used, unless the person asked to be
    /// remembered.
    #[must_use]
    pub fn absolute_timeout(self, timeout: Duration) -> Self {
        self.with(|shared| shared.session.absolute = timeout)
    }

    /// The idle and the absolute timeout of people who asked to be remembered.
    #[must_use]
    pub fn remember(self, idle: Duration, absolute: Duration) -> Self {
        self.with(|shared| shared.remembered = Limits { idle, absolute })
    }

    /// Where the address of the client is found. The default is the peer of the connection (axum's `ConnectInfo`) and
    /// never a header: behind a proxy, read the header that *your* proxy writes.
    #[must_use]
    pub fn client_address(self, find: fn(&Parts) -> Option<IpAddr>) -> Self {
        self.with(|shared| shared.client_address = find)
    }

    /// How often sessions that are over are removed from the storage; ten minutes unless said otherwise.
    #[must_use]
    pub fn cleanup_interval(self, interval: Duration) -> Self {
        self.with(|shared| shared.cleanup = Cleanup::every(interval))
    }

    /// Another clock, for tests.
    #[must_use]
    pub fn clock(self, clock: Clock) -> Self {
        self.with(|shared| shared.clock = clock)
    }

    /// Another source of randomness, for tests. Session ids are made from it.
    #[must_use]
    pub fn randomness(self, randomness: Randomness) -> Self {
        self.with(|shared| shared.randomness = randomness)
    }
}

impl fmt::Debug for SessionLayer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SessionLayer")
            .field("cookie", &self.shared.cookie)
            .finish_non_exhaustive()
    }
}

impl<S> Layer<S> for SessionLayer {
    type Service = SessionService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        SessionService::new(inner, Arc::clone(&self.shared))
    }
}

/// What all requests of a layer share. A clone, made only while the layer is being configured, starts its own cleanup.
#[derive(Clone)]
pub(crate) struct Shared {
    pub(crate) storage: AnyStorage,
    pub(crate) cookie: CookieSettings,
    session: Limits,
    remembered: Limits,
    pub(crate) client_address: fn(&Parts) -> Option<IpAddr>,
    pub(crate) clock: Clock,
    pub(crate) randomness: Randomness,
    pub(crate) cleanup: Cleanup,
    pub(crate) handles: Handles,
    pub(crate) undecodable: RareWarning,
    pub(crate) damaged: RareWarning,
}

impl Shared {
    /// The time in the precision that storages keep.
    pub(crate) fn now(&self) -> OffsetDateTime {
        milliseconds((self.clock)())
    }

    pub(crate) fn limits(&self, remember: bool) -> &Limits {
        if remember {
            &self.remembered
        } else {
            &self.session
        }
    }
}
