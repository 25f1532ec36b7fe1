//! Sessions in the cookie, sealed in NaCl's SecretBox.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use crypto_secretbox::{KeyInit, XSalsa20Poly1305, aead::Aead};
use time::OffsetDateTime;

use super::{
    AiohttpCookies, CookieStorage, Opened, Seal,
    keys::{KeyError, KeyRing},
};
use crate::{AnyStorage, Promises, Randomness, SessionStorage};

const KEY: usize = 32;
const NONCE: usize = 24;

/// Keeps sessions in the cookie, sealed in NaCl's SecretBox (XSalsa20-Poly1305).
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
/// use session_auth::{NaClCookieStorage, SessionLayer};
///
/// # fn main() -> Result<(), session_auth::KeyError> {
/// let (new, old) = (b"0123456789abcdef0123456789abcdef", b"fedcba9876543210fedcba9876543210");
/// let sessions = SessionLayer::new(NaClCookieStorage::new(new)?.also_reads(old)?);
///
/// assert!(NaClCookieStorage::new(b"a password").is_err());
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct NaClCookieStorage {
    keys: KeyRing<[u8; KEY]>,
    pub(super) cookies: CookieStorage,
}

impl NaClCookieStorage {
    /// Sessions under this key of 32 random bytes.
    ///
    /// # Errors
    ///
    /// When the key has another length.
    ///
    /// ```
    /// use session_auth::{KeyError, NaClCookieStorage};
    ///
    /// assert!(NaClCookieStorage::new(&[7; 32]).is_ok());
    /// assert_eq!(NaClCookieStorage::new(b"a password").err(), Some(KeyError::SecretBox(10)));
    /// ```
    pub fn new(key: &[u8]) -> Result<Self, KeyError> {
        let keys = KeyRing::new(parse(key)?);
        Ok(Self {
            cookies: CookieStorage::new(SecretBox(keys.clone()), true),
            keys,
        })
    }

    /// Reads sessions under this key, too. Whoever comes with one gets it back under the first key.
    ///
    /// # Errors
    ///
    /// When the key has another length.
    ///
    /// ```
    /// # use session_auth::{KeyError, NaClCookieStorage};
    /// # fn main() -> Result<(), KeyError> {
    /// let storage = NaClCookieStorage::new(&[2; 32])?.also_reads(&[1; 32])?;
    /// assert!(storage.also_reads(&[0; 24]).is_err());
    /// # Ok(()) }
    /// ```
    pub fn also_reads(mut self, key: &[u8]) -> Result<Self, KeyError> {
        self.keys.add(parse(key)?);
        self.cookies.seal = std::sync::Arc::new(SecretBox(self.keys.clone()));
        Ok(self)
    }

    /// Writes down in this storage which sessions there are, without their values, and takes no other: then a logout,
    /// and "log out everywhere", ends every copy of a cookie. Who is logged in, and for how long, is what this storage
    /// says; the cookie keeps the values. It costs what the storage costs.
    ///
    /// ```
    /// # #[cfg(feature = "memory")] {
    /// use session_auth::{MemoryStorage, NaClCookieStorage, Promise};
    ///
    /// let storage = NaClCookieStorage::new(&[7; 32]).unwrap();
    /// assert!(!storage.promises().keeps(Promise::ByUser));
    /// assert!(storage.revocable(MemoryStorage::new()).promises().keeps(Promise::ByUser));
    /// # }
    /// ```
    #[must_use]
    pub fn revocable(self, ledger: impl SessionStorage) -> Self {
        Self {
            cookies: self.cookies.revocable(ledger),
            ..self
        }
    }

    /// Shares sessions with a Python server on aiohttp-session's `NaClCookieStorage` of the same key.
    ///
    /// ```
    /// use session_auth::{NaClCookieStorage, SessionLayer};
    ///
    /// let storage = NaClCookieStorage::new(&[7; 32]).unwrap();
    /// let sessions = SessionLayer::new(storage.aiohttp_compatible()); // the cookie is AIOHTTP_SESSION
    /// ```
    #[must_use]
    pub fn aiohttp_compatible(self) -> AiohttpCookies {
        AiohttpCookies::new(self.cookies)
    }

    /// What is kept of the contract here, and what is not.
    ///
    /// ```
    /// # use session_auth::{NaClCookieStorage, Promise};
    /// let promises = NaClCookieStorage::new(&[7; 32]).unwrap().promises();
    /// assert!(promises.keeps(Promise::Sealed));
    /// assert!(!promises.keeps(Promise::AnySize));
    /// ```
    #[must_use]
    pub fn promises(&self) -> Promises {
        self.cookies.promises()
    }
}

impl From<NaClCookieStorage> for AnyStorage {
    fn from(storage: NaClCookieStorage) -> Self {
        Self::lending(std::sync::Arc::new(storage.cookies))
    }
}

fn parse(key: &[u8]) -> Result<[u8; KEY], KeyError> {
    key.try_into().map_err(|_| KeyError::SecretBox(key.len()))
}

struct SecretBox(KeyRing<[u8; KEY]>);

impl Seal for SecretBox {
    fn seal(&self, text: &str, _now: OffsetDateTime, randomness: Randomness) -> String {
        let mut nonce = [0; NONCE];
        randomness(&mut nonce);
        let cipher = XSalsa20Poly1305::new(self.0.first().into());
        let sealed = cipher.encrypt(&nonce.into(), text.as_bytes());
        let sealed = sealed.expect("a text that fits into memory fits into a SecretBox");
        STANDARD.encode([&nonce[..], &sealed].concat())
    }

    fn open(&self, sealed: &str) -> Option<Opened> {
        let bytes = STANDARD.decode(sealed).ok()?;
        let (nonce, sealed) = bytes.split_first_chunk::<NONCE>()?;
        let open = |key: &[u8; KEY]| {
            XSalsa20Poly1305::new(key.into())
                .decrypt(nonce.into(), sealed)
                .ok()
        };
        let (text, is_outdated) = self.0.open(open)?;
        Some(Opened {
            text: String::from_utf8(text).ok()?,
            is_outdated,
            sealed_at: None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_documentation_says_what_the_storage_promises() {
        let storage = NaClCookieStorage::new(&[7; 32]).unwrap();
        assert_eq!(include_str!("sealed.md"), storage.promises().to_string());
    }
}
