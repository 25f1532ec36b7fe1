//! Draws every error in the site's dress, or as an RFC 9457 problem document for clients that ask for JSON. An error that
//! comes after a form was read is that form.
//!
//! Invariant: whoever refused (axum, a layer, a handler), the reader sees a page with a request id and never a cause;
//! a 5xx is logged exactly once, with its chain. A handler that drew its own page (a form with its errors) is left alone.

mod accept;
mod asked;
mod wording;

use std::any::Any;
use std::convert::Infallible;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::body::Body;
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use http::{Request, Response, StatusCode};
use tower::{Layer, Service};

use crate::error::Problem;
use crate::state::App;
use asked::Asked;

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

    fn call(&mut self, mut request: Request<Body>) -> Self::Future {
        let asked = Asked::of(&mut request);
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
