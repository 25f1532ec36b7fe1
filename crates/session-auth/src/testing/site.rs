//! A site of one page that does what its visitor says, for the contract suite.

use std::{
    convert::Infallible,
    future::Future,
    pin::Pin,
    sync::{Arc, Mutex},
};

use axum::{
    Router,
    body::Body,
    response::{IntoResponse, Response},
};
use http::{HeaderMap, HeaderValue, Request, StatusCode, header};
use serde_json::Value;
use tower_service::Service;

use super::wallet::Wallet;
use crate::{Login, Session, SessionError, SessionLayer, Stamp, request::RequestSession};

type Script = Box<
    dyn FnOnce(RequestSession, Session) -> Pin<Box<dyn Future<Output = Response> + Send>> + Send,
>;

/// What the handler does, carried by the request.
#[derive(Clone)]
struct Carried(Arc<Mutex<Option<Script>>>);

async fn perform(request: RequestSession, session: Session, sent: Request<Body>) -> Response {
    let carried = sent.extensions().get::<Carried>();
    let script = carried.and_then(|carried| carried.0.lock().ok()?.take());
    match script {
        Some(script) => script(request, session).await,
        None => StatusCode::NO_CONTENT.into_response(),
    }
}

#[derive(Clone)]
pub(super) struct Site {
    router: Router,
    wallet: Option<Wallet>,
}

impl Site {
    pub(super) fn new(layer: SessionLayer) -> Self {
        Self {
            wallet: layer.storage().in_cookie().cloned().map(Wallet::new),
            router: Router::new().fallback(perform).layer(layer),
        }
    }

    /// A request with these `Cookie` headers whose handler does this.
    pub(super) async fn send<F, R>(
        &self,
        cookies: &[&[u8]],
        script: impl FnOnce(RequestSession, Session) -> F + Send + 'static,
    ) -> Answer
    where
        F: Future<Output = R> + Send + 'static,
        R: IntoResponse,
    {
        let script: Script = Box::new(move |request, session| {
            Box::pin(async move { script(request, session).await.into_response() })
        });
        let mut request = Request::new(Body::empty());
        request
            .extensions_mut()
            .insert(Carried(Arc::new(Mutex::new(Some(script)))));
        for cookie in cookies {
            let cookie = match &self.wallet {
                Some(wallet) => wallet.sent(cookie),
                None => cookie.to_vec(),
            };
            let value = HeaderValue::from_bytes(&cookie).expect("a test sends what is a header");
            request.headers_mut().append(header::COOKIE, value);
        }
        let response = self.router.clone().call(request).await;
        let response = response.unwrap_or_else(|infallible: Infallible| match infallible {});
        let mut headers = response.headers().clone();
        if let Some(wallet) = &self.wallet {
            wallet.keep(&mut headers);
        }
        Answer {
            status: response.status(),
            headers,
            error: response.extensions().get::<SessionError>().cloned(),
        }
    }

    /// A request with this cookie, none when it is empty.
    pub(super) async fn visit<F, R>(
        &self,
        cookie: &str,
        script: impl FnOnce(RequestSession, Session) -> F + Send + 'static,
    ) -> Answer
    where
        F: Future<Output = R> + Send + 'static,
        R: IntoResponse,
    {
        let cookies = [cookie.as_bytes()];
        let sent = if cookie.is_empty() { &[][..] } else { &cookies };
        self.send(sent, script).await
    }

    pub(super) async fn write(&self, cookie: &str, key: &str, value: impl Into<Value>) -> Answer {
        let (key, value) = (key.to_owned(), value.into());
        let write =
            |_, session: Session| async move { session.insert(&key, value).await.map_err(refused) };
        self.visit(cookie, write).await
    }

    pub(super) async fn value(&self, cookie: &str, key: &str) -> Option<Value> {
        let found = Arc::new(Mutex::new(None));
        let (found_there, key) = (Arc::clone(&found), key.to_owned());
        let read = move |_, session: Session| async move {
            let value = session.get_value(&key).await.map_err(refused)?;
            *found_there.lock().expect("no panic before") = value;
            Ok::<_, StatusCode>(())
        };
        self.visit(cookie, read).await;
        let mut found = found.lock().expect("no panic before");
        found.take()
    }

    pub(super) async fn user(&self, cookie: &str) -> Option<String> {
        let found = Arc::new(Mutex::new(None));
        let found_there = Arc::clone(&found);
        let read = move |request: RequestSession, _| async move {
            let login = request.login().await?;
            *found_there.lock().expect("no panic before") = login.map(|login| login.user.clone());
            Ok::<_, SessionError>(())
        };
        self.visit(cookie, read).await;
        let mut found = found.lock().expect("no panic before");
        found.take()
    }

    pub(super) async fn log_in(&self, cookie: &str, user: &str) -> Answer {
        self.visit(cookie, log_in(user, false)).await
    }

    pub(super) async fn log_out(&self, cookie: &str) -> Answer {
        let log_out = |request: RequestSession, _| async move { request.clear_login().await };
        self.visit(cookie, log_out).await
    }
}

/// What a handler does that does not look at errors.
pub(super) fn refused(_: tower_sessions_core::session::Error) -> StatusCode {
    StatusCode::INTERNAL_SERVER_ERROR
}

type Acted = Pin<Box<dyn Future<Output = Result<(), SessionError>> + Send>>;

pub(super) fn log_in(
    user: &str,
    remember: bool,
) -> impl FnOnce(RequestSession, Session) -> Acted + Send + 'static {
    let user = user.to_owned();
    move |request, _| {
        Box::pin(async move {
            let login = Login {
                stamp: Stamp::of(&[user.as_bytes()]),
                user,
                at: request.now(),
                remember,
            };
            request.set_login(login).await
        })
    }
}

/// What a visitor sees of an answer.
#[derive(Debug, Default)]
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) error: Option<SessionError>,
}

impl Answer {
    /// The whole `Set-Cookie` header, empty when there is none.
    pub(super) fn set_cookie(&self) -> &str {
        let header = self.headers.get(header::SET_COOKIE);
        header.map_or("", |header| header.to_str().unwrap_or_default())
    }

    /// The cookie to send from now on: `name=value`, empty when none was set.
    pub(super) fn cookie(&self) -> String {
        if self.is_removal() {
            return String::new();
        }
        let pair = self.set_cookie().split(';').next();
        pair.unwrap_or_default().to_owned()
    }

    pub(super) fn is_removal(&self) -> bool {
        self.set_cookie().contains("Max-Age=0;")
    }

    pub(super) fn header(&self, name: &str) -> &str {
        let header = self.headers.get(name);
        header.map_or("", |header| header.to_str().unwrap_or_default())
    }
}
