//! People and their sessions, over a site with a login: they see them, end one or all others of them, and a new password
//! ends what it should, also for a stream that goes on. L3, S14.

use std::sync::{Arc, Mutex, PoisonError};

use axum::{Router, extract::Path, routing::get};

use super::{
    Checked, Stage, Suite, Tried, Wrong,
    accounts::{Accounts, is, text},
    ensure, ensure_eq,
};
use crate::{AnyStorage, Auth, AuthError, AuthLayer, Promise, testing::Browser};

pub(super) async fn check<O, S>(suite: &mut Suite<O>)
where
    O: AsyncFn(&str) -> S,
    S: Into<AnyStorage>,
{
    suite
        .check(
            Promise::ByUser,
            "a person sees their sessions and nobody else's",
            seen,
        )
        .await;
    suite
        .check(
            Promise::ByUser,
            "a person ends one of their sessions by its public id",
            revoked,
        )
        .await;
    suite
        .check(
            Promise::ByUser,
            "a person ends all their other sessions",
            others,
        )
        .await;
    suite
        .check(
            None,
            "what cannot be ended is not said to have ended",
            not_said,
        )
        .await;
    suite
        .check(
            Promise::LoginDetails,
            "a new password ends every session but the one that changed it",
            new_password,
        )
        .await;
    suite
        .check(
            Promise::NoRevival,
            "a stream that asks learns of the logout",
            |stage| stream(stage, "/logout"),
        )
        .await;
    suite
        .check(
            Promise::AtomicRotation,
            "a stream that asks learns that its session has another id",
            |stage| stream(stage, "/login/alice"),
        )
        .await;
    suite
        .check(
            Promise::LoginDetails,
            "a stream that asks learns of a new password",
            |stage| stream(stage, "/password"),
        )
        .await;
}

type Refused<T> = Result<T, AuthError>;

/// What a stream keeps when its request is answered.
type Kept = Arc<Mutex<Option<Auth<Accounts>>>>;

/// A browser that has not been on this site yet.
fn browser(stage: &Stage) -> Browser {
    browser_and_stream(stage, Kept::default())
}

fn browser_and_stream(stage: &Stage, kept: Kept) -> Browser {
    let accounts = Accounts::default();
    let log_in =
        |Path(name): Path<String>, auth: Auth<Accounts>| async move { auth.login(&name).await };
    let me = |auth: Auth<Accounts>| async move {
        let user = auth.user().await?;
        Refused::Ok(user.unwrap_or_else(|| "nobody".to_owned()))
    };
    let sessions = |auth: Auth<Accounts>| async move {
        let lines = auth.sessions().await?.into_iter().map(|session| {
            let here = if session.is_current { " here" } else { "" };
            format!("{}{here}", session.public_id)
        });
        Refused::Ok(lines.collect::<Vec<_>>().join("\n"))
    };
    let revoke = |Path(id): Path<String>, auth: Auth<Accounts>| async move {
        Refused::Ok(auth.revoke(&id).await?.to_string())
    };
    let end_others = |auth: Auth<Accounts>| async move { auth.log_out_everywhere_else().await };
    let password = {
        let accounts = accounts.clone();
        |auth: Auth<Accounts>| async move {
            let user = auth.user().await?.ok_or(AuthError::NotLoggedIn)?;
            accounts.change_passwords();
            auth.renew(&user).await
        }
    };
    let log_out = |auth: Auth<Accounts>| async move { auth.logout().await };
    let stream = |auth: Auth<Accounts>| async move {
        let _ = kept
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(auth);
    };
    let router = Router::new()
        .route("/logout", get(log_out))
        .route("/stream", get(stream))
        .route("/login/{name}", get(log_in))
        .route("/me", get(me))
        .route("/sessions", get(sessions))
        .route("/revoke/{id}", get(revoke))
        .route("/others", get(end_others))
        .route("/password", get(password))
        .layer(AuthLayer::new(accounts))
        .layer(stage.layer());
    Browser::new(router)
}

/// Three people's browsers, of which the first two are one person's.
async fn three(stage: &Stage) -> Tried<[Browser; 3]> {
    let [desk, phone, other] = {
        let desk = browser(stage);
        [desk.copy(), desk.copy(), desk]
    };
    for (browser, name) in [(&desk, "alice"), (&phone, "alice"), (&other, "bob")] {
        text(browser, &format!("/login/{name}")).await?;
        is(browser, name, "after the login").await?;
    }
    Ok([desk, phone, other])
}

