//! Sessions in Redis as aiohttp-session keeps them there: one JSON text under the id of each.
//!
//! Invariant: a text is replaced only while it is the one that was read, in one script, so nothing that a server of ours
//! wrote is lost to another of ours. What Python reads and saves later replaces whatever is there by then.

use std::{
    borrow::Cow,
    collections::HashMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use ::redis::{FromRedisValue, ParsingError, Value};
use async_trait::async_trait;
use time::OffsetDateTime;

use super::{
    RedisStorage, Server, hex, record,
    scripts::{self, Arguments},
};
#[cfg(feature = "testing")]
use crate::storage::Stranger;
use crate::{
    AnyStorage, Applied, Change, Lifetime, LoginChange, Outcome, Promise, Promises, SessionKey,
    SessionStorage, StorageError, StoredSession,
    cookie::{Found, Presented, SessionId},
    layer::Shared,
    storage::{Aiohttp, Lends, Lent},
};

const PROMISES: Promises = Promises::all_but(&[
    (
        Promise::ConcurrentWrites,
        "servers of this crate lose nothing of each other's, but a Python server saves what it read, whole",
    ),
    (
        Promise::NoRevival,
        "a Python server that still has the session saves it again",
    ),
    (
        Promise::ByUser,
        "nobody keeps an index of them, so asking is an error",
    ),
    (
        Promise::Hashed,
        "a session lies under the id that is in its cookie",
    ),
    (
        Promise::Lifetimes,
        "only `max_age` since the last write counts",
    ),
    (
        Promise::LoginDetails,
        "the format has the user's name and nothing else",
    ),
    (
        Promise::Cleanup,
        "Redis does it, by its own clock, `max_age` after the last write",
    ),
    (
        Promise::DeadLogins,
        "they stay, as nobody's, until they are over",
    ),
]);

/// Sessions in Redis that are aiohttp-session's, too: the same keys, the same text, the same cookie.
///
/// Made by [`RedisStorage::aiohttp_compatible`]. The login is a string among the values, so whoever Python has logged in
/// is logged in here, and the other way round. Use it while both servers run, then go on with [`RedisStorage`] itself:
/// with Python's format come its limits.
///
/// # What it keeps
///
/// One JSON text for each session, under the cookie's name and the id that is in the cookie; Redis drops it `max_age` after
/// it was last written.
///
/// # What it promises
///
#[doc = include_str!("aiohttp.md")]
///
/// # What it cannot
///
/// Ids are read as aiohttp-session makes them by itself (`uuid4().hex`): 32 letters, digits, `-` or `_`. A `key_factory` of
/// the Python site's own has to make such ones. What Python's `json` writes and JSON does not know, `NaN` for instance, is
/// [damaged](StorageError::damaged) here. It is one server or one that Sentinels watch: aiohttp-session knows no Cluster.
///
/// # Errors
///
/// A server that is away is an error, as with every [`SessionStorage`]; the page is a 503 then.
///
/// ```
/// use session_auth::{Promise, RedisStorage, SessionLayer};
/// use std::time::Duration;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let redis = RedisStorage::new(redis::Client::open("redis://127.0.0.1/")?);
/// let shared = redis
///     .aiohttp_compatible()
///     .login_key("AIOHTTP_SECURITY")
///     .max_age(Duration::from_secs(3600));
/// assert!(!shared.promises().keeps(Promise::Hashed));
/// let sessions = SessionLayer::new(shared);
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct AiohttpRedis {
    server: Arc<Server>,
    cookie_name: Cow<'static, str>,
    settings: Aiohttp,
}

impl AiohttpRedis {
    pub(super) fn new(storage: RedisStorage) -> Self {
        Self {
            server: storage.server,
            cookie_name: Cow::Borrowed(Aiohttp::COOKIE_NAME),
            settings: Aiohttp::default(),
        }
    }

    /// The key under which Python keeps the name of who is logged in: `username` unless said otherwise,
    /// `AIOHTTP_SECURITY` for aiohttp-security.
    ///
    /// ```
    /// # use session_auth::RedisStorage;
    /// # fn main() -> Result<(), redis::RedisError> {
    /// # let redis = RedisStorage::new(redis::Client::open("redis://127.0.0.1/")?);
    /// let shared = redis.aiohttp_compatible().login_key("AIOHTTP_SECURITY");
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn login_key(mut self, key: impl Into<String>) -> Self {
        self.settings.login_key = key.into().into();
        self
    }

    /// The `max_age` of the Python storage, in whole seconds. Without it sessions never end.
    ///
    /// ```
    /// # use session_auth::RedisStorage;
    /// # use std::time::Duration;
    /// # fn main() -> Result<(), redis::RedisError> {
    /// # let redis = RedisStorage::new(redis::Client::open("redis://127.0.0.1/")?);
    /// let shared = redis.aiohttp_compatible().max_age(Duration::from_secs(3600));
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn max_age(mut self, max_age: Duration) -> Self {
        self.settings.max_age = Some(Duration::from_secs(max_age.as_secs()));
        self
    }

    /// The `cookie_name` of the Python storage, with which the keys in Redis begin, too; `AIOHTTP_SESSION` unless said
    /// otherwise.
    ///
    /// ```
    /// # use session_auth::RedisStorage;
    /// # fn main() -> Result<(), redis::RedisError> {
    /// # let redis = RedisStorage::new(redis::Client::open("redis://127.0.0.1/")?);
    /// let shared = redis.aiohttp_compatible().cookie_name("SHOP"); // the keys are SHOP_…
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn cookie_name(mut self, name: impl Into<String>) -> Self {
        self.cookie_name = name.into().into();
        self
    }

    /// What is kept of the contract here, and what is not.
    ///
    /// ```
    /// # use session_auth::{Promise, RedisStorage};
    /// # fn main() -> Result<(), redis::RedisError> {
    /// # let redis = RedisStorage::new(redis::Client::open("redis://127.0.0.1/")?);
    /// let promises = redis.aiohttp_compatible().promises();
    /// assert!(promises.keeps(Promise::AtomicRotation));
    /// assert!(!promises.keeps(Promise::Hashed));
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn promises(&self) -> Promises {
        PROMISES
    }

    fn key(&self, id: &str) -> String {
        format!("{}_{id}", self.cookie_name)
    }

    /// Seconds that Redis is to keep what is written now; empty for ever. Redis takes no zero.
    fn seconds(&self) -> String {
        let seconds = |max_age: Duration| max_age.as_secs().max(1).to_string();
        self.settings.max_age.map(seconds).unwrap_or_default()
    }

    async fn text(&self, key: &str) -> Result<Option<String>, StorageError> {
        let mut command = ::redis::cmd("GET");
        let bytes: Option<Vec<u8>> = self.server.ask(command.arg(key)).await?;
        bytes.map(record::utf8).transpose()
    }

    fn decoded(&self, text: &str) -> Result<Option<StoredSession>, StorageError> {
        self.settings.read(text).ok_or_else(record::damaged)
    }

    fn lent(&self) -> Borrowed {
        Borrowed {
            redis: self.clone(),
            ids: Mutex::default(),
            reissued: Mutex::default(),
        }
    }
}

impl From<AiohttpRedis> for AnyStorage {
    fn from(redis: AiohttpRedis) -> Self {
        Self::lending(redis)
    }
}

/// Shows where, not what: an address may contain a password.
impl std::fmt::Debug for AiohttpRedis {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AiohttpRedis")
            .field("cookie_name", &self.cookie_name)
            .finish_non_exhaustive()
    }
}

