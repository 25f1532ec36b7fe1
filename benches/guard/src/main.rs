//! What a login costs: the same trivial handler behind both layers and `RequireLogin` (`/guarded`), behind the layers alone
//! (`/open`), and behind nothing (`/bare`), in one application. `/enter` logs in the only user there is.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::path::PathBuf;

use axum::Router;
use axum::http::StatusCode;
use axum::routing::get;
use clap::Parser;
use hyper::server::conn::http1;
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use session_auth::{
    Auth, AuthLayer, Directory, Identity, MemoryStorage, RequireLogin, SessionLayer, SqlStorage,
    Stamp,
};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions};
use tokio::net::TcpListener;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Serves `/guarded`, `/open`, `/bare` and `/enter`.
#[derive(Parser)]
struct Arguments {
    /// Where to listen.
    #[arg(long)]
    listen: SocketAddr,
    /// A database for the sessions; without one they are in memory.
    #[arg(long)]
    database: Option<PathBuf>,
}

type Error = Box<dyn std::error::Error + Send + Sync>;

#[tokio::main]
async fn main() -> Result<(), Error> {
    let arguments = Arguments::parse();
    let sessions = match arguments.database {
        None => SessionLayer::new(MemoryStorage::new()),
        Some(file) => {
            let options = SqliteConnectOptions::new()
                .filename(file)
                .create_if_missing(true)
                .journal_mode(SqliteJournalMode::Wal);
            let write = SqlitePoolOptions::new().max_connections(1);
            let write = write.connect_with(options.clone()).await?;
            let read = SqlitePool::connect_with(options).await?;
            let storage = SqlStorage::sqlite_split(read, write).single_process();
            storage.migrate().await?;
            SessionLayer::new(storage)
        }
    };
    let app = Router::new()
        .route("/open", get(open))
        .route("/guarded", get(guarded))
        .route("/enter", get(enter))
        .layer(AuthLayer::new(OneUser))
        .layer(sessions.plain_http())
        // A layer is around the routes before it, and not around this one.
        .route("/bare", get(open));
    let listener = TcpListener::bind(arguments.listen).await?;
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        let service = TowerToHyperService::new(app.clone());
        tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
    }
}

async fn open() -> &'static str {
    "Hello.\n"
}

async fn guarded(_: RequireLogin<OneUser>) -> &'static str {
    "Hello.\n"
}

async fn enter(auth: Auth<OneUser>) -> Result<&'static str, StatusCode> {
    auth.login(&"somebody")
        .await
        .map_err(|_| StatusCode::INTERNAL_SERVER_ERROR)?;
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
