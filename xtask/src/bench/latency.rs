//! Latency by an open loop: requests leave when the clock says so, whether or not the last one has been answered, and each
//! is timed from the moment it should have left. A server that falls behind cannot slow down who asks it.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use super::load::Request;

/// Times of one run, in microseconds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Latency {
    pub(super) median: f64,
    pub(super) p99: f64,
}

/// Enough that a connection whose answer is late does not hold up the schedule of the others.
const CONNECTIONS: u32 = 16;

/// Asks at this rate for so long. The threads are on the driver's CPU, as this whole process is.
pub(super) fn measure(
    server: SocketAddr,
    request: &Request,
    rate: f64,
    seconds: u64,
) -> Result<Latency> {
    let interval = Duration::from_secs_f64(f64::from(CONNECTIONS) / rate);
    let start = Instant::now() + Duration::from_millis(100);
    let end = start + Duration::from_secs(seconds);
    let text = wire(server, request);
    let times = std::thread::scope(|scope| {
        let ask = |number: u32| {
            let first = start + interval * number / CONNECTIONS;
            let text = &text;
            scope.spawn(move || on_time(server, text, first, interval, end))
        };
        let threads: Vec<_> = (0..CONNECTIONS).map(ask).collect();
        let times = threads
            .into_iter()
            .map(|thread| thread.join().expect("a driver does not panic"));
        times.collect::<Result<Vec<_>>>()
    })?;
    summary(times.concat())
}

fn wire(server: SocketAddr, request: &Request) -> String {
    let path = request
        .url
        .strip_prefix(&format!("http://{server}"))
        .unwrap_or("/");
    let headers: String = request
        .headers
        .iter()
        .map(|(name, value)| format!("{name}: {value}\r\n"))
        .collect();
    format!("GET {path} HTTP/1.1\r\nHost: {server}\r\n{headers}\r\n")
}

/// One connection's requests: at `first`, and then every `interval` until `end`.
fn on_time(
    server: SocketAddr,
    text: &str,
    first: Instant,
    interval: Duration,
    end: Instant,
) -> Result<Vec<Duration>> {
    let mut connection = TcpStream::connect(server)?;
    connection.set_nodelay(true)?;
    connection.set_read_timeout(Some(Duration::from_secs(10)))?;
    let (mut times, mut buffer, mut due) = (Vec::new(), vec![0; 1 << 16], first);
    while due < end {
        std::thread::sleep(due.saturating_duration_since(Instant::now()));
        connection.write_all(text.as_bytes())?;
        read_answer(&mut connection, &mut buffer)?;
        times.push(due.elapsed());
        due += interval;
    }
    Ok(times)
}

/// Reads up to the end of the body, by its announced length; a 304 has none.
fn read_answer(connection: &mut TcpStream, buffer: &mut Vec<u8>) -> Result<()> {
    let mut filled = 0;
    loop {
        if filled == buffer.len() {
            buffer.resize(filled * 2, 0);
        }
        let read = connection.read(&mut buffer[filled..])?;
        if read == 0 {
            bail!("the server closed the connection");
        }
        filled += read;
        if length(&buffer[..filled])?.is_some_and(|length| filled >= length) {
            return Ok(());
        }
    }
}

/// How long the whole answer will be, once its headers are there.
fn length(received: &[u8]) -> Result<Option<usize>> {
    let Some(end) = received.windows(4).position(|window| window == b"\r\n\r\n") else {
        return Ok(None);
    };
    let head = std::str::from_utf8(&received[..end])?;
    let status = head.split(' ').nth(1).unwrap_or_default();
    if !["200", "304"].contains(&status) {
        bail!("{status} answered");
    }
    let body = head
        .lines()
        .filter_map(|line| line.split_once(": "))
        .find(|(name, _)| name.eq_ignore_ascii_case("content-length"));
    let body = match body {
        Some((_, length)) if status == "200" => length.parse()?,
        None if status == "200" => bail!("an answer without a length"),
        _ => 0,
    };
    Ok(Some(end + 4 + body))
}

fn summary(mut times: Vec<Duration>) -> Result<Latency> {
    times.sort();
    let at = |share: usize| -> Result<f64> {
        let time = times
            .get(times.len() * share / 100)
            .context("no request was answered")?;
        Ok(time.as_secs_f64() * 1e6)
    };
    Ok(Latency {
        median: at(50)?,
        p99: at(99)?,
    })
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;

    /// A server that keeps each request waiting, one after the other.
    fn slow_server(wait: Duration) -> Result<SocketAddr> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let address = listener.local_addr()?;
        std::thread::spawn(move || {
            for connection in listener.incoming().flatten() {
                std::thread::spawn(move || -> std::io::Result<()> {
                    let mut connection = connection;
                    let mut request = [0; 1024];
                    while connection.read(&mut request)? > 0 {
                        std::thread::sleep(wait);
                        connection.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")?;
                    }
                    Ok(())
                });
            }
        });
        Ok(address)
    }

    #[test]
    fn a_server_that_falls_behind_is_charged_for_the_queue_it_makes() -> Result<()> {
        let wait = Duration::from_millis(20);
        let address = slow_server(wait)?;
        let request = Request {
            url: format!("http://{address}/"),
            headers: Vec::new(),
        };
        // Each connection is asked every 10 ms and answers after 20, so the queue grows for as long as it lasts.
        let overloaded = measure(address, &request, f64::from(CONNECTIONS) * 100.0, 1)?;
        assert!(
            overloaded.p99 > 5.0 * wait.as_secs_f64() * 1e6,
            "{overloaded:?}"
        );
        Ok(())
    }

    #[test]
    fn an_answer_is_complete_when_its_announced_length_is_there() {
        let length = |text: &[u8]| length(text).expect("an answer");
        assert_eq!(length(b"HTTP/1.1 200 OK\r\ncontent-le"), None);
        assert_eq!(
            length(b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nGa"),
            Some(43)
        );
        assert_eq!(
            length(b"HTTP/1.1 304 Not Modified\r\ncontent-length: 5\r\n\r\n"),
            Some(48)
        );
    }

    #[test]
    fn an_error_is_no_answer() {
        assert!(length(b"HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\n\r\n").is_err());
    }
}
