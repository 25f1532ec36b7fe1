//! Sessions that are over go away by themselves: with the first request it begins, with the layer it ends.

use std::cell::Cell;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use axum::Router;
use axum::routing::get;
use session_auth::testing::{Browser, advance, now};
use session_auth::{
    Change, Client, Lifetime, MemoryStorage, Outcome, Promises, SessionKey, SessionLayer,
    SessionStorage, StorageError, StoredSession, Values,
};
use time::OffsetDateTime;

use crate::log::Log;

const INTERVAL: Duration = Duration::from_secs(600);

/// A storage that writes down each round of the cleanup, and fails when it is told to.
#[derive(Clone, Default)]
struct Swept {
    sessions: MemoryStorage,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    limits: Vec<usize>,
    failures: usize,
    panics: usize,
}

impl Swept {
    /// How often it was asked to clean up since the last time this was asked.
    fn rounds(&self) -> usize {
        std::mem::take(&mut self.state.lock().unwrap().limits).len()
    }

    fn fail(&self, times: usize) {
        self.state.lock().unwrap().failures = times;
    }

    async fn fill(&self, sessions: u16) {
        for number in 0..sessions {
            let session = StoredSession {
                created_at: now(),
                last_seen: now(),
                lifetime: Lifetime {
                    idle: Duration::from_secs(60),
                    deadline: now() + Duration::from_secs(60),
                    persistent: false,
                },
                login: None,
                client: Client::default(),
                values: Values::default(),
            };
            let created = self.sessions.create(&key(number), &session).await;
            assert!(created.unwrap());
        }
    }

    async fn left(&self, sessions: u16) -> usize {
        let mut left = 0;
        for number in 0..sessions {
            left += usize::from(self.sessions.load(&key(number)).await.unwrap().is_some());
        }
        left
    }
}

fn key(number: u16) -> SessionKey {
    let mut bytes = [0; 32];
    bytes[..2].copy_from_slice(&number.to_be_bytes());
    SessionKey::from_bytes(bytes)
}

#[async_trait]
impl SessionStorage for Swept {
    fn promises(&self) -> Promises {
        self.sessions.promises()
    }

    async fn create(
        &self,
        key: &SessionKey,
        session: &StoredSession,
    ) -> Result<bool, StorageError> {
        self.sessions.create(key, session).await
    }

    async fn load(&self, key: &SessionKey) -> Result<Option<Arc<StoredSession>>, StorageError> {
        self.sessions.load(key).await
    }

    async fn commit(&self, key: &SessionKey, change: &Change) -> Result<Outcome, StorageError> {
        self.sessions.commit(key, change).await
    }

    async fn touch(&self, key: &SessionKey, at: OffsetDateTime) -> Result<(), StorageError> {
        self.sessions.touch(key, at).await
    }

    async fn delete(&self, key: &SessionKey) -> Result<(), StorageError> {
        self.sessions.delete(key).await
    }

    async fn list_by_user(
        &self,
        user: &str,
    ) -> Result<Vec<(SessionKey, Arc<StoredSession>)>, StorageError> {
        self.sessions.list_by_user(user).await
    }

    async fn delete_by_user(
        &self,
        user: &str,
        except: Option<&SessionKey>,
    ) -> Result<u64, StorageError> {
        self.sessions.delete_by_user(user, except).await
    }

    async fn delete_expired(
        &self,
        before: OffsetDateTime,
        limit: usize,
    ) -> Result<u64, StorageError> {
        {
            let mut state = self.state.lock().unwrap();
            state.limits.push(limit);
            assert!(
                limit <= 1000,
                "a batch of {limit} would keep writers waiting"
            );
            if state.panics > 0 {
                state.panics -= 1;
                drop(state);
                panic!("the storage has a bug");
            }
            if state.failures > 0 {
                state.failures -= 1;
                return Err(StorageError::new("the storage is away"));
            }
        }
        self.sessions.delete_expired(before, limit).await
    }
}

fn site(storage: &Swept) -> Router {
    let layer = SessionLayer::new(storage.clone())
        .clock(now)
        .cleanup_interval(INTERVAL);
    Router::new()
        .route("/", get(|| async { "a page" }))
        .route("/other", get(|| async { "another" }))
        .layer(layer)
}

/// Lets the paused clock of the runtime run; no test waits for real time.
async fn rounds_pass(rounds: u32) {
    tokio::time::sleep(INTERVAL * rounds + INTERVAL / 2).await;
}

#[tokio::test(start_paused = true)]
async fn the_cleanup_begins_with_the_first_request() {
    let storage = Swept::default();
    storage.fill(3).await;
    advance(Duration::from_secs(3600));
    let site = site(&storage);
    rounds_pass(3).await;
    assert_eq!(storage.rounds(), 0, "nobody has come");

    let browser = Browser::new(site);
    browser.get("/").await;
    browser.get("/other").await;
    browser.get("/").await;
    rounds_pass(3).await;
    assert_eq!(storage.rounds(), 3, "one task, however many routes");
    assert_eq!(storage.left(3).await, 0);
}

#[tokio::test(start_paused = true)]
async fn it_takes_only_what_is_over() {
    let storage = Swept::default();
    storage.fill(3).await;
    let site = site(&storage);
    Browser::new(site.clone()).get("/").await;
    rounds_pass(1).await;
    assert_eq!((storage.rounds(), storage.left(3).await), (1, 3));
}

