//! The whole URL table.
//!
//! Invariant: an address of the site is a line here and nowhere else.

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::get;

use crate::assets;
use crate::pages::{health, robots};
use crate::state::App;

/// Every form but the editor's is small.
const SMALL_FORM: usize = 64 * 1024;

#[rustfmt::skip] // One address a line reads as the table that it is.
pub(crate) fn table(app: Arc<App>) -> Router {
    Router::new()
        .route("/healthz", get(health::alive))
        .route("/readyz", get(health::ready))
        .route("/version", get(health::version))
        .route("/robots.txt", get(robots::show))
        .route("/favicon.ico", get(assets::favicon))
        .route("/static/{*file}", get(assets::show))
        .layer(DefaultBodyLimit::max(SMALL_FORM))
        .with_state(app)
}
