//! The tutorial's login in one file: a page for everybody, a page for those who are logged in, and the way in and out.
//!
//! `cargo run --example minimal --features password`, then open <http://127.0.0.1:8080/> and log in as `alice` with
//! `correct horse`.

use std::collections::HashMap;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;

use axum::extract::{Form, Query, State};
use axum::http::{StatusCode, header};
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use axum::{Router, serve};
use serde::Deserialize;
use session_auth::password::{PasswordHash, PasswordHasher};
use session_auth::{
    Attempt, Auth, AuthError, AuthLayer, Directory, Identity, MemoryStorage, RequireLogin,
    SessionLayer, Stamp,
};

/// Who may log in. A real site asks its database.
#[derive(Clone)]
struct Accounts(Arc<HashMap<String, Account>>);

#[derive(Clone)]
struct Account {
    username: String,
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
            id: account.username.clone(),
            // A new password is a new stamp, and ends the sessions that were opened with the old one.
            stamp: Stamp::of(&[account.password.as_str().as_bytes()]),
        }
    }
}

async fn index(user: Option<RequireLogin<Accounts>>) -> Html<String> {
    let who = match user {
        Some(RequireLogin(user)) => format!(
            "[{}] <form method=post action=/logout><button>Logout</button></form>",
            user.username
        ),
        None => "[Anonymous] <a href=/login>Login</a>".to_owned(),
    };
    page(&format!("{who} <p><a href=/new>Write something</a>"))
}

/// Nobody gets here without being logged in: who is not is sent to the login page, and comes back.
async fn new_post(RequireLogin(user): RequireLogin<Accounts>) -> Html<String> {
    page(&format!("<p>Write something, {}!", user.username))
}

#[derive(Deserialize)]
struct Onward {
    next: Option<String>,
}

async fn login_form(
    auth: Auth<Accounts>,
    Query(Onward { next }): Query<Onward>,
) -> Result<Response, AuthError> {
    if let Some(onward) = auth.skip_login(next.as_deref()).await? {
        return Ok(onward.into_response());
    }
    Ok(login_page(&auth, next.as_deref(), "").into_response())
}

#[derive(Deserialize)]
struct Credentials {
    login: String,
    password: String,
}

async fn login(
    auth: Auth<Accounts>,
    State(accounts): State<Accounts>,
    Query(Onward { next }): Query<Onward>,
    Form(form): Form<Credentials>,
) -> Result<Response, AuthError> {
    let attempt = auth
        .attempt(&form.login, &form.password, |name| async move {
            let account = accounts.find(name).await?;
            Ok::<_, Infallible>(account.map(|account| (account.password.clone(), account)))
        })
        .await?;
    let retry = |status, seconds: u64, page| {
        (status, [(header::RETRY_AFTER, seconds.to_string())], page).into_response()
    };
    let again = login_page(&auth, next.as_deref(), &attempt.to_string());
    Ok(match attempt {
        Attempt::LoggedIn { .. } => auth.target(next.as_deref()).redirect().into_response(),
        Attempt::Refused => (StatusCode::UNPROCESSABLE_ENTITY, again).into_response(),
        Attempt::Throttled { retry_after } => {
            retry(StatusCode::TOO_MANY_REQUESTS, retry_after.as_secs(), again)
        }
        Attempt::Busy => retry(StatusCode::SERVICE_UNAVAILABLE, 1, again),
    })
}

async fn logout(auth: Auth<Accounts>) -> Result<Redirect, AuthError> {
    auth.logout().await?;
    Ok(Redirect::to("/"))
}

fn login_page(auth: &Auth<Accounts>, next: Option<&str>, message: &str) -> Html<String> {
    page(&format!(
        "<h1>Login</h1><p>{message}<form method=post action=\"{}\">\
         <input name=login autocomplete=username> \
         <input name=password type=password autocomplete=current-password> \
         <button>Log in</button></form>",
        auth.target(next).behind("/login"),
    ))
}

fn page(body: &str) -> Html<String> {
    Html(format!(
        "<!doctype html><meta charset=utf-8><title>minimal</title>{body}"
    ))
}

/// The site, with one account.
pub async fn app() -> Router {
    let hasher = PasswordHasher::new();
    let password = hasher
        .hash("correct horse")
        .await
        .expect("a password of a fitting length");
    let alice = Account {
        username: "alice".to_owned(),
        password,
    };
    let accounts = Accounts(Arc::new(HashMap::from([(alice.username.clone(), alice)])));

    Router::new()
        .route("/", get(index))
        .route("/new", get(new_post))
        .route("/login", get(login_form).post(login))
        .route("/logout", post(logout))
        .with_state(accounts.clone())
        .layer(AuthLayer::new(accounts).passwords(hasher))
        // Without https, on this machine only: the default cookie needs https.
        .layer(SessionLayer::new(MemoryStorage::new()).plain_http())
}

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:8080").await?;
    println!("http://{}/", listener.local_addr()?);
    // With the address of the client, so that one guesser does not slow everybody down.
    serve(
        listener,
        app()
            .await
            .into_make_service_with_connect_info::<SocketAddr>(),
    )
    .await
}
