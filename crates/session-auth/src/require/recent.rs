//! Pages for those who have just proven who they are: whoever finds an open browser gets no further than the login page.

use std::fmt;

use axum::extract::FromRequestParts;
use http::request::Parts;

use super::{Reason, Refusal, comes_back, user};
use crate::auth::{Auth, Recency};
use crate::directory::Directory;

/// The user of this request, who has logged in or confirmed it within the last 10 minutes, or what
/// [`AuthLayer::recent_login`](crate::AuthLayer::recent_login) says: for changing a password, for deleting an account.
///
/// A visitor is refused as by [`RequireLogin`](crate::RequireLogin). Who is logged in for longer is sent to the login page
/// too, and comes back after a GET; the page shows its form ([`Auth::skip_login`] knows when), and a login by the same
/// person, or [`Auth::confirm`](crate::Auth#method.confirm) which keeps it remembered, is recent again. A client that asks
/// for JSON gets a 401 whose `max_age` tells it from that of a visitor. Where the storage does not keep the time of a
/// login ([`Promise::LoginDetails`](crate::Promise::LoginDetails)), asking would lead in a circle: everybody gets a 403.
///
/// ```
/// # use session_auth::{Directory, Identity, RequireRecentLogin, Stamp};
/// # #[derive(Clone)] struct Accounts;
/// # #[derive(Clone)] struct User { name: String }
/// # impl Directory for Accounts {
/// #     type User = User;
/// #     type Error = std::convert::Infallible;
/// #     async fn find(&self, id: &str) -> Result<Option<User>, Self::Error> { Ok(None) }
/// #     fn identity(&self, user: &User) -> Identity { Identity { id: user.name.clone(), stamp: Stamp::of(&[]) } }
/// # }
/// async fn delete_account(RequireRecentLogin(user): RequireRecentLogin<Accounts>) -> String {
///     format!("Good bye, {}.", user.name)
/// }
/// # let _: axum::Router = axum::Router::new().route("/account", axum::routing::delete(delete_account));
/// ```
pub struct RequireRecentLogin<D: Directory>(
    /// Who is logged in.
    pub D::User,
);

impl<D: Directory> Clone for RequireRecentLogin<D> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<D: Directory<User: fmt::Debug>> fmt::Debug for RequireRecentLogin<D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("RequireRecentLogin").field(&self.0).finish()
    }
}

impl<D: Directory, S: Sync> FromRequestParts<S> for RequireRecentLogin<D> {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Refusal> {
        let user = user::<D>(parts).await?;
        let failed = |error| Refusal::new(Reason::Failed(error), parts);
        let auth = Auth::<D>::of(parts).map_err(failed)?;
        let reason = match auth.recency().await.map_err(failed)? {
            Recency::Recent => return Ok(Self(user)),
            Recency::TooLongAgo => Reason::RecentLoginRequired {
                login_page: auth.confirmation_page(comes_back(parts)),
                within: auth.recent_login(),
            },
            Recency::Unknown => Reason::LoginTimeUnknown,
        };
        Err(Refusal::new(reason, parts))
    }
}
