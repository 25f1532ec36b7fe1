//! What machines read: feeds, sitemap, robots.txt, llms.txt; all of them true to what is published.

use crate::support::{Browser, Multipart, Program, Site};

async fn write(browser: &mut Browser, title: &str, more: &[(&str, &str)]) {
    let mut form = Multipart::new().text("title", title);
    let default = [("text", "Some words.")];
    let text = default
        .iter()
        .filter(|_| more.iter().all(|(name, _)| *name != "text"));
    for (name, value) in text.chain(more) {
        form = form.text(name, value);
    }
    browser.post_multipart("/new", form).await.expect(303);
}

const ALL: [&str; 5] = [
    "/feed.atom",
    "/feed.json",
    "/sitemap.xml?part=0",
    "/llms.txt",
    "/",
];

#[tokio::test]
async fn every_list_for_machines_holds_what_is_published_and_nothing_else() {
    let site = Site::new().await;
    let mut alice = site.logged_in("alice").await;
    write(&mut alice, "Shown", &[]).await;
    write(&mut alice, "Quiet", &[("visibility", "unlisted")]).await;
    write(&mut alice, "Begun", &[("action", "draft")]).await;
    write(&mut alice, "Thrown", &[]).await;
    let mut reader = site.browser();
    for path in ALL {
        reader.get(path).await.expect(200).expect_text("/thrown");
    }
    alice.post("/thrown/delete", &[]).await.expect(303);
    for path in ALL {
        let text = reader
            .get(path)
            .await
            .expect(200)
            .expect_text("/shown")
            .text();
        for never in ["quiet", "Quiet", "begun", "Begun", "thrown", "Thrown"] {
            assert!(!text.contains(never), "{never} in {path}: {text}");
        }
    }
}

#[tokio::test]
async fn an_entry_is_whole_absolute_and_keeps_its_id_when_its_address_changes() {
    let site = Site::new().await;
    let mut alice = site.logged_in("alice").await;
    let text = "A [link](/two) and a [note][^1].\n\n- [x] done\n\n[^1]: here";
    write(&mut alice, "One & <only>", &[("text", text)]).await;
    let mut reader = site.browser();
    let entry = |feed: &serde_json::Value| feed["items"][0].clone();
    let before = entry(&reader.get("/feed.json").await.expect(200).json());
    assert_eq!(before["title"], "One & <only>");
    assert_eq!(before["url"], "http://blog.test/one-only");
    assert_eq!(
        before["authors"][0]["url"],
        "http://blog.test/authors/alice"
    );
    let html = before["content_html"].as_str().expect("a text");
    assert!(
        html.contains("href=\"http://blog.test/two\"") && html.contains("☑"),
        "{html}"
    );
    assert!(
        !html.contains("href=\"/") && !html.contains("href=\"#"),
        "{html}"
    );

    let change = Multipart::new()
        .text("title", "Other")
        .text("text", text)
        .text("slug", "other")
        .text("revision", "1");
    alice
        .post_multipart("/one-only/edit", change)
        .await
        .expect(303);
    let after = entry(&reader.get("/feed.json").await.expect(200).json());
    assert_eq!(after["url"], "http://blog.test/other");
    assert_eq!(after["id"], before["id"]);
    let id = before["id"].as_str().expect("an id").to_owned();
    assert!(
        id.starts_with("tag:blog.test,20") && id.ends_with(":post/1"),
        "{id}"
    );
    reader
        .get("/feed.atom")
        .await
        .expect(200)
        .expect_text(&format!("<id>{id}</id>"));
}

#[tokio::test]
async fn a_feed_is_xml_whatever_a_text_holds() {
    let site = Site::new().await;
    let mut alice = site.logged_in("alice").await;
    let text = "]]> <b>&nbsp;&amp; \u{fffe}\u{ffff} \u{7f} 🎉\n\n```\n<feed>&\n```";
    write(&mut alice, "</title>]]>&", &[("text", text)]).await;
    let feed = site.browser().get("/feed.atom").await.expect(200);
    assert_eq!(
        feed.header("content-type"),
        "application/atom+xml; charset=utf-8"
    );
    let feed = feed.text();
    assert!(!feed.contains(['\u{fffe}', '\u{ffff}']), "{feed}");
    assert!(
        feed.contains("<title>&lt;/title&gt;]]&gt;&amp;</title>"),
        "{feed}"
    );
    assert_eq!(feed.matches("<title>").count(), 2);
}

