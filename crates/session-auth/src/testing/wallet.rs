//! Lets the suite speak of a session in a cookie by a name that stays, as it does of one on the server by its id.
//!
//! A browser of a cookie storage gets a new cookie with every change of its session. Here it shows them as one: outside of
//! the wallet a cookie's value is the key of its session, inside it is the last that an answer brought.
//! Invariant: cookies of two sessions have two names, so a copy from before a rotation stays what it is.

use std::{cell::RefCell, collections::HashMap, sync::Arc};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use http::{HeaderMap, HeaderValue, header};

use crate::storage::CookieStorage;

thread_local! {
    /// The suite runs on one thread, as its clock does.
    static HELD: RefCell<HashMap<String, String>> = RefCell::default();
}

#[derive(Clone)]
pub(super) struct Wallet {
    cookies: Arc<CookieStorage>,
}

impl Wallet {
    pub(super) fn new(cookies: Arc<CookieStorage>) -> Self {
        Self { cookies }
    }

    /// What the browser sends where the suite wrote names.
    pub(super) fn sent(&self, cookie: &[u8]) -> Vec<u8> {
        let Ok(mut text) = String::from_utf8(cookie.to_vec()) else {
            return cookie.to_vec();
        };
        HELD.with_borrow(|held| {
            for (name, value) in held {
                let quoted = format!("\"{name}\"");
                if text.contains(&quoted) {
                    // A value that has its quotes gets no second ones.
                    let bare = value.trim_matches('"');
                    text = text.replace(&quoted, &format!("\"{bare}\""));
                } else if text.contains(name.as_str()) {
                    text = text.replace(name, value);
                }
            }
        });
        text.into_bytes()
    }

    /// Puts the cookies of an answer away and writes their names in their places.
    pub(super) fn keep(&self, headers: &mut HeaderMap) {
        let Some(text) = headers
            .get(header::SET_COOKIE)
            .and_then(|set| set.to_str().ok())
        else {
            return;
        };
        let (pair, attributes) = text.split_once(';').unwrap_or((text, ""));
        let Some((cookie, value)) = pair.split_once('=') else {
            return;
        };
        let Some(key) = self.cookies.key_in(value.as_bytes()) else {
            return;
        };
        let name = URL_SAFE_NO_PAD.encode(key.as_bytes());
        let shown = HeaderValue::from_str(&format!("{cookie}={name};{attributes}"));
        HELD.with_borrow_mut(|held| held.insert(name, value.to_owned()));
        headers.insert(
            header::SET_COOKIE,
            shown.expect("a key in base64 fits into a header"),
        );
    }
}
