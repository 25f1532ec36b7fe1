//! Pictures that two people change at once, each picture by itself, and what the history keeps of them.

use crate::support::{Answer, Browser, Multipart, Site};

const EDIT: &str = "/album/edit";
const TEXT: &str = "Two pictures.\n\nAnd an end.";

fn png(shade: u8) -> Vec<u8> {
    let picture = image::RgbImage::from_pixel(40, 30, image::Rgb([shade, 90, 120]));
    let mut bytes = std::io::Cursor::new(Vec::new());
    picture
        .write_to(&mut bytes, image::ImageFormat::Png)
        .expect("a picture");
    bytes.into_inner()
}

/// The pictures that a page of the editor lists: hash, words, whether decoration.
fn listed(page: &Answer) -> Vec<(String, String, bool)> {
    let page = page.text();
    let value = |rest: &str| rest.split_once('"').expect("its end").0.to_owned();
    page.split("name=\"picture\" value=\"")
        .skip(1)
        .map(|rest| {
            let alt = rest
                .split_once("name=\"picture_alt\" value=\"")
                .expect("words")
                .1;
            let (box_, _) = rest.split_once("It is only decoration").expect("a box");
            (value(rest), value(alt), box_.contains(" checked>"))
        })
        .collect()
}

/// What the editor sends of pictures that it lists.
fn with(
    form: Multipart,
    pictures: &[(String, String, bool)],
    were: &[(String, String, bool)],
) -> Multipart {
    pictures.iter().fold(form, |form, (hash, alt, decorative)| {
        let was = were.iter().find(|it| it.0 == *hash).map_or("", |it| &it.1);
        let form = form
            .text("picture", hash)
            .text("picture_alt_was", was)
            .text("picture_name", "")
            .text("picture_alt", alt);
        if *decorative {
            form.text("picture_decorative", hash)
        } else {
            form
        }
    })
}

fn form(text: &str, revision: &str) -> Multipart {
    Multipart::new()
        .text("title", "Album")
        .text("text", text)
        .text("revision", revision)
}

type Listed = Vec<(String, String, bool)>;

/// A post with two pictures, and how its editor lists them.
async fn album(site: &Site) -> (Browser, Browser, Listed) {
    let mut alice = site.logged_in("alice").await;
    let new = form(TEXT, "")
        .text("alt", "A lake")
        .text("alt", "A fox")
        .file("image", "lake.png", "image/png", &png(1))
        .file("image", "fox.png", "image/png", &png(2));
    alice
        .post_multipart("/new", new)
        .await
        .expect_redirect("/album");
    let pictures = listed(&alice.get(EDIT).await.expect(200));
    assert_eq!(pictures.len(), 2);
    (alice, site.logged_in("bob").await, pictures)
}

fn changed() -> String {
    TEXT.replace("end", "END")
}

async fn now(browser: &mut Browser) -> Vec<(String, bool)> {
    let page = browser.get(EDIT).await.expect(200);
    listed(&page).into_iter().map(|it| (it.1, it.2)).collect()
}

#[tokio::test]
async fn a_picture_that_one_took_out_and_the_other_left_alone_is_out() {
    let site = Site::new().await;
    let (mut alice, mut bob, were) = album(&site).await;
    let his = with(form(TEXT, "1"), &were, &were).text("remove_image", &were[0].0);
    bob.post_multipart(EDIT, his).await.expect(303);
    let hers = with(form(&changed(), "1"), &were, &were);
    alice.post_multipart(EDIT, hers).await.expect(303);
    assert_eq!(now(&mut alice).await, [("A fox".to_owned(), false)]);
    site.browser().get("/album").await.expect_text("END");
}

#[tokio::test]
async fn what_one_added_and_what_the_other_took_out_are_both_done() {
    let site = Site::new().await;
    let (mut alice, mut bob, were) = album(&site).await;
    let his = with(form(TEXT, "1"), &were, &were)
        .text("alt", "A dog")
        .file("image", "dog.png", "image/png", &png(3));
    bob.post_multipart(EDIT, his).await.expect(303);
    let hers = with(form(TEXT, "1"), &were, &were).text("remove_image", &were[0].0);
    alice.post_multipart(EDIT, hers).await.expect(303);
    let wanted = ["A fox", "A dog"].map(|alt| (alt.to_owned(), false));
    assert_eq!(now(&mut alice).await, wanted);
}

#[tokio::test]
async fn decoration_stays_what_the_one_who_changed_it_made_of_it() {
    let site = Site::new().await;
    let (mut alice, mut bob, were) = album(&site).await;
    let mut his = were.clone();
    his[1].2 = true;
    bob.post_multipart(EDIT, with(form(TEXT, "1"), &his, &were))
        .await
        .expect(303);
    let mut hers = were.clone();
    hers[0].1 = "A lake at dusk".to_owned();
    alice
        .post_multipart(EDIT, with(form(TEXT, "1"), &hers, &were))
        .await
        .expect(303);
    let wanted = [
        ("A lake at dusk".to_owned(), false),
        ("A fox".to_owned(), true),
    ];
    assert_eq!(now(&mut alice).await, wanted);
}