#[tokio::test]
async fn feeds_hold_the_twenty_newest_and_are_known_by_tag_and_date() {
    let site = Site::new().await;
    let mut alice = site.logged_in("alice").await;
    let mut reader = site.browser();
    for number in 1..=21 {
        write(&mut alice, &format!("Number {number:02}"), &[]).await;
    }
    let feed = reader.get("/feed.atom").await.expect(200);
    assert_eq!(feed.text().matches("<entry>").count(), 20);
    assert!(!feed.text().contains("Number 01") && feed.text().contains("Number 21"));
    let (tag, date) = (feed.header("etag"), feed.header("last-modified"));
    reader
        .get_with("/feed.atom", &[("if-none-match", tag)])
        .await
        .expect(304);
    reader
        .get_with("/feed.atom", &[("if-modified-since", date)])
        .await
        .expect(304);
    alice.post("/number-21/delete", &[]).await.expect(303);
    let date = [("if-modified-since", date)];
    reader
        .get_with("/feed.atom", &date)
        .await
        .expect(200)
        .expect_text("Number 01");
}

#[tokio::test]
async fn the_map_of_the_site_leads_from_robots_txt_to_every_post() {
    let site = Site::new().await;
    write(&mut site.logged_in("alice").await, "Über Maß", &[]).await;
    let mut reader = site.browser();
    reader
        .get("/robots.txt")
        .await
        .expect(200)
        .expect_text("Sitemap: http://blog.test/sitemap.xml\n");
    let index = reader.get("/sitemap.xml").await.expect(200).text();
    let parts: Vec<&str> = index
        .split("<loc>http://blog.test")
        .skip(1)
        .filter_map(|rest| rest.split("</loc>").next())
        .collect();
    let mut addresses = String::new();
    for part in &parts {
        addresses += &reader.get(part).await.expect(200).text();
    }
    assert!(
        addresses.contains("<loc>http://blog.test/</loc>"),
        "{addresses}"
    );
    assert!(
        addresses.contains("<loc>http://blog.test/%C3%BCber-ma%C3%9F</loc>"),
        "{addresses}"
    );
    for nowhere in ["1", "x", "-1", "99999999999999999999"] {
        reader
            .get(&format!("/sitemap.xml?part={nowhere}"))
            .await
            .expect(404);
    }
}

/// Whether a crawler that goes by RFC 9309 may fetch this path; these rules only ever forbid.
fn may_fetch(rules: &str, path: &str) -> bool {
    let forbidden = rules
        .lines()
        .filter_map(|line| line.strip_prefix("Disallow: "));
    !forbidden
        .into_iter()
        .any(|rule| match rule.strip_suffix('$') {
            Some(whole) => path == whole,
            None => path.starts_with(rule),
        })
}

#[tokio::test]
async fn crawlers_may_fetch_everything_that_the_map_names_and_no_form() {
    let site = Site::new().await;
    let mut alice = site.logged_in("alice").await;
    let titles = [
        "New year",
        "Newest",
        "Login tips",
        "Logout",
        "Logouts",
        "Setup of my desk",
    ];
    for title in titles {
        write(&mut alice, title, &[]).await;
    }
    let mut reader = site.browser();
    let rules = reader.get("/robots.txt").await.expect(200).text();
    assert!(
        !rules.contains('*') || rules.matches('*').count() == 1,
        "{rules}"
    );
    let map = reader.get("/sitemap.xml?part=0").await.expect(200).text();
    let named: Vec<&str> = map
        .split("<loc>http://blog.test")
        .skip(1)
        .filter_map(|rest| rest.split("</loc>").next())
        .collect();
    assert!(named.len() >= titles.len(), "{map}");
    for path in named {
        assert!(may_fetch(&rules, path), "{path} in {rules}");
    }
    for form in [
        "/login",
        "/login?next=/new",
        "/new",
        "/new?x",
        "/logout",
        "/setup?token=x",
    ] {
        assert!(!may_fetch(&rules, form), "{form} in {rules}");
    }
}

