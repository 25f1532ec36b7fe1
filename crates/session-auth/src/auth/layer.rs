//! The layer of the login: it looks nobody up, and leaves in the request what is needed to do so when somebody asks.

use std::convert::Infallible;
use std::fmt;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::Duration;

use async_trait::async_trait;
use axum::extract::OriginalUri;
use axum::response::Response;
use http::Request;
use http::uri::PathAndQuery;
use tower_layer::Layer;
use tower_service::Service;

use super::{AuthError, Found, RequestAuth};
use crate::Stamp;
use crate::cleanup::Judge;
use crate::directory::Directory;
use crate::next::LocalPath;
#[cfg(feature = "password")]
use crate::password::PasswordHasher;
use crate::request::RequestSession;
#[cfg(feature = "password")]
use crate::throttle::Throttle;

/// Makes [`Auth`](crate::Auth) and [`RequireLogin`](crate::RequireLogin) work. It belongs inside of
/// [`SessionLayer`](crate::SessionLayer): add it first.
///
/// It looks nobody up by itself; that happens when somebody asks.
///
/// Both layers in one `.layer((sessions, logins))`, the outer one first, are the same site with a few allocations less for
/// each request: axum boxes what every `.layer` makes.
///
/// ```
/// # #[cfg(feature = "memory")]
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// use axum::{Router, body::Body, http::Request, routing::{get, post}};
/// use session_auth::{
///     Auth, AuthError, AuthLayer, Directory, Identity, MemoryStorage, RequireLogin, SessionLayer, Stamp,
/// };
/// use tower::ServiceExt;
///
/// /// Everybody is welcome by name alone: for a classroom.
/// #[derive(Clone)]
/// struct Pupils;
///
/// impl Directory for Pupils {
///     type User = String;
///     type Error = std::convert::Infallible;
///
///     async fn find(&self, id: &str) -> Result<Option<String>, Self::Error> {
///         Ok(Some(id.to_owned()))
///     }
///
///     fn identity(&self, user: &String) -> Identity {
///         Identity { id: user.clone(), stamp: Stamp::of(&[]) }
///     }
/// }
///
/// async fn login(auth: Auth<Pupils>, name: String) -> Result<(), AuthError> {
///     auth.login(&name).await
/// }
///
/// async fn desk(RequireLogin(name): RequireLogin<Pupils>) -> String {
///     format!("the desk of {name}")
/// }
///
/// let school = Router::new()
///     .route("/login", post(login))
///     .route("/desk", get(desk))
///     .layer(AuthLayer::new(Pupils))
///     .layer(SessionLayer::new(MemoryStorage::new()));
///
/// let desk = |cookie: &str| Request::get("/desk").header("cookie", cookie).body(Body::empty()).unwrap();
/// let visitor = school.clone().oneshot(desk("")).await.unwrap();
/// assert_eq!(visitor.status(), 303);
/// assert_eq!(visitor.headers()["location"], "/login?next=/desk");
///
/// let login = Request::post("/login").body(Body::from("alice")).unwrap();
/// let login = school.clone().oneshot(login).await.unwrap();
/// let cookie = login.headers()["set-cookie"].to_str().unwrap().split(';').next().unwrap();
/// assert_eq!(school.oneshot(desk(cookie)).await.unwrap().status(), 200);
/// # }
/// # #[cfg(not(feature = "memory"))] fn main() {}
/// ```
#[derive(Debug)]
pub struct AuthLayer<D> {
    settings: Arc<Settings<D>>,
}

#[derive(Clone)]
pub(super) struct Settings<D> {
    pub(super) directory: D,
    pub(super) login_path: String,
    pub(super) logout_path: String,
    pub(super) recent_login: Duration,
    /// Whether the sessions of users whom the directory does not know may be somebody else's.
    is_among_others: bool,
    #[cfg(feature = "password")]
    pub(super) throttle: Arc<Throttle>,
    #[cfg(feature = "password")]
    pub(super) passwords: PasswordHasher,
}

