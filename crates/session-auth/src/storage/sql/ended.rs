//! Who was logged in in sessions that have ended, for a form that comes too late to find its author.
//!
//! Invariant: written in the transaction that ends the session, gone after [`FORMER_LOGIN`]. Nothing here logs anybody in:
//! no statement that reads a session knows this table.

use sqlx::FromRow;
use time::OffsetDateTime;

use super::{Read, SqlStorage, Tx, UserId, readable, unix_milliseconds};
use crate::{FORMER_LOGIN, SessionKey, StorageError};

/// A session without a time has ended since the last cleanup, which gives it one: deletions come without a clock.
const REMEMBER: &str = "insert into session_auth_ended (key, user_id, ended_at) values ($1, $2, $3)
    on conflict (key) do nothing";

const FORMER: &str =
    "select user_id from session_auth_ended where key = $1 and (ended_at is null or ended_at > $2)";

pub(super) const BY_TIME_INDEX: &str = "create index if not exists session_auth_ended_by_time
    on session_auth_ended (ended_at)";

/// A session that was just deleted.
#[derive(FromRow)]
pub(super) struct Ended {
    key: Vec<u8>,
    user_id: Option<UserId>,
    ended_at: Option<i64>,
}

impl Ended {
    pub(super) fn logout(key: &SessionKey, user: String, at: OffsetDateTime) -> Self {
        Self {
            key: key.as_bytes().to_vec(),
            user_id: Some(UserId(user)),
            ended_at: Some(unix_milliseconds(at)),
        }
    }
}

impl Tx {
    /// Remembers those in which somebody was logged in.
    pub(super) async fn remember(
        &mut self,
        ended: impl IntoIterator<Item = Ended>,
    ) -> sqlx::Result<()> {
        for Ended {
            key,
            user_id,
            ended_at,
        } in ended
        {
            let Some(user) = user_id else { continue };
            on!(Tx, &mut *self, |tx| {
                let insert = sqlx::query(REMEMBER).bind(key).bind(user).bind(ended_at);
                insert.execute(&mut **tx).await.map(drop)
            })?;
        }
        Ok(())
    }
}

impl SqlStorage {
    pub(super) async fn former(
        &self,
        key: &SessionKey,
        since: OffsetDateTime,
    ) -> Result<Option<String>, StorageError> {
        let user: Option<Read<(UserId,)>> = on!(Pool, &self.read, |pool| {
            let query = sqlx::query_as(FORMER).bind(&key.as_bytes()[..]);
            query
                .bind(unix_milliseconds(since))
                .fetch_optional(pool)
                .await?
        });
        Ok(readable(user).map(|(UserId(user),)| user).next())
    }

    /// Gives times to those that ended since the last time, and forgets those that ended long ago: all of them, in
    /// transactions that are as small as a batch of sessions.
    pub(super) async fn forget_before(
        &self,
        now: OffsetDateTime,
        limit: usize,
    ) -> Result<(), StorageError> {
        let collecting = self.write.collecting();
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        for (statement, time) in [
            (collecting.date, now),
            (collecting.forget, now - FORMER_LOGIN),
        ] {
            loop {
                let mut tx = self.write.begin().await?;
                let written = on!(Tx, &mut tx, |tx| {
                    let query = sqlx::query(statement).bind(unix_milliseconds(time));
                    let written = query.bind(limit).execute(&mut **tx).await?;
                    written.rows_affected()
                });
                tx.commit().await?;
                if written == 0 || written < limit.unsigned_abs() {
                    break;
                }
                tokio::task::yield_now().await;
            }
        }
        Ok(())
    }
}
