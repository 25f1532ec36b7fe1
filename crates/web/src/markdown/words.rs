//! The words of a text without its markup.

use comrak::nodes::{Node, NodeValue};
use comrak::{Arena, parse_document};
use gatepost_domain::picture::Picture;

use super::OPTIONS;

/// The first sentences without any markup, for lists and for `<meta name="description">`.
pub(crate) fn summary(source: &str, max_chars: usize) -> String {
    let arena = Arena::new();
    let root = parse_document(&arena, source, &OPTIONS);
    let mut text = String::new();
    for paragraph in root.children() {
        let wanted = matches!(
            paragraph.data().value,
            NodeValue::Paragraph | NodeValue::BlockQuote | NodeValue::List(_)
        );
        if wanted && text.len() < max_chars * 4 {
            plain(paragraph, &mut text);
            text.push(' ');
        }
    }
    let words: Vec<&str> = text.split_whitespace().collect();
    let text = words.join(" ");
    if text.chars().count() <= max_chars {
        return text;
    }
    let cut: String = text.chars().take(max_chars).collect();
    let whole_words = cut
        .rsplit_once(' ')
        .map_or(cut.as_str(), |(words, _)| words);
    format!(
        "{}…",
        whole_words.trim_end_matches([',', '.', ';', ':', '–', '-', '…'])
    )
}

/// All words of a part of a text, also those of headings and code.
pub(crate) fn words_of(source: &str) -> String {
    let arena = Arena::new();
    let root = parse_document(&arena, source, &OPTIONS);
    let mut text = String::new();
    plain(root, &mut text);
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// How long an unhurried reader takes.
pub(crate) fn minutes(source: &str) -> usize {
    (source.split_whitespace().count() / 220).max(1)
}

/// Whether the text itself shows this picture.
pub(crate) fn shows(source: &str, picture: &Picture) -> bool {
    source.contains(&format!("/images/{}-", picture.hash))
}

fn plain(node: Node<'_>, text: &mut String) {
    for node in node.descendants() {
        match &node.data().value {
            NodeValue::Text(words) => text.push_str(words),
            NodeValue::Code(code) => text.push_str(&code.literal),
            NodeValue::CodeBlock(code) => text.push_str(&code.literal),
            NodeValue::SoftBreak
            | NodeValue::LineBreak
            | NodeValue::Paragraph
            | NodeValue::Heading(_)
            | NodeValue::TableCell => text.push(' '),
            _ => {}
        }
    }
}
