//! Sessions kept in memory beside the SQLite file: what this process writes counts at once, what another one writes soon.

use std::path::Path;
use std::time::{Duration, Instant};

use session_auth::{
    Change, Client, Lifetime, Login, LoginChange, Outcome, SessionKey, SessionStorage,
    SingleProcessStorage, Stamp, StoredSession, Values,
};
use time::OffsetDateTime;

use super::sqlite;

pub(crate) async fn open(path: &Path) -> SingleProcessStorage {
    sqlite::open(path).await.single_process()
}

const START: OffsetDateTime = OffsetDateTime::UNIX_EPOCH;
const KEY: SessionKey = SessionKey::from_bytes([7; 32]);

fn session(user: &str) -> StoredSession {
    StoredSession {
        created_at: START,
        last_seen: START,
        lifetime: Lifetime {
            idle: Duration::from_secs(100),
            deadline: START + Duration::from_secs(1000),
            persistent: false,
        },
        login: Some(Login {
            user: user.to_owned(),
            stamp: Stamp::of(&[]),
            at: START,
            remember: false,
        }),
        client: Client::default(),
        values: Values::from_json(r#"{"count":1}"#.to_owned()).unwrap(),
    }
}

async fn count(storage: &impl SessionStorage, key: &SessionKey) -> Option<i64> {
    let loaded = storage.load(key).await.unwrap()?;
    loaded.values.map()["count"].as_i64()
}

fn set(count: i64) -> Change {
    let mut change = Change::new(START);
    change.set.insert("count".to_owned(), count.into());
    change
}

/// Asks until the session is gone. Whoever begins to ask when the interval has passed must not find it.
async fn has_ended_in_time(storage: &impl SessionStorage, key: &SessionKey) {
    let ended = Instant::now();
    loop {
        let begun = ended.elapsed();
        if count(storage, key).await.is_none() {
            return;
        }
        assert!(
            begun < SingleProcessStorage::NOTICED_WITHIN,
            "there after {begun:?}"
        );
        tokio::task::yield_now().await;
    }
}

/// The control of all tests here: a write behind the back of both, on the very connection that would tell of others',
/// does not show. So what does show elsewhere is no read of the table.
#[tokio::test]
async fn a_session_in_use_is_not_read_from_the_table() {
    let directory = tempfile::tempdir().unwrap();
    let table = sqlite::open(&directory.path().join("db")).await;
    let kept = table.clone().single_process();
    kept.create(&KEY, &session("alice")).await.unwrap();
    assert_eq!(count(&kept, &KEY).await, Some(1));
    table.commit(&KEY, &set(2)).await.unwrap();
    assert_eq!(count(&table, &KEY).await, Some(2), "the table has it");
    // On a machine so slow that the trust has run out meanwhile, the file is still nobody else's.
    assert_eq!(count(&kept, &KEY).await, Some(1));
}

#[tokio::test]
async fn every_write_of_this_process_counts_at_once() {
    let directory = tempfile::tempdir().unwrap();
    let storage = open(&directory.path().join("db")).await;
    let other = SessionKey::from_bytes([8; 32]);
    storage.create(&KEY, &session("alice")).await.unwrap();
    assert_eq!(count(&storage, &KEY).await, Some(1));

    storage.commit(&KEY, &set(2)).await.unwrap();
    assert_eq!(count(&storage, &KEY).await, Some(2));

    let mut rotation = set(3);
    rotation.new_key = Some(other);
    storage.commit(&KEY, &rotation).await.unwrap();
    assert_eq!(count(&storage, &KEY).await, None, "the old id is dead");
    assert_eq!(count(&storage, &other).await, Some(3));

    let mut logout = Change::new(START);
    logout.login = LoginChange::Clear;
    storage.commit(&other, &logout).await.unwrap();
    let loaded = storage.load(&other).await.unwrap().unwrap();
    assert!(loaded.login.is_none());

    storage.delete(&other).await.unwrap();
    assert_eq!(count(&storage, &other).await, None);

    for key in [KEY, other] {
        storage.create(&key, &session("alice")).await.unwrap();
        assert_eq!(count(&storage, &key).await, Some(1));
    }
    storage.delete_by_user("alice", Some(&KEY)).await.unwrap();
    assert_eq!(count(&storage, &KEY).await, Some(1));
    assert_eq!(count(&storage, &other).await, None);

    storage
        .touch(&KEY, START + Duration::from_secs(90))
        .await
        .unwrap();
    let touched = storage.load(&KEY).await.unwrap().unwrap();
    assert_eq!(touched.last_seen, START + Duration::from_secs(90));
    let expired = START + Duration::from_secs(189);
    assert_eq!(storage.delete_expired(expired, 10).await.unwrap(), 0);
    assert_eq!(count(&storage, &KEY).await, Some(1));
    let expired = START + Duration::from_secs(190);
    assert_eq!(storage.delete_expired(expired, 10).await.unwrap(), 1);
    assert_eq!(count(&storage, &KEY).await, None);
}

/// As `gatepost user logout` does beside a server.
#[tokio::test]
async fn what_another_process_ended_has_ended_here_within_the_interval() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("db");
    let here = open(&path).await;
    let elsewhere = sqlite::open(&path).await;
    for round in 0..5 {
        let key = SessionKey::from_bytes([round; 32]);
        here.create(&key, &session("alice")).await.unwrap();
        assert_eq!(count(&here, &key).await, Some(1));
        elsewhere.delete_by_user("alice", None).await.unwrap();
        has_ended_in_time(&here, &key).await;
    }
}

