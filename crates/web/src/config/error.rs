//! What can be wrong with the settings.
//!
//! Invariant: each is one sentence that names the setting, where it was read, and what helps.

use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use super::settings::{SETTINGS, Setting};

/// A setting that was not understood or cannot be served.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// No setting has this name.
    #[error(
        "There is no setting `{name}` ({origin}){suggestion} (`gatepost config list` shows them all)"
    )]
    Unknown {
        /// The name as written.
        name: String,
        /// Where it was written.
        origin: String,
        /// ", did you mean …?" or nothing.
        suggestion: String,
    },
    /// The value is not of the setting's kind.
    #[error(
        "`{name}` is `{value}` ({origin}), but must be {expected}; `gatepost config show` tells where each value comes from."
    )]
    Invalid {
        /// The setting.
        name: &'static str,
        /// The value, without secrets.
        value: String,
        /// Where it was read.
        origin: String,
        /// What would do.
        expected: &'static str,
    },
    /// The setting asks for something that this build does not have.
    #[error(
        "`{name}` asks for {what}, which this version of Gatepost cannot do yet; it supports {supported}."
    )]
    Unsupported {
        /// The setting.
        name: &'static str,
        /// What was asked for.
        what: &'static str,
        /// What works instead.
        supported: &'static str,
    },
    /// Login by name alone must not be reachable by others.
    #[error(
        "Login by name alone is for this computer only, and {listen} can be reached by others; use `--listen 127.0.0.1:{}` or `--login password`.",
        listen.port()
    )]
    NameOnlyIsReachable {
        /// The address that was asked for.
        listen: SocketAddr,
    },
    /// Login by name alone must not be offered through a proxy either.
    #[error(
        "Login by name alone is for this computer only, and a base URL or trusted proxies bring others to it; leave out `--base-url` and `--trusted-proxies`, or use `--login password`."
    )]
    NameOnlyIsProxied,
    /// The data directory holds the file, so the file cannot name it.
    #[error("{} cannot set `data`, because it lies in that directory; use `--data DIR` or GATEPOST_DATA.", path.display())]
    DataInFile {
        /// The file.
        path: PathBuf,
    },
    /// A variable and its `_FILE` sister are both set.
    #[error("{name} and {name}_FILE are both set; `unset` one of them.")]
    Twice {
        /// The variable.
        name: String,
    },
    /// A variable holds no text.
    #[error("{name} is not valid UTF-8; `unset {name}` and set it again.")]
    NotUnicode {
        /// The variable.
        name: String,
    },
    /// The file is not TOML.
    #[error("{} is not valid TOML at line {line}: {reason}; write one `name = \"value\"` a line.", path.display())]
    Syntax {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// What the parser says.
        reason: String,
    },
    /// A file that was named could not be read.
    #[error("{} cannot be read ({source}); check it with `ls -l {}`.", path.display(), path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

impl ConfigError {
    /// A name that is no setting's, written as settings are in files and flags.
    pub(super) fn no_setting(name: &str, origin: &str) -> Self {
        Self::unknown(
            name,
            origin,
            SETTINGS.iter().map(|setting| setting.name.to_owned()),
        )
    }

    /// A name that is no variable's.
    pub(super) fn no_variable(name: &str) -> Self {
        Self::unknown(name, "environment", SETTINGS.iter().map(Setting::variable))
    }

    fn unknown(name: &str, origin: &str, known: impl Iterator<Item = String>) -> Self {
        let close = known
            .map(|candidate| (strsim::jaro_winkler(&candidate, name), candidate))
            .filter(|(similarity, _)| *similarity > 0.8)
            .max_by(|(a, _), (b, _)| a.total_cmp(b));
        let suggestion = close.map_or_else(String::new, |(_, candidate)| {
            format!(", did you mean `{candidate}`?")
        });
        Self::Unknown {
            name: name.to_owned(),
            origin: origin.to_owned(),
            suggestion,
        }
    }

    pub(super) fn unreadable(path: &Path, source: io::Error) -> Self {
        Self::Unreadable {
            path: path.to_owned(),
            source,
        }
    }

    pub(super) fn syntax(path: &Path, source: toml::de::Error) -> Self {
        let text = std::fs::read_to_string(path).unwrap_or_default();
        let before = source.span().map_or(0, |span| span.start.min(text.len()));
        let line = text.as_bytes()[..before]
            .iter()
            .filter(|byte| **byte == b'\n')
            .count()
            + 1;
        Self::Syntax {
            path: path.to_owned(),
            line,
            reason: source.message().to_owned(),
        }
    }
}
