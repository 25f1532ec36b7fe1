//! A post's word in the address bar; it can never be taken for a page of the site or for a number.

use serde::Serialize;
use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_combining_mark;

/// Lower-case letters and digits of any script, words joined by single dashes; composed (NFC), not reserved,
/// never digits only.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(transparent)]
pub struct Slug(String);

/// Words that are pages of the site, or will be. (No slug holds a dot; the dotted ones are here for their readers.)
pub const RESERVED: [&str; 38] = [
    ".well-known",
    "account",
    "api",
    "archive",
    "authors",
    "delete",
    "drafts",
    "edit",
    "favicon.ico",
    "feed.atom",
    "feed.json",
    "healthz",
    "history",
    "image",
    "images",
    "invitations",
    "llms.txt",
    "login",
    "logout",
    "metrics",
    "new",
    "parked",
    "password",
    "people",
    "readyz",
    "robots.txt",
    "search",
    "sessions",
    "settings",
    "setup",
    "sitemap.xml",
    "static",
    "tags",
    "trash",
    "version",
    "publication",
    "restoration",
    "preview",
];

/// Why a text is no slug.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SlugError {
    #[error("An address needs at least one letter or digit.")]
    Empty,
    #[error("An address has at most {} characters.", Slug::MAX_CHARS)]
    TooLong,
    #[error(
        "An address is made of lower-case letters and digits, with single dashes between words."
    )]
    Spelling,
    #[error("A number alone can’t be an address.")]
    DigitsOnly,
    #[error("“{0}” is a page of this site; choose another address.")]
    Reserved(String),
}

impl Slug {
    pub const MAX_CHARS: usize = 100;
    /// Titles give shorter slugs than the limit, so that a number can follow.
    const FROM_TITLE_CHARS: usize = 80;

    /// Reads a slug in its one spelling: from an address, or from a row.
    pub fn parse(text: &str) -> Result<Self, SlugError> {
        if text.is_empty() {
            return Err(SlugError::Empty);
        }
        if text.chars().count() > Self::MAX_CHARS {
            return Err(SlugError::TooLong);
        }
        if RESERVED.contains(&text) {
            return Err(SlugError::Reserved(text.to_owned()));
        }
        if words(text) != text {
            return Err(SlugError::Spelling);
        }
        if digits_only(text) {
            return Err(SlugError::DigitsOnly);
        }
        Ok(Self(text.to_owned()))
    }

    /// What a writer typed into the form: spelled properly for them, but a reserved word is refused, not replaced.
    pub fn typed(text: &str) -> Result<Self, SlugError> {
        let words = words(text);
        let words = if digits_only(&words) {
            format!("post-{words}")
        } else {
            words
        };
        Self::parse(&words)
    }

    /// The slug a title suggests. Every title has one.
    pub fn from_title(title: &str) -> Self {
        let words = shorten(&words(title), Self::FROM_TITLE_CHARS);
        if words.is_empty() {
            return Self("post".to_owned());
        }
        Self::parse(&words).unwrap_or_else(|_| Self(format!("post-{words}")))
    }

