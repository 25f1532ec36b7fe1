//! The bytes of aiohttp-session 2.12.1, and every decoder against any bytes at all.

use std::cell::RefCell;

use proptest::prelude::*;
use serde_json::{Map, Value, json};
use time::OffsetDateTime;

use super::{
    Aiohttp, CookieStorage, EncryptedCookieStorage, Format, NaClCookieStorage, Read,
    SimpleCookieStorage, quoting::quote,
};
use crate::{
    Client, Lifetime, Login, LoginChange, SessionKey, Stamp, StoredSession,
    ambient::system_randomness,
};

const KEY: &[u8] = b"0123456789abcdef0123456789abcdef";

thread_local! {
    static RANDOM: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

fn given_randomness(bytes: &mut [u8]) {
    RANDOM.with_borrow(|random| bytes.copy_from_slice(random));
}

fn vectors() -> Value {
    serde_json::from_str(include_str!("../../../tests/vectors/aiohttp-session.json")).unwrap()
}

fn at(seconds: i64) -> OffsetDateTime {
    OffsetDateTime::from_unix_timestamp(seconds).unwrap()
}

fn storages() -> [CookieStorage; 3] {
    [
        SimpleCookieStorage::new().cookies,
        EncryptedCookieStorage::new(KEY).unwrap().cookies,
        NaClCookieStorage::new(KEY).unwrap().cookies,
    ]
}

fn shared(cookies: CookieStorage) -> CookieStorage {
    CookieStorage {
        format: Format::Aiohttp(Aiohttp::default()),
        ..cookies
    }
}

/// The value in a vector's `Set-Cookie`, and whether the session ends with it.
fn value(vector: &Value) -> (&str, bool) {
    let header = vector["set_cookie"].as_str().unwrap();
    let (pair, attributes) = header.split_once("; ").unwrap();
    let value = pair.strip_prefix("AIOHTTP_SESSION=").unwrap();
    (value, attributes.contains("Max-Age=0"))
}

fn session(read: Read) -> StoredSession {
    match read {
        Read::Session(_, session, _) => *session,
        Read::Nothing => panic!("read as nothing"),
        Read::Undecodable => panic!("read as undecodable"),
    }
}

#[test]
fn every_vector_is_read_and_its_bytes_are_written() {
    let vectors = vectors();
    let texts = vectors["simple"].as_array().unwrap();
    let mut written_again = 0;
    for (name, cookies) in ["simple", "encrypted", "nacl"].into_iter().zip(storages()) {
        let seal = std::sync::Arc::clone(&cookies.seal);
        let cookies = shared(cookies);
        let vectors = vectors[name].as_array().unwrap();
        assert_eq!(vectors.len(), texts.len());
        for (vector, text) in vectors.iter().zip(texts) {
            let (expected, ends) = value(vector);
            let Some(text) = text["json"].as_str() else {
                // `session.invalidate()`: the simple storage writes an empty object, the others remove the cookie.
                let is_nothing = matches!(cookies.read(expected.as_bytes(), at(0)), Read::Nothing);
                assert!(ends || is_nothing, "{expected}");
                continue;
            };
            let now = vector["timestamp"].as_i64().unwrap_or_default();
            let random = vector["iv_hex"].as_str().or(vector["nonce_hex"].as_str());
            let hex = |at| u8::from_str_radix(&random.unwrap_or_default()[at..at + 2], 16).unwrap();
            let random = (0..random.unwrap_or_default().len()).step_by(2).map(hex);
            RANDOM.set(random.collect());
            assert_eq!(quote(&seal.seal(text, at(now), given_randomness)), expected);

            let session = session(cookies.read(expected.as_bytes(), at(1_700_000_000)));
            assert_eq!(json!(session.values.map()), vector["session"]);
            assert_eq!(session.created_at, at(1_700_000_000));
            let user = vector["session"]["username"].as_str();
            let user = user.filter(|user| !user.is_empty());
            assert_eq!(
                session.login.as_ref().map(|login| login.user.as_str()),
                user
            );

            // Python keeps the order of keys and Rust's map sorts them, so only what is sorted comes out the same.
            let again = Aiohttp::default().write(&session).unwrap();
            let parsed: Value = serde_json::from_str(&again).unwrap();
            assert_eq!(parsed, serde_json::from_str::<Value>(text).unwrap());
            let keys = vector["session"].as_object().unwrap().keys();
            let places: Vec<_> = keys.map(|key| text.find(&format!("\"{key}\": "))).collect();
            if places.is_sorted() && places.iter().all(Option::is_some) {
                assert_eq!(again, text);
                written_again += 1;
            }
        }
    }
    assert!(
        written_again >= 9,
        "{written_again} texts were written again"
    );
}

#[test]
fn what_python_refuses_is_refused() {
    let vectors = vectors();
    let [_, encrypted, nacl] = storages().map(shared);
    for token in vectors["rejected_encrypted"].as_array().unwrap() {
        let token = token.as_str().unwrap().as_bytes();
        assert!(matches!(encrypted.read(token, at(0)), Read::Undecodable));
        assert!(matches!(nacl.read(token, at(0)), Read::Undecodable));
    }
}

#[test]
fn max_age_counts_from_the_last_write() {
    for cookies in storages() {
        let vector = quote(&cookies.seal.seal(
            r#"{"created": 1000, "session": {"a": 1}}"#,
            at(1000),
            system_randomness,
        ));
        let is_alive = |max_age: Option<u64>, now| {
            let aiohttp = Aiohttp {
                max_age: max_age.map(std::time::Duration::from_secs),
                ..Aiohttp::default()
            };
            let cookies = CookieStorage {
                format: Format::Aiohttp(aiohttp),
                ..cookies.clone()
            };
            match cookies.read(vector.as_bytes(), at(now)) {
                Read::Session(_, session, _) => !session.is_over(at(now)),
                Read::Nothing => false,
                Read::Undecodable => panic!("it was written here"),
            }
        };
        assert!(is_alive(Some(60), 1059));
        assert!(!is_alive(Some(60), 1061));
        assert!(is_alive(None, 1_000_000_000));
    }
}

#[test]
fn a_text_that_python_cannot_have_meant_is_no_session() {
    let aiohttp = Aiohttp::default();
    for text in [
        "",
        "null",
        "[]",
        "1",
        r#"{"created": "x"}"#,
        r#"{"created": 1, "session": []}"#,
        r#"{"created": 1, "session": {"a": NaN}}"#,
        r#"{"created": 1, "session": {"a": "\ud800"}}"#,
        r#"{"created": 1e300, "session": {}}"#,
    ] {
        assert!(aiohttp.read(text).is_none(), "{text}");
    }
    assert!(matches!(aiohttp.read(" {} "), Some(None)));
    for text in [
        r#"{"session": {"a": 1}, "more": 2}"#,
        r#"{"session":{"a":1},"created":null}"#,
        r#"{"created": 12.5, "session": {"a": 1}}"#,
    ] {
        let session = aiohttp.read(text).unwrap().unwrap();
        assert_eq!(session.values.map()["a"], 1);
    }
}

#[test]
fn the_login_is_the_value_under_its_key() {
    let aiohttp = Aiohttp {
        login_key: "AIOHTTP_SECURITY".into(),
        max_age: None,
    };
    let session = full(Map::from_iter([("username".to_owned(), json!("bob"))]));
    assert!(aiohttp.shape(&session, &LoginChange::Keep).login.is_none());
    let login = LoginChange::Set(session.login.clone().unwrap());
    let session = aiohttp.shape(&session, &login);
    assert_eq!(session.login.as_ref().unwrap().user, "Ålice");
    assert_eq!(session.values.map()["AIOHTTP_SECURITY"], "Ålice");
    // The format keeps no stamp, so none is asked for.
    assert!(
        session
            .login
            .as_ref()
            .unwrap()
            .stamp
            .admits(&Stamp::of(&[b"any"]))
    );
    let session = aiohttp.shape(&session, &LoginChange::Clear);
    assert!(session.login.is_none());
    assert_eq!(session.values.map().len(), 1);
}

fn full(values: Map<String, Value>) -> StoredSession {
    StoredSession {
        created_at: at(1000),
        last_seen: at(2000),
        lifetime: Lifetime {
            idle: std::time::Duration::from_millis(1234),
            deadline: at(3000),
            persistent: true,
        },
        login: Some(Login {
            user: "Ålice".to_owned(),
            stamp: Stamp::of(&[b"alice"]),
            at: at(1500),
            remember: true,
        }),
        client: Client::default(),
        values: values.into(),
    }
}

fn any_values() -> impl Strategy<Value = Map<String, Value>> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        "\\PC{0,8}|[\\x00-\\xff]{0,8}".prop_map(Value::from),
    ];
    let value = leaf.prop_recursive(2, 8, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
            prop::collection::btree_map("\\PC{0,4}", inner, 0..3)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    });
    prop::collection::btree_map("\\PC{0,6}", value, 0..5).prop_map(|map| map.into_iter().collect())
}

