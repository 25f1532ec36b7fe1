//! One half of a site that moves from aiohttp to axum: its sessions are aiohttp-session's, so whoever is logged in there
//! is logged in here, and the other way round.
//!
//! `cargo run --example from_aiohttp --features simple-cookie,encrypted-cookie,nacl-cookie,redis -- --storage encrypted
//! --key-hex 3031323334353637383961626364656630313233343536373839616263646566 --listen 127.0.0.1:8080`

use std::{convert::Infallible, net::SocketAddr, process::ExitCode, time::Duration};

use axum::{
    Form, Json, Router,
    http::StatusCode,
    response::Redirect,
    routing::{get, post},
};
use serde::Deserialize;
use serde_json::{Map, Value};
use session_auth::{
    AnyStorage, Auth, AuthError, AuthLayer, Directory, EncryptedCookieStorage, Identity,
    NaClCookieStorage, RedisStorage, RequireLogin, Session, SessionError, SessionLayer,
    SimpleCookieStorage, Stamp,
};

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match serve().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

async fn serve() -> Result<(), BoxError> {
    let options = Options::read(std::env::args().skip(1))?;
    let site = site(sessions(&options)?);
    let listener = tokio::net::TcpListener::bind(options.listen).await?;
    println!("listening on http://{}", listener.local_addr()?);
    axum::serve(listener, site).await?;
    Ok(())
}

type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// What the Python side is set to.
pub struct Options {
    pub storage: String,
    pub key: Vec<u8>,
    pub redis: String,
    pub max_age: Option<Duration>,
    /// The key of the session that holds who is logged in: the tutorial's, or `AIOHTTP_SECURITY`.
    pub login_key: String,
    pub listen: SocketAddr,
}

impl Options {
    /// `--storage simple|encrypted|nacl|redis --key-hex HEX --redis URL --max-age S --login-key KEY --listen ADDR`
    pub fn read(args: impl IntoIterator<Item = String>) -> Result<Self, BoxError> {
        let mut options = Self {
            storage: "simple".to_owned(),
            key: Vec::new(),
            redis: "redis://127.0.0.1/".to_owned(),
            max_age: None,
            login_key: "username".to_owned(),
            listen: "127.0.0.1:8080".parse()?,
        };
        let mut args = args.into_iter();
        while let Some(name) = args.next() {
            let value = args.next().ok_or(format!("{name} needs a value"))?;
            match name.as_str() {
                "--storage" => options.storage = value,
                "--key-hex" => {
                    options.key = from_hex(&value).ok_or("--key-hex takes hex digits")?
                }
                "--redis" => options.redis = value,
                "--max-age" => options.max_age = Some(Duration::from_secs(value.parse()?)),
                "--login-key" => options.login_key = value,
                "--listen" => options.listen = value.parse()?,
                _ => return Err(format!("{name} is no option").into()),
            }
        }
        Ok(options)
    }
}

fn from_hex(text: &str) -> Option<Vec<u8>> {
    let pairs = (0..text.len()).step_by(2);
    let byte = |at| u8::from_str_radix(text.get(at..at + 2)?, 16).ok();
    pairs.map(byte).collect()
}

/// The same storage as in `aiohttp_session.setup(app, …)`.
fn storage(options: &Options) -> Result<AnyStorage, BoxError> {
    let cookies = match options.storage.as_str() {
        "simple" => SimpleCookieStorage::new().aiohttp_compatible(),
        "encrypted" => EncryptedCookieStorage::new(&options.key)?.aiohttp_compatible(),
        "nacl" => NaClCookieStorage::new(&options.key)?.aiohttp_compatible(),
        "redis" => {
            let client = redis::Client::open(options.redis.as_str())?;
            let shared = RedisStorage::new(client).aiohttp_compatible();
            let shared = shared.login_key(&options.login_key);
            return Ok(match options.max_age {
                Some(max_age) => shared.max_age(max_age).into(),
                None => shared.into(),
            });
        }
        other => return Err(format!("there is no storage {other}").into()),
    };
    let cookies = cookies.login_key(&options.login_key);
    Ok(match options.max_age {
        Some(max_age) => cookies.max_age(max_age).into(),
        None => cookies.into(),
    })
}

pub fn sessions(options: &Options) -> Result<SessionLayer, BoxError> {
    Ok(SessionLayer::new(storage(options)?).plain_http())
}

pub fn site(sessions: SessionLayer) -> Router {
    Router::new()
        .route("/", get(show))
        .route("/set", post(set))
        .route("/remove", post(remove))
        .route("/invalidate", post(invalidate))
        .route("/me", get(me))
        .route("/login", post(login))
        .route("/logout", post(logout))
        .layer(AuthLayer::new(People))
        .layer(sessions)
}

/// The name in the session is all that aiohttp's side knows of a login, so people are found by it. Here everybody is
/// welcome; a real site asks its database, and wants a password (`examples/minimal.rs`).
#[derive(Clone)]
pub struct People;

impl Directory for People {
    type User = String;
    type Error = Infallible;

    async fn find(&self, id: &str) -> Result<Option<String>, Infallible> {
        Ok(Some(id.to_owned()))
    }

    fn identity(&self, name: &String) -> Identity {
        Identity {
            id: name.clone(),
            stamp: Stamp::of(&[]), // a session of aiohttp's has no room for one
        }
    }
}

/// For who is logged in, wherever that was.
async fn me(RequireLogin(name): RequireLogin<People>) -> String {
    name
}

#[derive(Deserialize)]
struct Who {
    name: String,
}

async fn login(auth: Auth<People>, Form(who): Form<Who>) -> Result<Redirect, AuthError> {
    auth.login(&who.name).await?;
    Ok(Redirect::to("/me"))
}

async fn logout(auth: Auth<People>) -> Result<Redirect, AuthError> {
    auth.logout().await?;
    Ok(Redirect::to("/me"))
}

async fn show(session: Session) -> Result<Json<Map<String, Value>>, SessionError> {
    session.values().await.map(Json)
}

#[derive(Deserialize)]
struct Entry {
    key: String,
    /// JSON text.
    value: String,
}

async fn set(session: Session, Form(entry): Form<Entry>) -> StatusCode {
    let Ok(value) = serde_json::from_str::<Value>(&entry.value) else {
        return StatusCode::UNPROCESSABLE_ENTITY;
    };
    match session.insert(&entry.key, value).await {
        Ok(()) => StatusCode::NO_CONTENT,
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

#[derive(Deserialize)]
struct Named {
    key: String,
}

async fn remove(session: Session, Form(named): Form<Named>) -> StatusCode {
    match session.remove_value(&named.key).await {
        Ok(_) => StatusCode::NO_CONTENT,
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

async fn invalidate(session: Session) -> StatusCode {
    match session.flush().await {
        Ok(()) => StatusCode::NO_CONTENT,
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR,
    }
}
