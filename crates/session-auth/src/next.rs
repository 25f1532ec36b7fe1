//! The address to go to after a login: a [`LocalPath`] leads to this site and nowhere else, whatever a stranger typed.

use std::fmt;

use axum::response::Redirect;
use percent_encoding::{
    AsciiSet, CONTROLS, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode,
};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// What a URL's path and query may not contain as it is; an escape that is already there stays one.
const PATH_AND_QUERY: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'<')
    .add(b'>')
    .add(b'`')
    .add(b'{')
    .add(b'}')
    .add(b'|')
    .add(b'^')
    .add(b'#');

/// What `next=…` keeps readable; the rest is escaped.
const QUERY_VALUE: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'/')
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'~');

/// How many bytes of address are carried through a login.
const LONGEST: usize = 2000;

/// How often a path is decoded in search of one that becomes dangerous when somebody decodes it once more.
const DECODINGS: usize = 3;

/// A path with an optional query on this very site, safe to redirect to.
///
/// Everything that a browser could read as another host, as a scheme, or as two headers is refused, also when it shows
/// only after decoding: Django's list of bad addresses, and more.
///
/// ```
/// use session_auth::LocalPath;
///
/// assert_eq!(LocalPath::parse("/new?draft=1").unwrap().to_string(), "/new?draft=1");
/// for elsewhere in ["https://evil.example", "//evil.example", "/\\evil.example", "/%2fevil.example", "javascript:alert(1)", "new", ""] {
///     assert!(LocalPath::parse(elsewhere).is_none(), "{elsewhere}");
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct LocalPath(String);

impl LocalPath {
    /// The front page.
    ///
    /// ```
    /// assert_eq!(session_auth::LocalPath::root().as_str(), "/");
    /// ```
    #[must_use]
    pub fn root() -> Self {
        Self("/".to_owned())
    }

    /// The path, when it leads to this site; `None` for every other address. What is not ASCII is percent-encoded and
    /// a fragment is dropped, so that the result can stand in a `Location` header as it is.
    ///
    /// What is refused is what Django's `url_has_allowed_host_and_scheme` refuses, and every address that becomes one when it is
    /// decoded, up to three times; also what is longer than 2,000 bytes.
    ///
    /// ```
    /// use session_auth::LocalPath;
    ///
    /// assert_eq!(LocalPath::parse("/übung?q=1#top").unwrap().as_str(), "/%C3%BCbung?q=1");
    /// assert!(LocalPath::parse("/%255cevil.example").is_none(), "a backslash, encoded twice");
    /// assert!(LocalPath::parse("/a\r\nset-cookie: b=c").is_none());
    /// ```
    #[must_use]
    pub fn parse(address: &str) -> Option<Self> {
        if !is_local(address) {
            return None;
        }
        let mut path = path_of(address).to_owned();
        for _ in 0..DECODINGS {
            let once = percent_decode_str(&path).decode_utf8_lossy().into_owned();
            if once == path {
                break;
            }
            if !is_local(&once) {
                return None;
            }
            path = once;
        }
        let address = address.split('#').next().unwrap_or(address);
        let encoded = utf8_percent_encode(address, PATH_AND_QUERY).to_string();
        (encoded.len() <= LONGEST).then_some(Self(encoded))
    }

    /// Where to go after a login that asked for `next`: there, when it is an address of this site and not the page for
    /// logging in or out itself; else to the front page.
    ///
    /// A site whose pages are elsewhere than `/login` and `/logout` uses `Auth::target`, which knows them.
    ///
    /// ```
    /// use session_auth::LocalPath;
    ///
    /// assert_eq!(LocalPath::login_target(Some("/new")).as_str(), "/new");
    /// for nowhere in [None, Some("//evil.example"), Some("/login?next=/new"), Some("/logout")] {
    ///     assert_eq!(LocalPath::login_target(nowhere).as_str(), "/");
    /// }
    /// ```
    #[must_use]
    pub fn login_target(next: Option<&str>) -> Self {
        Self::target(next, &["/login", "/logout"])
    }

