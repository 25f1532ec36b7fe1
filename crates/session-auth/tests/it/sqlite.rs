//! What only a database file can show.

use std::path::Path;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use axum::body::Body;
use axum::http::{Request, StatusCode};
use base64::Engine;
use session_auth::{
    Client, Lifetime, Login, SessionKey, SessionStorage, SqlStorage, Stamp, StoredSession, Values,
};
use sqlx::SqlitePool;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use time::OffsetDateTime;
use tower::ServiceExt;

use super::counter::{body, cookie_of, count_together, damage_is_nobodys, site, visit};

pub(crate) async fn pool(path: &Path, connections: u32) -> SqlitePool {
    patient_pool(path, connections, Duration::from_secs(30)).await
}

async fn patient_pool(path: &Path, connections: u32, patience: Duration) -> SqlitePool {
    let options = SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .busy_timeout(patience)
        // No test pulls the plug, and the disks of test machines are slow.
        .synchronous(SqliteSynchronous::Off);
    let pool = SqlitePoolOptions::new().max_connections(connections);
    pool.connect_with(options).await.unwrap()
}

/// One writer and a pool of readers, as the blog has them.
pub(crate) async fn open(path: &Path) -> SqlStorage {
    let write = pool(path, 1).await;
    let storage = SqlStorage::sqlite_split(pool(path, 2).await, write);
    storage.migrate().await.unwrap();
    storage
}

#[tokio::test]
async fn a_copy_of_the_database_logs_nobody_in() {
    let directory = tempfile::tempdir().unwrap();
    let site = site(open(&directory.path().join("db")).await);
    let cookie = cookie_of(&site).await;
    let (_, id) = cookie.split_once('=').unwrap();
    let base64 = base64::engine::general_purpose::URL_SAFE_NO_PAD;
    let random = base64.decode(id).unwrap();

    let mut found_table = false;
    for entry in std::fs::read_dir(directory.path()).unwrap() {
        let bytes = std::fs::read(entry.unwrap().path()).unwrap();
        let contains = |part: &[u8]| bytes.windows(part.len()).any(|window| window == part);
        found_table |= contains(b"session_auth_sessions");
        assert!(!contains(id.as_bytes()), "the id is in the file");
        assert!(!contains(&random), "the bytes of the id are in the file");
    }
    assert!(found_table, "the files that were searched are the database");

    // Nor does what is in the table work as a cookie.
    let pool = pool(&directory.path().join("db"), 1).await;
    let (key,): (Vec<u8>,) = sqlx::query_as("select key from session_auth_sessions")
        .fetch_one(&pool)
        .await
        .unwrap();
    for forged in [base64.encode(&key), base64.encode(&key[..24])] {
        let response = visit(&site, "/read", &format!("__Host-session={forged}")).await;
        assert_eq!(body(response).await, "None");
    }
    let response = visit(&site, "/read", &cookie).await;
    assert_eq!(body(response).await, "Some(1)", "the real one works");
}

#[tokio::test]
async fn a_session_remembers_the_peer_and_a_short_name_of_the_browser_and_believes_no_header() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("db");
    let site = site(open(&path).await);
    let peer: std::net::SocketAddr = "[::ffff:192.0.2.7]:4711".parse().unwrap();
    let request = Request::get("/count")
        .extension(axum::extract::ConnectInfo(peer))
        .header("x-forwarded-for", "203.0.113.9")
        .header("forwarded", "for=203.0.113.9")
        .header(
            "user-agent",
            "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0 <script>",
        );
    let request = request.body(Body::empty()).unwrap();
    assert_eq!(
        site.oneshot(request).await.unwrap().status(),
        StatusCode::OK
    );
    let row: (Option<String>, Option<String>) =
        sqlx::query_as("select address, browser from session_auth_sessions")
            .fetch_one(&pool(&path, 1).await)
            .await
            .unwrap();
    assert_eq!(
        row,
        (
            Some("192.0.2.7".to_owned()),
            Some("Firefox on Linux".to_owned())
        )
    );
}

/// Two servers on one file, as with a command-line tool beside the server.
#[tokio::test]
async fn two_servers_on_one_file_count_to_twenty_one() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("db");
    let options = SqliteConnectOptions::new().filename(&path);
    let options = options.busy_timeout(Duration::from_secs(30));
    let mut sites = Vec::new();
    open(&path).await;
    for _ in 0..2 {
        let pool = SqlitePoolOptions::new().max_connections(4);
        let pool = pool.connect_with(options.clone()).await.unwrap();
        sites.push(site(SqlStorage::sqlite(pool)));
    }
    count_together(&sites).await;
}

