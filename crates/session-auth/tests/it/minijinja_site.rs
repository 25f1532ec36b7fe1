//! The example `minijinja_site`, over HTTP on a socket: what templates say of a person, no handler gave them.

use std::net::SocketAddr;
use std::time::Duration;

use session_auth::testing::{advance, now};
use session_auth::{MemoryStorage, SessionLayer};

use crate::socket::{Visitor, a_guesser_has_to_wait, start};

#[path = "../../examples/minijinja_site.rs"]
#[allow(
    dead_code,
    unreachable_pub,
    reason = "here it is a module, and its main is not called"
)]
mod example;

const CREDENTIALS: &str = "login=alice&password=correct+horse";

async fn site() -> SocketAddr {
    let sessions = SessionLayer::new(MemoryStorage::new()).plain_http();
    start(example::app(sessions.clock(now)).await).await
}

#[tokio::test]
async fn the_header_names_who_is_logged_in_and_a_message_shows_once() {
    let site = site().await;
    let mut alice = Visitor::default();
    let index = alice.get(site, "/").await;
    assert!(index.body.contains("[Anonymous]"), "{}", index.body);
    let refused = alice
        .submit(site, "/login", "login=alice&password=wrong+horse")
        .await;
    assert_eq!(refused.status(), 422);
    assert!(refused.body.contains("Name or password is wrong."));

    assert_eq!(
        alice.submit(site, "/login", CREDENTIALS).await.status(),
        303
    );
    let kept = alice.submit(site, "/notes", "note=%3Cb%3Emilk").await;
    assert_eq!((kept.status(), kept.header("location")), (303, Some("/")));
    let first = alice.get(site, "/").await.body;
    assert!(first.contains("[alice]"), "{first}");
    assert!(first.contains("Kept: &lt;b&gt;milk"), "escaped: {first}");
    let second = alice.get(site, "/").await.body;
    assert!(
        second.contains("[alice]") && !second.contains("Kept"),
        "{second}"
    );

    let index = alice.get(site, "/").await;
    assert_eq!(index.header("vary"), Some("Cookie"));
    let about = alice.get(site, "/about").await;
    assert_eq!(
        (about.status(), about.header("vary")),
        (200, None),
        "a page that names nobody asks for no session"
    );
    alice.submit(site, "/logout", "").await;
    assert!(alice.get(site, "/").await.body.contains("[Anonymous]"));
}

#[tokio::test]
async fn the_page_of_sessions_ends_another_one() {
    let site = site().await;
    let (mut here, mut there) = (Visitor::default(), Visitor::default());
    for visitor in [&mut here, &mut there] {
        visitor.submit(site, "/login", CREDENTIALS).await;
    }
    let page = here.get(site, "/sessions").await.body;
    let mut buttons = page.split("<li>").skip(1);
    assert_eq!(buttons.clone().count(), 2, "{page}");
    let other = buttons.find(|line| !line.contains("this one")).unwrap();
    let id = other
        .split("value=\"")
        .nth(1)
        .unwrap()
        .split('"')
        .next()
        .unwrap();
    here.submit(site, "/sessions/revoke", &format!("id={id}"))
        .await;
    assert!(there.get(site, "/").await.body.contains("[Anonymous]"));
    assert!(here.get(site, "/").await.body.contains("[alice]"));

    here.submit(site, "/sessions/revoke", &format!("id={id}"))
        .await;
    let page = here.get(site, "/sessions").await.body;
    assert!(page.contains("That session is gone."), "{page}");
}

#[tokio::test]
async fn an_old_login_is_asked_again_on_the_way_and_goes_on() {
    let site = site().await;
    let mut alice = Visitor::default();
    alice.submit(site, "/login", CREDENTIALS).await;
    assert_eq!(alice.get(site, "/keys").await.status(), 200);
    advance(Duration::from_secs(600));
    let asked = alice.get(site, "/keys").await;
    let page = asked.header("location").unwrap();
    assert_eq!(page, "/login?confirm=1&next=/keys");
    let form = alice.get(site, page).await.body;
    assert!(form.contains("Confirm that it is you"), "{form}");
    let action = form
        .split("action=\"")
        .nth(1)
        .unwrap()
        .split('"')
        .next()
        .unwrap();
    // The browser reads the escapes of HTML.
    let action = action.replace("&#x2f;", "/").replace("&amp;", "&");
    let confirmed = alice.submit(site, &action, CREDENTIALS).await;
    assert_eq!(
        confirmed.header("location"),
        Some("/keys"),
        "{}",
        confirmed.body
    );
    assert_eq!(alice.get(site, "/keys").await.status(), 200);
}

#[tokio::test]
async fn a_guesser_is_told_how_long_to_wait() {
    a_guesser_has_to_wait(site().await).await;
}
