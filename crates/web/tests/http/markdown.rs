//! Texts on their whole way: typed into the form, stored, and read by others.

use crate::support::{Answer, Multipart, Site};

async fn published(site: &Site, text: &str) -> Answer {
    let mut carol = site.logged_in("carol").await;
    let form = Multipart::new().text("title", "Text").text("text", text);
    let post = carol
        .post_multipart("/new", form)
        .await
        .expect(303)
        .location()
        .to_owned();
    site.browser().get(&post).await.expect(200)
}

#[tokio::test]
async fn a_hostile_text_is_harmless_on_the_post_the_front_page_and_in_the_preview() {
    let site = Site::new().await;
    let hostile = "Hello <script>alert(1)</script> <img src=x onerror=alert(2)> [x](javascript:alert(3))\n\n<iframe src=\"//evil.example\"></iframe>";
    let post = published(&site, hostile).await;
    let front = site.browser().get("/").await.expect(200);
    let preview = Multipart::new()
        .text("title", "T")
        .text("text", hostile)
        .text("action", "preview");
    let preview = site
        .logged_in("carol")
        .await
        .post_multipart("/new", preview)
        .await
        .expect(200);
    for page in [post, front, preview] {
        let page = page.expect_text("Hello");
        // The editor's own, which the policy allows, and data about the post, in which nothing can be markup.
        let text = page
            .text()
            .replacen("<script type=\"module\" src=\"/static/app-", "", 1)
            .replace("<script type=\"application/ld+json\">", "");
        for forbidden in ["<script", "<iframe", "<img src=x", "href=\"javascript"] {
            assert!(!text.contains(forbidden), "{forbidden} in {page:?}");
        }
    }
}

#[tokio::test]
async fn a_text_is_given_back_to_its_writer_exactly_as_typed() {
    let site = Site::new().await;
    let mut carol = site.logged_in("carol").await;
    let text = "\n  leading space\n\n<b>tags</b> & \"quotes\" ünï‍😀\ttab\n\n\ntrailing  ";
    let form = Multipart::new()
        .text("title", "Exact")
        .text("text", text)
        .text("action", "draft");
    carol.post_multipart("/new", form).await.expect(303);
    let page = carol.get("/exact/edit").await.expect(200).text();
    let (_, rest) = page
        .split_once("placeholder=\"Write…\">\n")
        .expect("the field");
    let shown = rest.split_once("</textarea>").expect("its end").0;
    let escaped = text
        .replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;");
    assert_eq!(shown, escaped);
}

#[tokio::test]
async fn the_longest_text_is_published() {
    let site = Site::new().await;
    let page = published(&site, &"A paragraph of *some* words.\n\n".repeat(33_000)).await;
    page.expect_text("<em>some</em>");
}

#[tokio::test]
async fn a_text_that_nests_without_end_is_shown_as_it_is() {
    let site = Site::new().await;
    published(&site, &">".repeat(100_000))
        .await
        .expect_text("&gt;&gt;&gt;");
}
