//! What a request asked for, remembered in case its answer is an error, and the page that is drawn then.
//!
//! Invariant: the status and the headers of the refusal stay (`Allow`, `Retry-After`, a removed cookie); only its body
//! is replaced.

use std::borrow::Cow;
use std::sync::Arc;

use axum::body::Body;
use http::{HeaderValue, Method, Request, Response, StatusCode, Uri, header};
use serde::Serialize;
use session_auth::{AuthError, Reason, Refusal, SessionError};
use tower_http::csrf::ProtectionError;

use super::accept::prefers_json;
use super::wording::{self, Wording};
use crate::arrival::Arrival;
use crate::error::{Cause, Chain, Problem};
use crate::rescue::Rescue;
use crate::server::SlowBody;
use crate::state::App;
use crate::theme::Theme;

/// What is remembered of a request in case its answer is an error.
pub(super) struct Asked {
    arrival: Option<Arrival>,
    method: Method,
    uri: Uri,
    accept: Option<HeaderValue>,
    theme: Theme,
    body: Option<SlowBody>,
    rescue: Option<Rescue>,
}

impl Asked {
    pub(super) fn of(request: &mut Request<Body>) -> Self {
        let rescue = (request.method() == Method::POST).then(Rescue::default);
        if let Some(rescue) = &rescue {
            request.extensions_mut().insert(rescue.clone());
        }
        Self {
            arrival: request.extensions().get().copied(),
            method: request.method().clone(),
            uri: request.uri().clone(),
            accept: request.headers().get(header::ACCEPT).cloned(),
            theme: Theme::of(request.headers()),
            body: request.extensions().get().cloned(),
            rescue,
        }
    }

    pub(super) fn draw(&self, app: &App, response: Response<Body>) -> Response<Body> {
        let mut response = response;
        if response.status().is_client_error() && self.body.as_ref().is_some_and(SlowBody::was_cut)
        {
            *response.status_mut() = StatusCode::REQUEST_TIMEOUT;
        }
        if response.status().is_server_error() {
            self.log(&response);
        }
        // A form that came back with its faults is a page; who asked for JSON gets the faults alone.
        // The document of a guard is not the site's own: it lacks what every other has.
        let refusal = response.extensions().get::<Refusal>().cloned();
        let is_ours = is_document(&response) && refusal.is_none();
        if is_ours || (is_page(&response) && !self.wants_json()) {
            return response;
        }
        let wording = if response.extensions().get::<ProtectionError>().is_some() {
            wording::CROSS_SITE
        } else {
            Wording::of(response.status())
        };
        let detail = said_about(&response);
        if !self.wants_json()
            && let Some(rescue) = &self.rescue
        {
            let said = (
                response.status(),
                detail.as_deref().unwrap_or(wording.detail),
            );
            if let Some(page) = rescue.draw(&app.look, self.theme, self.uri.path(), said) {
                return self.replace_body(response, "text/html; charset=utf-8", page);
            }
        }
        let view = View {
            status: response.status().as_u16(),
            title: wording.title,
            detail: detail.as_deref().unwrap_or(wording.detail),
            advice: wording.advice,
            theme: self.theme,
            request_id: self.arrival.map(|arrival| arrival.id.to_string()),
            max_age: refusal.as_ref().and_then(max_age),
        };
        let (kind, text) = if self.wants_json() {
            view.json()
        } else {
            view.html(app)
        };
        self.replace_body(response, kind, text)
    }

    fn replace_body(
        &self,
        response: Response<Body>,
        kind: &'static str,
        text: String,
    ) -> Response<Body> {
        let (mut parts, _) = response.into_parts();
        for stale in [
            header::ETAG,
            header::LAST_MODIFIED,
            header::CONTENT_ENCODING,
        ] {
            parts.headers.remove(stale);
        }
        parts
            .headers
            .insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
        parts
            .headers
            .insert(header::CONTENT_LENGTH, HeaderValue::from(text.len()));
        parts
            .headers
            .append(header::VARY, HeaderValue::from_static("accept"));
        parts
            .headers
            .insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        let body = if self.method == Method::HEAD {
            Body::empty()
        } else {
            Body::from(text)
        };
        Response::from_parts(parts, body)
    }

    fn wants_json(&self) -> bool {
        self.accept
            .as_ref()
            .and_then(|accept| accept.to_str().ok())
            .is_some_and(prefers_json)
    }

    fn log(&self, response: &Response<Body>) {
        tracing::error!(
            request = self.arrival.map(|arrival| arrival.id.to_string()),
            method = %self.method,
            path = self.uri.path(),
            status = response.status().as_u16(),
            cause = cause_of(response).map(|cause| Chain(&*cause).to_string()),
            "request failed"
        );
    }
}

/// axum and most layers refuse with `text/plain` or nothing; a page or a document was meant for the reader.
fn is_page(response: &Response<Body>) -> bool {
    kind(response) == "text/html"
}

fn is_document(response: &Response<Body>) -> bool {
    matches!(
        kind(response),
        "application/json" | "application/problem+json"
    )
}

fn kind(response: &Response<Body>) -> &str {
    let kind = response.headers().get(header::CONTENT_TYPE);
    let kind = kind.and_then(|kind| kind.to_str().ok()).unwrap_or("");
    kind.split(';').next().unwrap_or("").trim()
}

/// The sentence that whoever refused left for the reader.
fn said_about(response: &Response<Body>) -> Option<Cow<'static, str>> {
    let extensions = response.extensions();
    if extensions.get::<Refusal>().and_then(max_age).is_some() {
        return Some("Your login is too old for this. Confirm it first.".into());
    }
    extensions.get::<Problem>()?.detail.clone()
}

/// How recent a login is to be, in seconds, where it is too old.
fn max_age(refusal: &Refusal) -> Option<u64> {
    match refusal.reason() {
        Reason::RecentLoginRequired { within, .. } => Some(within.as_secs()),
        _ => None,
    }
}

/// The cause that whoever failed left for the log.
fn cause_of(response: &Response<Body>) -> Option<Cause> {
    let extensions = response.extensions();
    let from_problem = extensions
        .get::<Problem>()
        .and_then(|problem| problem.cause.clone());
    from_problem
        .or_else(|| {
            extensions
                .get::<AuthError>()
                .map(|error| Arc::new(error.clone()) as Cause)
        })
        .or_else(|| {
            extensions
                .get::<SessionError>()
                .map(|error| Arc::new(error.clone()) as Cause)
        })
}

#[derive(Serialize)]
struct View<'a> {
    status: u16,
    title: &'static str,
    detail: &'a str,
    advice: &'static str,
    theme: Theme,
    request_id: Option<String>,
    max_age: Option<u64>,
}

impl View<'_> {
    fn html(&self, app: &App) -> (&'static str, String) {
        let page = app.look.templates.render("pages/error.html", self);
        let page = page.unwrap_or_else(|error| {
            tracing::error!(cause = %Chain(&error), "the error page could not be drawn");
            format!("<!doctype html><title>{0}</title><h1>{0}</h1>", self.title)
        });
        ("text/html; charset=utf-8", page)
    }

    fn json(&self) -> (&'static str, String) {
        let mut document = serde_json::json!({
            "type": "about:blank",
            "title": self.title,
            "status": self.status,
            "detail": self.detail,
            "request_id": self.request_id,
        });
        if let Some(max_age) = self.max_age {
            document["max_age"] = max_age.into();
        }
        ("application/problem+json", document.to_string())
    }
}
