//! A small site for the tests of the login: some accounts, the routes a login needs, and browsers that keep cookies.

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Body;
use axum::extract::{ConnectInfo, Extension, Query};
use axum::http::{HeaderMap, Method, Request, Response, StatusCode, header};
use axum::response::IntoResponse;
use axum::routing::{get, post};
use http_body_util::BodyExt;
use session_auth::{
    Auth, AuthError, AuthLayer, Directory, Identity, MemoryStorage, RequireLogin, Session,
    SessionLayer, Stamp,
};
use tokio::sync::Barrier;
use tower::ServiceExt;

/// Every storage that exists here, with a word for the assertion messages.
pub(crate) async fn layers() -> Vec<(&'static str, SessionLayer)> {
    #[cfg_attr(
        not(feature = "sqlite"),
        expect(unused_mut, reason = "there is one more with sqlite")
    )]
    let mut layers = vec![("memory", SessionLayer::new(MemoryStorage::new()))];
    #[cfg(feature = "sqlite")]
    layers.push(("sqlite", SessionLayer::new(sqlite().await)));
    layers
}

#[cfg(feature = "sqlite")]
async fn sqlite() -> session_auth::SqlStorage {
    use sqlx::sqlite::SqlitePoolOptions;
    // One connection, because each would have a database of its own.
    let pool = SqlitePoolOptions::new()
        .max_connections(1)
        .connect("sqlite::memory:")
        .await
        .unwrap();
    let storage = session_auth::SqlStorage::sqlite(pool);
    storage.migrate().await.unwrap();
    storage
}

#[derive(Clone, Debug)]
pub(crate) struct User {
    pub(crate) name: String,
    pub(crate) epoch: i64,
    pub(crate) is_admin: bool,
}

/// The users of the site. `alice` is an admin, `bob` is not.
#[derive(Clone)]
pub(crate) struct Accounts(Arc<Mutex<State>>);

struct State {
    users: HashMap<String, User>,
    is_away: bool,
    asked: usize,
}

#[derive(Debug, thiserror::Error)]
#[error("the accounts are away")]
pub(crate) struct Away;

impl Accounts {
    pub(crate) fn new() -> Self {
        let users = [("alice", true), ("bob", false)].map(|(name, is_admin)| {
            (
                name.to_owned(),
                User {
                    name: name.to_owned(),
                    epoch: 1,
                    is_admin,
                },
            )
        });
        Self(Arc::new(Mutex::new(State {
            users: users.into(),
            is_away: false,
            asked: 0,
        })))
    }

    pub(crate) fn get(&self, name: &str) -> User {
        self.0.lock().unwrap().users[name].clone()
    }

    /// Stores a user anew; what a password change does to the stamp, a new epoch does.
    pub(crate) fn put(&self, user: User) {
        self.0.lock().unwrap().users.insert(user.name.clone(), user);
    }

    pub(crate) fn disable(&self, name: &str) {
        self.0.lock().unwrap().users.remove(name);
    }

    pub(crate) fn go_away(&self, is_away: bool) {
        self.0.lock().unwrap().is_away = is_away;
    }

    /// How often somebody was looked up.
    pub(crate) fn asked(&self) -> usize {
        self.0.lock().unwrap().asked
    }
}

impl Directory for Accounts {
    type User = User;
    type Error = Away;

    async fn find(&self, id: &str) -> Result<Option<User>, Away> {
        let mut state = self.0.lock().unwrap();
        state.asked += 1;
        if state.is_away {
            return Err(Away);
        }
        // More loosely than ids are told apart, as a column without case would.
        Ok(state.users.get(&id.to_lowercase()).cloned())
    }

    fn identity(&self, user: &User) -> Identity {
        Identity {
            id: user.name.clone(),
            stamp: Stamp::of(&[&user.epoch.to_be_bytes()]),
        }
    }
}

/// Where a test and a handler meet: each waits for the other, once when the handler is inside and once to let it go on.
pub(crate) type Gate = Arc<Barrier>;

pub(crate) struct Site {
    pub(crate) router: Router,
    pub(crate) accounts: Accounts,
    pub(crate) gate: Gate,
}

impl Site {
    pub(crate) fn new(sessions: SessionLayer) -> Self {
        Self::with(sessions, |auth| auth, Router::new())
    }

    /// With other settings of the login, and with more routes.
    pub(crate) fn with(
        sessions: SessionLayer,
        set: impl FnOnce(AuthLayer<Accounts>) -> AuthLayer<Accounts>,
        more: Router,
    ) -> Self {
        let accounts = Accounts::new();
        let gate = Gate::new(Barrier::new(2));
        let router = Router::new()
            .route("/me", get(me))
            .route("/private", get(private).post(private))
            .route("/login", get(login_form).post(login))
            .route("/renewal", post(renew))
            .route("/logout", post(logout))
            .route("/others", post(log_out_others))
            .route("/validity", get(validity))
            .route("/value", get(value).post(put_value))
            .route("/held", post(put_value_at_the_gate))
            .merge(more)
            .layer(set(AuthLayer::new(accounts.clone())))
            .layer(sessions)
            .layer(Extension(accounts.clone()))
            .layer(Extension(gate.clone()));
        Self {
            router,
            accounts,
            gate,
        }
    }

    pub(crate) fn browser(&self) -> Browser {
        Browser::new(self.router.clone())
    }

    /// A browser in which this person has just logged in.
    pub(crate) async fn logged_in(&self, name: &str) -> Browser {
        let mut browser = self.browser();
        let answer = browser.post(&format!("/login?as={name}")).await;
        assert_eq!(answer.status, StatusCode::OK);
        browser
    }
}

