//! Every setting of the table as a flag of every command.
//!
//! Invariant: a flag exists because its setting does; nothing is listed twice.

use clap::{Arg, ArgAction, ArgMatches, Args, Command, FromArgMatches};

use crate::config::{Flags, SETTINGS};

impl Args for Flags {
    fn augment_args(command: Command) -> Command {
        SETTINGS.iter().fold(command, |command, setting| {
            let mut arg = Arg::new(setting.name)
                .long(setting.name)
                .global(true)
                .help_heading("Settings");
            arg = match setting.default {
                "" => arg.help(setting.help),
                default => arg.help(format!(
                    "{} [default: {}]",
                    setting.help,
                    default.replace("{data}", "DATA")
                )),
            };
            arg = arg.value_name(setting.takes).action(ArgAction::Set);
            if setting.is_switch() {
                arg = arg
                    .num_args(0..=1)
                    .require_equals(true)
                    .default_missing_value("true");
            }
            command.arg(arg)
        })
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for Flags {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let given = SETTINGS.iter().filter_map(|setting| {
            let text = matches.get_one::<String>(setting.name)?;
            Some((setting, text.clone()))
        });
        Ok(Self(given.collect()))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}
