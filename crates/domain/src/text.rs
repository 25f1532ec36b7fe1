//! The Markdown source of a post; kept as it was written, with one kind of line ending.

use serde::Serialize;

use crate::characters;

/// At most 1,000,000 bytes, lines ended by `\n`, no control characters but tabs, nothing that turns letters around.
/// It may be empty: a picture alone is a post.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Text(String);

/// The one way a text can fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("A text has at most {max} bytes; this one has {0}.", max = Text::MAX_BYTES)]
pub struct TextTooLong(pub usize);

impl Text {
    pub const MAX_BYTES: usize = 1_000_000;

    pub fn parse(typed: impl Into<String>) -> Result<Self, TextTooLong> {
        let mut text = typed.into();
        // Browsers send `\r\n`; without one spelling every save would look like a change of every line.
        if text.contains('\r') {
            text = text.replace("\r\n", "\n").replace('\r', "\n");
        }
        if text.contains(stray) {
            text.retain(|c| !stray(c));
        }
        if text.len() > Self::MAX_BYTES {
            return Err(TextTooLong(text.len()));
        }
        Ok(Self(text))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Nobody would see anything.
    pub fn is_blank(&self) -> bool {
        characters::is_blank(&self.0)
    }

    /// How many characters [`Text::parse`] takes out of what was typed: no reader sees them, and a terminal would obey them.
    pub fn strays(typed: &str) -> usize {
        typed.chars().filter(|c| stray(*c)).count()
    }
}

/// Control characters (PostgreSQL could not keep a NUL either), and the two overrides that make letters stand in the
/// opposite order. Marks and isolates, which right-to-left writers need, stay.
fn stray(c: char) -> bool {
    (c.is_control() && !matches!(c, '\n' | '\t' | '\r')) || matches!(c, '\u{202D}' | '\u{202E}')
}

impl std::fmt::Display for Text {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn line_endings_become_one() {
        assert_eq!(
            Text::parse("a\r\nb\rc\nd\r\n\r\n").unwrap().as_str(),
            "a\nb\nc\nd\n\n"
        );
        assert_eq!(Text::parse("").unwrap(), Text::default());
    }

    #[test]
    fn what_no_reader_sees_is_taken_out_and_counted() {
        let typed = "a\0b\u{1b}[31m\tc\u{202e}d\u{85}\r\n\u{200f}\u{2067}שלום\u{2069}";
        assert_eq!(Text::strays(typed), 4);
        let kept = Text::parse(typed).unwrap();
        assert_eq!(kept.as_str(), "ab[31m\tcd\n\u{200f}\u{2067}שלום\u{2069}");
        assert_eq!(Text::strays(kept.as_str()), 0);
        assert!(Text::parse(" \n\t\u{200b}").unwrap().is_blank());
    }

    #[test]
    fn a_text_of_a_million_bytes_fits_and_one_more_does_not() {
        assert!(Text::parse("x".repeat(1_000_000)).is_ok());
        assert_eq!(
            Text::parse("x".repeat(1_000_001)),
            Err(TextTooLong(1_000_001))
        );
        // Measured as it is kept: a browser's line endings cost the writer nothing.
        assert!(Text::parse("\r\n".repeat(1_000_000)).is_ok());
    }

    proptest! {
        #[test]
        fn a_text_reads_back_as_itself(typed in any::<String>()) {
            let text = Text::parse(typed).unwrap();
            prop_assert!(!text.as_str().contains(['\r', '\0']));
            prop_assert_eq!(Text::parse(text.as_str()), Ok(text.clone()));
        }
    }
}
