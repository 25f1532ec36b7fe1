//! Messages that are shown once: L6.

use std::sync::{Arc, Mutex};

use http::StatusCode;
use tokio::sync::Barrier;

use super::{
    super::{
        schedule::{Actor, Run},
        site::{Answer, Site, log_in},
    },
    Checked, Stage, Suite, Tried, Wrong, ensure, ensure_eq,
};
use crate::{
    AnyStorage, Flash, FlashLevel, Promise, Session, SessionError, request::RequestSession,
};

use Promise::ConcurrentWrites;

pub(super) async fn check<O, S>(suite: &mut Suite<O>)
where
    O: AsyncFn(&str) -> S,
    S: Into<AnyStorage>,
{
    // A storage that writes back what it loaded loses what its own request did, and a browser does not.
    let in_cookie = suite.stage().await.probe.is_in_cookie();
    let at_once = (!in_cookie).then_some(ConcurrentWrites);
    suite
        .check(
            at_once,
            "a message is shown by the next page and by no other",
            shown_once,
        )
        .await;
    suite
        .check(
            at_once,
            "a page that fails puts its messages back in their order",
            put_back,
        )
        .await;
    suite
        .check(None, "messages end with their person's session", end)
        .await;
    suite
        .check(
            ConcurrentWrites,
            "of three pages one shows a message in any order",
            |stage| pages_in_every_order(stage, [200, 200, 200]),
        )
        .await;
    suite
        .check(
            ConcurrentWrites,
            "a page that fails beside others loses no message",
            |stage| pages_in_every_order(stage, [500, 200, 303]),
        )
        .await;
    suite
        .check(
            None,
            "pages side by side show a message once, or each where the browser keeps it",
            side_by_side,
        )
        .await;
}

async fn push(site: &Site, cookie: &str, text: &'static str, status: StatusCode) -> Answer {
    let push = move |request: RequestSession, _: Session| async move {
        let flash = Flash::over(request);
        flash.push(FlashLevel::Success, text).await?;
        Ok::<_, SessionError>(status)
    };
    site.visit(cookie, push).await
}

/// The messages that a page has claimed.
type Shown = Arc<Mutex<Vec<String>>>;

async fn claim(
    request: RequestSession,
    shown: Shown,
    status: StatusCode,
) -> Result<StatusCode, SessionError> {
    let messages = Flash::over(request).claim().await?;
    let texts = messages.into_iter().map(|message| message.text);
    shown.lock().expect("no panic before").extend(texts);
    Ok(status)
}

/// What a page with this answer shows.
async fn page(site: &Site, cookie: &str, status: StatusCode) -> Tried<Vec<String>> {
    let shown = Shown::default();
    let claim = {
        let shown = Arc::clone(&shown);
        move |request: RequestSession, _: Session| claim(request, shown, status)
    };
    let answer = site.visit(cookie, claim).await;
    ensure_eq(answer.status, status, "status of a page")?;
    let mut shown = shown.lock().expect("no panic before");
    Ok(std::mem::take(&mut shown))
}

/// The cookie of somebody with a session and two messages in it.
async fn told_twice(site: &Site) -> Tried<String> {
    let cookie = site.log_in("", "alice").await.cookie();
    for text in ["one", "two"] {
        let pushed = push(site, &cookie, text, StatusCode::SEE_OTHER).await;
        ensure_eq(pushed.status, StatusCode::SEE_OTHER, "status of a push")?;
    }
    Ok(cookie)
}

async fn shown_once(stage: Stage) -> Checked {
    let site = stage.site();
    ensure_eq(
        page(&site, "", StatusCode::OK).await?.len(),
        0,
        "a visitor's",
    )?;
    let visitor = push(&site, "", "hello", StatusCode::SEE_OTHER)
        .await
        .cookie();
    let shown = page(&site, &visitor, StatusCode::OK).await?;
    ensure_eq(shown, vec!["hello".to_owned()], "a visitor is shown")?;

    let cookie = told_twice(&site).await?;
    // A redirect that renders nothing, though it looks at the session.
    let away = |request: RequestSession, session: Session| async move {
        let _ = session.get_value("a").await;
        request.login().await?;
        Ok::<_, SessionError>(StatusCode::SEE_OTHER)
    };
    site.visit(&cookie, away).await;
    push(&site, &cookie, "failed", StatusCode::INTERNAL_SERVER_ERROR).await;
    let shown = page(&site, &cookie, StatusCode::NOT_FOUND).await?;
    ensure_eq(shown, vec!["one".to_owned(), "two".to_owned()], "shown")?;
    let again = page(&site, &cookie, StatusCode::OK).await?;
    ensure_eq(again.len(), 0, "shown again")
}

