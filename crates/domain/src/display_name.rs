//! The name a person signs posts with; readers see it, so it can't reorder or break the line it stands in.

use serde::Serialize;

use crate::characters;
use crate::username::Username;

/// 1 to 60 visible characters on one line.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(transparent)]
pub struct DisplayName(String);

/// Why a text is no display name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DisplayNameError {
    #[error("A name needs at least one visible character.")]
    Empty,
    #[error("A name has at most {} characters.", DisplayName::MAX_CHARS)]
    TooLong,
    #[error("A name stands on one line, without control characters.")]
    Character,
}

impl DisplayName {
    pub const MAX_CHARS: usize = 60;

    pub fn parse(typed: &str) -> Result<Self, DisplayNameError> {
        let name = characters::tidy(typed);
        if characters::is_blank(&name) {
            return Err(DisplayNameError::Empty);
        }
        if name
            .chars()
            .any(|c| characters::controls(c) || characters::reorders(c))
        {
            return Err(DisplayNameError::Character);
        }
        if name.chars().count() > Self::MAX_CHARS {
            return Err(DisplayNameError::TooLong);
        }
        Ok(Self(name))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Who gave no other name signs with the username.
impl From<&Username> for DisplayName {
    fn from(username: &Username) -> Self {
        Self(username.as_str().to_owned())
    }
}

impl std::fmt::Display for DisplayName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_display_name_is_one_visible_line() {
        for name in ["Ada", "Ada Lovelace", "María-José O’Neil", "山田 太郎", "x"] {
            assert_eq!(DisplayName::parse(name).unwrap().as_str(), name);
        }
        for (name, error) in [
            ("", DisplayNameError::Empty),
            (" \u{200b}\u{3164}", DisplayNameError::Empty),
            ("a\nb", DisplayNameError::Character),
            ("a\u{2028}b", DisplayNameError::Character),
            ("a\u{202e}b", DisplayNameError::Character),
            (&"x".repeat(61), DisplayNameError::TooLong),
        ] {
            assert_eq!(DisplayName::parse(name), Err(error), "{name:?}");
        }
    }

    #[test]
    fn a_username_can_always_sign() {
        let username = Username::parse(&"x".repeat(32)).unwrap();
        let name = DisplayName::from(&username);
        assert_eq!(DisplayName::parse(name.as_str()), Ok(name.clone()));
    }
}
