//! One request through the layer: find the cookie, run the handler, settle the session, answer.

use std::{
    fmt,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use axum::response::Response;
use http::Request;
use pin_project_lite::pin_project;
use tower_service::Service;

use crate::{
    layer::Shared,
    request::{Answer, RequestSession},
};

/// The service that [`SessionLayer`](crate::SessionLayer) makes.
#[derive(Clone)]
pub struct SessionService<S> {
    inner: S,
    shared: Arc<Shared>,
}

impl<S> SessionService<S> {
    pub(crate) fn new(inner: S, shared: Arc<Shared>) -> Self {
        Self { inner, shared }
    }
}

impl<S: fmt::Debug> fmt::Debug for SessionService<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SessionService")
            .field("inner", &self.inner)
            .finish_non_exhaustive()
    }
}

impl<S, B> Service<Request<B>> for SessionService<S>
where
    S: Service<Request<B>, Response = Response>,
{
    type Response = Response;
    type Error = S::Error;
    type Future = ResponseFuture<S::Future>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        self.shared.cleanup.start(&self.shared);
        let (mut parts, body) = request.into_parts();
        let session = RequestSession::new(Arc::clone(&self.shared), &parts);
        #[cfg(feature = "testing")]
        if let Some(crate::testing::LogIn(identity)) = parts.extensions.get() {
            session.log_in_untouched(identity.clone());
        }
        parts.extensions.insert(session.session());
        parts.extensions.insert(session.clone());
        ResponseFuture {
            handler: self.inner.call(Request::from_parts(parts, body)),
            session: Some(session),
            settling: None,
        }
    }
}

pin_project! {
    /// The future of a [`SessionService`]: the handler's, and then what there is to store.
    pub struct ResponseFuture<F> {
        #[pin]
        handler: F,
        session: Option<RequestSession>,
        settling: Option<Pin<Box<dyn Future<Output = Response> + Send>>>,
    }

    impl<F> PinnedDrop for ResponseFuture<F> {
        fn drop(this: Pin<&mut Self>) {
            // Still there: the handler panicked, or the client hung up before there was an answer.
            if let Some(session) = this.project().session.take() {
                session.abandon();
            }
        }
    }
}

impl<F, E> Future for ResponseFuture<F>
where
    F: Future<Output = Result<Response, E>>,
{
    type Output = Result<Response, E>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let settling = match this.settling {
            Some(settling) => settling,
            None => {
                let response = ready!(this.handler.poll(context))?;
                let session = this
                    .session
                    .take()
                    .expect("a future is not polled after it is ready");
                match session.answer(response) {
                    Answer::Ready(response) => return Poll::Ready(Ok(response)),
                    Answer::Later(settling) => this.settling.insert(settling),
                }
            }
        };
        settling.as_mut().poll(context).map(Ok)
    }
}
