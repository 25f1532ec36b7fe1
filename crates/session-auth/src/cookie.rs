//! The session cookie on the wire: found in one pass over the header, and written with every attribute a browser needs.
//!
//! Invariant: a session id has no `Debug` and is never shown: it leaves this crate only in a `Set-Cookie`, or as its hash.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use http::{HeaderMap, HeaderValue, header};
use time::OffsetDateTime;

use crate::{Lifetime, Randomness, storage::SessionKey};

/// 192 random bits; 24 bytes fill base64 exactly, so that every id has one spelling.
const RANDOM_BYTES: usize = 24;
const ID_LENGTH: usize = RANDOM_BYTES / 3 * 4;

/// The 3 bytes at the beginning, which the ids that follow keep. They are no secret: the other 168 bits are.
const LINEAGE_LENGTH: usize = 4;

/// The secret in the cookie.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct SessionId([u8; ID_LENGTH]);

impl SessionId {
    pub(crate) fn new(randomness: Randomness) -> Self {
        let mut random = [0; RANDOM_BYTES];
        randomness(&mut random);
        let mut text = [0; ID_LENGTH];
        URL_SAFE_NO_PAD
            .encode_slice(random, &mut text)
            .expect("24 bytes are 32 base64 characters");
        Self(text)
    }

    /// The id that a session gets after this one: of the same lineage, so that a storage of many servers finds both on
    /// the same one, and otherwise new.
    fn successor(&self, randomness: Randomness) -> Self {
        let mut next = Self::new(randomness);
        next.0[..LINEAGE_LENGTH].copy_from_slice(&self.0[..LINEAGE_LENGTH]);
        next
    }

    fn parse(value: &[u8]) -> Option<Self> {
        let text: [u8; ID_LENGTH] = value.try_into().ok()?;
        text.iter()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
            .then_some(Self(text))
    }

    pub(crate) fn key(&self) -> SessionKey {
        SessionKey::of(&self.0).in_lineage(&self.0[..LINEAGE_LENGTH])
    }

    pub(crate) fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

/// An id that a session has or is about to get, and what the session is stored under.
#[derive(Clone, Copy)]
pub(crate) struct Issued {
    pub(crate) id: SessionId,
    pub(crate) key: SessionKey,
}

impl From<SessionId> for Issued {
    fn from(id: SessionId) -> Self {
        let key = id.key();
        Self { id, key }
    }
}

/// What a request's `Cookie` headers hold under our name.
#[derive(Clone, Copy)]
pub(crate) enum Presented {
    Nothing,
    Id(SessionId),
    /// A whole session, which a cookie storage wrote.
    Carried(SessionKey),
    /// Something that we never issued and that no proxy can repair.
    Undecodable,
    /// Two different values: somebody may have planted one, and which one is anybody's guess.
    Ambiguous,
}

impl Presented {
    /// For a storage on the server: the value is an id.
    pub(crate) fn id(headers: &HeaderMap, name: &str) -> Self {
        Found::find(headers, name).id()
    }

    /// The id that the session gets at a rotation. Whatever the cookie is, the key keeps its lineage, so that a storage of
    /// many servers can move what it knows of the session in one step.
    pub(crate) fn successor(&self, randomness: Randomness) -> Issued {
        match self {
            Self::Id(id) => id.successor(randomness).into(),
            Self::Carried(key) => {
                let id = SessionId::new(randomness);
                let key = id.key().in_lineage_of(key);
                Issued { id, key }
            }
            Self::Nothing | Self::Undecodable | Self::Ambiguous => {
                SessionId::new(randomness).into()
            }
        }
    }

    pub(crate) fn key(&self) -> Option<SessionKey> {
        match self {
            Self::Id(id) => Some(id.key()),
            Self::Carried(key) => Some(*key),
            Self::Nothing | Self::Undecodable | Self::Ambiguous => None,
        }
    }
}

/// The value under our name, with its quotes if it has any.
pub(crate) enum Found<'a> {
    Nothing,
    One(&'a [u8]),
    Ambiguous,
}

impl<'a> Found<'a> {
    /// The value without the quotes that a client or a proxy put around it.
    #[cfg(feature = "tower")]
    pub(crate) fn text(&self) -> Option<&'a [u8]> {
        match self {
            Self::One(value) => Some(unquoted(value)),
            Self::Nothing | Self::Ambiguous => None,
        }
    }

