//! One value and where it comes from.
//!
//! Invariant: the text that may be printed never holds what stands where a URL has its password.

use std::fmt;
use std::path::PathBuf;

use super::{ConfigError, Setting};

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
