//! What somebody looks for: words and phrases out of whatever was typed, and where a text has them.
//!
//! Invariant: every text is a query; a term holds only letters and digits, so no engine reads a command in it.

use std::ops::Range;

use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_combining_mark;

/// All of its terms are to be found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Query {
    terms: Vec<Term>,
}

/// A word, or words beside each other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Term {
    words: Vec<String>,
    /// Somebody may still be typing: the last word is the beginning of one.
    begins: bool,
}

impl Term {
    /// In small letters and without accents.
    pub fn words(&self) -> &[String] {
        &self.words
    }

    pub fn begins(&self) -> bool {
        self.begins
    }

    fn starts(&self, tokens: &[Token]) -> bool {
        let last = self.words.len() - 1;
        tokens.len() > last
            && self
                .words
                .iter()
                .zip(tokens)
                .enumerate()
                .all(|(at, (word, token))| match self.begins && at == last {
                    true => token.word.starts_with(word),
                    false => token.word == *word,
                })
    }
}

impl Query {
    /// Longer ones are cut: nobody types that.
    pub const MAX_CHARS: usize = 200;
    pub const MAX_TERMS: usize = 12;

    /// `sea "flat calm" mor`: a word, a phrase, and the beginning of a word.
    pub fn parse(typed: &str) -> Self {
        let end = typed
            .char_indices()
            .nth(Self::MAX_CHARS)
            .map_or(typed.len(), |(at, _)| at);
        let typed = typed[..end].replace(['“', '”', '„', '«', '»'], "\"");
        let mut terms: Vec<Term> = Vec::new();
        for (number, part) in typed.split('"').enumerate() {
            let words = || tokens(part).map(|it| it.word);
            match number % 2 {
                0 => terms.extend(words().map(|word| Term {
                    words: vec![word],
                    begins: false,
                })),
                _ => terms.extend(
                    Some(Term {
                        words: words().collect(),
                        begins: false,
                    })
                    .filter(|it| !it.words.is_empty()),
                ),
            }
        }
        terms.truncate(Self::MAX_TERMS);
        let unfinished = typed.chars().next_back().is_some_and(is_of_word);
        if let Some(last) = terms.last_mut().filter(|_| unfinished) {
            // One letter begins half of all words.
            last.begins = last.words.last().is_some_and(|it| it.chars().count() > 1);
        }
        Self { terms }
    }

    pub fn terms(&self) -> &[Term] {
        &self.terms
    }

    pub fn is_empty(&self) -> bool {
        self.terms.is_empty()
    }

    /// Where a text has what is looked for, in order and apart from each other.
    pub fn marks(&self, text: &str) -> Vec<Range<usize>> {
        let tokens: Vec<Token> = tokens(text).collect();
        let mut marks: Vec<Range<usize>> = Vec::new();
        for at in 0..tokens.len() {
            let found = self
                .terms
                .iter()
                .filter(|term| term.starts(&tokens[at..]))
                .map(|term| term.words.len())
                .max();
            let Some(words) = found else { continue };
            let (start, end) = (tokens[at].place.start, tokens[at + words - 1].place.end);
            match marks.last_mut().filter(|last| start <= last.end) {
                Some(last) => last.end = last.end.max(end),
                None => marks.push(start..end),
            }
        }
        marks
    }

    /// How many of the terms a text has.
    pub fn terms_in(&self, text: &str) -> usize {
        let tokens: Vec<Token> = tokens(text).collect();
        let has = |term: &&Term| (0..tokens.len()).any(|at| term.starts(&tokens[at..]));
        self.terms.iter().filter(has).count()
    }
}

struct Token {
    word: String,
    place: Range<usize>,
}

/// The words of a text as the index has them: runs of letters and digits, folded.
fn tokens(text: &str) -> impl Iterator<Item = Token> {
    let mut rest = 0;
    std::iter::from_fn(move || {
        let start = rest + text[rest..].find(is_of_word)?;
        let end = text[start..]
            .find(|it| !is_of_word(it))
            .map_or(text.len(), |at| start + at);
        rest = end;
        Some(Token {
            word: folded(&text[start..end]),
            place: start..end,
        })
    })
    .filter(|token| !token.word.is_empty())
}

fn is_of_word(it: char) -> bool {
    it.is_alphanumeric() || is_combining_mark(it)
}

fn folded(word: &str) -> String {
    word.nfd()
        .filter(|it| !is_combining_mark(*it))
        .flat_map(char::to_lowercase)
        .filter(|it| it.is_alphanumeric())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn terms(typed: &str) -> Vec<String> {
        let query = Query::parse(typed);
        let term = |it: &Term| it.words.join(" ") + if it.begins { "*" } else { "" };
        query.terms.iter().map(term).collect()
    }

    #[test]
    fn words_phrases_and_beginnings_are_told_apart() {
        assert_eq!(terms("Sea storm"), ["sea", "storm*"]);
        assert_eq!(terms("Sea storm "), ["sea", "storm"]);
        assert_eq!(terms("a \"flat  Calm\" b"), ["a", "flat calm", "b"]);
        assert_eq!(terms("“flat calm” x "), ["flat calm", "x"]);
        assert_eq!(terms("\"flat ca"), ["flat ca*"]);
        assert_eq!(terms("Éclair Straße"), ["eclair", "straße*"]);
    }

    #[test]
    fn whatever_was_typed_is_a_query() {
        for nothing in ["", " ", "\"", "\"\"\"", "* - ( ) :", "\0", "\u{301}"] {
            assert!(Query::parse(nothing).is_empty(), "{nothing:?}");
        }
        assert_eq!(
            terms("title:x OR (a NEAR b*) -c^2"),
            ["title", "x", "or", "a", "near", "b", "c", "2"]
        );
        assert_eq!(
            terms("c'est; drop table posts --"),
            ["c", "est", "drop", "table", "posts"]
        );
        assert_eq!(terms(&"a ".repeat(1_000)).len(), Query::MAX_TERMS);
        assert_eq!(terms(&"é".repeat(1_000))[0].len(), Query::MAX_CHARS + 1);
    }

    #[test]
    fn marks_stand_where_the_words_are() {
        let marked = |typed: &str, text: &str| {
            let marks = Query::parse(typed).marks(text);
            marks
                .into_iter()
                .map(|at| text[at].to_owned())
                .collect::<Vec<_>>()
        };
        assert_eq!(marked("eclair", "Éclairs, éclair."), ["Éclairs", "éclair"]);
        assert_eq!(marked("eclair ", "Éclairs, éclair."), ["éclair"]);
        assert_eq!(
            marked("\"flat calm\" sea ", "calm, flat, flat calm sea"),
            ["flat calm", "sea"]
        );
        assert_eq!(marked("e\u{301}a ", "e\u{301}a ea"), ["e\u{301}a", "ea"]);
        assert_eq!(marked("a b", ""), Vec::<String>::new());
    }

    #[test]
    fn terms_are_counted_once_each() {
        let query = Query::parse("sea storm ");
        assert_eq!(query.terms_in("Sea, sea, sea"), 1);
        assert_eq!(query.terms_in("storm at sea"), 2);
    }
}
