//! What nobody should type, and somebody will: a clear sentence at the field, the form as typed, never a 500.

use gatepost_storage::posts::Found;

use crate::support::{Answer, Browser, Multipart, Site};

fn form(title: &str, text: &str) -> Multipart {
    Multipart::new().text("title", title).text("text", text)
}

#[track_caller]
fn refused(answer: Answer, field: &str, said: &str) -> Answer {
    answer
        .expect(422)
        .expect_text(&format!("href=\"#{field}\""))
        .expect_text(said)
}

/// Where a form goes: the page for a new post, and that of one that stands.
const DOORS: [&str; 2] = ["/new", "/standing/edit"];

/// A site with one post, which nothing that is refused may change.
async fn standing() -> (Site, Browser) {
    let site = Site::new().await;
    let mut carol = site.logged_in("carol").await;
    let post = form("Standing", "It stands.").text("tags", "old");
    carol
        .post_multipart("/new", post)
        .await
        .expect_redirect("/standing");
    (site, carol)
}

/// Sends a form to one of the doors, based on the post as it stands.
async fn sent(carol: &mut Browser, door: &str, form: Multipart) -> Answer {
    carol.post_multipart(door, form.text("revision", "1")).await
}

async fn unharmed(site: &Site) {
    let all = site.db().posts().index(None, 50).await.unwrap().items;
    assert_eq!(all.len(), 1, "{all:?}");
    let address = "standing".parse().unwrap();
    let Found::Post(post) = site.db().posts().find(&address).await.unwrap() else {
        panic!("the post is gone");
    };
    assert_eq!((post.revision.0, post.text.as_str()), (1, "It stands."));
}

#[tokio::test]
async fn titles_that_are_none_come_back() {
    let (site, mut carol) = standing().await;
    let long = "x".repeat(300);
    for door in DOORS {
        for (title, said) in [
            ("", "A post needs a title."),
            ("  \t ", "A post needs a title."),
            ("\u{200b}\u{2060}", "A post needs a title."),
            (long.as_str(), "this one has 300"),
            ("a\u{7}b", "without control characters"),
            ("a\u{1b}[31mb", "without control characters"),
            ("a\u{202e}gnp.exe", "turn the writing direction around"),
            ("a\u{2067}b", "turn the writing direction around"),
        ] {
            let page = sent(&mut carol, door, form(title, "Words.")).await;
            refused(page, "title", said)
                .expect_text(&format!("\n{}</textarea>", title.trim()))
                .expect_text("\nWords.</textarea>");
        }
    }
    unharmed(&site).await;
}

#[tokio::test]
async fn a_text_of_two_megabytes_comes_back_whole() {
    let (site, mut carol) = standing().await;
    let text = "Much too much. ".repeat(140_000);
    for door in DOORS {
        let page = sent(&mut carol, door, form("Long", &text)).await;
        refused(page, "text", "at most 1000000 bytes").expect_text(&format!("\n{text}</textarea>"));
    }
    unharmed(&site).await;
}

#[tokio::test]
async fn a_text_that_is_no_unicode_is_not_guessed_at() {
    let (site, mut carol) = standing().await;
    for door in DOORS {
        let form = Multipart::new()
            .text("title", "Umlauts")
            .bytes("text", b"Kept words of Z\xfcrich.");
        let page = sent(&mut carol, door, form).await;
        refused(page, "text", "UTF-8")
            .expect_text("\nUmlauts</textarea>")
            .expect_text("\nKept words of Z\u{fffd}rich.</textarea>");

        let pairs = b"title=Umlauts&text=Kept+words+of+Z%FCrich.&revision=1".to_vec();
        let page = carol
            .post_raw(door, "application/x-www-form-urlencoded", pairs)
            .await;
        refused(page, "text", "UTF-8")
            .expect_text("\nUmlauts</textarea>")
            .expect_text("\nKept words of Z\u{fffd}rich.</textarea>");
    }
    unharmed(&site).await;
}

#[tokio::test]
async fn a_text_nobody_can_see_is_a_draft_and_no_post() {
    let (site, mut carol) = standing().await;
    for door in DOORS {
        for text in ["", " \n\t\n", "\u{200b}\u{feff}", "\0\u{7}"] {
            let page = sent(&mut carol, door, form("Nothing", text)).await;
            refused(page, "text", "There is nothing to read yet");
        }
    }
    unharmed(&site).await;
    let draft = form("Nothing", " \n").text("action", "draft");
    carol
        .post_multipart("/new", draft)
        .await
        .expect_redirect("/nothing/edit");
}

#[tokio::test]
async fn what_no_reader_sees_is_taken_out_of_a_text_and_said() {
    let (_site, mut carol) = standing().await;
    let text = "One\0 \u{1b}[31mtwo\u{202e} three \u{2067}ארבע\u{2069}";
    for (door, post) in DOORS.into_iter().zip(["/strays", "/standing"]) {
        sent(&mut carol, door, form("Strays", text))
            .await
            .expect_redirect(post);
        carol
            .get(post)
            .await
            .expect(200)
            .expect_text("3 invisible control characters were taken out")
            .expect_text("One [31mtwo three \u{2067}ארבע\u{2069}")
            .expect_no_text("\u{202e}");
    }
}

