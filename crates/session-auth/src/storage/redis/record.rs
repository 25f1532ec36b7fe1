//! A session as the fields of a hash: times are unix milliseconds, each value is JSON text behind a `=`.

use std::{collections::HashMap, time::Duration};

use serde_json::{Map, Value};
use time::OffsetDateTime;

use crate::{Client, Lifetime, Login, Stamp, StorageError, StoredSession, Values};

/// By their names, which are bytes as well: what somebody else wrote may be no text.
pub(super) type Fields = HashMap<Vec<u8>, Vec<u8>>;

pub(super) const USER: &str = "user";

/// The fields that hold a login, and no other.
pub(super) const LOGIN: [&str; 4] = [USER, "stamp", "logged_in_at", "remember"];

/// The fields that hold where a session was opened, if it is known.
pub(super) const CLIENT: [&str; 2] = ["address", "browser"];

/// The field that holds a value: no name of ours begins like this.
pub(super) fn value_field(key: &str) -> String {
    format!("={key}")
}

pub(super) fn text(value: &Value) -> Vec<u8> {
    value.to_string().into_bytes()
}

pub(super) type Pair = (String, Vec<u8>);

fn pair(name: &str, value: impl ToString) -> Pair {
    (name.to_owned(), value.to_string().into_bytes())
}

pub(super) fn fields(session: &StoredSession) -> Vec<Pair> {
    let mut pairs = vec![
        pair("created", unix_milliseconds(session.created_at)),
        pair("seen", unix_milliseconds(session.last_seen)),
    ];
    pairs.extend(lifetime_fields(&session.lifetime));
    pairs.extend(session.login.iter().flat_map(login_fields));
    pairs.extend(client_fields(&session.client));
    let values = session.values.map().iter();
    pairs.extend(values.map(|(key, value)| (value_field(key), text(value))));
    pairs
}

pub(super) fn lifetime_fields(lifetime: &Lifetime) -> [Pair; 3] {
    [
        pair("idle", milliseconds(lifetime.idle)),
        pair("deadline", unix_milliseconds(lifetime.deadline)),
        pair("persistent", u8::from(lifetime.persistent)),
    ]
}

pub(super) fn login_fields(login: &Login) -> [Pair; 4] {
    [
        pair(USER, &login.user),
        ("stamp".to_owned(), login.stamp.as_bytes().to_vec()),
        pair("logged_in_at", unix_milliseconds(login.at)),
        pair("remember", u8::from(login.remember)),
    ]
}

pub(super) fn client_fields(client: &Client) -> impl Iterator<Item = Pair> {
    let address = client.address.map(|address| pair("address", address));
    let browser = client.browser.as_deref();
    let browser = browser.map(|browser| pair("browser", browser));
    address.into_iter().chain(browser)
}

/// The session in these fields; `None` when there are none.
pub(super) fn session(mut fields: Fields) -> Result<Option<StoredSession>, StorageError> {
    if fields.is_empty() {
        return Ok(None);
    }
    let login = match (take(&mut fields, USER), take(&mut fields, "stamp")) {
        (Some(user), Some(stamp)) => Some(Login {
            user: utf8(user)?,
            stamp: Stamp::from_bytes(&stamp).ok_or_else(damaged)?,
            at: time(&mut fields, "logged_in_at")?,
            remember: number::<u8>(&mut fields, "remember")? != 0,
        }),
        (None, None) => None,
        _ => return Err(damaged()),
    };
    Ok(Some(StoredSession {
        created_at: time(&mut fields, "created")?,
        last_seen: time(&mut fields, "seen")?,
        lifetime: Lifetime {
            idle: Duration::from_millis(number(&mut fields, "idle")?),
            deadline: time(&mut fields, "deadline")?,
            persistent: number::<u8>(&mut fields, "persistent")? != 0,
        },
        login,
        client: Client {
            address: number(&mut fields, "address").ok(),
            browser: take(&mut fields, "browser").map(utf8).transpose()?,
        },
        values: values(fields)?,
    }))
}

/// The values as the very text that lies there, which another program may have spelled otherwise than we do.
pub(super) fn as_spelled(expected: &[Pair], fields: &Fields) -> Vec<Pair> {
    let spelled = |(field, _): &Pair| {
        let text = fields.get(field.as_bytes()).cloned();
        (field.clone(), text.unwrap_or_default())
    };
    expected.iter().map(spelled).collect()
}

fn values(fields: Fields) -> Result<Values, StorageError> {
    let mut values = Map::new();
    for (field, text) in fields {
        let field = utf8(field)?;
        if let Some(key) = field.strip_prefix('=') {
            let value = serde_json::from_slice(&text).map_err(|_| damaged())?;
            values.insert(key.to_owned(), value);
        }
    }
    Ok(values.into())
}

fn take(fields: &mut Fields, name: &str) -> Option<Vec<u8>> {
    fields.remove(name.as_bytes())
}

/// Whatever is written as text.
fn number<T: std::str::FromStr>(fields: &mut Fields, name: &str) -> Result<T, StorageError> {
    let text = utf8(take(fields, name).ok_or_else(damaged)?)?;
    text.parse().map_err(|_| damaged())
}

fn time(fields: &mut Fields, name: &str) -> Result<OffsetDateTime, StorageError> {
    let milliseconds: i64 = number(fields, name)?;
    OffsetDateTime::from_unix_timestamp_nanos(i128::from(milliseconds) * 1_000_000)
        .map_err(|_| damaged())
}

pub(super) fn utf8(bytes: Vec<u8>) -> Result<String, StorageError> {
    String::from_utf8(bytes).map_err(|_| damaged())
}

/// Says nothing of what is in it: that is the visitor's.
pub(super) fn damaged() -> StorageError {
    StorageError::damaged("a session in Redis is damaged")
}

pub(super) fn unix_milliseconds(time: OffsetDateTime) -> i64 {
    i64::try_from(time.unix_timestamp_nanos() / 1_000_000).unwrap_or(i64::MAX)
}

pub(super) fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
#[path = "../../../fuzz/redis_hash.rs"]
mod fuzz;
