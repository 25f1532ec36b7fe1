//! What lists, feeds and search engines say of a post in its writer's own words.

use serde::Serialize;

use crate::characters;

/// 1 to 500 characters in one paragraph. A post without one is represented by its beginning.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(transparent)]
pub struct Excerpt(String);

/// Why a text is no excerpt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ExcerptError {
    #[error("A summary has at most {max} characters; this one has {0}.", max = Excerpt::MAX_CHARS)]
    TooLong(usize),
    #[error(
        "A summary can’t hold control characters or characters that turn the writing direction around."
    )]
    Character,
}

impl Excerpt {
    pub const MAX_CHARS: usize = 500;

    /// `None`: nobody would see anything, so there is none.
    pub fn parse(typed: &str) -> Result<Option<Self>, ExcerptError> {
        let text = characters::tidy(&typed.split_whitespace().collect::<Vec<_>>().join(" "));
        if characters::is_blank(&text) {
            return Ok(None);
        }
        if text
            .chars()
            .any(|c| characters::controls(c) || characters::reorders(c))
        {
            return Err(ExcerptError::Character);
        }
        match text.chars().count() {
            length if length > Self::MAX_CHARS => Err(ExcerptError::TooLong(length)),
            _ => Ok(Some(Self(text))),
        }
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Display for Excerpt {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_excerpt_is_one_paragraph_or_none() {
        let excerpt = Excerpt::parse(" Two lines\r\n of it. ").unwrap().unwrap();
        assert_eq!(excerpt.as_str(), "Two lines of it.");
        assert_eq!(Excerpt::parse(" \n\u{200b}"), Ok(None));
        assert!(Excerpt::parse(&"é".repeat(500)).is_ok());
        assert_eq!(
            Excerpt::parse(&"é".repeat(501)),
            Err(ExcerptError::TooLong(501))
        );
        assert_eq!(Excerpt::parse("a\u{202e}b"), Err(ExcerptError::Character));
        assert_eq!(Excerpt::parse("a\u{7}b"), Err(ExcerptError::Character));
    }
}
