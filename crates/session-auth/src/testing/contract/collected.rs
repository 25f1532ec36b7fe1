//! What the cleanup of a layer takes away: S15, and of L3 the sessions whose login counts no more.

use std::{sync::Arc, time::Duration};

use tokio::time::Instant;

use super::{
    super::{clock::advance, probe::Call, site::Site},
    Checked, DAY, Stage, Suite, Tried, ensure, ensure_eq,
};
use crate::{
    AnyStorage, AuthError, Promise, SessionKey, Stamp,
    cleanup::{Judge, Judges, Rounds},
};

/// How long the cleanup may take that comes every millisecond, on the slowest of machines.
const PATIENCE: Duration = Duration::from_secs(20);

pub(super) async fn check<O, S>(suite: &mut Suite<O>)
where
    O: AsyncFn(&str) -> S,
    S: Into<AnyStorage>,
{
    suite
        .check(
            Promise::Cleanup,
            "the cleanup takes what is over, and nothing else",
            over,
        )
        .await;
    suite
        .check(
            Promise::DeadLogins,
            "the cleanup takes a login that counts no more, and not at once",
            dead_logins,
        )
        .await;
}

/// Whether a record of the server is there, whatever its time.
async fn is_stored(stage: &Stage, key: &SessionKey) -> Tried<bool> {
    let Some(server) = stage.probe.on_server() else {
        return Ok(false);
    };
    let loaded = server.load(key).await;
    Ok(loaded.map_err(|error| error.to_string())?.is_some())
}

/// A session of this person's, as the storage knows it.
async fn log_in(stage: &Stage, site: &Site, user: &str) -> Tried<(String, SessionKey)> {
    let cookie = site.log_in("", user).await.cookie();
    stage.probe.keys();
    ensure_eq(site.user(&cookie).await.as_deref(), Some(user), "logged in")?;
    let keys = stage.probe.keys();
    let key = keys
        .first()
        .copied()
        .ok_or("nobody was asked for it".to_owned())?;
    Ok((cookie, key))
}

async fn over(stage: Stage) -> Checked {
    let site = stage.site();
    let mut over = Vec::new();
    for _ in 0..3 {
        over.push(log_in(&stage, &site, "alice").await?.1);
    }
    let on_server = stage.probe.is_on_server();
    ensure_eq(
        is_stored(&stage, &over[0]).await?,
        on_server,
        "it is stored",
    )?;
    advance(2 * DAY);
    let (bob, alive) = log_in(&stage, &site, "bob").await?;

    // The first of its rounds fails. It begins with a request, of a site whose clock has not leapt since.
    stage.probe.calls();
    stage.probe.fail(&[Call::DeleteExpired]);
    let layer = stage.layer().cleanup_interval(Duration::from_millis(1));
    let cleaned = Site::new(layer);
    ensure_eq(
        cleaned.user(&bob).await.as_deref(),
        Some("bob"),
        "logged in",
    )?;
    let asked = std::cell::Cell::new(0);
    let times_asked = || {
        let calls = stage.probe.calls();
        let is_cleanup = |call: &&Call| **call == Call::DeleteExpired;
        asked.set(asked.get() + calls.iter().filter(is_cleanup).count());
        asked.get()
    };
    // Where the list of the sessions is another storage, its failure is not ours to make.
    if on_server && !stage.probe.is_in_cookie() {
        wait_for(async || times_asked() > 0).await?;
        for key in &over {
            ensure(is_stored(&stage, key).await?, "a round that failed took it")?;
        }
    }
    stage.probe.fail(&[]);
    times_asked();
    asked.set(0);
    let is_gone = async || {
        for key in &over {
            if is_stored(&stage, key).await.unwrap_or(true) {
                // When the cleanup asks again, it has its answer from before.
                return times_asked() > 1;
            }
        }
        true
    };
    wait_for(is_gone).await?;
    for key in &over {
        ensure(!is_stored(&stage, key).await?, "what is over is there")?;
    }
    ensure_eq(
        is_stored(&stage, &alive).await?,
        on_server,
        "bob's is stored",
    )?;
    ensure_eq(
        cleaned.user(&bob).await.as_deref(),
        Some("bob"),
        "logged in",
    )
}

/// Asks again and again, until it is so.
async fn wait_for(is_so: impl AsyncFn() -> bool) -> Checked {
    let begun = Instant::now();
    while !is_so().await {
        ensure(begun.elapsed() < PATIENCE, "the cleanup never came")?;
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    Ok(())
}

/// Alice has a new password, bob has no account any more, and carol is as she was.
struct Directory;

#[async_trait::async_trait]
impl Judge for Directory {
    async fn stamp(&self, user: &str) -> Result<Option<Stamp>, AuthError> {
        Ok(match user {
            "alice" => Some(Stamp::of(&[b"new"])),
            "bob" => None,
            other => Some(Stamp::of(&[other.as_bytes()])),
        })
    }
}

async fn dead_logins(stage: Stage) -> Checked {
    let site = stage.site();
    let mut keys = Vec::new();
    for user in ["alice", "bob", "carol"] {
        keys.push(log_in(&stage, &site, user).await?.1);
    }
    let Some(server) = stage.probe.on_server() else {
        return ensure(stage.probe.is_in_cookie(), "somebody keeps the sessions");
    };
    let judges = Judges::default();
    let judge: Arc<dyn Judge> = Arc::new(Directory);
    judges.add(Arc::downgrade(&judge));
    let (mut rounds, begun) = (Rounds::default(), Instant::now());
    let minute = Duration::from_secs(60);
    for (minutes, stay) in [(0, true), (5, true), (9, true), (10, false)] {
        let looked = rounds
            .next(&*server, &judges, begun + minutes * minute)
            .await;
        // Where nobody knows of users, this is how it is said.
        looked.map_err(|error| super::Wrong::broken(error.to_string()))?;
        for (key, expected) in keys.iter().zip([stay, stay, true]) {
            let what = format!("it is stored after {minutes} minutes");
            ensure_eq(is_stored(&stage, key).await?, expected, &what)?;
        }
    }
    Ok(())
}
