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
    ///
    /// ```
    /// # #[cfg(feature = "memory")] {
    /// use session_auth::{MemoryStorage, SessionLayer};
    ///
    /// let sessions = SessionLayer::new(MemoryStorage::new());
    /// # }
    /// ```
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
    /// `Secure`. A name that was given loses its `__Host-`, which browsers take from https sites only. The scheme is said here
    /// and never guessed from a header.
    ///
    /// ```
    /// # #[cfg(feature = "memory")]
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// # use axum::{Router, body::Body, http::Request, routing::get};
    /// # use session_auth::{MemoryStorage, Session, SessionLayer};
    /// # use tower::ServiceExt;
    /// # async fn visit(session: Session) { session.insert("seen", true).await.unwrap(); }
    /// let cookie = async |sessions: SessionLayer| {
    ///     let site = Router::new().route("/", get(visit)).layer(sessions);
    ///     let answer = site.oneshot(Request::get("/").body(Body::empty()).unwrap()).await.unwrap();
    ///     answer.headers()["set-cookie"].to_str().unwrap().to_owned()
    /// };
    /// let plain = cookie(SessionLayer::new(MemoryStorage::new()).plain_http()).await;
    /// assert!(plain.starts_with("gatepost-dev=") && !plain.contains("Secure"), "{plain}");
    /// let secure = cookie(SessionLayer::new(MemoryStorage::new())).await;
    /// assert!(secure.starts_with("__Host-session=") && secure.contains("Secure"), "{secure}");
    /// # }
    /// # #[cfg(not(feature = "memory"))] fn main() {}
    /// ```
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
    ///
    /// ```
    /// # #[cfg(feature = "memory")] {
    /// # use session_auth::{MemoryStorage, SessionLayer};
    /// let sessions = SessionLayer::new(MemoryStorage::new()).cookie_name("__Host-shop");
    /// let spaced = || SessionLayer::new(MemoryStorage::new()).cookie_name("my shop");
    /// assert!(std::panic::catch_unwind(spaced).is_err());
    /// # }
    /// ```
    #[must_use]
    pub fn cookie_name(self, name: impl Into<String>) -> Self {
        self.with(|shared| shared.cookie.rename(name.into()))
    }

    /// How long a session lives without being used, unless the person asked to be remembered. Reading counts as use.
    ///
    /// ```
    /// # #[cfg(feature = "memory")] {
    /// # use session_auth::{MemoryStorage, SessionLayer};
    /// # use std::time::Duration;
    /// let bank = SessionLayer::new(MemoryStorage::new())
    ///     .idle_timeout(Duration::from_secs(15 * 60))
    ///     .absolute_timeout(Duration::from_secs(12 * 60 * 60));
    /// # }
    /// ```
    #[must_use]
    pub fn idle_timeout(self, timeout: Duration) -> Self {
        self.with(|shared| shared.session.idle = timeout)
    }

    /// How long a session lives from its creation or login, however much it is used, unless the person asked to be
    /// remembered.
    ///
    /// ```
    /// # #[cfg(all(feature = "memory", feature = "testing"))]
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// # use axum::{Router, routing::get};
    /// # use session_auth::{MemoryStorage, Session, SessionLayer, testing::{Browser, advance, now}};
    /// # use std::time::Duration;
    /// # async fn visit(session: Session) { session.update("n", |n: Option<u32>| n.unwrap_or(0) + 1).await.unwrap(); }
    /// const HOUR: Duration = Duration::from_secs(60 * 60);
    /// let sessions = SessionLayer::new(MemoryStorage::new()).clock(now).absolute_timeout(12 * HOUR);
    /// let browser = Browser::new(Router::new().route("/", get(visit)).layer(sessions));
    /// assert!(browser.get("/").await.headers().contains_key("set-cookie"));
    /// for _ in 0..11 {
    ///     advance(HOUR);
    ///     assert!(!browser.get("/").await.headers().contains_key("set-cookie"), "the same session, in use");
    /// }
    /// advance(HOUR);
    /// assert!(browser.get("/").await.headers().contains_key("set-cookie"), "a new one, for all the use");
    /// # }
    /// # #[cfg(not(all(feature = "memory", feature = "testing")))] fn main() {}
    /// ```
    #[must_use]
    pub fn absolute_timeout(self, timeout: Duration) -> Self {
        self.with(|shared| shared.session.absolute = timeout)
    }

    /// The idle and the absolute timeout of people who asked to be remembered.
    ///
    /// ```
    /// # #[cfg(feature = "memory")] {
    /// # use session_auth::{MemoryStorage, SessionLayer};
    /// # use std::time::Duration;
    /// const DAY: Duration = Duration::from_secs(24 * 60 * 60);
    /// let sessions = SessionLayer::new(MemoryStorage::new()).remember(7 * DAY, 28 * DAY);
    /// # }
    /// ```
    #[must_use]
    pub fn remember(self, idle: Duration, absolute: Duration) -> Self {
        self.with(|shared| shared.remembered = Limits { idle, absolute })
    }

    /// Where the address of the client is found. The default is the peer of the connection (axum's `ConnectInfo`) and
    /// never a header: behind a proxy, read the header that *your* proxy writes.
    ///
    /// ```
    /// # #[cfg(feature = "memory")] {
    /// # use session_auth::{MemoryStorage, SessionLayer};
    /// use http::request::Parts;
    /// use std::net::IpAddr;
    ///
    /// /// Our proxy puts the address of its client last; what stands before it, the client may have written.
    /// fn behind_our_proxy(parts: &Parts) -> Option<IpAddr> {
    ///     let list = parts.headers.get_all("x-forwarded-for").iter().next_back()?.to_str().ok()?;
    ///     list.rsplit(',').next()?.trim().parse().ok()
    /// }
    ///
    /// let sessions = SessionLayer::new(MemoryStorage::new()).client_address(behind_our_proxy);
    /// # let (parts, ()) = http::Request::get("/").header("x-forwarded-for", "10.9.9.9, 192.0.2.7").body(()).unwrap().into_parts();
    /// # assert_eq!(behind_our_proxy(&parts), Some([192, 0, 2, 7].into()));
    /// # }
    /// ```
    #[must_use]
    pub fn client_address(self, find: fn(&Parts) -> Option<IpAddr>) -> Self {
        self.with(|shared| shared.client_address = find)
    }

    /// How often sessions that are over are removed from the storage; ten minutes unless said otherwise.
    ///
    /// When the clock has leapt ahead, none is removed by it until it has gone right for an hour.
    ///
    /// ```
    /// # #[cfg(feature = "memory")] {
    /// # use session_auth::{MemoryStorage, SessionLayer};
    /// # use std::time::Duration;
    /// let sessions = SessionLayer::new(MemoryStorage::new()).cleanup_interval(Duration::from_secs(60));
    /// # }
    /// ```
    #[must_use]
    pub fn cleanup_interval(self, interval: Duration) -> Self {
        self.with(|shared| shared.cleanup = Cleanup::every(interval))
    }

    /// Another clock, for tests.
    ///
    /// ```
    /// # #[cfg(all(feature = "memory", feature = "testing"))] {
    /// # use session_auth::{MemoryStorage, SessionLayer};
    /// use session_auth::testing::now; // `advance` moves it
    ///
    /// let sessions = SessionLayer::new(MemoryStorage::new()).clock(now);
    /// # }
    /// ```
    #[must_use]
    pub fn clock(self, clock: Clock) -> Self {
        self.with(|shared| shared.clock = clock)
    }

    /// Another source of randomness, for tests. Session ids are made from it.
    ///
    /// ```
    /// # #[cfg(feature = "memory")] {
    /// # use session_auth::{MemoryStorage, SessionLayer};
    /// use std::sync::atomic::{AtomicU8, Ordering};
    ///
    /// static NEXT: AtomicU8 = AtomicU8::new(0);
    ///
    /// // Every id is another one, and everybody can guess it: for a test that compares pages byte by byte.
    /// let sessions = SessionLayer::new(MemoryStorage::new())
    ///     .randomness(|bytes| bytes.fill(NEXT.fetch_add(1, Ordering::Relaxed)));
    /// # }
    /// ```
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
