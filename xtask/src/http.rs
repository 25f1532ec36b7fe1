//! As much of an HTTP client as seeding, recording and trying a site take: one request, one connection.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use anyhow::{Context, Result, bail};

/// An answer as it was on the wire, with a chunked body put together.
#[derive(Clone)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    head: String,
    pub(crate) body: Vec<u8>,
    /// How many bytes came over the connection.
    pub(crate) wire: usize,
}

pub(crate) fn get(server: SocketAddr, path: &str, headers: &[(&str, &str)]) -> Result<Answer> {
    request(server, &format!("GET {path}"), headers, b"")
}

pub(crate) fn post(
    server: SocketAddr,
    path: &str,
    headers: &[(&str, &str)],
    body: &[u8],
) -> Result<Answer> {
    request(server, &format!("POST {path}"), headers, body)
}

fn request(
    server: SocketAddr,
    line: &str,
    headers: &[(&str, &str)],
    body: &[u8],
) -> Result<Answer> {
    let mut request = format!("{line} HTTP/1.1\r\nHost: {server}\r\nConnection: close\r\n");
    if line.starts_with("POST") {
        request += &format!("Content-Length: {}\r\n", body.len());
    }
    for (name, value) in headers {
        request += &format!("{name}: {value}\r\n");
    }
    request += "\r\n";
    let mut connection = TcpStream::connect(server)?;
    connection.set_read_timeout(Some(Duration::from_secs(30)))?;
    connection.write_all(&[request.as_bytes(), body].concat())?;
    let mut wire = Vec::new();
    connection
        .read_to_end(&mut wire)
        .with_context(|| line.to_owned())?;
    Answer::parse(&wire).with_context(|| line.to_owned())
}

impl Answer {
    fn parse(wire: &[u8]) -> Result<Self> {
        let Some(end) = wire.windows(4).position(|window| window == b"\r\n\r\n") else {
            bail!("the connection ended before the headers did");
        };
        let head = String::from_utf8(wire[..end].to_vec())?;
        let status = head.split(' ').nth(1).context("no status")?.parse()?;
        let mut answer = Self {
            status,
            head,
            body: wire[end + 4..].to_vec(),
            wire: wire.len(),
        };
        if answer
            .header("transfer-encoding")
            .is_some_and(|coding| coding.contains("chunked"))
        {
            answer.body = joined(&answer.body)?;
        }
        Ok(answer)
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers()
            .find(|(header, _)| header.eq_ignore_ascii_case(name))
            .map(|(_, value)| value)
    }

    fn headers(&self) -> impl Iterator<Item = (&str, &str)> {
        self.head
            .split("\r\n")
            .skip(1)
            .filter_map(|line| line.split_once(": "))
    }

    /// The answer as a file for `benches/bare`: what belongs to this one connection left out.
    pub(crate) fn recorded(&self) -> Vec<u8> {
        let mut file = format!("HTTP/1.1 {}", self.status);
        for (name, value) in self.headers() {
            let of_the_connection = ["connection", "transfer-encoding"]
                .iter()
                .any(|other| name.eq_ignore_ascii_case(other));
            if !of_the_connection {
                file += &format!("\r\n{name}: {value}");
            }
        }
        file += "\r\n\r\n";
        [file.as_bytes(), &self.body].concat()
    }
}

/// A chunked body without its chunks.
fn joined(mut chunks: &[u8]) -> Result<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let end = chunks
            .windows(2)
            .position(|window| window == b"\r\n")
            .context("a chunk without its size")?;
        let size = usize::from_str_radix(std::str::from_utf8(&chunks[..end])?.trim(), 16)?;
        let rest = &chunks[end + 2..];
        if size == 0 {
            return Ok(body);
        }
        body.extend(rest.get(..size).context("a chunk cut short")?);
        chunks = rest.get(size + 2..).context("a chunk without its end")?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chunked_answer_is_put_together_and_recorded_without_its_chunks() {
        let wire = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nETag: \"1\"\r\n\r\n4\r\nGate\r\n4\r\npost\r\n0\r\n\r\n";
        let answer = Answer::parse(wire).expect("an answer");
        assert_eq!((answer.status, answer.header("etag")), (200, Some("\"1\"")));
        assert_eq!(
            answer.recorded(),
            b"HTTP/1.1 200\r\nETag: \"1\"\r\n\r\nGatepost"
        );
    }

    #[test]
    fn an_answer_that_was_cut_short_is_an_error() {
        assert!(Answer::parse(b"HTTP/1.1 200 OK\r\nETag:").is_err());
        assert!(
            Answer::parse(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nGate")
                .is_err()
        );
    }
}
