//! Sessions in Redis: one hash per session, one field per value.
//!
//! Invariants: whatever is decided about a session is decided in one script on the server, which sees all of its keys;
//! no script parses JSON. The index of a user is written before the session that it names, so it may name sessions that
//! are gone, and never misses one.

use std::{sync::Arc, time::Duration};

use ::redis::{Client, RedisResult};
use async_trait::async_trait;
use time::OffsetDateTime;

use super::{
    Change, LoginChange, Outcome, Promise, Promises, SessionKey, SessionStorage, StoredSession,
};
use crate::StorageError;

mod aiohttp;
mod cluster;
mod connection;
mod index;
mod record;
mod scripts;
mod users;

pub use aiohttp::AiohttpRedis;
use connection::{Server, Servers};
use index::{Index, Rounds, failed};
use record::Fields;
use scripts::{Arguments, Guard, Verdict};
use users::Users;

const PROMISES: Promises = Promises::all_but(&[(
    Promise::Cleanup,
    "Redis does it, by its own clock and a day later",
)]);

/// Redis ends what is over by itself, but the layer judges, by another clock; so Redis waits this much longer.
const GRACE: Duration = Duration::from_secs(24 * 60 * 60);

/// How often a change is tried when it is not the change that is refused.
const ATTEMPTS: usize = 16;

/// Keeps sessions in Redis, or in whatever speaks its language and runs Lua: one server, one that Sentinels watch, or a
/// Cluster.
///
/// A connection is made when it is first needed, shared by all requests, and made anew when it breaks. A clone is the
/// same storage.
///
/// # What it keeps
///
/// A hash for each session, under the hash of its id, with one field for each value; for each user a hash that names
/// their sessions; and a sorted set of the users who have some. All keys begin with the [`prefix`](Self::prefix). What is over stays a day longer, for servers whose
/// clocks differ.
///
/// # What it promises
///
#[doc = include_str!("redis.md")]
///
/// # What it cannot
///
/// It is as durable as the Redis is: one without `appendonly` forgets its sessions when it ends, and a replica that
/// takes over has forgotten what was acknowledged and not yet copied, a logout included. Let it not evict
/// (`maxmemory-policy noeviction`): an evicted session is a logout, but an evicted index hides sessions from "log out
/// everywhere". For `rediss:` addresses turn on a TLS feature of the crate `redis` and install its provider.
///
/// # Errors
///
/// A server that is away, full, or slower than three seconds. What is asked is asked again on a new connection; a change
/// whose answer was lost is an error, since it may have happened, on a Cluster as well. What lies under a key and is no session is
/// [damaged](StorageError::damaged), and goes.
///
/// ```
/// use session_auth::{RedisStorage, SessionKey, SessionStorage};
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let storage = RedisStorage::new(redis::Client::open("redis://127.0.0.1:1/")?);
/// // A server that is away is an error, never an empty session.
/// assert!(storage.load(&SessionKey::from_bytes([7; 32])).await.is_err());
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct RedisStorage {
    server: Arc<Server>,
    prefix: Arc<str>,
}

impl RedisStorage {
    /// Sessions in one server.
    ///
    /// ```
    /// # use session_auth::RedisStorage;
    /// # fn main() -> Result<(), redis::RedisError> {
    /// let storage = RedisStorage::new(redis::Client::open("redis://127.0.0.1/")?); // nothing is connected yet
    /// assert!(redis::Client::open("http://127.0.0.1/").is_err());
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn new(client: Client) -> Self {
        Self::on(Servers::One(client))
    }

    /// Sessions in the master that Sentinels name; after a failover in the next one. Give it a client for masters.
    ///
    /// ```
    /// use redis::sentinel::{SentinelClient, SentinelServerType};
    /// use session_auth::RedisStorage;
    ///
    /// # fn main() -> Result<(), redis::RedisError> {
    /// let sentinels = vec!["redis://10.0.0.1:26379/", "redis://10.0.0.2:26379/", "redis://10.0.0.3:26379/"];
    /// let client = SentinelClient::build(sentinels, "sessions".to_owned(), None, SentinelServerType::Master)?;
    /// let storage = RedisStorage::sentinel(client);
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn sentinel(client: ::redis::sentinel::SentinelClient) -> Self {
        Self::on(Servers::Sentinel(tokio::sync::Mutex::new(client)))
    }

