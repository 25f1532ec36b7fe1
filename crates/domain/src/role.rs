//! What a person is trusted with, in WordPress's words; what follows from it stands in [`crate::access`] alone.

use serde::Serialize;

/// From everything to little.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Everything, the site and its people included.
    Owner,
    /// Everyone's posts.
    Editor,
    /// Own posts, and publishes them.
    Author,
    /// Own drafts; somebody else publishes them.
    Contributor,
}

/// A word that names no role.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no role; the roles are owner, editor, author and contributor.")]
pub struct NoSuchRole(pub String);

impl Role {
    pub const ALL: [Self; 4] = [Self::Owner, Self::Editor, Self::Author, Self::Contributor];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Owner => "owner",
            Self::Editor => "editor",
            Self::Author => "author",
            Self::Contributor => "contributor",
        }
    }
}

impl std::fmt::Display for Role {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

impl std::str::FromStr for Role {
    type Err = NoSuchRole;
    fn from_str(word: &str) -> Result<Self, NoSuchRole> {
        let found = Self::ALL.into_iter().find(|role| role.as_str() == word);
        found.ok_or_else(|| NoSuchRole(word.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_role_reads_back_from_its_word() {
        for role in Role::ALL {
            assert_eq!(role.as_str().parse(), Ok(role));
        }
        assert_eq!("admin".parse::<Role>(), Err(NoSuchRole("admin".into())));
        assert_eq!("Owner".parse::<Role>(), Err(NoSuchRole("Owner".into())));
    }
}
