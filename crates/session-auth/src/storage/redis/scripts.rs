//! The scripts, and what goes into and comes out of them.
//!
//! Invariant: `commit.lua` does with fields what [`Change::apply`] does with a session; the contract suite runs over both.

use std::{sync::LazyLock, time::Duration};

use ::redis::{FromRedisValue, ParsingError, ToRedisArgs, Value};

use super::record::{self, Fields, Pair};
use crate::{Change, LoginChange};

pub(super) static CREATE: LazyLock<Script> =
    LazyLock::new(|| Script::new(include_str!("scripts/create.lua")));
pub(super) static COMMIT: LazyLock<Script> =
    LazyLock::new(|| Script::new(include_str!("scripts/commit.lua")));
pub(super) static TOUCH: LazyLock<Script> =
    LazyLock::new(|| Script::new(include_str!("scripts/touch.lua")));
pub(super) static DELETE: LazyLock<Script> =
    LazyLock::new(|| Script::new(include_str!("scripts/delete.lua")));
pub(super) static DELETE_OF_USER: LazyLock<Script> =
    LazyLock::new(|| Script::new(include_str!("scripts/delete_of_user.lua")));
pub(super) static NAME: LazyLock<Script> =
    LazyLock::new(|| Script::new(include_str!("scripts/name.lua")));
pub(super) static TRIM: LazyLock<Script> =
    LazyLock::new(|| Script::new(include_str!("scripts/trim.lua")));
pub(super) static CREATE_TEXT: LazyLock<Script> =
    LazyLock::new(|| Script::new(include_str!("scripts/create_text.lua")));
pub(super) static REPLACE_TEXT: LazyLock<Script> =
    LazyLock::new(|| Script::new(include_str!("scripts/replace_text.lua")));

/// A script that a server may know by its hash already.
pub(super) struct Script {
    pub(super) code: &'static str,
    pub(super) hash: String,
}

impl Script {
    fn new(code: &'static str) -> Self {
        let hash = ::redis::Script::new(code).get_hash().to_owned();
        Self { code, hash }
    }
}

/// The arguments of a script, in order.
#[derive(Default)]
pub(super) struct Arguments(Vec<Vec<u8>>);

impl Arguments {
    pub(super) fn push(&mut self, argument: impl ToRedisArgs) {
        self.0.extend(argument.to_redis_args());
    }

    /// A list: its length, and then its items.
    fn list(&mut self, items: impl IntoIterator<Item = String>) {
        let items: Vec<_> = items.into_iter().collect();
        self.push(items.len());
        self.0.extend(items.into_iter().map(String::into_bytes));
    }

    /// A list of fields with their values.
    pub(super) fn pairs(&mut self, pairs: impl IntoIterator<Item = (String, Vec<u8>)>) {
        let pairs: Vec<_> = pairs.into_iter().collect();
        self.push(pairs.len());
        for (field, value) in pairs {
            self.0.extend([field.into_bytes(), value]);
        }
    }

    pub(super) fn into_inner(self) -> Vec<Vec<u8>> {
        self.0
    }
}

/// Whose session it has to be still when a change is made.
pub(super) enum Guard {
    Anybody,
    Only(Option<String>),
}

/// The fields that must still hold these texts, or nothing where there must be none.
pub(super) fn expected(change: &Change) -> Vec<Pair> {
    let expected = change.expected.iter().map(|(key, value)| {
        let text = value.as_ref().map(record::text);
        (record::value_field(key), text.unwrap_or_default())
    });
    expected.collect()
}

/// What `commit.lua` takes, in its order.
pub(super) fn commit_arguments(
    change: &Change,
    expected: &[Pair],
    guard: &Guard,
    grace: Duration,
) -> Arguments {
    let mut arguments = Arguments::default();
    arguments.push(record::unix_milliseconds(change.now));
    arguments.push(record::milliseconds(grace));
    arguments.push(match guard {
        Guard::Anybody => "anybody".to_owned(),
        Guard::Only(None) => "nobody".to_owned(),
        Guard::Only(Some(user)) => format!("={user}"),
    });
    arguments.pairs(expected.iter().cloned());
    arguments.push(u8::from(change.wipe));
    arguments.push(match &change.login {
        LoginChange::Set(login) => format!("={}", login.user),
        LoginChange::Keep | LoginChange::Clear => "anybody".to_owned(),
    });
    // Out first, in after.
    let values = change.remove.iter().map(|key| record::value_field(key));
    let login = match &change.login {
        LoginChange::Clear => &record::LOGIN[..],
        LoginChange::Keep | LoginChange::Set(_) => &[],
    };
    let client = match &change.client {
        Some(_) => &record::CLIENT[..],
        None => &[],
    };
    let ours = login.iter().chain(client).map(|field| (*field).to_owned());
    arguments.list(values.chain(ours));

    let mut fields = Vec::new();
    if let LoginChange::Set(login) = &change.login {
        fields.extend(record::login_fields(login));
    }
    fields.extend(change.lifetime.iter().flat_map(record::lifetime_fields));
    fields.extend(change.client.iter().flat_map(record::client_fields));
    let set = change.set.iter();
    fields.extend(set.map(|(key, value)| (record::value_field(key), record::text(value))));
    arguments.pairs(fields);
    arguments
}

/// What `commit.lua` answers.
pub(super) enum Verdict {
    /// The user who was logged in before.
    Done {
        user: Option<Vec<u8>>,
    },
    Gone,
    Damaged,
    OtherUser,
    Changed(Fields),
}

impl FromRedisValue for Verdict {
    fn from_redis_value(value: Value) -> Result<Self, ParsingError> {
        let mut answer = Vec::<Value>::from_redis_value(value)?.into_iter();
        let word = answer.next().unwrap_or(Value::Nil);
        let rest = answer.next().unwrap_or(Value::Nil);
        match String::from_redis_value(word)?.as_str() {
            "done" => Ok(Self::Done {
                user: Option::from_redis_value(rest)?,
            }),
            "gone" => Ok(Self::Gone),
            "damaged" => Ok(Self::Damaged),
            "other user" => Ok(Self::OtherUser),
            "changed" => Ok(Self::Changed(Fields::from_redis_value(rest)?)),
            _ => Err(ParsingError::from("an unknown answer of commit.lua")),
        }
    }
}
