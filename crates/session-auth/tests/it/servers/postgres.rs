//! PostgreSQL: the contract, rows that others hold, and connections that are cut.

use std::str::FromStr;
use std::time::Duration;

use axum::http::StatusCode;
use session_auth::testing::contract;
use session_auth::{
    Client, Lifetime, SessionKey, SessionStorage, SqlStorage, StoredSession, Values,
};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{AssertSqlSafe, PgPool};
use time::OffsetDateTime;

use crate::counter::{body, cookie_of, count_together, damage_is_nobodys, site, visit};

/// A schema of this name is a database of its own to whoever connects like this; of each run of the tests another one.
async fn pool(name: &str) -> PgPool {
    pool_in(&format!("test_{}_{name}", std::process::id())).await
}

pub(super) async fn pool_in(name: &str) -> PgPool {
    let schema = name.replace('-', "_");
    let options = PgConnectOptions::from_str(&super::address("GATEPOST_TEST_POSTGRES")).unwrap();
    let options = options.options([("search_path", schema.as_str())]);
    let pool = PgPoolOptions::new().max_connections(4);
    let pool = pool.connect_with(options).await.unwrap();
    let create = format!("create schema if not exists {schema}");
    sqlx::query(AssertSqlSafe(create))
        .execute(&pool)
        .await
        .unwrap();
    pool
}

async fn open(name: &str) -> SqlStorage {
    let storage = SqlStorage::postgres(pool(name).await);
    storage.migrate().await.unwrap();
    storage
}

fn session() -> StoredSession {
    let start = OffsetDateTime::UNIX_EPOCH;
    StoredSession {
        created_at: start,
        last_seen: start,
        lifetime: Lifetime {
            idle: Duration::from_secs(100),
            deadline: start + Duration::from_secs(180),
            persistent: false,
        },
        login: None,
        client: Client::default(),
        values: Values::default(),
    }
}

fn seconds(seconds: u64) -> OffsetDateTime {
    OffsetDateTime::UNIX_EPOCH + Duration::from_secs(seconds)
}

#[tokio::test]
#[ignore = "needs PostgreSQL: cargo xtask test"]
async fn postgres_keeps_the_contract() {
    contract(open).await;
}

#[tokio::test]
#[ignore = "needs PostgreSQL: cargo xtask test"]
async fn two_servers_on_one_database_count_to_twenty_one() {
    let sites = [site(open("servers").await), site(open("servers").await)];
    count_together(&sites).await;
}

#[tokio::test]
#[ignore = "needs PostgreSQL: cargo xtask test"]
async fn several_processes_make_the_table_at_once() {
    let pool = pool("migrate").await;
    let mut storages = tokio::task::JoinSet::new();
    for _ in 0..4 {
        let storage = SqlStorage::postgres(pool.clone());
        storages.spawn(async move { storage.migrate().await });
    }
    for migrated in storages.join_all().await {
        migrated.unwrap();
    }
    let site = site(open("migrate").await);
    let cookie = cookie_of(&site).await;
    open("migrate").await;
    assert_eq!(body(visit(&site, "/read", &cookie).await).await, "Some(1)");
}

#[tokio::test]
#[ignore = "needs PostgreSQL: cargo xtask test"]
async fn cut_connections_lose_nothing_and_let_nobody_in() {
    let pool = pool("cut").await;
    let storage = SqlStorage::postgres(pool.clone());
    storage.migrate().await.unwrap();
    let site = site(storage);
    let cookie = cookie_of(&site).await;

    // Somebody holds the row, so the write is on its way when its connection is cut.
    let mut lock = pool.begin().await.unwrap();
    sqlx::query("select key from session_auth_sessions for update")
        .execute(&mut *lock)
        .await
        .unwrap();
    let write = {
        let (site, cookie) = (site.clone(), cookie.clone());
        tokio::spawn(async move { visit(&site, "/write", &cookie).await })
    };
    let waiting = "select pg_terminate_backend(pid) from pg_stat_activity
        where wait_event_type = 'Lock' and query like '%session_auth_sessions%for update'";
    // Not on the connection of the lock: a transaction sees the same activity as long as it lasts.
    while sqlx::query(waiting)
        .execute(&pool)
        .await
        .unwrap()
        .rows_affected()
        == 0
    {
        tokio::task::yield_now().await;
    }
    let refused = write.await.unwrap();
    assert_eq!(refused.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert!(refused.headers().contains_key("retry-after"));
    assert!(!refused.headers().contains_key("set-cookie"));
    lock.rollback().await.unwrap();

    assert_eq!(body(visit(&site, "/count", &cookie).await).await, "2");
    let forged = format!("{}x", &cookie[..cookie.len() - 1]);
    assert_eq!(body(visit(&site, "/read", &forged).await).await, "None");
}

#[tokio::test]
#[ignore = "needs PostgreSQL: cargo xtask test"]
async fn a_batch_of_uses_steps_aside_for_a_row_that_somebody_writes() {
    let pool = pool("touches").await;
    let storage = SqlStorage::postgres(pool.clone());
    storage.migrate().await.unwrap();
    let keys = [1, 2].map(|number| SessionKey::from_bytes([number; 32]));
    for key in &keys {
        assert!(storage.create(key, &session()).await.unwrap());
        storage.touch(key, seconds(90)).await.unwrap();
        storage.touch(key, seconds(60)).await.unwrap();
    }
    let mut lock = pool.begin().await.unwrap();
    sqlx::query("select key from session_auth_sessions where key = $1 for update")
        .bind(&keys[0].as_bytes()[..])
        .execute(&mut *lock)
        .await
        .unwrap();
    // Writes the batch first; it would wait here for ever.
    assert_eq!(storage.delete_expired(seconds(50), 10).await.unwrap(), 0);
    lock.rollback().await.unwrap();

    let other = open("touches").await;
    let seen = async |key| other.load(key).await.unwrap().unwrap().last_seen;
    assert_eq!(seen(&keys[0]).await, seconds(0));
    assert_eq!(seen(&keys[1]).await, seconds(90));
    // The deadline stands: not 190.
    assert_eq!(other.delete_expired(seconds(179), 10).await.unwrap(), 1);
    assert_eq!(other.delete_expired(seconds(180), 10).await.unwrap(), 1);
}

#[tokio::test]
#[ignore = "needs PostgreSQL: cargo xtask test"]
async fn a_damaged_row_is_nobodys_and_goes() {
    let pool = pool("damaged").await;
    let storage = SqlStorage::postgres(pool.clone());
    storage.migrate().await.unwrap();
    let site = site(storage.clone());
    for damage in [
        "data = '{\"count\": '",
        "data = '[1]'",
        "deadline = 9223372036854775807",
        "user_id = 'alice'",
    ] {
        let damaged = cookie_of(&site).await;
        let update = format!("update session_auth_sessions set {damage}");
        let update = sqlx::query(AssertSqlSafe(update)).execute(&pool).await;
        assert_eq!(update.unwrap().rows_affected(), 1);
        // Nobody's list fails because of it.
        assert_eq!(storage.list_by_user("alice").await.unwrap().len(), 0);
        let fine = cookie_of(&site).await;
        damage_is_nobodys(&site, &damaged, &fine).await;
        let left: Vec<(Vec<u8>,)> =
            sqlx::query_as("delete from session_auth_sessions returning key")
                .fetch_all(&pool)
                .await
                .unwrap();
        assert_eq!(left.len(), 2, "{damage}: the fine one and the new one");
    }
}
