//! Sessions that the browser keeps, whole, in the cookie.
//!
//! Invariant: nothing is believed that [`Seal::open`] does not vouch for, and nothing is acknowledged that does not fit
//! into a cookie. Where a ledger is kept on the server, a session that it does not know is over, and the cookie is
//! believed for its values only.

use std::sync::Arc;

use time::OffsetDateTime;

#[cfg(feature = "testing")]
use super::Stranger;
use super::{
    Aiohttp, Lends, Lent, Promise, Promises, SessionKey, SessionStorage, StoredSession, ascii_json,
};
use crate::{
    Randomness,
    cookie::{Found, Presented},
    layer::Shared,
};

mod carried;
#[cfg(feature = "encrypted-cookie")]
mod encrypted;
#[cfg(feature = "encrypted-cookie")]
mod fernet;
#[cfg(all(
    test,
    feature = "simple-cookie",
    feature = "encrypted-cookie",
    feature = "nacl-cookie"
))]
#[path = "../../fuzz/cookies.rs"]
mod fuzz;
#[cfg(any(feature = "encrypted-cookie", feature = "nacl-cookie"))]
mod keys;
#[cfg(feature = "nacl-cookie")]
mod nacl;
#[cfg(any(feature = "simple-cookie", feature = "testing"))]
mod plain;
mod quoting;
#[cfg(any(
    feature = "simple-cookie",
    feature = "encrypted-cookie",
    feature = "nacl-cookie"
))]
mod shared;
#[cfg(feature = "simple-cookie")]
mod simple;
mod text;
#[cfg(all(
    test,
    feature = "simple-cookie",
    feature = "encrypted-cookie",
    feature = "nacl-cookie"
))]
mod vectors;

use carried::Carried;
#[cfg(feature = "encrypted-cookie")]
pub use encrypted::EncryptedCookieStorage;
#[cfg(any(feature = "encrypted-cookie", feature = "nacl-cookie"))]
pub use keys::KeyError;
#[cfg(feature = "nacl-cookie")]
pub use nacl::NaClCookieStorage;
#[cfg(feature = "testing")]
pub(crate) use plain::Plain;
#[cfg(any(
    feature = "simple-cookie",
    feature = "encrypted-cookie",
    feature = "nacl-cookie"
))]
pub use shared::AiohttpCookies;
#[cfg(feature = "simple-cookie")]
pub use simple::SimpleCookieStorage;

/// Name and value of a cookie together may have so many bytes; browsers drop a larger one without a word.
const LIMIT: usize = 4096;

/// What protects the text of a session while the browser has it.
pub(crate) trait Seal: Send + Sync {
    fn seal(&self, text: &str, now: OffsetDateTime, randomness: Randomness) -> String;

    /// The text; `None` when it was not sealed here.
    fn open(&self, sealed: &str) -> Option<Opened>;
}

pub(crate) struct Opened {
    pub(crate) text: String,
    /// Another key than the first one sealed it, so it is to be sealed again.
    pub(crate) is_outdated: bool,
    /// When it was sealed, in unix seconds, where the seal says so.
    pub(crate) sealed_at: Option<i64>,
}

#[derive(Clone)]
pub(crate) struct CookieStorage {
    seal: Arc<dyn Seal>,
    format: Format,
    /// Knows which sessions there are, and nothing of what is in them.
    ledger: Option<Arc<dyn SessionStorage>>,
    /// Whether a visitor can neither read nor write what is in the cookie.
    is_sealed: bool,
}

#[derive(Clone)]
enum Format {
    Own,
    Aiohttp(Aiohttp),
}

/// What a cookie value turned out to be.
enum Read {
    Session(SessionKey, Box<StoredSession>, IsOutdated),
    /// What aiohttp-session leaves behind when a session ends, or one that is over.
    Nothing,
    Undecodable,
}

type IsOutdated = bool;

impl CookieStorage {
    pub(crate) fn new(seal: impl Seal + 'static, is_sealed: bool) -> Self {
        Self {
            seal: Arc::new(seal),
            format: Format::Own,
            ledger: None,
            is_sealed,
        }
    }

    fn revocable(mut self, ledger: impl SessionStorage) -> Self {
        self.ledger = Some(Arc::new(ledger));
        self
    }

    fn ledger(&self) -> Option<&Arc<dyn SessionStorage>> {
        self.ledger.as_ref()
    }

    fn promises(&self) -> Promises {
        match (&self.format, &self.ledger, self.is_sealed) {
            (Format::Own, None, true) => SEALED,
            (Format::Own, None, false) => OPEN,
            (Format::Own, Some(ledger), true) => SEALED_REVOCABLE.on(ledger.promises()),
            (Format::Own, Some(ledger), false) => OPEN_REVOCABLE.on(ledger.promises()),
            (Format::Aiohttp(_), _, true) => SEALED_AIOHTTP,
            (Format::Aiohttp(_), _, false) => OPEN_AIOHTTP,
        }
    }