    /// The value as an id.
    pub(crate) fn id(&self) -> Presented {
        match self {
            Self::Nothing => Presented::Nothing,
            Self::Ambiguous => Presented::Ambiguous,
            Self::One(value) => {
                SessionId::parse(unquoted(value)).map_or(Presented::Undecodable, Presented::Id)
            }
        }
    }

    pub(crate) fn find(headers: &'a HeaderMap, name: &str) -> Self {
        let mut found: Option<&[u8]> = None;
        for header in headers.get_all(header::COOKIE) {
            for pair in header.as_bytes().split(|byte| *byte == b';') {
                let Some(value) = value_of(pair, name.as_bytes()) else {
                    continue;
                };
                match found {
                    None => found = Some(value),
                    Some(first) if unquoted(first) == unquoted(value) => {}
                    Some(_) => return Self::Ambiguous,
                }
            }
        }
        found.map_or(Self::Nothing, Self::One)
    }
}

/// The value in `name=value`, if the pair has this name.
fn value_of<'a>(pair: &'a [u8], name: &[u8]) -> Option<&'a [u8]> {
    let rest = pair.trim_ascii_start().strip_prefix(name)?;
    Some(rest.trim_ascii_start().strip_prefix(b"=")?.trim_ascii())
}

/// What stands between the quotes, where a client or a proxy put some.
fn unquoted(value: &[u8]) -> &[u8] {
    let inner = value
        .strip_prefix(b"\"")
        .and_then(|value| value.strip_suffix(b"\""));
    inner.unwrap_or(value)
}

/// How the cookie is named and whether it needs TLS.
#[derive(Clone, Debug)]
pub(crate) struct CookieSettings {
    name: Option<String>,
    plain_http: bool,
}

/// Browsers refuse these beginnings without https.
fn without_promise(name: &str) -> &str {
    let bare = ["__Host-", "__Secure-"]
        .iter()
        .find_map(|promise| name.strip_prefix(promise));
    bare.filter(|bare| !bare.is_empty()).unwrap_or(name)
}

impl CookieSettings {
    pub(crate) fn plain_http(&mut self) {
        self.plain_http = true;
    }

    /// The name that the sessions' other users know, unless the application says another.
    pub(crate) const fn named(name: Option<String>) -> Self {
        Self {
            name,
            plain_http: false,
        }
    }

    pub(crate) fn rename(&mut self, name: String) {
        let is_token =
            |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
        assert!(
            !name.is_empty() && name.bytes().all(is_token),
            "a cookie name is made of letters, digits and !#$%&'*+-.^_`|~"
        );
        self.name = Some(name);
    }

    /// `session` would be Flask's default name, and cookies ignore ports, so two programs on one machine would fight.
    pub(crate) fn name(&self) -> &str {
        match &self.name {
            Some(name) if self.plain_http => without_promise(name),
            Some(name) => name,
            None if self.plain_http => "gatepost-dev",
            None => "__Host-session",
        }
    }

    fn secure(&self) -> &'static str {
        if self.plain_http { "" } else { "; Secure" }
    }

    /// `Max-Age` is the rest of the absolute lifetime, so that using the session needs no new cookie.
    pub(crate) fn set(&self, value: &str, lifetime: &Lifetime, now: OffsetDateTime) -> HeaderValue {
        let (name, secure) = (self.name(), self.secure());
        let max_age = if lifetime.persistent {
            format!(
                "; Max-Age={}",
                (lifetime.deadline - now).whole_seconds().max(0)
            )
        } else {
            String::new()
        };
        let mut header = header_value(&format!(
            "{name}={value}; HttpOnly{secure}; SameSite=Lax; Path=/{max_age}"
        ));
        header.set_sensitive(true);
        header
    }

    /// Browsers honour a removal only when it repeats what makes the cookie theirs: `__Host-` insists on Secure and Path.
    pub(crate) fn removal(&self) -> HeaderValue {
        let (name, secure) = (self.name(), self.secure());
        header_value(&format!(
            "{name}=; HttpOnly{secure}; SameSite=Lax; Path=/; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT"
        ))
    }
}

fn header_value(text: &str) -> HeaderValue {
    HeaderValue::from_str(text)
        .expect("a cookie name is a token, and its value is printed in ASCII")
}

