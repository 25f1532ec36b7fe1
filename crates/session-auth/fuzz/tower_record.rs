//! What a tower-sessions store gives back under our key: a session or an error, and a session is written back as it was
//! read.

use time::OffsetDateTime;
use tower_sessions_core::session::{Id, Record};

use super::{SESSION, record, session};
use crate::{SessionKey, inputs::fuzz, judge::judge};

#[test]
fn any_record_is_a_session_or_an_error() {
    fuzz("tower_record", tower_record);
}

/// JSON.
fn tower_record(input: &[u8]) {
    let Ok(kept) = serde_json::from_slice(input) else {
        return;
    };
    let stored = Record {
        id: Id(7),
        data: [(SESSION.to_owned(), kept)].into(),
        expiry_date: OffsetDateTime::UNIX_EPOCH,
    };
    let Ok(read) = session(stored) else { return };
    judge(&read);
    let written = record(&SessionKey::from_bytes([7; 32]), &read).expect("what was read");
    let again = session(written).expect("our own record");
    assert_eq!(format!("{read:?}"), format!("{again:?}"));
    assert_eq!(read.values.map(), again.values.map());
    assert_eq!(read.login, again.login);
}
