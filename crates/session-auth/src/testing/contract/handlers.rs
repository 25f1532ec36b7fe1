//! What handlers do with tower-sessions' own methods means here what it means there, and never more than that.

use std::{future::Future, pin::Pin};

use http::StatusCode;
use serde_json::json;

use super::{
    super::site::{Answer, Site, log_in, refused},
    Checked, Stage, Suite, Tried, ensure, ensure_eq,
};
use crate::{AnyStorage, Promise, Session, SessionError, Stamp, request::RequestSession};

pub(super) async fn check<O, S>(suite: &mut Suite<O>)
where
    O: AsyncFn(&str) -> S,
    S: Into<AnyStorage>,
{
    suite
        .check(None, "tower-sessions' methods mean what they mean", methods)
        .await;
    suite
        .check(
            None,
            "without a session they make none",
            methods_without_session,
        )
        .await;
    suite
        .check(None, "the bare session is the same session", bare_session)
        .await;
    suite
        .check(
            None,
            "an update sees nothing of a session that this request has cleared",
            updated_after_clear,
        )
        .await;
    suite
        .check(
            None,
            "after the answer a session is saved at once, and loses nothing of others",
            saved_after_the_answer,
        )
        .await;
    suite
        .check(
            None,
            "after the answer no session begins and none gets another id",
            nothing_begins_after_the_answer,
        )
        .await;
    suite
        .check(
            None,
            "after the answer a session can be ended, and nothing brings it back",
            ended_after_the_answer,
        )
        .await;
}

type Done = Pin<Box<dyn Future<Output = Result<(), tower_sessions_core::session::Error>> + Send>>;
type Script = fn(Session) -> Done;

/// What is left of a session of alice's with `a` in it.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Left {
    /// The same id.
    Same,
    /// A new id, and the old one is dead.
    Rotated,
    /// A new session of nobody's, and the old one is dead.
    Anonymous,
    /// Nothing, and the browser is told so.
    Nothing,
}

/// A script, what is left, and which of the keys a, b and c, and of the login, are in it.
type Row = (&'static str, Script, Left, &'static str);

