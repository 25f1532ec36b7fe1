//! A text as it leaves the site: its bytes, the same bytes compressed, and what lets a client keep them.
//!
//! Invariant: what is sent, and the tag that stands beside it, are made from the same bytes; a client that has them is told
//! so (304) and gets none. Compressing costs more than drawing a page, so an edition does it once, when first asked: keep
//! the edition of what many read.

mod conditions;

use std::io::Write as _;
use std::sync::OnceLock;

use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use http::{HeaderMap, HeaderValue, StatusCode, header};

pub(crate) use self::conditions::{Modified, Tag, is_known};

/// May be kept, and is asked about before each use: what people change can change at any moment, and a 304 is cheap.
pub(crate) const ASK_FIRST: HeaderValue = HeaderValue::from_static("no-cache");
/// The address says what it holds.
pub(crate) const FOR_EVER: HeaderValue =
    HeaderValue::from_static("public, max-age=31536000, immutable");

pub(crate) const HTML: HeaderValue = HeaderValue::from_static("text/html; charset=utf-8");
pub(crate) const TEXT: HeaderValue = HeaderValue::from_static("text/plain; charset=utf-8");
pub(crate) const XML: HeaderValue = HeaderValue::from_static("application/xml; charset=utf-8");
pub(crate) const ATOM: HeaderValue =
    HeaderValue::from_static("application/atom+xml; charset=utf-8");
pub(crate) const JSON_FEED: HeaderValue =
    HeaderValue::from_static("application/feed+json; charset=utf-8");

/// Shorter than this, compression saves no packet.
const SHORT: usize = 512;

#[derive(Debug)]
pub(crate) struct Edition {
    kind: HeaderValue,
    plain: Printed,
    /// `None` inside: compressing it gains nothing.
    gzip: OnceLock<Option<Printed>>,
    modified: Option<Modified>,
    private: bool,
}

/// One encoding of the text. Two encodings are two sets of bytes, so they have two tags.
#[derive(Debug)]
struct Printed {
    bytes: Bytes,
    tag: Tag,
}

impl Edition {
    pub(crate) fn new(kind: HeaderValue, text: impl Into<Bytes>) -> Self {
        let bytes = text.into();
        Self {
            kind,
            plain: Printed {
                tag: Tag::of(&bytes, ""),
                bytes,
            },
            gzip: OnceLock::new(),
            modified: None,
            private: false,
        }
    }

    /// Since when the text has been what it is.
    pub(crate) fn modified(mut self, modified: Modified) -> Self {
        self.modified = Some(modified);
        self
    }

    /// For one person: never compressed, because what somebody else put into the page (a query, a title) and what only
    /// this person may see would betray each other by the length.
    pub(crate) fn private(mut self) -> Self {
        self.private = true;
        self
    }

    /// Names the bytes, without compression.
    pub(crate) fn tag(&self) -> &Tag {
        &self.plain.tag
    }

    /// The answer to a GET or HEAD with these headers.
    pub(crate) fn answer(&self, asked: &HeaderMap, cache: HeaderValue) -> Response {
        let zipped = (accepts_gzip(asked)).then(|| self.gzip()).flatten();
        let printed = zipped.unwrap_or(&self.plain);
        let mut response = Response::new(Body::empty());
        let headers = response.headers_mut();
        headers.reserve(12);
        headers.insert(header::ETAG, printed.tag.value());
        if let Some(modified) = &self.modified {
            headers.insert(header::LAST_MODIFIED, modified.value());
        }
        headers.insert(header::CACHE_CONTROL, cache);
        if self.may_shrink() {
            headers.insert(header::VARY, HeaderValue::from_static("Accept-Encoding"));
        }
        if is_known(asked, &printed.tag, self.modified.as_ref()) {
            *response.status_mut() = StatusCode::NOT_MODIFIED;
            return response;
        }
        headers.insert(header::CONTENT_TYPE, self.kind.clone());
        if zipped.is_some() {
            headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        }
        *response.body_mut() = Body::from(printed.bytes.clone());
        response
    }

