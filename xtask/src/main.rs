//! `cargo xtask`: everything that is done to this workspace rather than by it. Each command is one module, and each
//! can be typed by hand as well as run by the gate.

use std::process::ExitCode;

use clap::{Parser, Subcommand};

mod bench;
mod browser;
mod check_pages;
mod command;
mod dev;
mod fuzz;
mod gate;
mod http;
mod install;
mod metadata;
mod outside;
mod services;
mod test;
mod tidy;
mod weight;
mod workspace;

/// The tooling of Gatepost.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Build the blog, fill it with demo accounts, posts and pictures, and serve it on 127.0.0.1:8080.
    Dev(dev::Options),
    /// The one gate: everything that has to hold before a change is taken.
    Test(test::Options),
    /// Run every fuzz target of the workspace for a while.
    Fuzz(fuzz::Options),
    /// Check what the compiler cannot: who imports whom, licences, module headers, migrations, names.
    Tidy,
    /// Follow the library's README in a new project, and log in to what comes of it.
    Outside,
    /// Start and stop a throwaway PostgreSQL and Redis by hand.
    #[command(subcommand)]
    Services(services::Command),
    /// Let outside judges look at every page of a demo site: axe, Lighthouse, the Nu checker, feed and link checkers, exiftool.
    CheckPages(check_pages::Options),
    /// Count what the session library brings along and time its clean build, beside the libraries one would take instead.
    Weight(weight::Options),
    /// Measure a release build against a bare axum server and write target/bench/report.md.
    Bench(bench::Options),
}

fn main() -> ExitCode {
    let outcome = match Arguments::parse().command {
        Command::Dev(options) => dev::run(&options),
        Command::Test(options) => test::run(&options),
        Command::Fuzz(options) => fuzz::run(&options),
        Command::Tidy => tidy::run(),
        Command::Outside => outside::run(),
        Command::Services(command) => services::run(&command),
        Command::CheckPages(options) => check_pages::run(&options),
        Command::Weight(options) => weight::run(&options),
        Command::Bench(options) => bench::run(&options),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("cargo xtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}
