//! The races over HTTP, with both requests held inside their handlers: on our layer, and as the control on a layer that
//! does what session layers usually do, with the very same handlers.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::{Extension, Path, Request, State};
use axum::http::{StatusCode, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use axum::routing::get;
use session_auth::testing::Browser;
use session_auth::{MemoryStorage, SessionLayer};
use tokio::sync::{Barrier, Notify};
use tower_sessions_core::session::{Id, Record};
use tower_sessions_core::session_store::Result;
use tower_sessions_core::{Session, SessionStore};

/// Keeps records by id and saves them whole, whether they are still there or not.
#[derive(Clone, Debug, Default)]
struct StockStore(Arc<Mutex<HashMap<Id, Record>>>);

#[async_trait::async_trait]
impl SessionStore for StockStore {
    async fn create(&self, record: &mut Record) -> Result<()> {
        self.save(record).await
    }

    async fn save(&self, record: &Record) -> Result<()> {
        let mut records = self.0.lock().unwrap();
        records.insert(record.id, record.clone());
        Ok(())
    }

    async fn load(&self, id: &Id) -> Result<Option<Record>> {
        Ok(self.0.lock().unwrap().get(id).cloned())
    }

    async fn delete(&self, id: &Id) -> Result<()> {
        self.0.lock().unwrap().remove(id);
        Ok(())
    }
}

/// As tower-sessions' own layer goes about it: the id in the cookie, the record saved when it was modified.
async fn stock_layer(
    State(store): State<StockStore>,
    mut request: Request,
    next: Next,
) -> Response {
    let cookie = request.headers().get(header::COOKIE);
    let id = cookie.and_then(|cookie| cookie.to_str().ok()?.strip_prefix("stock=")?.parse().ok());
    let session = Session::new(id, Arc::new(store), None);
    request.extensions_mut().insert(session.clone());
    let mut response = next.run(request).await;
    if session.is_empty().await {
        let removal = header::HeaderValue::from_static("stock=; Max-Age=0; Path=/");
        response.headers_mut().insert(header::SET_COOKIE, removal);
    } else if session.is_modified() {
        session.save().await.unwrap();
        let cookie = format!("stock={}", session.id().unwrap());
        response
            .headers_mut()
            .insert(header::SET_COOKIE, cookie.parse().unwrap());
    }
    response
}

/// Where the handlers meet.
#[derive(Clone)]
struct Meeting {
    writers: Arc<Barrier>,
    has_written: Arc<Notify>,
    may_answer: Arc<Notify>,
}

async fn log_in(session: Session) {
    session.insert("user", "alice").await.unwrap();
}

async fn log_out(session: Session) {
    session.flush().await.unwrap();
}

async fn user(session: Session) -> std::result::Result<String, StatusCode> {
    let user = session.get("user").await.unwrap();
    user.ok_or(StatusCode::UNAUTHORIZED)
}

async fn has(Path(key): Path<String>, session: Session) -> std::result::Result<(), StatusCode> {
    let value: Option<bool> = session.get(&key).await.unwrap();
    value.map(drop).ok_or(StatusCode::NOT_FOUND)
}

/// Writes when every writer has read, and answers when every writer has written.
async fn write_together(
    Path(key): Path<String>,
    session: Session,
    Extension(meeting): Extension<Meeting>,
) {
    session.get_value("user").await.unwrap();
    meeting.writers.wait().await;
    session.insert(&key, true).await.unwrap();
    meeting.writers.wait().await;
}

async fn write_slowly(session: Session, Extension(meeting): Extension<Meeting>) {
    session.insert("slow", true).await.unwrap();
    meeting.has_written.notify_one();
    meeting.may_answer.notified().await;
}

/// The same pages under both layers.
fn pages(meeting: &Meeting) -> Router {
    Router::new()
        .route("/login", get(log_in))
        .route("/logout", get(log_out))
        .route("/user", get(user))
        .route("/has/{key}", get(has))
        .route("/together/{key}", get(write_together))
        .route("/slowly", get(write_slowly))
        .layer(Extension(meeting.clone()))
}

fn ours(meeting: &Meeting) -> Router {
    pages(meeting).layer(SessionLayer::new(MemoryStorage::new()))
}

fn stock(meeting: &Meeting) -> Router {
    pages(meeting).layer(from_fn_with_state(StockStore::default(), stock_layer))
}

fn meeting() -> Meeting {
    Meeting {
        writers: Arc::new(Barrier::new(2)),
        has_written: Arc::default(),
        may_answer: Arc::default(),
    }
}

async fn status(browser: &Browser, path: &str) -> u16 {
    browser.get(path).await.status().as_u16()
}

/// What two writers of different keys left of their keys.
async fn two_writers(site: Router) -> [bool; 2] {
    let browser = Browser::new(site);
    browser.get("/login").await;
    let (first, second) = (browser.copy(), browser.copy());
    let writes = [
        tokio::spawn(async move { status(&first, "/together/one").await }),
        tokio::spawn(async move { status(&second, "/together/two").await }),
    ];
    for write in writes {
        assert_eq!(write.await.unwrap(), 200);
    }
    [
        status(&browser, "/has/one").await == 200,
        status(&browser, "/has/two").await == 200,
    ]
}

/// The status that the old cookie gets after a logout which a slow writer outlasted.
async fn logout_during_a_write(site: Router, meeting: &Meeting) -> u16 {
    let browser = Browser::new(site);
    browser.get("/login").await;
    assert_eq!(status(&browser, "/user").await, 200);
    let thief = browser.copy();
    let slow = browser.copy();
    let write = tokio::spawn(async move { status(&slow, "/slowly").await });
    meeting.has_written.notified().await;
    assert_eq!(status(&browser, "/logout").await, 200);
    let stolen = thief.copy();
    assert_eq!(
        status(&stolen, "/user").await,
        401,
        "the logout is in force"
    );
    meeting.may_answer.notify_one();
    assert_eq!(write.await.unwrap(), 200);
    status(&thief, "/user").await
}

#[tokio::test]
async fn two_writers_of_one_session_both_count() {
    assert_eq!(two_writers(ours(&meeting())).await, [true, true]);
}

#[tokio::test]
async fn the_control_loses_one_of_two_writers() {
    let written = two_writers(stock(&meeting())).await;
    assert_eq!(written.into_iter().filter(|written| *written).count(), 1);
}

#[tokio::test]
async fn a_slow_request_does_not_bring_a_logged_out_session_back() {
    let meeting = meeting();
    assert_eq!(logout_during_a_write(ours(&meeting), &meeting).await, 401);
}

#[tokio::test]
async fn the_control_brings_a_logged_out_session_back() {
    let meeting = meeting();
    assert_eq!(logout_during_a_write(stock(&meeting), &meeting).await, 200);
}
