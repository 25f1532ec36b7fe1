//! Draws every error in the site's dress, or as an RFC 9457 problem document for clients that ask for JSON.
//!
//! Invariant: whoever refused (axum, a layer, a handler), the reader sees a page with a request id and never a cause;
//! a 5xx is logged exactly once, with its chain. A handler that drew its own page (a form with its errors) is left alone.

use std::any::Any;
use std::borrow::Cow;
use std::convert::Infallible;
use std::error::Error as StdError;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::body::Body;
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use http::{HeaderValue, Method, Request, Response, StatusCode, Uri, header};
use serde::Serialize;
use tower::{Layer, Service};
use tower_http::csrf::ProtectionError;

use crate::arrival::Arrival;
use crate::error::Problem;
use crate::server::SlowBody;
use crate::site::Site;
use crate::state::App;

mod wording;

use wording::Wording;

/// The layer that draws.
#[derive(Clone)]
pub(crate) struct ErrorPages {
    app: Arc<App>,
}

impl ErrorPages {
    pub(crate) fn new(app: Arc<App>) -> Self {
        Self { app }
    }
}

impl<S> Layer<S> for ErrorPages {
    type Service = Drawn<S>;

    fn layer(&self, inner: S) -> Self::Service {
        Drawn {
            app: Arc::clone(&self.app),
            inner,
        }
    }
}

/// A service whose errors are drawn.
#[derive(Clone)]
pub(crate) struct Drawn<S> {
    app: Arc<App>,
    inner: S,
}

impl<S> Service<Request<Body>> for Drawn<S>
where
    S: Service<Request<Body>, Response = Response<Body>, Error = Infallible>,
    S::Future: Send + 'static,
{
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Response<Body>, Infallible>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let asked = Asked::of(&request);
        let app = Arc::clone(&self.app);
        let called = std::panic::catch_unwind(AssertUnwindSafe(|| self.inner.call(request)));
        Box::pin(async move {
            let answered = match called {
                Ok(future) => AssertUnwindSafe(future).catch_unwind().await,
                Err(panic) => Err(panic),
            };
            let response = match answered {
                Ok(Ok(response)) => response,
                Ok(Err(never)) => match never {},
                Err(panic) => after_panic(panic),
            };
            let status = response.status();
            if !status.is_client_error() && !status.is_server_error() {
                return Ok(response);
            }
            Ok(asked.draw(&app, response))
        })
    }
}

/// What is remembered of a request in case its answer is an error.
struct Asked {
    arrival: Option<Arrival>,
    method: Method,
    uri: Uri,
    accept: Option<HeaderValue>,
    body: Option<SlowBody>,
}

impl Asked {
    fn of(request: &Request<Body>) -> Self {
        Self {
            arrival: request.extensions().get().copied(),
            method: request.method().clone(),
            uri: request.uri().clone(),
            accept: request.headers().get(header::ACCEPT).cloned(),
            body: request.extensions().get().cloned(),
        }
    }

    fn draw(&self, app: &App, response: Response<Body>) -> Response<Body> {
        let mut response = response;
        if response.status().is_client_error() && self.body.as_ref().is_some_and(SlowBody::was_cut)
        {
            *response.status_mut() = StatusCode::REQUEST_TIMEOUT;
        }
        let problem = response
            .extensions()
            .get::<Problem>()
            .cloned()
            .unwrap_or_default();
        if response.status().is_server_error() {
            self.log(&response, &problem);
        }
        if is_drawn(&response) {
            return response;
        }
        let wording = Wording::of(response.status());
        let refused_by_csrf = response.extensions().get::<ProtectionError>().is_some();
        let detail = problem
            .detail
            .or(refused_by_csrf.then_some(Cow::Borrowed(wording::CROSS_SITE)));
        let view = View {
            site: &app.site,
            status: response.status().as_u16(),
            title: wording.title,
            detail: detail.as_deref().unwrap_or(wording.detail),
            advice: wording.advice,
            request_id: self.arrival.map(|arrival| arrival.id.to_string()),
        };
        let (kind, text) = if self.wants_json() {
            view.json()
        } else {
            view.html(app)
        };
        self.replace_body(response, kind, text)
    }

