//! Forms that were drawn before their post went on: they find it by its number, and nothing they bring along becomes
//! public, moves a date or takes a picture out without somebody having wished so.

use time::OffsetDateTime;
use time::macros::datetime;

use crate::support::{Answer, Browser, Multipart, Site};

const WORDS: &str = "The first sentence.\n\nThe last sentence.";

fn now() -> OffsetDateTime {
    datetime!(2026-11-20 08:00 UTC)
}

fn form(title: &str, text: &str, action: &str) -> Multipart {
    Multipart::new()
        .text("title", title)
        .text("text", text)
        .text("action", action)
}

/// A hidden field of a page.
fn hidden(page: &Answer, name: &str) -> String {
    let text = page.text();
    let (_, rest) = text
        .split_once(&format!("name=\"{name}\" value=\""))
        .expect(name);
    rest.split_once('"').expect("its end").0.to_owned()
}

/// A draft of alice at `/notes`, and the number that her editor knows it by.
async fn notes(site: &Site) -> (Browser, Browser, String) {
    let mut alice = site.logged_in("alice").await;
    alice
        .post_multipart("/new", form("Notes", WORDS, "draft"))
        .await
        .expect_redirect("/notes/edit");
    let number = hidden(&alice.get("/notes/edit").await.expect(200), "post");
    (alice, site.logged_in("bob").await, number)
}

#[tokio::test]
async fn a_form_finds_its_draft_after_another_title_took_the_address_away() {
    let site = Site::new().await;
    let (mut alice, mut bob, number) = notes(&site).await;
    let retitled = form("Better notes", WORDS, "draft")
        .text("slug", "")
        .text("revision", "1");
    bob.post_multipart("/notes/edit", retitled)
        .await
        .expect_redirect("/better-notes/edit");
    let hers = form("Notes", &WORDS.replace("first", "FIRST"), "draft")
        .text("slug", "")
        .text("post", &number)
        .text("revision", "1");
    alice
        .post_multipart("/notes/edit", hers)
        .await
        .expect_redirect("/better-notes/edit");
    alice
        .get("/better-notes/edit")
        .await
        .expect(200)
        .expect_text("both changes are in")
        .expect_text("The FIRST sentence.")
        .expect_text("\nBetter notes</textarea>");
    alice.get("/notes").await.expect(404);
}

/// `/notes` is another post than the one that the form was drawn for.
async fn namesakes(site: &Site) -> (Browser, Browser, String) {
    let (alice, mut bob, number) = notes(site).await;
    let renamed = form("Notes", WORDS, "draft")
        .text("slug", "elsewhere")
        .text("revision", "1");
    bob.post_multipart("/notes/edit", renamed)
        .await
        .expect_redirect("/elsewhere/edit");
    bob.post_multipart("/new", form("Notes", "Something else entirely.", "draft"))
        .await
        .expect_redirect("/notes/edit");
    (alice, bob, number)
}

#[tokio::test]
async fn a_form_never_writes_over_the_post_that_took_its_address() {
    let site = Site::new().await;
    let (mut alice, mut bob, number) = namesakes(&site).await;
    let hers = form("Notes", &WORDS.replace("first", "FIRST"), "draft")
        .text("post", &number)
        .text("revision", "1");
    alice
        .post_multipart("/notes/edit", hers)
        .await
        .expect_redirect("/elsewhere/edit");
    bob.get("/notes/edit")
        .await
        .expect_text("Something else entirely.")
        .expect_no_text("FIRST");
    bob.get("/elsewhere/edit")
        .await
        .expect_text("The FIRST sentence.");
}

#[tokio::test]
async fn a_parked_form_comes_back_to_its_own_post() {
    let site = Site::new().await;
    let (mut alice, _, number) = namesakes(&site).await;
    let key = "AAECAwQFBgcICQoLDA0ODw";
    let parked = [
        ("address", "/notes/edit"),
        ("form", key),
        ("post", &number),
        ("revision", "1"),
        ("title", "Notes"),
        ("text", "Kept."),
    ];
    alice
        .post_with("/parked", &parked, &[("accept", "application/json")])
        .await
        .expect(200);
    let page = alice.get(&format!("/parked/{key}")).await.expect(200);
    let page = page
        .expect_text("action=\"/elsewhere/edit\"")
        .expect_text("\nKept.</textarea>");
    assert_eq!(hidden(&page, "post"), number);
}

