//! What can go wrong with a session; no error contains an id, a cookie or a value.

use std::{error::Error, sync::Arc};

use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};

mod tower;

pub(crate) use tower::backend;

/// How many seconds a client should wait before it asks again, sent as `Retry-After`.
const RETRY_AFTER: HeaderValue = HeaderValue::from_static("5");

/// A failure inside a [`SessionStorage`](crate::SessionStorage), with its cause.
///
/// ```
/// use session_auth::StorageError;
/// use std::error::Error;
///
/// fn read(path: &str) -> Result<Vec<u8>, StorageError> {
///     std::fs::read(path).map_err(StorageError::new)
/// }
/// assert!(!read("/nowhere/at/all").unwrap_err().is_damaged());
/// ```
#[derive(Clone, Debug, thiserror::Error)]
#[error(transparent)]
pub struct StorageError(Arc<dyn Error + Send + Sync>);

impl StorageError {
    /// Wraps the error of a database, a file or whatever the storage stands on.
    ///
    /// ```
    /// use session_auth::StorageError;
    ///
    /// let error = StorageError::new(std::io::Error::other("the disk is full"));
    /// assert_eq!(error.to_string(), "the disk is full");
    /// ```
    pub fn new(cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self(Arc::from(cause.into()))
    }

    /// The storage works, but what it holds under a key is no session. The sentence says of which kind the damage is and
    /// nothing of what is there.
    ///
    /// The layer removes such a record, warns of it at most once a minute, and takes the request for a visitor's.
    ///
    /// ```
    /// use session_auth::StorageError;
    ///
    /// assert!(StorageError::damaged("a row has no key").is_damaged());
    /// assert!(!StorageError::new(std::io::Error::other("the disk is full")).is_damaged());
    /// ```
    #[must_use]
    pub fn damaged(what: &'static str) -> Self {
        Self::new(Damaged(what))
    }

    /// Whether this is about one record, [`damaged`](Self::damaged) beyond reading, and not about the storage.
    ///
    /// ```
    /// use session_auth::StorageError;
    ///
    /// assert!(StorageError::damaged("a row has no key").is_damaged());
    /// assert!(!StorageError::new("the server is away").is_damaged());
    /// ```
    #[must_use]
    pub fn is_damaged(&self) -> bool {
        self.0.is::<Damaged>()
    }
}

#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Damaged(&'static str);

/// A session does not fit into a cookie. The browser keeps the one it has.
///
/// It lies in the extensions of the 500 that the layer answers with:
///
/// ```
/// use axum::response::IntoResponse;
/// use session_auth::{SessionError, SessionTooLarge};
///
/// let response = SessionError::TooLarge(SessionTooLarge { size: 5000, limit: 4096 }).into_response();
/// assert_eq!(response.status(), 500);
/// assert_eq!(response.extensions().get::<SessionTooLarge>().unwrap().size, 5000);
///
/// let other = SessionError::MissingLayer.into_response();
/// assert!(other.extensions().get::<SessionTooLarge>().is_none());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the session needs a cookie of {size} bytes, and browsers keep {limit}")]
pub struct SessionTooLarge {
    /// How many bytes the name and the value of the cookie would have.
    pub size: usize,
    /// How many they may have.
    pub limit: usize,
}

/// Why a session could not be read or written.
///
/// What tower-sessions' methods answer, [`SessionFailure`](crate::SessionFailure), becomes one of these with `?`, of the
/// kind that it was before tower-sessions made a text of it.
///
/// As a response each kind is a short text with a fitting status; it also lies in the response's extensions, so that a
/// layer of the application can draw its own page:
///
/// ```
/// use axum::response::IntoResponse;
/// use session_auth::{SessionError, StorageError};
///
/// let error = SessionError::Unavailable(StorageError::new("the database is gone"));
/// let response = error.into_response();
/// assert_eq!(response.status(), 503);
/// assert!(response.headers().contains_key("retry-after"));
/// assert!(matches!(response.extensions().get(), Some(SessionError::Unavailable(_))));
///
/// let mistake = SessionError::MissingLayer.into_response();
/// assert_eq!(mistake.status(), 500);
/// assert!(!mistake.headers().contains_key("retry-after"));
/// ```
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SessionError {
    /// The storage failed. The layer answers 503 with `Retry-After`, whatever the handler made of it.
    #[error("the session storage is unavailable")]
    Unavailable(#[source] StorageError),
    /// The session was ended, by a logout for instance, while this request was running.
    #[error("the session ended while this request was running")]
    Gone,
    /// What the session holds does not fit into its cookie (cookie storages only).
    #[error(transparent)]
    TooLarge(SessionTooLarge),
    /// A value is not what the handler takes it for, or cannot be written as JSON.
    #[error("a session value cannot be turned from or into JSON")]
    Value(#[source] Arc<serde_json::Error>),
    /// The answer is on the way, and no cookie can follow it: a session can no longer begin, be logged in to or get
    /// another id, and one that lies in the cookie can no longer change.
    #[error("the answer is on the way, so the session's cookie can no longer change")]
    Answered,
    /// No [`SessionLayer`](crate::SessionLayer) is around this route.
    #[error("this route needs a session_auth::SessionLayer around it")]
    MissingLayer,
}

impl SessionError {
    /// What a storage's error means to the request: all but one kind say that the storage is unavailable.
    pub(crate) fn of_storage(error: StorageError) -> Self {
        match error.0.downcast_ref() {
            Some(too_large) => Self::TooLarge(*too_large),
            None => Self::Unavailable(error),
        }
    }

    fn status(&self) -> StatusCode {
        match self {
            Self::Unavailable(_) => StatusCode::SERVICE_UNAVAILABLE,
            Self::Gone => StatusCode::CONFLICT,
            Self::TooLarge(_) | Self::Value(_) | Self::Answered | Self::MissingLayer => {
                StatusCode::INTERNAL_SERVER_ERROR
            }
        }
    }

    fn sentence(&self) -> &'static str {
        match self {
            Self::Unavailable(_) => {
                "Sessions are out of order for the moment. Please try again soon.\n"
            }
            Self::Gone => "You were logged out in the meantime.\n",
            Self::TooLarge(_) | Self::Value(_) | Self::Answered => "Something went wrong here.\n",
            Self::MissingLayer => "This route needs a session_auth::SessionLayer around it.\n",
        }
    }
}

impl From<serde_json::Error> for SessionError {
    fn from(error: serde_json::Error) -> Self {
        Self::Value(Arc::new(error))
    }
}

impl IntoResponse for SessionError {
    fn into_response(self) -> Response {
        let status = self.status();
        let mut response = (status, self.sentence()).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if status == StatusCode::SERVICE_UNAVAILABLE {
            headers.insert(header::RETRY_AFTER, RETRY_AFTER);
        }
        let extensions = response.extensions_mut();
        if let Self::TooLarge(too_large) = self {
            extensions.insert(too_large);
        }
        extensions.insert(self);
        response
    }
}