impl<D: Directory> AuthLayer<D> {
    /// Users come from this directory; the login page is `/login`, and `/logout` is where one logs out.
    ///
    /// ```
    /// # use session_auth::{AuthLayer, Directory};
    /// fn layer<D: Directory>(directory: D) -> AuthLayer<D> {
    ///     AuthLayer::new(directory) // then `SessionLayer` around it
    /// }
    /// ```
    #[must_use]
    pub fn new(directory: D) -> Self {
        Self {
            settings: Arc::new(Settings {
                directory,
                login_path: "/login".to_owned(),
                logout_path: "/logout".to_owned(),
                recent_login: Duration::from_secs(10 * 60),
                is_among_others: false,
                #[cfg(feature = "password")]
                throttle: Arc::default(),
                #[cfg(feature = "password")]
                passwords: PasswordHasher::new(),
            }),
        }
    }

    /// Where people log in.
    ///
    /// # Panics
    ///
    /// When it is not a path of this site: everybody without a login would be sent there.
    ///
    /// ```
    /// # use session_auth::{AuthLayer, Directory};
    /// fn layer<D: Directory>(directory: D) -> AuthLayer<D> {
    ///     AuthLayer::new(directory).login_path("/account/login") // "https://…" would stop the program here
    /// }
    /// ```
    #[must_use]
    pub fn login_path(mut self, path: &str) -> Self {
        self.set().login_path = checked(path);
        self
    }

    /// Where people log out; a login never leads there.
    ///
    /// # Panics
    ///
    /// When it is not a path of this site.
    ///
    /// ```
    /// # use session_auth::{AuthLayer, Directory};
    /// fn layer<D: Directory>(directory: D) -> AuthLayer<D> {
    ///     AuthLayer::new(directory).login_path("/account/login").logout_path("/account/logout")
    /// }
    /// ```
    #[must_use]
    pub fn logout_path(mut self, path: &str) -> Self {
        self.set().logout_path = checked(path);
        self
    }

    /// How long a login counts as recent for [`RequireRecentLogin`](crate::RequireRecentLogin), instead of 10 minutes.
    ///
    /// # Panics
    ///
    /// When it is zero: everybody would be asked for ever.
    ///
    /// ```
    /// # use session_auth::{AuthLayer, Directory};
    /// # use std::time::Duration;
    /// fn strict<D: Directory>(directory: D) -> AuthLayer<D> {
    ///     AuthLayer::new(directory).recent_login(Duration::from_secs(2 * 60))
    /// }
    /// ```
    #[must_use]
    pub fn recent_login(mut self, within: Duration) -> Self {
        assert!(!within.is_zero(), "a login is recent for longer than that");
        self.set().recent_login = within;
        self
    }

    /// Keeps the cleanup from sessions whose login does not count for this directory. Say it where another directory's
    /// users have their sessions in the same storage, in this program or another: what is no login here may be one there.
    ///
    /// Without it such sessions are removed, ten minutes after they were first seen at the earliest. They are nobody's
    /// either way.
    ///
    /// ```
    /// # use session_auth::{AuthLayer, Directory};
    /// /// The shop and its staff log in at two sites, whose sessions lie in one table.
    /// fn layers<C: Directory, S: Directory>(customers: C, staff: S) -> (AuthLayer<C>, AuthLayer<S>) {
    ///     (AuthLayer::new(customers).among_others(), AuthLayer::new(staff).among_others())
    /// }
    /// ```
    #[must_use]
    pub fn among_others(mut self) -> Self {
        self.set().is_among_others = true;
        self
    }

