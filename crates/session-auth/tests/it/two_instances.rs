//! The example `two_instances`, over HTTP on two sockets: whatever one server does to a session, the other has seen.

use std::net::SocketAddr;

use crate::socket::{Visitor, start};

#[path = "../../examples/two_instances.rs"]
#[allow(
    dead_code,
    unreachable_pub,
    reason = "here it is a module, and its main is not called"
)]
mod example;

async fn sites(directory: &tempfile::TempDir) -> [SocketAddr; 2] {
    let database = directory.path().join("sessions.db");
    let one = example::app(&database).await.unwrap();
    let two = example::app(&database).await.unwrap();
    [start(one).await, start(two).await]
}

#[tokio::test]
async fn a_login_on_one_server_is_one_on_both_and_so_is_a_logout() {
    let directory = tempfile::tempdir().unwrap();
    let [one, two] = sites(&directory).await;
    let mut alice = Visitor::default();
    assert_eq!(alice.get(two, "/me").await.body, "nobody");
    assert_eq!(
        alice.submit(one, "/login", "name=alice").await.status(),
        303
    );
    for site in [one, two] {
        assert_eq!(alice.get(site, "/me").await.body, "alice");
    }

    let cookie = alice.cookie.clone();
    alice.submit(two, "/logout", "").await;
    assert_eq!(alice.cookie, "");
    alice.cookie = cookie;
    for site in [one, two] {
        assert_eq!(alice.get(site, "/me").await.body, "nobody");
    }
}

#[tokio::test]
async fn two_servers_count_as_one() {
    let directory = tempfile::tempdir().unwrap();
    let sites = sites(&directory).await;
    let mut alice = Visitor::default();
    alice.submit(sites[0], "/login", "name=alice").await;
    let requests = (0..20).map(|number| {
        let mut alice = alice.clone();
        let site = sites[number % 2];
        tokio::spawn(async move { alice.submit(site, "/points", "").await.body })
    });
    let mut counted = Vec::new();
    for request in requests.collect::<Vec<_>>() {
        counted.push(request.await.unwrap().parse::<u64>().unwrap());
    }
    counted.sort_unstable();
    assert_eq!(counted, (1..=20).collect::<Vec<_>>());
}
