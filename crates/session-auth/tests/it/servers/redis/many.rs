//! Redis on several servers, which these tests start themselves: a Cluster of three masters, and a master with a replica
//! and three Sentinels, of which the master dies.

use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use axum::http::StatusCode;
use redis::cluster::ClusterClient;
use redis::sentinel::{SentinelClient, SentinelServerType};
use redis::{Client, Cmd, FromRedisValue, RedisResult};
use session_auth::RedisStorage;
use session_auth::testing::contract;
use tempfile::TempDir;

use super::prefix;
use crate::counter::{body, cookie_of, count_together, site, visit};

/// A server in a directory of its own. It ends with the test.
pub(super) struct Server {
    pub(super) port: u16,
    process: Child,
    directory: TempDir,
    options: Vec<String>,
}

fn free_port() -> u16 {
    let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
    listener.local_addr().unwrap().port()
}

impl Server {
    pub(super) fn start(options: &[&str]) -> Self {
        Self::with_configuration("", options)
    }

    fn with_configuration(configuration: &str, options: &[&str]) -> Self {
        let (port, directory) = (free_port(), tempfile::tempdir().unwrap());
        std::fs::write(directory.path().join("redis.conf"), configuration).unwrap();
        let options: Vec<_> = options.iter().map(|&option| option.to_owned()).collect();
        Self {
            process: Self::process(port, &directory, &options),
            port,
            directory,
            options,
        }
    }

    fn process(port: u16, directory: &TempDir, options: &[String]) -> Child {
        Command::new("redis-server")
            .arg(directory.path().join("redis.conf"))
            .args(["--bind", "127.0.0.1", "--save", "", "--port"])
            .arg(port.to_string())
            .arg("--dir")
            .arg(directory.path())
            .args(options)
            .stdout(Stdio::null())
            .spawn()
            .unwrap()
    }

    /// Without a warning.
    pub(super) fn kill(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }

    /// With what is on its disk.
    pub(super) async fn start_again(&mut self) {
        self.process = Self::process(self.port, &self.directory, &self.options);
        let is_there = |answer: String| answer == "PONG";
        self.until(&["PING"], is_there).await;
    }

    pub(super) fn url(&self) -> String {
        format!("redis://127.0.0.1:{}/", self.port)
    }

    pub(super) async fn tell<T: FromRedisValue>(&self, words: &[&str]) -> RedisResult<T> {
        let client = Client::open(self.url())?;
        let mut connection = client.get_multiplexed_async_connection().await?;
        let mut command = Cmd::new();
        command.arg(words).query_async(&mut connection).await
    }

    /// Asks until the answer is as it has to be.
    pub(super) async fn until<T: FromRedisValue>(&self, words: &[&str], is_so: impl Fn(T) -> bool) {
        let started = Instant::now();
        while !self.tell(words).await.is_ok_and(&is_so) {
            assert!(started.elapsed() < Duration::from_secs(60), "{words:?}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[tokio::test]
#[ignore = "starts redis-server: cargo xtask test"]
async fn a_cluster_of_three_masters_keeps_the_contract() {
    let mut masters = Vec::new();
    for slots in [["0", "5460"], ["5461", "10922"], ["10923", "16383"]] {
        let bus = free_port();
        let options = [
            "--cluster-enabled",
            "yes",
            "--cluster-port",
            &bus.to_string(),
        ];
        let master = Server::start(&options);
        master
            .until(&["PING"], |answer: String| answer == "PONG")
            .await;
        let _: () = master
            .tell(&["CLUSTER", "ADDSLOTSRANGE", slots[0], slots[1]])
            .await
            .unwrap();
        masters.push((master, bus));
    }
    let (first, _) = &masters[0];
    for (master, bus) in &masters[1..] {
        let (port, bus) = (master.port.to_string(), bus.to_string());
        let meet = ["CLUSTER", "MEET", "127.0.0.1", &port, &bus];
        let _: () = first.tell(&meet).await.unwrap();
    }
    for (master, _) in &masters {
        let is_ready = |info: String| {
            info.contains("cluster_state:ok") && info.contains("cluster_known_nodes:3")
        };
        master.until(&["CLUSTER", "INFO"], is_ready).await;
    }

    let open = |name: &str| {
        let nodes = masters.iter().map(|(master, _)| master.url());
        let client = ClusterClient::new(nodes).unwrap();
        RedisStorage::cluster(client).prefix(&prefix(name))
    };
    contract(async |name| open(name)).await;
    count_together(&[site(open("servers")), site(open("servers"))]).await;
    for (master, _) in &masters {
        let keys: u64 = master.tell(&["DBSIZE"]).await.unwrap();
        assert!(keys > 0, "every master has its share");
    }
}

#[tokio::test]
#[ignore = "starts redis-server: cargo xtask test"]
async fn a_failover_that_sentinels_order_lets_nobody_in_and_logs_nobody_out() {
    let mut master = Server::start(&[]);
    master
        .until(&["PING"], |answer: String| answer == "PONG")
        .await;
    let port = master.port.to_string();
    let replica = Server::start(&["--replicaof", "127.0.0.1", &port]);
    let is_linked = |info: String| info.contains("master_link_status:up");
    replica.until(&["INFO", "replication"], is_linked).await;
    let configuration = format!(
        "sentinel monitor gatepost 127.0.0.1 {port} 2\n\
         sentinel down-after-milliseconds gatepost 1000\n\
         sentinel failover-timeout gatepost 10000\n"
    );
    let sentinel = |_| Server::with_configuration(&configuration, &["--sentinel"]);
    let sentinels: Vec<Server> = (0..3).map(sentinel).collect();
    for sentinel in &sentinels {
        let knows_all = |info: String| info.contains("slaves=1,sentinels=3");
        sentinel.until(&["INFO", "sentinel"], knows_all).await;
    }

    let open = |name: &str| {
        let nodes = sentinels.iter().map(Server::url).collect();
        let client = SentinelClient::build(
            nodes,
            "gatepost".to_owned(),
            None,
            SentinelServerType::Master,
        );
        RedisStorage::sentinel(client.unwrap()).prefix(&prefix(name))
    };
    contract(async |name| open(name)).await;

    let site = site(open("failover"));
    let cookie = cookie_of(&site).await;
    // The replica has the session before the master dies.
    let acknowledged: String = master.tell(&["INFO", "replication"]).await.unwrap();
    let offset = acknowledged.split("master_repl_offset:").nth(1).unwrap();
    let offset: u64 = offset.split_whitespace().next().unwrap().parse().unwrap();
    let has_all = |info: String| {
        let of_replica = info.split("slave_repl_offset:").nth(1);
        let of_replica = of_replica.and_then(|rest| rest.split_whitespace().next()?.parse().ok());
        of_replica.is_some_and(|seen: u64| seen >= offset)
    };
    replica.until(&["INFO", "replication"], has_all).await;
    master.process.kill().unwrap();

    let started = Instant::now();
    let mut refused = 0;
    loop {
        let answer = visit(&site, "/count", &cookie).await;
        assert!(
            !answer.headers().contains_key("set-cookie"),
            "nobody is logged out"
        );
        match answer.status() {
            StatusCode::OK => {
                assert_eq!(body(answer).await, "2");
                break;
            }
            StatusCode::SERVICE_UNAVAILABLE => refused += 1,
            other => panic!("{other}"),
        }
        assert!(started.elapsed() < Duration::from_secs(90), "no failover");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert!(refused > 0, "the master was away for a while");
    assert_eq!(body(visit(&site, "/read", &cookie).await).await, "Some(2)");
}
