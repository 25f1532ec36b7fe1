//! Texts as words, for comparing them; what a reader can't tell apart is never a change.
//!
//! Equal are: composed and decomposed spellings of a letter, and lines that differ in the spaces at their end alone.
//! A token never ends inside what a reader takes for one character.

use std::borrow::Cow;
use std::collections::HashMap;
use std::ops::Range;

use unicode_normalization::{IsNormalized, UnicodeNormalization as _, is_nfc_quick};
use unicode_segmentation::UnicodeSegmentation as _;

mod hunks;

pub(crate) use hunks::{Hunk, hunks};

/// Gives equal words equal numbers, over all texts that are compared.
#[derive(Default)]
pub(crate) struct Vocabulary<'a>(HashMap<Cow<'a, str>, u32>);

impl<'a> Vocabulary<'a> {
    fn number(&mut self, word: &'a str) -> u32 {
        let word = match is_nfc_quick(word.chars()) {
            IsNormalized::Yes => Cow::Borrowed(word),
            _ => Cow::Owned(word.nfc().collect()),
        };
        let next = u32::try_from(self.0.len()).unwrap_or(u32::MAX);
        *self.0.entry(word).or_insert(next)
    }
}

/// A text, cut into words, what stands between them, and the ends of its lines.
pub(crate) struct Words<'a> {
    pub(crate) tokens: Vec<&'a str>,
    pub(crate) keys: Vec<u32>,
    /// Where each line begins, and the end.
    starts: Vec<usize>,
    lines: Vec<u32>,
    /// How much a reader sees before each token, in characters.
    seen: Vec<usize>,
}

impl<'a> Words<'a> {
    /// Every line of `text` has to end with `\n`.
    pub(crate) fn of(text: &'a str, vocabulary: &mut Vocabulary<'a>) -> Self {
        let mut words = Self {
            tokens: Vec::with_capacity(text.len() / 3),
            keys: Vec::with_capacity(text.len() / 3),
            starts: vec![0],
            lines: Vec::new(),
            seen: vec![0],
        };
        let mut seen = 0;
        for line in text.split_inclusive('\n') {
            let content = line.trim_end_matches(['\n', ' ', '\t']);
            words.lines.push(vocabulary.number(content));
            for token in tokens(content) {
                words.tokens.push(token);
                words.keys.push(vocabulary.number(token));
                seen += token.trim().chars().count();
                words.seen.push(seen);
            }
            // The spaces before the end belong to the end.
            words.tokens.push(&line[content.len()..]);
            words.keys.push(vocabulary.number("\n"));
            words.seen.push(seen);
            words.starts.push(words.tokens.len());
        }
        words
    }

    pub(crate) fn text(&self, range: Range<usize>) -> String {
        self.tokens[range].concat()
    }

    fn of_lines(&self, lines: Range<usize>) -> Range<usize> {
        self.starts[lines.start]..self.starts[lines.end]
    }

    fn weight(&self, range: Range<usize>) -> usize {
        self.seen[range.end] - self.seen[range.start]
    }

    pub(crate) fn starts_a_line(&self, at: usize) -> bool {
        self.starts.binary_search(&at).is_ok()
    }
}

/// Whether a token is a word to a reader, and not only a space or a mark between words.
pub(crate) fn is_word(token: &str) -> bool {
    token.chars().any(char::is_alphanumeric)
        // Emoji and other signs that stand for something.
        || !token.is_ascii() && !token.chars().all(|c| c.is_whitespace() || is_mark(c))
}

/// Punctuation beyond ASCII that writers use.
fn is_mark(c: char) -> bool {
    matches!(c, '\u{2010}'..='\u{2027}' | '\u{2030}'..='\u{205E}' | '\u{3001}'..='\u{3003}' | '\u{3008}'..='\u{3011}')
        || matches!(
            c,
            '¡' | '¿'
                | '«'
                | '»'
                | '·'
                | '…'
                | '،'
                | '؛'
                | '؟'
                | '।'
                | '！'
                | '？'
                | '，'
                | '．'
        )
}

fn tokens(line: &str) -> Vec<&str> {
    if line.is_ascii() {
        return line.split_word_bounds().collect();
    }
    // Some scripts have word boundaries inside a character (Thai am, for one).
    let mut graphemes = line.grapheme_indices(true).map(|(at, _)| at).peekable();
    let mut tokens = Vec::new();
    let mut start = 0;
    for (at, _) in line.split_word_bound_indices().skip(1) {
        while graphemes.next_if(|&boundary| boundary < at).is_some() {}
        if graphemes.peek() == Some(&at) {
            tokens.push(&line[start..at]);
            start = at;
        }
    }
    if start < line.len() {
        tokens.push(&line[start..]);
    }
    tokens
}

/// Bare line ends, as this program keeps them.
pub(crate) fn plain(text: &str) -> Cow<'_, str> {
    if text.contains('\r') {
        Cow::Owned(text.replace("\r\n", "\n").replace('\r', "\n"))
    } else {
        Cow::Borrowed(text)
    }
}

/// The text with its last line ended like the others, and whether it was.
pub(crate) fn ended(text: &str) -> (Cow<'_, str>, bool) {
    match plain(text) {
        text if text.ends_with('\n') => (text, true),
        text => (Cow::Owned(text.into_owned() + "\n"), false),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn cut(text: &str) -> Vec<&str> {
        Words::of(text, &mut Vocabulary::default()).tokens
    }

    #[test]
    fn a_text_falls_into_words_and_what_is_between_them() {
        assert_eq!(
            cut("It’s **new**, no?\n"),
            [
                "It’s", " ", "*", "*", "new", "*", "*", ",", " ", "no", "?", "\n"
            ]
        );
        assert_eq!(cut("a  \n\n"), ["a", "  \n", "\n"]);
    }

    #[test]
    fn what_readers_take_for_one_character_is_never_cut() {
        for one in ["กำ", "👩‍👩‍👧", "🇩🇪", "e\u{301}", "क्षि", "각"] {
            let text = format!("x {one} y {one}{one}\n");
            let words = cut(&text);
            assert_eq!(words.concat(), text);
            let boundaries: Vec<usize> = text.grapheme_indices(true).map(|(at, _)| at).collect();
            let mut at = 0;
            for word in words {
                assert!(boundaries.contains(&at), "{one}: {at}");
                at += word.len();
            }
        }
    }

    proptest! {
        #[test]
        fn no_byte_is_lost(text in any::<String>()) {
            let (text, _) = ended(&text);
            let words = cut(&text);
            prop_assert_eq!(words.concat(), text.as_ref());
        }
    }
}
