//! A server that goes away at each call of a storage, while a request is inside its handler: load, create, change, rotation,
//! deletion, use, list. Nobody is let in, nothing is lost or half done, and the same request goes through afterwards. So it
//! is when the server did as it was asked and only its answer was lost; then what was asked is done, once. And whatever is
//! logged of all that shows no cookie and nothing that a session keeps.

use std::collections::HashMap;
use std::time::Duration;

use axum::extract::{Extension, Path};
use axum::http::{StatusCode, header};
use axum::routing::post;
use axum::{Router, extract::Query};
use session_auth::testing::{advance, now};
use session_auth::{AnyStorage, Auth, AuthError, Session, SessionLayer};

use crate::log::Log;
use crate::site::{Accounts, Browser, Gate, Site};

/// What keeps the calls of a storage from being answered.
pub(super) trait Outage {
    /// From now on no call comes back.
    async fn begin(&mut self);

    /// The call that is on its way is cut.
    async fn cut(&mut self);

    async fn end(&mut self);
}

/// What the server had done when the call failed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Effect {
    Nothing,
    All,
}

/// Every call of a storage, by the request that makes it.
pub(super) const CALLS: [&str; 11] = [
    "load", "create", "change", "update", "rotation", "login", "renewal", "logout", "others",
    "list", "use",
];

/// What a session is to keep, and nobody is to read in a log.
const KEPT: &str = "hunter2";

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
        "change" => session.insert("key", KEPT).await.unwrap(),
        "update" => drop(
            session
                .update("key", |key: Option<String>| key.unwrap_or_default() + KEPT)
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
    outage: impl Outage,
    calls: &[&str],
) {
    is_outlived_after(Effect::Nothing, storage, outage, calls).await;
}

/// What alice has in her old browser and in the one that called, and who is logged in on her phone.
#[derive(Debug, PartialEq)]
struct Left {
    before: (String, String),
    caller: (String, String),
    phone: String,
}

impl Left {
    /// After this call was made so many times.
    fn by(what: &str, times: usize) -> Self {
        let ends_old = ["rotation", "login", "renewal", "logout"].contains(&what);
        let value = match what {
            "change" if times > 0 => KEPT.to_owned(),
            "update" if times > 0 => KEPT.repeat(times),
            _ => "nothing".to_owned(),
        };
        let old = match what {
            "create" => "nobody",
            _ if ends_old && times > 0 => "nobody",
            _ => "alice",
        };
        let caller = match what {
            "create" if times > 0 => "bob",
            "logout" if times > 0 => "nobody",
            "create" => "nobody",
            _ => "alice",
        };
        let phone = if what == "others" && times > 0 {
            "nobody"
        } else {
            "alice"
        };
        Self {
            before: of(old, if ends_old { "nothing" } else { &value }),
            caller: of(caller, &value),
            phone: phone.to_owned(),
        }
    }
}

pub(super) async fn is_outlived_after(
    effect: Effect,
    storage: impl Into<AnyStorage>,
    mut outage: impl Outage,
    calls: &[&str],
) {
    let routes = Router::new().route("/act/{what}", post(act));
    let layer = SessionLayer::new(storage).clock(now);
    let site = Site::with(layer, |auth| auth, routes);
    let log = Log::default();
    let _guard = log.here();
    let mut cookies = Vec::new();
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
        let left = async |caller: &Browser| Left {
            before: stored(&before).await,
            caller: stored(caller).await,
            phone: stored(&phone).await.0,
        };
        let done = usize::from(effect == Effect::All);
        let mut expected = Left::by(what, done);
        // Nobody was told of what came in its place.
        expected.caller = expected.before.clone();
        let found = left(&alice).await;
        if *what == "others" && effect == Effect::All {
            // They end one after the other, and the lost answer may be about any of them.
            expected.phone = found.phone.clone();
        }
        assert_eq!(found, expected, "{what}");

        let again = alice.post(&format!("/act/{what}")).await;
        let mut expected = Left::by(what, done + 1);
        let mut status = StatusCode::OK;
        if ["rotation", "renewal"].contains(what) && effect == Effect::All {
            // Who knows only the old id has no session any more, and a renewal is for those who are logged in.
            expected.caller = of("nobody", "nothing");
            if *what == "renewal" {
                status = StatusCode::UNAUTHORIZED;
            }
        }
        assert_eq!(again.status, status, "{what} again: {}", again.text);
        assert_eq!(left(&alice).await, expected, "{what} again");
        cookies.extend([&before, &alice, &phone].map(|browser| browser.cookie.clone()));
        alice.post("/others").await;
        alice.post("/logout").await;
    }
    assert!(log.warnings() > 0, "an outage is worth a word");
    log.hides(&[KEPT]);
    for cookie in cookies.iter().flatten() {
        log.hides(&[cookie.split_once('=').unwrap().1]);
    }
    let mut forger = site.browser();
    forger.cookie = Some(format!("__Host-session={}", "A".repeat(32)));
    assert_eq!(forger.me().await, "nobody");
}