#[tokio::test]
async fn language_models_are_told_what_is_here_also_when_nothing_is() {
    let site = Site::new().await;
    let empty = site.browser().get("/llms.txt").await.expect(200).text();
    assert!(
        empty.starts_with("# Gatepost\n") && empty.contains("](http://blog.test/"),
        "{empty}"
    );
    let excerpt = ("excerpt", "See [this](javascript:x) & <b>*all*</b>.");
    write(&mut site.logged_in("alice").await, "Excerpted", &[excerpt]).await;
    let text = site.browser().get("/llms.txt").await.expect(200).text();
    assert!(
        text.contains(": See \\[this\\](javascript:x) \\& \\<b>\\*all\\*\\</b>."),
        "{text}"
    );
    write(&mut site.logged_in("alice").await, "A [bracket]", &[]).await;
    let text = site.browser().get("/llms.txt").await.expect(200).text();
    assert!(
        text.contains("- [A \\[bracket\\]](http://blog.test/a-bracket): Some words."),
        "{text}"
    );
}

#[tokio::test]
async fn a_site_without_posts_has_feeds_without_entries() {
    let site = Site::new().await;
    let mut reader = site.browser();
    let feed = reader.get("/feed.atom").await.expect(200);
    feed.expect_text("<updated>").expect_no_text("<entry>");
    let feed = reader.get("/feed.json").await.expect(200).json();
    assert_eq!(feed["items"], serde_json::json!([]));
}

/// The statements about posts that a server asked while it answered this address once.
async fn asked(data: &std::path::Path, path: &str) -> Vec<String> {
    let statements = statements(data, path).await;
    let of_posts = statements.into_iter().filter(|statement| {
        statement.starts_with("select p.id") || statement.starts_with("select pi.post")
    });
    of_posts.collect()
}

/// All of them.
async fn statements(data: &std::path::Path, path: &str) -> Vec<String> {
    let mut server = Program::serve_logging(data, Some("sqlx::query=debug"));
    let address = server.address();
    let head = format!("GET {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n");
    let answer = Program::ask(&address, &head);
    assert!(
        answer.starts_with("HTTP/1.1 200 ") && answer.contains("number-20"),
        "{answer}"
    );
    server.terminate();
    let log = server.log();
    let lines = log
        .lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
    let said = lines.map(|line| line["summary"].as_str().unwrap_or_default().to_owned());
    said.filter(|statement| !statement.is_empty()).collect()
}

#[tokio::test]
async fn the_archive_counts_all_its_months_with_one_question() {
    let site = Site::new().await;
    let mut alice = site.logged_in("alice").await;
    for number in 1..=20 {
        write(&mut alice, &format!("Number {number}"), &[]).await;
    }
    let (_, writer) = site.db().sqlite_pools().expect("SQLite");
    let apart = "update posts set published_at = published_at - id * 40 * 86400000";
    sqlx::query(apart).execute(&writer).await.expect("posts");
    site.db().close().await;
    let asked = statements(&site.data(), "/archive").await;
    let counts = asked.iter().filter(|it| it.starts_with("with spans"));
    assert_eq!(counts.count(), 1, "{asked:?}");
    let others = asked.iter().filter(|it| it.starts_with("select count(*)"));
    assert_eq!(others.count(), 0, "{asked:?}");
}

#[tokio::test]
async fn a_feed_of_twenty_posts_asks_the_database_twice() {
    let site = Site::new().await;
    let mut alice = site.logged_in("alice").await;
    for number in 1..=20 {
        write(
            &mut alice,
            &format!("Number {number}"),
            &[("tags", "bread")],
        )
        .await;
    }
    site.db().close().await;
    for path in [
        "/feed.atom",
        "/feed.json",
        "/authors/alice/feed.atom",
        "/tags/bread/feed.atom",
    ] {
        let asked = asked(&site.data(), path).await;
        assert_eq!(asked.len(), 2, "{path}: {asked:?}");
    }
}
