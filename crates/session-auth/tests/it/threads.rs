//! Real threads, as many requests as they can make: what no schedule can show, such as a lock that is not held.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use axum::Router;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::routing::get;
use session_auth::testing::Browser;
use session_auth::{MemoryStorage, Session, SessionError, SessionLayer};

async fn log_in(session: Session) {
    session.insert("user", "alice").await.unwrap();
}

async fn log_out(session: Session) {
    session.flush().await.unwrap();
}

async fn user(session: Session) -> Result<(), StatusCode> {
    let user: Option<String> = session.get("user").await.unwrap();
    user.map(drop).ok_or(StatusCode::UNAUTHORIZED)
}

async fn write(Path(key): Path<String>, session: Session) {
    session.get_value("user").await.unwrap();
    session.insert(&key, true).await.unwrap();
}

async fn has(Path(key): Path<String>, session: Session) -> Result<(), StatusCode> {
    let value: Option<bool> = session.get(&key).await.unwrap();
    value.map(drop).ok_or(StatusCode::NOT_FOUND)
}

async fn count(session: Session) -> Result<String, SessionError> {
    let count = session.update("count", |count: Option<u64>| count.unwrap_or(0) + 1);
    Ok(count.await?.to_string())
}

fn site(layer: SessionLayer) -> Router {
    Router::new()
        .route("/login", get(log_in))
        .route("/logout", get(log_out))
        .route("/user", get(user))
        .route("/write/{key}", get(write))
        .route("/has/{key}", get(has))
        .route("/count", get(count))
        .layer(layer)
}

async fn status(browser: &Browser, path: &str) -> u16 {
    browser.get(path).await.status().as_u16()
}

/// Writers keep going while a logout happens; from its answer on, the old cookie is nobody's, whatever they had read.
async fn logouts(layer: SessionLayer, rounds: usize) {
    let site = site(layer);
    for round in 0..rounds {
        let browser = Browser::new(site.clone());
        assert_eq!(status(&browser, "/login").await, 200);
        let is_out = Arc::new(AtomicBool::new(false));
        let served = Arc::new(AtomicU64::new(0));
        let mut visitors = tokio::task::JoinSet::new();
        for number in 0..3 {
            let (thief, is_out) = (browser.copy(), Arc::clone(&is_out));
            let served = Arc::clone(&served);
            visitors.spawn(async move {
                loop {
                    let began_after = is_out.load(Ordering::SeqCst);
                    status(&thief.copy(), &format!("/write/{number}")).await;
                    let answer = status(&thief.copy(), "/user").await;
                    served.fetch_add(1, Ordering::SeqCst);
                    if began_after {
                        return answer;
                    }
                }
            });
        }
        while served.load(Ordering::SeqCst) < 3 {
            tokio::task::yield_now().await;
        }
        let old = browser.copy();
        assert_eq!(status(&browser, "/logout").await, 200);
        is_out.store(true, Ordering::SeqCst);
        for answer in visitors.join_all().await {
            assert_eq!(answer, 401, "round {round}: alive after the logout");
        }
        assert_eq!(
            status(&old, "/user").await,
            401,
            "round {round}: alive again"
        );
    }
}

/// Everybody writes a key of their own and counts; nothing is lost.
async fn writers(layer: SessionLayer, writers: u64) {
    let browser = Browser::new(site(layer));
    assert_eq!(status(&browser, "/login").await, 200);
    let mut visitors = tokio::task::JoinSet::new();
    for number in 0..writers {
        let visitor = browser.copy();
        visitors.spawn(async move {
            let written = status(&visitor, &format!("/write/{number}")).await;
            (written, status(&visitor, "/count").await)
        });
    }
    for statuses in visitors.join_all().await {
        assert_eq!(statuses, (200, 200));
    }
    for number in 0..writers {
        assert_eq!(
            status(&browser, &format!("/has/{number}")).await,
            200,
            "{number}"
        );
    }
    let body = browser.get("/count").await.into_body();
    let body = axum::body::to_bytes(body, 100).await.unwrap();
    assert_eq!(body, (writers + 1).to_string());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn memory_on_real_threads() {
    writers(SessionLayer::new(MemoryStorage::new()), 200).await;
    logouts(SessionLayer::new(MemoryStorage::new()), 100).await;
}

#[cfg(feature = "sqlite")]
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn sqlite_on_real_threads() {
    let directory = tempfile::tempdir().unwrap();
    let storage = super::sqlite::open(&directory.path().join("db")).await;
    writers(SessionLayer::new(storage.clone()), 40).await;
    logouts(SessionLayer::new(storage), 10).await;
}
