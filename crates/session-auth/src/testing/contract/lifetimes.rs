//! How long sessions live: S8.

use std::time::Duration;

use http::StatusCode;
use serde_json::json;
use time::{OffsetDateTime, UtcOffset};
use tower_sessions_core::Expiry;

use super::{
    super::{
        clock::{advance, now, set_back},
        probe::Call,
        site::{Answer, Site, log_in, refused},
    },
    Checked, Stage, Suite, Wrong,
    cookies::cookie_of,
    ensure, ensure_eq,
};
use crate::{AnyStorage, Promise, Session, SessionStorage, request::RequestSession};

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(60 * 60);
const DAY: Duration = Duration::from_secs(24 * 60 * 60);
const INSTANT: Duration = Duration::from_millis(1);

pub(super) async fn check<O, S>(suite: &mut Suite<O>)
where
    O: AsyncFn(&str) -> S,
    S: Into<AnyStorage>,
{
    suite
        .check(
            Promise::Lifetimes,
            "a session ends when it is not used",
            idle,
        )
        .await;
    suite
        .check(
            Promise::Lifetimes,
            "a session ends at its deadline, however much it is used",
            absolute,
        )
        .await;
    suite
        .check(Promise::Lifetimes, "uses are noted now and then", touches)
        .await;
    suite
        .check(
            Promise::Lifetimes,
            "a login lives as long as the person asked for",
            remembered,
        )
        .await;
    suite
        .check(
            Promise::Lifetimes,
            "OnInactivity sets the idle timeout of this session",
            on_inactivity,
        )
        .await;
    suite
        .check(
            Promise::Lifetimes,
            "AtDateTime sets the deadline of this session",
            at_date_time,
        )
        .await;
    suite
        .check(
            Promise::Lifetimes,
            "OnSessionEnd makes a cookie that ends with the browser",
            on_session_end,
        )
        .await;
    suite
        .check(
            Promise::Lifetimes,
            "no expiry can pass the limit of the layer",
            limits,
        )
        .await;
    suite
        .check(
            Promise::Lifetimes,
            "an expiry in the past ends the session",
            past,
        )
        .await;
    suite
        .check(
            None,
            "a clock that is set back ends nobody's session",
            clock_set_back,
        )
        .await;
    suite
        .check(
            Promise::Lifetimes,
            "a clock that jumps ahead ends sessions for as long as it is wrong",
            clock_ahead,
        )
        .await;
    suite
        .check(
            Promise::Cleanup,
            "of a session that is over nothing stays on the server",
            nothing_stays,
        )
        .await;
    suite
        .check(
            Promise::Lifetimes,
            "a session that ended while a request ran takes no write",
            over_at_commit,
        )
        .await;
}

async fn lives(site: &Site, cookie: &str) -> bool {
    site.value(cookie, "a").await.is_some()
}

async fn set_expiry(site: &Site, cookie: &str, expiry: Expiry) -> Answer {
    let set = move |_, session: Session| async move {
        session.set_expiry(Some(expiry));
        if session.get_value("a").await.map_err(refused)?.is_none() {
            session.insert("a", 1).await.map_err(refused)?;
        }
        Ok::<_, StatusCode>(())
    };
    site.visit(cookie, set).await
}

async fn idle(stage: Stage) -> Checked {
    let site = Site::new(stage.layer().idle_timeout(HOUR));
    let cookie = cookie_of(&site).await?;
    for _ in 0..5 {
        advance(HOUR - INSTANT);
        ensure(lives(&site, &cookie).await, "reading did not keep it alive")?;
    }
    // A use that is noted only just now counts for a write, too.
    advance(HOUR - INSTANT);
    site.write(&cookie, "b", 1).await;
    let written = site.value(&cookie, "b").await;
    ensure_eq(written, Some(json!(1)), "written after reading for hours")?;
    advance(HOUR);
    ensure(!lives(&site, &cookie).await, "it outlived its idle timeout")?;
    let answer = site.visit(&cookie, |_, session| async move {
        session
            .get_value("a")
            .await
            .map(|value| format!("{value:?}"))
            .map_err(refused)
    });
    ensure_eq(
        answer.await.set_cookie(),
        "",
        "Set-Cookie for a session that is over",
    )
}

async fn absolute(stage: Stage) -> Checked {
    let site = Site::new(stage.layer().idle_timeout(HOUR).absolute_timeout(3 * HOUR));
    let cookie = cookie_of(&site).await?;
    for _ in 0..5 {
        advance(HOUR / 2);
        site.write(&cookie, "b", json!(now().unix_timestamp()))
            .await;
        ensure(lives(&site, &cookie).await, "it ended too early")?;
    }
    advance(HOUR / 2 - INSTANT);
    ensure(lives(&site, &cookie).await, "it ended too early")?;
    advance(INSTANT);
    ensure(!lives(&site, &cookie).await, "it outlived its deadline")
}

