//! Writing, reading, editing and throwing away, and who may; nothing that was typed is lost.

use gatepost_domain::role::Role;

use crate::support::{Answer, Browser, Multipart, Site};

fn form(title: &str, text: &str) -> Multipart {
    Multipart::new().text("title", title).text("text", text)
}

/// Publishes a post of alice and gives its address.
async fn published(site: &Site, title: &str) -> String {
    let mut alice = site.logged_in("alice").await;
    let answer = alice
        .post_multipart("/new", form(title, "The *first* text."))
        .await
        .expect(303);
    answer.location().to_owned()
}

/// The revision that an edit form carries.
fn revision(page: &Answer) -> String {
    let text = page.text();
    let (_, rest) = text
        .split_once("name=\"revision\" value=\"")
        .expect("a revision");
    rest.split_once('"').expect("its end").0.to_owned()
}

async fn revision_of(browser: &mut Browser, post: &str) -> String {
    revision(&browser.get(&format!("{post}/edit")).await.expect(200))
}

/// The form came back with everything in it.
#[track_caller]
fn kept(answer: Answer, status: u16, title: &str, text: &str) -> Answer {
    answer
        .expect(status)
        .expect_text("</html>")
        .expect_text(&format!("\n{title}</textarea>"))
        .expect_text(&format!("\n{text}</textarea>"))
}

#[tokio::test]
async fn a_post_is_published_read_and_signed() {
    let site = Site::new().await;
    let post = published(&site, "Tea & \"biscuits\"").await;
    assert_eq!(post, "/tea-biscuits");
    let page = site.browser().get(&post).await.expect(200);
    page.expect_text("<h1 dir=\"auto\">Tea &amp; &quot;biscuits&quot;</h1>")
        .expect_text("<em>first</em>")
        .expect_text("Written by alice")
        .expect_text("<link rel=\"canonical\" href=\"http://blog.test/tea-biscuits\">")
        .expect_text("<meta property=\"og:title\"")
        .expect_no_text("/edit");
}

#[tokio::test]
async fn an_editor_changes_it_and_both_names_are_shown() {
    let site = Site::new().await;
    let post = published(&site, "Shared").await;
    let mut bob = site.logged_in("bob").await;
    let page = bob
        .get(&format!("{post}/edit"))
        .await
        .expect(200)
        .expect_text("Written by alice");
    let edit = form("Shared", "The second text.").text("revision", &revision(&page));
    bob.post_multipart(&format!("{post}/edit"), edit)
        .await
        .expect_redirect(&post);
    let page = site.browser().get(&post).await;
    page.expect_text("The second text.")
        .expect_text("Written by alice, last edited by bob");
}

#[tokio::test]
async fn numbers_and_old_addresses_lead_to_the_post() {
    let site = Site::new().await;
    let post = published(&site, "Before").await;
    let mut alice = site.logged_in("alice").await;
    let edit = form("After", "Text.")
        .text("slug", "after")
        .text("revision", "1");
    alice
        .post_multipart(&format!("{post}/edit"), edit)
        .await
        .expect_redirect("/after");
    let mut reader = site.browser();
    for old in ["/before", "/1"] {
        let answer = reader.get(old).await.expect(301);
        assert_eq!(answer.location(), "/after");
        // Renamed back, the way back would be a circle in a browser that remembers this one.
        assert_eq!(answer.header("cache-control"), "no-cache");
    }
    let answer = reader.get("/before/image").await.expect(301);
    assert_eq!(answer.location(), "/after/image");
    assert_eq!(answer.header("cache-control"), "no-cache");
    reader.get("/2").await.expect(404);
    reader.get("/0").await.expect(404);
}

#[tokio::test]
async fn an_edit_that_names_no_slug_keeps_the_address() {
    let site = Site::new().await;
    let post = published(&site, "Kept").await;
    let mut alice = site.logged_in("alice").await;
    let edit = form("Another title", "Text.").text("revision", "1");
    alice
        .post_multipart(&format!("{post}/edit"), edit)
        .await
        .expect_redirect("/kept");
}

