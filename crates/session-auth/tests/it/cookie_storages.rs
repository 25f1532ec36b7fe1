//! Sessions in cookies: every storage against the contract, with and without a ledger, and what only they have.

use axum::{
    Json, Router,
    body::Body,
    extract::Path,
    routing::{get, post},
};
use http::{Request, header};
use session_auth::{
    AiohttpCookies, AnyStorage, Auth, AuthLayer, Directory, EncryptedCookieStorage, Identity,
    KeyError, MemoryStorage, NaClCookieStorage, Promise, Session, SessionError, SessionLayer,
    SessionTooLarge, SimpleCookieStorage, Stamp,
    testing::{Browser, advance, contract, now},
};
use tower::ServiceExt;

use crate::log::Log;

const KEY: &[u8] = b"0123456789abcdef0123456789abcdef";
const OTHER_KEY: &[u8] = b"fedcba9876543210fedcba9876543210";

fn encrypted() -> EncryptedCookieStorage {
    EncryptedCookieStorage::new(KEY).unwrap()
}

fn nacl() -> NaClCookieStorage {
    NaClCookieStorage::new(KEY).unwrap()
}

#[tokio::test]
async fn simple_cookies_keep_the_contract() {
    contract(async |_| SimpleCookieStorage::new()).await;
}

#[tokio::test]
async fn encrypted_cookies_keep_the_contract() {
    contract(async |_| encrypted()).await;
}

#[tokio::test]
async fn nacl_cookies_keep_the_contract() {
    contract(async |_| nacl()).await;
}

/// A ledger that does not survive a restart takes the sessions with it, whole as they are in their cookies.
async fn revocable<S: Into<AnyStorage>>(make: impl Fn(MemoryStorage) -> S) {
    contract(async |_| make(MemoryStorage::new())).await;
}

#[tokio::test]
async fn revocable_cookies_end_every_copy() {
    revocable(|ledger| encrypted().revocable(ledger)).await;
    revocable(|ledger| nacl().revocable(ledger)).await;
    revocable(|ledger| SimpleCookieStorage::new().revocable(ledger)).await;
}

/// Of an old copy the values are believed, and nothing else.
#[tokio::test]
async fn an_old_copy_of_a_revocable_cookie_lives_no_longer_than_its_session() {
    let minute = std::time::Duration::from_secs(60);
    for (storage, lives_on) in [
        (encrypted(), true),
        (encrypted().revocable(MemoryStorage::new()), false),
    ] {
        let site = site(storage);
        let browser = Browser::new(site.clone());
        browser.post("/", &[]).await;
        let copy = browser.cookies();
        browser.post("/brief", &[]).await;
        assert_ne!(browser.cookies(), copy);
        assert_eq!(visit(&site, &copy).await.0, "Some(1)");
        advance(minute);
        assert_eq!(visit(&site, &browser.cookies()).await.0, "None");
        assert_eq!(visit(&site, &copy).await.0 == "Some(1)", lives_on);
    }
}

#[test]
fn a_key_of_a_wrong_length_is_refused_with_the_right_one() {
    let error = EncryptedCookieStorage::new(&KEY[..16]).err().unwrap();
    assert!(matches!(error, KeyError::Fernet(16)));
    assert!(error.to_string().contains("32 bytes") && error.to_string().contains("44 characters"));
    let error = encrypted().also_reads(&[b'='; 44]).err().unwrap();
    assert!(matches!(error, KeyError::FernetBase64));
    let error = nacl().also_reads(&KEY[..31]).err().unwrap();
    assert!(matches!(error, KeyError::SecretBox(31)));
    assert!(error.to_string().contains("32 bytes"));
    assert!(EncryptedCookieStorage::new(b"MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=").is_ok());
}

async fn write(session: Session) {
    session.insert("a", 1).await.unwrap();
}

async fn read(session: Session) -> String {
    format!("{:?}", session.get::<u64>("a").await.unwrap())
}

async fn write_much(session: Session) {
    session.insert("a", 2).await.unwrap();
    session.insert("much", "x".repeat(4000)).await.unwrap();
}

