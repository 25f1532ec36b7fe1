//! The sessions of one user: a hash from session keys to when they were named and when they are over for certain.
//!
//! Invariant: a key is named before its session is there. So a key whose session is not there may still be about to
//! get one, and is taken out only when it has been there for longer than a request could take.

use std::{collections::HashSet, time::Duration};

use ::redis::RedisError;

use super::{
    connection::Server,
    record,
    scripts::{self, Arguments, Script},
};
use crate::{SessionKey, StorageError};

pub(super) struct Index<'s> {
    server: &'s Server,
    key: String,
}

impl<'s> Index<'s> {
    pub(super) fn new(server: &'s Server, key: String) -> Self {
        Self { server, key }
    }

    /// Names a session that is about to be stored and that Redis will keep for no longer than this.
    pub(super) async fn add(&self, key: &SessionKey, left: Duration) -> Result<(), StorageError> {
        let mut arguments = Arguments::default();
        arguments.push(&key.as_bytes()[..]);
        arguments.push(record::milliseconds(left));
        self.run(&scripts::NAME, arguments).await
    }

    pub(super) async fn exists(&self) -> Result<bool, StorageError> {
        let mut command = ::redis::cmd("EXISTS");
        let asked = self.server.ask(command.arg(&self.key)).await;
        asked.map_err(failed)
    }

    pub(super) async fn keys(&self) -> Result<Vec<SessionKey>, StorageError> {
        let mut command = ::redis::cmd("HKEYS");
        let asked = self.server.ask(command.arg(&self.key)).await;
        let keys: Vec<Vec<u8>> = asked.map_err(failed)?;
        // Whatever else somebody wrote there names no session.
        let key = |bytes: Vec<u8>| bytes.try_into().ok().map(SessionKey::from_bytes);
        Ok(keys.into_iter().filter_map(key).collect())
    }

    /// Takes out a session that has ended. It does not matter when that fails: the next reader sees it.
    pub(super) async fn forget(&self, key: &SessionKey) {
        let mut command = ::redis::cmd("HDEL");
        command.arg(&self.key).arg(&key.as_bytes()[..]);
        let _: Result<u64, _> = self.server.ask(&command).await;
    }

    /// Takes out those that were seen not to be there, except the youngest.
    pub(super) async fn trim(&self, gone: &[SessionKey]) {
        if gone.is_empty() {
            return;
        }
        let mut arguments = Arguments::default();
        for key in gone {
            arguments.push(&key.as_bytes()[..]);
        }
        let _ = self.run(&scripts::TRIM, arguments).await;
    }

    async fn run(&self, script: &Script, arguments: Arguments) -> Result<(), StorageError> {
        let keys = [self.key.clone()];
        let run = self.server.run(script, &keys, arguments).await;
        run.map_err(failed)
    }
}

/// Where the index should be and something else is, sessions may be that nobody can list or end. That is a failure, and not
/// the damage of the session in hand, which would go for it.
pub(super) fn failed(error: RedisError) -> StorageError {
    StorageError::new(error)
}

/// How often everything that an index names has to be looked at until none of it is left behind.
///
/// One look at each name is not enough: a session moves from the key `a` to the key `b`, which was named before, and `b` may
/// be looked at before the move and `a` after it. So all names are looked at again, until one round and the reading after
/// it have found no name that was new.
///
/// That this suffices rests on two facts: a session that is named is named before it is there and stays named while it is,
/// and the next key of a session is named only after it has arrived at the one that it has, because nobody knows an id
/// before. Suppose a session outlives the last round, being at `b` then. Had it rested during that round, it had been found;
/// so it came from some `a` to `b` in it. If it had arrived at `a` in that round, too, `b` was named after the round's
/// reading, and the reading after the round found it new. If it had been at `a` when some earlier round began, that round
/// found it at `a`. So it arrived at `a` after the reading of the round before, and `b`, named later still, was new in this
/// round or after it. Either way the round was not the last.
#[derive(Default)]
pub(super) struct Rounds {
    seen: HashSet<SessionKey>,
    was_quiet: bool,
}

impl Rounds {
    /// What is to be looked at, of a reading of the index; `None` when all is done.
    pub(super) fn next(&mut self, named: Vec<SessionKey>) -> Option<Vec<SessionKey>> {
        let before = self.seen.len();
        self.seen.extend(&named);
        let is_quiet = self.seen.len() == before;
        let is_over = named.is_empty() || (is_quiet && self.was_quiet);
        self.was_quiet = is_quiet;
        (!is_over).then_some(named)
    }

    pub(super) fn into_seen(self) -> Vec<SessionKey> {
        self.seen.into_iter().collect()
    }
}
