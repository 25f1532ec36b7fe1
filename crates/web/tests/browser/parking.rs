//! What a writer has typed and chosen outlives the login, the tab and the mistake; with the small script also the moment.

use fantoccini::Locator;
use fantoccini::key::Key;

use crate::Journey;
use crate::browser::{Browser, Script};
use crate::photograph;
use crate::site::Site;

const NOTICE: &str = "//aside[contains(., 'was not saved')]";

#[tokio::test]
#[ignore = "needs Chromium: run by `cargo xtask test`"]
async fn a_login_that_ends_in_mid_edit_costs_neither_text_nor_picture() -> Journey {
    login_ends_in_mid_edit(Script::On).await
}

#[tokio::test]
#[ignore = "needs Chromium: run by `cargo xtask test`"]
async fn without_javascript_a_login_that_ends_in_mid_edit_costs_neither_text_nor_picture() -> Journey
{
    login_ends_in_mid_edit(Script::Off).await
}

async fn login_ends_in_mid_edit(script: Script) -> Journey {
    let site = Site::start().await?;
    let browser = Browser::start(script).await?;
    let files = tempfile::tempdir()?;
    let photograph = files.path().join("hello.jpg");
    std::fs::write(&photograph, photograph::taken_upright())?;

    browser.open(&site, "/login").await?;
    browser.log_in("carol").await?;
    browser.open(&site, "/new").await?;
    browser.type_into("title", "A long afternoon").await?;
    browser.type_into("text", "Three hours of words.").await?;
    browser.choose_file("image", &photograph).await?;
    site.log_out("carol")?;
    browser.publish().await?;
    let page = browser.text("main").await?;
    assert!(page.contains("You are not logged in"), "{page}");
    assert!(page.contains("waits for you for a week"), "{page}");
    assert_eq!(browser.value_of("text").await?, "Three hours of words.");

    // She leaves; somebody else sits down, and sees nothing of it.
    browser.open(&site, "/login").await?;
    browser.log_in("bob").await?;
    let seen = browser.client.find_all(Locator::XPath(NOTICE)).await?;
    assert!(seen.is_empty(), "it is not bob's");
    browser.log_out().await?;

    browser.open(&site, "/login").await?;
    browser.log_in("carol").await?;
    let notice = browser.wait_for(NOTICE).await?.text().await?;
    assert!(notice.contains("A long afternoon"), "{notice}");
    browser
        .press(&format!("{NOTICE}//a[. = 'Restore']"))
        .await?;
    assert_eq!(browser.value_of("title").await?, "A long afternoon");
    assert_eq!(browser.value_of("text").await?, "Three hours of words.");
    let page = browser.text("main").await?;
    assert!(page.contains("hello.jpg is here"), "{page}");
    browser.publish().await?;
    assert_eq!(browser.place().await?, "/a-long-afternoon");
    browser
        .wait_for("//main//img[starts-with(@src, '/images/')]")
        .await?;
    browser.open(&site, "/").await?;
    let seen = browser.client.find_all(Locator::XPath(NOTICE)).await?;
    assert!(seen.is_empty(), "it is saved");
    browser.close().await
}

#[tokio::test]
#[ignore = "needs Chromium: run by `cargo xtask test`"]
async fn a_post_with_two_pictures_is_previewed_and_published() -> Journey {
    two_pictures(Script::On).await
}

#[tokio::test]
#[ignore = "needs Chromium: run by `cargo xtask test`"]
async fn without_javascript_a_post_with_two_pictures_is_previewed_and_published() -> Journey {
    two_pictures(Script::Off).await
}

