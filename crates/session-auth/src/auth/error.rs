//! Why it cannot be told or changed who is logged in; what the client learns of it is general.

use std::error::Error;
use std::sync::Arc;

use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};

use crate::SessionError;

/// Why it cannot be said or changed who is logged in. As a response it is closed: nobody is served as a visitor because
/// of an error. The error itself is in the response's extensions.
///
/// ```
/// use axum::response::IntoResponse;
/// use session_auth::AuthError;
///
/// let visitor = AuthError::NotLoggedIn.into_response();
/// assert_eq!(visitor.status(), 401);
/// assert!(matches!(visitor.extensions().get(), Some(AuthError::NotLoggedIn)));
///
/// let mistake = AuthError::MissingAuthLayer.into_response();
/// assert_eq!(mistake.status(), 500);
/// assert_eq!(mistake.headers()["cache-control"], "no-store");
/// ```
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AuthError {
    /// The router has no [`AuthLayer`](crate::AuthLayer) for this directory around the route.
    #[error(
        "this route needs a session_auth::AuthLayer for its directory around it, and a session_auth::SessionLayer around that"
    )]
    MissingAuthLayer,
    /// There is an [`AuthLayer`](crate::AuthLayer), but no session layer around it.
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

/// So that a handler may use its session and its login with one error.
impl From<tower_sessions_core::session::Error> for AuthError {
    fn from(error: tower_sessions_core::session::Error) -> Self {
        Self::Session(error.into())
    }
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
