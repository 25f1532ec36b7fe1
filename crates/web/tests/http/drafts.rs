//! What is begun and what is thrown away: each list shows its owner's, in pages, and nothing leaves for good unasked.

use gatepost::world::World;
use gatepost_domain::role::Role;
use time::{Duration, OffsetDateTime};

use crate::support::{Browser, Multipart, Site};

fn form(title: &str, action: &str) -> Multipart {
    Multipart::new()
        .text("title", title)
        .text("text", "The text.")
        .text("action", action)
}

async fn write(browser: &mut Browser, title: &str, action: &str) {
    browser
        .post_multipart("/new", form(title, action))
        .await
        .expect(303);
}

#[tokio::test]
async fn drafts_are_their_owner_s_and_what_is_handed_in_waits_for_an_editor() {
    let site = Site::new().await;
    site.account("connie", Role::Contributor).await;
    let (mut connie, mut carol, mut bob) = (
        site.logged_in("connie").await,
        site.logged_in("carol").await,
        site.logged_in("bob").await,
    );
    write(&mut connie, "Begun by connie", "draft").await;
    write(&mut connie, "Handed in", "review").await;
    write(&mut carol, "Begun by carol", "draft").await;

    connie
        .get("/drafts")
        .await
        .expect(200)
        .expect_text("Begun by connie")
        .expect_text("In review")
        .expect_no_text("Begun by carol");
    bob.get("/drafts")
        .await
        .expect(200)
        .expect_text("Waiting for review")
        .expect_text("Handed in")
        .expect_no_text("Begun by");
    bob.get("/drafts/review")
        .await
        .expect(200)
        .expect_text("Handed in");
    carol
        .get("/drafts")
        .await
        .expect(200)
        .expect_no_text("Handed in");
    carol.get("/drafts/review").await.expect(403);
    site.browser()
        .get("/drafts")
        .await
        .expect_redirect("/login?next=/drafts");

    let publish = form("Handed in", "publish").text("revision", "1");
    bob.post_multipart("/handed-in/edit", publish)
        .await
        .expect_redirect("/handed-in");
    bob.get("/drafts")
        .await
        .expect_no_text("Waiting for review");
    let mut reader = site.browser();
    reader
        .get("/handed-in")
        .await
        .expect(200)
        .expect_text("Written by connie");
}

#[tokio::test]
async fn what_is_handed_in_can_be_taken_back() {
    let site = Site::new().await;
    site.account("connie", Role::Contributor).await;
    let mut connie = site.logged_in("connie").await;
    write(&mut connie, "Too early", "review").await;
    connie
        .get("/too-early/edit")
        .await
        .expect_text("It is handed in")
        .expect_text(">Back to draft<");
    let back = form("Too early", "draft").text("revision", "1");
    connie
        .post_multipart("/too-early/edit", back)
        .await
        .expect(303);
    let mut bob = site.logged_in("bob").await;
    bob.get("/drafts").await.expect_no_text("Too early");
}

#[tokio::test]
async fn long_lists_of_drafts_and_trash_are_turned_both_ways() {
    let site = Site::new().await;
    let mut carol = site.logged_in("carol").await;
    for number in 1..=23 {
        write(&mut carol, &format!("Number {number:02}"), "draft").await;
    }
    let turn = |page: &crate::support::Answer, rel: &str| {
        let text = page.text();
        let (_, rest) = text
            .split_once(&format!("rel=\"{rel}\" href=\""))
            .expect(rel);
        rest.split_once('"').expect("its end").0.to_owned()
    };
    for list in ["/drafts", "/trash"] {
        if list == "/trash" {
            for number in 1..=23 {
                let path = format!("/number-{number:02}/delete");
                carol.post(&path, &[]).await.expect(303);
            }
        }
        let first = carol.get(list).await.expect(200);
        let older = turn(&first, "next");
        first
            .expect_text("Number 23")
            .expect_text("Number 04")
            .expect_no_text("Number 03");
        let second = carol.get(&older).await.expect(200);
        let newer = turn(&second, "prev");
        second
            .expect_text("Number 03")
            .expect_text("Number 01")
            .expect_no_text("Number 04");
        carol
            .get(&newer)
            .await
            .expect(200)
            .expect_text("Number 23")
            .expect_text("Number 04");
    }
}

