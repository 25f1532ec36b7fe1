//! The commands of the binary.
//!
//! Invariant: 0 is done, 1 is failed, 2 is misused; a failure is one sentence on standard error, and standard output
//! carries only what was asked for.

mod demo;
mod failure;
mod flags;
mod health;
mod migrate;
mod password;
mod print;
mod serve;
mod settings;
mod user;

use std::future::Future;
use std::io::Write as _;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::config::{Config, Flags, Values};
use crate::start::StartError;
use crate::world::World;
use failure::Failure;

/// A blog for many authors, in one binary. Without a command it serves.
#[derive(Parser)]
#[command(name = "gatepost", version, propagate_version = true)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    settings: Flags,
}

#[derive(Subcommand)]
enum Command {
    /// Serve the blog (also without any command)
    Serve,
    /// Accounts
    #[command(subcommand)]
    User(user::Command),
    /// Bring the database to the shape that this version needs
    Migrate(migrate::Options),
    /// Settings
    #[command(subcommand)]
    Config(settings::Command),
    /// Fill an empty blog with accounts, posts and pictures to look at
    #[command(hide = true)]
    Demo,
    /// Ask the running server whether it can serve pages
    Healthcheck,
}

/// How a command ended, for the shell.
enum Exit {
    Done,
    Failed,
    Misused,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        match exit {
            Exit::Done => Self::SUCCESS,
            Exit::Failed => Self::from(1),
            Exit::Misused => Self::from(2),
        }
    }
}

/// Runs the command line of this process.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    let exit = match run(cli) {
        Ok(()) => Exit::Done,
        Err(failure) => {
            let _ = writeln!(std::io::stderr(), "gatepost: {failure}");
            failure.exit()
        }
    };
    exit.into()
}

fn run(cli: Cli) -> Result<(), Failure> {
    let values = || Values::gather(&cli.settings, std::env::vars_os()).map_err(StartError::from);
    let config = || Ok::<_, Failure>(Config::parse(&values()?).map_err(StartError::from)?);
    match cli.command.unwrap_or(Command::Serve) {
        Command::Serve => serve::run(config()?, World::REAL),
        Command::User(command) => block_on(command.run(config()?, World::REAL)),
        Command::Migrate(options) => block_on(options.run(config()?, World::REAL)),
        Command::Config(command) => command.run(values),
        Command::Demo => block_on(demo::run(config()?, World::REAL)),
        Command::Healthcheck => health::check(&config()?),
    }
}

/// For commands that answer and end, one thread is enough.
fn block_on(command: impl Future<Output = Result<(), Failure>>) -> Result<(), Failure> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?
        .block_on(command)
}
