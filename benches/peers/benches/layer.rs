//! The same requests as `crates/session-auth/benches/layer.rs`, each library used as its own documentation shows.

use std::convert::Infallible;

use axum::{Router, http::StatusCode, response::IntoResponse, routing::get};
use axum_login::{AuthManagerLayerBuilder, AuthSession, AuthUser, AuthnBackend, UserId};
use divan::{AllocProfiler, Bencher};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions};
use tower_sessions::{MemoryStore, Session, SessionManagerLayer, SessionStore, session::Error};
use tower_sessions_redis_store::{
    RedisStore,
    fred::prelude::{ClientLike, Config, Pool},
};
use tower_sessions_sqlx_store::SqliteStore;

#[path = "../../../crates/session-auth/benches/driver/mod.rs"]
mod driver;

use driver::{Case, LOGGED_IN, NO_COOKIE, READ, Site, UNTOUCHED, WRITE};

#[global_allocator]
static ALLOCATOR: AllocProfiler = AllocProfiler::system();

const SESSION: [Case; 4] = [NO_COOKIE, UNTOUCHED, READ, WRITE];
const LOGIN: [Case; 5] = [NO_COOKIE, UNTOUCHED, READ, WRITE, LOGGED_IN];

fn main() {
    driver::main(|name| match name {
        "tower_sessions_memory" => Site::new(sessions(memory())),
        "tower_sessions_sqlite" => Site::new(sessions(sqlite())),
        "tower_sessions_redis" => Site::new(sessions(redis())),
        "axum_login_memory" => Site::new(logins(memory())),
        "axum_login_sqlite" => Site::new(logins(sqlite())),
        "axum_login_redis" => Site::new(logins(redis())),
        _ => panic!("there is no site {name}"),
    });
}

#[divan::bench(args = SESSION)]
fn tower_sessions_memory(bencher: Bencher<'_, '_>, case: Case) {
    Site::new(sessions(memory())).bench(bencher, case);
}

#[divan::bench(args = SESSION, max_time = 2)]
fn tower_sessions_sqlite(bencher: Bencher<'_, '_>, case: Case) {
    Site::new(sessions(sqlite())).bench(bencher, case);
}

/// Where `GATEPOST_TEST_REDIS` says; nothing when it does not.
#[divan::bench(args = SESSION, max_time = 2)]
fn tower_sessions_redis(bencher: Bencher<'_, '_>, case: Case) {
    if driver::redis_address().is_some() {
        Site::new(sessions(redis())).bench(bencher, case);
    }
}

#[divan::bench(args = LOGIN)]
fn axum_login_memory(bencher: Bencher<'_, '_>, case: Case) {
    Site::new(logins(memory())).bench(bencher, case);
}

#[divan::bench(args = LOGIN, max_time = 2)]
fn axum_login_sqlite(bencher: Bencher<'_, '_>, case: Case) {
    Site::new(logins(sqlite())).bench(bencher, case);
}

#[divan::bench(args = LOGIN, max_time = 2)]
fn axum_login_redis(bencher: Bencher<'_, '_>, case: Case) {
    if driver::redis_address().is_some() {
        Site::new(logins(redis())).bench(bencher, case);
    }
}

async fn memory() -> MemoryStore {
    MemoryStore::default()
}

/// A database that lives as long as the process, with the settings of session-auth's bench.
async fn sqlite() -> SqliteStore {
    let directory = tempfile::tempdir().expect("a directory").keep();
    let options = SqliteConnectOptions::new()
        .filename(directory.join("sessions.db"))
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal);
    let pool = SqlitePoolOptions::new().max_connections(5);
    let pool = pool.connect_with(options).await.expect("a pool");
    let store = SqliteStore::new(pool);
    store.migrate().await.expect("a table");
    store
}

/// With the pool of its documentation.
async fn redis() -> RedisStore<Pool> {
    let url = driver::redis_address().expect("where Redis is");
    let config = Config::from_url(&url).expect("an address of Redis");
    let pool = Pool::new(config, None, None, None, 6).expect("a pool");
    pool.init().await.expect("connections");
    RedisStore::new(pool)
}

fn routes() -> Router {
    Router::new()
        .route("/plain", get(async || "Hello.\n"))
        .route("/read", get(read))
        .route("/write", get(write))
}

async fn sessions(store: impl Future<Output = impl SessionStore + Clone>) -> Router {
    routes()
        .route("/enter", get(write_or_fail))
        .layer(SessionManagerLayer::new(store.await).with_secure(false))
}

async fn logins(store: impl Future<Output = impl SessionStore + Clone>) -> Router {
    let sessions = SessionManagerLayer::new(store.await).with_secure(false);
    let people = AuthManagerLayerBuilder::new(People, sessions).build();
    let guarded = Router::new()
        .route("/user", get(user))
        .route_layer(axum_login::login_required!(People, login_url = "/login"));
    routes()
        .merge(guarded)
        .route("/enter", get(enter))
        .layer(people)
}

async fn read(session: Session) -> Result<String, StatusCode> {
    let count: u64 = session.get("count").await.map_err(failed)?.unwrap_or(0);
    Ok(count.to_string())
}

async fn write_or_fail(session: Session) -> impl IntoResponse {
    write(session).await
}

async fn write(session: Session) -> Result<&'static str, StatusCode> {
    let count: u64 = session.get("count").await.map_err(failed)?.unwrap_or(0);
    session.insert("count", count + 1).await.map_err(failed)?;
    Ok("Written.\n")
}

fn failed(_: Error) -> StatusCode {
    StatusCode::INTERNAL_SERVER_ERROR
}

async fn user(session: AuthSession<People>) -> Result<&'static str, StatusCode> {
    let user = session.user.ok_or(StatusCode::UNAUTHORIZED)?;
    Ok(user.0)
}

async fn enter(mut session: AuthSession<People>) -> Result<&'static str, StatusCode> {
    let entered = session.login(&Person("somebody")).await;
    entered.map_err(|_| StatusCode::INTERNAL_SERVER_ERROR)?;
    Ok("Logged in.\n")
}

#[derive(Clone, Debug)]
struct Person(&'static str);

impl AuthUser for Person {
    type Id = String;

    fn id(&self) -> String {
        self.0.to_owned()
    }

    fn session_auth_hash(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

/// A backend that costs nothing, so that only the library is measured.
#[derive(Clone)]
struct People;

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
