//! What a site from before has left: of cookies only what tower-sessions itself writes as an id, and never an id of ours;
//! of records any, and none of them is a login.

use http::{HeaderMap, HeaderValue, header};

use time::OffsetDateTime;
use tower_sessions_core::session::Record;
use tower_sessions_memory_store::MemoryStore;

use super::existing_id;
use crate::{
    SessionKey, TowerStorage,
    cookie::{Found, Presented},
    inputs::fuzz,
    judge::judge,
};

#[test]
fn any_cookie_from_before_is_read() {
    fuzz("existing_id", |input| {
        cookie(input);
        // And as the value of the cookie, which random bytes would hardly ever name.
        cookie(&[b"id=", input].concat());
    });
}

fn cookie(input: &[u8]) {
    let Ok(line) = HeaderValue::from_bytes(input) else {
        return;
    };
    let headers: HeaderMap = [(header::COOKIE, line)].into_iter().collect();
    let found = Found::find(&headers, "id");
    let Some((key, id)) = existing_id(&found) else {
        return;
    };
    let text = found.text().expect("an id has a text");
    assert_eq!(
        id.to_string().as_bytes(),
        text,
        "another text of the same id"
    );
    assert_eq!(key, SessionKey::of(text));
    assert!(
        !matches!(found.id(), Presented::Id(_)),
        "an id of ours, too"
    );
}

#[test]
fn any_record_from_before_is_a_session() {
    fuzz("existing_record", existing_record);
}

/// JSON.
fn existing_record(input: &[u8]) {
    let Ok(before) = serde_json::from_slice::<Record>(input) else {
        return;
    };
    let storage = TowerStorage::new(MemoryStore::default()).existing_ids();
    let met = storage.lent(None, || OffsetDateTime::UNIX_EPOCH);
    let read = met.session(&before);
    assert!(
        read.login.is_none(),
        "nobody is logged in by what was stored before"
    );
    assert_eq!(read.values.map().len(), before.data.len());
    judge(&read);
}
