//! The storage asked directly: what goes in comes out, an insert is an insert, and the dead stay dead.

use std::{sync::Arc, time::Duration};

use serde_json::{Map, json};

use super::{Checked, Stage, Suite, Tried, Wrong, ensure, ensure_eq};
use crate::{
    AnyStorage, Change, Client, Lifetime, Login, LoginChange, Outcome, Promise, SessionKey,
    SessionStorage, Stamp, StorageError, StoredSession, testing::now,
};

pub(super) async fn check<O, S>(suite: &mut Suite<O>)
where
    O: AsyncFn(&str) -> S,
    S: Into<AnyStorage>,
{
    suite
        .check(
            None,
            "a session comes out as it went in",
            a_session_comes_out_as_it_went_in,
        )
        .await;
    suite
        .check(
            None,
            "create never replaces a session",
            create_never_replaces,
        )
        .await;
    suite
        .check(
            None,
            "a change is applied to what is stored",
            a_change_is_applied,
        )
        .await;
    suite
        .check(
            None,
            "another person's login takes no values along",
            another_persons_login_wipes,
        )
        .await;
    suite
        .check(
            None,
            "a change whose expectation fails does nothing",
            an_expectation_fails,
        )
        .await;
    suite
        .check(
            Promise::AtomicRotation,
            "a rotation leaves nothing behind",
            a_rotation_moves,
        )
        .await;
    suite
        .check(
            Promise::NoRevival,
            "nothing revives a deleted session",
            nothing_revives,
        )
        .await;
    suite
        .check(
            Promise::AtomicRotation,
            "of two rotations side by side one happens",
            rotations_side_by_side,
        )
        .await;
    suite
        .check(
            Promise::NoRevival,
            "a deletion wins against a change side by side",
            deletion_side_by_side,
        )
        .await;
    suite
        .check(
            Promise::ByUser,
            "the sessions of a user are listed and ended",
            by_user,
        )
        .await;
    suite
        .check(
            Promise::Cleanup,
            "cleanup takes what is over, in batches",
            cleanup,
        )
        .await;
}

/// All of one lineage, as the keys that a session has one after the other.
fn key(number: u8) -> SessionKey {
    let mut bytes = [number; 32];
    bytes[30..].fill(0);
    SessionKey::from_bytes(bytes)
}

fn session() -> StoredSession {
    StoredSession {
        created_at: now(),
        last_seen: now(),
        lifetime: Lifetime {
            idle: Duration::from_secs(600),
            deadline: now() + Duration::from_secs(6000),
            persistent: false,
        },
        login: None,
        client: Client::default(),
        values: Map::new().into(),
    }
}

fn session_of(user: &str) -> StoredSession {
    StoredSession {
        login: Some(Login {
            user: user.to_owned(),
            stamp: Stamp::of(&[user.as_bytes()]),
            at: now(),
            remember: true,
        }),
        ..session()
    }
}

fn failed(error: StorageError) -> Wrong {
    Wrong::Failed(format!("the storage failed: {error}"))
}

async fn loaded(stage: &Stage, number: u8) -> Tried<Option<Arc<StoredSession>>> {
    stage.probe.load(&key(number)).await.map_err(failed)
}

/// Everything but the values, and the values: as much of both as the storage promises to keep.
fn parts(stage: &Stage, session: &StoredSession) -> (String, String) {
    let mut values = session.values.map().clone();
    if !stage.keeps(Promise::LoginDetails) {
        // There the login is one of the values, and nothing of it but the name.
        values.remove("username");
    }
    let values = json!(values).to_string();
    if !stage.keeps(Promise::LoginDetails) || !stage.keeps(Promise::Lifetimes) {
        let user = session.login.as_ref().map(|login| &login.user);
        return (format!("{user:?}"), values);
    }
    let rest = (
        session.created_at,
        session.last_seen,
        session.lifetime,
        &session.login,
        &session.client,
    );
    (format!("{rest:?}"), values)
}

