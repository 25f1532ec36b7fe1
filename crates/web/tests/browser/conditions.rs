//! What readers ask of a page beside its colours: on paper, with more contrast, and with nothing that moves.

use std::path::Path;

use serde_json::{Value, json};

use crate::Journey;
use crate::browser::{Browser, Script};
use crate::site::Site;

const TEXT: &str =
    "A [link](https://example.org/far) and a picture.\n\n```\nlet line = \"of code\";\n```\n";

#[tokio::test]
#[ignore = "needs Chromium: run by `cargo xtask test`"]
async fn a_post_is_fit_for_paper_for_weak_eyes_and_for_who_wants_nothing_to_move() -> Journey {
    let site = Site::start().await?;
    let browser = Browser::start(Script::On).await?;
    let files = tempfile::tempdir()?;
    let cat = files.path().join("cat.gif");
    write_animation(&cat)?;
    browser.open(&site, "/login?next=/new").await?;
    browser.log_in("alice").await?;
    browser.type_into("title", "The cat").await?;
    browser.type_into("text", TEXT).await?;
    browser.choose_file("image", &cat).await?;
    browser.publish().await?;

    media(&browser, "print", &[("prefers-color-scheme", "dark")]).await?;
    browser.open(&site, "/the-cat").await?;
    for hidden in [".masthead nav", ".colophon", ".post-foot > a"] {
        let display = style(&browser, hidden, "", "display").await?;
        assert_eq!(display, "none", "{hidden} is of no use on paper");
    }
    let paper = style(&browser, "body", "", "backgroundColor").await?;
    assert_eq!(paper, "rgb(255, 255, 255)", "ink is dear");
    let after = style(&browser, ".prose a", "::after", "content").await?;
    assert!(after.contains("https://example.org/far"), "{after}");
    let code = style(&browser, "pre", "", "whiteSpace").await?;
    assert!(
        code.starts_with("pre-wrap"),
        "nothing scrolls there: {code}"
    );

    for scheme in ["light", "dark"] {
        let features = [
            ("prefers-color-scheme", scheme),
            ("prefers-contrast", "more"),
        ];
        media(&browser, "", &features[..1]).await?;
        browser.open(&site, "/the-cat").await?;
        let plain = ratio(&browser, ".meta").await?;
        media(&browser, "", &features).await?;
        browser.open(&site, "/the-cat").await?;
        let more = ratio(&browser, ".meta").await?;
        assert!(more >= 7.0 && more > plain, "{scheme}: {plain} and {more}");
        let text = ratio(&browser, ".prose p").await?;
        assert!(text >= 15.0, "{scheme}: {text}");
    }

    for (wish, may_move) in [("no-preference", true), ("reduce", false)] {
        media(&browser, "", &[("prefers-reduced-motion", wish)]).await?;
        browser.open(&site, "/the-cat").await?;
        let shown = browser
            .ask_later(
                "(async () => {
                    const image = document.querySelector('main img');
                    await image.decode();
                    return image.currentSrc;
                })()",
            )
            .await?;
        let shown = shown.as_str().ok_or("no picture")?;
        let still = [".png", ".webp"].iter().any(|it| shown.ends_with(it));
        assert_eq!(shown.ends_with(".gif"), may_move, "{wish}: {shown}");
        assert_eq!(still, !may_move, "{wish}: {shown}");
        let moves = browser
            .ask(
                "return [...document.querySelectorAll('*')].filter(it => {
                     const { transitionDuration, animationName } = getComputedStyle(it);
                     return transitionDuration !== '0s' || animationName !== 'none';
                 }).length + document.getAnimations().length",
            )
            .await?;
        assert_eq!(moves, 0, "nothing moves without being asked");
    }
    browser.close().await
}

async fn media(browser: &Browser, media: &str, features: &[(&str, &str)]) -> Journey {
    let feature = |(name, value): &(&str, &str)| json!({ "name": name, "value": value });
    let features: Vec<Value> = features.iter().map(feature).collect();
    let wanted = json!({ "media": media, "features": features });
    browser
        .chromium("Emulation.setEmulatedMedia", wanted)
        .await?;
    Ok(())
}

async fn style(
    browser: &Browser,
    of: &str,
    part: &str,
    property: &str,
) -> Result<String, Box<dyn std::error::Error>> {
    let script = format!(
        "return getComputedStyle(document.querySelector('{of}'), '{part}' || null).{property}"
    );
    let value = browser.ask(&script).await?;
    Ok(value
        .as_str()
        .ok_or(format!("no {property} of {of}"))?
        .to_owned())
}

/// WCAG's contrast of some words on the page.
async fn ratio(browser: &Browser, of: &str) -> Result<f64, Box<dyn std::error::Error>> {
    let script = format!(
        "const context = new OffscreenCanvas(1, 1).getContext('2d');
         const light = (colour) => {{
             context.fillStyle = colour;
             context.fillRect(0, 0, 1, 1);
             const linear = (it) => it <= .04045 ? it / 12.92 : ((it + .055) / 1.055) ** 2.4;
             const [r, g, b] = [...context.getImageData(0, 0, 1, 1).data].map((it) => linear(it / 255));
             return .2126 * r + .7152 * g + .0722 * b + .05;
         }};
         const words = light(getComputedStyle(document.querySelector('{of}')).color);
         const paper = light(getComputedStyle(document.body).backgroundColor);
         return Math.max(words, paper) / Math.min(words, paper)"
    );
    browser
        .ask(&script)
        .await?
        .as_f64()
        .ok_or_else(|| "no number".into())
}

/// Two frames, each of one colour.
fn write_animation(path: &Path) -> Journey {
    let mut file = Vec::new();
    let mut encoder = gif::Encoder::new(&mut file, 40, 30, &[200, 40, 40, 40, 40, 200])?;
    for colour in 0..2 {
        let pixels = vec![colour; 40 * 30];
        encoder.write_frame(&gif::Frame::from_indexed_pixels(40, 30, pixels, None))?;
    }
    drop(encoder);
    Ok(std::fs::write(path, file)?)
}
