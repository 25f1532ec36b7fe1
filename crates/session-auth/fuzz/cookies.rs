//! The values of cookies that carry a session, in every seal and both formats: nothing that was not sealed here is
//! believed, and whatever text was sealed here is a session or none.

use time::OffsetDateTime;

use super::{Aiohttp, CookieStorage, Format, LIMIT, Read, quoting};
use crate::{
    EncryptedCookieStorage, NaClCookieStorage, SimpleCookieStorage, inputs::fuzz, judge::judge,
};

/// The key of the vectors.
const KEY: &[u8] = b"0123456789abcdef0123456789abcdef";
const NOW: OffsetDateTime = time::macros::datetime!(2023-11-14 22:13:20 UTC);

#[test]
fn any_plain_cookie_is_read() {
    fuzz("simple_cookie", |input| cookie(&simple(), input));
}

#[test]
fn any_plain_cookie_of_aiohttp_is_read() {
    fuzz("simple_aiohttp", |input| cookie(&shared(simple()), input));
}

#[test]
fn any_fernet_token_is_read() {
    fuzz("encrypted_cookie", |input| cookie(&encrypted(), input));
}

#[test]
fn any_fernet_token_of_aiohttp_is_read() {
    fuzz("encrypted_aiohttp", |input| {
        cookie(&shared(encrypted()), input)
    });
}

#[test]
fn any_secret_box_is_read() {
    fuzz("nacl_cookie", |input| cookie(&nacl(), input));
}

#[test]
fn any_secret_box_of_aiohttp_is_read() {
    fuzz("nacl_aiohttp", |input| cookie(&shared(nacl()), input));
}

fn simple() -> CookieStorage {
    SimpleCookieStorage::new().cookies
}

fn encrypted() -> CookieStorage {
    EncryptedCookieStorage::new(KEY).expect("a key").cookies
}

fn nacl() -> CookieStorage {
    NaClCookieStorage::new(KEY).expect("a key").cookies
}

fn shared(cookies: CookieStorage) -> CookieStorage {
    let aiohttp = Aiohttp {
        max_age: Some(std::time::Duration::from_secs(60 * 60)),
        ..Aiohttp::default()
    };
    CookieStorage {
        format: Format::Aiohttp(aiohttp),
        ..cookies
    }
}

/// The input as a cookie's value, and as a text that somebody with the key has sealed.
fn cookie(cookies: &CookieStorage, input: &[u8]) {
    read(cookies, input);
    if let Ok(text) = str::from_utf8(input) {
        let sealed = cookies.seal.seal(text, NOW, |bytes| bytes.fill(7));
        assert_eq!(
            cookies
                .seal
                .open(&sealed)
                .map(|opened| opened.text)
                .as_deref(),
            Some(text)
        );
        read(cookies, quoting::quote(&sealed).as_bytes());
    }
}

fn read(cookies: &CookieStorage, value: &[u8]) {
    let Read::Session(key, session, _) = cookies.read(value, NOW) else {
        return;
    };
    assert!(value.len() <= 2 * LIMIT);
    judge(&session);
    let written = cookies.write(&key, &session, NOW, |bytes| bytes.fill(7));
    let written = written.expect("what was read can be written");
    assert!(http::HeaderValue::from_str(&written).is_ok());
    // A session with a login time of long ago, or without an age, is nothing where there is a `max_age`.
    if let Read::Session(_, again, _) = cookies.read(written.as_bytes(), NOW) {
        assert_eq!(session.values.map(), again.values.map());
        assert_eq!(session.login, again.login);
    } else {
        assert!(matches!(cookies.format, Format::Aiohttp(_)) || written.len() > 2 * LIMIT);
    }
}
