//! The numbers by which rows are known; each kind has its own type, so that none can stand in for another.

use serde::Serialize;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
        #[serde(transparent)]
        pub struct $name(pub i64);

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

id! {
    /// A person's number.
    UserId
}
id! {
    /// A post's number; `GET /{number}` redirects to its slug.
    PostId
}
id! {
    /// How often a post was saved, counted from 1. The number an edit form carries as `revision`.
    RevisionNo
}

/// A text that is no number of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("This is not a number the site knows.")]
pub struct NotAnId;

fn digits(text: &str) -> Result<i64, NotAnId> {
    let plain = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    // A leading zero would give one row two addresses.
    if !plain || text.starts_with('0') {
        return Err(NotAnId);
    }
    text.parse().map_err(|_| NotAnId)
}

impl std::str::FromStr for UserId {
    type Err = NotAnId;
    fn from_str(text: &str) -> Result<Self, NotAnId> {
        digits(text).map(Self)
    }
}

impl std::str::FromStr for PostId {
    type Err = NotAnId;
    fn from_str(text: &str) -> Result<Self, NotAnId> {
        digits(text).map(Self)
    }
}

impl std::str::FromStr for RevisionNo {
    type Err = NotAnId;
    fn from_str(text: &str) -> Result<Self, NotAnId> {
        digits(text).map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_read_in_exactly_one_spelling() {
        assert_eq!("17".parse(), Ok(PostId(17)));
        for other in [
            "",
            "0",
            "017",
            "+17",
            "-17",
            " 17",
            "17 ",
            "1_7",
            "٣",
            "99999999999999999999",
        ] {
            assert_eq!(other.parse::<PostId>(), Err(NotAnId), "{other:?}");
            assert_eq!(other.parse::<UserId>(), Err(NotAnId), "{other:?}");
            assert_eq!(other.parse::<RevisionNo>(), Err(NotAnId), "{other:?}");
        }
    }
}
