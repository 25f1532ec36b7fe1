//! What a login does to a session: S4 and S5.

use std::{collections::HashSet, sync::Arc};

use http::StatusCode;
use serde_json::json;
use tokio::sync::Barrier;

use super::{
    super::{
        schedule::{Actor, Run},
        site::{Answer, Site, log_in, refused},
    },
    Checked, Stage, Suite,
    cookies::cookie_of,
    ensure, ensure_eq,
};
use crate::{AnyStorage, Promise, Session, SessionError, Stamp, request::RequestSession};

use Promise::{AtomicRotation, ByUser, NoRevival};

pub(super) async fn check<O, S>(suite: &mut Suite<O>)
where
    O: AsyncFn(&str) -> S,
    S: Into<AnyStorage>,
{
    suite
        .check(
            None,
            "a login changes the id, for the same person as well",
            a_login_rotates,
        )
        .await;
    suite
        .check(
            None,
            "a login keeps what a visitor had",
            a_login_keeps_a_visitors_values,
        )
        .await;
    suite
        .check(
            None,
            "another person's login wipes what was there",
            another_person_wipes,
        )
        .await;
    suite
        .check(
            None,
            "an update after another person's login is theirs alone",
            another_person_updates,
        )
        .await;
    suite
        .check(
            NoRevival,
            "a late write does not reach the next person's session",
            late_write_and_other_person,
        )
        .await;
    suite
        .check(
            None,
            "a renewal changes the id and keeps the rest",
            a_renewal_rotates,
        )
        .await;
    suite
        .check(
            None,
            "a rotation is undone by a 5xx",
            a_failed_login_changes_nothing,
        )
        .await;
    suite
        .check(
            NoRevival,
            "a login over a session that is gone makes a new one",
            a_login_over_a_gone_session,
        )
        .await;
    suite
        .check(
            AtomicRotation,
            "two logins with one cookie share nothing in any order",
            logins_in_every_order,
        )
        .await;
    suite
        .check(
            AtomicRotation,
            "twenty parallel logins give twenty sessions",
            twenty_logins,
        )
        .await;
    suite
        .check(
            NoRevival,
            "logging out ends the session and nothing else",
            logging_out,
        )
        .await;
    suite
        .check(
            ByUser,
            "the other sessions of a person can be ended",
            others_end,
        )
        .await;
}

async fn a_login_rotates(stage: Stage) -> Checked {
    let site = stage.site();
    let before = cookie_of(&site).await?;
    let mut cookies = vec![before];
    for user in ["alice", "alice", "bob", "alice"] {
        let last = cookies.last().cloned().unwrap_or_default();
        let answer = site.log_in(&last, user).await;
        let cookie = answer.cookie();
        ensure(
            !cookie.is_empty(),
            format!("no cookie for {user}: {answer:?}"),
        )?;
        ensure(!cookies.contains(&cookie), "an id was used again")?;
        ensure_eq(site.user(&cookie).await.as_deref(), Some(user), "logged in")?;
        let dead = cookies.iter().filter(|_| stage.keeps(AtomicRotation));
        for old in dead {
            ensure_eq(site.user(old).await, None, "by an old id")?;
            ensure_eq(site.value(old, "a").await, None, "under an old id")?;
        }
        cookies.push(cookie);
    }
    Ok(())
}

async fn a_login_keeps_a_visitors_values(stage: Stage) -> Checked {
    let site = stage.site();
    let visitor = cookie_of(&site).await?;
    let alice = site.log_in(&visitor, "alice").await.cookie();
    ensure_eq(
        site.value(&alice, "a").await,
        Some(json!(1)),
        "after the login",
    )?;
    let again = site.log_in(&alice, "alice").await.cookie();
    ensure_eq(
        site.value(&again, "a").await,
        Some(json!(1)),
        "after the same person's second login",
    )
}

