//! Where values come from: default < `gatepost.toml` < environment < flag.
//!
//! Invariant: after gathering, every setting has exactly one value and knows its origin; a name nobody knows is an error.

use std::ffi::OsString;
use std::fmt;
use std::path::{Path, PathBuf};

use super::{ConfigError, SETTINGS, Setting};

/// The flags of one command line, as given.
#[derive(Debug, Clone, Default)]
pub(crate) struct Flags(pub(crate) Vec<(&'static Setting, String)>);

/// Where a value comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Origin {
    Default,
    File(PathBuf),
    Variable(String),
    VariableFile(String, PathBuf),
    Flag,
}

/// One setting with its value.
#[derive(Debug, Clone)]
pub(crate) struct Value {
    pub(crate) setting: &'static Setting,
    pub(crate) text: String,
    pub(crate) origin: Origin,
}

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

impl Value {
    pub(super) fn invalid(&self, expected: &'static str) -> ConfigError {
        ConfigError::Invalid {
            name: self.setting.name,
            value: self.shown(),
            origin: self.origin.to_string(),
            expected,
        }
    }

    pub(super) fn unsupported(&self, what: &'static str, supported: &'static str) -> ConfigError {
        ConfigError::Unsupported {
            name: self.setting.name,
            what,
            supported,
        }
    }

    /// The text as it may be printed: what stands where a URL has its password is hidden.
    pub(crate) fn shown(&self) -> String {
        let Some((scheme, rest)) = self.text.split_once("://").filter(|_| self.setting.secret)
        else {
            return self.text.clone();
        };
        let rest = rest
            .rsplit_once('@')
            .map_or(rest.to_owned(), |(_, host)| format!("…@{host}"));
        let rest = rest
            .split_once('?')
            .map_or(rest.clone(), |(address, _)| format!("{address}?…"));
        format!("{scheme}://{rest}")
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File(path) => write!(f, "{}", path.display()),
            Self::Variable(name) => f.write_str(name),
            Self::VariableFile(name, path) => write!(f, "{name} ({})", path.display()),
            Self::Flag => f.write_str("flag"),
        }
    }
}

fn from_environment(
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

fn from_file(path: &Path) -> Result<Vec<Value>, ConfigError> {
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
