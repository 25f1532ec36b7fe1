//! Nothing that could log anybody in is written anywhere but into the cookie.

use std::sync::Arc;

use axum::Router;
use axum::http::StatusCode;
use axum::routing::get;
use session_auth::testing::{Browser, advance, now};
use session_auth::{
    Change, MemoryStorage, Outcome, Promises, Session, SessionKey, SessionLayer, SessionStorage,
    StorageError, StoredSession, Values,
};
use time::OffsetDateTime;

use crate::log::Log;

fn site(storage: impl SessionStorage) -> Router {
    let show = |session: Session, bare: tower_sessions_core::Session| async move {
        session.insert("a", 1).await.unwrap();
        session
            .update("b", |b: Option<u8>| b.unwrap_or(0) + 1)
            .await
            .unwrap();
        let shown = format!("{session:?} {bare:?} {:?}", bare.id());
        tracing::info!(?session, ?bare, "a handler logs what it has");
        shown
    };
    Router::new()
        .route("/", get(show))
        .route(
            "/read",
            get(|session: Session| async move {
                format!("{:?}", session.get::<u8>("a").await.unwrap())
            }),
        )
        .route(
            "/cycle",
            get(|session: Session| async move { session.cycle_id().await.unwrap() }),
        )
        .route(
            "/flush",
            get(|session: Session| async move { session.flush().await.unwrap() }),
        )
        .layer(SessionLayer::new(storage).clock(now))
}

fn id(browser: &Browser) -> String {
    let cookies = browser.cookies();
    let (_, id) = cookies.split_once('=').unwrap();
    id.to_owned()
}

#[tokio::test]
async fn no_log_and_no_debug_shows_an_id() {
    let log = Log::default();
    let _guard = log.here();
    let browser = Browser::new(site(MemoryStorage::new()));
    let mut ids = Vec::new();
    let mut shown = String::new();
    for path in ["/", "/", "/cycle", "/", "/flush", "/"] {
        let response = browser.get(path).await;
        shown += &format!("{:?}", response.headers());
        let body = axum::body::to_bytes(response.into_body(), 10_000)
            .await
            .unwrap();
        shown += std::str::from_utf8(&body).unwrap();
        if !browser.cookies().is_empty() {
            ids.push(id(&browser));
        }
    }
    let logged = log.text();
    assert!(
        logged.contains("a handler logs what it has"),
        "the log is recorded"
    );
    ids.dedup();
    assert_eq!(ids.len(), 3, "three sessions or ids");
    for id in ids {
        assert!(!logged.contains(&id), "an id is in the log");
        assert!(!shown.contains(&id), "an id is in what a handler can show");
    }
}

#[tokio::test]
async fn a_garbage_cookie_is_warned_of_once_a_minute_and_not_shown() {
    let log = Log::default();
    let _guard = log.here();
    let site = site(MemoryStorage::new());
    let garbage = "hunter2-is-not-an-id";
    for _ in 0..2 {
        for _ in 0..10 {
            let request = http_request("/flush", &format!("__Host-session={garbage}"));
            let response = tower::ServiceExt::oneshot(site.clone(), request)
                .await
                .unwrap();
            assert_eq!(response.status(), StatusCode::OK);
        }
        advance(std::time::Duration::from_secs(60));
    }
    let logged = log.text();
    assert_eq!(logged.matches("a session cookie").count(), 2);
    assert!(!logged.contains(garbage));
}