    /// Sessions in a Cluster. Do not let the client read from replicas: they may not know of a logout yet.
    ///
    /// It takes the builder of a client, because a client that was built sends a change again when its answer was lost. How
    /// often that happens and how long an answer may take is set here, whatever the builder was told.
    ///
    /// While the slot of a session moves to another node, its values can be read and changed, but its id cannot: such a
    /// request is refused with the storage's error, and goes through when the slot has moved.
    ///
    /// # Errors
    ///
    /// When the builder was given no node, or nodes that contradict each other.
    ///
    /// ```
    /// # use session_auth::RedisStorage;
    /// # fn main() -> Result<(), redis::RedisError> {
    /// let nodes = ["redis://10.0.0.1/", "redis://10.0.0.2/"];
    /// let storage = RedisStorage::cluster(redis::cluster::ClusterClient::builder(nodes))?;
    ///
    /// let nowhere = redis::cluster::ClusterClient::builder([""; 0]);
    /// assert!(RedisStorage::cluster(nowhere).is_err());
    /// # Ok(()) }
    /// ```
    pub fn cluster(client: ::redis::cluster::ClusterClientBuilder) -> RedisResult<Self> {
        Servers::cluster(client).map(Self::on)
    }

    fn on(servers: Servers) -> Self {
        Self {
            server: Arc::new(Server::new(servers)),
            prefix: "session_auth:".into(),
        }
    }

    /// What all keys begin with; `session_auth:` unless said otherwise.
    ///
    /// # Panics
    ///
    /// When there is a brace in it: Redis would take what is in braces for the part that names the slot.
    ///
    /// ```
    /// # use session_auth::RedisStorage;
    /// # fn main() -> Result<(), redis::RedisError> {
    /// let client = || redis::Client::open("redis://127.0.0.1/").unwrap();
    /// let storage = RedisStorage::new(client()).prefix("shop:sessions:");
    /// assert!(std::panic::catch_unwind(|| RedisStorage::new(client()).prefix("{shop}:")).is_err());
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn prefix(mut self, prefix: &str) -> Self {
        assert!(
            !prefix.contains(['{', '}']),
            "the prefix of the keys cannot contain braces"
        );
        self.prefix = prefix.into();
        self
    }

    /// Shares sessions with a Python server on aiohttp-session's `RedisStorage`, which has a naming of its own: the prefix
    /// does not count there.
    ///
    /// # Panics
    ///
    /// When the storage is a Cluster. A session that gets a new id would have to move from one server to another in one
    /// step, and aiohttp-session knows no Cluster either.
    ///
    /// ```
    /// # use session_auth::{RedisStorage, SessionLayer};
    /// # fn main() -> Result<(), redis::RedisError> {
    /// let redis = RedisStorage::new(redis::Client::open("redis://127.0.0.1/")?);
    /// let sessions = SessionLayer::new(redis.aiohttp_compatible()); // the cookie is AIOHTTP_SESSION
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn aiohttp_compatible(self) -> AiohttpRedis {
        assert!(
            !self.server.is_cluster(),
            "aiohttp-session keeps no sessions in a Cluster"
        );
        AiohttpRedis::new(self)
    }

    /// All that a session ever is, under whichever id, lies in the slot that its lineage names.
    fn key(&self, key: &SessionKey) -> String {
        let (secret, lineage) = key.as_bytes().split_at(30);
        format!("{}{{{}}}:{}", self.prefix, hex(lineage), hex(secret))
    }

