//! Pages for those who are logged in: a handler or router that asks for a user never runs without one.

use std::fmt;
use std::sync::Arc;

use axum::extract::{FromRequestParts, OptionalFromRequestParts};
use http::Method;
use http::request::Parts;

use crate::auth::Auth;
use crate::directory::Directory;

mod layer;
mod recent;
mod refusal;

pub use layer::{RequireLoginExcept, RequireLoginLayer, RequireLoginService};
pub use recent::RequireRecentLogin;
pub use refusal::{Reason, Refusal};

/// The user of this request. A handler that takes it runs only for somebody who is logged in.
///
/// Others get a [`Refusal`]: a GET is sent to the login page and comes back afterwards, a client that asks for JSON gets
/// a problem document. A handler that serves visitors too takes `Option<RequireLogin<D>>`.
///
/// ```
/// # use session_auth::{Directory, Identity, RequireLogin, Stamp};
/// # #[derive(Clone)] struct Accounts;
/// # #[derive(Clone)] struct User { name: String }
/// # impl Directory for Accounts {
/// #     type User = User;
/// #     type Error = std::convert::Infallible;
/// #     async fn find(&self, id: &str) -> Result<Option<User>, Self::Error> { Ok(None) }
/// #     fn identity(&self, user: &User) -> Identity { Identity { id: user.name.clone(), stamp: Stamp::of(&[]) } }
/// # }
/// async fn new_post(RequireLogin(user): RequireLogin<Accounts>) -> String {
///     format!("Write something, {}!", user.name)
/// }
///
/// async fn index(user: Option<RequireLogin<Accounts>>) -> String {
///     user.map_or("Hello!".into(), |RequireLogin(user)| format!("Hello {}!", user.name))
/// }
/// # let _: axum::Router = axum::Router::new()
/// #     .route("/new", axum::routing::get(new_post)).route("/", axum::routing::get(index));
/// ```
pub struct RequireLogin<D: Directory>(
    /// Who is logged in.
    pub D::User,
);

impl<D: Directory> RequireLogin<D> {
    /// A layer that lets only some of those pass who are logged in; the others get a 403.
    ///
    /// ```
    /// # use session_auth::{Directory, Identity, RequireLogin, Stamp};
    /// # #[derive(Clone)] struct Accounts;
    /// # #[derive(Clone)] struct User { name: String, admin: bool }
    /// # impl Directory for Accounts {
    /// #     type User = User;
    /// #     type Error = std::convert::Infallible;
    /// #     async fn find(&self, id: &str) -> Result<Option<User>, Self::Error> { Ok(None) }
    /// #     fn identity(&self, user: &User) -> Identity { Identity { id: user.name.clone(), stamp: Stamp::of(&[]) } }
    /// # }
    /// use axum::{Router, routing::get};
    ///
    /// let admin: Router = Router::new()
    ///     .route("/admin", get(|| async { "the engine room" }))
    ///     .route_layer(RequireLogin::<Accounts>::allow(|user, _parts| user.admin));
    /// ```
    pub fn allow(
        may: impl Fn(&D::User, &Parts) -> bool + Send + Sync + 'static,
    ) -> RequireLoginLayer<D> {
        RequireLoginLayer { may: Arc::new(may) }
    }
}

impl<D: Directory> Clone for RequireLogin<D> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<D: Directory<User: fmt::Debug>> fmt::Debug for RequireLogin<D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("RequireLogin").field(&self.0).finish()
    }
}

impl<D: Directory, S: Sync> FromRequestParts<S> for RequireLogin<D> {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Refusal> {
        user::<D>(parts).await.map(Self)
    }
}

impl<D: Directory, S: Sync> OptionalFromRequestParts<S> for RequireLogin<D> {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Option<Self>, Refusal> {
        let user = async { Auth::<D>::of(parts)?.user().await };
        let user = user
            .await
            .map_err(|error| Refusal::new(Reason::Failed(error), parts))?;
        Ok(user.map(Self))
    }
}

async fn user<D: Directory>(parts: &Parts) -> Result<D::User, Refusal> {
    let failed = |error| Refusal::new(Reason::Failed(error), parts);
    let auth = Auth::<D>::of(parts).map_err(failed)?;
    match auth.user().await.map_err(failed)? {
        Some(user) => Ok(user),
        None => {
            let login_page = auth.login_page(comes_back(parts));
            Err(Refusal::new(Reason::LoginRequired { login_page }, parts))
        }
    }
}

/// Only an address that a GET would find again is worth coming back to.
fn comes_back(parts: &Parts) -> bool {
    matches!(parts.method, Method::GET | Method::HEAD)
}