const ROWS: [Row; 24] = [
    (
        "nothing",
        |_| Box::pin(async { Ok(()) }),
        Left::Same,
        "a login",
    ),
    (
        "insert",
        |s| Box::pin(async move { s.insert("b", 1).await }),
        Left::Same,
        "a b login",
    ),
    (
        "insert, save, remove",
        |s| {
            Box::pin(async move {
                s.insert("b", 1).await?;
                s.save().await?;
                s.remove_value("b").await.map(drop)
            })
        },
        Left::Same,
        "a login",
    ),
    (
        "remove",
        |s| Box::pin(async move { s.remove_value("a").await.map(drop) }),
        Left::Same,
        "login",
    ),
    (
        "load, insert",
        |s| {
            Box::pin(async move {
                s.load().await?;
                s.insert("b", 1).await
            })
        },
        Left::Same,
        "a b login",
    ),
    (
        "save, load",
        |s| {
            Box::pin(async move {
                s.insert("b", 1).await?;
                s.save().await?;
                s.load().await?;
                s.insert("c", 1).await
            })
        },
        Left::Same,
        "a b c login",
    ),
    (
        "clear",
        |s| {
            Box::pin(async move {
                s.clear().await;
                Ok(())
            })
        },
        Left::Same,
        "",
    ),
    (
        "read, clear, insert",
        |s| {
            Box::pin(async move {
                s.get_value("a").await?;
                s.clear().await;
                s.insert("b", 1).await
            })
        },
        Left::Same,
        "b",
    ),
    (
        "flush",
        |s| Box::pin(async move { s.flush().await }),
        Left::Nothing,
        "",
    ),
    (
        "read, flush",
        |s| {
            Box::pin(async move {
                s.get_value("a").await?;
                s.flush().await
            })
        },
        Left::Nothing,
        "",
    ),
    (
        "flush, insert",
        |s| {
            Box::pin(async move {
                s.flush().await?;
                s.insert("b", 1).await
            })
        },
        Left::Anonymous,
        "b",
    ),
    (
        "insert, flush, insert, save",
        |s| {
            Box::pin(async move {
                s.insert("b", 1).await?;
                s.flush().await?;
                s.insert("c", 1).await?;
                s.save().await
            })
        },
        Left::Anonymous,
        "c",
    ),
    (
        "flush, insert, save, flush",
        |s| {
            Box::pin(async move {
                s.flush().await?;
                s.insert("b", 1).await?;
                s.save().await?;
                s.flush().await
            })
        },
        Left::Nothing,
        "",
    ),
    (
        "delete",
        |s| Box::pin(async move { s.delete().await }),
        Left::Nothing,
        "",
    ),
    (
        "insert, delete, insert",
        |s| {
            Box::pin(async move {
                s.insert("b", 1).await?;
                s.delete().await?;
                s.insert("c", 1).await
            })
        },
        Left::Nothing,
        "",
    ),
    (
        "cycle_id",
        |s| Box::pin(async move { s.cycle_id().await }),
        Left::Rotated,
        "a login",
    ),
    (
        "cycle_id, insert, save, insert",
        |s| {
            Box::pin(async move {
                s.cycle_id().await?;
                s.insert("b", 1).await?;
                s.save().await?;
                s.insert("c", 1).await
            })
        },
        Left::Rotated,
        "a b c login",
    ),
    (
        "cycle_id twice",
        |s| {
            Box::pin(async move {
                s.cycle_id().await?;
                s.cycle_id().await
            })
        },
        Left::Rotated,
        "a login",
    ),
    (
        "cycle_id, save, cycle_id",
        |s| {
            Box::pin(async move {
                s.cycle_id().await?;
                s.save().await?;
                s.cycle_id().await
            })
        },
        Left::Rotated,
        "a login",
    ),
    (
        "cycle_id, flush",
        |s| {
            Box::pin(async move {
                s.cycle_id().await?;
                s.flush().await
            })
        },
        Left::Nothing,
        "",
    ),
    (
        "flush, cycle_id",
        |s| {
            Box::pin(async move {
                s.flush().await?;
                s.cycle_id().await
            })
        },
        Left::Nothing,
        "",
    ),
    (
        "delete, cycle_id, save",
        |s| {
            Box::pin(async move {
                s.delete().await?;
                s.cycle_id().await?;
                s.save().await
            })
        },
        Left::Nothing,
        "",
    ),
    (
        "clear, save, load, insert",
        |s| {
            Box::pin(async move {
                s.clear().await;
                s.save().await?;
                s.load().await?;
                s.insert("b", 1).await
            })
        },
        Left::Same,
        "b",
    ),
    (
        "delete, cycle_id",
        |s| {
            Box::pin(async move {
                s.delete().await?;
                s.cycle_id().await
            })
        },
        Left::Nothing,
        "",
    ),
];

async fn run(site: &Site, cookie: &str, script: Script) -> Answer {
    let act = move |_, session: Session| async move { script(session).await.map_err(refused) };
    site.visit(cookie, act).await
}

async fn found(site: &Site, cookie: &str) -> String {
    let mut found = Vec::new();
    for key in ["a", "b", "c"] {
        if site.value(cookie, key).await.is_some() {
            found.push(key);
        }
    }
    if site.user(cookie).await.is_some() {
        found.push("login");
    }
    found.join(" ")
}

async fn methods(stage: Stage) -> Checked {
    let site = stage.site();
    for (name, script, expected, contents) in ROWS {
        let before = site
            .log_in(&site.write("", "a", 1).await.cookie(), "alice")
            .await
            .cookie();
        let answer = run(&site, &before, script).await;
        ensure_eq(answer.status, StatusCode::OK, name)?;
        let (left, cookie) = match answer.set_cookie() {
            "" => (Left::Same, before.clone()),
            _ if answer.cookie() == before => (Left::Same, before.clone()),
            _ if answer.is_removal() => (Left::Nothing, before.clone()),
            _ if site.user(&answer.cookie()).await.is_some() => (Left::Rotated, answer.cookie()),
            _ => (Left::Anonymous, answer.cookie()),
        };
        ensure_eq(left, expected, name)?;
        if left != Left::Nothing || stage.keeps(Promise::NoRevival) {
            ensure_eq(found(&site, &cookie).await.as_str(), contents, name)?;
        }
        if left != Left::Same {
            ensure(answer.cookie() != before, format!("{name}: the id stayed"))?;
        }
        if left != Left::Same && stage.keeps(Promise::AtomicRotation) {
            ensure_eq(
                found(&site, &before).await.as_str(),
                "",
                &format!("{name}: the old id"),
            )?;
        }
    }
    Ok(())
}