#[tokio::test]
async fn a_draft_is_invisible_to_others() {
    let site = Site::new().await;
    let mut carol = site.logged_in("carol").await;
    let draft = form("Secret", "Not yet.").text("action", "draft");
    carol
        .post_multipart("/new", draft)
        .await
        .expect_redirect("/secret/edit");
    carol.get("/secret").await.expect(200).expect_text("Draft");
    site.account("dora", Role::Author).await;
    let mut dora = site.logged_in("dora").await;
    for path in [
        "/secret",
        "/1",
        "/secret/edit",
        "/secret/delete",
        "/secret/image",
    ] {
        dora.get(path).await.expect(404).expect_no_text("Secret");
    }
    let mut reader = site.browser();
    reader.get("/secret").await.expect(404);
    site.logged_in("bob").await.get("/secret").await.expect(200);

    let publish = form("Secret", "Now.").text("revision", "1");
    carol
        .post_multipart("/secret/edit", publish)
        .await
        .expect_redirect("/secret");
    reader.get("/secret").await.expect(200).expect_text("Now.");
}

#[tokio::test]
async fn a_post_that_one_sees_but_may_not_change_says_whose_it_is() {
    let site = Site::new().await;
    let post = published(&site, "Not yours").await;
    let mut carol = site.logged_in("carol").await;
    for path in ["edit", "delete"] {
        let page = carol.get(&format!("{post}/{path}")).await.expect(403);
        page.expect_text("This post belongs to alice");
    }
    let edit = form("Mine now", "Typed for nothing?").text("revision", "1");
    let page = carol.post_multipart(&format!("{post}/edit"), edit).await;
    kept(page, 403, "Mine now", "Typed for nothing?").expect_text("belongs to alice");
    carol.post(&format!("{post}/delete"), &[]).await.expect(403);
    site.browser()
        .get(&post)
        .await
        .expect(200)
        .expect_text("first");
}

#[tokio::test]
async fn a_contributor_writes_drafts_and_publishes_nothing() {
    let site = Site::new().await;
    site.account("connie", Role::Contributor).await;
    let mut connie = site.logged_in("connie").await;
    connie
        .get("/new")
        .await
        .expect(200)
        .expect_no_text("value=\"publish\"");
    let page = connie.post_multipart("/new", form("Hello", "World.")).await;
    kept(page, 403, "Hello", "World.").expect_text("an editor publishes them");
    let draft = form("Hello", "World.").text("action", "draft");
    connie
        .post_multipart("/new", draft)
        .await
        .expect_redirect("/hello/edit");
    let publish = form("Hello", "World!").text("revision", "1");
    connie
        .post_multipart("/hello/edit", publish)
        .await
        .expect(403);
    site.browser().get("/hello").await.expect(404);
}

#[tokio::test]
async fn the_second_of_two_writers_gets_both_texts_and_can_finish() {
    let site = Site::new().await;
    let post = published(&site, "Two windows").await;
    let edit = format!("{post}/edit");
    let (mut alice, mut bob) = (site.logged_in("alice").await, site.logged_in("bob").await);
    let base = revision_of(&mut alice, &post).await;
    let quick = form("Two windows", "What bob saved.").text("revision", &base);
    bob.post_multipart(&edit, quick)
        .await
        .expect_redirect(&post);

    let slow = form("My title", "What alice typed.").text("revision", &base);
    let page = alice.post_multipart(&edit, slow).await.expect(409);
    let page = page
        .expect_text("\nMy title</textarea>")
        .expect_text("What alice typed.")
        .expect_text("What bob saved.")
        .expect_text("bob saved this post");
    site.browser()
        .get(&post)
        .await
        .expect_text("What bob saved.")
        .expect_no_text("alice typed");

    let both = form("My title", "Both.").text("revision", &revision(&page));
    alice
        .post_multipart(&edit, both)
        .await
        .expect_redirect(&post);
    site.browser().get(&post).await.expect_text("Both.");
}

