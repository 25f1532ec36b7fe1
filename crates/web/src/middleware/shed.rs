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

use crate::error::Error;

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

#[derive(Debug, thiserror::Error)]
#[error("every place for a request is taken")]
struct Full;

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
        let room = match request.body().is_end_stream() {
            true => &self.rooms.reading,
            false => &self.rooms.sending,
        };
        let Ok(place) = Arc::clone(room).try_acquire_owned() else {
            return Box::pin(async { Ok(Error::unavailable(Full).into_response()) });
        };
        let answer = self.inner.call(request);
        Box::pin(async move {
            let answer = answer.await;
            drop(place);
            answer
        })
    }
}