async fn methods_without_session(stage: Stage) -> Checked {
    let site = stage.site();
    for (name, script, _, _) in ROWS {
        let answer = run(&site, "", script).await;
        ensure_eq(answer.status, StatusCode::OK, name)?;
        let stored = site
            .value(&answer.cookie(), "b")
            .await
            .or(site.value(&answer.cookie(), "c").await);
        let has_cookie = !answer.set_cookie().is_empty();
        ensure_eq(
            stored.is_some(),
            has_cookie,
            &format!("{name}: a cookie for what is stored"),
        )?;
        let must_be_empty = [
            "nothing",
            "clear",
            "flush",
            "delete",
            "cycle_id",
            "insert, delete, insert",
        ];
        ensure(
            !(has_cookie && must_be_empty.contains(&name)),
            format!("{name} made a session"),
        )?;
    }
    Ok(())
}

async fn bare_session(stage: Stage) -> Checked {
    let site = stage.site();
    let cookie = site.write("", "a", 1).await.cookie();
    let both = |_, session: Session| async move {
        let bare: tower_sessions_core::Session = (*session).clone();
        bare.insert("b", 2).await.map_err(refused)?;
        session
            .update("a", |a: Option<u64>| a.unwrap_or(0) + 1)
            .await
            .map_err(|_| StatusCode::BAD_GATEWAY)?;
        let seen = (session.get::<u64>("b").await, bare.get::<u64>("a").await);
        match seen {
            (Ok(Some(2)), Ok(Some(2))) => Ok(()),
            _ => Err(StatusCode::CONFLICT),
        }
    };
    ensure_eq(
        site.visit(&cookie, both).await.status,
        StatusCode::OK,
        "status",
    )?;
    ensure_eq(site.value(&cookie, "b").await, Some(json!(2)), "stored")
}

async fn updated_after_clear(stage: Stage) -> Checked {
    let site = stage.site();
    for saves in [false, true] {
        let cookie = site.write("", "a", 1).await.cookie();
        let cookie = site.log_in(&cookie, "alice").await.cookie();
        let empty_and_count = move |_, session: Session| async move {
            session.clear().await;
            if saves {
                session.save().await?;
            }
            let count = |a: Option<u64>| a.unwrap_or(10) + 1;
            let counted = session.update("a", count).await?;
            Ok::<_, SessionError>(counted.to_string())
        };
        let answer = site.visit(&cookie, empty_and_count).await;
        ensure_eq(answer.status, StatusCode::OK, "status")?;
        let kept = match answer.cookie() {
            set if set.is_empty() => cookie,
            set => set,
        };
        ensure_eq(site.value(&kept, "a").await, Some(json!(11)), "counted")?;
        ensure_eq(site.user(&kept).await, None, "user")?;
    }
    Ok(())
}

type Kept = tokio::sync::oneshot::Receiver<(RequestSession, Session)>;

/// A request that stores `a`, and whose session is kept by somebody after the answer.
async fn kept(site: &Site, cookie: &str) -> Tried<(String, RequestSession, Session)> {
    let (send, receive): (_, Kept) = tokio::sync::oneshot::channel();
    let keep = move |request, session: Session| async move {
        let _ = send.send((request, session.clone()));
        session.insert("a", 2).await.map_err(refused)
    };
    let answer = site.visit(cookie, keep).await;
    let cookie = match answer.cookie() {
        set if set.is_empty() => cookie.to_owned(),
        set => set,
    };
    let (request, session) = receive.await.map_err(|error| error.to_string())?;
    Ok((cookie, request, session))
}

fn text(error: impl std::fmt::Display) -> String {
    error.to_string()
}

