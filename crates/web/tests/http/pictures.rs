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
async fn the_script_counts_what_arrives_where_the_page_does() {
    let site = Site::new().await;
    let mut alice = site.logged_in("alice").await;
    let page = alice.get("/new").await.expect(200);
    let page = page.expect_text("<summary>Pictures <small>none yet</small></summary>");
    let page = page.text();
    let (_, script) = page
        .split_once("<script type=\"module\" src=\"")
        .expect("the script");
    let script = alice.get(script.split('"').next().unwrap_or("")).await;
    script
        .expect(200)
        .expect_text("querySelector(\"summary small\").textContent = `${count} received`");
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

#[tokio::test]
async fn a_line_copied_from_another_post_shows_its_picture_in_its_shape_and_asks_for_words() {
    let site = Site::new().await;
    let mut carol = site.logged_in("carol").await;
    let first = with_picture(form("First").text("alt", "A lake"), &picture(900, 600));
    carol.post_multipart("/new", first).await.expect(303);
    let page = carol.get("/first/edit").await.expect(200).text();
    let src = attribute(&page, "<code>![A lake](").remove(0);
    let src = src.split(')').next().expect("an address").to_owned();
    let copy = Multipart::new()
        .text("title", "Copy")
        .text("text", &format!("Before.\n\n![]({src})"));
    carol.post_multipart("/new", copy).await.expect(303);
    let page = carol.get("/copy").await.expect(200);
    page.expect_text("width=\"900\" height=\"600\"")
        .expect_text(" 320w, ")
        .expect_text("Describe its picture");

    // A post that does not list the picture, as those before did not, still shows its shape.
    let hash = attribute(
        &carol.get("/copy/edit").await.text(),
        "name=\"picture\" value=\"",
    );
    let removed = Multipart::new()
        .text("title", "Copy")
        .text("text", &format!("After.\n\n![A lake]({src})"))
        .text("remove_image", &hash[0])
        .text("revision", "1");
    carol
        .post_multipart("/copy/edit", removed)
        .await
        .expect(303);
    carol.get("/copy/image").await.expect(404);
    let page = site.browser().get("/copy").await.expect(200);
    page.expect_text("After.")
        .expect_text("width=\"900\" height=\"600\"");
}

/// So many frames of this size, each of another colour; an animation of noise weighs what it measures.
fn animation(frames: u8, width: u16, height: u16, noise: bool) -> Vec<u8> {
    let palette: Vec<u8> = (0..=255).flat_map(|it| [it, 255 - it, 90]).collect();
    let mut file = Vec::new();
    let mut encoder = gif::Encoder::new(&mut file, width, height, &palette).expect("a size");
    let mut seed = 1_u32;
    for frame in 0..frames {
        let mut pixel = || {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            if noise {
                (seed >> 24) as u8
            } else {
                frame * 60
            }
        };
        let pixels = (0..u32::from(width) * u32::from(height)).map(|_| pixel());
        let frame =
            gif::Frame::from_indexed_pixels(width, height, pixels.collect::<Vec<_>>(), None);
        encoder.write_frame(&frame).expect("a frame");
    }
    drop(encoder);
    file
}

fn with_animation(title: &str, bytes: &[u8]) -> Multipart {
    form(title)
        .text("alt", "A cat")
        .file("image", "cat.gif", "image/gif", bytes)
}

#[tokio::test]
async fn an_animation_moves_in_its_post_and_stands_still_in_lists_and_as_a_thumbnail() {
    let site = Site::new().await;
    let mut carol = site.logged_in("carol").await;
    let cat = animation(3, 800, 600, false);
    carol
        .post_multipart("/new", with_animation("Cat", &cat))
        .await
        .expect(303);
    let mut reader = site.browser();
    let post = reader.get("/cat").await.expect(200).text();
    let (_, shown) = post
        .split_once("<picture><source media=\"(prefers-reduced-motion: reduce)\" srcset=\"/images/")
        .expect("a still for who wants nothing to move");
    let (source, img) = shown.split_once("<img ").expect("a picture");
    assert!(
        !source.contains(".gif") && source.contains("-640."),
        "{source}"
    );
    assert!(
        img.split('>').next().unwrap().contains("-800.gif\""),
        "{img}"
    );
    let list = reader.get("/").await.expect(200);
    list.expect_text("<img src=\"/images/")
        .expect_no_text(".gif");
    let thumbnail = reader.get("/cat/image").await.expect(200);
    assert_ne!(thumbnail.header("content-type"), "image/gif");
    let still = image::load_from_memory(&thumbnail.body).expect("a picture");
    assert_eq!((still.width(), still.height()), (640, 480));
    let src = attribute(&post, "<img src=\"").remove(0);
    let moving = reader.get(&src).await.expect(200);
    assert_eq!(moving.header("content-type"), "image/gif");
}

#[tokio::test]
async fn the_form_says_that_only_the_first_frame_was_kept_each_time_it_is_sent() {
    let site = Site::new().await;
    let mut carol = site.logged_in("carol").await;
    // Above 10 MB.
    let heavy = animation(8, 1_500, 1_000, true);
    assert!(
        (10_000_000..20_000_000).contains(&heavy.len()),
        "{}",
        heavy.len()
    );
    for title in ["Once", "Twice"] {
        let form = with_animation(title, &heavy).text("action", "preview");
        let page = carol.post_multipart("/new", form).await.expect(200);
        page.expect_text("cat.gif is here. Only the first frame of this animation was kept");
    }
    let light = animation(2, 64, 64, false);
    for title in ["Once", "Twice"] {
        let form = with_animation(title, &light).text("action", "preview");
        let page = carol.post_multipart("/new", form).await.expect(200);
        page.expect_no_text("Only the first frame");
    }
}

#[tokio::test]
async fn what_is_not_there_is_known_to_nobody() {
    let site = Site::new().await;
    let name = format!("{}-640.jpg", "0".repeat(64));
    for tag in ["*".to_owned(), format!("\"{name}\"")] {
        let asked = [("if-none-match", tag.as_str())];
        let address = format!("/images/{name}");
        site.browser().get_with(&address, &asked).await.expect(404);
    }
}

#[tokio::test]
async fn whoever_shares_a_post_is_told_of_its_picture_and_its_size() {
    let site = Site::new().await;
    let mut carol = site.logged_in("carol").await;
    let form = with_picture(form("Shared").text("alt", "A lake"), &picture(2_000, 1_000));
    carol.post_multipart("/new", form).await.expect(303);
    let mut reader = site.browser();
    let page = reader.get("/shared").await.expect(200).text();
    let said = |name: &str| {
        let before = format!("<meta property=\"og:image{name}\" content=\"");
        attribute(&page, &before).remove(0)
    };
    let path = said("").replace("http://blog.test", "");
    let shown = reader.get(&path).await.expect(200);
    let shown = image::load_from_memory(&shown.body).expect("a picture");
    assert_eq!((shown.width(), shown.height()), (1280, 640));
    assert_eq!(
        (said(":width"), said(":height")),
        ("1280".into(), "640".into())
    );
    assert_eq!(said(":alt"), "A lake");
}

#[tokio::test]
async fn the_first_picture_of_a_list_is_fetched_at_once_and_no_other() {
    let site = Site::new().await;
    let mut carol = site.logged_in("carol").await;
    for (title, width) in [("Third", 300), ("Second", 400)] {
        let form = with_picture(form(title), &picture(width, 300));
        carol.post_multipart("/new", form).await.expect(303);
    }
    carol
        .post_multipart("/new", form("First"))
        .await
        .expect(303);
    let page = site.browser().get("/").await.expect(200).text();
    let pictures: Vec<&str> = page.split("<img ").skip(1).collect();
    assert_eq!(pictures.len(), 2);
    assert!(
        pictures[0].contains("width=\"400\"") && pictures[0].contains("fetchpriority=\"high\"")
    );
    assert!(!pictures[0].contains("loading=\"lazy\""), "{}", pictures[0]);
    assert!(pictures[1].contains("loading=\"lazy\""), "{}", pictures[1]);
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
