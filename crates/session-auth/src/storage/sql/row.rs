//! A session as columns: times are unix milliseconds, values are JSON text.

use std::{net::IpAddr, time::Duration};

use sqlx::FromRow;
use time::OffsetDateTime;

use super::UserId;
use crate::{Client, Lifetime, Login, SessionKey, Stamp, StorageError, StoredSession, Values};

/// A row, or why it is none: one that cannot be decoded must not keep others from being read, nor itself from being deleted.
pub(super) struct Read<T>(sqlx::Result<T>);

impl<'r, R: sqlx::Row, T: FromRow<'r, R>> FromRow<'r, R> for Read<T> {
    fn from_row(row: &'r R) -> sqlx::Result<Self> {
        Ok(Self(T::from_row(row)))
    }
}

/// Those of the rows that can be decoded.
pub(super) fn readable<T>(rows: impl IntoIterator<Item = Read<T>>) -> impl Iterator<Item = T> {
    rows.into_iter().filter_map(|Read(row)| row.ok())
}

/// A session as the table holds it.
#[derive(FromRow)]
pub(super) struct Row {
    key: Vec<u8>,
    created_at: i64,
    last_seen: i64,
    idle: i64,
    deadline: i64,
    persistent: i64,
    user_id: Option<UserId>,
    stamp: Option<Vec<u8>>,
    logged_in_at: Option<i64>,
    remember: i64,
    address: Option<String>,
    browser: Option<String>,
    data: String,
}

impl Row {
    pub(super) fn key(&self) -> Result<SessionKey, StorageError> {
        let bytes = self.key.as_slice().try_into();
        bytes
            .map(SessionKey::from_bytes)
            .map_err(|_| StorageError::damaged("a session key in the table is not 32 bytes long"))
    }
}

impl TryFrom<Row> for StoredSession {
    type Error = StorageError;

    fn try_from(row: Row) -> Result<Self, StorageError> {
        let login = match (row.user_id, row.stamp, row.logged_in_at) {
            (Some(UserId(user)), Some(stamp), Some(at)) => Some(Login {
                user,
                stamp: Stamp::from_bytes(&stamp)
                    .ok_or_else(|| StorageError::damaged("a stamp in the table is too long"))?,
                at: time(at)?,
                remember: row.remember != 0,
            }),
            (None, None, None) => None,
            _ => return Err(StorageError::damaged("a login in the table is not whole")),
        };
        Ok(Self {
            created_at: time(row.created_at)?,
            last_seen: time(row.last_seen)?,
            lifetime: Lifetime {
                idle: Duration::from_millis(u64::try_from(row.idle).unwrap_or(0)),
                deadline: time(row.deadline)?,
                persistent: row.persistent != 0,
            },
            login,
            client: Client {
                address: row
                    .address
                    .and_then(|address| address.parse::<IpAddr>().ok()),
                browser: row.browser,
            },
            values: Values::from_json(row.data)?,
        })
    }
}

/// A statement with a session's columns bound in the order of `INSERT` and `UPDATE`. The same words make it for whichever
/// engine executes it.
macro_rules! bound {
    ($statement:expr, $key:expr, $session:expr) => {{
        let (session, lifetime): (&StoredSession, _) = ($session, &$session.lifetime);
        let login = session.login.as_ref();
        sqlx::query($statement)
            .bind(&$key.as_bytes()[..])
            .bind(unix_milliseconds(session.created_at))
            .bind(unix_milliseconds(session.last_seen))
            .bind(i64::try_from(lifetime.idle.as_millis()).unwrap_or(i64::MAX))
            .bind(unix_milliseconds(lifetime.deadline))
            .bind(i64::from(lifetime.persistent))
            .bind(unix_milliseconds(lifetime.end(session.last_seen)))
            .bind(login.map(|login| UserId(login.user.clone())))
            .bind(login.map(|login| login.stamp.as_bytes()))
            .bind(login.map(|login| unix_milliseconds(login.at)))
            .bind(i64::from(login.is_some_and(|login| login.remember)))
            .bind(session.client.address.map(|address| address.to_string()))
            .bind(session.client.browser.as_deref())
            .bind(session.values.to_json())
    }};
}

pub(super) fn unix_milliseconds(time: OffsetDateTime) -> i64 {
    i64::try_from(time.unix_timestamp_nanos() / 1_000_000).unwrap_or(i64::MAX)
}

fn time(milliseconds: i64) -> Result<OffsetDateTime, StorageError> {
    OffsetDateTime::from_unix_timestamp_nanos(i128::from(milliseconds) * 1_000_000)
        .map_err(|_| StorageError::damaged("a time in the table is none"))
}

#[cfg(test)]
#[path = "../../../fuzz/sql_row.rs"]
mod fuzz;
