//! Nothing that could log anybody in is written anywhere but into the cookie.

use std::io::Write;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::http::StatusCode;
use axum::routing::get;
use session_auth::testing::{Browser, advance, now};
use session_auth::{
    Change, MemoryStorage, Outcome, Promises, Session, SessionKey, SessionLayer, SessionStorage,
    StorageError, StoredSession, Values,
};
use time::OffsetDateTime;

/// What was logged, at every level.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }

    fn here(&self) -> tracing::subscriber::DefaultGuard {
        let log = self.clone();
        let subscriber = tracing_subscriber::fmt()
            .with_max_level(tracing::Level::TRACE)
            .with_ansi(false)
            .with_writer(move || log.clone())
            .finish();
        tracing::subscriber::set_default(subscriber)
    }
}

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

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
