//! The calls of tower-sessions and those of the login in one request: what one of them ends is over for the other, also for a
//! task that meets the answer on its way.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use axum::Router;
use axum::extract::{Extension, Path, Request};
use axum::http::{StatusCode, header};
use axum::middleware::{Next, from_fn};
use axum::response::Response;
use axum::routing::{get, post};
use session_auth::{
    Auth, AuthError, AuthLayer, Change, Flash, FlashLevel, MemoryStorage, Outcome, Promises,
    RequireLogin, Session, SessionError, SessionKey, SessionLayer, SessionStorage, StorageError,
    StoredSession,
};
use time::OffsetDateTime;
use tokio::sync::{Notify, mpsc};
use tower_sessions_core::Expiry;

use crate::site::{Accounts, Browser, Site, layers};

/// Sessions in memory. It can be away, keep a load waiting, and do a change without ever saying so.
#[derive(Clone, Default)]
struct Moody {
    sessions: MemoryStorage,
    mood: Arc<Mood>,
}

#[derive(Default)]
struct Mood {
    is_away: AtomicBool,
    keeps_waiting: AtomicBool,
    goes_on: Notify,
    says_nothing: AtomicBool,
    said_nothing: Notify,
}

#[async_trait]
impl SessionStorage for Moody {
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
        if self.mood.keeps_waiting.load(Ordering::SeqCst) {
            self.mood.goes_on.notified().await;
        }
        if self.mood.is_away.load(Ordering::SeqCst) {
            return Err(StorageError::new("the storage is away"));
        }
        self.sessions.load(key).await
    }

    async fn commit(&self, key: &SessionKey, change: &Change) -> Result<Outcome, StorageError> {
        let outcome = self.sessions.commit(key, change).await;
        if self.mood.says_nothing.swap(false, Ordering::SeqCst) {
            self.mood.said_nothing.notify_one();
            std::future::pending::<()>().await;
        }
        outcome
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
        self.sessions.delete_expired(before, limit).await
    }
}

/// What a middleware may do to the session before it lets the request go on.
async fn act(session: &Session, auth: &Auth<Accounts>, what: &str) {
    match what {
        "flush" => session.flush().await.unwrap(),
        "delete" => session.delete().await.unwrap(),
        "clear" => session.clear().await,
        "expire" => {
            let past = Expiry::AtDateTime(OffsetDateTime::UNIX_EPOCH);
            session.set_expiry(Some(past));
        }
        "logout" => auth.logout().await.unwrap(),
        "cycle" => session.cycle_id().await.unwrap(),
        "insert" => session.insert("seen", true).await.unwrap(),
        "save" => session.save().await.unwrap(),
        other => panic!("{other:?}"),
    }
}

async fn act_before(
    Path(what): Path<String>,
    session: Session,
    auth: Auth<Accounts>,
    request: Request,
    next: Next,
) -> Response {
    // As a middleware around it may have asked already.
    assert_eq!(auth.user().await.unwrap().unwrap().name, "alice");
    for what in what.split('-') {
        act(&session, &auth, what).await;
    }
    next.run(request).await
}

#[tokio::test]
async fn what_a_middleware_has_ended_lets_nobody_through() {
    for (storage, layer) in layers().await {
        let private = get(|RequireLogin(user): RequireLogin<Accounts>| async move { user.name });
        let routes = Router::new().route("/after/{what}", private.route_layer(from_fn(act_before)));
        let site = Site::with(layer, |auth| auth, routes);
        for end in ["flush", "delete", "clear", "expire", "logout"] {
            for before in ["", "insert-", "insert-save-", "cycle-"] {
                let mut browser = site.logged_in("alice").await;
                let mut copy = browser.clone();
                let answer = browser.get(&format!("/after/{before}{end}")).await;
                let case = format!("{storage}: {before}{end}");
                assert_eq!(answer.status, StatusCode::SEE_OTHER, "{case}");
                assert_eq!(copy.me().await, "nobody", "{case}: and afterwards");
            }
        }
        for harmless in [
            "cycle",
            "insert",
            "insert-save",
            "cycle-save",
            "insert-cycle",
        ] {
            let mut browser = site.logged_in("alice").await;
            let answer = browser.get(&format!("/after/{harmless}")).await;
            assert_eq!(answer.text, "alice", "{storage}: {harmless}");
            assert_eq!(browser.me().await, "alice", "{storage}: {harmless}");
        }
    }
}

