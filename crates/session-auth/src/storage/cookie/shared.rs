//! The cookie storages as a Python server reads and writes them.

use std::time::Duration;

use super::{Aiohttp, CookieStorage, Format};
use crate::{AnyStorage, Promises};

/// A cookie storage that shares its sessions with aiohttp-session: the same name, the same bytes.
///
/// The login is a string among the values, so a login made there is one here. With the format come its limits: it keeps
/// no id, no stamp and no time of login, and a session ends `max_age` after it was last written, or never. Use it while
/// both servers run, then drop it.
///
/// # What it promises
///
/// Over a storage with a key:
///
#[doc = include_str!("shared.md")]
///
/// # Errors
///
/// A session that needs more than 4096 bytes of cookie is a [`SessionTooLarge`](crate::SessionTooLarge). What Python reads
/// and we do not, `NaN` for instance, is removed from the browser, and is no error.
///
/// ```
/// # #[cfg(feature = "encrypted-cookie")] {
/// use session_auth::{EncryptedCookieStorage, Promise, SessionLayer};
///
/// let storage = EncryptedCookieStorage::new(b"0123456789abcdef0123456789abcdef").unwrap();
/// let shared = storage.aiohttp_compatible().login_key("AIOHTTP_SECURITY");
/// assert!(!shared.promises().keeps(Promise::LoginDetails));
/// let sessions = SessionLayer::new(shared);
/// # }
/// ```
#[derive(Clone)]
pub struct AiohttpCookies {
    cookies: CookieStorage,
    settings: Aiohttp,
}

impl AiohttpCookies {
    pub(super) fn new(cookies: CookieStorage) -> Self {
        Self {
            cookies,
            settings: Aiohttp::default(),
        }
    }

    /// The key under which Python keeps the name of who is logged in: `username` unless said otherwise,
    /// `AIOHTTP_SECURITY` for aiohttp-security.
    ///
    /// ```
    /// # #[cfg(feature = "simple-cookie")] {
    /// # use session_auth::SimpleCookieStorage;
    /// let shared = SimpleCookieStorage::new().aiohttp_compatible().login_key("AIOHTTP_SECURITY");
    /// # }
    /// ```
    #[must_use]
    pub fn login_key(mut self, key: impl Into<String>) -> Self {
        self.settings.login_key = key.into().into();
        self
    }

    /// The `max_age` of the Python storage, in whole seconds. Without it sessions never end.
    ///
    /// ```
    /// # #[cfg(feature = "simple-cookie")] {
    /// # use session_auth::SimpleCookieStorage;
    /// # use std::time::Duration;
    /// let shared = SimpleCookieStorage::new().aiohttp_compatible().max_age(Duration::from_secs(3600));
    /// # }
    /// ```
    #[must_use]
    pub fn max_age(mut self, max_age: Duration) -> Self {
        self.settings.max_age = Some(Duration::from_secs(max_age.as_secs()));
        self
    }

    /// What is kept of the contract here, and what is not.
    ///
    /// ```
    /// # #[cfg(feature = "simple-cookie")] {
    /// # use session_auth::{Promise, SimpleCookieStorage};
    /// let promises = SimpleCookieStorage::new().aiohttp_compatible().promises();
    /// assert!(promises.keeps(Promise::SurvivesRestart));
    /// assert!(!promises.keeps(Promise::Lifetimes));
    /// # }
    /// ```
    #[must_use]
    pub fn promises(&self) -> Promises {
        self.clone().into_cookies().promises()
    }

    fn into_cookies(self) -> CookieStorage {
        CookieStorage {
            format: Format::Aiohttp(self.settings),
            // A session that Python made is in nobody's ledger.
            ledger: None,
            ..self.cookies
        }
    }
}

impl From<AiohttpCookies> for AnyStorage {
    fn from(shared: AiohttpCookies) -> Self {
        Self::lending(std::sync::Arc::new(shared.into_cookies()))
    }
}

#[cfg(all(test, feature = "nacl-cookie"))]
mod tests {
    #[test]
    fn the_documentation_says_what_the_storage_promises() {
        let storage = crate::NaClCookieStorage::new(&[7; 32]).unwrap();
        let promises = storage.aiohttp_compatible().promises().to_string();
        assert_eq!(include_str!("shared.md"), promises);
    }
}
