//! `gatepost serve`: opens everything, says one line, and serves until it is told to stop.
//!
//! Invariant: nothing is created before the port is ours, and SIGTERM ends the process within ten seconds.

use std::io::{ErrorKind, IsTerminal as _};
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;
use tracing_subscriber::EnvFilter;

use super::{Failure, print};
use crate::config::Config;
use crate::jobs;
use crate::server::{self, Limits};
use crate::start::{self, StartError};
use crate::world::World;

/// Blocking work (a picture, a hash) that has not ended by itself may hold the process this much longer.
const LAST_WORK: Duration = Duration::from_secs(1);

pub(super) fn run(config: Config, world: World) -> Result<(), Failure> {
    log();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    let ended = runtime.block_on(serve(config, world));
    runtime.shutdown_timeout(LAST_WORK);
    ended
}

async fn serve(mut config: Config, world: World) -> Result<(), Failure> {
    let shutdown = CancellationToken::new();
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let listener = listen(&config).await?;
    config.bound_to(listener.local_addr()?);
    let opened = start::open(config, world).await?;
    print::line(opened.announcement());
    tokio::spawn({
        let shutdown = shutdown.clone();
        async move {
            tokio::select! { _ = terminate.recv() => {}, _ = interrupt.recv() => {} }
            shutdown.cancel();
        }
    });
    let db = opened.app.db.clone();
    let jobs = tokio::spawn(jobs::run(Arc::clone(&opened.app), shutdown.clone()));
    server::serve(
        listener,
        crate::build(opened.app),
        Limits::of_this_process(),
        shutdown,
    )
    .await;
    // It ends with the same signal; a post half published would be half written otherwise.
    let _ = jobs.await;
    db.close().await;
    Ok(())
}

async fn listen(config: &Config) -> Result<TcpListener, StartError> {
    let address = config.listen;
    TcpListener::bind(address)
        .await
        .map_err(|source| match source.kind() {
            ErrorKind::AddrInUse => StartError::PortInUse { address },
            _ => StartError::Listen { address, source },
        })
}

/// Text for a person at a terminal, JSON for whatever collects logs; `RUST_LOG` says how much.
fn log() {
    let filter =
        EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("warn,gatepost=info"));
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr);
    // A second subscriber in one process (tests) keeps the first.
    let _ = match std::io::stderr().is_terminal() {
        true => log.try_init(),
        false => log.json().flatten_event(true).try_init(),
    };
}
