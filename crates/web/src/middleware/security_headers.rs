//! The headers that tell a browser what a page of this site may never do.
//!
//! Invariant: every answer carries all of them; a handler may loosen one only by setting it itself.

use axum::body::Body;
use http::header::{self, HeaderName};
use http::{HeaderValue, Response};
use tower::util::MapResponseLayer;

/// Nothing inline, nothing from elsewhere, nobody's frame.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; style-src 'self'; img-src 'self'; script-src 'self'; \
     connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'; font-src 'none'";

const ALWAYS: [(HeaderName, &str); 7] = [
    (header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY),
    (header::X_FRAME_OPTIONS, "DENY"),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    // Never `no-referrer`: with it browsers post `Origin: null`, and the CSRF layer would refuse every form.
    (header::REFERRER_POLICY, "same-origin"),
    (
        HeaderName::from_static("permissions-policy"),
        "camera=(), geolocation=(), microphone=(), payment=(), usb=(), browsing-topics=()",
    ),
    (
        HeaderName::from_static("cross-origin-opener-policy"),
        "same-origin",
    ),
    (
        HeaderName::from_static("cross-origin-resource-policy"),
        "same-origin",
    ),
];

/// A year; only over TLS, where the browser heeds it.
const HSTS: HeaderValue = HeaderValue::from_static("max-age=31536000");

pub(super) fn layer(
    https: bool,
) -> MapResponseLayer<impl FnOnce(Response<Body>) -> Response<Body> + Clone + Send + 'static> {
    MapResponseLayer::new(move |mut response: Response<Body>| {
        let headers = response.headers_mut();
        headers.reserve(ALWAYS.len() + 2);
        for (name, value) in &ALWAYS {
            headers
                .entry(name)
                .or_insert(HeaderValue::from_static(value));
        }
        if https {
            headers.insert(header::STRICT_TRANSPORT_SECURITY, HSTS);
        }
        response
    })
}
