//! One connection: HTTP/1.1, or HTTP/2 for a proxy that speaks it without asking.
//!
//! Invariant: a client that sends nothing, half a header or half a body is cut at its deadline, and a client that does
//! not take its answer too.

use std::convert::Infallible;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::{Mutex, PoisonError};

use axum::body::Body;
use axum::extract::ConnectInfo;
use http::{Request, Response};
use hyper::body::Incoming;
use hyper::server::conn::{http1, http2};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use tokio::net::TcpStream;
use tokio_util::sync::CancellationToken;
use tower::Service;

use super::Limits;
use super::activity::Activity;
use super::body::with_deadlines;
use super::pace::Paced;

/// Larger headers are answered 431; a page of this site needs a tenth.
const HEADER_BYTES: usize = 32 * 1024;

pub(super) async fn serve<S>(
    stream: TcpStream,
    peer: SocketAddr,
    service: S,
    limits: Limits,
    shutdown: CancellationToken,
) where
    S: Service<Request<Body>, Response = Response<Body>, Error = Infallible> + Send + 'static,
    S::Future: Send + 'static,
{
    let _ = stream.set_nodelay(true); // A page is one write; waiting for more of it only delays the reader.
    let first = tokio::time::timeout(limits.header, speaks_http2(&stream));
    let Some(Ok(Ok(http2))) = shutdown.run_until_cancelled(first).await else {
        return;
    };
    let io = TokioIo::new(Paced::new(stream, limits.write_pause));
    // `call` only makes the future, so the lock is held for that moment; a clone per request would cost more.
    let service = Mutex::new(service);
    let activity = Activity::default();
    let service = hyper::service::service_fn(|request: Request<Incoming>| {
        let under_way = activity.begin();
        let (mut request, rest) = with_deadlines(request, limits, &shutdown);
        request.extensions_mut().insert(ConnectInfo(peer));
        let answer = service
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .call(request);
        async move {
            let _under_way = under_way;
            let answer = answer.await;
            if let Some(rest) = rest {
                rest.drain().await;
            }
            answer
        }
    });
    let ended = if http2 {
        let mut builder = http2::Builder::new(TokioExecutor::new());
        builder.timer(TokioTimer::new());
        builder
            .keep_alive_interval(limits.header)
            .keep_alive_timeout(limits.header);
        builder.max_header_list_size(HEADER_BYTES as u32);
        let mut connection = pin!(builder.serve_connection(io, service));
        let driven = until_shutdown(
            connection.as_mut(),
            http2::Connection::graceful_shutdown,
            &shutdown,
        );
        // HTTP/1.1 has a deadline of its own for headers; here the connection is watched from outside.
        let ended = tokio::select! { ended = driven => Some(ended), () = activity.stops(limits.header) => None };
        match ended {
            Some(ended) => ended,
            // A handshake that was never finished has nothing to wind down.
            None if !activity.ever_began() => Ok(()),
            None => {
                connection.as_mut().graceful_shutdown();
                connection.await
            }
        }
    } else {
        let mut builder = http1::Builder::new();
        builder.timer(TokioTimer::new());
        builder
            .header_read_timeout(limits.header)
            .max_buf_size(HEADER_BYTES);
        let connection = pin!(builder.serve_connection(io, service));
        until_shutdown(connection, http1::Connection::graceful_shutdown, &shutdown).await
    };
    if let Err(error) = ended {
        tracing::debug!(%peer, %error, "connection ended early");
    }
}

/// Drives a connection; at the order to stop it takes no further request, and finishes the one under way.
async fn until_shutdown<C>(
    mut connection: std::pin::Pin<&mut C>,
    stop: impl FnOnce(std::pin::Pin<&mut C>),
    shutdown: &CancellationToken,
) -> hyper::Result<()>
where
    C: Future<Output = hyper::Result<()>>,
{
    match shutdown.run_until_cancelled(connection.as_mut()).await {
        Some(ended) => ended,
        None => {
            stop(connection.as_mut());
            connection.await
        }
    }
}

/// The preface of HTTP/2 begins with a method that no HTTP/1.1 client sends.
async fn speaks_http2(stream: &TcpStream) -> io::Result<bool> {
    let mut first = [0; 3];
    let read = stream.peek(&mut first).await?;
    Ok(&first[..read] == b"PRI")
}
