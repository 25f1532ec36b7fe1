//! What the browser sends and gets: S1, S6, S7, S9, S11, S12.

use http::StatusCode;
use serde_json::json;
use sha2::{Digest, Sha256};

use super::{Checked, Stage, Suite, Tried, ensure, ensure_eq};
use crate::{
    AnyStorage, SessionKey,
    testing::{
        probe::Call,
        site::{Site, log_in, refused},
    },
};

pub(super) async fn check<O, S>(suite: &mut Suite<O>)
where
    O: AsyncFn(&str) -> S,
    S: Into<AnyStorage>,
{
    suite
        .check(None, "a session that is not used costs nothing", unused)
        .await;
    suite
        .check(None, "an anonymous visit creates no session", anonymous)
        .await;
    suite
        .check(
            None,
            "an id that was not issued is never adopted",
            never_adopted,
        )
        .await;
    suite
        .check(None, "the storage sees only the hash of the id", hashed)
        .await;
    suite
        .check(None, "any cookie whatsoever gives an answer", any_cookie)
        .await;
    suite
        .check(
            None,
            "a good cookie is found among others",
            found_among_others,
        )
        .await;
    suite
        .check(
            None,
            "the cookie has the attributes that protect it",
            attributes,
        )
        .await;
    suite
        .check(None, "a personal answer is not left to caches", caches)
        .await;
    suite
        .check(None, "writing what was read is no write", no_write)
        .await;
    suite
        .check(
            None,
            "a session in a redirect or a refusal is saved, in a 5xx it is not",
            statuses,
        )
        .await;
}

/// A session with a value in it.
pub(super) async fn cookie_of(site: &Site) -> Tried<String> {
    let answer = site.write("", "a", 1).await;
    let cookie = answer.cookie();
    ensure(
        !cookie.is_empty(),
        format!("no session was made: {answer:?}"),
    )?;
    Ok(cookie)
}

async fn unused(stage: Stage) -> Checked {
    let site = stage.site();
    let cookie = cookie_of(&site).await?;
    stage.probe.calls();
    for cookie in ["", &cookie, "__Host-session=garbage"] {
        let answer = site.visit(cookie, |_, _| async {}).await;
        ensure_eq(stage.probe.calls(), vec![], "calls")?;
        ensure_eq(answer.set_cookie(), "", "Set-Cookie")?;
        ensure_eq(answer.header("vary"), "", "Vary")?;
        ensure_eq(answer.header("cache-control"), "", "Cache-Control")?;
    }
    Ok(())
}

async fn anonymous(stage: Stage) -> Checked {
    let site = stage.site();
    let look = |_, session: crate::Session| async move {
        let absent = session.get_value("a").await.map_err(refused)?;
        session.remove_value("a").await.map_err(refused)?;
        Ok::<_, StatusCode>(format!("{absent:?}"))
    };
    let answer = site.visit("", look).await;
    ensure_eq(answer.set_cookie(), "", "Set-Cookie")?;
    ensure_eq(stage.probe.calls(), vec![], "calls")
}

async fn never_adopted(stage: Stage) -> Checked {
    let site = stage.site();
    let planted = format!("__Host-session={}", "A".repeat(32));
    let answer = site.write(&planted, "a", 1).await;
    ensure(answer.status.is_success(), format!("{answer:?}"))?;
    let cookie = answer.cookie();
    ensure(
        !cookie.is_empty() && cookie != planted,
        "the planted id was taken",
    )?;
    ensure_eq(
        site.value(&planted, "a").await,
        None,
        "under the planted id",
    )?;
    ensure_eq(
        site.value(&cookie, "a").await,
        Some(json!(1)),
        "under the new id",
    )?;

    let other = cookie_of(&site).await?;
    ensure(other != cookie, "two sessions with one id")?;
    let id = cookie.split('=').next_back().unwrap_or_default();
    ensure(id.len() * 6 >= 128, "an id has fewer than 128 bits")
}

async fn hashed(stage: Stage) -> Checked {
    let site = stage.site();
    let cookie = cookie_of(&site).await?;
    if stage.probe.is_in_cookie() {
        return Ok(());
    }
    let id = cookie.split('=').next_back().unwrap_or_default();
    // Of the first bytes alone there is a hash as well: they stay when the id changes, and name the lineage.
    let mut expected: [u8; 32] = Sha256::digest(id).into();
    expected[30..].copy_from_slice(&Sha256::digest(&id[..4])[30..]);
    let expected = SessionKey::from_bytes(expected);
    ensure_eq(stage.probe.keys(), vec![expected], "keys")?;
    site.value(&cookie, "a").await;
    ensure_eq(stage.probe.keys(), vec![expected], "keys")
}

