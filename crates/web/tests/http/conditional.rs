//! What a client that has a page already is told: the same for pages, lists, pictures and files, by tag and by date.

use std::io::Read as _;

use crate::support::{Browser, Multipart, Site};

async fn publish(browser: &mut Browser, title: &str) {
    let form = Multipart::new()
        .text("title", title)
        .text("tags", "Bread")
        .text("text", &"Some words of a text. ".repeat(60))
        .text("alt", "A dot")
        .file("image", "dot.png", "image/png", &dot());
    browser.post_multipart("/new", form).await.expect(303);
}

fn dot() -> Vec<u8> {
    let mut file = std::io::Cursor::new(Vec::new());
    let dot = image::RgbImage::from_pixel(3, 2, image::Rgb([9, 8, 7]));
    dot.write_to(&mut file, image::ImageFormat::Png)
        .expect("it can be written");
    file.into_inner()
}

/// Public addresses of a site with one post called "One".
const PUBLIC: [&str; 17] = [
    "/",
    "/one",
    "/one/image",
    "/archive",
    "/tags",
    "/tags/bread",
    "/tags/bread/feed.atom",
    "/authors/alice",
    "/authors/alice/feed.atom",
    "/search",
    "/search?q=words",
    "/feed.atom",
    "/feed.json",
    "/sitemap.xml",
    "/llms.txt",
    "/robots.txt",
    "/favicon.ico",
];

#[tokio::test]
async fn everything_public_is_sent_once_and_then_known_by_tag_and_by_date() {
    let site = Site::new().await;
    publish(&mut site.logged_in("alice").await, "One").await;
    let mut reader = site.browser();
    let home = reader.get("/").await.expect(200).text();
    // What a page is made of, as it names it.
    let parts = ["<img src=\"", "rel=\"stylesheet\" href=\""].map(|before| {
        let (_, rest) = home.split_once(before).expect(before);
        rest.split('"').next().expect("its end")
    });
    for path in PUBLIC.into_iter().chain(parts) {
        let fresh = reader.get(path).await.expect(200);
        let (tag, date) = (
            fresh.header("etag").to_owned(),
            fresh.header("last-modified").to_owned(),
        );
        assert!(
            !tag.is_empty() && !date.is_empty() && fresh.headers.contains_key("cache-control"),
            "{path}: {fresh:?}"
        );
        let known = reader
            .get_with(path, &[("if-none-match", &tag)])
            .await
            .expect(304);
        assert!(known.body.is_empty(), "{path}");
        for name in ["etag", "vary", "cache-control", "last-modified"] {
            assert_eq!(known.header(name), fresh.header(name), "{path}: {name}");
        }
        let other = [
            ("if-none-match", "\"other\""),
            ("if-modified-since", "Fri, 01 Jan 2100 00:00:00 GMT"),
        ];
        reader.get_with(path, &other).await.expect(200);
        reader
            .get_with(path, &[("if-modified-since", &date)])
            .await
            .expect(304);
        let before = [("if-modified-since", "Thu, 01 Jan 1998 00:00:00 GMT")];
        reader.get_with(path, &before).await.expect(200);
    }
}

#[tokio::test]
async fn a_page_that_changed_is_sent_again_to_who_asks_by_date() {
    let site = Site::new().await;
    let mut alice = site.logged_in("alice").await;
    publish(&mut alice, "One").await;
    let mut reader = site.browser();
    let date = reader
        .get("/")
        .await
        .expect(200)
        .header("last-modified")
        .to_owned();
    let asked = [("if-modified-since", date.as_str())];
    reader.get_with("/", &asked).await.expect(304);
    publish(&mut alice, "Two").await;
    reader
        .get_with("/", &asked)
        .await
        .expect(200)
        .expect_text("Two");
}

#[tokio::test]
async fn a_long_page_is_compressed_for_strangers_and_for_nobody_who_is_logged_in() {
    let site = Site::new().await;
    let mut alice = site.logged_in("alice").await;
    publish(&mut alice, "One").await;
    let gzip = [("accept-encoding", "gzip, deflate, br")];
    let mut reader = site.browser();
    let plain = reader.get("/one").await.expect(200);
    let packed = reader.get_with("/one", &gzip).await.expect(200);
    assert_eq!(packed.header("content-encoding"), "gzip");
    assert!(packed.body.len() * 2 < plain.body.len());
    let mut text = String::new();
    flate2::read::GzDecoder::new(packed.body.as_slice())
        .read_to_string(&mut text)
        .expect("gzip");
    assert_eq!(text, plain.text());
    let vary: Vec<_> = packed
        .headers
        .get_all("vary")
        .iter()
        .map(|it| it.to_str().unwrap().to_lowercase())
        .collect();
    assert!(
        ["accept-encoding", "cookie"]
            .iter()
            .all(|it| vary.iter().any(|vary| vary.contains(it))),
        "{vary:?}"
    );

    let hers = alice.get_with("/one", &gzip).await.expect(200);
    assert_eq!(hers.header("content-encoding"), "");
    assert!(hers.header("cache-control").contains("private"), "{hers:?}");
    assert!(!hers.headers.contains_key("last-modified"));
    let tag = hers.header("etag").to_owned();
    alice
        .get_with("/one", &[("if-none-match", &tag)])
        .await
        .expect(304);
    assert_ne!(tag, plain.header("etag"), "her page is another");
}
