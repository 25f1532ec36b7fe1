//! Logging in and out, over every storage: who is logged in, under which id, and with which data.

use std::collections::HashSet;
use std::sync::Arc;

use axum::Router;
use axum::extract::Extension;
use axum::http::{StatusCode, header};
use axum::routing::{get, post};
use session_auth::{Auth, AuthError, AuthLayer, RequireLogin, SessionLayer};
use tokio::sync::Barrier;

use crate::site::{Accounts, Browser, Site, layers};

#[tokio::test]
async fn a_login_lasts_until_the_logout() {
    for (storage, layer) in layers().await {
        let site = Site::new(layer);
        let mut browser = site.browser();
        assert_eq!(browser.me().await, "nobody", "{storage}");
        browser.post("/login?as=alice").await;
        assert_eq!(browser.me().await, "alice", "{storage}");

        let cookie = browser.cookie.clone();
        let answer = browser.post("/logout").await;
        assert!(
            answer.sets_cookie() && browser.cookie.is_none(),
            "{storage}: the cookie is removed"
        );
        browser.cookie = cookie;
        assert_eq!(browser.me().await, "nobody", "{storage}: and worth nothing");
    }
}

/// As whoever saves axum a box adds them.
#[tokio::test]
async fn both_layers_in_one_know_who_is_logged_in() {
    for (storage, sessions) in layers().await {
        let accounts = Accounts::new();
        let enter = async |auth: Auth<Accounts>, accounts: Extension<Accounts>| {
            auth.login(&accounts.get("alice")).await
        };
        let router = Router::new()
            .route("/enter", post(enter))
            .route(
                "/me",
                get(async |RequireLogin(user): RequireLogin<Accounts>| user.name),
            )
            .layer((sessions, AuthLayer::new(accounts.clone())))
            .layer(Extension(accounts));
        let mut browser = Browser::new(router);
        assert_eq!(browser.get("/me").await.status, StatusCode::SEE_OTHER);
        browser.post("/enter").await;
        assert_eq!(browser.me().await, "alice", "{storage}");
    }
}

#[tokio::test]
async fn the_id_changes_at_every_login_and_the_old_one_is_dead() {
    for (storage, layer) in layers().await {
        let site = Site::new(layer);
        let mut browser = site.browser();
        browser.post("/value?key=cart&value=apples").await;
        let mut cookies = vec![browser.cookie.clone().expect("a session before the login")];
        for name in ["alice", "alice", "bob"] {
            browser.post(&format!("/login?as={name}")).await;
            cookies.push(browser.cookie.clone().unwrap());
            assert_eq!(browser.me().await, name, "{storage}");
        }
        assert_eq!(cookies.iter().collect::<HashSet<_>>().len(), 4, "{storage}");

        cookies.pop();
        for old in cookies {
            browser.cookie = Some(old);
            assert_eq!(browser.me().await, "nobody", "{storage}");
            assert_eq!(
                browser.get("/value?key=cart").await.text,
                "nothing",
                "{storage}"
            );
        }
    }
}

#[tokio::test]
async fn a_login_keeps_the_data_of_the_same_person_and_of_the_visitor_but_never_somebody_elses() {
    for (storage, layer) in layers().await {
        let site = Site::new(layer);
        let mut browser = site.browser();
        browser.post("/value?key=cart&value=apples").await;
        browser.post("/login?as=alice").await;
        assert_eq!(
            browser.get("/value?key=cart").await.text,
            "apples",
            "{storage}: a visitor's is kept"
        );
        browser.post("/login?as=alice").await;
        assert_eq!(
            browser.get("/value?key=cart").await.text,
            "apples",
            "{storage}: one's own is kept"
        );
        browser.post("/login?as=bob").await;
        assert_eq!(
            browser.get("/value?key=cart").await.text,
            "nothing",
            "{storage}: bob gets none of alice's"
        );
        assert_eq!(browser.me().await, "bob");
    }
}

