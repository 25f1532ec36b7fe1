//! Logging in and out: a request has a user only while the directory still finds the one whom its session names, with
//! the stamp that the session remembers.

use std::convert::Infallible;
use std::error::Error;
use std::fmt;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use axum::extract::FromRequestParts;
use axum::response::{IntoResponse, Redirect, Response};
use http::request::Parts;
use http::uri::PathAndQuery;
use http::{HeaderValue, Request, StatusCode, header};
use tower_layer::Layer;
use tower_service::Service;

use crate::directory::{Directory, Identity};
use crate::next::LocalPath;
use crate::request::RequestSession;
#[cfg(feature = "password")]
use crate::throttle::Throttle;
use crate::{Login, SessionError};

#[cfg(feature = "password")]
mod attempt;
#[cfg(feature = "password")]
pub use self::attempt::Attempt;
#[cfg(feature = "password")]
use crate::password::PasswordHasher;

/// Makes [`Auth`] and [`RequireLogin`](crate::RequireLogin) work. It belongs inside of
/// [`SessionLayer`](crate::SessionLayer): add it first.
///
/// It looks nobody up by itself; that happens when somebody asks.
#[derive(Debug)]
pub struct AuthLayer<D> {
    settings: Arc<Settings<D>>,
}

#[derive(Clone)]
pub(crate) struct Settings<D> {
    directory: D,
    login_path: String,
    logout_path: String,
    #[cfg(feature = "password")]
    throttle: Arc<Throttle>,
    #[cfg(feature = "password")]
    passwords: PasswordHasher,
}

