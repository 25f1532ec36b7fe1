//! How long ago somebody proved who they are, and proving it once more: a confirmation is a login of the same person, with
//! a new id and a new time, and what they chose at the first one stays.

use std::time::Duration;

use super::{Auth, AuthError};
use crate::directory::{Directory, Identity};
use crate::{Promise, Stamp};

/// In the query of the login page: who is logged in already is to get the form nevertheless.
const MARKER: &str = "confirm=1";

/// How far the clocks of two servers of one site may be apart, before a login made on one is in the other's future.
const SKEW: Duration = Duration::from_secs(60);

/// How long ago the person of a session proved who they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Recency {
    Recent,
    TooLongAgo,
    /// The storage does not keep the time of a login, so asking again would change nothing.
    Unknown,
}

impl<D: Directory> Auth<D> {
    /// Notes that the person who is logged in has just proven once more who they are, with a second factor for instance;
    /// with a password, use `Auth::confirm`. It is what [`Auth::login`] is, for the same person only: the session gets a
    /// new id and counts as recent, and stays remembered if it was.
    ///
    /// # Errors
    ///
    /// [`AuthError::NotLoggedIn`] when the session is not this user's, and those of [`Auth::user`].
    ///
    /// ```
    /// # use session_auth::{Auth, AuthError, Directory, RequireLogin};
    /// async fn second_factor<D: Directory>(
    ///     RequireLogin(user): RequireLogin<D>,
    ///     auth: Auth<D>,
    ///     code: String,
    /// ) -> Result<&'static str, AuthError> {
    ///     # let is_right = |_: &str| true;
    ///     if !is_right(&code) {
    ///         return Ok("That is not the code.");
    ///     }
    ///     auth.confirmed(&user).await?;
    ///     Ok("Go on.")
    /// }
    /// ```
    pub async fn confirmed(&self, user: &D::User) -> Result<(), AuthError> {
        let Identity { id, .. } = self.directory().identity(user);
        self.must_be(&id).await?;
        let login = self.session.login().await?;
        let was_remembered = login.is_some_and(|login| login.remember);
        self.clone().remember(was_remembered).login(user).await
    }

    /// For the login page: whether [`RequireRecentLogin`](crate::RequireRecentLogin) sent the person there, who is logged
    /// in and is to confirm it. The page can say so then, and name the person.
    ///
    /// [`Auth::skip_login`] looks at this, so a page that calls it shows its form by itself.
    ///
    /// # Errors
    ///
    /// Those of [`Auth::user`].
    ///
    /// ```
    /// # use session_auth::{Auth, AuthError, Directory};
    /// async fn heading<D: Directory>(auth: Auth<D>) -> Result<&'static str, AuthError> {
    ///     Ok(if auth.is_confirmation().await? { "Confirm that it is you" } else { "Log in" })
    /// }
    /// ```
    pub async fn is_confirmation(&self) -> Result<bool, AuthError> {
        let asked = self.request.asked.as_ref();
        let query = asked.and_then(|asked| asked.query()).unwrap_or_default();
        Ok(query.split('&').any(|pair| pair == MARKER)
            && self.user().await?.is_some()
            && self.recency().await? == Recency::TooLongAgo)
    }

    /// How recent the login of this request's user is.
    pub(crate) async fn recency(&self) -> Result<Recency, AuthError> {
        let Some(login) = self.session.login().await? else {
            return Ok(Recency::TooLongAgo);
        };
        if login.stamp == Stamp::UNKNOWN || !self.session.keeps(Promise::LoginDetails) {
            return Ok(Recency::Unknown);
        }
        let age = self.session.now() - login.at;
        Ok(if age < self.recent_login() && -age <= SKEW {
            Recency::Recent
        } else {
            Recency::TooLongAgo
        })
    }

    /// How long a login is recent.
    pub(crate) fn recent_login(&self) -> Duration {
        self.settings().recent_login
    }

    /// The login page, asking who is logged in to confirm it.
    pub(crate) fn confirmation_page(&self, come_back: bool) -> String {
        let page = &self.settings().login_path;
        let separator = if page.contains('?') { '&' } else { '?' };
        self.with_way_back(format!("{page}{separator}{MARKER}"), come_back)
    }
}
