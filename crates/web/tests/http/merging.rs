//! People who edit one post at once: what does not overlap merges by itself, what does is shown to whoever came last,
//! and nobody's words vanish.

use crate::support::{Answer, Browser, Multipart, Site};

const EDIT: &str = "/fable/edit";
const FABLE: &str =
    "The fox jumps over the lazy dog. Nobody saw it.\n\nThe dog sleeps on.\n\nThe end.";

fn form(title: &str, text: &str, revision: &str) -> Multipart {
    Multipart::new()
        .text("title", title)
        .text("text", text)
        .text("revision", revision)
}

async fn fable(site: &Site) -> (Browser, Browser) {
    let mut alice = site.logged_in("alice").await;
    let new = Multipart::new().text("title", "Fable").text("text", FABLE);
    alice
        .post_multipart("/new", new.text("tags", "animals"))
        .await
        .expect_redirect("/fable");
    (alice, site.logged_in("bob").await)
}

/// What stands in a field of the form, as the page spells it.
fn field(page: &Answer, name: &str) -> String {
    let text = page.text();
    let (_, rest) = text.split_once(&format!("name=\"{name}\"")).expect(name);
    let (_, rest) = rest.split_once(">\n").expect("its beginning");
    rest.split_once("</textarea>")
        .expect("its end")
        .0
        .to_owned()
}

async fn save(browser: &mut Browser, text: &str, revision: &str) -> Answer {
    browser
        .post_multipart(EDIT, form("Fable", text, revision))
        .await
}

#[tokio::test]
async fn changes_of_different_sentences_merge_by_themselves_and_say_so() {
    let site = Site::new().await;
    let (mut alice, mut bob) = fable(&site).await;
    save(&mut bob, &FABLE.replace("Nobody", "Everybody"), "1")
        .await
        .expect(303);
    save(&mut alice, &FABLE.replace("jumps", "leaps"), "1")
        .await
        .expect_redirect("/fable");
    let page = alice.get("/fable").await.expect(200);
    page.expect_text("The fox leaps over the lazy dog. Everybody saw it.")
        .expect_text("bob saved this post while you were writing; both changes are in.")
        .expect_text("href=\"/fable/history/2?against=1\"");
    let page = alice.get("/fable/history/2?against=1").await.expect(200);
    page.expect_text("Everybody").expect_no_text("leaps");
    let page = alice.get("/fable/history/3").await.expect(200);
    page.expect_text("leaps")
        .expect_text("merged with what bob saved");
}

#[tokio::test]
async fn changes_of_one_sentence_are_shown_with_both_texts_and_one_to_finish() {
    let site = Site::new().await;
    let (mut alice, mut bob) = fable(&site).await;
    let his = FABLE.replace("jumps", "flies").replace("The end", "Finis");
    save(&mut bob, &his, "1").await.expect(303);
    let hers = FABLE.replace("jumps", "leaps").replace("sleeps", "dreams");
    let page = save(&mut alice, &hers, "1").await.expect(409);
    let page = page
        .expect_text("bob saved this post while you were writing.")
        .expect_text("You both changed one passage.")
        .expect_text("name=\"revision\" value=\"2\"");
    let text = field(&page, "text");
    assert_eq!(
        text,
        "[[[ You wrote ]]]\nThe fox leaps over the lazy dog. Nobody saw it.\n\
         [[[ bob wrote ]]]\nThe fox flies over the lazy dog. Nobody saw it.\n\
         [[[ Keep one or join them, and delete these three lines ]]]\n\n\
         The dog dreams on.\n\nFinis.\n"
    );
    assert_eq!(field(&page, "mine"), hers);

    // Saved as it stands, readers would see the brackets.
    let page = save(&mut alice, &text, "2").await.expect(422);
    page.expect_text("Line 1 says whose words follow");
    let mut reader = site.browser();
    reader
        .get("/fable")
        .await
        .expect_text("flies")
        .expect_no_text("[[[");

    let done =
        "The fox leaps and flies over the lazy dog. Nobody saw it.\n\nThe dog dreams on.\n\nFinis.";
    save(&mut alice, done, "2").await.expect_redirect("/fable");
    let page = reader.get("/fable").await;
    page.expect_text("leaps and flies")
        .expect_text("dreams")
        .expect_text("Finis");
}

