//! What a password does to a session, and what a wrong one does not: L4, and of L5 the password that confirms a login.

use std::{
    convert::Infallible,
    net::{IpAddr, SocketAddr},
    time::Duration,
};

use axum::{
    Extension, Router,
    extract::{ConnectInfo, Path},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use http::{StatusCode, header};

use super::{
    super::clock::advance,
    Checked, Stage, Suite, Tried,
    accounts::{Accounts, body, is, request, text},
    ensure, ensure_eq,
};
use crate::{
    AnyStorage, Auth, AuthError, AuthLayer, Promise, RequireLogin, RequireRecentLogin, Session,
    Throttle,
    password::{PasswordHash, PasswordHasher},
    testing::Browser,
};

const PASSWORD: &str = "correct-horse";
const HERE: [u8; 4] = [192, 0, 2, 1];
const ELSEWHERE: [u8; 4] = [198, 51, 100, 7];
const MINUTE: Duration = Duration::from_secs(60);

pub(super) async fn check<O, S>(suite: &mut Suite<O>)
where
    O: AsyncFn(&str) -> S,
    S: Into<AnyStorage>,
{
    suite
        .check(
            None,
            "the right password logs in and a wrong one changes nothing",
            attempts,
        )
        .await;
    suite
        .check(
            None,
            "who guesses has to wait, and the right password elsewhere need not",
            guesses,
        )
        .await;
    suite
        .check(
            Promise::LoginDetails,
            "the password makes a login recent again",
            confirmations,
        )
        .await;
}

/// Alice has a password, and whoever else there is has none.
async fn find(
    name: &str,
    hash: PasswordHash,
) -> Result<Option<(PasswordHash, String)>, Infallible> {
    Ok((name == "alice").then(|| (hash, name.to_owned())))
}

async fn attempt(
    Path((name, password)): Path<(String, String)>,
    auth: Auth<Accounts>,
    hash: Extension<PasswordHash>,
) -> Result<Response, AuthError> {
    let attempt = auth.attempt(&name, &password, |name| find(name, hash.0));
    let attempt = attempt.await?;
    Ok((attempt.status(), &attempt, attempt.to_string()).into_response())
}

async fn confirm(
    Path((name, password)): Path<(String, String)>,
    auth: Auth<Accounts>,
    hash: Extension<PasswordHash>,
) -> Result<StatusCode, AuthError> {
    let attempt = auth.confirm(&name, &password, |name| find(name, hash.0));
    Ok(attempt.await?.status())
}

async fn browser(stage: &Stage) -> Tried<Browser> {
    // Cheap: who may enter is asked here, and not what it costs.
    let hasher = PasswordHasher::new().cost(8, 1, 1);
    let hash = hasher.hash(PASSWORD).await;
    let hash = hash.map_err(|error| error.to_string())?;
    let me = |user: Option<RequireLogin<Accounts>>| async move {
        user.map_or_else(|| "nobody".to_owned(), |RequireLogin(user)| user)
    };
    let danger = |_: RequireRecentLogin<Accounts>| async { "done" };
    let put = |session: Session| async move {
        session.insert("cart", "apples").await.is_ok().to_string()
    };
    let cart = |session: Session| async move {
        let cart = session.get_value("cart").await.unwrap_or_default();
        cart.unwrap_or_default().to_string()
    };
    let auth = AuthLayer::new(Accounts::default())
        .passwords(hasher)
        .throttle(Throttle::new().per_account(3, MINUTE));
    let router = Router::new()
        .route("/me", get(me))
        .route("/cart", get(cart).post(put))
        .route("/danger", get(danger))
        .route("/attempt/{name}/{password}", post(attempt))
        .route("/confirm/{name}/{password}", post(confirm))
        .layer(Extension(hash))
        .layer(auth)
        .layer(stage.layer());
    Ok(Browser::new(router))
}

async fn try_from(
    browser: &Browser,
    address: [u8; 4],
    name: &str,
    password: &str,
) -> Tried<Response> {
    let mut asked = request("POST", &format!("/attempt/{name}/{password}"))?;
    let peer = SocketAddr::new(IpAddr::from(address), 4711);
    asked.extensions_mut().insert(ConnectInfo(peer));
    Ok(browser.send(asked).await)
}

async fn attempts(stage: Stage) -> Checked {
    let alice = browser(&stage).await?;
    alice.post("/cart", &[]).await;
    let before = alice.copy();
    let mut said = Vec::new();
    for (name, password) in [("alice", "wrong-horse"), ("nobody", PASSWORD)] {
        let answer = try_from(&alice, HERE, name, password).await?;
        let status = answer.status();
        ensure_eq(status, StatusCode::UNPROCESSABLE_ENTITY, "status")?;
        said.push(body(answer).await?);
        is(&alice, "nobody", "with a wrong password").await?;
    }
    ensure_eq(&said[0], &said[1], "what is said of a wrong name")?;
    let cart = async |browser| text(browser, "/cart").await;
    ensure_eq(cart(&alice).await?.as_str(), "\"apples\"", "before")?;

    let answer = try_from(&alice, HERE, "alice", PASSWORD).await?;
    ensure_eq(answer.status(), StatusCode::OK, "status")?;
    is(&alice, "alice", "with the right password").await?;
    ensure_eq(cart(&alice).await?.as_str(), "\"apples\"", "what there was")?;
    ensure(alice.cookies() != before.cookies(), "the id stayed")?;
    is(&before, "nobody", "by the cookie from before").await
}

async fn guesses(stage: Stage) -> Checked {
    let guesser = browser(&stage).await?;
    for _ in 0..3 {
        let status = try_from(&guesser, HERE, "alice", "guessed").await?.status();
        ensure_eq(status, StatusCode::UNPROCESSABLE_ENTITY, "a guess")?;
    }
    let answer = try_from(&guesser, HERE, "alice", PASSWORD).await?;
    ensure_eq(answer.status(), StatusCode::TOO_MANY_REQUESTS, "then")?;
    ensure_eq(
        answer.headers().get(header::RETRY_AFTER).cloned(),
        Some(header::HeaderValue::from(MINUTE.as_secs())),
        "Retry-After",
    )?;
    is(&guesser, "nobody", "who guessed").await?;
    let owner = guesser.copy();
    try_from(&owner, ELSEWHERE, "alice", PASSWORD).await?;
    is(&owner, "alice", "who sits elsewhere").await?;
    advance(MINUTE);
    try_from(&guesser, HERE, "alice", PASSWORD).await?;
    is(&guesser, "alice", "who has waited").await
}

async fn confirmations(stage: Stage) -> Checked {
    let alice = browser(&stage).await?;
    try_from(&alice, HERE, "alice", PASSWORD).await?;
    alice.post("/cart", &[]).await;
    ensure_eq(text(&alice, "/danger").await?.as_str(), "done", "at once")?;
    advance(10 * MINUTE);
    let asked = async || alice.get("/danger").await.status();
    ensure_eq(asked().await, StatusCode::SEE_OTHER, "ten minutes later")?;
    for (name, password) in [("alice", "wrong-horse"), ("bob", PASSWORD)] {
        let path = format!("/confirm/{name}/{password}");
        let refused = alice.post(&path, &[]).await.status();
        ensure_eq(refused, StatusCode::UNPROCESSABLE_ENTITY, "refused")?;
        ensure_eq(asked().await, StatusCode::SEE_OTHER, "still asked")?;
        is(&alice, "alice", "who is asked").await?;
    }
    let path = format!("/confirm/alice/{PASSWORD}");
    ensure_eq(
        alice.post(&path, &[]).await.status(),
        StatusCode::OK,
        "confirmed",
    )?;
    ensure_eq(text(&alice, "/danger").await?.as_str(), "done", "then")?;
    let cart = text(&alice, "/cart").await?;
    ensure_eq(cart.as_str(), "\"apples\"", "what was in the session")
}