async fn two_pictures(script: Script) -> Journey {
    let site = Site::start().await?;
    let browser = Browser::start(script).await?;
    let files = tempfile::tempdir()?;
    let paths = ["one.jpg", "two.jpg"].map(|name| files.path().join(name));
    let mut second = photograph::taken_upright();
    // The same pixels in other bytes.
    second.splice(2..2, [0xFF, 0xFE, 0, 3, b'2']);
    std::fs::write(&paths[0], photograph::taken_upright())?;
    std::fs::write(&paths[1], second)?;

    browser.open(&site, "/login").await?;
    browser.log_in("carol").await?;
    browser.open(&site, "/new").await?;
    browser.type_into("title", "Two pictures").await?;
    browser.type_into("text", "Look.").await?;
    for (id, path) in ["image", "image-2"].iter().zip(&paths) {
        let field = browser.wait_for(&format!("//*[@id='{id}']")).await?;
        field
            .send_keys(path.to_str().ok_or("a path that is text")?)
            .await?;
    }
    browser.press("//button[@value='preview']").await?;
    let list = browser.wait_for("//*[@id='wordless']").await?;
    let asked = list.text().await?;
    assert!(
        asked.contains("one.jpg") && asked.contains("two.jpg"),
        "{asked}"
    );
    for (number, words) in [(1, "The first"), (2, "The second")] {
        let field = browser
            .wait_for(&format!("(//input[@name='picture_alt'])[{number}]"))
            .await?;
        field.send_keys(words).await?;
    }
    let line = browser
        .wait_for("(//ul[@class='pictures']//code)[2]")
        .await?
        .text()
        .await?;
    browser
        .type_into("text", &format!("Look.\n\n{line}\n\nThere."))
        .await?;
    browser.publish().await?;
    assert_eq!(browser.place().await?, "/two-pictures");
    for words in ["The first", "The second"] {
        browser
            .wait_for(&format!("//main//img[@alt='{words}']"))
            .await?;
    }
    browser.close().await
}

#[tokio::test]
#[ignore = "needs Chromium: run by `cargo xtask test`"]
async fn what_is_being_typed_is_kept_and_a_draft_is_a_shortcut_away() -> Journey {
    let site = Site::start().await?;
    let browser = Browser::start(Script::On).await?;
    browser.open(&site, "/login").await?;
    browser.log_in("carol").await?;
    browser.open(&site, "/new").await?;
    assert!(!leaving_is_guarded(&browser).await?, "nothing is typed");
    browser.type_into("title", "Half a thought").await?;
    browser.type_into("text", "And the oth").await?;
    assert!(leaving_is_guarded(&browser).await?);
    let kept = browser
        .wait_for("//*[@role='status'][contains(., 'Kept at')]")
        .await?;
    assert!(
        !leaving_is_guarded(&browser).await?,
        "{}",
        kept.text().await?
    );

    browser.open(&site, "/").await?;
    let page = browser.text("body").await?;
    assert!(
        !page.contains("Half a thought"),
        "readers see nothing, and nothing went wrong: {page}"
    );
    browser.open(&site, "/new").await?;
    browser
        .press(&format!("{NOTICE}//a[. = 'Restore']"))
        .await?;
    assert_eq!(browser.value_of("text").await?, "And the oth");

    let text = browser.wait_for("//textarea[@name='text']").await?;
    text.send_keys("er half.").await?;
    text.send_keys(&format!("{}s", char::from(Key::Control)))
        .await?;
    browser
        .wait_for("//*[@role='status'][contains(., 'The draft is saved')]")
        .await?;
    assert_eq!(browser.place().await?, "/half-a-thought/edit");
    assert_eq!(browser.value_of("text").await?, "And the other half.");
    let seen = browser.client.find_all(Locator::XPath(NOTICE)).await?;
    assert!(seen.is_empty(), "it is saved");
    browser.close().await
}

#[tokio::test]
#[ignore = "needs Chromium: run by `cargo xtask test`"]
async fn two_tabs_keep_what_is_typed_into_a_public_post_side_by_side_and_readers_see_none_of_it()
-> Journey {
    const KEPT: &str = "//*[@role='status'][contains(., 'Kept at')]";
    let site = Site::start().await?;
    let (writer, reader) = (
        Browser::start(Script::On).await?,
        Browser::start(Script::On).await?,
    );
    writer.open(&site, "/login").await?;
    writer.log_in("alice").await?;
    writer.open(&site, "/new").await?;
    writer.type_into("title", "Low tide").await?;
    writer.type_into("text", "What readers have.").await?;
    writer.publish().await?;

    writer.open(&site, "/low-tide/edit").await?;
    let one = writer.client.window().await?;
    writer.type_into("text", "From the first tab.").await?;
    writer.wait_for(KEPT).await?;
    let other = writer.client.new_window(true).await?.handle;
    writer.client.switch_to_window(other).await?;
    writer.open(&site, "/low-tide/edit").await?;
    let told = writer.text("aside").await?;
    assert!(
        told.contains("“Low tide” was not saved"),
        "the second tab is told of what the first one keeps: {told}"
    );
    writer.type_into("text", "From the second tab.").await?;
    writer.wait_for(KEPT).await?;

    let seen_by_readers = async || {
        reader.open(&site, "/low-tide").await?;
        reader.text("main").await
    };
    let seen = seen_by_readers().await?;
    assert!(
        seen.contains("What readers have.") && !seen.contains("tab."),
        "{seen}"
    );

    // Both tabs are lost, and neither text is.
    writer.open(&site, "/").await?;
    writer.client.switch_to_window(one).await?;
    writer.open(&site, "/parked").await?;
    let mut back = Vec::new();
    for place in 1..=2 {
        writer.open(&site, "/parked").await?;
        writer
            .press(&format!("(//main//a[. = 'Restore'])[{place}]"))
            .await?;
        back.push(writer.value_of("text").await?);
    }
    back.sort();
    assert_eq!(back, ["From the first tab.", "From the second tab."]);

    writer.publish().await?;
    let seen = seen_by_readers().await?;
    assert!(seen.contains(" tab."), "saving is what publishes: {seen}");
    reader.close().await?;
    writer.close().await
}

