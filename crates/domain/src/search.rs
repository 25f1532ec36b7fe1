//! What somebody looks for: words and phrases out of whatever was typed, and where a text has them.
//!
//! Invariant: every text is a query; a term holds only letters, digits and their marks, so no engine reads a command in it.

use std::ops::Range;

mod words;

pub use words::indexed;
use words::{Word, is_of_word, words};

/// All of its terms are to be found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Query {
    terms: Vec<Term>,
}

/// A word, or words beside each other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Term {
    words: Vec<String>,
    /// Somebody may still be typing, or has put a star behind it: the last word is the beginning of one.
    begins: bool,
}

impl Term {
    /// As [`indexed`] writes them.
    pub fn words(&self) -> &[String] {
        &self.words
    }

    pub fn begins(&self) -> bool {
        self.begins
    }

    fn starts(&self, tokens: &[Word]) -> bool {
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

    /// `sea "flat calm" harb* mor`: a word, a phrase, and the beginnings of two words.
    pub fn parse(typed: &str) -> Self {
        let end = typed
            .char_indices()
            .nth(Self::MAX_CHARS)
            .map_or(typed.len(), |(at, _)| at);
        let typed = typed[..end].replace(['“', '”', '„', '«', '»'], "\"");
        let mut terms: Vec<Term> = Vec::new();
        for (number, part) in typed.split('"').enumerate() {
            let is_quoted = number % 2 == 1;
            let mut phrase: Option<Term> = None;
            for Word {
                word,
                adjoins,
                place,
            } in words(part)
            {
                let has_star = !is_quoted && part[place.end..].starts_with('*');
                let begins = has_star && may_begin(&word);
                // Words that nothing separates are looked for as they stand: 東京 is not 京東.
                match phrase.as_mut().filter(|_| is_quoted || adjoins) {
                    Some(phrase) => {
                        phrase.words.push(word);
                        phrase.begins = begins;
                    }
                    None => terms.extend(phrase.replace(Term {
                        words: vec![word],
                        begins,
                    })),
                }
            }
            terms.extend(phrase);
        }
        terms.truncate(Self::MAX_TERMS);
        let unfinished = typed.chars().next_back().is_some_and(is_of_word);
        if let Some(last) = terms.last_mut().filter(|_| unfinished) {
            last.begins = last.words.last().is_some_and(|it| may_begin(it));
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
        let tokens: Vec<Word> = words(text).collect();
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

    /// The part of a text that has most of what is looked for, from the beginning of a paragraph where there is room.
    pub fn passage(&self, text: &str, longest: usize) -> Range<usize> {
        if text.len() <= longest {
            return 0..text.len();
        }
        let (mut best, mut start) = ((0, 0), 0);
        for paragraph in text.split_inclusive("\n\n") {
            let terms = self.terms_in(paragraph);
            if terms > best.0 {
                best = (terms, start);
            }
            if terms == self.terms.len() {
                break;
            }
            start += paragraph.len();
        }
        start = best.1;
        let paragraph = text[start..].split("\n\n").next().unwrap_or_default();
        let first = self.marks(paragraph);
        if let Some(first) = first.first().filter(|it| it.end > longest / 2) {
            start = text.floor_char_boundary(start + first.start - longest / 4);
        }
        start..text.floor_char_boundary(start + longest)
    }

    /// How many of the terms a text has.
    pub fn terms_in(&self, text: &str) -> usize {
        let tokens: Vec<Word> = words(text).collect();
        let has = |term: &&Term| (0..tokens.len()).any(|at| term.starts(&tokens[at..]));
        self.terms.iter().filter(has).count()
    }
}

/// One letter begins half of all words.
fn may_begin(word: &str) -> bool {
    word.chars().nth(1).is_some()
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
        assert_eq!(terms("東京 iPhoneを "), ["東 京", "iphone を"]);
    }

    #[test]
    fn a_star_makes_any_word_the_beginning_of_one() {
        assert_eq!(terms("harb* sea "), ["harb*", "sea"]);
        assert_eq!(terms("harb* sto"), ["harb*", "sto*"]);
        assert_eq!(terms("sea harb*"), ["sea", "harb*"]);
        assert_eq!(
            terms("Éc**lair x* iPhone東* "),
            ["ec*", "lair", "x", "iphone 東"]
        );
        assert_eq!(terms("harb * \"flat ca*\" "), ["harb", "flat ca"]);
        assert_eq!(terms("harb\"* \"sea* "), ["harb", "sea*"]);
        let marks = Query::parse("harb* sea ").marks("Harbours by the sea, seaside");
        assert_eq!(marks, [0..8, 16..19]);
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
        assert_eq!(marked("東京", "東と京は東京の東"), ["東京"]);
        assert_eq!(marked("русский ", "По-русски. Русский"), ["Русский"]);
        assert_eq!(marked("a b", ""), Vec::<String>::new());
    }

    #[test]
    fn the_passage_of_a_long_text_is_where_most_is_found() {
        let query = Query::parse("needle haystack ");
        let passage = |text: &str| text[query.passage(text, 1_000)].to_owned();
        let hay = "Nothing of it here. ".repeat(100);
        let apart = format!("A needle.\n\n{hay}\n\nA needle in a haystack.\n\n{hay}");
        assert!(passage(&apart).starts_with("A needle in a haystack.\n\nNothing"));
        let within = format!("{hay}é needle {hay}");
        assert!(
            passage(&within).contains("é needle"),
            "{}",
            passage(&within)
        );
        assert!(passage(&hay).starts_with("Nothing"), "found by its title");
        assert!(passage(&"é".repeat(5_000)).len() <= 1_000);
        assert_eq!(passage("A needle"), "A needle");
    }

    #[test]
    fn terms_are_counted_once_each() {
        let query = Query::parse("sea storm ");
        assert_eq!(query.terms_in("Sea, sea, sea"), 1);
        assert_eq!(query.terms_in("storm at sea"), 2);
    }
}
