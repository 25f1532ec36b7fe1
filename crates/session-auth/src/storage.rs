//! Where sessions are kept: the trait every storage implements and the values it keeps; never an upsert, never an id.

use std::{fmt, sync::Arc};

use async_trait::async_trait;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use sha2::{Digest, Sha256};
use time::OffsetDateTime;
use tower_sessions_core::session::Id;

use crate::{Client, Lifetime, Stamp, StorageError};

#[cfg_attr(
    not(any(
        feature = "simple-cookie",
        feature = "encrypted-cookie",
        feature = "nacl-cookie",
        feature = "redis"
    )),
    allow(
        dead_code,
        reason = "a format that only these storages can be told to use"
    )
)]
mod aiohttp;
#[cfg_attr(
    not(any(
        feature = "simple-cookie",
        feature = "encrypted-cookie",
        feature = "nacl-cookie",
        feature = "redis",
        feature = "tower"
    )),
    allow(
        dead_code,
        reason = "without these no storage is made for a request, and any is asked whether it is"
    )
)]
mod any;
mod ascii_json;
mod change;
#[cfg_attr(
    not(any(
        feature = "simple-cookie",
        feature = "encrypted-cookie",
        feature = "nacl-cookie"
    )),
    allow(
        dead_code,
        reason = "every request asks where its session lies; without these it is never in the cookie"
    )
)]
mod cookie;
#[cfg(feature = "memory")]
mod memory;
mod per_request;
mod promises;
#[cfg(feature = "redis")]
mod redis;
#[cfg(any(feature = "sqlite", feature = "postgres"))]
mod sql;
#[cfg(feature = "tower")]
mod tower;
mod values;

pub(crate) use aiohttp::Aiohttp;
pub use any::AnyStorage;
pub(crate) use any::Met;
#[cfg(feature = "testing")]
pub(crate) use any::Watch;
pub use change::{Applied, Change, LoginChange};
#[cfg(any(
    feature = "simple-cookie",
    feature = "encrypted-cookie",
    feature = "nacl-cookie"
))]
pub use cookie::AiohttpCookies;
#[cfg(feature = "encrypted-cookie")]
pub use cookie::EncryptedCookieStorage;
#[cfg(any(feature = "encrypted-cookie", feature = "nacl-cookie"))]
pub use cookie::KeyError;
#[cfg(feature = "nacl-cookie")]
pub use cookie::NaClCookieStorage;
#[cfg(feature = "simple-cookie")]
pub use cookie::SimpleCookieStorage;
#[cfg(feature = "testing")]
pub(crate) use cookie::{CookieStorage, Plain};
#[cfg(feature = "memory")]
pub use memory::MemoryStorage;
#[cfg(feature = "testing")]
pub(crate) use per_request::Stranger;
pub(crate) use per_request::{Lends, Lent};
pub use promises::{Promise, Promises};
#[cfg(feature = "redis")]
pub use redis::{AiohttpRedis, RedisStorage};
#[cfg(feature = "sqlite")]
pub use sql::SingleProcessStorage;
#[cfg(any(feature = "sqlite", feature = "postgres"))]
pub use sql::SqlStorage;
#[cfg(feature = "tower-014")]
pub use tower::Tower014;
#[cfg(feature = "tower")]
pub use tower::{ExistingIds, TowerStorage};
pub use values::Values;

/// How long it is remembered whose an ended session was: [`Auth::former_user`](crate::Auth::former_user).
///
/// A week.
///
/// ```
/// assert_eq!(session_auth::FORMER_LOGIN.as_secs(), 7 * 24 * 60 * 60);
/// ```
pub const FORMER_LOGIN: std::time::Duration = std::time::Duration::from_secs(7 * 24 * 60 * 60);

