//! Words under which posts are found together; two spellings of one word are one tag, and each has one address.

use serde::{Serialize, Serializer};
use unicode_normalization::UnicodeNormalization as _;

use crate::{characters, slug};

/// One word or a few: at most 50 characters on one line, with a letter or digit in them. It keeps its spelling.
#[derive(Clone, Debug)]
pub struct Tag {
    name: String,
    key: TagKey,
}

/// A tag's segment of an address, and what makes two spellings one tag: `Bread & Butter` is `bread-butter`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct TagKey(String);

/// Why a text is no tag.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TagError {
    #[error("A tag has at most {max} characters; “{0}…” is longer.", max = Tag::MAX_CHARS)]
    TooLong(String),
    #[error("The tag “{0}” needs at least one letter or digit.")]
    NoWord(String),
    #[error(
        "A tag can’t hold control characters or characters that turn the writing direction around."
    )]
    Character,
    #[error("A post has at most {max} tags; these are {0}.", max = Tags::MAX)]
    TooMany(usize),
}

/// A segment that no tag has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("No tag has this address.")]
pub struct NoSuchTag;

impl Tag {
    pub const MAX_CHARS: usize = 50;

    pub fn parse(typed: &str) -> Result<Self, TagError> {
        let name = characters::tidy(&typed.split_whitespace().collect::<Vec<_>>().join(" "));
        // Written by habit from elsewhere.
        let name = name.trim_start_matches('#').trim_start().to_owned();
        if name
            .chars()
            .any(|c| characters::controls(c) || characters::reorders(c))
        {
            return Err(TagError::Character);
        }
        if name.chars().count() > Self::MAX_CHARS {
            return Err(TagError::TooLong(name.chars().take(20).collect()));
        }
        let key = slug::words(&spoken(&name));
        if key.is_empty() {
            return Err(TagError::NoWord(typed.trim().to_owned()));
        }
        Ok(Self {
            name,
            key: TagKey(key),
        })
    }

    /// As it was written.
    pub fn name(&self) -> &str {
        &self.name
    }

    pub fn key(&self) -> &TagKey {
        &self.key
    }
}

/// The signs that alone tell `C`, `C++` and `C#` apart.
fn spoken(name: &str) -> String {
    name.replace('+', "plus").replace(['#', '♯'], "sharp")
}

impl PartialEq for Tag {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for Tag {}

impl std::fmt::Display for Tag {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.name)
    }
}

impl Serialize for Tag {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.name)
    }
}

impl TagKey {
    /// Reads a key in its one spelling: from an address, or from a row.
    pub fn parse(segment: &str) -> Result<Self, NoSuchTag> {
        if segment.is_empty() || slug::words(segment) != segment {
            return Err(NoSuchTag);
        }
        Ok(Self(segment.to_owned()))
    }

