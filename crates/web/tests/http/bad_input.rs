//! What nobody should type, and somebody will: a clear sentence at the field, the form as typed, never a 500.

use crate::support::{Answer, Multipart, Site};

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

#[tokio::test]
async fn titles_that_are_none_come_back() {
    let site = Site::new().await;
    let mut carol = site.logged_in("carol").await;
    let long = "x".repeat(300);
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
        let page = carol.post_multipart("/new", form(title, "Words.")).await;
        refused(page, "title", said)
            .expect_text(&format!("\n{}</textarea>", title.trim()))
            .expect_text("\nWords.</textarea>");
    }
}

#[tokio::test]
async fn a_text_of_two_megabytes_comes_back_whole() {
    let site = Site::new().await;
    let mut carol = site.logged_in("carol").await;
    let text = "Much too much. ".repeat(140_000);
    let page = carol.post_multipart("/new", form("Long", &text)).await;
    refused(page, "text", "at most 1000000 bytes").expect_text(&format!("\n{text}</textarea>"));
}

#[tokio::test]
async fn a_text_nobody_can_see_is_a_draft_and_no_post() {
    let site = Site::new().await;
    let mut carol = site.logged_in("carol").await;
    for text in ["", " \n\t\n", "\u{200b}\u{feff}", "\0\u{7}"] {
        let page = carol.post_multipart("/new", form("Nothing", text)).await;
        refused(page, "text", "There is nothing to read yet");
    }
    let draft = form("Nothing", " \n").text("action", "draft");
    carol
        .post_multipart("/new", draft)
        .await
        .expect_redirect("/nothing/edit");
}

#[tokio::test]
async fn what_no_reader_sees_is_taken_out_of_a_text_and_said() {
    let site = Site::new().await;
    let mut carol = site.logged_in("carol").await;
    let text = "One\0 \u{1b}[31mtwo\u{202e} three \u{2067}ארבע\u{2069}";
    carol
        .post_multipart("/new", form("Strays", text))
        .await
        .expect_redirect("/strays");
    carol
        .get("/strays")
        .await
        .expect(200)
        .expect_text("3 invisible control characters were taken out")
        .expect_text("One [31mtwo three \u{2067}ארבע\u{2069}")
        .expect_no_text("\u{202e}");
}

#[tokio::test]
async fn tags_summaries_and_notes_have_limits_that_are_said() {
    let site = Site::new().await;
    let mut carol = site.logged_in("carol").await;
    let tags: Vec<String> = (1..=100).map(|n| format!("tag{n}")).collect();
    let (tags, long_tag) = (tags.join(", "), "x".repeat(51));
    let (excerpt, note) = ("e".repeat(501), "n".repeat(201));
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
        ("visibility", "secret", "is no visibility"),
    ] {
        let page = carol
            .post_multipart("/new", form("Limits", "Words.").text(field, typed))
            .await;
        let page = refused(page, field, said).expect_text("\nWords.</textarea>");
        if field != "visibility" {
            page.expect_text(typed);
        }
    }
    carol
        .post_multipart("/new", form("Limits", "Words."))
        .await
        .expect_redirect("/limits");
    let noted = form("Limits", "More.").text("revision", "1");
    let page = carol
        .post_multipart("/limits/edit", noted.text("note", &note))
        .await;
    refused(page, "note", "at most 200 characters; this one has 201").expect_text(&note);
}

#[tokio::test]
async fn addresses_that_are_taken_or_the_site_s_own_are_refused() {
    let site = Site::new().await;
    let mut carol = site.logged_in("carol").await;
    carol
        .post_multipart("/new", form("Taken", "Words."))
        .await
        .expect(303);
    let long = "x".repeat(101);
    for (slug, said) in [
        ("taken", "Another post has or had this address"),
        ("login", "is a page of this site"),
        ("drafts", "is a page of this site"),
        ("Trash", "is a page of this site"),
        ("sitemap", ""),
        ("!!!", "at least one letter or digit"),
        (&long, "at most 100 characters"),
    ] {
        let page = carol
            .post_multipart("/new", form("Second", "Words.").text("slug", slug))
            .await;
        if said.is_empty() {
            page.expect_redirect(&format!("/{slug}"));
            continue;
        }
        refused(page, "slug", said)
            .expect_text(&format!("name=\"slug\" value=\"{slug}\""))
            .expect_text("\nWords.</textarea>");
    }
}

#[tokio::test]
async fn a_cursor_somebody_invented_is_a_clear_answer_in_every_list() {
    let site = Site::new().await;
    let mut bob = site.logged_in("bob").await;
    for list in ["/", "/drafts", "/drafts/review", "/trash"] {
        for cursor in [
            "1",
            "zz.1.1",
            "' or 1=1 --",
            "%00",
            "ffffffffffffffffff.1.0000",
            "",
        ] {
            for side in ["before", "after"] {
                let cursor = cursor.replace(' ', "+");
                bob.get(&format!("{list}?{side}={cursor}"))
                    .await
                    .expect(400)
                    .expect_text("There is no such place in the list");
            }
        }
        bob.get(&format!("{list}?page=7")).await.expect(200);
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
