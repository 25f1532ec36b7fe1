//! Two people at one post: what does not overlap merges, what does is decided by hand, and any version comes back. With a
//! script and without.

use crate::Journey;
use crate::browser::{Browser, Script};
use crate::site::Site;

const FABLE: &str = "The fox jumps over the dog. Nobody saw it.";

#[tokio::test]
#[ignore = "needs Chromium: run by `cargo xtask test`"]
async fn two_people_edit_at_once_and_a_version_is_restored() -> Journey {
    at_once_and_restored(Script::On).await
}

#[tokio::test]
#[ignore = "needs Chromium: run by `cargo xtask test`"]
async fn without_javascript_two_people_edit_at_once_and_a_version_is_restored() -> Journey {
    at_once_and_restored(Script::Off).await
}

async fn at_once_and_restored(script: Script) -> Journey {
    let site = Site::start().await?;
    let alice = Browser::start(script).await?;
    let bob = Browser::start(script).await?;
    alice.open(&site, "/login?next=/new").await?;
    alice.log_in("alice").await?;
    alice.type_into("title", "Fable").await?;
    alice.type_into("text", FABLE).await?;
    alice.publish().await?;
    bob.open(&site, "/login?next=/fable/edit").await?;
    bob.log_in("bob").await?;

    // Different sentences.
    bob.open(&site, "/fable/edit").await?;
    alice.open(&site, "/fable/edit").await?;
    bob.type_into("text", &FABLE.replace("Nobody", "Everybody"))
        .await?;
    bob.publish().await?;
    alice
        .type_into("text", &FABLE.replace("jumps", "leaps"))
        .await?;
    alice.publish().await?;
    assert_eq!(alice.place().await?, "/fable");
    let text = alice.text("main").await?;
    assert!(
        text.contains("leaps")
            && text.contains("Everybody")
            && text.contains("both changes are in"),
        "{text}"
    );
    alice.press("//*[@role='status']//a").await?;
    let shown = alice.text("main").await?;
    assert!(
        shown.contains("Everybody") && shown.contains("Nobody"),
        "what bob changed: {shown}"
    );

    // The same word.
    bob.open(&site, "/fable/edit").await?;
    alice.open(&site, "/fable/edit").await?;
    let both = bob.value_of("text").await?;
    bob.type_into("text", &both.replace("leaps", "flies"))
        .await?;
    bob.publish().await?;
    alice
        .type_into("text", &both.replace("leaps", "hops"))
        .await?;
    alice.publish().await?;
    let merged = alice.value_of("text").await?;
    assert!(
        merged.contains("hops") && merged.contains("flies"),
        "{merged}"
    );
    alice
        .press("//button[@name='take'][@value='theirs']")
        .await?;
    alice
        .wait_for("//textarea[@name='text'][not(contains(., 'hops'))]")
        .await?;
    alice.press("//button[@name='take'][@value='mine']").await?;
    alice
        .wait_for("//textarea[@name='text'][not(contains(., 'flies'))]")
        .await?;
    alice
        .type_into("text", &both.replace("leaps", "hops and flies"))
        .await?;
    alice.publish().await?;
    assert!(alice.text("main").await?.contains("hops and flies"));

    // The first version comes back, as the newest.
    alice.open(&site, "/fable/edit").await?;
    alice.press("//a[.='History']").await?;
    alice.press("//main//a[.='Revision 1']").await?;
    alice
        .press("//main//button[contains(., 'Restore')]")
        .await?;
    alice
        .wait_for("//*[@role='status'][contains(., 'Revision 1 is back')]")
        .await?;
    assert!(alice.text("main").await?.contains(FABLE));
    bob.close().await?;
    alice.close().await
}
