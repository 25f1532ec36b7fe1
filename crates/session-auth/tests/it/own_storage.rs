//! The example `own_storage` keeps the contract, so the suite and the trait are enough for a storage written elsewhere; and
//! a site on it, over HTTP on a socket, goes on where it was.

use std::path::Path;

use session_auth::testing::contract;

use crate::socket::{Visitor, start};

#[path = "../../examples/own_storage.rs"]
#[allow(
    dead_code,
    unreachable_pub,
    reason = "here it is a module, and its main is not called"
)]
mod example;

fn storage(file: &Path) -> example::FileStorage {
    example::FileStorage(file.to_owned().into())
}

#[tokio::test]
async fn a_storage_of_ones_own_keeps_the_contract() {
    let directory = tempfile::tempdir().unwrap();
    contract(async |name: &str| storage(&directory.path().join(name))).await;
}

/// The README says so, and a new storage is judged by what it takes to write one.
#[test]
fn a_storage_of_ones_own_takes_less_than_a_hundred_lines() {
    let example = include_str!("../../examples/own_storage.rs");
    let lines = example.lines();
    let storage = lines.skip_while(|line| !line.starts_with("type Sessions"));
    let storage = storage.take_while(|line| !line.starts_with("async fn visit"));
    let lines = storage.count();
    assert!((50..100).contains(&lines), "{lines}");
}

#[tokio::test]
async fn a_visitor_is_known_after_a_restart_until_forgotten() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("sessions.json");
    let mut visitor = Visitor::default();
    let mut copy = Visitor::default();
    for visit in 1..=3 {
        // Nothing but the file is left of the site before.
        let site = start(example::app(storage(&file))).await;
        let page = visitor.get(site, "/").await;
        assert_eq!(
            (page.status(), page.body),
            (200, format!("visit {visit}\n"))
        );
        copy = visitor.clone();
    }
    let written = std::fs::read_to_string(&file).unwrap();
    let (_, id) = visitor.cookie.split_once('=').unwrap();
    assert!(!written.contains(id), "the file holds hashes only");

    let site = start(example::app(storage(&file))).await;
    assert_eq!(visitor.submit(site, "/forget", "").await.status(), 204);
    assert_eq!(visitor.cookie, "", "the browser is told");
    assert_eq!(copy.get(site, "/").await.body, "visit 1\n");
}
