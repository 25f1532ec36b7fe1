//! Pages that want to know who asks: L1, L5, and of L3 that an account which is gone opens nothing.

use std::time::Duration;

use axum::{
    Router,
    extract::Path,
    response::{IntoResponse, Response},
    routing::{any, get},
};
use http::{StatusCode, header};
use serde_json::json;

use super::{
    super::{clock::advance, probe::Call},
    Checked, Stage, Suite, Tried, Wrong,
    accounts::{Accounts, body, is, request, text},
    ensure, ensure_eq,
};
use crate::{
    AnyStorage, Auth, AuthError, AuthLayer, Promise, RequireLogin, RequireRecentLogin, Session,
    testing::Browser,
};

const MINUTE: Duration = Duration::from_secs(60);

pub(super) async fn check<O, S>(suite: &mut Suite<O>)
where
    O: AsyncFn(&str) -> S,
    S: Into<AnyStorage>,
{
    suite
        .check(
            None,
            "a visitor is sent to the login page and comes back",
            visitors,
        )
        .await;
    suite
        .check(None, "who may not enter is told so", not_allowed)
        .await;
    suite
        .check(
            None,
            "a guard lets nobody in while sessions cannot be read",
            closed,
        )
        .await;
    suite
        .check(None, "a disabled user is out at the next request", disabled)
        .await;
    suite
        .check(
            Promise::LoginDetails,
            "a login is recent for ten minutes, and again when it is confirmed",
            recent,
        )
        .await;
    suite
        .check(
            None,
            "where nobody knows since when, nobody is asked to confirm it",
            unknown_since_when,
        )
        .await;
}

/// A browser on a site with a desk, an office that only alice may enter, and a button that wants a recent login.
pub(super) fn browser(stage: &Stage, accounts: Accounts) -> Browser {
    let me = |user: Option<RequireLogin<Accounts>>| async move {
        user.map_or_else(|| "nobody".to_owned(), |RequireLogin(user)| user)
    };
    let desk =
        |RequireLogin(user): RequireLogin<Accounts>| async move { format!("the desk of {user}") };
    let danger = |RequireRecentLogin(user): RequireRecentLogin<Accounts>| async move {
        format!("{user} may")
    };
    let form = |auth: Auth<Accounts>, asked: http::Uri| async move {
        let mut fields = asked.query().unwrap_or_default().split('&');
        let next = fields.find_map(|field| field.strip_prefix("next="));
        let next = next.map(|next| percent_encoding::percent_decode_str(next).decode_utf8_lossy());
        let onward = auth.skip_login(next.as_deref()).await?;
        let page = onward.map_or_else(|| "name?".into_response(), IntoResponse::into_response);
        Ok::<Response, AuthError>(page)
    };
    let log_in = |Path(name): Path<String>, session: Session, auth: Auth<Accounts>| async move {
        auth.login(&name).await?;
        let kept = session.insert("cart", "apples").await;
        Ok::<_, AuthError>(kept.map_err(|_| StatusCode::INTERNAL_SERVER_ERROR))
    };
    let confirmed =
        |Path(name): Path<String>, auth: Auth<Accounts>| async move { auth.confirmed(&name).await };
    let cart = |session: Session| async move {
        let cart = session.get_value("cart").await.unwrap_or_default();
        cart.unwrap_or_default().to_string()
    };
    let office = Router::new()
        .route("/office", get(|| async { "the office" }))
        .route_layer(RequireLogin::<Accounts>::allow(|user, _| user == "alice"));
    let router = Router::new()
        .route("/me", get(me))
        .route("/desk", any(desk))
        .route("/danger", any(danger))
        .route("/login", get(form))
        .route("/login/{name}", get(log_in))
        .route("/confirmed/{name}", get(confirmed))
        .route("/cart", get(cart))
        .merge(office)
        .layer(AuthLayer::new(accounts))
        .layer(stage.layer());
    Browser::new(router)
}

/// A redirect with the right status, to there.
fn leads(answer: &Response, to: &str) -> Checked {
    ensure_eq(answer.status(), StatusCode::SEE_OTHER, "status")?;
    let location = answer.headers().get(header::LOCATION);
    let location = location.and_then(|location| location.to_str().ok());
    ensure_eq(location, Some(to), "where it leads")
}

/// Asks for JSON and is told 401, in a problem document.
async fn is_problem(browser: &Browser, method: &str, path: &str) -> Tried<serde_json::Value> {
    let mut asked = request(method, path)?;
    let json = header::HeaderValue::from_static("application/json");
    asked.headers_mut().insert(header::ACCEPT, json);
    let answer = browser.send(asked).await;
    ensure_eq(answer.status(), StatusCode::UNAUTHORIZED, "status")?;
    ensure(
        answer.headers().contains_key(header::WWW_AUTHENTICATE),
        "there is no challenge",
    )?;
    let text = body(answer).await?;
    serde_json::from_str(&text).map_err(|error| Wrong::broken(error.to_string()))
}

