//! Request bodies that may not trickle in for ever, and what a handler left of them. After the order to stop a body has
//! only so long that its handler can still do something with what has come.
//!
//! Invariant: a body that misses a deadline ends in an error and leaves a mark on its request, by which the error page
//! can tell 408 from a body that was merely wrong. What was not read is thrown away before the answer goes out: a server
//! that hangs up on a browser which is still sending shows it a broken connection instead of the page.

use std::future::{Future as _, poll_fn};
use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use http::{Request, header};
use http_body::{Body as _, Frame, SizeHint};
use hyper::body::Incoming;
use tokio::time::{Instant, Sleep};
use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};

use super::Limits;

/// In the extensions of a request with a body: whether that body came too slowly.
#[derive(Debug, Clone, Default)]
pub(crate) struct SlowBody(Arc<AtomicBool>);

impl SlowBody {
    pub(crate) fn was_cut(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// In the extensions of a request with a body: the order to stop, for whoever would wait longer than there is time.
#[derive(Debug, Clone)]
pub(crate) struct Closing(CancellationToken);

impl Closing {
    pub(crate) async fn comes(&self) {
        self.0.cancelled().await;
    }
}

/// Puts deadlines on the body of a request, and keeps what will be left of it.
pub(super) fn with_deadlines(
    request: Request<Incoming>,
    limits: Limits,
    shutdown: &CancellationToken,
) -> (Request<Body>, Option<Rest>) {
    let (mut parts, incoming) = request.into_parts();
    if incoming.is_end_stream() {
        return (Request::from_parts(parts, Body::empty()), None);
    }
    let slow = SlowBody::default();
    parts.extensions.insert(slow.clone());
    parts.extensions.insert(Closing(shutdown.clone()));
    let waits = parts.headers.contains_key(header::EXPECT);
    let now = Instant::now();
    let end = now + limits.body;
    let body = Deadlines {
        incoming,
        limits,
        end,
        timer: Box::pin(tokio::time::sleep_until(end.min(now + limits.body_pause))),
        slow,
        shutdown: Some(Box::pin(shutdown.clone().cancelled_owned())),
        // A client that waits to be asked sends nothing until somebody reads.
        sending: !waits,
    };
    let rest = Rest::default();
    let lent = Lent {
        body: Some(body),
        rest: rest.clone(),
    };
    (Request::from_parts(parts, Body::new(lent)), Some(rest))
}

/// What a handler left of a body.
#[derive(Clone, Default)]
pub(super) struct Rest(Arc<Mutex<Option<Deadlines>>>);

impl Rest {
    /// Reads what is left while it keeps coming, up to the limit; whoever sends more is cut off.
    pub(super) async fn drain(self) {
        let left = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(mut body) = left else { return };
        let mut budget = body.limits.drained;
        loop {
            let next = tokio::time::timeout(STALLED, poll_fn(|cx| body.poll_frame(cx))).await;
            let Ok(Some(Ok(frame))) = next else { return };
            match budget.checked_sub(frame.data_ref().map_or(0, Bytes::len)) {
                Some(left) => budget = left,
                None => return,
            }
        }
    }
}

/// The answer waits this long for the next piece of a body that nobody wants: a browser in the middle of sending is
/// faster, and a client that promised a body and sends none need not wait longer.
const STALLED: Duration = Duration::from_secs(2);

struct Deadlines {
    incoming: Incoming,
    limits: Limits,
    end: Instant,
    timer: Pin<Box<Sleep>>,
    slow: SlowBody,
    /// The order to stop, until it came.
    shutdown: Option<Pin<Box<WaitForCancellationFutureOwned>>>,
    /// Whether more of it is on its way.
    sending: bool,
}

impl Deadlines {
    fn poll_frame(&mut self, cx: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        self.sending = true;
        if let Some(shutdown) = &mut self.shutdown
            && shutdown.as_mut().poll(cx).is_ready()
        {
            self.shutdown = None;
            self.end = self.end.min(Instant::now() + self.limits.last_words);
            let next = self.end.min(self.timer.deadline());
            self.timer.as_mut().reset(next);
        }
        if let Poll::Ready(frame) = Pin::new(&mut self.incoming).poll_frame(cx) {
            let next = self.end.min(Instant::now() + self.limits.body_pause);
            self.timer.as_mut().reset(next);
            self.sending = matches!(frame, Some(Ok(_)));
            return Poll::Ready(frame.map(|frame| frame.map_err(io::Error::other)));
        }
        ready!(self.timer.as_mut().poll(cx));
        self.sending = false;
        self.slow.0.store(true, Ordering::Relaxed);
        Poll::Ready(Some(Err(io::ErrorKind::TimedOut.into())))
    }
}

/// A body in the hands of a handler; what it leaves goes back to the connection.
struct Lent {
    body: Option<Deadlines>,
    rest: Rest,
}

impl http_body::Body for Lent {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        match &mut self.body {
            Some(body) => body.poll_frame(cx),
            None => Poll::Ready(None),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.body
            .as_ref()
            .is_none_or(|body| body.incoming.is_end_stream())
    }

    fn size_hint(&self) -> SizeHint {
        self.body
            .as_ref()
            .map_or_else(SizeHint::default, |body| body.incoming.size_hint())
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        let unread = |body: &Deadlines| body.sending && !body.incoming.is_end_stream();
        if let Some(body) = self.body.take().filter(unread) {
            *self.rest.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(body);
        }
    }
}
