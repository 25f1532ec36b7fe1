//! Every page at three widths and in both schemes: none scrolls sideways, dark is dark and light is light. The pictures
//! lie in `target/tmp/browser/` for people to judge.

use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use crate::Journey;
use crate::browser::{Browser, Script};
use crate::photograph;
use crate::site::Site;

const WIDTHS: [u32; 3] = [320, 768, 1440];
const LONG_TEXT: &str = "## A table, and code\n\n| Harbour | Tide | Remark about the place |\n|---|--:|---|\n\
    | North | 2.4 m | open to the weather |\n| South | 1.1 m | quiet |\n\n```rust\nfn main() { println!(\"a line of \
    code that is wider than a telephone held upright, and then some\"); }\n```\n\n\
    Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft.\n";

#[tokio::test]
#[ignore = "needs Chromium: run by `cargo xtask test`"]
async fn no_page_scrolls_sideways_and_dark_is_dark() -> Journey {
    let site = Site::start().await?;
    let browser = Browser::start(Script::On).await?;
    let files = tempfile::tempdir()?;
    let photograph = files.path().join("IMG_0002.jpg");
    std::fs::write(&photograph, photograph::taken_upright())?;
    let album = Album::open()?;

    album.add(&browser, &site, "index-empty", "/").await?;
    album.add(&browser, &site, "login", "/login").await?;
    browser.open(&site, "/login?next=/new").await?;
    browser.log_in("alice").await?;
    browser.type_into("title", "Harbours of the north").await?;
    browser.type_into("text", LONG_TEXT).await?;
    browser.choose_file("image", &photograph).await?;
    browser.publish().await?;
    browser.open(&site, "/harbours-of-the-north/edit").await?;
    let other = LONG_TEXT
        .replace("quiet", "calm")
        .replace("wider", "longer");
    browser.type_into("text", &other).await?;
    browser.publish().await?;
    for (name, path) in [
        ("index", "/"),
        ("post", "/harbours-of-the-north"),
        ("new", "/new"),
        ("edit", "/harbours-of-the-north/edit"),
        ("history", "/harbours-of-the-north/history"),
        ("revision", "/harbours-of-the-north/history/2"),
        ("delete", "/harbours-of-the-north/delete"),
        ("logout", "/logout"),
        ("missing", "/no-such-post"),
    ] {
        album.add(&browser, &site, name, path).await?;
    }
    browser.close().await
}

struct Album(PathBuf);

impl Album {
    fn open() -> std::io::Result<Self> {
        let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join("browser");
        std::fs::create_dir_all(&target)?;
        Ok(Self(target))
    }

    async fn add(&self, browser: &Browser, site: &Site, name: &str, path: &str) -> Journey {
        let mut background = Vec::new();
        for scheme in ["light", "dark"] {
            let features = json!([{ "name": "prefers-color-scheme", "value": scheme }]);
            browser
                .chromium(
                    "Emulation.setEmulatedMedia",
                    json!({ "features": features }),
                )
                .await?;
            for width in WIDTHS {
                let screen = json!({ "width": width, "height": 900, "deviceScaleFactor": 1, "mobile": false });
                browser
                    .chromium("Emulation.setDeviceMetricsOverride", screen)
                    .await?;
                browser.open(site, path).await?;
                let wide = browser
                    .ask("return document.documentElement.scrollWidth")
                    .await?;
                assert!(
                    wide.as_u64() <= Some(width.into()),
                    "{name} scrolls sideways, {scheme}: {wide}"
                );
                let file = self.0.join(format!("{name}-{scheme}-{width}.png"));
                std::fs::write(file, picture_of_the_page(browser).await?)?;
            }
            background.push(brightness(browser).await?);
        }
        assert!(
            background[0] > 200.0 && background[1] < 60.0,
            "{name}: light, dark: {background:?}"
        );
        Ok(())
    }
}

/// The page from top to bottom, however long it is.
async fn picture_of_the_page(browser: &Browser) -> Result<Vec<u8>, Box<dyn std::error::Error>> {
    let layout = browser.chromium("Page.getLayoutMetrics", json!({})).await?;
    let mut clip = layout["cssContentSize"].clone();
    clip["scale"] = json!(1);
    let capture = json!({ "captureBeyondViewport": true, "clip": clip });
    let picture = browser.chromium("Page.captureScreenshot", capture).await?;
    Ok(STANDARD.decode(picture["data"].as_str().ok_or("no picture")?)?)
}

/// The mean of the three channels behind the text, 0 to 255, as the screen shows it.
async fn brightness(browser: &Browser) -> Result<f64, Box<dyn std::error::Error>> {
    let colour = browser
        .ask(
            "const context = new OffscreenCanvas(1, 1).getContext('2d');
             for (const element of [document.documentElement, document.body]) {
                 context.fillStyle = getComputedStyle(element).backgroundColor;
                 context.fillRect(0, 0, 1, 1);
             }
             return Array.from(context.getImageData(0, 0, 1, 1).data);",
        )
        .await?;
    let channels = colour.as_array().ok_or("four channels")?;
    Ok(channels
        .iter()
        .take(3)
        .filter_map(serde_json::Value::as_f64)
        .sum::<f64>()
        / 3.0)
}