async fn visitors(stage: Stage) -> Checked {
    let visitor = browser(&stage, Accounts::default());
    for method in ["GET", "HEAD"] {
        let answer = visitor.send(request(method, "/desk?a=b%20c")?).await;
        leads(&answer, "/login?next=/desk%3Fa%3Db%2520c")?;
    }
    // Never a 307, which would send the form along.
    let answer = visitor.send(request("POST", "/desk?a=b")?).await;
    leads(&answer, "/login")?;
    for method in ["GET", "POST"] {
        let problem = is_problem(&visitor, method, "/desk").await?;
        ensure_eq(&problem["status"], &json!(401), "the problem's status")?;
    }
    ensure_eq(visitor.cookies(), String::new(), "cookies of a visitor")?;
    ensure_eq(text(&visitor, "/login").await?.as_str(), "name?", "form")?;

    text(&visitor, "/login/bob").await?;
    let onward = visitor.get("/login?next=/desk%3Fa%3Db%2520c").await;
    leads(&onward, "/desk?a=b%20c")?;
    leads(&visitor.get("/login?next=//elsewhere").await, "/")?;
    let desk = text(&visitor, "/desk?a=b%20c").await?;
    ensure_eq(desk.as_str(), "the desk of bob", "behind the login")
}

async fn not_allowed(stage: Stage) -> Checked {
    let visitor = browser(&stage, Accounts::default());
    leads(&visitor.get("/office").await, "/login?next=/office")?;
    for (name, status) in [("bob", StatusCode::FORBIDDEN), ("alice", StatusCode::OK)] {
        text(&visitor, &format!("/login/{name}")).await?;
        let answer = visitor.get("/office").await;
        ensure_eq(answer.status(), status, &format!("status of {name}"))?;
    }
    Ok(())
}

async fn closed(stage: Stage) -> Checked {
    let alice = browser(&stage, Accounts::default());
    text(&alice, "/login/alice").await?;
    stage.probe.fail(&[Call::Load]);
    for path in ["/desk", "/office", "/danger", "/me"] {
        let answer = alice.get(path).await;
        let status = answer.status();
        ensure_eq(status, StatusCode::SERVICE_UNAVAILABLE, path)?;
        let waits = answer.headers().contains_key(header::RETRY_AFTER);
        ensure(waits, "there is no Retry-After")?;
    }
    stage.probe.fail(&[]);
    is(&alice, "alice", "when it is back").await
}

async fn disabled(stage: Stage) -> Checked {
    let accounts = Accounts::default();
    let desk = browser(&stage, accounts.clone());
    let (phone, other) = (desk.copy(), desk.copy());
    for (browser, name) in [(&desk, "alice"), (&phone, "alice"), (&other, "bob")] {
        text(browser, &format!("/login/{name}")).await?;
    }
    accounts.disable("alice");
    for browser in [&desk, &phone] {
        is(browser, "nobody", "whose account is gone").await?;
        leads(&browser.get("/desk").await, "/login?next=/desk")?;
        leads(&browser.get("/office").await, "/login?next=/office")?;
        leads(&browser.get("/danger").await, "/login?next=/danger")?;
    }
    is(&other, "bob", "somebody else").await?;
    // Nothing was thrown away: it may have been a mistake.
    accounts.enable("alice");
    is(&desk, "alice", "whose account is back").await
}

async fn recent(stage: Stage) -> Checked {
    let alice = browser(&stage, Accounts::default());
    text(&alice, "/login/alice").await?;
    advance(10 * MINUTE - Duration::from_secs(1));
    let may = text(&alice, "/danger").await?;
    ensure_eq(may.as_str(), "alice may", "in time")?;
    advance(Duration::from_secs(1));

    let page = "/login?confirm=1&next=/danger%3Fa%3Db";
    leads(&alice.get("/danger?a=b").await, page)?;
    let posted = alice.send(request("POST", "/danger")?).await;
    leads(&posted, "/login?confirm=1")?;
    let problem = is_problem(&alice, "GET", "/danger").await?;
    ensure_eq(&problem["max_age"], &json!(600), "the problem's age")?;
    is(&alice, "alice", "who is to confirm it").await?;
    ensure_eq(text(&alice, page).await?.as_str(), "name?", "the form")?;
    leads(&alice.get("/login?next=/danger").await, "/danger")?;

    let before = alice.copy();
    let refused = alice.get("/confirmed/bob").await.status();
    ensure_eq(refused, StatusCode::UNAUTHORIZED, "another's confirmation")?;
    text(&alice, "/confirmed/alice").await?;
    let may = text(&alice, "/danger?a=b").await?;
    ensure_eq(may.as_str(), "alice may", "when it is confirmed")?;
    leads(&alice.get(page).await, "/danger?a=b")?;
    let cart = text(&alice, "/cart").await?;
    ensure_eq(cart.as_str(), "\"apples\"", "what was in the session")?;
    if stage.keeps(Promise::AtomicRotation) {
        is(&before, "nobody", "by the cookie from before").await?;
    }
    Ok(())
}

async fn unknown_since_when(stage: Stage) -> Checked {
    if stage.keeps(Promise::LoginDetails) {
        return Ok(());
    }
    let alice = browser(&stage, Accounts::default());
    text(&alice, "/login/alice").await?;
    // Not even now: who would know in eleven minutes?
    for _ in 0..2 {
        let refused = alice.get("/danger").await.status();
        ensure_eq(refused, StatusCode::FORBIDDEN, "status")?;
        leads(&alice.get("/login?confirm=1&next=/desk").await, "/desk")?;
        advance(11 * MINUTE);
    }
    is(&alice, "alice", "who is not asked").await
}
