//! Calls that fail: the server dies or stalls, the network is cut, or the answer is lost after the server did as it was
//! asked.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use axum::http::StatusCode;
use redis::Client as RedisClient;
use redis::cluster::NodeAddress;
use redis::sentinel::{SentinelClient, SentinelServerType};
use session_auth::{RedisStorage, SessionStorage};

use super::many::{Cluster, Sentinels, Server, client_of, three_sentinels};
use super::proxy::{Proxy, holds};
use super::{key, private};
use crate::counter::{body, cookie_of, site, visit};
use crate::servers::outage::{CALLS, Effect, Outage, WRITES, is_outlived, is_outlived_after};

/// Killed, and started again with all that it ever acknowledged.
struct Killed(Server);

impl Outage for Killed {
    async fn begin(&mut self) {
        self.0.kill();
    }

    async fn cut(&mut self) {}

    async fn end(&mut self) {
        self.0.start_again().await;
    }
}

#[tokio::test]
#[ignore = "starts redis-server: cargo xtask test"]
async fn a_server_that_dies_at_any_call_loses_nothing_and_lets_nobody_in() {
    let durable = ["--appendonly", "yes", "--appendfsync", "always"];
    let (server, storage) = private(&durable).await;
    is_outlived(storage, Killed(server), &CALLS).await;
}

/// No way to any of the servers, which live on.
struct Cut(Vec<Proxy>);

impl Outage for Cut {
    async fn begin(&mut self) {
        self.0.iter().for_each(|proxy| proxy.cut(true));
    }

    async fn cut(&mut self) {}

    async fn end(&mut self) {
        self.0.iter().for_each(|proxy| proxy.cut(false));
    }
}

/// The answer about a session is lost, once; what is asked of the index before is answered.
struct Lost(Vec<Proxy>);

impl Outage for Lost {
    async fn begin(&mut self) {
        let is_script_on_a_session =
            |request: &[u8]| holds(request, b"EVAL") && holds(request, b"session_auth:{");
        for proxy in &self.0 {
            proxy.loses_the_answer_to(is_script_on_a_session);
        }
    }

    async fn cut(&mut self) {}

    async fn end(&mut self) {
        let left = self.0.iter().filter(|proxy| proxy.disarm()).count();
        assert_eq!(left, self.0.len() - 1, "one answer was lost");
    }
}

async fn before(servers: &[&Server]) -> Vec<Proxy> {
    let mut proxies = Vec::new();
    for server in servers {
        proxies.push(Proxy::before(server.port).await);
    }
    proxies
}

/// A Cluster that is reached through these proxies only.
async fn behind_proxies(cluster: &Cluster) -> (Vec<Proxy>, RedisStorage) {
    let masters: Vec<_> = cluster.masters.iter().collect();
    let proxies = before(&masters).await;
    let ports = masters.iter().zip(&proxies);
    let map: HashMap<_, _> = ports
        .map(|(master, proxy)| {
            let at = |port| NodeAddress::new("127.0.0.1", port);
            (at(master.port), at(proxy.port))
        })
        .collect();
    let client = cluster.client().node_address_map(map);
    (proxies, RedisStorage::cluster(client).unwrap())
}

#[tokio::test]
#[ignore = "starts redis-server: cargo xtask test"]
async fn a_cluster_that_is_cut_off_at_any_call_loses_nothing_and_lets_nobody_in() {
    let cluster = Cluster::start().await;
    let (proxies, storage) = behind_proxies(&cluster).await;
    is_outlived(storage, Cut(proxies), &CALLS).await;
}

/// A master whose Sentinels know it by the address of this proxy. They wait for longer than any outage here lasts.
async fn watched_through_a_proxy() -> (Vec<Server>, Vec<Proxy>, RedisStorage) {
    let (master, _) = private(&[]).await;
    let proxies = before(&[&master]).await;
    let mut servers = three_sentinels(proxies[0].port, Duration::from_secs(300)).await;
    let storage = RedisStorage::sentinel(client_of(&servers));
    servers.push(master);
    (servers, proxies, storage)
}

#[tokio::test]
#[ignore = "starts redis-server: cargo xtask test"]
async fn a_master_of_sentinels_that_is_cut_off_at_any_call_loses_nothing_and_lets_nobody_in() {
    let (_servers, proxies, storage) = watched_through_a_proxy().await;
    is_outlived(storage, Cut(proxies), &CALLS).await;
}

