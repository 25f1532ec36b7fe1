//! Where values come from: default < `gatepost.toml` < environment < flag.
//!
//! Invariant: after gathering, every setting has exactly one value and knows its origin; a name nobody knows is an error.

mod environment;
mod file;

use std::ffi::OsString;
use std::path::Path;

use super::value::{Origin, Value};
use super::{ConfigError, SETTINGS, Setting};
use environment::from_environment;
use file::from_file;

/// The flags of one command line, as given.
#[derive(Debug, Clone, Default)]
pub(crate) struct Flags(pub(crate) Vec<(&'static Setting, String)>);

/// A value for every setting, in the order of the table.
#[derive(Debug, Clone)]
pub(crate) struct Values(Vec<Value>);

impl Values {
    /// Gathers from all four places; the data directory is settled first, because the file lies in it.
    pub(crate) fn gather(
        flags: &Flags,
        environment: impl IntoIterator<Item = (OsString, OsString)>,
    ) -> Result<Self, ConfigError> {
        let variables = from_environment(environment)?;
        let given = |setting: &'static Setting| {
            let flag = flags.0.iter().rev().find(|(of, _)| of.name == setting.name);
            flag.map(|(_, text)| Value {
                setting,
                text: text.clone(),
                origin: Origin::Flag,
            })
            .or_else(|| {
                variables
                    .iter()
                    .find(|value| value.setting.name == setting.name)
                    .cloned()
            })
        };
        let default = |setting: &'static Setting, data: &str| Value {
            setting,
            text: setting.default.replace("{data}", data),
            origin: Origin::Default,
        };
        let data = SETTINGS
            .iter()
            .find(|setting| setting.name == "data")
            .and_then(given);
        let data = data.map_or_else(|| "./gatepost-data".to_owned(), |value| value.text);
        let file = from_file(&Path::new(&data).join("gatepost.toml"))?;
        let in_file = |setting: &Setting| {
            file.iter()
                .find(|value| value.setting.name == setting.name)
                .cloned()
        };
        let value = |setting| {
            given(setting)
                .or_else(|| in_file(setting))
                .unwrap_or_else(|| default(setting, &data))
        };
        Ok(Self(SETTINGS.iter().map(value).collect()))
    }

    /// The value of a setting that the table has.
    pub(crate) fn get(&self, name: &str) -> &Value {
        self.0
            .iter()
            .find(|value| value.setting.name == name)
            .expect("every setting has a value")
    }

    pub(crate) fn text(&self, name: &str) -> &str {
        &self.get(name).text
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Value> {
        self.0.iter()
    }

    pub(super) fn parse<T>(
        &self,
        name: &str,
        expected: &'static str,
        read: impl FnOnce(&str) -> Option<T>,
    ) -> Result<T, ConfigError> {
        let value = self.get(name);
        read(&value.text).ok_or_else(|| value.invalid(expected))
    }
}

#[cfg(test)]
#[path = "../../fuzz/settings.rs"]
mod fuzz;
