//! The stored form of a password; it hides itself wherever it might be shown.

use std::fmt;
use std::sync::Arc;

use argon2::password_hash::phc;
use argon2::{Algorithm, Params, Version};

use super::{OUTPUT_LEN, PasswordError, SALT_LEN};
use crate::Randomness;

/// A password's hash in PHC form, as a database keeps it. Its `Debug` shows nothing.
///
/// ```
/// use session_auth::password::PasswordHash;
///
/// // What another program stored is read, if it is Argon2.
/// let stored = "$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHRzYWx0$YmFzZTY0YmFzZTY0YmFzZTY0YmFzZTY0";
/// assert_eq!(PasswordHash::parse(stored).unwrap().as_str(), stored);
/// assert!(PasswordHash::parse("$2b$12$abcdefghijklmnopqrstuv").is_err(), "bcrypt");
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct PasswordHash(Arc<str>);

impl PasswordHash {
    /// A hash as it was stored.
    ///
    /// # Errors
    ///
    /// [`PasswordError::Malformed`] when it is no Argon2 hash in PHC form.
    ///
    /// ```
    /// use session_auth::password::PasswordHash;
    ///
    /// let hash = PasswordHash::parse("$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHRzYWx0$YmFzZTY0YmFzZTY0YmFzZTY0YmFzZTY0")?;
    /// assert_eq!(format!("{hash:?}"), "PasswordHash(hidden)");
    /// assert!(PasswordHash::parse("plaintext").is_err());
    /// # Ok::<(), session_auth::password::PasswordError>(())
    /// ```
    pub fn parse(stored: &str) -> Result<Self, PasswordError> {
        let hash = Self(stored.into());
        let argon2 = hash.parsed().is_some_and(|parsed| {
            Algorithm::try_from(parsed.algorithm.as_str()).is_ok()
                && parsed.salt.is_some()
                && parsed.hash.is_some()
        });
        argon2.then_some(hash).ok_or(PasswordError::Malformed)
    }

    /// The hash, to store it.
    ///
    /// ```
    /// # use session_auth::password::{PasswordError, PasswordHasher};
    /// async fn column(hasher: &PasswordHasher, password: &str) -> Result<String, PasswordError> {
    ///     Ok(hasher.hash(password).await?.as_str().to_owned())
    /// }
    /// ```
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// A hash that no password has: what should be computed from one is random.
    pub(super) fn of_nothing(params: &Params, randomness: Randomness) -> Self {
        let (mut salt, mut output) = ([0; SALT_LEN], [0; OUTPUT_LEN]);
        randomness(&mut salt);
        randomness(&mut output);
        let hash = phc::PasswordHash {
            algorithm: Algorithm::Argon2id.ident(),
            version: Some(Version::V0x13.into()),
            params: params.try_into().expect("parameters have a text form"),
            salt: Some(phc::Salt::new(&salt).expect("a salt of 16 bytes")),
            hash: Some(phc::Output::new(&output).expect("an output of 32 bytes")),
        };
        Self::from(hash)
    }

    pub(super) fn parsed(&self) -> Option<phc::PasswordHash> {
        phc::PasswordHash::new(&self.0).ok()
    }
}

impl From<phc::PasswordHash> for PasswordHash {
    fn from(hash: phc::PasswordHash) -> Self {
        Self(hash.to_string().into())
    }
}

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordHash(hidden)")
    }
}

#[cfg(test)]
#[path = "../../fuzz/password_hash.rs"]
mod fuzz;