#[tokio::test]
async fn the_trash_gives_back_and_deletes_for_good_after_one_question() {
    let site = Site::new().await;
    let mut carol = site.logged_in("carol").await;
    for title in ["Kept", "Burnt", "Whisper"] {
        let action = if title == "Whisper" {
            "draft"
        } else {
            "publish"
        };
        write(&mut carol, title, action).await;
        let path = format!("/{}/delete", title.to_lowercase());
        carol.post(&path, &[]).await.expect(303);
    }
    carol
        .get("/trash")
        .await
        .expect(200)
        .expect_text("action=\"/kept/restore\"")
        .expect_text("href=\"/burnt/purge\"");
    carol
        .post("/kept/restore", &[])
        .await
        .expect_redirect("/kept");
    carol.get("/burnt/purge").await.expect(200);
    let mut reader = site.browser();
    reader.get("/burnt").await.expect(410);
    // The question changed nothing, and is not asked of others.
    carol.get("/trash").await.expect_text("Burnt");
    site.account("dora", Role::Author).await;
    let mut dora = site.logged_in("dora").await;
    dora.get("/burnt/purge").await.expect(410);
    dora.post("/burnt/purge", &[]).await.expect(410);
    dora.post("/whisper/purge", &[]).await.expect(404);
    dora.get("/trash").await.expect_no_text("Burnt");
    carol.get("/kept/purge").await.expect(404);

    for path in ["/burnt/purge", "/whisper/purge"] {
        carol.post(path, &[]).await.expect_redirect("/trash");
    }
    carol
        .get("/trash")
        .await
        .expect_text("is deleted for good")
        .expect_no_text("/burnt/");
    // Readers may have kept the address of the one that was public, so nobody else gets it.
    reader.get("/burnt").await.expect(410);
    reader.get("/2").await.expect(410);
    reader.get("/whisper").await.expect(404);
    write(&mut carol, "Burnt", "publish").await;
    reader.get("/burnt-2").await.expect(200);
    let typed = form("Other", "publish").text("slug", "burnt");
    carol.post_multipart("/new", typed).await.expect(422);
    write(&mut carol, "Whisper", "publish").await;
    reader.get("/whisper").await.expect(200);
}

thread_local! {
    static LATER: std::cell::Cell<Duration> = const { std::cell::Cell::new(Duration::ZERO) };
}

fn later() -> OffsetDateTime {
    (World::REAL.clock)() + LATER.get()
}

#[tokio::test]
async fn after_thirty_days_the_trash_is_emptied() {
    let site = Site::at(later).await;
    let mut carol = site.logged_in("carol").await;
    write(&mut carol, "Old", "publish").await;
    carol.post("/old/delete", &[]).await.expect(303);
    LATER.set(Duration::days(2));
    let mut carol = site.logged_in("carol").await;
    write(&mut carol, "Young", "publish").await;
    carol.post("/young/delete", &[]).await.expect(303);
    LATER.set(Duration::days(31));
    site.start_jobs();
    let address = "old".parse().unwrap();
    let begun = std::time::Instant::now();
    while site.db().posts().find(&address).await.unwrap() != gatepost_storage::posts::Found::Purged
    {
        assert!(
            begun.elapsed() < std::time::Duration::from_secs(5),
            "purged"
        );
        tokio::task::yield_now().await;
    }
    let mut carol = site.logged_in("carol").await;
    carol
        .get("/trash")
        .await
        .expect(200)
        .expect_text("Young")
        .expect_no_text("Old");
}

#[tokio::test]
async fn a_contributor_does_not_send_back_to_readers_what_an_editor_threw_away() {
    let site = Site::new().await;
    site.account("connie", Role::Contributor).await;
    let (mut connie, mut bob) = (site.logged_in("connie").await, site.logged_in("bob").await);
    for (title, action) in [("Later", "schedule"), ("Now", "publish")] {
        write(&mut connie, title, "review").await;
        let slug = title.to_lowercase();
        let accepted = form(title, action).text("revision", "1").text(
            "publish_at",
            if action == "schedule" {
                "2031-05-06T09:30"
            } else {
                ""
            },
        );
        bob.post_multipart(&format!("/{slug}/edit"), accepted)
            .await
            .expect(303);
        bob.post(&format!("/{slug}/delete"), &[]).await.expect(303);
        let refused = connie.post(&format!("/{slug}/restore"), &[]).await;
        refused
            .expect(403)
            .expect_text("an editor takes it out of the trash");
    }
    connie
        .get("/trash")
        .await
        .expect(200)
        .expect_text("Later")
        .expect_text("An editor can put it back")
        .expect_no_text("/restore\"")
        .expect_no_text("/purge\"");
    site.browser().get("/now").await.expect(410);
    bob.post("/later/restore", &[]).await.expect(303);
    bob.get("/later/edit")
        .await
        .expect_text("value=\"2031-05-06T09:30\"");
}

