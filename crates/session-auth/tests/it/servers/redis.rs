//! Redis: the contract, the index of a user, time to live, and connections that are cut.

#[cfg(feature = "memory")]
mod faults;
#[cfg(feature = "memory")]
mod index;
#[cfg(feature = "memory")]
mod many;
#[cfg(feature = "memory")]
mod proxy;

use std::time::Duration;

use axum::http::StatusCode;
use redis::aio::MultiplexedConnection;
use redis::{AsyncCommands, Client as RedisClient};
use session_auth::testing::contract;
use session_auth::{
    Change, Client, Lifetime, Login, Outcome, RedisStorage, SessionKey, SessionStorage, Stamp,
    StoredSession, Values,
};
use time::OffsetDateTime;

use crate::counter::{body, cookie_of, count_together, damage_is_nobodys, site, visit};

pub(super) fn client() -> RedisClient {
    RedisClient::open(super::address("GATEPOST_TEST_REDIS")).unwrap()
}

pub(super) async fn connection() -> MultiplexedConnection {
    client().get_multiplexed_async_connection().await.unwrap()
}

/// Of each run of the tests another prefix.
fn prefix(name: &str) -> String {
    format!("test-{}-{name}:", std::process::id())
}

fn open(name: &str) -> RedisStorage {
    RedisStorage::new(client()).prefix(&prefix(name))
}

fn start() -> OffsetDateTime {
    OffsetDateTime::UNIX_EPOCH
}

fn session_of(user: &str) -> StoredSession {
    StoredSession {
        created_at: start(),
        last_seen: start(),
        lifetime: Lifetime {
            idle: Duration::from_secs(100),
            deadline: start() + Duration::from_secs(180),
            persistent: false,
        },
        login: Some(Login {
            user: user.to_owned(),
            stamp: Stamp::of(&[b"stamp"]),
            at: start(),
            remember: false,
        }),
        client: Client::default(),
        values: Values::default(),
    }
}

fn key(number: u8) -> SessionKey {
    let mut bytes = [number; 32];
    bytes[30..].fill(0);
    SessionKey::from_bytes(bytes)
}

async fn keys(connection: &mut MultiplexedConnection, pattern: &str) -> Vec<String> {
    let mut keys: Vec<String> = connection.keys(pattern).await.unwrap();
    keys.sort();
    keys
}

#[tokio::test]
#[ignore = "needs Redis: cargo xtask test"]
async fn redis_keeps_the_contract() {
    contract(async |name| open(name)).await;
}

#[cfg(feature = "encrypted-cookie")]
#[tokio::test]
#[ignore = "needs Redis: cargo xtask test"]
async fn cookies_that_redis_revokes_keep_the_contract() {
    contract(async |name| crate::revocable::encrypted(open(&format!("cookies-{name}")))).await;
}

#[tokio::test]
#[ignore = "needs Redis: cargo xtask test"]
async fn redis_shared_with_aiohttp_keeps_what_that_format_can() {
    contract(async |name| {
        let redis = RedisStorage::new(client()).aiohttp_compatible();
        redis.cookie_name(prefix(name).replace(':', "-"))
    })
    .await;
}

