//! What a client already has: `If-None-Match` and `If-Modified-Since` against what would be sent.
//!
//! Invariant: a tag that is asked about decides alone; only who names no tag is judged by the date (RFC 9110, 13.2.2).

use std::time::{Duration, SystemTime};

use http::{HeaderMap, HeaderValue, header};

/// An entity tag.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Tag(HeaderValue);

impl Tag {
    /// Names the bytes.
    pub(crate) fn of(bytes: &[u8]) -> Self {
        Self::named(&blake3::hash(bytes).to_hex()[..24])
    }

    /// Names what these bytes are in another encoding.
    pub(crate) fn in_form(&self, form: &str) -> Self {
        let name = self.0.to_str().unwrap_or_default();
        Self::named(&format!("{}{form}", name.trim_matches('"')))
    }

    /// A name that never meant and will never mean other bytes.
    pub(crate) fn named(name: &str) -> Self {
        let quoted = HeaderValue::from_str(&format!("\"{name}\""));
        Self(quoted.expect("the names of editions and pictures are plain ASCII"))
    }

    pub(crate) fn value(&self) -> HeaderValue {
        self.0.clone()
    }

    /// Weak comparison, as a 304 asks for it: proxies that compress make our tags weak.
    fn is_among(&self, known: &str) -> bool {
        known.split(',').map(str::trim).any(|one| {
            one == "*" || one.strip_prefix("W/").unwrap_or(one).as_bytes() == self.0.as_bytes()
        })
    }
}

/// The second since which something has been what it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Modified {
    second: u64,
    shown: HeaderValue,
}

impl Modified {
    /// `shown` is never later than now, `since` may be: who has seen an earlier text in this very second is not to be told
    /// that nothing changed.
    pub(crate) fn new(since: u64, now: u64) -> Self {
        let shown = SystemTime::UNIX_EPOCH + Duration::from_secs(since.min(now));
        let shown = HeaderValue::from_str(&httpdate::fmt_http_date(shown));
        Self {
            second: since,
            shown: shown.expect("a date is plain ASCII"),
        }
    }

    pub(crate) fn value(&self) -> HeaderValue {
        self.shown.clone()
    }
}

/// Whether the client has what would be sent.
pub(crate) fn is_known(asked: &HeaderMap, tag: &Tag, modified: Option<&Modified>) -> bool {
    let mut tags = asked.get_all(header::IF_NONE_MATCH).iter().peekable();
    if tags.peek().is_some() {
        return tags.any(|known| known.to_str().is_ok_and(|known| tag.is_among(known)));
    }
    let (Some(date), Some(modified)) = (asked.get(header::IF_MODIFIED_SINCE), modified) else {
        return false;
    };
    let since = date
        .to_str()
        .ok()
        .and_then(|date| httpdate::parse_http_date(date).ok());
    since
        .and_then(|since| since.duration_since(SystemTime::UNIX_EPOCH).ok())
        .is_some_and(|since| since.as_secs() >= modified.second)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEN: &str = "Thu, 01 Jan 1970 00:00:10 GMT";

    fn known(headers: &[(header::HeaderName, &str)]) -> bool {
        let mut asked = HeaderMap::new();
        for (name, value) in headers {
            asked.append(name.clone(), value.parse().unwrap());
        }
        is_known(&asked, &Tag::named("abc"), Some(&Modified::new(10, 99)))
    }

    #[test]
    fn a_tag_is_known_however_a_client_or_a_proxy_writes_the_list() {
        for (list, expected) in [
            ("\"abc\"", true),
            ("W/\"abc\"", true),
            ("\"x\", W/\"y\" ,\"abc\"", true),
            ("*", true),
            ("\"abcd\"", false),
            ("abc", false),
            ("", false),
        ] {
            assert_eq!(known(&[(header::IF_NONE_MATCH, list)]), expected, "{list}");
        }
        let two = [
            (header::IF_NONE_MATCH, "\"x\""),
            (header::IF_NONE_MATCH, "\"abc\""),
        ];
        assert!(known(&two), "two headers are one list");
    }

    #[test]
    fn a_date_is_read_in_all_three_spellings_and_compared_by_the_second() {
        for (date, expected) in [
            (TEN, true),
            ("Thu, 01 Jan 1970 00:00:09 GMT", false),
            ("Thursday, 01-Jan-70 00:00:11 GMT", true),
            ("Thu Jan  1 00:00:11 1970", true),
            ("yesterday", false),
            ("", false),
        ] {
            assert_eq!(
                known(&[(header::IF_MODIFIED_SINCE, date)]),
                expected,
                "{date}"
            );
        }
    }

    #[test]
    fn a_tag_wins_over_a_date() {
        let date = (header::IF_MODIFIED_SINCE, TEN);
        assert!(known(std::slice::from_ref(&date)), "control");
        assert!(!known(&[(header::IF_NONE_MATCH, "\"old\""), date.clone()]));
        assert!(known(&[
            (header::IF_NONE_MATCH, "\"abc\""),
            (header::IF_MODIFIED_SINCE, "Thu, 01 Jan 1970 00:00:01 GMT"),
        ]));
    }

    #[test]
    fn a_date_is_shown_as_one_that_has_been() {
        assert_eq!(Modified::new(10, 99).value(), TEN);
        assert_eq!(Modified::new(11, 10).value(), TEN);
    }
}
