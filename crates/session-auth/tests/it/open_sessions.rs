//! The sessions of a person: who sees them, what they say, and who can end them.

use std::time::Duration;

use axum::extract::{Extension, Path};
use axum::http::{Method, StatusCode, header};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::Value;
use session_auth::testing::{advance, now};
use session_auth::{Auth, AuthError, OpenSession, SessionLayer};

use crate::site::{Accounts, Browser, Gate, Site, User, layers};

const MINUTE: Duration = Duration::from_secs(60);

const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";

async fn sessions(auth: Auth<Accounts>) -> Result<Json<Vec<OpenSession>>, AuthError> {
    Ok(Json(auth.sessions().await?))
}

async fn revoke(auth: Auth<Accounts>, Path(id): Path<String>) -> Result<StatusCode, AuthError> {
    Ok(if auth.revoke(&id).await? {
        StatusCode::NO_CONTENT
    } else {
        StatusCode::NOT_FOUND
    })
}

/// Ends a session, and fails.
async fn revoke_and_fail(auth: Auth<Accounts>, Path(id): Path<String>) -> StatusCode {
    auth.revoke(&id).await.unwrap();
    StatusCode::INTERNAL_SERVER_ERROR
}

/// Knows who asks when the test comes to the gate, and lists when it has gone on.
async fn sessions_at_the_gate(
    auth: Auth<Accounts>,
    gate: Extension<Gate>,
) -> Result<Json<Vec<OpenSession>>, AuthError> {
    auth.user().await?;
    gate.wait().await;
    gate.wait().await;
    sessions(auth).await
}

fn site(layer: SessionLayer) -> Site {
    let routes = Router::new()
        .route("/sessions", get(sessions))
        .route("/sessions/held", get(sessions_at_the_gate))
        .route("/sessions/{id}", post(revoke))
        .route("/broken/{id}", post(revoke_and_fail));
    Site::with(layer.clock(now), |auth| auth, routes)
}

async fn listed(browser: &mut Browser) -> Vec<Value> {
    let answer = browser.get("/sessions").await;
    assert_eq!(answer.status, StatusCode::OK);
    serde_json::from_str(&answer.text).unwrap()
}