/// Also where the login is of the same request, and no session was stored before.
#[tokio::test]
async fn a_login_that_the_same_request_flushed_is_nobodys() {
    let handler = async |session: Session, auth: Auth<Accounts>, accounts: Extension<Accounts>| {
        auth.login(&accounts.get("alice")).await.unwrap();
        session.cycle_id().await.unwrap();
        let between = auth.user().await.unwrap().is_some();
        session.flush().await.unwrap();
        format!("{between} {}", auth.user().await.unwrap().is_some())
    };
    for (storage, layer) in layers().await {
        let routes = Router::new().route("/act", post(handler));
        let site = Site::with(layer, |auth| auth, routes);
        let mut browser = site.browser();
        assert_eq!(browser.post("/act").await.text, "true false", "{storage}");
        assert_eq!(browser.me().await, "nobody", "{storage}");
    }
}

#[tokio::test]
async fn a_session_that_was_flushed_cannot_be_renewed() {
    let renew = async |session: Session, auth: Auth<Accounts>, accounts: Extension<Accounts>| {
        session.flush().await.unwrap();
        auth.renew(&accounts.get("alice")).await
    };
    for (storage, layer) in layers().await {
        let routes = Router::new().route("/renew", post(renew));
        let site = Site::with(layer, |auth| auth, routes);
        let mut browser = site.logged_in("alice").await;
        let refused = browser.post("/renew").await;
        assert_eq!(refused.status, StatusCode::UNAUTHORIZED, "{storage}");
    }
}

/// A handler whose task logs somebody in or out while the answer goes: it is done, or the task is told that it is not.
#[tokio::test]
async fn a_login_or_logout_that_meets_the_answer_is_done_or_refused() {
    for (what, is_done) in [("login", false), ("renew", false), ("logout", true)] {
        let storage = Moody::default();
        let (told, mut hears) = mpsc::channel::<Result<(), AuthError>>(1);
        let handler = move |session: Session,
                            auth: Auth<Accounts>,
                            accounts: Extension<Accounts>| async move {
            if what == "logout" {
                // Holds the record for which the logout waits.
                tokio::spawn(async move { session.get_value("key").await });
                tokio::task::yield_now().await;
            }
            tokio::spawn(async move {
                let done = match what {
                    "login" => auth.login(&accounts.get("bob")).await,
                    "renew" => auth.renew(&accounts.get("alice")).await,
                    _ => auth.logout().await,
                };
                told.send(done).await.unwrap();
            });
            tokio::task::yield_now().await;
        };
        let routes = Router::new().route("/act", post(handler));
        let site = Site::with(SessionLayer::new(storage.clone()), |auth| auth, routes);
        let mut browser = site.logged_in("alice").await;
        storage.mood.keeps_waiting.store(true, Ordering::SeqCst);
        let answer = browser.post("/act").await;
        assert_eq!(answer.status, StatusCode::OK);
        assert!(!answer.sets_cookie(), "{what}");
        storage.mood.keeps_waiting.store(false, Ordering::SeqCst);
        storage.mood.goes_on.notify_waiters();
        let done = hears.recv().await.unwrap();
        assert_eq!(done.is_ok(), is_done, "{what}: {done:?}");
        let me = if is_done { "nobody" } else { "alice" };
        assert_eq!(browser.me().await, me, "{what}");
    }
}

/// Whatever the request did to its session before the answer.
#[tokio::test]
async fn a_new_id_after_the_answer_is_refused_and_ends_nothing() {
    for early in [
        "insert",
        "cycle",
        "cycle-insert",
        "clear-insert",
        "insert-save",
        "login",
    ] {
        let (hands_over, mut late) = mpsc::channel::<Session>(1);
        let handler = move |session: Session,
                            auth: Auth<Accounts>,
                            accounts: Extension<Accounts>| async move {
            if early == "login" {
                auth.login(&accounts.get("bob")).await.unwrap();
            } else {
                for what in early.split('-') {
                    act(&session, &auth, what).await;
                }
            }
            hands_over.send(session).await.unwrap();
        };
        let seen = get(async |session: Session| format!("{:?}", session.values().await.unwrap()));
        let routes = Router::new()
            .route("/act", post(handler))
            .route("/seen", seen);
        let site = Site::with(SessionLayer::new(MemoryStorage::new()), |auth| auth, routes);
        let mut browser = site.logged_in("alice").await;
        browser.post("/act").await;
        let before = (browser.me().await, browser.get("/seen").await.text);
        let session = late.recv().await.unwrap();
        assert!(session.cycle_id().await.is_err(), "{early}");
        let after = (browser.me().await, browser.get("/seen").await.text);
        assert_eq!(after, before, "{early}");
        session.delete().await.unwrap();
        assert_eq!(browser.me().await, "nobody", "{early}: an end is an end");
    }
}

