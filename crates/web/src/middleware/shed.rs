//! Load shedding: a request beyond the limit is answered at once, so that those inside keep their speed.
//!
//! Invariant: a refusal costs no database, no session and no body.

use std::convert::Infallible;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::body::Body;
use axum::response::IntoResponse as _;
use futures_util::future::BoxFuture;
use http::{Request, Response};
use http_body::Body as _;
use tokio::sync::Semaphore;
use tower::{Layer, Service};

use crate::error::{Error, Problem};

#[derive(Clone)]
pub(super) struct Shed {
    rooms: Rooms,
}

/// Two rooms, so that clients who send their forms slowly cannot take the places of those who only read.
#[derive(Clone)]
struct Rooms {
    reading: Arc<Semaphore>,
    sending: Arc<Semaphore>,
}

impl Shed {
    /// So many requests without a body at once, and so many with one.
    pub(super) fn new(reading: usize, sending: usize) -> Self {
        let room = |places| Arc::new(Semaphore::new(places));
        let rooms = Rooms {
            reading: room(reading),
            sending: room(sending),
        };
        Self { rooms }
    }
}

impl<S> Layer<S> for Shed {
    type Service = Shedding<S>;

    fn layer(&self, inner: S) -> Self::Service {
        Shedding {
            rooms: self.rooms.clone(),
            inner,
        }
    }
}

#[derive(Clone)]
pub(super) struct Shedding<S> {
    rooms: Rooms,
    inner: S,
}

#[derive(Debug, Clone, Copy, thiserror::Error)]
enum Full {
    #[error("every place for a request is taken")]
    Reading,
    #[error("every place for a request with a body is taken")]
    Sending,
}

/// The browser has the form and sends it again, under the same key; reading it here to give it back would cost what there
/// is too little of.
const NOT_READ: &str = "Too many people are sending something at once, so what you sent was not read. Your browser still has it: \
    wait a few seconds and reload this page to send it again, or go back to it. Nothing is saved twice.";

impl Full {
    fn answer(self) -> Response<Body> {
        let mut response = Error::unavailable(self).into_response();
        if let (Self::Sending, Some(problem)) =
            (self, response.extensions_mut().get_mut::<Problem>())
        {
            problem.detail = Some(NOT_READ.into());
        }
        response
    }
}

impl<S> Service<Request<Body>> for Shedding<S>
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
        let (room, full) = match request.body().is_end_stream() {
            true => (&self.rooms.reading, Full::Reading),
            false => (&self.rooms.sending, Full::Sending),
        };
        let Ok(place) = Arc::clone(room).try_acquire_owned() else {
            return Box::pin(async move { Ok(full.answer()) });
        };
        let answer = self.inner.call(request);
        Box::pin(async move {
            let answer = answer.await;
            drop(place);
            answer
        })
    }
}
