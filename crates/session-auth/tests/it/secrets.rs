//! Nothing that could log anybody in is written anywhere but into the cookie.

use std::sync::Arc;

use axum::Router;
use axum::http::StatusCode;
use axum::routing::get;
use session_auth::testing::{Browser, advance, now};
use session_auth::{
    AnyStorage, Change, MemoryStorage, Outcome, Promises, Session, SessionKey, SessionLayer,
    SessionStorage, StorageError, StoredSession, Values,
};
use time::OffsetDateTime;

use crate::log::Log;

#[cfg(any(feature = "encrypted-cookie", feature = "nacl-cookie"))]
const KEY: &[u8; 32] = b"0123456789abcdef0123456789abcdef";

type Named = (&'static str, AnyStorage);

/// Every storage that needs no server.
async fn storages() -> Vec<Named> {
    let mut storages: Vec<Named> = vec![("memory", MemoryStorage::new().into())];
    storages.extend(in_cookies(MemoryStorage::new()));
    #[cfg(feature = "sqlite")]
    storages.extend(on_a_database().await.1);
    storages
}

/// Every storage that has to do with a database, which is of them alone.
#[cfg(feature = "sqlite")]
async fn on_a_database() -> (sqlx::SqlitePool, Vec<Named>) {
    // One connection, because each would have a database of its own.
    let pool = sqlx::sqlite::SqlitePoolOptions::new().max_connections(1);
    let pool = pool.connect("sqlite::memory:").await.unwrap();
    let storage = session_auth::SqlStorage::sqlite(pool.clone());
    storage.migrate().await.unwrap();
    let mut storages = vec![
        ("sqlite", storage.clone().into()),
        ("single process", storage.clone().single_process().into()),
    ];
    let cookies = in_cookies(storage).into_iter();
    storages.extend(cookies.filter(|(name, _)| name.starts_with("revocable")));
    (pool, storages)
}

/// Each kind of cookie, alone and with this ledger.
#[cfg_attr(
    not(any(
        feature = "simple-cookie",
        feature = "encrypted-cookie",
        feature = "nacl-cookie"
    )),
    expect(unused_mut, unused_variables, reason = "there are no cookies then")
)]
fn in_cookies(ledger: impl SessionStorage + Clone) -> Vec<Named> {
    let mut storages: Vec<Named> = Vec::new();
    #[cfg(feature = "simple-cookie")]
    {
        use session_auth::SimpleCookieStorage as Simple;
        let revocable = Simple::new().revocable(ledger.clone());
        storages.push(("simple cookie", Simple::new().into()));
        storages.push(("revocable simple cookie", revocable.into()));
    }
    #[cfg(feature = "encrypted-cookie")]
    {
        let storage = || session_auth::EncryptedCookieStorage::new(KEY).unwrap();
        let revocable = storage().revocable(ledger.clone());
        storages.push(("encrypted cookie", storage().into()));
        storages.push(("revocable encrypted cookie", revocable.into()));
    }
    #[cfg(feature = "nacl-cookie")]
    {
        let storage = || session_auth::NaClCookieStorage::new(KEY).unwrap();
        let revocable = storage().revocable(ledger.clone());
        storages.push(("NaCl cookie", storage().into()));
        storages.push(("revocable NaCl cookie", revocable.into()));
    }
    storages
}

