//! Markdown: whatever was typed, the tree that a browser builds of the page holds only what is allowed, and the summary
//! holds no markup of ours.

use super::judge::faults;
use super::{minutes, render, stopped, summary};
use crate::inputs::fuzz;

#[test]
fn any_text_becomes_harmless_html() {
    fuzz("markdown", text);
}

fn text(input: &[u8]) {
    let source = String::from_utf8_lossy(input);
    let html = render(&source, &[], false, stopped);
    let found = faults(&html);
    assert!(found.is_empty(), "{source:?} gave {html:?} with {found:?}");
    assert!(summary(&source, 160).chars().count() <= 161);
    assert!(minutes(&source) > 0);
}
