//! A storage that another program shares, and what that program does to sessions: it finds them under their ids in clear,
//! and saves them whole, whenever it is done with them.
//!
//! A storage that nobody shares has no such program, and keeps what is promised here without being asked.

use std::sync::Arc;

use serde_json::json;

use super::{Checked, Stage, Suite, Tried, Wrong, ensure, ensure_eq};
use crate::{AnyStorage, Promise, StorageError, storage::Stranger};

pub(super) async fn check<O, S>(suite: &mut Suite<O>)
where
    O: AsyncFn(&str) -> S,
    S: Into<AnyStorage>,
{
    suite
        .check(
            None,
            "a session that another program made is one",
            sessions_of_others,
        )
        .await;
    suite
        .check(Promise::Hashed, "no storage keeps an id", kept_in_clear)
        .await;
    suite
        .check(
            Promise::ConcurrentWrites,
            "another program's save loses nothing",
            saves_of_others,
        )
        .await;
    suite
        .check(
            Promise::NoRevival,
            "another program's save brings nothing back",
            late_saves_of_others,
        )
        .await;
}

fn failed(error: StorageError) -> Wrong {
    Wrong::Failed(format!("the storage failed: {error}"))
}

/// The other program, and the cookie of a session that it made.
async fn opened(stage: &Stage) -> Tried<Option<(Arc<dyn Stranger>, String, String)>> {
    let Some(stranger) = stage.probe.stranger() else {
        return Ok(None);
    };
    let id = stranger.open().await.map_err(failed)?;
    let cookie = format!("__Host-session={id}");
    Ok(Some((stranger, id, cookie)))
}

async fn sessions_of_others(stage: Stage) -> Checked {
    let Some((_, _, cookie)) = opened(&stage).await? else {
        return Ok(());
    };
    let site = stage.site();
    ensure_eq(site.value(&cookie, "a").await, Some(json!(1)), "read")?;
    let written = site.write(&cookie, "b", 2).await;
    ensure(written.status.is_success(), format!("{written:?}"))?;
    for (key, value) in [("a", 1), ("b", 2)] {
        ensure_eq(site.value(&cookie, key).await, Some(json!(value)), key)?;
    }
    // A login over it is one of ours, with an id of ours.
    let login = site.log_in(&cookie, "alice").await.cookie();
    ensure(!login.is_empty() && login != cookie, "the id stayed")?;
    ensure_eq(site.value(&login, "b").await, Some(json!(2)), "moved")?;
    ensure_eq(site.value(&cookie, "b").await, None, "under the old id")
}

/// Whoever reads the storage finds what makes a cookie.
async fn kept_in_clear(stage: Stage) -> Checked {
    let Some((stranger, id, cookie)) = opened(&stage).await? else {
        return Ok(());
    };
    let is_there = !stranger.read(&id).await.map_err(failed)?.is_empty();
    let logs_in = stage.site().value(&cookie, "a").await.is_some();
    ensure(!(is_there && logs_in), "the id lies there")
}

async fn saves_of_others(stage: Stage) -> Checked {
    let Some((stranger, id, cookie)) = opened(&stage).await? else {
        return Ok(());
    };
    let site = stage.site();
    let read = stranger.read(&id).await.map_err(failed)?;
    site.write(&cookie, "b", 2).await;
    stranger.save(&id, &read).await.map_err(failed)?;
    ensure_eq(site.value(&cookie, "b").await, Some(json!(2)), "written")
}

async fn late_saves_of_others(stage: Stage) -> Checked {
    let Some((stranger, id, cookie)) = opened(&stage).await? else {
        return Ok(());
    };
    let site = stage.site();
    let read = stranger.read(&id).await.map_err(failed)?;
    let out = site.log_out(&cookie).await;
    ensure(out.is_removal(), format!("{out:?}"))?;
    ensure_eq(site.value(&cookie, "a").await, None, "after the logout")?;
    stranger.save(&id, &read).await.map_err(failed)?;
    ensure_eq(site.value(&cookie, "a").await, None, "after the save")
}
