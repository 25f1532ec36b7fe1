//! What handlers do with tower-sessions' own methods means here what it means there, and never more than that.

use std::{future::Future, pin::Pin};

use http::StatusCode;
use serde_json::json;

use super::{
    super::site::{Answer, Site, refused},
    Checked, Stage, Suite, ensure, ensure_eq,
};
use crate::{AnyStorage, Promise, Session};

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
            "a session whose request is answered takes no more",
            answered,
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

async fn answered(stage: Stage) -> Checked {
    let site = stage.site();
    let cookie = site.write("", "a", 1).await.cookie();
    let (send, receive) = tokio::sync::oneshot::channel();
    let leak = move |_, session: Session| async move {
        let _ = send.send(session.clone());
        session.insert("a", 2).await.map_err(refused)
    };
    site.visit(&cookie, leak).await;
    let session = receive.await.map_err(|error| error.to_string())?;
    session
        .insert("a", 3)
        .await
        .map_err(|error| error.to_string())?;
    ensure(
        session.save().await.is_err(),
        "a save after the answer was accepted",
    )?;
    ensure_eq(site.value(&cookie, "a").await, Some(json!(2)), "stored")
}
