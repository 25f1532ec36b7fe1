//! Sessions whose login counts no more go with the cleanup: not at once, since they may be about to be renewed, and only
//! while the directory can say that they are dead.

use std::time::Duration;

use axum::Router;
use session_auth::testing::now;
use session_auth::{AuthLayer, MemoryStorage, SessionLayer, SessionStorage};

use crate::site::{Accounts, Site};

const INTERVAL: Duration = Duration::from_secs(300);

fn site(storage: &MemoryStorage, auth: fn(AuthLayer<Accounts>) -> AuthLayer<Accounts>) -> Site {
    let layer = SessionLayer::new(storage.clone())
        .clock(now)
        .cleanup_interval(INTERVAL);
    Site::with(layer, auth, Router::new())
}

/// Lets the paused clock of the runtime run; no test waits for real time.
async fn rounds_pass(rounds: u32) {
    tokio::time::sleep(INTERVAL * rounds + INTERVAL / 2).await;
}

async fn stored(storage: &MemoryStorage, user: &str) -> usize {
    storage.list_by_user(user).await.unwrap().len()
}

#[tokio::test(start_paused = true)]
async fn a_session_with_a_dead_stamp_goes_ten_minutes_after_it_was_first_seen() {
    let storage = MemoryStorage::new();
    let site = site(&storage, |auth| auth);
    let mut here = site.logged_in("alice").await;
    let mut there = site.logged_in("alice").await;
    let mut bob = site.logged_in("bob").await;
    rounds_pass(4).await;
    assert_eq!(stored(&storage, "alice").await, 2, "all are alive");

    assert_eq!(here.post("/renewal?as=alice").await.status, 200);
    assert_eq!(there.me().await, "nobody", "at once");
    // Seen dead in the round after 5 minutes and in that after 10: no ten minutes apart yet.
    rounds_pass(2).await;
    assert_eq!(stored(&storage, "alice").await, 2, "it may be renewed yet");
    rounds_pass(1).await;
    assert_eq!(stored(&storage, "alice").await, 1);
    assert_eq!(here.me().await, "alice");
    assert_eq!(bob.me().await, "bob");

    site.accounts.disable("bob");
    rounds_pass(4).await;
    assert_eq!(stored(&storage, "bob").await, 0);
    assert_eq!(here.me().await, "alice");
}

#[tokio::test(start_paused = true)]
async fn a_session_that_was_renewed_meanwhile_stays() {
    let storage = MemoryStorage::new();
    let site = site(&storage, |auth| auth);
    let mut alice = site.logged_in("alice").await;
    // The password is changed, and the request that changed it runs on.
    let mut changed = site.accounts.get("alice");
    changed.epoch += 1;
    let before = site.accounts.get("alice");
    site.accounts.put(changed);
    rounds_pass(2).await;
    assert_eq!(stored(&storage, "alice").await, 1);
    site.accounts.put(before);
    assert_eq!(alice.post("/renewal?as=alice").await.status, 200);
    rounds_pass(6).await;
    assert_eq!(alice.me().await, "alice");
    assert_eq!(stored(&storage, "alice").await, 1);
}

#[tokio::test(start_paused = true)]
async fn while_the_directory_is_away_nothing_goes() {
    let storage = MemoryStorage::new();
    let site = site(&storage, |auth| auth);
    site.logged_in("alice").await;
    site.accounts.go_away(true);
    rounds_pass(6).await;
    assert_eq!(stored(&storage, "alice").await, 1);
    site.accounts.go_away(false);
    site.accounts.disable("alice");
    rounds_pass(4).await;
    assert_eq!(stored(&storage, "alice").await, 0);
}

#[tokio::test(start_paused = true)]
async fn among_others_what_this_directory_does_not_know_stays() {
    let storage = MemoryStorage::new();
    let site = site(&storage, AuthLayer::among_others);
    site.logged_in("alice").await;
    site.accounts.disable("alice");
    rounds_pass(6).await;
    assert_eq!(stored(&storage, "alice").await, 1);
}

/// Of a site that has two directories over one session layer.
#[tokio::test(start_paused = true)]
async fn a_login_that_counts_for_one_of_two_directories_stays() {
    use axum::routing::get;

    let storage = MemoryStorage::new();
    let layer = SessionLayer::new(storage.clone())
        .clock(now)
        .cleanup_interval(INTERVAL);
    let (customers, staff) = (Accounts::new(), Accounts::new());
    staff.disable("alice");
    let log_in = |auth: session_auth::Auth<Accounts>| async move {
        let user = Accounts::new().get("alice");
        auth.login(&user).await
    };
    let routes = |path, accounts: &Accounts| {
        let routes = Router::new().route(path, get(log_in));
        routes.layer(AuthLayer::new(accounts.clone()))
    };
    let site = routes("/customers", &customers).merge(routes("/staff", &staff));
    let browser = session_auth::testing::Browser::new(site.layer(layer));
    browser.get("/customers").await;
    browser.copy().get("/staff").await;
    rounds_pass(6).await;
    assert_eq!(stored(&storage, "alice").await, 1);
    customers.disable("alice");
    rounds_pass(6).await;
    assert_eq!(stored(&storage, "alice").await, 0);
}

/// More than one round looks at.
#[tokio::test(start_paused = true)]
async fn round_by_round_every_user_is_looked_at() {
    let storage = MemoryStorage::new();
    let site = site(&storage, |auth| auth);
    let user = site.accounts.get("bob");
    for number in 0..1200 {
        let mut browser = site.browser();
        let name = format!("user {number}");
        site.accounts.put(crate::site::User {
            name: name.clone(),
            ..user.clone()
        });
        let path = format!("/login?as=user%20{number}");
        assert_eq!(browser.post(&path).await.status, 200);
        site.accounts.disable(&name);
    }
    let left = async || storage.users(None, 10_000).await.unwrap().len();
    assert_eq!(left().await, 1200);
    rounds_pass(2).await;
    assert_eq!(left().await, 1200);
    rounds_pass(7).await;
    assert_eq!(left().await, 0);
}
