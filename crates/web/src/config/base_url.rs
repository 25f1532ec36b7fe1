//! The origin under which readers find the site.
//!
//! Invariant: the text is exactly what a browser sends as `Origin` for this site: lower case, no default port, no path.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use http::Uri;
use http::uri::Authority;

/// An origin such as `https://blog.example.org`, without a slash at its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BaseUrl(String);

impl BaseUrl {
    /// Reads an `http` or `https` origin; a path, a query or a user name makes it none.
    pub fn parse(text: &str) -> Option<Self> {
        let uri: Uri = text.parse().ok()?;
        let scheme = uri
            .scheme_str()
            .filter(|scheme| matches!(*scheme, "http" | "https"))?;
        let authority = uri
            .authority()
            .filter(|authority| !authority.as_str().contains('@'))?;
        if uri.path() != "/" || uri.query().is_some() || authority.host().is_empty() {
            return None;
        }
        let host = authority.host().to_ascii_lowercase();
        Some(Self(match (scheme, authority.port_u16()) {
            (_, None) | ("http", Some(80)) | ("https", Some(443)) => format!("{scheme}://{host}"),
            (_, Some(port)) => format!("{scheme}://{host}:{port}"),
        }))
    }

    /// What a browser on this computer types to reach a listener.
    pub(crate) fn of_listener(address: SocketAddr) -> Self {
        let ip = match address.ip() {
            IpAddr::V4(ip) if ip.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
            IpAddr::V6(ip) if ip.is_unspecified() => IpAddr::V6(Ipv6Addr::LOCALHOST),
            ip => ip,
        };
        match address.port() {
            80 => Self(
                format!("http://{}", SocketAddr::new(ip, 80))
                    .trim_end_matches(":80")
                    .to_owned(),
            ),
            port => Self(format!("http://{}", SocketAddr::new(ip, port))),
        }
    }

    /// Whether readers come over TLS: cookies are then `Secure` and HSTS is sent.
    pub fn is_https(&self) -> bool {
        self.0.starts_with("https:")
    }

    /// Whether only somebody at this computer can reach it.
    pub(crate) fn is_loopback(&self) -> bool {
        let authority = self
            .0
            .split_once("://")
            .map_or("", |(_, authority)| authority);
        is_loopback(authority)
    }

    /// The name or number of the computer alone.
    pub(crate) fn host(&self) -> &str {
        let (_, authority) = self.0.split_once("://").unwrap_or_default();
        match authority.rsplit_once(':') {
            Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => host,
            _ => authority,
        }
    }

    /// The origin, without a slash at its end.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Whether a host, with or without a port, is a name that no name server answers for: an address of the loopback, or
/// `localhost` (RFC 6761, 6.3).
pub(crate) fn is_loopback(authority: &str) -> bool {
    let Ok(authority) = authority.parse::<Authority>() else {
        return false;
    };
    let host = authority.host();
    let ip = host.trim_start_matches('[').trim_end_matches(']');
    ip.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback()) || host.eq_ignore_ascii_case("localhost")
}

impl fmt::Display for BaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::{BaseUrl, is_loopback};

    #[test]
    fn a_name_that_a_name_server_may_answer_for_is_not_this_computer() {
        for here in [
            "localhost",
            "LOCALHOST:8080",
            "127.0.0.1",
            "127.9.9.9:80",
            "[::1]:8080",
            "[::1]",
        ] {
            assert!(is_loopback(here), "{here}");
        }
        for elsewhere in [
            "",
            "evil.example",
            "localhost.evil.example",
            "127.0.0.1.evil.example:8080",
            "0.0.0.0",
            "192.168.0.1",
            "localhost@evil.example",
        ] {
            assert!(!is_loopback(elsewhere), "{elsewhere}");
        }
    }

    #[test]
    fn an_origin_is_written_as_browsers_write_it() {
        for (given, kept) in [
            ("https://Blog.Example.org", "https://blog.example.org"),
            ("https://blog.example.org/", "https://blog.example.org"),
            ("https://blog.example.org:443", "https://blog.example.org"),
            ("http://blog.example.org:443", "http://blog.example.org:443"),
            ("http://[::1]:8080", "http://[::1]:8080"),
        ] {
            assert_eq!(
                BaseUrl::parse(given).map(|url| url.to_string()).as_deref(),
                Some(kept),
                "{given}"
            );
        }
    }

    #[test]
    fn what_is_no_origin_is_refused() {
        for given in [
            "",
            "blog.example.org",
            "ftp://a",
            "https://a/blog",
            "https://u@a",
            "https://a/?q",
            "https:///",
        ] {
            assert_eq!(BaseUrl::parse(given), None, "{given}");
        }
    }

    #[test]
    fn a_listener_on_every_address_is_reached_by_the_loopback() {
        assert_eq!(
            BaseUrl::of_listener("0.0.0.0:8080".parse().unwrap()).as_str(),
            "http://127.0.0.1:8080"
        );
        assert_eq!(
            BaseUrl::of_listener("[::]:80".parse().unwrap()).as_str(),
            "http://[::1]"
        );
    }
}
