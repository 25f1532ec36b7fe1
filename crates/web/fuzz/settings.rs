//! Settings, from the file, the environment and flags: understood, or refused with a sentence.

use std::ffi::OsString;
use std::path::Path;

use super::file::from_text;
use super::{Flags, Values};
use crate::config::{Config, ConfigError, SETTINGS, Setting};
use crate::inputs::fuzz;

#[test]
fn any_settings_are_understood_or_refused() {
    fuzz("settings", settings);
}

/// As a file, and line by line `name=value` as flags and as variables.
fn settings(input: &[u8]) {
    let text = String::from_utf8_lossy(input);
    if let Err(error) = from_text(Path::new("gatepost.toml"), &text) {
        explained(&error);
    }
    let pairs = || {
        text.lines()
            .filter_map(|line| line.split_once('='))
            .map(|(name, value)| (name.trim(), value.trim()))
    };
    // One that would be read from a place on the disk is none of this target's.
    let elsewhere =
        |name: &str| name == "data" || name.ends_with("_FILE") || name == "GATEPOST_DATA";
    let flags = pairs().filter_map(|(name, value)| Some((Setting::named(name)?, value.to_owned())));
    let flags = Flags(
        flags
            .filter(|(setting, _)| !elsewhere(setting.name))
            .collect(),
    );
    let variables = pairs().filter(|(name, _)| !elsewhere(name));
    let variables = variables.map(|(name, value)| (OsString::from(name), OsString::from(value)));
    let parsed = Values::gather(&flags, variables).and_then(|values| {
        assert_eq!(values.iter().count(), SETTINGS.len());
        Config::parse(&values)
    });
    if let Err(error) = parsed {
        explained(&error);
    }
}

fn explained(error: &ConfigError) {
    assert!(error.to_string().len() > 10, "{error}");
}