#[tokio::test(start_paused = true)]
async fn a_round_goes_on_in_batches_until_nothing_is_left() {
    let storage = Swept::default();
    storage.fill(1200).await;
    advance(Duration::from_secs(3600));
    let site = site(&storage);
    Browser::new(site.clone()).get("/").await;
    rounds_pass(1).await;
    assert!(storage.rounds() > 1);
    assert_eq!(storage.left(1200).await, 0);
}

#[tokio::test(start_paused = true)]
async fn it_survives_a_storage_that_fails() {
    let storage = Swept::default();
    storage.fill(3).await;
    storage.fail(2);
    advance(Duration::from_secs(3600));
    let site = site(&storage);
    Browser::new(site.clone()).get("/").await;
    rounds_pass(2).await;
    assert_eq!(storage.left(3).await, 3, "the storage was away");
    rounds_pass(1).await;
    assert_eq!(storage.left(3).await, 0);
}

#[tokio::test(start_paused = true)]
async fn it_survives_a_storage_that_panics() {
    let storage = Swept::default();
    storage.fill(3).await;
    storage.state.lock().unwrap().panics = 1;
    advance(Duration::from_secs(3600));
    let site = site(&storage);
    Browser::new(site.clone()).get("/").await;
    rounds_pass(1).await;
    assert_eq!(storage.left(3).await, 3, "the storage panicked");
    rounds_pass(1).await;
    assert_eq!(storage.left(3).await, 0);
}

thread_local! {
    static WRONG_BY: Cell<Duration> = const { Cell::new(Duration::ZERO) };
}

/// The clock of a machine on which somebody sets it.
fn wall_clock() -> OffsetDateTime {
    now() + WRONG_BY.get()
}

/// Time as it goes: on the wall and in truth.
async fn goes_by(time: Duration) {
    let step = Duration::from_secs(30);
    for _ in 0..time.as_secs() / step.as_secs() {
        advance(step);
        tokio::time::sleep(step).await;
    }
}

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

#[tokio::test(start_paused = true)]
async fn a_clock_that_leaps_ahead_for_a_while_costs_nobody_their_session() {
    let log = Log::default();
    let _guard = log.here();
    // In the first round, and in a later one.
    for rounds_before in [0, 3] {
        let storage = Swept::default();
        let layer = SessionLayer::new(storage.clone())
            .clock(wall_clock)
            .cleanup_interval(INTERVAL);
        let site: Router = Router::new().route("/", get(|| async {})).layer(layer);
        Browser::new(site.clone()).get("/").await;
        goes_by(INTERVAL * rounds_before + INTERVAL / 2).await;
        storage.fill(3).await;
        assert_eq!(storage.rounds(), rounds_before as usize);

        WRONG_BY.set(300 * DAY);
        goes_by(INTERVAL * 3).await;
        assert_eq!(storage.rounds(), 0, "no round believes it");
        WRONG_BY.set(Duration::ZERO);
        goes_by(INTERVAL * 2).await;
        assert_eq!(storage.left(3).await, 3, "and they are not over");
        drop(site);
    }
    assert_eq!(
        log.text().matches("leapt ahead").count(),
        2,
        "once for each"
    );
}

#[tokio::test(start_paused = true)]
async fn what_is_over_goes_when_the_clock_has_gone_right_for_an_hour() {
    let storage = Swept::default();
    let layer = SessionLayer::new(storage.clone())
        .clock(wall_clock)
        .cleanup_interval(INTERVAL);
    let site: Router = Router::new().route("/", get(|| async {})).layer(layer);
    Browser::new(site.clone()).get("/").await;
    storage.fill(3).await;
    // A machine that slept wakes: time did pass, though not for it.
    WRONG_BY.set(DAY);
    goes_by(INTERVAL + INTERVAL / 2).await;
    goes_by(INTERVAL * 5).await;
    assert_eq!(storage.rounds(), 0);
    goes_by(INTERVAL).await;
    assert_eq!(storage.left(3).await, 0);

    // A clock that is set by seconds, or back, or that stands still, is believed.
    for set in [DAY + Duration::from_secs(30), DAY / 2, Duration::ZERO] {
        WRONG_BY.set(set);
        storage.rounds();
        goes_by(INTERVAL).await;
        assert_eq!(storage.rounds(), 1, "{set:?}");
    }
    rounds_pass(1).await;
    assert_eq!(storage.rounds(), 1);
    drop(site);
}

#[tokio::test(start_paused = true)]
async fn it_ends_with_the_layer() {
    let storage = Swept::default();
    let site = site(&storage);
    let browser = Browser::new(site);
    browser.get("/").await;
    rounds_pass(1).await;
    assert_eq!(storage.rounds(), 1);
    let tasks = tokio::runtime::Handle::current().metrics();
    assert_eq!(tasks.num_alive_tasks(), 1);
    drop(browser);
    tokio::task::yield_now().await;
    assert_eq!(
        tasks.num_alive_tasks(),
        0,
        "at once, not when the round is due"
    );
    assert_eq!(
        Arc::strong_count(&storage.state),
        1,
        "nobody holds the storage any more"
    );
}
