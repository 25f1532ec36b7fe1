//! `gatepost healthcheck`: asks the running server, as an orchestrator would.
//!
//! Invariant: it answers within five seconds, and 0 means that pages are served.

use std::io::{Read as _, Write as _};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream};
use std::time::Duration;

use super::Failure;
use crate::cli::print;
use crate::config::Config;

const PATIENCE: Duration = Duration::from_secs(5);

pub(super) fn check(config: &Config) -> Result<(), Failure> {
    let address = reachable(config.listen);
    let status = ask(address).map_err(|error| {
        Failure::Failed(format!(
            "nothing answers at {address} ({error}); start it with `gatepost serve`."
        ))
    })?;
    match status.as_str() {
        "200" => {
            print::line(format_args!("ready at http://{address}"));
            Ok(())
        }
        _ => Err(Failure::Failed(format!(
            "the server at {address} is not ready (it answered {status}); its log says why."
        ))),
    }
}

fn reachable(listen: SocketAddr) -> SocketAddr {
    let ip = match listen.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(ip) if ip.is_unspecified() => IpAddr::V6(Ipv6Addr::LOCALHOST),
        ip => ip,
    };
    SocketAddr::new(ip, listen.port())
}

fn ask(address: SocketAddr) -> std::io::Result<String> {
    let mut stream = TcpStream::connect_timeout(&address, PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    write!(
        stream,
        "GET /readyz HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n"
    )?;
    let mut answer = [0; 64];
    let read = stream.read(&mut answer)?;
    let line = String::from_utf8_lossy(&answer[..read]);
    let status = line
        .split(' ')
        .nth(1)
        .filter(|_| line.starts_with("HTTP/1."));
    status
        .map(str::to_owned)
        .ok_or_else(|| std::io::Error::other("the answer is not HTTP"))
}
