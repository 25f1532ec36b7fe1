//! The Gatepost blog: HTTP and HTML on top of `domain`, `storage` and `session-auth`.
//!
//! In reading order: `routes` is the whole URL table, `pages` has a module per noun, `page` renders, `middleware` is
//! the stack around the router, `server` the loop around that, `cli` the commands. Invariant: nothing here decides who
//! may do what (`domain` does) and nothing here writes SQL (`storage` does).

pub(crate) mod arrival;
pub(crate) mod articles;
pub(crate) mod assets;
pub(crate) mod auth;
pub(crate) mod changes;
pub mod cli;
pub mod config;
pub mod demo;
pub(crate) mod edition;
pub(crate) mod error;
pub(crate) mod error_page;
pub(crate) mod feed;
pub(crate) mod figure;
pub(crate) mod form;
pub(crate) mod images;
pub mod jobs;
// What fuzz targets are run with.
#[cfg(test)]
#[path = "../fuzz/inputs.rs"]
mod inputs;
pub(crate) mod look;
pub(crate) mod markdown;
pub(crate) mod middleware;
pub(crate) mod page;
pub(crate) mod pages;
pub(crate) mod parking;
pub(crate) mod passage;
pub(crate) mod paths;
pub(crate) mod rescue;
pub(crate) mod routes;
pub mod server;
pub(crate) mod shelf;
pub(crate) mod site;
pub mod start;
pub(crate) mod state;
pub(crate) mod templates;
pub(crate) mod theme;
pub mod world;
pub(crate) mod xml;
pub(crate) mod zone;

use std::convert::Infallible;
use std::sync::Arc;

use axum::body::Body;
use http::{Request, Response};
use tower::Service;

pub use state::App;

/// The whole site as one service: the router inside its layers.
pub fn build(
    app: Arc<App>,
) -> impl Service<Request<Body>, Response = Response<Body>, Error = Infallible, Future: Send + 'static>
+ Clone
+ Send
+ 'static {
    let router = routes::table(Arc::clone(&app));
    middleware::around(app, router)
}
