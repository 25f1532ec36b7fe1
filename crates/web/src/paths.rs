//! The addresses that code writes down: one function each, so that a slug is never pasted into a path without being encoded.

use gatepost_domain::post::PostAddress;
use gatepost_domain::slug::Slug;
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};

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

/// `/{post}/image`
pub(crate) fn image(slug: &Slug) -> String {
    post(slug) + "/image"
}

/// `/{post}/restore`
pub(crate) fn restore(slug: &Slug) -> String {
    post(slug) + "/restore"
}

/// The post an address segment means, if it can mean one.
pub(crate) fn address(segment: &str) -> Option<PostAddress> {
    segment.parse().ok()
}