/// Asks early, and lets the error be the answer.
async fn save_much(session: Session) -> Result<(), SessionError> {
    session.insert("much", "x".repeat(4000)).await?;
    session.save().await?;
    unreachable!("it does not fit")
}

async fn keep_briefly(session: Session) {
    let minute = time::Duration::minutes(1);
    session.set_expiry(Some(tower_sessions_core::Expiry::OnInactivity(minute)));
    session.insert("a", 2).await.unwrap();
}

fn site(storage: impl Into<AnyStorage>) -> Router {
    Router::new()
        .route("/", get(read).post(write))
        .route("/much", post(write_much))
        .route("/saved", post(save_much))
        .route("/brief", post(keep_briefly))
        .route("/other", get(|| async {}))
        .layer(SessionLayer::new(storage).clock(now))
}

/// The value that a visitor with this cookie has, and the cookie of the answer.
async fn visit(site: &Router, cookie: &str) -> (String, Option<String>) {
    let request = Request::get("/")
        .header(header::COOKIE, cookie)
        .body(Body::empty());
    let answer = site.clone().oneshot(request.unwrap()).await.unwrap();
    let set = answer.headers().get(header::SET_COOKIE);
    let set = set.map(|set| set.to_str().unwrap().split(';').next().unwrap().to_owned());
    let body = axum::body::to_bytes(answer.into_body(), 1000)
        .await
        .unwrap();
    (String::from_utf8(body.to_vec()).unwrap(), set)
}

async fn rings_of_keys<S: Into<AnyStorage>>(old: S, both: S, new: S) {
    let browser = Browser::new(site(old));
    browser.post("/", &[]).await;
    let (both, new) = (site(both), site(new));
    let (value, removed) = visit(&new, &browser.cookies()).await;
    assert_eq!(value, "None", "the old key is not known");
    assert!(removed.is_some_and(|cookie| cookie.ends_with('=')));

    // Where the session is not used, nothing is sent.
    let unused = Request::get("/other").header(header::COOKIE, browser.cookies());
    let unused = both
        .clone()
        .oneshot(unused.body(Body::empty()).unwrap())
        .await
        .unwrap();
    assert!(!unused.headers().contains_key(header::SET_COOKIE));
    let (value, sealed_again) = visit(&both, &browser.cookies()).await;
    assert_eq!(value, "Some(1)");
    let sealed_again = sealed_again.unwrap();
    let (value, set) = visit(&both, &sealed_again).await;
    assert_eq!((value.as_str(), set), ("Some(1)", None), "once is enough");
    assert_eq!(visit(&new, &sealed_again).await.0, "Some(1)");
}

#[tokio::test]
async fn old_keys_read_and_the_first_key_writes() {
    let fernet = |key| EncryptedCookieStorage::new(key).unwrap();
    let both = fernet(OTHER_KEY).also_reads(KEY).unwrap();
    rings_of_keys(fernet(KEY), both, fernet(OTHER_KEY)).await;
    let nacl = |key| NaClCookieStorage::new(key).unwrap();
    let both = nacl(OTHER_KEY).also_reads(KEY).unwrap();
    rings_of_keys(nacl(KEY), both, nacl(OTHER_KEY)).await;
    let fernet = |key| fernet(key).aiohttp_compatible();
    let both = EncryptedCookieStorage::new(OTHER_KEY)
        .unwrap()
        .also_reads(KEY)
        .unwrap();
    rings_of_keys(fernet(KEY), both.aiohttp_compatible(), fernet(OTHER_KEY)).await;
}