#[tokio::test]
async fn an_edit_that_does_not_say_what_it_changes_is_asked_again() {
    let site = Site::new().await;
    let post = published(&site, "Blind").await;
    let mut alice = site.logged_in("alice").await;
    let page = alice
        .post_multipart(&format!("{post}/edit"), form("Blind", "Overwritten?"))
        .await;
    let page =
        kept(page, 409, "Blind", "Overwritten?").expect_text("The form did not say which version");
    assert_eq!(revision(&page), "1");
    site.browser().get(&post).await.expect_text("first");
}

#[tokio::test]
async fn the_editor_lets_browsers_restore_what_was_typed() {
    let site = Site::new().await;
    let post = published(&site, "Back and forth").await;
    let mut alice = site.logged_in("alice").await;
    for page in ["/new", &format!("{post}/edit")] {
        let page = alice.get(page).await.expect(200);
        page.expect_no_text("autocomplete=\"off\"");
    }
}

#[tokio::test]
async fn every_mistake_brings_the_form_back_as_it_was_typed() {
    let site = Site::new().await;
    published(&site, "Taken").await;
    let mut carol = site.logged_in("carol").await;
    let page = carol
        .post_multipart("/new", form("", "A text without a title."))
        .await;
    kept(page, 422, "", "A text without a title.").expect_text("href=\"#title\"");
    let page = carol.post_multipart("/new", form("   ", "Words.")).await;
    kept(page, 422, "   ", "Words.").expect_text("href=\"#title\"");
    let blank = form(" ", "Words.").text("action", "preview");
    let page = carol.post_multipart("/new", blank).await;
    kept(page, 200, " ", "Words.").expect_text(">Untitled</h2>");
    let page = carol
        .post_multipart("/new", form("Reserved", "Words.").text("slug", "login"))
        .await;
    kept(page, 422, "Reserved", "Words.")
        .expect_text("value=\"login\"")
        .expect_text("href=\"#slug\"");
    let page = carol
        .post_multipart("/new", form("Second", "Words.").text("slug", "taken"))
        .await;
    kept(page, 422, "Second", "Words.").expect_text("value=\"taken\"");
    let long = "x".repeat(201);
    kept(
        carol.post_multipart("/new", form(&long, "Words.")).await,
        422,
        &long,
        "Words.",
    );
    let huge = "y".repeat(1_000_001);
    kept(
        carol.post_multipart("/new", form("Huge", &huge)).await,
        422,
        "Huge",
        &huge,
    );
    let page = carol
        .post_multipart("/new", form("Odd", "Words.").text("action", "explode"))
        .await;
    kept(page, 422, "Odd", "Words.").expect_no_text("aria-label=\"Preview\"");
    let hostile = "</textarea><script>alert(1)</script>";
    let page = carol
        .post_multipart("/new", form("", hostile))
        .await
        .expect(422);
    page.expect_no_text("<script>")
        .expect_text("&lt;/textarea&gt;&lt;script&gt;");
    carol.get("/second").await.expect(404);
}

#[tokio::test]
async fn a_form_without_a_login_comes_back_whole_and_is_saved_with_one() {
    let site = Site::new().await;
    let mut stranger = site.browser();
    let page = stranger
        .post_multipart("/new", form("Late", "Typed for an hour."))
        .await;
    let page = kept(page, 401, "Late", "Typed for an hour.");
    page.expect_text("name=\"login\"")
        .expect_text("name=\"password\"");

    let wrong = form("Late", "Typed for an hour.")
        .text("login", "carol")
        .text("password", "mellon");
    let page = stranger.post_multipart("/new", wrong).await;
    kept(page, 401, "Late", "Typed for an hour.")
        .expect_text("value=\"carol\"")
        .expect_no_text("mellon");

    let right = form("Late", "Typed for an hour.")
        .text("login", "carol")
        .text("password", Site::PASSWORD);
    stranger
        .post_multipart("/new", right)
        .await
        .expect_redirect("/late");
    stranger
        .get("/late/edit")
        .await
        .expect(200)
        .expect_text("Written by carol");
}

