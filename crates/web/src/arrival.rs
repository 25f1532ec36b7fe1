//! What is known of a request before anything else looks at it: its id, and who sent it.
//!
//! Invariant: a forwarded header is believed only as far as the chain of trusted proxies reaches, read from the right.

use std::fmt::{self, Write as _};
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::extract::ConnectInfo;
use bytes::BytesMut;
use http::request::Parts;
use http::{Extensions, HeaderMap, HeaderValue};
use ipnet::IpNet;

/// Rides in the extensions of every request.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Arrival {
    pub(crate) id: RequestId,
    pub(crate) client: Option<IpAddr>,
}

impl Arrival {
    /// The address of the client, for throttles and the list of sessions.
    pub(crate) fn client_of(parts: &Parts) -> Option<IpAddr> {
        parts
            .extensions
            .get::<Self>()
            .and_then(|arrival| arrival.client)
    }
}

/// Names one request in answers and logs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct RequestId {
    process: u32,
    number: u64,
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:08x}-{:x}", self.process, self.number)
    }
}

impl From<RequestId> for HeaderValue {
    fn from(id: RequestId) -> Self {
        let mut text = BytesMut::with_capacity(24);
        write!(text, "{id}").expect("bytes take text");
        Self::from_maybe_shared(text.freeze()).expect("hexadecimal digits are a header value")
    }
}

/// Registers arrivals.
#[derive(Debug, Clone)]
pub(crate) struct Arrivals {
    process: u32,
    count: Arc<AtomicU64>,
    trusted: Arc<[IpNet]>,
}

impl Arrivals {
    /// `process` tells the requests of this process from those of the one before.
    pub(crate) fn new(process: u32, trusted: &[IpNet]) -> Self {
        Self {
            process,
            count: Arc::default(),
            trusted: trusted.into(),
        }
    }

    pub(crate) fn register(&self, headers: &HeaderMap, extensions: &mut Extensions) -> Arrival {
        let number = self.count.fetch_add(1, Ordering::Relaxed) + 1;
        let peer = extensions
            .get::<ConnectInfo<SocketAddr>>()
            .map(|info| info.0.ip().to_canonical());
        let client = peer.map(|peer| self.client(peer, headers));
        let arrival = Arrival {
            id: RequestId {
                process: self.process,
                number,
            },
            client,
        };
        extensions.insert(arrival);
        arrival
    }

    /// Walks from the peer towards the client while the hop that speaks is one we trust.
    fn client(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        let trusted = |ip: IpAddr| self.trusted.iter().any(|network| network.contains(&ip));
        let mut client = peer;
        if !trusted(client) {
            return client;
        }
        let lines: Vec<_> = headers.get_all("x-forwarded-for").iter().collect();
        let hops = lines
            .into_iter()
            .rev()
            .flat_map(|line| line.to_str().unwrap_or("").rsplit(','));
        for hop in hops {
            let Some(ip) = address(hop.trim()) else {
                return client;
            };
            client = ip;
            if !trusted(client) {
                return client;
            }
        }
        client
    }
}

fn address(text: &str) -> Option<IpAddr> {
    let ip = text
        .parse::<IpAddr>()
        .ok()
        .or_else(|| text.parse::<SocketAddr>().ok().map(|socket| socket.ip()));
    ip.map(|ip| ip.to_canonical())
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use http::{HeaderMap, HeaderValue};

    use super::Arrivals;

    fn client(peer: &str, lines: &[&'static str]) -> IpAddr {
        let trusted = ["10.0.0.0/8".parse().unwrap(), "::1/128".parse().unwrap()];
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append("x-forwarded-for", HeaderValue::from_static(line));
        }
        Arrivals::new(1, &trusted).client(peer.parse().unwrap(), &headers)
    }

    #[test]
    fn a_stranger_cannot_name_another_address() {
        assert_eq!(
            client("192.0.2.1", &["198.51.100.7"]),
            "192.0.2.1".parse::<IpAddr>().unwrap()
        );
    }

    #[test]
    fn a_trusted_proxy_names_the_client_and_the_right_most_stranger_wins() {
        let expected = "198.51.100.7".parse::<IpAddr>().unwrap();
        assert_eq!(client("10.0.0.1", &["198.51.100.7"]), expected);
        assert_eq!(
            client("10.0.0.1", &["203.0.113.9, 198.51.100.7, 10.0.0.2"]),
            expected
        );
        assert_eq!(
            client("10.0.0.1", &["203.0.113.9", "198.51.100.7:4711"]),
            expected
        );
    }

    #[test]
    fn an_unreadable_hop_ends_the_walk() {
        assert_eq!(
            client("10.0.0.1", &["198.51.100.7, unknown"]),
            "10.0.0.1".parse::<IpAddr>().unwrap()
        );
        assert_eq!(client("::1", &[]), "::1".parse::<IpAddr>().unwrap());
    }
}