#[tokio::test]
async fn a_session_too_large_for_a_cookie_is_an_error_and_the_old_cookie_stays() {
    for storage in [
        AnyStorage::from(encrypted()),
        nacl().into(),
        SimpleCookieStorage::new().into(),
        nacl().aiohttp_compatible().into(),
        encrypted().revocable(MemoryStorage::new()).into(),
    ] {
        let browser = Browser::new(site(storage));
        browser.post("/", &[]).await;
        let before = browser.cookies();
        let log = Log::default();
        let guard = log.here();
        let refused = browser.post("/much", &[]).await;
        drop(guard);
        assert_eq!(refused.status(), 500);
        assert_eq!(log.warnings(), 1, "{}", log.text());
        assert!(log.text().contains("a session could not be stored"));
        assert!(!log.text().contains("xxxx"), "no value is in the log");
        let too_large = refused.extensions().get::<SessionTooLarge>().unwrap();
        assert!(
            too_large.size > 4096 && too_large.limit == 4096,
            "{too_large:?}"
        );
        assert_eq!(browser.cookies(), before);
        let early = browser.post("/saved", &[]).await;
        assert_eq!(early.status(), 500);
        assert!(early.extensions().get::<SessionTooLarge>().unwrap().size > 4096);
        let body = axum::body::to_bytes(browser.get("/").await.into_body(), 100)
            .await
            .unwrap();
        assert_eq!(body, "Some(1)");
    }
}

/// A copy of the cookie does not know that the clock goes on.
#[tokio::test]
async fn the_servers_clock_judges_what_the_cookie_says() {
    let site = site(encrypted());
    let browser = Browser::new(site.clone());
    browser.post("/", &[]).await;
    let copy = browser.cookies();
    assert_eq!(visit(&site, &copy).await.0, "Some(1)");
    advance(std::time::Duration::from_secs(24 * 60 * 60));
    assert_eq!(visit(&site, &copy).await.0, "None");
}

/// What the format cannot keep, seen.
#[tokio::test]
async fn a_session_shared_with_aiohttp_is_what_python_makes_of_one() {
    let check = |storage: AiohttpCookies, is_sealed| async move {
        for promise in [
            Promise::ConcurrentWrites,
            Promise::NoRevival,
            Promise::AtomicRotation,
            Promise::ByUser,
            Promise::AnySize,
            Promise::Lifetimes,
            Promise::LoginDetails,
        ] {
            assert!(!storage.promises().keeps(promise), "{promise:?}");
        }
        assert_eq!(storage.promises().keeps(Promise::Sealed), is_sealed);
        let limited = site(storage.clone().max_age(std::time::Duration::from_secs(600)));
        let site = site(storage);
        let browser = Browser::new(site.clone());
        browser.post("/", &[]).await;
        let copy = browser.cookies();
        assert!(copy.starts_with("AIOHTTP_SESSION="), "{copy}");
        // A year without a visit: the format knows no idle time, and a read sends nothing.
        assert_eq!(visit(&limited, &copy).await.0, "Some(1)");
        advance(std::time::Duration::from_secs(365 * 24 * 60 * 60));
        assert_eq!(visit(&site, &copy).await, ("Some(1)".to_owned(), None));
        assert_eq!(visit(&limited, &copy).await.0, "None");
        // Any undecodable value is removed, and an ended session of Python's is nobody's.
        let (value, removal) = visit(&site, "AIOHTTP_SESSION=garbage").await;
        assert_eq!(
            (value.as_str(), removal.as_deref()),
            ("None", Some("AIOHTTP_SESSION="))
        );
    };
    check(SimpleCookieStorage::new().aiohttp_compatible(), false).await;
    check(encrypted().aiohttp_compatible(), true).await;
    check(nacl().aiohttp_compatible(), true).await;
    let simple = site(SimpleCookieStorage::new().aiohttp_compatible());
    let (value, set) = visit(&simple, "AIOHTTP_SESSION=\"{}\"").await;
    assert_eq!((value.as_str(), set), ("None", None));
}

/// Whoever is logged in has the stamp that the table holds now.
#[derive(Clone, Default)]
struct Accounts(std::sync::Arc<std::sync::atomic::AtomicU8>);

impl Directory for Accounts {
    type User = String;
    type Error = std::convert::Infallible;

    async fn find(&self, id: &str) -> Result<Option<String>, Self::Error> {
        Ok(Some(id.to_owned()))
    }

    fn identity(&self, user: &String) -> Identity {
        let epoch = self.0.load(std::sync::atomic::Ordering::Relaxed);
        Identity {
            id: user.clone(),
            stamp: Stamp::of(&[&[epoch]]),
        }
    }
}

