//! Searching as a reader does it: every question is answered with a page.

use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;

use crate::support::{Browser, Multipart, Program, Site};

async fn publish(browser: &mut Browser, title: &str, text: &str, tags: &str) {
    let form = Multipart::new()
        .text("title", title)
        .text("text", text)
        .text("tags", tags);
    assert_eq!(
        browser
            .post_multipart("/new", form.text("action", "publish"))
            .await
            .status
            .as_u16(),
        303
    );
}

#[tokio::test]
async fn what_is_found_is_marked_and_escaped() {
    let site = Site::new().await;
    let mut carol = site.logged_in("carol").await;
    publish(
        &mut carol,
        "A <storm> at sea",
        "Calm.\n\nThe *storm* & the `<b>waves</b>`.",
        "weather",
    )
    .await;
    let mut reader = site.browser();
    let page = reader.get("/search?q=storm+waves").await.expect(200);
    page.expect_text("A &lt;<mark>storm</mark>&gt; at sea")
        .expect_text("The <mark>storm</mark> &amp; the &lt;b&gt;<mark>waves</mark>&lt;/b&gt;.")
        .expect_text("1 post")
        .expect_text("value=\"storm waves\"")
        .expect_text("noindex")
        .expect_text("<title>Search for storm waves");
    for found in ["weat", "%22at+sea%22", "carol", "STORM", "we%C3%A1ther"] {
        reader
            .get(&format!("/search?q={found}"))
            .await
            .expect(200)
            .expect_text("<h2><a href=\"/a-storm-at-sea\">");
    }
}

#[tokio::test]
async fn a_hit_far_into_a_long_text_is_shown_and_marked_in_any_script() {
    let site = Site::new().await;
    let mut carol = site.logged_in("carol").await;
    let long = "Nothing of it here. ".repeat(1_500);
    let text = format!("Beginning. {long}\n\nДалеко в Москве.\n\n私は東京に住む。\n\n{long}");
    publish(&mut carol, "Long", &text, "").await;
    let mut reader = site.browser();
    for (typed, shown) in [
        ("москве", "Далеко в <mark>Москве</mark>."),
        ("東京", "私は<mark>東京</mark>に住む。"),
    ] {
        let page = reader.get(&address(typed)).await.expect(200);
        page.expect_text(shown).expect_no_text("Beginning.");
    }
}

#[tokio::test]
async fn a_draft_is_found_by_nobody_not_even_its_writer() {
    let site = Site::new().await;
    let mut carol = site.logged_in("carol").await;
    let form = Multipart::new()
        .text("title", "Hidden")
        .text("text", "x")
        .text("action", "draft");
    carol.post_multipart("/new", form).await.expect(303);
    carol
        .get("/search?q=hidden")
        .await
        .expect(200)
        .expect_text("Nothing has all of these words.");
}

#[tokio::test]
async fn whatever_was_asked_the_answer_is_a_page() {
    let site = Site::new().await;
    let mut carol = site.logged_in("carol").await;
    publish(&mut carol, "One", "two three", "").await;
    let mut reader = site.browser();
    for nothing in [
        "/search",
        "/search?q=",
        "/search?q=%20",
        "/search?q=%22%22",
        "/search?q=*",
        "/search?q=%FF%00",
        "/search?page=2",
    ] {
        reader
            .get(nothing)
            .await
            .expect(200)
            .expect_text("in titles, texts, tags and names");
    }
    for odd in [
        "q=AND",
        "q=title:one",
        "q=%22",
        "q=a(",
        "q=%F0%9F%A6%80",
        "q=one&page=-1",
        "q=one&page=99999999999",
        "q=one&page=x",
        "q=1&q=one",
        "%%%",
        "q=one%",
    ] {
        reader
            .get(&format!("/search?{odd}"))
            .await
            .expect(200)
            .expect_text("role=\"search\"");
    }
    let script = reader
        .get("/search?q=%22%3E%3Cscript%3Ex%3C/script%3E")
        .await
        .expect(200);
    script
        .expect_no_text("<script>x")
        .expect_text("&quot;&gt;&lt;script&gt;");
    reader
        .get(&format!("/search?q={}", "a+".repeat(3_000)))
        .await
        .expect(200);
    reader
        .get("/search?q=one&page=3")
        .await
        .expect(200)
        .expect_text("There is nothing further back.");
}