#[tokio::test]
#[ignore = "needs Chromium: run by `cargo xtask test`"]
async fn what_is_typed_right_after_going_back_from_a_saved_draft_is_kept() -> Journey {
    let site = Site::start().await?;
    let browser = Browser::start(Script::On).await?;
    browser.open(&site, "/login?next=/new").await?;
    browser.log_in("carol").await?;
    browser.type_into("title", "Saved, and then").await?;
    browser.type_into("text", "As saved.").await?;
    let text = browser.wait_for("//textarea[@name='text']").await?;
    text.send_keys(&format!("{}s", char::from(Key::Control)))
        .await?;
    browser
        .wait_for("//*[@role='status'][contains(., 'The draft is saved')]")
        .await?;
    browser.client.back().await?;
    assert_eq!(browser.place().await?, "/new");
    browser.type_into("title", "Saved, and then").await?;
    browser.type_into("text", "Typed after going back.").await?;
    browser
        .wait_for("//*[@role='status'][contains(., 'Kept at')]")
        .await?;
    assert!(!leaving_is_guarded(&browser).await?);

    browser.open(&site, "/drafts").await?;
    browser
        .press(&format!("{NOTICE}//a[. = 'Restore']"))
        .await?;
    assert_eq!(browser.value_of("text").await?, "Typed after going back.");
    browser.close().await
}

#[tokio::test]
#[ignore = "needs Chromium: run by `cargo xtask test`"]
async fn a_button_pressed_while_a_picture_is_on_its_way_waits_for_it() -> Journey {
    let site = Site::start().await?;
    let browser = Browser::start(Script::On).await?;
    browser.open(&site, "/login?next=/new").await?;
    browser.log_in("carol").await?;
    browser.type_into("title", "With its picture").await?;
    browser.type_into("text", "Look.").await?;
    let old = browser.wait_for("//textarea[@name='text']").await?;
    // The button is pressed in the same turn in which the picture is dropped, so that the picture can't be faster.
    browser
        .ask_later(
            "(async () => {
                const canvas = new OffscreenCanvas(1200, 800);
                canvas.getContext('2d').fillRect(0, 0, 600, 400);
                const file = new File([await canvas.convertToBlob()], 'late.png', { type: 'image/png' });
                const files = new DataTransfer();
                files.items.add(file);
                const drop = new DragEvent('drop', { dataTransfer: files, bubbles: true, cancelable: true });
                document.querySelector('textarea[name=text]').dispatchEvent(drop);
                document.querySelector('.bar button.primary').click();
                return true;
            })()",
        )
        .await?;
    browser.until_gone(&old).await?;
    assert_eq!(browser.place().await?, "/with-its-picture");
    browser
        .wait_for("//main//img[starts-with(@src, '/images/')]")
        .await?;

    // One that does not arrive is told of, and nothing is sent without it.
    browser.open(&site, "/new").await?;
    browser.type_into("title", "Without it").await?;
    give_bytes(
        &browser,
        "broken.png",
        "document.querySelector('.bar button.primary').click()",
    )
    .await?;
    browser
        .wait_for("//*[@role='status'][contains(., 'broken.png: Pictures can be')]")
        .await?;
    assert_eq!(browser.place().await?, "/new");
    browser.close().await
}

