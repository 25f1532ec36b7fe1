//! What can go wrong in a handler, one arm per status.
//!
//! Invariant: an answer carries only its status and a [`Problem`]; `error_page` draws it, so no handler and no layer
//! decides what an error looks like, and no cause is ever shown to a reader.

use std::borrow::Cow;
use std::sync::Arc;

use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use session_auth::{AuthError, ContextError, SessionError};

/// Any cause, for the log.
pub(crate) type Cause = Arc<dyn std::error::Error + Send + Sync>;

/// Why there is no page.
#[derive(Debug, Clone, thiserror::Error)]
pub(crate) enum Error {
    /// 400, with what was not understood.
    #[error("bad request: {0}")]
    BadRequest(Cow<'static, str>),
    /// 403, with whose it is.
    #[error("forbidden: {0}")]
    Forbidden(Cow<'static, str>),
    /// 404
    #[error("not found")]
    NotFound,
    /// 409, with what is in the way.
    #[error("conflict: {0}")]
    Conflict(Cow<'static, str>),
    /// 410
    #[error("gone")]
    Gone,
    /// 413, with the limit.
    #[error("too large: {0}")]
    TooLarge(Cow<'static, str>),
    /// 415, with what would do.
    #[error("unsupported media type: {0}")]
    UnsupportedMediaType(Cow<'static, str>),
    /// 500: nobody expected this.
    #[error("unexpected failure")]
    Unexpected(#[source] Cause),
    /// 503: it will pass.
    #[error("temporarily unavailable")]
    Unavailable(#[source] Cause),
}

impl Error {
    /// Something that should not have happened; logged once with its chain.
    pub(crate) fn unexpected(cause: impl std::error::Error + Send + Sync + 'static) -> Self {
        Self::Unexpected(Arc::new(cause))
    }

    /// Something that will pass by itself; logged once with its chain.
    pub(crate) fn unavailable(cause: impl std::error::Error + Send + Sync + 'static) -> Self {
        Self::Unavailable(Arc::new(cause))
    }

    /// What a refusal has to say, for a page that has more to show than it; `None` for a failure.
    pub(crate) fn told(&self) -> Option<(StatusCode, Cow<'static, str>)> {
        let sentence = match self {
            Self::Forbidden(sentence) => sentence.clone(),
            Self::NotFound => "There is no post at this address.".into(),
            Self::Gone => "This post was deleted in the meantime.".into(),
            _ => return None,
        };
        Some((self.status(), sentence))
    }

    fn status(&self) -> StatusCode {
        match self {
            Self::BadRequest(_) => StatusCode::BAD_REQUEST,
            Self::Forbidden(_) => StatusCode::FORBIDDEN,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::Conflict(_) => StatusCode::CONFLICT,
            Self::Gone => StatusCode::GONE,
            Self::TooLarge(_) => StatusCode::PAYLOAD_TOO_LARGE,
            Self::UnsupportedMediaType(_) => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::Unexpected(_) => StatusCode::INTERNAL_SERVER_ERROR,
            Self::Unavailable(_) => StatusCode::SERVICE_UNAVAILABLE,
        }
    }
}

/// A database or a disk that does not answer passes; what the program never wrote does not.
impl From<gatepost_storage::Error> for Error {
    fn from(error: gatepost_storage::Error) -> Self {
        match error.will_pass() {
            true => Self::unavailable(error),
            false => Self::unexpected(error),
        }
    }
}

impl From<AuthError> for Error {
    fn from(error: AuthError) -> Self {
        match error {
            AuthError::Session(error) => Self::from(error),
            AuthError::Directory(_) => Self::unavailable(error),
            _ => Self::unexpected(error),
        }
    }
}

impl From<SessionError> for Error {
    fn from(error: SessionError) -> Self {
        match error {
            SessionError::Unavailable(_) => Self::unavailable(error),
            SessionError::Gone => Self::Conflict("You were logged out in the meantime.".into()),
            _ => Self::unexpected(error),
        }
    }
}

impl From<ContextError> for Error {
    fn from(error: ContextError) -> Self {
        let cause = std::error::Error::source(&error);
        let passing = cause.and_then(|cause| cause.downcast_ref::<AuthError>());
        match passing {
            Some(AuthError::Directory(_) | AuthError::Session(SessionError::Unavailable(_))) => {
                Self::unavailable(error)
            }
            _ => Self::unexpected(error),
        }
    }
}

/// Seconds after which something that passes by itself has usually passed.
pub(crate) const SOON: HeaderValue = HeaderValue::from_static("2");

/// What the outermost layer needs to know beyond the status; it rides in the extensions of the response.
#[derive(Debug, Clone, Default)]
pub(crate) struct Problem {
    /// A sentence for the reader.
    pub(crate) detail: Option<Cow<'static, str>>,
    /// The cause, for the log alone.
    pub(crate) cause: Option<Cause>,
}

impl IntoResponse for Error {
    fn into_response(self) -> Response {
        let mut response = self.status().into_response();
        if let Self::Unavailable(_) = self {
            response.headers_mut().insert(header::RETRY_AFTER, SOON);
        }
        let problem = match self {
            Self::BadRequest(detail)
            | Self::Forbidden(detail)
            | Self::Conflict(detail)
            | Self::TooLarge(detail)
            | Self::UnsupportedMediaType(detail) => Problem {
                detail: Some(detail),
                cause: None,
            },
            Self::Unexpected(cause) | Self::Unavailable(cause) => Problem {
                detail: None,
                cause: Some(cause),
            },
            Self::NotFound | Self::Gone => Problem::default(),
        };
        response.extensions_mut().insert(problem);
        response
    }
}

/// An error with all its causes on one line.
pub(crate) struct Chain<'a>(pub(crate) &'a (dyn std::error::Error + 'static));

impl std::fmt::Display for Chain<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.0)?;
        let mut cause = self.0.source();
        while let Some(next) = cause {
            write!(f, ": {next}")?;
            cause = next.source();
        }
        Ok(())
    }
}