/// Keeps sessions somewhere.
///
/// The layer does all the thinking: a storage keeps records under 32-byte keys and applies a [`Change`] to the record
/// that it holds *at that moment*, atomically. [`Change::apply`] says what becomes of the record, so an implementation
/// is little more than a lock or a transaction around it. `session_auth::testing::contract` (feature `testing`) checks a
/// storage against every promise.
///
/// Expiry is judged by the layer. A storage only collects garbage, in [`delete_expired`](Self::delete_expired).
///
/// # Errors
///
/// Every method may fail with a [`StorageError`] when what lies beneath fails. The request that needed it is answered
/// with a 503; "not there" is never an error.
///
/// A record that cannot be decoded is [`StorageError::damaged`] to [`load`](Self::load) and [`commit`](Self::commit): the
/// layer deletes it, warns, and goes on as if it were not there. [`list_by_user`](Self::list_by_user) leaves it out, and
/// [`delete_by_user`](Self::delete_by_user) ends it if it can tell whose it is.
///
/// A map under one lock is a whole storage. The example `own_storage` keeps such a map in a file, and passes the suite.
///
/// ```
/// use session_auth::{
///     Applied, Change, Outcome, Promise, Promises, SessionKey, SessionStorage, StorageError, StoredSession,
/// };
/// use std::collections::HashMap;
/// use std::sync::{Arc, Mutex, MutexGuard};
/// use time::OffsetDateTime;
///
/// #[derive(Default)]
/// struct Sessions(Mutex<HashMap<SessionKey, Arc<StoredSession>>>);
///
/// impl Sessions {
///     fn all(&self) -> MutexGuard<'_, HashMap<SessionKey, Arc<StoredSession>>> {
///         self.0.lock().expect("nothing panics while it holds this lock")
///     }
/// }
///
/// fn is_of(session: &StoredSession, user: &str) -> bool {
///     session.login.as_ref().is_some_and(|login| login.user == user)
/// }
///
/// #[async_trait::async_trait]
/// impl SessionStorage for Sessions {
///     fn promises(&self) -> Promises {
///         Promises::all_but(&[
///             (Promise::SurvivesRestart, "it is memory"),
///             (Promise::DeadLogins, "it leaves out `users`"),
///         ])
///     }
///
///     async fn create(&self, key: &SessionKey, session: &StoredSession) -> Result<bool, StorageError> {
///         let mut all = self.all();
///         Ok(!all.contains_key(key) && all.insert(*key, Arc::new(session.clone())).is_none())
///     }
///
///     async fn load(&self, key: &SessionKey) -> Result<Option<Arc<StoredSession>>, StorageError> {
///         Ok(self.all().get(key).cloned())
///     }
///
///     async fn commit(&self, key: &SessionKey, change: &Change) -> Result<Outcome, StorageError> {
///         let mut all = self.all(); // held from reading to writing
///         let Some(stored) = all.get(key) else { return Ok(Outcome::Gone) };
///         match change.apply(stored) {
///             Applied::Gone => Ok(Outcome::Gone),
///             Applied::Changed => Ok(Outcome::Changed(Arc::clone(stored))),
///             Applied::Stored(next) => {
///                 all.remove(key);
///                 all.insert(change.new_key.unwrap_or(*key), next);
///                 Ok(Outcome::Done)
///             }
///         }
///     }
///
///     async fn touch(&self, key: &SessionKey, at: OffsetDateTime) -> Result<(), StorageError> {
///         if let Some(session) = self.all().get_mut(key) {
///             let session = Arc::make_mut(session);
///             session.last_seen = session.last_seen.max(at);
///         }
///         Ok(()) // nothing there, nothing made
///     }
///
///     async fn delete(&self, key: &SessionKey) -> Result<(), StorageError> {
///         self.all().remove(key);
///         Ok(())
///     }
///
///     async fn list_by_user(&self, user: &str) -> Result<Vec<(SessionKey, Arc<StoredSession>)>, StorageError> {
///         let all = self.all();
///         let theirs = all.iter().filter(|(_, session)| is_of(session, user));
///         let mut theirs: Vec<_> = theirs.map(|(key, session)| (*key, Arc::clone(session))).collect();
///         theirs.sort_by_key(|(_, session)| std::cmp::Reverse(session.last_seen));
///         Ok(theirs)
///     }
///
///     async fn delete_by_user(&self, user: &str, except: Option<&SessionKey>) -> Result<u64, StorageError> {
///         let ends = |key: &SessionKey, session: &mut Arc<StoredSession>| is_of(session, user) && Some(key) != except;
///         Ok(self.all().extract_if(ends).count() as u64)
///     }
///
///     async fn delete_expired(&self, before: OffsetDateTime, limit: usize) -> Result<u64, StorageError> {
///         let is_over = |_: &SessionKey, session: &mut Arc<StoredSession>| session.is_over(before);
///         Ok(self.all().extract_if(is_over).take(limit).count() as u64)
///     }
/// }
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// # let key = SessionKey::from_bytes([7; 32]);
/// # let change = Change::new(OffsetDateTime::UNIX_EPOCH);
/// # let outcome = Sessions::default().commit(&key, &change).await.unwrap();
/// # assert!(matches!(outcome, Outcome::Gone), "a change makes no session");
/// # }
/// ```
#[async_trait]
pub trait SessionStorage: Send + Sync + 'static {
    /// What this storage keeps of the contract, and what it does not.
    fn promises(&self) -> Promises;

    /// Stores a new session. `false`, and nothing stored, when the key is taken.
    ///
    /// # Errors
    ///
    /// When it may not be stored. The answer is a 503 then, and sets no cookie.
    async fn create(&self, key: &SessionKey, session: &StoredSession)
    -> Result<bool, StorageError>;

    /// The session under a key. One that is over may still be given back; the layer does not take it.
    ///
    /// # Errors
    ///
    /// When the storage does not answer: a 503 wherever the session is needed. A record that is no session is
    /// [`StorageError::damaged`]: the layer removes it, and the request is a visitor's.
    async fn load(&self, key: &SessionKey) -> Result<Option<Arc<StoredSession>>, StorageError>;

    /// The same session without waiting, where the storage has it in memory. `None` says nothing: it is
    /// [loaded](Self::load) then.
    fn at_hand(&self, key: &SessionKey) -> Option<Arc<StoredSession>> {
        let _ = key;
        None
    }

    /// Applies a change to what is stored now, in one step that nothing can come between. A change with a `new_key`
    /// moves the session there; the old key is dead in the same step. When this returns, the change is durable.
    ///
    /// # Errors
    ///
    /// When the change may not be stored: the answer is a 503, whatever the handler made of it.
    async fn commit(&self, key: &SessionKey, change: &Change) -> Result<Outcome, StorageError>;

    /// Notes that the session was used. May be delayed and may be lost; never brings a session back.
    ///
    /// # Errors
    ///
    /// When it was not noted. That is logged, and the request goes on.
    async fn touch(&self, key: &SessionKey, at: OffsetDateTime) -> Result<(), StorageError>;

    /// Ends a session. It is well when there is none.
    ///
    /// # Errors
    ///
    /// When the session may still be there. The answer is a 503: a logout is not acknowledged then.
    async fn delete(&self, key: &SessionKey) -> Result<(), StorageError>;

    /// The sessions in which this user is logged in, last used first.
    ///
    /// # Errors
    ///
    /// When the storage does not answer, or keeps no list of anybody's sessions ([`Promise::ByUser`]).
    async fn list_by_user(
        &self,
        user: &str,
    ) -> Result<Vec<(SessionKey, Arc<StoredSession>)>, StorageError>;

    /// Ends every session of this user, except one if given. Returns how many it ended.
    ///
    /// # Errors
    ///
    /// When some may be left, or nothing can be ended this way ([`Promise::ByUser`]): nobody is told that it was done.
    async fn delete_by_user(
        &self,
        user: &str,
        except: Option<&SessionKey>,
    ) -> Result<u64, StorageError>;

    /// Who was logged in in a session that has ended since then, for
    /// [`Auth::former_user`](crate::Auth::former_user) alone: it says whose a late form is, and logs nobody in.
    ///
    /// A storage that remembers this writes it in the step that ends the session, whatever ends it (a logout, a
    /// revocation, the collection of garbage), and forgets it after [`FORMER_LOGIN`]. Others answer `None`, as this does.
    ///
    /// # Errors
    ///
    /// When the storage does not answer.
    async fn former_login(
        &self,
        key: &SessionKey,
        since: OffsetDateTime,
    ) -> Result<Option<String>, StorageError> {
        let _ = (key, since);
        Ok(None)
    }

    /// The users who are logged in somewhere, at most `limit` of them, in the storage's own order after this one. The
    /// cleanup asks the directory about each, and deletes the sessions of logins that count no more.
    ///
    /// A storage without an index of users names nobody, as this does: then such sessions, which are nobody's already, stay
    /// until they are over, and [`Promise::DeadLogins`] is not kept.
    ///
    /// # Errors
    ///
    /// When the storage does not answer. The cleanup warns, and tries again the next time.
    async fn users(
        &self,
        _after: Option<&str>,
        _limit: usize,
    ) -> Result<Vec<String>, StorageError> {
        Ok(Vec::new())
    }

    /// Removes at most `limit` sessions that were over before this time. Returns how many it removed.
    ///
    /// # Errors
    ///
    /// When the storage does not answer. The cleanup warns, and tries again the next time.
    async fn delete_expired(
        &self,
        before: OffsetDateTime,
        limit: usize,
    ) -> Result<u64, StorageError>;
}

