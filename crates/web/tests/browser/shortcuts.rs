//! Ctrl+S and Ctrl+Enter on every kind of page that the editor is: neither takes a post further, or back, than its buttons say.

use std::time::Duration;

use fantoccini::Locator;
use fantoccini::key::Key;
use tokio::time::{Instant, sleep};

use crate::Journey;
use crate::browser::{Browser, Script};
use crate::site::Site;

const KEPT: &str = "//*[@role='status'][contains(., 'Kept at')]";

/// Nobody can be looked up, and a moment later everybody.
const BREAK: &str = "alter table users rename to away";
const MEND: &str = "alter table away rename to users";

#[tokio::test]
#[ignore = "needs Chromium: run by `cargo xtask test`"]
async fn on_the_page_of_a_failure_a_shortcut_does_what_its_button_says_and_publishes_nothing()
-> Journey {
    let site = Site::start().await?;
    let browser = Browser::start(Script::On).await?;
    browser.open(&site, "/login?next=/new").await?;
    browser.log_in("carol").await?;
    browser.type_into("title", "Not yet").await?;
    browser.type_into("text", "Words for nobody.").await?;
    fail(&site, &browser, "//button[@value='preview']").await?;

    press(&browser, 's').await?;
    browser.wait_for(KEPT).await?;
    assert_eq!(status_of(&site, "/not-yet").await?, 404, "nothing is sent");
    let button = browser.wait_for("//button[. = 'Try again']").await?;
    press(&browser, char::from(Key::Enter)).await?;
    browser.until_gone(&button).await?;
    assert_eq!(browser.text("main .prose").await?, "Words for nobody.");
    assert_eq!(status_of(&site, "/not-yet").await?, 404);

    // The same with the fields of a login on the page of the failure.
    site.log_out("carol")?;
    let text = browser.wait_for("//textarea[@name='text']").await?;
    browser.press("//button[@value='preview']").await?;
    browser.until_gone(&text).await?;
    browser.type_into("login", "carol").await?;
    browser.type_into("password", crate::site::PASSWORD).await?;
    fail(&site, &browser, "//button[contains(., 'Log in and')]").await?;
    browser.type_into("password", crate::site::PASSWORD).await?;
    let button = browser
        .wait_for("//button[. = 'Log in and show the preview']")
        .await?;
    press(&browser, char::from(Key::Enter)).await?;
    browser.until_gone(&button).await?;
    assert_eq!(browser.text("main .prose").await?, "Words for nobody.");
    assert_eq!(status_of(&site, "/not-yet").await?, 404);
    browser.close().await
}

#[tokio::test]
#[ignore = "needs Chromium: run by `cargo xtask test`"]
async fn ctrl_s_leaves_what_is_scheduled_handed_in_or_public_where_it_is() -> Journey {
    let site = Site::start().await?;
    site.add("connie", "contributor")?;
    let browser = Browser::start(Script::On).await?;
    for (who, title, button, stage) in [
        ("carol", "Out at noon", "schedule", "Scheduled"),
        ("connie", "Have a look", "review", "In review"),
        ("carol", "Read by all", "publish", "Published"),
    ] {
        browser.open(&site, "/login?next=/new").await?;
        browser.log_in(who).await?;
        browser.type_into("title", title).await?;
        browser.type_into("text", "As it was.").await?;
        if button == "schedule" {
            browser
                .ask("document.querySelector('[name=publish_at]').value = '2031-05-06T12:00'")
                .await?;
        }
        let text = browser.wait_for("//textarea[@name='text']").await?;
        browser
            .ask(&format!(
                "document.querySelector('[value={button}]').click()"
            ))
            .await?;
        browser.until_gone(&text).await?;

        let edit = format!("/{}/edit", title.to_lowercase().replace(' ', "-"));
        browser.open(&site, &edit).await?;
        browser.type_into("text", "Changed since.").await?;
        press(&browser, 's').await?;
        browser.wait_for(KEPT).await?;
        assert_eq!(browser.value_of("text").await?, "Changed since.");
        browser.open(&site, &edit).await?;
        let bar = browser.text(".bar span").await?;
        assert_eq!(bar, stage, "{title}");
        assert_eq!(browser.value_of("text").await?, "As it was.");
        browser.log_out().await?;
    }

    // A draft that is one is saved as one.
    browser.open(&site, "/login?next=/new").await?;
    browser.log_in("carol").await?;
    for words in ["Begun", "Begun, and gone on"] {
        browser.type_into("title", "A draft").await?;
        browser.type_into("text", words).await?;
        let text = browser.wait_for("//textarea[@name='text']").await?;
        press(&browser, 's').await?;
        browser.until_gone(&text).await?;
        assert_eq!(browser.place().await?, "/a-draft/edit");
        assert_eq!(browser.value_of("text").await?, words);
    }
    browser.close().await
}

/// Presses a button while the site cannot answer, until it says so.
async fn fail(site: &Site, browser: &Browser, button: &str) -> Journey {
    site.meddle(BREAK).await?;
    let started = Instant::now();
    // Who is logged in may be remembered for a moment.
    while browser.status().await? != 503 {
        assert!(started.elapsed() < Duration::from_secs(20), "it fails");
        let text = browser.wait_for("//textarea[@name='text']").await?;
        browser.press(button).await?;
        browser.until_gone(&text).await?;
        sleep(Duration::from_millis(20)).await;
    }
    site.meddle(MEND).await
}

async fn press(browser: &Browser, key: char) -> Journey {
    let text = browser
        .client
        .find(Locator::Css("textarea[name=text]"))
        .await?;
    let keys = format!("{}{key}{}", char::from(Key::Control), char::from(Key::Null));
    Ok(text.send_keys(&keys).await?)
}

/// What a stranger is answered.
async fn status_of(site: &Site, path: &str) -> Result<u16, Box<dyn std::error::Error>> {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let address = site.at("");
    let address = address.trim_start_matches("http://");
    let mut stream = tokio::net::TcpStream::connect(address).await?;
    let asked = format!("GET {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n");
    stream.write_all(asked.as_bytes()).await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    Ok(answer.get(9..12).unwrap_or_default().parse()?)
}