#[tokio::test]
async fn data_of_a_login_that_no_longer_counts_is_wiped_when_somebody_else_logs_in() {
    for (storage, layer) in layers().await {
        let site = Site::new(layer);
        let mut browser = site.logged_in("alice").await;
        browser.post("/value?key=cart&value=apples").await;
        site.accounts.disable("alice");
        assert_eq!(browser.me().await, "nobody", "{storage}");
        browser.post("/login?as=bob").await;
        assert_eq!(
            browser.get("/value?key=cart").await.text,
            "nothing",
            "{storage}"
        );
    }
}

#[tokio::test]
async fn what_the_next_person_writes_while_logging_in_is_kept_even_if_it_was_there_before() {
    async fn login_and_write(
        auth: Auth<Accounts>,
        accounts: Extension<Accounts>,
        session: session_auth::Session,
    ) -> Result<(), AuthError> {
        auth.login(&accounts.get("bob")).await?;
        session.insert("theme", "dark").await.unwrap();
        Ok(())
    }
    for (storage, layer) in layers().await {
        let routes = Router::new().route("/login-and-write", post(login_and_write));
        let site = Site::with(layer, |auth| auth, routes);
        let mut browser = site.logged_in("alice").await;
        browser.post("/value?key=theme&value=dark").await;
        browser.post("/value?key=cart&value=apples").await;
        browser.post("/login-and-write").await;
        assert_eq!(
            browser.get("/value?key=theme").await.text,
            "dark",
            "{storage}"
        );
        assert_eq!(
            browser.get("/value?key=cart").await.text,
            "nothing",
            "{storage}"
        );
    }
}

/// Logs in, and waits until all the others have, before any of the answers exists.
async fn login_together(
    auth: Auth<Accounts>,
    accounts: Extension<Accounts>,
    all: Extension<Arc<Barrier>>,
) -> Result<(), AuthError> {
    auth.login(&accounts.get("alice")).await?;
    all.wait().await;
    Ok(())
}

#[tokio::test]
async fn twenty_parallel_logins_with_one_cookie_give_twenty_live_and_different_ids() {
    for (storage, layer) in layers().await {
        let together = Router::new()
            .route("/together", post(login_together))
            .layer(Extension(Arc::new(Barrier::new(20))));
        let site = Site::with(layer, |auth| auth, together);
        let mut browser = site.browser();
        browser.post("/value?key=cart&value=apples").await;
        let before = browser.cookie.clone().unwrap();

        let logins = (0..20).map(|_| {
            let mut browser = browser.clone();
            tokio::spawn(async move {
                assert_eq!(browser.post("/together").await.status, StatusCode::OK);
                browser
            })
        });
        let logins: Vec<_> = logins.collect();
        let mut ids = HashSet::from([before]);
        for login in logins {
            let mut browser = login.await.unwrap();
            assert_eq!(browser.me().await, "alice", "{storage}");
            assert!(
                ids.insert(browser.cookie.unwrap()),
                "{storage}: an id was given twice"
            );
        }
        assert_eq!(
            browser.me().await,
            "nobody",
            "{storage}: the id from before the login is dead"
        );
    }
}

#[tokio::test]
async fn a_login_whose_answer_is_a_5xx_was_none() {
    for (storage, layer) in layers().await {
        let site = Site::new(layer);
        let mut browser = site.browser();
        browser.post("/value?key=cart&value=apples").await;
        let cookie = browser.cookie.clone();
        let answer = browser.post("/login?as=alice&status=500").await;
        assert!(!answer.sets_cookie(), "{storage}");
        assert_eq!(browser.cookie, cookie);
        assert_eq!(browser.me().await, "nobody", "{storage}");
        assert_eq!(
            browser.get("/value?key=cart").await.text,
            "apples",
            "{storage}: the old id still works"
        );

        browser.post("/login?as=alice&status=404").await;
        assert_eq!(
            browser.me().await,
            "alice",
            "{storage}: the control, a 4xx is an answer"
        );
    }
}

