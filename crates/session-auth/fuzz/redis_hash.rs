//! The fields of a hash in Redis: a session or an error, and a session is written back as it was read.

use super::{fields, session};
use crate::{inputs::fuzz, judge::judge};

#[test]
fn any_hash_is_a_session_or_an_error() {
    fuzz("redis_hash", redis_hash);
}

/// A field on each line: its name, a tab, and what it holds.
fn redis_hash(input: &[u8]) {
    let lines = input.split(|byte| *byte == b'\n');
    let hash = lines.filter_map(|line| {
        let at = line.iter().position(|byte| *byte == b'\t')?;
        Some((line[..at].to_vec(), line[at + 1..].to_vec()))
    });
    let Ok(Some(read)) = session(hash.collect()) else {
        return;
    };
    judge(&read);
    let written = fields(&read);
    let written = written.into_iter();
    let written = written.map(|(name, value)| (name.into_bytes(), value));
    let again = session(written.collect());
    let again = again.expect("our own fields").expect("not empty");
    assert_eq!(format!("{read:?}"), format!("{again:?}"));
    assert_eq!(read.values.map(), again.values.map());
}