fn site(storage: impl Into<AnyStorage>) -> Router {
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

/// What an answer shows, with its headers as they would be logged.
async fn shown(response: axum::response::Response) -> String {
    let headers = format!("{:?}", response.headers());
    let body = axum::body::to_bytes(response.into_body(), 10_000)
        .await
        .unwrap();
    headers + std::str::from_utf8(&body).unwrap()
}

#[tokio::test]
async fn no_log_and_no_debug_shows_an_id() {
    for (name, storage) in storages().await {
        let log = Log::default();
        let _guard = log.here();
        let browser = Browser::new(site(storage));
        let mut ids = Vec::new();
        let mut all_shown = String::new();
        for path in ["/", "/", "/cycle", "/", "/flush", "/"] {
            let response = browser.get(path).await;
            assert_eq!(response.status(), StatusCode::OK, "{name}");
            all_shown += &shown(response).await;
            if !browser.cookies().is_empty() {
                ids.push(id(&browser));
            }
        }
        assert!(
            log.text().contains("a handler logs what it has"),
            "the log is recorded"
        );
        ids.dedup();
        assert!(ids.len() >= 3, "{name}: three sessions or ids");
        for id in ids {
            log.hides(&[&id]);
            assert!(!all_shown.contains(&id), "{name}: a handler can show an id");
        }
    }
}

/// Cut, changed, sent twice, of another site: whatever came instead of a session's cookie may have been one.
#[tokio::test]
async fn no_log_shows_a_cookie_that_is_not_taken() {
    let foreign = Browser::new(site(MemoryStorage::new()));
    foreign.get("/").await;
    let foreign = id(&foreign);
    for (name, storage) in storages().await {
        let log = Log::default();
        let _guard = log.here();
        let site = site(storage);
        let browser = Browser::new(site.clone());
        browser.get("/").await;
        let own = browser.cookies();
        let (cookie, value) = own.split_once('=').unwrap();
        // In the middle: the last character of a base64 text has bits that mean nothing.
        let (front, back) = value.split_at(value.len() / 2);
        let turned: String = back.chars().rev().collect();
        let long = "long".repeat(2_000);
        let values = [value, front, &*turned, &*foreign, &*long, "%", "\u{e9}"];
        for sent in values {
            for cookies in [
                format!("{cookie}={sent}"),
                format!("{cookie}={sent}; {cookie}={value}"),
            ] {
                for path in ["/read", "/", "/cycle", "/flush"] {
                    let request = http_request(path, &cookies);
                    let answer = tower::ServiceExt::oneshot(site.clone(), request).await;
                    let answer = answer.unwrap();
                    assert_eq!(answer.status(), StatusCode::OK, "{name} {path} {cookies}");
                }
            }
            if sent.len() > 2 {
                log.hides(&[sent]);
            }
        }
        log.hides(&[value]);
    }
}

/// The value of a session, and the password of a server.
#[cfg(any(feature = "sqlite", feature = "postgres", feature = "redis"))]
const KEPT: &str = "hunter2-is-kept";
#[cfg(any(feature = "sqlite", feature = "postgres", feature = "redis"))]
const PASSWORD: &str = "hunter2-opens-the-server";

/// A site that also logs whatever an error of its storage says of itself.
#[cfg(any(feature = "sqlite", feature = "postgres", feature = "redis"))]
fn outspoken(storage: AnyStorage) -> Router {
    async fn tell(session: Session) {
        let Err(error) = session.get::<u8>("b").await else {
            return;
        };
        let error = session_auth::SessionError::from(error);
        let mut told = format!("{error:?} {error}");
        let mut source = std::error::Error::source(&error);
        while let Some(cause) = source {
            told += &format!(" {cause:?} {cause}");
            source = cause.source();
        }
        tracing::error!("{told}");
    }
    async fn write(session: Session) -> Result<(), session_auth::SessionError> {
        Ok(session.insert("a", KEPT).await?)
    }
    Router::new()
        .route("/tell", get(tell))
        .route("/write", get(write))
        .layer(SessionLayer::new(storage).clock(now))
}

/// The storage of this site does not answer. That is all that anybody is told.
#[cfg(any(feature = "sqlite", feature = "postgres", feature = "redis"))]
async fn a_fault_shows_no_secret(name: &str, site: &Router, cookie: &str, log: &Log) {
    let (_, id) = cookie.split_once('=').unwrap();
    // The last one begins a session.
    for (path, cookie) in [("/tell", cookie), ("/write", cookie), ("/write", "")] {
        let request = http_request(path, cookie);
        let answer = tower::ServiceExt::oneshot(site.clone(), request).await;
        let answer = answer.unwrap();
        let status = answer.status();
        assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE, "{name} {path}");
        let shown = shown(answer).await;
        for secret in [id, PASSWORD, KEPT] {
            assert!(!shown.contains(secret), "{name} {path}");
        }
    }
    assert!(log.warnings() > 0, "{name}");
    log.hides(&[id, PASSWORD, KEPT]);
}

#[cfg(feature = "sqlite")]
#[tokio::test]
async fn no_log_shows_a_secret_when_a_database_goes_away() {
    for number in 0..on_a_database().await.1.len() {
        let (pool, mut storages) = on_a_database().await;
        let (name, storage) = storages.swap_remove(number);
        let log = Log::default();
        let _guard = log.here();
        let site = outspoken(storage);
        let browser = Browser::new(site.clone());
        browser.get("/write").await;
        pool.close().await;
        a_fault_shows_no_secret(name, &site, &browser.cookies(), &log).await;
    }
}

/// Which had been given a password.
#[cfg(any(feature = "postgres", feature = "redis"))]
#[tokio::test]
async fn no_log_shows_a_secret_when_a_server_is_not_there() {
    let mut storages: Vec<Named> = Vec::new();
    #[cfg(feature = "postgres")]
    {
        let pool = sqlx::postgres::PgPoolOptions::new()
            .acquire_timeout(std::time::Duration::from_secs(1))
            .connect_lazy(&format!("postgres://gatepost:{PASSWORD}@127.0.0.1:1/"));
        let storage = session_auth::SqlStorage::postgres(pool.unwrap());
        storages.push(("postgres", storage.into()));
    }
    #[cfg(feature = "redis")]
    {
        let client = redis::Client::open(format!("redis://gatepost:{PASSWORD}@127.0.0.1:1/"));
        let storage = session_auth::RedisStorage::new(client.unwrap());
        storages.push(("redis", storage.into()));
    }
    for (name, storage) in storages {
        let log = Log::default();
        let _guard = log.here();
        let cookie = "__Host-session=SomebodysIdOf32Characters_123456";
        a_fault_shows_no_secret(name, &outspoken(storage), cookie, &log).await;
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
