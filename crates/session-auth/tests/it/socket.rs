//! Sites on a socket, as a browser meets them: for the examples.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};

use axum::Router;

/// Starts a site on a free port.
pub(crate) async fn start(site: Router) -> SocketAddr {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let site = site.into_make_service_with_connect_info::<SocketAddr>();
    tokio::spawn(async move { axum::serve(listener, site).await });
    address
}

/// What a site answered: the status line with the headers, and the body.
#[derive(Debug)]
pub(crate) struct Reply {
    head: String,
    pub(crate) body: String,
}

impl Reply {
    pub(crate) fn status(&self) -> u16 {
        let status = self.head.split(' ').nth(1);
        status.unwrap().parse().unwrap()
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.head
            .lines()
            .find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
    }
}

/// A browser with one cookie.
#[derive(Clone, Default)]
pub(crate) struct Visitor {
    pub(crate) cookie: String,
}

impl Visitor {
    pub(crate) async fn get(&mut self, site: SocketAddr, path: &str) -> Reply {
        self.send(site, &format!("GET {path}"), "accept: text/html", "")
            .await
    }

    pub(crate) async fn submit(&mut self, site: SocketAddr, path: &str, form: &str) -> Reply {
        let headers = "content-type: application/x-www-form-urlencoded";
        self.send(site, &format!("POST {path}"), headers, form)
            .await
    }

    /// Sends a request line without its version, some header lines, and a body.
    pub(crate) async fn send(
        &mut self,
        site: SocketAddr,
        request: &str,
        headers: &str,
        body: &str,
    ) -> Reply {
        let request = format!(
            "{request} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncookie: {}\r\n{headers}\r\n\
             content-length: {}\r\n\r\n{body}",
            self.cookie,
            body.len()
        );
        let exchange = move || {
            let mut stream = TcpStream::connect(site).unwrap();
            stream.write_all(request.as_bytes()).unwrap();
            let mut answer = String::new();
            stream.read_to_string(&mut answer).unwrap();
            let (head, body) = answer.split_once("\r\n\r\n").unwrap();
            Reply {
                head: head.to_owned(),
                body: body.to_owned(),
            }
        };
        let reply = tokio::task::spawn_blocking(exchange).await.unwrap();
        if let Some(cookie) = reply.header("set-cookie") {
            let pair = cookie.split(';').next().unwrap_or_default();
            let is_removal = cookie.contains("Max-Age=0");
            self.cookie = if is_removal {
                String::new()
            } else {
                pair.to_owned()
            };
        }
        reply
    }
}

/// Somebody guesses the password of `alice`, and is told how long to wait.
#[cfg(all(feature = "memory", feature = "password"))]
pub(crate) async fn a_guesser_has_to_wait(site: SocketAddr) {
    let wrong = "login=alice&password=wrong+horse";
    for _ in 0..100 {
        let answer = Visitor::default().submit(site, "/login", wrong).await;
        if answer.status() == 422 {
            assert_eq!(answer.header("retry-after"), None);
            continue;
        }
        assert_eq!(answer.status(), 429);
        let seconds = answer.header("retry-after").unwrap();
        assert!(seconds.parse::<u64>().unwrap() > 0, "{seconds}");
        return;
    }
    panic!("a hundred guesses, and no end");
}