/// The public ids of the sessions that this person sees: the one of this browser, and the others.
async fn ids(browser: &Browser) -> Tried<(String, Vec<String>)> {
    let listed = text(browser, "/sessions").await?;
    let (here, others): (Vec<_>, Vec<_>) = listed.lines().partition(|line| line.ends_with(" here"));
    ensure_eq(here.len(), 1, "sessions that are this one")?;
    let here = here.concat().replace(" here", "");
    Ok((here, others.into_iter().map(str::to_owned).collect()))
}

async fn seen(stage: Stage) -> Checked {
    let [desk, phone, other] = three(&stage).await?;
    let (here, others) = ids(&desk).await?;
    let (there, _) = ids(&phone).await?;
    ensure_eq(others, vec![there], "alice's other sessions")?;
    ensure_eq(ids(&other).await?.1.len(), 0, "bob's other sessions")?;
    ensure(
        !desk.cookies().contains(&here),
        "the public id is what logs in",
    )?;
    let visitor = desk.copy();
    text(&desk, "/login/alice").await?;
    let (again, others) = ids(&desk).await?;
    ensure(again != here, "the public id stayed at a login")?;
    ensure_eq(others.len(), 1, "alice's other sessions after a login")?;
    is(&visitor, "nobody", "by the cookie from before").await
}

async fn revoked(stage: Stage) -> Checked {
    let [desk, phone, other] = three(&stage).await?;
    let (there, _) = ids(&phone).await?;
    let (bobs, _) = ids(&other).await?;
    for (id, ended) in [(&bobs, "false"), (&there, "true"), (&there, "false")] {
        let answer = text(&desk, &format!("/revoke/{id}")).await?;
        ensure_eq(answer.as_str(), ended, "ended")?;
    }
    is(&phone, "nobody", "whose session was ended").await?;
    is(&desk, "alice", "who ended it").await?;
    is(&other, "bob", "somebody else").await?;
    let (here, _) = ids(&desk).await?;
    let copy = desk.copy();
    text(&desk, &format!("/revoke/{here}")).await?;
    is(&desk, "nobody", "who ended their own").await?;
    is(&copy, "nobody", "a copy of its cookie").await
}

async fn others(stage: Stage) -> Checked {
    let [desk, phone, other] = three(&stage).await?;
    text(&desk, "/others").await?;
    is(&phone, "nobody", "another session").await?;
    is(&desk, "alice", "this session").await?;
    is(&other, "bob", "somebody else").await?;
    ensure_eq(ids(&desk).await?.1.len(), 0, "other sessions")
}

/// A storage that cannot find the sessions of a user.
async fn not_said(stage: Stage) -> Checked {
    if stage.keeps(Promise::ByUser) {
        return Ok(());
    }
    let [desk, phone, _] = three(&stage).await?;
    let answer = desk.get("/others").await;
    ensure_eq(answer.status().as_u16(), 503, "ending the others")?;
    let listed = desk.get("/sessions").await;
    let body = axum::body::to_bytes(listed.into_body(), 1000).await;
    let shows_here = body.is_ok_and(|body| body.ends_with(b" here"));
    ensure(!shows_here, "a list that cannot be whole")?;
    is(&phone, "alice", "another session").await?;
    is(&desk, "alice", "this session").await
}

async fn new_password(stage: Stage) -> Checked {
    let [desk, phone, _] = three(&stage).await?;
    let copy = desk.copy();
    text(&desk, "/password").await?;
    is(&desk, "alice", "who changed it").await?;
    is(&phone, "nobody", "another session").await?;
    is(&copy, "nobody", "by the cookie from before").await
}

/// A stream asks whether its login still stands, before and after this address was visited.
async fn stream(stage: Stage, end: &str) -> Checked {
    let kept = Kept::default();
    let desk = browser_and_stream(&stage, Arc::clone(&kept));
    let (visitor, other) = (desk.copy(), desk.copy());
    let stands = async || {
        let auth = kept.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let auth = auth.ok_or(Wrong::broken("there is no stream"))?;
        let stands = auth.still_valid().await;
        stands.map_err(|error| Wrong::Failed(error.to_string()))
    };
    text(&visitor, "/stream").await?;
    ensure_eq(stands().await?, false, "a visitor's stands")?;
    text(&other, "/login/bob").await?;
    text(&desk, "/login/alice").await?;
    text(&desk, "/stream").await?;
    for _ in 0..2 {
        ensure_eq(stands().await?, true, "stands")?;
        text(&other, "/logout").await?;
    }
    text(&desk, end).await?;
    ensure_eq(stands().await?, false, &format!("stands after {end}"))
}