async fn me(user: Option<RequireLogin<Accounts>>) -> String {
    user.map_or_else(|| "nobody".to_owned(), |RequireLogin(user)| user.name)
}

async fn private(RequireLogin(user): RequireLogin<Accounts>) -> String {
    format!("the secrets of {}", user.name)
}

type Fields = Query<HashMap<String, String>>;

async fn login_form(auth: Auth<Accounts>, fields: Fields) -> Result<impl IntoResponse, AuthError> {
    let onward = auth
        .skip_login(fields.get("next").map(String::as_str))
        .await?;
    Ok(onward.map_or_else(|| "name?".into_response(), IntoResponse::into_response))
}

/// Logs in as whom the query says, as if it had been proven. `?status=` is the answer.
async fn login(
    auth: Auth<Accounts>,
    accounts: Extension<Accounts>,
    fields: Fields,
) -> Result<StatusCode, AuthError> {
    auth.remember(fields.contains_key("remember"))
        .login(&accounts.get(&fields["as"]))
        .await?;
    Ok(status(&fields))
}

/// Changes the password of who is logged in.
async fn renew(
    auth: Auth<Accounts>,
    accounts: Extension<Accounts>,
    fields: Fields,
) -> Result<StatusCode, AuthError> {
    let mut user = accounts.get(&fields["as"]);
    user.epoch += 1;
    auth.renew(&user).await?;
    accounts.put(user);
    Ok(status(&fields))
}

async fn logout(auth: Auth<Accounts>) -> Result<(), AuthError> {
    auth.logout().await
}

async fn log_out_others(auth: Auth<Accounts>) -> Result<(), AuthError> {
    auth.log_out_everywhere_else().await
}

async fn validity(auth: Auth<Accounts>) -> Result<String, AuthError> {
    Ok(auth.still_valid().await?.to_string())
}

async fn value(session: Session, fields: Fields) -> String {
    session
        .get(&fields["key"])
        .await
        .unwrap()
        .unwrap_or_else(|| "nothing".to_owned())
}

async fn put_value(session: Session, fields: Fields) -> StatusCode {
    session
        .insert(&fields["key"], &fields["value"])
        .await
        .unwrap();
    status(&fields)
}

/// Has read the session when the test comes to the gate, and writes to it when the test has gone on.
async fn put_value_at_the_gate(
    session: Session,
    auth: Auth<Accounts>,
    gate: Extension<Gate>,
    fields: Fields,
) -> Result<StatusCode, AuthError> {
    auth.user().await?;
    session.insert("before", "x").await.unwrap();
    gate.wait().await;
    gate.wait().await;
    session.insert("after", "x").await.unwrap();
    if fields.contains_key("save") {
        let _ = session.save().await;
    }
    Ok(StatusCode::OK)
}

fn status(fields: &Fields) -> StatusCode {
    fields
        .get("status")
        .map_or(StatusCode::OK, |status| status.parse().unwrap())
}

/// Keeps one cookie, as a browser would, and comes from one address.
#[derive(Clone)]
pub(crate) struct Browser {
    pub(crate) router: Router,
    pub(crate) cookie: Option<String>,
    pub(crate) address: IpAddr,
}

#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) extensions: axum::http::Extensions,
    pub(crate) text: String,
}

impl Answer {
    pub(crate) fn header(&self, name: header::HeaderName) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    pub(crate) fn location(&self) -> Option<&str> {
        self.header(header::LOCATION)
    }

    pub(crate) fn sets_cookie(&self) -> bool {
        self.headers.contains_key(header::SET_COOKIE)
    }
}

impl Browser {
    pub(crate) fn new(router: Router) -> Self {
        Self {
            router,
            cookie: None,
            address: [192, 0, 2, 1].into(),
        }
    }

    pub(crate) async fn get(&mut self, path: &str) -> Answer {
        self.send(Method::GET, path, &[], "").await
    }

    pub(crate) async fn post(&mut self, path: &str) -> Answer {
        self.send(Method::POST, path, &[], "").await
    }

    pub(crate) async fn submit(&mut self, path: &str, form: &[(&str, &str)]) -> Answer {
        let body = form_urlencoded::Serializer::new(String::new())
            .extend_pairs(form)
            .finish();
        let form = (header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        self.send(Method::POST, path, &[form], &body).await
    }

    /// Who the site takes this browser for.
    pub(crate) async fn me(&mut self) -> String {
        self.get("/me").await.text
    }

    pub(crate) async fn send(
        &mut self,
        method: Method,
        path: &str,
        headers: &[(header::HeaderName, &str)],
        body: &str,
    ) -> Answer {
        let mut request = Request::builder().method(method).uri(path);
        for (name, value) in headers {
            request = request.header(name, *value);
        }
        if let Some(cookie) = &self.cookie {
            request = request.header(header::COOKIE, cookie);
        }
        let mut request = request.body(Body::from(body.to_owned())).unwrap();
        request
            .extensions_mut()
            .insert(ConnectInfo(SocketAddr::new(self.address, 4711)));
        let response: Response<Body> = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        if let Some(cookie) = parts.headers.get(header::SET_COOKIE) {
            let cookie = cookie.to_str().unwrap();
            let pair = cookie.split(';').next().unwrap();
            let is_removal = cookie.contains("Max-Age=0") || pair.ends_with('=');
            self.cookie = (!is_removal).then(|| pair.to_owned());
        }
        let body = body.collect().await.unwrap().to_bytes();
        Answer {
            status: parts.status,
            headers: parts.headers,
            extensions: parts.extensions,
            text: String::from_utf8(body.to_vec()).unwrap(),
        }
    }
}
