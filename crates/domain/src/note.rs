//! Why somebody saved: a line for those who read a post's history.

use serde::Serialize;

use crate::characters;

/// At most 200 characters on one line; empty when nothing was said.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize)]
#[serde(transparent)]
pub struct Note(String);

/// Why a text is no note.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoteError {
    #[error("A note has at most {max} characters; this one has {0}.", max = Note::MAX_CHARS)]
    TooLong(usize),
    #[error(
        "A note can’t hold control characters or characters that turn the writing direction around."
    )]
    Character,
}

impl Note {
    pub const MAX_CHARS: usize = 200;

    pub fn parse(typed: &str) -> Result<Self, NoteError> {
        let note = characters::tidy(&typed.split_whitespace().collect::<Vec<_>>().join(" "));
        if note
            .chars()
            .any(|c| characters::controls(c) || characters::reorders(c))
        {
            return Err(NoteError::Character);
        }
        match note.chars().count() {
            length if length > Self::MAX_CHARS => Err(NoteError::TooLong(length)),
            _ => Ok(Self(note)),
        }
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl std::fmt::Display for Note {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_note_is_one_line() {
        assert_eq!(
            Note::parse(" typos\r\n fixed ").unwrap().as_str(),
            "typos fixed"
        );
        assert_eq!(Note::parse("").unwrap(), Note::default());
        assert!(Note::parse(&"é".repeat(200)).is_ok());
        assert_eq!(Note::parse(&"é".repeat(201)), Err(NoteError::TooLong(201)));
        assert_eq!(Note::parse("a\u{202e}b"), Err(NoteError::Character));
        assert_eq!(Note::parse("a\0b"), Err(NoteError::Character));
    }
}
