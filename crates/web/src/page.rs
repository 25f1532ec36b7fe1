//! A page: a template, its view, and what every page has without its handler knowing (who is logged in, what was flashed).
//!
//! Invariant: a processor runs only when the template refers to its keys, so a page that names no user loads no session.

use std::convert::Infallible;
use std::sync::Arc;

use async_trait::async_trait;
use axum::body::Body;
use axum::extract::FromRequestParts;
use axum::response::Response;
use gatepost_domain::access::Viewer;
use http::request::Parts;
use http::uri::Authority;
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use minijinja::value::Serde;
use minijinja::{Value, context};
use serde::{Deserialize, Serialize};
use session_auth::{
    Auth, BoxError, ContextProcessor, Flash, FlashLevel, FlashMessage, Session, SessionError,
};

use crate::auth::Accounts;
use crate::edition::{ASK_FIRST, Edition, HTML, Modified, Tag};
use crate::error::Error;
use crate::rescue::Rescue;
use crate::state::App;
use crate::theme::{Theme, is_nameless};

/// What a handler renders with; knows the request it answers.
pub(crate) struct Page {
    app: Arc<App>,
    parts: Parts,
}

impl Page {
    /// Who is looking.
    pub(crate) async fn viewer(&self) -> Result<Viewer, Error> {
        let account = self.auth()?.user().await?;
        Ok(account.map_or(Viewer::Anonymous, |account| Viewer::User(account.user)))
    }

    /// The host that the client asked for, as it wrote it.
    pub(crate) fn host(&self) -> &str {
        let named = self.parts.uri.authority().map(Authority::as_str);
        let header = || self.parts.headers.get(header::HOST)?.to_str().ok();
        named.or_else(header).unwrap_or_default()
    }

    pub(crate) fn headers(&self) -> &HeaderMap {
        &self.parts.headers
    }

    /// Whether this answers something that was sent, and not a question.
    pub(crate) fn answers_a_form(&self) -> bool {
        self.parts.method == Method::POST
    }

    pub(crate) fn app(&self) -> &App {
        &self.app
    }

    pub(crate) fn auth(&self) -> Result<Auth<Accounts>, Error> {
        Ok(Auth::of(&self.parts)?)
    }

    pub(crate) async fn render(
        &self,
        template: &str,
        view: impl Serialize,
    ) -> Result<Response, Error> {
        self.answer(StatusCode::OK, template, view).await
    }

    /// A page that is not a plain 200: a form with its errors, a conflict.
    pub(crate) async fn answer(
        &self,
        status: StatusCode,
        template: &str,
        view: impl Serialize,
    ) -> Result<Response, Error> {
        let values = self
            .app
            .look
            .templates
            .needed(template)
            .values(&self.parts)
            .await;
        let values = values?;
        let view = Value::from(Serde(view));
        let html = self
            .app
            .look
            .templates
            .render(template, context! { ..view, ..values });
        let html = html.map_err(Error::unexpected)?;
        Ok(self.respond(status, html))
    }

    /// From here on, whatever fails is answered with this form, and a sentence at this field.
    pub(crate) fn hold(&self, template: &'static str, field: &'static str, view: Value) {
        if let Some(rescue) = self.parts.extensions.get::<Rescue>() {
            rescue.hold(template, field, view);
        }
    }

    /// Leaves a sentence for the next page, perhaps with an address that undoes what was done.
    pub(crate) async fn say(
        &self,
        level: FlashLevel,
        sentence: String,
        undo: Option<String>,
    ) -> Result<(), Error> {
        self.say_with(level, sentence, undo, None).await
    }

    /// Leaves a sentence and the address of a page that tells more.
    pub(crate) async fn say_and_show(
        &self,
        level: FlashLevel,
        sentence: String,
        more: String,
    ) -> Result<(), Error> {
        self.say_with(level, sentence, None, Some(more)).await
    }

    async fn say_with(
        &self,
        level: FlashLevel,
        sentence: String,
        undo: Option<String>,
        more: Option<String>,
    ) -> Result<(), Error> {
        if undo.is_some() || more.is_some() {
            let beside = Beside {
                sentence: sentence.clone(),
                undo,
                more,
            };
            // First, so that whoever finds the sentence finds this with it.
            beside.put(&session(&self.parts).await?).await?;
        }
        Ok(Flash::of(&self.parts)?.push(level, sentence).await?)
    }

    fn respond(&self, status: StatusCode, html: String) -> Response {
        let mut response = if status == StatusCode::OK && self.parts.method != Method::POST {
            let packed = &self.app.look.packed;
            self.edition(html)
                .answer(&self.parts.headers, ASK_FIRST, packed)
        } else {
            let mut response = Response::new(Body::from(html));
            *response.status_mut() = status;
            response.headers_mut().insert(header::CONTENT_TYPE, HTML);
            response
        };
        // Every page has the reader's theme.
        response
            .headers_mut()
            .append(header::VARY, HeaderValue::from_static("Cookie"));
        response
    }

