//! The example `live_updates`, over HTTP on a socket: streams and sockets serve who is logged in, and nobody any longer.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::socket::{Visitor, a_guesser_has_to_wait, start};

#[path = "../../examples/live_updates.rs"]
#[allow(
    dead_code,
    unreachable_pub,
    reason = "here it is a module, and its main is not called"
)]
mod example;

/// So long a login may be outlived.
const AFTER_LOGOUT: Duration = Duration::from_secs(5);

/// A connection that stays.
struct Live(TcpStream);

impl Live {
    async fn open(site: SocketAddr, path: &str, cookie: &str) -> Self {
        let mut stream = TcpStream::connect(site).await.unwrap();
        let request = format!(
            "GET {path} HTTP/1.1\r\nhost: localhost\r\ncookie: {cookie}\r\naccept: text/html\r\n\
             connection: Upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\n\
             sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        );
        stream.write_all(request.as_bytes()).await.unwrap();
        Self(stream)
    }

    /// What has come when it contains this.
    async fn until(&mut self, part: &[u8]) -> Vec<u8> {
        let mut read = Vec::new();
        while !read.windows(part.len()).any(|window| window == part) {
            let more = timeout(AFTER_LOGOUT, self.0.read_buf(&mut read));
            let count = more.await.expect("it came in time").unwrap();
            assert!(
                count > 0,
                "closed after {:?}",
                String::from_utf8_lossy(&read)
            );
        }
        read
    }

    async fn closes(mut self) {
        self.0.read_to_end(&mut Vec::new()).await.unwrap();
    }
}

async fn logged_in(site: SocketAddr) -> Visitor {
    let mut visitor = Visitor::default();
    let form = "login=alice&password=correct+horse";
    assert_eq!(visitor.submit(site, "/login", form).await.status(), 303);
    visitor
}

#[tokio::test]
async fn a_socket_and_a_stream_end_within_seconds_of_the_logout_and_not_before() {
    let site = start(example::app().await).await;
    let mut visitor = logged_in(site).await;
    let mut socket = Live::open(site, "/socket", &visitor.cookie).await;
    let mut events = Live::open(site, "/events", &visitor.cookie).await;
    let head = String::from_utf8(socket.until(b"\r\n\r\n").await).unwrap();
    assert!(head.starts_with("HTTP/1.1 101 "), "{head}");
    let head = String::from_utf8(events.until(b"watched for 2 s").await).unwrap();
    assert!(head.starts_with("HTTP/1.1 200 "), "{head}");

    // Whoever is still logged in is still served, also after it was asked whether they are.
    events.until(b"watched for 4 s").await;
    // A masked text frame of four bytes, as browsers send them.
    let echo = [0x81, 0x84, 0, 0, 0, 0, b'e', b'c', b'h', b'o'];
    socket.0.write_all(&echo).await.unwrap();
    socket.until(b"echo").await;

    assert_eq!(visitor.submit(site, "/logout", "").await.status(), 303);
    // The connection of the stream may serve another request; the stream itself is over with an empty chunk.
    let ended = async {
        tokio::join!(socket.closes(), events.until(b"\r\n0\r\n\r\n"));
    };
    timeout(AFTER_LOGOUT, ended).await.expect("both have ended");
}

#[tokio::test]
async fn a_visitor_gets_no_stream_and_no_socket() {
    let site = start(example::app().await).await;
    for path in ["/events", "/socket"] {
        let mut refused =
            Live::open(site, path, "gatepost-dev=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA").await;
        let head = String::from_utf8(refused.until(b"\r\n\r\n").await).unwrap();
        assert!(head.starts_with("HTTP/1.1 303 "), "{path}: {head}");
    }
}

#[tokio::test]
async fn a_guesser_is_told_how_long_to_wait() {
    a_guesser_has_to_wait(start(example::app().await).await).await;
}
