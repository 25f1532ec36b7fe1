//! What a person is told who may not, or who comes second: the page says why, and nothing that was typed is lost.

use fantoccini::Locator;

use crate::Journey;
use crate::browser::{Browser, Script};
use crate::site::{PASSWORD, Site};

#[tokio::test]
#[ignore = "needs Chromium: run by `cargo xtask test`"]
async fn carol_may_read_the_post_of_alice_and_not_change_it() -> Journey {
    let site = Site::start().await?;
    let browser = Browser::start(Script::On).await?;
    let post = alice_publishes(&site, &browser, "Only mine").await?;
    browser.log_out().await?;

    browser.open(&site, "/login").await?;
    browser.log_in("carol").await?;
    browser.open(&site, &post).await?;
    assert_eq!(browser.status().await?, 200, "she may read it");
    let edit = format!("//main//a[@href='{post}/edit']");
    let offered = browser.client.find_all(Locator::XPath(&edit)).await?;
    assert!(offered.is_empty(), "she is not offered what she may not do");

    browser.open(&site, &format!("{post}/edit")).await?;
    assert_eq!(browser.status().await?, 403);
    let told = browser.text("main").await?;
    assert!(told.contains("alice"), "the page says whose it is: {told}");
    browser.close().await
}

#[tokio::test]
#[ignore = "needs Chromium: run by `cargo xtask test`"]
async fn the_second_of_two_windows_gets_both_texts_back() -> Journey {
    let site = Site::start().await?;
    let browser = Browser::start(Script::On).await?;
    let post = alice_publishes(&site, &browser, "Two windows").await?;
    let edit = format!("{post}/edit");

    browser.open(&site, &edit).await?;
    let slow = browser.client.window().await?;
    browser
        .type_into("text", "What the slow window typed.")
        .await?;

    let quick = browser.client.new_window(true).await?.handle;
    browser.client.switch_to_window(quick).await?;
    browser.open(&site, &edit).await?;
    browser
        .type_into("text", "What the quick window saved.")
        .await?;
    browser.publish().await?;
    assert_eq!(browser.place().await?, post, "the first save is taken");

    browser.client.switch_to_window(slow).await?;
    browser.publish().await?;
    assert_eq!(browser.status().await?, 409);
    let both = browser.value_of("text").await?;
    assert!(
        both.contains("What the slow window typed.")
            && both.contains("What the quick window saved."),
        "the text to finish holds both: {both}"
    );

    // Having seen both, the person decides and saves again.
    browser
        .press("//button[@name='take'][@value='mine']")
        .await?;
    browser
        .wait_for("//textarea[@name='text'][not(contains(., 'quick'))]")
        .await?;
    browser.publish().await?;
    assert_eq!(browser.place().await?, post);
    assert!(
        browser
            .text("main")
            .await?
            .contains("What the slow window typed.")
    );
    browser.close().await
}

#[tokio::test]
#[ignore = "needs Chromium: run by `cargo xtask test`"]
async fn what_was_typed_outlives_the_login_and_is_published_with_the_next_one() -> Journey {
    let site = Site::start().await?;
    let browser = Browser::start(Script::On).await?;
    browser.open(&site, "/login?next=/new").await?;
    browser.log_in("carol").await?;
    browser.type_into("title", "Half an afternoon").await?;
    browser.type_into("text", "A long text.").await?;

    let editor = browser.client.window().await?;
    let other = browser.client.new_window(true).await?.handle;
    browser.client.switch_to_window(other).await?;
    browser.open(&site, "/").await?;
    browser.log_out().await?;

    browser.client.switch_to_window(editor).await?;
    browser.publish().await?;
    assert_eq!(browser.status().await?, 401);
    assert_eq!(browser.value_of("title").await?, "Half an afternoon");
    assert_eq!(browser.value_of("text").await?, "A long text.");

    browser.type_into("login", "carol").await?;
    browser.type_into("password", PASSWORD).await?;
    browser
        .press("//input[@name='password']/ancestor::section//button")
        .await?;
    browser
        .wait_for("//main//article[contains(., 'A long text.')]")
        .await?;
    assert_eq!(browser.place().await?, "/half-an-afternoon");
    browser.close().await
}

/// A published post, with alice still logged in; its address.
async fn alice_publishes(
    site: &Site,
    browser: &Browser,
    title: &str,
) -> Result<String, Box<dyn std::error::Error>> {
    browser.open(site, "/login?next=/new").await?;
    browser.log_in("alice").await?;
    browser.type_into("title", title).await?;
    browser.type_into("text", "The first text.").await?;
    browser.publish().await?;
    browser.place().await
}
