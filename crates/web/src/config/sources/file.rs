//! `gatepost.toml` in the data directory.
//!
//! Invariant: a name that is no setting's is an error, and so is a value that is no text, number or switch.

use std::path::Path;

use crate::config::value::Origin;
use crate::config::{ConfigError, Setting, Value};

pub(super) fn from_file(path: &Path) -> Result<Vec<Value>, ConfigError> {
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(error)
            if matches!(
                error.kind(),
                std::io::ErrorKind::NotFound | std::io::ErrorKind::NotADirectory
            ) =>
        {
            return Ok(Vec::new());
        }
        Err(source) => return Err(ConfigError::unreadable(path, source)),
    };
    from_text(path, &text)
}

pub(super) fn from_text(path: &Path, text: &str) -> Result<Vec<Value>, ConfigError> {
    let table: toml::Table = text
        .parse()
        .map_err(|source| ConfigError::syntax(path, source))?;
    table
        .into_iter()
        .map(|(name, value)| entry(path, name, value))
        .collect()
}

fn entry(path: &Path, name: String, value: toml::Value) -> Result<Value, ConfigError> {
    let origin = Origin::File(path.to_owned());
    if name == "data" {
        return Err(ConfigError::DataInFile {
            path: path.to_owned(),
        });
    }
    let Some(setting) = Setting::named(&name) else {
        return Err(ConfigError::no_setting(&name, &origin.to_string()));
    };
    let text = match &value {
        toml::Value::Array(items) => items
            .iter()
            .map(scalar)
            .collect::<Option<Vec<_>>>()
            .map(|items| items.join(",")),
        one => scalar(one),
    };
    match text {
        Some(text) => Ok(Value {
            setting,
            text,
            origin,
        }),
        None => Err(ConfigError::Invalid {
            name: setting.name,
            value: value.type_str().to_owned(),
            origin: origin.to_string(),
            expected: "a text, a number, `true` or `false`",
        }),
    }
}

fn scalar(value: &toml::Value) -> Option<String> {
    match value {
        toml::Value::String(text) => Some(text.clone()),
        toml::Value::Integer(number) => Some(number.to_string()),
        toml::Value::Boolean(flag) => Some(flag.to_string()),
        _ => None,
    }
}
