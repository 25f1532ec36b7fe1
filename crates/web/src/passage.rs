//! The words around what somebody looked for, in pieces: those that were found, and those between them.
//!
//! Invariant: a piece is plain text; only the template makes HTML of it, and escapes it.

use gatepost_domain::search::Query;
use serde::Serialize;

use crate::markdown;

/// How long a passage is, in characters, and how much of it stands before the first find.
const LONG: usize = 220;
const BEFORE: usize = 60;

#[derive(Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Piece {
    text: String,
    found: bool,
}

/// A whole line of text, such as a title.
pub(crate) fn line(text: &str, query: &Query) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut push = |text: &str, found| {
        if !text.is_empty() {
            pieces.push(Piece {
                text: text.to_owned(),
                found,
            });
        }
    };
    let mut at = 0;
    for mark in query.marks(text) {
        push(&text[at..mark.start], false);
        push(&text[mark.clone()], true);
        at = mark.end;
    }
    push(&text[at..], false);
    pieces
}

/// Of a text in Markdown the paragraph that has most of what was looked for, or its beginning.
pub(crate) fn of(source: &str, query: &Query) -> Vec<Piece> {
    let mut best = (0, "");
    for paragraph in source.split("\n\n") {
        let terms = query.terms_in(paragraph);
        if terms > best.0 {
            best = (terms, paragraph);
        }
        if terms == query.terms().len() {
            break;
        }
    }
    let words = markdown::words_of(best.1);
    let Some(first) = query.marks(&words).first().cloned() else {
        return line(&markdown::summary(source, LONG), query);
    };
    let before: usize = words[..first.start]
        .chars()
        .rev()
        .take(BEFORE)
        .map(char::len_utf8)
        .sum();
    let start = match first.start - before {
        0 => 0,
        cut => words[cut..first.start]
            .find(' ')
            .map_or(first.start, |space| cut + space + 1),
    };
    let rest = &words[start..];
    let end = match rest.char_indices().nth(LONG) {
        None => rest.len(),
        Some((cut, _)) => rest[..cut]
            .rfind(' ')
            .filter(|space| start + space >= first.end)
            .unwrap_or(cut),
    };
    let lead = if start > 0 { "…" } else { "" };
    let trail = if end < rest.len() { "…" } else { "" };
    line(&format!("{lead}{}{trail}", &rest[..end]), query)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(typed: &str, source: &str) -> String {
        let piece = |it: Piece| {
            if it.found {
                format!("[{}]", it.text)
            } else {
                it.text
            }
        };
        of(source, &Query::parse(typed))
            .into_iter()
            .map(piece)
            .collect()
    }

    #[test]
    fn the_paragraph_with_most_of_the_terms_is_shown_without_its_markup() {
        let text = "# Sea\n\nOnly the sea.\n\nThe *sea* and [the storm](https://sea.example/storm) & `<b>`.";
        assert_eq!(
            shown("sea storm ", text),
            "The [sea] and the [storm] & <b>."
        );
        assert_eq!(shown("SEA", text), "[Sea]");
    }

    #[test]
    fn a_long_paragraph_is_cut_between_words_on_both_sides() {
        let text = format!("{}needle {}", "before ".repeat(100), "after ".repeat(100));
        let passage = shown("needle ", &text);
        assert!(
            passage.starts_with("…before ") && passage.contains("before [needle] after"),
            "{passage}"
        );
        assert!(
            passage.ends_with("after…") && passage.chars().count() < LONG + 10,
            "{passage}"
        );
        let wide = format!("{}needle{}", "é".repeat(300), "é".repeat(300));
        assert!(shown("éé", &wide).contains('['));
    }

    #[test]
    fn a_post_found_by_its_title_alone_shows_its_beginning() {
        assert_eq!(
            shown("title ", "First words.\n\nMore."),
            "First words. More."
        );
        assert_eq!(shown("secret ", "See [this](/secret)."), "See this.");
    }
}
