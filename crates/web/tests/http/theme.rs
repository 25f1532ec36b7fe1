//! Light and dark by choice, without a script.

use crate::support::Site;

#[tokio::test]
async fn a_choice_holds_on_every_page_and_can_be_taken_back() {
    let site = Site::new().await;
    let mut reader = site.browser();
    reader
        .get("/")
        .await
        .expect_no_text("data-theme")
        .expect_text("value=\"auto\" aria-pressed=\"true\"");
    let fields = [("theme", "dark"), ("next", "/tags?from=b")];
    let answer = reader
        .post("/account/theme", &fields)
        .await
        .expect_redirect("/tags?from=b");
    let cookie = answer.header("set-cookie");
    assert!(
        cookie.starts_with("theme=dark; Path=/; Max-Age=31536000; HttpOnly; SameSite=Lax"),
        "{cookie}"
    );
    for (path, status) in [("/", 200), ("/login", 200), ("/nothing-here", 404)] {
        let page = reader.get(path).await.expect(status);
        let vary: Vec<_> = page
            .headers
            .get_all("vary")
            .iter()
            .map(|it| it.to_str().unwrap().to_lowercase())
            .collect();
        assert!(
            vary.iter().any(|it| it.contains("cookie")),
            "{path}: {vary:?}"
        );
        page.expect_text("data-theme=\"dark\"");
    }
    reader
        .post("/account/theme", &[("theme", "auto")])
        .await
        .expect_redirect("/");
    assert!(!reader.has_cookies());
    reader.get("/").await.expect_no_text("data-theme");
}

#[tokio::test]
async fn pages_of_another_theme_have_another_tag_and_date() {
    let site = Site::new().await;
    let mut reader = site.browser();
    let light = reader.get("/").await.expect(200);
    reader
        .post("/account/theme", &[("theme", "dark")])
        .await
        .expect(303);
    let tag = [("if-none-match", light.header("etag"))];
    reader
        .get_with("/", &tag)
        .await
        .expect(200)
        .expect_text("data-theme");
}

#[tokio::test]
async fn only_the_three_words_are_a_choice_and_nobody_is_sent_elsewhere() {
    let site = Site::new().await;
    let mut reader = site.browser();
    reader
        .post("/account/theme", &[("theme", "purple")])
        .await
        .expect(400);
    for (next, to) in [
        ("https://example.org/", "/"),
        ("//example.org", "/"),
        ("/one", "/one"),
    ] {
        reader
            .post("/account/theme", &[("theme", "light"), ("next", next)])
            .await
            .expect_redirect(to);
    }
    let elsewhere = [
        ("sec-fetch-site", "cross-site"),
        ("origin", "https://example.org"),
    ];
    reader
        .post_with("/account/theme", &[("theme", "dark")], &elsewhere)
        .await
        .expect(403);
}
