//! Concurrent requests: S2 and S3, in every order in which they can reach the storage, and side by side in their handlers.

use std::{collections::HashSet, sync::Arc};

use http::StatusCode;
use serde_json::json;
use tokio::sync::{Barrier, Notify};

use super::{
    super::{
        schedule::{Actor, Run},
        site::{Answer, Site, refused},
    },
    Checked, Stage, Suite, Wrong,
    cookies::cookie_of,
    ensure, ensure_eq,
};
use crate::{AnyStorage, Promise, Session, SessionError, SessionStorage};

pub(super) async fn check<O, S>(suite: &mut Suite<O>)
where
    O: AsyncFn(&str) -> S,
    S: Into<AnyStorage>,
{
    use Promise::{ConcurrentWrites, NoRevival};
    suite
        .check(
            ConcurrentWrites,
            "two writers in one handler both count",
            writers_at_a_barrier,
        )
        .await;
    suite
        .check(
            ConcurrentWrites,
            "two writers lose nothing in any order",
            |stage| writers_in_every_order(stage, 2),
        )
        .await;
    suite
        .check(
            ConcurrentWrites,
            "three writers lose nothing in any order",
            |stage| writers_in_every_order(stage, 3),
        )
        .await;
    suite
        .check(
            None,
            "of three writes to one key the last commit stays",
            one_key,
        )
        .await;
    suite
        .check(
            ConcurrentWrites,
            "twenty parallel increments count to twenty",
            twenty_increments,
        )
        .await;
    suite
        .check(
            ConcurrentWrites,
            "three increments count in every order",
            increments_in_every_order,
        )
        .await;
    suite
        .check(None, "an update is not undone by a 5xx", update_and_5xx)
        .await;
    suite
        .check(
            None,
            "an update without a session is an insert",
            update_without_session,
        )
        .await;
    suite
        .check(
            ConcurrentWrites,
            "this request sees its own update",
            update_is_seen,
        )
        .await;
    suite
        .check(
            ConcurrentWrites,
            "an update that goes back to what was read is stored",
            update_goes_back,
        )
        .await;
    suite
        .check(
            NoRevival,
            "a save after a logout changes nothing",
            late_save,
        )
        .await;
    suite
        .check(
            NoRevival,
            "a logout wins against two writers in every order",
            logout_in_every_order,
        )
        .await;
    suite
        .check(
            NoRevival,
            "an update after a logout is refused",
            update_in_every_order,
        )
        .await;
    suite
        .check(
            NoRevival,
            "an ended user stays ended in every order",
            revocation_in_every_order,
        )
        .await;
}

/// A handler that waits for the others before it writes, and for the others after.
async fn write_together(site: Site, cookie: String, key: String, barrier: Arc<Barrier>) -> Answer {
    let write = move |_, session: Session| async move {
        session.get_value("a").await.map_err(refused)?;
        barrier.wait().await;
        session.insert(&key, true).await.map_err(refused)?;
        barrier.wait().await;
        Ok::<_, StatusCode>(())
    };
    site.visit(&cookie, write).await
}

async fn writers_at_a_barrier(stage: Stage) -> Checked {
    let site = stage.site();
    let cookie = cookie_of(&site).await?;
    let barrier = Arc::new(Barrier::new(20));
    let mut writers = tokio::task::JoinSet::new();
    for number in 0..20 {
        let key = format!("writer {number}");
        writers.spawn(write_together(
            site.clone(),
            cookie.clone(),
            key,
            Arc::clone(&barrier),
        ));
    }
    for answer in writers.join_all().await {
        ensure(answer.status.is_success(), format!("{answer:?}"))?;
    }
    for number in 0..20 {
        let key = format!("writer {number}");
        ensure_eq(site.value(&cookie, &key).await, Some(json!(true)), &key)?;
    }
    ensure_eq(
        site.value(&cookie, "a").await,
        Some(json!(1)),
        "what was there",
    )
}

fn writer(stage: &Stage, cookie: &str, key: String) -> Actor {
    let cookie = cookie.to_owned();
    stage.actor(move |site| async move { site.write(&cookie, &key, true).await })
}

async fn writers_in_every_order(stage: Stage, writers: usize) -> Checked {
    let site = stage.site();
    let prepare = async || {
        let cookie = cookie_of(&site).await.unwrap_or_default();
        let writer = |number: usize| writer(&stage, &cookie, number.to_string());
        let actors = (0..writers).map(writer).collect();
        (cookie, actors)
    };
    let check = async |cookie: String, Run { answers, .. }: Run| {
        for answer in answers {
            ensure(answer.status.is_success(), format!("{answer:?}"))?;
        }
        for number in 0..writers {
            let value = site.value(&cookie, &number.to_string()).await;
            ensure_eq(value, Some(json!(true)), &format!("of writer {number}"))?;
        }
        Ok(())
    };
    stage.in_every_order(prepare, check).await
}