    /// The key that another spelling of it leads to: `Bread` to `bread`.
    pub fn meant(segment: &str) -> Option<Self> {
        let key = slug::words(&spoken(&segment.nfc().collect::<String>()));
        (!key.is_empty()).then_some(Self(key))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Display for TagKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// The tags of one post, in the writer's order, each once.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Tags(Vec<Tag>);

impl Tags {
    pub const MAX: usize = 20;

    /// Reads what was typed between commas of any script.
    pub fn parse(typed: &str) -> Result<Self, TagError> {
        // Composed before it is parted: the Greek question mark U+037E composes to a semicolon, which parts.
        let typed: String = typed.nfc().collect();
        let mut tags: Vec<Tag> = Vec::new();
        for part in typed.split([',', '，', '、', '،', ';', '\n', '\r']) {
            if characters::is_blank(part) {
                continue;
            }
            let tag = Tag::parse(part)?;
            if !tags.iter().any(|known| known.key == tag.key) {
                tags.push(tag);
            }
        }
        match tags.len() {
            count if count > Self::MAX => Err(TagError::TooMany(count)),
            _ => Ok(Self(tags)),
        }
    }

    pub fn iter(&self) -> impl ExactSizeIterator<Item = &Tag> {
        self.0.iter()
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// As a field shows them and a row keeps them; no tag holds a comma.
impl std::fmt::Display for Tags {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (place, tag) in self.0.iter().enumerate() {
            if place > 0 {
                f.write_str(", ")?;
            }
            f.write_str(&tag.name)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn keys(typed: &str) -> Vec<String> {
        let tags = Tags::parse(typed).unwrap();
        tags.iter().map(|tag| tag.key().to_string()).collect()
    }

    #[test]
    fn tags_stand_between_commas_and_each_counts_once() {
        assert_eq!(
            Tags::parse(" Bread ,rye   flour, bread,,")
                .unwrap()
                .to_string(),
            "Bread, rye flour"
        );
        assert_eq!(keys("Bread, rye flour"), ["bread", "rye-flour"]);
        assert_eq!(keys("麺、パン，خبز، хлеб"), ["麺", "パン", "خبز", "хлеб"]);
        assert_eq!(keys("u\u{308}ber, ÜBER"), ["über"]);
        assert_eq!(keys(""), Vec::<String>::new());
        assert_eq!(keys(" , \u{200b},\n"), Vec::<String>::new());
    }

    #[test]
    fn signs_that_make_another_word_make_another_tag() {
        assert_eq!(
            keys("C, C++, C#, #rust, .NET, 2026"),
            ["c", "cplusplus", "csharp", "rust", "net", "2026"]
        );
    }

    #[test]
    fn what_is_no_tag_is_refused_with_its_reason() {
        let many: Vec<String> = (0..100).map(|n| format!("tag{n}")).collect();
        for (typed, error) in [
            (many.join(","), TagError::TooMany(100)),
            ("!!".to_owned(), TagError::NoWord("!!".into())),
            ("#".to_owned(), TagError::NoWord("#".into())),
            ("x".repeat(51), TagError::TooLong("x".repeat(20))),
            ("a\u{202e}b".to_owned(), TagError::Character),
            ("a\u{1b}b".to_owned(), TagError::Character),
        ] {
            assert_eq!(Tags::parse(&typed), Err(error), "{typed:?}");
        }
        assert_eq!(
            Tags::parse(&many[..20].join(",")).unwrap().len(),
            20,
            "control"
        );
        assert!(Tags::parse(&"é".repeat(50)).is_ok(), "control");
    }

    #[test]
    fn a_sign_that_composes_to_a_parting_sign_parts() {
        let tags = Tags::parse("ψωμί\u{37e} αλεύρι\u{37e}").unwrap();
        assert_eq!(tags.to_string(), "ψωμί, αλεύρι");
        assert_eq!(Tags::parse(&tags.to_string()), Ok(tags));
    }

    #[test]
    fn an_address_has_one_spelling_and_others_lead_to_it() {
        assert_eq!(TagKey::parse("rye-flour").unwrap().as_str(), "rye-flour");
        for other in ["", "Rye-flour", "rye flour", "a--b", "u\u{308}", "../x"] {
            assert_eq!(TagKey::parse(other), Err(NoSuchTag), "{other:?}");
        }
        assert_eq!(TagKey::meant("Rye Flour"), TagKey::parse("rye-flour").ok());
        assert_eq!(TagKey::meant("C++"), TagKey::parse("cplusplus").ok());
        assert_eq!(TagKey::meant("?"), None);
    }

    proptest! {
        #[test]
        fn tags_read_back_as_themselves(typed in "\\PC{0,60}") {
            if let Ok(tags) = Tags::parse(&typed) {
                prop_assert_eq!(Tags::parse(&tags.to_string()), Ok(tags.clone()));
                for tag in tags.iter() {
                    prop_assert_eq!(TagKey::parse(tag.key().as_str()), Ok(tag.key().clone()));
                }
            }
        }
    }
}