#[tokio::test]
async fn a_version_comes_back_to_its_own_post() {
    let site = Site::new().await;
    let (mut alice, mut bob, number) = namesakes(&site).await;
    let page = alice.get("/elsewhere/history/1").await.expect(200);
    assert_eq!(hidden(&page, "post"), number);
    let edit = form("Notes", "Changed.", "draft").text("revision", "1");
    bob.post_multipart("/notes/edit", edit).await.expect(303);
    // Her page is from when the address was the other post's, and both have two revisions by now.
    let seen = [("revision", "2"), ("post", &number)];
    alice
        .post("/notes/history/1", &seen)
        .await
        .expect_redirect("/elsewhere");
    bob.get("/notes/edit").await.expect_text("Changed.");
    bob.get("/elsewhere/edit")
        .await
        .expect_text("The first sentence.");
}

#[tokio::test]
async fn the_number_of_somebody_else_s_post_changes_nothing_and_tells_nothing() {
    let site = Site::new().await;
    let (_, mut bob, number) = notes(&site).await;
    let mut carol = site.logged_in("carol").await;
    carol
        .post_multipart("/new", form("Hers", WORDS, "draft"))
        .await
        .expect_redirect("/hers/edit");
    let sneaked = |number: &str| {
        form("Hers", "Sneaked in.", "draft")
            .text("post", number)
            .text("revision", "1")
    };
    let page = carol.post_multipart("/hers/edit", sneaked(&number)).await;
    page.expect(404)
        .expect_text("\nSneaked in.</textarea>")
        .expect_text("action=\"/new\"");
    let page = carol.post_multipart("/hers/edit", sneaked("4711")).await;
    page.expect(404);
    carol
        .get("/hers/edit")
        .await
        .expect_no_text("Sneaked")
        .expect_text("The first sentence.");
    bob.get("/notes/edit").await.expect_no_text("Sneaked");
}

#[tokio::test]
async fn what_a_colleague_wrote_into_a_draft_is_published_by_nobody_who_has_not_seen_it() {
    for action in ["publish", "schedule"] {
        let site = Site::at(now).await;
        let (mut alice, mut bob, number) = notes(&site).await;
        let his = format!("{WORDS}\n\nTODO: confidential.");
        let his = form("Notes", &his, "draft").text("revision", "1");
        bob.post_multipart("/notes/edit", his).await.expect(303);
        let hers = |text: &str, revision: &str| {
            form("Notes", text, action)
                .text(
                    "publish_at",
                    if action == "schedule" {
                        "2026-11-23T10:00"
                    } else {
                        ""
                    },
                )
                .text("post", &number)
                .text("revision", revision)
        };
        let page = alice
            .post_multipart("/notes/edit", hers(&WORDS.replace("first", "FIRST"), "1"))
            .await;
        let wished = match action {
            "publish" => "yours is “Published”.",
            _ => "yours is “Scheduled for 23 November 2026, 10:00”.",
        };
        page.expect(409)
            .expect_text("State: saved was “Draft”")
            .expect_text(wished)
            .expect_text("TODO: confidential.")
            .expect_text("The FIRST sentence.")
            .expect_text("name=\"revision\" value=\"2\"");
        site.browser().get("/notes").await.expect(404);
        alice.get("/notes/history/3").await.expect(404);
        // Now she has seen it.
        alice
            .post_multipart("/notes/edit", hers("All of it, finished.", "2"))
            .await
            .expect(303);
    }
}

#[tokio::test]
async fn a_draft_that_a_colleague_saved_as_it_was_is_published() {
    let site = Site::new().await;
    let (mut alice, mut bob, _) = notes(&site).await;
    let his = form("Notes", WORDS, "draft")
        .text("revision", "1")
        .text("note", "Looked through");
    bob.post_multipart("/notes/edit", his).await.expect(303);
    let hers = form("Notes", WORDS, "publish").text("revision", "1");
    alice
        .post_multipart("/notes/edit", hers)
        .await
        .expect_redirect("/notes");
    site.browser().get("/notes").await.expect(200);
}

const MONDAY: &str = "2026-11-23T10:00";
const FRIDAY: &str = "2026-11-27T10:00";

fn scheduled(text: &str, at: &str, revision: &str) -> Multipart {
    form("Embargo", text, "schedule")
        .text("publish_at", at)
        .text("revision", revision)
}

async fn embargo(site: &Site) -> (Browser, Browser) {
    let mut alice = site.logged_in("alice").await;
    alice
        .post_multipart("/new", scheduled(WORDS, MONDAY, ""))
        .await
        .expect_redirect("/embargo/edit");
    (alice, site.logged_in("bob").await)
}