async fn another_person_wipes(stage: Stage) -> Checked {
    let site = stage.site();
    let alice = site
        .log_in(&cookie_of(&site).await?, "alice")
        .await
        .cookie();
    let switch = |request: RequestSession, session: Session| async move {
        log_in("bob", false)(request, session.clone())
            .await
            .map_err(|_| StatusCode::BAD_GATEWAY)?;
        if session.get_value("a").await.map_err(refused)?.is_some() {
            return Err(StatusCode::CONFLICT);
        }
        session.insert("welcome", "bob").await.map_err(refused)?;
        // What ecosystem code does at a login. It must not cost the login.
        session.cycle_id().await.map_err(refused)
    };
    let answer = site.visit(&alice, switch).await;
    ensure_eq(answer.status, StatusCode::OK, "status")?;
    let bob = answer.cookie();
    ensure_eq(site.user(&bob).await.as_deref(), Some("bob"), "logged in")?;
    ensure_eq(site.value(&bob, "a").await, None, "alice's value")?;
    ensure_eq(
        site.value(&bob, "welcome").await,
        Some(json!("bob")),
        "bob's value",
    )?;
    ensure(
        !stage.keeps(AtomicRotation) || site.user(&alice).await.is_none(),
        "somebody is logged in by the old cookie",
    )
}

/// `update` writes at once, so it must know that the stored session is not the one that it is for.
async fn another_person_updates(stage: Stage) -> Checked {
    let site = stage.site();
    for status in [StatusCode::INTERNAL_SERVER_ERROR, StatusCode::OK] {
        for loads_anew in [false, true] {
            let visitor = cookie_of(&site).await?;
            let alice = site.log_in(&visitor, "alice").await.cookie();
            let switch = move |request: RequestSession, session: Session| async move {
                log_in("bob", false)(request, session.clone()).await?;
                if loads_anew {
                    session.load().await?;
                }
                let seen: Option<u64> = session.get("a").await?;
                let counted = session
                    .update("a", |a: Option<u64>| a.unwrap_or(10) + 1)
                    .await?;
                Ok::<_, SessionError>(match (seen, counted) {
                    (None, 11) => status,
                    _ => StatusCode::CONFLICT,
                })
            };
            let answer = site.visit(&alice, switch).await;
            ensure_eq(answer.status, status, "status")?;
            if status == StatusCode::OK {
                let bob = answer.cookie();
                ensure_eq(site.user(&bob).await.as_deref(), Some("bob"), "logged in")?;
                ensure_eq(site.value(&bob, "a").await, Some(json!(11)), "bob's value")?;
            } else {
                ensure_eq(site.user(&alice).await.as_deref(), Some("alice"), "stayed")?;
                ensure_eq(site.value(&alice, "a").await, Some(json!(1)), "alice's")?;
            }
        }
    }
    Ok(())
}

async fn late_write_and_other_person(stage: Stage) -> Checked {
    let site = stage.site();
    let prepare = async || {
        let alice = site.log_in("", "alice").await.cookie();
        let write = {
            let cookie = alice.clone();
            stage.actor(|site| async move { site.write(&cookie, "alices", true).await })
        };
        let bob = {
            let cookie = alice.clone();
            stage.actor(|site| async move { site.log_in(&cookie, "bob").await })
        };
        (alice, vec![write, bob])
    };
    let check = async |alice: String, Run { answers, .. }: Run| {
        let bob = answers[1].cookie();
        ensure_eq(site.user(&bob).await.as_deref(), Some("bob"), "logged in")?;
        ensure_eq(site.value(&bob, "alices").await, None, "alice's value")?;
        ensure_eq(site.user(&alice).await, None, "by the old cookie")
    };
    stage.in_every_order(prepare, check).await
}

