//! Publishing at a minute: nothing shows before, all of it within the second, and no wrong minute is taken for a right one.

use std::cell::Cell;
use std::time::{Duration, Instant};

use gatepost_domain::role::Role;
use gatepost_storage::posts::Found;
use time::OffsetDateTime;
use time::macros::datetime;

use crate::support::{Answer, Browser, Multipart, Site};

thread_local! {
    static NOW: Cell<OffsetDateTime> = const { Cell::new(datetime!(2026-11-24 07:00 UTC)) };
}

fn now() -> OffsetDateTime {
    NOW.get()
}

async fn berlin() -> Site {
    Site::at(now).await.again(now, "Europe/Berlin").await
}

fn form(title: &str, action: &str) -> Multipart {
    Multipart::new()
        .text("title", title)
        .text("text", "The text.")
        .text("action", action)
}

fn scheduled(title: &str, at: &str) -> Multipart {
    form(title, "schedule").text("publish_at", at)
}

/// Asks until the answer has this status; a second by the real clock is all a job may take, five let a machine be slow.
async fn until(browser: &mut Browser, path: &str, status: u16) -> Answer {
    let begun = Instant::now();
    loop {
        let answer = browser.get(path).await;
        if answer.status.as_u16() == status || begun.elapsed() > Duration::from_secs(5) {
            return answer.expect(status);
        }
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_scheduled_post_is_hidden_until_its_minute_and_then_public_by_itself() {
    let site = berlin().await;
    site.start_jobs();
    let mut carol = site.logged_in("carol").await;
    carol
        .post_multipart("/new", scheduled("Tomorrow", "2026-11-24T09:30"))
        .await
        .expect_redirect("/tomorrow/edit");
    carol
        .get("/tomorrow/edit")
        .await
        .expect(200)
        .expect_text("It will be published on 24 November 2026 at 09:30.")
        .expect_text("value=\"2026-11-24T09:30\"")
        .expect_text(">Scheduled<");
    carol
        .get("/drafts")
        .await
        .expect(200)
        .expect_text("24 November 2026, 09:30");
    let mut reader = site.browser();
    // Half past nine in Berlin is half past eight.
    NOW.set(datetime!(2026-11-24 08:29:59.999 UTC));
    site.db().posts().publish_due().await.unwrap();
    reader.get("/tomorrow").await.expect(404);
    for list in ["/", "/feed.atom", "/feed.json", "/sitemap.xml"] {
        reader.get(list).await.expect(200).expect_no_text("omorrow");
    }
    NOW.set(datetime!(2026-11-24 08:30 UTC));
    until(&mut reader, "/tomorrow", 200)
        .await
        .expect_text("datetime=\"2026-11-24T08:30:00Z\"");
    reader.get("/").await.expect_text("Tomorrow");
    carol
        .get("/drafts")
        .await
        .expect(200)
        .expect_no_text("Tomorrow");
}

#[tokio::test]
async fn what_was_due_while_the_server_slept_is_published_at_its_start_under_the_time_it_was_set_for()
 {
    let site = berlin().await;
    let mut carol = site.logged_in("carol").await;
    carol
        .post_multipart("/new", scheduled("Slept", "2026-11-24T09:30"))
        .await
        .expect(303);
    NOW.set(datetime!(2026-11-24 11:00 UTC));
    let site = site.again(now, "Europe/Berlin").await;
    let mut reader = site.browser();
    reader.get("/slept").await.expect(404);
    site.start_jobs();
    until(&mut reader, "/slept", 200)
        .await
        .expect_text("datetime=\"2026-11-24T08:30:00Z\"");
}

#[tokio::test]
async fn a_scheduled_post_can_be_moved_unscheduled_and_published_now() {
    let site = berlin().await;
    let mut carol = site.logged_in("carol").await;
    let mut reader = site.browser();
    carol
        .post_multipart("/new", scheduled("Plan", "2026-11-24T09:30"))
        .await
        .expect(303);
    let moved = scheduled("Plan", "2026-11-24T10:00").text("revision", "1");
    carol
        .post_multipart("/plan/edit", moved)
        .await
        .expect_redirect("/plan/edit");
    NOW.set(datetime!(2026-11-24 08:45 UTC));
    site.db().posts().publish_due().await.unwrap();
    reader.get("/plan").await.expect(404);

    let back = form("Plan", "draft").text("revision", "2");
    carol.post_multipart("/plan/edit", back).await.expect(303);
    NOW.set(datetime!(2026-11-24 09:15 UTC));
    site.db().posts().publish_due().await.unwrap();
    reader.get("/plan").await.expect(404);

    let later = scheduled("Plan", "2026-11-24T12:00").text("revision", "3");
    carol.post_multipart("/plan/edit", later).await.expect(303);
    // The field still shows the time that was set: pressing Publish now means now.
    let now = form("Plan", "publish").text("publish_at", "2026-11-24T12:00");
    carol
        .post_multipart("/plan/edit", now.text("revision", "4"))
        .await
        .expect_redirect("/plan");
    reader
        .get("/plan")
        .await
        .expect(200)
        .expect_text("datetime=\"2026-11-24T09:15:00Z\"");
}

#[tokio::test]
async fn a_wrong_minute_is_named_and_the_form_comes_back_as_typed() {
    let site = berlin().await;
    let mut carol = site.logged_in("carol").await;
    carol
        .post_multipart("/new", form("Standing", "draft"))
        .await
        .expect(303);
    for (typed, said) in [
        ("2026-11-24T07:59", "This time has passed."),
        ("1999-12-31T23:59", "This time has passed."),
        ("2026-11-24T08:00", "This time has passed."),
        ("9999-12-31T23:59", "at most ten years ahead"),
        ("9999-01-01T00:00", "at most ten years ahead"),
        ("2027-03-28T02:30", "The next minute is 2027-03-28T03:00."),
        ("2027-02-30T02:30", "Write the time like this"),
        ("275760-09-13T00:00", "Write the time like this"),
        ("next week", "Write the time like this"),
        ("", "Say when it is to be published."),
    ] {
        for door in ["/new", "/standing/edit"] {
            let form = scheduled("Never", typed).text("revision", "1");
            let page = carol.post_multipart(door, form).await;
            page.expect(422)
                .expect_text(said)
                .expect_text("href=\"#publish_at\"")
                .expect_text("\nNever</textarea>")
                .expect_text("\nThe text.</textarea>")
                .expect_text(&format!("type=\"datetime-local\" value=\"{typed}\""));
        }
    }
    carol.get("/drafts").await.expect_no_text("/never/edit");
    carol
        .post_multipart("/new", scheduled("Control", "2026-11-24T08:01"))
        .await
        .expect(303);
}

#[tokio::test]
async fn a_minute_that_the_clock_shows_twice_means_the_first_time() {
    let site = berlin().await;
    let mut carol = site.logged_in("carol").await;
    carol
        .post_multipart("/new", scheduled("Twice", "2027-10-31T02:30"))
        .await
        .expect_redirect("/twice/edit");
    let page = carol.get("/twice/edit").await;
    page.expect_text("It will be published on 31 October 2027 at 02:30.")
        .expect_text("value=\"2027-10-31T02:30\"");
    NOW.set(datetime!(2027-10-31 00:29 UTC));
    site.db().posts().publish_due().await.unwrap();
    site.browser().get("/twice").await.expect(404);
    NOW.set(datetime!(2027-10-31 00:30 UTC));
    site.db().posts().publish_due().await.unwrap();
    site.browser().get("/twice").await.expect(200);
}

#[tokio::test]
async fn a_time_typed_beside_the_button_that_publishes_now_is_asked_about() {
    let site = berlin().await;
    let mut carol = site.logged_in("carol").await;
    let both = form("Which", "publish").text("publish_at", "2026-11-24T09:30");
    let page = carol.post_multipart("/new", both).await.expect(422);
    page.expect_text("Press Schedule to publish at this time")
        .expect_text("value=\"2026-11-24T09:30\"");
    site.browser().get("/which").await.expect(404);
}

#[tokio::test]
async fn a_time_typed_beside_the_button_that_saves_a_draft_stays_in_the_form_and_sets_nothing() {
    let site = berlin().await;
    let mut carol = site.logged_in("carol").await;
    let both = form("Some day", "draft").text("publish_at", "2026-11-24T09:30");
    let saved = carol.post_multipart("/new", both).await.expect(303);
    let place = saved.location().to_owned();
    assert_eq!(place, "/some-day/edit?publish_at=2026-11-24T09:30");
    carol
        .get(&place)
        .await
        .expect(200)
        .expect_text("The draft is saved. The time you chose is still in the form, and not set")
        .expect_text("value=\"2026-11-24T09:30\"")
        .expect_text(">Draft</span>");
    let address = "some-day".parse().unwrap();
    let Found::Post(post) = site.db().posts().find(&address).await.unwrap() else {
        panic!("it is there");
    };
    assert_eq!(post.publish_at, None);

    // A time that is taken back is not one that was just typed.
    let plan = scheduled("Some day", "2026-11-24T09:30").text("revision", "1");
    carol
        .post_multipart("/some-day/edit", plan)
        .await
        .expect_redirect("/some-day/edit");
    let back = form("Some day", "draft")
        .text("revision", "2")
        .text("publish_at", "2026-11-24T09:30");
    carol
        .post_multipart("/some-day/edit", back)
        .await
        .expect_redirect("/some-day/edit");
}

#[tokio::test]
async fn who_may_not_publish_may_not_schedule_and_leaves_a_scheduled_post_alone() {
    let site = berlin().await;
    site.account("connie", Role::Contributor).await;
    let mut connie = site.logged_in("connie").await;
    connie
        .post_multipart("/new", scheduled("Hers", "2026-11-24T09:30"))
        .await
        .expect(403)
        .expect_text("an editor publishes them");
    connie
        .post_multipart("/new", form("Hers", "review"))
        .await
        .expect_redirect("/hers/edit");
    let mut bob = site.logged_in("bob").await;
    let plan = scheduled("Hers", "2026-11-24T09:30").text("revision", "1");
    bob.post_multipart("/hers/edit", plan).await.expect(303);
    connie.get("/hers").await.expect(200);
    let sneak = form("Something else", "draft").text("revision", "2");
    connie.post_multipart("/hers/edit", sneak).await.expect(403);
}

#[tokio::test]
async fn a_form_open_while_its_post_was_published_does_not_take_it_back() {
    let site = berlin().await;
    let mut carol = site.logged_in("carol").await;
    carol
        .post_multipart("/new", scheduled("Open", "2026-11-24T09:30"))
        .await
        .expect(303);
    NOW.set(datetime!(2026-11-24 08:30 UTC));
    site.db().posts().publish_due().await.unwrap();
    let late = scheduled("Open", "2026-11-24T10:00").text("revision", "1");
    let page = carol.post_multipart("/open/edit", late).await;
    page.expect(409).expect_text(">Unpublish<");
    site.browser().get("/open").await.expect(200);
}
