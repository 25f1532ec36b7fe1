//! The tutorial's login in one file: a page for everybody, a page for those who are logged in, and the way in and out.
//!
//! `cargo run --example minimal --features password`, then open <http://127.0.0.1:8080/> and log in as `alice` with
//! `correct horse`.

use std::collections::HashMap;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use axum::extract::{Form, Query, State};
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use axum::{Router, serve};
use serde::Deserialize;
use session_auth::password::{PasswordError, PasswordHash, PasswordHasher};
use session_auth::{
    Attempt, Auth, AuthError, AuthLayer, Directory, Identity, MemoryStorage, RequireLogin,
    RequireRecentLogin, SessionLayer, Stamp,
};

/// Who may log in. A real site has its database in here.
#[derive(Clone)]
pub struct Accounts {
    table: Arc<Mutex<HashMap<String, Account>>>,
    pub hasher: PasswordHasher,
}

#[derive(Clone)]
pub struct Account {
    username: String,
    password: PasswordHash,
    /// How often it was changed.
    changes: u32,
}

impl Directory for Accounts {
    type User = Account;
    type Error = Infallible;

    async fn find(&self, id: &str) -> Result<Option<Account>, Infallible> {
        let table = self.table.lock().expect("nobody panics with the table");
        Ok(table.get(id).cloned())
    }

    fn identity(&self, account: &Account) -> Identity {
        Identity {
            id: account.username.clone(),
            // A new password is a new stamp, and ends the sessions that were opened with the old one. Made of the hash, it
            // would do so for a re-hash of the same password, too.
            stamp: Stamp::of(&[&account.changes.to_be_bytes()]),
        }
    }
}

impl Accounts {
    pub fn new(hasher: PasswordHasher) -> Self {
        Self {
            table: Arc::default(),
            hasher,
        }
    }

    /// A first password, or a new one.
    pub async fn set_password(
        &self,
        username: &str,
        password: &str,
    ) -> Result<Account, PasswordError> {
        let password = self.hasher.hash(password).await?;
        let mut table = self.table.lock().expect("nobody panics with the table");
        let changes = table.get(username).map_or(0, |before| before.changes + 1);
        let account = Account {
            username: username.to_owned(),
            password,
            changes,
        };
        table.insert(account.username.clone(), account.clone());
        Ok(account)
    }

    /// The same password, hashed at a new cost; not in the place of one that was set in the meantime.
    pub fn set_hash(&self, account: &Account, hash: PasswordHash) {
        let mut table = self.table.lock().expect("nobody panics with the table");
        let stored = table.get_mut(&account.username);
        if let Some(stored) = stored.filter(|stored| stored.password == account.password) {
            stored.password = hash;
        }
    }

    pub async fn with_hash(
        &self,
        username: &str,
    ) -> Result<Option<(PasswordHash, Account)>, Infallible> {
        let account = self.find(username).await?;
        Ok(account.map(|account| (account.password.clone(), account)))
    }
}

async fn index(user: Option<RequireLogin<Accounts>>) -> Html<String> {
    let who = match user {
        Some(RequireLogin(user)) => format!(
            "[{}] <a href=/password>Password</a> \
             <form method=post action=/logout><button>Logout</button></form>",
            escaped(&user.username)
        ),
        None => "[Anonymous] <a href=/login>Login</a>".to_owned(),
    };
    page(&format!("{who} <p><a href=/new>Write something</a>"))
}

/// Nobody gets here without being logged in: who is not is sent to the login page, and comes back.
async fn new_post(RequireLogin(user): RequireLogin<Accounts>) -> Html<String> {
    page(&format!("<p>Write something, {}!", escaped(&user.username)))
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
    /// Sent only when the box is ticked: the login outlives the browser.
    remember: Option<String>,
}

async fn login(
    auth: Auth<Accounts>,
    State(accounts): State<Accounts>,
    Query(Onward { next }): Query<Onward>,
    Form(typed): Form<Credentials>,
) -> Result<Response, AuthError> {
    let next = next.as_deref();
    let auth = auth.remember(typed.remember.is_some());
    let find = |name| accounts.with_hash(name);
    match auth.attempt(&typed.login, &typed.password, find).await? {
        Attempt::LoggedIn { user, rehash } => {
            if let Some(hash) = rehash {
                accounts.set_hash(&user, hash);
            }
            Ok(auth.target(next).redirect().into_response())
        }
        // 422, or with a `Retry-After` 429 or 503.
        refused => {
            let again = login_page(&auth, next, &refused.to_string());
            Ok((refused.status(), &refused, again).into_response())
        }
    }
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
         <label><input name=remember type=checkbox> Stay logged in</label> \
         <button>Log in</button></form>",
        auth.target(next).behind("/login"),
    ))
}

/// For who has typed the old password within ten minutes; others are asked for it, and come back.
async fn password_form(_: RequireRecentLogin<Accounts>) -> Html<String> {
    page(
        "<h1>Password</h1><form method=post action=/password>\
         <input name=password type=password autocomplete=new-password><button>Change</button></form>\
         <form method=post action=/others-out><button>Log out everywhere else</button></form>",
    )
}

#[derive(Deserialize)]
struct NewPassword {
    password: String,
}

async fn change_password(
    RequireRecentLogin(user): RequireRecentLogin<Accounts>,
    auth: Auth<Accounts>,
    State(accounts): State<Accounts>,
    Form(typed): Form<NewPassword>,
) -> Result<Response, AuthError> {
    match accounts.set_password(&user.username, &typed.password).await {
        // This session goes on, with a new id; all others of this user have ended.
        Ok(user) => auth.renew(&user).await?,
        Err(refused) => {
            let status = StatusCode::UNPROCESSABLE_ENTITY;
            return Ok((status, page(&refused.to_string())).into_response());
        }
    }
    Ok(Redirect::to("/").into_response())
}

async fn others_out(auth: Auth<Accounts>) -> Result<Redirect, AuthError> {
    auth.log_out_everywhere_else().await?; // 401 for a visitor
    Ok(Redirect::to("/"))
}

fn page(body: &str) -> Html<String> {
    Html(format!(
        "<!doctype html><meta charset=utf-8><title>minimal</title>{body}"
    ))
}

/// What somebody typed, as HTML. Templates do this by themselves (`examples/minijinja_site.rs`).
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
        .replace('\'', "&#39;")
}

pub fn app(accounts: Accounts) -> Router {
    Router::new()
        .route("/", get(index))
        .route("/new", get(new_post))
        .route("/login", get(login_form).post(login))
        .route("/logout", post(logout))
        .route("/password", get(password_form).post(change_password))
        .route("/others-out", post(others_out))
        .with_state(accounts.clone())
        .layer(AuthLayer::new(accounts.clone()).passwords(accounts.hasher))
        // Without https, on this machine only: the default cookie needs https.
        .layer(SessionLayer::new(MemoryStorage::new()).plain_http())
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let accounts = Accounts::new(PasswordHasher::new());
    accounts.set_password("alice", "correct horse").await?;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:8080").await?;
    println!("http://{}/", listener.local_addr()?);
    // With the address of the client: without it, all who try a name share one count of failures.
    let site = app(accounts).into_make_service_with_connect_info::<SocketAddr>();
    Ok(serve(listener, site).await?)
}
