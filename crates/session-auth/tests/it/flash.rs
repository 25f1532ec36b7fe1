//! Flash messages: shown once, over every storage, however many pages are asked for at the same time.

use axum::Router;
use axum::extract::{Extension, Query};
use axum::http::StatusCode;
use axum::routing::{get, post};
use session_auth::{Flash, FlashLevel, SessionError, SessionLayer};
use std::collections::HashMap;
use std::sync::Arc;
use tokio::sync::Barrier;

use crate::site::{Site, layers};

type Fields = Query<HashMap<String, String>>;

async fn push(flash: Flash, fields: Fields) -> Result<StatusCode, SessionError> {
    flash.push(FlashLevel::Success, &fields["text"]).await?;
    Ok(fields
        .get("status")
        .map_or(StatusCode::SEE_OTHER, |status| status.parse().unwrap()))
}

/// Shows what waits, and then answers as told.
async fn page(flash: Flash, fields: Fields) -> Result<(StatusCode, String), SessionError> {
    let texts: Vec<_> = flash
        .claim()
        .await?
        .into_iter()
        .map(|message| message.text)
        .collect();
    let status = fields
        .get("status")
        .map_or(StatusCode::OK, |status| status.parse().unwrap());
    Ok((status, texts.join(",")))
}

/// All have read the session, with the message in it, before any of them claims.
async fn page_together(
    session: session_auth::Session,
    flash: Flash,
    all: Extension<Arc<Barrier>>,
) -> Result<String, SessionError> {
    assert!(
        session
            .get_value("session_auth.flash")
            .await
            .unwrap()
            .is_some()
    );
    all.wait().await;
    Ok(flash
        .claim()
        .await?
        .into_iter()
        .map(|message| message.text)
        .collect())
}

/// Shows every message that it has read and removes them with the answer, as one does without `update`.
async fn naive_page_together(
    session: session_auth::Session,
    all: Extension<Arc<Barrier>>,
) -> String {
    let messages = session
        .get_value("session_auth.flash")
        .await
        .unwrap()
        .unwrap_or_default();
    all.wait().await;
    session.remove_value("session_auth.flash").await.unwrap();
    messages
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|message| message["text"].as_str())
        .collect()
}

const PARALLEL: usize = 12;

fn site(layer: SessionLayer) -> Site {
    let routes = Router::new()
        .route("/push", post(push))
        .route("/page", get(page))
        .route("/together", get(page_together))
        .route("/naive", get(naive_page_together))
        .layer(Extension(Arc::new(Barrier::new(PARALLEL))));
    Site::with(layer, |auth| auth, routes)
}

#[tokio::test]
async fn a_message_is_shown_by_the_next_page_and_by_no_other() {
    for (storage, layer) in layers().await {
        let mut browser = site(layer).logged_in("alice").await;
        browser.post("/push?text=one").await;
        browser.post("/push?text=two").await;
        assert_eq!(browser.get("/page").await.text, "one,two", "{storage}");
        assert_eq!(browser.get("/page").await.text, "", "{storage}");
    }
}

#[tokio::test]
async fn a_visitor_gets_messages_too_and_a_session_only_for_them() {
    for (storage, layer) in layers().await {
        let mut browser = site(layer).browser();
        assert!(
            !browser.get("/page").await.sets_cookie(),
            "{storage}: asking makes no session"
        );
        assert!(
            browser.post("/push?text=hello").await.sets_cookie(),
            "{storage}"
        );
        assert_eq!(browser.get("/page").await.text, "hello", "{storage}");
    }
}

/// How many of the parallel pages show the message, and then how many show it after them.
async fn shown(layer: SessionLayer, path: &'static str) -> (usize, String) {
    let mut browser = site(layer).logged_in("alice").await;
    browser.post("/push?text=once").await;
    let pages = (0..PARALLEL).map(|_| {
        let mut browser = browser.clone();
        tokio::spawn(async move { browser.get(path).await.text })
    });
    let mut shown = 0;
    for page in pages.collect::<Vec<_>>() {
        shown += usize::from(page.await.unwrap() == "once");
    }
    (shown, browser.get("/page").await.text)
}