/// Texts that are no words, made of what the index's own language is made of, of signs, and of anything at all.
fn odd_queries() -> impl Strategy<Value = String> {
    let sign = prop::sample::select(vec![
        "\"",
        "'",
        "*",
        "^",
        "+",
        "-",
        ":",
        "(",
        ")",
        "{",
        "}",
        "NEAR(",
        "NEAR/2",
        "AND",
        "OR",
        "NOT",
        "title:",
        "text :",
        "one",
        "tw",
        "\0",
        "\u{301}",
        "\u{202e}",
        "\u{feff}",
        "ß",
        "İ",
        "ﬁ",
        "🦀",
        "%",
        "_",
        "\\",
        "\n",
        "--",
        ";",
        " ",
        "the",
        "a",
        "und",
        "$1",
        "?1",
        "rank",
        "rowid",
        "x'00'",
        "٣",
        "Ⅷ",
        "क्षि",
    ]);
    prop_oneof![
        3 => prop::collection::vec(sign, 0..24).prop_map(|signs| signs.concat()),
        2 => ".{0,60}",
        1 => any::<String>(),
    ]
}

/// The address at which this is looked for; a form writes it so.
fn address(typed: &str) -> String {
    let encoded: String = typed.bytes().map(|byte| format!("%{byte:02X}")).collect();
    format!("/search?q={encoded}")
}

#[tokio::test]
async fn no_text_that_can_be_typed_breaks_the_search() {
    let site = Site::new().await;
    let mut carol = site.logged_in("carol").await;
    publish(&mut carol, "One", "two three", "").await;
    let mut reader = site.browser();
    let mut runner = TestRunner::deterministic();
    let queries = odd_queries();
    let made = (0..500).map(|_| queries.new_tree(&mut runner).unwrap().current());
    let long = [
        "a".repeat(20_000),
        "\"".repeat(20_000),
        "a*\" ".repeat(5_000),
        "\0".repeat(20_000),
        "é ".repeat(6_000),
    ];
    for typed in made.chain(long) {
        let page = reader.get(&address(&typed)).await;
        assert_eq!(page.status.as_u16(), 200, "{typed:?}");
        assert!(page.text().contains("role=\"search\""), "{typed:?}");
    }
}

#[test]
fn an_address_longer_than_any_search_is_refused_and_the_next_is_answered() {
    let directory = tempfile::tempdir().unwrap();
    let mut server = Program::serve(directory.path(), &[]);
    let address = server.address();
    let ask = |typed: &str| {
        let head = format!(
            "GET /search?q={typed} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n"
        );
        Program::ask(&address, &head)
    };
    let refused = ask(&"a".repeat(100_000));
    assert!(
        refused.starts_with("HTTP/1.1 414 ") || refused.starts_with("HTTP/1.1 431 "),
        "{refused:.60}"
    );
    assert!(
        ask(&"a".repeat(10_000)).starts_with("HTTP/1.1 200 "),
        "control"
    );
}

#[tokio::test]
async fn twenty_are_a_page_and_the_links_lead_through_all() {
    let site = Site::new().await;
    let mut carol = site.logged_in("carol").await;
    for number in 0..23 {
        publish(&mut carol, &format!("Same {number}"), "x", "").await;
    }
    let mut reader = site.browser();
    let page = reader
        .get("/search?q=same")
        .await
        .expect(200)
        .expect_text("23 posts")
        .expect_no_text("rel=\"prev\"")
        .text();
    assert_eq!(page.matches("<article").count(), 20);
    assert!(
        page.contains("rel=\"next\" href=\"/search?q=same&amp;page=2\""),
        "{page}"
    );
    let second = reader
        .get("/search?q=same&page=2")
        .await
        .expect(200)
        .expect_no_text("rel=\"next\"")
        .text();
    assert_eq!(second.matches("<article").count(), 3);
    assert!(
        second.contains("start=\"21\"") && second.contains("rel=\"prev\""),
        "{second}"
    );
}

#[tokio::test]
async fn every_page_leads_to_the_search() {
    let site = Site::new().await;
    site.browser()
        .get("/")
        .await
        .expect_text("href=\"/search\"");
    site.logged_in("carol")
        .await
        .get("/new")
        .await
        .expect_text("href=\"/search\"");
}
