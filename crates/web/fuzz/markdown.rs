//! Markdown: whatever was typed, the tree that a browser builds of the page holds only what is allowed, and so does what
//! feeds carry of it, whose addresses are whole; the summary holds no markup of ours.

use gatepost_domain::picture::{Alt, ImageFormat, ImageHash, Picture, Variant};

use super::judge::{addresses, faults};
use super::{minutes, render, stopped, summary};
use crate::feed::for_elsewhere;
use crate::inputs::fuzz;

#[test]
fn any_text_becomes_harmless_html() {
    fuzz("markdown", text);
}

const HOME: &str = "http://blog.example/";

fn text(input: &[u8]) {
    let source = String::from_utf8_lossy(input);
    // What was typed stands beside the pictures as well.
    let pictures = [7, 8].map(|byte| picture(byte, &source));
    for pictures in [&[][..], &pictures] {
        let html = render(&source, pictures, false, stopped).html;
        let found = faults(&html);
        assert!(found.is_empty(), "{source:?} gave {html:?} with {found:?}");

        let told = for_elsewhere(&html, None, &format!("{HOME}one"));
        for address in addresses(&told) {
            let whole = url::Url::parse(&address);
            assert!(whole.is_ok(), "{source:?} gave a feed {address:?}");
        }
        let found = faults(&told.replace(&format!("src=\"{HOME}"), "src=\"/"));
        assert!(
            found.is_empty(),
            "{source:?} gave a feed {told:?} with {found:?}"
        );
    }
    assert!(summary(&source, 160).chars().count() <= 161);
    assert!(minutes(&source) > 0);
}

/// A picture that saved inputs show: one stands still, one moves.
fn picture(byte: u8, words: &str) -> Picture {
    let variant = |width, format| Variant {
        width,
        height: width,
        format,
    };
    let mut variants = vec![
        variant(320, ImageFormat::Jpg),
        variant(640, ImageFormat::Jpg),
    ];
    if byte == 8 {
        variants.push(variant(640, ImageFormat::Gif));
    }
    Picture {
        hash: ImageHash::new([byte; 32]),
        alt: Alt::parse(words).unwrap_or_default(),
        decorative: false,
        variants,
    }
}
