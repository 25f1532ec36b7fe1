//! Keys in order: the first one writes, every one is read with.

/// A key that cannot be one.
///
/// ```
/// # #[cfg(feature = "nacl-cookie")] {
/// use session_auth::NaClCookieStorage;
///
/// let Err(error) = NaClCookieStorage::new(b"too short") else { panic!() };
/// assert_eq!(error.to_string(), "a SecretBox key has 32 bytes, and this one has 9");
/// assert!(NaClCookieStorage::new(&[7; 32]).is_ok());
/// # }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// A Fernet key of a wrong length.
    #[error(
        "a Fernet key has 32 bytes, or these in 44 characters of url-safe base64, and this one has {0}"
    )]
    Fernet(usize),
    /// 44 characters that are not 32 bytes in url-safe base64.
    #[error("a Fernet key of 44 characters is 32 bytes in url-safe base64, and this one is not")]
    FernetBase64,
    /// A SecretBox key of a wrong length.
    #[error("a SecretBox key has 32 bytes, and this one has {0}")]
    SecretBox(usize),
}

#[derive(Clone)]
pub(super) struct KeyRing<K> {
    first: K,
    others: Vec<K>,
}

impl<K> KeyRing<K> {
    pub(super) fn new(first: K) -> Self {
        Self {
            first,
            others: Vec::new(),
        }
    }

    pub(super) fn add(&mut self, key: K) {
        self.others.push(key);
    }

    pub(super) fn first(&self) -> &K {
        &self.first
    }

    /// What the first key that fits opens, and whether that is an older one.
    pub(super) fn open<T>(&self, open: impl Fn(&K) -> Option<T>) -> Option<(T, bool)> {
        if let Some(opened) = open(&self.first) {
            return Some((opened, false));
        }
        let opened = self.others.iter().find_map(open)?;
        Some((opened, true))
    }
}
