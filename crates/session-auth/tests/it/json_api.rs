//! The example `json_api`, over HTTP on a socket: a program is told in its own language what it may do.

use std::net::SocketAddr;
use std::time::Duration;

use serde_json::{Value, json};
use session_auth::testing::{advance, now};
use session_auth::{MemoryStorage, SessionLayer};

use crate::socket::{Reply, Visitor, start};

#[path = "../../examples/json_api.rs"]
#[allow(
    dead_code,
    unreachable_pub,
    reason = "here it is a module, and its main is not called"
)]
mod example;

async fn site() -> SocketAddr {
    let sessions = SessionLayer::new(MemoryStorage::new()).plain_http();
    start(example::app(sessions.clock(now)).await).await
}

async fn ask(
    visitor: &mut Visitor,
    site: SocketAddr,
    request: &str,
    body: &Value,
) -> (Reply, Value) {
    let headers = "accept: application/json\r\ncontent-type: application/json";
    let body = if body.is_null() {
        String::new()
    } else {
        body.to_string()
    };
    let reply = visitor.send(site, request, headers, &body).await;
    let answer = serde_json::from_str(&reply.body).unwrap_or_default();
    (reply, answer)
}

async fn log_in(site: SocketAddr, name: &str, password: &str) -> Visitor {
    let mut visitor = Visitor::default();
    let typed = json!({ "name": name, "password": password });
    let (reply, me) = ask(&mut visitor, site, "POST /login", &typed).await;
    assert_eq!((reply.status(), &me["name"]), (200, &json!(name)));
    visitor
}

const NOTHING: Value = Value::Null;

#[tokio::test]
async fn a_program_logs_in_counts_and_logs_out() {
    let site = site().await;
    let mut visitor = Visitor::default();
    let (refused, problem) = ask(&mut visitor, site, "GET /me", &NOTHING).await;
    assert_eq!((refused.status(), &problem["status"]), (401, &json!(401)));
    let wrong = json!({ "name": "alice", "password": "wrong horse" });
    let (refused, problem) = ask(&mut visitor, site, "POST /login", &wrong).await;
    assert_eq!(refused.status(), 422);
    assert_eq!(
        refused.header("content-type"),
        Some("application/problem+json")
    );
    assert_eq!(problem["detail"], "Name or password is wrong.");
    assert_eq!(visitor.cookie, "");

    let mut alice = log_in(site, "alice", "correct horse").await;
    let (_, me) = ask(&mut alice, site, "GET /me", &NOTHING).await;
    assert_eq!(me, json!({ "name": "alice" }));
    for count in 1..=3 {
        let (_, counted) = ask(&mut alice, site, "POST /count", &NOTHING).await;
        assert_eq!(counted, json!(count));
    }

    let mut copy = alice.clone();
    let (left, _) = ask(&mut alice, site, "POST /logout", &NOTHING).await;
    assert_eq!((left.status(), alice.cookie.as_str()), (204, ""));
    let (refused, _) = ask(&mut copy, site, "GET /me", &NOTHING).await;
    assert_eq!(refused.status(), 401, "the old cookie is worth nothing");
}

#[tokio::test]
async fn a_program_lists_the_sessions_of_its_person_and_ends_one() {
    let site = site().await;
    let mut here = log_in(site, "alice", "correct horse").await;
    let mut there = log_in(site, "alice", "correct horse").await;
    let mut bob = log_in(site, "bob", "battery staple").await;
    let (_, listed) = ask(&mut here, site, "GET /sessions", &NOTHING).await;
    let listed = listed.as_array().unwrap();
    assert_eq!(listed.len(), 2);
    assert_eq!(listed[0]["address"], "127.0.0.1");
    let other = listed.iter().find(|session| session["is_current"] == false);
    let end = format!(
        "DELETE /sessions/{}",
        other.unwrap()["public_id"].as_str().unwrap()
    );

    let (refused, _) = ask(&mut bob, site, &end, &NOTHING).await;
    assert_eq!(refused.status(), 404, "it is not bob's");
    assert_eq!(
        ask(&mut there, site, "GET /me", &NOTHING).await.0.status(),
        200
    );
    let (ended, _) = ask(&mut here, site, &end, &NOTHING).await;
    assert_eq!(ended.status(), 204);
    assert_eq!(
        ask(&mut there, site, "GET /me", &NOTHING).await.0.status(),
        401
    );
    assert_eq!(
        ask(&mut here, site, "GET /me", &NOTHING).await.0.status(),
        200
    );
}

#[tokio::test]
async fn a_secret_wants_the_password_once_more_after_a_while() {
    let site = site().await;
    let mut alice = log_in(site, "alice", "correct horse").await;
    let secret = json!("the recovery code of alice");
    assert_eq!(
        ask(&mut alice, site, "GET /secret", &NOTHING).await.1,
        secret
    );
    advance(Duration::from_secs(600));
    let (refused, problem) = ask(&mut alice, site, "GET /secret", &NOTHING).await;
    assert_eq!((refused.status(), &problem["max_age"]), (401, &json!(600)));

    let wrong = json!({ "password": "battery staple" });
    let (refused, _) = ask(&mut alice, site, "POST /confirm", &wrong).await;
    assert_eq!(refused.status(), 422);
    assert_eq!(
        ask(&mut alice, site, "GET /secret", &NOTHING)
            .await
            .0
            .status(),
        401
    );
    let right = json!({ "password": "correct horse" });
    ask(&mut alice, site, "POST /confirm", &right).await;
    assert_eq!(
        ask(&mut alice, site, "GET /secret", &NOTHING).await.1,
        secret
    );
}
