//! Redis on several servers, which these tests start themselves: a Cluster of three masters, and a master with a replica
//! and three Sentinels, of which the master dies.

use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use axum::Router;
use axum::http::StatusCode;
use redis::cluster::{ClusterClient, ClusterClientBuilder};
use redis::sentinel::{SentinelClient, SentinelServerType};
use redis::{Client, Cmd, FromRedisValue, RedisResult};
use session_auth::testing::contract;
use session_auth::{Change, Outcome, RedisStorage, SessionKey, SessionLayer, SessionStorage};
use tempfile::TempDir;

use super::{prefix, session_of, start};
use crate::counter::{body, cookie_of, count_together, site, visit};
use crate::site::Site;

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

    /// Lets it sleep, or go on.
    pub(super) fn signal(&self, signal: &str) {
        let mut kill = Command::new("kill");
        let kill = kill.args([&format!("-{signal}"), &self.process.id().to_string()]);
        assert!(kill.status().unwrap().success());
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

/// Three masters with a third of the slots each.
pub(super) struct Cluster {
    pub(super) masters: Vec<Server>,
}

impl Cluster {
    pub(super) async fn start() -> Self {
        let mut masters = Vec::new();
        let mut buses = Vec::new();
        for slots in [["0", "5460"], ["5461", "10922"], ["10923", "16383"]] {
            let bus = free_port();
            let options = [
                "--cluster-enabled",
                "yes",
                "--cluster-port",
                &bus.to_string(),
                // One that stalls is not to be given up while a test looks at it.
                "--cluster-node-timeout",
                "60000",
                "--cluster-require-full-coverage",
                "no",
            ];
            let master = Server::start(&options);
            master
                .until(&["PING"], |answer: String| answer == "PONG")
                .await;
            let _: () = master
                .tell(&["CLUSTER", "ADDSLOTSRANGE", slots[0], slots[1]])
                .await
                .unwrap();
            masters.push(master);
            buses.push(bus);
        }
        for (master, bus) in masters.iter().zip(&buses).skip(1) {
            let (port, bus) = (master.port.to_string(), bus.to_string());
            let meet = ["CLUSTER", "MEET", "127.0.0.1", &port, &bus];
            let _: () = masters[0].tell(&meet).await.unwrap();
        }
        for master in &masters {
            let is_ready = |info: String| {
                info.contains("cluster_state:ok")
                    && info.contains("cluster_known_nodes:3")
                    && info.contains("cluster_slots_assigned:16384")
            };
            master.until(&["CLUSTER", "INFO"], is_ready).await;
        }
        Self { masters }
    }

    pub(super) fn client(&self) -> ClusterClientBuilder {
        ClusterClient::builder(self.masters.iter().map(Server::url))
    }

    fn open(&self, name: &str) -> RedisStorage {
        let storage = RedisStorage::cluster(self.client()).unwrap();
        storage.prefix(&prefix(name))
    }

    /// How many keys each has.
    pub(super) async fn sizes(&self) -> Vec<u64> {
        let mut sizes = Vec::new();
        for master in &self.masters {
            sizes.push(master.tell(&["DBSIZE"]).await.unwrap());
        }
        sizes
    }
}

#[tokio::test]
#[ignore = "starts redis-server: cargo xtask test"]
async fn a_cluster_of_three_masters_keeps_the_contract() {
    let cluster = Cluster::start().await;
    contract(async |name| cluster.open(name)).await;
    count_together(&[site(cluster.open("servers")), site(cluster.open("servers"))]).await;
    let sizes = cluster.sizes().await;
    let is_used = |keys: &u64| *keys > 0;
    assert!(sizes.iter().all(is_used), "every master has its share");
}

/// A login over a session in the cookie moves what the ledger knows of it, which has to stay in its slot.
#[cfg(feature = "encrypted-cookie")]
#[tokio::test]
#[ignore = "starts redis-server: cargo xtask test"]
async fn cookies_that_a_cluster_revokes_keep_the_contract() {
    let cluster = Cluster::start().await;
    contract(async |name| crate::revocable::encrypted(cluster.open(name))).await;
}

/// While the keys of a slot go over one by one, and when its owner is another without the client having heard.
#[tokio::test]
#[ignore = "starts redis-server: cargo xtask test"]
async fn a_session_is_found_while_its_slot_moves_to_another_node_and_afterwards() {
    let cluster = Cluster::start().await;
    let storage = cluster.open("moving");
    let site = site(storage.clone());
    let cookie = cookie_of(&site).await;
    let mut source = 0;
    let mut keys: Vec<String> = Vec::new();
    while keys.is_empty() {
        keys = cluster.masters[source].tell(&["KEYS", "*"]).await.unwrap();
        source += usize::from(keys.is_empty());
    }
    let [session] = &keys[..] else {
        panic!("{keys:?}")
    };
    let (source, target) = (&cluster.masters[source], &cluster.masters[(source + 1) % 3]);
    let slot: u64 = source.tell(&["CLUSTER", "KEYSLOT", session]).await.unwrap();
    let slot = slot.to_string();
    // Another one in the same slot, whose id is to change.
    let tag = session.split(['{', '}']).nth(1).unwrap();
    let lineage = u16::from_str_radix(tag, 16).unwrap().to_be_bytes();
    let key = |number: u8| {
        let mut bytes = [number; 32];
        bytes[30..].copy_from_slice(&lineage);
        SessionKey::from_bytes(bytes)
    };
    let nobody = session_auth::StoredSession {
        login: None,
        ..session_of("nobody")
    };
    assert!(storage.create(&key(1), &nobody).await.unwrap());

    let id_of =
        async |server: &Server| -> String { server.tell(&["CLUSTER", "MYID"]).await.unwrap() };
    let (from, to) = (id_of(source).await, id_of(target).await);
    let say = async |server: &Server, words: &[&str]| {
        let said: redis::Value = server.tell(words).await.unwrap();
        assert!(matches!(said, redis::Value::Okay), "{words:?}: {said:?}");
    };
    say(target, &["CLUSTER", "SETSLOT", &slot, "IMPORTING", &from]).await;
    say(source, &["CLUSTER", "SETSLOT", &slot, "MIGRATING", &to]).await;
    assert_eq!(body(visit(&site, "/count", &cookie).await).await, "2");
    let port = target.port.to_string();
    say(
        source,
        &["MIGRATE", "127.0.0.1", &port, session, "0", "5000"],
    )
    .await;
    assert_eq!(body(visit(&site, "/count", &cookie).await).await, "3");
    assert_eq!(body(visit(&site, "/read", &cookie).await).await, "Some(3)");

    // A session cannot move within a slot that is moving itself; it stays what it was.
    let mut rotation = Change::new(start());
    rotation.new_key = Some(key(2));
    assert!(storage.commit(&key(1), &rotation).await.is_err());
    assert!(storage.load(&key(1)).await.unwrap().is_some());
    assert!(storage.load(&key(2)).await.unwrap().is_none());

    let left: Vec<String> = source.tell(&["KEYS", "*"]).await.unwrap();
    for key in &left {
        say(source, &["MIGRATE", "127.0.0.1", &port, key, "0", "5000"]).await;
    }
    for master in [target, source] {
        say(master, &["CLUSTER", "SETSLOT", &slot, "NODE", &to]).await;
    }
    assert_eq!(body(visit(&site, "/count", &cookie).await).await, "4");
    let outcome = storage.commit(&key(1), &rotation).await.unwrap();
    assert!(matches!(outcome, Outcome::Done), "{outcome:?}");
    assert!(storage.load(&key(2)).await.unwrap().is_some());
}

/// They tell everybody that the master is to be reached here, until it has been away for so long.
pub(super) async fn three_sentinels(master: u16, patience: Duration) -> Vec<Server> {
    let patience = patience.as_millis();
    let configuration = format!(
        "sentinel monitor gatepost 127.0.0.1 {master} 2\n\
         sentinel down-after-milliseconds gatepost {patience}\n\
         sentinel failover-timeout gatepost 10000\n"
    );
    let sentinel = |_| Server::with_configuration(&configuration, &["--sentinel"]);
    let sentinels: Vec<Server> = (0..3).map(sentinel).collect();
    for sentinel in &sentinels {
        let knows_all = |info: String| info.contains("sentinels=3");
        sentinel.until(&["INFO", "sentinel"], knows_all).await;
    }
    sentinels
}

pub(super) fn client_of(sentinels: &[Server]) -> SentinelClient {
    let nodes = sentinels.iter().map(Server::url).collect();
    let name = "gatepost".to_owned();
    SentinelClient::build(nodes, name, None, SentinelServerType::Master).unwrap()
}

/// A master, its replica, and three Sentinels that watch them.
pub(super) struct Sentinels {
    pub(super) master: Server,
    replica: Server,
    pub(super) sentinels: Vec<Server>,
}

impl Sentinels {
    pub(super) async fn start() -> Self {
        let master = Server::start(&[]);
        master
            .until(&["PING"], |answer: String| answer == "PONG")
            .await;
        let port = master.port.to_string();
        let replica = Server::start(&["--replicaof", "127.0.0.1", &port]);
        let is_linked = |info: String| info.contains("master_link_status:up");
        replica.until(&["INFO", "replication"], is_linked).await;
        let sentinels = three_sentinels(master.port, Duration::from_secs(1)).await;
        for sentinel in &sentinels {
            let knows_all = |info: String| info.contains("slaves=1,sentinels=3");
            sentinel.until(&["INFO", "sentinel"], knows_all).await;
        }
        Self {
            master,
            replica,
            sentinels,
        }
    }

    pub(super) fn client(&self) -> SentinelClient {
        client_of(&self.sentinels)
    }

    /// Until the replica has all that the master has acknowledged.
    async fn replicated(&self) {
        let acknowledged: String = self.master.tell(&["INFO", "replication"]).await.unwrap();
        let offset = acknowledged.split("master_repl_offset:").nth(1).unwrap();
        let offset: u64 = offset.split_whitespace().next().unwrap().parse().unwrap();
        let has_all = |info: String| {
            let of_replica = info.split("slave_repl_offset:").nth(1);
            let of_replica =
                of_replica.and_then(|rest| rest.split_whitespace().next()?.parse().ok());
            of_replica.is_some_and(|seen: u64| seen >= offset)
        };
        self.replica.until(&["INFO", "replication"], has_all).await;
    }
}

#[tokio::test]
#[ignore = "starts redis-server: cargo xtask test"]
async fn a_failover_that_sentinels_order_lets_nobody_in_and_logs_nobody_out() {
    let mut servers = Sentinels::start().await;
    let open = |name: &str| RedisStorage::sentinel(servers.client()).prefix(&prefix(name));
    contract(async |name| open(name)).await;

    let counter = site(open("failover"));
    let cookie = cookie_of(&counter).await;
    let layer = SessionLayer::new(open("logins")).clock(session_auth::testing::now);
    let site = Site::with(layer, |auth| auth, Router::new());
    let mut out_before = site.logged_in("alice").await;
    let copy = out_before.clone();
    let mut out_after = site.logged_in("alice").await;
    let mut stays = site.logged_in("bob").await;
    assert_eq!(out_before.post("/logout").await.status, StatusCode::OK);
    // The replica has the sessions, and the end of one, before the master dies.
    servers.replicated().await;
    servers.master.kill();

    let started = Instant::now();
    let mut refused = 0;
    loop {
        assert_ne!(copy.clone().me().await, "alice", "logged out before");
        let answer = visit(&counter, "/count", &cookie).await;
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
    assert_eq!(
        body(visit(&counter, "/read", &cookie).await).await,
        "Some(2)"
    );

    assert_eq!(copy.clone().me().await, "nobody", "logged out before");
    assert_eq!(stays.me().await, "bob");
    assert_eq!(out_after.me().await, "alice");
    let copy_after = out_after.clone();
    assert_eq!(out_after.post("/logout").await.status, StatusCode::OK);
    assert_eq!(copy_after.clone().me().await, "nobody", "logged out after");
    assert_eq!(stays.me().await, "bob");
    assert_eq!(stays.post("/others").await.status, StatusCode::OK);
    assert_eq!(stays.me().await, "bob");
}
