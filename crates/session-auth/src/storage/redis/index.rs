//! The sessions of one user: a hash from session keys to when they were named and when they are over for certain.
//!
//! Invariant: a key is named before its session is there. So a key whose session is not there may still be about to
//! get one, and is taken out only when it has been there for longer than a request could take.

use std::time::Duration;

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

    pub(super) async fn keys(&self) -> Result<Vec<SessionKey>, StorageError> {
        let mut command = ::redis::cmd("HKEYS");
        let keys: Vec<Vec<u8>> = self.server.ask(command.arg(&self.key)).await?;
        let key = |bytes: Vec<u8>| {
            let bytes = bytes.try_into();
            bytes.map(SessionKey::from_bytes).map_err(|_| {
                StorageError::new("a session key in the index of a user is not 32 bytes long")
            })
        };
        keys.into_iter().map(key).collect()
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
        Ok(self.server.run(script, &keys, arguments).await?)
    }
}
