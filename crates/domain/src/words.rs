//! Texts as words, and the changes between two of them; what a reader can't tell apart is never a change.
//!
//! Equal are: composed and decomposed spellings of a letter, and lines that differ in the spaces at their end alone.
//! A token never ends inside what a reader takes for one character.

use std::borrow::Cow;
use std::collections::HashMap;
use std::ops::Range;
use std::time::Instant;

use similar::{Algorithm, DiffOp, capture_diff_slices_deadline};
use unicode_normalization::{IsNormalized, UnicodeNormalization as _, is_nfc_quick};
use unicode_segmentation::UnicodeSegmentation as _;

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

/// A stretch of the older text, and what stands there in the newer one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Hunk {
    pub(crate) old: Range<usize>,
    pub(crate) new: Range<usize>,
}

/// What changed from one text to another, in order: by lines first, then by words inside the lines that changed. Between
/// two hunks the texts run token by token beside each other. After the deadline the hunks grow coarser, and stay true.
pub(crate) fn hunks(old: &Words<'_>, new: &Words<'_>, deadline: Instant) -> Vec<Hunk> {
    let mut hunks = Vec::new();
    let by_lines =
        capture_diff_slices_deadline(Algorithm::Histogram, &old.lines, &new.lines, Some(deadline));
    for op in by_lines {
        if let DiffOp::Equal { .. } = op {
            // Equal lines have equal words, unless their spelling is cut differently.
            for (old_line, new_line) in op.old_range().zip(op.new_range()) {
                let before = old.of_lines(old_line..old_line + 1);
                let after = new.of_lines(new_line..new_line + 1);
                if old.keys[before.clone()] != new.keys[after.clone()] {
                    hunks.push(Hunk {
                        old: before,
                        new: after,
                    });
                }
            }
        } else {
            let before = old.of_lines(op.old_range());
            let after = new.of_lines(op.new_range());
            hunks.extend(by_words(old, before, new, after, deadline));
        }
    }
    for index in 0..hunks.len() {
        settle(old, new, &mut hunks, index);
    }
    hunks.dedup_by(|next, last| {
        let touch = last.old.end == next.old.start && last.new.end == next.new.start;
        if touch {
            last.old.end = next.old.end;
            last.new.end = next.new.end;
        }
        touch
    });
    hunks
}

/// What was only added, or only taken out, may often stand at several places with the same outcome. It goes to the last
/// that begins a line, else to the last that begins with a word: so that two people who did the same are seen to have.
fn settle(old: &Words<'_>, new: &Words<'_>, hunks: &mut [Hunk], index: usize) {
    let added = hunks[index].old.is_empty();
    if !added && !hunks[index].new.is_empty() {
        return;
    }
    let (text, pick): (_, fn(&Hunk) -> Range<usize>) = if added {
        (new, |hunk| hunk.new.clone())
    } else {
        (old, |hunk| hunk.old.clone())
    };
    let here = pick(&hunks[index]);
    let floor = index
        .checked_sub(1)
        .map_or(0, |before| pick(&hunks[before]).end);
    let ceiling = hunks
        .get(index + 1)
        .map_or(text.keys.len(), |after| pick(after).start);
    let length = here.len();
    let mut first = here.start;
    while first > floor && text.keys[first - 1] == text.keys[first + length - 1] {
        first -= 1;
    }
    let mut last = here.start;
    while last + length < ceiling && text.keys[last] == text.keys[last + length] {
        last += 1;
    }
    let best = (first..=last)
        .max_by_key(|&at| match () {
            () if text.starts_a_line(at) => 2,
            () if is_word(text.tokens[at]) => 1,
            () => 0,
        })
        .unwrap_or(here.start);
    let hunk = &mut hunks[index];
    let moved = |range: Range<usize>| {
        let start = range.start + best - here.start;
        start..start + range.len()
    };
    hunk.old = moved(hunk.old.clone());
    hunk.new = moved(hunk.new.clone());
}

fn by_words(
    old: &Words<'_>,
    before: Range<usize>,
    new: &Words<'_>,
    after: Range<usize>,
    deadline: Instant,
) -> Vec<Hunk> {
    let mut hunks: Vec<Hunk> = Vec::new();
    let ops = capture_diff_slices_deadline(
        Algorithm::Myers,
        &old.keys[before.clone()],
        &new.keys[after.clone()],
        Some(deadline),
    );
    for op in ops {
        if let DiffOp::Equal { .. } = op {
            continue;
        }
        let (was, is) = (op.old_range(), op.new_range());
        let mut hunk = Hunk {
            old: before.start + was.start..before.start + was.end,
            new: after.start + is.start..after.start + is.end,
        };
        // A few small words that happen to stand in both, amid many that don't, are no common text.
        while let Some(last) = hunks.last() {
            let between = last.old.end..hunk.old.start;
            if old.tokens[between.clone()]
                .iter()
                .any(|it| it.ends_with('\n'))
            {
                break;
            }
            let common = old.weight(between) * 2;
            let weight = |hunk: &Hunk| {
                old.weight(hunk.old.clone())
                    .max(new.weight(hunk.new.clone()))
            };
            if common > weight(last) || common > weight(&hunk) {
                break;
            }
            hunk.old.start = last.old.start;
            hunk.new.start = last.new.start;
            hunks.pop();
        }
        hunks.push(hunk);
    }
    hunks
        .into_iter()
        .flat_map(|hunk| unfold(old, new, hunk))
        .collect()
}

/// The end of a line that became another end, together with whole lines that came or went, is two changes.
fn unfold(old: &Words<'_>, new: &Words<'_>, hunk: Hunk) -> Vec<Hunk> {
    let ends = |tokens: &[&str]| tokens.iter().any(|token| token.ends_with('\n'));
    let (was, is) = (&old.tokens[hunk.old.clone()], &new.tokens[hunk.new.clone()]);
    if was.is_empty() || is.is_empty() || ends(was) == ends(is) {
        return vec![hunk];
    }
    let long = if ends(was) { was } else { is };
    let end_of_line = |token: &&str| token.ends_with('\n');
    let cut = if !old.starts_a_line(hunk.old.start) {
        long.iter().position(end_of_line)
    } else if !old.starts_a_line(hunk.old.end) {
        long.iter().rposition(end_of_line).map(|last| last + 1)
    } else {
        None
    };
    let Some(cut) = cut.filter(|&cut| cut > 0 && cut < long.len()) else {
        return vec![hunk];
    };
    // How that line ended on one side, and the last of the new lines on the other, may be the same words.
    let (text, after) = if ends(was) {
        (old, hunk.old.clone())
    } else {
        (new, hunk.new.clone())
    };
    let back = (1..cut)
        .take_while(|&back| {
            let mine = &text.keys[after.start + cut - back..after.start + cut];
            text.keys.get(after.end..after.end + back) == Some(mine)
        })
        .last();
    let cut = if old.starts_a_line(hunk.old.start) {
        cut
    } else {
        cut - back.unwrap_or(0)
    };
    let Hunk { old: was, new: is } = hunk;
    let at_the_start = !old.starts_a_line(was.start);
    // The other side's words belong to the part that is no whole line.
    let (was_cut, is_cut) = match (ends(&old.tokens[was.clone()]), at_the_start) {
        (true, true) => (was.start + cut, is.end),
        (true, false) => (was.start + cut, is.start),
        (false, true) => (was.end, is.start + cut),
        (false, false) => (was.start, is.start + cut),
    };
    vec![
        Hunk {
            old: was.start..was_cut,
            new: is.start..is_cut,
        },
        Hunk {
            old: was_cut..was.end,
            new: is_cut..is.end,
        },
    ]
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