#[tokio::test]
async fn tags_summaries_and_notes_have_limits_that_are_said() {
    let (site, mut carol) = standing().await;
    let tags: Vec<String> = (1..=100).map(|n| format!("tag{n}")).collect();
    let (tags, long_tag) = (tags.join(", "), "x".repeat(51));
    let (excerpt, note) = ("e".repeat(501), "n".repeat(201));
    for door in DOORS {
        for (field, typed, said) in [
            ("tags", tags.as_str(), "at most 20 tags; these are 100"),
            ("tags", &long_tag, "at most 50 characters"),
            ("tags", "ok, !!!", "needs at least one letter or digit"),
            ("tags", "a\u{202e}b", "turn the writing direction around"),
            (
                "excerpt",
                &excerpt,
                "at most 500 characters; this one has 501",
            ),
            ("excerpt", "a\u{1b}b", "control characters"),
            ("note", &note, "at most 200 characters; this one has 201"),
            ("visibility", "secret", "is no visibility"),
        ] {
            // A new post has no history that a note could stand in.
            if door == "/new" && field == "note" {
                continue;
            }
            let page = sent(
                &mut carol,
                door,
                form("Limits", "Words.").text(field, typed),
            )
            .await;
            let page = refused(page, field, said).expect_text("\nWords.</textarea>");
            if field != "visibility" {
                page.expect_text(typed);
            }
        }
    }
    unharmed(&site).await;
}

#[tokio::test]
async fn addresses_that_are_taken_or_the_site_s_own_are_refused() {
    let (site, mut carol) = standing().await;
    carol
        .post_multipart("/new", form("Taken", "Words."))
        .await
        .expect(303);
    let long = "x".repeat(101);
    for door in DOORS {
        for (slug, said) in [
            ("taken", "Another post has or had this address"),
            ("login", "is a page of this site"),
            ("drafts", "is a page of this site"),
            ("Trash", "is a page of this site"),
            ("!!!", "at least one letter or digit"),
            (&long, "at most 100 characters"),
        ] {
            let page = sent(
                &mut carol,
                door,
                form("Second", "Words.").text("slug", slug),
            )
            .await;
            refused(page, "slug", said)
                .expect_text(&format!("name=\"slug\" value=\"{slug}\""))
                .expect_text("\nWords.</textarea>");
        }
    }
    carol.post("/taken/delete", &[]).await.expect(303);
    unharmed(&site).await;
    // Looks like one of the site's own, and is none.
    let free = form("Second", "Words.").text("slug", "sitemap");
    sent(&mut carol, "/new", free)
        .await
        .expect_redirect("/sitemap");
}

#[tokio::test]
async fn a_form_with_more_fields_than_any_page_has_comes_back_with_the_first_of_them() {
    let (site, mut carol) = standing().await;
    let many: Vec<String> = (0..1000).map(|n| format!("f{n}")).collect();
    for door in DOORS {
        let pairs = format!("title=Many&text=Words.&revision=1&{}", many.join("&"));
        let page = carol
            .post_raw(
                door,
                "application/x-www-form-urlencoded",
                pairs.into_bytes(),
            )
            .await;
        refused(page, "text", "“f997” and those after it were left out")
            .expect_text("\nWords.</textarea>");
        let parts = form("Many", "Words.").text("revision", "1");
        let parts = many.iter().fold(parts, |parts, name| parts.text(name, ""));
        let page = carol.post_multipart(door, parts).await;
        refused(page, "text", "“f997” and those after it were left out")
            .expect_text("\nWords.</textarea>");
    }
    unharmed(&site).await;
}

#[tokio::test]
async fn a_cursor_somebody_invented_is_a_clear_answer_in_every_list() {
    let (site, _carol) = standing().await;
    let mut bob = site.logged_in("bob").await;
    for list in [
        "/",
        "/archive",
        "/tags/old",
        "/authors/carol",
        "/standing/history",
        "/drafts",
        "/drafts/review",
        "/trash",
    ] {
        for cursor in [
            "zz.1.1",
            "' or 1=1 --",
            "%00",
            "ffffffffffffffffff.1.0000",
            "-1",
            "",
        ] {
            for side in ["before", "after"] {
                let cursor = cursor.replace(' ', "+");
                bob.get(&format!("{list}?{side}={cursor}"))
                    .await
                    .expect(400)
                    .expect_text("There is no such place in the");
            }
        }
        bob.get(&format!("{list}?page=7")).await.expect(200);
    }
    // Tags are paged by their letters, and any letters have their place in the alphabet.
    for letters in ["zz.1.1", "%00", ""] {
        bob.get(&format!("/tags?before={letters}"))
            .await
            .expect(200);
    }
    for place in ["0", "-1", "99999999999999999999", "x", "%00"] {
        let answer = bob.get(&format!("/search?q=stands&after={place}")).await;
        assert!(
            answer.status.is_success() || answer.status == 400,
            "{answer:?}"
        );
    }
}

#[tokio::test]
async fn an_unlisted_post_is_read_by_its_address_and_named_nowhere() {
    let site = Site::new().await;
    let mut carol = site.logged_in("carol").await;
    let unlisted = form("Between us", "Words.")
        .text("visibility", "unlisted")
        .text("tags", "secret");
    carol
        .post_multipart("/new", unlisted)
        .await
        .expect_redirect("/between-us");
    let mut reader = site.browser();
    reader
        .get("/between-us")
        .await
        .expect(200)
        .expect_text("<meta name=\"robots\" content=\"noindex\">");
    for list in ["/", "/feed.atom", "/feed.json", "/sitemap.xml", "/llms.txt"] {
        reader.get(list).await.expect(200).expect_no_text("etween");
    }
    // What a form does not say stays as it is.
    let edit = form("Between us", "Other words.").text("revision", "1");
    carol
        .post_multipart("/between-us/edit", edit)
        .await
        .expect(303);
    carol
        .get("/between-us/edit")
        .await
        .expect_text("name=\"tags\" value=\"secret\"")
        .expect_text("value=\"unlisted\" checked");
    let listed = form("Between us", "Other words.")
        .text("visibility", "public")
        .text("revision", "2");
    carol
        .post_multipart("/between-us/edit", listed)
        .await
        .expect(303);
    reader.get("/").await.expect_text("Between us");
}
