//! Who is logged in somewhere: one sorted set of all users, for the cleanup.
//!
//! Invariant: a user is in it before a session of theirs is there. It may hold some who have none any more; they are taken
//! out when they are seen. Who is missing has their dead sessions for longer, and nobody is let in by those.

use ::redis::RedisResult;

use super::{connection::Server, index::Index};
use crate::StorageError;

pub(super) struct Users<'s> {
    server: &'s Server,
    key: String,
}

impl<'s> Users<'s> {
    pub(super) fn new(server: &'s Server, key: String) -> Self {
        Self { server, key }
    }

    /// All have the same score, so they lie in the order of their bytes.
    pub(super) async fn add(&self, user: &[u8]) -> RedisResult<()> {
        let mut command = ::redis::cmd("ZADD");
        let added = self.server.ask(command.arg(&self.key).arg(0).arg(user));
        added.await.map(|_: u64| ())
    }

    pub(super) async fn after(&self, user: Option<&str>, limit: usize) -> RedisResult<Vec<String>> {
        let from = user.map_or("-".to_owned(), |user| format!("({user}"));
        loop {
            let mut command = ::redis::cmd("ZRANGEBYLEX");
            let command = command.arg(&self.key).arg(&from).arg("+");
            let page = self.server.ask(command.arg("LIMIT").arg(0).arg(limit));
            let page: Vec<Vec<u8>> = page.await?;
            let mut users = Vec::with_capacity(page.len());
            let mut others = Vec::new();
            for user in page {
                match String::from_utf8(user) {
                    Ok(user) => users.push(user),
                    Err(other) => others.push(other.into_bytes()),
                }
            }
            // What is no user's would keep users out of the page.
            if others.is_empty() {
                return Ok(users);
            }
            for other in others {
                self.remove(&other).await?;
            }
        }
    }

    /// Takes out a user who has no session. One who logs in meanwhile has an index first and is added after that: so
    /// whoever has an index when they have been taken out is put back.
    pub(super) async fn forget(&self, user: &str, index: &Index<'_>) -> Result<(), StorageError> {
        if index.exists().await? {
            return Ok(());
        }
        self.remove(user.as_bytes()).await?;
        if index.exists().await? {
            self.add(user.as_bytes()).await?;
        }
        Ok(())
    }

    async fn remove(&self, user: &[u8]) -> RedisResult<()> {
        let mut command = ::redis::cmd("ZREM");
        let removed = self.server.ask(command.arg(&self.key).arg(user));
        removed.await.map(|_: u64| ())
    }
}
