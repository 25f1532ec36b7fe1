//! A post's title; one visible line that can't reorder the page it stands in.

use serde::Serialize;

use crate::characters;

/// 1 to 200 characters without control characters and without bidirectional overrides.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(transparent)]
pub struct Title(String);

/// Why a text is no title.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TitleError {
    #[error("A post needs a title.")]
    Empty,
    #[error(
        "A title has at most {max} characters; this one has {0}.",
        max = Title::MAX_CHARS
    )]
    TooLong(usize),
    #[error("A title stands on one line, without control characters.")]
    Control,
    #[error("A title can’t hold invisible characters that turn the writing direction around.")]
    Reordering,
}

impl Title {
    pub const MAX_CHARS: usize = 200;

    pub fn parse(typed: &str) -> Result<Self, TitleError> {
        let title = characters::tidy(typed);
        if characters::is_blank(&title) {
            return Err(TitleError::Empty);
        }
        if title.chars().any(characters::controls) {
            return Err(TitleError::Control);
        }
        if title.chars().any(characters::reorders) {
            return Err(TitleError::Reordering);
        }
        match title.chars().count() {
            length if length > Self::MAX_CHARS => Err(TitleError::TooLong(length)),
            _ => Ok(Self(title)),
        }
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Display for Title {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn titles_people_write_are_titles() {
        for title in [
            "x",
            "A walk at dusk",
            "<b>“&amp;”</b>",
            "עברית וערבית",
            "👩‍👩‍👧 family",
            &"é".repeat(200),
        ] {
            assert_eq!(Title::parse(title).unwrap().as_str(), title);
        }
        assert_eq!(Title::parse("  x \n").unwrap().as_str(), "x");
        assert_eq!(Title::parse("e\u{301}").unwrap().as_str(), "é");
    }

    #[test]
    fn anything_else_is_refused_with_its_reason() {
        for (title, error) in [
            ("", TitleError::Empty),
            (" \t\n", TitleError::Empty),
            ("\u{200b}\u{feff}", TitleError::Empty),
            ("a\nb", TitleError::Control),
            ("a\tb", TitleError::Control),
            ("a\0b", TitleError::Control),
            ("a\u{1b}[31mb", TitleError::Control),
            ("a\u{2029}b", TitleError::Control),
            ("a\u{202e}b", TitleError::Reordering),
            ("a\u{2067}b", TitleError::Reordering),
            (&"x".repeat(201), TitleError::TooLong(201)),
        ] {
            assert_eq!(Title::parse(title), Err(error), "{title:?}");
        }
    }

    proptest! {
        #[test]
        fn a_title_reads_back_as_itself(typed in any::<String>()) {
            if let Ok(title) = Title::parse(&typed) {
                prop_assert_eq!(Title::parse(title.as_str()), Ok(title.clone()));
                prop_assert!(!title.as_str().chars().any(char::is_control));
            }
        }
    }
}
