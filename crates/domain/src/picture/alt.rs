//! The words that stand for a picture; one line, since an attribute has no second one.

use serde::Serialize;

use crate::characters;

/// Words for who can't see a picture; empty until somebody wrote them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize)]
#[serde(transparent)]
pub struct Alt(String);

/// Why a text is no alternative text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AltError {
    #[error(
        "An alternative text has at most {max} characters; this one has {0}.",
        max = Alt::MAX_CHARS
    )]
    TooLong(usize),
    #[error(
        "An alternative text can’t hold control characters or characters that turn the writing direction around."
    )]
    Character,
}

impl Alt {
    pub const MAX_CHARS: usize = 1_000;

    pub fn parse(typed: &str) -> Result<Self, AltError> {
        // A text area sends line ends; in an attribute they are spaces.
        let alt = characters::tidy(&typed.split_whitespace().collect::<Vec<_>>().join(" "));
        if alt
            .chars()
            .any(|c| characters::controls(c) || characters::reorders(c))
        {
            return Err(AltError::Character);
        }
        match alt.chars().count() {
            length if length > Self::MAX_CHARS => Err(AltError::TooLong(length)),
            _ => Ok(Self(alt)),
        }
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl std::fmt::Display for Alt {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_alternative_text_is_one_line() {
        assert_eq!(
            Alt::parse(" A lake\r\n  at dusk ").unwrap().as_str(),
            "A lake at dusk"
        );
        assert_eq!(Alt::parse("").unwrap(), Alt::default());
        assert_eq!(Alt::parse(&"x".repeat(1001)), Err(AltError::TooLong(1001)));
        assert_eq!(Alt::parse("a\u{202e}b"), Err(AltError::Character));
        assert_eq!(Alt::parse("a\0b"), Err(AltError::Character));
    }
}
