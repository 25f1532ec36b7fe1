//! From a first draft to readers: preview, draft, a time to come, now, and back out of the trash. With a script and without.

use fantoccini::Locator;

use crate::Journey;
use crate::browser::{Browser, Script};
use crate::site::Site;

#[tokio::test]
#[ignore = "needs Chromium: run by `cargo xtask test`"]
async fn a_post_is_previewed_kept_scheduled_published_and_brought_back() -> Journey {
    from_draft_to_readers(Script::On).await
}

#[tokio::test]
#[ignore = "needs Chromium: run by `cargo xtask test`"]
async fn without_javascript_a_post_is_previewed_kept_scheduled_published_and_brought_back()
-> Journey {
    from_draft_to_readers(Script::Off).await
}

async fn from_draft_to_readers(script: Script) -> Journey {
    let site = Site::start().await?;
    let author = Browser::start(script).await?;
    let reader = Browser::start(script).await?;
    author.open(&site, "/login?next=/new").await?;
    author.log_in("carol").await?;
    author.type_into("title", "High water").await?;
    author.type_into("text", "It comes at *six*.").await?;
    press(&author, "preview").await?;
    assert_eq!(author.text("main .prose em").await?, "six");
    assert_eq!(author.value_of("text").await?, "It comes at *six*.");

    press(&author, "draft").await?;
    assert_eq!(author.place().await?, "/high-water/edit");
    is_hidden_from(&reader, &site).await?;
    author.open(&site, "/drafts").await?;
    author.press("//main//a[contains(., 'High water')]").await?;

    author.open(&site, "/high-water/edit").await?;
    choose(&author, "publish_at", "2001-01-01T09:30").await?;
    press(&author, "schedule").await?;
    assert!(
        author.text("main [role=alert], main .errors").await?.len() > 10,
        "a time gone by is refused with a sentence"
    );
    assert_eq!(author.value_of("publish_at").await?, "2001-01-01T09:30");
    choose(&author, "publish_at", "2031-05-06T09:30").await?;
    press(&author, "schedule").await?;
    assert_eq!(author.place().await?, "/high-water/edit");
    assert_eq!(author.value_of("publish_at").await?, "2031-05-06T09:30");
    is_hidden_from(&reader, &site).await?;

    press(&author, "publish").await?;
    assert_eq!(author.place().await?, "/high-water");
    reader.open(&site, "/").await?;
    reader.press("//main//a[contains(., 'High water')]").await?;
    assert_eq!(reader.text("main .prose em").await?, "six");

    author.open(&site, "/high-water/delete").await?;
    author
        .press("//form[@action='/high-water/delete']//button")
        .await?;
    author.wait_for("//*[@role='status']").await?;
    reader.open(&site, "/high-water").await?;
    assert!(reader.text("body").await?.contains("410"));
    author
        .press("//*[@role='status']//button[.='Undo']")
        .await?;
    author.wait_for("//main").await?;
    reader.open(&site, "/high-water").await?;
    assert_eq!(reader.text("main h1").await?, "High water");
    reader.close().await?;
    author.close().await
}

#[tokio::test]
#[ignore = "needs Chromium: run by `cargo xtask test`"]
async fn a_post_that_was_renamed_and_renamed_back_is_found_by_who_followed_both_ways() -> Journey {
    let site = Site::start().await?;
    let author = Browser::start(Script::On).await?;
    let reader = Browser::start(Script::On).await?;
    author.open(&site, "/login?next=/new").await?;
    author.log_in("carol").await?;
    author.type_into("title", "Ebb").await?;
    author.type_into("text", "It goes.").await?;
    author.publish().await?;
    for (from, to) in [("ebb", "flow"), ("flow", "ebb"), ("ebb", "flow")] {
        author.open(&site, &format!("/{from}/edit")).await?;
        choose(&author, "slug", to).await?;
        author.publish().await?;
        reader.open(&site, &format!("/{from}")).await?;
        assert_eq!(reader.place().await?, format!("/{to}"));
        assert_eq!(reader.text("main h1").await?, "Ebb");
    }
    reader.close().await?;
    author.close().await
}

/// No stranger finds a post that is not out yet, in no way.
async fn is_hidden_from(reader: &Browser, site: &Site) -> Journey {
    for page in ["/", "/high-water", "/archive", "/search?q=water"] {
        reader.open(site, page).await?;
        let text = reader.text("body").await?;
        assert!(!text.contains("It comes"), "{page}: {text}");
        assert!(!text.contains("High water"), "{page}: {text}");
    }
    Ok(())
}

/// Presses a button of the editor, which may be below the fold or folded away.
async fn press(browser: &Browser, action: &str) -> Journey {
    let old = browser.wait_for("//main//*[@name='text']").await?;
    let button = browser
        .client
        .find(Locator::Css(&format!(
            "main form button[name=action][value={action}]"
        )))
        .await?;
    let click = serde_json::to_value(&button)?;
    browser
        .client
        .execute("arguments[0].click()", vec![click])
        .await?;
    browser.until_gone(&old).await
}

/// A date is typed differently in every language of the browser, so it is put there.
async fn choose(browser: &Browser, field: &str, value: &str) -> Journey {
    let script = format!("document.querySelector('[name={field}]').value = '{value}'");
    browser.ask(&script).await.map(drop)
}