#[tokio::test]
async fn who_is_disabled_is_out_at_the_next_request_and_back_when_enabled() {
    for (storage, layer) in layers().await {
        let site = Site::new(layer);
        let mut browser = site.logged_in("alice").await;
        let alice = site.accounts.get("alice");
        site.accounts.disable("alice");
        assert_eq!(browser.me().await, "nobody", "{storage}");
        assert_eq!(
            browser.get("/private").await.status,
            StatusCode::SEE_OTHER,
            "{storage}"
        );
        site.accounts.put(alice);
        assert_eq!(
            browser.me().await,
            "alice",
            "{storage}: nothing was deleted"
        );
    }
}

#[tokio::test]
async fn a_changed_stamp_makes_a_visitor_and_deletes_nothing() {
    for (storage, layer) in layers().await {
        let site = Site::new(layer);
        let mut browser = site.logged_in("alice").await;
        browser.post("/value?key=draft&value=words").await;
        let alice = site.accounts.get("alice");
        site.accounts.put(crate::site::User {
            epoch: 2,
            ..alice.clone()
        });
        let answer = browser.get("/me").await;
        assert_eq!(answer.text, "nobody", "{storage}");
        assert!(!answer.sets_cookie(), "{storage}");
        site.accounts.put(alice);
        assert_eq!(browser.me().await, "alice", "{storage}");
        assert_eq!(
            browser.get("/value?key=draft").await.text,
            "words",
            "{storage}"
        );
    }
}

#[tokio::test]
async fn a_password_change_renews_this_session_and_ends_every_other() {
    for (storage, layer) in layers().await {
        let site = Site::new(layer);
        let (mut here, mut there) = (site.logged_in("alice").await, site.logged_in("alice").await);
        here.post("/value?key=draft&value=words").await;
        let before = here.clone();
        assert_eq!(
            here.post("/renewal?as=alice").await.status,
            StatusCode::OK,
            "{storage}"
        );

        assert_eq!(here.me().await, "alice", "{storage}");
        assert_eq!(
            here.get("/value?key=draft").await.text,
            "words",
            "{storage}: its data is kept"
        );
        assert_ne!(here.cookie, before.cookie, "{storage}: its id is new");
        assert_eq!(
            before.clone().me().await,
            "nobody",
            "{storage}: its old id is dead"
        );
        assert_eq!(
            there.me().await,
            "nobody",
            "{storage}: the other session has ended"
        );
    }
}

#[tokio::test]
async fn only_ones_own_session_can_be_renewed() {
    for (storage, layer) in layers().await {
        let site = Site::new(layer);
        for mut browser in [site.browser(), site.logged_in("bob").await] {
            assert_eq!(
                browser.post("/renewal?as=alice").await.status,
                StatusCode::UNAUTHORIZED,
                "{storage}"
            );
            assert_ne!(browser.me().await, "alice", "{storage}");
        }
    }
}

#[tokio::test]
async fn a_session_that_a_password_change_has_ended_cannot_be_renewed() {
    for (storage, layer) in layers().await {
        let site = Site::new(layer);
        let (mut here, mut stolen) = (site.logged_in("alice").await, site.logged_in("alice").await);
        here.post("/renewal?as=alice").await;
        let refused = stolen.post("/renewal?as=alice").await;
        assert_eq!(refused.status, StatusCode::UNAUTHORIZED, "{storage}");
        assert_eq!(
            (here.me().await, stolen.me().await),
            ("alice".into(), "nobody".into()),
            "{storage}"
        );
    }
}

#[tokio::test]
async fn a_request_that_was_held_open_does_not_bring_a_logged_out_session_back() {
    for (storage, layer) in layers().await {
        for held_path in ["/held", "/held?save"] {
            let site = Site::new(layer.clone());
            let mut browser = site.logged_in("alice").await;
            let mut held = browser.clone();
            let cookie = browser.cookie.clone();
            let held = tokio::spawn(async move { held.post(held_path).await });

            site.gate.wait().await;
            assert_eq!(
                browser.post("/logout").await.status,
                StatusCode::OK,
                "{storage}"
            );
            site.gate.wait().await;
            let late = held.await.unwrap();
            assert!(!late.sets_cookie(), "{storage}: a late save sets no cookie");
            browser.cookie = cookie;
            assert_eq!(browser.me().await, "nobody", "{storage}");
            assert_eq!(
                browser.get("/value?key=after").await.text,
                "nothing",
                "{storage}"
            );
        }
    }
}

