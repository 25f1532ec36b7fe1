//! A site that counts its visitor's visits, for what storages show under several servers and in the hands of others.

use std::sync::Arc;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Request, Response, StatusCode};
use axum::routing::get;
use session_auth::{Session, SessionError, SessionLayer, SessionStorage};
use tokio::sync::Barrier;
use tower::ServiceExt;

async fn count(session: Session) -> Result<String, SessionError> {
    let count = session.update("count", |count: Option<u64>| count.unwrap_or(0) + 1);
    Ok(count.await?.to_string())
}

async fn write(session: Session) -> Result<(), SessionError> {
    let _ = session.insert("written", true).await;
    Ok(())
}

async fn read(session: Session) -> String {
    let count: Option<u64> = session.get("count").await.unwrap_or_default();
    format!("{count:?}")
}

pub(crate) fn site(storage: impl SessionStorage) -> Router {
    site_on(SessionLayer::new(storage))
}

pub(crate) fn site_on(sessions: SessionLayer) -> Router {
    Router::new()
        .route("/count", get(count))
        .route("/write", get(write))
        .route("/read", get(read))
        .layer(sessions)
}

pub(crate) async fn visit(site: &Router, path: &str, cookie: &str) -> Response<Body> {
    let request = Request::get(path).header("cookie", cookie);
    let request = request.body(Body::empty()).unwrap();
    site.clone().oneshot(request).await.unwrap()
}

pub(crate) async fn body(response: Response<Body>) -> String {
    let bytes = to_bytes(response.into_body(), 10_000).await.unwrap();
    String::from_utf8(bytes.to_vec()).unwrap()
}

pub(crate) async fn cookie_of(site: &Router) -> String {
    let response = visit(site, "/count", "").await;
    let cookie = response.headers()["set-cookie"].to_str().unwrap();
    cookie.split(';').next().unwrap().to_owned()
}

/// What stands behind this cookie was damaged, and behind the other one not: nobody is let in, nobody waits, and what is
/// damaged goes.
pub(crate) async fn damage_is_nobodys(site: &Router, damaged: &str, fine: &str) {
    let read = visit(site, "/read", damaged).await;
    assert_eq!(read.status(), StatusCode::OK);
    // This answer may overtake the cookie of a login just made.
    assert!(!read.headers().contains_key("set-cookie"));
    assert_eq!(body(read).await, "None");
    let counted = visit(site, "/count", damaged).await;
    let begun = counted.headers()["set-cookie"].to_str().unwrap().to_owned();
    assert!(!begun.starts_with(damaged));
    assert_eq!(body(counted).await, "1", "a new session");
    assert_eq!(body(visit(site, "/count", fine).await).await, "2");
}

/// Twenty visits at once, spread over the sites, which share what they store.
pub(crate) async fn count_together(sites: &[Router]) {
    let cookie = cookie_of(&sites[0]).await;
    let barrier = Arc::new(Barrier::new(20));
    let mut visits = tokio::task::JoinSet::new();
    for number in 0..20 {
        let (site, cookie) = (sites[number % sites.len()].clone(), cookie.clone());
        let barrier = Arc::clone(&barrier);
        visits.spawn(async move {
            barrier.wait().await;
            visit(&site, "/count", &cookie).await.status()
        });
    }
    for status in visits.join_all().await {
        assert_eq!(status, StatusCode::OK);
    }
    for site in sites {
        assert_eq!(body(visit(site, "/read", &cookie).await).await, "Some(21)");
    }
}