/// What a session is stored under: the SHA-256 of the id in the cookie, its last two bytes those of the id's lineage.
///
/// Whoever reads a copy of the storage finds only keys, and no cookie can be made from a key.
///
/// ```
/// use session_auth::SessionKey;
///
/// let key = SessionKey::from_bytes([0xab; 32]);
/// assert_eq!(key, SessionKey::from_bytes(*key.as_bytes()));
/// // A log shows what may be shown.
/// assert_eq!(format!("{key:?}"), format!("SessionKey({})", key.public_id()));
/// assert!(!format!("{key:?}").contains("abab"));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SessionKey([u8; 32]);

/// The bytes of a key that are of the whole id.
const SECRET_LENGTH: usize = 30;

impl SessionKey {
    pub(crate) fn of(id: &[u8]) -> Self {
        Self(Sha256::digest(id).into())
    }

    /// Of the lineage there is a hash as well, so that no part of an id lies in the storage.
    pub(crate) fn in_lineage(mut self, lineage: &[u8]) -> Self {
        let lineage: [u8; 32] = Sha256::digest(lineage).into();
        self.0[SECRET_LENGTH..].copy_from_slice(&lineage[SECRET_LENGTH..]);
        self
    }

    pub(crate) fn in_lineage_of(mut self, other: &Self) -> Self {
        self.0[SECRET_LENGTH..].copy_from_slice(&other.0[SECRET_LENGTH..]);
        self
    }

