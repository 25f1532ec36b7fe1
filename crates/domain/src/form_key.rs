//! What makes a form that is sent twice one post: a name that the form carries from the moment it is drawn.

use serde::Serialize;

/// 128 random bits as 22 characters of base64url.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(transparent)]
pub struct FormKey(String);

/// A text that names no form.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("This is not the name of a form.")]
pub struct NotAFormKey;

impl FormKey {
    const CHARS: usize = 22;

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::str::FromStr for FormKey {
    type Err = NotAFormKey;
    fn from_str(text: &str) -> Result<Self, NotAFormKey> {
        let known = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_');
        if text.len() == Self::CHARS && text.bytes().all(known) {
            Ok(Self(text.to_owned()))
        } else {
            Err(NotAFormKey)
        }
    }
}

impl std::fmt::Display for FormKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_twenty_two_characters_of_base64url() {
        let key: FormKey = "AAECAwQFBgcICQoLDA0O-_".parse().unwrap();
        assert_eq!(key.as_str(), "AAECAwQFBgcICQoLDA0O-_");
        for other in [
            "",
            "short",
            "AAECAwQFBgcICQoLDA0O+/",
            "AAECAwQFBgcICQoLDA0ODwx",
            "éAECAwQFBgcICQoLDA0OD",
        ] {
            assert_eq!(other.parse::<FormKey>(), Err(NotAFormKey), "{other:?}");
        }
    }
}