#[tokio::test]
async fn migrating_again_keeps_the_sessions() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("db");
    let storage = open(&path).await;
    let site = site(storage.clone());
    let cookie = cookie_of(&site).await;
    let (first, second) = tokio::join!(open(&path), open(&path));
    storage.migrate().await.unwrap();
    drop((first, second));
    assert_eq!(body(visit(&site, "/read", &cookie).await).await, "Some(1)");
}

#[tokio::test]
async fn while_somebody_else_writes_reads_go_on_and_writes_are_a_503() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("db");
    open(&path).await;
    let impatient = patient_pool(&path, 2, Duration::from_millis(10)).await;
    let site = site(SqlStorage::sqlite(impatient));
    let cookie = cookie_of(&site).await;
    let other = pool(&path, 1).await;
    let lock = other.begin_with("begin immediate").await.unwrap();

    assert_eq!(body(visit(&site, "/read", &cookie).await).await, "Some(1)");
    let refused = visit(&site, "/write", &cookie).await;
    assert_eq!(refused.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert!(refused.headers().contains_key("retry-after"));
    assert!(!refused.headers().contains_key("set-cookie"));

    lock.rollback().await.unwrap();
    assert_eq!(
        visit(&site, "/write", &cookie).await.status(),
        StatusCode::OK
    );
}

#[tokio::test]
async fn a_damaged_row_is_nobodys_and_goes() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("db");
    let storage = open(&path).await;
    let site = site(storage.clone());
    let pool = pool(&path, 1).await;
    for damage in [
        "data = '{\"count\": '",
        "data = '[1]'",
        "data = ''",
        "deadline = 9223372036854775807",
        "user_id = 'alice'",
        "user_id = 'alice', stamp = zeroblob(33), logged_in_at = 1",
        // Text that is none.
        "data = cast(x'7b2261ff' as text)",
        "browser = cast(x'ff' as text)",
        "user_id = cast(x'ff' as text), stamp = x'', logged_in_at = 1",
    ] {
        let damaged = cookie_of(&site).await;
        let update = format!("update session_auth_sessions set {damage}");
        let update = sqlx::query(sqlx::AssertSqlSafe(update))
            .execute(&pool)
            .await;
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

/// A table that somebody made without types holds anything.
#[tokio::test]
async fn a_column_of_another_type_is_damage_too() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("db");
    let pool = pool(&path, 1).await;
    let table = "create table session_auth_sessions (key primary key, created_at, last_seen, idle, deadline, persistent,
        expires_at, user_id, stamp, logged_in_at, remember, address, browser, data) without rowid";
    sqlx::query(table).execute(&pool).await.unwrap();
    let site = site(open(&path).await);
    for damage in ["deadline = 'never'", "data = 7", "last_seen = x'00'"] {
        let damaged = cookie_of(&site).await;
        let update = format!("update session_auth_sessions set {damage}");
        let update = sqlx::query(sqlx::AssertSqlSafe(update)).execute(&pool);
        assert_eq!(update.await.unwrap().rows_affected(), 1);
        let fine = cookie_of(&site).await;
        damage_is_nobodys(&site, &damaged, &fine).await;
        let delete = sqlx::query("delete from session_auth_sessions");
        let left = delete.execute(&pool).await.unwrap();
        assert_eq!(
            left.rows_affected(),
            2,
            "{damage}: the fine one and the new one"
        );
    }
}

fn session_of(user: &str) -> StoredSession {
    let start = OffsetDateTime::UNIX_EPOCH;
    StoredSession {
        created_at: start,
        last_seen: start,
        lifetime: Lifetime {
            idle: Duration::from_secs(100),
            deadline: start + Duration::from_secs(180),
            persistent: false,
        },
        login: Some(Login {
            user: user.to_owned(),
            stamp: Stamp::of(&[]),
            at: start,
            remember: false,
        }),
        client: Client::default(),
        values: Values::default(),
    }
}

