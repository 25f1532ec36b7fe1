//! The example `minimal`, over HTTP on a socket: what the tutorial shows, it does.

use std::net::SocketAddr;

use session_auth::password::PasswordHasher;

use crate::socket::{Reply, Visitor, a_guesser_has_to_wait, start};

#[path = "../../examples/minimal.rs"]
#[allow(
    dead_code,
    unreachable_pub,
    reason = "here it is a module, and its main is not called"
)]
mod example;

const RIGHT: &str = "login=alice&password=correct+horse";

fn hasher() -> PasswordHasher {
    PasswordHasher::new().cost(8, 1, 1)
}

async fn accounts(name: &str) -> example::Accounts {
    let accounts = example::Accounts::new(hasher());
    accounts.set_password(name, "correct horse").await.unwrap();
    accounts
}

async fn site() -> SocketAddr {
    start(example::app(accounts("alice").await)).await
}

#[tokio::test]
async fn one_writes_logs_in_comes_back_and_logs_out() {
    let site = site().await;
    let mut visitor = Visitor::default();
    let index = visitor.get(site, "/").await.body;
    assert!(index.contains("[Anonymous]"), "{index}");

    let sent_away = visitor.get(site, "/new?draft=1").await;
    assert_eq!(sent_away.status(), 303);
    let login_page = sent_away.header("location").unwrap();
    assert_eq!(login_page, "/login?next=/new%3Fdraft%3D1");
    let form = visitor.get(site, login_page).await.body;
    assert!(form.contains(&format!("action=\"{login_page}\"")), "{form}");

    let wrong = "login=alice&password=wrong+horse";
    let refused = visitor.submit(site, login_page, wrong).await;
    assert_eq!(refused.status(), 422);
    assert!(refused.body.contains("Name or password is wrong."));
    assert_eq!(refused.header("set-cookie"), None);

    let logged_in = visitor.submit(site, login_page, RIGHT).await;
    assert_eq!(logged_in.status(), 303);
    assert_eq!(logged_in.header("location"), Some("/new?draft=1"));

    let page = visitor.get(site, "/new?draft=1").await.body;
    assert!(page.contains("Write something, alice!"), "{page}");
    let index = visitor.get(site, "/").await.body;
    assert!(index.contains("[alice]"), "{index}");

    let mut copy = visitor.clone();
    assert_eq!(visitor.submit(site, "/logout", "").await.status(), 303);
    let index = copy.get(site, "/").await.body;
    assert!(
        index.contains("[Anonymous]"),
        "the old cookie is worth nothing: {index}"
    );
}

#[tokio::test]
async fn a_logout_is_not_to_be_had_by_following_a_link() {
    let site = site().await;
    let answer = Visitor::default().get(site, "/logout").await;
    assert_eq!(answer.status(), 405);
}

#[tokio::test]
async fn a_name_is_text_wherever_it_stands() {
    let name = "<i>\"O'Neil\" & co";
    let site = start(example::app(accounts(name).await)).await;
    let mut visitor = Visitor::default();
    let login = "login=%3Ci%3E%22O%27Neil%22+%26+co&password=correct+horse";
    assert_eq!(visitor.submit(site, "/login", login).await.status(), 303);
    for path in ["/", "/new"] {
        let page = visitor.get(site, path).await.body;
        assert!(!page.contains("<i>"), "{page}");
        let escaped = "&lt;i&gt;&quot;O&#39;Neil&quot; &amp; co";
        assert!(page.contains(escaped), "{page}");
    }
}

#[tokio::test]
async fn a_login_outlives_the_browser_when_it_is_told_to() {
    let site = site().await;
    let cookie = |reply: &Reply| reply.header("set-cookie").unwrap().to_owned();
    let session = Visitor::default().submit(site, "/login", RIGHT).await;
    assert!(!cookie(&session).contains("Max-Age"));
    let remembered = format!("{RIGHT}&remember=on");
    let remembered = Visitor::default().submit(site, "/login", &remembered).await;
    assert!(cookie(&remembered).contains("Max-Age=7776000"), "90 days");
}

#[tokio::test]
async fn a_guesser_is_told_how_long_to_wait() {
    a_guesser_has_to_wait(site().await).await;
}

#[tokio::test]
async fn a_new_password_ends_the_other_sessions_and_so_does_the_button() {
    let site = site().await;
    let [mut here, mut there] = [Visitor::default(), Visitor::default()];
    for visitor in [&mut here, &mut there] {
        visitor.submit(site, "/login", RIGHT).await;
    }
    assert_eq!(there.get(site, "/password").await.status(), 200);
    let short = here.submit(site, "/password", "password=short").await;
    assert_eq!(short.status(), 422);
    assert_eq!(
        there.get(site, "/new").await.status(),
        200,
        "nothing changed"
    );

    let old = here.cookie.clone();
    let new = "password=battery+staple";
    assert_eq!(here.submit(site, "/password", new).await.status(), 303);
    assert_ne!(here.cookie, old);
    assert_eq!(here.get(site, "/new").await.status(), 200);
    assert_eq!(there.get(site, "/new").await.status(), 303);
    assert_eq!(there.submit(site, "/login", RIGHT).await.status(), 422);

    let login = "login=alice&password=battery+staple";
    assert_eq!(there.submit(site, "/login", login).await.status(), 303);
    assert_eq!(here.submit(site, "/others-out", "").await.status(), 303);
    assert_eq!(here.get(site, "/new").await.status(), 200);
    assert_eq!(there.get(site, "/new").await.status(), 303);
    let visitor = Visitor::default().submit(site, "/others-out", "").await;
    assert_eq!(visitor.status(), 401);
}

/// The site is started again with a higher cost: the next login stores the new hash, and ends no session.
#[tokio::test]
async fn a_hash_at_a_new_cost_is_stored_once_and_logs_nobody_out() {
    let dear = PasswordHasher::new().cost(16, 1, 1);
    let mut accounts = accounts("alice").await;
    accounts.hasher = dear.clone();
    let site = start(example::app(accounts.clone())).await;
    let hash = async || accounts.with_hash("alice").await.unwrap().unwrap().0;
    let old = hash().await;
    assert!(dear.needs_rehash(&old));

    let mut visitor = Visitor::default();
    assert_eq!(visitor.submit(site, "/login", RIGHT).await.status(), 303);
    let new = hash().await;
    assert!(!dear.needs_rehash(&new));
    assert_eq!(visitor.get(site, "/new").await.status(), 200);

    let mut again = Visitor::default();
    assert_eq!(again.submit(site, "/login", RIGHT).await.status(), 303);
    assert!(hash().await == new, "there was nothing to hash again");
    assert_eq!(visitor.get(site, "/new").await.status(), 200);

    // One that comes late is not put in the place of a new password.
    let stale = accounts.with_hash("alice").await.unwrap().unwrap().1;
    accounts
        .set_password("alice", "battery staple")
        .await
        .unwrap();
    accounts.set_hash(&stale, old);
    assert!(dear.verify("battery staple", &hash().await).await.unwrap());
}