proptest! {
    #[test]
    fn a_session_comes_out_of_its_cookie_as_it_went_in(values in any_values()) {
        let session = full(values.clone());
        let key = SessionKey::from_bytes([9; 32]);
        for cookies in storages() {
            let value = cookies.write(&key, &session, at(2000), system_randomness).unwrap();
            prop_assert!(http::HeaderValue::from_str(&value).is_ok());
            prop_assert!(value.is_ascii() && !value.contains([';', ',']));
            let Read::Session(found, read, false) = cookies.read(value.as_bytes(), at(0)) else {
                return Err(TestCaseError::fail(value));
            };
            prop_assert_eq!(found, key);
            prop_assert_eq!(format!("{read:?}"), format!("{session:?}"));
            prop_assert_eq!(read.values.map(), &values);

            let cookies = shared(cookies);
            let value = cookies.write(&key, &session, at(2000), system_randomness).unwrap();
            let Read::Session(_, read, _) = cookies.read(value.as_bytes(), at(0)) else {
                return Err(TestCaseError::fail(value));
            };
            prop_assert_eq!(read.values.map(), &values);
        }
    }

    #[test]
    fn any_bytes_are_read_without_a_panic(value in prop::collection::vec(any::<u8>(), 0..300)) {
        for cookies in storages() {
            cookies.read(&value, at(0));
            shared(cookies).read(&value, at(0));
        }
    }

    /// One character of a sealed cookie is another: nobody believes it. Bits that base64 ignores cannot be changed.
    #[test]
    fn a_sealed_cookie_is_believed_whole_or_not_at_all(place in any::<prop::sample::Index>(), by in 1_u8..=255) {
        let [_, encrypted, nacl] = storages();
        for cookies in [encrypted, nacl] {
            let key = SessionKey::from_bytes([9; 32]);
            let session = full(Map::new());
            let mut value = cookies.write(&key, &session, at(2000), system_randomness).unwrap().into_bytes();
            // Inside of the quotes, which are nobody's secret.
            let place = 1 + place.index(value.len() - 2);
            value[place] ^= by;
            prop_assert!(matches!(cookies.read(&value, at(0)), Read::Undecodable));
        }
    }
}
