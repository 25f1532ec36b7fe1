//! The first account: only with the link of the first start, and once.

use crate::support::Site;

fn path(site: &Site) -> String {
    let link = site
        .set_up
        .as_deref()
        .expect("a site without people has a link");
    link.strip_prefix("http://blog.test")
        .expect("the link is on this site")
        .to_owned()
}

fn token(site: &Site) -> String {
    path(site).split('=').nth(1).expect("a token").to_owned()
}

#[tokio::test]
async fn whoever_holds_the_link_becomes_the_owner_and_is_logged_in() {
    let site = Site::empty(&[]).await;
    let mut browser = site.browser();
    let token = token(&site);
    browser
        .get(&path(&site))
        .await
        .expect(200)
        .expect_text(&token);
    let fields = [
        ("token", token.as_str()),
        ("name", "ada"),
        ("display_name", ""),
        ("password", Site::PASSWORD),
    ];
    browser.post("/setup", &fields).await.expect_redirect("/");
    browser.get("/").await.expect(200).expect_text("ada");
    let people = site.db().users().list().await.unwrap();
    assert_eq!(
        (
            people.len(),
            people[0].role.as_str(),
            people[0].display_name.as_str()
        ),
        (1, "owner", "ada")
    );
}

#[tokio::test]
async fn without_the_token_there_is_no_such_page() {
    let site = Site::empty(&[]).await;
    let mut browser = site.browser();
    for wrong in [
        "/setup",
        "/setup?token=",
        "/setup?token=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
    ] {
        browser.get(wrong).await.expect(404);
    }
    let fields = [
        ("token", "guessed"),
        ("name", "eve"),
        ("password", Site::PASSWORD),
    ];
    browser.post("/setup", &fields).await.expect(404);
    assert!(!site.db().users().any().await.unwrap());
    browser.get(&path(&site)).await.expect(200);
}

#[tokio::test]
async fn the_link_works_once() {
    let site = Site::empty(&[]).await;
    let (first, second) = (token(&site), path(&site));
    let fields = [
        ("token", first.as_str()),
        ("name", "ada"),
        ("password", Site::PASSWORD),
    ];
    site.browser()
        .post("/setup", &fields)
        .await
        .expect_redirect("/");
    site.browser().get(&second).await.expect(404);
    let again = [
        ("token", first.as_str()),
        ("name", "eve"),
        ("password", Site::PASSWORD),
    ];
    site.browser().post("/setup", &again).await.expect(404);
    assert_eq!(site.db().users().list().await.unwrap().len(), 1);
}

#[tokio::test]
async fn an_account_made_on_the_command_line_closes_the_page() {
    let site = Site::empty(&[]).await;
    site.account("alice", gatepost_domain::role::Role::Owner)
        .await;
    site.browser().get(&path(&site)).await.expect(404);
}

#[tokio::test]
async fn what_was_typed_comes_back_with_what_is_wrong_but_for_the_password() {
    let site = Site::empty(&[]).await;
    let token = token(&site);
    let typed = [
        ("token", token.as_str()),
        ("name", "a/da"),
        ("display_name", "Ada L."),
        ("password", "sh0rt!?"),
    ];
    let form = site.browser().post("/setup", &typed).await.expect(422);
    let form = form
        .expect_text("a/da")
        .expect_text("Ada L.")
        .expect_no_text("sh0rt!?");
    assert_eq!(
        form.text().matches("aria-invalid").count(),
        2,
        "name and password: {form:?}"
    );
    site.browser()
        .post("/setup", &[("token", token.as_str())])
        .await
        .expect(422);
}
