//! `GATEPOST_…`, and `GATEPOST_…_FILE` for a secret that lies in a file.
//!
//! Invariant: a setting comes from one variable; a variable that is no setting's is an error.

use std::ffi::OsString;
use std::path::PathBuf;

use crate::config::value::Origin;
use crate::config::{ConfigError, SETTINGS, Value};

pub(super) fn from_environment(
    environment: impl IntoIterator<Item = (OsString, OsString)>,
) -> Result<Vec<Value>, ConfigError> {
    let mut values: Vec<Value> = Vec::new();
    for (name, text) in environment {
        let Some(name) = name
            .to_str()
            .filter(|name| name.starts_with("GATEPOST_"))
            .map(str::to_owned)
        else {
            continue;
        };
        let direct = SETTINGS.iter().find(|setting| setting.variable() == name);
        let by_file = SETTINGS
            .iter()
            .find(|setting| format!("{}_FILE", setting.variable()) == name);
        let value = match (direct, by_file) {
            (Some(setting), _) => {
                let text = text
                    .into_string()
                    .map_err(|_| ConfigError::NotUnicode { name: name.clone() })?;
                Value {
                    setting,
                    text,
                    origin: Origin::Variable(name),
                }
            }
            (None, Some(setting)) => {
                let path = PathBuf::from(text);
                let text = std::fs::read_to_string(&path)
                    .map_err(|source| ConfigError::unreadable(&path, source))?;
                Value {
                    setting,
                    text: text.trim_end().to_owned(),
                    origin: Origin::VariableFile(name, path),
                }
            }
            (None, None) => {
                return Err(ConfigError::no_variable(&name));
            }
        };
        if values
            .iter()
            .any(|other| other.setting.name == value.setting.name)
        {
            return Err(ConfigError::Twice {
                name: value.setting.variable(),
            });
        }
        values.push(value);
    }
    Ok(values)
}
