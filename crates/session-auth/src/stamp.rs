//! The stamp of a user: what a login remembers, so that it ends when the stamp changes; it is never a password hash itself.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::{Digest, Sha256};

/// Separates these digests from every other SHA-256 that an application may compute over the same bytes.
const LABEL: &[u8] = b"gatepost session_auth stamp v1\0";

/// Up to 32 bytes that change when a user's sessions must end.
///
/// A login keeps the stamp that its user had. At every later request the stamp of the user as found then is compared
/// with it; a difference makes the request anonymous. Make it from whatever must end sessions when it changes,
/// usually the stored password hash and a counter that "log out everywhere" increases.
///
/// ```
/// use session_auth::Stamp;
///
/// let before = Stamp::of(&[b"$argon2id$old", &1_i64.to_be_bytes()]);
/// assert_eq!(before, Stamp::of(&[b"$argon2id$old", &1_i64.to_be_bytes()]));
/// assert_ne!(before, Stamp::of(&[b"$argon2id$new", &1_i64.to_be_bytes()]));
///
/// // The parts are told apart: bytes cannot move from one into the next.
/// assert_ne!(Stamp::of(&[b"ab", b"c"]), Stamp::of(&[b"a", b"bc"]));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Stamp {
    bytes: [u8; Stamp::MAX_LEN],
    len: u8,
}

impl Stamp {
    /// The most bytes that a stamp can hold.
    ///
    /// ```
    /// use session_auth::Stamp;
    ///
    /// assert!(Stamp::from_bytes(&[1; Stamp::MAX_LEN]).is_some());
    /// assert!(Stamp::from_bytes(&[1; Stamp::MAX_LEN + 1]).is_none());
    /// ```
    pub const MAX_LEN: usize = 32;

    /// Of a login whose storage keeps no stamps. No user has it.
    pub(crate) const UNKNOWN: Self = Self {
        bytes: [0; Self::MAX_LEN],
        len: u8::MAX,
    };

    /// Whether a login with this stamp counts for a user with that one.
    pub(crate) fn admits(&self, user: &Self) -> bool {
        *self == Self::UNKNOWN || self == user
    }

    /// The stamp over some parts: a labelled SHA-256 over their number and, each behind its length, the parts.
    ///
    /// ```
    /// use session_auth::Stamp;
    ///
    /// let stamp = |hash: &str, is_admin: bool| Stamp::of(&[hash.as_bytes(), &[u8::from(is_admin)]]);
    /// assert_eq!(stamp("$argon2id$…", true), stamp("$argon2id$…", true));
    /// assert_ne!(stamp("$argon2id$…", true), stamp("$argon2id$…", false));
    /// ```
    #[must_use]
    pub fn of(parts: &[&[u8]]) -> Self {
        let mut digest = Sha256::new_with_prefix(LABEL);
        digest.update((parts.len() as u64).to_be_bytes());
        for part in parts {
            digest.update((part.len() as u64).to_be_bytes());
            digest.update(part);
        }
        Self {
            bytes: digest.finalize().into(),
            len: 32,
        }
    }

    /// A stamp made elsewhere, for instance a version number of the user's row. `None` when it is longer than
    /// [`Stamp::MAX_LEN`] bytes.
    ///
    /// ```
    /// use session_auth::Stamp;
    ///
    /// assert_eq!(Stamp::from_bytes(&7_u32.to_be_bytes()).unwrap().as_bytes(), [0, 0, 0, 7]);
    /// assert!(Stamp::from_bytes(&[0; 33]).is_none());
    /// ```
    #[must_use]
    pub fn from_bytes(stamp: &[u8]) -> Option<Self> {
        let mut bytes = [0; Self::MAX_LEN];
        bytes.get_mut(..stamp.len())?.copy_from_slice(stamp);
        Some(Self {
            bytes,
            len: u8::try_from(stamp.len()).ok()?,
        })
    }

    /// The bytes, for a storage to keep.
    ///
    /// ```
    /// use session_auth::Stamp;
    ///
    /// let stamp = Stamp::of(&[b"$argon2id$"]);
    /// assert_eq!(stamp.as_bytes().len(), 32);
    /// assert_eq!(Stamp::from_bytes(stamp.as_bytes()), Some(stamp));
    /// ```
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..usize::from(self.len)).unwrap_or_default()
    }
}

/// Shows the length only: a stamp made with [`Stamp::from_bytes`] may be something that does not belong into a log.
impl fmt::Debug for Stamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Stamp({} bytes)", self.len)
    }
}

impl Serialize for Stamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.as_bytes().serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Stamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let bytes = Vec::<u8>::deserialize(deserializer)?;
        Self::from_bytes(&bytes)
            .ok_or_else(|| serde::de::Error::invalid_length(bytes.len(), &"at most 32 bytes"))
    }
}

#[cfg(test)]
#[path = "../fuzz/stamp.rs"]
mod fuzz;

#[cfg(test)]
mod tests {
    use super::Stamp;

    #[test]
    fn a_stamp_is_a_labelled_digest_and_contains_no_part() {
        let hash = b"$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHQ$aGFzaA";
        let stamp = Stamp::of(&[hash]);
        assert_eq!(stamp.as_bytes().len(), 32);
        assert!(
            !hash
                .windows(8)
                .any(|part| stamp.as_bytes().windows(8).any(|own| own == part))
        );

        use sha2::{Digest, Sha256};
        assert_ne!(
            stamp.as_bytes(),
            Sha256::digest(hash).as_slice(),
            "an unlabelled digest could be met elsewhere"
        );
    }

    #[test]
    fn parts_cannot_flow_into_one_another() {
        let stamps = [
            Stamp::of(&[]),
            Stamp::of(&[b""]),
            Stamp::of(&[b"", b""]),
            Stamp::of(&[b"ab", b"c"]),
            Stamp::of(&[b"a", b"bc"]),
            Stamp::of(&[b"abc"]),
        ];
        for (index, stamp) in stamps.iter().enumerate() {
            assert!(
                stamps[index + 1..].iter().all(|other| other != stamp),
                "{index}"
            );
        }
    }

    #[test]
    fn a_stamp_survives_its_json() {
        for stamp in [
            Stamp::of(&[b"x"]),
            Stamp::from_bytes(b"").unwrap(),
            Stamp::from_bytes(b"v7").unwrap(),
        ] {
            let json = serde_json::to_string(&stamp).unwrap();
            assert_eq!(serde_json::from_str::<Stamp>(&json).unwrap(), stamp);
        }
        assert!(
            serde_json::from_str::<Stamp>(&serde_json::to_string(&vec![0; 33]).unwrap()).is_err()
        );
    }

    #[test]
    fn debug_shows_no_bytes() {
        assert_eq!(
            format!("{:?}", Stamp::from_bytes(b"secret").unwrap()),
            "Stamp(6 bytes)"
        );
    }
}
