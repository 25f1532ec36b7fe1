//! `RequireRecentLogin`: who proved long ago who they are is asked again, and goes on.

use std::collections::HashMap;
use std::time::Duration;

use axum::Router;
use axum::extract::{Extension, Form, Query};
use axum::http::{Method, StatusCode, header};
use axum::routing::{get, post};
use session_auth::password::{PasswordHash, PasswordHasher};
use session_auth::testing::{advance, now};
use session_auth::{
    Attempt, Auth, AuthError, AuthLayer, MemoryStorage, Reason, Refusal, RequireRecentLogin,
    SessionLayer,
};

use crate::site::{Accounts, Answer, Browser, Site, layers};

const MINUTE: Duration = Duration::from_secs(60);
const PASSWORD: &str = "correct horse";

async fn danger(RequireRecentLogin(user): RequireRecentLogin<Accounts>) -> String {
    format!("{} may", user.name)
}

type Fields = HashMap<String, String>;

/// Asks for the password of alice, or of whom the form names. Everybody has the same one.
async fn confirm(
    auth: Auth<Accounts>,
    accounts: Extension<Accounts>,
    hash: Extension<PasswordHash>,
    Form(form): Form<Fields>,
) -> Result<(StatusCode, String), AuthError> {
    let find = |name: &str| {
        let account = (hash.0.clone(), accounts.get(name));
        async move { Ok::<_, crate::site::Away>(Some(account)) }
    };
    let attempt = auth.confirm(&form["name"], &form["password"], find).await?;
    let status = match attempt {
        Attempt::LoggedIn { .. } => StatusCode::OK,
        _ => StatusCode::UNPROCESSABLE_ENTITY,
    };
    Ok((
        status,
        auth.target(form.get("next").map(String::as_str))
            .to_string(),
    ))
}

async fn confirmed(
    auth: Auth<Accounts>,
    accounts: Extension<Accounts>,
    Query(fields): Query<Fields>,
) -> Result<StatusCode, AuthError> {
    auth.confirmed(&accounts.get(&fields["as"])).await?;
    let status = fields.get("status").map(|status| status.parse().unwrap());
    Ok(status.unwrap_or(StatusCode::OK))
}

async fn is_confirmation(auth: Auth<Accounts>) -> Result<String, AuthError> {
    Ok(auth.is_confirmation().await?.to_string())
}

async fn site_with(
    sessions: SessionLayer,
    set: impl FnOnce(AuthLayer<Accounts>) -> AuthLayer<Accounts>,
) -> Site {
    let hasher = PasswordHasher::new().cost(8, 1, 1);
    let hash = hasher.hash(PASSWORD).await.unwrap();
    let routes = Router::new()
        .route("/danger", get(danger).post(danger).delete(danger))
        .route("/confirmation", get(is_confirmation).post(confirm))
        .route("/confirmed", post(confirmed))
        .layer(Extension(hash));
    let set = |auth: AuthLayer<Accounts>| set(auth.passwords(hasher));
    Site::with(sessions.clock(now), set, routes)
}

async fn site(sessions: SessionLayer) -> Site {
    site_with(sessions, |auth| auth).await
}

fn refusal(answer: &Answer) -> &Refusal {
    let refusal = answer.extensions.get();
    refusal.expect("a refusal in the response's extensions")
}

async fn may(browser: &mut Browser) -> bool {
    browser.get("/danger").await.status == StatusCode::OK
}