    fn index(&self, user: &[u8]) -> Index<'_> {
        Index::new(&self.server, format!("{}user:{}", self.prefix, hex(user)))
    }

    fn users(&self) -> Users<'_> {
        Users::new(&self.server, format!("{}users", self.prefix))
    }

    /// Names a session of a user that is about to be there and that Redis will keep for no longer than this.
    async fn name(&self, user: &str, key: &SessionKey, left: Duration) -> Result<(), StorageError> {
        self.index(user.as_bytes()).add(key, left).await?;
        self.users().add(user.as_bytes()).await.map_err(failed)
    }

    async fn stored(&self, key: &SessionKey) -> Result<Option<StoredSession>, StorageError> {
        let mut command = ::redis::cmd("HGETALL");
        let fields: Fields = self.server.ask(command.arg(self.key(key))).await?;
        record::session(fields)
    }

    /// Names what this change makes of the session in the index of its user, before it is made.
    async fn announce(&self, key: &SessionKey, change: &Change) -> Result<Guard, StorageError> {
        let moves = change.new_key.is_some() || change.lifetime.is_some();
        let (user, guard, deadline) = match (&change.login, change.lifetime) {
            (LoginChange::Set(login), Some(lifetime)) => {
                (Some(login.user.clone()), Guard::Anybody, lifetime.deadline)
            }
            (LoginChange::Clear, _) => return Ok(Guard::Anybody),
            (LoginChange::Keep, _) if !moves => return Ok(Guard::Anybody),
            (login, lifetime) => {
                let Some(stored) = self.stored(key).await? else {
                    return Ok(Guard::Anybody);
                };
                let deadline = lifetime.unwrap_or(stored.lifetime).deadline;
                match login {
                    LoginChange::Set(login) => (Some(login.user.clone()), Guard::Anybody, deadline),
                    _ => {
                        let user = stored.login.map(|login| login.user);
                        (user.clone(), Guard::Only(user), deadline)
                    }
                }
            }
        };
        if let Some(user) = user {
            let target = change.new_key.as_ref().unwrap_or(key);
            let left = left(deadline, change.now);
            self.name(&user, target, left).await?;
        }
        Ok(guard)
    }
}

#[async_trait]
impl SessionStorage for RedisStorage {
    fn promises(&self) -> Promises {
        PROMISES
    }

    async fn create(
        &self,
        key: &SessionKey,
        session: &StoredSession,
    ) -> Result<bool, StorageError> {
        let now = session.last_seen;
        if let Some(login) = &session.login {
            let left = left(session.lifetime.deadline, now);
            self.name(&login.user, key, left).await?;
        }
        let mut arguments = Arguments::default();
        arguments.push(record::milliseconds(left(session.lifetime.end(now), now)));
        arguments.pairs(record::fields(session));
        let created: bool = self
            .server
            .run(&scripts::CREATE, &[self.key(key)], arguments)
            .await?;
        Ok(created)
    }

    async fn load(&self, key: &SessionKey) -> Result<Option<Arc<StoredSession>>, StorageError> {
        Ok(self.stored(key).await?.map(Arc::new))
    }

    async fn commit(&self, key: &SessionKey, change: &Change) -> Result<Outcome, StorageError> {
        let new_key = change.new_key.as_ref().unwrap_or(key);
        let mut expected = scripts::expected(change);
        for _ in 0..ATTEMPTS {
            let guard = self.announce(key, change).await?;
            let arguments = scripts::commit_arguments(change, &expected, &guard, GRACE);
            let keys = [self.key(key), self.key(new_key)];
            let verdict = self.server.run(&scripts::COMMIT, &keys, arguments).await?;
            match verdict {
                // Somebody else logged in between the two questions.
                Verdict::OtherUser => {}
                Verdict::Gone => return Ok(Outcome::Gone),
                Verdict::Damaged => return Err(record::damaged()),
                Verdict::Changed(fields) => {
                    let spelled = record::as_spelled(&expected, &fields);
                    let Some(stored) = record::session(fields)? else {
                        return Ok(Outcome::Gone);
                    };
                    if !change.expects(&stored) {
                        return Ok(Outcome::Changed(Arc::new(stored)));
                    }
                    // The script compares texts, and these values are the expected ones in another spelling.
                    expected = spelled;
                }
                Verdict::Done { user } => {
                    if let Some(user) = user.filter(|_| new_key != key) {
                        self.index(&user).forget(key).await;
                    }
                    return Ok(Outcome::Done);
                }
            }
        }
        Err(StorageError::new(
            "a session in Redis had another user or was spelled anew at every attempt to change it",
        ))
    }

    async fn touch(&self, key: &SessionKey, at: OffsetDateTime) -> Result<(), StorageError> {
        let mut arguments = Arguments::default();
        arguments.push(record::unix_milliseconds(at));
        arguments.push(record::milliseconds(GRACE));
        let done: RedisResult<()> = self
            .server
            .run(&scripts::TOUCH, &[self.key(key)], arguments)
            .await;
        Ok(done?)
    }

    async fn delete(&self, key: &SessionKey) -> Result<(), StorageError> {
        let keys = [self.key(key)];
        let arguments = Arguments::default();
        let user: Option<Vec<u8>> = self.server.run(&scripts::DELETE, &keys, arguments).await?;
        if let Some(user) = user {
            self.index(&user).forget(key).await;
        }
        Ok(())
    }

