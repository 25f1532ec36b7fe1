//! A storage that fails, S10, and one that works but holds what is no session.

use http::StatusCode;
use serde_json::json;

use super::{
    super::{
        probe::Call,
        schedule,
        site::{Answer, refused},
    },
    Checked, Stage, Suite, Wrong,
    cookies::cookie_of,
    ensure, ensure_eq,
};
use crate::{AnyStorage, Promise, Session, SessionError, request::RequestSession};

pub(super) async fn check<O, S>(suite: &mut Suite<O>)
where
    O: AsyncFn(&str) -> S,
    S: Into<AnyStorage>,
{
    suite
        .check(None, "a session that cannot be read is a 503", unreadable)
        .await;
    suite
        .check(None, "what cannot be stored is a 503", unstorable)
        .await;
    suite
        .check(
            None,
            "a record that cannot be decoded is nobody's, and goes",
            undecodable,
        )
        .await;
    suite
        .check(None, "a use that cannot be noted is served", untouchable)
        .await;
    suite
        .check(None, "a client that hangs up cuts nothing in half", hang_up)
        .await;
    suite
        .check(
            None,
            "an undo runs when the answer is a 5xx, and only then",
            undo,
        )
        .await;
}

fn is_unavailable(answer: &Answer) -> Checked {
    ensure_eq(answer.status, StatusCode::SERVICE_UNAVAILABLE, "status")?;
    ensure(
        !answer.header("retry-after").is_empty(),
        "there is no Retry-After",
    )?;
    ensure_eq(answer.set_cookie(), "", "Set-Cookie")?;
    ensure(
        matches!(answer.error, Some(SessionError::Unavailable(_))),
        format!("the answer carries {:?}", answer.error),
    )
}

async fn unreadable(stage: Stage) -> Checked {
    let site = stage.site();
    let cookie = site.log_in("", "alice").await.cookie();
    stage.probe.fail(&[Call::Load]);
    stage.probe.calls();
    // The handler makes an empty session of it, and writes; it does not come to that.
    let swallow = |_, session: Session| async move {
        let value = session.get_value("a").await.unwrap_or_default();
        let again = session.get_value("a").await;
        let _ = session.insert("a", 1).await;
        format!("{value:?} {again:?}")
    };
    is_unavailable(&site.visit(&cookie, swallow).await)?;
    ensure_eq(stage.probe.calls(), vec![Call::Load], "calls")?;
    is_unavailable(&site.log_in(&cookie, "bob").await)?;
    let flush = |_, session: Session| async move {
        let _ = session.get_value("a").await;
        session.flush().await.map_err(refused)
    };
    is_unavailable(&site.visit(&cookie, flush).await)?;
    // Whoever needs no session is served.
    let answer = site.visit(&cookie, |_, _| async {}).await;
    ensure_eq(answer.status, StatusCode::OK, "status without a session")?;
    let anonymous = |_, session: Session| async move {
        session
            .get_value("a")
            .await
            .map(|value| format!("{value:?}"))
            .map_err(refused)
    };
    let answer = site.visit("", anonymous).await;
    ensure_eq(answer.status, StatusCode::OK, "status without a cookie")?;

    stage.probe.fail(&[]);
    ensure_eq(
        site.user(&cookie).await.as_deref(),
        Some("alice"),
        "logged in when it is back",
    )?;
    ensure_eq(site.value(&cookie, "a").await, None, "a value")
}

async fn unstorable(stage: Stage) -> Checked {
    let site = stage.site();
    let cookie = site.log_in("", "alice").await.cookie();
    stage
        .probe
        .fail(&[Call::Create, Call::Commit, Call::Delete, Call::ByUser]);
    is_unavailable(&site.write("", "a", 1).await)?;
    is_unavailable(&site.log_in("", "bob").await)?;
    is_unavailable(&site.write(&cookie, "a", 1).await)?;
    is_unavailable(&site.log_in(&cookie, "alice").await)?;
    is_unavailable(&site.log_out(&cookie).await)?;
    let update = |_, session: Session| async move {
        session
            .update("a", |_: Option<u64>| 1)
            .await
            .map(|value| value.to_string())
    };
    is_unavailable(&site.visit(&cookie, update).await)?;
    let end_others = |request: RequestSession, _| async move {
        request
            .end_other_sessions("alice")
            .await
            .map(|ended| ended.to_string())
    };
    is_unavailable(&site.visit(&cookie, end_others).await)?;
    let list = |request: RequestSession, _| async move {
        let listed = request.sessions_of("alice").await;
        listed.map(|listed| listed.len().to_string())
    };
    is_unavailable(&site.visit(&cookie, list).await)?;
    let cycle = |_, session: Session| async move { session.cycle_id().await.map_err(refused) };
    is_unavailable(&site.visit(&cookie, cycle).await)?;
    let clear = |_, session: Session| async move {
        session.clear().await;
    };
    is_unavailable(&site.visit(&cookie, clear).await)?;

    stage.probe.fail(&[]);
    ensure_eq(
        site.user(&cookie).await.as_deref(),
        Some("alice"),
        "logged in when it is back",
    )?;
    ensure_eq(site.value(&cookie, "a").await, None, "a value")?;
    ensure(
        site.log_out(&cookie).await.is_removal(),
        "the logout failed",
    )
}