#[cfg(test)]
#[path = "../fuzz/cookie_header.rs"]
mod fuzz;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const NAME: &str = "__Host-session";

    fn found(cookies: &[Vec<u8>]) -> Presented {
        let mut headers = HeaderMap::new();
        for cookie in cookies {
            if let Ok(value) = HeaderValue::from_bytes(cookie) {
                headers.append(header::COOKIE, value);
            }
        }
        Presented::id(&headers, NAME)
    }

    #[test]
    fn an_id_is_found_again_in_the_cookie_that_carries_it() {
        let id = SessionId::new(|bytes| bytes.fill(0xfb));
        let settings = CookieSettings::named(None);
        let lifetime = Lifetime {
            idle: std::time::Duration::from_secs(1),
            deadline: OffsetDateTime::UNIX_EPOCH,
            persistent: false,
        };
        let set = settings.set(id.as_str(), &lifetime, OffsetDateTime::UNIX_EPOCH);
        let pair = set.as_bytes().split(|byte| *byte == b';').next().unwrap();
        assert!(matches!(found(&[pair.to_vec()]), Presented::Id(same) if same == id));
        assert!(matches!(
            found(&[b"__Host-session=x".to_vec()]),
            Presented::Undecodable
        ));
        assert!(matches!(found(&[]), Presented::Nothing));
    }

    #[test]
    fn a_successor_keeps_the_lineage_and_nothing_else() {
        let id = SessionId::new(|bytes| bytes.fill(0xfb));
        let next = id.successor(|bytes| bytes.fill(0x17));
        let (key, next_key) = (id.key(), next.key());
        assert_eq!(key.lineage(), next_key.lineage());
        let shared = id.0.iter().zip(next.0).filter(|(old, new)| **old == *new);
        assert_eq!(shared.count(), LINEAGE_LENGTH);
        assert_ne!(key.as_bytes()[..30], next_key.as_bytes()[..30]);
        let stranger = SessionId::new(|bytes| bytes.fill(0x17));
        assert_ne!(key.lineage(), stranger.key().lineage());
    }

    /// The cookie carries no id, but a ledger may lie on many servers.
    #[test]
    fn the_successor_of_a_session_in_a_cookie_keeps_its_lineage_and_nothing_else() {
        let key = SessionKey::from_bytes(std::array::from_fn(|number| number as u8));
        let next = Presented::Carried(key).successor(|bytes| bytes.fill(0x17));
        assert_eq!(next.key.lineage(), key.lineage());
        let id_key = next.id.key();
        assert_eq!(next.key.as_bytes()[..30], id_key.as_bytes()[..30]);
        assert_ne!(id_key.lineage(), key.lineage());
    }

    #[test]
    #[should_panic(expected = "a cookie name is made of letters")]
    fn a_name_that_would_break_the_header_is_refused() {
        CookieSettings::named(None).rename("a;b".to_owned());
    }

    proptest! {
        /// Whatever it is, it is read without a panic; and an id is only what stands there under our name.
        #[test]
        fn any_header_is_read(cookies in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..200), 0..4)) {
            if let Presented::Id(id) = found(&cookies) {
                let holds = |cookie: &Vec<u8>| cookie.windows(ID_LENGTH).any(|part| part == id.0);
                prop_assert!(cookies.iter().any(holds));
            }
        }

        /// Among other cookies, in any order and spacing, an id is found.
        #[test]
        fn an_id_is_found_among_other_cookies(
            before in prop::collection::vec("[ ]{0,2}[a-z]{1,8}=[ -:<-~]{0,12}", 0..5),
            after in prop::collection::vec("[a-z]{1,8}(=[ -:<-~]{0,12})?", 0..5),
            text in "[A-Za-z0-9_-]{32}",
            quoted in any::<bool>(),
        ) {
            let value = if quoted { format!("\"{text}\"") } else { text.clone() };
            let mut pairs = before;
            pairs.push(format!("{NAME}={value}"));
            pairs.extend(after);
            let one_line = [pairs.join("; ").into_bytes()];
            let lines: Vec<_> = pairs.into_iter().map(String::into_bytes).collect();
            for cookies in [&one_line[..], &lines[..]] {
                prop_assert!(matches!(found(cookies), Presented::Id(id) if id.as_str() == text));
            }
        }
    }
}
