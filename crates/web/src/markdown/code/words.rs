//! Marking a language of words, quotes and comments by its row in the table.

use std::collections::HashMap;

use super::Kind;
use super::languages::Language;
use super::lexer::Lexer;

pub(super) fn mark(lexer: &mut Lexer<'_>, language: &Language) {
    let known = language.words();
    while let Some(next) = lexer.rest().chars().next() {
        if next.is_whitespace() {
            lexer.skip_spaces();
        } else if let Some((_, close)) = language
            .block_comments
            .iter()
            .find(|(open, _)| lexer.starts(open))
        {
            lexer.take_through(close, Kind::Comment);
        } else if language.line_comments.iter().any(|open| lexer.starts(open)) {
            lexer.take_line(Kind::Comment);
        } else if (language.quirk)(lexer) {
        } else if let Some(quote) = language.quotes.iter().find(|it| lexer.starts(it.open)) {
            lexer.quoted(quote.open.len(), quote.close, quote.escapes, quote.lines);
        } else if next.is_ascii_digit() {
            number(lexer);
        } else if is_word(next) {
            let rest = lexer.rest();
            let word = &rest[..rest
                .find(|it| !is_word(it) && !it.is_ascii_digit())
                .unwrap_or(rest.len())];
            let known = match language.any_case {
                true => known.get(word.to_ascii_lowercase().as_str()),
                false => known.get(word),
            };
            let called = || rest[word.len()..].starts_with('(') || is_declared(lexer.before());
            let kind = match known {
                Some(kind @ (Kind::Keyword | Kind::Number)) => *kind,
                _ if language.capitals && is_constant(word) => Kind::Number,
                _ if called() => Kind::Function,
                Some(kind) => *kind,
                None if language.capitals && next.is_uppercase() => Kind::Type,
                None => Kind::Plain,
            };
            lexer.take(word.len(), kind);
        } else {
            lexer.step(Kind::Plain);
        }
    }
}

pub(super) fn is_word(it: char) -> bool {
    it.is_alphabetic() || it == '_'
}

/// `fn name`, `def name`
fn is_declared(before: &str) -> bool {
    let word = before.trim_end().rsplit(' ').next().unwrap_or("");
    ["fn", "def", "func", "fun", "function"].contains(&word)
}

/// `MAX_SIZE`
fn is_constant(word: &str) -> bool {
    word.len() > 2
        && word
            .bytes()
            .all(|it| it.is_ascii_uppercase() || it.is_ascii_digit() || it == b'_')
}

/// A number with its unit or suffix; `1..9` is two of them.
pub(super) fn number(lexer: &mut Lexer<'_>) {
    let rest = lexer.rest();
    let bytes = rest.as_bytes();
    let part = |at: usize| match bytes[at] {
        b'.' => bytes.get(at + 1).is_some_and(u8::is_ascii_digit),
        b'+' | b'-' => matches!(bytes[at - 1], b'e' | b'E') && !rest.starts_with("0x"),
        it => it.is_ascii_alphanumeric() || it == b'_',
    };
    let length = (1..bytes.len())
        .find(|&at| !part(at))
        .unwrap_or(bytes.len());
    lexer.take(length, Kind::Number);
}

impl Language {
    fn words(&self) -> HashMap<&'static str, Kind> {
        let kinds = [
            (self.types, Kind::Type),
            (self.constants, Kind::Number),
            (self.keywords, Kind::Keyword),
        ];
        let words = kinds
            .into_iter()
            .flat_map(|(words, kind)| words.split(' ').map(move |word| (word, kind)));
        words.collect()
    }
}
