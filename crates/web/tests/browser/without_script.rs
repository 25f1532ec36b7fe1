//! Everything works without JavaScript: a form is a form.

use crate::Journey;
use crate::browser::{Browser, Script};
use crate::site::Site;

#[tokio::test]
#[ignore = "needs Chromium: run by `cargo xtask test`"]
async fn without_javascript_a_post_is_written_edited_and_deleted() -> Journey {
    let site = Site::start().await?;
    let browser = Browser::start(Script::Off).await?;
    assert_that_scripts_are_off(&browser).await?;

    browser.open(&site, "/new").await?;
    browser.log_in("carol").await?;
    browser.type_into("title", "Plain paper").await?;
    browser.type_into("text", "Written by hand.").await?;
    browser.publish().await?;
    assert_eq!(browser.place().await?, "/plain-paper");

    browser
        .press("//main//a[@href='/plain-paper/edit']")
        .await?;
    browser.type_into("text", "Written by hand, twice.").await?;
    browser.publish().await?;
    assert!(browser.text("main").await?.contains("twice"));

    let delete = "//form[@action='/plain-paper/delete']//button";
    browser.open(&site, "/plain-paper/delete").await?;
    browser.press(delete).await?;
    browser
        .press("//*[@role='status']//button[.='Undo']")
        .await?;
    browser.open(&site, "/plain-paper").await?;
    assert!(browser.text("main").await?.contains("twice"), "undone");

    browser.open(&site, "/plain-paper/delete").await?;
    browser.press(delete).await?;
    browser.wait_for("//*[@role='status']").await?;
    browser.open(&site, "/plain-paper").await?;
    let gone = browser.text("body").await?;
    assert!(
        gone.contains("410") && !gone.contains("twice"),
        "it is in the trash: {gone}"
    );

    browser.open(&site, "/").await?;
    browser.log_out().await?;
    browser.close().await
}

/// The control: a script of a page's own does not run.
async fn assert_that_scripts_are_off(browser: &Browser) -> Journey {
    let page = "data:text/html,<title>off</title><script>document.title = 'on'</script>";
    browser.client.goto(page).await?;
    assert_eq!(browser.client.title().await?, "off");
    Ok(())
}