async fn any_cookie(stage: Stage) -> Checked {
    let site = stage.site();
    let good = cookie_of(&site).await?;
    let id = good.split('=').next_back().unwrap_or_default();
    let with = |value: &[u8]| [b"__Host-session=".as_slice(), value].concat();
    let look = |request: crate::request::RequestSession, session: crate::Session| async move {
        session.get_value("a").await.map_err(refused)?;
        let login = request.login().await.map_err(|_| StatusCode::BAD_GATEWAY)?;
        Ok::<_, StatusCode>(format!("{login:?}"))
    };
    let undecodable: [&[u8]; 12] = [
        b"",
        b"\"\"",
        b"\"",
        b"%00",
        b"a\xff\xfe",
        b"null",
        b"../../etc/passwd",
        &b"A".repeat(31),
        &b"A".repeat(33),
        &b"A".repeat(64 * 1024),
        &id.as_bytes()[1..],
        &[&id.as_bytes()[1..], b"\xc3"].concat(),
    ];
    for value in undecodable {
        let shown = String::from_utf8_lossy(&value[..value.len().min(40)]).into_owned();
        stage.probe.calls();
        let answer = site.send(&[&with(value)], look).await;
        ensure(answer.status.is_success(), format!("{shown:?}: {answer:?}"))?;
        ensure(answer.is_removal(), format!("{shown:?} was not removed"))?;
        ensure_eq(
            stage.probe.calls(),
            vec![],
            "calls for an undecodable value",
        )?;
        // A cookie set in the same answer is the browser's new one, and no removal may follow it.
        let write = |_, session: crate::Session| async move {
            session.insert("a", 1).await.map_err(refused)
        };
        let answer = site.send(&[&with(value)], write).await;
        let set = answer.headers.get_all("set-cookie").iter().count();
        ensure(
            set == 1 && !answer.is_removal(),
            format!("{shown:?}: {answer:?}"),
        )?;
    }
    // Not stored, or not any more: this answer may overtake the cookie of a login just made.
    let unknown: [Vec<&[u8]>; 4] = [
        vec![b"__Host-session=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"],
        vec![b"__Host-session"],
        vec![b"__host-session=garbage; =; ;;; a=b; __Host-sessionx=1"],
        vec![b"; ; \xff\xff; x=\"__Host-session=garbage"],
    ];
    // In a cookie that is to hold a session, an id is undecodable.
    for cookies in &unknown[usize::from(stage.probe.is_in_cookie())..] {
        let answer = site.send(cookies, look).await;
        ensure(
            answer.status.is_success(),
            format!("{cookies:?}: {answer:?}"),
        )?;
        ensure_eq(answer.set_cookie(), "", "Set-Cookie")?;
    }
    // Two different values: one may be planted. Nobody is believed and nothing is removed.
    let (first, second) = (with(id.as_bytes()), with(&b"A".repeat(32)));
    let both = [&first[..], b"; ", &second[..]].concat();
    for cookies in [
        vec![&both[..]],
        vec![&first[..], &second[..]],
        vec![&second[..], b"x=y", &first[..]],
    ] {
        stage.probe.calls();
        let answer = site.send(&cookies, look).await;
        ensure(
            answer.status.is_success(),
            format!("{cookies:?}: {answer:?}"),
        )?;
        ensure_eq(answer.set_cookie(), "", "Set-Cookie for two values")?;
        ensure_eq(stage.probe.calls(), vec![], "calls for two values")?;
    }
    Ok(())
}

async fn found_among_others(stage: Stage) -> Checked {
    let site = stage.site();
    let good = cookie_of(&site).await?;
    let id = good.split('=').next_back().unwrap_or_default();
    let cookies: [Vec<String>; 7] = [
        vec![good.clone()],
        vec![format!("__Host-session=\"{id}\"")],
        vec![format!("a=b;  {good} ; c=\"d;e\"")],
        vec![format!("{good}; {good}")],
        vec!["a=b".to_owned(), good.clone(), "c=d".to_owned()],
        vec![good.clone(), good.clone()],
        vec![format!("x={id};{good};__Host-session2=other")],
    ];
    for cookies in cookies {
        let bytes: Vec<_> = cookies.iter().map(String::as_bytes).collect();
        let expect = |_, session: crate::Session| async move {
            let value = session.get_value("a").await.map_err(refused)?;
            value.map(|_| ()).ok_or(StatusCode::NOT_FOUND)
        };
        let answer = site.send(&bytes, expect).await;
        ensure_eq(answer.status, StatusCode::OK, &format!("{cookies:?}"))?;
    }
    Ok(())
}