#[tokio::test]
async fn a_contributor_takes_back_what_they_threw_away_though_it_was_public_once() {
    let site = Site::new().await;
    site.account("connie", Role::Contributor).await;
    let (mut connie, mut bob) = (site.logged_in("connie").await, site.logged_in("bob").await);
    write(&mut connie, "Too soon", "review").await;
    for (action, revision) in [("publish", "1"), ("draft", "2")] {
        let step = form("Too soon", action).text("revision", revision);
        bob.post_multipart("/too-soon/edit", step).await.expect(303);
    }
    connie
        .post("/too-soon/delete", &[])
        .await
        .expect_redirect("/");
    connie
        .get("/trash")
        .await
        .expect_text("action=\"/too-soon/restore\"")
        .expect_no_text("/too-soon/purge");
    connie.post("/too-soon/purge", &[]).await.expect(410);
    connie
        .post("/too-soon/restore", &[])
        .await
        .expect_redirect("/too-soon");
    site.browser().get("/too-soon").await.expect(404);
}

#[tokio::test]
async fn editors_see_everybodys_trash_and_put_back_what_others_threw_away() {
    let site = Site::new().await;
    let (mut carol, mut bob) = (site.logged_in("carol").await, site.logged_in("bob").await);
    for (browser, title) in [(&mut carol, "Of carol"), (&mut bob, "Of bob")] {
        write(browser, title, "publish").await;
        let slug = title.replace(' ', "-").to_lowercase();
        browser
            .post(&format!("/{slug}/delete"), &[])
            .await
            .expect(303);
    }
    carol.get("/trash").await.expect_no_text("/trash/all");
    carol.get("/trash/all").await.expect(403);
    site.browser()
        .get("/trash/all")
        .await
        .expect_redirect("/login?next=/trash/all");
    bob.get("/trash")
        .await
        .expect_text("href=\"/trash/all\"")
        .expect_no_text("Of carol");
    bob.get("/trash/all")
        .await
        .expect(200)
        .expect_text("<span>carol</span>")
        .expect_text("action=\"/of-bob/restore\"")
        .expect_text("href=\"/of-carol/purge\"");
    bob.get("/of-carol/purge")
        .await
        .expect_text("href=\"/trash/all\"");
    bob.post("/of-carol/restore", &[])
        .await
        .expect_redirect("/of-carol");
    carol.get("/of-carol").await.expect(200);
    bob.post("/of-bob/purge", &[])
        .await
        .expect_redirect("/trash");
    bob.get("/trash/all")
        .await
        .expect_text("Nothing lies here. What is deleted");
}

#[tokio::test]
async fn undo_stands_beside_its_own_sentence_whatever_another_tab_has_to_say() {
    let site = Site::new().await;
    let mut carol = site.logged_in("carol").await;
    write(&mut carol, "Thrown away", "publish").await;
    write(&mut carol, "Another", "publish").await;
    carol.get("/").await.expect(200);
    for post in ["/thrown-away", "/another"] {
        carol
            .post(&format!("{post}/delete"), &[])
            .await
            .expect_redirect("/");
    }
    // In another tab, before any page has shown the sentence.
    write(&mut carol, "A draft", "draft").await;
    let page = carol.get("/").await.expect(200).text();
    let beside = |sentence: &str| {
        let (_, after) = page.split_once(sentence).expect("it is said");
        let notice = after.split("</div>").next().unwrap();
        let undo = notice.split("action=\"").nth(1);
        undo.map(|rest| rest.split('"').next().unwrap().to_owned())
    };
    assert_eq!(
        beside("“Thrown away” is in the trash.").as_deref(),
        Some("/thrown-away/restore")
    );
    assert_eq!(
        beside("“Another” is in the trash.").as_deref(),
        Some("/another/restore")
    );
    assert_eq!(beside("The draft is saved.</span>"), None);
    carol
        .post("/thrown-away/restore", &[])
        .await
        .expect_redirect("/thrown-away");
    carol
        .get("/thrown-away")
        .await
        .expect_text("is back.")
        .expect_no_text(">Undo<");
}