#[tokio::test]
async fn one_button_puts_either_version_into_the_text_and_saves_nothing() {
    let site = Site::new().await;
    let (mut alice, mut bob) = fable(&site).await;
    save(&mut bob, "His.", "1").await.expect(303);
    let page = save(&mut alice, "Hers.", "1").await.expect(409);
    let merged = field(&page, "text");
    for (take, wanted) in [
        ("mine", "Hers."),
        ("theirs", "His."),
        ("merged", merged.as_str()),
    ] {
        let both = form("Fable", "Whatever.", "2")
            .text("mine", "Hers.")
            .text("base", "1")
            .text("take", take);
        let page = alice.post_multipart(EDIT, both).await.expect(200);
        let page = page.expect_text("bob saved this post");
        assert_eq!(field(&page, "text").trim_end(), wanted.trim_end(), "{take}");
        assert_eq!(field(&page, "mine"), "Hers.");
    }
    site.browser().get("/fable").await.expect_text("His.");
    alice.get("/fable/history/3").await.expect(404);
}

#[tokio::test]
async fn other_fields_merge_each_by_itself() {
    let site = Site::new().await;
    let (mut alice, mut bob) = fable(&site).await;
    let his = form("Fable", FABLE, "1").text("tags", "animals, dogs");
    bob.post_multipart(EDIT, his).await.expect(303);
    let hers = form("A fable", FABLE, "1").text("tags", "animals, foxes");
    alice
        .post_multipart(EDIT, hers)
        .await
        .expect_redirect("/fable");
    let page = alice.get(EDIT).await.expect(200);
    page.expect_text("\nA fable</textarea>")
        .expect_text("value=\"animals, dogs, foxes\"");

    let his = form("Bob’s fable", FABLE, "3");
    bob.post_multipart(EDIT, his).await.expect(303);
    let hers = form("Alice’s fable", &FABLE.replace("jumps", "leaps"), "3");
    let page = alice.post_multipart(EDIT, hers).await.expect(409);
    page.expect_text("Title: saved was “Bob’s fable”, yours is “Alice’s fable”.")
        .expect_text("\nAlice’s fable</textarea>")
        .expect_text("leaps");
}

#[tokio::test]
async fn a_form_whose_base_nobody_knows_shows_both_texts() {
    let site = Site::new().await;
    let (mut alice, _) = fable(&site).await;
    let page = save(&mut alice, "From nowhere.", "99").await.expect(409);
    page.expect_text("From nowhere.")
        .expect_text("Nobody saw it.");
}

#[tokio::test]
async fn a_draft_is_not_slipped_into_what_was_published_meanwhile() {
    let site = Site::new().await;
    let mut carol = site.logged_in("carol").await;
    let draft = Multipart::new().text("title", "Fable").text("text", FABLE);
    carol
        .post_multipart("/new", draft.text("action", "draft"))
        .await
        .expect(303);
    let mut bob = site.logged_in("bob").await;
    save(&mut bob, &FABLE.replace("The end", "Finis"), "1")
        .await
        .expect(303);
    let more = form("Fable", &FABLE.replace("jumps", "UNFINISHED"), "1").text("action", "draft");
    let page = carol.post_multipart(EDIT, more).await.expect(409);
    page.expect_text("State: saved was “Published”, yours is “Draft”.")
        .expect_text("UNFINISHED");
    site.browser()
        .get("/fable")
        .await
        .expect_no_text("UNFINISHED");
}