/// In lists, at a logout everywhere and in the cleanup.
#[tokio::test]
async fn damaged_rows_keep_nobody_from_the_others() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("db");
    let storage = open(&path).await;
    let key = |number: u8| SessionKey::from_bytes([number; 32]);
    for (number, user) in [(1, "a"), (2, "b"), (3, "bb"), (4, "c"), (5, "c"), (6, "d")] {
        assert!(
            storage
                .create(&key(number), &session_of(user))
                .await
                .unwrap()
        );
    }
    let pool = pool(&path, 1).await;
    for damage in [
        "user_id = cast(x'6280' as text) where user_id = 'b'",
        "user_id = cast(x'6281' as text) where user_id = 'bb'",
        "data = cast(x'80' as text) where key = x'0404040404040404040404040404040404040404040404040404040404040404'",
    ] {
        let update = format!("update session_auth_sessions set {damage}");
        let update = sqlx::query(sqlx::AssertSqlSafe(update)).execute(&pool);
        assert_eq!(update.await.unwrap().rows_affected(), 1, "{damage}");
    }
    // A list that is shorter than it may be would be the last.
    assert_eq!(storage.users(None, 2).await.unwrap(), ["a", "c"]);
    assert_eq!(storage.users(None, 3).await.unwrap(), ["a", "c", "d"]);
    assert_eq!(storage.users(Some("a"), 9).await.unwrap(), ["c", "d"]);
    let listed = storage.list_by_user("c").await.unwrap();
    assert!(matches!(&listed[..], [(only, _)] if *only == key(5)));
    assert_eq!(storage.delete_by_user("c", None).await.unwrap(), 2);

    let end = OffsetDateTime::UNIX_EPOCH + Duration::from_secs(180);
    assert_eq!(storage.delete_expired(end, 10).await.unwrap(), 4);
    for (number, user) in [(1, Some("a")), (2, None), (4, Some("c")), (6, Some("d"))] {
        let key = key(number);
        let former = storage.former_login(&key, OffsetDateTime::UNIX_EPOCH);
        assert_eq!(former.await.unwrap().as_deref(), user);
    }
    // Whose it was may be damaged later as well.
    let update = sqlx::query("update session_auth_ended set user_id = cast(x'80' as text)");
    update.execute(&pool).await.unwrap();
    let key = key(1);
    let former = storage.former_login(&key, OffsetDateTime::UNIX_EPOCH);
    assert_eq!(former.await.unwrap(), None);
}

/// A statement that would touch more rows than a batch has is refused here, so nothing of it would be left.
#[tokio::test]
async fn what_is_remembered_of_ended_sessions_is_cleaned_up_in_batches() {
    const BATCH: u8 = 40;
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("db");
    let storage = open(&path).await;
    for number in 0..2 * BATCH + 20 {
        let key = SessionKey::from_bytes([number; 32]);
        assert!(storage.create(&key, &session_of("alice")).await.unwrap());
        storage.delete(&key).await.unwrap();
    }
    let pool = pool(&path, 1).await;
    let run = async |statement: &str| {
        let statement = sqlx::query(sqlx::AssertSqlSafe(statement.to_owned()));
        statement.execute(&pool).await.unwrap()
    };
    let count = async |filter: &str| -> i64 {
        let count = format!("select count(*) from session_auth_ended where {filter}");
        let count = sqlx::query_as(sqlx::AssertSqlSafe(count)).fetch_one(&pool);
        let (count,) = count.await.unwrap();
        count
    };
    let batch = usize::from(BATCH);
    let now = OffsetDateTime::UNIX_EPOCH + Duration::from_secs(1);
    run("create trigger stop after update on session_auth_ended
        when (select count(*) from session_auth_ended where ended_at is not null) > 40
        begin select raise(abort, 'stop'); end")
    .await;
    assert!(storage.delete_expired(now, batch).await.is_err());
    assert_eq!(count("ended_at is not null").await, 40, "one batch lasted");
    run("drop trigger stop").await;
    storage.delete_expired(now, batch).await.unwrap();
    assert_eq!(
        count("ended_at is null").await,
        0,
        "no batch is left for later"
    );

    run("create trigger stop after delete on session_auth_ended
        when (select count(*) from session_auth_ended) < 60
        begin select raise(abort, 'stop'); end")
    .await;
    let later = now + session_auth::FORMER_LOGIN;
    assert!(storage.delete_expired(later, batch).await.is_err());
    assert_eq!(count("true").await, 60, "one batch lasted");
    run("drop trigger stop").await;
    storage.delete_expired(later, batch).await.unwrap();
    assert_eq!(count("true").await, 0);
    storage.delete_expired(later, 0).await.unwrap();
}

/// A second storage on the same file has no notes of its own, so what it sees is in the table.
#[tokio::test]
async fn a_batch_of_uses_reaches_the_table_before_the_cleanup_looks_at_it() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("db");
    let storage = open(&path).await;
    let start = OffsetDateTime::UNIX_EPOCH;
    let session = StoredSession {
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
    };
    let seconds = |seconds| start + Duration::from_secs(seconds);
    for number in 0..3 {
        let key = SessionKey::from_bytes([number; 32]);
        assert!(storage.create(&key, &session).await.unwrap());
        storage.touch(&key, seconds(90)).await.unwrap();
        storage.touch(&key, seconds(60)).await.unwrap();
        let loaded = storage.load(&key).await.unwrap().unwrap();
        assert!(
            loaded.last_seen >= seconds(60),
            "this process knows at once"
        );
    }
    assert_eq!(storage.delete_expired(seconds(110), 10).await.unwrap(), 0);
    let key = SessionKey::from_bytes([1; 32]);
    let loaded = open(&path).await.load(&key).await.unwrap().unwrap();
    assert_eq!(loaded.last_seen, seconds(90));
    // Another process, whose clock is behind, does not make it older.
    let other = open(&path).await;
    other.touch(&key, seconds(60)).await.unwrap();
    other.delete_expired(start, 10).await.unwrap();
    let loaded = open(&path).await.load(&key).await.unwrap().unwrap();
    assert_eq!(loaded.last_seen, seconds(90));
    // Not at 190: the deadline stands.
    assert_eq!(storage.delete_expired(seconds(179), 10).await.unwrap(), 0);
    assert_eq!(storage.delete_expired(seconds(180), 10).await.unwrap(), 3);
}

#[tokio::test]
async fn listing_ending_and_cleaning_up_use_an_index() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("db");
    open(&path).await;
    let pool = pool(&path, 1).await;
    for (statement, index) in [
        (
            "explain query plan select key from session_auth_sessions where user_id = 'a' order by last_seen desc",
            "session_auth_sessions_by_user",
        ),
        (
            "explain query plan select key from session_auth_sessions where expires_at <= 1 order by expires_at limit 5",
            "session_auth_sessions_by_expiry",
        ),
        (
            "explain query plan select distinct user_id from session_auth_sessions where user_id > 'a' order by user_id limit 5",
            "session_auth_sessions_by_user",
        ),
        (
            "explain query plan update session_auth_ended set ended_at = 1 where key in
                (select key from session_auth_ended where ended_at is null limit 5)",
            "session_auth_ended_by_time",
        ),
        (
            "explain query plan delete from session_auth_ended where key in
                (select key from session_auth_ended where ended_at <= 1 order by ended_at limit 5)",
            "session_auth_ended_by_time",
        ),
        (
            "explain query plan delete from session_auth_sessions where user_id = 'a' and (null is null or key <> null)",
            "session_auth_sessions_by_user",
        ),
    ] {
        let plan: Vec<(i64, i64, i64, String)> =
            sqlx::query_as(statement).fetch_all(&pool).await.unwrap();
        let plan: Vec<_> = plan.into_iter().map(|(.., step)| step).collect();
        let plan = plan.join("; ");
        assert!(
            plan.contains(index) && !plan.contains("TEMP B-TREE"),
            "{statement}: {plan}"
        );
    }
}