async fn undecodable(stage: Stage) -> Checked {
    let site = stage.site();
    let cookie = site.log_in("", "alice").await.cookie();
    stage.probe.calls();
    stage.probe.damage(&[Call::Load]);
    let look = |request: RequestSession, session: Session| async move {
        let value = session.get_value("a").await.map_err(refused)?;
        let login = request.login().await.map_err(|_| StatusCode::BAD_GATEWAY)?;
        if value.is_some() || login.is_some() {
            return Err(StatusCode::CONFLICT);
        }
        Ok(())
    };
    let answer = site.visit(&cookie, look).await;
    ensure_eq(answer.status, StatusCode::OK, "status")?;
    ensure_eq(answer.set_cookie(), "", "Set-Cookie")?;
    ensure_eq(stage.probe.calls(), vec![Call::Load, Call::Delete], "calls")?;
    // As long as it cannot be removed, the storage is out of order.
    stage.probe.fail(&[Call::Delete]);
    is_unavailable(&site.visit(&cookie, look).await)?;
    stage.probe.fail(&[]);
    let begun = site.write(&cookie, "a", 1).await;
    ensure(
        !begun.cookie().is_empty() && begun.cookie() != cookie,
        format!("what is written after it begins no new session: {begun:?}"),
    )?;

    // Damaged while a request ran: as if it had been ended meanwhile.
    stage.probe.damage(&[Call::Commit]);
    let other = site.log_in("", "bob").await.cookie();
    stage.probe.calls();
    let late = site.write(&other, "late", 1).await;
    ensure_eq(late.status, StatusCode::OK, "status of a late save")?;
    ensure_eq(late.set_cookie(), "", "Set-Cookie of a late save")?;
    let calls = vec![Call::Load, Call::Commit, Call::Delete];
    ensure_eq(stage.probe.calls(), calls, "calls of a late save")?;
    let third = site.log_in("", "carol").await.cookie();
    let again = site.log_in(&third, "carol").await.cookie();
    stage.probe.damage(&[]);
    ensure_eq(
        site.user(&again).await.as_deref(),
        Some("carol"),
        "logged in over a damaged record",
    )?;
    for gone in [cookie, other, third] {
        let user = site.user(&gone).await;
        ensure(
            user.is_none() || !stage.keeps(Promise::NoRevival),
            format!("{user:?} is logged in by the cookie of a damaged record"),
        )?;
    }
    Ok(())
}

async fn untouchable(stage: Stage) -> Checked {
    let site = stage.site();
    let cookie = cookie_of(&site).await?;
    stage.probe.fail(&[Call::Touch]);
    stage.probe.calls();
    super::clock::advance(std::time::Duration::from_secs(60));
    let value = site.value(&cookie, "a").await;
    ensure_eq(value, Some(json!(1)), "a value")?;
    let mut calls = vec![Call::Load];
    // Without an idle timeout there is nothing to note.
    calls.extend(stage.keeps(Promise::Lifetimes).then_some(Call::Touch));
    ensure_eq(stage.probe.calls(), calls, "calls")
}

/// The client goes away while the change is on its way to the storage.
async fn hang_up(stage: Stage) -> Checked {
    let site = stage.site();
    let cookie = cookie_of(&site).await?;
    let (turnstile, mut gate) = schedule::gate();
    let behind = stage.site_behind(turnstile);
    let sent = cookie.clone();
    let request = tokio::spawn(async move { behind.write(&sent, "b", 2).await });
    let load = gate
        .next()
        .await
        .ok_or(Wrong::broken("the session was not loaded"))?;
    let _ = load.send(());
    let commit = gate
        .next()
        .await
        .ok_or(Wrong::broken("nothing was committed"))?;
    request.abort();
    ensure(request.await.is_err(), "the client had its answer already")?;
    let _ = commit.send(());
    // The gate closes when the last who could come through it is gone.
    ensure(gate.next().await.is_none(), "there was another call")?;
    // A browser that hung up did not get the cookie that would keep it.
    let kept = (!stage.probe.is_in_cookie()).then(|| json!(2));
    ensure_eq(site.value(&cookie, "b").await, kept, "the value")
}

async fn undo(stage: Stage) -> Checked {
    let site = stage.site();
    let cookie = cookie_of(&site).await?;
    for (status, expected) in [(StatusCode::OK, 2), (StatusCode::INTERNAL_SERVER_ERROR, 3)] {
        let script = move |request: RequestSession, session: Session| async move {
            let updated = session.update("a", |_: Option<u64>| 2).await;
            request.on_failure(Box::new(|request| {
                Box::pin(async move {
                    let three = |_| Ok(Some(json!(3)));
                    let _ = request.update_value("a", three).await;
                })
            }));
            updated.map(|_| status)
        };
        site.visit(&cookie, script).await;
        ensure_eq(
            site.value(&cookie, "a").await,
            Some(json!(expected)),
            status.as_str(),
        )?;
    }
    Ok(())
}