#[tokio::test]
async fn words_that_both_changed_are_shown_and_neither_is_lost() {
    let site = Site::new().await;
    let (mut alice, mut bob, were) = album(&site).await;
    let renamed = |alt: &str| {
        let mut pictures = were.clone();
        pictures[1].1 = alt.to_owned();
        pictures
    };
    let his = with(form(TEXT, "1"), &renamed("A red fox"), &were);
    bob.post_multipart(EDIT, his).await.expect(303);
    let hers = with(form(TEXT, "1"), &renamed("A blue fox"), &were);
    let page = alice.post_multipart(EDIT, hers).await.expect(409);
    let page = page.expect_text(
        "Picture 2: saved was “A red fox”, yours is “A blue fox”. Yours counts when you save.",
    );
    let alts: Vec<_> = listed(&page).into_iter().map(|it| it.1).collect();
    assert_eq!(alts, ["A lake", "A blue fox"]);
    assert_eq!(
        now(&mut bob).await[1].0,
        "A red fox",
        "nothing is saved yet"
    );
    let theirs = renamed("A red fox");
    let again = with(form(TEXT, "2"), &renamed("A blue fox"), &theirs);
    alice.post_multipart(EDIT, again).await.expect(303);
    assert_eq!(now(&mut bob).await[1].0, "A blue fox");
    // What his words were is in the history, in words.
    let page = alice.get("/album/history/3").await.expect(200);
    page.expect_text("<dt>Picture 2</dt>")
        .expect_text("red")
        .expect_text("blue");
}

#[tokio::test]
async fn a_picture_taken_out_by_one_and_described_by_the_other_is_for_a_person() {
    let site = Site::new().await;
    let (mut alice, mut bob, were) = album(&site).await;
    let mut his = were.clone();
    his[0].1 = "A deep lake".to_owned();
    bob.post_multipart(EDIT, with(form(TEXT, "1"), &his, &were))
        .await
        .expect(303);
    let hers = with(form(TEXT, "1"), &were, &were).text("remove_image", &were[0].0);
    let page = alice.post_multipart(EDIT, hers).await.expect(409);
    page.expect_text("Picture 1: saved was “A deep lake”, yours is “taken out”.");

    let his = with(form(TEXT, "2"), &his, &his).text("remove_image", &were[1].0);
    bob.post_multipart(EDIT, his).await.expect(303);
    let mut hers = were.clone();
    hers[1].1 = "A clever fox".to_owned();
    let page = alice
        .post_multipart(EDIT, with(form(TEXT, "1"), &hers, &were))
        .await
        .expect(409);
    let page = page.expect_text("Picture 2: saved was “taken out”, yours is “A clever fox”.");
    let alts: Vec<_> = listed(&page).into_iter().map(|it| it.1).collect();
    assert_eq!(
        alts,
        ["A deep lake", "A clever fox"],
        "both stand in the form"
    );
}

#[tokio::test]
async fn a_version_comes_back_with_its_pictures_and_their_words() {
    let site = Site::new().await;
    let (mut alice, _, were) = album(&site).await;
    let mut fewer = were.clone();
    fewer[1].1 = "Something".to_owned();
    let edit = with(form(TEXT, "1"), &fewer, &were).text("remove_image", &were[0].0);
    alice.post_multipart(EDIT, edit).await.expect(303);
    let page = alice.get("/album/history/2").await.expect(200);
    page.expect_text("<dt>Picture 1</dt>")
        .expect_text("A lake")
        .expect_text("<dt>Picture 2</dt>");
    alice
        .post("/album/history/1", &[("revision", "2")])
        .await
        .expect_redirect("/album");
    let wanted = ["A lake", "A fox"].map(|alt| (alt.to_owned(), false));
    assert_eq!(now(&mut alice).await, wanted);
    site.browser()
        .get("/album")
        .await
        .expect_text("alt=\"A lake\"");
}

#[tokio::test]
async fn a_merge_that_leaves_nothing_to_read_is_not_published() {
    let site = Site::new().await;
    let (mut alice, mut bob, were) = album(&site).await;
    let his = with(form("", "1"), &were, &were);
    bob.post_multipart(EDIT, his).await.expect(303);
    let hers = with(form(TEXT, "1"), &were, &were)
        .text("remove_image", &were[0].0)
        .text("remove_image", &were[1].0);
    alice.post_multipart(EDIT, hers).await.expect(409);
    site.browser()
        .get("/album")
        .await
        .expect_text("alt=\"A lake\"");
}
