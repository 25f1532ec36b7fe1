//! Request bodies that may not trickle in for ever.
//!
//! Invariant: a body that misses a deadline ends in an error and leaves a mark on its request, by which the error page
//! can tell 408 from a body that was merely wrong.

use std::future::Future as _;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};

use axum::body::Body;
use bytes::Bytes;
use http::Request;
use http_body::{Body as _, Frame, SizeHint};
use hyper::body::Incoming;
use tokio::time::{Instant, Sleep};

use super::Limits;

/// In the extensions of a request with a body: whether that body came too slowly.
#[derive(Debug, Clone, Default)]
pub(crate) struct SlowBody(Arc<AtomicBool>);

impl SlowBody {
    pub(crate) fn was_cut(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

pub(super) fn with_deadline(request: Request<Incoming>, limits: Limits) -> Request<Body> {
    let (mut parts, incoming) = request.into_parts();
    if incoming.is_end_stream() {
        return Request::from_parts(parts, Body::empty());
    }
    let slow = SlowBody::default();
    parts.extensions.insert(slow.clone());
    let end = Instant::now() + limits.body;
    let timer = Box::pin(tokio::time::sleep_until(
        end.min(Instant::now() + limits.body_pause),
    ));
    Request::from_parts(
        parts,
        Body::new(Deadlines {
            incoming,
            limits,
            end,
            timer,
            slow,
        }),
    )
}

struct Deadlines {
    incoming: Incoming,
    limits: Limits,
    end: Instant,
    timer: Pin<Box<Sleep>>,
    slow: SlowBody,
}

impl http_body::Body for Deadlines {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        if let Poll::Ready(frame) = Pin::new(&mut self.incoming).poll_frame(cx) {
            let next = self.end.min(Instant::now() + self.limits.body_pause);
            self.timer.as_mut().reset(next);
            return Poll::Ready(frame.map(|frame| frame.map_err(io::Error::other)));
        }
        ready!(self.timer.as_mut().poll(cx));
        self.slow.0.store(true, Ordering::Relaxed);
        Poll::Ready(Some(Err(io::ErrorKind::TimedOut.into())))
    }

    fn is_end_stream(&self) -> bool {
        self.incoming.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.incoming.size_hint()
    }
}
