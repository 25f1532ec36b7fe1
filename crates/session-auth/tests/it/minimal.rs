//! The example `minimal`, over HTTP on a socket: what the tutorial shows, it does.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};

#[path = "../../examples/minimal.rs"]
#[allow(
    dead_code,
    unreachable_pub,
    reason = "here it is a module, and its main is not called"
)]
mod example;

/// Starts the example's site on a free port.
async fn start() -> SocketAddr {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let app = example::app()
        .await
        .into_make_service_with_connect_info::<SocketAddr>();
    tokio::spawn(async move { axum::serve(listener, app).await });
    address
}

/// Status line and headers, and the body.
async fn ask(address: SocketAddr, request: &str, cookie: &str, form: &str) -> (String, String) {
    let request = format!(
        "{request} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncookie: {cookie}\r\n\
         content-type: application/x-www-form-urlencoded\r\ncontent-length: {}\r\n\r\n{form}",
        form.len()
    );
    tokio::task::spawn_blocking(move || {
        let mut stream = TcpStream::connect(address).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        (head.to_owned(), body.to_owned())
    })
    .await
    .unwrap()
}

fn header<'h>(head: &'h str, name: &str) -> Option<&'h str> {
    head.lines()
        .find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
}

#[tokio::test]
async fn one_writes_logs_in_comes_back_and_logs_out() {
    let site = start().await;
    let (_, index) = ask(site, "GET /", "", "").await;
    assert!(index.contains("[Anonymous]"), "{index}");

    let (sent_away, _) = ask(site, "GET /new?draft=1", "", "").await;
    assert!(sent_away.starts_with("HTTP/1.1 303"), "{sent_away}");
    let login_page = header(&sent_away, "location").unwrap();
    assert_eq!(login_page, "/login?next=/new%3Fdraft%3D1");
    let (_, form) = ask(site, &format!("GET {login_page}"), "", "").await;
    assert!(form.contains(&format!("action=\"{login_page}\"")), "{form}");

    let login = format!("POST {login_page}");
    let (refused, page) = ask(site, &login, "", "login=alice&password=wrong+horse").await;
    assert!(
        refused.starts_with("HTTP/1.1 422") && page.contains("Name or password is wrong."),
        "{page}"
    );
    assert_eq!(header(&refused, "set-cookie"), None);

    let (logged_in, _) = ask(site, &login, "", "login=alice&password=correct+horse").await;
    assert!(logged_in.starts_with("HTTP/1.1 303"), "{logged_in}");
    assert_eq!(header(&logged_in, "location"), Some("/new?draft=1"));
    let cookie = header(&logged_in, "set-cookie")
        .unwrap()
        .split(';')
        .next()
        .unwrap()
        .to_owned();

    let (_, page) = ask(site, "GET /new?draft=1", &cookie, "").await;
    assert!(page.contains("Write something, alice!"), "{page}");
    let (_, index) = ask(site, "GET /", &cookie, "").await;
    assert!(index.contains("[alice]"), "{index}");

    let (logged_out, _) = ask(site, "POST /logout", &cookie, "").await;
    assert!(logged_out.starts_with("HTTP/1.1 303"), "{logged_out}");
    let (_, index) = ask(site, "GET /", &cookie, "").await;
    assert!(
        index.contains("[Anonymous]"),
        "the old cookie is worth nothing: {index}"
    );
}

#[tokio::test]
async fn a_logout_is_not_to_be_had_by_following_a_link() {
    let site = start().await;
    let (head, _) = ask(site, "GET /logout", "", "").await;
    assert!(head.starts_with("HTTP/1.1 405"), "{head}");
}