#[tokio::test]
async fn of_parallel_pages_exactly_one_shows_a_message() {
    for (storage, layer) in layers().await {
        assert_eq!(
            shown(layer, "/together").await,
            (1, String::new()),
            "{storage}"
        );
    }
    for (storage, layer) in layers().await {
        let (naive, _) = shown(layer, "/naive").await;
        assert_eq!(
            naive, PARALLEL,
            "{storage}: the control, read and removed later, shows it on every page"
        );
    }
}

#[tokio::test]
async fn a_page_that_fails_puts_its_messages_back_in_their_order() {
    for (storage, layer) in layers().await {
        let mut browser = site(layer).logged_in("alice").await;
        browser.post("/push?text=one").await;
        browser.post("/push?text=two").await;
        let failed = browser.get("/page?status=500").await;
        assert_eq!(failed.text, "one,two", "{storage}: they were claimed");
        browser.post("/push?text=three").await;
        assert_eq!(
            browser.get("/page").await.text,
            "one,two,three",
            "{storage}"
        );
        browser.post("/push?text=four").await;
        browser.get("/page?status=404").await;
        assert_eq!(
            browser.get("/page").await.text,
            "",
            "{storage}: the control, a 404 is a page"
        );
    }
}

async fn peek(session: session_auth::Session) -> &'static str {
    let waits = session
        .get_value("session_auth.flash")
        .await
        .unwrap()
        .is_some();
    if waits { "waiting" } else { "claimed" }
}

/// Claims, and never comes to an answer.
async fn claim_and_panic(flash: Flash) {
    assert!(!flash.claim().await.unwrap().is_empty());
    panic!("after the claim");
}

async fn claim_and_hang(flash: Flash) {
    assert!(!flash.claim().await.unwrap().is_empty());
    std::future::pending::<()>().await;
}

#[tokio::test]
async fn a_page_that_never_comes_puts_its_messages_back_too() {
    for (storage, layer) in layers().await {
        let routes = Router::new()
            .route("/push", post(push))
            .route("/page", get(page))
            .route("/panic", get(claim_and_panic))
            .route("/hang", get(claim_and_hang))
            .route("/peek", get(peek));
        let site = Site::with(layer, |auth| auth, routes);
        let mut browser = site.logged_in("alice").await;
        for lost in ["/panic", "/hang"] {
            browser.post("/push?text=important").await;
            let mut other = browser.clone();
            let lost_page = tokio::spawn(async move { other.get(lost).await });
            if lost == "/hang" {
                while browser.get("/peek").await.text == "waiting" {
                    tokio::task::yield_now().await;
                }
                lost_page.abort();
            }
            assert!(lost_page.await.is_err(), "{storage}: no answer from {lost}");
            let shown = async {
                loop {
                    let shown = browser.get("/page").await.text;
                    if !shown.is_empty() {
                        break shown;
                    }
                    tokio::task::yield_now().await;
                }
            };
            let shown = tokio::time::timeout(std::time::Duration::from_secs(10), shown).await;
            assert_eq!(shown.as_deref(), Ok("important"), "{storage}: {lost}");
        }
    }
}

#[tokio::test]
async fn a_request_that_fails_leaves_no_message() {
    for (storage, layer) in layers().await {
        let mut browser = site(layer).logged_in("alice").await;
        browser.post("/push?text=saved").await;
        browser.post("/push?text=saved&status=500").await;
        assert_eq!(
            browser.get("/page").await.text,
            "saved",
            "{storage}: the first of two"
        );
    }
}

#[tokio::test]
async fn a_redirect_that_does_not_render_leaves_the_messages_for_the_page_behind_it() {
    for (storage, layer) in layers().await {
        let site = site(layer);
        let mut browser = site.logged_in("alice").await;
        browser.post("/push?text=done").await;
        assert_eq!(
            browser.get("/login").await.status,
            StatusCode::SEE_OTHER,
            "{storage}"
        );
        assert_eq!(browser.get("/page").await.text, "done", "{storage}");
    }
}

#[tokio::test]
async fn messages_end_with_the_session_of_their_person() {
    for (storage, layer) in layers().await {
        let mut browser = site(layer).logged_in("alice").await;
        browser.post("/push?text=private").await;
        browser.post("/login?as=bob").await;
        assert_eq!(browser.get("/page").await.text, "", "{storage}");
    }
}

