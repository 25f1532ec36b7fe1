//! Logging in and out, in both modes; who fails keeps the form and learns nothing.

use http::header;

use crate::support::{Browser, Multipart, Site};

#[tokio::test]
async fn a_login_leads_to_the_page_that_was_asked_for() {
    let site = Site::new().await;
    let mut browser = site.browser();
    browser
        .get("/new")
        .await
        .expect_redirect("/login?next=/new");
    let page = browser.get("/login?next=/new").await.expect(200);
    page.expect_text("name=\"next\" value=\"/new\"");
    let fields = [
        ("login", "carol"),
        ("password", Site::PASSWORD),
        ("next", "/new"),
    ];
    browser
        .post("/login", &fields)
        .await
        .expect_redirect("/new");
    browser.get("/new").await.expect(200);
}

#[tokio::test]
async fn no_next_leads_away_or_in_a_circle() {
    let site = Site::new().await;
    for (next, target) in [
        ("//evil.example", "/"),
        ("https://evil.example/", "/"),
        ("/\\evil.example", "/"),
        ("/login", "/"),
        ("/logout", "/"),
        ("", "/"),
        ("/?before=1", "/?before=1"),
    ] {
        let fields = [
            ("login", "carol"),
            ("password", Site::PASSWORD),
            ("next", next),
        ];
        site.browser()
            .post("/login", &fields)
            .await
            .expect_redirect(target);
    }
}

#[tokio::test]
async fn who_is_logged_in_is_sent_on_from_the_login_page() {
    let site = Site::new().await;
    let mut carol = site.logged_in("carol").await;
    carol.get("/login").await.expect_redirect("/");
    carol.get("/login?next=/new").await.expect_redirect("/new");
}

#[tokio::test]
async fn a_wrong_password_and_an_unknown_name_get_the_same_answer() {
    let site = Site::new().await;
    let mut browser = site.browser();
    let mut answers = Vec::new();
    for name in ["alice", "nobody"] {
        let fields = [
            ("login", name),
            ("password", "mellon"),
            ("remember", "1"),
            ("next", "/new"),
        ];
        let page = browser.post("/login", &fields).await.expect(401).text();
        assert!(
            page.contains("name=\"next\" value=\"/new\""),
            "kept: {page}"
        );
        assert!(page.contains(&format!("value=\"{name}\"")) && page.contains(" checked"));
        assert!(!page.contains("mellon"), "a password is never sent back");
        answers.push(page.replace(name, "NAME"));
    }
    assert_eq!(answers[0], answers[1]);
    assert!(!browser.has_cookies());
}

#[tokio::test]
async fn a_form_without_a_name_is_told_what_is_missing() {
    let site = Site::new().await;
    let page = site
        .browser()
        .post("/login", &[("next", "/new")])
        .await
        .expect(422);
    page.expect_text("href=\"#login\"")
        .expect_text("aria-invalid=\"true\"");
}

#[tokio::test]
async fn who_guesses_is_told_to_wait_and_keeps_the_form() {
    let site = Site::new().await;
    let mut browser = site.browser();
    let fields = [
        ("login", "alice"),
        ("password", "a guess"),
        ("next", "/new"),
    ];
    let mut last = browser.post("/login", &fields).await.expect(401);
    for _ in 0..60 {
        last = browser.post("/login", &fields).await;
        if last.status.as_u16() == 429 {
            break;
        }
    }
    let page = last.expect(429);
    let seconds: u64 = page.header(header::RETRY_AFTER).parse().expect("seconds");
    assert!(seconds >= 1);
    page.expect_text("value=\"alice\"")
        .expect_text("name=\"next\" value=\"/new\"");
}

#[tokio::test]
async fn a_logout_is_a_post_and_the_old_cookie_is_worth_nothing() {
    let site = Site::new().await;
    let mut carol = site.logged_in("carol").await;
    let mut thief = carol.clone();
    let page = carol.get("/logout").await.expect(200);
    page.expect_text("<form method=\"post\" action=\"/logout\"");
    carol.get("/new").await.expect(200);
    carol.post("/logout", &[]).await.expect_redirect("/");
    assert!(!carol.has_cookies());
    thief.get("/new").await.expect(303);
    carol
        .get("/logout")
        .await
        .expect(200)
        .expect_text("You are logged out");
    carol.post("/logout", &[]).await.expect_redirect("/");
}

#[tokio::test]
async fn by_name_alone_a_new_name_becomes_an_author_and_a_known_one_needs_no_password() {
    let site = name_only().await;
    let mut browser = site.browser().at("localhost");
    let page = browser.get("/login").await.expect(200);
    page.expect_text("classroom")
        .expect_no_text("name=\"password\"");
    browser
        .post("/login", &[("login", "dora")])
        .await
        .expect_redirect("/");
    let form = Multipart::new()
        .text("title", "Mine")
        .text("text", "Words.");
    browser
        .post_multipart("/new", form)
        .await
        .expect_redirect("/mine");
    let mut again = site.browser().at("127.0.0.1:8080");
    again
        .post("/login", &[("login", "DORA")])
        .await
        .expect_redirect("/");
    again.get("/mine/edit").await.expect(200);
    let refused = site
        .browser()
        .at("localhost")
        .post("/login", &[("login", "no name!")])
        .await
        .expect(422);
    refused.expect_text("value=\"no name!\"");
}

#[tokio::test]
async fn by_name_alone_nobody_logs_in_under_a_name_that_somebody_elses_server_answers_for() {
    let site = name_only().await;
    for host in ["evil.example", "localhost.evil.example:8080"] {
        let refused = site
            .browser()
            .at(host)
            .post("/login", &[("login", "alice")])
            .await;
        refused
            .expect(403)
            .expect_text("http://localhost")
            .expect_text("value=\"alice\"");
    }
    let mut here = site.browser().at("localhost");
    here.post("/login", &[("login", "alice")])
        .await
        .expect_redirect("/");
}

/// A classroom's site, which only this computer reaches.
async fn name_only() -> Site {
    Site::with(&[("login", "name-only"), ("base-url", "http://localhost")]).await
}

#[tokio::test]
async fn with_passwords_a_name_alone_is_not_enough() {
    let site = Site::new().await;
    let mut browser: Browser = site.browser();
    browser
        .post("/login", &[("login", "alice")])
        .await
        .expect(401);
    assert!(!browser.has_cookies());
}

#[tokio::test]
async fn demo_accounts_are_named_to_nobody_but_developers() {
    let site = Site::new().await;
    site.browser()
        .get("/login")
        .await
        .expect_no_text("correct horse");
}
