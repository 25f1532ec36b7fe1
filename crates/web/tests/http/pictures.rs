//! Pictures of posts: received, listed, shown in their right shape, and never the reason to lose a text.

use std::io::Cursor;

use image::{ImageFormat, Rgb, RgbImage};

use crate::support::{Answer, Browser, Multipart, Site};

/// A photograph-like picture, so that it leaves as one.
fn picture(width: u32, height: u32) -> Vec<u8> {
    let noisy = RgbImage::from_fn(width, height, |x, y| {
        let noise = (x.wrapping_mul(2_654_435_761) ^ y.wrapping_mul(40_503)) >> 3;
        Rgb([(x % 256) as u8, (y % 256) as u8, noise as u8])
    });
    let mut bytes = Cursor::new(Vec::new());
    noisy
        .write_to(&mut bytes, ImageFormat::Png)
        .expect("it can be written");
    bytes.into_inner()
}

fn form(title: &str) -> Multipart {
    Multipart::new()
        .text("title", title)
        .text("text", "Some words.")
}

fn with_picture(form: Multipart, bytes: &[u8]) -> Multipart {
    form.file("image", "lake.png", "image/png", bytes)
}

fn attribute(page: &str, before: &str) -> Vec<String> {
    let after = page.split(before).skip(1);
    after
        .map(|rest| rest.split('"').next().unwrap_or_default().to_owned())
        .collect()
}

#[tokio::test]
async fn the_first_picture_becomes_the_posts_own_and_keeps_its_shape() {
    let site = Site::new().await;
    let mut carol = site.logged_in("carol").await;
    let form = with_picture(
        form("The lake").text("alt", "A lake at \"dusk\""),
        &picture(900, 1200),
    );
    carol
        .post_multipart("/new", form)
        .await
        .expect_redirect("/the-lake");
    let page = site.browser().get("/the-lake").await.expect(200);
    let page = page
        .expect_text("width=\"900\" height=\"1200\"")
        .expect_text("alt=\"A lake at &quot;dusk&quot;\"")
        .expect_text("sizes=")
        .expect_no_text("loading=\"lazy\"");
    let text = page.text();
    let srcset = attribute(&text, "srcset=\"").remove(0);
    for variant in srcset.split(", ") {
        let (path, width) = variant.split_once(' ').expect("a path and a width");
        let file = site.browser().get(path).await.expect(200);
        assert!(file.header("cache-control").contains("immutable"));
        let shown = image::load_from_memory(&file.body).expect("a picture");
        assert_eq!(format!("{}w", shown.width()), width);
        let shape = f64::from(shown.height()) / f64::from(shown.width());
        assert!((shape - 4.0 / 3.0).abs() < 0.01, "{variant}: {shape}");
    }
    site.browser()
        .get("/")
        .await
        .expect_text(" 320w")
        .expect_text("href=\"/the-lake\"");
}

#[tokio::test]
async fn the_image_of_a_post_is_a_thumbnail_and_a_post_without_one_has_none() {
    let site = Site::new().await;
    let mut carol = site.logged_in("carol").await;
    carol
        .post_multipart("/new", with_picture(form("With"), &picture(1400, 700)))
        .await
        .expect(303);
    carol
        .post_multipart("/new", form("Without"))
        .await
        .expect(303);
    let mut reader = site.browser();
    let thumbnail = reader.get("/with/image").await.expect(200);
    assert!(thumbnail.header("content-type").starts_with("image/"));
    let shown = image::load_from_memory(&thumbnail.body).expect("a picture");
    assert_eq!((shown.width(), shown.height()), (640, 320));
    let tag = thumbnail.header("etag").to_owned();
    reader
        .get_with("/with/image", &[("if-none-match", &tag)])
        .await
        .expect(304);
    reader.get("/without/image").await.expect(404);
    reader.get("/nothing/image").await.expect(404);
    reader.get("/images/nothing.jpg").await.expect(404);
    let unknown = format!("/images/{}-640.jpg", "0".repeat(64));
    reader.get(&unknown).await.expect(404);
}

#[tokio::test]
async fn a_received_picture_is_listed_with_its_line_and_shown_where_the_line_stands() {
    let site = Site::new().await;
    let mut carol = site.logged_in("carol").await;
    let preview = with_picture(
        form("Lines")
            .text("action", "preview")
            .text("alt", "A lake"),
        &picture(400, 300),
    );
    let page = carol
        .post_multipart("/new", preview)
        .await
        .expect(200)
        .expect_text("lake.png is here");
    let text = page.text();
    let line = text
        .split_once("<code>![A lake](")
        .expect("the line")
        .1
        .split_once(")</code>")
        .expect("its end")
        .0;
    let hash = attribute(&text, "name=\"picture\" value=\"").remove(0);

    // The file is not sent again: the hidden field stands for it.
    let save = Multipart::new()
        .text("title", "Lines")
        .text("text", &format!("Before.\n\n![Water]({line})\n\nAfter."))
        .text("picture", &hash)
        .text("picture_alt", "A lake");
    carol
        .post_multipart("/new", save)
        .await
        .expect_redirect("/lines");
    let page = site
        .browser()
        .get("/lines")
        .await
        .expect_text("<figure><img src=\"/images/");
    let page = page
        .expect_text("alt=\"Water\"")
        .expect_text("width=\"400\" height=\"300\"");
    assert_eq!(
        page.text().matches("<img ").count(),
        1,
        "not above the text as well"
    );
}