async fn a_session_comes_out_as_it_went_in(stage: Stage) -> Checked {
    let values = json!({
        "": null,
        "nul": "\u{0}",
        "emoji": "🦀 é \u{202e}",
        "quote": "\"'\\;--",
        "number": [i64::MIN, u64::MAX, 0.1],
        "nested": {"a": {"b": [true, null]}},
        "large": "x".repeat(100_000),
    });
    let full = StoredSession {
        created_at: now() - Duration::from_millis(1),
        lifetime: Lifetime {
            persistent: true,
            ..session().lifetime
        },
        client: Client {
            address: "2001:db8::1".parse().ok(),
            browser: Some("Firefox on Linux".to_owned()),
        },
        values: values.as_object().cloned().unwrap_or_default().into(),
        ..session_of("Ålice\u{0}")
    };
    for (number, session) in [(1, session()), (2, full)] {
        let created = stage.probe.create(&key(number), &session).await;
        ensure(created.map_err(failed)?, "a free key is taken")?;
        let stored = loaded(&stage, number)
            .await?
            .ok_or(Wrong::broken("it is not there"))?;
        ensure_eq(parts(&stage, &stored), parts(&stage, &session), "stored")?;
    }
    ensure(
        loaded(&stage, 3).await?.is_none(),
        "a session nobody stored",
    )
}

async fn create_never_replaces(stage: Stage) -> Checked {
    let created = stage.probe.create(&key(1), &session_of("alice")).await;
    ensure(created.map_err(failed)?, "a free key is taken")?;
    let created = stage.probe.create(&key(1), &session_of("bob")).await;
    ensure(!created.map_err(failed)?, "the second create was accepted")?;
    let stored = loaded(&stage, 1)
        .await?
        .ok_or(Wrong::broken("it is gone"))?;
    ensure_eq(
        parts(&stage, &stored),
        parts(&stage, &session_of("alice")),
        "stored",
    )
}

async fn create(stage: &Stage, number: u8, session: &StoredSession) -> Checked {
    let created = stage.probe.create(&key(number), session).await;
    ensure(created.map_err(failed)?, "a free key is taken")
}

async fn commit(stage: &Stage, number: u8, change: &Change) -> Tried<Outcome> {
    stage
        .probe
        .commit(&key(number), change)
        .await
        .map_err(failed)
}

async fn done(stage: &Stage, number: u8, change: &Change) -> Checked {
    let outcome = commit(stage, number, change).await?;
    ensure(
        matches!(outcome, Outcome::Done),
        format!("{outcome:?} instead of Done"),
    )
}

async fn a_change_is_applied(stage: Stage) -> Checked {
    create(&stage, 1, &session()).await?;
    loaded(&stage, 1).await?;
    let mut change = Change::new(now());
    change.set = Map::from_iter([
        ("a".to_owned(), json!(1)),
        ("b".to_owned(), json!({"c": null})),
    ]);
    change.login = LoginChange::Set(session_of("alice").login.ok_or(Wrong::broken("a login"))?);
    done(&stage, 1, &change).await?;
    loaded(&stage, 1).await?;

    let mut change = Change::new(now());
    change.set.insert("b".to_owned(), json!({"d": 1}));
    change.remove.push("a".to_owned());
    let lifetime = Lifetime {
        idle: Duration::from_secs(5),
        ..session().lifetime
    };
    change.lifetime = Some(lifetime);
    done(&stage, 1, &change).await?;
    let stored = loaded(&stage, 1)
        .await?
        .ok_or(Wrong::broken("it is gone"))?;
    let expected = StoredSession {
        lifetime,
        values: Map::from_iter([("b".to_owned(), json!({"d": 1}))]).into(),
        ..session_of("alice")
    };
    ensure_eq(parts(&stage, &stored), parts(&stage, &expected), "stored")?;

    let mut change = Change::new(now());
    change.wipe = true;
    change.login = LoginChange::Clear;
    done(&stage, 1, &change).await?;
    let stored = loaded(&stage, 1)
        .await?
        .ok_or(Wrong::broken("it is gone"))?;
    let expected = StoredSession {
        lifetime,
        ..session()
    };
    ensure_eq(parts(&stage, &stored), parts(&stage, &expected), "stored")
}