async fn a_renewal_rotates(stage: Stage) -> Checked {
    let site = stage.site();
    let remembered = site
        .visit(&cookie_of(&site).await?, log_in("alice", true))
        .await;
    let renew = |request: RequestSession, session: Session| async move {
        let renewed = request.renew(Stamp::of(&[b"new"]));
        renewed.map_err(|_| StatusCode::BAD_GATEWAY)?;
        let login = request.login().await.ok().flatten();
        let has_new = login.is_some_and(|login| login.stamp == Stamp::of(&[b"new"]));
        session.insert("renewed", has_new).await.map_err(refused)
    };
    let renewed = site.visit(&remembered.cookie(), renew).await;
    let cookie = renewed.cookie();
    ensure(
        !cookie.is_empty() && cookie != remembered.cookie(),
        "the id stayed",
    )?;
    ensure(
        !stage.keeps(AtomicRotation) || site.user(&remembered.cookie()).await.is_none(),
        "somebody is logged in by the old id",
    )?;
    ensure_eq(
        site.user(&cookie).await.as_deref(),
        Some("alice"),
        "by the new id",
    )?;
    ensure_eq(site.value(&cookie, "a").await, Some(json!(1)), "a value")?;
    ensure_eq(
        site.value(&cookie, "renewed").await,
        Some(json!(true)),
        "the stamp within the request",
    )?;
    ensure(
        !stage.keeps(Promise::Lifetimes) || renewed.set_cookie().contains("; Max-Age="),
        "the cookie is not remembered any more",
    )?;

    let visitor = cookie_of(&site).await?;
    let answer = site.visit(&visitor, renew).await;
    ensure_eq(site.user(&visitor).await, None, "a renewed visitor")?;
    // Some send a cookie with every change, and this visitor's session has changed.
    let is_same = ["", &visitor].contains(&answer.cookie().as_str());
    ensure(
        is_same,
        format!("a renewed visitor got another id: {answer:?}"),
    )
}

async fn a_failed_login_changes_nothing(stage: Stage) -> Checked {
    let site = stage.site();
    let alice = site.log_in("", "alice").await.cookie();
    let fail = |request: RequestSession, session: Session| async move {
        let _ = log_in("bob", false)(request, session).await;
        StatusCode::INTERNAL_SERVER_ERROR
    };
    let answer = site.visit(&alice, fail).await;
    ensure_eq(answer.set_cookie(), "", "Set-Cookie")?;
    ensure_eq(
        site.user(&alice).await.as_deref(),
        Some("alice"),
        "logged in",
    )?;
    let fail = |request: RequestSession, _| async move {
        let _ = request.clear_login().await;
        StatusCode::INTERNAL_SERVER_ERROR
    };
    let answer = site.visit(&alice, fail).await;
    ensure_eq(answer.set_cookie(), "", "Set-Cookie")?;
    ensure_eq(
        site.user(&alice).await.as_deref(),
        Some("alice"),
        "logged in after a logout that failed",
    )
}

/// In every order of a logout and a login with the same cookie.
async fn a_login_over_a_gone_session(stage: Stage) -> Checked {
    let site = stage.site();
    let prepare = async || {
        let cookie = cookie_of(&site).await.unwrap_or_default();
        let logout = {
            let cookie = cookie.clone();
            stage.actor(|site| async move { site.log_out(&cookie).await })
        };
        let login = {
            let cookie = cookie.clone();
            stage.actor(|site| async move {
                let log_in_and_greet = |request, session: Session| async move {
                    session.insert("greeting", "hello").await.map_err(refused)?;
                    log_in("alice", false)(request, session)
                        .await
                        .map_err(|_| StatusCode::BAD_GATEWAY)
                };
                site.visit(&cookie, log_in_and_greet).await
            })
        };
        (cookie, vec![logout, login])
    };
    let mut met_gone = false;
    let check = async |old: String, Run { answers, .. }: Run| {
        let cookie = answers[1].cookie();
        ensure_eq(
            site.user(&cookie).await.as_deref(),
            Some("alice"),
            "logged in",
        )?;
        ensure_eq(
            site.value(&cookie, "greeting").await,
            Some(json!("hello")),
            "of this request",
        )?;
        met_gone |= site.value(&cookie, "a").await.is_none();
        ensure_eq(site.value(&old, "a").await, None, "under the old id")
    };
    stage.in_every_order(prepare, check).await?;
    ensure(met_gone, "no login met a session that was gone")
}

