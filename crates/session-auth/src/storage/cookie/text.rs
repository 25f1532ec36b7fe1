//! A session as text: everything that a later request needs to judge it by this server's clock.
//!
//! The client's address is not in it: nobody could list it.

use std::time::Duration;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use time::{OffsetDateTime, serde::timestamp::milliseconds};

use super::ascii_json;
use crate::{Client, Lifetime, Login, SessionKey, Stamp, StorageError, StoredSession};

/// The names are short because every byte travels with every request.
#[derive(Serialize, Deserialize)]
struct Text {
    #[serde(rename = "k")]
    key: String,
    #[serde(rename = "c", with = "milliseconds")]
    created_at: OffsetDateTime,
    #[serde(rename = "s", with = "milliseconds")]
    last_seen: OffsetDateTime,
    #[serde(rename = "i")]
    idle: u64,
    #[serde(rename = "d", with = "milliseconds")]
    deadline: OffsetDateTime,
    #[serde(rename = "p")]
    persistent: bool,
    #[serde(rename = "l", default, skip_serializing_if = "Option::is_none")]
    login: Option<LoginText>,
    #[serde(rename = "v")]
    values: Map<String, Value>,
}

#[derive(Serialize, Deserialize)]
struct LoginText {
    #[serde(rename = "u")]
    user: String,
    #[serde(rename = "s")]
    stamp: String,
    #[serde(rename = "a", with = "milliseconds")]
    at: OffsetDateTime,
    #[serde(rename = "r")]
    remember: bool,
}

pub(super) fn write(key: &SessionKey, session: &StoredSession) -> Result<String, StorageError> {
    let login = session.login.as_ref().map(|login| LoginText {
        user: login.user.clone(),
        stamp: URL_SAFE_NO_PAD.encode(login.stamp.as_bytes()),
        at: login.at,
        remember: login.remember,
    });
    let text = Text {
        key: URL_SAFE_NO_PAD.encode(key.as_bytes()),
        created_at: session.created_at,
        last_seen: session.last_seen,
        idle: u64::try_from(session.lifetime.idle.as_millis()).unwrap_or(u64::MAX),
        deadline: session.lifetime.deadline,
        persistent: session.lifetime.persistent,
        login,
        values: session.values.map().clone(),
    };
    ascii_json::compact(&text).map_err(StorageError::new)
}

pub(super) fn read(text: &str) -> Option<(SessionKey, StoredSession)> {
    let text: Text = serde_json::from_str(text).ok()?;
    let key = URL_SAFE_NO_PAD.decode(&text.key).ok()?;
    let login = match text.login {
        Some(login) => Some(Login {
            user: login.user,
            stamp: Stamp::from_bytes(&URL_SAFE_NO_PAD.decode(&login.stamp).ok()?)?,
            at: login.at,
            remember: login.remember,
        }),
        None => None,
    };
    let session = StoredSession {
        created_at: text.created_at,
        last_seen: text.last_seen,
        lifetime: Lifetime {
            idle: Duration::from_millis(text.idle),
            deadline: text.deadline,
            persistent: text.persistent,
        },
        login,
        client: Client::default(),
        values: text.values.into(),
    };
    Some((SessionKey::from_bytes(key.try_into().ok()?), session))
}