#[tokio::test]
async fn messages_that_nobody_reads_do_not_pile_up() {
    for (storage, layer) in layers().await {
        let mut browser = site(layer).logged_in("alice").await;
        for n in 0..40 {
            browser.post(&format!("/push?text={n}")).await;
        }
        let shown = browser.get("/page").await.text;
        assert_eq!(
            shown.split(',').collect::<Vec<_>>(),
            (24..40).map(|n| n.to_string()).collect::<Vec<_>>(),
            "{storage}"
        );
    }
}

#[tokio::test]
async fn a_message_pushed_with_a_login_or_a_logout_is_shown_after_it() {
    use crate::site::Accounts;
    use session_auth::{Auth, AuthError};

    async fn hello(
        auth: Auth<Accounts>,
        accounts: Extension<Accounts>,
        flash: Flash,
        fields: Fields,
    ) -> Result<(), AuthError> {
        auth.login(&accounts.get(&fields["as"])).await?;
        Ok(flash.push(FlashLevel::Success, "hello").await?)
    }
    async fn bye(auth: Auth<Accounts>, flash: Flash) -> Result<(), AuthError> {
        auth.logout().await?;
        Ok(flash.push(FlashLevel::Info, "bye").await?)
    }
    for (storage, layer) in layers().await {
        let routes = Router::new()
            .route("/hello", post(hello))
            .route("/bye", post(bye))
            .route("/page", get(page));
        let site = Site::with(layer, |auth| auth, routes);
        let mut browser = site.browser();
        for name in ["alice", "alice", "bob"] {
            browser.post(&format!("/hello?as={name}")).await;
            assert_eq!(browser.me().await, name, "{storage}");
            assert_eq!(
                browser.get("/page").await.text,
                "hello",
                "{storage}: {name}"
            );
        }
        browser.post("/bye").await;
        assert_eq!(browser.me().await, "nobody", "{storage}");
        assert_eq!(browser.get("/page").await.text, "bye", "{storage}");
    }
}

/// Alice has a message that she has not seen when somebody else logs in where she was, and the handler greets them.
#[tokio::test]
async fn a_message_that_waits_for_one_person_is_never_shown_to_the_next() {
    use crate::site::Accounts;
    use session_auth::{Auth, AuthError};

    async fn hello(
        auth: Auth<Accounts>,
        accounts: Extension<Accounts>,
        flash: Flash,
        fields: Fields,
    ) -> Result<(StatusCode, String), AuthError> {
        auth.login(&accounts.get("bob")).await?;
        flash.push(FlashLevel::Success, &fields["text"]).await?;
        Ok(page(flash, fields).await?)
    }
    async fn greet(
        auth: Auth<Accounts>,
        accounts: Extension<Accounts>,
        flash: Flash,
    ) -> Result<(), AuthError> {
        auth.login(&accounts.get("bob")).await?;
        Ok(flash.push(FlashLevel::Success, "hello").await?)
    }
    for (storage, layer) in layers().await {
        let routes = Router::new()
            .route("/push", post(push))
            .route("/hello", post(hello))
            .route("/greet", post(greet))
            .route("/page", get(page));
        let site = Site::with(layer, |auth| auth, routes);
        let mut browser = site.logged_in("alice").await;
        browser.post("/push?text=private").await;
        browser.post("/greet").await;
        assert_eq!(browser.me().await, "bob", "{storage}");
        assert_eq!(browser.get("/page").await.text, "hello", "{storage}");

        // When the answer fails nobody was logged in, and alice finds what she had and nothing of bob's.
        for text in ["hello", "private"] {
            let mut browser = site.logged_in("alice").await;
            browser.post("/push?text=private").await;
            let hello = format!("/hello?text={text}&status=500");
            let failed = browser.post(&hello).await;
            assert_eq!((failed.status.as_u16(), failed.text.as_str()), (500, text));
            assert_eq!(browser.me().await, "alice", "{storage}");
            assert_eq!(browser.get("/page").await.text, "private", "{storage}");
        }
    }
}
