//! Commands to a Cluster, of which a part may be on its way to another node.
//!
//! Invariant: a command is sent again only when the node that got it said that it did not run it.

use std::time::Duration;

use ::redis::{
    Cmd, ErrorKind, Pipeline, RedisError, RedisResult, ServerErrorKind, Value,
    cluster_async::ClusterConnection, cluster_routing::SingleNodeRoutingInfo,
};
use tokio::time::sleep;

/// How often a command is sent to where it should have gone.
const ATTEMPTS: u32 = 5;

/// How long the keys of a slot that is just moving are waited for, first; then twice as long, and so on.
const PAUSE: Duration = Duration::from_millis(20);

/// A node that refuses what it is asked, without a trace of it.
enum Refusal {
    /// It has not got the slot. The client learns on the way who has.
    Moved,
    /// These keys are with the next owner of their slot already.
    Ask(String, u16),
    /// Some of these keys are here and others there, or the client has not learned yet.
    TryAgain,
}

#[derive(Clone)]
pub(super) struct Cluster(ClusterConnection);

impl Cluster {
    pub(super) fn new(connection: ClusterConnection) -> Self {
        Self(connection)
    }

    pub(super) async fn query(&mut self, command: &Cmd) -> RedisResult<Value> {
        let mut pause = PAUSE;
        let mut answered = command.query_async(&mut self.0).await;
        for attempt in 1..ATTEMPTS {
            let Err(Some(refusal)) = answered.as_ref().map_err(refusal) else {
                break;
            };
            let is_stale = attempt > 1 && matches!(refusal, Refusal::Moved);
            if is_stale || matches!(refusal, Refusal::TryAgain) {
                sleep(pause).await;
                pause *= 2;
            }
            answered = match refusal {
                Refusal::Moved | Refusal::TryAgain => command.query_async(&mut self.0).await,
                Refusal::Ask(host, port) => self.ask(command, host, port).await,
            };
        }
        answered
    }

    /// The next owner takes a command about a slot that is not yet its own from whoever says so just before.
    async fn ask(&mut self, command: &Cmd, host: String, port: u16) -> RedisResult<Value> {
        let mut both = Pipeline::new();
        both.cmd("ASKING").add_command(command.clone());
        let node = SingleNodeRoutingInfo::ByAddress { host, port };
        let answers = self.0.route_pipeline(both, 0, 2, node).await?;
        let answer = answers.into_iter().next_back().unwrap_or(Value::Nil);
        answer.extract_error()
    }
}

fn refusal(error: &RedisError) -> Option<Refusal> {
    match error.kind() {
        ErrorKind::Server(ServerErrorKind::Moved) => Some(Refusal::Moved),
        ErrorKind::Server(ServerErrorKind::Ask) => {
            let (host, port) = error.redirect_node()?.0.rsplit_once(':')?;
            Some(Refusal::Ask(host.to_owned(), port.parse().ok()?))
        }
        ErrorKind::Server(ServerErrorKind::TryAgain) => Some(Refusal::TryAgain),
        _ => None,
    }
}