#[tokio::test]
async fn who_has_to_log_in_again_is_offered_what_they_asked_for_and_nothing_that_unpublishes() {
    let site = Site::new().await;
    let post = published(&site, "Read by all").await;
    let edit = format!("{post}/edit");
    for asked in ["publish", "draft", "preview", "schedule", "review"] {
        for address in [&edit, "/new", "/nothing/edit"] {
            let sent = form("Read by all", "Words.").text("action", asked);
            let page = site.browser().post_multipart(address, sent).await;
            let page = page.expect(401).text();
            let mut offered: Vec<&str> = page
                .split("<button")
                .filter_map(|button| button.split("name=\"action\" value=\"").nth(1))
                .filter_map(|rest| rest.split('"').next())
                .collect();
            assert_eq!(offered.remove(0), asked, "with the login, {address}");
            offered.retain(|action| *action != "preview");
            assert_eq!(offered, [""; 0], "{asked}, {address}");
        }
    }
    // A version that was to be put into the text is not published instead.
    let sent = form("Read by all", "Words.").text("take", "mine");
    let page = site.browser().post_multipart(&edit, sent).await;
    page.expect(401)
        .expect_text("value=\"mine\">Log in and go on<")
        .expect_no_text("value=\"publish\"");

    let again = form("Read by all", "Other words.")
        .text("revision", "1")
        .text("login", "alice")
        .text("password", Site::PASSWORD)
        .text("action", "publish");
    site.browser()
        .post_multipart(&edit, again)
        .await
        .expect_redirect(&post);
    site.browser()
        .get(&post)
        .await
        .expect(200)
        .expect_text("Other words.");
}

#[tokio::test]
async fn a_stranger_learns_nothing_about_a_draft_from_its_form() {
    let site = Site::new().await;
    let draft = form("Secret", "x").text("action", "draft");
    site.logged_in("carol")
        .await
        .post_multipart("/new", draft)
        .await
        .expect(303);
    let mut answers = Vec::new();
    for address in ["/secret/edit", "/nothing/edit"] {
        let page = site
            .browser()
            .post_multipart(address, form("Mine", "Words."))
            .await;
        answers.push(
            kept(page, 401, "Mine", "Words.")
                .expect_text(">Edit a post<")
                .text()
                .replace(address, ""),
        );
    }
    // What is different on every page: its request and the form's own name.
    let ids = |page: &str| {
        page.split('<')
            .filter(|piece| !piece.contains("Request") && !piece.contains("name=\"form\""))
            .collect::<String>()
    };
    let plain: Vec<String> = answers
        .iter()
        .map(|page| ids(page).replace("secret", "nothing"))
        .collect();
    assert_eq!(plain[0], plain[1]);
}

#[tokio::test]
async fn a_preview_shows_the_form_as_readers_would_see_it_and_saves_nothing() {
    let site = Site::new().await;
    let mut carol = site.logged_in("carol").await;
    let preview = form("Maybe", "Some **bold** words.").text("action", "preview");
    let page = kept(
        carol.post_multipart("/new", preview).await,
        200,
        "Maybe",
        "Some **bold** words.",
    );
    page.expect_text("<strong>bold</strong>");
    carol.get("/maybe").await.expect(404);
    carol.get("/").await.expect_no_text("Maybe");
}

#[tokio::test]
async fn a_deleted_post_is_gone_and_one_button_brings_it_back() {
    let site = Site::new().await;
    let post = published(&site, "Thrown away").await;
    let mut alice = site.logged_in("alice").await;
    let page = alice.get(&format!("{post}/delete")).await.expect(200);
    page.expect_text(&format!("<form method=\"post\" action=\"{post}/delete\""));
    let mut reader = site.browser();
    reader.get(&post).await.expect(200);

    alice
        .post(&format!("{post}/delete"), &[])
        .await
        .expect_redirect("/");
    reader.get(&post).await.expect(410);
    reader.get("/1").await.expect(410);
    reader.get("/").await.expect_no_text("Thrown away");
    let page = alice
        .get("/")
        .await
        .expect_text("“Thrown away” is in the trash.");
    page.expect_text(&format!("action=\"{post}/restore\""));
    alice.get("/").await.expect_no_text("in the trash");

    site.logged_in("carol")
        .await
        .post(&format!("{post}/restore"), &[])
        .await
        .expect(403);
    reader
        .post(&format!("{post}/restore"), &[])
        .await
        .expect_redirect("/login");
    reader.get(&post).await.expect(410);
    alice
        .post(&format!("{post}/restore"), &[])
        .await
        .expect_redirect(&post);
    reader.get(&post).await.expect(200);
}

