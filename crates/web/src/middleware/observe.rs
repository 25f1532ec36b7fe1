//! Request ids, and one line per request for those who ask for it (`RUST_LOG=gatepost::access=debug`).
//!
//! Invariant: nothing a client sent is logged but method and path; no header, no query, no body.

use std::convert::Infallible;
use std::task::{Context, Poll};
use std::time::Instant;

use axum::body::Body;
use futures_util::future::BoxFuture;
use http::{HeaderName, Request, Response};
use tower::{Layer, Service};

use crate::arrival::{Arrival, Arrivals};

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

#[derive(Clone)]
pub(super) struct Observe {
    arrivals: Arrivals,
}

impl Observe {
    pub(super) fn new(arrivals: Arrivals) -> Self {
        Self { arrivals }
    }
}

impl<S> Layer<S> for Observe {
    type Service = Observed<S>;

    fn layer(&self, inner: S) -> Self::Service {
        Observed {
            arrivals: self.arrivals.clone(),
            inner,
        }
    }
}

#[derive(Clone)]
pub(super) struct Observed<S> {
    arrivals: Arrivals,
    inner: S,
}

impl<S> Service<Request<Body>> for Observed<S>
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
        let (mut parts, body) = request.into_parts();
        let arrival = self
            .arrivals
            .register(&parts.headers, &mut parts.extensions);
        let line = Line::begin(&parts.method, &parts.uri);
        let answer = self.inner.call(Request::from_parts(parts, body));
        Box::pin(async move {
            let Ok(mut response) = answer.await;
            response.headers_mut().insert(REQUEST_ID, arrival.id.into());
            if let Some(line) = line {
                line.end(&arrival, &response);
            }
            Ok(response)
        })
    }
}

/// What the access log says of one request; made only when somebody reads it.
struct Line {
    method: http::Method,
    path: String,
    began: Instant,
}

impl Line {
    fn begin(method: &http::Method, uri: &http::Uri) -> Option<Self> {
        tracing::enabled!(target: "gatepost::access", tracing::Level::DEBUG).then(|| Self {
            method: method.clone(),
            path: uri.path().to_owned(),
            began: Instant::now(),
        })
    }

    fn end(self, arrival: &Arrival, response: &Response<Body>) {
        tracing::debug!(
            target: "gatepost::access",
            request = %arrival.id,
            client = arrival.client.map(|client| client.to_string()),
            method = %self.method,
            path = self.path,
            status = response.status().as_u16(),
            microseconds = self.began.elapsed().as_micros() as u64,
            "answered"
        );
    }
}
