//! The history of a post: who sees it, what it tells, and bringing a version back.

use gatepost_domain::role::Role;

use crate::support::{Browser, Multipart, Site};

fn form(title: &str, text: &str) -> Multipart {
    Multipart::new().text("title", title).text("text", text)
}

/// A post of alice at `/tides`, saved twice by her and once by bob.
async fn tides(site: &Site) -> (Browser, Browser) {
    let (mut alice, mut bob) = (site.logged_in("alice").await, site.logged_in("bob").await);
    let first = form("Tides", "The tide comes in at noon.").text("tags", "sea");
    alice
        .post_multipart("/new", first)
        .await
        .expect_redirect("/tides");
    let second = form("Tides", "The tide comes in at dawn.")
        .text("tags", "sea, moon")
        .text("note", "It was dawn")
        .text("revision", "1");
    bob.post_multipart("/tides/edit", second)
        .await
        .expect_redirect("/tides");
    let third = form(
        "The tides",
        "The tide comes in at dawn.\n\nIt goes out later.",
    )
    .text("revision", "2");
    alice
        .post_multipart("/tides/edit", third)
        .await
        .expect_redirect("/tides");
    (alice, bob)
}

#[tokio::test]
async fn the_history_says_who_saved_when_and_why_and_how_much() {
    let site = Site::new().await;
    let (mut alice, _) = tides(&site).await;
    alice
        .get("/tides/edit")
        .await
        .expect_text("href=\"/tides/history\"");
    let page = alice.get("/tides/history").await.expect(200);
    let page = page
        .expect_text("<a href=\"/tides/history/3\">Revision 3</a>")
        .expect_text("<a href=\"/tides/history/2\">It was dawn</a>")
        .expect_text("bob")
        .expect_text("1 words added, 1 removed")
        .expect_text("4 words added, 0 removed")
        .expect_text("noindex");
    let text = page.text();
    let at = |words: &str| text.find(words).expect(words);
    assert!(at("/history/3") < at("/history/2") && at("/history/2") < at("/history/1"));
}

#[tokio::test]
async fn a_revision_shows_word_by_word_what_became_of_the_one_before() {
    let site = Site::new().await;
    let (mut alice, _) = tides(&site).await;
    let page = alice.get("/tides/history/2").await.expect(200);
    let page = page
        .expect_text("compared with revision <a href=\"/tides/history/1\">1</a>")
        .expect_text("The tide comes in at ")
        .expect_text("<dt>Tags</dt>")
        .expect_no_text("<dt>Title</dt>");
    let text = page
        .text()
        .replace("<span class=\"sr\"> [removed: </span>", "");
    let text = text
        .replace("<span class=\"sr\"> [added: </span>", "")
        .replace("<span class=\"sr\">] </span>", "");
    assert!(text.contains("<del>noon</del><ins>dawn</ins>."), "{text}");
    assert!(text.contains("<ins>, moon</ins>"), "{text}");

    let page = alice.get("/tides/history/3").await.expect(200);
    page.expect_text("<dt>Title</dt>")
        .expect_text("It goes out later");
    let page = alice.get("/tides/history/3?against=1").await.expect(200);
    page.expect_text("compared with revision <a href=\"/tides/history/1\">1</a>")
        .expect_text("noon")
        .expect_text("It goes out later");
    let page = alice.get("/tides/history/1").await.expect(200);
    page.expect_text("the first one").expect_no_text("<ins>");
}

#[tokio::test]
async fn what_was_written_is_shown_as_text_and_never_as_markup() {
    let site = Site::new().await;
    let mut carol = site.logged_in("carol").await;
    let hostile = "<script>alert(1)</script> <ins>x</ins>";
    carol
        .post_multipart("/new", form("Hostile", hostile))
        .await
        .expect(303);
    let other = form("<b>Hostile</b>", "</p><img src=x onerror=alert(1)>")
        .text("note", "<i>why</i>")
        .text("revision", "1");
    carol
        .post_multipart("/hostile/edit", other)
        .await
        .expect(303);
    for path in [
        "/hostile/history",
        "/hostile/history/1",
        "/hostile/history/2",
    ] {
        let page = carol.get(path).await.expect(200);
        page.expect_no_text("<script>alert")
            .expect_no_text("<img src=x")
            .expect_no_text("<b>Hostile")
            .expect_no_text("<i>why");
    }
}

#[tokio::test]
async fn only_those_who_may_edit_see_it_and_others_learn_nothing_of_a_draft() {
    let site = Site::new().await;
    tides(&site).await;
    let mut dora = {
        site.account("dora", Role::Author).await;
        site.logged_in("dora").await
    };
    let mut carol = site.logged_in("carol").await;
    let draft = form("Secret", "x").text("action", "draft");
    carol.post_multipart("/new", draft).await.expect(303);
    for path in ["/history", "/history/1"] {
        let page = dora.get(&format!("/tides{path}")).await.expect(403);
        page.expect_text("belongs to alice");
        let page = dora.get(&format!("/secret{path}")).await.expect(404);
        page.expect_no_text("Secret");
        carol.get(&format!("/secret{path}")).await.expect(200);
        let answer = site.browser().get(&format!("/secret{path}")).await;
        let nothing = site.browser().get(&format!("/nothing{path}")).await;
        assert_eq!(answer.status, nothing.status);
    }
    let restore = [("revision", "3")];
    dora.post("/tides/history/1", &restore).await.expect(403);
    dora.post("/secret/history/1", &restore).await.expect(404);
}