impl<D: Directory> AuthLayer<D> {
    /// Users come from this directory; the login page is `/login`, and `/logout` is where one logs out.
    #[must_use]
    pub fn new(directory: D) -> Self {
        Self {
            settings: Arc::new(Settings {
                directory,
                login_path: "/login".to_owned(),
                logout_path: "/logout".to_owned(),
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
    #[must_use]
    pub fn logout_path(mut self, path: &str) -> Self {
        self.set().logout_path = checked(path);
        self
    }

    /// Other limits for [`Auth::attempt`].
    #[cfg(feature = "password")]
    #[must_use]
    pub fn throttle(mut self, throttle: Throttle) -> Self {
        self.set().throttle = Arc::new(throttle);
        self
    }

    /// What verifies passwords; share it with whatever else hashes, so that all obey one limit.
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
        let auth = RequestAuth {
            settings: Arc::clone(&self.settings),
            session: request.extensions().get::<RequestSession>().cloned(),
            asked: request.uri().path_and_query().cloned(),
            known: Mutex::new(None),
        };
        request.extensions_mut().insert(Found(Arc::new(auth)));
        self.inner.call(request)
    }
}

/// What the layer leaves in the request for [`Auth`].
struct Found<D: Directory>(Arc<RequestAuth<D>>);

impl<D: Directory> Clone for Found<D> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

struct RequestAuth<D: Directory> {
    settings: Arc<Settings<D>>,
    /// `None` when [`AuthLayer`] stands outside of the session layer, or alone.
    session: Option<RequestSession>,
    /// As the client asked for it, before any nested router took its prefix away.
    asked: Option<PathAndQuery>,
    /// The user of this request, once somebody has asked; `Some(None)` is a visitor.
    known: Mutex<Option<Option<D::User>>>,
}

/// Who is logged in, and the ways to change that. As an extractor it loads nothing until it is asked.
///
/// All that it changes in the session is committed with the response, and not at all when that is a 5xx.
pub struct Auth<D: Directory> {
    request: Arc<RequestAuth<D>>,
    session: RequestSession,
    remember: bool,
}

impl<D: Directory> Auth<D> {
    /// From the parts of a request that came through both layers.
    ///
    /// # Errors
    ///
    /// [`AuthError::MissingAuthLayer`] or [`AuthError::MissingSessionLayer`].
    pub fn of(parts: &Parts) -> Result<Self, AuthError> {
        let Found(request) = parts
            .extensions
            .get::<Found<D>>()
            .cloned()
            .ok_or(AuthError::MissingAuthLayer)?;
        let session = request
            .session
            .clone()
            .ok_or(AuthError::MissingSessionLayer)?;
        Ok(Self {
            request,
            session,
            remember: false,
        })
    }

    /// Whether the login about to be made outlives the browser: without it a login ends with the browser or after a day
    /// unused, with it after 30 days unused and 90 in any case (both can be set on the session layer).
    #[must_use]
    pub fn remember(mut self, remember: bool) -> Self {
        self.remember = remember;
        self
    }

    /// The user of this request; `None` for a visitor. Asked of session and directory once per request.
    ///
    /// A session of somebody who was deleted or disabled, or whose stamp has changed, is a visitor's. It is not deleted:
    /// another request may be about to renew it.
    ///
    /// # Errors
    ///
    /// [`AuthError::Session`] or [`AuthError::Directory`] when one of them cannot answer.
    pub async fn user(&self) -> Result<Option<D::User>, AuthError> {
        if let Some(known) = self.known().clone() {
            return Ok(known);
        }
        let login = self.session.login().await?;
        let user = self.user_of(login).await?;
        Ok(self.known().get_or_insert(user).clone())
    }

    /// Logs in someone whose identity was checked elsewhere; with a password, use [`Auth::attempt`].
    ///
    /// The session gets a new id. What else is in it stays, except when it was somebody else's.
    ///
    /// # Errors
    ///
    /// [`AuthError::Session`] when the session cannot be read.
    pub async fn login(&self, user: &D::User) -> Result<(), AuthError> {
        let Identity { id, stamp } = self.directory().identity(user);
        let login = Login {
            user: id,
            stamp,
            at: self.session.now(),
            remember: self.remember,
        };
        self.session.set_login(login).await?;
        *self.known() = Some(Some(user.clone()));
        Ok(())
    }

    /// To be called, with the user as stored now, when someone has changed their own password or rights: this session
    /// gets the new stamp and a new id, and so goes on; every other one with the old stamp has ended.
    ///
    /// # Errors
    ///
    /// [`AuthError::NotLoggedIn`] when the session is not this user's, [`AuthError::Session`] when it cannot be read.
    pub async fn renew(&self, user: &D::User) -> Result<(), AuthError> {
        let Identity { id, stamp } = self.directory().identity(user);
        match self.session.login().await? {
            Some(login) if login.user == id => self.session.renew(stamp),
            _ => return Err(AuthError::NotLoggedIn),
        }
        *self.known() = Some(Some(user.clone()));
        Ok(())
    }

    /// Ends this session and all that is in it. Nothing to do is no error.
    ///
    /// # Errors
    ///
    /// [`AuthError::Session`] when the session cannot be read. That it could not be ended shows when the response is
    /// committed: the client gets a 503 then.
    pub async fn logout(&self) -> Result<(), AuthError> {
        self.session.clear_login().await?;
        *self.known() = Some(None);
        Ok(())
    }

    /// Ends every other session of the user at once.
    ///
    /// # Errors
    ///
    /// [`AuthError::NotLoggedIn`] for a visitor, [`AuthError::Session`] when the storage cannot do it.
    pub async fn log_out_everywhere_else(&self) -> Result<(), AuthError> {
        let user = self.user().await?.ok_or(AuthError::NotLoggedIn)?;
        let Identity { id, .. } = self.directory().identity(&user);
        self.session.end_other_sessions(&id).await?;
        Ok(())
    }

    /// Asks session storage and directory again whether the login still stands: for sockets and streams, which outlive
    /// the moment in which they were allowed.
    ///
    /// # Errors
    ///
    /// [`AuthError::Session`] or [`AuthError::Directory`] when one of them cannot answer.
    pub async fn still_valid(&self) -> Result<bool, AuthError> {
        let login = self.session.stored_login().await?;
        Ok(self.user_of(login).await?.is_some())
    }

    /// The address of the client, as [`SessionLayer::client_address`](crate::SessionLayer::client_address) finds it: for
    /// a log, or for a throttle of the application's own.
    #[must_use]
    pub fn client_address(&self) -> Option<IpAddr> {
        self.session.address()
    }

    /// Where to go after a login that was asked for with `next`; never to another site, never in a circle.
    #[must_use]
    pub fn target(&self, next: Option<&str>) -> LocalPath {
        LocalPath::target(
            next,
            &[&self.settings().login_path, &self.settings().logout_path],
        )
    }

    /// For the login page itself: who is logged in already is sent on to `next`.
    ///
    /// # Errors
    ///
    /// Those of [`Auth::user`].
    ///
    /// ```
    /// # use axum::response::{Html, IntoResponse, Response};
    /// # use axum::extract::Query;
    /// # use session_auth::{Auth, AuthError, Directory};
    /// # #[derive(serde::Deserialize)] struct LoginQuery { next: Option<String> }
    /// async fn login_form<D: Directory>(auth: Auth<D>, query: Query<LoginQuery>) -> Result<Response, AuthError> {
    ///     if let Some(onward) = auth.skip_login(query.next.as_deref()).await? {
    ///         return Ok(onward.into_response());
    ///     }
    ///     Ok(Html("<form method=post>…</form>").into_response())
    /// }
    /// ```
    pub async fn skip_login(&self, next: Option<&str>) -> Result<Option<Redirect>, AuthError> {
        Ok(self.user().await?.map(|_| self.target(next).redirect()))
    }

    /// The login page, with the way back to what was asked for.
    pub(crate) fn login_page(&self, come_back: bool) -> String {
        let page = &self.settings().login_path;
        let asked = self.request.asked.as_ref().filter(|_| come_back);
        match asked.and_then(|asked| LocalPath::parse(asked.as_str())) {
            Some(next) => next.behind(page),
            None => page.clone(),
        }
    }

    async fn user_of(&self, login: Option<Login>) -> Result<Option<D::User>, AuthError> {
        let Some(login) = login else { return Ok(None) };
        let found = self
            .directory()
            .find(&login.user)
            .await
            .map_err(AuthError::directory)?;
        // The id is compared too: a directory that finds more loosely than ids are told apart must not mix people up.
        Ok(found.filter(|user| {
            let Identity { id, stamp } = self.directory().identity(user);
            id == login.user && stamp == login.stamp
        }))
    }

    fn known(&self) -> std::sync::MutexGuard<'_, Option<Option<D::User>>> {
        self.request
            .known
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn directory(&self) -> &D {
        &self.settings().directory
    }

    fn settings(&self) -> &Settings<D> {
        &self.request.settings
    }
}

impl<D: Directory> Clone for Auth<D> {
    fn clone(&self) -> Self {
        Self {
            request: Arc::clone(&self.request),
            session: self.session.clone(),
            remember: self.remember,
        }
    }
}

impl<D: Directory> fmt::Debug for Auth<D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Auth")
            .field("remember", &self.remember)
            .finish_non_exhaustive()
    }
}

impl<D: Directory, S: Sync> FromRequestParts<S> for Auth<D> {
    type Rejection = AuthError;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, AuthError> {
        Self::of(parts)
    }
}

/// Why it cannot be said or changed who is logged in. As a response it is closed: nobody is served as a visitor because
/// of an error. The error itself is in the response's extensions.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AuthError {
    /// The router has no [`AuthLayer`] for this directory around the route.
    #[error(
        "this route needs a session_auth::AuthLayer for its directory around it, and a session_auth::SessionLayer around that"
    )]
    MissingAuthLayer,
    /// There is an [`AuthLayer`], but no session layer around it.
    #[error(
        "session_auth::AuthLayer needs a session_auth::SessionLayer around it: add AuthLayer to the router first, then SessionLayer"
    )]
    MissingSessionLayer,
    /// The session could not be read or changed.
    #[error(transparent)]
    Session(#[from] SessionError),
    /// The directory could not say who the user is.
    #[error("the directory of users failed")]
    Directory(#[source] Arc<dyn Error + Send + Sync>),
    /// What the application stored as a password hash is none.
    #[cfg(feature = "password")]
    #[error("the stored password hash is unusable")]
    StoredHash(#[source] crate::password::PasswordError),
    /// Only who is logged in can do this.
    #[error("nobody is logged in")]
    NotLoggedIn,
}

impl AuthError {
    pub(crate) fn directory(error: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::Directory(Arc::from(error.into()))
    }
}

/// 503 when trying again may help, 401 for [`AuthError::NotLoggedIn`], 500 for what the application got wrong. Only a
/// missing layer is named: its programmer is the one who meets it.
impl IntoResponse for AuthError {
    fn into_response(self) -> Response {
        let mut response = match &self {
            Self::Session(error) => error.clone().into_response(),
            Self::Directory(_) => {
                let retry = [(header::RETRY_AFTER, "5")];
                (
                    StatusCode::SERVICE_UNAVAILABLE,
                    retry,
                    "Logins are out of order for the moment. Please try again soon.\n",
                )
                    .into_response()
            }
            Self::NotLoggedIn => (StatusCode::UNAUTHORIZED, "Please log in.\n").into_response(),
            #[cfg(feature = "password")]
            Self::StoredHash(_) => (
                StatusCode::INTERNAL_SERVER_ERROR,
                "Something went wrong here.\n",
            )
                .into_response(),
            Self::MissingAuthLayer | Self::MissingSessionLayer => {
                (StatusCode::INTERNAL_SERVER_ERROR, format!("{self}\n")).into_response()
            }
        };
        if response.status().is_server_error() {
            tracing::error!(error = &self as &dyn Error, "a request was refused");
        }
        response
            .headers_mut()
            .insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        response.extensions_mut().insert(self);
        response
    }
}