/// The public id of the session that this browser has.
async fn public_id(browser: &mut Browser) -> String {
    let sessions = listed(browser).await;
    let mut current = sessions
        .iter()
        .filter(|session| session["is_current"] == true);
    let id = current.next().expect("the current session")["public_id"].clone();
    assert!(current.next().is_none(), "there is one of them");
    id.as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_person_sees_since_when_from_where_and_with_what_they_are_logged_in() {
    for (storage, layer) in layers().await {
        let site = site(layer);
        let mut desk = site.browser();
        desk.address = [198, 51, 100, 7].into();
        let agent = [(header::USER_AGENT, FIREFOX)];
        desk.send(Method::POST, "/login?as=alice", &agent, "").await;
        let began = now();
        advance(10 * MINUTE);
        let mut phone = site.logged_in("alice").await;
        let mut bob = site.logged_in("bob").await;
        advance(10 * MINUTE);
        desk.get("/me").await;

        let seen = listed(&mut desk).await;
        let milliseconds = |time: time::OffsetDateTime| Value::from(time.unix_timestamp() * 1000);
        let is_current = |session: &Value| session["is_current"].as_bool().unwrap();
        assert_eq!(
            seen.iter().map(is_current).collect::<Vec<_>>(),
            [true, false],
            "{storage}: the last used first, and none of bob's"
        );
        assert_eq!(seen[0]["browser"], "Firefox on Linux", "{storage}");
        assert_eq!(seen[0]["address"], "198.51.100.7", "{storage}");
        assert_eq!(seen[0]["created_at"], milliseconds(began), "{storage}");
        assert_eq!(seen[0]["last_seen"], milliseconds(now()), "{storage}");
        assert_eq!(seen[1]["browser"], Value::Null, "{storage}");
        assert_eq!(
            seen[1]["last_seen"],
            milliseconds(began + 10 * MINUTE),
            "{storage}"
        );
        assert_eq!(
            listed(&mut phone)
                .await
                .iter()
                .map(is_current)
                .collect::<Vec<_>>()
                .len(),
            2,
            "{storage}"
        );
        assert_eq!(
            listed(&mut bob).await.len(),
            1,
            "{storage}: bob sees his own"
        );
    }
}

#[tokio::test]
async fn a_visitor_sees_and_ends_nothing() {
    for (storage, layer) in layers().await {
        let site = site(layer);
        let mut alice = site.logged_in("alice").await;
        let id = public_id(&mut alice).await;
        let mut visitor = site.browser();
        assert_eq!(
            visitor.get("/sessions").await.status,
            StatusCode::UNAUTHORIZED,
            "{storage}"
        );
        let refused = visitor.post(&format!("/sessions/{id}")).await;
        assert_eq!(refused.status, StatusCode::UNAUTHORIZED, "{storage}");
        assert_eq!(alice.me().await, "alice", "{storage}");
    }
}

#[tokio::test]
async fn one_session_can_be_ended_from_another_and_only_that_one() {
    for (storage, layer) in layers().await {
        let site = site(layer);
        let mut alice = site.logged_in("alice").await;
        let (mut lost, mut phone) = (site.logged_in("alice").await, site.logged_in("alice").await);
        lost.post("/value?key=draft&value=words").await;
        let id = public_id(&mut lost).await;
        let ended = alice.post(&format!("/sessions/{id}")).await;
        assert_eq!(ended.status, StatusCode::NO_CONTENT, "{storage}");
        assert_eq!(lost.me().await, "nobody", "{storage}");
        assert_eq!(
            lost.get("/value?key=draft").await.text,
            "nothing",
            "{storage}"
        );
        assert_eq!(alice.me().await, "alice", "{storage}");
        assert_eq!(phone.me().await, "alice", "{storage}");
        assert_eq!(listed(&mut alice).await.len(), 2, "{storage}");

        let again = alice.post(&format!("/sessions/{id}")).await;
        assert_eq!(again.status, StatusCode::NOT_FOUND, "{storage}: it is gone");
    }
}

#[tokio::test]
async fn nobody_ends_a_session_of_somebody_else() {
    for (storage, layer) in layers().await {
        let site = site(layer);
        let (mut alice, mut bob) = (site.logged_in("alice").await, site.logged_in("bob").await);
        let id = public_id(&mut alice).await;
        let refused = bob.post(&format!("/sessions/{id}")).await;
        let unknown = bob.post("/sessions/AAAAAAAAAAAAAAAAAAAAAA").await;
        assert_eq!(refused.status, StatusCode::NOT_FOUND, "{storage}");
        assert_eq!(
            refused.text, unknown.text,
            "{storage}: nor learns that there is one"
        );
        assert_eq!(unknown.status, StatusCode::NOT_FOUND, "{storage}");
        assert_eq!(alice.me().await, "alice", "{storage}");
        // Not even the admin that alice is.
        let id = public_id(&mut bob).await;
        let refused = alice.post(&format!("/sessions/{id}")).await;
        assert_eq!(refused.status, StatusCode::NOT_FOUND, "{storage}");
        assert_eq!(bob.me().await, "bob", "{storage}");
    }
}

#[tokio::test]
async fn ending_the_session_one_is_in_is_a_logout() {
    for (storage, layer) in layers().await {
        let site = site(layer);
        let (mut alice, mut phone) = (site.logged_in("alice").await, site.logged_in("alice").await);
        let (id, cookie) = (public_id(&mut alice).await, alice.cookie.clone());
        let failed = alice.post(&format!("/broken/{id}")).await;
        assert_eq!(failed.status, StatusCode::INTERNAL_SERVER_ERROR);
        assert_eq!(alice.me().await, "alice", "{storage}: not with a 5xx");
        alice.post(&format!("/sessions/{id}")).await;
        assert_eq!(alice.cookie, None, "{storage}: the cookie is removed");
        alice.cookie = cookie;
        assert_eq!(alice.me().await, "nobody", "{storage}");
        assert_eq!(phone.me().await, "alice", "{storage}");
    }
}

#[tokio::test]
async fn a_public_id_is_no_id_and_does_not_outlive_the_id() {
    for (storage, layer) in layers().await {
        let site = site(layer);
        let mut alice = site.logged_in("alice").await;
        let id = public_id(&mut alice).await;
        let cookie = alice.cookie.clone().unwrap();
        let (name, value) = cookie.split_once('=').unwrap();
        assert!(!value.contains(&id) && !id.contains(value), "{storage}");
        let mut thief = site.browser();
        thief.cookie = Some(format!("{name}={id}"));
        assert_eq!(thief.me().await, "nobody", "{storage}");

        alice.post("/login?as=alice").await;
        assert_ne!(public_id(&mut alice).await, id, "{storage}");
        let answer = alice.post(&format!("/sessions/{id}")).await;
        assert_eq!(
            answer.status,
            StatusCode::NOT_FOUND,
            "{storage}: said, not swallowed"
        );
        assert_eq!(alice.me().await, "alice", "{storage}");
    }
}

#[tokio::test]
async fn what_is_over_is_not_listed() {
    for (storage, layer) in layers().await {
        let site = site(layer);
        let mut alice = site.logged_in("alice").await;
        let _idle = site.logged_in("alice").await;
        let mut gone = site.logged_in("alice").await;
        gone.post("/logout").await;
        assert_eq!(listed(&mut alice).await.len(), 2, "{storage}: the control");
        for _ in 0..24 {
            advance(60 * MINUTE);
            alice.get("/me").await;
        }
        assert_eq!(
            listed(&mut alice).await.len(),
            1,
            "{storage}: nobody used the other"
        );

        // With another stamp, the sessions of before are anonymous.
        let user = site.accounts.get("alice");
        let epoch = user.epoch + 1;
        site.accounts.put(User { epoch, ..user });
        let mut anew = site.logged_in("alice").await;
        assert_eq!(listed(&mut anew).await.len(), 1, "{storage}");
    }
}

/// A list is what the storage has, not what the request has read before.
#[tokio::test]
async fn a_session_that_ended_meanwhile_is_not_listed() {
    for (storage, layer) in layers().await {
        let site = site(layer);
        let (mut alice, mut phone) = (site.logged_in("alice").await, site.logged_in("alice").await);
        let mut held = alice.clone();
        let held = tokio::spawn(async move { held.get("/sessions/held").await.text });
        site.gate.wait().await;
        phone.post("/logout").await;
        site.gate.wait().await;
        let seen: Vec<Value> = serde_json::from_str(&held.await.unwrap()).unwrap();
        assert_eq!(seen.len(), 1, "{storage}");
        assert_eq!(alice.me().await, "alice");
    }
}

/// A session that was revoked does not come back with what it still had in flight.
#[tokio::test]
async fn a_request_that_was_held_open_does_not_bring_a_revoked_session_back() {
    for (storage, layer) in layers().await {
        let site = site(layer);
        let mut alice = site.logged_in("alice").await;
        let mut lost = site.logged_in("alice").await;
        let id = public_id(&mut lost).await;
        let mut held = lost.clone();
        let held = tokio::spawn(async move { held.post("/held?save").await });
        site.gate.wait().await;
        alice.post(&format!("/sessions/{id}")).await;
        site.gate.wait().await;
        assert!(!held.await.unwrap().sets_cookie(), "{storage}");
        assert_eq!(lost.me().await, "nobody", "{storage}");
        assert_eq!(listed(&mut alice).await.len(), 1, "{storage}");
    }
}
