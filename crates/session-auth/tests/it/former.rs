//! Whose session it was, after its end: said for a week to whoever still has the cookie, and worth nothing else.

use std::time::Duration;

use axum::Router;
use axum::extract::Path;
use axum::http::{Method, StatusCode, header};
use axum::routing::{get, post};
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

const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";

/// Whose a session was is remembered, and where they were is not.
#[tokio::test]
async fn address_and_browser_go_with_the_session_however_it_ended() {
    async fn revoke(auth: Auth<Accounts>, Path(id): Path<String>) -> Result<String, AuthError> {
        Ok(auth.revoke(&id).await?.to_string())
    }
    for end in ["logout", "revoked", "logout everywhere", "cleanup"] {
        let pool = SqlitePoolOptions::new().max_connections(1);
        let pool = pool.connect("sqlite::memory:").await.unwrap();
        let storage = SqlStorage::sqlite(pool.clone());
        storage.migrate().await.unwrap();
        let site = Site::with(
            SessionLayer::new(storage.clone()).clock(now),
            |auth| auth,
            Router::new().route("/revoke/{id}", post(revoke)),
        );
        let mut there = site.browser();
        there.address = [203, 0, 113, 9].into();
        let agent = [(header::USER_AGENT, FIREFOX)];
        let login = there.send(Method::POST, "/login?as=alice", &agent, "");
        assert_eq!(login.await.status, StatusCode::OK);
        assert_eq!(holding(&pool, "203.0.113.9").await, 1, "control");
        assert_eq!(holding(&pool, "Firefox").await, 1, "control");

        match end {
            "logout" => drop(there.post("/logout").await),
            "revoked" => {
                let (key, _) = storage.list_by_user("alice").await.unwrap()[0].clone();
                let revoke = format!("/revoke/{}", key.public_id());
                let revoked = site.logged_in("alice").await.post(&revoke).await;
                assert_eq!(revoked.text, "true");
            }
            "logout everywhere" => drop(site.logged_in("alice").await.post("/others").await),
            _ => {
                advance(2 * DAY);
                assert_eq!(storage.delete_expired(now(), 500).await.unwrap(), 1);
            }
        }
        assert_eq!(holding(&pool, "203.0.113.9").await, 0, "{end}");
        assert_eq!(holding(&pool, "Firefox").await, 0, "{end}");
        let ended = sqlx::query("select 1 from session_auth_ended where user_id = 'alice'");
        let ended = ended.fetch_all(&pool).await.unwrap();
        assert_eq!(ended.len(), 1, "{end}: whose it was");
    }
}

/// In how many places of the whole database this stands.
async fn holding(pool: &sqlx::SqlitePool, text: &str) -> i64 {
    let columns = "select tables.name, columns.name from sqlite_master as tables, pragma_table_info(tables.name) as columns
        where tables.type = 'table'";
    let columns: Vec<(String, String)> = sqlx::query_as(columns).fetch_all(pool).await.unwrap();
    assert!(columns.len() > 10);
    let mut places = 0;
    for (table, column) in columns {
        let count = format!(
            "select count(*) from {table} where instr(cast({column} as blob), cast($1 as blob)) > 0"
        );
        let count = sqlx::query_as(sqlx::AssertSqlSafe(count)).bind(text);
        let (found,): (i64,) = count.fetch_one(pool).await.unwrap();
        places += found;
    }
    places
}