async fn put_back(stage: Stage) -> Checked {
    let site = stage.site();
    let cookie = told_twice(&site).await?;
    let failed = page(&site, &cookie, StatusCode::INTERNAL_SERVER_ERROR).await?;
    ensure_eq(failed.len(), 2, "claimed by a page that fails")?;
    push(&site, &cookie, "three", StatusCode::SEE_OTHER).await;
    let shown = page(&site, &cookie, StatusCode::OK).await?;
    ensure_eq(shown.join(","), "one,two,three".to_owned(), "shown")
}

async fn end(stage: Stage) -> Checked {
    let site = stage.site();
    let cookie = told_twice(&site).await?;
    let bob = site.visit(&cookie, log_in("bob", false)).await.cookie();
    let shown = page(&site, &bob, StatusCode::OK).await?;
    ensure_eq(shown.len(), 0, "of alice's shown to bob")
}

/// Of pages with these answers, and one after them, the first that is a page shows each message, and only that one.
async fn pages_in_every_order(stage: Stage, statuses: [u16; 3]) -> Checked {
    let site = stage.site();
    let prepare = async || {
        let cookie = told_twice(&site).await.unwrap_or_default();
        let shown: Vec<_> = statuses.iter().map(|_| Shown::default()).collect();
        let actor = |(status, shown): (&u16, &Shown)| -> Actor {
            let (status, shown, cookie) = (*status, Arc::clone(shown), cookie.clone());
            stage.actor(move |site| async move {
                let visit = move |request: RequestSession, session: Session| async move {
                    let status = StatusCode::from_u16(status).unwrap_or_default();
                    if status.is_redirection() {
                        let _ = session.get_value("a").await;
                        return Ok(status);
                    }
                    claim(request, shown, status).await
                };
                site.visit(&cookie, visit).await
            })
        };
        let actors = statuses.iter().zip(&shown).map(actor).collect();
        ((cookie, shown), actors)
    };
    let check = async |(cookie, shown): (String, Vec<Shown>), run: Run| {
        for (answer, status) in run.answers.iter().zip(statuses) {
            ensure_eq(answer.status.as_u16(), status, "status")?;
        }
        let mut seen = page(&site, &cookie, StatusCode::OK).await?;
        for (shown, status) in shown.iter().zip(statuses) {
            if status < 500 {
                seen.append(&mut shown.lock().expect("no panic before"));
            }
        }
        seen.sort();
        ensure_eq(seen.join(","), "one,two".to_owned(), "shown in all")
    };
    stage.in_every_order(prepare, check).await
}

/// Both have read the session before either claims.
async fn side_by_side(stage: Stage) -> Checked {
    let site = stage.site();
    let cookie = told_twice(&site).await?;
    let barrier = Arc::new(Barrier::new(2));
    let mut pages = tokio::task::JoinSet::new();
    for _ in 0..2 {
        let (site, cookie, barrier) = (site.clone(), cookie.clone(), Arc::clone(&barrier));
        pages.spawn(async move {
            let shown = Shown::default();
            let claimed = Arc::clone(&shown);
            let visit = move |request: RequestSession, session: Session| async move {
                let _ = session.get_value("a").await;
                barrier.wait().await;
                claim(request, claimed, StatusCode::OK).await
            };
            let answer = site.visit(&cookie, visit).await;
            let shown = shown.lock().expect("no panic before").len();
            (answer.status, shown)
        });
    }
    let mut shown = Vec::new();
    for (status, messages) in pages.join_all().await {
        ensure_eq(status, StatusCode::OK, "status of a page")?;
        shown.push(messages);
    }
    shown.sort_unstable();
    let is_right = match stage.probe.is_in_cookie() {
        true => shown == [2, 2],
        false => shown == [0, 2] || !stage.keeps(ConcurrentWrites),
    };
    ensure(is_right, format!("the pages show {shown:?} of two"))?;
    let after = page(&site, &cookie, StatusCode::OK).await?;
    match after.is_empty() || !(stage.keeps(ConcurrentWrites) || stage.probe.is_in_cookie()) {
        true => Ok(()),
        false => Err(Wrong::broken(format!("{after:?} is shown after them"))),
    }
}
