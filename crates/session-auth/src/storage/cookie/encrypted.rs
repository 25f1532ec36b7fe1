//! Sessions in the cookie, encrypted and signed with Fernet.

use base64::{Engine as _, engine::general_purpose::URL_SAFE};
use time::OffsetDateTime;

use super::{
    AiohttpCookies, CookieStorage, Opened, Seal,
    fernet::Key,
    keys::{KeyError, KeyRing},
};
use crate::{AnyStorage, Promises, Randomness, SessionStorage};

/// Keeps sessions in the cookie, encrypted and signed with Fernet (AES-128-CBC, HMAC-SHA256).
///
/// The server keeps nothing, so it ends nothing: a stolen copy of the cookie lives until it expires, also after a logout,
/// unless the sessions are [`revocable`](Self::revocable) or the user's [`Stamp`](crate::Stamp) changes. The expiry is in
/// the cookie and judged by the server's clock.
///
/// # What it keeps
///
/// The whole session in the cookie, and nothing on the server unless it is revocable.
///
/// # What it promises
///
#[doc = include_str!("sealed.md")]
///
/// and, when it is revocable, as far as the storage with the ledger promises it, too:
///
#[doc = include_str!("sealed_revocable.md")]
///
/// # Errors
///
/// A session that needs more than 4096 bytes of cookie is a [`SessionTooLarge`](crate::SessionTooLarge), and the browser
/// keeps the one it has. A value that no key opens is removed from the browser, and is no error. A revocable storage fails
/// when the one behind it does. A key of a wrong length is a [`KeyError`] at construction.
///
/// ```
/// use session_auth::{EncryptedCookieStorage, SessionLayer};
///
/// # fn main() -> Result<(), session_auth::KeyError> {
/// let (new, old) = (b"0123456789abcdef0123456789abcdef", b"MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=");
/// let sessions = SessionLayer::new(EncryptedCookieStorage::new(new)?.also_reads(old)?);
///
/// assert!(EncryptedCookieStorage::new(b"a password").is_err());
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct EncryptedCookieStorage {
    keys: KeyRing<Key>,
    pub(super) cookies: CookieStorage,
}

impl EncryptedCookieStorage {
    /// Sessions under this key: 32 random bytes, or the same in 44 characters of url-safe base64.
    ///
    /// # Errors
    ///
    /// When the key is neither.
    ///
    /// ```
    /// use session_auth::EncryptedCookieStorage;
    ///
    /// assert!(EncryptedCookieStorage::new(&[7; 32]).is_ok());
    /// let error = EncryptedCookieStorage::new(&[7; 16]).err().unwrap();
    /// assert!(error.to_string().starts_with("a Fernet key has 32 bytes"), "it says what is right");
    /// ```
    pub fn new(key: &[u8]) -> Result<Self, KeyError> {
        Ok(Self::with(KeyRing::new(Key::parse(key)?)))
    }

    fn with(keys: KeyRing<Key>) -> Self {
        Self {
            cookies: CookieStorage::new(Fernet(keys.clone()), true),
            keys,
        }
    }

    /// Reads sessions under this key, too. Whoever comes with one gets it back under the first key.
    ///
    /// # Errors
    ///
    /// When it is no key.
    ///
    /// ```
    /// # use session_auth::{EncryptedCookieStorage, KeyError};
    /// fn storage(keys: &[Vec<u8>]) -> Result<EncryptedCookieStorage, KeyError> {
    ///     let [new, old @ ..] = keys else { panic!("no key is configured") };
    ///     old.iter().try_fold(EncryptedCookieStorage::new(new)?, |storage, key| storage.also_reads(key))
    /// }
    /// assert!(storage(&[vec![1; 32], vec![2; 32]]).is_ok());
    /// assert!(storage(&[vec![1; 32], vec![2; 31]]).is_err());
    /// ```
    pub fn also_reads(mut self, key: &[u8]) -> Result<Self, KeyError> {
        self.keys.add(Key::parse(key)?);
        self.cookies.seal = std::sync::Arc::new(Fernet(self.keys.clone()));
        Ok(self)
    }

    /// Writes down in this storage which sessions there are, without their values, and takes no other: then a logout,
    /// and "log out everywhere", ends every copy of a cookie. Who is logged in, and for how long, is what this storage
    /// says; the cookie keeps the values. It costs what the storage costs.
    ///
    /// ```
    /// # #[cfg(feature = "memory")] {
    /// use session_auth::{EncryptedCookieStorage, MemoryStorage, Promise};
    ///
    /// let storage = EncryptedCookieStorage::new(&[7; 32]).unwrap();
    /// assert!(!storage.promises().keeps(Promise::NoRevival));
    /// assert!(storage.revocable(MemoryStorage::new()).promises().keeps(Promise::NoRevival));
    /// # }
    /// ```
    #[must_use]
    pub fn revocable(self, ledger: impl SessionStorage) -> Self {
        Self {
            cookies: self.cookies.revocable(ledger),
            ..self
        }
    }

    /// Shares sessions with a Python server on aiohttp-session's `EncryptedCookieStorage` of the same key.
    ///
    /// ```
    /// use session_auth::{EncryptedCookieStorage, SessionLayer};
    ///
    /// let storage = EncryptedCookieStorage::new(b"MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=").unwrap();
    /// let sessions = SessionLayer::new(storage.aiohttp_compatible()); // the cookie is AIOHTTP_SESSION
    /// ```
    #[must_use]
    pub fn aiohttp_compatible(self) -> AiohttpCookies {
        AiohttpCookies::new(self.cookies)
    }

    /// What is kept of the contract here, and what is not.
    ///
    /// ```
    /// # use session_auth::{EncryptedCookieStorage, Promise};
    /// let promises = EncryptedCookieStorage::new(&[7; 32]).unwrap().promises();
    /// assert!(promises.keeps(Promise::Sealed));
    /// assert!(!promises.keeps(Promise::AnySize));
    /// ```
    #[must_use]
    pub fn promises(&self) -> Promises {
        self.cookies.promises()
    }
}

impl From<EncryptedCookieStorage> for AnyStorage {
    fn from(storage: EncryptedCookieStorage) -> Self {
        Self::lending(std::sync::Arc::new(storage.cookies))
    }
}

struct Fernet(KeyRing<Key>);

impl Seal for Fernet {
    fn seal(&self, text: &str, now: OffsetDateTime, randomness: Randomness) -> String {
        let mut iv = [0; 16];
        randomness(&mut iv);
        let seconds = u64::try_from(now.unix_timestamp()).unwrap_or_default();
        self.0.first().seal(text.as_bytes(), seconds, iv)
    }

    fn open(&self, sealed: &str) -> Option<Opened> {
        let token = URL_SAFE.decode(sealed).ok()?;
        let ((text, seconds), is_outdated) = self.0.open(|key| key.open(&token))?;
        Some(Opened {
            text: String::from_utf8(text).ok()?,
            is_outdated,
            sealed_at: Some(i64::try_from(seconds).unwrap_or(i64::MAX)),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_documentation_says_what_the_storage_promises() {
        let storage = EncryptedCookieStorage::new(&[7; 32]).unwrap();
        assert_eq!(include_str!("sealed.md"), storage.promises().to_string());
        let revocable = super::super::SEALED_REVOCABLE.to_string();
        assert_eq!(include_str!("sealed_revocable.md"), revocable);
    }
}
