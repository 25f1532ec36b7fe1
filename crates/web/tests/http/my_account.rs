//! A person's own pages: name, password, sessions; each for them alone.

use std::sync::atomic::{AtomicI64, Ordering};

use gatepost::world::World;
use http::header;
use time::{Duration, OffsetDateTime};

use crate::support::{Browser, Site};

#[tokio::test]
async fn the_pages_of_an_account_ask_for_a_login_and_come_back() {
    let site = Site::new().await;
    for page in ["/account", "/account/password", "/account/sessions"] {
        let login = format!("/login?next={page}");
        site.browser().get(page).await.expect_redirect(&login);
        let mut carol = site.logged_in("carol").await;
        carol
            .get(page)
            .await
            .expect(200)
            .expect_text("aria-current=\"page\"")
            .expect_text("noindex");
    }
}

#[tokio::test]
async fn the_header_leads_to_the_account() {
    let site = Site::new().await;
    let mut carol = site.logged_in("carol").await;
    carol
        .get("/")
        .await
        .expect(200)
        .expect_text("href=\"/account\"");
    site.browser()
        .get("/")
        .await
        .expect(200)
        .expect_no_text("href=\"/account\"");
}

#[tokio::test]
async fn a_new_name_is_what_readers_see() {
    let site = Site::new().await;
    let mut carol = site.logged_in("carol").await;
    carol
        .post("/account", &[("display_name", "Carol Ångström <3")])
        .await
        .expect_redirect("/account");
    let page = carol.get("/account").await.expect(200);
    page.expect_text("Carol Ångström &lt;3 from now on")
        .expect_text("value=\"Carol Ångström &lt;3\"")
        .expect_text("<b>carol</b>");
    let user = site
        .db()
        .users()
        .list()
        .await
        .unwrap()
        .into_iter()
        .find(|it| it.username.as_str() == "carol");
    assert_eq!(user.unwrap().display_name.as_str(), "Carol Ångström <3");
}

#[tokio::test]
async fn a_name_typed_when_the_login_had_ended_comes_back_and_is_saved_with_the_login() {
    let site = Site::new().await;
    let mut late = site.browser();
    let page = late
        .post("/account", &[("display_name", "Carol <3")])
        .await
        .expect(401);
    page.expect_text("value=\"Carol &lt;3\"")
        .expect_text("name=\"password\"")
        .expect_no_text("You log in as");
    let fields = |password| {
        [
            ("display_name", "Carol <3"),
            ("login", "carol"),
            ("password", password),
        ]
    };
    late.post("/account", &fields("no such horse"))
        .await
        .expect(401)
        .expect_text("value=\"Carol &lt;3\"")
        .expect_text("value=\"carol\"")
        .expect_no_text("no such horse");
    late.post("/account", &fields(Site::PASSWORD))
        .await
        .expect_redirect("/account");
    late.get("/account")
        .await
        .expect(200)
        .expect_text("value=\"Carol &lt;3\"");
}

#[tokio::test]
async fn a_name_that_is_none_comes_back_with_the_reason() {
    let site = Site::new().await;
    let mut carol = site.logged_in("carol").await;
    let long = "x".repeat(300);
    for wrong in ["", "   ", "a\u{202e}b", long.as_str()] {
        let page = carol
            .post("/account", &[("display_name", wrong)])
            .await
            .expect(422);
        page.expect_text("href=\"#display_name\"")
            .expect_text("aria-invalid=\"true\"");
    }
    carol
        .post("/account", &[("display_name", &long)])
        .await
        .expect(422)
        .expect_text(&long);
    carol.get("/account").await.expect_text("value=\"carol\"");
}

async fn change(browser: &mut Browser, old: &str, new: &str) -> crate::support::Answer {
    browser
        .post(
            "/account/password",
            &[("password", old), ("new_password", new)],
        )
        .await
}

