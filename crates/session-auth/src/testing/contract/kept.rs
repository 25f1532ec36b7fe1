//! What is kept, whatever keeps it: sessions survive a restart, may be large, and are believed only when the server wrote
//! them.

use http::StatusCode;
use serde_json::json;

use super::{
    super::{
        clock,
        site::{Site, refused},
    },
    Checked, Stage, Suite, Wrong,
    cookies::cookie_of,
    ensure, ensure_eq,
};
use crate::{
    AnyStorage, Client, Lifetime, Login, Promise, Session, SessionError, SessionKey, SessionLayer,
    SessionStorage, Stamp, StoredSession,
    ambient::system_randomness,
    storage::{CookieStorage, Plain},
    testing::now,
};

pub(super) async fn check<O, S>(suite: &mut Suite<O>)
where
    O: AsyncFn(&str) -> S,
    S: Into<AnyStorage>,
{
    suite
        .check(
            Promise::AnySize,
            "a session may be larger than a cookie",
            any_size,
        )
        .await;
    suite
        .check(
            None,
            "what does not fit leaves the session as it was",
            too_large,
        )
        .await;
    suite
        .check(
            None,
            "numbers come back as they were put in, to the last bit",
            numbers,
        )
        .await;
    suite
        .check(
            Promise::Sealed,
            "a session that no server wrote is nobody's",
            forged,
        )
        .await;
    suite
        .check(
            Promise::DeadLogins,
            "who is logged in is named to the cleanup, page by page",
            named,
        )
        .await;
    survives_restart(suite).await;
}

async fn any_size(stage: Stage) -> Checked {
    let site = stage.site();
    let large = json!("x".repeat(100_000));
    let cookie = site.write("", "large", large.clone()).await.cookie();
    let kept = site.value(&cookie, "large").await == Some(large);
    ensure(kept, "100 kB were not kept")
}

/// So many that one at least would come back as its neighbour, were they read as sloppily as is fast.
const DOUBLES: usize = 64;

async fn numbers(stage: Stage) -> Checked {
    let mut doubles = vec![
        94.527_069_553_922_3,
        0.1,
        f64::MAX,
        f64::MIN_POSITIVE,
        5e-324,
    ];
    while doubles.len() < DOUBLES {
        let mut bits = [0; 8];
        system_randomness(&mut bits);
        let double = f64::from_le_bytes(bits);
        if double.is_finite() {
            doubles.push(double);
        }
    }
    let is_same = |kept: &[f64], what: &str| {
        let bits = |double: &f64| double.to_bits();
        let are_same = kept.iter().map(bits).eq(doubles.iter().map(bits));
        ensure(are_same, format!("{what}: {kept:?} instead of {doubles:?}"))
    };
    let site = stage.site();
    let mut cookie = site.write("", "doubles", doubles.clone()).await.cookie();
    let kept = async |cookie: &str| {
        let kept = site.value(cookie, "doubles").await;
        serde_json::from_value::<Vec<f64>>(kept.unwrap_or_default()).unwrap_or_default()
    };
    is_same(&kept(&cookie).await, "written and read")?;
    // What is written beside them leaves them alone, and so does an update of themselves.
    let beside = site.write(&cookie, "beside", 1).await;
    if !beside.set_cookie().is_empty() {
        cookie = beside.cookie();
    }
    let turn = |_, session: Session| async move {
        let turned = session.update("doubles", |doubles: Option<Vec<f64>>| {
            doubles.into_iter().flatten().rev().collect::<Vec<_>>()
        });
        turned.await.map(drop).map_err(|_| StatusCode::CONFLICT)
    };
    for turned in ["turned", "turned back"] {
        let answer = site.visit(&cookie, turn).await;
        ensure_eq(answer.status.as_u16(), 200, turned)?;
        if !answer.set_cookie().is_empty() {
            cookie = answer.cookie();
        }
    }
    is_same(&kept(&cookie).await, "updated twice")
}

