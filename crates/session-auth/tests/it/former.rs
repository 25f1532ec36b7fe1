//! Whose session it was, after its end: said for a week to whoever still has the cookie, and worth nothing else.

use std::time::Duration;

use axum::Router;
use axum::http::StatusCode;
use axum::routing::get;
use session_auth::testing::{advance, now};
use session_auth::{Auth, AuthError, FORMER_LOGIN, SessionLayer, SessionStorage, SqlStorage};
use sqlx::sqlite::SqlitePoolOptions;

use crate::site::{Accounts, Browser, Site};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

async fn former(auth: Auth<Accounts>) -> Result<String, AuthError> {
    Ok(auth
        .former_user()
        .await?
        .unwrap_or_else(|| "nobody".to_owned()))
}

/// A new database.
async fn sqlite() -> SqlStorage {
    let pool = SqlitePoolOptions::new()
        .max_connections(1)
        .connect("sqlite::memory:")
        .await
        .unwrap();
    let storage = SqlStorage::sqlite(pool);
    storage.migrate().await.unwrap();
    storage
}

fn site(storage: &SqlStorage) -> Site {
    let layer = SessionLayer::new(storage.clone()).clock(now);
    Site::with(
        layer,
        |auth| auth,
        Router::new().route("/former", get(former)),
    )
}

/// What the cookie still says, and that it opens nothing.
#[track_caller]
fn said(answer: String, me: String, private: StatusCode) -> String {
    assert_eq!(
        (me.as_str(), private),
        ("nobody", StatusCode::SEE_OTHER),
        "it logs nobody in"
    );
    answer
}

async fn asked(browser: &mut Browser) -> String {
    let answer = browser.get("/former").await;
    assert!(!answer.sets_cookie(), "asking brings nothing back");
    let (me, private) = (browser.me().await, browser.get("/private").await.status);
    said(answer.text, me, private)
}

#[tokio::test]
async fn while_somebody_is_logged_in_nobody_was() {
    let site = site(&sqlite().await);
    assert_eq!(asked(&mut site.browser()).await, "nobody", "a visitor");
    let mut alice = site.logged_in("alice").await;
    assert_eq!(alice.get("/former").await.text, "nobody");
    assert_eq!(alice.me().await, "alice", "control");
}

#[tokio::test]
async fn an_ended_session_says_whose_it_was_however_it_ended() {
    however_it_ended(sqlite).await;
}

pub(crate) async fn however_it_ended(open: impl AsyncFn() -> SqlStorage) {
    for end in [
        "logout",
        "logout everywhere",
        "time",
        "time and cleanup",
        "stamp",
        "disabled",
    ] {
        let storage = open().await;
        let site = site(&storage);
        let mut alice = site.logged_in("alice").await;
        let cookie = alice.cookie.clone();
        match end {
            "logout" => drop(alice.post("/logout").await),
            "logout everywhere" => drop(site.logged_in("alice").await.post("/others").await),
            "time" => advance(2 * DAY),
            "time and cleanup" => {
                advance(2 * DAY);
                assert_eq!(storage.delete_expired(now(), 500).await.unwrap(), 1);
            }
            "stamp" => {
                let mut user = site.accounts.get("alice");
                user.epoch += 1;
                site.accounts.put(user);
            }
            _ => site.accounts.disable("alice"),
        }
        alice.cookie = cookie;
        assert_eq!(asked(&mut alice).await, "alice", "{end}");
        // A login with that cookie begins anew.
        if end != "disabled" {
            alice.post("/login?as=bob").await;
            assert_eq!(
                (
                    alice.me().await.as_str(),
                    alice.get("/former").await.text.as_str()
                ),
                ("bob", "nobody"),
                "{end}"
            );
        }
    }
}

#[tokio::test]
async fn after_a_week_nobody_remembers() {
    for_a_week(sqlite).await;
}

pub(crate) async fn for_a_week(open: impl AsyncFn() -> SqlStorage) {
    for cleaned in [false, true] {
        let storage = open().await;
        let site = site(&storage);
        let mut alice = site.logged_in("alice").await;
        let cookie = alice.cookie.clone();
        alice.post("/logout").await;
        alice.cookie = cookie;
        if cleaned {
            storage.delete_expired(now(), 500).await.unwrap();
        }
        advance(FORMER_LOGIN - Duration::from_secs(1));
        assert_eq!(asked(&mut alice).await, "alice", "control");
        advance(Duration::from_secs(1));
        storage.delete_expired(now(), 500).await.unwrap();
        if cleaned {
            assert_eq!(asked(&mut alice).await, "nobody");
        }
        advance(FORMER_LOGIN);
        storage.delete_expired(now(), 500).await.unwrap();
        assert_eq!(asked(&mut alice).await, "nobody", "{cleaned}");
    }
}

#[tokio::test]
async fn a_cookie_that_was_never_a_login_names_nobody() {
    let site = site(&sqlite().await);
    let mut visitor = site.browser();
    visitor.post("/value?key=cart&value=apples").await;
    let cookie = visitor.cookie.clone();
    advance(2 * DAY);
    visitor.cookie = cookie.clone();
    assert_eq!(asked(&mut visitor).await, "nobody", "a visitor's session");
    let (name, id) = cookie
        .as_deref()
        .and_then(|cookie| cookie.split_once('='))
        .unwrap();
    let mut forged: String = id.chars().rev().collect();
    forged.truncate(id.len());
    visitor.cookie = Some(format!("{name}={forged}"));
    assert_eq!(asked(&mut visitor).await, "nobody", "a forged one");
}