#[tokio::test]
async fn a_request_that_was_held_open_is_saved_when_nobody_logs_out() {
    for (storage, layer) in layers().await {
        let site = Site::new(layer);
        let mut browser = site.logged_in("alice").await;
        let mut held = browser.clone();
        let held = tokio::spawn(async move { held.post("/held").await });
        site.gate.wait().await;
        browser.post("/value?key=meanwhile&value=y").await;
        site.gate.wait().await;
        held.await.unwrap();
        for (key, value) in [("before", "x"), ("after", "x"), ("meanwhile", "y")] {
            assert_eq!(
                browser.get(&format!("/value?key={key}")).await.text,
                value,
                "{storage}: {key}"
            );
        }
    }
}

#[tokio::test]
async fn logging_out_everywhere_else_ends_the_others_and_keeps_this_one() {
    for (storage, layer) in layers().await {
        let site = Site::new(layer);
        let (mut here, mut there) = (site.logged_in("alice").await, site.logged_in("alice").await);
        let mut bob = site.logged_in("bob").await;
        assert_eq!(there.get("/validity").await.text, "true", "{storage}");
        assert_eq!(
            here.post("/others").await.status,
            StatusCode::OK,
            "{storage}"
        );
        assert_eq!(here.me().await, "alice", "{storage}");
        assert_eq!(there.me().await, "nobody", "{storage}");
        assert_eq!(there.get("/validity").await.text, "false", "{storage}");
        assert_eq!(bob.me().await, "bob", "{storage}");
        assert_eq!(
            site.browser().post("/others").await.status,
            StatusCode::UNAUTHORIZED,
            "{storage}"
        );
    }
}

/// Asks whether the login is still valid after the test has come to the gate and gone on.
async fn validity_at_the_gate(
    auth: Auth<Accounts>,
    gate: Extension<crate::site::Gate>,
) -> Result<String, AuthError> {
    let before = auth.user().await?.is_some();
    gate.wait().await;
    gate.wait().await;
    Ok(format!("{before} {}", auth.still_valid().await?))
}

#[tokio::test]
async fn a_stream_can_ask_whether_its_login_still_stands() {
    for (storage, layer) in layers().await {
        let stream = Router::new().route("/stream", post(validity_at_the_gate));
        let site = Site::with(layer, |auth| auth, stream);
        for (path, verdict) in [("/me", "true true"), ("/logout", "true false")] {
            let mut browser = site.logged_in("alice").await;
            let mut stream = browser.clone();
            let stream = tokio::spawn(async move { stream.post("/stream").await.text });
            site.gate.wait().await;
            browser.post(path).await;
            site.gate.wait().await;
            assert_eq!(stream.await.unwrap(), verdict, "{storage}: {path}");
        }
    }
}

#[tokio::test]
async fn remembering_makes_the_cookie_outlive_the_browser() {
    for (storage, layer) in layers().await {
        let site = Site::new(layer);
        for (path, outlives) in [
            ("/login?as=alice", false),
            ("/login?as=alice&remember", true),
        ] {
            let answer = site.browser().post(path).await;
            let cookie = answer.header(header::SET_COOKIE).unwrap();
            assert_eq!(cookie.contains("Max-Age="), outlives, "{storage}: {cookie}");
        }
    }
}

#[tokio::test]
async fn a_directory_that_fails_closes_the_door_and_logs_nobody_out() {
    for (storage, layer) in layers().await {
        let site = Site::new(layer);
        let mut browser = site.logged_in("alice").await;
        site.accounts.go_away(true);
        for path in ["/me", "/private"] {
            let answer = browser.get(path).await;
            assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE, "{storage}");
            assert!(
                answer.headers.contains_key(header::RETRY_AFTER) && !answer.sets_cookie(),
                "{storage}"
            );
            assert!(
                !answer.text.contains("away"),
                "{storage}: the cause is for the log"
            );
        }
        assert_eq!(
            site.browser().me().await,
            "nobody",
            "{storage}: a visitor is served"
        );
        site.accounts.go_away(false);
        assert_eq!(browser.me().await, "alice", "{storage}");
    }
}

