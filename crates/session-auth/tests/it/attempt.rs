//! `Auth::attempt`: a name and a password, over every storage; what a guesser can learn, and how often he may try.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::extract::{Extension, Form};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};
use session_auth::password::{PasswordHash, PasswordHasher};
use session_auth::{Attempt, Auth, AuthError, SessionLayer, Throttle};

use crate::log::Log;
use crate::site::{Accounts, Site, layers};

/// The stored hashes.
type Hashes = Arc<Mutex<HashMap<String, PasswordHash>>>;

const PASSWORD: &str = "correct horse";

/// Cheap: what is tested is who computes, not for how long.
fn quick() -> PasswordHasher {
    PasswordHasher::new().cost(8, 1, 1)
}

async fn attempt(
    auth: Auth<Accounts>,
    hashes: Extension<Hashes>,
    accounts: Extension<Accounts>,
    Form(form): Form<HashMap<String, String>>,
) -> Result<Response, AuthError> {
    let attempt = auth
        .attempt(&form["name"], &form["password"], |name| async move {
            if name == "broken" {
                return Err(crate::site::Away);
            }
            let hash = hashes.lock().unwrap().get(name).cloned();
            Ok(hash.map(|hash| (hash, accounts.get(name))))
        })
        .await?;
    let status = match &attempt {
        Attempt::LoggedIn {
            rehash: Some(_), ..
        } => StatusCode::ACCEPTED,
        other => other.status(),
    };
    Ok((status, &attempt, Json(attempt.to_string())).into_response())
}

/// A site where alice has a password, and bob has none.
async fn site(layer: SessionLayer, hasher: &PasswordHasher) -> Site {
    let hashes = Hashes::default();
    let hash = quick().hash(PASSWORD).await.unwrap();
    hashes.lock().unwrap().insert("alice".into(), hash);
    let routes = Router::new()
        .route("/attempt", post(attempt))
        .layer(Extension(hashes));
    let throttle = Throttle::new().per_account(3, Duration::from_secs(60));
    Site::with(
        layer,
        |auth| auth.passwords(hasher.clone()).throttle(throttle),
        routes,
    )
}

async fn try_from(
    site: &Site,
    address: [u8; 4],
    name: &str,
    password: &str,
) -> (StatusCode, String, String) {
    let mut browser = site.browser();
    browser.address = IpAddr::from(address);
    let answer = browser
        .submit("/attempt", &[("name", name), ("password", password)])
        .await;
    (answer.status, answer.text, browser.me().await)
}

const HERE: [u8; 4] = [192, 0, 2, 1];
const ELSEWHERE: [u8; 4] = [198, 51, 100, 7];

#[tokio::test]
async fn the_right_password_logs_in_and_a_wrong_one_does_not() {
    for (storage, layer) in layers().await {
        let site = site(layer, &quick()).await;
        let (status, _, me) = try_from(&site, HERE, "alice", PASSWORD).await;
        assert_eq!(
            (status, me.as_str()),
            (StatusCode::OK, "alice"),
            "{storage}"
        );
        for wrong in [
            "correct horsf",
            "Correct horse",
            "correct horse ",
            " correct horse",
            "",
        ] {
            let (status, _, me) = try_from(&site, ELSEWHERE, "alice", wrong).await;
            assert!(
                status != StatusCode::OK && me == "nobody",
                "{storage}: {wrong:?}"
            );
        }
    }
}

/// Whether it was right, wrong, too much, or could not be looked up.
#[tokio::test]
async fn no_log_and_no_debug_shows_a_password_or_its_hash() {
    let hash = quick().hash(PASSWORD).await.unwrap();
    let (_, secret_part) = hash.as_str().rsplit_once('$').unwrap();
    let wrong = "hunter2 on a horse";
    for (_storage, layer) in layers().await {
        let log = Log::default();
        let _guard = log.here();
        let hasher = quick();
        let site = site(layer, &hasher).await;
        for (name, password) in [
            ("alice", PASSWORD),
            ("alice", wrong),
            ("nobody", wrong),
            ("broken", wrong),
            ("alice", &*wrong.repeat(1_000)),
            ("alice", wrong),
            ("alice", wrong),
            ("alice", PASSWORD),
        ] {
            let answer = try_from(&site, HERE, name, password).await;
            let shown = format!("{answer:?}");
            for secret in [PASSWORD, wrong] {
                assert!(!shown.contains(secret), "{shown}");
            }
        }
        tracing::info!(?hash, ?hasher, "what a program may log");
        assert!(log.text().contains("what a program may log"));
        log.hides(&[PASSWORD, wrong, secret_part]);
    }
}