/// Well-formed, and stored nowhere: never issued, logged out, or over. Each may be overtaken by the cookie of a login.
#[tokio::test]
async fn an_id_that_is_not_stored_is_nobodys_and_is_not_worth_a_word() {
    let log = Log::default();
    let _guard = log.here();
    let browser = Browser::new(site(MemoryStorage::new()));
    browser.get("/").await;
    let logged_out = browser.copy();
    browser.get("/flush").await;
    browser.get("/").await;
    let over = browser.copy();
    advance(std::time::Duration::from_secs(90 * 24 * 60 * 60));

    let never = format!("__Host-session={}", "A".repeat(32));
    for cookie in [never, logged_out.cookies(), over.cookies()] {
        for _ in 0..2 {
            let site = site(MemoryStorage::new());
            let request = http_request("/read", &cookie);
            let response = tower::ServiceExt::oneshot(site, request).await.unwrap();
            assert_eq!(response.status(), StatusCode::OK);
            assert!(!response.headers().contains_key("set-cookie"), "{cookie}");
        }
    }
    for browser in [logged_out, over] {
        let before = browser.cookies();
        let response = browser.get("/read").await;
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(browser.cookies(), before, "the browser keeps it");
    }
    assert_eq!(log.warnings(), 0, "{}", log.text());
    tracing::warn!("a control");
    assert_eq!(log.warnings(), 1);
}

/// Holds nothing but damage.
#[derive(Clone, Default)]
struct Damaged(Arc<std::sync::atomic::AtomicUsize>);

#[async_trait::async_trait]
impl SessionStorage for Damaged {
    fn promises(&self) -> Promises {
        Promises::ALL
    }

    async fn create(&self, _: &SessionKey, _: &StoredSession) -> Result<bool, StorageError> {
        Ok(true)
    }

    async fn load(&self, _: &SessionKey) -> Result<Option<Arc<StoredSession>>, StorageError> {
        Err(Values::from_json(r#"{"secret": "hunter2"#.to_owned()).unwrap_err())
    }

    async fn commit(&self, _: &SessionKey, _: &Change) -> Result<Outcome, StorageError> {
        unreachable!("nothing is loaded")
    }

    async fn touch(&self, _: &SessionKey, _: OffsetDateTime) -> Result<(), StorageError> {
        unreachable!("nothing is loaded")
    }

    async fn delete(&self, _: &SessionKey) -> Result<(), StorageError> {
        self.0.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        Ok(())
    }

    async fn list_by_user(
        &self,
        _: &str,
    ) -> Result<Vec<(SessionKey, Arc<StoredSession>)>, StorageError> {
        Ok(Vec::new())
    }

    async fn delete_by_user(&self, _: &str, _: Option<&SessionKey>) -> Result<u64, StorageError> {
        Ok(0)
    }

    async fn delete_expired(&self, _: OffsetDateTime, _: usize) -> Result<u64, StorageError> {
        Ok(0)
    }
}

#[tokio::test]
async fn a_damaged_record_is_warned_of_once_a_minute_and_not_shown() {
    let log = Log::default();
    let _guard = log.here();
    let storage = Damaged::default();
    let site = site(storage.clone());
    let id = "A".repeat(32);
    for _ in 0..2 {
        for _ in 0..10 {
            let request = http_request("/", &format!("__Host-session={id}"));
            let response = tower::ServiceExt::oneshot(site.clone(), request).await;
            assert_eq!(response.unwrap().status(), StatusCode::OK);
        }
        advance(std::time::Duration::from_secs(60));
    }
    assert_eq!(storage.0.load(std::sync::atomic::Ordering::Relaxed), 20);
    let logged = log.text();
    assert_eq!(logged.matches("a stored session").count(), 2);
    assert!(!logged.contains("hunter2") && !logged.contains(&id));
}

fn http_request(path: &str, cookie: &str) -> axum::http::Request<axum::body::Body> {
    axum::http::Request::get(path)
        .header("cookie", cookie)
        .body(axum::body::Body::empty())
        .unwrap()
}

#[test]
fn debug_of_a_key_shows_its_public_id_only() {
    let key = SessionKey::from_bytes([7; 32]);
    let shown = format!("{key:?}");
    assert_eq!(shown, format!("SessionKey({})", key.public_id()));
    assert!(!shown.contains("7, 7"));
}

#[test]
fn an_error_says_what_failed_and_no_more() {
    let error = session_auth::SessionError::Unavailable(StorageError::new("the disk is full"));
    assert_eq!(error.to_string(), "the session storage is unavailable");
    let source = std::error::Error::source(&error).unwrap();
    assert_eq!(source.to_string(), "the disk is full");
}
