//! `cargo xtask test`: the one gate. The steps are in the order in which one wants to hear about them, cheap ones first;
//! every package is tested by the very command that the README gives for it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::command::{cargo, run as run_command};
use crate::gate::Gate;
use crate::metadata::Metadata;
use crate::services::Throwaway;
use crate::{browser, fuzz, outside, tidy, workspace};

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
    gate.check(
        "the library's README, in a project of its own",
        outside::run,
    );
    if options.quick {
        println!(
            "\n--quick: the services, the fuzzing and the browser journeys are left out, and so is Python; `cargo xtask test` runs them"
        );
    } else {
        gate.fuzz("fuzz targets", || fuzz::targets(&metadata));
        servers(&mut gate);
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

/// What needs real servers, which are stopped whatever became of the tests.
fn servers(gate: &mut Gate) {
    let mut started = None;
    gate.check("services start", || {
        started = Some(Throwaway::start()?);
        Ok(())
    });
    let Some(services) = started else { return };
    gate.tests(
        &format!("tests of {LIBRARY} on servers"),
        cargo()
            .args(["test", "--locked", "--no-fail-fast", "-p", LIBRARY])
            .args(["--all-features", "--test", "it"])
            .args(["--", "--ignored", "servers::"])
            .envs(services.environment()),
    );
    gate.tests(
        "live test beside aiohttp-session, from PyPI",
        cargo()
            .args(["test", "--locked", "-p", LIBRARY, "--all-features"])
            .args(["--test", "live", "--", "--ignored"])
            .envs(services.environment()),
    );
    peers(gate, &services);
    gate.check("services end", || services.stop());
}

/// The published stores of tower-sessions, and the benches of those libraries, each run once: otherwise only
/// `cargo xtask bench` would notice that they no longer compile. They cannot be in this workspace (two SQLites), so they
/// have a directory of their own: two or three minutes of processor time at first, and seconds from then on.
fn peers(gate: &mut Gate, services: &Throwaway) {
    gate.tests(
        "tests on the published tower-sessions stores",
        cargo()
            .args(["test", "--locked", "--tests", "--benches"])
            .args(["--manifest-path", "benches/peers/Cargo.toml"])
            .arg("--target-dir")
            .arg(workspace::target().join("peers"))
            .env("CARGO_PROFILE_DEV_DEBUG", "0")
            .envs(services.environment()),
    );
}

/// Packs and compiles what would be published. Cargo packs the members in the order of their dependencies and lets each
/// one see those before it, as if they had been published already.
fn packages(gate: &mut Gate, metadata: &Metadata) {
    let directory = workspace::target().join("packages");
    gate.check("packages", || {
        forget_compiled_packages(&directory)?;
        let mut package = cargo();
        package
            .args(["package", "--locked", "--target-dir"])
            .arg(&directory);
        for published in metadata.members().filter(|member| member.is_published()) {
            package.args(["-p", &published.name]);
        }
        // What is being tested is the working copy, committed or not; that it compiles is all that is asked.
        package
            .arg("--allow-dirty")
            .env("CARGO_PROFILE_DEV_DEBUG", "0");
        run_command(&mut package)
    });
}

/// What cargo compiled from a package it takes as unchanging, but ours have the same number in every run. So they get a
/// directory of their own, where everybody else's stay compiled and ours are forgotten. So are the sources that it unpacked
/// from a directory at the same place, this clone's or an earlier one's: it would compile those again.
fn forget_compiled_packages(directory: &Path) -> Result<()> {
    let home = std::env::var_os("CARGO_HOME").map(PathBuf::from);
    let home = home.or_else(|| Some(std::env::home_dir()?.join(".cargo")));
    let unpacked = home.map(|home| fs::read_dir(home.join("registry/src")));
    for registry in unpacked.into_iter().flatten().flatten().flatten() {
        // A directory that serves as a registry has no host to be named after.
        if registry.file_name().to_string_lossy().starts_with('-') {
            forget_ours(&registry.path())?;
        }
    }
    forget_ours(&directory.join("debug/.fingerprint"))
}

/// Removes what is named after one of our packages; a folder that is not there holds nothing of ours.
fn forget_ours(folder: &Path) -> Result<()> {
    let Ok(entries) = fs::read_dir(folder) else {
        return Ok(());
    };
    for entry in entries {
        let entry = entry?;
        if entry.file_name().to_string_lossy().starts_with("gatepost") {
            fs::remove_dir_all(entry.path())?;
        }
    }
    Ok(())
}

fn clippy() -> Command {
    let mut clippy = cargo();
    clippy.args(["clippy", "--locked"]);
    clippy
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_ours_is_forgotten() {
        let folder = tempfile::tempdir().expect("a directory");
        for package in ["gatepost-domain-0.1.0", "serde-1.0.0"] {
            fs::create_dir(folder.path().join(package)).expect(package);
        }
        forget_ours(folder.path()).expect("forgotten");
        forget_ours(&folder.path().join("never-made")).expect("nothing to forget");
        let left = fs::read_dir(folder.path()).expect("the directory");
        let left: Vec<_> = left.map(|entry| entry.expect("one").file_name()).collect();
        assert_eq!(left, ["serde-1.0.0"]);
    }
}
