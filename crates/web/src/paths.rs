//! The addresses that code writes down: one function each, so that a slug is never pasted into a path without being encoded.

use axum::extract::{FromRequestParts, Path};
use axum::response::{IntoResponse, Response};
use gatepost_domain::form_key::FormKey;
use gatepost_domain::post::PostAddress;
use gatepost_domain::slug::Slug;
use gatepost_domain::tag::TagKey;
use gatepost_domain::username::Username;
use http::request::Parts;
use http::{HeaderValue, StatusCode, header};
use percent_encoding::{AsciiSet, CONTROLS, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::edition::ASK_FIRST;
use crate::error::Error;

/// What may not stand in a segment as it is (the path and userinfo sets of the URL standard, and `%`).
const SEGMENT: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'%')
    .add(b'/')
    .add(b':')
    .add(b';')
    .add(b'<')
    .add(b'=')
    .add(b'>')
    .add(b'?')
    .add(b'@')
    .add(b'[')
    .add(b'\\')
    .add(b']')
    .add(b'^')
    .add(b'`')
    .add(b'{')
    .add(b'|')
    .add(b'}');

/// The answer of an address that readers may have kept: the post is elsewhere. It is asked for again each time: a name may
/// be taken back, and a browser that remembers both ways would go round in circles.
pub(crate) fn moved(to: &str) -> Response {
    // A path of ours is encoded, and so is a header value.
    let to = HeaderValue::try_from(to).expect("an encoded path");
    let headers = [(header::LOCATION, to), (header::CACHE_CONTROL, ASK_FIRST)];
    (StatusCode::MOVED_PERMANENTLY, headers).into_response()
}

/// The first segment of an address, as it was asked for. Bytes that are no text name nothing, and so are a 404.
pub(crate) struct Segment(pub(crate) String);

impl<S: Send + Sync> FromRequestParts<S> for Segment {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Error> {
        let segment = Path::<String>::from_request_parts(parts, state).await;
        segment
            .map(|Path(segment)| Self(segment))
            .map_err(|_| Error::NotFound)
    }
}

/// `/{post}`
pub(crate) fn post(slug: &Slug) -> String {
    format!("/{}", utf8_percent_encode(slug.as_str(), SEGMENT))
}

/// `/{post}/edit`
pub(crate) fn edit(slug: &Slug) -> String {
    post(slug) + "/edit"
}

/// `/{post}/edit` for a segment as it was asked for.
pub(crate) fn edit_at(segment: &str) -> String {
    format!("/{}/edit", utf8_percent_encode(segment, SEGMENT))
}

/// `/{post}/edit` with a minute that was typed and is not set yet.
pub(crate) fn edit_with_minute(slug: &Slug, minute: &str) -> String {
    const VALUE: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b':');
    format!(
        "{}?publish_at={}",
        edit(slug),
        utf8_percent_encode(minute, VALUE)
    )
}

/// `/{post}/history`
pub(crate) fn history(slug: &Slug) -> String {
    post(slug) + "/history"
}

/// `/parked/{form}`
pub(crate) fn parked(form: &FormKey) -> String {
    format!("/parked/{form}")
}

/// `/{post}/image`
pub(crate) fn image(slug: &Slug) -> String {
    post(slug) + "/image"
}

/// `/{post}/restore`
pub(crate) fn restore(slug: &Slug) -> String {
    post(slug) + "/restore"
}

/// `/authors/{username}`
pub(crate) fn author(username: &Username) -> String {
    format!(
        "/authors/{}",
        utf8_percent_encode(username.as_str(), SEGMENT)
    )
}

/// `/tags/{tag}`
pub(crate) fn tag(key: &TagKey) -> String {
    format!("/tags/{}", utf8_percent_encode(key.as_str(), SEGMENT))
}

/// `/tags` from this one on.
pub(crate) fn tags_from(key: &TagKey) -> String {
    format!(
        "/tags?from={}",
        utf8_percent_encode(key.as_str(), NON_ALPHANUMERIC)
    )
}

/// The post an address segment means, if it can mean one.
pub(crate) fn address(segment: &str) -> Option<PostAddress> {
    segment.parse().ok()
}
