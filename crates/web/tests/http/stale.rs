//! Forms that were drawn before their post went on: they find it by its number.

use crate::support::{Answer, Browser, Multipart, Site};

const WORDS: &str = "The first sentence.\n\nThe last sentence.";

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
