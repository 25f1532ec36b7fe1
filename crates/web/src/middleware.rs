//! The stack around the router, outermost first, with the reason for each place.
//!
//! Invariant: the order below is the order of the list in ARCHITECTURE.md; a layer may rely on those above it and on
//! nothing below.

mod observe;
mod security_headers;
mod shed;
#[cfg(test)]
mod tests;

use std::convert::Infallible;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use http::{Request, Response};
use tower::{Service, ServiceBuilder};
use tower_http::csrf::CsrfLayer;

use crate::arrival::Arrivals;
use crate::auth;
use crate::error_page::ErrorPages;
use crate::state::App;

/// Requests that may be inside the stack at once, without a body and with one; the next is told to come back.
const READING: usize = 512;
const SENDING: usize = 256;

/// Wraps the router.
pub(crate) fn around(
    app: Arc<App>,
    router: Router,
) -> impl Service<Request<Body>, Response = Response<Body>, Error = Infallible, Future: Send + 'static>
+ Clone
+ Send
+ 'static {
    let process = u32::from_be_bytes(app.world.bytes());
    let csrf = CsrfLayer::new()
        .add_trusted_origin(app.config.base_url.as_str())
        .expect("a base URL is an origin as browsers write it");
    let (sessions, people) = (auth::sessions(&app), auth::people(&app));
    ServiceBuilder::new()
        // Names the request and finds its sender; outermost, so that every line and every answer carries the id.
        .layer(observe::Observe::new(Arrivals::new(
            process,
            &app.config.trusted_proxies,
        )))
        // Outside the error pages, so that errors carry the headers too.
        .layer(security_headers::layer(app.config.base_url.is_https()))
        // Draws what anything below refused, and turns a panic below into a 500.
        .layer(ErrorPages::new(app))
        // Refuses early: nothing below has read a byte of the body or asked the database.
        .layer(shed::Shed::new(READING, SENDING))
        // Before the session: a forged form must not even load one.
        .layer(csrf)
        // Reads one cookie and loads nothing; commits when the answer is there.
        .layer(sessions)
        // Inside the session, which says who is logged in; looks nobody up until somebody asks.
        .layer(people)
        // Body limits follow in `routes`, where the editor's differs from everybody else's.
        .service(router)
}