/// Where everything fits, there is nothing to see.
async fn too_large(stage: Stage) -> Checked {
    if stage.keeps(Promise::AnySize) {
        return Ok(());
    }
    let site = stage.site();
    let cookie = cookie_of(&site).await?;
    let early = |_, session: Session| async move {
        session.insert("a", 2).await.map_err(refused)?;
        session.save().await.map_err(refused)?;
        session
            .insert("large", "x".repeat(4096))
            .await
            .map_err(refused)?;
        match session.save().await {
            Ok(()) => Err(StatusCode::CONFLICT),
            Err(_) => Ok(()),
        }
    };
    let answer = site.visit(&cookie, early).await;
    ensure_eq(answer.status.as_u16(), 500, "status")?;
    let Some(SessionError::TooLarge(too_large)) = answer.error else {
        return Err(Wrong::broken(format!(
            "the answer carries {:?}",
            answer.error
        )));
    };
    ensure_eq(too_large.limit, 4096, "limit")?;
    ensure(too_large.size > 4096 + 14, "the size is not all of it")?;
    ensure_eq(answer.set_cookie(), "", "Set-Cookie")?;
    ensure_eq(site.value(&cookie, "a").await, Some(json!(1)), "a value")?;

    let swallowed = |_, session: Session| async move {
        let large = "x".repeat(4096);
        session
            .update("large", |_: Option<String>| large.clone())
            .await
    };
    let answer = site.visit(&cookie, swallowed).await;
    let is_too_large = matches!(answer.error, Some(SessionError::TooLarge(_)));
    ensure(is_too_large, format!("an update: {answer:?}"))?;
    ensure_eq(site.value(&cookie, "large").await, None, "updated")
}

/// What a cookie storage without a key would have written.
async fn forged(stage: Stage) -> Checked {
    let session = StoredSession {
        created_at: now(),
        last_seen: now(),
        lifetime: Lifetime {
            idle: std::time::Duration::from_secs(600),
            deadline: now() + std::time::Duration::from_secs(600),
            persistent: false,
        },
        login: Some(Login {
            user: "mallory".to_owned(),
            stamp: Stamp::of(&[b"mallory"]),
            at: now(),
            remember: false,
        }),
        client: Client::default(),
        values: serde_json::Map::new().into(),
    };
    let key = SessionKey::from_bytes([7; 32]);
    let value = CookieStorage::new(Plain, false).write(&key, &session, now(), system_randomness);
    let cookie = format!(
        "__Host-session={}",
        value.map_err(|error| error.to_string())?
    );
    // Whatever else the storage wants to know of it, it is told.
    let _ = stage.probe.create(&key, &session).await;
    ensure_eq(stage.site().user(&cookie).await, None, "logged in")
}

/// What the cleanup asks before it takes sessions whose login counts no more. Where only browsers keep sessions, nothing is
/// there to be taken.
async fn named(stage: Stage) -> Checked {
    let site = stage.site();
    let names = ["alice", "bob", "Åsa\u{0}", "carol", "zoë"];
    let mut cookie = String::new();
    for user in names.iter().chain(&names) {
        cookie = site.log_in("", user).await.cookie();
    }
    // To another id, and out again in one of two.
    site.log_in(&cookie, "zoë").await;
    site.log_out(&site.log_in("", "alice").await.cookie()).await;
    site.write("", "of", "nobody").await;
    let Some(server) = stage.probe.on_server() else {
        return ensure(stage.probe.is_in_cookie(), "nobody is named");
    };
    let mut named: Vec<String> = Vec::new();
    loop {
        let after = named.last().map(String::as_str);
        let page = server.users(after, 2).await;
        let page = page.map_err(|error| error.to_string())?;
        ensure(page.len() <= 2, format!("{page:?} of at most two"))?;
        let is_last = page.len() < 2;
        named.extend(page);
        if is_last {
            break;
        }
    }
    named.sort();
    let mut all = names.map(str::to_owned).to_vec();
    all.sort();
    ensure_eq(named, all, "named")
}

async fn survives_restart<O, S>(suite: &mut Suite<O>)
where
    O: AsyncFn(&str) -> S,
    S: Into<AnyStorage>,
{
    let storage = suite.open("restart").await;
    let keeps = storage.promises().keeps(Promise::SurvivesRestart);
    let site = |storage| Site::new(SessionLayer::new(storage).clock(clock::now));
    let cookie = site(storage).log_in("", "alice").await.cookie();
    let reopened = suite.open("restart").await;
    let user = site(reopened).user(&cookie).await;
    let checked = ensure_eq(user.as_deref(), Some("alice"), "logged in");
    let deviation = (!keeps).then_some(Promise::SurvivesRestart);
    suite.note(deviation, "sessions survive a restart", checked);
}