#[tokio::test]
#[ignore = "starts redis-server: cargo xtask test"]
async fn what_a_master_of_sentinels_did_and_never_answered_is_an_error_and_is_not_done_again() {
    let (_servers, proxies, storage) = watched_through_a_proxy().await;
    is_outlived_after(Effect::All, storage, Lost(proxies), &WRITES).await;
}

#[tokio::test]
#[ignore = "starts redis-server: cargo xtask test"]
async fn what_was_done_and_never_answered_is_an_error_and_is_not_done_again() {
    let (server, _) = private(&[]).await;
    let proxies = before(&[&server]).await;
    let storage = RedisStorage::new(RedisClient::open(proxies[0].url()).unwrap());
    is_outlived_after(Effect::All, storage, Lost(proxies), &WRITES).await;
}

#[tokio::test]
#[ignore = "starts redis-server: cargo xtask test"]
async fn what_a_cluster_did_and_never_answered_is_an_error_and_is_not_done_again() {
    let cluster = Cluster::start().await;
    let (proxies, storage) = behind_proxies(&cluster).await;
    is_outlived_after(Effect::All, storage, Lost(proxies), &WRITES).await;
}

/// Longer than anybody should wait for an answer, a slow machine included.
const TOO_LONG: Duration = Duration::from_secs(8);

#[tokio::test]
#[ignore = "starts redis-server: cargo xtask test"]
async fn a_node_of_a_cluster_that_stalls_keeps_nobody_waiting_for_long() {
    let cluster = Cluster::start().await;
    let site = site(RedisStorage::cluster(cluster.client()).unwrap());
    // Somebody's session on each.
    let mut cookies = [None, None, None];
    while cookies.iter().any(Option::is_none) {
        let before = cluster.sizes().await;
        let cookie = cookie_of(&site).await;
        let after = cluster.sizes().await;
        let at = (0..3).find(|at| after[*at] > before[*at]).unwrap();
        cookies[at] = Some(cookie);
    }
    let [stalled, fine, _] = cookies.map(Option::unwrap);
    cluster.masters[0].signal("STOP");
    for path in ["/read", "/count", "/read"] {
        let started = Instant::now();
        let refused = visit(&site, path, &stalled).await;
        assert_eq!(refused.status(), StatusCode::SERVICE_UNAVAILABLE, "{path}");
        assert!(!refused.headers().contains_key("set-cookie"));
        assert!(started.elapsed() < TOO_LONG, "{:?}", started.elapsed());
        let started = Instant::now();
        let served = visit(&site, "/read", &fine).await;
        assert_eq!(body(served).await, "Some(1)");
        assert!(started.elapsed() < Duration::from_secs(2), "{path}");
    }
    cluster.masters[0].signal("CONT");
    // What it was asked before is done when it wakes, or not at all; and it is done once.
    let read = body(visit(&site, "/read", &stalled).await).await;
    assert!(["Some(1)", "Some(2)"].contains(&&*read), "{read}");
}

#[tokio::test]
#[ignore = "starts redis-server: cargo xtask test"]
async fn a_sentinel_that_stalls_keeps_nobody_waiting_for_long() {
    let sentinels = Sentinels::start().await;
    let open = || RedisStorage::sentinel(sentinels.client());
    let storage = open();
    assert!(storage.load(&key(1)).await.unwrap().is_none());
    for (stalled, is_served) in [(0, true), (1, true), (2, false)] {
        sentinels.sentinels[stalled].signal("STOP");
        // One that asks for the first time, and one that is connected to the Sentinels and has lost its master.
        let _: u64 = sentinels
            .master
            .tell(&["CLIENT", "KILL", "TYPE", "normal"])
            .await
            .unwrap();
        for storage in [&open(), &storage] {
            let started = Instant::now();
            let loaded = storage.load(&key(1)).await;
            assert_eq!(loaded.is_ok(), is_served, "{stalled}: {loaded:?}");
            assert!(started.elapsed() < TOO_LONG, "{:?}", started.elapsed());
        }
    }
    for sentinel in &sentinels.sentinels {
        sentinel.signal("CONT");
    }
    assert!(storage.load(&key(1)).await.unwrap().is_none());
    let nobody = SentinelClient::build(
        sentinels.sentinels.iter().map(Server::url).collect(),
        "nobody".to_owned(),
        None,
        SentinelServerType::Master,
    );
    let storage = RedisStorage::sentinel(nobody.unwrap());
    assert!(storage.load(&key(1)).await.is_err());
}