#[tokio::test]
async fn who_logged_in_long_ago_confirms_it_and_goes_on() {
    for (storage, layer) in layers().await {
        let site = site(layer).await;
        let mut alice = site.logged_in("alice").await;
        alice.post("/value?key=cart&value=apples").await;
        advance(10 * MINUTE - Duration::from_secs(1));
        assert!(may(&mut alice).await, "{storage}: the control, recent");
        advance(Duration::from_secs(1));

        let asked = alice.get("/danger?a=b").await;
        assert_eq!(asked.status, StatusCode::SEE_OTHER, "{storage}");
        let page = "/login?confirm=1&next=/danger%3Fa%3Db";
        assert_eq!(asked.location(), Some(page), "{storage}");
        assert!(
            matches!(refusal(&asked).reason(), Reason::RecentLoginRequired { within, .. } if *within == 10 * MINUTE)
        );
        assert_eq!(alice.me().await, "alice", "{storage}: still logged in");
        let form = alice.get(page).await;
        assert_eq!(form.text, "name?", "{storage}: the form, not the way on");
        assert_eq!(
            alice.get("/login?next=/danger").await.location(),
            Some("/danger"),
            "{storage}: the control, without the marker"
        );

        let before = alice.clone();
        let fields = [
            ("name", "alice"),
            ("password", PASSWORD),
            ("next", "/danger?a=b"),
        ];
        let answer = alice.submit("/confirmation", &fields).await;
        assert_eq!(
            (answer.status, answer.text.as_str()),
            (StatusCode::OK, "/danger?a=b"),
            "{storage}"
        );
        assert_eq!(
            alice.get("/danger?a=b").await.text,
            "alice may",
            "{storage}"
        );
        assert_eq!(
            alice.get(page).await.location(),
            Some("/danger?a=b"),
            "{storage}: there is nothing left to confirm"
        );
        assert_eq!(
            alice.get("/value?key=cart").await.text,
            "apples",
            "{storage}"
        );
        assert_ne!(alice.cookie, before.cookie, "{storage}: a new id");
        assert_eq!(
            before.clone().me().await,
            "nobody",
            "{storage}: the old one is dead"
        );
    }
}

#[tokio::test]
async fn an_ordinary_login_of_the_same_person_confirms_as_well() {
    for (storage, layer) in layers().await {
        let site = site(layer).await;
        let mut alice = site.logged_in("alice").await;
        advance(11 * MINUTE);
        assert!(!may(&mut alice).await, "{storage}");
        alice.post("/login?as=alice").await;
        assert!(may(&mut alice).await, "{storage}");
    }
}

#[tokio::test]
async fn nothing_else_makes_a_login_recent() {
    for (storage, layer) in layers().await {
        let site = site(layer).await;
        let mut alice = site.logged_in("alice").await;
        for _ in 0..11 {
            advance(MINUTE);
            alice.post("/value?key=cart&value=apples").await;
        }
        assert!(!may(&mut alice).await, "{storage}: use does not");
        alice.post("/renewal?as=alice").await;
        assert!(!may(&mut alice).await, "{storage}: a renewal does not");

        for (name, password) in [("alice", "wrong horse"), ("bob", PASSWORD)] {
            let cookie = alice.cookie.clone();
            let fields = [("name", name), ("password", password)];
            let refused = alice.submit("/confirmation", &fields).await;
            assert_eq!(
                refused.status,
                StatusCode::UNPROCESSABLE_ENTITY,
                "{storage}"
            );
            assert_eq!(alice.cookie, cookie, "{storage}: {name}");
            assert_eq!(alice.me().await, "alice", "{storage}: {name}");
            assert!(!may(&mut alice).await, "{storage}: {name}");
        }
        let answer = alice.post("/confirmed?as=bob").await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{storage}");
        assert!(!may(&mut alice).await, "{storage}: somebody else does not");
        alice.post("/confirmed?as=alice&status=500").await;
        assert!(!may(&mut alice).await, "{storage}: a 5xx does not");
        alice.post("/confirmed?as=alice").await;
        assert!(may(&mut alice).await, "{storage}: the control");
    }
}

#[tokio::test]
async fn a_confirmation_keeps_a_login_remembered() {
    for (storage, layer) in layers().await {
        for (login, remembered) in [
            ("/login?as=alice&remember=1", true),
            ("/login?as=alice", false),
        ] {
            let site = site(layer.clone()).await;
            let mut alice = site.browser();
            alice.post(login).await;
            advance(11 * MINUTE);
            let answer = alice.post("/confirmed?as=alice").await;
            let cookie = answer.header(header::SET_COOKIE).unwrap();
            assert_eq!(cookie.contains("Max-Age"), remembered, "{storage}: {login}");
        }
    }
}

#[tokio::test]
async fn a_form_and_a_program_are_told_in_their_own_ways() {
    for (storage, layer) in layers().await {
        let site = site(layer).await;
        let mut alice = site.logged_in("alice").await;
        advance(11 * MINUTE);
        let form = alice.post("/danger").await;
        assert_eq!(form.status, StatusCode::SEE_OTHER, "{storage}");
        assert_eq!(form.location(), Some("/login?confirm=1"), "{storage}");

        for (browser, max_age) in [
            (&mut alice, serde_json::json!(600)),
            (&mut site.browser(), serde_json::Value::Null),
        ] {
            for method in [Method::GET, Method::DELETE] {
                let json = (header::ACCEPT, "application/json");
                let answer = browser.send(method, "/danger", &[json], "").await;
                assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{storage}");
                assert!(answer.headers.contains_key(header::WWW_AUTHENTICATE));
                assert_eq!(answer.header(header::CACHE_CONTROL), Some("no-store"));
                let problem: serde_json::Value = serde_json::from_str(&answer.text).unwrap();
                assert_eq!(problem["max_age"], max_age, "{storage}: {problem}");
            }
        }
    }
}