#[tokio::test]
async fn a_form_sent_twice_is_merged_once_and_takes_nothing_back() {
    let site = Site::new().await;
    let (mut alice, mut bob) = fable(&site).await;
    save(&mut bob, &FABLE.replace("Nobody", "Everybody"), "1")
        .await
        .expect(303);
    let sent = |text: &str| form("Fable", text, "1").text("form", "AAAAAAAAAAAAAAAAAAAAAA");
    let hers = FABLE.replace("jumps", "leaps");
    for _ in 0..2 {
        alice
            .post_multipart(EDIT, sent(&hers))
            .await
            .expect_redirect("/fable");
    }
    alice.get("/fable/history/4").await.expect(404);
    // And with "back" and one more change, what bob wrote stays.
    let more = hers.replace("The end", "Finis");
    alice
        .post_multipart(EDIT, sent(&more))
        .await
        .expect_redirect("/fable");
    let page = site.browser().get("/fable").await;
    page.expect_text("leaps")
        .expect_text("Everybody")
        .expect_text("Finis");
}

#[tokio::test]
async fn two_and_three_editors_at_once_lose_nobodys_words() {
    let site = Site::new().await;
    fable(&site).await;
    let at_once = |changes: Vec<(&'static str, &'static str, &'static str)>,
                   base: String,
                   text: String| {
        let site = &site;
        async move {
            let mut all = tokio::task::JoinSet::new();
            for (name, old, new) in changes {
                let mut browser = site.logged_in(name).await;
                let (text, base) = (text.replace(old, new), base.clone());
                all.spawn(async move { save(&mut browser, &text, &base).await.status.as_u16() });
            }
            all.join_all().await
        }
    };
    let two = vec![("alice", "jumps", "leaps"), ("bob", "sleeps", "dreams")];
    let answers = at_once(two, "1".into(), FABLE.into()).await;
    assert_eq!(answers, [303, 303]);
    let now = FABLE.replace("jumps", "leaps").replace("sleeps", "dreams");
    let mut reader = site.browser();
    let page = reader.get("/fable").await;
    page.expect_text("leaps").expect_text("dreams");

    let three = vec![
        ("alice", "leaps", "flies"),
        ("bob", "dreams", "wakes"),
        ("alice", "The end", "Finis"),
    ];
    let answers = at_once(three, "3".into(), now).await;
    assert_eq!(answers, [303, 303, 303]);
    let page = reader.get("/fable").await;
    page.expect_text("flies")
        .expect_text("wakes")
        .expect_text("Finis");
}

#[tokio::test]
async fn words_about_a_picture_that_nobody_touched_here_are_the_others() {
    let site = Site::new().await;
    let mut alice = site.logged_in("alice").await;
    let png = {
        let mut bytes = std::io::Cursor::new(Vec::new());
        image::DynamicImage::new_rgb8(40, 30)
            .write_to(&mut bytes, image::ImageFormat::Png)
            .expect("a picture");
        bytes.into_inner()
    };
    let new = Multipart::new()
        .text("title", "Fable")
        .text("text", FABLE)
        .text("alt", "A fox")
        .file("image", "fox.png", "image/png", &png);
    alice.post_multipart("/new", new).await.expect(303);
    let page = alice.get(EDIT).await.text();
    let hash = page.split_once("name=\"picture\" value=\"").unwrap().1;
    let hash = hash.split_once('"').unwrap().0.to_owned();
    let with = |text: &str, alt: &str| {
        form("Fable", text, "1")
            .text("picture", &hash)
            .text("picture_alt", alt)
            .text("picture_alt_was", "A fox")
    };
    let mut bob = site.logged_in("bob").await;
    bob.post_multipart(EDIT, with(FABLE, "A red fox"))
        .await
        .expect(303);
    let hers = with(&FABLE.replace("jumps", "leaps"), "A fox");
    alice.post_multipart(EDIT, hers).await.expect(303);
    alice
        .get(EDIT)
        .await
        .expect_text("value=\"A red fox\"")
        .expect_text("leaps");
}

/// Both gave the post another title, and one sentence other words; the form that comes of it, as it is sent again.
async fn titles_clash(site: &Site) -> (Browser, Browser, Multipart) {
    let (mut alice, mut bob) = fable(site).await;
    let his = form("Bob’s fable", &FABLE.replace("jumps", "flies"), "1");
    bob.post_multipart(EDIT, his).await.expect(303);
    let hers = form("Alice’s fable", &FABLE.replace("jumps", "leaps"), "1");
    let page = alice.post_multipart(EDIT, hers).await.expect(409);
    let again = form("Alice’s fable", &field(&page, "text"), "2")
        .text("mine", &field(&page, "mine"))
        .text("base", "1");
    (alice, bob, again)
}

const TITLES: &str =
    "Title: saved was “Bob’s fable”, yours is “Alice’s fable”. Yours counts when you save.";

#[tokio::test]
async fn fields_that_clash_are_named_however_often_the_form_is_drawn() {
    let site = Site::new().await;
    let (mut alice, _, again) = titles_clash(&site).await;
    for (name, value, status) in [
        ("action", "preview", 200),
        ("take", "mine", 200),
        ("take", "theirs", 200),
        ("slug", "login", 422),
        ("action", "publish", 422),
    ] {
        let page = alice
            .post_multipart(EDIT, again.clone().text(name, value))
            .await;
        page.expect(status).expect_text(TITLES);
    }
    // Who takes over what the other has is told no more of it.
    let agreed = form("Bob’s fable", "Whatever.", "2")
        .text("mine", "Whatever.")
        .text("base", "1")
        .text("action", "preview");
    alice
        .post_multipart(EDIT, agreed)
        .await
        .expect(200)
        .expect_no_text("Title: saved was");
}

#[tokio::test]
async fn a_state_that_clashes_is_named_however_often_the_form_is_drawn() {
    let site = Site::new().await;
    let mut carol = site.logged_in("carol").await;
    let draft = Multipart::new().text("title", "Fable").text("text", FABLE);
    carol
        .post_multipart("/new", draft.text("action", "draft"))
        .await
        .expect(303);
    let mut bob = site.logged_in("bob").await;
    let his = form("Fable", &FABLE.replace("jumps", "flies"), "1").text("action", "draft");
    bob.post_multipart(EDIT, his).await.expect(303);
    let hers = form("Fable", FABLE, "1").text("action", "publish");
    let page = carol.post_multipart(EDIT, hers).await.expect(409);
    let said = "State: saved was “Draft”, yours is “Published”.";
    let page = page
        .expect_text(said)
        .expect_text("name=\"meant\" value=\"publish\"");
    let again = form("Fable", &field(&page, "text"), "2")
        .text("mine", FABLE)
        .text("base", "1")
        .text("meant", "publish")
        .text("action", "preview");
    carol
        .post_multipart(EDIT, again)
        .await
        .expect(200)
        .expect_text(said)
        .expect_text("name=\"meant\" value=\"publish\"");
}

#[tokio::test]
async fn a_conflict_that_waited_comes_back_with_both_versions() {
    let site = Site::new().await;
    let (mut alice, _, again) = titles_clash(&site).await;
    let key = "AAAAAAAAAAAAAAAAAAAAAB";
    let unfinished = again.text("form", key).text("action", "publish");
    alice.post_multipart(EDIT, unfinished).await.expect(422);
    let page = alice.get(&format!("/parked/{key}")).await.expect(200);
    let page = page
        .expect_text("bob saved this post while you were writing.")
        .expect_text("You both changed one passage.")
        .expect_text(TITLES)
        .expect_text("[[[ bob wrote ]]]")
        .expect_text("Here is what you typed.");
    assert_eq!(
        field(&page, "mine").trim_end(),
        FABLE.replace("jumps", "leaps")
    );
}