#[tokio::test]
async fn a_received_picture_survives_a_mistake_elsewhere() {
    let site = Site::new().await;
    let mut carol = site.logged_in("carol").await;
    let page = carol
        .post_multipart(
            "/new",
            with_picture(form("").text("alt", "A lake"), &picture(400, 300)),
        )
        .await;
    let page = page
        .expect(422)
        .expect_text("lake.png is here")
        .expect_text("value=\"A lake\"");
    let hash = attribute(&page.text(), "name=\"picture\" value=\"").remove(0);
    let again = form("Now titled")
        .text("picture", &hash)
        .text("picture_alt", "A lake");
    carol
        .post_multipart("/new", again)
        .await
        .expect_redirect("/now-titled");
    carol.get("/now-titled/image").await.expect(200);
}

#[tokio::test]
async fn a_received_picture_survives_the_end_of_a_login() {
    let site = Site::new().await;
    let mut carol = site.logged_in("carol").await;
    let preview = form("Lakes")
        .text("alt", "A lake")
        .text("action", "preview");
    let page = carol
        .post_multipart("/new", with_picture(preview, &picture(400, 300)))
        .await;
    let hash = attribute(&page.expect(200).text(), "name=\"picture\" value=\"").remove(0);
    let again = || {
        form("Lakes")
            .text("picture", &hash)
            .text("picture_alt", "A lake at \"dusk\"")
            .text("picture_decorative", &hash)
    };
    for address in ["/new", "/nothing/edit"] {
        let page = site.browser().post_multipart(address, again()).await;
        page.expect(401)
            .expect_text(&format!("name=\"picture\" value=\"{hash}\""))
            .expect_text("value=\"A lake at &quot;dusk&quot;\"")
            .expect_text(&format!(
                "name=\"picture_decorative\" value=\"{hash}\" checked"
            ));
    }
}

#[tokio::test]
async fn pictures_outlive_the_post_they_were_for() {
    let site = Site::new().await;
    let mut carol = site.logged_in("carol").await;
    let edit = form("Lakes").text("alt", "A lake").text("revision", "1");
    let page = carol
        .post_multipart(
            "/deleted-long-ago/edit",
            with_picture(edit, &picture(400, 300)),
        )
        .await;
    page.expect(404)
        .expect_text("lake.png is here")
        .expect_text("value=\"A lake\"");
}

#[tokio::test]
async fn what_is_no_picture_is_refused_and_the_text_kept() {
    let site = Site::new().await;
    let mut carol = site.logged_in("carol").await;
    let huge = vec![0xff; 20 * 1000 * 1000 + 1];
    let mut cut = picture(400, 300);
    cut.truncate(cut.len() / 2);
    for (bytes, status) in [
        (&b"%PDF-1.7"[..], 415),
        (&b"<svg></svg>"[..], 415),
        (&huge, 413),
        (&cut, 422),
    ] {
        let page = carol
            .post_multipart("/new", with_picture(form("Kept"), bytes))
            .await
            .expect(status);
        page.expect_text("\nKept</textarea>")
            .expect_text("\nSome words.</textarea>")
            .expect_text("lake.png: ")
            .expect_text("href=\"#image\"");
    }
    carol.get("/kept").await.expect(404);
}

async fn edit(browser: &mut Browser, revision: &str, more: Multipart) -> Answer {
    browser
        .post_multipart("/album/edit", more.text("revision", revision))
        .await
}

#[tokio::test]
async fn pictures_are_described_removed_and_replaced_by_editing() {
    let site = Site::new().await;
    let mut carol = site.logged_in("carol").await;
    carol
        .post_multipart("/new", with_picture(form("Album"), &picture(400, 300)))
        .await
        .expect(303);
    let page = carol.get("/album/edit").await.expect(200);
    let hash = attribute(&page.text(), "name=\"picture\" value=\"").remove(0);

    let described = form("Album")
        .text("picture", &hash)
        .text("picture_alt", "Described later");
    edit(&mut carol, "1", described)
        .await
        .expect_redirect("/album");
    carol
        .get("/album")
        .await
        .expect_text("alt=\"Described later\"");

    edit(&mut carol, "2", form("Album"))
        .await
        .expect_redirect("/album");
    carol
        .get("/album")
        .await
        .expect_text("alt=\"Described later\"");

    let replaced = with_picture(
        form("Album").text("remove_image", &hash),
        &picture(300, 500),
    );
    edit(&mut carol, "3", replaced)
        .await
        .expect_redirect("/album");
    let page = carol.get("/album").await.expect_text("height=\"500\"");
    assert!(!page.text().contains(&hash));

    edit(&mut carol, "4", form("Album").text("remove_image", "on"))
        .await
        .expect_redirect("/album");
    carol.get("/album/image").await.expect(404);
}

#[tokio::test]
async fn words_go_to_the_picture_of_the_same_number() {
    let site = Site::new().await;
    let mut carol = site.logged_in("carol").await;
    let form = form("Two")
        .text("alt", "first")
        .text("alt", "second")
        .text("decorative", "1")
        .text("action", "preview")
        .file("image", "a.png", "image/png", &picture(300, 200))
        .file("image", "b.png", "image/png", &picture(200, 300));
    let text = carol.post_multipart("/new", form).await.expect(200).text();
    assert_eq!(
        attribute(&text, "name=\"picture_alt\" value=\""),
        ["first", "second"]
    );
    let decorated = text.split("name=\"picture_decorative\"").skip(1);
    let checked: Vec<bool> = decorated
        .map(|rest| rest.split('>').next().unwrap_or("").contains("checked"))
        .collect();
    assert_eq!(checked, [true, false]);
    assert_eq!(attribute(&text, "name=\"picture\" value=\"").len(), 2);
}