#[tokio::test]
async fn a_new_password_ends_every_other_session_and_this_one_goes_on() {
    let site = Site::new().await;
    let (mut here, mut there) = (site.logged_in("carol").await, site.logged_in("carol").await);
    let before = here.clone();
    change(&mut here, Site::PASSWORD, "a new sentence")
        .await
        .expect_redirect("/account/password");
    here.get("/account/password")
        .await
        .expect(200)
        .expect_text("Your password is changed.");
    there
        .get("/account")
        .await
        .expect_redirect("/login?next=/account");
    before
        .clone()
        .get("/account")
        .await
        .expect_redirect("/login?next=/account");
    let log_in = async |password| {
        let fields = [("login", "carol"), ("password", password)];
        site.browser().post("/login", &fields).await.status.as_u16()
    };
    assert_eq!(log_in(Site::PASSWORD).await, 401);
    assert_eq!(log_in("a new sentence").await, 303);
}

#[tokio::test]
async fn a_password_that_cannot_be_changed_says_why_and_stays() {
    let site = Site::new().await;
    let (mut here, mut there) = (site.logged_in("carol").await, site.logged_in("carol").await);
    let page = change(&mut here, "not mine", "a new sentence")
        .await
        .expect(422);
    page.expect_text("This is not your password.")
        .expect_text("href=\"#password\"")
        .expect_no_text("a new sentence")
        .expect_no_text("not mine");
    let page = change(&mut here, Site::PASSWORD, "short").await.expect(422);
    page.expect_text("href=\"#new_password\"");
    change(&mut here, Site::PASSWORD, &"x".repeat(2_000))
        .await
        .expect(422);
    there.get("/account").await.expect(200);
    site.logged_in("carol").await;
}

#[tokio::test]
async fn who_guesses_the_old_password_is_told_to_wait() {
    let site = Site::new().await;
    let mut carol = site.logged_in("carol").await;
    let mut last = change(&mut carol, "a guess", "a new sentence")
        .await
        .expect(422);
    for _ in 0..60 {
        last = change(&mut carol, "a guess", "a new sentence").await;
        if last.status.as_u16() == 429 {
            break;
        }
    }
    let page = last.expect(429);
    assert!(page.header(header::RETRY_AFTER).parse::<u64>().is_ok());
    page.expect_text("Too many attempts.");
}

#[tokio::test]
async fn where_a_name_is_enough_the_password_page_says_so() {
    let site = Site::with(&[
        ("login", "name-only"),
        ("base-url", "http://localhost:8080"),
    ])
    .await;
    let mut carol = site.browser().at("localhost:8080").log_in("carol").await;
    let page = carol.get("/account/password").await.expect(200);
    page.expect_text("there is no password to change")
        .expect_no_text("type=\"password\"");
    change(&mut carol, "", "a new sentence").await.expect(403);
}

/// The public ids on the page of sessions, in its order.
fn listed(page: &str) -> Vec<String> {
    let values = page.split("name=\"session\" value=\"").skip(1);
    let ids = values.map(|rest| rest.split('"').next().unwrap_or("").to_owned());
    ids.filter(|id| id != "others").collect()
}

#[tokio::test]
async fn a_person_sees_their_sessions_and_ends_one() {
    let site = Site::new().await;
    let firefox = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";
    let fields = [("login", "carol"), ("password", Site::PASSWORD)];
    let mut there = site.browser();
    there
        .post_with("/login", &fields, &[("user-agent", firefox)])
        .await
        .expect_redirect("/");
    let mut here = site.logged_in("carol").await;
    site.logged_in("bob").await;
    let page = here
        .get("/account/sessions")
        .await
        .expect(200)
        .expect_text("Firefox on Linux")
        .expect_text("this one")
        .text();
    let ids = listed(&page);
    assert_eq!(ids.len(), 2, "hers, and not bob's: {page}");
    let place = page.find("this one").unwrap();
    let other =
        if page.find(&ids[0]).unwrap() > place && page.find("Firefox on Linux").unwrap() > place {
            &ids[1]
        } else {
            &ids[0]
        };
    here.post("/account/sessions", &[("session", other)])
        .await
        .expect_redirect("/account/sessions");
    here.get("/account/sessions")
        .await
        .expect_text("That browser is logged out.");
    there
        .get("/account")
        .await
        .expect_redirect("/login?next=/account");
    here.post("/account/sessions", &[("session", other)])
        .await
        .expect_redirect("/account/sessions");
    here.get("/account/sessions")
        .await
        .expect_text("had ended already");
    here.post("/account/sessions", &[]).await.expect(400);
}

