//! `cargo xtask test`: the one gate. The steps are in the order in which one wants to hear about them, cheap ones first;
//! every package is tested by the very command that the README gives for it.

use std::process::Command;

use anyhow::{Context, Result};

use crate::command::cargo;
use crate::gate::Gate;
use crate::metadata::Metadata;
use crate::{browser, services, tidy, workspace};

#[derive(clap::Args)]
pub(crate) struct Options {
    /// Only what needs no server and no browser.
    #[arg(long)]
    quick: bool,
}

const LIBRARY: &str = "gatepost-session-auth";
const DENY_WARNINGS: [&str; 3] = ["--", "-D", "warnings"];

pub(crate) fn run(options: &Options) -> Result<()> {
    let metadata =
        Metadata::read().context("Cargo.lock has to be there and to fit the manifests")?;
    let mut gate = Gate::open();
    gate.command("format", cargo().args(["fmt", "--all", "--check"]));
    gate.check("tidy", tidy::run);
    gate.command(
        "lints",
        clippy()
            .args(["--workspace", "--all-targets", "--all-features"])
            .args(DENY_WARNINGS),
    );
    gate.command(
        "documents",
        cargo()
            .args([
                "doc",
                "--locked",
                "--workspace",
                "--all-features",
                "--no-deps",
            ])
            .env("RUSTDOCFLAGS", "-D warnings"),
    );
    features(&mut gate, &metadata)?;
    tests(&mut gate);
    if options.quick {
        println!(
            "\n--quick: the services and the browser journeys are left out; `cargo xtask test` runs them"
        );
    } else {
        gate.check("services", services::prove);
        browser::journeys(&mut gate);
    }
    packages(&mut gate, &metadata);
    gate.close()
}

/// Each feature of the library compiles without the others.
fn features(gate: &mut Gate, metadata: &Metadata) -> Result<()> {
    let library = metadata
        .member(LIBRARY)
        .context("the library is a member")?;
    for feature in library
        .features
        .keys()
        .filter(|feature| *feature != "default")
    {
        let only = [
            "-p",
            LIBRARY,
            "--no-default-features",
            "--features",
            feature,
        ];
        gate.command(
            &format!("lints of {LIBRARY} --features {feature}"),
            clippy().args(only).args(DENY_WARNINGS),
        );
    }
    Ok(())
}

fn tests(gate: &mut Gate) {
    for (package, flags) in [
        ("gatepost-domain", &[][..]),
        ("gatepost-storage", &[]),
        (LIBRARY, &[]),
        (LIBRARY, &["--no-default-features"]),
        (LIBRARY, &["--all-features"]),
        ("gatepost", &[]),
        ("xtask", &[]),
    ] {
        let name = [&["tests of", package], flags].concat().join(" ");
        gate.tests(
            &name,
            cargo()
                .args(["test", "--locked", "--no-fail-fast", "-p", package])
                .args(flags),
        );
    }
}

/// Packs and compiles what would be published. Cargo packs the members in the order of their dependencies and lets each
/// one see those before it, as if they had been published already.
fn packages(gate: &mut Gate, metadata: &Metadata) {
    let mut package = cargo();
    package.args(["package", "--locked"]);
    for published in metadata.members().filter(|member| member.is_published()) {
        package.args(["-p", &published.name]);
    }
    // What is being tested is the working copy, committed or not.
    package.arg("--allow-dirty");
    // A package knows nothing of the workspace's profile and directory; told both, cargo finds the libraries compiled.
    package.arg("--target-dir").arg(workspace::target());
    package.env("CARGO_PROFILE_DEV_DEBUG", "line-tables-only");
    gate.command("packages", &mut package);
}

fn clippy() -> Command {
    let mut clippy = cargo();
    clippy.args(["clippy", "--locked"]);
    clippy
}