async fn logins_in_every_order(stage: Stage) -> Checked {
    let site = stage.site();
    let prepare = async || {
        let cookie = cookie_of(&site).await.unwrap_or_default();
        let login = || -> Actor {
            let cookie = cookie.clone();
            stage.actor(|site| async move { site.log_in(&cookie, "alice").await })
        };
        let actors = vec![login(), login()];
        (cookie, actors)
    };
    let check = async |old: String, Run { answers, .. }: Run| {
        let cookies: HashSet<_> = answers.iter().map(Answer::cookie).collect();
        ensure_eq(cookies.len(), 2, "different ids")?;
        let mut heirs = 0;
        for cookie in &cookies {
            ensure_eq(
                site.user(cookie).await.as_deref(),
                Some("alice"),
                "logged in",
            )?;
            heirs += u32::from(site.value(cookie, "a").await.is_some());
        }
        // One may have come so late that the other had moved the visitor's values.
        ensure_eq(
            heirs,
            1,
            "sessions with the values of the one that was there",
        )?;
        ensure_eq(site.user(&old).await, None, "by the old cookie")
    };
    stage.in_every_order(prepare, check).await
}

async fn log_in_together(site: Site, cookie: String, barrier: Arc<Barrier>) -> Answer {
    let together = |request: RequestSession, session: Session| async move {
        let _ = session.get_value("a").await;
        barrier.wait().await;
        let logged_in = log_in("alice", false)(request, session).await;
        barrier.wait().await;
        logged_in
    };
    site.visit(&cookie, together).await
}

async fn twenty_logins(stage: Stage) -> Checked {
    let site = stage.site();
    let before = cookie_of(&site).await?;
    let barrier = Arc::new(Barrier::new(20));
    let mut visitors = tokio::task::JoinSet::new();
    for _ in 0..20 {
        visitors.spawn(log_in_together(
            site.clone(),
            before.clone(),
            Arc::clone(&barrier),
        ));
    }
    let answers = visitors.join_all().await;
    let cookies: HashSet<_> = answers.iter().map(Answer::cookie).collect();
    ensure_eq(cookies.len(), 20, "different ids")?;
    for cookie in &cookies {
        ensure_eq(
            site.user(cookie).await.as_deref(),
            Some("alice"),
            "logged in",
        )?;
    }
    ensure_eq(site.user(&before).await, None, "by the cookie from before")?;
    ensure_eq(
        site.value(&before, "a").await,
        None,
        "under the cookie from before",
    )
}

async fn logging_out(stage: Stage) -> Checked {
    let site = stage.site();
    let (alice, bob) = (
        site.log_in("", "alice").await.cookie(),
        site.log_in("", "bob").await.cookie(),
    );
    let out = site.log_out(&alice).await;
    ensure(out.is_removal(), format!("{out:?}"))?;
    ensure_eq(site.user(&alice).await, None, "by the old cookie")?;
    ensure_eq(
        site.user(&bob).await.as_deref(),
        Some("bob"),
        "the other person",
    )?;

    // What is written after it, such as a message, begins a new session.
    let say_goodbye = |request: RequestSession, session: Session| async move {
        session.insert("before", true).await.map_err(refused)?;
        request
            .clear_login()
            .await
            .map_err(|_| StatusCode::BAD_GATEWAY)?;
        if request.login().await.ok().flatten().is_some() {
            return Err(StatusCode::CONFLICT);
        }
        session.insert("goodbye", true).await.map_err(refused)
    };
    let out = site.visit(&bob, say_goodbye).await;
    let cookie = out.cookie();
    ensure(!cookie.is_empty() && cookie != bob, format!("{out:?}"))?;
    ensure_eq(site.user(&bob).await, None, "by the old cookie")?;
    ensure_eq(site.user(&cookie).await, None, "by the new cookie")?;
    ensure_eq(
        site.value(&cookie, "goodbye").await,
        Some(json!(true)),
        "after the logout",
    )?;
    ensure_eq(
        site.value(&cookie, "before").await,
        None,
        "before the logout",
    )
}

async fn others_end(stage: Stage) -> Checked {
    let site = stage.site();
    let mut cookies = Vec::new();
    for user in ["alice", "alice", "bob", "alice"] {
        cookies.push(site.log_in("", user).await.cookie());
    }
    let end_others = |request: RequestSession, _| async move {
        request
            .end_other_sessions("alice")
            .await
            .map(|ended| ended.to_string())
    };
    site.visit(&cookies[1], end_others).await;
    let mut users = Vec::new();
    for cookie in &cookies {
        users.push(site.user(cookie).await);
    }
    let expected = [None, Some("alice".to_owned()), Some("bob".to_owned()), None];
    ensure_eq(users, expected.to_vec(), "logged in")
}
