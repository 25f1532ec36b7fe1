//! A server that goes away at each call of a storage, while a request is inside its handler: load, create, change, rotation,
//! deletion, use, list. Nobody is let in, nothing is lost or half done, and the same request goes through afterwards.

use std::collections::HashMap;
use std::time::Duration;

use axum::extract::{Extension, Path};
use axum::http::{StatusCode, header};
use axum::routing::post;
use axum::{Router, extract::Query};
use session_auth::testing::{advance, now};
use session_auth::{AnyStorage, Auth, AuthError, Session, SessionLayer};

use crate::site::{Accounts, Browser, Gate, Site};

/// What keeps the calls of a storage from being answered.
pub(super) trait Outage {
    /// From now on no call comes back.
    async fn begin(&mut self);

    /// The call that is on its way is cut.
    async fn cut(&mut self);

    async fn end(&mut self);
}

/// Every call of a storage, by the request that makes it.
pub(super) const CALLS: [&str; 11] = [
    "load", "create", "change", "update", "rotation", "login", "renewal", "logout", "others",
    "list", "use",
];

/// Those that write.
pub(super) const WRITES: [&str; 8] = [
    "create", "change", "update", "rotation", "login", "renewal", "logout", "others",
];

/// Knows who it is for, as far as that is not what is asked; waits for the outage; and then makes its call.
async fn act(
    auth: Auth<Accounts>,
    session: Session,
    accounts: Extension<Accounts>,
    gate: Extension<Gate>,
    Path(what): Path<String>,
    fields: Query<HashMap<String, String>>,
) -> Result<String, AuthError> {
    if what != "load" {
        auth.user().await?;
    }
    if fields.contains_key("held") {
        gate.wait().await;
        gate.wait().await;
    }
    let alice = accounts.get("alice");
    let mut said = String::new();
    match &*what {
        "load" => drop(auth.user().await?),
        "create" => auth.login(&accounts.get("bob")).await?,
        "change" => session.insert("key", "value").await.unwrap(),
        "update" => drop(
            session
                .update("key", |_: Option<String>| "value".to_owned())
                .await?,
        ),
        "rotation" => session.cycle_id().await.unwrap(),
        "login" => auth.login(&alice).await?,
        "renewal" => auth.renew(&alice).await?,
        "logout" => auth.logout().await?,
        "others" => auth.log_out_everywhere_else().await?,
        "list" => said = auth.sessions().await?.len().to_string(),
        _ => {}
    }
    Ok(said)
}

async fn stored(browser: &Browser) -> (String, String) {
    let mut browser = browser.clone();
    (browser.me().await, browser.get("/value?key=key").await.text)
}

fn of(user: &str, value: &str) -> (String, String) {
    (user.to_owned(), value.to_owned())
}

/// Makes these calls, each during an outage and once more after it.
pub(super) async fn is_outlived(
    storage: impl Into<AnyStorage>,
    mut outage: impl Outage,
    calls: &[&str],
) {
    let routes = Router::new().route("/act/{what}", post(act));
    let layer = SessionLayer::new(storage).clock(now);
    let site = Site::with(layer, |auth| auth, routes);
    for what in calls {
        let mut alice = match *what {
            "create" => site.browser(),
            _ => site.logged_in("alice").await,
        };
        let phone = site.logged_in("alice").await;
        if *what == "use" {
            advance(Duration::from_secs(60));
        }
        let before = alice.clone();
        let who = if *what == "create" { "nobody" } else { "alice" };

        let held = format!("/act/{what}?held");
        let request = {
            let mut alice = alice.clone();
            tokio::spawn(async move { alice.post(&held).await })
        };
        site.gate.wait().await;
        outage.begin().await;
        site.gate.wait().await;
        outage.cut().await;
        let refused = request.await.unwrap();
        outage.end().await;
        if *what == "use" {
            assert_eq!(
                refused.status,
                StatusCode::OK,
                "a use is not worth an error"
            );
        } else {
            let status = refused.status;
            assert_eq!(
                status,
                StatusCode::SERVICE_UNAVAILABLE,
                "{what}: {}",
                refused.text
            );
            assert!(refused.header(header::RETRY_AFTER).is_some(), "{what}");
        }
        assert!(!refused.sets_cookie(), "{what}");
        assert_eq!(
            stored(&before).await,
            of(who, "nothing"),
            "{what}: as before"
        );
        assert_eq!(stored(&phone).await.0, "alice", "{what}: the other session");

        let again = alice.post(&format!("/act/{what}")).await;
        assert_eq!(again.status, StatusCode::OK, "{what} again: {}", again.text);
        let (left, other) = (stored(&alice).await, stored(&phone).await.0);
        let expected = match *what {
            "create" => of("bob", "nothing"),
            "change" | "update" => of("alice", "value"),
            "logout" => of("nobody", "nothing"),
            _ => of("alice", "nothing"),
        };
        assert_eq!(left, expected, "{what} again");
        let expected = if *what == "others" { "nobody" } else { "alice" };
        assert_eq!(other, expected, "{what} again: the other session");
        if ["rotation", "login", "renewal", "logout"].contains(what) {
            assert_eq!(
                stored(&before).await,
                of("nobody", "nothing"),
                "{what} again"
            );
        }
        alice.post("/others").await;
        alice.post("/logout").await;
    }
    let mut forger = site.browser();
    forger.cookie = Some(format!("__Host-session={}", "A".repeat(32)));
    assert_eq!(forger.me().await, "nobody");
}
