//! Who a session was opened from, as far as its owner needs it to recognise a session in a list.

use std::net::{IpAddr, SocketAddr};

use axum::extract::ConnectInfo;
use http::{HeaderValue, request::Parts};
use serde::{Deserialize, Serialize};

/// Where a session was opened or last logged in from.
///
/// ```
/// use session_auth::Client;
///
/// // Where neither was asked for, nothing is kept.
/// assert_eq!(Client::default(), Client { address: None, browser: None });
///
/// let client = Client { address: Some([192, 0, 2, 7].into()), browser: Some("Firefox on Linux".into()) };
/// assert_eq!(serde_json::to_string(&client).unwrap(), r#"{"address":"192.0.2.7","browser":"Firefox on Linux"}"#);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Client {
    /// The address of the client, when it is known.
    pub address: Option<IpAddr>,
    /// A short name such as "Firefox on Linux", made from the `User-Agent`. It is the client's word, no proof.
    pub browser: Option<String>,
}

/// The default of `SessionLayer::client_address`: the peer of the connection and never a header, which anybody can write.
pub(crate) fn peer_address(parts: &Parts) -> Option<IpAddr> {
    let ConnectInfo(peer) = parts.extensions.get::<ConnectInfo<SocketAddr>>()?;
    Some(peer.ip().to_canonical())
}

/// The first that matches names the browser: most pretend to be others as well, so the order matters.
const BROWSERS: [(&str, &str); 10] = [
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("Vivaldi/", "Vivaldi"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("FxiOS/", "Firefox"),
    ("Firefox/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
    ("curl/", "curl"),
];

const SYSTEMS: [(&str, &str); 8] = [
    ("Windows", "Windows"),
    ("Android", "Android"),
    ("iPhone", "iOS"),
    ("iPad", "iOS"),
    ("CrOS", "ChromeOS"),
    ("Mac OS X", "macOS"),
    ("Linux", "Linux"),
    ("BSD", "BSD"),
];

/// A short name for the browser: only words from the tables above, so nothing a client sends is stored or shown.
pub(crate) fn browser_name(user_agent: &HeaderValue) -> Option<String> {
    let text = user_agent.to_str().ok()?;
    let known = |table: &[(&str, &'static str)]| {
        table
            .iter()
            .find(|(sign, _)| text.contains(sign))
            .map(|(_, name)| *name)
    };
    match (known(&BROWSERS), known(&SYSTEMS)) {
        (Some(browser), Some(system)) => Some(format!("{browser} on {system}")),
        (Some(name), None) | (None, Some(name)) => Some(name.to_owned()),
        (None, None) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn common_browsers_get_their_names() {
        for (agent, name) in [
            (
                "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
                Some("Firefox on Linux"),
            ),
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36",
                Some("Chrome on Windows"),
            ),
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36 Edg/140.0.0.0",
                Some("Edge on Windows"),
            ),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1",
                Some("Safari on iOS"),
            ),
            (
                "Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Mobile Safari/537.36",
                Some("Chrome on Android"),
            ),
            ("curl/8.14.1", Some("curl")),
            ("<script>alert(1)</script>", None),
            ("", None),
        ] {
            assert_eq!(
                browser_name(&HeaderValue::from_static(agent)).as_deref(),
                name,
                "{agent}"
            );
        }
    }
}
