//! The accept loop: our own, because `axum::serve` never gives up on a client that sends nothing.
//!
//! Invariant: every connection has a place, and every wait on a client has a deadline; after `shutdown` the loop ends
//! within `limits.drain`, whatever the clients do.

mod activity;
mod body;
mod connection;
mod limits;
mod pace;

use std::convert::Infallible;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use http::{Request, Response};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::Service;

pub(crate) use body::{Closing, SlowBody};
pub use limits::Limits;

/// Accepts until `shutdown`, then lets the requests that are under way finish.
pub async fn serve<S>(
    listener: TcpListener,
    service: S,
    limits: Limits,
    shutdown: CancellationToken,
) where
    S: Service<Request<Body>, Response = Response<Body>, Error = Infallible>
        + Clone
        + Send
        + 'static,
    S::Future: Send + 'static,
{
    let room = Arc::new(Semaphore::new(limits.connections));
    let lobby = Arc::new(Semaphore::new(LOBBY));
    let connections = TaskTracker::new();
    let cut = CancellationToken::new();
    while let Some(accepted) = shutdown.run_until_cancelled(listener.accept()).await {
        let (stream, peer) = match accepted {
            Ok(connection) => connection,
            Err(error) => {
                wait_after(&error).await;
                continue;
            }
        };
        if let Ok(place) = Arc::clone(&room).try_acquire_owned() {
            let served = connection::serve(stream, peer, service.clone(), limits, shutdown.clone());
            let cut = cut.clone();
            connections.spawn(async move {
                cut.run_until_cancelled(served).await;
                drop(place);
            });
        } else if let Ok(place) = Arc::clone(&lobby).try_acquire_owned() {
            connections.spawn(async move {
                turn_away(stream).await;
                drop(place);
            });
        }
    }
    drop(listener); // Whoever comes now reaches the next process, or learns at once that there is none.
    connections.close();
    if tokio::time::timeout(limits.drain, connections.wait())
        .await
        .is_err()
    {
        tracing::warn!(
            left = connections.len(),
            "clients did not finish in time and are cut off"
        );
        cut.cancel();
        connections.wait().await;
    }
}

/// Connections beyond the cap that are told so; those beyond even this are dropped without a word.
const LOBBY: usize = 64;

const FULL: &[u8] = b"HTTP/1.1 503 Service Unavailable\r\nretry-after: 2\r\nconnection: close\r\n\
    content-type: text/plain; charset=utf-8\r\ncontent-length: 56\r\n\r\n\
    Too many visitors at once. Please try again in a moment.";

/// Answers without reading a request, then waits a moment for the client to hang up, since closing a socket with unread
/// bytes would throw the answer away.
async fn turn_away(mut stream: TcpStream) {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let goodbye = async {
        stream.write_all(FULL).await?;
        stream.shutdown().await?;
        let mut sink = [0; 4096];
        while stream.read(&mut sink).await? > 0 {}
        io::Result::Ok(())
    };
    let _ = tokio::time::timeout(Duration::from_secs(1), goodbye).await;
}

/// A connection that broke before it was accepted costs nothing; when files have run out, trying again at once would
/// only spin.
async fn wait_after(error: &io::Error) {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    if !matches!(
        error.kind(),
        ConnectionAborted | ConnectionRefused | ConnectionReset
    ) {
        tracing::error!(%error, "a connection could not be accepted");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}