    /// The next candidate when this slug is taken: `slug-2`, `slug-3` …
    pub fn numbered(&self, number: u32) -> Self {
        let ending = format!("-{number}");
        let stem = shorten(&self.0, Self::MAX_CHARS - ending.len());
        Self(format!("{stem}{ending}"))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The words of a text as a slug spells them; empty when there are none.
pub(crate) fn words(text: &str) -> String {
    // What leaves no trace goes first: it may be all that keeps two characters from composing or changing places.
    let lower: String = text
        .chars()
        .filter(|&c| !traceless(c))
        .nfc()
        .collect::<String>()
        .to_lowercase()
        .nfc()
        .collect();
    let mut slug = String::with_capacity(lower.len());
    for c in lower.chars() {
        let starts_word = slug.is_empty() || slug.ends_with('-');
        if c.is_alphanumeric() || (is_combining_mark(c) && !starts_word) {
            slug.push(c);
        } else if !starts_word {
            slug.push('-');
        }
    }
    slug.truncate(slug.trim_end_matches('-').len());
    slug
}

/// Characters within a word that an address leaves out without parting it.
fn traceless(c: char) -> bool {
    matches!(c, '\'' | '’' | '\u{00AD}' | '\u{200B}'..='\u{200D}' | '\u{FE00}'..='\u{FE0F}')
}

fn digits_only(slug: &str) -> bool {
    !slug.is_empty() && slug.chars().all(char::is_numeric)
}

/// At most `max` characters, cut between words when the cut would not take half of it.
fn shorten(slug: &str, max: usize) -> String {
    let Some((end, _)) = slug.char_indices().nth(max) else {
        return slug.to_owned();
    };
    let cut = &slug[..end];
    let whole = match cut.rfind('-') {
        Some(dash) if !slug[end..].starts_with('-') && dash > end / 2 => &cut[..dash],
        _ => cut,
    };
    whole.trim_end_matches('-').to_owned()
}

impl std::fmt::Display for Slug {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_title_suggests_its_words() {
        for (title, slug) in [
            ("Hello, World!", "hello-world"),
            ("  A   walk -- at dusk ", "a-walk-at-dusk"),
            ("Don’t panic", "dont-panic"),
            ("ÜBER den Wolken", "über-den-wolken"),
            ("u\u{308}ber", "über"),
            ("u'\u{308}ber", "über"),
            // Without the apostrophe the two marks change places.
            ("\u{1e026}'\u{b4d}", "\u{1e026}"),
            ("Привет, мир", "привет-мир"),
            ("日本語の題", "日本語の題"),
            ("हिन्दी में", "हिन्दी-में"),
            ("C++ & Rust", "c-rust"),
            ("2024", "post-2024"),
            ("２０２４", "post-２０２４"),
            ("2024-05", "2024-05"),
            ("Login", "post-login"),
            ("???", "post"),
            ("🎉", "post"),
            ("", "post"),
            ("İstanbul", "i\u{307}stanbul"),
        ] {
            assert_eq!(Slug::from_title(title).as_str(), slug, "{title:?}");
        }
    }

    #[test]
    fn a_long_title_is_cut_between_words() {
        let title = "word ".repeat(60);
        let slug = Slug::from_title(&title);
        assert!(slug.as_str().chars().count() <= 80);
        assert!(slug.as_str().ends_with("-word"), "{slug}");
        assert_eq!(Slug::from_title(&"x".repeat(200)).as_str(), "x".repeat(80));
    }

    #[test]
    fn what_is_typed_is_spelled_properly_but_a_page_of_the_site_is_refused() {
        assert_eq!(
            Slug::typed("My First Post").unwrap().as_str(),
            "my-first-post"
        );
        assert_eq!(Slug::typed("2024").unwrap().as_str(), "post-2024");
        assert_eq!(
            Slug::typed("Login"),
            Err(SlugError::Reserved("login".into()))
        );
        assert_eq!(Slug::typed("!!"), Err(SlugError::Empty));
        assert_eq!(Slug::typed(&"x".repeat(101)), Err(SlugError::TooLong));
    }

    #[test]
    fn an_address_is_read_in_exactly_one_spelling() {
        assert_eq!(Slug::parse("hello-world").unwrap().as_str(), "hello-world");
        for (text, error) in [
            ("", SlugError::Empty),
            ("Hello", SlugError::Spelling),
            ("-a", SlugError::Spelling),
            ("a-", SlugError::Spelling),
            ("a--b", SlugError::Spelling),
            ("a b", SlugError::Spelling),
            ("a/b", SlugError::Spelling),
            ("..", SlugError::Spelling),
            ("u\u{308}", SlugError::Spelling),
            ("2024", SlugError::DigitsOnly),
            (&"x".repeat(101), SlugError::TooLong),
        ] {
            assert_eq!(Slug::parse(text), Err(error), "{text:?}");
        }
    }

    #[test]
    fn no_reserved_word_is_a_slug() {
        for word in RESERVED {
            assert!(Slug::parse(word).is_err(), "{word}");
            assert!(
                !RESERVED.contains(&Slug::from_title(word).as_str()),
                "{word}"
            );
        }
    }

    #[test]
    fn a_number_finds_room_behind_the_longest_slug() {
        let longest = Slug::parse(&"x".repeat(100)).unwrap();
        assert_eq!(
            longest.numbered(12).as_str(),
            format!("{}-12", "x".repeat(97))
        );
        assert_eq!(
            Slug::from_title("Login").numbered(2).as_str(),
            "post-login-2"
        );
    }

    proptest! {
        #[test]
        fn every_title_has_a_slug_that_reads_back(title in any::<String>(), number in 2u32..100_000) {
            let slug = Slug::from_title(&title);
            prop_assert_eq!(Slug::parse(slug.as_str()), Ok(slug.clone()));
            let numbered = slug.numbered(number);
            prop_assert_eq!(Slug::parse(numbered.as_str()), Ok(numbered));
        }

        #[test]
        fn what_parses_is_what_typing_it_gives(text in "\\PC{0,30}") {
            if let Ok(slug) = Slug::typed(&text) {
                prop_assert_eq!(Slug::typed(slug.as_str()), Ok(slug.clone()));
                prop_assert_eq!(Slug::parse(slug.as_str()), Ok(slug));
            }
        }
    }
}