impl Lends for AiohttpRedis {
    fn promises(&self) -> Promises {
        PROMISES
    }

    fn cookie_name(&self) -> Option<String> {
        Some(self.cookie_name.clone().into_owned())
    }

    fn on_server(&self) -> Option<&Arc<dyn SessionStorage>> {
        None
    }

    fn meet(&self, found: &Found<'_>, _shared: &Shared) -> (Arc<dyn Lent>, Presented) {
        let lent = self.lent();
        let presented = found.id();
        if let Presented::Id(id) = &presented {
            lent.issue(id);
        }
        (Arc::new(lent), presented)
    }

    #[cfg(feature = "testing")]
    fn unmet(&self) -> Arc<dyn SessionStorage> {
        Arc::new(self.lent())
    }

    #[cfg(feature = "testing")]
    fn stranger(&self) -> Option<Arc<dyn Stranger>> {
        Some(Arc::new(self.clone()))
    }
}

/// What a Python server does.
#[cfg(feature = "testing")]
#[async_trait]
impl Stranger for AiohttpRedis {
    async fn open(&self) -> Result<String, StorageError> {
        let id = SessionId::new(crate::ambient::system_randomness);
        let created = crate::testing::now().unix_timestamp();
        let text = format!(r#"{{"created": {created}, "session": {{"a": 1}}}}"#);
        self.save(id.as_str(), &text).await?;
        Ok(id.as_str().to_owned())
    }

    async fn read(&self, id: &str) -> Result<String, StorageError> {
        let text = self.text(&self.key(id)).await?;
        Ok(text.unwrap_or_default())
    }

    async fn save(&self, id: &str, text: &str) -> Result<(), StorageError> {
        let mut command = ::redis::cmd("SET");
        let saved = self.server.ask(command.arg(self.key(id)).arg(text)).await;
        Ok(saved?)
    }
}

/// The storage of one request, which knows the ids behind its keys.
struct Borrowed {
    redis: AiohttpRedis,
    ids: Mutex<HashMap<SessionKey, String>>,
    /// Python sends the cookie with every save, and so with it begins `max_age`.
    reissued: Mutex<Option<(String, Lifetime)>>,
}

/// Nothing panics while it holds one of these locks.
fn locked<T>(lock: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    lock.lock()
        .expect("nothing panics while it holds this lock")
}

impl Borrowed {
    /// A key that came from no cookie names a session of nobody's: no id is spelled like it.
    fn id(&self, key: &SessionKey) -> String {
        let known = locked(&self.ids).get(key).cloned();
        known.unwrap_or_else(|| hex(key.as_bytes()))
    }