    /// Keeps the headers of the refusal (`Allow`, `Retry-After`, a removed cookie) and takes the place of its body.
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

    fn log(&self, response: &Response<Body>, problem: &Problem) {
        let chain = problem
            .cause
            .as_deref()
            .map(|cause| Chain(cause).to_string());
        tracing::error!(
            request = self.arrival.map(|arrival| arrival.id.to_string()),
            method = %self.method,
            path = self.uri.path(),
            status = response.status().as_u16(),
            cause = chain,
            "request failed"
        );
    }
}

fn after_panic(panic: Box<dyn Any + Send>) -> Response<Body> {
    let text = panic
        .downcast_ref::<&'static str>()
        .copied()
        .map(str::to_owned);
    let text = text.or_else(|| panic.downcast_ref::<String>().cloned());
    let cause = Panicked(text.unwrap_or_else(|| "without a message".to_owned()));
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
    response.extensions_mut().insert(Problem {
        detail: None,
        cause: Some(Arc::new(cause)),
    });
    response
}

#[derive(Debug, thiserror::Error)]
#[error("a handler panicked: {0}")]
struct Panicked(String);

/// An error with all its causes on one line.
struct Chain<'a>(&'a (dyn StdError + Send + Sync));

impl std::fmt::Display for Chain<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.0)?;
        let mut cause = self.0.source();
        while let Some(next) = cause {
            write!(f, ": {next}")?;
            cause = next.source();
        }
        Ok(())
    }
}

/// axum and most layers refuse with `text/plain` or nothing; a page or a document was meant for the reader.
fn is_drawn(response: &Response<Body>) -> bool {
    let kind = response
        .headers()
        .get(header::CONTENT_TYPE)
        .and_then(|kind| kind.to_str().ok())
        .unwrap_or("");
    let kind = kind.split(';').next().unwrap_or("").trim();
    matches!(
        kind,
        "text/html" | "application/json" | "application/problem+json"
    )
}

/// Whether an `Accept` header gives JSON a greater weight than a page.
fn prefers_json(accept: &str) -> bool {
    let weight = |wanted: &[&str]| {
        let ranges = accept.split(',').filter_map(|range| {
            let mut parts = range.split(';').map(str::trim);
            let kind = parts
                .next()
                .filter(|kind| wanted.iter().any(|one| kind.eq_ignore_ascii_case(one)))?;
            let quality = parts
                .find_map(|part| part.strip_prefix("q="))
                .map_or(Some(1.0), |q| q.parse::<f32>().ok());
            Some((kind, quality.unwrap_or(0.0)))
        });
        ranges.map(|(_, quality)| quality).fold(0.0, f32::max)
    };
    weight(&["application/json", "application/problem+json"])
        > weight(&["text/html", "application/xhtml+xml"])
}

#[derive(Serialize)]
struct View<'a> {
    site: &'a Site,
    status: u16,
    title: &'static str,
    detail: &'a str,
    advice: &'static str,
    request_id: Option<String>,
}

impl View<'_> {
    fn html(&self, app: &App) -> (&'static str, String) {
        let page = app.templates.render("pages/error.html", self);
        let page = page.unwrap_or_else(|error| {
            tracing::error!(cause = %Chain(&error), "the error page could not be drawn");
            format!("<!doctype html><title>{0}</title><h1>{0}</h1>", self.title)
        });
        ("text/html; charset=utf-8", page)
    }

    fn json(&self) -> (&'static str, String) {
        let document = serde_json::json!({
            "type": "about:blank",
            "title": self.title,
            "status": self.status,
            "detail": self.detail,
            "request_id": self.request_id,
        });
        ("application/problem+json", document.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::prefers_json;

    #[test]
    fn only_a_client_that_asks_for_json_before_a_page_gets_it() {
        for accept in [
            "application/json",
            "application/problem+json, */*;q=0.1",
            "text/html;q=0.5, application/json",
        ] {
            assert!(prefers_json(accept), "{accept}");
        }
        for accept in [
            "",
            "*/*",
            "text/html",
            "text/html, application/json;q=0.9",
            "application/json;q=0",
        ] {
            assert!(!prefers_json(accept), "{accept}");
        }
    }
}
