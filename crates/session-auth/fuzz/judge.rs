//! What the layer does with every session that it was given: none of it may panic, whatever times the session holds.

use std::time::Duration;

use time::OffsetDateTime;

use crate::{Applied, Change, StoredSession};

/// Judges a session at times long before, at and long after it was used, and changes it.
pub(crate) fn judge(session: &StoredSession) {
    let century = Duration::from_secs(100 * 365 * 24 * 60 * 60);
    let now = OffsetDateTime::UNIX_EPOCH + century / 2;
    for now in [
        OffsetDateTime::UNIX_EPOCH,
        now,
        now + century,
        session.last_seen,
    ] {
        let mut change = Change::new(now);
        change.set.insert("fuzzed".to_owned(), true.into());
        match change.apply(session) {
            Applied::Stored(next) => {
                assert!(!session.is_over(now));
                assert!(next.last_seen >= session.last_seen);
                assert!(next.values.to_json().contains("fuzzed"));
            }
            Applied::Gone => assert!(session.is_over(now)),
            Applied::Changed => panic!("nothing was expected"),
        }
    }
    assert!(session.lifetime.end(session.last_seen) <= session.lifetime.deadline);
    let _ = format!("{session:?}");
}
