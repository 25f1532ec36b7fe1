//! The front page: what is on it, for whom, and the way through its pages.

use crate::support::{Browser, Multipart, Site};

async fn publish(browser: &mut Browser, title: &str) {
    let form = Multipart::new()
        .text("title", title)
        .text("text", "Some words.");
    browser.post_multipart("/new", form).await.expect(303);
}

#[tokio::test]
async fn an_empty_site_says_so_and_offers_the_login() {
    let site = Site::new().await;
    let page = site.browser().get("/").await.expect(200);
    page.expect_text("Nothing is published yet")
        .expect_text("href=\"/login?next=/new\"");
    let page = site.logged_in("carol").await.get("/").await;
    page.expect_text("Write the first post")
        .expect_no_text("/login");
}

#[tokio::test]
async fn every_page_says_who_is_looking() {
    let site = Site::new().await;
    let mut carol = site.logged_in("carol").await;
    for path in ["/", "/new", "/logout"] {
        carol
            .get(path)
            .await
            .expect(200)
            .expect_text("</span>carol</a>");
    }
    let page = site.browser().get("/").await;
    page.expect_no_text("carol").expect_text("href=\"/login\"");
}

#[tokio::test]
async fn twenty_posts_are_a_page_and_the_links_lead_through_all_of_them() {
    let site = Site::new().await;
    let mut alice = site.logged_in("alice").await;
    for number in 1..=45 {
        publish(&mut alice, &format!("Post number {number:02}")).await;
    }
    let mut reader = site.browser();
    let mut seen = Vec::new();
    let mut path = "/".to_owned();
    let mut pages = Vec::new();
    loop {
        let text = reader.get(&path).await.expect(200).text();
        let titles: Vec<u32> = titles(&text);
        seen.extend(titles.iter().copied());
        pages.push((path.clone(), titles));
        match link(&text, "next") {
            Some(next) => path = next,
            None => break,
        }
    }
    assert_eq!(
        seen,
        (1..=45).rev().collect::<Vec<_>>(),
        "newest first, each once"
    );
    assert_eq!(
        pages
            .iter()
            .map(|(_, titles)| titles.len())
            .collect::<Vec<_>>(),
        [20, 20, 5]
    );
    let last = reader.get(&pages[2].0).await.text();
    let back = link(&last, "prev").expect("a way back");
    assert_eq!(titles(&reader.get(&back).await.text()), pages[1].1);
    let first = reader.get("/").await.text();
    assert_eq!(
        link(&first, "prev"),
        None,
        "nothing is newer than the newest"
    );
}

#[tokio::test]
async fn an_invented_place_in_the_list_is_refused() {
    let site = Site::new().await;
    let mut reader = site.browser();
    for place in ["/?before=1", "/?after=zz", "/?before=", "/?before=%00"] {
        reader.get(place).await.expect(400);
    }
    reader.get("/?utm_source=x").await.expect(200);
}

#[tokio::test]
async fn drafts_are_listed_for_their_writer_alone() {
    let site = Site::new().await;
    let mut carol = site.logged_in("carol").await;
    let form = Multipart::new()
        .text("title", "Half a thought")
        .text("text", "…")
        .text("action", "draft");
    carol
        .post_multipart("/new", form)
        .await
        .expect_redirect("/half-a-thought/edit");
    carol.get("/").await.expect_text("Half a thought");
    site.browser()
        .get("/")
        .await
        .expect_no_text("Half a thought");
    site.logged_in("bob")
        .await
        .get("/")
        .await
        .expect_no_text("Half a thought");
}

#[tokio::test]
async fn a_page_that_did_not_change_is_not_sent_again() {
    let site = Site::new().await;
    publish(&mut site.logged_in("alice").await, "First").await;
    let mut reader = site.browser();
    let tag = reader.get("/").await.expect(200).header("etag").to_owned();
    reader
        .get_with("/", &[("if-none-match", &tag)])
        .await
        .expect(304);
    publish(&mut site.logged_in("alice").await, "Second").await;
    reader
        .get_with("/", &[("if-none-match", &tag)])
        .await
        .expect(200);
}

fn titles(page: &str) -> Vec<u32> {
    let after = page.split("Post number ").skip(1);
    after
        .map(|rest| rest[..2].parse().expect("two digits"))
        .collect()
}

fn link(page: &str, rel: &str) -> Option<String> {
    let (_, rest) = page.split_once(&format!("<link rel=\"{rel}\" href=\""))?;
    Some(rest.split_once('"')?.0.to_owned())
}
