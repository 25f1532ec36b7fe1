//! Logging in and out: a request has a user only while the directory still finds the one whom its session names, with
//! the stamp that the session remembers.

use std::fmt;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use axum::extract::FromRequestParts;
use axum::response::Redirect;
use http::request::Parts;
use http::uri::PathAndQuery;

use crate::Login;
use crate::directory::{Directory, Identity};
use crate::next::LocalPath;
use crate::request::RequestSession;

#[cfg(feature = "password")]
mod attempt;
mod error;
mod layer;
mod recent;
mod sessions;

#[cfg(feature = "password")]
pub use attempt::Attempt;
pub use error::AuthError;
pub use layer::{AuthLayer, AuthService};
pub(crate) use recent::Recency;
pub use sessions::OpenSession;

use layer::Settings;

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
///
/// ```
/// # #[cfg(feature = "memory")]
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// # use axum::{Router, body::Body, http::{Request, StatusCode}, response::Response, routing::{get, post}};
/// # use session_auth::{AuthLayer, Directory, Identity, MemoryStorage, SessionLayer, Stamp};
/// # use tower::ServiceExt;
/// # #[derive(Clone)] struct Pupils;
/// # impl Directory for Pupils {
/// #     type User = String;
/// #     type Error = std::convert::Infallible;
/// #     async fn find(&self, id: &str) -> Result<Option<String>, Self::Error> { Ok(Some(id.to_owned())) }
/// #     fn identity(&self, user: &String) -> Identity { Identity { id: user.clone(), stamp: Stamp::of(&[]) } }
/// # }
/// use session_auth::{Auth, AuthError};
///
/// async fn name(auth: Auth<Pupils>) -> Result<String, AuthError> {
///     Ok(auth.user().await?.unwrap_or_else(|| "nobody".to_owned()))
/// }
///
/// async fn login_as(auth: Auth<Pupils>, name: String) -> Result<(), AuthError> {
///     auth.login(&name).await
/// }
///
/// async fn login_and_fail(auth: Auth<Pupils>, name: String) -> Result<StatusCode, AuthError> {
///     auth.login(&name).await?;
///     Ok(StatusCode::INTERNAL_SERVER_ERROR)
/// }
///
/// let school = Router::new()
///     .route("/", get(name))
///     .route("/login", post(login_as))
///     .route("/broken", post(login_and_fail))
///     .layer(AuthLayer::new(Pupils))
///     .layer(SessionLayer::new(MemoryStorage::new()));
///
/// let login = |path| school.clone().oneshot(Request::post(path).body(Body::from("ada")).unwrap());
/// let login_cookie = login("/login").await.unwrap().headers()["set-cookie"].clone();
/// let name = school.clone().oneshot(Request::get("/").header("cookie", login_cookie).body(Body::empty()).unwrap());
/// assert_eq!(axum::body::to_bytes(name.await.unwrap().into_body(), 100).await.unwrap(), "ada");
///
/// // An answer that failed has logged nobody in.
/// assert!(!login("/broken").await.unwrap().headers().contains_key("set-cookie"));
/// # }
/// # #[cfg(not(feature = "memory"))] fn main() {}
/// ```
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
    ///
    /// ```
    /// use axum::{extract::Request, middleware::Next, response::Response};
    /// use session_auth::{Auth, AuthError, Directory};
    ///
    /// /// A middleware, which has a request and no extractors.
    /// async fn count_logged_in<D: Directory>(request: Request, next: Next) -> Result<Response, AuthError> {
    ///     let (parts, body) = request.into_parts();
    ///     let is_logged_in = Auth::<D>::of(&parts)?.user().await?.is_some();
    ///     tracing::debug!(is_logged_in);
    ///     Ok(next.run(Request::from_parts(parts, body)).await)
    /// }
    /// ```
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
    ///
    /// ```
    /// # use session_auth::{Auth, AuthError, Directory};
    /// async fn signed_up<D: Directory>(auth: Auth<D>, user: D::User, keep_me: bool) -> Result<(), AuthError> {
    ///     auth.remember(keep_me).login(&user).await
    /// }
    /// ```
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
    ///
    /// ```
    /// # use session_auth::{Auth, AuthError, Directory};
    /// async fn greeting<D: Directory<User = String>>(auth: Auth<D>) -> Result<String, AuthError> {
    ///     Ok(match auth.user().await? {
    ///         Some(name) => format!("Hello {name}!"),
    ///         None => "Hello!".to_owned(), // also for one who was disabled a moment ago
    ///     })
    /// }
    /// ```
    pub async fn user(&self) -> Result<Option<D::User>, AuthError> {
        let known = self.known().clone();
        let has_ended = match known {
            Some(None) => return Ok(None),
            Some(Some(user)) => {
                if !self.session.may_have_ended().await? {
                    return Ok(Some(user));
                }
                true
            }
            None => false,
        };
        let login = self.session.login().await?;
        let user = self.user_of(login.as_deref()).await?;
        let mut known = self.known();
        if has_ended {
            *known = None;
        }
        Ok(known.get_or_insert(user).clone())
    }

    /// The id of the user whose session this request's cookie names, although nobody is logged in: the session has ended
    /// within [`FORMER_LOGIN`](crate::FORMER_LOGIN), by time, by a logout or a revocation, or the user's stamp has changed.
    ///
    /// **It authenticates nobody.** Whoever holds an old cookie is answered this, so it may be used to keep something *for*
    /// that user, such as the text of a form that came too late, and never to show something *of* theirs. `None` when
    /// somebody is logged in, when no such session is known, and from storages that do not remember
    /// ([`SessionStorage::former_login`](crate::SessionStorage::former_login); the SQL storage does, once sessions have
    /// left its table).
    ///
    /// # Errors
    ///
    /// Those of [`Auth::user`].
    ///
    /// ```
    /// # use session_auth::{Auth, AuthError, Directory};
    /// # async fn keep(text: String, user: String) {}
    /// async fn comment<D: Directory>(auth: Auth<D>, text: String) -> Result<&'static str, AuthError> {
    ///     if auth.user().await?.is_some() {
    ///         return Ok("Thank you.");
    ///     }
    ///     if let Some(user) = auth.former_user().await? {
    ///         keep(text, user).await;
    ///         return Ok("Your login has ended. Your comment waits for you.");
    ///     }
    ///     Ok("Log in to comment.")
    /// }
    /// ```
    pub async fn former_user(&self) -> Result<Option<String>, AuthError> {
        match self.user().await? {
            Some(_) => Ok(None),
            None => Ok(self.session.former_login().await?),
        }
    }

    /// Logs in someone whose identity was checked elsewhere; with a password, use `Auth::attempt`.
    ///
    /// The session gets a new id. What else is in it stays, except when it was somebody else's.
    ///
    /// # Errors
    ///
    /// [`AuthError::Session`] when the session cannot be read.
    ///
    /// ```
    /// # use axum::response::Redirect;
    /// # use session_auth::{Auth, AuthError, Directory};
    /// # async fn who_clicked<D: Directory>(link: &str) -> Option<D::User> { None }
    /// /// Somebody followed the link in a mail of ours.
    /// async fn by_mail<D: Directory>(auth: Auth<D>, link: String) -> Result<Redirect, AuthError> {
    ///     let Some(user) = who_clicked::<D>(&link).await else {
    ///         return Ok(Redirect::to("/login"));
    ///     };
    ///     auth.login(&user).await?;
    ///     Ok(Redirect::to("/"))
    /// }
    /// ```
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
    /// Ask who is logged in before the change is stored, as `RequireLogin` does: afterwards this session looks like all
    /// the others that the change has ended, and is not renewed.
    ///
    /// # Errors
    ///
    /// [`AuthError::NotLoggedIn`] when the session is not this user's, and those of [`Auth::user`].
    ///
    /// ```
    /// # use session_auth::{Auth, AuthError, Directory, Identity, RequireLogin, Stamp};
    /// # #[derive(Clone)] struct Accounts;
    /// # #[derive(Clone)] struct User { id: String, epoch: u32 }
    /// # impl Directory for Accounts {
    /// #     type User = User;
    /// #     type Error = std::convert::Infallible;
    /// #     async fn find(&self, id: &str) -> Result<Option<User>, Self::Error> { Ok(None) }
    /// #     fn identity(&self, user: &User) -> Identity { Identity { id: user.id.clone(), stamp: Stamp::of(&[]) } }
    /// # }
    /// # impl Accounts { async fn set_password(&self, user: &User, new: &str) -> User { user.clone() } }
    /// # async fn change_password(
    /// #     accounts: Accounts, RequireLogin(user): RequireLogin<Accounts>, auth: Auth<Accounts>, new: String,
    /// # ) -> Result<(), AuthError> {
    /// let user = accounts.set_password(&user, &new).await; // the other sessions have ended
    /// auth.renew(&user).await?; // this one goes on
    /// # Ok(()) }
    /// ```
    pub async fn renew(&self, user: &D::User) -> Result<(), AuthError> {
        let Identity { id, stamp } = self.directory().identity(user);
        self.must_be(&id).await?;
        self.session.renew(stamp)?;
        *self.known() = Some(Some(user.clone()));
        Ok(())
    }

    /// Ends this session and all that is in it. Nothing to do is no error.
    ///
    /// # Errors
    ///
    /// [`AuthError::Session`] when the session cannot be read. That it could not be ended shows when the response is
    /// committed: the client gets a 503 then.
    ///
    /// ```
    /// # use axum::response::Redirect;
    /// # use session_auth::{Auth, AuthError, Directory};
    /// /// For a POST: a GET changes nothing.
    /// async fn logout<D: Directory>(auth: Auth<D>) -> Result<Redirect, AuthError> {
    ///     auth.logout().await?;
    ///     Ok(Redirect::to("/"))
    /// }
    /// ```
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
    ///
    /// ```
    /// # use session_auth::{Auth, AuthError, Directory};
    /// async fn others_out<D: Directory>(auth: Auth<D>) -> Result<&'static str, AuthError> {
    ///     auth.log_out_everywhere_else().await?; // 401 for a visitor
    ///     Ok("You are logged in here only.")
    /// }
    /// ```
    pub async fn log_out_everywhere_else(&self) -> Result<(), AuthError> {
        let user = self.user().await?.ok_or(AuthError::NotLoggedIn)?;
        let Identity { id, .. } = self.directory().identity(&user);
        self.session.end_other_sessions(&id).await?;
        Ok(())
    }

    /// Asks session storage and directory again whether the login still stands: for sockets and streams, which outlive
    /// the moment in which they were allowed. The example `live_updates` asks every two seconds.
    ///
    /// A session that another request gave a new id, as a password change does, is over for this one: who has the new
    /// cookie connects again. Where the cookie is all that keeps a session, only the directory can end the login.
    ///
    /// ```
    /// # use session_auth::{Auth, Directory};
    /// # use std::time::Duration;
    /// async fn until_logout<D: Directory>(auth: Auth<D>) {
    ///     // A storage that cannot answer ends the stream, too.
    ///     while auth.still_valid().await.unwrap_or(false) {
    ///         tokio::time::sleep(Duration::from_secs(2)).await;
    ///     }
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// [`AuthError::Session`] or [`AuthError::Directory`] when one of them cannot answer.
    pub async fn still_valid(&self) -> Result<bool, AuthError> {
        let login = self.session.stored_login().await?;
        Ok(self.user_of(login.as_ref()).await?.is_some())
    }

    /// The address of the client, as [`SessionLayer::client_address`](crate::SessionLayer::client_address) finds it: for
    /// a log, or for a throttle of the application's own.
    ///
    /// ```
    /// # use session_auth::{Auth, Directory};
    /// async fn note<D: Directory>(auth: Auth<D>) {
    ///     match auth.client_address() {
    ///         Some(address) => tracing::info!(%address, "a report came in"),
    ///         None => tracing::info!("a report came in from nobody knows where"),
    ///     }
    /// }
    /// ```
    #[must_use]
    pub fn client_address(&self) -> Option<IpAddr> {
        self.session.address()
    }

    /// Where to go after a login that was asked for with `next`; never to another site, never in a circle.
    ///
    /// ```
    /// # use axum::response::Redirect;
    /// # use session_auth::{Auth, AuthError, Directory};
    /// async fn go_on<D: Directory>(auth: Auth<D>, user: D::User, next: Option<String>) -> Result<Redirect, AuthError> {
    ///     auth.login(&user).await?;
    ///     Ok(auth.target(next.as_deref()).redirect()) // to "/" when `next` is no path of this site, or is the login page
    /// }
    /// ```
    #[must_use]
    pub fn target(&self, next: Option<&str>) -> LocalPath {
        LocalPath::target(
            next,
            &[&self.settings().login_path, &self.settings().logout_path],
        )
    }

    /// For the login page itself: who is logged in already is sent on to `next`, except when they are there to confirm
    /// that it is them ([`RequireRecentLogin`](crate::RequireRecentLogin)).
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
        let goes_on = self.user().await?.is_some() && !self.is_confirmation().await?;
        Ok(goes_on.then(|| self.target(next).redirect()))
    }

    /// The login page, with the way back to what was asked for.
    pub(crate) fn login_page(&self, come_back: bool) -> String {
        self.with_way_back(self.settings().login_path.clone(), come_back)
    }

    fn with_way_back(&self, page: String, come_back: bool) -> String {
        let asked = self.request.asked.as_ref().filter(|_| come_back);
        match asked.and_then(|asked| LocalPath::parse(asked.as_str())) {
            Some(next) => next.behind(&page),
            None => page,
        }
    }

    /// Refuses everybody but the user with this id.
    async fn must_be(&self, id: &str) -> Result<(), AuthError> {
        let current = self.user().await?;
        let is_this = current.is_some_and(|current| self.directory().identity(&current).id == id);
        is_this.then_some(()).ok_or(AuthError::NotLoggedIn)
    }

    async fn user_of(&self, login: Option<&Login>) -> Result<Option<D::User>, AuthError> {
        let Some(login) = login else { return Ok(None) };
        let found = self
            .directory()
            .find(&login.user)
            .await
            .map_err(AuthError::directory)?;
        // The id is compared too: a directory that finds more loosely than ids are told apart must not mix people up.
        Ok(found.filter(|user| {
            let Identity { id, stamp } = self.directory().identity(user);
            id == login.user && login.stamp.admits(&stamp)
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
