//! A row of the session table, with anything in its columns: a session or an error, and a session can be judged.

use super::{Row, UserId};
use crate::{StoredSession, inputs::fuzz, judge::judge};

#[test]
fn any_row_is_a_session_or_an_error() {
    fuzz("sql_row", sql_row);
}

/// Seven numbers of eight bytes each, and then the texts, each up to a zero byte.
fn sql_row(input: &[u8]) {
    let (numbers, texts) = input.split_at(input.len().min(7 * 8));
    let mut numbers = numbers.chunks(8).map(|bytes| {
        let mut number = [0; 8];
        number[..bytes.len()].copy_from_slice(bytes);
        i64::from_be_bytes(number)
    });
    let mut number = || numbers.next().unwrap_or_default();
    let mut texts = texts.split(|byte| *byte == 0);
    let mut bytes = || texts.next().filter(|text| !text.is_empty());
    let text =
        |bytes: Option<&[u8]>| bytes.map(|bytes| String::from_utf8_lossy(bytes).into_owned());
    let [created_at, last_seen, idle, deadline, persistent] = std::array::from_fn(|_| number());
    // A bit that means nothing else says whether the column is null.
    let logged_in_at = Some(number()).filter(|_| persistent & 4 == 0);
    let row = Row {
        created_at,
        last_seen,
        idle,
        deadline,
        persistent,
        logged_in_at,
        remember: number(),
        key: bytes().unwrap_or_default().to_vec(),
        user_id: text(bytes()).map(UserId),
        stamp: bytes().map(<[u8]>::to_vec),
        address: text(bytes()),
        browser: text(bytes()),
        data: text(bytes()).unwrap_or_default(),
    };
    assert_eq!(row.key().is_ok(), row.key.len() == 32);
    let columns = [
        row.user_id.is_some(),
        row.stamp.is_some(),
        row.logged_in_at.is_some(),
    ];
    if let Ok(session) = StoredSession::try_from(row) {
        // Half a login is none, and no session either.
        assert_eq!(columns, [session.login.is_some(); 3]);
        judge(&session);
    }
}