/// Whether the browser would ask before it leaves this page.
async fn leaving_is_guarded(browser: &Browser) -> Result<bool, Box<dyn std::error::Error>> {
    let asked = "const leaving = new Event('beforeunload', { cancelable: true });
        dispatchEvent(leaving);
        return leaving.defaultPrevented;";
    browser
        .ask(asked)
        .await?
        .as_bool()
        .ok_or_else(|| "no answer".into())
}

#[tokio::test]
#[ignore = "needs Chromium: run by `cargo xtask test`"]
async fn pasted_and_dropped_pictures_come_where_the_caret_is() -> Journey {
    let site = Site::start().await?;
    let browser = Browser::start(Script::On).await?;
    browser.open(&site, "/login").await?;
    browser.log_in("carol").await?;
    browser.open(&site, "/new").await?;
    browser.type_into("title", "From the clipboard").await?;
    browser.type_into("text", "Before.").await?;
    browser
        .ask(
            "globalThis.progress = [];
             const told = ({ target }) => progress.push(`${target.ariaLabel} ${target.value}`);
             const observer = new MutationObserver((changes) => changes.forEach(told));
             observer.observe(document.querySelector('main'), { subtree: true, attributeFilter: ['value'] });",
        )
        .await?;
    for (kind, carrier, name, colour) in [
        ("ClipboardEvent", "paste", "pasted.png", "teal"),
        ("DragEvent", "drop", "dropped.png", "tomato"),
    ] {
        give(&browser, kind, carrier, name, colour).await?;
        browser
            .wait_for(&format!(
                "//ul[@class='pictures']//p[contains(., '{name} is here')]"
            ))
            .await?;
    }
    let progress = browser.ask("return progress").await?.to_string();
    for arrived in ["pasted.png 1", "dropped.png 1"] {
        assert!(progress.contains(arrived), "{progress}");
    }
    let text = browser.value_of("text").await?;
    assert!(text.starts_with("Before.\n\n![](/images/"), "{text}");
    assert_eq!(text.matches("![](/images/").count(), 2, "{text}");

    // What is no picture is refused in a sentence, and nothing is lost.
    give_bytes(&browser, "broken.png", "").await?;
    browser
        .wait_for("//*[@role='status'][contains(., 'broken.png: Pictures can be')]")
        .await?;

    for (number, words) in [(1, "A teal square"), (2, "A red square")] {
        let field = browser
            .wait_for(&format!("(//input[@name='picture_alt'])[{number}]"))
            .await?;
        field.send_keys(words).await?;
    }
    let text = browser.wait_for("//textarea[@name='text']").await?;
    text.send_keys(&format!(
        "{}{}",
        char::from(Key::Control),
        char::from(Key::Enter)
    ))
    .await?;
    for words in ["A teal square", "A red square"] {
        browser
            .wait_for(&format!("//main//article//img[@alt='{words}']"))
            .await?;
    }
    assert_eq!(browser.place().await?, "/from-the-clipboard");
    browser.close().await
}

/// Pastes or drops a picture of one colour into the text.
async fn give(browser: &Browser, kind: &str, event: &str, name: &str, colour: &str) -> Journey {
    let carried = if event == "paste" {
        "clipboardData"
    } else {
        "dataTransfer"
    };
    let given = browser
        .ask_later(&format!(
            "(async () => {{
                const canvas = new OffscreenCanvas(120, 80);
                const context = canvas.getContext('2d');
                context.fillStyle = '{colour}';
                context.fillRect(0, 0, 120, 80);
                const file = new File([await canvas.convertToBlob()], '{name}', {{ type: 'image/png' }});
                const files = new DataTransfer();
                files.items.add(file);
                const event = new {kind}('{event}', {{ {carried}: files, bubbles: true, cancelable: true }});
                document.querySelector('textarea[name=text]').dispatchEvent(event);
                return event.defaultPrevented;
            }})()"
        ))
        .await?;
    assert_eq!(given, true, "{event} is taken");
    Ok(())
}

/// Pastes bytes that only say they are a picture, and does something before anything can become of them.
async fn give_bytes(browser: &Browser, name: &str, and: &str) -> Journey {
    browser
        .ask(&format!(
            "const files = new DataTransfer();
            files.items.add(new File(['nonsense'], '{name}', {{ type: 'image/png' }}));
            const event = new ClipboardEvent('paste', {{ clipboardData: files, bubbles: true, cancelable: true }});
            document.querySelector('textarea[name=text]').dispatchEvent(event);
            {and}"
        ))
        .await?;
    Ok(())
}
