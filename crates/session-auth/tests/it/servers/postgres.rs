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
    isolated(name, "read committed").await
}

/// On a server whose transactions are isolated like this unless they say otherwise.
async fn isolated(name: &str, level: &str) -> PgPool {
    let schema = name.replace('-', "_");
    let options = PgConnectOptions::from_str(&super::address("GATEPOST_TEST_POSTGRES")).unwrap();
    let options = options.options([
        ("search_path", schema.as_str()),
        ("default_transaction_isolation", level),
    ]);
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

#[cfg(feature = "encrypted-cookie")]
#[tokio::test]
#[ignore = "needs PostgreSQL: cargo xtask test"]
async fn cookies_that_postgres_revokes_keep_the_contract() {
    contract(async |name| {
        let ledger = open(&format!("cookies_{name}")).await;
        crate::revocable::encrypted(ledger)
    })
    .await;
}

#[tokio::test]
#[ignore = "needs PostgreSQL: cargo xtask test"]
async fn two_servers_on_one_database_count_to_twenty_one() {
    let sites = [site(open("servers").await), site(open("servers").await)];
    count_together(&sites).await;
}

#[tokio::test]
#[ignore = "needs PostgreSQL: cargo xtask test"]
async fn a_server_that_isolates_more_strictly_loses_nothing_and_refuses_nobody() {
    for level in ["repeatable read", "serializable"] {
        let name = format!("test_{}_{level}", std::process::id()).replace(' ', "_");
        let pool = isolated(&name, level).await;
        let (found,): (String,) = sqlx::query_as("show transaction_isolation")
            .fetch_one(&pool)
            .await
            .unwrap();
        assert_eq!(found, level);
        let storage = SqlStorage::postgres(pool);
        storage.migrate().await.unwrap();
        count_together(&[site(storage.clone()), site(storage)]).await;
    }
    contract(async |check: &str| {
        let name = format!("test_{}_strict_{check}", std::process::id());
        let storage = SqlStorage::postgres(isolated(&name, "repeatable read").await);
        storage.migrate().await.unwrap();
        storage
    })
    .await;
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

/// Lets the statements of one pool wait for a lock, and ends their connections there.
#[cfg(feature = "memory")]
struct Terminated {
    /// Of somebody else, who holds what they wait for.
    pool: PgPool,
    application: String,
    lock: &'static str,
    held: Option<sqlx::Transaction<'static, sqlx::Postgres>>,
}

#[cfg(feature = "memory")]
impl super::outage::Outage for Terminated {
    async fn begin(&mut self) {
        let mut held = self.pool.begin().await.unwrap();
        sqlx::query(self.lock).execute(&mut *held).await.unwrap();
        self.held = Some(held);
    }

    async fn cut(&mut self) {
        let terminate = "select pg_terminate_backend(pid) from pg_stat_activity
            where wait_event_type = 'Lock' and application_name = $1";
        let terminate = || sqlx::query(terminate).bind(&self.application);
        // Not on the connection of the lock: a transaction sees the same activity as long as it lasts.
        while terminate()
            .execute(&self.pool)
            .await
            .unwrap()
            .rows_affected()
            == 0
        {
            tokio::task::yield_now().await;
        }
    }

    async fn end(&mut self) {
        self.held.take().unwrap().rollback().await.unwrap();
    }
}

#[cfg(feature = "memory")]
async fn terminated(name: &str, lock: &'static str) -> (SqlStorage, Terminated) {
    let others = pool(name).await;
    let application = format!("test {} {name}", std::process::id());
    let options = (*others.connect_options()).clone();
    let options = options.application_name(&application);
    let pool = PgPoolOptions::new().max_connections(4);
    let storage = SqlStorage::postgres(pool.connect_with(options).await.unwrap());
    storage.migrate().await.unwrap();
    let outage = Terminated {
        pool: others,
        application,
        lock,
        held: None,
    };
    (storage, outage)
}

#[cfg(feature = "memory")]
#[tokio::test]
#[ignore = "needs PostgreSQL: cargo xtask test"]
async fn connections_cut_in_any_statement_lose_nothing_and_let_nobody_in() {
    let lock = "lock table session_auth_sessions in access exclusive mode";
    let (storage, outage) = terminated("cut", lock).await;
    super::outage::is_outlived(storage, outage, &super::outage::CALLS).await;
}

/// All of the work is done, and the connection ends when it is to be made to last.
#[cfg(feature = "memory")]
#[tokio::test]
#[ignore = "needs PostgreSQL: cargo xtask test"]
async fn connections_cut_in_a_commit_acknowledge_nothing() {
    let lock = "lock table waited_for in access exclusive mode";
    let (storage, outage) = terminated("cut-commit", lock).await;
    for statement in [
        "create table waited_for ()",
        "create function wait() returns trigger language plpgsql as
            $$ begin perform 1 from waited_for; return null; end $$",
        "create constraint trigger wait after insert or update or delete on session_auth_sessions
            deferrable initially deferred for each row execute function wait()",
    ] {
        sqlx::query(statement).execute(&outage.pool).await.unwrap();
    }
    super::outage::is_outlived(storage, outage, &super::outage::WRITES).await;
}

/// The connections end while nobody uses them; the next requests make new ones.
#[tokio::test]
#[ignore = "needs PostgreSQL: cargo xtask test"]
async fn connections_cut_at_rest_are_not_missed() {
    let pool = pool("cut-idle").await;
    let storage = SqlStorage::postgres(pool.clone());
    storage.migrate().await.unwrap();
    let site = site(storage);
    let cookie = cookie_of(&site).await;
    for expected in 2..6 {
        let mut pids = Vec::new();
        let mut held = Vec::new();
        for _ in 0..4 {
            let mut connection = pool.acquire().await.unwrap();
            let (pid,): (i32,) = sqlx::query_as("select pg_backend_pid()")
                .fetch_one(&mut *connection)
                .await
                .unwrap();
            pids.push(pid);
            held.push(connection);
        }
        drop(held);
        let mut killer = pool_in("public").await.acquire().await.unwrap();
        sqlx::query("select pg_terminate_backend(pid) from unnest($1) as pid")
            .bind(pids)
            .execute(&mut *killer)
            .await
            .unwrap();
        let counted = visit(&site, "/count", &cookie).await;
        assert_eq!(counted.status(), StatusCode::OK);
        assert_eq!(body(counted).await, expected.to_string());
    }
}

/// A database that nobody else has.
#[cfg(all(feature = "memory", feature = "sqlite"))]
async fn another() -> SqlStorage {
    static DATABASES: std::sync::atomic::AtomicUsize = std::sync::atomic::AtomicUsize::new(0);
    let number = DATABASES.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    open(&format!("former-{number}")).await
}

#[cfg(all(feature = "memory", feature = "sqlite"))]
#[tokio::test]
#[ignore = "needs PostgreSQL: cargo xtask test"]
async fn an_ended_session_says_whose_it_was_for_a_week() {
    crate::former::however_it_ended(another).await;
    crate::former::for_a_week(another).await;
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
    let other = open("touches").await;
    let seen = async |key| other.load(key).await.unwrap().unwrap().last_seen;
    assert_eq!(seen(&keys[0]).await, seconds(0));
    assert_eq!(seen(&keys[1]).await, seconds(90));

    lock.rollback().await.unwrap();
    assert_eq!(storage.delete_expired(seconds(50), 10).await.unwrap(), 0);
    assert_eq!(seen(&keys[0]).await, seconds(90), "the next batch has it");
    // The deadline stands: not 190.
    assert_eq!(other.delete_expired(seconds(179), 10).await.unwrap(), 0);
    assert_eq!(other.delete_expired(seconds(180), 10).await.unwrap(), 2);
}

#[tokio::test]
#[ignore = "needs PostgreSQL: cargo xtask test"]
async fn a_use_waits_no_longer_when_its_session_is_gone_or_was_used_later() {
    let pool = pool("touches-end").await;
    let storage = SqlStorage::postgres(pool.clone());
    storage.migrate().await.unwrap();
    let keys = [1, 2, 3].map(|number| SessionKey::from_bytes([number; 32]));
    let [gone, later, never] = &keys;
    for key in [gone, later] {
        assert!(storage.create(key, &session()).await.unwrap());
    }
    for key in &keys {
        storage.touch(key, seconds(90)).await.unwrap();
    }
    let mut holder = pool.begin().await.unwrap();
    sqlx::query("delete from session_auth_sessions where key = $1")
        .bind(&gone.as_bytes()[..])
        .execute(&mut *holder)
        .await
        .unwrap();
    sqlx::query("update session_auth_sessions set last_seen = 95000 where key = $1")
        .bind(&later.as_bytes()[..])
        .execute(&mut *holder)
        .await
        .unwrap();
    assert_eq!(storage.delete_expired(seconds(50), 10).await.unwrap(), 0);
    for key in [gone, later] {
        let seen = storage.load(key).await.unwrap().unwrap().last_seen;
        assert_eq!(seen, seconds(90), "the note counts while it waits");
    }
    holder.commit().await.unwrap();
    assert_eq!(storage.delete_expired(seconds(50), 10).await.unwrap(), 0);
    let seen = storage.load(later).await.unwrap().unwrap().last_seen;
    assert_eq!(seen, seconds(95));
    for key in [gone, never] {
        assert!(storage.create(key, &session()).await.unwrap());
        let seen = storage.load(key).await.unwrap().unwrap().last_seen;
        assert_eq!(seen, seconds(0), "no note is left");
    }
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
