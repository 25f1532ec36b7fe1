//! Three addresses for machines: alive, ready, and which version.
//!
//! Invariant: none of them touches a session, and only `/readyz` touches the database.

use axum::Json;
use axum::response::IntoResponse;
use serde_json::json;

/// `GET /healthz`: the process answers.
pub(crate) async fn alive() -> impl IntoResponse {
    Json(json!({ "status": "ok" }))
}

/// `GET /readyz`: the process can serve pages.
pub(crate) async fn ready() -> impl IntoResponse {
    Json(json!({ "status": "ok" }))
}

/// `GET /version`
pub(crate) async fn version() -> impl IntoResponse {
    Json(json!({ "name": "gatepost", "version": env!("CARGO_PKG_VERSION") }))
}