async fn touches(stage: Stage) -> Checked {
    for (idle, interval) in [(DAY, MINUTE), (5 * MINUTE, MINUTE / 2)] {
        let site = Site::new(stage.layer().idle_timeout(idle));
        let cookie = cookie_of(&site).await?;
        stage.probe.calls();
        for _ in 0..3 {
            advance(interval - INSTANT);
            lives(&site, &cookie).await;
            ensure_eq(
                stage.probe.calls(),
                vec![Call::Load],
                "calls before the interval is over",
            )?;
            advance(INSTANT);
            lives(&site, &cookie).await;
            ensure_eq(
                stage.probe.calls(),
                vec![Call::Load, Call::Touch],
                "calls after the interval",
            )?;
            lives(&site, &cookie).await;
            ensure_eq(
                stage.probe.calls(),
                vec![Call::Load],
                "calls right after a touch",
            )?;
        }
        let read = |_, session: Session| async move {
            session
                .get_value("a")
                .await
                .map(|value| format!("{value:?}"))
                .map_err(refused)
        };
        advance(interval);
        let answer = site.visit(&cookie, read).await;
        // A cookie that keeps the session has to say that it was used.
        let expected = if stage.probe.is_in_cookie() {
            cookie.as_str()
        } else {
            ""
        };
        ensure_eq(answer.cookie().as_str(), expected, "Set-Cookie of a touch")?;
    }
    Ok(())
}

async fn remembered(stage: Stage) -> Checked {
    let site = stage.site();
    let brief = site.visit("", log_in("alice", false)).await;
    ensure(
        !brief.set_cookie().contains("Max-Age"),
        "a login that is not remembered has a Max-Age",
    )?;
    advance(DAY - INSTANT);
    ensure(
        site.user(&brief.cookie()).await.is_some(),
        "it ended before 24 hours",
    )?;
    advance(DAY);
    ensure(
        site.user(&brief.cookie()).await.is_none(),
        "it outlived 24 hours",
    )?;

    let long = site.visit("", log_in("alice", true)).await;
    ensure(
        long.set_cookie().ends_with("; Max-Age=7776000"),
        format!("a remembered login: {}", long.set_cookie()),
    )?;
    for _ in 0..3 {
        advance(30 * DAY - INSTANT);
        ensure(
            site.user(&long.cookie()).await.is_some(),
            "it ended before its time",
        )?;
    }
    advance(3 * INSTANT);
    ensure(
        site.user(&long.cookie()).await.is_none(),
        "it outlived 90 days",
    )?;

    let unused = site.visit("", log_in("alice", true)).await.cookie();
    advance(30 * DAY);
    ensure(
        site.user(&unused).await.is_none(),
        "it outlived 30 days without use",
    )
}

async fn on_inactivity(stage: Stage) -> Checked {
    let site = stage.site();
    let cookie = cookie_of(&site).await?;
    let answer = set_expiry(
        &site,
        &cookie,
        Expiry::OnInactivity(time::Duration::minutes(10)),
    )
    .await;
    ensure_eq(answer.cookie(), cookie.clone(), "the id")?;
    // A later write, by a request that says nothing of expiry, keeps it.
    advance(9 * MINUTE);
    site.write(&cookie, "b", 1).await;
    advance(10 * MINUTE - INSTANT);
    ensure(lives(&site, &cookie).await, "it ended too early")?;
    advance(10 * MINUTE);
    ensure(
        !lives(&site, &cookie).await,
        "it outlived its own idle timeout",
    )
}

async fn at_date_time(stage: Stage) -> Checked {
    let site = stage.site();
    for offset in [
        UtcOffset::UTC,
        UtcOffset::from_hms(14, 0, 0).unwrap_or(UtcOffset::UTC),
    ] {
        let cookie = cookie_of(&site).await?;
        let deadline = (now() + HOUR).to_offset(offset);
        let answer = set_expiry(&site, &cookie, Expiry::AtDateTime(deadline)).await;
        ensure(
            answer.set_cookie().ends_with("; Max-Age=3600"),
            answer.set_cookie(),
        )?;
        advance(HOUR / 2);
        site.write(&cookie, "b", 1).await;
        advance(HOUR / 2 - INSTANT);
        ensure(lives(&site, &cookie).await, "it ended too early")?;
        advance(INSTANT);
        ensure(!lives(&site, &cookie).await, "it outlived its own deadline")?;
    }
    Ok(())
}

async fn on_session_end(stage: Stage) -> Checked {
    let site = stage.site();
    let long = site.visit("", log_in("alice", true)).await;
    ensure(
        long.set_cookie().contains("Max-Age"),
        "a remembered login has no Max-Age",
    )?;
    let answer = set_expiry(&site, &long.cookie(), Expiry::OnSessionEnd).await;
    ensure_eq(answer.cookie(), long.cookie(), "the id")?;
    ensure(
        !answer.set_cookie().contains("Max-Age"),
        answer.set_cookie(),
    )
}