async fn attributes(stage: Stage) -> Checked {
    let site = stage.site();
    let made = site.write("", "a", 1).await;
    let set: Vec<_> = made.set_cookie().split("; ").skip(1).collect();
    ensure_eq(
        set,
        vec!["HttpOnly", "Secure", "SameSite=Lax", "Path=/"],
        "attributes",
    )?;
    ensure(made.cookie().starts_with("__Host-session="), made.cookie())?;
    let gone = site.log_out(&made.cookie()).await;
    ensure_eq(
        gone.set_cookie(),
        "__Host-session=; HttpOnly; Secure; SameSite=Lax; Path=/; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT",
        "the removal",
    )?;

    let plain = Site::new(stage.layer().plain_http());
    let made = plain.write("", "a", 1).await;
    let set: Vec<_> = made.set_cookie().split("; ").skip(1).collect();
    ensure_eq(
        set,
        vec!["HttpOnly", "SameSite=Lax", "Path=/"],
        "attributes on plain http",
    )?;
    ensure(made.cookie().starts_with("gatepost-dev="), made.cookie())?;
    ensure_eq(
        plain.value(&made.cookie(), "a").await,
        Some(json!(1)),
        "read back",
    )?;

    let named = Site::new(stage.layer().cookie_name("__Secure-sid"));
    let made = named.write("", "a", 1).await;
    ensure(made.cookie().starts_with("__Secure-sid="), made.cookie())
}

async fn caches(stage: Stage) -> Checked {
    let site = stage.site();
    let read = |_, session: crate::Session| async move {
        let value = session.get_value("a").await.map_err(refused)?;
        Ok::<_, StatusCode>((
            [("cache-control", "public, max-age=60")],
            format!("{value:?}"),
        ))
    };
    let visitor = site.visit("", read).await;
    ensure_eq(visitor.header("vary"), "Cookie", "Vary for a visitor")?;
    ensure_eq(
        visitor.header("cache-control"),
        "public, max-age=60",
        "Cache-Control for a visitor",
    )?;
    let cookie = site.log_in("", "alice").await;
    ensure_eq(cookie.header("vary"), "Cookie", "Vary at the login")?;
    ensure(
        cookie.header("cache-control").starts_with("private"),
        "a login may be stored",
    )?;
    let page = site.visit(&cookie.cookie(), read).await;
    ensure_eq(page.header("vary"), "Cookie", "Vary of a logged-in page")?;
    ensure_eq(
        page.header("cache-control"),
        "private, max-age=60",
        "Cache-Control of a logged-in page",
    )
}

async fn no_write(stage: Stage) -> Checked {
    let site = stage.site();
    let cookie = cookie_of(&site).await?;
    stage.probe.calls();
    let same = |_, session: crate::Session| async move {
        session.insert("a", 1).await.map_err(refused)?;
        session.insert("b", 2).await.map_err(refused)?;
        session.remove_value("b").await.map_err(refused)?;
        session.save().await.map_err(refused)
    };
    let answer = site.visit(&cookie, same).await;
    ensure_eq(stage.probe.calls(), vec![Call::Load], "calls")?;
    ensure_eq(answer.set_cookie(), "", "Set-Cookie")?;
    site.write(&cookie, "a", 2).await;
    ensure_eq(
        stage.probe.calls(),
        vec![Call::Load, Call::Commit],
        "calls of a write",
    )
}

async fn statuses(stage: Stage) -> Checked {
    let site = stage.site();
    let cookie = cookie_of(&site).await?;
    for (status, is_saved) in [
        (200, true),
        (303, true),
        (403, true),
        (404, true),
        (500, false),
        (503, false),
    ] {
        let key = status.to_string();
        let written = key.clone();
        let write = move |_, session: crate::Session| async move {
            session.insert(&written, true).await.map_err(refused)?;
            StatusCode::from_u16(status).map_err(|_| StatusCode::BAD_GATEWAY)
        };
        site.visit(&cookie, write).await;
        let found = site.value(&cookie, &key).await.is_some();
        ensure_eq(found, is_saved, &format!("saved after {status}"))?;
    }
    let answer = site
        .visit("", |request, session| async move {
            log_in("alice", false)(request, session)
                .await
                .map_err(|_| StatusCode::BAD_GATEWAY)?;
            Err::<(), _>(StatusCode::INTERNAL_SERVER_ERROR)
        })
        .await;
    ensure_eq(
        answer.set_cookie(),
        "",
        "Set-Cookie of a login that failed after all",
    )?;
    let (panicking, sent) = (site.clone(), cookie.clone());
    let outcome = tokio::spawn(async move {
        let panics = |_, session: crate::Session| async move {
            let written = session.insert("panic", true).await.map_err(refused);
            assert!(
                written.is_err(),
                "a handler that panics, as this check wants it"
            );
            written
        };
        panicking.visit(&sent, panics).await
    });
    ensure(outcome.await.is_err(), "the panic was swallowed")?;
    ensure_eq(
        site.value(&cookie, "panic").await,
        None,
        "saved after a panic",
    )
}
