//! Sessions for programs and pages that speak JSON: a login that is a POST, refusals that are problem documents, the
//! list of one's sessions, and an action that wants the password once more.
//!
//! `cargo run --example json_api --features password`, then
//! `curl -c jar -b jar -H 'accept: application/json' --json '{"name":"alice","password":"correct horse"}' http://127.0.0.1:8080/login`.

use std::collections::HashMap;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{delete, get, post};
use axum::{Json, Router, serve};
use serde::{Deserialize, Serialize};
use session_auth::password::{PasswordHash, PasswordHasher};
use session_auth::{
    Attempt, Auth, AuthError, AuthLayer, Directory, Identity, MemoryStorage, OpenSession,
    RequireLogin, RequireRecentLogin, Session, SessionError, SessionLayer, Stamp,
};

/// Who may log in. A real site asks its database.
#[derive(Clone)]
struct Accounts(Arc<HashMap<&'static str, Account>>);

#[derive(Clone)]
struct Account {
    name: &'static str,
    password: PasswordHash,
}

impl Directory for Accounts {
    type User = Account;
    type Error = Infallible;

    async fn find(&self, id: &str) -> Result<Option<Account>, Infallible> {
        Ok(self.0.get(id).cloned())
    }

    fn identity(&self, account: &Account) -> Identity {
        Identity {
            id: account.name.to_owned(),
            stamp: Stamp::of(&[account.password.as_str().as_bytes()]),
        }
    }
}

impl Accounts {
    async fn password(&self, name: &str) -> Result<Option<(PasswordHash, Account)>, Infallible> {
        let account = self.find(name).await?;
        Ok(account.map(|account| (account.password.clone(), account)))
    }
}

#[derive(Serialize)]
struct Me {
    name: &'static str,
}

/// A visitor who asks for JSON gets a 401 with a problem document, before this runs.
async fn me(RequireLogin(account): RequireLogin<Accounts>) -> Json<Me> {
    Json(Me { name: account.name })
}

#[derive(Deserialize)]
struct Credentials {
    name: String,
    password: String,
}

async fn login(
    auth: Auth<Accounts>,
    State(accounts): State<Accounts>,
    Json(typed): Json<Credentials>,
) -> Result<Response, AuthError> {
    let find = |name| accounts.password(name);
    let attempt = auth.attempt(&typed.name, &typed.password, find).await?;
    Ok(answer(&attempt))
}

#[derive(Deserialize)]
struct Proof {
    password: String,
}

/// The password once more, for who is logged in already.
async fn confirm(
    RequireLogin(account): RequireLogin<Accounts>,
    auth: Auth<Accounts>,
    State(accounts): State<Accounts>,
    Json(proof): Json<Proof>,
) -> Result<Response, AuthError> {
    let find = |name| accounts.password(name);
    let attempt = auth.confirm(account.name, &proof.password, find).await?;
    Ok(answer(&attempt))
}

fn answer(attempt: &Attempt<Account>) -> Response {
    // A re-hash is for those who keep hashes; here they are made anew at every start (`examples/minimal.rs` keeps it).
    if let Attempt::LoggedIn { user, .. } = attempt {
        return Json(Me { name: user.name }).into_response();
    }
    let status = attempt.status();
    let document = serde_json::json!({
        "title": status.canonical_reason(),
        "status": status.as_u16(),
        "detail": attempt.to_string(),
    });
    let kind = [(header::CONTENT_TYPE, "application/problem+json")];
    (status, kind, attempt, document.to_string()).into_response()
}

async fn logout(auth: Auth<Accounts>) -> Result<StatusCode, AuthError> {
    auth.logout().await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn sessions(auth: Auth<Accounts>) -> Result<Json<Vec<OpenSession>>, AuthError> {
    Ok(Json(auth.sessions().await?))
}

async fn revoke(auth: Auth<Accounts>, Path(id): Path<String>) -> Result<StatusCode, AuthError> {
    Ok(if auth.revoke(&id).await? {
        StatusCode::NO_CONTENT
    } else {
        StatusCode::NOT_FOUND
    })
}

/// Only within ten minutes of a login or confirmation; later the answer is a 401 with a `max_age`.
async fn secret(RequireRecentLogin(account): RequireRecentLogin<Accounts>) -> Json<String> {
    Json(format!("the recovery code of {}", account.name))
}

/// Counts exactly, however many requests of one session run side by side.
async fn count(session: Session) -> Result<Json<u64>, SessionError> {
    let count = session.update("count", |count: Option<u64>| count.unwrap_or(0) + 1);
    Ok(Json(count.await?))
}

/// The site, with two accounts, over the sessions that it is given.
pub async fn app(sessions: SessionLayer) -> Router {
    let hasher = PasswordHasher::new();
    let mut accounts = HashMap::new();
    for (name, password) in [("alice", "correct horse"), ("bob", "battery staple")] {
        let password = hasher.hash(password).await;
        let password = password.expect("a password of a fitting length");
        accounts.insert(name, Account { name, password });
    }
    let accounts = Accounts(Arc::new(accounts));

    Router::new()
        .route("/me", get(me))
        .route("/login", post(login))
        .route("/confirm", post(confirm))
        .route("/logout", post(logout))
        .route("/sessions", get(self::sessions))
        .route("/sessions/{public_id}", delete(revoke))
        .route("/secret", get(secret))
        .route("/count", post(count))
        .with_state(accounts.clone())
        .layer(AuthLayer::new(accounts).passwords(hasher))
        .layer(sessions)
}

#[tokio::main]
async fn main() -> std::io::Result<()> {
    // Without https, on this machine only: the default cookie needs https.
    let sessions = SessionLayer::new(MemoryStorage::new()).plain_http();
    let site = app(sessions)
        .await
        .into_make_service_with_connect_info::<SocketAddr>();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:8080").await?;
    println!("http://{}/", listener.local_addr()?);
    serve(listener, site).await
}
