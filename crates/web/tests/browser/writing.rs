//! The main journey: log in, write a post with a photograph, see it, let a colleague edit it, log out, be asked to log in.

use crate::Journey;
use crate::browser::{Browser, Script};
use crate::photograph;
use crate::site::Site;

#[tokio::test]
#[ignore = "needs Chromium: run by `cargo xtask test`"]
async fn a_post_with_a_photograph_is_written_by_alice_and_edited_by_bob() -> Journey {
    let site = Site::start().await?;
    let browser = Browser::start(Script::On).await?;
    let files = tempfile::tempdir()?;
    let photograph = files.path().join("IMG_0001.jpg");
    std::fs::write(&photograph, photograph::taken_upright())?;

    browser.open(&site, "/login").await?;
    browser.log_in("alice").await?;
    browser.open(&site, "/new").await?;
    browser.type_into("title", "The lighthouse at noon").await?;
    browser
        .type_into("text", "We climbed **all** the stairs.")
        .await?;
    browser.choose_file("image", &photograph).await?;
    browser.publish().await?;

    let post = browser.place().await?;
    assert_eq!(post, "/the-lighthouse-at-noon");
    assert_eq!(browser.text("main h1").await?, "The lighthouse at noon");
    assert_eq!(browser.text("main strong").await?, "all");
    is_upright_and_unsquashed(&browser).await?;
    carries_no_metadata(&browser).await?;

    browser.open(&site, "/").await?;
    let listed = "//main//a[contains(., 'The lighthouse at noon')]";
    browser.press(listed).await?;
    assert_eq!(browser.place().await?, post, "the index leads to the post");

    browser.log_out().await?;
    browser.open(&site, "/login").await?;
    browser.log_in("bob").await?;
    browser.open(&site, &format!("{post}/edit")).await?;
    let people = browser.text("main").await?;
    assert!(
        people.contains("alice"),
        "the edit page names the owner: {people}"
    );
    browser
        .type_into("text", "We climbed all the stairs, and *down* again.")
        .await?;
    browser.publish().await?;

    assert_eq!(browser.place().await?, post);
    assert_eq!(browser.text("main em").await?, "down");
    let people = browser.text("main").await?;
    assert!(
        people.contains("alice") && people.contains("bob"),
        "owner and last editor: {people}"
    );
    is_upright_and_unsquashed(&browser).await?;
    browser.close().await
}

#[tokio::test]
#[ignore = "needs Chromium: run by `cargo xtask test`"]
async fn who_is_asked_to_log_in_lands_on_the_page_asked_for() -> Journey {
    let site = Site::start().await?;
    let browser = Browser::start(Script::On).await?;

    browser.open(&site, "/login").await?;
    browser.log_in("carol").await?;
    assert_eq!(
        browser.place().await?,
        "/",
        "without a wish, the login ends at the index"
    );
    browser.log_out().await?;

    browser.open(&site, "/new").await?;
    let asked = browser.client.current_url().await?;
    assert_eq!(asked.path(), "/login");
    assert_eq!(
        asked.query_pairs().next(),
        Some(("next".into(), "/new".into()))
    );
    browser.log_in("carol").await?;
    assert_eq!(browser.place().await?, "/new");

    browser.log_out().await?;
    browser.client.back().await?;
    browser.client.refresh().await?;
    assert!(
        browser.place().await?.starts_with("/login"),
        "the back button brings no login back"
    );
    browser.close().await
}

/// The picture keeps the shape it was seen in, and each quarter of it the colour.
async fn is_upright_and_unsquashed(browser: &Browser) -> Journey {
    let seen = browser
        .ask_later(
            "(async () => {
                const image = document.querySelector('main img[src^=\"/images/\"]');
                image.loading = 'eager';
                await image.decode();
                const box = image.getBoundingClientRect();
                const canvas = new OffscreenCanvas(4, 4).getContext('2d');
                canvas.imageSmoothingQuality = 'high';
                canvas.drawImage(image, 0, 0, 4, 4);
                const colour = (x, y) => Array.from(canvas.getImageData(x, y, 1, 1).data.slice(0, 3));
                const natural = image.naturalWidth / image.naturalHeight;
                // A picture higher than the window is fitted into its box, which is as wide as the column.
                const fitted = getComputedStyle(image).objectFit === 'contain';
                return {
                    natural,
                    shown: fitted ? natural : box.width / box.height,
                    reserved: image.getAttribute('width') / image.getAttribute('height'),
                    quarters: [colour(0, 0), colour(3, 0), colour(0, 3), colour(3, 3)],
                };
            })()",
        )
        .await?;
    let meant = f64::from(photograph::WIDTH) / f64::from(photograph::HEIGHT);
    for shape in ["natural", "shown", "reserved"] {
        let ratio = seen[shape].as_f64().ok_or("a number")?;
        assert!(
            (ratio - meant).abs() < 0.01,
            "{shape}: {ratio}, meant: {meant}"
        );
    }
    for (quarter, meant) in photograph::QUARTERS.iter().enumerate() {
        for (channel, meant) in meant.iter().enumerate() {
            let colour = seen["quarters"][quarter][channel]
                .as_f64()
                .ok_or("a number")?;
            let off = colour - (f64::from(*meant) + 15.0);
            assert!(
                off.abs() < 25.0,
                "quarter {quarter} is not where it was seen: {seen}"
            );
        }
    }
    Ok(())
}

/// What the camera noted about place and time does not reach a reader.
async fn carries_no_metadata(browser: &Browser) -> Journey {
    let metadata = browser
        .ask_later(
            "(async () => {
                const image = document.querySelector('main img[src^=\"/images/\"]');
                const bytes = await (await fetch(image.currentSrc)).arrayBuffer();
                const text = new TextDecoder('latin1').decode(bytes);
                return { length: text.length, exif: text.includes('Exif') };
            })()",
        )
        .await?;
    assert!(
        metadata["length"].as_u64() > Some(1000),
        "a picture was fetched: {metadata}"
    );
    assert_eq!(metadata["exif"], false);
    Ok(())
}
