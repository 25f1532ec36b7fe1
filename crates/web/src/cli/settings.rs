//! `gatepost config`: what can be set, and what is.
//!
//! Invariant: no secret is printed.

use clap::Subcommand;
use serde_json::json;

use super::Failure;
use crate::cli::print;
use crate::config::{Config, SETTINGS, Values};
use crate::start::StartError;

#[derive(Subcommand)]
pub(super) enum Command {
    /// Show the value of every setting and where it comes from
    Show {
        /// Answer in JSON
        #[arg(long)]
        json: bool,
    },
    /// List every setting with its default
    List {
        /// Answer in JSON
        #[arg(long)]
        json: bool,
    },
}

impl Command {
    pub(super) fn run(
        self,
        values: impl Fn() -> Result<Values, StartError>,
    ) -> Result<(), Failure> {
        match self {
            Self::Show { json } => {
                let values = values()?;
                show(&values, json);
                Config::parse(&values).map_err(StartError::from)?;
            }
            Self::List { json } => list(json),
        }
        Ok(())
    }
}

fn show(values: &Values, json: bool) {
    if json {
        let entry = |value: &crate::config::Value| {
            let shown = json!({ "value": value.shown(), "origin": value.origin.to_string() });
            (value.setting.name.to_owned(), shown)
        };
        let all: serde_json::Map<_, _> = values.iter().map(entry).collect();
        print::line(format_args!("{:#}", serde_json::Value::from(all)));
        return;
    }
    for value in values.iter() {
        let shown = value.shown();
        let shown = if shown.is_empty() { "—" } else { &shown };
        print::line(format_args!(
            "{:<17} {:<40} {}",
            value.setting.name, shown, value.origin
        ));
    }
}

fn list(json: bool) {
    if json {
        let entry = |setting: &crate::config::Setting| {
            json!({
                "name": setting.name,
                "flag": format!("--{}", setting.name),
                "variable": setting.variable(),
                "default": setting.default,
                "help": setting.help,
            })
        };
        print::line(format_args!(
            "{:#}",
            SETTINGS.iter().map(entry).collect::<serde_json::Value>()
        ));
        return;
    }
    for setting in &SETTINGS {
        print::line(format_args!(
            "--{} {}   ({}, {})",
            setting.name,
            setting.takes,
            setting.variable(),
            setting.name
        ));
        print::line(format_args!("    {}", setting.help));
        if !setting.default.is_empty() {
            print::line(format_args!(
                "    default: {}",
                setting.default.replace("{data}", "(data directory)")
            ));
        }
    }
}