/// Whoever reads a session has its row, and before the answer arrives the batch is written that had its last use.
#[tokio::test]
async fn a_use_that_is_written_while_its_session_is_read_counts() {
    let directory = tempfile::tempdir().unwrap();
    let storage = open(&directory.path().join("db")).await;
    let key = SessionKey::from_bytes([7; 32]);
    let start = OffsetDateTime::UNIX_EPOCH;
    let session = StoredSession {
        created_at: start,
        last_seen: start,
        lifetime: Lifetime {
            idle: Duration::from_secs(1000),
            deadline: start + Duration::from_secs(1000),
            persistent: false,
        },
        login: Some(Login {
            user: "alice".to_owned(),
            stamp: Stamp::of(&[]),
            at: start,
            remember: false,
        }),
        client: Client::default(),
        values: Values::default(),
    };
    assert!(storage.create(&key, &session).await.unwrap());
    // How many polls it takes until the row is read is not known, so each number of them is tried.
    for polls in 0..20_u64 {
        let loaded = async {
            let loaded = storage.load(&key).await.unwrap();
            loaded.unwrap().last_seen
        };
        let used = start + Duration::from_secs(2 * polls + 1);
        storage.touch(&key, used).await.unwrap();
        assert_eq!(interrupted(loaded, polls, &storage).await, used);

        let listed = async { storage.list_by_user("alice").await.unwrap()[0].1.last_seen };
        let used = start + Duration::from_secs(2 * polls + 2);
        storage.touch(&key, used).await.unwrap();
        assert_eq!(interrupted(listed, polls, &storage).await, used);
    }
}

/// Polls the read so often, writes what waits, and then lets it end.
async fn interrupted<T>(read: impl Future<Output = T>, polls: u64, storage: &SqlStorage) -> T {
    let mut read = std::pin::pin!(read);
    for _ in 0..polls {
        // Whatever wakes it must not poll it: it is to stop where the thread of the connection has got on.
        let mut context = Context::from_waker(Waker::noop());
        if let Poll::Ready(read) = read.as_mut().poll(&mut context) {
            return read;
        }
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    let written = storage.delete_expired(OffsetDateTime::UNIX_EPOCH, 10).await;
    assert_eq!(written.unwrap(), 0);
    read.await
}
