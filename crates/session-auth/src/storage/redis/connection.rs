//! The one connection that all requests share: made when it is first needed, dropped when it breaks.
//!
//! Invariant: only what may be asked twice is asked twice; a change whose answer was lost is an error.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use ::redis::{
    AsyncConnectionConfig, Client, Cmd, ErrorKind, FromRedisValue, RedisError, RedisResult,
    ServerErrorKind, aio::MultiplexedConnection, cluster::ClusterClient,
    cluster_async::ClusterConnection, sentinel::SentinelClient,
};
use tokio::sync::Mutex;

use super::scripts::{Arguments, Script};

/// How long a server may take to answer: longer than it takes, shorter than people wait.
const PATIENCE: Duration = Duration::from_secs(3);

/// Where sessions are kept.
pub(super) enum Servers {
    One(Client),
    Sentinel(Mutex<SentinelClient>),
    Cluster(ClusterClient),
}

#[derive(Clone)]
enum Connection {
    One(MultiplexedConnection),
    Cluster(ClusterConnection),
}

pub(super) struct Server {
    servers: Servers,
    /// The connection, or why there is none, if it was tried.
    current: Mutex<Result<Connection, Option<RedisError>>>,
    /// How often a connection was tried, which tells whether one that broke is still the one that everybody uses.
    attempts: AtomicU64,
}

impl Server {
    pub(super) fn new(servers: Servers) -> Self {
        Self {
            servers,
            current: Mutex::new(Err(None)),
            attempts: AtomicU64::new(0),
        }
    }

    pub(super) fn is_cluster(&self) -> bool {
        matches!(self.servers, Servers::Cluster(_))
    }

    /// Asks what asking twice does not change: once more when the connection turns out to be broken.
    pub(super) async fn ask<T: FromRedisValue>(&self, command: &Cmd) -> RedisResult<T> {
        match self.query(command).await {
            Err(error) if is_broken(&error) => self.query(command).await,
            answered => answered,
        }
    }

    /// Runs a script, and loads it first where it is not known yet.
    pub(super) async fn run<T: FromRedisValue>(
        &self,
        script: &Script,
        keys: &[String],
        arguments: Arguments,
    ) -> RedisResult<T> {
        let arguments = arguments.into_inner();
        let command = |verb: &str, script: &str| {
            let mut command = ::redis::cmd(verb);
            command.arg(script).arg(keys.len()).arg(keys);
            command.arg(&arguments);
            command
        };
        match self.query(&command("EVALSHA", &script.hash)).await {
            Err(error) if error.kind() == ErrorKind::Server(ServerErrorKind::NoScript) => {
                self.query(&command("EVAL", script.code)).await
            }
            answered => answered,
        }
    }

    async fn query<T: FromRedisValue>(&self, command: &Cmd) -> RedisResult<T> {
        let (attempt, mut connection) = self.connection().await?;
        let answered = match &mut connection {
            Connection::One(connection) => command.query_async(connection).await,
            Connection::Cluster(connection) => command.query_async(connection).await,
        };
        if answered.as_ref().is_err_and(is_broken) {
            self.forget(attempt).await;
        }
        answered
    }

    /// The connection, made if there is none. Who waited while an attempt failed does not try once more: with a server
    /// that is away they would wait one after the other.
    async fn connection(&self) -> RedisResult<(u64, Connection)> {
        let seen = self.attempts.load(Ordering::Acquire);
        let mut current = self.current.lock().await;
        let attempt = self.attempts.load(Ordering::Acquire);
        let made = match &*current {
            Ok(connection) => connection.clone(),
            Err(Some(error)) if attempt != seen => return Err(error.clone()),
            Err(_) => {
                let made = self.servers.connect().await;
                self.attempts.fetch_add(1, Ordering::AcqRel);
                *current = made.map_err(Some);
                let made = current.as_ref();
                made.map_err(|error| error.clone().expect("just set"))?
                    .clone()
            }
        };
        Ok((self.attempts.load(Ordering::Acquire), made))
    }

    /// Unless somebody has made another one since.
    async fn forget(&self, attempt: u64) {
        let mut current = self.current.lock().await;
        if self.attempts.load(Ordering::Acquire) == attempt {
            *current = Err(None);
        }
    }
}

impl Servers {
    async fn connect(&self) -> RedisResult<Connection> {
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(PATIENCE))
            .set_response_timeout(Some(PATIENCE));
        Ok(match self {
            Self::One(client) => {
                let connection = client.get_multiplexed_async_connection_with_config(&config);
                Connection::One(connection.await?)
            }
            Self::Sentinel(client) => {
                let mut client = client.lock().await;
                let connection = client.get_async_connection_with_config(&config);
                Connection::One(connection.await?)
            }
            Self::Cluster(client) => Connection::Cluster(client.get_async_connection().await?),
        })
    }
}

/// Whether another connection might be of more use: this one is gone, or its server is no master any more.
fn is_broken(error: &RedisError) -> bool {
    let is_demoted = matches!(
        error.kind(),
        ErrorKind::Server(ServerErrorKind::ReadOnly | ServerErrorKind::MasterDown)
    );
    error.is_io_error() || error.is_unrecoverable_error() || is_demoted
}