    /// Two bytes that stay when the id changes. A storage that spreads sessions over servers picks the server by them,
    /// so that a session can move to its new key there.
    ///
    /// ```
    /// use session_auth::SessionKey;
    ///
    /// let mut bytes = [7; 32];
    /// bytes[30..].copy_from_slice(&[1, 2]);
    /// assert_eq!(SessionKey::from_bytes(bytes).lineage(), [1, 2]);
    /// ```
    #[must_use]
    pub fn lineage(&self) -> [u8; 2] {
        let [.., first, second] = self.0;
        [first, second]
    }

    /// A key that was read back from where a storage keeps it.
    ///
    /// ```
    /// use session_auth::SessionKey;
    ///
    /// fn key(column: &[u8]) -> Option<SessionKey> {
    ///     Some(SessionKey::from_bytes(column.try_into().ok()?))
    /// }
    /// assert!(key(&[7; 32]).is_some());
    /// assert!(key(&[7; 16]).is_none());
    /// ```
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The bytes, to store a session under.
    ///
    /// ```
    /// assert_eq!(session_auth::SessionKey::from_bytes([7; 32]).as_bytes(), &[7; 32]);
    /// ```
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// The name of the session that may be shown: in a list of a person's sessions, in a log.
    ///
    /// It changes when the id changes, and nobody can log in with it.
    ///
    /// ```
    /// use session_auth::SessionKey;
    ///
    /// let (one, other) = (SessionKey::from_bytes([1; 32]), SessionKey::from_bytes([2; 32]));
    /// assert_ne!(one.public_id(), other.public_id());
    /// ```
    #[must_use]
    pub fn public_id(&self) -> Id {
        let (_, half) = self.0.split_at(16);
        let mut bytes = [0; 16];
        bytes.copy_from_slice(half);
        Id(i128::from_le_bytes(bytes))
    }
}

/// As hexadecimal digits, so that it can be a key of a JSON object.
impl Serialize for SessionKey {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let digits = self.0.iter().map(|byte| format!("{byte:02x}"));
        serializer.serialize_str(&digits.collect::<String>())
    }
}

impl<'de> Deserialize<'de> for SessionKey {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let mut bytes = [0; 32];
        let is_hex = text.len() == 64 && text.bytes().all(|digit| digit.is_ascii_hexdigit());
        if !is_hex {
            return Err(D::Error::custom("a session key is 64 hexadecimal digits"));
        }
        for (byte, digits) in bytes.iter_mut().zip(text.as_bytes().chunks(2)) {
            let digits = std::str::from_utf8(digits).map_err(D::Error::custom)?;
            *byte = u8::from_str_radix(digits, 16).map_err(D::Error::custom)?;
        }
        Ok(Self(bytes))
    }
}

/// Shows the public id only.
impl fmt::Debug for SessionKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SessionKey({})", self.public_id())
    }
}

