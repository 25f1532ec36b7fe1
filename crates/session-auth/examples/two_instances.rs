//! Two servers of one site over one database: a login on one is a login on both, and so is a logout. Neither keeps
//! anything of a session to itself.
//!
//! `cargo run --example two_instances --features sqlite`, then open <http://127.0.0.1:8080/> and
//! <http://127.0.0.1:8081/>: cookies ignore ports, so the browser shows both the same one.

use std::convert::Infallible;
use std::path::Path;

use axum::extract::Form;
use axum::response::{Html, Redirect};
use axum::routing::{get, post};
use axum::{Router, serve};
use serde::Deserialize;
use session_auth::{
    Auth, AuthError, AuthLayer, Directory, Identity, RequireLogin, Session, SessionError,
    SessionLayer, SqlStorage, Stamp,
};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePool};

/// Everybody is welcome by name alone: for a classroom.
#[derive(Clone)]
struct Pupils;

impl Directory for Pupils {
    type User = String;
    type Error = Infallible;

    async fn find(&self, id: &str) -> Result<Option<String>, Infallible> {
        Ok(Some(id.to_owned()))
    }

    fn identity(&self, name: &String) -> Identity {
        Identity {
            id: name.clone(),
            stamp: Stamp::of(&[]),
        }
    }
}

async fn index() -> Html<&'static str> {
    Html(
        "<!doctype html><meta charset=utf-8><title>two instances</title>\
         <form method=post action=/login><input name=name><button>Log in</button></form>\
         <form method=post action=/points><button>One point</button></form>\
         <form method=post action=/logout><button>Log out</button></form><a href=/me>Me</a>",
    )
}

async fn me(user: Option<RequireLogin<Pupils>>) -> String {
    user.map_or_else(|| "nobody".to_owned(), |RequireLogin(name)| name)
}

#[derive(Deserialize)]
struct Name {
    name: String,
}

async fn login(auth: Auth<Pupils>, Form(Name { name }): Form<Name>) -> Result<Redirect, AuthError> {
    auth.login(&name).await?;
    Ok(Redirect::to("/me"))
}

async fn logout(auth: Auth<Pupils>) -> Result<Redirect, AuthError> {
    auth.logout().await?;
    Ok(Redirect::to("/me"))
}

/// Counts exactly, on whichever server the requests arrive.
async fn points(session: Session) -> Result<String, SessionError> {
    let one_more = |points: Option<u64>| points.unwrap_or(0) + 1;
    let points = session.update("points", one_more).await?;
    Ok(points.to_string())
}

/// One server, with a pool of its own over the database in this file.
pub async fn app(database: &Path) -> Result<Router, Box<dyn std::error::Error>> {
    let options = SqliteConnectOptions::new()
        .filename(database)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal);
    let storage = SqlStorage::sqlite(SqlitePool::connect_with(options).await?);
    storage.migrate().await?;
    Ok(Router::new()
        .route("/", get(index))
        .route("/me", get(me))
        .route("/login", post(login))
        .route("/points", post(points))
        .route("/logout", post(logout))
        .layer(AuthLayer::new(Pupils))
        // Without https, on this machine only: the default cookie needs https.
        .layer(SessionLayer::new(storage).plain_http()))
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let database = std::env::temp_dir().join("two_instances.db");
    let (one, two) = (app(&database).await?, app(&database).await?);
    let listen = |port| tokio::net::TcpListener::bind(("127.0.0.1", port));
    let (first, second) = (listen(8080).await?, listen(8081).await?);
    println!("http://127.0.0.1:8080/ and http://127.0.0.1:8081/");
    tokio::try_join!(async { serve(first, one).await }, async {
        serve(second, two).await
    })?;
    Ok(())
}