async fn another_persons_login_wipes(stage: Stage) -> Checked {
    let values = || Map::from_iter([("a".to_owned(), json!(1))]);
    let log_in = async |number, user| {
        let mut change = Change::new(now());
        change.login = LoginChange::Set(session_of(user).login.ok_or(Wrong::broken("a login"))?);
        change.set.insert("b".to_owned(), json!(2));
        done(&stage, number, &change).await?;
        let stored = loaded(&stage, number)
            .await?
            .ok_or(Wrong::broken("it is gone"))?;
        Ok::<_, Wrong>(parts(&stage, &stored).1)
    };
    for (number, before, kept) in [
        (1, session(), r#"{"a":1,"b":2}"#),
        (2, session_of("alice"), r#"{"a":1,"b":2}"#),
        (3, session_of("bob"), r#"{"b":2}"#),
    ] {
        let before = StoredSession {
            values: values().into(),
            ..before
        };
        create(&stage, number, &before).await?;
        loaded(&stage, number).await?;
        ensure_eq(
            log_in(number, "alice").await?.as_str(),
            kept,
            &format!("values after alice's login over session {number}"),
        )?;
    }
    Ok(())
}

async fn an_expectation_fails(stage: Stage) -> Checked {
    create(&stage, 1, &session()).await?;
    loaded(&stage, 1).await?;
    let mut change = Change::new(now());
    change.expected.push(("n".to_owned(), Some(json!(1))));
    change.set.insert("n".to_owned(), json!(2));
    change.new_key = Some(key(2));
    match commit(&stage, 1, &change).await? {
        Outcome::Changed(current) => ensure_eq(
            parts(&stage, &current),
            parts(&stage, &session()),
            "answered",
        )?,
        other => return Err(Wrong::broken(format!("{other:?} instead of Changed"))),
    }
    ensure(loaded(&stage, 2).await?.is_none(), "it was moved")?;
    let stored = loaded(&stage, 1)
        .await?
        .ok_or(Wrong::broken("it is gone"))?;
    ensure_eq(parts(&stage, &stored), parts(&stage, &session()), "stored")?;
    change.expected = vec![("n".to_owned(), None)];
    done(&stage, 1, &change).await
}

async fn a_rotation_moves(stage: Stage) -> Checked {
    create(&stage, 1, &session_of("alice")).await?;
    loaded(&stage, 1).await?;
    let mut change = Change::new(now());
    change.new_key = Some(key(2));
    done(&stage, 1, &change).await?;
    ensure(loaded(&stage, 1).await?.is_none(), "the old key is alive")?;
    let moved = loaded(&stage, 2)
        .await?
        .ok_or(Wrong::broken("it did not arrive"))?;
    ensure_eq(
        parts(&stage, &moved),
        parts(&stage, &session_of("alice")),
        "moved",
    )?;

    change.new_key = Some(key(3));
    let outcome = commit(&stage, 1, &change).await?;
    ensure(
        matches!(outcome, Outcome::Gone),
        format!("a second rotation of one session answered {outcome:?}"),
    )?;
    ensure(
        loaded(&stage, 3).await?.is_none(),
        "a second rotation made a copy",
    )
}

async fn nothing_revives(stage: Stage) -> Checked {
    create(&stage, 1, &session_of("alice")).await?;
    loaded(&stage, 1).await?;
    stage.probe.touch(&key(1), now()).await.map_err(failed)?;
    stage.probe.delete(&key(1)).await.map_err(failed)?;
    stage.probe.delete(&key(1)).await.map_err(failed)?;

    let mut change = Change::new(now());
    change.set.insert("late".to_owned(), json!(true));
    let outcome = commit(&stage, 1, &change).await?;
    ensure(
        matches!(outcome, Outcome::Gone),
        format!("a late save answered {outcome:?}"),
    )?;
    stage.probe.touch(&key(1), now()).await.map_err(failed)?;
    // A storage that keeps touches for later writes them before it looks for what is over.
    let long_ago = now() - Duration::from_secs(1_000_000);
    stage
        .probe
        .delete_expired(long_ago, 1)
        .await
        .map_err(failed)?;
    ensure(loaded(&stage, 1).await?.is_none(), "it is there again")
}

/// Not in an order that the suite makes: within the storage, as far as it lets others have their turn.
async fn rotations_side_by_side(stage: Stage) -> Checked {
    create(&stage, 1, &session_of("alice")).await?;
    loaded(&stage, 1).await?;
    let rotation = |number| Change {
        new_key: Some(key(number)),
        ..Change::new(now())
    };
    let (left, right) = (rotation(2), rotation(3));
    let (left, right) = tokio::join!(commit(&stage, 1, &left), commit(&stage, 1, &right));
    let done = [left?, right?].map(|outcome| matches!(outcome, Outcome::Done));
    ensure(done[0] != done[1], format!("done: {done:?}"))?;
    for (number, lives) in [(1, false), (2, done[0]), (3, done[1])] {
        let found = loaded(&stage, number).await?.is_some();
        ensure_eq(found, lives, &format!("key {number} is there"))?;
    }
    Ok(())
}

async fn deletion_side_by_side(stage: Stage) -> Checked {
    for (number, comes_first) in [(1, true), (2, false)] {
        create(&stage, number, &session_of("alice")).await?;
        loaded(&stage, number).await?;
        let mut change = Change::new(now());
        change.set.insert("late".to_owned(), json!(true));
        let key = key(number);
        let (change, delete) = (commit(&stage, number, &change), stage.probe.delete(&key));
        let (changed, deleted) = if comes_first {
            tokio::join!(change, delete)
        } else {
            let (deleted, changed) = tokio::join!(delete, change);
            (changed, deleted)
        };
        changed?;
        deleted.map_err(failed)?;
        ensure(loaded(&stage, number).await?.is_none(), "it is there again")?;
    }
    Ok(())
}

async fn by_user(stage: Stage) -> Checked {
    // Where nobody knows of users, this is how it is said.
    let refused = |error: StorageError| Wrong::broken(error.to_string());
    for (number, user, seconds) in [
        (1, "alice", 1),
        (2, "alice", 3),
        (3, "bob", 2),
        (4, "alice", 2),
    ] {
        let seen = now() + Duration::from_secs(seconds);
        let session = StoredSession {
            last_seen: seen,
            ..session_of(user)
        };
        create(&stage, number, &session).await?;
    }
    create(&stage, 5, &session()).await?;
    let keys = async |user| -> Tried<Vec<SessionKey>> {
        let sessions = stage.probe.list_by_user(user).await.map_err(refused)?;
        Ok(sessions.into_iter().map(|(key, _)| key).collect())
    };
    ensure_eq(
        keys("alice").await?,
        vec![key(2), key(4), key(1)],
        "alice's",
    )?;
    ensure_eq(keys("ALICE").await?, vec![], "another's")?;

    let ended = stage.probe.delete_by_user("alice", Some(&key(4))).await;
    ensure_eq(ended.map_err(refused)?, 2, "ended")?;
    ensure_eq(keys("alice").await?, vec![key(4)], "alice's")?;
    let ended = stage.probe.delete_by_user("alice", None).await;
    ensure_eq(ended.map_err(refused)?, 1, "ended")?;
    ensure_eq(keys("alice").await?, vec![], "alice's")?;
    ensure_eq(keys("bob").await?, vec![key(3)], "bob's")?;
    ensure(
        loaded(&stage, 5).await?.is_some(),
        "an anonymous session was ended",
    )
}

async fn cleanup(stage: Stage) -> Checked {
    let seconds = Duration::from_secs;
    for number in 1..=5 {
        let idle = seconds(u64::from(number) * 100);
        let lifetime = Lifetime {
            idle,
            ..session().lifetime
        };
        let session = StoredSession {
            lifetime,
            ..session()
        };
        create(&stage, number, &session).await?;
    }
    // Used again, so over at 250 and not at 100.
    loaded(&stage, 1).await?;
    let touched = stage.probe.touch(&key(1), now() + seconds(150)).await;
    touched.map_err(failed)?;
    let removed = async |after, limit| {
        let removed = stage
            .probe
            .delete_expired(now() + seconds(after), limit)
            .await;
        removed.map_err(failed)
    };
    ensure_eq(removed(199, 10).await?, 0, "removed before any was over")?;
    ensure_eq(removed(400, 2).await?, 2, "removed in a batch of two")?;
    ensure_eq(removed(400, 2).await?, 2, "removed in a second batch")?;
    ensure_eq(removed(400, 2).await?, 0, "removed once more")?;
    ensure(
        loaded(&stage, 5).await?.is_some(),
        "one that lives was removed",
    )
}
