//! The one connection that all requests share: made when it is first needed, dropped when it breaks.
//!
//! Invariant: only what may be asked twice is asked twice; a change whose answer was lost is an error. Nobody waits for a
//! server longer than [`PATIENCE`], nor for a connection.

use std::{
    io,
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use ::redis::{
    AsyncConnectionConfig, Client, Cmd, ErrorKind, FromRedisValue, RedisError, RedisResult,
    ServerErrorKind, Value,
    aio::MultiplexedConnection,
    cluster::{ClusterClient, ClusterClientBuilder},
    sentinel::SentinelClient,
};
use tokio::{
    sync::Mutex,
    time::{Instant, timeout},
};

use super::{
    cluster::Cluster,
    scripts::{Arguments, Script},
};

/// How long a server may take to answer: longer than it takes, shorter than people wait.
const PATIENCE: Duration = Duration::from_secs(3);

/// How long one node of a Cluster may take to be connected to. All are, and everybody waits for it.
const NODE_PATIENCE: Duration = Duration::from_secs(1);

/// How long a Cluster keeps the connections that it has just made, although one node does not answer: others would wait
/// for new ones while the old are good.
const REST: Duration = Duration::from_secs(30);

/// Where sessions are kept.
pub(super) enum Servers {
    One(Client),
    Sentinel(Mutex<SentinelClient>),
    Cluster(ClusterClient),
}

#[derive(Clone)]
enum Connection {
    One(MultiplexedConnection),
    Cluster(Cluster),
}

/// A connection, and since when there is this one.
type Made = (Connection, Instant);

pub(super) struct Server {
    servers: Servers,
    /// The connection, or why there is none, if it was tried.
    current: Mutex<Result<Made, Option<RedisError>>>,
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

    /// Asks what asking twice does not change: once more when the connection turns out to be broken. Who waited in vain for
    /// an answer does not wait again.
    pub(super) async fn ask<T: FromRedisValue>(&self, command: &Cmd) -> RedisResult<T> {
        match self.query(command).await {
            Err(error) if is_broken(&error) && !error.is_timeout() => self.query(command).await,
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

    /// An answer that is none of the expected ones says nothing against the connection.
    async fn query<T: FromRedisValue>(&self, command: &Cmd) -> RedisResult<T> {
        let (attempt, mut connection) = self.connection().await?;
        let answered: RedisResult<Value> = match &mut connection {
            Connection::One(connection) => command.query_async(connection).await,
            Connection::Cluster(cluster) => cluster.query(command).await,
        };
        if let Err(error) = &answered
            && is_broken(error)
        {
            self.forget(attempt, error).await;
        }
        Ok(T::from_redis_value(answered?)?)
    }

    /// The connection, made if there is none. Who waited while an attempt failed does not try once more: with a server
    /// that is away they would wait one after the other.
    async fn connection(&self) -> RedisResult<(u64, Connection)> {
        let seen = self.attempts.load(Ordering::Acquire);
        let mut current = self.current.lock().await;
        let attempt = self.attempts.load(Ordering::Acquire);
        let made = match &*current {
            Ok((connection, _)) => connection.clone(),
            Err(Some(error)) if attempt != seen => return Err(error.clone()),
            Err(_) => {
                let made = timeout(PATIENCE, self.servers.connect()).await;
                let made = made.unwrap_or_else(|_| Err(too_slow()));
                self.attempts.fetch_add(1, Ordering::AcqRel);
                *current = match &made {
                    Ok(connection) => Ok((connection.clone(), Instant::now())),
                    Err(error) => Err(Some(error.clone())),
                };
                made?
            }
        };
        Ok((self.attempts.load(Ordering::Acquire), made))
    }

    /// Unless somebody has made another one since.
    async fn forget(&self, attempt: u64, error: &RedisError) {
        let mut current = self.current.lock().await;
        let is_resting = match &*current {
            Ok((Connection::Cluster(_), made)) => error.is_timeout() && made.elapsed() < REST,
            _ => false,
        };
        if self.attempts.load(Ordering::Acquire) == attempt && !is_resting {
            *current = Err(None);
        }
    }
}

impl Servers {
    /// The crate `redis` would send a command again whose answer was lost, up to sixteen times. Only the builder can be told
    /// not to.
    pub(super) fn cluster(builder: ClusterClientBuilder) -> RedisResult<Self> {
        let client = builder
            .retries(0)
            .connection_timeout(NODE_PATIENCE)
            .response_timeout(PATIENCE)
            .overall_response_timeout(Some(PATIENCE));
        client.build().map(Self::Cluster)
    }

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
            Self::Cluster(client) => {
                Connection::Cluster(Cluster::new(client.get_async_connection().await?))
            }
        })
    }
}

fn too_slow() -> RedisError {
    io::Error::from(io::ErrorKind::TimedOut).into()
}

/// Whether another connection might be of more use: this one is gone, or its server is no master any more.
fn is_broken(error: &RedisError) -> bool {
    let is_demoted = matches!(
        error.kind(),
        ErrorKind::Server(ServerErrorKind::ReadOnly | ServerErrorKind::MasterDown)
    );
    error.is_io_error() || error.is_unrecoverable_error() || is_demoted
}