#[tokio::test]
async fn a_date_that_a_colleague_moved_stays_moved() {
    let site = Site::at(now).await;
    let (mut alice, mut bob) = embargo(&site).await;
    bob.post_multipart("/embargo/edit", scheduled(WORDS, FRIDAY, "1"))
        .await
        .expect(303);
    let hers = WORDS.replace("first", "FIRST");
    alice
        .post_multipart("/embargo/edit", scheduled(&hers, MONDAY, "1"))
        .await
        .expect_redirect("/embargo/edit");
    alice
        .get("/embargo/edit")
        .await
        .expect_text("both changes are in")
        .expect_text("FIRST")
        .expect_text(&format!("value=\"{FRIDAY}\""));
    // The history says that it was moved.
    alice
        .get("/embargo/history/2")
        .await
        .expect_text("Scheduled for 23 November 2026, 10:00")
        .expect_text("Scheduled for 27 November 2026, 10:00");
}

#[tokio::test]
async fn two_dates_for_one_post_are_for_a_person() {
    let site = Site::at(now).await;
    let (mut alice, mut bob) = embargo(&site).await;
    bob.post_multipart("/embargo/edit", scheduled(WORDS, FRIDAY, "1"))
        .await
        .expect(303);
    let page = alice
        .post_multipart("/embargo/edit", scheduled(WORDS, "2026-11-30T10:00", "1"))
        .await;
    page.expect(409)
        .expect_text("State: saved was “Scheduled for 27 November 2026, 10:00”, yours is “Scheduled for 30 November 2026, 10:00”.")
        .expect_text("value=\"2026-11-30T10:00\"");
}

#[tokio::test]
async fn a_form_to_finish_shows_the_date_that_was_settled() {
    let site = Site::at(now).await;
    let (mut alice, mut bob) = embargo(&site).await;
    let his = scheduled("Bob’s.", FRIDAY, "1");
    bob.post_multipart("/embargo/edit", his).await.expect(303);
    let page = alice
        .post_multipart("/embargo/edit", scheduled("Alice’s.", MONDAY, "1"))
        .await;
    page.expect(409)
        .expect_no_text("State: saved was")
        .expect_text(&format!(
            "name=\"publish_at\" type=\"datetime-local\" value=\"{FRIDAY}\""
        ));
}

#[tokio::test]
async fn words_do_not_become_public_earlier_than_their_writer_sent_them() {
    let site = Site::at(now).await;
    let (mut alice, mut bob) = embargo(&site).await;
    // Bob's words are for Monday; Alice has not seen them and publishes now.
    bob.post_multipart(
        "/embargo/edit",
        scheduled(&WORDS.replace("last", "LAST"), MONDAY, "1"),
    )
    .await
    .expect(303);
    let hers = form("Embargo", WORDS, "publish").text("publish_at", MONDAY);
    alice
        .post_multipart("/embargo/edit", hers.text("revision", "1"))
        .await
        .expect(409)
        .expect_text("yours is “Published”");
    // Alice's words are for Monday; Bob has not seen them and has moved it to Saturday.
    let earlier = scheduled(&WORDS.replace("last", "LAST"), "2026-11-21T10:00", "2");
    bob.post_multipart("/embargo/edit", earlier)
        .await
        .expect(303);
    let hers = scheduled(&WORDS.replace("first", "FIRST"), MONDAY, "1");
    alice
        .post_multipart("/embargo/edit", hers)
        .await
        .expect(409)
        .expect_text("State: saved was “Scheduled for 21 November 2026, 10:00”");
}

#[tokio::test]
async fn a_time_that_was_typed_beside_another_button_stays_in_the_form_to_finish() {
    let site = Site::at(now).await;
    let (mut alice, mut bob, _) = notes(&site).await;
    let his = form("Notes", "Bob’s.", "draft").text("revision", "1");
    bob.post_multipart("/notes/edit", his).await.expect(303);
    let hers = form("Notes", "Alice’s.", "draft")
        .text("publish_at", MONDAY)
        .text("revision", "1");
    alice
        .post_multipart("/notes/edit", hers)
        .await
        .expect(409)
        .expect_text(&format!("type=\"datetime-local\" value=\"{MONDAY}\""));
}

#[tokio::test]
async fn the_old_time_in_a_form_that_publishes_now_is_not_asked_about() {
    let site = Site::at(now).await;
    let (mut alice, mut bob) = embargo(&site).await;
    bob.post_multipart("/embargo/edit", scheduled(WORDS, FRIDAY, "1"))
        .await
        .expect(303);
    let hers = form("Embargo", WORDS, "publish").text("publish_at", MONDAY);
    alice
        .post_multipart("/embargo/edit", hers.text("revision", "1"))
        .await
        .expect(409)
        .expect_text(
            "State: saved was “Scheduled for 27 November 2026, 10:00”, yours is “Published”.",
        );
}
