//! A form that comes twice is one save: by a second click, by a second attempt, or after the browser's "back".

use gatepost_domain::role::Role;

use crate::support::{Answer, Browser, Multipart, Site};

const KEY: &str = "AAECAwQFBgcICQoLDA0ODw";

fn form(title: &str, text: &str) -> Multipart {
    let form = Multipart::new().text("title", title).text("text", text);
    form.text("form", KEY)
}

async fn posts(site: &Site) -> Vec<String> {
    let page = site.db().posts().index(None, 50).await.unwrap();
    let title = |post: gatepost_domain::post::Summary| post.title.to_string();
    page.items.into_iter().map(title).collect()
}

async fn revision(site: &Site, slug: &str) -> i64 {
    let address = slug.parse().unwrap();
    match site.db().posts().find(&address).await.unwrap() {
        gatepost_storage::posts::Found::Post(post) => post.revision.0,
        other => panic!("{other:?}"),
    }
}

/// Both at the same moment, each on a thread of its own.
async fn at_once(browser: &Browser, path: &'static str, form: &Multipart) -> [Answer; 2] {
    let barrier = std::sync::Arc::new(tokio::sync::Barrier::new(2));
    let send = || {
        let (mut browser, form, barrier) = (browser.clone(), form.clone(), barrier.clone());
        tokio::spawn(async move {
            barrier.wait().await;
            browser.post_multipart(path, form).await
        })
    };
    let (one, other) = (send(), send());
    [one.await.unwrap(), other.await.unwrap()]
}

