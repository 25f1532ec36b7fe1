//! Memory and SQLite do the same, whatever is done to them: each is the other's specification.

use std::time::Duration;

use proptest::prelude::*;
use serde_json::json;
use session_auth::{
    Change, Client, Lifetime, Login, LoginChange, MemoryStorage, SessionKey, SessionStorage,
    SqlStorage, Stamp, StoredSession, Values,
};
use sqlx::sqlite::SqlitePoolOptions;
use time::OffsetDateTime;

/// One call, with small numbers so that calls meet: three users, times within a few minutes. A key is one of those that
/// were used before, counted from the last.
#[derive(Clone, Debug)]
enum Step {
    Create { user: u8, idle: u8 },
    Commit { key: u8, at: u8, what: What },
    Touch { key: u8, at: u8 },
    Delete { key: u8 },
    DeleteByUser { user: u8, except: Option<u8> },
    DeleteExpired { before: u8, limit: u8 },
}

#[derive(Clone, Debug)]
enum What {
    Set(u8),
    Remove,
    Wipe,
    Move,
    LogIn(u8),
    LogOut,
    Live(u8),
    Expect(Option<u8>, u8),
}

fn step() -> impl Strategy<Value = Step> {
    let (key, user, at) = (|| 0..4u8, || 0..3u8, || 0..40u8);
    let what = prop_oneof![
        any::<u8>().prop_map(What::Set),
        Just(What::Remove),
        Just(What::Wipe),
        Just(What::Move),
        user().prop_map(What::LogIn),
        Just(What::LogOut),
        (1..40u8).prop_map(What::Live),
        (prop::option::of(0..2u8), 0..2u8).prop_map(|(old, new)| What::Expect(old, new)),
    ];
    prop_oneof![
        (user(), 1..40u8).prop_map(|(user, idle)| Step::Create { user, idle }),
        (key(), at(), what).prop_map(|(key, at, what)| Step::Commit { key, at, what }),
        (key(), at()).prop_map(|(key, at)| Step::Touch { key, at }),
        key().prop_map(|key| Step::Delete { key }),
        (user(), prop::option::of(key()))
            .prop_map(|(user, except)| Step::DeleteByUser { user, except }),
        (at(), 0..3u8).prop_map(|(before, limit)| Step::DeleteExpired { before, limit }),
    ]
}

/// Keys are never used twice, as ids are not: step `number` creates or moves to key `number`.
fn key(number: usize) -> SessionKey {
    SessionKey::from_bytes([u8::try_from(number).unwrap(); 32])
}

/// A key that was used before step `number`.
fn earlier(number: usize, back: u8) -> SessionKey {
    key(number.saturating_sub(1 + usize::from(back)))
}

fn time(tens: u8) -> OffsetDateTime {
    OffsetDateTime::UNIX_EPOCH + Duration::from_secs(10 * u64::from(tens))
}

fn login(user: u8) -> Option<Login> {
    (user > 0).then(|| Login {
        user: format!("user {user}"),
        stamp: Stamp::of(&[&[user]]),
        at: time(0),
        remember: user == 2,
    })
}

fn lifetime(idle: u8) -> Lifetime {
    Lifetime {
        idle: Duration::from_secs(10 * u64::from(idle)),
        deadline: time(30),
        persistent: idle.is_multiple_of(2),
    }
}

fn change(number: usize, at: u8, what: &What) -> Change {
    let mut change = Change::new(time(at));
    match what {
        What::Set(value) => drop(change.set.insert("a".to_owned(), json!(value))),
        What::Remove => change.remove.push("a".to_owned()),
        What::Wipe => change.wipe = true,
        What::Move => change.new_key = Some(key(number)),
        What::LogIn(user) => {
            change.login = login(*user).map_or(LoginChange::Keep, LoginChange::Set)
        }
        What::LogOut => change.login = LoginChange::Clear,
        What::Live(idle) => change.lifetime = Some(lifetime(*idle)),
        What::Expect(old, new) => {
            change
                .expected
                .push(("a".to_owned(), old.map(|old| json!(old))));
            change.set.insert("a".to_owned(), json!(new));
        }
    }
    change
}

/// What the call answered and what the storage holds afterwards.
async fn take(storage: &impl SessionStorage, number: usize, step: &Step) -> String {
    let answer = match step {
        Step::Create { user, idle } => {
            let session = StoredSession {
                created_at: time(0),
                last_seen: time(0),
                lifetime: lifetime(*idle),
                login: login(*user),
                client: Client::default(),
                values: Values::default(),
            };
            let created = storage.create(&key(number), &session).await;
            created.unwrap().to_string()
        }
        Step::Commit {
            key: back,
            at,
            what,
        } => {
            let change = change(number, *at, what);
            let outcome = storage.commit(&earlier(number, *back), &change).await;
            format!("{:?}", outcome.unwrap())
        }
        Step::Touch { key: back, at } => {
            let key = earlier(number, *back);
            storage.touch(&key, time(*at)).await.unwrap();
            String::new()
        }
        Step::Delete { key: back } => {
            storage.delete(&earlier(number, *back)).await.unwrap();
            String::new()
        }
        Step::DeleteByUser { user, except } => {
            let except = except.map(|back| earlier(number, back));
            let user = format!("user {user}");
            let ended = storage.delete_by_user(&user, except.as_ref()).await;
            ended.unwrap().to_string()
        }
        Step::DeleteExpired { before, limit } => {
            // Which of several goes first is open when they end together, so take all or none of them.
            let limit = if *limit == 0 { 0 } else { 1000 };
            let removed = storage.delete_expired(time(*before), limit).await;
            removed.unwrap().to_string()
        }
    };
    let mut held = answer;
    for number in 0..=number {
        if let Some(session) = storage.load(&key(number)).await.unwrap() {
            held += &format!("\n{number}: {session:?} {}", session.values.to_json());
        }
    }
    for user in 0..3 {
        let mut keys: Vec<_> = storage
            .list_by_user(&format!("user {user}"))
            .await
            .unwrap()
            .into_iter()
            .map(|(key, _)| key)
            .collect();
        keys.sort_unstable();
        held += &format!("\nuser {user}: {keys:?}");
    }
    held
}

async fn sqlite() -> SqlStorage {
    let pool = SqlitePoolOptions::new().max_connections(1);
    let storage = SqlStorage::sqlite(pool.connect("sqlite::memory:").await.unwrap());
    storage.migrate().await.unwrap();
    storage
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn memory_and_sqlite_agree(steps in prop::collection::vec(step(), 1..40)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let (memory, sqlite) = (MemoryStorage::new(), sqlite().await);
            for (number, step) in (1..).zip(&steps) {
                let (left, right) = (take(&memory, number, step).await, take(&sqlite, number, step).await);
                prop_assert_eq!(left, right, "after step {}: {:?}", number, step);
            }
            Ok(())
        })?;
    }
}