#[tokio::test]
async fn an_answer_that_rests_on_asking_again_is_private_and_a_503_when_it_could_not() {
    let storage = Moody::default();
    let valid = async |auth: Auth<Accounts>| auth.still_valid().await.unwrap_or(false).to_string();
    let routes = Router::new().route("/valid", get(valid));
    let site = Site::with(SessionLayer::new(storage.clone()), |auth| auth, routes);
    let mut browser = site.logged_in("alice").await;
    let answer = browser.get("/valid").await;
    assert_eq!(answer.text, "true");
    assert_eq!(answer.header(header::VARY), Some("Cookie"));
    assert_eq!(
        answer.header(header::CACHE_CONTROL),
        Some("private, no-cache")
    );
    storage.mood.is_away.store(true, Ordering::SeqCst);
    let answer = browser.get("/valid").await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(answer.header(header::VARY), Some("Cookie"));
}

/// Whether the session is stored yet must not decide what is counted.
#[tokio::test]
async fn an_update_goes_on_from_what_the_request_has_written() {
    let handler = async |session: Session| -> Result<String, SessionError> {
        session.insert("n", 10).await?;
        session.remove_value("cart").await?;
        let n = session
            .update("n", |n: Option<u32>| n.unwrap_or(0) + 1)
            .await?;
        let push = |cart: Option<Vec<u8>>| [cart.unwrap_or_default(), vec![9]].concat();
        let cart = session.update("cart", push).await?;
        Ok(format!("{n} {cart:?}"))
    };
    let fill = async |session: Session| {
        session.insert("n", 3).await.unwrap();
        session.insert("cart", [1, 2]).await.unwrap();
    };
    let seen = async |session: Session| {
        let cart: Option<Vec<u8>> = session.get("cart").await.unwrap();
        format!("{:?} {cart:?}", session.get::<u32>("n").await.unwrap())
    };
    for (storage, layer) in layers().await {
        let routes = Router::new()
            .route("/update", post(handler))
            .route("/fill", post(fill))
            .route("/seen", get(seen));
        let site = Site::with(layer, |auth| auth, routes);
        for is_stored in [false, true] {
            let mut browser = site.browser();
            if is_stored {
                browser.post("/fill").await;
            }
            assert_eq!(browser.post("/update").await.text, "11 [9]", "{storage}");
            let seen = browser.get("/seen").await.text;
            assert_eq!(seen, "Some(11) Some([9])", "{storage}: {is_stored}");
        }
    }
}

/// The storage has taken the messages out, and whoever asked for them is gone before they hear of it.
#[tokio::test]
async fn a_message_that_was_claimed_by_one_who_hung_up_waits_again() {
    let storage = Moody::default();
    let push = async |flash: Flash| flash.push(FlashLevel::Info, "saved").await;
    let show = async |flash: Flash| -> Result<String, SessionError> {
        let claimed = flash.claim().await?;
        Ok(claimed.iter().map(|message| &*message.text).collect())
    };
    let routes = Router::new()
        .route("/push", post(push))
        .route("/show", get(show));
    let site = Site::with(SessionLayer::new(storage.clone()), |auth| auth, routes);
    let mut browser = site.logged_in("alice").await;
    browser.post("/push").await;
    storage.mood.says_nothing.store(true, Ordering::SeqCst);
    let mut hangs_up = browser.clone();
    tokio::select! {
        _ = hangs_up.get("/show") => panic!("the storage said something"),
        () = storage.mood.said_nothing.notified() => {}
    }
    // What puts it back runs by itself; the page that shows it takes it.
    let mut shown = String::new();
    for _ in 0..100 {
        tokio::task::yield_now().await;
        shown += &browser.get("/show").await.text;
    }
    assert_eq!(shown, "saved");
}

#[tokio::test]
async fn a_login_layer_inside_of_a_nested_router_sends_back_to_where_the_client_was() {
    let page = get(|RequireLogin(user): RequireLogin<Accounts>| async move { user.name });
    let login = AuthLayer::new(Accounts::new()).login_path("/admin/login");
    let admin = Router::new().route("/x", page).layer(login);
    let site = Router::new().nest("/admin", admin);
    let site = site.layer(SessionLayer::new(MemoryStorage::new()));
    let answer = Browser::new(site).get("/admin/x?y=1").await;
    assert_eq!(
        answer.location(),
        Some("/admin/login?next=/admin/x%3Fy%3D1")
    );
}

#[tokio::test]
async fn a_cookie_for_https_only_has_another_name_without_it() {
    for (given, name) in [
        ("__Host-shop", "shop"),
        ("__Secure-shop", "shop"),
        ("shop", "shop"),
    ] {
        let layer = SessionLayer::new(MemoryStorage::new()).cookie_name(given);
        let mut browser = Site::new(layer.plain_http()).logged_in("alice").await;
        let cookie = browser.cookie.clone().unwrap();
        assert!(cookie.starts_with(&format!("{name}=")), "{cookie}");
        assert_eq!(browser.me().await, "alice");
    }
}
