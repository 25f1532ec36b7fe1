//! The accept loop against clients that are slow, many, or never done.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::routing::{get, post};
use bytes::Bytes;
use futures_util::stream;
use gatepost::server::{Limits, serve};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, mpsc};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::support::Site;

/// Longer than anything here takes; only a broken server makes a test wait for it.
const PATIENCE: Duration = Duration::from_secs(20);

/// So short that a test is quick; the other limits stay long, so that only the one under test can be what cut.
const SHORT: Duration = Duration::from_millis(150);

struct Running {
    address: SocketAddr,
    shutdown: CancellationToken,
    server: JoinHandle<()>,
}

impl Running {
    async fn start<S>(service: S, limits: Limits) -> Self
    where
        S: tower::Service<
                http::Request<Body>,
                Response = http::Response<Body>,
                Error = std::convert::Infallible,
            > + Clone
            + Send
            + 'static,
        S::Future: Send + 'static,
    {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let shutdown = CancellationToken::new();
        let server = tokio::spawn(serve(listener, service, limits, shutdown.clone()));
        Self {
            address,
            shutdown,
            server,
        }
    }

    async fn send(&self, bytes: impl AsRef<[u8]>) -> TcpStream {
        let mut client = TcpStream::connect(self.address).await.unwrap();
        client.write_all(bytes.as_ref()).await.unwrap();
        client
    }

    async fn ended(self) {
        tokio::time::timeout(PATIENCE, self.server)
            .await
            .expect("the server ends in time")
            .unwrap();
    }
}

/// Everything until the server hangs up.
async fn rest(client: &mut TcpStream) -> String {
    let mut answer = Vec::new();
    let read = tokio::time::timeout(PATIENCE, client.read_to_end(&mut answer)).await;
    let _ = read.expect("the server hangs up"); // A reset is also an end.
    String::from_utf8_lossy(&answer).into_owned()
}

const GET: &str = "GET / HTTP/1.1\r\nhost: blog.test\r\nconnection: close\r\n\r\n";

fn hello() -> Router {
    Router::new().route("/", get(async || "hello").post(async |body: String| body))
}

/// A page that is ready when the test says so, and tells when somebody waits for it.
fn held() -> (Router, mpsc::UnboundedReceiver<()>, Arc<Notify>) {
    let (arrived, arrivals) = mpsc::unbounded_channel();
    let release = Arc::new(Notify::new());
    let gate = Arc::clone(&release);
    let page = get(async move || {
        arrived.send(()).unwrap();
        gate.notified().await;
        "finished"
    });
    (Router::new().route("/", page), arrivals, release)
}

#[tokio::test]
async fn a_client_that_sends_its_headers_slowly_or_not_at_all_is_cut() {
    let server = Running::start(
        hello(),
        Limits {
            header: SHORT,
            ..Limits::default()
        },
    )
    .await;
    for beginning in ["", "P", "PRI", "GET / HTTP/1.1\r\nhost: bl"] {
        let mut client = server.send(beginning).await;
        let answer = rest(&mut client).await;
        assert!(!answer.contains("hello"), "{answer}");
    }
    assert!(
        rest(&mut server.send(GET).await).await.ends_with("hello"),
        "a whole request is answered"
    );
}

#[tokio::test]
async fn a_kept_connection_that_asks_no_more_is_cut() {
    let server = Running::start(
        hello(),
        Limits {
            header: SHORT,
            ..Limits::default()
        },
    )
    .await;
    let mut client = server
        .send("GET / HTTP/1.1\r\nhost: blog.test\r\n\r\n")
        .await;
    assert!(rest(&mut client).await.ends_with("hello"));
}

#[tokio::test]
async fn two_requests_share_a_connection() {
    let server = Running::start(hello(), Limits::default()).await;
    let mut client = server
        .send(format!("GET / HTTP/1.1\r\nhost: blog.test\r\n\r\n{GET}"))
        .await;
    assert_eq!(rest(&mut client).await.matches("hello").count(), 2);
}

#[tokio::test]
async fn a_body_that_trickles_for_ever_is_cut() {
    let server = Running::start(
        hello(),
        Limits {
            body: SHORT,
            ..Limits::default()
        },
    )
    .await;
    let head = "POST / HTTP/1.1\r\nhost: blog.test\r\ncontent-length: 100000\r\n\r\n";
    let (mut reader, mut writer) = server.send(head).await.into_split();
    let trickle = tokio::spawn(async move {
        let mut pace = tokio::time::interval(SHORT / 10); // At this pace the body would take minutes.
        while writer.write_all(b"a").await.is_ok() {
            pace.tick().await;
        }
    });
    let mut answer = Vec::new();
    let read = tokio::time::timeout(PATIENCE, reader.read_to_end(&mut answer)).await;
    let _ = read.expect("the server hangs up");
    trickle.abort();
    assert!(!String::from_utf8_lossy(&answer).contains("200 OK"));
}

struct TellsWhenDropped(mpsc::UnboundedSender<()>);

impl Drop for TellsWhenDropped {
    fn drop(&mut self) {
        let _ = self.0.send(());
    }
}

#[tokio::test]
async fn a_client_that_does_not_take_its_answer_is_cut() {
    let (dropped, mut drops) = mpsc::unbounded_channel();
    let endless = get(async move || {
        let chunk = Bytes::from(vec![b'a'; 64 * 1024]);
        let held = TellsWhenDropped(dropped);
        Body::from_stream(stream::unfold(held, move |held| {
            let chunk = chunk.clone();
            async move { Some((Ok::<_, std::io::Error>(chunk), held)) }
        }))
    });
    let limits = Limits {
        write_pause: SHORT,
        ..Limits::default()
    };
    let server = Running::start(Router::new().route("/", endless), limits).await;
    let _client = server.send(GET).await;
    let dropped = tokio::time::timeout(PATIENCE, drops.recv()).await;
    assert_eq!(
        dropped,
        Ok(Some(())),
        "the answer is dropped while the client still holds its end"
    );
}