/// A browser that logs in and writes, and copies of its cookie from before.
async fn seen_to_go_wrong(storage: impl Into<AnyStorage>) -> Vec<Promise> {
    let accounts = Accounts::default();
    let log_in = |auth: Auth<Accounts>| async move { auth.login(&"alice".to_owned()).await };
    let log_out = |auth: Auth<Accounts>| async move { auth.logout().await };
    let who =
        |auth: Auth<Accounts>| async move { auth.user().await.map(Option::unwrap_or_default) };
    let put = |Path(key): Path<String>, session: Session| async move {
        session.insert(&key, 1).await.unwrap();
    };
    let values = |session: Session| async move { Json(session.values().await.unwrap()) };
    let router = Router::new()
        .route("/login", post(log_in))
        .route("/logout", post(log_out))
        .route("/who", get(who))
        .route("/put/{key}", post(put))
        .route("/", get(values))
        .layer(AuthLayer::new(accounts.clone()))
        .layer(SessionLayer::new(storage).clock(now));
    let text = async |browser: &Browser, path| {
        let body = browser.get(path).await.into_body();
        let body = axum::body::to_bytes(body, 10_000).await.unwrap();
        String::from_utf8(body.to_vec()).unwrap()
    };

    let mut seen = Vec::new();
    let browser = Browser::new(router);
    browser.post("/put/a", &[]).await;
    let before_login = browser.copy();
    browser.post("/login", &[]).await;
    assert_eq!(text(&browser, "/who").await, "alice");
    if text(&before_login, "/").await.contains("\"a\":1") {
        seen.push(Promise::AtomicRotation);
    }
    let other_tab = browser.copy();
    browser.post("/put/b", &[]).await;
    other_tab.post("/put/c", &[]).await;
    if !text(&other_tab, "/").await.contains("\"b\":1") {
        seen.push(Promise::ConcurrentWrites);
    }
    accounts.0.store(1, std::sync::atomic::Ordering::Relaxed);
    if text(&browser, "/who").await == "alice" {
        seen.push(Promise::LoginDetails);
    }
    accounts.0.store(0, std::sync::atomic::Ordering::Relaxed);
    browser.post("/logout", &[]).await;
    assert_eq!(text(&browser, "/who").await, "");
    if text(&other_tab, "/who").await == "alice" {
        seen.push(Promise::NoRevival);
    }
    seen
}

#[tokio::test]
async fn what_a_format_does_not_promise_is_seen_to_go_wrong_and_nothing_else() {
    use Promise::{AtomicRotation, ConcurrentWrites, LoginDetails, NoRevival};
    let python = [AtomicRotation, ConcurrentWrites, LoginDetails, NoRevival];
    assert_eq!(
        seen_to_go_wrong(encrypted().aiohttp_compatible()).await,
        python
    );
    assert_eq!(seen_to_go_wrong(nacl().aiohttp_compatible()).await, python);
    let simple = SimpleCookieStorage::new().aiohttp_compatible();
    assert_eq!(seen_to_go_wrong(simple).await, python);
    let ours = [AtomicRotation, ConcurrentWrites, NoRevival];
    assert_eq!(seen_to_go_wrong(encrypted()).await, ours);
    let revocable = nacl().revocable(MemoryStorage::new());
    assert_eq!(seen_to_go_wrong(revocable).await, [ConcurrentWrites]);
    assert_eq!(seen_to_go_wrong(MemoryStorage::new()).await, []);
}

/// The text that anybody can write by hand.
#[tokio::test]
async fn a_session_that_python_did_not_seal_is_believed_by_the_simple_storage_only() {
    let forged = r#"AIOHTTP_SESSION="{\"created\": 1700000000\054 \"session\": {\"a\": 1}}""#;
    let simple = site(SimpleCookieStorage::new().aiohttp_compatible());
    assert_eq!(visit(&simple, forged).await.0, "Some(1)");
    for sealed in [
        encrypted().aiohttp_compatible(),
        nacl().aiohttp_compatible(),
    ] {
        assert_eq!(visit(&site(sealed), forged).await.0, "None");
    }
}