#[tokio::test]
async fn a_visitor_is_asked_to_log_in_as_anywhere() {
    for (storage, layer) in layers().await {
        let site = site(layer).await;
        let mut visitor = site.browser();
        let asked = visitor.get("/danger").await;
        assert_eq!(asked.location(), Some("/login?next=/danger"), "{storage}");
        let confirmation = visitor.get("/confirmation?confirm=1").await;
        assert_eq!(
            confirmation.text, "false",
            "{storage}: there is nobody to confirm"
        );
        assert_eq!(
            visitor.post("/confirmed?as=alice").await.status,
            StatusCode::UNAUTHORIZED,
            "{storage}"
        );
        let fields = [("name", "alice"), ("password", PASSWORD)];
        let answer = visitor.submit("/confirmation", &fields).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{storage}");
        assert_eq!(visitor.me().await, "nobody", "{storage}");
    }
}

#[tokio::test]
async fn the_site_says_how_recent_is_recent_and_where_one_logs_in() {
    let set =
        |auth: AuthLayer<Accounts>| auth.recent_login(MINUTE).login_path("/login?style=plain");
    let site = site_with(SessionLayer::new(MemoryStorage::new()), set).await;
    let mut alice = site.logged_in("alice").await;
    assert!(may(&mut alice).await);
    advance(MINUTE);
    assert_eq!(
        alice.get("/danger").await.location(),
        Some("/login?style=plain&confirm=1&next=/danger")
    );
    assert_eq!(alice.get("/confirmation?a&confirm=1").await.text, "true");
    for other in [
        "/confirmation",
        "/confirmation?confirm=10",
        "/confirmation?next=confirm=1",
    ] {
        assert_eq!(alice.get(other).await.text, "false", "{other}");
    }
}

#[test]
#[should_panic(expected = "recent for longer")]
fn a_login_that_is_never_recent_is_refused_at_start() {
    let _ = AuthLayer::new(Accounts::new()).recent_login(Duration::ZERO);
}

/// Two servers of one site, whose clocks differ a little, must not send anybody to and fro.
#[tokio::test]
async fn a_login_from_the_future_is_recent_within_a_minute_and_no_more() {
    fn behind() -> time::OffsetDateTime {
        now() - MINUTE
    }
    fn far_behind() -> time::OffsetDateTime {
        behind() - Duration::from_secs(1)
    }
    let storage = MemoryStorage::new();
    let mut alice = site(SessionLayer::new(storage.clone()))
        .await
        .logged_in("alice")
        .await;
    for (clock, recent) in [(behind as session_auth::Clock, true), (far_behind, false)] {
        let layer = SessionLayer::new(storage.clone()).clock(clock);
        let routes = Router::new().route("/danger", get(danger));
        alice.router = Site::with(layer, |auth| auth, routes).router;
        assert_eq!(may(&mut alice).await, recent);
    }
}

/// The cookie of a Python server says who is logged in, and not since when.
#[cfg(feature = "simple-cookie")]
#[tokio::test]
async fn where_no_time_of_login_is_kept_everybody_is_refused_and_nobody_asked() {
    let shared = session_auth::SimpleCookieStorage::new().aiohttp_compatible();
    let site = site(SessionLayer::new(shared).plain_http()).await;
    let mut alice = site.logged_in("alice").await;
    assert_eq!(alice.me().await, "alice");
    for accept in ["text/html", "application/json"] {
        let headers = [(header::ACCEPT, accept)];
        let refused = alice.send(Method::GET, "/danger", &headers, "").await;
        assert_eq!(refused.status, StatusCode::FORBIDDEN, "{accept}");
        assert!(refused.text.contains("does not keep when you logged in"));
        assert!(matches!(
            refusal(&refused).reason(),
            Reason::LoginTimeUnknown
        ));
    }
    assert_eq!(
        alice.get("/login?confirm=1&next=/me").await.location(),
        Some("/me"),
        "the login page asks for nothing that changes nothing"
    );
    assert_eq!(
        site.browser().get("/danger").await.location(),
        Some("/login?next=/danger"),
        "the control: a visitor can log in"
    );
}