#[tokio::test]
async fn beyond_the_cap_a_client_is_told_to_come_back() {
    let (page, mut arrivals, release) = held();
    let server = Running::start(
        page,
        Limits {
            connections: 1,
            ..Limits::default()
        },
    )
    .await;
    let mut first = server.send(GET).await;
    arrivals.recv().await.unwrap();
    let turned_away = rest(&mut server.send(GET).await).await;
    assert!(
        turned_away.starts_with("HTTP/1.1 503 ") && turned_away.contains("retry-after: 2"),
        "{turned_away}"
    );
    release.notify_one();
    assert!(rest(&mut first).await.ends_with("finished"));
    // The place is free again as soon as the server has noticed; until then it keeps saying so.
    release.notify_one();
    while !rest(&mut server.send(GET).await)
        .await
        .ends_with("finished")
    {}
}

#[tokio::test]
async fn a_request_under_way_is_finished_before_the_end() {
    let (page, mut arrivals, release) = held();
    let server = Running::start(page, Limits::default()).await;
    let mut client = server.send(GET).await;
    arrivals.recv().await.unwrap();
    server.shutdown.cancel();
    // The listener is closed in the same turn, so a refused connection shows that the order has been heard.
    while TcpStream::connect(server.address).await.is_ok() {}
    release.notify_one();
    assert!(rest(&mut client).await.ends_with("finished"));
    server.ended().await;
}

#[tokio::test]
async fn stuck_clients_do_not_hold_the_end_up() {
    let (page, mut arrivals, _release) = held();
    let limits = Limits {
        drain: SHORT,
        ..Limits::default()
    };
    let server = Running::start(page.route("/form", post(async |body: String| body)), limits).await;
    let _never_answered = server.send(GET).await;
    let _half_a_header = server.send("GET / HT").await;
    let _half_a_body = server
        .send("POST /form HTTP/1.1\r\nhost: blog.test\r\ncontent-length: 9\r\n\r\nabc")
        .await;
    let _silent = server.send("").await;
    arrivals.recv().await.unwrap();
    server.shutdown.cancel();
    server.ended().await;
}

#[tokio::test]
async fn http2_without_asking_is_understood() {
    let server = Running::start(hello(), Limits::default()).await;
    // Preface and an empty SETTINGS frame; the server's own SETTINGS frame (type 4, stream 0) comes first.
    let mut client = server
        .send(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0")
        .await;
    let mut frame = [0; 9];
    tokio::time::timeout(PATIENCE, client.read_exact(&mut frame))
        .await
        .expect("an answer")
        .unwrap();
    assert_eq!((frame[3], &frame[5..]), (4, &[0; 4][..]));
}
#[tokio::test]
async fn a_body_that_stops_coming_is_answered_408_in_the_sites_dress() {
    let site = Site::new().await;
    let limits = Limits {
        body_pause: SHORT,
        ..Limits::default()
    };
    let server = Running::start(site.service(), limits).await;
    let head = "POST /setup HTTP/1.1\r\nhost: blog.test\r\ncontent-length: 100\r\n\
                content-type: application/x-www-form-urlencoded\r\n\r\n";
    let answer = rest(&mut server.send(format!("{head}token=")).await).await;
    assert!(
        answer.starts_with("HTTP/1.1 408 ") && answer.contains("<h1>"),
        "{answer}"
    );
}

/// Sends a whole form of this many bytes, then reads; as browsers do, which see a reset and no page when the server has
/// hung up on the rest of what they were sending.
async fn post_form(server: &Running, bytes: usize) -> std::io::Result<String> {
    let head = format!(
        "POST /login HTTP/1.1\r\nhost: blog.test\r\nconnection: close\r\ncontent-length: {bytes}\r\n\
         content-type: application/x-www-form-urlencoded\r\n\r\n"
    );
    let mut client = server.send(head).await;
    client.write_all(&vec![b'a'; bytes]).await?;
    let mut answer = String::new();
    let read = tokio::time::timeout(PATIENCE, client.read_to_string(&mut answer)).await;
    read.expect("the server hangs up")?;
    Ok(answer)
}

#[tokio::test]
async fn a_refused_form_is_read_to_its_end_so_that_the_page_arrives() {
    let site = Site::new().await;
    let server = Running::start(site.service(), Limits::default()).await;
    let answer = post_form(&server, 8 * 1024 * 1024)
        .await
        .expect("the page arrives");
    assert!(
        answer.starts_with("HTTP/1.1 413 ") && answer.contains("<h1>"),
        "{answer}"
    );
}

#[tokio::test]
async fn beyond_every_reason_a_form_is_cut_off() {
    let site = Site::new().await;
    let limits = Limits {
        drained: 64 * 1024,
        ..Limits::default()
    };
    let server = Running::start(site.service(), limits).await;
    let sent = post_form(&server, 256 * 1024 * 1024).await;
    assert!(sent.is_err(), "the server does not take all of it");
}

#[tokio::test]
async fn a_client_that_waits_to_be_asked_for_its_body_is_not_asked_for_what_nobody_reads() {
    let server = Running::start(hello(), Limits::default()).await;
    let head = "POST /nowhere HTTP/1.1\r\nhost: blog.test\r\ncontent-length: 5\r\nexpect: 100-continue\r\n\r\n";
    let answer = rest(&mut server.send(head).await).await;
    assert!(answer.starts_with("HTTP/1.1 404 "), "{answer}");
}
