//! The example `minimal`, over HTTP on a socket: what the tutorial shows, it does.

use crate::socket::{Visitor, start};

#[path = "../../examples/minimal.rs"]
#[allow(
    dead_code,
    unreachable_pub,
    reason = "here it is a module, and its main is not called"
)]
mod example;

#[tokio::test]
async fn one_writes_logs_in_comes_back_and_logs_out() {
    let site = start(example::app().await).await;
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

    let right = "login=alice&password=correct+horse";
    let logged_in = visitor.submit(site, login_page, right).await;
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
    let site = start(example::app().await).await;
    let answer = Visitor::default().get(site, "/logout").await;
    assert_eq!(answer.status(), 405);
}
