//! The words of a text, as the index has them and as a query asks for them.
//!
//! Invariant: index, queries and marks all take their words from here, so that whatever was written is found when it is
//! typed the same way; a word holds only letters, digits and the marks that belong to them, in small letters.

use std::ops::Range;

use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_combining_mark;

/// A word and where it stands.
pub(super) struct Word {
    pub(super) word: String,
    pub(super) place: Range<usize>,
    /// Nothing stands between this one and the one before.
    pub(super) adjoins: bool,
}

/// Runs of letters and digits. Scripts that write no spaces (Chinese, Japanese, Thai …) and Korean, whose particles cling
/// to the word, give a word for every character: whatever part of a run somebody types is a phrase in it.
pub(super) fn words(text: &str) -> impl Iterator<Item = Word> {
    let mut rest = 0;
    let mut previous = None;
    std::iter::from_fn(move || {
        let start = rest + text[rest..].find(is_of_word)?;
        let end = start + unit(&text[start..]);
        rest = end;
        Some((start, end))
    })
    .filter_map(move |(start, end)| {
        let word = folded(&text[start..end]);
        let adjoins = previous == Some(start);
        if adjoins || !word.is_empty() {
            previous = Some(end);
        }
        (!word.is_empty()).then_some(Word {
            word,
            place: start..end,
            adjoins,
        })
    })
}

/// The words of a text with a space between them: what an index is given.
pub fn indexed(text: &str) -> String {
    let mut all = String::with_capacity(text.len());
    for Word { word, .. } in words(text) {
        if !all.is_empty() {
            all.push(' ');
        }
        all.push_str(&word);
    }
    all
}

pub(super) fn is_of_word(it: char) -> bool {
    it.is_alphanumeric() || is_combining_mark(it) || is_silent(it)
}

/// Soft hyphens and joiners say how a word is drawn, and are no part of it.
fn is_silent(it: char) -> bool {
    matches!(it, '\u{AD}' | '\u{200C}' | '\u{200D}')
}

/// How much of a run is its first word.
fn unit(run: &str) -> usize {
    let mut characters = run.char_indices();
    let alone = characters
        .next()
        .is_some_and(|(_, first)| stands_alone(first));
    characters
        .find(|&(_, it)| !is_of_word(it) || !continues(it) && (alone || stands_alone(it)))
        .map_or(run.len(), |(at, _)| at)
}

/// Marks and what completes a syllable stay with the character before them.
fn continues(it: char) -> bool {
    // Vowels and ends of Korean syllables that are written apart, and the voiced marks of half-width Japanese.
    let of_syllable =
        matches!(it, '\u{1160}'..='\u{11FF}' | '\u{D7B0}'..='\u{D7FB}' | '\u{FF9E}' | '\u{FF9F}');
    of_syllable || is_combining_mark(it) || is_silent(it)
}

/// Letters of scripts in which no space says where a word ends.
fn stands_alone(it: char) -> bool {
    matches!(it,
        // Thai, Lao, Burmese, Khmer.
        '\u{0E00}'..='\u{0EFF}' | '\u{1000}'..='\u{109F}' | '\u{1780}'..='\u{17FF}'
        // Korean.
        | '\u{1100}'..='\u{115F}' | '\u{3130}'..='\u{318F}' | '\u{A960}'..='\u{A97F}' | '\u{AC00}'..='\u{D7A3}'
        // Japanese and Chinese.
        | '\u{3005}'..='\u{3007}' | '\u{3021}'..='\u{312F}' | '\u{31A0}'..='\u{31FF}' | '\u{3400}'..='\u{4DBF}'
        | '\u{4E00}'..='\u{9FFF}' | '\u{F900}'..='\u{FAFF}' | '\u{FF66}'..='\u{FF9F}' | '\u{20000}'..='\u{3FFFF}')
}

