//! Lists for readers: by author, by tag, by month; each in pages, each with its feed.

use gatepost_domain::pagination::Cursor;

use crate::support::{Browser, Multipart, Site};

async fn write(browser: &mut Browser, title: &str, tags: &str) {
    let form = Multipart::new()
        .text("title", title)
        .text("text", "Some words.")
        .text("tags", tags);
    browser.post_multipart("/new", form).await.expect(303);
}

/// The titles on a page, in order.
fn titles(page: &str) -> Vec<String> {
    let entries = page.split("<h2 dir=\"auto\"><a href=\"").skip(1);
    entries
        .filter_map(|rest| Some(rest.split_once('>')?.1.split_once('<')?.0.to_owned()))
        .collect()
}

fn link(page: &str, rel: &str) -> Option<String> {
    let (_, rest) = page.split_once(&format!("<a rel=\"{rel}\" href=\""))?;
    Some(rest.split_once('"')?.0.replace("&amp;", "&"))
}

#[tokio::test]
async fn an_author_has_a_page_of_posts_and_a_feed_and_a_stranger_learns_of_nobody_else() {
    let site = Site::new().await;
    write(&mut site.logged_in("alice").await, "Of Alice", "").await;
    let mut bob = site.logged_in("bob").await;
    write(&mut bob, "Of Bob", "").await;
    let mut reader = site.browser();
    let page = reader.get("/authors/alice").await.expect(200);
    page.expect_text("Of Alice").expect_no_text("Of Bob");
    let feed = reader.get("/authors/alice/feed.atom").await.expect(200);
    feed.expect_text("<title>Of Alice</title>")
        .expect_no_text("Of Bob");
    for path in ["/authors/ALICE", "/authors/Alice/feed.atom"] {
        let moved = reader.get(path).await.expect(301);
        assert_eq!(moved.location(), path.to_lowercase());
    }
    for nobody in [
        "/authors/carol",
        "/authors/dave",
        "/authors/%FF",
        "/authors/carol/feed.atom",
    ] {
        reader.get(nobody).await.expect(404);
    }
    let own = site
        .logged_in("carol")
        .await
        .get("/authors/carol")
        .await
        .expect(200);
    own.expect_text("Nothing is published yet");
}

#[tokio::test]
async fn a_list_is_paged_both_ways_while_posts_are_added() {
    let site = Site::new().await;
    let mut alice = site.logged_in("alice").await;
    for number in 1..=45 {
        write(&mut alice, &format!("Number {number:02}"), "Bread").await;
    }
    let mut reader = site.browser();
    for (list, later) in [("/authors/alice", "Later"), ("/tags/bread", "Last")] {
        let first = reader.get(list).await.expect(200).text();
        assert_eq!(titles(&first).len(), 20, "{list}");
        let second = link(&first, "next").expect("a second page");
        let second_page = reader.get(&second).await.expect(200).text();
        let third = link(&second_page, "next").expect("a third page");
        let third_page = reader.get(&third).await.expect(200).text();
        assert_eq!(
            titles(&third_page).last_chunk().expect("five and more"),
            &[
                "Number 05",
                "Number 04",
                "Number 03",
                "Number 02",
                "Number 01"
            ]
        );
        write(&mut alice, later, "bread").await;
        let back = link(&third_page, "prev").expect("a way back");
        let again = reader.get(&back).await.expect(200).text();
        assert_eq!(titles(&again), titles(&second_page), "{list}");
        assert!(again.contains(&format!(
            "<link rel=\"canonical\" href=\"http://blog.test{back}\">"
        )));
        reader
            .get(&format!("{list}?before=invented"))
            .await
            .expect(400);
    }
}

#[tokio::test]
async fn before_the_newest_of_a_list_stands_its_first_page() {
    let site = Site::new().await;
    let mut alice = site.logged_in("alice").await;
    for number in 1..=21 {
        write(&mut alice, &format!("Number {number:02}"), "Bread").await;
    }
    // A place above all that there will ever be; the newest post's own would do as well.
    let above = Cursor {
        at: 9_999_999_999_999,
        id: 1,
    };
    let second = alice.get(&format!("/?before={above}")).await.expect(200);
    assert_eq!(titles(&second.text())[0], "Number 21", "control: it is one");
    let months = alice.get("/archive").await.expect(200).text();
    let month = months
        .split("href=\"/archive/")
        .nth(1)
        .and_then(|rest| rest.split('"').next())
        .expect("a month");
    let month = format!("/archive/{month}");
    let lists = ["/", "/authors/alice", "/tags/bread", "/archive", &month];
    for list in lists {
        let first = alice.get(list).await.expect(200).text();
        let beyond = format!("{list}?after={above}");
        let page = alice.get(&beyond).await.expect(200);
        let page = page.expect_text("Number 21").expect_no_text("Nothing is");
        let canonical = format!("rel=\"canonical\" href=\"http://blog.test{list}\"");
        assert!(page.text().contains(&canonical), "{list}");
        assert_eq!(link(&page.text(), "next"), link(&first, "next"), "{list}");
    }
    alice.post("/number-01/delete", &[]).await.expect(303);
    let draft = Multipart::new()
        .text("title", "Begun")
        .text("text", "x")
        .text("action", "draft");
    alice.post_multipart("/new", draft).await.expect(303);
    for (list, title) in [("/trash", "Number 01"), ("/drafts", "Begun")] {
        let beyond = format!("{list}?after={above}");
        let page = alice.get(&beyond).await.expect(200);
        page.expect_text(title);
    }
    // What nobody published stays unknown, also at a place further back.
    for place in ["after", "before"] {
        let nobody = format!("/authors/carol?{place}={above}");
        site.browser().get(&nobody).await.expect(404);
    }
}

