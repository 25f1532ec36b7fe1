//! A text as it leaves the site: its bytes, the same bytes compressed, and what lets a client keep them.
//!
//! Invariant: what is sent, and the tag that stands beside it, are made from the same bytes; a client that has them is told
//! so (304) and gets none. Compressing costs more than drawing a page, so it is done only for who has not got the text, and
//! what came of it is kept for the next who has not.

mod conditions;

use std::io::Write as _;
use std::sync::{Arc, OnceLock};

use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use http::{HeaderMap, HeaderValue, StatusCode, header};

use crate::shelf::Shelf;

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

/// Compressed texts by the tags of the plain ones.
pub(crate) type Packed = Shelf<Tag, Bytes>;

#[derive(Debug)]
pub(crate) struct Edition {
    kind: HeaderValue,
    plain: Bytes,
    tag: Tag,
    gzip: OnceLock<Bytes>,
    modified: Option<Modified>,
    private: bool,
}

impl Edition {
    pub(crate) fn new(kind: HeaderValue, text: impl Into<Bytes>) -> Self {
        let plain = text.into();
        Self {
            kind,
            tag: Tag::of(&plain),
            plain,
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
        &self.tag
    }

    /// The answer to a GET or HEAD with these headers.
    pub(crate) fn answer(
        &self,
        asked: &HeaderMap,
        cache: HeaderValue,
        packed: &Packed,
    ) -> Response {
        self.answer_since(asked, cache, packed, self.modified.as_ref())
    }

    /// The same of an edition that is kept for longer than one answer.
    pub(crate) fn answer_since(
        &self,
        asked: &HeaderMap,
        cache: HeaderValue,
        packed: &Packed,
        modified: Option<&Modified>,
    ) -> Response {
        let shrinks = self.may_shrink() && accepts_gzip(asked);
        // Two encodings are two sets of bytes, so they have two tags. Both are known before anything is compressed.
        let tag = match shrinks {
            true => self.tag.in_form("-gzip"),
            false => self.tag.clone(),
        };
        let mut response = Response::new(Body::empty());
        let headers = response.headers_mut();
        headers.reserve(12);
        headers.insert(header::ETAG, tag.value());
        if let Some(modified) = modified {
            headers.insert(header::LAST_MODIFIED, modified.value());
        }
        headers.insert(header::CACHE_CONTROL, cache);
        if self.may_shrink() {
            headers.insert(header::VARY, HeaderValue::from_static("Accept-Encoding"));
        }
        if is_known(asked, &tag, modified) {
            *response.status_mut() = StatusCode::NOT_MODIFIED;
            return response;
        }
        headers.insert(header::CONTENT_TYPE, self.kind.clone());
        let bytes = match shrinks.then(|| self.gzip(packed)).flatten() {
            Some(bytes) => {
                headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
                bytes
            }
            None => self.plain.clone(),
        };
        *response.body_mut() = Body::from(bytes);
        response
    }

    fn may_shrink(&self) -> bool {
        !self.private && self.plain.len() >= SHORT
    }

    /// `None` for want of memory alone.
    fn gzip(&self, packed: &Packed) -> Option<Bytes> {
        if let Some(bytes) = self.gzip.get() {
            return Some(bytes.clone());
        }
        let bytes = match packed.get(&self.tag) {
            Some(bytes) => Bytes::clone(&bytes),
            None => {
                let bytes = gzip(&self.plain)?;
                let weight = bytes.len();
                packed.put(self.tag.clone(), Arc::new(bytes.clone()), weight);
                bytes
            }
        };
        Some(self.gzip.get_or_init(|| bytes).clone())
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

    fn none() -> Packed {
        Shelf::holding(1_000_000)
    }

    #[test]
    fn a_text_is_compressed_once_and_for_nobody_who_has_it() {
        let text = "word ".repeat(400);
        let packed = none();
        let gzip = (header::ACCEPT_ENCODING, "gzip");
        let edition = || Edition::new(HTML, text.clone());
        let tag = edition().tag().in_form("-gzip").value();
        let known = [gzip.clone(), (header::IF_NONE_MATCH, tag.to_str().unwrap())];
        let answer = edition().answer(&asked(&known), ASK_FIRST, &packed);
        assert_eq!(answer.status(), 304);
        assert!(packed.get(edition().tag()).is_none(), "nobody needed it");
        edition().answer(&asked(std::slice::from_ref(&gzip)), ASK_FIRST, &packed);
        let made = packed.get(edition().tag()).expect("it is kept");
        let again = edition();
        again.answer(&asked(&[gzip]), ASK_FIRST, &packed);
        assert_eq!(again.gzip.get().unwrap().as_ptr(), made.as_ptr());
    }

    #[test]
    fn both_encodings_have_their_own_tag_and_each_is_known_by_it() {
        let edition = Edition::new(HTML, "word ".repeat(400));
        let plain = edition.answer(&asked(&[]), ASK_FIRST, &none());
        let zipped = edition.answer(
            &asked(&[(header::ACCEPT_ENCODING, "br, gzip;q=0.5")]),
            ASK_FIRST,
            &none(),
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
            let answer = edition.answer(&headers, ASK_FIRST, &none());
            assert_eq!(answer.status(), status, "{encoding} {known}");
            assert_eq!(answer.headers()[header::VARY], "Accept-Encoding");
        }
    }

    #[test]
    fn what_is_for_one_person_is_never_compressed() {
        let headers = asked(&[(header::ACCEPT_ENCODING, "gzip")]);
        let text = "word ".repeat(400);
        let public = Edition::new(HTML, text.clone()).answer(&headers, ASK_FIRST, &none());
        assert!(
            public.headers().contains_key(header::CONTENT_ENCODING),
            "control"
        );
        let private = Edition::new(HTML, text)
            .private()
            .answer(&headers, ASK_FIRST, &none());
        assert!(!private.headers().contains_key(header::CONTENT_ENCODING));
        assert!(!private.headers().contains_key(header::VARY));
    }
}
