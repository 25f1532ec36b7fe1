//! Pages that go on after their answer: a stream of server-sent events and a WebSocket, both of which end within seconds
//! of the logout.
//!
//! `cargo run --example live_updates --features password`, then open <http://127.0.0.1:8080/> and log in as `alice` with
//! `correct horse`.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::time::Duration;

use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::extract::{Form, State};
use axum::response::sse::{Event, Sse};
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use axum::{Router, serve};
use futures_util::stream::{self, Stream};
use serde::Deserialize;
use session_auth::password::{PasswordHash, PasswordHasher};
use session_auth::{
    Attempt, Auth, AuthError, AuthLayer, Directory, Identity, MemoryStorage, RequireLogin, Session,
    SessionError, SessionLayer, Stamp,
};

/// How often a stream asks whether its login still stands: so long it may outlive a logout.
const ASKED_EVERY: Duration = Duration::from_secs(2);

/// The one who may log in. A real site asks its database.
#[derive(Clone)]
struct Alice(PasswordHash);

impl Directory for Alice {
    type User = Alice;
    type Error = Infallible;

    async fn find(&self, id: &str) -> Result<Option<Alice>, Infallible> {
        Ok((id == "alice").then(|| self.clone()))
    }

    fn identity(&self, alice: &Alice) -> Identity {
        Identity {
            id: "alice".to_owned(),
            stamp: Stamp::of(&[alice.0.as_str().as_bytes()]),
        }
    }
}

/// The session is stored, and its cookie set, before the first event: what is written into it here is not lost.
async fn events(
    RequireLogin(_): RequireLogin<Alice>,
    auth: Auth<Alice>,
    session: Session,
) -> Result<Sse<impl Stream<Item = Result<Event, SessionError>>>, SessionError> {
    session
        .update("streams", |streams: Option<u32>| streams.unwrap_or(0) + 1)
        .await?;
    let events = stream::unfold((auth, session), |(auth, session)| async {
        // Also when the storage cannot say: a browser connects again by itself.
        if !auth.still_valid().await.unwrap_or(false) {
            return None;
        }
        // What comes after the headers is stored at once, and can be refused.
        let seconds = session.update("seconds", |seconds: Option<u64>| {
            seconds.unwrap_or(0) + ASKED_EVERY.as_secs()
        });
        let watched = |seconds| Event::default().data(format!("watched for {seconds} s"));
        let event = seconds.await.map(watched);
        tokio::time::sleep(ASKED_EVERY).await;
        Some((event, (auth, session)))
    });
    Ok(Sse::new(events))
}

async fn socket(
    RequireLogin(_): RequireLogin<Alice>,
    auth: Auth<Alice>,
    upgrade: WebSocketUpgrade,
) -> Response {
    upgrade.on_upgrade(move |socket| until_logout(socket, auth))
}

/// Echoes until the login ends.
async fn until_logout(mut socket: WebSocket, auth: Auth<Alice>) {
    let mut asks = tokio::time::interval(ASKED_EVERY);
    loop {
        tokio::select! {
            received = socket.recv() => {
                let Some(Ok(message)) = received else { return };
                if let Message::Text(text) = message
                    && socket.send(Message::Text(text)).await.is_err()
                {
                    return;
                }
            }
            _ = asks.tick() => {
                if !auth.still_valid().await.unwrap_or(false) {
                    // Dropped with the rest: who is gone already does not hear it.
                    let _ = socket.send(Message::Close(None)).await;
                    return;
                }
            }
        }
    }
}

async fn index(user: Option<RequireLogin<Alice>>) -> Html<&'static str> {
    Html(match user {
        Some(_) => {
            "<!doctype html><title>live</title><form method=post action=/logout><button>Logout</button></form>\
             <ul></ul><script>const say = text => document.querySelector('ul').append(\
             Object.assign(document.createElement('li'), { textContent: text }));\
             new EventSource('/events').onmessage = event => say(event.data);\
             const socket = new WebSocket(`ws://${location.host}/socket`);\
             socket.onclose = () => say('The socket is closed.');</script>"
        }
        None => {
            "<!doctype html><title>live</title><form method=post action=/login>\
             <input name=login autocomplete=username> \
             <input name=password type=password autocomplete=current-password> <button>Log in</button></form>"
        }
    })
}

#[derive(Deserialize)]
struct Credentials {
    login: String,
    password: String,
}

async fn login(
    auth: Auth<Alice>,
    State(alice): State<Alice>,
    Form(typed): Form<Credentials>,
) -> Result<Response, AuthError> {
    let attempt = auth
        .attempt(&typed.login, &typed.password, |name| async move {
            let found = alice.find(name).await?;
            Ok::<_, Infallible>(found.map(|alice| (alice.0.clone(), alice)))
        })
        .await?;
    Ok(match attempt {
        // A re-hash is for those who keep hashes; here they are made anew at every start (`examples/minimal.rs` keeps it).
        Attempt::LoggedIn { .. } => Redirect::to("/").into_response(),
        refused => (refused.status(), &refused, refused.to_string()).into_response(),
    })
}

async fn logout(auth: Auth<Alice>) -> Result<Redirect, AuthError> {
    auth.logout().await?;
    Ok(Redirect::to("/"))
}

/// The site, with one account.
pub async fn app() -> Router {
    let hasher = PasswordHasher::new();
    let password = hasher.hash("correct horse").await;
    let alice = Alice(password.expect("a password of a fitting length"));
    Router::new()
        .route("/", get(index))
        .route("/events", get(events))
        .route("/socket", get(socket))
        .route("/login", post(login))
        .route("/logout", post(logout))
        .with_state(alice.clone())
        .layer(AuthLayer::new(alice).login_path("/").passwords(hasher))
        .layer(SessionLayer::new(MemoryStorage::new()).plain_http())
}

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:8080").await?;
    println!("http://{}/", listener.local_addr()?);
    let site = app().await;
    serve(
        listener,
        site.into_make_service_with_connect_info::<SocketAddr>(),
    )
    .await
}