#[tokio::test]
async fn a_tag_has_one_address_and_other_spellings_lead_to_it() {
    let site = Site::new().await;
    let mut alice = site.logged_in("alice").await;
    write(&mut alice, "One", "Bread & Butter, C++").await;
    let mut reader = site.browser();
    let page = reader.get("/tags/bread-butter").await.expect(200);
    page.expect_text("<h1 dir=\"auto\">Bread &amp; Butter</h1>")
        .expect_text("/tags/bread-butter/feed.atom");
    let moved = reader.get("/tags/Bread%20%26%20Butter").await.expect(301);
    assert_eq!(moved.location(), "/tags/bread-butter");
    reader
        .get("/tags/bread-butter/feed.atom")
        .await
        .expect(200)
        .expect_text("<category term=\"cplusplus\" label=\"C++\"/>");
    reader
        .get("/one")
        .await
        .expect(200)
        .expect_text("<a rel=\"tag\" href=\"/tags/cplusplus\"");
    for nothing in [
        "/tags/none",
        "/tags/none/feed.atom",
        "/tags/%20",
        "/tags/%FF",
    ] {
        reader.get(nothing).await.expect(404);
    }
    alice.post("/one/delete", &[]).await.expect(303);
    reader.get("/tags/bread-butter").await.expect(404);
    reader
        .get("/tags")
        .await
        .expect(200)
        .expect_text("No post has a tag yet");
}

/// So many public posts, each with so many tags of its own, written by SQL: it is the page that is looked at.
async fn many_tags(site: &Site, posts: u32, tags: u32) {
    let (_, write) = site.db().sqlite_pools().unwrap();
    let statements = format!(
        "with recursive n (at) as (select 1 union all select at + 1 from n where at < {posts})
         insert into posts (title, text, status, visibility, owner, last_editor, revision, published_at, created_at, updated_at)
         select 'Post ' || at, 'Words.', 'published', 'public', 1, 1, 1, at, at, at from n;
         insert into slugs (slug, post, is_current, created_at) select 'post-' || id, id, 1, 1 from posts;
         with recursive n (at) as (select 0 union all select at + 1 from n where at < {posts} * {tags} - 1)
         insert into tags (key, name)
         select char(97 + at % 26) || printf('ring-%05d', at), char(65 + at % 26) || printf('ring %05d', at) from n;
         insert into post_tags (post, position, tag, public_at)
         select (id - 1) / {tags} + 1, (id - 1) % {tags}, id, (id - 1) / {tags} + 1 from tags;
         insert into post_tags (post, position, tag, public_at) select id, {tags}, 7, id from posts where id > 1"
    );
    for statement in statements.split(';') {
        sqlx::query(sqlx::AssertSqlSafe(statement.to_owned()))
            .execute(&write)
            .await
            .unwrap();
    }
}

/// The tags that a page shows in the order of their letters.
fn by_letter(page: &str) -> Vec<String> {
    let listed = page.split_once("By letter").map_or(page, |(_, rest)| rest);
    let found = listed.split("<li><a href=\"/tags/").skip(1);
    found
        .filter_map(|rest| Some(rest.split_once('"')?.0.to_owned()))
        .collect()
}