async fn limits(stage: Stage) -> Checked {
    let site = Site::new(stage.layer().idle_timeout(HOUR).absolute_timeout(2 * HOUR));
    let far = OffsetDateTime::from_unix_timestamp(253_000_000_000).unwrap_or(now());
    for expiry in [
        Expiry::OnInactivity(time::Duration::MAX),
        Expiry::OnInactivity(time::Duration::weeks(1)),
        Expiry::AtDateTime(far),
    ] {
        let cookie = set_expiry(&site, "", expiry).await.cookie();
        ensure(!cookie.is_empty(), "no session was made")?;
        advance(HOUR);
        ensure(
            !lives(&site, &cookie).await,
            format!("{expiry:?} passed the idle limit"),
        )?;

        let cookie = cookie_of(&site).await?;
        set_expiry(&site, &cookie, expiry).await;
        for _ in 0..3 {
            advance(HOUR / 2);
            ensure(lives(&site, &cookie).await, "it ended too early")?;
            set_expiry(&site, &cookie, expiry).await;
        }
        advance(HOUR / 2);
        ensure(
            !lives(&site, &cookie).await,
            format!("{expiry:?} passed the absolute limit"),
        )?;
    }
    Ok(())
}

async fn past(stage: Stage) -> Checked {
    let site = stage.site();
    for expiry in [
        Expiry::AtDateTime(now()),
        Expiry::AtDateTime(OffsetDateTime::UNIX_EPOCH),
        Expiry::OnInactivity(time::Duration::ZERO),
        Expiry::OnInactivity(time::Duration::seconds(-1)),
    ] {
        let cookie = cookie_of(&site).await?;
        let answer = set_expiry(&site, &cookie, expiry).await;
        ensure(answer.is_removal(), format!("{expiry:?}: {answer:?}"))?;
        ensure(
            !stage.keeps(Promise::NoRevival) || !lives(&site, &cookie).await,
            format!("{expiry:?} left the session alive"),
        )?;
        let answer = set_expiry(&site, "", expiry).await;
        ensure_eq(
            answer.set_cookie(),
            "",
            "Set-Cookie of a session that is over at once",
        )?;
    }
    Ok(())
}

async fn clock_set_back(stage: Stage) -> Checked {
    let site = Site::new(stage.layer().idle_timeout(HOUR));
    let cookie = site.log_in("", "alice").await.cookie();
    site.write(&cookie, "a", 1).await;
    set_back(DAY);
    for number in 0..3 {
        let user = site.user(&cookie).await;
        ensure_eq(user.as_deref(), Some("alice"), "logged in")?;
        let written = site.write(&cookie, "b", number).await;
        ensure(written.status.is_success(), format!("{written:?}"))?;
        let value = site.value(&cookie, "b").await;
        ensure_eq(value, Some(json!(number)), "written")?;
        advance(HOUR / 2);
    }
    // Whoever logs in while it is wrong, and is still there when it is right again.
    let login = site.log_in(&cookie, "alice").await.cookie();
    advance(HOUR / 2);
    ensure_eq(
        site.user(&login).await.as_deref(),
        Some("alice"),
        "logged in by a login of yesterday",
    )?;
    advance(DAY);
    ensure(
        !stage.keeps(Promise::Lifetimes) || site.user(&login).await.is_none(),
        "it outlived its idle timeout",
    )
}

/// Nobody is let in, and nothing is thrown away before the cleanup comes.
async fn clock_ahead(stage: Stage) -> Checked {
    let site = Site::new(stage.layer().idle_timeout(HOUR));
    let cookie = site.log_in("", "alice").await.cookie();
    advance(365 * DAY);
    let who = |request: RequestSession, _| async move {
        let login = request.login().await.map_err(|_| StatusCode::BAD_GATEWAY)?;
        login.map_or(Ok(()), |_| Err(StatusCode::CONFLICT))
    };
    let answer = site.visit(&cookie, who).await;
    ensure_eq(answer.status, StatusCode::OK, "status of a visitor")?;
    ensure_eq(answer.set_cookie(), "", "Set-Cookie of a visitor")?;
    set_back(365 * DAY);
    ensure_eq(
        site.user(&cookie).await.as_deref(),
        Some("alice"),
        "logged in when the clock is right again",
    )
}

async fn nothing_stays(stage: Stage) -> Checked {
    let site = Site::new(stage.layer().idle_timeout(HOUR));
    let cookie = site.log_in("", "alice").await.cookie();
    let removed = async || {
        let removed = stage.probe.delete_expired(now(), 10).await;
        removed.map_err(|error| Wrong::Failed(error.to_string()))
    };
    ensure_eq(removed().await?, 0, "removed while it lives")?;
    advance(HOUR);
    let on_server = u64::from(stage.probe.is_on_server());
    ensure_eq(removed().await?, on_server, "removed when it is over")?;
    ensure_eq(site.user(&cookie).await, None, "logged in")
}

async fn over_at_commit(stage: Stage) -> Checked {
    let site = Site::new(stage.layer().idle_timeout(HOUR));
    let cookie = cookie_of(&site).await?;
    let slow = |_, session: Session| async move {
        session.insert("late", true).await.map_err(refused)?;
        advance(HOUR);
        Ok::<_, StatusCode>(())
    };
    let answer = site.visit(&cookie, slow).await;
    ensure_eq(answer.set_cookie(), "", "Set-Cookie")?;
    ensure_eq(site.value(&cookie, "late").await, None, "a late value")
}