#[tokio::test]
async fn a_directory_that_finds_loosely_mixes_nobody_up() {
    for (storage, layer) in layers().await {
        let site = Site::new(layer);
        site.accounts.put(crate::site::User {
            name: "ALICE".into(),
            ..site.accounts.get("alice")
        });
        let mut browser = site.logged_in("ALICE").await;
        assert_eq!(
            browser.me().await,
            "nobody",
            "{storage}: it finds alice, who is not ALICE"
        );
    }
}

#[tokio::test]
async fn a_user_is_looked_up_once_per_request_and_never_for_a_visitor() {
    async fn thrice(
        auth: Auth<Accounts>,
        first: Option<session_auth::RequireLogin<Accounts>>,
        _second: Option<session_auth::RequireLogin<Accounts>>,
    ) -> Result<String, AuthError> {
        auth.user().await?;
        Ok(first.map_or_else(|| "nobody".into(), |user| user.0.name))
    }
    for (storage, layer) in layers().await {
        let site = Site::with(
            layer,
            |auth| auth,
            Router::new().route("/thrice", post(thrice)),
        );
        let mut browser = site.logged_in("alice").await;
        let before = site.accounts.asked();
        assert_eq!(browser.post("/thrice").await.text, "alice", "{storage}");
        assert_eq!(site.accounts.asked() - before, 1, "{storage}");
        assert_eq!(
            site.browser().post("/thrice").await.text,
            "nobody",
            "{storage}"
        );
        assert_eq!(site.accounts.asked() - before, 1, "{storage}");
    }
}

#[tokio::test]
async fn a_login_shows_in_the_very_request_that_makes_it() {
    async fn come_and_go(
        auth: Auth<Accounts>,
        accounts: Extension<Accounts>,
    ) -> Result<String, AuthError> {
        let mut seen = Vec::new();
        for step in 0..3 {
            match step {
                0 => {}
                1 => auth.login(&accounts.get("alice")).await?,
                _ => auth.logout().await?,
            }
            seen.push(
                auth.user()
                    .await?
                    .map_or_else(|| "nobody".to_owned(), |user| user.name),
            );
        }
        Ok(seen.join(" "))
    }
    for (storage, layer) in layers().await {
        let site = Site::with(
            layer,
            |auth| auth,
            Router::new().route("/come-and-go", post(come_and_go)),
        );
        let mut browser = site.browser();
        assert_eq!(
            browser.post("/come-and-go").await.text,
            "nobody alice nobody",
            "{storage}"
        );
        assert_eq!(browser.me().await, "nobody", "{storage}");
    }
}

#[tokio::test]
async fn a_missing_layer_is_named_and_nobody_is_let_in() {
    use axum::routing::get;
    use session_auth::{MemoryStorage, RequireLogin};

    async fn secret(_user: RequireLogin<Accounts>) -> &'static str {
        "secret"
    }
    async fn open(_user: Option<RequireLogin<Accounts>>) -> &'static str {
        "open"
    }
    let routes = || {
        Router::new()
            .route("/secret", get(secret))
            .route("/open", get(open))
    };
    let auth = || AuthLayer::new(Accounts::new());
    let sessions = || SessionLayer::new(MemoryStorage::new());
    for (router, name) in [
        (routes(), "AuthLayer"),
        (routes().layer(sessions()), "AuthLayer"),
        (routes().layer(auth()), "SessionLayer"),
        (routes().layer(sessions()).layer(auth()), "SessionLayer"),
    ] {
        let site = Site {
            router,
            ..Site::new(sessions())
        };
        for path in ["/secret", "/open"] {
            let answer = site.browser().get(path).await;
            assert_eq!(answer.status, StatusCode::INTERNAL_SERVER_ERROR);
            assert!(answer.text.contains(name), "{}", answer.text);
        }
    }
    let site = Site {
        router: routes().layer(auth()).layer(sessions()),
        ..Site::new(sessions())
    };
    assert_eq!(
        site.browser().get("/open").await.status,
        StatusCode::OK,
        "the control"
    );
}