/// In small letters, composed, and without the marks that people leave out when they type.
fn folded(word: &str) -> String {
    if word.is_ascii() {
        return word.to_ascii_lowercase();
    }
    let mut base = None;
    word.nfkd()
        .flat_map(char::to_lowercase)
        .filter(move |&it| {
            if !is_combining_mark(it) {
                base = Some(it);
            }
            // й is a letter of its own, as ё in print seldom is.
            !is_optional(it) || it == '\u{306}' && base == Some('и')
        })
        .filter(|it| it.is_alphanumeric() || is_combining_mark(*it))
        .map(|it| if it == 'ς' { 'σ' } else { it })
        .nfc()
        .collect()
}

/// Accents, and the points of Hebrew and Arabic, which most writers omit. Not the vowel signs of Indic scripts, the tones
/// of Thai, or the marks that make another syllable in Japanese: without those it is another word.
fn is_optional(it: char) -> bool {
    matches!(it,
        '\u{0300}'..='\u{036F}' | '\u{0483}'..='\u{0489}' | '\u{1AB0}'..='\u{1AFF}' | '\u{1DC0}'..='\u{1DFF}'
        | '\u{20D0}'..='\u{20FF}' | '\u{FE00}'..='\u{FE0F}' | '\u{FE20}'..='\u{FE2F}'
        // Hebrew.
        | '\u{0591}'..='\u{05C7}'
        // Arabic with the letter that only stretches a word, and Syriac.
        | '\u{0610}'..='\u{061A}' | '\u{0640}' | '\u{064B}'..='\u{065F}' | '\u{0670}' | '\u{06D6}'..='\u{06ED}'
        | '\u{0711}' | '\u{0730}'..='\u{074A}' | '\u{08CA}'..='\u{08FF}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_are_small_composed_and_without_what_people_leave_out() {
        for (written, word) in [
            ("Éclair", "eclair"),
            ("e\u{301}clair", "eclair"),
            ("Straße", "straße"),
            ("İstanbul", "istanbul"),
            ("ﬁne", "fine"),
            ("１２", "12"),
            ("Dampf\u{AD}schiff", "dampfschiff"),
            ("Ёлка", "елка"),
            ("русский", "русский"),
            ("русски\u{438}\u{306}", "русский"),
            ("Ελλάδα", "ελλαδα"),
            ("ΛΌΓΟΣ", "λογοσ"),
            ("λόγος", "λογοσ"),
            ("हिन्दी", "हिन्दी"),
            ("தமிழ்", "தமிழ்"),
            ("שָׁלוֹם", "שלום"),
            ("مُحَمَّد", "محمد"),
            ("محـــمد", "محمد"),
        ] {
            assert_eq!(indexed(written), word, "{written}");
        }
    }

    #[test]
    fn scripts_without_spaces_give_a_word_for_every_character() {
        for (written, words) in [
            ("私は東京に", "私 は 東 京 に"),
            ("ガラス", "ガ ラ ス"),
            ("カ\u{3099}ラス", "ガ ラ ス"),
            ("ｶﾞﾗｽ", "ガ ラ ス"),
            ("한국어를", "한 국 어 를"),
            ("ที่นี่", "ที่ นี่"),
            ("iPhone15を買う", "iphone15 を 買 う"),
        ] {
            assert_eq!(indexed(written), words, "{written}");
        }
        let apart: String = "한국어".nfd().collect();
        assert_eq!(indexed(&apart), "한 국 어");
    }

    #[test]
    fn a_word_knows_its_place_and_what_it_adjoins() {
        let found: Vec<_> = words("東京, Sea京")
            .map(|it| (it.word, it.place, it.adjoins))
            .collect();
        let word = |word: &str, place, adjoins| (word.to_owned(), place, adjoins);
        assert_eq!(
            found,
            [
                word("東", 0..3, false),
                word("京", 3..6, true),
                word("sea", 8..11, false),
                word("京", 11..14, true),
            ]
        );
    }

    #[test]
    fn what_was_folded_stays_as_it_is() {
        let every: String = ('\0'..=char::MAX).flat_map(|it| ['a', it, ' ']).collect();
        let once = indexed(&every);
        for word in once.split(' ') {
            assert_eq!(indexed(word).replace(' ', ""), word, "{word:?}");
        }
    }
}