async fn one_key(stage: Stage) -> Checked {
    let site = stage.site();
    let prepare = async || {
        let cookie = cookie_of(&site).await.unwrap_or_default();
        let writer = |number: usize| -> Actor {
            let cookie = cookie.clone();
            stage.actor(move |site| async move { site.write(&cookie, "a", number + 10).await })
        };
        let actors = (0..3).map(writer).collect();
        (cookie, actors)
    };
    let mut winners = HashSet::new();
    let check = async |cookie: String, run: Run| {
        let last = run
            .order
            .last_to("commit")
            .ok_or(Wrong::broken("nobody committed"))?;
        winners.insert(last);
        let value = site.value(&cookie, "a").await;
        ensure_eq(value, Some(json!(last + 10)), "what the last one committed")
    };
    stage.in_every_order(prepare, check).await?;
    ensure_eq(winners.len(), 3, "who have been the last")
}

async fn increment(site: Site, cookie: String) -> Answer {
    let increment = |_, session: Session| async move {
        let count = session.update("count", |count: Option<u64>| count.unwrap_or(0) + 1);
        count.await.map(|count| count.to_string())
    };
    site.visit(&cookie, increment).await
}

async fn twenty_increments(stage: Stage) -> Checked {
    let site = stage.site();
    let cookie = cookie_of(&site).await?;
    let barrier = Arc::new(Barrier::new(20));
    let mut visitors = tokio::task::JoinSet::new();
    for _ in 0..20 {
        let (site, cookie, barrier) = (site.clone(), cookie.clone(), Arc::clone(&barrier));
        visitors.spawn(async move {
            let increment = |_, session: Session| async move {
                session.get_value("count").await.ok();
                barrier.wait().await;
                let count = session.update("count", |count: Option<u64>| count.unwrap_or(0) + 1);
                count.await.map(|count| count.to_string())
            };
            site.visit(&cookie, increment).await
        });
    }
    for answer in visitors.join_all().await {
        ensure(answer.status.is_success(), format!("{answer:?}"))?;
    }
    ensure_eq(
        site.value(&cookie, "count").await,
        Some(json!(20)),
        "the count",
    )
}

async fn increments_in_every_order(stage: Stage) -> Checked {
    let site = stage.site();
    let prepare = async || {
        let cookie = cookie_of(&site).await.unwrap_or_default();
        let actor = || {
            let cookie = cookie.clone();
            stage.actor(|site| increment(site, cookie))
        };
        let actors = vec![actor(), actor(), actor()];
        (cookie, actors)
    };
    let check = async |cookie: String, _| {
        ensure_eq(
            site.value(&cookie, "count").await,
            Some(json!(3)),
            "the count",
        )
    };
    stage.in_every_order(prepare, check).await
}

async fn update_and_5xx(stage: Stage) -> Checked {
    let site = stage.site();
    let cookie = cookie_of(&site).await?;
    let fail = |_, session: Session| async move {
        let updated = session.update("count", |_: Option<u64>| 7).await;
        updated.map_err(|_| StatusCode::IM_A_TEAPOT)?;
        session.insert("lost", true).await.map_err(refused)?;
        Err::<(), _>(StatusCode::INTERNAL_SERVER_ERROR)
    };
    let answer = site.visit(&cookie, fail).await;
    ensure_eq(answer.status.as_u16(), 500, "status")?;
    ensure_eq(
        site.value(&cookie, "count").await,
        Some(json!(7)),
        "updated",
    )?;
    ensure_eq(site.value(&cookie, "lost").await, None, "inserted")
}

async fn update_without_session(stage: Stage) -> Checked {
    let site = stage.site();
    let answer = increment(site.clone(), String::new()).await;
    let cookie = answer.cookie();
    ensure(!cookie.is_empty(), "no session was made")?;
    ensure_eq(
        site.value(&cookie, "count").await,
        Some(json!(1)),
        "the count",
    )
}

async fn update_is_seen(stage: Stage) -> Checked {
    let site = stage.site();
    let cookie = cookie_of(&site).await?;
    let script = |_, session: Session| async move {
        session.insert("other", 1).await.map_err(refused)?;
        let two = session
            .update("a", |a: Option<u64>| a.unwrap_or(0) + 1)
            .await;
        let three = session
            .update("a", |a: Option<u64>| a.unwrap_or(0) + 1)
            .await;
        let seen = session.get::<u64>("a").await.map_err(refused)?;
        match (two, three, seen) {
            (Ok(2), Ok(3), Some(3)) => Ok(()),
            _ => Err(StatusCode::CONFLICT),
        }
    };
    let answer = site.visit(&cookie, script).await;
    ensure_eq(answer.status.as_u16(), 200, "status")?;
    ensure_eq(site.value(&cookie, "a").await, Some(json!(3)), "stored")?;
    ensure_eq(
        site.value(&cookie, "other").await,
        Some(json!(1)),
        "the other key",
    )
}