#[tokio::test]
async fn nobody_ends_the_session_of_somebody_else() {
    let site = Site::new().await;
    let (mut carol, mut bob) = (site.logged_in("carol").await, site.logged_in("bob").await);
    let ids = listed(&bob.get("/account/sessions").await.text());
    carol
        .post("/account/sessions", &[("session", &ids[0])])
        .await
        .expect_redirect("/account/sessions");
    bob.get("/account").await.expect(200);
}

#[tokio::test]
async fn all_others_end_at_once_or_this_one() {
    let site = Site::new().await;
    let (mut here, mut there, mut bob) = (
        site.logged_in("carol").await,
        site.logged_in("carol").await,
        site.logged_in("bob").await,
    );
    here.post("/account/sessions", &[("session", "others")])
        .await
        .expect_redirect("/account/sessions");
    there
        .get("/account")
        .await
        .expect_redirect("/login?next=/account");
    bob.get("/account").await.expect(200);
    let page = here
        .get("/account/sessions")
        .await
        .expect(200)
        .expect_no_text("everywhere else")
        .text();
    here.post("/account/sessions", &[("session", &listed(&page)[0])])
        .await
        .expect_redirect("/");
    here.get("/account")
        .await
        .expect_redirect("/login?next=/account");
}

/// How far the clock of the next test has gone, in seconds.
static LATER: AtomicI64 = AtomicI64::new(0);

fn later() -> OffsetDateTime {
    (World::REAL.clock)() + Duration::seconds(LATER.load(Ordering::SeqCst))
}

#[tokio::test]
async fn after_ten_minutes_the_sessions_ask_for_the_password_and_go_on() {
    let site = Site::at(later).await;
    let mut carol = site.browser();
    let fields = [
        ("login", "carol"),
        ("password", Site::PASSWORD),
        ("remember", "1"),
    ];
    carol.post("/login", &fields).await.expect_redirect("/");
    carol.get("/account/sessions").await.expect(200);
    LATER.store(11 * 60, Ordering::SeqCst);
    carol.get("/account").await.expect(200);
    carol
        .post("/account/sessions", &[("session", "others")])
        .await
        .expect_redirect("/login?confirm=1");
    let to = carol.get("/account/sessions").await.location().to_owned();
    assert_eq!(to, "/login?confirm=1&next=/account/sessions");
    let page = carol.get(&to).await.expect(200);
    page.expect_text("Is it still you?")
        .expect_text("value=\"carol\"")
        .expect_text("value=\"/account/sessions\"");
    let wrong = [
        ("login", "carol"),
        ("password", "wrong"),
        ("next", "/account/sessions"),
    ];
    carol
        .post("/login", &wrong)
        .await
        .expect(401)
        .expect_text("Is it still you?");
    let right = [
        ("login", "carol"),
        ("password", Site::PASSWORD),
        ("next", "/account/sessions"),
    ];
    let answer = carol
        .post("/login", &right)
        .await
        .expect_redirect("/account/sessions");
    assert!(
        answer
            .header(header::SET_COOKIE)
            .to_ascii_lowercase()
            .contains("max-age="),
        "still remembered: {answer:?}"
    );
    carol.get("/account/sessions").await.expect(200);
}