#[tokio::test]
async fn a_number_that_no_save_has_is_nothing() {
    let site = Site::new().await;
    let (mut alice, _) = tides(&site).await;
    for path in [
        "/tides/history/0",
        "/tides/history/4",
        "/tides/history/-1",
        "/tides/history/01",
        "/tides/history/1x",
        "/tides/history/99999999999999999999",
        "/tides/history/%ff",
        "/tides/history/3?against=9",
        "/tides/history/3?against=x",
        "/nothing/history",
    ] {
        alice.get(path).await.expect(404);
    }
    alice.get("/tides/history?before=x").await.expect(400);
    alice.get("/tides/history?after=-1").await.expect(400);
    let page = alice.get("/tides/history?before=1").await.expect(200);
    page.expect_text("nothing further back");
    alice
        .post("/tides/history/9", &[("revision", "3")])
        .await
        .expect(404);
}

#[tokio::test]
async fn a_version_comes_back_as_a_new_one_and_nothing_is_taken_away() {
    let site = Site::new().await;
    let (mut alice, mut bob) = tides(&site).await;
    bob.post("/tides/history/1", &[("revision", "3")])
        .await
        .expect_redirect("/tides");
    let page = bob.get("/tides").await.expect(200);
    page.expect_text("Revision 1 is back, as revision 4.")
        .expect_text("The tide comes in at noon.")
        .expect_text("<h1 dir=\"auto\">Tides</h1>");
    let page = alice.get("/tides/history").await;
    page.expect_text("restored revision 1")
        .expect_text("/tides/history/4")
        .expect_text("/tides/history/3");
    let page = alice.get("/tides/history/4").await;
    page.expect_text("<dt>Tags</dt>")
        .expect_no_text("Restore revision 4");
}

#[tokio::test]
async fn a_version_comes_back_only_on_top_of_what_was_seen() {
    let site = Site::new().await;
    let (mut alice, mut bob) = tides(&site).await;
    let page = bob.get("/tides/history/1").await;
    page.expect_text("name=\"revision\" value=\"3\"");
    let edit = form("Tides", "Alice was here.").text("revision", "3");
    alice.post_multipart("/tides/edit", edit).await.expect(303);

    let page = bob.post("/tides/history/1", &[("revision", "3")]).await;
    page.expect(409)
        .expect_text("alice saved this post in the meantime")
        .expect_text("name=\"revision\" value=\"4\"");
    site.browser()
        .get("/tides")
        .await
        .expect_text("Alice was here.");
    bob.post("/tides/history/1", &[]).await.expect(409);
    bob.post("/tides/history/1", &[("revision", "4")])
        .await
        .expect_redirect("/tides");
}

#[tokio::test]
async fn a_history_of_many_saves_has_pages() {
    let site = Site::new().await;
    let mut alice = site.logged_in("alice").await;
    alice
        .post_multipart("/new", form("Long", "0"))
        .await
        .expect(303);
    for number in 1..=34 {
        let edit = form("Long", &format!("{number}")).text("revision", &number.to_string());
        alice.post_multipart("/long/edit", edit).await.expect(303);
    }
    let page = alice.get("/long/history").await.expect(200);
    page.expect_text("rel=\"next\" href=\"/long/history?before=6\"")
        .expect_no_text("rel=\"prev\"");
    let page = alice.get("/long/history?before=6").await.expect(200);
    page.expect_text("/long/history/1\"")
        .expect_text("rel=\"prev\" href=\"/long/history?after=5\"")
        .expect_no_text("rel=\"next\"");
}

#[tokio::test]
async fn texts_of_a_megabyte_are_compared_in_time() {
    let site = Site::new().await;
    let mut alice = site.logged_in("alice").await;
    let text =
        |word: &str| format!("{word} and the other words. ").repeat(1_000_000 / (word.len() + 23));
    alice
        .post_multipart("/new", form("Huge", &text("one")))
        .await
        .expect(303);
    let edit = form("Huge", &text("two")).text("revision", "1");
    alice.post_multipart("/huge/edit", edit).await.expect(303);
    let page = alice.get("/huge/history").await.expect(200);
    page.expect_text("characters");
    alice
        .get("/huge/history/2")
        .await
        .expect(200)
        .expect_text("</html>");
}

#[tokio::test]
async fn an_empty_draft_does_not_come_back_onto_a_post_that_readers_see() {
    let site = Site::new().await;
    let mut alice = site.logged_in("alice").await;
    let empty = form("Begun", "").text("action", "draft");
    alice
        .post_multipart("/new", empty)
        .await
        .expect_redirect("/begun/edit");
    let written = form("Begun", "Written.").text("revision", "1");
    alice
        .post_multipart("/begun/edit", written)
        .await
        .expect_redirect("/begun");
    let page = alice
        .post("/begun/history/1", &[("revision", "2")])
        .await
        .expect(422);
    page.expect_text("There is nothing to read in it")
        .expect_text("Restore revision 1");
    site.browser().get("/begun").await.expect_text("Written.");
    alice.get("/begun/history/3").await.expect(404);
    // Where nobody reads, it may come back.
    let back = form("Begun", "Written.")
        .text("revision", "2")
        .text("action", "draft");
    alice.post_multipart("/begun/edit", back).await.expect(303);
    alice
        .post("/begun/history/1", &[("revision", "3")])
        .await
        .expect_redirect("/begun");
}
