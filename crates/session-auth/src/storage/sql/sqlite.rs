//! What is SQLite's own: its table, and how a batch of touches is written.

use sqlx::{SqlitePool, SqliteTransaction};

use super::{
    ended::BY_TIME_INDEX,
    statements::{BY_EXPIRY_INDEX, BY_USER_INDEX, Collecting},
    touches::Batch,
    unix_milliseconds,
};

const SCHEMA: [&str; 5] = [
    "create table if not exists session_auth_sessions (
        key blob not null primary key,
        created_at integer not null,
        last_seen integer not null,
        idle integer not null,
        deadline integer not null,
        persistent integer not null,
        expires_at integer not null,
        user_id text,
        stamp blob,
        logged_in_at integer,
        remember integer not null,
        address text,
        browser text,
        data text not null
    ) strict, without rowid",
    BY_EXPIRY_INDEX,
    BY_USER_INDEX,
    "create table if not exists session_auth_ended (
        key blob not null primary key,
        user_id text not null,
        ended_at integer
    ) strict, without rowid",
    BY_TIME_INDEX,
];

/// Names no session that is not there, so it brings none back, and never makes a session older.
const TOUCH: &str = "update session_auth_sessions set last_seen = $2,
    expires_at = case when deadline - $2 < idle then deadline else $2 + idle end
    where key = $1 and last_seen < $2";

pub(super) const COLLECTING: Collecting = Collecting {
    expired: "delete from session_auth_sessions where key in
        (select key from session_auth_sessions where expires_at <= $1 order by expires_at limit $2)
        returning key, user_id, expires_at as ended_at",
    date: "update session_auth_ended set ended_at = $1 where key in
        (select key from session_auth_ended where ended_at is null limit $2)",
    forget: "delete from session_auth_ended where key in
        (select key from session_auth_ended where ended_at <= $1 order by ended_at limit $2)",
};

pub(super) async fn migrate(tx: &mut SqliteTransaction<'static>) -> sqlx::Result<()> {
    for statement in SCHEMA {
        sqlx::query(statement).execute(&mut **tx).await?;
    }
    Ok(())
}

/// One transaction for all: each would cost an `fsync` of its own.
pub(super) async fn touch(pool: &SqlitePool, batch: &Batch) -> sqlx::Result<()> {
    let mut tx = pool.begin_with("begin immediate").await?;
    for (key, at) in batch {
        sqlx::query(TOUCH)
            .bind(&key.as_bytes()[..])
            .bind(unix_milliseconds(*at))
            .execute(&mut *tx)
            .await?;
    }
    tx.commit().await
}
