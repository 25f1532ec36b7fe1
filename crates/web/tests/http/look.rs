//! The style sheet as readers get it: small, from here alone, and legible in both schemes.

use std::collections::BTreeMap;

use crate::support::Site;

async fn style_sheet() -> String {
    let site = Site::new().await;
    let mut reader = site.browser();
    let page = reader.get("/").await.expect(200).text();
    let (_, rest) = page
        .split_once("rel=\"stylesheet\" href=\"")
        .expect("a style sheet");
    let address = rest.split_once('"').expect("its end").0;
    reader.get(address).await.expect(200).text()
}

#[tokio::test]
async fn it_is_one_file_below_14_kilobytes_and_fetches_nothing() {
    let css = style_sheet().await;
    assert!(css.len() < 14_000, "{} bytes", css.len());
    for fetch in ["url(", "@import", "@font-face", "http"] {
        let found = css.replace("[href^=\"http\"]", "").contains(fetch);
        assert!(!found, "{fetch}");
    }
}

#[tokio::test]
async fn every_colour_of_words_is_legible_on_every_ground_in_both_schemes() {
    let css = style_sheet().await;
    let tokens = tokens(&css);
    for scheme in [0, 1] {
        let colour = |name: &str| tokens.get(name).unwrap_or_else(|| panic!("no --{name}"))[scheme];
        for ground in ["paper", "tint"] {
            for words in ["ink", "soft", "accent"] {
                let ratio = contrast(colour(words), colour(ground));
                assert!(
                    ratio >= 4.5,
                    "--{words} on --{ground}, scheme {scheme}: {ratio:.2}"
                );
            }
        }
        // The edge of a control, and words on the accent.
        let edge = contrast(colour("edge"), colour("paper"));
        assert!(edge >= 3.0, "--edge, scheme {scheme}: {edge:.2}");
    }
    assert!(
        contrast([0x77; 3], [0xff; 3]) < 4.5,
        "control: this grey is known to be too light"
    );
}

/// The colours of the first rule, light and dark.
fn tokens(css: &str) -> BTreeMap<&str, [[u8; 3]; 2]> {
    let (_, root) = css.split_once(":root{").expect("tokens");
    let (root, _) = root.split_once('}').expect("their end");
    let pairs = root.split(';').filter_map(|declaration| {
        let (name, value) = declaration.strip_prefix("--")?.split_once(":light-dark(")?;
        let (light, dark) = value.strip_suffix(')')?.split_once(',')?;
        Some((name, [colour(light)?, colour(dark)?]))
    });
    pairs.collect()
}

fn colour(hex: &str) -> Option<[u8; 3]> {
    let number = u32::from_str_radix(hex.strip_prefix('#')?, 16).ok()?;
    let [_, red, green, blue] = number.to_be_bytes();
    Some([red, green, blue])
}

/// As WCAG 2 defines it.
fn contrast(one: [u8; 3], other: [u8; 3]) -> f64 {
    let luminance = |colour: [u8; 3]| {
        let [red, green, blue] = colour.map(|channel| {
            let share = f64::from(channel) / 255.0;
            if share <= 0.04045 {
                share / 12.92
            } else {
                ((share + 0.055) / 1.055).powf(2.4)
            }
        });
        0.2126 * red + 0.7152 * green + 0.0722 * blue
    };
    let (one, other) = (luminance(one), luminance(other));
    (one.max(other) + 0.05) / (one.min(other) + 0.05)
}