#[tokio::test]
async fn the_editor_gives_each_form_a_name_and_keeps_it_through_every_refusal() {
    let site = Site::new().await;
    let mut carol = site.logged_in("carol").await;
    let named = |page: &Answer| {
        let text = page.text();
        let (_, rest) = text.split_once("name=\"form\" value=\"").expect("a name");
        rest.split_once('"').expect("its end").0.to_owned()
    };
    let one = named(&carol.get("/new").await.expect(200));
    let other = named(&carol.get("/new").await.expect(200));
    assert_eq!((one.len(), other.len()), (22, 22));
    assert_ne!(one, other);
    let refused = carol.post_multipart("/new", form("", "x")).await;
    assert_eq!(named(&refused.expect(422)), KEY);
    let stranger = site.browser().post_multipart("/new", form("A", "x")).await;
    assert_eq!(named(&stranger.expect(401)), KEY);
    let odd = Multipart::new().text("title", "").text("form", "\"><b>");
    let page = carol.post_multipart("/new", odd).await.expect(422);
    assert_eq!(named(&page).len(), 22);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_post_sent_twice_at_once_is_one_post() {
    let site = Site::new().await;
    let carol = site.logged_in("carol").await;
    for answer in at_once(&carol, "/new", &form("Once", "Only once.")).await {
        answer.expect_redirect("/once");
    }
    assert_eq!(posts(&site).await, ["Once"]);
    assert_eq!(revision(&site, "once").await, 1);
    // The control: without the name of a form it is two.
    let nameless = Multipart::new().text("title", "Twice").text("text", "x");
    for answer in at_once(&carol, "/new", &nameless).await {
        answer.expect(303);
    }
    assert_eq!(posts(&site).await.len(), 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_edit_sent_twice_at_once_is_one_revision_and_no_conflict() {
    let site = Site::new().await;
    let mut carol = site.logged_in("carol").await;
    let new = Multipart::new()
        .text("title", "Mine")
        .text("text", "First.");
    carol.post_multipart("/new", new).await.expect(303);
    let edit = form("Mine", "Second.").text("revision", "1");
    for answer in at_once(&carol, "/mine/edit", &edit).await {
        answer.expect_redirect("/mine");
    }
    assert_eq!(revision(&site, "mine").await, 2);
}

#[tokio::test]
async fn a_second_attempt_of_a_form_that_renamed_its_draft_finds_it() {
    let site = Site::new().await;
    let mut carol = site.logged_in("carol").await;
    let new = Multipart::new()
        .text("title", "Working title")
        .text("text", "x");
    let new = new.text("action", "draft");
    carol.post_multipart("/new", new).await.expect(303);
    let rename = || {
        let form = form("Real title", "x").text("revision", "1");
        form.text("slug", "real-title").text("action", "draft")
    };
    for _ in 0..2 {
        carol
            .post_multipart("/working-title/edit", rename())
            .await
            .expect_redirect("/real-title/edit");
    }
    // Who never sent that form learns nothing.
    site.account("dora", Role::Author).await;
    let mut dora = site.logged_in("dora").await;
    dora.post_multipart("/working-title/edit", rename())
        .await
        .expect(404);
}

#[tokio::test]
async fn a_form_changed_after_going_back_changes_the_post_it_made() {
    let site = Site::new().await;
    let mut carol = site.logged_in("carol").await;
    for (text, revisions) in [("One.", 1), ("Two.", 2), ("Two.", 2), ("Three.", 3)] {
        carol
            .post_multipart("/new", form("Back", text))
            .await
            .expect_redirect("/back");
        assert_eq!(revision(&site, "back").await, revisions);
    }
    assert_eq!(posts(&site).await, ["Back"]);
    site.browser().get("/back").await.expect_text("Three.");

    // Somebody else saved in between: nobody's text disappears.
    let mut bob = site.logged_in("bob").await;
    let theirs = Multipart::new()
        .text("title", "Back")
        .text("text", "Bob’s.");
    bob.post_multipart("/back/edit", theirs.text("revision", "3"))
        .await
        .expect(303);
    let page = carol.post_multipart("/new", form("Back", "Four.")).await;
    page.expect(409)
        .expect_text("Bob’s.")
        .expect_text("\nFour.</textarea>");
}

#[tokio::test]
async fn the_name_of_a_form_is_its_writer_s_own() {
    let site = Site::new().await;
    for name in ["carol", "bob"] {
        let mut writer = site.logged_in(name).await;
        writer
            .post_multipart("/new", form("Same words", "x"))
            .await
            .expect(303);
    }
    assert_eq!(posts(&site).await.len(), 2);
}

#[tokio::test]
async fn a_post_thrown_away_does_not_keep_its_form_from_making_another() {
    let site = Site::new().await;
    let mut carol = site.logged_in("carol").await;
    carol
        .post_multipart("/new", form("Again", "x"))
        .await
        .expect_redirect("/again");
    carol.post("/again/delete", &[]).await.expect(303);
    carol
        .post_multipart("/new", form("Again", "x"))
        .await
        .expect_redirect("/again-2");
}

/// Nobody minds what it shows.
fn photo(shade: u8) -> Vec<u8> {
    let picture = image::RgbImage::from_pixel(40, 30, image::Rgb([shade, 90, 120]));
    let mut bytes = std::io::Cursor::new(Vec::new());
    picture
        .write_to(&mut bytes, image::ImageFormat::Png)
        .expect("it can be written");
    bytes.into_inner()
}

fn with_photo(form: Multipart, shade: u8, alt: &str) -> Multipart {
    form.text("alt", alt)
        .file("image", "photo.png", "image/png", &photo(shade))
}

/// The words of the pictures that the editor lists.
async fn alts(browser: &mut Browser, path: &str) -> Vec<String> {
    let page = browser.get(path).await.expect(200).text();
    let parts = page.split("name=\"picture_alt\" value=\"").skip(1);
    parts
        .map(|rest| rest.split_once('"').expect("its end").0.to_owned())
        .collect()
}

#[tokio::test]
async fn a_picture_and_its_words_that_were_added_after_going_back_are_saved() {
    let site = Site::new().await;
    let mut carol = site.logged_in("carol").await;
    let send = async |carol: &mut Browser, form: Multipart| {
        carol
            .post_multipart("/new", form)
            .await
            .expect_redirect("/back");
    };
    send(&mut carol, form("Back", "One.")).await;
    send(&mut carol, with_photo(form("Back", "One."), 1, "A lake")).await;
    assert_eq!(alts(&mut carol, "/back/edit").await, ["A lake"]);
    // The browser kept the file, and its words became others.
    send(&mut carol, with_photo(form("Back", "One."), 1, "A pond")).await;
    assert_eq!(alts(&mut carol, "/back/edit").await, ["A pond"]);
    // It did not keep the file: the picture is there all the same.
    send(&mut carol, form("Back", "Two.")).await;
    assert_eq!(alts(&mut carol, "/back/edit").await, ["A pond"]);
    send(&mut carol, with_photo(form("Back", "Two."), 2, "A fox")).await;
    assert_eq!(alts(&mut carol, "/back/edit").await, ["A pond", "A fox"]);
    assert_eq!(posts(&site).await, ["Back"]);
}

#[tokio::test]
async fn a_form_whose_post_was_taken_over_makes_another_with_its_pictures() {
    let site = Site::new().await;
    site.account("connie", Role::Contributor).await;
    let mut connie = site.logged_in("connie").await;
    let sent = |text: &str| form("Handed in", text).text("action", "review");
    connie
        .post_multipart("/new", sent("One."))
        .await
        .expect_redirect("/handed-in/edit");
    let mut bob = site.logged_in("bob").await;
    let publish = Multipart::new()
        .text("title", "Handed in")
        .text("text", "One.")
        .text("revision", "1");
    bob.post_multipart("/handed-in/edit", publish)
        .await
        .expect_redirect("/handed-in");
    connie
        .post_multipart("/new", with_photo(sent("Two."), 1, "A lake"))
        .await
        .expect_redirect("/handed-in-2/edit");
    assert_eq!(alts(&mut connie, "/handed-in-2/edit").await, ["A lake"]);
}

#[tokio::test]
async fn an_edit_changed_after_going_back_keeps_the_pictures_it_brought() {
    let site = Site::new().await;
    let mut carol = site.logged_in("carol").await;
    let new = Multipart::new().text("title", "Album").text("text", "x");
    carol.post_multipart("/new", new).await.expect(303);
    let edit = |text: &str| form("Album", text).text("revision", "1");
    for (edit, revision, wanted) in [
        (with_photo(edit("One."), 1, "A lake"), 2, "A lake"),
        (edit("Two."), 3, "A lake"),
        (with_photo(edit("Two."), 1, "A pond"), 4, "A pond"),
    ] {
        carol
            .post_multipart("/album/edit", edit)
            .await
            .expect_redirect("/album");
        assert_eq!(self::revision(&site, "album").await, revision);
        assert_eq!(alts(&mut carol, "/album/edit").await, [wanted]);
    }
}

#[tokio::test]
async fn a_form_that_takes_the_first_picture_out_takes_one_out_however_often_it_comes() {
    let site = Site::new().await;
    let mut carol = site.logged_in("carol").await;
    let new = Multipart::new().text("title", "Album").text("text", "x");
    let new = with_photo(with_photo(new, 1, "A lake"), 2, "A fox");
    carol.post_multipart("/new", new).await.expect(303);
    for _ in 0..2 {
        let edit = form("Album", "x")
            .text("revision", "1")
            .text("remove_image", "1");
        carol
            .post_multipart("/album/edit", edit)
            .await
            .expect_redirect("/album");
    }
    assert_eq!(alts(&mut carol, "/album/edit").await, ["A fox"]);
    assert_eq!(revision(&site, "album").await, 2);
}
