//! What a request that may not pass is told: where to log in, or in which form a program can read it.

use std::time::Duration;

use axum::response::{IntoResponse, Response};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, StatusCode, header};

use crate::auth::AuthError;

/// The answer to a request that may not pass. It is in the extensions of its response, so that a layer around the
/// application can draw the page in its own dress.
///
/// ```
/// use axum::response::{Html, IntoResponse, Response};
/// use session_auth::{Reason, Refusal};
///
/// /// For `axum::middleware::map_response`, around the whole site.
/// async fn dressed(response: Response) -> Response {
///     match response.extensions().get::<Refusal>() {
///         Some(refusal) if !refusal.is_json() && matches!(refusal.reason(), Reason::NotAllowed) => {
///             (response.status(), Html("<h1>This is not for you</h1>")).into_response()
///         }
///         _ => response,
///     }
/// }
/// ```
#[derive(Clone, Debug)]
pub struct Refusal {
    reason: Reason,
    json: bool,
}

/// Why a request may not pass.
///
/// ```
/// use session_auth::Reason;
///
/// fn status(reason: &Reason) -> u16 {
///     match reason {
///         Reason::LoginRequired { .. } | Reason::RecentLoginRequired { .. } => 303,
///         Reason::LoginTimeUnknown | Reason::NotAllowed => 403,
///         Reason::Failed(_) => 503,
///     }
/// }
/// assert_eq!(status(&Reason::LoginRequired { login_page: "/login?next=/new".into() }), 303);
/// ```
#[derive(Clone, Debug)]
pub enum Reason {
    /// Nobody is logged in: 303 to the login page, or 401 for a client that asks for JSON.
    LoginRequired {
        /// The login page, with `next` when the request can be made again by following a link.
        login_page: String,
    },
    /// Somebody is, for too long to be asked nothing: 303 to the login page, or 401 for a client that asks for JSON.
    RecentLoginRequired {
        /// The login page, which shows its form, with `next` when the request can be made again by following a link.
        login_page: String,
        /// How recent the login is to be; the `max_age` of the problem document, in seconds.
        within: Duration,
    },
    /// A recent login is needed, and the storage does not keep when a login was: 403.
    LoginTimeUnknown,
    /// Somebody is, who may not: 403.
    NotAllowed,
    /// It cannot be told who is; the status is the error's.
    Failed(AuthError),
}

impl Refusal {
    pub(super) fn new(reason: Reason, parts: &Parts) -> Self {
        Self {
            reason,
            json: asks_for_json(&parts.headers),
        }
    }

    /// Why.
    ///
    /// ```
    /// # use session_auth::{Reason, Refusal};
    /// fn login_page(refusal: &Refusal) -> Option<&str> {
    ///     match refusal.reason() {
    ///         Reason::LoginRequired { login_page } => Some(login_page),
    ///         _ => None,
    ///     }
    /// }
    /// ```
    #[must_use]
    pub fn reason(&self) -> &Reason {
        &self.reason
    }

    /// Whether the client asked for JSON and got a problem document.
    ///
    /// ```
    /// # use session_auth::Refusal;
    /// fn media_type(refusal: &Refusal) -> &'static str {
    ///     if refusal.is_json() { "application/problem+json" } else { "text/html" } // RFC 9457
    /// }
    /// ```
    #[must_use]
    pub fn is_json(&self) -> bool {
        self.json
    }

    fn forbidden(&self, sentence: &str) -> Response {
        if self.json {
            problem(StatusCode::FORBIDDEN, sentence, None)
        } else {
            (StatusCode::FORBIDDEN, format!("{sentence}\n")).into_response()
        }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let mut response = match &self.reason {
            Reason::LoginRequired { login_page }
            | Reason::RecentLoginRequired { login_page, .. }
                if !self.json =>
            {
                // 303 and not 307: whatever the method was, the login page is to be got, and the body is not to be sent there.
                (
                    StatusCode::SEE_OTHER,
                    [(header::LOCATION, login_page.as_str())],
                )
                    .into_response()
            }
            Reason::LoginRequired { .. } => {
                problem(StatusCode::UNAUTHORIZED, "Log in first.", None)
            }
            Reason::RecentLoginRequired { within, .. } => problem(
                StatusCode::UNAUTHORIZED,
                "Your login is too old for this. Confirm it first.",
                Some(*within),
            ),
            Reason::LoginTimeUnknown => self.forbidden(
                "This needs a recent login, and this site does not keep when you logged in.",
            ),
            Reason::NotAllowed => self.forbidden("Your account may not do this."),
            Reason::Failed(error) => error.clone().into_response(),
        };
        let is_challenge = response.status() == StatusCode::UNAUTHORIZED && self.json;
        let headers = response.headers_mut();
        if is_challenge {
            let scheme = HeaderValue::from_static("Cookie realm=\"login\"");
            headers.insert(header::WWW_AUTHENTICATE, scheme);
        }
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        headers.append(header::VARY, HeaderValue::from_static("Accept"));
        response.extensions_mut().insert(self);
        response
    }
}

/// A problem document (RFC 9457) without a type of its own: the status says it all.
fn problem(status: StatusCode, detail: &str, max_age: Option<Duration>) -> Response {
    let mut document = serde_json::json!({
        "title": status.canonical_reason(),
        "status": status.as_u16(),
        "detail": detail,
    });
    if let Some(max_age) = max_age {
        document["max_age"] = max_age.as_secs().into();
    }
    (
        status,
        [(header::CONTENT_TYPE, "application/problem+json")],
        document.to_string(),
    )
        .into_response()
}

/// Whether JSON is named in `Accept` and not behind HTML. `*/*` names nothing: browsers' scripts send it for anything.
fn asks_for_json(headers: &HeaderMap) -> bool {
    let (mut json, mut html) = (0.0_f32, 0.0_f32);
    let lists = headers
        .get_all(header::ACCEPT)
        .iter()
        .filter_map(|value| value.to_str().ok());
    for range in lists.flat_map(|list| list.split(',')) {
        let mut parts = range.split(';').map(str::trim);
        let media = parts.next().unwrap_or_default().to_ascii_lowercase();
        let weight = parts
            .find_map(|parameter| {
                parameter
                    .strip_prefix("q=")
                    .or(parameter.strip_prefix("Q="))
            })
            .map_or(1.0, |weight| weight.trim().parse().unwrap_or(0.0));
        match media.as_str() {
            "text/html" | "application/xhtml+xml" => html = html.max(weight),
            "application/json" => json = json.max(weight),
            _ if media.starts_with("application/") && media.ends_with("+json") => {
                json = json.max(weight)
            }
            _ => {}
        }
    }
    json > html
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_is_asked_for_by_name_only() {
        for (accept, json) in [
            ("application/json", true),
            ("APPLICATION/JSON", true),
            ("application/problem+json", true),
            ("application/json, text/plain, */*", true),
            ("application/json;q=0.9, text/html;q=0.5", true),
            ("text/html, application/json", false),
            (
                "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
                false,
            ),
            ("application/json;q=0", false),
            ("application/json;q=rubbish", false),
            ("*/*", false),
            ("", false),
        ] {
            let headers = HeaderMap::from_iter([(header::ACCEPT, accept.parse().unwrap())]);
            assert_eq!(asks_for_json(&headers), json, "{accept}");
        }
        assert!(!asks_for_json(&HeaderMap::new()));
    }
}
