//! The layers over each storage: no cookie, an untouched session, a read, a write, and who is logged in; and a site without
//! any layer, which is what all of them are more than.
//!
//! `cargo xtask bench` runs it beside the same of tower-sessions and axum-login (`benches/peers`).

use std::convert::Infallible;

use axum::{Router, http::StatusCode, routing::get};
use divan::{AllocProfiler, Bencher};
use session_auth::{
    AnyStorage, Auth, AuthError, AuthLayer, Directory, EncryptedCookieStorage, Identity,
    MemoryStorage, RedisStorage, RequireLogin, Session, SessionLayer, SqlStorage, Stamp,
};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions};

mod driver;

use driver::{Case, LOGGED_IN, NO_COOKIE, READ, Site, UNTOUCHED, WRITE};

#[global_allocator]
static ALLOCATOR: AllocProfiler = AllocProfiler::system();

const CASES: [Case; 5] = [NO_COOKIE, UNTOUCHED, READ, WRITE, LOGGED_IN];
/// Where nobody reads the cookie, there is nothing else to ask.
const WITHOUT_LAYERS: [Case; 2] = [NO_COOKIE, UNTOUCHED];

fn main() {
    driver::main(|name| match name {
        "no_layers" => Site::new(without_layers()),
        "memory_storage" => Site::new(site(memory())),
        "sqlite" => Site::new(site(sqlite_table())),
        "sqlite_single_process" => Site::new(site(sqlite_kept())),
        "encrypted_cookie" => Site::new(site(encrypted())),
        "redis" => Site::new(site(redis_server())),
        _ => panic!("there is no site {name}"),
    });
}

#[divan::bench(args = WITHOUT_LAYERS)]
fn no_layers(bencher: Bencher<'_, '_>, case: Case) {
    Site::new(without_layers()).bench(bencher, case);
}

#[divan::bench(args = CASES)]
fn memory_storage(bencher: Bencher<'_, '_>, case: Case) {
    Site::new(site(memory())).bench(bencher, case);
}

#[divan::bench(args = CASES, max_time = 2)]
fn sqlite(bencher: Bencher<'_, '_>, case: Case) {
    Site::new(site(sqlite_table())).bench(bencher, case);
}

#[divan::bench(args = CASES, max_time = 2)]
fn sqlite_single_process(bencher: Bencher<'_, '_>, case: Case) {
    Site::new(site(sqlite_kept())).bench(bencher, case);
}

#[divan::bench(args = CASES)]
fn encrypted_cookie(bencher: Bencher<'_, '_>, case: Case) {
    Site::new(site(encrypted())).bench(bencher, case);
}

/// Where `GATEPOST_TEST_REDIS` says; nothing when it does not.
#[divan::bench(args = CASES, max_time = 2)]
fn redis(bencher: Bencher<'_, '_>, case: Case) {
    if driver::redis_address().is_some() {
        Site::new(site(redis_server())).bench(bencher, case);
    }
}

async fn memory() -> AnyStorage {
    MemoryStorage::new().into()
}

async fn sqlite_table() -> AnyStorage {
    database().await.into()
}

async fn sqlite_kept() -> AnyStorage {
    database().await.single_process().into()
}

/// A database that lives as long as the process, with the settings of `benches/peers`.
async fn database() -> SqlStorage {
    let directory = tempfile::tempdir().expect("a directory").keep();
    let options = SqliteConnectOptions::new()
        .filename(directory.join("sessions.db"))
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal);
    let write = SqlitePoolOptions::new().max_connections(1);
    let write = write.connect_with(options.clone()).await.expect("a writer");
    let read = SqlitePoolOptions::new().max_connections(4);
    let read = read.connect_with(options).await.expect("a reader");
    let storage = SqlStorage::sqlite_split(read, write);
    storage.migrate().await.expect("a table");
    storage
}

async fn encrypted() -> AnyStorage {
    let key = EncryptedCookieStorage::new(&[7; 32]).expect("a key");
    key.into()
}

async fn redis_server() -> AnyStorage {
    let url = driver::redis_address().expect("where Redis is");
    let client = ::redis::Client::open(url).expect("an address of Redis");
    RedisStorage::new(client).into()
}

async fn site(storage: impl Future<Output = AnyStorage>) -> Router {
    Router::new()
        .route("/plain", get(async || "Hello.\n"))
        .route("/read", get(read))
        .route("/write", get(write))
        .route("/user", get(user))
        .route("/enter", get(enter))
        .layer(AuthLayer::new(OneUser))
        .layer(SessionLayer::new(storage.await).plain_http())
}

/// The same trivial handler. The driver logs in and writes first, as everywhere.
async fn without_layers() -> Router {
    let plain = || get(async || "Hello.\n");
    Router::new()
        .route("/plain", plain())
        .route("/write", plain())
        .route("/enter", plain())
}

async fn read(session: Session) -> Result<String, StatusCode> {
    let count: u64 = session.get("count").await.map_err(failed)?.unwrap_or(0);
    Ok(count.to_string())
}

async fn write(session: Session) -> Result<&'static str, StatusCode> {
    let count: u64 = session.get("count").await.map_err(failed)?.unwrap_or(0);
    session.insert("count", count + 1).await.map_err(failed)?;
    Ok("Written.\n")
}

fn failed(_: impl std::error::Error) -> StatusCode {
    StatusCode::INTERNAL_SERVER_ERROR
}

async fn user(RequireLogin(user): RequireLogin<OneUser>) -> &'static str {
    user
}

async fn enter(auth: Auth<OneUser>) -> Result<&'static str, AuthError> {
    auth.login(&"somebody").await?;
    Ok("Logged in.\n")
}

/// A directory that costs nothing, so that only the library is measured.
#[derive(Clone)]
struct OneUser;

impl Directory for OneUser {
    type User = &'static str;
    type Error = Infallible;

    async fn find(&self, id: &str) -> Result<Option<&'static str>, Infallible> {
        Ok((id == "somebody").then_some("somebody"))
    }

    fn identity(&self, user: &&'static str) -> Identity {
        Identity {
            id: (*user).to_owned(),
            stamp: Stamp::of(&[user.as_bytes()]),
        }
    }
}