    fn edition(&self, html: String) -> Edition {
        let edition = Edition::new(HTML, html);
        if !is_nameless(&self.parts.headers) {
            return edition.private();
        }
        let modified = self.modified(edition.tag());
        edition.modified(modified)
    }

    /// A text that is the same for everybody.
    pub(crate) fn public(&self, kind: HeaderValue, text: String) -> Response {
        let edition = Edition::new(kind, text);
        let modified = self.modified(edition.tag());
        edition
            .modified(modified)
            .answer(&self.parts.headers, ASK_FIRST, &self.app.look.packed)
    }

    /// Since when this address says to strangers what it says now.
    pub(crate) fn modified(&self, tag: &Tag) -> Modified {
        let path = self.parts.uri.path_and_query().map_or("", |it| it.as_str());
        let theme = Theme::of(&self.parts.headers).word();
        let now = self.app.world.now();
        self.app.look.changes.seen(&[path, theme], tag, now)
    }
}

impl FromRequestParts<Arc<App>> for Page {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Infallible> {
        let mut parts = parts.clone();
        // For the processors, which are given nothing else.
        parts.extensions.insert(Arc::clone(app));
        Ok(Self {
            app: Arc::clone(app),
            parts,
        })
    }
}

/// `path` in every template: where the reader is, for coming back after a login.
pub(crate) struct PathContext;

#[async_trait]
impl ContextProcessor for PathContext {
    fn keys(&self) -> &'static [&'static str] {
        &["path"]
    }

    async fn values(&self, parts: &Parts) -> Result<Value, BoxError> {
        // What was posted can't be asked for again.
        let path = if parts.method == Method::POST {
            parts.uri.path()
        } else {
            parts.uri.path_and_query().map_or("/", |it| it.as_str())
        };
        Ok(context! { path })
    }
}

/// `theme` in every template: light or dark, where somebody chose.
pub(crate) struct ThemeContext;

#[async_trait]
impl ContextProcessor for ThemeContext {
    fn keys(&self) -> &'static [&'static str] {
        &["theme"]
    }

    async fn values(&self, parts: &Parts) -> Result<Value, BoxError> {
        Ok(context! { theme => Theme::of(&parts.headers).word() })
    }
}

/// `flash` in every template: what the last request had to say, claimed by the page that shows it.
pub(crate) struct FlashContext;

/// What stands beside one sentence: other tabs may leave sentences of their own before a page shows any.
#[derive(Clone, Serialize, Deserialize)]
struct Beside {
    sentence: String,
    /// Takes back what the sentence speaks of.
    undo: Option<String>,
    /// Tells more about it.
    more: Option<String>,
}

impl Beside {
    const KEY: &str = "beside";
    /// As many as there are sentences at most; the oldest go first.
    const MOST: usize = 16;

    async fn put(self, session: &Session) -> Result<(), SessionError> {
        let put = |known: Option<Vec<Self>>| {
            let mut all = known.unwrap_or_default();
            all.push(self.clone());
            all.drain(..all.len().saturating_sub(Self::MOST));
            all
        };
        session.update(Self::KEY, put).await.map(drop)
    }

    /// What stands beside these sentences, each taken once; the rest waits for sentences that are still to come.
    async fn take(session: &Session, messages: &[FlashMessage]) -> Result<Vec<Self>, SessionError> {
        let mut taken = Vec::new();
        let take = |known: Option<Vec<Self>>| {
            let mut rest = known.unwrap_or_default();
            taken.clear();
            for message in messages {
                let place = rest.iter().position(|it| it.sentence == message.text);
                taken.extend(place.map(|place| rest.remove(place)));
            }
            rest
        };
        session.update(Self::KEY, take).await?;
        Ok(taken)
    }
}

/// A message as pages show it.
#[derive(Serialize)]
struct Notice {
    #[serde(flatten)]
    message: FlashMessage,
    undo: Option<String>,
    more: Option<String>,
}

#[async_trait]
impl ContextProcessor for FlashContext {
    fn keys(&self) -> &'static [&'static str] {
        &["flash"]
    }

    async fn values(&self, parts: &Parts) -> Result<Value, BoxError> {
        let messages = Flash::of(parts)?.claim().await?;
        if messages.is_empty() {
            return Ok(context! { flash => () });
        }
        let mut beside = Beside::take(&session(parts).await?, &messages).await?;
        let notices: Vec<Notice> = messages
            .into_iter()
            .map(|message| {
                let place = beside.iter().position(|it| it.sentence == message.text);
                let beside = place.map(|place| beside.remove(place));
                let (undo, more) = beside.map_or((None, None), |it| (it.undo, it.more));
                Notice {
                    message,
                    undo,
                    more,
                }
            })
            .collect();
        Ok(context! { flash => Value::from(Serde(notices)) })
    }
}

async fn session(parts: &Parts) -> Result<Session, SessionError> {
    Session::from_request_parts(&mut parts.clone(), &()).await
}
