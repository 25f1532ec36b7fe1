//! The settings of one running blog, parsed.
//!
//! Invariant: a [`Config`] exists only if every setting was understood and can be served by this build; what cannot is
//! refused with a sentence before anything is opened.

mod base_url;
mod error;
mod lifetime;
mod settings;
mod sources;
mod value;

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use ipnet::IpNet;

pub use base_url::BaseUrl;
pub(crate) use base_url::is_loopback;
pub use error::ConfigError;
pub(crate) use settings::{SETTINGS, Setting};
pub(crate) use sources::{Flags, Values};
pub(crate) use value::Value;

/// Everything that `gatepost serve` was told.
#[derive(Debug, Clone)]
pub struct Config {
    /// The address to listen on; after binding, the one that was bound.
    pub listen: SocketAddr,
    /// The data directory.
    pub data: PathBuf,
    /// Where readers find this site; derived from `listen` unless it was given.
    pub base_url: BaseUrl,
    base_url_was_given: bool,
    /// The file of the SQLite database.
    pub database: PathBuf,
    /// Where sessions are kept.
    pub sessions: Sessions,
    /// The directory of the pictures.
    pub images: PathBuf,
    /// How people log in.
    pub login: LoginMode,
    /// Peers whose forwarded headers are believed.
    pub trusted_proxies: Vec<IpNet>,
    /// Templates and styles come from disk, and the login page shows the demo accounts.
    pub dev: bool,
    /// A login without "remember me" ends after this much silence.
    pub session_idle: Duration,
    /// Every session ends this long after it began.
    pub session_absolute: Duration,
    /// A login with "remember me" ends after this much silence.
    pub remember: Duration,
}

/// Where sessions are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sessions {
    /// In the blog's own database.
    Database,
    /// In this process, until it ends.
    Memory,
}

/// How people log in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LoginMode {
    /// With a name and a password.
    Password,
    /// With a name alone, for a classroom on this computer.
    NameOnly,
}

impl Config {
    /// From named settings alone, as if they were flags; the environment is not asked.
    ///
    /// # Errors
    ///
    /// When a name or a value is not understood.
    pub fn with<'a>(
        settings: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Result<Self, ConfigError> {
        let flag = |(name, text): (&str, &str)| {
            let setting =
                Setting::named(name).ok_or_else(|| ConfigError::no_setting(name, "flag"))?;
            Ok((setting, text.to_owned()))
        };
        let flags = settings
            .into_iter()
            .map(flag)
            .collect::<Result<_, ConfigError>>()?;
        Self::parse(&Values::gather(&Flags(flags), [])?)
    }

    /// Parses gathered values; the first one that makes no sense is the error.
    pub(crate) fn parse(values: &Values) -> Result<Self, ConfigError> {
        let listen: SocketAddr = values.parse(
            "listen",
            "an address and port such as 127.0.0.1:8080",
            |text| text.parse().ok(),
        )?;
        let base_url = match values.text("base-url") {
            "" => None,
            _ => Some(values.parse(
                "base-url",
                "an origin such as https://blog.example.org",
                BaseUrl::parse,
            )?),
        };
        let config = Self {
            listen,
            data: PathBuf::from(values.text("data")),
            base_url_was_given: base_url.is_some(),
            base_url: base_url.unwrap_or_else(|| BaseUrl::of_listener(listen)),
            database: database(values)?,
            sessions: sessions(values)?,
            images: images(values)?,
            login: values.parse("login", "`password` or `name-only`", |text| match text {
                "password" => Some(LoginMode::Password),
                "name-only" => Some(LoginMode::NameOnly),
                _ => None,
            })?,
            trusted_proxies: values.parse(
                "trusted-proxies",
                "a list of networks such as 10.0.0.0/8,::1",
                networks,
            )?,
            dev: values.parse("dev", "`true` or `false`", |text| text.parse().ok())?,
            session_idle: values.parse("session-idle", LIFETIME, lifetime::parse)?,
            session_absolute: values.parse("session-absolute", LIFETIME, lifetime::parse)?,
            remember: values.parse("remember", LIFETIME, lifetime::parse)?,
        };
        if config.login == LoginMode::NameOnly && !config.listen.ip().is_loopback() {
            return Err(ConfigError::NameOnlyIsReachable {
                listen: config.listen,
            });
        }
        if config.login == LoginMode::NameOnly
            && !(config.base_url.is_loopback() && config.trusted_proxies.is_empty())
        {
            return Err(ConfigError::NameOnlyIsProxied);
        }
        Ok(config)
    }

    /// Where readers find the site, and where this process listens when that is another place.
    pub(crate) fn whereabouts(&self) -> String {
        match self.base_url_was_given {
            true => format!("{} (listening on {})", self.base_url, self.listen),
            false => self.base_url.to_string(),
        }
    }

    /// Takes over the address that was really bound, for a listener that asked for port 0.
    pub(crate) fn bound_to(&mut self, address: SocketAddr) {
        self.listen = address;
        if !self.base_url_was_given {
            self.base_url = BaseUrl::of_listener(address);
        }
    }
}

const LIFETIME: &str = "a time such as 30m, 24h or 90d";

fn networks(text: &str) -> Option<Vec<IpNet>> {
    let one = |part: &str| {
        part.parse::<IpNet>()
            .ok()
            .or_else(|| part.parse::<IpAddr>().ok().map(IpNet::from))
    };
    text.split(',')
        .map(str::trim)
        .filter(|part| !part.is_empty())
        .map(one)
        .collect()
}

fn database(values: &Values) -> Result<PathBuf, ConfigError> {
    let value = values.get("database");
    match value.text.split_once(':') {
        Some(("sqlite", path)) if !path.is_empty() => {
            Ok(PathBuf::from(path.strip_prefix("//").unwrap_or(path)))
        }
        Some(("postgres" | "postgresql", _)) => {
            Err(value.unsupported("PostgreSQL", "`sqlite:PATH`"))
        }
        _ => Err(value.invalid("`sqlite:PATH`")),
    }
}

fn sessions(values: &Values) -> Result<Sessions, ConfigError> {
    let value = values.get("sessions");
    let supported = "`database` and `memory:`";
    match value.text.as_str() {
        "database" => Ok(Sessions::Database),
        "memory:" | "memory" => Ok(Sessions::Memory),
        text => match text.split_once(':').map_or(text, |(scheme, _)| scheme) {
            scheme if scheme.starts_with("redis") => {
                Err(value.unsupported("sessions in Redis", supported))
            }
            "encrypted-cookie" | "nacl-cookie" | "simple-cookie" => {
                Err(value.unsupported("sessions inside the cookie", supported))
            }
            _ => Err(value.invalid("`database` or `memory:`")),
        },
    }
}

fn images(values: &Values) -> Result<PathBuf, ConfigError> {
    let value = values.get("images");
    match value.text.as_str() {
        "" => Err(value.invalid("a directory")),
        text if text.starts_with("s3:") => Err(value.unsupported("pictures in S3", "a directory")),
        text => Ok(PathBuf::from(text)),
    }
}