    async fn list_by_user(
        &self,
        user: &str,
    ) -> Result<Vec<(SessionKey, Arc<StoredSession>)>, StorageError> {
        let index = self.index(user.as_bytes());
        let mut sessions = Vec::new();
        let mut gone = Vec::new();
        for key in index.keys().await? {
            match self.stored(&key).await {
                Ok(Some(session)) if is_of(&session, user) => {
                    sessions.push((key, Arc::new(session)));
                }
                Ok(_) => gone.push(key),
                // It waits for whoever has its cookie, or for its time to end.
                Err(error) if error.is_damaged() => {}
                Err(error) => return Err(error),
            }
        }
        index.trim(&gone).await;
        sessions.sort_by_key(|(_, session)| std::cmp::Reverse(session.last_seen));
        Ok(sessions)
    }

    async fn delete_by_user(
        &self,
        user: &str,
        except: Option<&SessionKey>,
    ) -> Result<u64, StorageError> {
        let index = self.index(user.as_bytes());
        let mut ended = 0;
        let mut rounds = Rounds::default();
        while let Some(named) = rounds.next(index.keys().await?) {
            for key in named.iter().filter(|key| Some(*key) != except) {
                let mut arguments = Arguments::default();
                arguments.push(user);
                let keys = [self.key(key)];
                ended += self
                    .server
                    .run::<u64>(&scripts::DELETE_OF_USER, &keys, arguments)
                    .await?;
            }
        }
        let mut seen = rounds.into_seen();
        seen.retain(|key| Some(key) != except);
        index.trim(&seen).await;
        Ok(ended)
    }

    async fn users(&self, after: Option<&str>, limit: usize) -> Result<Vec<String>, StorageError> {
        let all = self.users();
        let users = all.after(after, limit).await.map_err(failed)?;
        for user in &users {
            all.forget(user, &self.index(user.as_bytes())).await?;
        }
        Ok(users)
    }

    async fn delete_expired(
        &self,
        _before: OffsetDateTime,
        _limit: usize,
    ) -> Result<u64, StorageError> {
        Ok(0)
    }
}

fn is_of(session: &StoredSession, user: &str) -> bool {
    let login = session.login.as_ref();
    login.is_some_and(|login| login.user == user)
}

/// How long Redis keeps what is over at `end`.
fn left(end: OffsetDateTime, now: OffsetDateTime) -> Duration {
    Duration::try_from(end - now).unwrap_or_default() + GRACE
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

impl From<::redis::RedisError> for StorageError {
    fn from(error: ::redis::RedisError) -> Self {
        match error.code() {
            Some("WRONGTYPE") => record::damaged(),
            _ => Self::new(error),
        }
    }
}

/// Shows where, not what: an address may contain a password.
impl std::fmt::Debug for RedisStorage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RedisStorage")
            .field("prefix", &self.prefix)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_documentation_says_what_the_storage_promises() {
        assert_eq!(include_str!("redis.md"), PROMISES.to_string());
    }

    #[test]
    #[should_panic(expected = "no sessions in a Cluster")]
    fn a_cluster_is_not_shared_with_aiohttp() {
        let client = ::redis::cluster::ClusterClient::builder(["redis://127.0.0.1/"]);
        let storage = RedisStorage::cluster(client).unwrap();
        let _ = storage.aiohttp_compatible();
    }

    #[test]
    fn the_slot_of_a_session_follows_its_lineage_only() {
        let storage = RedisStorage::new(Client::open("redis://127.0.0.1/").unwrap());
        let tag = |secret: u8, lineage: u8| {
            let mut bytes = [secret; 32];
            bytes[30..].fill(lineage);
            let key = storage.key(&SessionKey::from_bytes(bytes));
            let tag = key.split(['{', '}']).nth(1).unwrap().to_owned();
            (key, tag)
        };
        assert_eq!(tag(1, 7).1, tag(2, 7).1);
        assert_ne!(tag(1, 7).0, tag(2, 7).0);
        assert_ne!(tag(1, 7).1, tag(1, 8).1);
    }

    #[test]
    #[should_panic(expected = "cannot contain braces")]
    fn a_prefix_that_would_name_the_slot_is_refused() {
        let _ = RedisStorage::new(Client::open("redis://127.0.0.1/").unwrap()).prefix("{a}");
    }
}