/// What `update` stored is there at once, so what was read is no more what there is.
async fn update_goes_back(stage: Stage) -> Checked {
    let site = stage.site();
    let cookie = cookie_of(&site).await?;
    let there_and_back = |_, session: Session| async move {
        for value in [2, 1] {
            let updated = session.update("a", |_: Option<u64>| value).await;
            updated.map_err(|_| StatusCode::CONFLICT)?;
        }
        Err::<(), _>(StatusCode::INTERNAL_SERVER_ERROR)
    };
    let answer = site.visit(&cookie, there_and_back).await;
    ensure_eq(answer.status.as_u16(), 500, "status")?;
    ensure_eq(site.value(&cookie, "a").await, Some(json!(1)), "stored")
}

/// A writer loads, a logout is acknowledged, and only then the writer answers.
async fn late_save(stage: Stage) -> Checked {
    let site = stage.site();
    let cookie = site.log_in("", "alice").await.cookie();
    let (loaded, resume) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let writer = {
        let (site, cookie) = (site.clone(), cookie.clone());
        let (loaded, resume) = (Arc::clone(&loaded), Arc::clone(&resume));
        tokio::spawn(async move {
            let write = |_, session: Session| async move {
                session.insert("late", true).await.map_err(refused)?;
                loaded.notify_one();
                resume.notified().await;
                Ok::<_, StatusCode>(())
            };
            site.visit(&cookie, write).await
        })
    };
    loaded.notified().await;
    let out = site.log_out(&cookie).await;
    ensure(out.is_removal(), "the logout removed no cookie")?;
    resume.notify_one();
    let late = writer.await.map_err(|error| error.to_string())?;
    ensure_eq(late.set_cookie(), "", "Set-Cookie of the late save")?;
    ensure(late.status.is_success(), format!("{late:?}"))?;
    ensure_eq(site.user(&cookie).await, None, "the old cookie's user")?;
    ensure_eq(
        site.value(&cookie, "late").await,
        None,
        "the old cookie's value",
    )
}

async fn logout_in_every_order(stage: Stage) -> Checked {
    let site = stage.site();
    let prepare = async || {
        let cookie = site.log_in("", "alice").await.cookie();
        let logout = {
            let cookie = cookie.clone();
            stage.actor(|site| async move { site.log_out(&cookie).await })
        };
        let writer = |key: &str| writer(&stage, &cookie, key.to_owned());
        let actors = vec![writer("a"), logout, writer("b")];
        (cookie, actors)
    };
    let check = async |cookie: String, Run { answers, .. }: Run| {
        ensure(answers[1].is_removal(), "the logout removed no cookie")?;
        ensure_eq(site.user(&cookie).await, None, "the old cookie's user")?;
        for answer in &answers {
            // A writer that came after the logout is a stranger and may get a session of its own.
            let user = site.user(&answer.cookie()).await;
            ensure_eq(user, None, "who is logged in by an answer")?;
        }
        Ok(())
    };
    stage.in_every_order(prepare, check).await
}

async fn update_in_every_order(stage: Stage) -> Checked {
    let site = stage.site();
    let prepare = async || {
        let cookie = site.log_in("", "alice").await.cookie();
        let actor = {
            let cookie = cookie.clone();
            stage.actor(|site| increment(site, cookie))
        };
        let logout = {
            let cookie = cookie.clone();
            stage.actor(|site| async move { site.log_out(&cookie).await })
        };
        (cookie, vec![actor, logout])
    };
    let mut was_refused = false;
    let check = async |cookie: String, Run { answers, .. }: Run| {
        was_refused |= matches!(answers[0].error, Some(SessionError::Gone));
        ensure_eq(site.user(&cookie).await, None, "the old cookie's user")?;
        ensure_eq(
            site.value(&cookie, "count").await,
            None,
            "the old cookie's count",
        )
    };
    stage.in_every_order(prepare, check).await?;
    ensure(was_refused, "no update met the logout")
}

/// "Log out everywhere" against a save and a rotation: whatever the order, nobody is logged in by the old cookie.
async fn revocation_in_every_order(stage: Stage) -> Checked {
    let site = stage.site();
    let prepare = async || {
        let cookie = site.log_in("", "alice").await.cookie();
        let probe = stage.probe.clone();
        let revoke: Actor = Box::new(move |turnstile| {
            Box::pin(async move {
                let ended = probe.behind(turnstile).delete_by_user("alice", None).await;
                Answer {
                    status: ended.map_or(StatusCode::BAD_GATEWAY, |_| StatusCode::OK),
                    ..Answer::default()
                }
            })
        });
        let cycle = {
            let cookie = cookie.clone();
            stage.actor(|site| async move {
                let cycle =
                    |_, session: Session| async move { session.cycle_id().await.map_err(refused) };
                site.visit(&cookie, cycle).await
            })
        };
        let actors = vec![writer(&stage, &cookie, "late".to_owned()), revoke, cycle];
        (cookie, actors)
    };
    let check = async |cookie: String, Run { answers, .. }: Run| {
        ensure_eq(answers[1].status, StatusCode::OK, "the revocation")?;
        ensure_eq(site.user(&cookie).await, None, "the old cookie's user")?;
        let rotated = site.user(&answers[2].cookie()).await;
        ensure_eq(rotated, None, "the rotated cookie's user")
    };
    stage.in_every_order(prepare, check).await
}