    /// What it takes in memory, with both encodings.
    #[expect(dead_code, reason = "for whoever keeps editions of whole pages")]
    pub(crate) fn weight(&self) -> usize {
        self.plain.bytes.len() + self.gzip().map_or(0, |zipped| zipped.bytes.len())
    }

    fn may_shrink(&self) -> bool {
        !self.private && self.plain.bytes.len() >= SHORT
    }

    fn gzip(&self) -> Option<&Printed> {
        let print = || {
            let bytes = gzip(&self.plain.bytes).filter(|it| it.len() < self.plain.bytes.len())?;
            let tag = Tag::of(&self.plain.bytes, "-gzip");
            Some(Printed { bytes, tag })
        };
        let made = || self.may_shrink().then(print).flatten();
        self.gzip.get_or_init(made).as_ref()
    }
}

fn gzip(plain: &[u8]) -> Option<Bytes> {
    let mut encoder = GzEncoder::new(Vec::with_capacity(plain.len() / 3), Compression::default());
    encoder.write_all(plain).ok()?;
    encoder.finish().ok().map(Bytes::from)
}

fn accepts_gzip(headers: &HeaderMap) -> bool {
    let values = headers
        .get_all(header::ACCEPT_ENCODING)
        .into_iter()
        .filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).any(|item| {
        let (item, weight) = item.split_once(';').unwrap_or((item, ""));
        let weight = weight
            .trim()
            .strip_prefix("q=")
            .and_then(|weight| weight.parse::<f32>().ok());
        item.trim().eq_ignore_ascii_case("gzip") && weight != Some(0.0)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(headers: &[(header::HeaderName, &str)]) -> HeaderMap {
        headers
            .iter()
            .map(|(name, value)| (name.clone(), value.parse().unwrap()))
            .collect()
    }

    #[test]
    fn both_encodings_have_their_own_tag_and_each_is_known_by_it() {
        let edition = Edition::new(HTML, "word ".repeat(400));
        let plain = edition.answer(&asked(&[]), ASK_FIRST);
        let zipped = edition.answer(
            &asked(&[(header::ACCEPT_ENCODING, "br, gzip;q=0.5")]),
            ASK_FIRST,
        );
        assert_eq!(zipped.headers()[header::CONTENT_ENCODING], "gzip");
        assert!(!plain.headers().contains_key(header::CONTENT_ENCODING));
        let tag = |response: &Response| {
            response.headers()[header::ETAG]
                .to_str()
                .unwrap()
                .to_owned()
        };
        assert_ne!(tag(&plain), tag(&zipped));
        for (encoding, known, status) in [
            ("gzip", tag(&zipped), 304),
            ("identity", tag(&plain), 304),
            ("gzip", tag(&plain), 200),
            ("gzip;q=0", tag(&zipped), 200),
        ] {
            let headers = asked(&[
                (header::ACCEPT_ENCODING, encoding),
                (header::IF_NONE_MATCH, &known),
            ]);
            let answer = edition.answer(&headers, ASK_FIRST);
            assert_eq!(answer.status(), status, "{encoding} {known}");
            assert_eq!(answer.headers()[header::VARY], "Accept-Encoding");
        }
    }

    #[test]
    fn what_is_for_one_person_is_never_compressed() {
        let headers = asked(&[(header::ACCEPT_ENCODING, "gzip")]);
        let text = "word ".repeat(400);
        let public = Edition::new(HTML, text.clone()).answer(&headers, ASK_FIRST);
        assert!(
            public.headers().contains_key(header::CONTENT_ENCODING),
            "control"
        );
        let private = Edition::new(HTML, text)
            .private()
            .answer(&headers, ASK_FIRST);
        assert!(!private.headers().contains_key(header::CONTENT_ENCODING));
        assert!(!private.headers().contains_key(header::VARY));
    }
}