/// A session as a storage keeps it. With serde it is one document, in which times are unix milliseconds.
///
/// ```
/// use session_auth::{Client, Lifetime, StoredSession, Values};
/// use std::time::Duration;
///
/// let now = time::macros::datetime!(2030-01-01 12:00 UTC);
/// let hour = Duration::from_secs(60 * 60);
/// let session = StoredSession {
///     created_at: now,
///     last_seen: now,
///     lifetime: Lifetime { idle: hour, deadline: now + 24 * hour, persistent: false },
///     login: None,
///     client: Client::default(),
///     values: Values::default(),
/// };
/// let text = serde_json::to_string(&session).unwrap();
/// let back: StoredSession = serde_json::from_str(&text).unwrap();
/// assert_eq!(back.created_at, now);
/// assert!(serde_json::from_str::<StoredSession>("{}").is_err());
/// ```
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct StoredSession {
    /// When the session began.
    #[serde(with = "time::serde::timestamp::milliseconds")]
    pub created_at: OffsetDateTime,
    /// When it was last used, give or take the interval in which uses are noted.
    #[serde(with = "time::serde::timestamp::milliseconds")]
    pub last_seen: OffsetDateTime,
    /// How long it lives.
    pub lifetime: Lifetime,
    /// Who is logged in, if anybody.
    pub login: Option<Login>,
    /// Where it was opened or logged in from.
    pub client: Client,
    /// What handlers put into it.
    pub values: Values,
}

impl StoredSession {
    /// Whether the session is over at this time.
    ///
    /// ```
    /// # use session_auth::{Client, Lifetime, StoredSession, Values};
    /// # use std::time::Duration;
    /// # let now = time::macros::datetime!(2030-01-01 12:00 UTC);
    /// # let lifetime = Lifetime { idle: Duration::from_secs(60), deadline: now + Duration::from_secs(600), persistent: false };
    /// # let mut session = StoredSession { created_at: now, last_seen: now, lifetime, login: None, client: Client::default(), values: Values::default() };
    /// let in_a_minute = now + Duration::from_secs(60);
    /// assert!(session.is_over(in_a_minute));
    /// session.last_seen = now + Duration::from_secs(1);
    /// assert!(!session.is_over(in_a_minute), "it was used meanwhile");
    /// ```
    #[must_use]
    pub fn is_over(&self, now: OffsetDateTime) -> bool {
        self.lifetime.is_over(self.last_seen, now)
    }

    /// At most so many bytes of memory or little more, also when the values have been parsed.
    #[cfg(feature = "sqlite")]
    pub(crate) fn size(&self) -> usize {
        let user = self.login.as_ref().map_or(0, |login| login.user.len());
        let browser = self.client.browser.as_ref().map_or(0, String::len);
        640 + user + browser + self.values.size()
    }
}

/// Who is logged in and since when.
///
/// ```
/// use session_auth::{Login, Stamp};
///
/// let at = time::macros::datetime!(2030-01-01 12:00 UTC);
/// let login = Login { user: "42".to_owned(), stamp: Stamp::of(&[b"$argon2id$old"]), at, remember: false };
/// // It says whom to ask for, and not that they may still come in.
/// assert_ne!(login.stamp, Stamp::of(&[b"$argon2id$new"]));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Login {
    /// The id of the user, as the application's directory knows it.
    pub user: String,
    /// The user's stamp at the login. When the user's stamp is another one, the login no longer counts.
    pub stamp: Stamp,
    /// When the person proved who they are.
    #[serde(with = "time::serde::timestamp::milliseconds")]
    pub at: OffsetDateTime,
    /// Whether the person asked to stay logged in when the browser is closed.
    pub remember: bool,
}

/// What became of a [`Change`].
///
/// ```
/// use session_auth::Outcome;
///
/// fn is_stored(outcome: &Outcome) -> bool {
///     matches!(outcome, Outcome::Done) // `Gone` and `Changed` have stored nothing at all
/// }
/// assert!(is_stored(&Outcome::Done));
/// assert!(!is_stored(&Outcome::Gone));
/// ```
#[derive(Clone, Debug)]
pub enum Outcome {
    /// It is stored.
    Done,
    /// There is no such session, or not any more. Nothing was stored.
    Gone,
    /// A value was not as the change expected it. Nothing was stored; this is what the storage holds.
    Changed(Arc<StoredSession>),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_survives_its_json_and_nothing_else_is_taken_for_one() {
        let key = SessionKey::from_bytes(std::array::from_fn(|number| number as u8 * 7));
        let json = serde_json::to_string(&key).unwrap();
        assert_eq!(serde_json::from_str::<SessionKey>(&json).unwrap(), key);
        for text in [
            "",
            "00",
            &"0".repeat(63),
            &"0".repeat(66),
            &"g".repeat(64),
            &"é".repeat(32),
        ] {
            let json = serde_json::to_string(text).unwrap();
            assert!(serde_json::from_str::<SessionKey>(&json).is_err(), "{text}");
        }
    }
}