    fn key(&self, key: &SessionKey) -> String {
        self.redis.key(&self.id(key))
    }

    fn reissue(&self, key: &SessionKey, session: &StoredSession) {
        *locked(&self.reissued) = Some((self.id(key), session.lifetime));
    }
}

impl Lent for Borrowed {
    fn reissued(&self) -> Option<(String, Lifetime)> {
        locked(&self.reissued).take()
    }

    fn notes_uses(&self) -> bool {
        false
    }

    fn issue(&self, id: &SessionId) {
        locked(&self.ids).insert(id.key(), id.as_str().to_owned());
    }
}

#[async_trait]
impl SessionStorage for Borrowed {
    fn promises(&self) -> Promises {
        PROMISES
    }

    async fn create(
        &self,
        key: &SessionKey,
        session: &StoredSession,
    ) -> Result<bool, StorageError> {
        let login = session.login.clone();
        let login = login.map_or(LoginChange::Keep, LoginChange::Set);
        let session = self.redis.settings.shape(session, &login);
        let mut arguments = Arguments::default();
        arguments.push(self.redis.settings.write(&session)?);
        arguments.push(self.redis.seconds());
        let server = &self.redis.server;
        let keys = [self.key(key)];
        let created = server.run(&scripts::CREATE_TEXT, &keys, arguments).await?;
        if created {
            self.reissue(key, &session);
        }
        Ok(created)
    }

    async fn load(&self, key: &SessionKey) -> Result<Option<Arc<StoredSession>>, StorageError> {
        let Some(text) = self.redis.text(&self.key(key)).await? else {
            return Ok(None);
        };
        Ok(self.redis.decoded(&text)?.map(Arc::new))
    }

    async fn commit(&self, key: &SessionKey, change: &Change) -> Result<Outcome, StorageError> {
        let new_key = change.new_key.as_ref().unwrap_or(key);
        let keys = [self.key(key), self.key(new_key)];
        let mut read = self.redis.text(&keys[0]).await?;
        while let Some(text) = read {
            let Some(stored) = self.redis.decoded(&text)? else {
                break;
            };
            let next = match change.apply(&stored) {
                Applied::Stored(next) => self.redis.settings.shape(&next, &change.login),
                Applied::Gone => break,
                Applied::Changed => return Ok(Outcome::Changed(Arc::new(stored))),
            };
            let mut arguments = Arguments::default();
            arguments.push(text);
            arguments.push(self.redis.settings.write(&next)?);
            arguments.push(self.redis.seconds());
            let server = &self.redis.server;
            match server.run(&scripts::REPLACE_TEXT, &keys, arguments).await? {
                Replaced::Done => {
                    self.reissue(new_key, &next);
                    return Ok(Outcome::Done);
                }
                Replaced::Gone => break,
                Replaced::Otherwise(text) => read = Some(record::utf8(text)?),
            }
        }
        Ok(Outcome::Gone)
    }

    /// A use is nothing that this format knows.
    async fn touch(&self, _key: &SessionKey, _at: OffsetDateTime) -> Result<(), StorageError> {
        Ok(())
    }

    async fn delete(&self, key: &SessionKey) -> Result<(), StorageError> {
        let mut command = ::redis::cmd("DEL");
        let _: u64 = self.redis.server.ask(command.arg(self.key(key))).await?;
        *locked(&self.reissued) = None;
        Ok(())
    }

    async fn list_by_user(
        &self,
        _user: &str,
    ) -> Result<Vec<(SessionKey, Arc<StoredSession>)>, StorageError> {
        Err(no_index())
    }

    async fn delete_by_user(
        &self,
        _user: &str,
        _except: Option<&SessionKey>,
    ) -> Result<u64, StorageError> {
        Err(no_index())
    }

    async fn delete_expired(
        &self,
        _before: OffsetDateTime,
        _limit: usize,
    ) -> Result<u64, StorageError> {
        Ok(0)
    }
}

/// Nobody may believe that "log out everywhere" has done something.
fn no_index() -> StorageError {
    StorageError::new("the sessions of a user cannot be found among those of aiohttp-session")
}

/// What `replace_text.lua` answers.
enum Replaced {
    Done,
    Gone,
    /// The text that is there instead of the one that was read.
    Otherwise(Vec<u8>),
}

impl FromRedisValue for Replaced {
    fn from_redis_value(value: Value) -> Result<Self, ParsingError> {
        let mut answer = Vec::<Value>::from_redis_value(value)?.into_iter();
        let word = answer.next().unwrap_or(Value::Nil);
        match String::from_redis_value(word)?.as_str() {
            "done" => Ok(Self::Done),
            "gone" => Ok(Self::Gone),
            "otherwise" => {
                let text = answer.next().unwrap_or(Value::Nil);
                Ok(Self::Otherwise(Vec::from_redis_value(text)?))
            }
            _ => Err(ParsingError::from("an unknown answer of replace_text.lua")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_documentation_says_what_the_storage_promises() {
        assert_eq!(include_str!("aiohttp.md"), PROMISES.to_string());
    }
}
