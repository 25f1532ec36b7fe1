//! What an attempt becomes in an answer: a sentence, a status and, where waiting helps, a `Retry-After`.

use std::fmt;
use std::time::Duration;

use axum::response::{IntoResponseParts, ResponseParts};
use http::{HeaderValue, StatusCode, header};

use super::Attempt;

/// So long the queue of logins takes to get shorter.
const BUSY_FOR: Duration = Duration::from_secs(1);

impl<U> Attempt<U> {
    /// The status to answer with: 422 for [`Refused`](Self::Refused), 429 for [`Throttled`](Self::Throttled), 503 for
    /// [`Busy`](Self::Busy). For [`LoggedIn`](Self::LoggedIn) it is 200; a form is answered with a redirect instead.
    ///
    /// A 422 is a page like any other to a browser. A 401 would have to say how to authenticate (RFC 9110), and there is
    /// no scheme for a form.
    ///
    /// ```
    /// use session_auth::Attempt;
    ///
    /// assert_eq!(Attempt::<()>::Refused.status(), 422);
    /// assert_eq!(Attempt::<()>::Busy.status(), 503);
    /// ```
    #[must_use]
    pub fn status(&self) -> StatusCode {
        match self {
            Self::LoggedIn { .. } => StatusCode::OK,
            Self::Refused => StatusCode::UNPROCESSABLE_ENTITY,
            Self::Throttled { .. } => StatusCode::TOO_MANY_REQUESTS,
            Self::Busy => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    /// How long to wait before the next attempt, in whole seconds, where nothing was checked. `None` when an answer was
    /// found: another try may follow at once.
    ///
    /// ```
    /// use session_auth::Attempt;
    /// use std::time::Duration;
    ///
    /// let throttled = Attempt::<()>::Throttled { retry_after: Duration::from_secs(30) };
    /// assert_eq!(throttled.retry_after(), Some(Duration::from_secs(30)));
    /// assert_eq!(Attempt::<()>::Refused.retry_after(), None);
    /// ```
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Throttled { retry_after } => Some(*retry_after),
            Self::Busy => Some(BUSY_FOR),
            Self::LoggedIn { .. } | Self::Refused => None,
        }
    }
}

/// Adds the `Retry-After` of [`Attempt::retry_after`], so that every kind of refusal is answered in one line:
///
/// ```
/// use axum::response::{Html, IntoResponse, Redirect, Response};
/// use session_auth::Attempt;
/// use std::time::Duration;
///
/// fn answer(attempt: Attempt<&str>) -> Response {
///     match attempt {
///         Attempt::LoggedIn { .. } => Redirect::to("/").into_response(),
///         refused => (refused.status(), &refused, Html(format!("<p>{refused}"))).into_response(),
///     }
/// }
///
/// let throttled = answer(Attempt::Throttled { retry_after: Duration::from_secs(30) });
/// assert_eq!((throttled.status().as_u16(), &throttled.headers()["retry-after"]), (429, &"30".parse().unwrap()));
/// let refused = answer(Attempt::Refused);
/// assert_eq!((refused.status().as_u16(), refused.headers().get("retry-after")), (422, None));
/// ```
impl<U> IntoResponseParts for &Attempt<U> {
    type Error = std::convert::Infallible;

    fn into_response_parts(self, mut parts: ResponseParts) -> Result<ResponseParts, Self::Error> {
        if let Some(wait) = self.retry_after() {
            let seconds = HeaderValue::from(wait.as_secs());
            parts.headers_mut().insert(header::RETRY_AFTER, seconds);
        }
        Ok(parts)
    }
}

impl<U> fmt::Display for Attempt<U> {
    /// A sentence for the person who tried.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::LoggedIn { .. } => f.write_str("You are logged in."),
            Self::Refused => f.write_str("Name or password is wrong."),
            Self::Throttled { retry_after } => {
                write!(
                    f,
                    "Too many attempts. Try again in {} seconds.",
                    retry_after.as_secs()
                )
            }
            Self::Busy => f.write_str("Many people are logging in at the moment. Try again."),
        }
    }
}