/// Byte for byte what aiohttp-session writes, under the very id of the cookie, until it is over.
#[tokio::test]
#[ignore = "needs Redis: cargo xtask test"]
async fn a_session_shared_with_aiohttp_is_the_text_that_python_writes() {
    let name = prefix("shared").replace(':', "-");
    let shared = RedisStorage::new(client()).aiohttp_compatible();
    let shared = shared.cookie_name(&name).max_age(Duration::from_secs(600));
    let layer = session_auth::SessionLayer::new(shared).clock(session_auth::testing::now);
    let site = crate::counter::site_on(layer);
    let made = visit(&site, "/count", "").await;
    let set = made.headers()["set-cookie"].to_str().unwrap().to_owned();
    assert!(set.starts_with(&format!("{name}=")), "{set}");
    assert!(set.ends_with("; Max-Age=600"), "{set}");
    let cookie = set.split(';').next().unwrap();
    let key = cookie.replacen('=', "_", 1);

    let mut connection = connection().await;
    let now = session_auth::testing::now().unix_timestamp();
    let text = format!(r#"{{"created": {now}, "session": {{"count": 1}}}}"#);
    let stored: String = connection.get(&key).await.unwrap();
    assert_eq!(stored, text);
    let left: i64 = connection.ttl(&key).await.unwrap();
    assert!((590..=600).contains(&left), "{left}");

    // What Python leaves of an ended session, and what is none at all.
    for (text, read, is_left) in [
        ("{}", "None", true),
        (r#"{"created": 5, "session": {"count": 7}}"#, "None", true),
        (r#"{"session": {"count": 7}}"#, "None", true),
        (r#"{"created": NaN, "session": {}}"#, "None", false),
        ("[]", "None", false),
        ("", "None", false),
    ] {
        let _: () = connection.set(&key, text).await.unwrap();
        let answer = visit(&site, "/read", cookie).await;
        assert_eq!(answer.status(), StatusCode::OK, "{text}");
        assert!(!answer.headers().contains_key("set-cookie"), "{text}");
        assert_eq!(body(answer).await, read, "{text}");
        let left: bool = connection.exists(&key).await.unwrap();
        assert_eq!(left, is_left, "{text}");
    }
    let text = format!(r#" {{ "session":{{"count":7}},"more":1,"created":{now}.5}} "#);
    let _: () = connection.set(&key, text).await.unwrap();
    assert_eq!(body(visit(&site, "/count", cookie).await).await, "8");
    let left: i64 = connection.ttl(&key).await.unwrap();
    assert!((590..=600).contains(&left), "{left}: each save begins anew");
    let _: u64 = connection.del(&key).await.unwrap();
    let _: u64 = connection.lpush(&key, 1).await.unwrap();
    assert_eq!(body(visit(&site, "/read", cookie).await).await, "None");
}

#[tokio::test]
#[ignore = "needs Redis: cargo xtask test"]
async fn two_servers_on_one_redis_count_to_twenty_one() {
    count_together(&[site(open("servers")), site(open("servers"))]).await;
}

#[tokio::test]
#[ignore = "needs Redis: cargo xtask test"]
async fn a_copy_of_redis_logs_nobody_in() {
    let site = site(open("copy"));
    let cookie = cookie_of(&site).await;
    let (_, id) = cookie.split_once('=').unwrap();
    let mut connection = connection().await;
    let stored = keys(&mut connection, &format!("{}*", prefix("copy"))).await;
    assert_eq!(stored.len(), 1, "{stored:?}");
    let dump: Vec<u8> = redis::cmd("DUMP")
        .arg(&stored[0])
        .query_async(&mut connection)
        .await
        .unwrap();
    let contains = |bytes: &[u8], part: &[u8]| bytes.windows(part.len()).any(|at| at == part);
    assert!(contains(&dump, b"count"), "this is the session");
    for part in [&id[..8], &id[8..]] {
        assert!(!contains(&dump, part.as_bytes()));
        assert!(!contains(stored[0].as_bytes(), part.as_bytes()));
    }
}

#[tokio::test]
#[ignore = "needs Redis: cargo xtask test"]
async fn redis_keeps_a_session_a_day_longer_than_the_layer_does() {
    let storage = open("ttl");
    assert!(storage.create(&key(1), &session_of("alice")).await.unwrap());
    let mut connection = connection().await;
    let stored = keys(&mut connection, &format!("{}{{*", prefix("ttl"))).await;
    let index = keys(&mut connection, &format!("{}user:*", prefix("ttl"))).await;
    let day = 24 * 60 * 60;
    let left: i64 = connection.ttl(&stored[0]).await.unwrap();
    assert!((day + 60..=day + 100).contains(&left), "{left}");
    let left: i64 = connection.ttl(&index[0]).await.unwrap();
    assert!((day + 140..=day + 180).contains(&left), "{left}");

    // Used at 90, so over at the deadline; and then the index has to live as long as the new deadline says.
    storage
        .touch(&key(1), start() + Duration::from_secs(90))
        .await
        .unwrap();
    let mut change = Change::new(start() + Duration::from_secs(90));
    change.lifetime = Some(Lifetime {
        idle: Duration::from_secs(10_000),
        deadline: start() + Duration::from_secs(5_090),
        persistent: true,
    });
    let outcome = storage.commit(&key(1), &change).await.unwrap();
    assert!(matches!(outcome, Outcome::Done));
    for key in [&stored[0], &index[0]] {
        let left: i64 = connection.ttl(key).await.unwrap();
        assert!((day + 4_900..=day + 5_000).contains(&left), "{key}: {left}");
    }
}

/// A rotation and a session that is not there yet are named before they exist; the young ones stay named.
#[tokio::test]
#[ignore = "needs Redis: cargo xtask test"]
async fn the_index_of_a_user_names_sessions_before_they_are_there_and_forgets_those_that_are_gone()
{
    let storage = open("index");
    assert!(storage.create(&key(1), &session_of("alice")).await.unwrap());
    let mut connection = connection().await;
    let index = keys(&mut connection, &format!("{}user:*", prefix("index"))).await;
    let [index] = &index[..] else {
        panic!("{index:?}")
    };
    let named = async |connection: &mut MultiplexedConnection| {
        let mut keys: Vec<Vec<u8>> = connection.hkeys(index).await.unwrap();
        keys.sort();
        keys.iter().map(|key| key[0]).collect::<Vec<_>>()
    };

    let mut change = Change::new(start());
    change.new_key = Some(key(2));
    assert!(matches!(
        storage.commit(&key(1), &change).await.unwrap(),
        Outcome::Done
    ));
    assert_eq!(named(&mut connection).await, [2]);

    // One that a request is just about to store, and one that somebody gave up long ago.
    let time: (u64, u64) = redis::cmd("TIME")
        .query_async(&mut connection)
        .await
        .unwrap();
    let now = time.0 * 1000;
    for (number, since) in [(3, now), (4, now - 700_000)] {
        let entry = format!("{since} {}", now + 100_000_000);
        let _: u64 = connection
            .hset(index, &key(number).as_bytes()[..], entry)
            .await
            .unwrap();
    }
    assert_eq!(storage.list_by_user("alice").await.unwrap().len(), 1);
    assert_eq!(named(&mut connection).await, [2, 3]);

    // What is over for certain goes when somebody logs in.
    let entry = format!("{} {}", now - 700_000, now - 1_000);
    let _: u64 = connection
        .hset(index, &key(5).as_bytes()[..], entry)
        .await
        .unwrap();
    assert!(storage.create(&key(6), &session_of("alice")).await.unwrap());
    assert_eq!(named(&mut connection).await, [2, 3, 6]);

    assert_eq!(
        storage
            .delete_by_user("alice", Some(&key(6)))
            .await
            .unwrap(),
        1
    );
    storage.delete(&key(6)).await.unwrap();
    assert!(storage.list_by_user("alice").await.unwrap().is_empty());
}

/// Whose sessions are all gone is named once more at most; what is no user's name does not keep others out of the page.
#[tokio::test]
#[ignore = "needs Redis: cargo xtask test"]
async fn the_users_who_are_named_to_the_cleanup_are_those_who_have_sessions() {
    let storage = open("users");
    for (number, user) in [(1, "alice"), (2, "bob"), (3, "carol")] {
        let created = storage.create(&key(number), &session_of(user)).await;
        assert!(created.unwrap());
    }
    let mut connection = connection().await;
    let all = format!("{}users", prefix("users"));
    for other in [&b"\xff"[..], b"a\xfe", b"a\xff"] {
        let _: u64 = connection.zadd(&all, other, 0).await.unwrap();
    }
    storage.delete(&key(2)).await.unwrap();
    let page = storage.users(None, 2).await.unwrap();
    assert_eq!(page, ["alice", "bob"]);
    assert_eq!(storage.users(None, 10).await.unwrap(), ["alice", "carol"]);
    assert_eq!(storage.users(Some("alice"), 1).await.unwrap(), ["carol"]);
    assert!(storage.users(Some("carol"), 1).await.unwrap().is_empty());
    let left: Vec<Vec<u8>> = connection.zrange(&all, 0, -1).await.unwrap();
    assert_eq!(left, [&b"alice"[..], b"carol"]);
}

/// Between the two questions of the cleanup, whether the user has an index.
#[cfg(feature = "memory")]
#[tokio::test]
#[ignore = "starts redis-server: cargo xtask test"]
async fn who_logs_in_while_the_cleanup_forgets_them_is_named_again() {
    let (server, direct) = private(&[]).await;
    assert!(direct.create(&key(1), &session_of("alice")).await.unwrap());
    direct.delete(&key(1)).await.unwrap();
    let proxy = proxy::Proxy::before(server.port).await;
    let cleaner = RedisStorage::new(RedisClient::open(proxy.url()).unwrap());
    let mut forgets = proxy.holds_back(|request| proxy::holds(request, b"ZREM"));
    let cleaned = tokio::spawn(async move { cleaner.users(None, 10).await });
    forgets.comes().await;
    assert!(direct.create(&key(2), &session_of("alice")).await.unwrap());
    forgets.goes_on();
    cleaned.await.unwrap().unwrap();
    assert_eq!(direct.users(None, 10).await.unwrap(), ["alice"]);
}

#[tokio::test]
#[ignore = "starts redis-server: cargo xtask test"]
async fn cut_connections_and_forgotten_scripts_lose_nothing() {
    // The connections of other tests are not to be cut.
    let (server, storage) = private(&[]).await;
    let client = RedisClient::open(server.url()).unwrap();
    let site = site(storage);
    let cookie = cookie_of(&site).await;
    let mut connection = client.get_multiplexed_async_connection().await.unwrap();
    for expected in 2..5 {
        let _: () = redis::cmd("SCRIPT")
            .arg("FLUSH")
            .query_async(&mut connection)
            .await
            .unwrap();
        let _: u64 = redis::cmd("CLIENT")
            .arg(&["KILL", "TYPE", "normal", "SKIPME", "yes"])
            .query_async(&mut connection)
            .await
            .unwrap();
        // A read is asked again; what was written before is there.
        let read = visit(&site, "/read", &cookie).await;
        assert_eq!(read.status(), StatusCode::OK);
        assert_eq!(body(read).await, format!("Some({})", expected - 1));
        let written = visit(&site, "/count", &cookie).await;
        assert_eq!(body(written).await, expected.to_string());
    }
}

#[tokio::test]
#[ignore = "needs Redis: cargo xtask test"]
async fn a_damaged_session_is_nobodys_and_goes() {
    let site = site(open("damaged"));
    let mut connection = connection().await;
    let damages: [&[&[u8]]; 11] = [
        &[b"HDEL", b"KEY", b"deadline"],
        &[b"HSET", b"KEY", b"deadline", b"soon"],
        &[b"HSET", b"KEY", b"deadline", b"\xff"],
        &[b"HSET", b"KEY", b"=count", b"{"],
        &[b"HSET", b"KEY", b"=count", b"\"\xff\""],
        &[b"HSET", b"KEY", b"=\xff", b"1"],
        &[b"HSET", b"KEY", b"\xff", b""],
        &[b"HSET", b"KEY", b"user", b"alice"],
        &[b"HSET", b"KEY", b"user", b"\xff", b"stamp", b"\xff"],
        &[b"HSET", b"KEY", b"stamp", b""],
        &[b"SET", b"KEY", b"no hash at all"],
    ];
    for damage in damages {
        let damaged = cookie_of(&site).await;
        let stored = keys(&mut connection, &format!("{}*", prefix("damaged"))).await;
        let [key] = &stored[..] else {
            panic!("{stored:?}")
        };
        let words = damage.iter().map(|word| match *word {
            b"KEY" => key.as_bytes(),
            word => word,
        });
        let mut command = redis::Cmd::new();
        for word in words {
            command.arg(word);
        }
        let _: redis::Value = command.query_async(&mut connection).await.unwrap();
        let fine = cookie_of(&site).await;
        damage_is_nobodys(&site, &damaged, &fine).await;
        let left = keys(&mut connection, &format!("{}*", prefix("damaged"))).await;
        assert!(
            left.len() == 2 && !left.contains(key),
            "{damage:?}: {left:?}"
        );
        let _: u64 = connection.del(&left).await.unwrap();
    }
}

/// One visitor's damage is no reason to connect anew, which everybody would wait for.
#[tokio::test]
#[ignore = "starts redis-server: cargo xtask test"]
async fn a_damaged_session_costs_nobody_the_connection() {
    let (server, storage) = private(&[]).await;
    let site = site(storage);
    let connections = async || {
        let info: String = server.tell(&["INFO", "stats"]).await.unwrap();
        let count = info.split("total_connections_received:").nth(1).unwrap();
        let count: u64 = count.split_whitespace().next().unwrap().parse().unwrap();
        count
    };
    for field in [&b"\xff"[..], b"user"] {
        let cookie = cookie_of(&site).await;
        let stored: Vec<String> = server.tell(&["KEYS", "*"]).await.unwrap();
        let client = RedisClient::open(server.url()).unwrap();
        let mut other = client.get_multiplexed_async_connection().await.unwrap();
        let _: u64 = other.hset(&stored[0], field, b"\xff").await.unwrap();
        let before = connections().await;
        // Read, changed and ended, each as the first that meets it.
        for path in ["/read", "/count"] {
            let answer = visit(&site, path, &cookie).await;
            assert_eq!(answer.status(), StatusCode::OK, "{path}");
        }
        // Its own question is the one that came.
        assert_eq!(connections().await, before + 1);
        let _: String = server.tell(&["FLUSHALL"]).await.unwrap();
    }
}

/// It is in the index of its user, so lists meet it; it ends with the others.
#[tokio::test]
#[ignore = "needs Redis: cargo xtask test"]
async fn a_damaged_session_keeps_nobody_from_listing_and_ending_the_others() {
    let storage = open("damaged-list");
    for number in [1, 2] {
        let created = storage.create(&key(number), &session_of("alice")).await;
        assert!(created.unwrap());
    }
    let mut connection = connection().await;
    let stored = keys(&mut connection, &format!("{}{{*", prefix("damaged-list"))).await;
    assert_eq!(stored.len(), 2);
    let _: u64 = connection.hset(&stored[0], "seen", "?").await.unwrap();
    assert_eq!(storage.list_by_user("alice").await.unwrap().len(), 1);
    assert_eq!(storage.delete_by_user("alice", None).await.unwrap(), 2);
}

/// Whose it was nobody can say; nobody is let in by it, and it keeps no session of alice's alive.
#[tokio::test]
#[ignore = "needs Redis: cargo xtask test"]
async fn what_is_no_session_keeps_nobody_from_ending_those_that_are() {
    let storage = open("no-session");
    for number in [1, 2] {
        let created = storage.create(&key(number), &session_of("alice")).await;
        assert!(created.unwrap());
    }
    let mut connection = connection().await;
    let stored = keys(&mut connection, &format!("{}{{*", prefix("no-session"))).await;
    let index = keys(&mut connection, &format!("{}user:*", prefix("no-session"))).await;
    let _: () = connection.set(&stored[0], "no hash").await.unwrap();
    // Nor does what somebody else wrote into the index, and a new login finds its place there.
    let _: u64 = connection.hset(&index[0], b"\xff", "?").await.unwrap();
    assert!(storage.create(&key(3), &session_of("alice")).await.unwrap());
    assert_eq!(storage.list_by_user("alice").await.unwrap().len(), 2);
    assert_eq!(storage.delete_by_user("alice", None).await.unwrap(), 2);
    assert!(storage.list_by_user("alice").await.unwrap().is_empty());

    // Without an index nobody could end what begins, so nothing begins; and no session goes for it.
    let _: () = connection.set(&index[0], "no index").await.unwrap();
    let begun = storage.create(&key(4), &session_of("alice")).await;
    assert!(begun.is_err_and(|error| !error.is_damaged()));
    let listed = storage.list_by_user("alice").await;
    assert!(listed.is_err_and(|error| !error.is_damaged()));
    let _: u64 = connection.del(&index[0]).await.unwrap();
}

/// Another program, or another version of this one, may put spaces where we have none and keys in another order.
#[tokio::test]
#[ignore = "needs Redis: cargo xtask test"]
async fn a_value_that_is_spelled_otherwise_can_be_updated() {
    let site = site(open("spelled"));
    let cookie = cookie_of(&site).await;
    let mut connection = connection().await;
    let stored = keys(&mut connection, &format!("{}*", prefix("spelled"))).await;
    let _: u64 = connection.hset(&stored[0], "=count", " 7\n").await.unwrap();
    assert_eq!(body(visit(&site, "/count", &cookie).await).await, "8");
    assert_eq!(body(visit(&site, "/count", &cookie).await).await, "9");

    let storage = open("spelled");
    assert!(storage.create(&key(1), &session_of("alice")).await.unwrap());
    let stored = keys(&mut connection, &format!("{}{{0000*", prefix("spelled"))).await;
    let spelled = r#"{ "z":1, "a":[ 1.50, 1e2 ] }"#;
    let _: u64 = connection.hset(&stored[0], "=it", spelled).await.unwrap();
    let read = storage.load(&key(1)).await.unwrap().unwrap();
    let mut change = Change::new(start());
    let expected = |value: Option<serde_json::Value>| vec![("it".to_owned(), value)];
    change.set.insert("it".to_owned(), 2.into());
    for wrong in [None, Some(1.into())] {
        change.expected = expected(wrong);
        let outcome = storage.commit(&key(1), &change).await.unwrap();
        assert!(matches!(outcome, Outcome::Changed(_)), "{outcome:?}");
    }
    change.expected = expected(read.values.map().get("it").cloned());
    let outcome = storage.commit(&key(1), &change).await.unwrap();
    assert!(matches!(outcome, Outcome::Done), "{outcome:?}");
    let stored = storage.load(&key(1)).await.unwrap().unwrap();
    assert_eq!(stored.values.map()["it"], 2);
}

/// A Redis of its own for one test.
async fn private(options: &[&str]) -> (many::Server, RedisStorage) {
    let server = many::Server::start(options);
    let is_there = |answer: String| answer == "PONG";
    server.until(&["PING"], is_there).await;
    let storage = RedisStorage::new(RedisClient::open(server.url()).unwrap());
    (server, storage)
}

#[tokio::test]
#[ignore = "starts redis-server: cargo xtask test"]
async fn an_evicted_session_is_a_logout_and_nothing_else() {
    let policy = ["--maxmemory", "4mb", "--maxmemory-policy", "allkeys-random"];
    let (server, storage) = private(&policy).await;
    let site = site(storage.clone());
    let cookie = cookie_of(&site).await;
    let large = || {
        let text = format!(r#"{{"large": "{}"}}"#, "x".repeat(20_000));
        StoredSession {
            login: None,
            values: Values::from_json(text).unwrap(),
            ..session_of("nobody")
        }
    };
    let mut number = 0_u32;
    let evicted = loop {
        for _ in 0..20 {
            number += 1;
            let mut bytes = [0; 32];
            bytes[..4].copy_from_slice(&number.to_be_bytes());
            let created = storage
                .create(&SessionKey::from_bytes(bytes), &large())
                .await;
            assert!(created.unwrap());
        }
        let read = visit(&site, "/read", &cookie).await;
        assert_eq!(read.status(), StatusCode::OK);
        assert!(!read.headers().contains_key("set-cookie"));
        match body(read).await.as_str() {
            "Some(1)" => assert!(number < 100_000, "Redis evicts nothing"),
            other => break other.to_owned(),
        }
    };
    assert_eq!(evicted, "None");
    let begun = visit(&site, "/count", &cookie).await;
    let set = begun.headers()["set-cookie"].to_str().unwrap();
    assert!(
        !set.starts_with(&cookie),
        "the old id is not taken up again"
    );

    // Between the reading and the writing of one request.
    let mine = key(1);
    assert!(storage.create(&mine, &session_of("alice")).await.unwrap());
    let _: String = server.tell(&["FLUSHALL"]).await.unwrap();
    let mut change = Change::new(start());
    change.set.insert("late".to_owned(), true.into());
    for new_key in [None, Some(key(2))] {
        change.new_key = new_key;
        let outcome = storage.commit(&mine, &change).await.unwrap();
        assert!(matches!(outcome, Outcome::Gone));
    }
    assert_eq!(server.tell::<u64>(&["EXISTS", "late"]).await.unwrap(), 0);
    assert!(storage.load(&mine).await.unwrap().is_none());
    assert!(storage.load(&key(2)).await.unwrap().is_none());
}

#[tokio::test]
#[ignore = "starts redis-server: cargo xtask test"]
async fn a_redis_that_is_full_and_evicts_nothing_serves_reads_and_refuses_writes() {
    let (server, storage) = private(&["--maxmemory-policy", "noeviction"]).await;
    let site = site(storage);
    let cookie = cookie_of(&site).await;
    let set = async |maxmemory| {
        let words = ["CONFIG", "SET", "maxmemory", maxmemory];
        let _: String = server.tell(&words).await.unwrap();
    };
    set("1").await;
    assert_eq!(body(visit(&site, "/read", &cookie).await).await, "Some(1)");
    for (path, cookie) in [("/count", &*cookie), ("/write", &*cookie), ("/count", "")] {
        let refused = visit(&site, path, cookie).await;
        assert_eq!(refused.status(), StatusCode::SERVICE_UNAVAILABLE, "{path}");
        assert!(refused.headers().contains_key("retry-after"));
        assert!(!refused.headers().contains_key("set-cookie"));
    }
    set("0").await;
    assert_eq!(body(visit(&site, "/count", &cookie).await).await, "2");
}