#[tokio::test]
async fn ten_thousand_tags_are_found_by_page_by_letter_and_by_use_on_small_pages() {
    let site = Site::new().await;
    many_tags(&site, 500, 20).await;
    let mut reader = site.browser();
    let (mut path, mut seen, mut way) = ("/tags".to_owned(), Vec::new(), vec![]);
    let last = loop {
        let page = reader.get(&path).await.expect(200).text();
        assert!(page.len() < 24_000, "{path} weighs {} bytes", page.len());
        seen.extend(by_letter(&page));
        way.push(std::mem::take(&mut path));
        match link(&page, "next") {
            Some(next) => path = next,
            None => break page,
        }
    };
    assert_eq!(seen.len(), 10_000);
    assert!(
        seen.is_sorted() && seen[0] == "aring-00000",
        "{:?}",
        &seen[..3]
    );
    let mut page = last;
    for earlier in way.iter().rev().skip(1) {
        let back = link(&page, "prev").unwrap();
        assert_eq!(&back, earlier);
        page = reader.get(&back).await.expect(200).text();
    }
    assert_eq!(link(&page, "prev"), None);
    let most = page.split_once("Used most").unwrap().1;
    assert!(
        most.trim_start_matches(|it| it != '<').contains(
            "<li><a href=\"/tags/gring-00006\" dir=\"auto\">Gring 00006</a> <small>500</small></li>"
        ),
        "{most}"
    );
    assert_eq!(
        most.split_once("By letter")
            .unwrap()
            .0
            .matches("<li>")
            .count(),
        30
    );
    let letters: Vec<_> = page
        .split("<a href=\"/tags?from=")
        .skip(1)
        .map(|rest| rest.split_once('"').unwrap().0)
        .collect();
    let pears = format!("/tags?from={}", letters[15]);
    let pears = reader
        .get(&pears)
        .await
        .expect(200)
        .expect_no_text("Used most")
        .text();
    assert_eq!(by_letter(&pears)[0], "pring-00015");
    reader
        .get("/tags?from=zzz")
        .await
        .expect(200)
        .expect_text("No tag comes after that");
    reader.get("/tags?from=%00%ff'").await.expect(200);
}

#[tokio::test]
async fn the_archive_counts_and_lists_by_month_in_the_sites_time() {
    let site = Site::new().await;
    let mut reader = site.browser();
    reader
        .get("/archive")
        .await
        .expect(200)
        .expect_text("Nothing is published yet");
    let mut alice = site.logged_in("alice").await;
    write(&mut alice, "One", "").await;
    write(&mut alice, "Two", "").await;
    let page = reader.get("/archive").await.expect(200).text();
    let (_, rest) = page.split_once("<a href=\"/archive/").expect("a month");
    let (month, rest) = rest.split_once('"').expect("its end");
    assert!(
        rest.split_once("</a>")
            .expect("its end")
            .0
            .ends_with("<small>2</small>"),
        "{rest}"
    );
    assert!(page.contains("href=\"/one\"") && page.contains("href=\"/two\""));
    let month_page = reader.get(&format!("/archive/{month}")).await.expect(200);
    month_page
        .expect_text("href=\"/one\"")
        .expect_text("Whole archive");
    for nothing in ["1999-01", "2026-13", "x", "2026", "9999-12", "0000-01"] {
        reader.get(&format!("/archive/{nothing}")).await.expect(404);
    }
}

#[tokio::test]
async fn a_post_leads_to_its_neighbours_and_says_what_it_is_to_machines() {
    let site = Site::new().await;
    let mut alice = site.logged_in("alice").await;
    for title in ["First", "</script>Second", "Third"] {
        write(&mut alice, title, "Bread").await;
    }
    let hidden = Multipart::new()
        .text("title", "Hidden")
        .text("text", "x")
        .text("visibility", "unlisted");
    alice.post_multipart("/new", hidden).await.expect(303);
    let mut reader = site.browser();
    let page = reader.get("/script-second").await.expect(200).text();
    assert_eq!(
        (
            link(&page, "prev").as_deref(),
            link(&page, "next").as_deref()
        ),
        (Some("/first"), Some("/third"))
    );
    let last = reader.get("/third").await.text();
    assert_eq!(
        (
            link(&last, "prev").as_deref(),
            link(&last, "next").as_deref()
        ),
        (Some("/script-second"), None)
    );
    let (_, rest) = page
        .split_once("<script type=\"application/ld+json\">")
        .expect("data");
    let data: serde_json::Value =
        serde_json::from_str(rest.split_once("</script>").expect("its end").0).expect("JSON");
    assert_eq!(data["@type"], "BlogPosting");
    assert_eq!(data["headline"], "</script>Second");
    assert_eq!(data["keywords"], serde_json::json!(["Bread"]));
    assert_eq!(data["author"]["url"], "http://blog.test/authors/alice");
    let quiet = reader.get("/hidden").await.expect(200);
    assert!(
        !quiet.text().contains(">Unlisted<"),
        "strangers are not told"
    );
    quiet.expect_text("noindex").expect_no_text("rel=\"prev\"");
    alice
        .get("/hidden")
        .await
        .expect(200)
        .expect_text(">Unlisted<");
}
