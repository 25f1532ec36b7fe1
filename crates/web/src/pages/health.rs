//! Three addresses for machines: alive, ready, and which version.
//!
//! Invariant: none of them touches a session, and only `/readyz` touches the database.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::response::IntoResponse;
use serde_json::json;

use crate::error::Error;
use crate::state::App;

/// `GET /healthz`: the process answers.
pub(crate) async fn alive() -> impl IntoResponse {
    Json(json!({ "status": "ok" }))
}

/// `GET /readyz`: the process can serve pages, because its database answers.
pub(crate) async fn ready(State(app): State<Arc<App>>) -> Result<impl IntoResponse, Error> {
    app.db.ping().await.map_err(Error::unavailable)?;
    Ok(Json(json!({ "status": "ok" })))
}

/// `GET /version`
pub(crate) async fn version() -> impl IntoResponse {
    Json(json!({ "name": "gatepost", "version": env!("CARGO_PKG_VERSION") }))
}
