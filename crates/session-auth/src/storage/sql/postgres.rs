//! What is PostgreSQL's own: its table, and statements that step aside for rows somebody else holds.
//!
//! Invariant: no statement of ours waits for a row while it holds others that a statement of ours could wait for, except
//! that of `delete_by_user`; so a batch and a request cannot lock each other out.

use std::collections::HashSet;

use sqlx::{PgPool, PgTransaction};

use super::{
    ended::BY_TIME_INDEX,
    statements::{BY_EXPIRY_INDEX, BY_USER_INDEX, Collecting},
    touches::Batch,
    unix_milliseconds,
};
use crate::SessionKey;

/// Held while the table is made: of two that make it at once, PostgreSQL refuses one in spite of the `if not exists`.
const LOCK: &str = "select pg_advisory_xact_lock(7308327755813578355)";

/// The id of a user is bytes here: it may be any string, and PostgreSQL's text takes no NUL.
const SCHEMA: [&str; 5] = [
    "create table if not exists session_auth_sessions (
        key bytea not null primary key,
        created_at bigint not null,
        last_seen bigint not null,
        idle bigint not null,
        deadline bigint not null,
        persistent bigint not null,
        expires_at bigint not null,
        user_id bytea,
        stamp bytea,
        logged_in_at bigint,
        remember bigint not null,
        address text,
        browser text,
        data text not null
    )",
    BY_EXPIRY_INDEX,
    BY_USER_INDEX,
    "create table if not exists session_auth_ended (
        key bytea not null primary key,
        user_id bytea not null,
        ended_at bigint
    )",
    BY_TIME_INDEX,
];

/// Steps aside for a row that somebody holds, and answers with the keys that are still to be written: those whose row is
/// there and older, as it was when the statement began. What the holder does to it, the next batch finds.
const TOUCH: &str = "with noted as (select * from unnest($1, $2) as noted (key, at)),
    free as (select key from session_auth_sessions where key = any($1) for update skip locked),
    written as (update session_auth_sessions as session set last_seen = noted.at,
        expires_at = case when deadline - noted.at < idle then deadline else noted.at + idle end
        from noted where session.key = noted.key and session.key in (select key from free) and last_seen < noted.at
        returning session.key)
    select session.key from session_auth_sessions as session join noted on session.key = noted.key
    where last_seen < noted.at and session.key not in (select key from written)";

/// Of a row that somebody else has just written, every stricter level refuses the write instead of reading the row anew.
pub(super) const BEGIN: &str = "begin isolation level read committed";

/// Asks again, of the locked row, whether the session is over: it may have been used since this statement began.
pub(super) const COLLECTING: Collecting = Collecting {
    expired: "delete from session_auth_sessions where key in
        (select key from session_auth_sessions where expires_at <= $1 order by expires_at limit $2 for update skip locked)
        returning key, user_id, expires_at as ended_at",
    date: "update session_auth_ended set ended_at = $1 where key in
        (select key from session_auth_ended where ended_at is null limit $2 for update skip locked)",
    forget: "delete from session_auth_ended where key in
        (select key from session_auth_ended where ended_at <= $1 order by ended_at limit $2 for update skip locked)",
};

pub(super) async fn migrate(tx: &mut PgTransaction<'static>) -> sqlx::Result<()> {
    sqlx::query(LOCK).execute(&mut **tx).await?;
    for statement in SCHEMA {
        sqlx::query(statement).execute(&mut **tx).await?;
    }
    Ok(())
}

pub(super) async fn touch(pool: &PgPool, batch: &Batch) -> sqlx::Result<HashSet<SessionKey>> {
    let keys: Vec<&[u8]> = batch.keys().map(|key| &key.as_bytes()[..]).collect();
    let times: Vec<i64> = batch.values().map(|at| unix_milliseconds(*at)).collect();
    let mut tx = pool.begin_with(BEGIN).await?;
    let touch = sqlx::query_as(TOUCH).bind(keys).bind(times);
    let skipped: Vec<(Vec<u8>,)> = touch.fetch_all(&mut *tx).await?;
    tx.commit().await?;
    let keys = skipped
        .into_iter()
        .filter_map(|(key,)| <[u8; 32]>::try_from(key).ok());
    Ok(keys.map(SessionKey::from_bytes).collect())
}
