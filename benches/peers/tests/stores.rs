//! The published stores beneath this library's layer: the contract over a database store of tower-sessions, and a site
//! that comes from axum-login with everybody in it.

use std::convert::Infallible;
use std::path::Path;

use axum::{Router, http::StatusCode, routing::get};
use axum_login::{AuthManagerLayerBuilder, AuthSession, AuthUser, AuthnBackend, UserId};
use serde_json::Value;
use session_auth::testing::{Browser, contract};
use session_auth::{
    Auth, AuthError, AuthLayer, Directory, Identity, RequireLogin, Session, SessionLayer, Stamp,
    Tower014, TowerStorage,
};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePool};
use tower_sessions::SessionManagerLayer;
use tower_sessions_sqlx_store::SqliteStore;

async fn store(directory: &Path, name: &str) -> SqliteStore {
    let options = SqliteConnectOptions::new()
        .filename(directory.join(name))
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal);
    let store = SqliteStore::new(SqlitePool::connect_with(options).await.expect("a database"));
    store.migrate().await.expect("a table");
    store
}

#[tokio::test]
async fn a_published_database_store_keeps_what_it_can() {
    let directory = tempfile::tempdir().expect("a directory");
    let open = async |name: &str| TowerStorage::new(Tower014(store(directory.path(), name).await));
    contract(open).await;
}

/// The other published store only has to be taken: what it keeps is up to the same code.
#[test]
fn the_published_redis_store_is_taken() {
    use tower_sessions_redis_store::{RedisStore, fred::prelude::Pool};
    let _: fn(RedisStore<Pool>) -> SessionLayer =
        |store| SessionLayer::new(TowerStorage::new(Tower014(store)).existing_ids());
}

/// Who is logged in through axum-login keeps the cookie and the values, and a handler that reads axum-login's own value
/// logs them in here.
#[tokio::test]
async fn nobody_loses_a_session_on_the_way_from_axum_login() {
    let directory = tempfile::tempdir().expect("a directory");
    let store = store(directory.path(), "sessions.db").await;
    let before = before(store.clone());
    let after = after(store);

    let browser = Browser::new(before.clone());
    assert_eq!(browser.get("/enter").await.status(), StatusCode::OK);
    assert_eq!(text(&browser, "/user").await, "somebody");
    let old = browser.cookies();
    assert!(old.starts_with("id="), "{old}");

    // The site is stopped, and comes back on this library's layers.
    let ask = async |path: &'static str, cookies: &str| {
        let request = axum::http::Request::get(path).header("cookie", cookies);
        let request = request.body(axum::body::Body::empty()).expect("a request");
        Browser::new(after.clone()).send(request).await
    };
    let visit = ask("/theme", &old).await;
    assert_eq!(body(visit).await, "dark", "the values are there");
    assert_eq!(ask("/user", &old).await.status(), 303, "nobody is in yet");
    let moved = ask("/move", &old).await;
    let new = moved.headers()["set-cookie"].to_str().expect("a cookie");
    let new = new.split(';').next().expect("a pair");
    assert_ne!(new, old);
    assert_eq!(body(ask("/user", new).await).await, "somebody");
    assert_eq!(body(ask("/theme", new).await).await, "dark");
    // The clear id is worth nothing any more, here or there.
    assert_eq!(body(ask("/theme", &old).await).await, "");
    let back = Browser::new(before);
    let request = axum::http::Request::get("/user").header("cookie", &old);
    let request = request.body(axum::body::Body::empty()).expect("a request");
    assert_eq!(back.send(request).await.status(), StatusCode::UNAUTHORIZED);
}

async fn text(browser: &Browser, path: &str) -> String {
    body(browser.get(path).await).await
}

async fn body(answer: axum::response::Response) -> String {
    let bytes = axum::body::to_bytes(answer.into_body(), 10_000).await;
    String::from_utf8(bytes.expect("a body").to_vec()).expect("a text")
}

/// The site as axum-login's documentation has it.
fn before(store: SqliteStore) -> Router {
    let sessions = SessionManagerLayer::new(store).with_secure(false);
    Router::new()
        .route("/enter", get(enter_before))
        .route("/user", get(user_before))
        .layer(AuthManagerLayerBuilder::new(People, sessions).build())
}

async fn enter_before(mut auth: AuthSession<People>, session: tower_sessions::Session) {
    session.insert("theme", "dark").await.expect("a value");
    auth.login(&Person("somebody")).await.expect("a login");
}

async fn user_before(auth: AuthSession<People>) -> Result<&'static str, StatusCode> {
    Ok(auth.user.ok_or(StatusCode::UNAUTHORIZED)?.0)
}

/// The same site on this library, with a way in for those from before.
fn after(store: SqliteStore) -> Router {
    Router::new()
        .route("/theme", get(theme))
        .route("/user", get(user))
        .route("/move", get(move_over))
        .layer(AuthLayer::new(People))
        .layer(SessionLayer::new(TowerStorage::new(Tower014(store)).existing_ids()).plain_http())
}

async fn theme(session: Session) -> String {
    let theme = session.get("theme").await.expect("a session");
    theme.unwrap_or_default()
}

async fn user(RequireLogin(person): RequireLogin<People>) -> &'static str {
    person.0
}

async fn move_over(session: Session, auth: Auth<People>) -> Result<StatusCode, AuthError> {
    let old: Option<Value> = session.get("axum-login.data").await.expect("a session");
    let id = old.as_ref().and_then(|data| data["user_id"].as_str());
    let person = match id {
        Some(id) => People.find(id).await.expect("a directory"),
        None => None,
    };
    if let Some(person) = person {
        auth.login(&person).await?;
    }
    Ok(StatusCode::OK)
}

#[derive(Clone, Debug)]
struct Person(&'static str);

#[derive(Clone)]
struct People;

impl AuthUser for Person {
    type Id = String;

    fn id(&self) -> String {
        self.0.to_owned()
    }

    fn session_auth_hash(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

impl AuthnBackend for People {
    type User = Person;
    type Credentials = ();
    type Error = Infallible;

    async fn authenticate(&self, (): ()) -> Result<Option<Person>, Infallible> {
        Ok(Some(Person("somebody")))
    }

    async fn get_user(&self, id: &UserId<Self>) -> Result<Option<Person>, Infallible> {
        Ok((id == "somebody").then_some(Person("somebody")))
    }
}

impl Directory for People {
    type User = Person;
    type Error = Infallible;

    async fn find(&self, id: &str) -> Result<Option<Person>, Infallible> {
        Ok((id == "somebody").then_some(Person("somebody")))
    }

    fn identity(&self, person: &Person) -> Identity {
        Identity {
            id: person.0.to_owned(),
            stamp: Stamp::of(&[]),
        }
    }
}