#[tokio::test]
async fn a_draft_in_the_trash_was_never_there_for_others() {
    let site = Site::new().await;
    let mut carol = site.logged_in("carol").await;
    let draft = form("Whisper", "x").text("action", "draft");
    carol.post_multipart("/new", draft).await.expect(303);
    carol
        .post("/whisper/delete", &[])
        .await
        .expect_redirect("/");
    site.browser().get("/whisper").await.expect(404);
    site.account("dora", Role::Author).await;
    site.logged_in("dora")
        .await
        .post("/whisper/restore", &[])
        .await
        .expect(404);
    carol
        .post("/whisper/restore", &[])
        .await
        .expect_redirect("/whisper");
}

#[tokio::test]
async fn a_text_outlives_the_post_it_was_for() {
    let site = Site::new().await;
    let post = published(&site, "Deleted meanwhile").await;
    let (mut alice, mut bob) = (site.logged_in("alice").await, site.logged_in("bob").await);
    alice.post(&format!("{post}/delete"), &[]).await.expect(303);
    let edit = form("Deleted meanwhile", "An hour of work.").text("revision", "1");
    let page = bob.post_multipart(&format!("{post}/edit"), edit).await;
    let page = kept(page, 410, "Deleted meanwhile", "An hour of work.");
    page.expect_text("action=\"/new\"")
        .expect_no_text("name=\"revision\"");
}

#[tokio::test]
async fn nothing_changes_by_get() {
    let site = Site::new().await;
    let post = published(&site, "Still here").await;
    let mut alice = site.logged_in("alice").await;
    alice.get(&format!("{post}/delete")).await.expect(200);
    alice.get(&format!("{post}/restore")).await.expect(405);
    alice.get("/logout").await.expect(200);
    alice.get(&post).await.expect(200);
    alice.get("/new").await.expect(200);
}

#[tokio::test]
async fn a_body_that_is_no_form_is_refused_in_words() {
    let site = Site::new().await;
    let mut carol = site.logged_in("carol").await;
    let json = "{\"title\":\"x\"}";
    carol
        .post_raw("/new", "application/json", json)
        .await
        .expect(415)
        .expect_text("<h1>");
    carol
        .post_raw("/new", "multipart/form-data", "x")
        .await
        .expect(400)
        .expect_text("<h1>");
    let cut =
        "--B\r\nContent-Disposition: form-data; name=\"title\"\r\n\r\nKept\r\n--B\r\nContent-Disp";
    let page = carol
        .post_raw("/new", "multipart/form-data; boundary=B", cut)
        .await
        .expect(400);
    page.expect_text("\nKept</textarea>")
        .expect_no_text("aria-label=\"Preview\"");
    let cut = cut.replace(
        "Disp",
        "Disposition: form-data; name=\"text\"\r\n\r\nHalf a sent",
    );
    let page = carol
        .post_raw("/new", "multipart/form-data; boundary=B", cut)
        .await
        .expect(400);
    page.expect_text("\nHalf a sent</textarea>");
}

#[tokio::test]
async fn a_busy_database_loses_nothing() {
    let site = Site::new().await;
    let mut carol = site.logged_in("carol").await;
    let (_, write) = site.db().sqlite_pools().expect("SQLite");
    sqlx::query("pragma query_only = on")
        .execute(&write)
        .await
        .unwrap();
    let page = carol
        .post_multipart("/new", form("Later", "Kept words."))
        .await;
    let page = kept(page, 503, "Later", "Kept words.");
    assert_eq!(page.header("retry-after"), "2");
    sqlx::query("pragma query_only = off")
        .execute(&write)
        .await
        .unwrap();
    carol
        .post_multipart("/new", form("Later", "Kept words."))
        .await
        .expect_redirect("/later");
}
