//! Sessions in the cookie, in clear.

use super::{AiohttpCookies, CookieStorage, plain::Plain};
use crate::{AnyStorage, Promises, SessionStorage};

/// Keeps sessions in the cookie as they are: for tests, and to look at what a session holds.
///
/// **Whoever has the browser is whoever they say they are.**
///
/// # What it keeps
///
/// The whole session as JSON text in the cookie, and nothing on the server unless it is [`revocable`](Self::revocable).
///
/// # What it promises
///
#[doc = include_str!("simple.md")]
///
/// # Errors
///
/// A session that needs more than 4096 bytes of cookie is a [`SessionTooLarge`](crate::SessionTooLarge), and the browser
/// keeps the one it has. A value that is no session is removed from the browser, and is no error. A revocable storage
/// fails when the one behind it does.
///
/// ```
/// use session_auth::{Promise, SessionLayer, SimpleCookieStorage};
///
/// let storage = SimpleCookieStorage::new();
/// assert!(!storage.promises().keeps(Promise::Sealed));
/// let sessions = SessionLayer::new(storage).plain_http();
/// ```
#[derive(Clone)]
pub struct SimpleCookieStorage {
    pub(super) cookies: CookieStorage,
}

impl SimpleCookieStorage {
    /// Sessions that anybody can read and write.
    ///
    /// ```
    /// let sessions = session_auth::SessionLayer::new(session_auth::SimpleCookieStorage::new()).plain_http();
    /// ```
    #[must_use]
    pub fn new() -> Self {
        Self {
            cookies: CookieStorage::new(Plain, false),
        }
    }

    /// Writes down in this storage which sessions there are, without their values, and takes no other.
    ///
    /// ```
    /// # #[cfg(feature = "memory")] {
    /// use session_auth::{MemoryStorage, Promise, SimpleCookieStorage};
    ///
    /// let promises = SimpleCookieStorage::new().revocable(MemoryStorage::new()).promises();
    /// assert!(promises.keeps(Promise::NoRevival));
    /// assert!(!promises.keeps(Promise::Sealed), "who is logged in is the server's word; the values are the visitor's");
    /// # }
    /// ```
    #[must_use]
    pub fn revocable(self, ledger: impl SessionStorage) -> Self {
        Self {
            cookies: self.cookies.revocable(ledger),
        }
    }

    /// Shares sessions with a Python server on aiohttp-session's `SimpleCookieStorage`.
    ///
    /// ```
    /// use session_auth::{SessionLayer, SimpleCookieStorage};
    ///
    /// let sessions = SessionLayer::new(SimpleCookieStorage::new().aiohttp_compatible());
    /// ```
    #[must_use]
    pub fn aiohttp_compatible(self) -> AiohttpCookies {
        AiohttpCookies::new(self.cookies)
    }

    /// What is kept of the contract here, and what is not.
    ///
    /// ```
    /// use session_auth::{Promise, SimpleCookieStorage};
    ///
    /// assert!(!SimpleCookieStorage::new().promises().keeps(Promise::Sealed));
    /// ```
    #[must_use]
    pub fn promises(&self) -> Promises {
        self.cookies.promises()
    }
}

impl Default for SimpleCookieStorage {
    fn default() -> Self {
        Self::new()
    }
}

impl From<SimpleCookieStorage> for AnyStorage {
    fn from(storage: SimpleCookieStorage) -> Self {
        Self::lending(std::sync::Arc::new(storage.cookies))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_documentation_says_what_the_storage_promises() {
        let promises = SimpleCookieStorage::new().promises();
        assert_eq!(include_str!("simple.md"), promises.to_string());
    }
}
