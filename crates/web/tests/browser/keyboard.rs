//! The editor and its conflict page with the keyboard alone, and one sees at every step where one is. With a script and
//! without.

use fantoccini::key::Key;

use crate::Journey;
use crate::browser::{Browser, Script};
use crate::site::Site;

#[tokio::test]
#[ignore = "needs Chromium: run by `cargo xtask test`"]
async fn a_post_is_written_and_a_conflict_settled_with_the_keyboard_alone() -> Journey {
    with_the_keyboard_alone(Script::On).await
}

#[tokio::test]
#[ignore = "needs Chromium: run by `cargo xtask test`"]
async fn without_javascript_a_post_is_written_and_a_conflict_settled_with_the_keyboard_alone()
-> Journey {
    with_the_keyboard_alone(Script::Off).await
}

async fn with_the_keyboard_alone(script: Script) -> Journey {
    let site = Site::start().await?;
    let alice = Browser::start(script).await?;
    let bob = Browser::start(script).await?;
    alice.open(&site, "/login?next=/new").await?;
    tab_to(&alice, "[name=login]").await?;
    write(&alice, "alice").await?;
    tab_to(&alice, "[name=password]").await?;
    write(&alice, crate::site::PASSWORD).await?;
    tab_to(&alice, "main button").await?;
    enter(&alice).await?;

    // The title of a new post has the focus already.
    write(&alice, "Fable").await?;
    tab_to(&alice, "[name=text]").await?;
    write(&alice, "The fox jumps.").await?;
    tab_to(&alice, ".bar [value=publish]").await?;
    enter(&alice).await?;
    assert_eq!(alice.place().await?, "/fable");

    alice.open(&site, "/fable/edit").await?;
    bob.open(&site, "/login?next=/fable/edit").await?;
    bob.log_in("bob").await?;
    bob.type_into("text", "The fox flies.").await?;
    bob.publish().await?;
    tab_to(&alice, "[name=text]").await?;
    write(&alice, &format!("{}a", char::from(Key::Control))).await?;
    write(&alice, &char::from(Key::Null).to_string()).await?;
    write(&alice, "The fox hops.").await?;
    tab_to(&alice, ".bar [value=publish]").await?;
    enter(&alice).await?;
    let focused = alice.ask("return document.activeElement.id").await?;
    assert_eq!(focused, "conflict", "what happened has the focus");
    tab_to(&alice, "[name=take][value=mine]").await?;
    enter(&alice).await?;
    assert_eq!(alice.value_of("text").await?.trim(), "The fox hops.");
    tab_to(&alice, ".bar [value=publish]").await?;
    enter(&alice).await?;
    assert_eq!(alice.place().await?, "/fable");
    assert!(alice.text("main").await?.contains("hops"));
    bob.close().await?;
    alice.close().await
}

/// More steps than any page has between two things one wants.
const STEPS: usize = 60;

/// Goes forward to something; whatever has the focus on the way shows it.
async fn tab_to(browser: &Browser, selector: &str) -> Journey {
    let here = format!(
        "const it = document.activeElement, style = getComputedStyle(it);
         if (it === document.body) return 'nowhere';
         const writes = it.matches('.title, .text') && style.borderInlineStartColor !== 'rgba(0, 0, 0, 0)';
         const shown = writes || style.outlineStyle !== 'none' || style.boxShadow !== 'none';
         return !shown ? 'unseen: ' + it.outerHTML : it.matches('{selector}') ? 'there' : 'elsewhere';"
    );
    for _ in 0..STEPS {
        write(browser, &char::from(Key::Tab).to_string()).await?;
        let place = browser.ask(&here).await?;
        match place.as_str() {
            Some("there") => return Ok(()),
            Some(unseen) if unseen.starts_with("unseen") => return Err(unseen.into()),
            _ => {}
        }
    }
    Err(format!("no way to {selector} with the keyboard").into())
}

async fn write(browser: &Browser, keys: &str) -> Journey {
    Ok(browser
        .client
        .active_element()
        .await?
        .send_keys(keys)
        .await?)
}

/// Presses what has the focus, and waits for the page that follows.
async fn enter(browser: &Browser) -> Journey {
    let pressed = browser.client.active_element().await?;
    pressed
        .send_keys(&char::from(Key::Enter).to_string())
        .await?;
    browser.until_gone(&pressed).await
}
