//! What crawlers are asked to leave alone.
//!
//! Invariant: nothing public is listed here; pages that change something need no crawler's promise to be safe.

use axum::response::IntoResponse;
use http::header;

const ROBOTS: &str =
    "User-agent: *\nDisallow: /login\nDisallow: /logout\nDisallow: /new\nDisallow: /setup\n";

/// `GET /robots.txt`
pub(crate) async fn show() -> impl IntoResponse {
    let headers = [
        (header::CONTENT_TYPE, "text/plain; charset=utf-8"),
        (header::CACHE_CONTROL, "public, max-age=3600"),
    ];
    (headers, ROBOTS)
}
