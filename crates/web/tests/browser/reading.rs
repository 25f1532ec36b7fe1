//! Readers find their way: forwards and backwards through the index while somebody publishes, and by the search.

use fantoccini::Locator;

use crate::Journey;
use crate::browser::{Browser, Script};
use crate::site::Site;

#[tokio::test]
#[ignore = "needs Chromium: run by `cargo xtask test`"]
async fn a_reader_pages_back_and_forth_while_posts_are_added() -> Journey {
    pages_back_and_forth(Script::On).await
}

#[tokio::test]
#[ignore = "needs Chromium: run by `cargo xtask test`"]
async fn without_javascript_a_reader_pages_back_and_forth_while_posts_are_added() -> Journey {
    pages_back_and_forth(Script::Off).await
}

async fn pages_back_and_forth(script: Script) -> Journey {
    let site = Site::start().await?;
    let author = Browser::start(Script::On).await?;
    author.open(&site, "/login").await?;
    author.log_in("alice").await?;
    publish(&author, 1..=45).await?;

    let reader = Browser::start(script).await?;
    reader.open(&site, "/").await?;
    let first = titles(&reader).await?;
    assert_eq!(first, numbered((26..=45).rev()));
    publish(&author, 46..=48).await?;
    reader.press("//a[@rel='next']").await?;
    reader.wait_for("//a[@rel='prev']").await?;
    assert_eq!(
        titles(&reader).await?,
        numbered((6..=25).rev()),
        "none is seen twice and none is skipped"
    );
    publish(&author, 49..=49).await?;
    reader.press("//a[@rel='next']").await?;
    reader.wait_for("//main//a[contains(., 'Night 5')]").await?;
    assert_eq!(titles(&reader).await?, numbered((1..=5).rev()));
    reader.press("//a[@rel='prev']").await?;
    reader
        .wait_for("//main//a[contains(., 'Night 25')]")
        .await?;
    assert_eq!(titles(&reader).await?, numbered((6..=25).rev()));
    reader.press("//a[@rel='prev']").await?;
    reader
        .wait_for("//main//a[contains(., 'Night 45')]")
        .await?;
    let back = titles(&reader).await?;
    assert!(
        first.iter().all(|title| back.contains(title)) || back == numbered((26..=45).rev()),
        "the way back leads over the same posts: {back:?}"
    );

    reader.open(&site, "/?before=somebody-made-this-up").await?;
    let answer = reader.text("body").await?;
    assert!(!answer.contains("500"), "{answer}");
    reader.close().await?;
    author.close().await
}

#[tokio::test]
#[ignore = "needs Chromium: run by `cargo xtask test`"]
async fn a_reader_searches_and_finds() -> Journey {
    searches_and_finds(Script::On).await
}

#[tokio::test]
#[ignore = "needs Chromium: run by `cargo xtask test`"]
async fn without_javascript_a_reader_searches_and_finds() -> Journey {
    searches_and_finds(Script::Off).await
}

async fn searches_and_finds(script: Script) -> Journey {
    let site = Site::start().await?;
    let author = Browser::start(Script::On).await?;
    author.open(&site, "/login").await?;
    author.log_in("alice").await?;
    publish(&author, 1..=3).await?;

    let reader = Browser::start(script).await?;
    reader.open(&site, "/search").await?;
    reader.type_into("q", "\"lights of night 2\"").await?;
    reader.press("//main//form//button").await?;
    reader.press("//main//a[contains(., 'Night 2')]").await?;
    assert_eq!(reader.text("main h1").await?, "Night 2");

    reader.open(&site, "/search?q=ligh").await?;
    assert_eq!(
        reader.text("main mark").await?.to_lowercase(),
        "lights",
        "the beginning of a word is enough, and is marked"
    );
    for hostile in ["%22", "a%20AND", "(((", "%3Cscript%3E", "NEAR(", "%00", "*"] {
        reader.open(&site, &format!("/search?q={hostile}")).await?;
        assert_eq!(reader.text("main h1").await?, "Search", "{hostile}");
    }
    reader.close().await?;
    author.close().await
}

/// Publishes posts called by their numbers, the way the editor's form would.
async fn publish(author: &Browser, nights: std::ops::RangeInclusive<u32>) -> Journey {
    for night in nights {
        let sent = format!(
            "(async () => {{
                const form = new FormData();
                form.set('title', 'Night {night}');
                form.set('text', 'The lights of night {night} were seen from the mole.');
                form.set('action', 'publish');
                return (await fetch('/new', {{ method: 'POST', body: form }})).status;
            }})()"
        );
        assert_eq!(author.ask_later(&sent).await?, 200, "night {night}");
    }
    Ok(())
}

async fn titles(reader: &Browser) -> Result<Vec<String>, Box<dyn std::error::Error>> {
    let mut titles = Vec::new();
    for heading in reader.client.find_all(Locator::Css("main h2")).await? {
        titles.push(heading.text().await?);
    }
    Ok(titles)
}

fn numbered(nights: impl Iterator<Item = u32>) -> Vec<String> {
    nights.map(|night| format!("Night {night}")).collect()
}
