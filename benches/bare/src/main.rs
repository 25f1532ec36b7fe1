//! The server that Gatepost is measured against: axum, the same allocator and the same profile, and one answer, recorded
//! from Gatepost beforehand, given byte for byte from memory. It looks at nothing and looks nothing up.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode, header};
use axum::routing::get;
use bytes::Bytes;
use clap::Parser;
use hyper::server::conn::http1;
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpListener;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Answers one address with one recorded answer.
#[derive(Parser)]
struct Arguments {
    /// Where to listen.
    #[arg(long)]
    listen: SocketAddr,
    /// The path that is answered.
    #[arg(long)]
    path: String,
    /// A recorded answer as it was on the wire: status line, headers, empty line, body.
    #[arg(long)]
    answer: PathBuf,
}

type Error = Box<dyn std::error::Error + Send + Sync>;

#[tokio::main]
async fn main() -> Result<(), Error> {
    let arguments = Arguments::parse();
    let recorded = Recorded::parse(std::fs::read(&arguments.answer)?)?;
    let app = Router::new()
        .route(&arguments.path, get(answer))
        .with_state(Arc::new(recorded));
    let listener = TcpListener::bind(arguments.listen).await?;
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        let service = TowerToHyperService::new(app.clone());
        // A client that breaks off is none of our business.
        tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
    }
}

struct Recorded {
    status: StatusCode,
    headers: HeaderMap,
    body: Bytes,
}

async fn answer(State(recorded): State<Arc<Recorded>>) -> Response<Body> {
    let mut response = Response::new(Body::from(recorded.body.clone()));
    *response.status_mut() = recorded.status;
    *response.headers_mut() = recorded.headers.clone();
    response
}

impl Recorded {
    fn parse(wire: Vec<u8>) -> Result<Self, Error> {
        let wire = Bytes::from(wire);
        let end = wire
            .windows(4)
            .position(|window| window == b"\r\n\r\n")
            .ok_or("no end of the headers")?;
        let head = std::str::from_utf8(&wire[..end])?;
        let mut lines = head.split("\r\n");
        let status = lines.next().and_then(|line| line.split(' ').nth(1));
        let mut headers = HeaderMap::new();
        for line in lines {
            let (name, value) = line.split_once(": ").ok_or("a header without a colon")?;
            let name = HeaderName::try_from(name)?;
            // hyper writes these three itself, for Gatepost as for us.
            if name != header::DATE && name != header::CONTENT_LENGTH && name != header::CONNECTION
            {
                headers.append(name, HeaderValue::try_from(value)?);
            }
        }
        Ok(Self {
            status: status.ok_or("no status")?.parse()?,
            headers,
            body: wire.slice(end + 4..),
        })
    }
}