    /// Other limits for [`Auth::attempt`](crate::Auth::attempt).
    ///
    /// ```
    /// # use session_auth::{AuthLayer, Directory, Throttle};
    /// # use std::time::Duration;
    /// fn strict<D: Directory>(directory: D) -> AuthLayer<D> {
    ///     AuthLayer::new(directory).throttle(Throttle::new().per_account(3, Duration::from_secs(5 * 60)))
    /// }
    /// ```
    #[cfg(feature = "password")]
    #[must_use]
    pub fn throttle(mut self, throttle: Throttle) -> Self {
        self.set().throttle = Arc::new(throttle);
        self
    }

    /// What verifies passwords; share it with whatever else hashes, so that all obey one limit.
    ///
    /// ```
    /// # use session_auth::{AuthLayer, Directory, password::PasswordHasher};
    /// fn layer<D: Directory>(directory: D, signup: PasswordHasher) -> AuthLayer<D> {
    ///     AuthLayer::new(directory).passwords(signup) // one queue for signing up and logging in
    /// }
    /// ```
    #[cfg(feature = "password")]
    #[must_use]
    pub fn passwords(mut self, hasher: PasswordHasher) -> Self {
        self.set().passwords = hasher;
        self
    }

    fn set(&mut self) -> &mut Settings<D> {
        Arc::make_mut(&mut self.settings)
    }
}

fn checked(path: &str) -> String {
    LocalPath::parse(path)
        .unwrap_or_else(|| panic!("{path:?} is not a path of this site"))
        .to_string()
}

/// For the cleanup: which logins count.
#[async_trait]
impl<D: Directory> Judge for Settings<D> {
    async fn stamp(&self, user: &str) -> Result<Option<Stamp>, AuthError> {
        let found = self.directory.find(user).await;
        let found = found.map_err(AuthError::directory)?;
        let identity = found.map(|user| self.directory.identity(&user));
        let identity = identity.filter(|identity| identity.id == user);
        Ok(identity.map(|identity| identity.stamp))
    }
}

impl<D> Clone for AuthLayer<D> {
    fn clone(&self) -> Self {
        Self {
            settings: Arc::clone(&self.settings),
        }
    }
}

impl<D> fmt::Debug for Settings<D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings")
            .field("login_path", &self.login_path)
            .finish_non_exhaustive()
    }
}

impl<D: Directory, S> Layer<S> for AuthLayer<D> {
    type Service = AuthService<D, S>;

    fn layer(&self, inner: S) -> Self::Service {
        AuthService {
            settings: Arc::clone(&self.settings),
            inner,
        }
    }
}

/// The address as the client asked for it: nested routers have taken their prefix away where this layer is inside of one.
fn asked<B>(request: &Request<B>) -> Option<PathAndQuery> {
    let original = request.extensions().get::<OriginalUri>();
    let uri = original.map_or_else(|| request.uri(), |OriginalUri(uri)| uri);
    uri.path_and_query().cloned()
}

/// What [`AuthLayer`] makes of a service.
#[derive(Debug)]
pub struct AuthService<D, S> {
    settings: Arc<Settings<D>>,
    inner: S,
}

impl<D, S: Clone> Clone for AuthService<D, S> {
    fn clone(&self) -> Self {
        Self {
            settings: Arc::clone(&self.settings),
            inner: self.inner.clone(),
        }
    }
}

impl<D, S, B> Service<Request<B>> for AuthService<D, S>
where
    D: Directory,
    S: Service<Request<B>, Response = Response, Error = Infallible>,
{
    type Response = Response;
    type Error = Infallible;
    type Future = S::Future;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<B>) -> S::Future {
        let session = request.extensions().get::<RequestSession>().cloned();
        if let Some(session) = session.as_ref().filter(|_| !self.settings.is_among_others) {
            session.ask(&self.settings);
        }
        let auth = RequestAuth {
            settings: Arc::clone(&self.settings),
            session,
            asked: asked(&request),
            known: Mutex::new(None),
        };
        request.extensions_mut().insert(Found(Arc::new(auth)));
        self.inner.call(request)
    }
}