    /// The value of a cookie that carries this session.
    pub(crate) fn write(
        &self,
        key: &SessionKey,
        session: &StoredSession,
        now: OffsetDateTime,
        randomness: Randomness,
    ) -> Result<String, crate::StorageError> {
        let text = match &self.format {
            Format::Own => text::write(key, session)?,
            Format::Aiohttp(aiohttp) => aiohttp.write(session)?,
        };
        Ok(quoting::quote(&self.seal.seal(&text, now, randomness)))
    }

    fn read(&self, value: &[u8], now: OffsetDateTime) -> Read {
        // Twice what a browser keeps is nothing that we wrote, and not worth the work.
        if value.len() > 2 * LIMIT {
            return Read::Undecodable;
        }
        let Some(opened) = quoting::unquote(value).and_then(|sealed| self.seal.open(&sealed))
        else {
            return Read::Undecodable;
        };
        let read = match &self.format {
            Format::Own => text::read(&opened.text),
            Format::Aiohttp(aiohttp) => {
                if aiohttp.is_over(opened.sealed_at, now) {
                    return Read::Nothing;
                }
                // Such a session has no id of its own.
                match aiohttp.read(&opened.text) {
                    Some(Some(session)) => Some((SessionKey::of(value), session)),
                    Some(None) => return Read::Nothing,
                    None => None,
                }
            }
        };
        match read {
            Some((key, session)) => Read::Session(key, Box::new(session), opened.is_outdated),
            None => Read::Undecodable,
        }
    }

    #[cfg(feature = "testing")]
    pub(crate) fn key_in(&self, value: &[u8]) -> Option<SessionKey> {
        match self.read(value, crate::testing::now()) {
            Read::Session(key, ..) => Some(key),
            Read::Nothing | Read::Undecodable => None,
        }
    }

    /// The session as this format can keep it.
    fn shaped(&self, session: Arc<StoredSession>, change: Shape<'_>) -> Arc<StoredSession> {
        match &self.format {
            Format::Own => session,
            Format::Aiohttp(aiohttp) => Arc::new(aiohttp.shape(&session, change)),
        }
    }
}

impl Lends for Arc<CookieStorage> {
    fn promises(&self) -> Promises {
        CookieStorage::promises(self)
    }

    fn cookie_name(&self) -> Option<String> {
        match &self.format {
            Format::Own => None,
            Format::Aiohttp(_) => Some(Aiohttp::COOKIE_NAME.to_owned()),
        }
    }

    fn on_server(&self) -> Option<&Arc<dyn SessionStorage>> {
        self.ledger()
    }

    fn meet(&self, found: &Found<'_>, shared: &Shared) -> (Arc<dyn Lent>, Presented) {
        let (carried, presented) = Carried::meet(Self::clone(self), found, shared);
        (Arc::new(carried), presented)
    }

    #[cfg(feature = "testing")]
    fn in_cookie(&self) -> Option<&Self> {
        Some(self)
    }

    #[cfg(feature = "testing")]
    fn unmet(&self) -> Arc<dyn SessionStorage> {
        Arc::new(Carried::nothing(Self::clone(self)))
    }

    #[cfg(feature = "testing")]
    fn stranger(&self) -> Option<Arc<dyn Stranger>> {
        None
    }
}

/// What happened to the login of a session that is about to be kept.
pub(crate) type Shape<'a> = &'a super::LoginChange;

const WRITES: (Promise, &str) = (
    Promise::ConcurrentWrites,
    "each answer carries a whole session, and the browser keeps the last",
);
const REVIVAL: (Promise, &str) = (
    Promise::NoRevival,
    "a copy of the cookie lives until it expires",
);
const ROTATION: (Promise, &str) = (
    Promise::AtomicRotation,
    "a copy of the old cookie lives until it expires",
);
const BY_USER: (Promise, &str) = (Promise::ByUser, "nobody knows which cookies there are");
const SIZE: (Promise, &str) = (
    Promise::AnySize,
    "browsers keep 4096 bytes of name and value",
);
const UNSEALED: (Promise, &str) = (
    Promise::Sealed,
    "whoever has the browser reads and writes what is in it",
);
const LIFETIMES: (Promise, &str) = (
    Promise::Lifetimes,
    "only `max_age` since the last write counts",
);
const STAMPS: (Promise, &str) = (
    Promise::LoginDetails,
    "the format has the user's name and nothing else",
);

const SEALED: Promises = Promises::all_but(&[WRITES, REVIVAL, ROTATION, BY_USER, SIZE]);
const OPEN: Promises = Promises::all_but(&[WRITES, REVIVAL, ROTATION, BY_USER, SIZE, UNSEALED]);
const SEALED_REVOCABLE: Promises = Promises::all_but(&[WRITES, SIZE]);
const OPEN_REVOCABLE: Promises = Promises::all_but(&[WRITES, SIZE, UNSEALED]);
const SEALED_AIOHTTP: Promises =
    Promises::all_but(&[WRITES, REVIVAL, ROTATION, BY_USER, SIZE, LIFETIMES, STAMPS]);
const OPEN_AIOHTTP: Promises = Promises::all_but(&[
    WRITES, REVIVAL, ROTATION, BY_USER, SIZE, UNSEALED, LIFETIMES, STAMPS,
]);