    /// [`LocalPath::login_target`] with the pages that would lead in a circle.
    pub(crate) fn target(next: Option<&str>, circles: &[&str]) -> Self {
        next.and_then(Self::parse)
            .filter(|path| !circles.iter().any(|circle| path.is_at(circle)))
            .unwrap_or_else(Self::root)
    }

    /// The path with its query.
    ///
    /// ```
    /// # use session_auth::LocalPath;
    /// assert_eq!(LocalPath::parse("/posts?page=2").unwrap().as_str(), "/posts?page=2");
    /// ```
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The path without its query.
    ///
    /// ```
    /// # use session_auth::LocalPath;
    /// assert_eq!(LocalPath::parse("/posts?page=2").unwrap().path(), "/posts");
    /// ```
    #[must_use]
    pub fn path(&self) -> &str {
        self.0.split('?').next().unwrap_or_default()
    }

    /// A 303 to this address.
    ///
    /// ```
    /// use axum::response::IntoResponse;
    /// use session_auth::LocalPath;
    ///
    /// let answer = LocalPath::login_target(Some("//evil.example")).redirect().into_response();
    /// assert_eq!(answer.status(), 303);
    /// assert_eq!(answer.headers()["location"], "/");
    /// ```
    pub fn redirect(&self) -> Redirect {
        Redirect::to(&self.0)
    }

    /// `page?next=…` for a page that sends people on, such as the login page.
    ///
    /// ```
    /// use session_auth::LocalPath;
    ///
    /// let next = LocalPath::parse("/search?q=a&page=2").unwrap();
    /// assert_eq!(next.behind("/login"), "/login?next=/search%3Fq%3Da%26page%3D2");
    /// ```
    #[must_use]
    pub fn behind(&self, page: &str) -> String {
        let separator = if page.contains('?') { '&' } else { '?' };
        format!(
            "{page}{separator}next={}",
            utf8_percent_encode(&self.0, QUERY_VALUE)
        )
    }

    /// Whether this is `page`, with any query, any trailing slash, in any case and encoding.
    fn is_at(&self, page: &str) -> bool {
        let path = percent_decode_str(self.path()).decode_utf8_lossy();
        let page = path_of(page);
        path.trim_end_matches('/')
            .eq_ignore_ascii_case(page.trim_end_matches('/'))
    }
}

/// One absolute path: starts with exactly one slash, and holds nothing that browsers read as more than that. They
/// take `\` for `/`, and remove tabs and line ends before they look. They also resolve `.` and `..` before they ask, so a
/// path that still has them comes from nobody's address bar, and `/./logout` would be one that looks like none.
fn is_local(address: &str) -> bool {
    let mut bytes = address.bytes();
    bytes.next() == Some(b'/')
        && !matches!(bytes.next(), Some(b'/' | b'\\'))
        && !address.contains('\\')
        && !address.chars().any(|c| c.is_control() || is_invisible(c))
        && !path_of(address).contains("//")
        && !path_of(address)
            .split('/')
            .any(|segment| matches!(segment, "." | ".."))
}

fn path_of(address: &str) -> &str {
    address.split(['?', '#']).next().unwrap_or_default()
}

/// Characters that some parsers strip and that nobody types: Unicode's line ends, joiners and the byte order mark.
fn is_invisible(c: char) -> bool {
    matches!(
        c,
        '\u{2028}' | '\u{2029}' | '\u{200b}'..='\u{200f}' | '\u{feff}'
    )
}

impl fmt::Display for LocalPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Serialize for LocalPath {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

/// Refuses what [`LocalPath::parse`] refuses; in a form, ask for an `Option<String>` and use
/// [`LocalPath::login_target`], so that a bad address costs its sender the address and not the login.
impl<'de> Deserialize<'de> for LocalPath {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let address = String::deserialize(deserializer)?;
        Self::parse(&address).ok_or_else(|| serde::de::Error::custom("not a path of this site"))
    }
}

#[cfg(test)]
#[path = "../fuzz/local_path.rs"]
mod fuzz;
