//! The name a person logs in with; two names that differ only in case are one name.

use serde::Serialize;
use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_combining_mark;

/// 1 to 32 letters, digits, `_`, `-` and `.`, at least one of them a letter or digit.
///
/// It keeps the case it was given; [`Username::key`] is what must be unique.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(transparent)]
pub struct Username(String);

/// Why a text is no username.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UsernameError {
    #[error("A username needs at least one letter or digit.")]
    Empty,
    #[error("A username has at most {} characters.", Username::MAX_CHARS)]
    TooLong,
    #[error("A username is made of letters, digits, “_”, “-” and “.”; {0:?} can’t be part of it.")]
    Character(char),
}

impl Username {
    pub const MAX_CHARS: usize = 32;

    /// Reads what a person typed: space around it is forgiven, anything else is not.
    pub fn parse(typed: &str) -> Result<Self, UsernameError> {
        let name: String = typed.trim().nfc().collect();
        if let Some(c) = name.chars().find(|&c| !belongs(c)) {
            return Err(UsernameError::Character(c));
        }
        // Also keeps "." and ".." out, which no browser would leave standing in an address.
        if !name.starts_with(|c| !is_combining_mark(c)) || !name.contains(char::is_alphanumeric) {
            return Err(UsernameError::Empty);
        }
        if name.chars().count() > Self::MAX_CHARS {
            return Err(UsernameError::TooLong);
        }
        Ok(Self(name))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The spelling under which the name is unique: without case, and without look-alikes of the same letter
    /// (“Ａ” for “A”, “ﬁ” for “fi”, “ß” for “SS”).
    pub fn key(&self) -> String {
        let folded = self
            .0
            .nfkc()
            .collect::<String>()
            .to_uppercase()
            .to_lowercase();
        folded.nfkc().collect()
    }
}

fn belongs(c: char) -> bool {
    c.is_alphanumeric() || is_combining_mark(c) || matches!(c, '_' | '-' | '.')
}

impl std::fmt::Display for Username {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::str::FromStr for Username {
    type Err = UsernameError;
    fn from_str(typed: &str) -> Result<Self, UsernameError> {
        Self::parse(typed)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names_people_have_are_usernames() {
        for name in [
            "a",
            "alice",
            "Alice.B-2_x",
            "7",
            "zoë",
            "Мария",
            "निशा",
            &"x".repeat(32),
        ] {
            assert_eq!(Username::parse(name).unwrap().as_str(), name);
        }
        assert_eq!(Username::parse("  alice\n").unwrap().as_str(), "alice");
    }

    #[test]
    fn anything_else_is_refused_with_its_reason() {
        for (name, error) in [
            ("", UsernameError::Empty),
            ("  ", UsernameError::Empty),
            (".", UsernameError::Empty),
            ("..", UsernameError::Empty),
            ("_-.", UsernameError::Empty),
            ("\u{301}a", UsernameError::Empty),
            ("a b", UsernameError::Character(' ')),
            ("a/b", UsernameError::Character('/')),
            ("a@b", UsernameError::Character('@')),
            ("<b>", UsernameError::Character('<')),
            ("a\0", UsernameError::Character('\0')),
            ("a\u{202e}b", UsernameError::Character('\u{202e}')),
            ("a\u{200b}b", UsernameError::Character('\u{200b}')),
            (&"x".repeat(33), UsernameError::TooLong),
        ] {
            assert_eq!(Username::parse(name), Err(error), "{name:?}");
        }
    }

    #[test]
    fn names_that_differ_only_in_case_share_a_key() {
        for (one, other) in [
            ("Alice", "aLICE"),
            ("STRASSE", "straße"),
            ("ΣΊΣΥΦΟΣ", "σίσυφος"),
            ("Ａlice", "alice"),
            ("zoë", "ZOE\u{308}"),
        ] {
            assert_eq!(
                Username::parse(one).unwrap().key(),
                Username::parse(other).unwrap().key(),
                "{one} {other}"
            );
        }
        assert_ne!(
            Username::parse("alice").unwrap().key(),
            Username::parse("alicia").unwrap().key()
        );
    }

    proptest! {
        #[test]
        fn a_username_reads_back_as_itself(typed in "\\PC{0,40}") {
            if let Ok(name) = Username::parse(&typed) {
                prop_assert_eq!(Username::parse(name.as_str()), Ok(name.clone()));
                prop_assert!((1..=32).contains(&name.as_str().chars().count()));
                prop_assert!(!name.as_str().contains(['/', '?', '#', '%', '&', '<', '"', ' ']));
            }
        }

        #[test]
        fn case_never_makes_a_second_name(name in "[a-zA-Zäöüßéλς0-9_.-]{1,32}") {
            if let Ok(name) = Username::parse(&name) {
                for other in [name.as_str().to_uppercase(), name.as_str().to_lowercase()] {
                    if let Ok(other) = Username::parse(&other) {
                        prop_assert_eq!(other.key(), name.key());
                    }
                }
            }
        }
    }
}