async fn saved_after_the_answer(stage: Stage) -> Checked {
    let site = stage.site();
    for before in ["", "logged in"] {
        let before = match before {
            "" => String::new(),
            _ => site.log_in("", "alice").await.cookie(),
        };
        let (cookie, _, session) = kept(&site, &before).await?;
        session.insert("a", 3).await.map_err(text)?;
        session.insert("b", 3).await.map_err(text)?;
        ensure_eq(site.value(&cookie, "a").await, Some(json!(2)), "not saved")?;
        if stage.probe.is_in_cookie() {
            ensure(session.save().await.is_err(), "no cookie can follow")?;
            ensure_eq(site.value(&cookie, "a").await, Some(json!(2)), "kept")?;
            continue;
        }
        site.write(&cookie, "other", 1).await;
        session.save().await.map_err(text)?;
        ensure_eq(site.value(&cookie, "a").await, Some(json!(3)), "saved")?;
        if !stage.keeps(Promise::ConcurrentWrites) {
            continue;
        }
        ensure_eq(
            site.value(&cookie, "other").await,
            Some(json!(1)),
            "another's",
        )?;

        site.write(&cookie, "a", 10).await;
        let counted = session
            .update("a", |a: Option<u64>| a.unwrap_or(0) + 1)
            .await;
        ensure_eq(counted.map_err(text)?, 11, "counted")?;
        session.remove_value("b").await.map_err(text)?;
        session.save().await.map_err(text)?;
        ensure_eq(
            site.value(&cookie, "a").await,
            Some(json!(11)),
            "not undone",
        )?;
        ensure_eq(site.value(&cookie, "b").await, None, "removed")?;

        site.write(&cookie, "other", 2).await;
        session.load().await.map_err(text)?;
        let other = session.get::<u64>("other").await.map_err(text)?;
        ensure_eq(other, Some(2), "loaded anew")?;
        let user = if before.is_empty() {
            None
        } else {
            Some("alice".to_owned())
        };
        ensure_eq(site.user(&cookie).await, user, "user")?;
    }
    Ok(())
}

async fn nothing_begins_after_the_answer(stage: Stage) -> Checked {
    let site = stage.site();
    let cookie = site.log_in("", "alice").await.cookie();
    let (cookie, request, session) = kept(&site, &cookie).await?;
    ensure(
        session.cycle_id().await.is_err() || session.save().await.is_err(),
        "a new id after the answer",
    )?;
    ensure(
        log_in("bob", false)(request.clone(), session)
            .await
            .is_err(),
        "a login after the answer",
    )?;
    ensure(
        matches!(
            request.renew(Stamp::of(&[b"new"])),
            Err(SessionError::Answered)
        ),
        "a renewal after the answer",
    )?;
    ensure_eq(site.user(&cookie).await.as_deref(), Some("alice"), "user")?;

    // A visitor who brought nothing and was given nothing.
    let (send, receive): (_, Kept) = tokio::sync::oneshot::channel();
    let keep = move |request, session: Session| async move { drop(send.send((request, session))) };
    let answer = site.visit("", keep).await;
    ensure_eq(answer.set_cookie(), "", "cookie")?;
    let (_, session) = receive.await.map_err(text)?;
    session.insert("a", 1).await.map_err(text)?;
    ensure(
        session.save().await.is_err(),
        "a session began after the answer",
    )?;
    let counted = session
        .update("a", |a: Option<u64>| a.unwrap_or(0) + 1)
        .await;
    ensure(
        matches!(counted, Err(SessionError::Answered)),
        "an update nobody will see",
    )
}

async fn ended_after_the_answer(stage: Stage) -> Checked {
    let site = stage.site();
    let can_end = !stage.probe.is_in_cookie() || stage.keeps(Promise::NoRevival);
    for end in ["delete", "flush", "logout"] {
        let cookie = site.log_in("", "alice").await.cookie();
        let (cookie, request, session) = kept(&site, &cookie).await?;
        let ended = match end {
            "delete" => session.delete().await.map_err(text),
            "flush" => session.flush().await.map_err(text),
            _ => request.clear_login().await.map_err(text),
        };
        ensure_eq(ended.is_ok(), can_end, end)?;
        let user = site.user(&cookie).await;
        ensure_eq(user.is_none(), can_end, end)?;
        // What follows brings nothing back.
        let _ = session.insert("a", 4).await;
        let saved = session.save().await;
        if stage.keeps(Promise::NoRevival) {
            ensure(saved.is_err(), format!("a save after {end}"))?;
            ensure_eq(site.user(&cookie).await, user, end)?;
        }
    }
    // Ended by somebody else while the stream goes on.
    let cookie = site.log_in("", "alice").await.cookie();
    let (cookie, request, session) = kept(&site, &cookie).await?;
    let stands =
        async |request: &RequestSession| request.stored_login().await.map(|it| it.is_some());
    ensure_eq(stands(&request).await.map_err(text)?, true, "stands")?;
    site.log_out(&cookie).await;
    ensure_eq(
        stands(&request).await.map_err(text)?,
        !can_end,
        "stands after the logout",
    )?;
    session.insert("a", 5).await.map_err(text)?;
    let saved = session.save().await;
    if stage.keeps(Promise::NoRevival) {
        ensure(saved.is_err(), "a save after the logout")?;
        ensure_eq(site.user(&cookie).await, None, "user")?;
    }
    Ok(())
}
