//! One half of a site that moves from aiohttp to axum: its sessions are aiohttp-session's, so whoever is logged in there
//! is logged in here, and the other way round.
//!
//! `cargo run --example from_aiohttp --features simple-cookie,encrypted-cookie,nacl-cookie,redis -- --storage encrypted
//! --key-hex 3031323334353637383961626364656630313233343536373839616263646566 --listen 127.0.0.1:8080`

use std::{net::SocketAddr, time::Duration};

use axum::{
    Form, Json, Router,
    http::StatusCode,
    routing::{get, post},
};
use serde::Deserialize;
use serde_json::{Map, Value};
use session_auth::{
    AnyStorage, EncryptedCookieStorage, NaClCookieStorage, RedisStorage, Session, SessionError,
    SessionLayer, SimpleCookieStorage,
};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), BoxError> {
    let options = Options::read(std::env::args().skip(1))?;
    let listener = tokio::net::TcpListener::bind(options.listen).await?;
    println!("listening on http://{}", listener.local_addr()?);
    axum::serve(listener, site(sessions(&options)?)).await?;
    Ok(())
}

type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// What the Python side is set to.
pub struct Options {
    pub storage: String,
    pub key: Vec<u8>,
    pub redis: String,
    pub max_age: Option<Duration>,
    pub listen: SocketAddr,
}

impl Options {
    /// `--storage simple|encrypted|nacl|redis --key-hex HEX --redis URL --max-age S --listen ADDR`
    pub fn read(args: impl IntoIterator<Item = String>) -> Result<Self, BoxError> {
        let mut options = Self {
            storage: "simple".to_owned(),
            key: Vec::new(),
            redis: "redis://127.0.0.1/".to_owned(),
            max_age: None,
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
            return Ok(match options.max_age {
                Some(max_age) => shared.max_age(max_age).into(),
                None => shared.into(),
            });
        }
        other => return Err(format!("there is no storage {other}").into()),
    };
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
        .layer(sessions)
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
