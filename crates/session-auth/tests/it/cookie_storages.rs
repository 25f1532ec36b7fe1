//! Sessions in cookies: every storage against the contract, with and without a ledger, and what only they have.

use axum::{
    Router,
    body::Body,
    routing::{get, post},
};
use http::{Request, header};
use session_auth::{
    AiohttpCookies, AnyStorage, EncryptedCookieStorage, KeyError, MemoryStorage, NaClCookieStorage,
    Promise, Session, SessionLayer, SessionTooLarge, SimpleCookieStorage,
    testing::{Browser, advance, contract, now},
};
use tower::ServiceExt;

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

/// The ledger outlives the storage that was opened on it, as a database does.
async fn revocable<S: Into<AnyStorage>>(make: impl Fn(MemoryStorage) -> S) {
    let restarted = MemoryStorage::new();
    contract(async |name| match name {
        "restart" => make(restarted.clone()),
        _ => make(MemoryStorage::new()),
    })
    .await;
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

async fn keep_briefly(session: Session) {
    let minute = time::Duration::minutes(1);
    session.set_expiry(Some(tower_sessions_core::Expiry::OnInactivity(minute)));
    session.insert("a", 2).await.unwrap();
}

fn site(storage: impl Into<AnyStorage>) -> Router {
    Router::new()
        .route("/", get(read).post(write))
        .route("/much", post(write_much))
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
        let refused = browser.post("/much", &[]).await;
        assert_eq!(refused.status(), 500);
        let too_large = refused.extensions().get::<SessionTooLarge>().unwrap();
        assert!(
            too_large.size > 4096 && too_large.limit == 4096,
            "{too_large:?}"
        );
        assert_eq!(browser.cookies(), before);
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