#[tokio::test]
async fn a_write_here_notices_at_once_what_another_process_wrote() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("db");
    let here = open(&path).await;
    let elsewhere = sqlite::open(&path).await;
    let other = SessionKey::from_bytes([8; 32]);
    for key in [KEY, other] {
        here.create(&key, &session("alice")).await.unwrap();
        assert_eq!(count(&here, &key).await, Some(1));
    }
    elsewhere.delete(&KEY).await.unwrap();
    let refused = here.commit(&KEY, &set(2)).await.unwrap();
    assert!(matches!(refused, Outcome::Gone));
    assert_eq!(count(&here, &KEY).await, None);
    elsewhere.delete(&other).await.unwrap();
    here.create(&KEY, &session("bob")).await.unwrap();
    assert_eq!(count(&here, &other).await, None);
}

/// While somebody holds the connection for writing it cannot be asked, so what is kept is not given out for long.
#[tokio::test]
async fn while_the_writer_is_busy_the_table_is_read() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("db");
    let (read, write) = (sqlite::pool(&path, 2).await, sqlite::pool(&path, 1).await);
    let here = session_auth::SqlStorage::sqlite_split(read, write.clone());
    here.migrate().await.unwrap();
    let here = here.single_process();
    let elsewhere = sqlite::open(&path).await;
    here.create(&KEY, &session("alice")).await.unwrap();
    assert_eq!(count(&here, &KEY).await, Some(1));

    // Held, but not in a transaction: the other process can write.
    let busy = write.acquire().await.unwrap();
    elsewhere.delete(&KEY).await.unwrap();
    has_ended_in_time(&here, &KEY).await;
    drop(busy);
    assert_eq!(count(&here, &KEY).await, None);
}

/// A new connection counts its versions from the start, so it can give the very number that the old one gave.
#[tokio::test]
async fn a_connection_that_was_replaced_is_not_taken_for_the_old_one() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("db");
    let (read, write) = (sqlite::pool(&path, 2).await, sqlite::pool(&path, 1).await);
    let here = session_auth::SqlStorage::sqlite_split(read, write.clone());
    here.migrate().await.unwrap();
    let here = here.single_process();
    let elsewhere = sqlite::open(&path).await;
    here.create(&KEY, &session("alice")).await.unwrap();
    assert_eq!(count(&here, &KEY).await, Some(1));
    write.acquire().await.unwrap().close().await.unwrap();
    elsewhere.delete(&KEY).await.unwrap();
    has_ended_in_time(&here, &KEY).await;
}

/// The write is in a task of its own, so it is done whole or the cache knows nothing of it.
#[tokio::test]
async fn a_write_whose_caller_hung_up_is_done_and_known() {
    let directory = tempfile::tempdir().unwrap();
    let storage = open(&directory.path().join("db")).await;
    for round in 0..20_u8 {
        let key = SessionKey::from_bytes([round; 32]);
        storage.create(&key, &session("alice")).await.unwrap();
        assert_eq!(count(&storage, &key).await, Some(1));
        let mut deletion = Box::pin(storage.delete(&key));
        for _ in 0..round {
            tokio::select! {
                biased;
                _ = &mut deletion => break,
                () = tokio::task::yield_now() => {}
            }
        }
        drop(deletion);
        // A write of our own waits for the same connection, so the other one is over when it is.
        storage.commit(&KEY, &set(2)).await.unwrap();
        let in_table = count(&storage, &key).await;
        assert!(
            round == 0 || in_table.is_none(),
            "round {round}: {in_table:?}"
        );
    }
}