#[tokio::test]
async fn an_unknown_name_is_answered_like_a_wrong_password_and_costs_the_same() {
    for (storage, layer) in layers().await {
        let hasher = quick();
        let site = site(layer, &hasher).await;
        let mut answers = Vec::new();
        for (name, password) in [
            ("alice", "wrong password"),
            ("nobody", "wrong password"),
            ("nobody", PASSWORD),
        ] {
            let before = hasher.computed();
            answers.push(try_from(&site, HERE, name, password).await);
            assert_eq!(hasher.computed() - before, 1, "{storage}: {name}");
        }
        assert_eq!(answers[0].0, StatusCode::UNPROCESSABLE_ENTITY, "{storage}");
        assert!(
            answers.iter().all(|answer| *answer == answers[0]),
            "{storage}: {answers:?}"
        );
    }
}

#[tokio::test]
async fn a_guesser_waits_and_the_owner_elsewhere_does_not() {
    for (storage, layer) in layers().await {
        let hasher = quick();
        let site = site(layer, &hasher).await;
        for _ in 0..3 {
            assert_eq!(
                try_from(&site, HERE, "alice", "wrong password").await.0,
                StatusCode::UNPROCESSABLE_ENTITY
            );
        }
        let before = hasher.computed();
        let (status, text, me) = try_from(&site, HERE, "alice", PASSWORD).await;
        assert_eq!(
            (status, me.as_str()),
            (StatusCode::TOO_MANY_REQUESTS, "nobody"),
            "{storage}"
        );
        assert!(text.contains("seconds"), "{storage}: {text}");
        assert_eq!(
            hasher.computed(),
            before,
            "{storage}: it is refused before anything is computed"
        );

        let (status, _, me) = try_from(&site, ELSEWHERE, "alice", PASSWORD).await;
        assert_eq!(
            (status, me.as_str()),
            (StatusCode::OK, "alice"),
            "{storage}"
        );
    }
}

#[tokio::test]
async fn a_name_that_nobody_has_is_throttled_like_any_other() {
    for (storage, layer) in layers().await {
        let site = site(layer, &quick()).await;
        let mut last = StatusCode::OK;
        for _ in 0..4 {
            last = try_from(&site, HERE, "nobody", "wrong password").await.0;
        }
        assert_eq!(last, StatusCode::TOO_MANY_REQUESTS, "{storage}");
    }
}

#[tokio::test]
async fn somebody_who_logs_in_often_is_not_throttled() {
    for (storage, layer) in layers().await {
        let site = site(layer, &quick()).await;
        for _ in 0..8 {
            try_from(&site, HERE, "alice", "wrong password").await;
            assert_eq!(
                try_from(&site, HERE, "alice", PASSWORD).await.0,
                StatusCode::OK,
                "{storage}"
            );
        }
    }
}

#[tokio::test]
async fn a_hash_of_another_cost_comes_back_renewed() {
    for (storage, layer) in layers().await {
        let site = site(layer, &PasswordHasher::new().cost(16, 1, 1)).await;
        let (status, _, me) = try_from(&site, HERE, "alice", PASSWORD).await;
        assert_eq!(
            (status, me.as_str()),
            (StatusCode::ACCEPTED, "alice"),
            "{storage}"
        );
    }
}

#[tokio::test]
async fn an_account_that_cannot_be_found_is_an_error_and_no_refusal() {
    for (storage, layer) in layers().await {
        let site = site(layer, &quick()).await;
        // More often than the throttle would let a guesser: nothing was tried, so nothing counts.
        for _ in 0..5 {
            let (status, text, me) = try_from(&site, HERE, "broken", PASSWORD).await;
            assert_eq!(
                (status, me.as_str()),
                (StatusCode::SERVICE_UNAVAILABLE, "nobody"),
                "{storage}"
            );
            assert!(
                !text.contains("away"),
                "{storage}: the cause is for the log"
            );
        }
    }
}

#[tokio::test]
async fn an_attempt_that_found_the_queue_full_is_not_counted_as_a_failure() {
    // Slow enough that the one that holds the only permit still computes when the others come.
    let hasher = PasswordHasher::new().cost(128 * 1024, 6, 1).permits(1, 0);
    let site = site(
        SessionLayer::new(session_auth::MemoryStorage::new()),
        &hasher,
    )
    .await;
    let holder = tokio::spawn({
        let hasher = hasher.clone();
        async move { hasher.hash(PASSWORD).await }
    });
    while hasher.computed() == 0 {
        tokio::task::yield_now().await;
    }
    for _ in 0..8 {
        assert_eq!(
            try_from(&site, HERE, "alice", PASSWORD).await.0,
            StatusCode::SERVICE_UNAVAILABLE
        );
    }
    holder.await.unwrap().unwrap();
    assert_eq!(
        try_from(&site, HERE, "alice", PASSWORD).await.0,
        StatusCode::ACCEPTED
    );
}
