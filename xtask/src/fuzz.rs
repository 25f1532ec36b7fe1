//! `cargo xtask fuzz`: runs every fuzz target of the workspace for a while. A target is a test in a module named `fuzz`
//! of a package with a folder `fuzz`; so a new one is found without being named anywhere, and finding none is a failure.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde::Deserialize;

use crate::command::{cargo, line, output, program};
use crate::metadata::{Metadata, Package};

/// How many run at once: each keeps one core busy.
const AT_ONCE: usize = 2;

#[derive(clap::Args)]
pub(crate) struct Options {
    /// Only targets whose name contains this.
    name: Option<String>,
    /// Seconds for each target.
    #[arg(long, default_value_t = 600)]
    seconds: u64,
}

pub(crate) fn run(options: &Options) -> Result<()> {
    let mut targets = targets(&Metadata::read()?)?;
    if let Some(part) = &options.name {
        targets.retain(|target| target.name.contains(part));
    }
    let outcome = fuzz(&targets, Duration::from_secs(options.seconds))?;
    match outcome.failed {
        0 => Ok(()),
        failed => bail!("{failed} of {} fuzz targets failed", targets.len()),
    }
}

/// A fuzz target: a test of a test program.
pub(crate) struct Target {
    program: PathBuf,
    /// Where cargo starts the tests of its package.
    directory: PathBuf,
    name: String,
}

pub(crate) struct Outcome {
    pub(crate) passed: u64,
    pub(crate) failed: u64,
}

/// Every target of the workspace. The unit tests of the packages that have some are compiled for it.
pub(crate) fn targets(metadata: &Metadata) -> Result<Vec<Target>> {
    let mut targets = Vec::new();
    for package in metadata.members() {
        if !package.directory().join("fuzz").is_dir() {
            continue;
        }
        let program = unit_tests(package)?;
        let listed = output(tests_of(&program, package.directory()).arg("--list"))?;
        let names: Vec<&str> = fuzz_tests(&listed).collect();
        if names.is_empty() {
            bail!("{} has a folder `fuzz` and no fuzz target", package.name);
        }
        targets.extend(names.into_iter().map(|name| Target {
            program: program.clone(),
            directory: package.directory().to_owned(),
            name: name.to_owned(),
        }));
    }
    if targets.is_empty() {
        bail!("there is no fuzz target");
    }
    Ok(targets)
}

/// Runs the targets, two at a time, and tells what became of each.
pub(crate) fn fuzz(targets: &[Target], time: Duration) -> Result<Outcome> {
    let waiting = Mutex::new(targets.iter());
    let outcome = Mutex::new(Outcome {
        passed: 0,
        failed: 0,
    });
    let work = || -> Result<()> {
        loop {
            let next = waiting.lock().expect("no worker panics").next();
            let Some(target) = next else { return Ok(()) };
            let is_well = target.run(time)?;
            let mut outcome = outcome.lock().expect("no worker panics");
            match is_well {
                true => outcome.passed += 1,
                false => outcome.failed += 1,
            }
        }
    };
    thread::scope(|scope| {
        let workers: Vec<_> = (0..AT_ONCE).map(|_| scope.spawn(work)).collect();
        let join = |worker: thread::ScopedJoinHandle<'_, Result<()>>| match worker.join() {
            Ok(result) => result,
            Err(_) => bail!("a worker panicked"),
        };
        workers.into_iter().try_for_each(join)
    })?;
    Ok(outcome.into_inner().expect("no worker panics"))
}

impl Target {
    fn run(&self, time: Duration) -> Result<bool> {
        let mut test = tests_of(&self.program, &self.directory);
        test.args(["--exact", &self.name])
            .env("BOLERO_RANDOM_TEST_TIME_MS", time.as_millis().to_string())
            .env("BOLERO_RANDOM_ITERATIONS", usize::MAX.to_string());
        let ran = test
            .output()
            .with_context(|| format!("`{}` could not be started", line(&test)))?;
        let said = String::from_utf8_lossy(&ran.stdout);
        let is_well = ran.status.success() && said.contains("1 passed");
        println!(
            "{} {}",
            if is_well { "ok    " } else { "FAILED" },
            self.name
        );
        if !is_well {
            println!("{said}{}", String::from_utf8_lossy(&ran.stderr));
        }
        Ok(is_well)
    }
}

fn tests_of(tests: &Path, directory: &Path) -> Command {
    let mut tests = program(tests);
    tests.current_dir(directory);
    tests
}

/// The names in the list of a test program that are fuzz targets'.
fn fuzz_tests(listed: &str) -> impl Iterator<Item = &str> {
    listed
        .lines()
        .filter_map(|line| line.strip_suffix(": test"))
        .filter(|name| name.split("::").any(|module| module == "fuzz"))
}

#[derive(Deserialize)]
struct Built {
    /// Some for programs only.
    executable: Option<PathBuf>,
}

/// Compiles the unit tests of a package, as the gate does.
fn unit_tests(package: &Package) -> Result<PathBuf> {
    let built = output(
        cargo()
            .args(["test", "--locked", "--no-run", "--lib", "--all-features"])
            .args(["-p", &package.name, "--message-format=json"]),
    )?;
    let mut programs = built.lines().filter_map(|line| {
        let built: Built = serde_json::from_str(line).ok()?;
        built.executable
    });
    programs
        .next_back()
        .with_context(|| format!("the unit tests of {} are no program", package.name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_is_a_test_in_a_module_named_fuzz() {
        let listed = "cookie::fuzz::any_cookie_header_is_read: test\n\
                      cookie::tests::fuzz_is_no_module: test\n\
                      fuzzy::tests::x: test\n\
                      fuzz::bench: benchmark\n\
                      \n3 tests, 1 benchmark\n";
        let names: Vec<&str> = fuzz_tests(listed).collect();
        assert_eq!(names, ["cookie::fuzz::any_cookie_header_is_read"]);
    }

    #[test]
    fn a_target_that_fails_or_is_not_there_is_not_well() -> Result<()> {
        let target = |script: &str| -> Result<(tempfile::TempDir, Target)> {
            use std::os::unix::fs::PermissionsExt;
            let directory = tempfile::tempdir()?;
            let program = directory.path().join("tests");
            std::fs::write(&program, format!("#!/bin/sh\n{script}\n"))?;
            std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755))?;
            let target = Target {
                program,
                directory: directory.path().to_owned(),
                name: "a::fuzz::b".to_owned(),
            };
            Ok((directory, target))
        };
        let mut targets = Vec::new();
        let mut kept = Vec::new();
        for script in [
            "echo 'test result: ok. 1 passed; 0 failed'",
            "echo 'test result: ok. 0 passed; 0 failed'",
            "echo 'test result: FAILED. 0 passed; 1 failed'; exit 101",
        ] {
            let (directory, target) = target(script)?;
            kept.push(directory);
            targets.push(target);
        }
        let outcome = fuzz(&targets, Duration::ZERO)?;
        assert_eq!((outcome.passed, outcome.failed), (1, 2));
        Ok(())
    }
}
