//! A gate: named steps, run one after the other whatever became of the ones before, timed, and summed up at the end.
//! A step that should run tests and ran none has failed: it would be a silent skip.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::command::line;
use crate::fuzz::{Outcome, Target, fuzz};

/// What every fuzz target gets in the gate; by hand it gets longer.
const FUZZING: Duration = Duration::from_secs(30);

pub(crate) struct Gate {
    started: Instant,
    steps: Vec<Step>,
}

struct Step {
    name: String,
    took: Duration,
    tests: Tests,
    failure: Option<anyhow::Error>,
}

/// What the test programs of a step reported.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Tests {
    passed: u64,
    failed: u64,
    ignored: u64,
}

impl Gate {
    pub(crate) fn open() -> Self {
        Self {
            started: Instant::now(),
            steps: Vec::new(),
        }
    }

    /// A step that is a function of ours.
    pub(crate) fn check(&mut self, name: &str, check: impl FnOnce() -> Result<()>) {
        self.step(name, |_| check());
    }

    /// A step that is one command.
    pub(crate) fn command(&mut self, name: &str, command: &mut Command) {
        self.step(name, |_| crate::command::run(command));
    }

    /// A step that runs test programs, whose results are counted.
    pub(crate) fn tests(&mut self, name: &str, command: &mut Command) {
        self.step(name, |tests| {
            let success = run_counting(command, tests)?;
            match (success, tests.passed + tests.failed) {
                (false, _) => bail!("`{}` failed", line(command)),
                (true, 0) => bail!("`{}` ran no test at all", line(command)),
                (true, _) => Ok(()),
            }
        });
    }

    /// A step that fuzzes every target of the workspace, each of which counts as a test.
    pub(crate) fn fuzz(&mut self, name: &str, targets: impl FnOnce() -> Result<Vec<Target>>) {
        self.step(name, |tests| {
            let Outcome { passed, failed } = fuzz(&targets()?, FUZZING)?;
            (tests.passed, tests.failed) = (passed, failed);
            match failed {
                0 => Ok(()),
                _ => bail!("{failed} fuzz targets failed"),
            }
        });
    }

    fn step(&mut self, name: &str, run: impl FnOnce(&mut Tests) -> Result<()>) {
        println!("\n── {name}");
        let started = Instant::now();
        let mut tests = Tests::default();
        let failure = run(&mut tests).err();
        let took = started.elapsed();
        match &failure {
            None => println!("── {name}: ok, {}", seconds(took)),
            Some(error) => println!("── {name}: FAILED, {}\n   {error:#}", seconds(took)),
        }
        self.steps.push(Step {
            name: name.to_owned(),
            took,
            tests,
            failure,
        });
    }

    /// Prints the times, the failures and the closing line.
    pub(crate) fn close(self) -> Result<()> {
        println!("\n── summary");
        for step in &self.steps {
            let verdict = if step.failure.is_none() {
                "ok"
            } else {
                "FAILED"
            };
            println!(
                "{:>8}  {verdict:<6}  {:<56}{}",
                seconds(step.took),
                step.name,
                step.tests.describe()
            );
        }
        println!("{:>8}  in all", seconds(self.started.elapsed()));
        let failures: Vec<&Step> = self
            .steps
            .iter()
            .filter(|step| step.failure.is_some())
            .collect();
        for step in &failures {
            println!(
                "\n{}: {:#}",
                step.name,
                step.failure.as_ref().expect("a failed step")
            );
        }
        println!("\n{}", closing_line(&self.steps));
        if !failures.is_empty() {
            bail!("{} of {} steps failed", failures.len(), self.steps.len());
        }
        Ok(())
    }
}

impl Tests {
    fn add(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.ignored += other.ignored;
    }

    fn describe(self) -> String {
        match self {
            Self {
                passed: 0,
                failed: 0,
                ..
            } => String::new(),
            Self {
                passed,
                failed,
                ignored: 0,
            } => format!("{passed} passed, {failed} failed"),
            Self {
                passed,
                failed,
                ignored,
            } => format!("{passed} passed, {failed} failed, {ignored} in a step of their own"),
        }
    }

    /// Reads `test result: ok. 3 passed; 0 failed; 1 ignored; …`, the last line of every test program.
    fn parse(line: &str) -> Option<Self> {
        let counts = line.strip_prefix("test result: ")?.split_once(". ")?.1;
        let count = |what: &str| {
            let part = counts.split("; ").find(|part| part.ends_with(what))?;
            part.split(' ').next()?.parse().ok()
        };
        Some(Self {
            passed: count("passed")?,
            failed: count("failed")?,
            ignored: count("ignored")?,
        })
    }
}

/// All tests of all steps; a step that failed without a failed test (it did not compile, say) counts as one failure.
fn closing_line(steps: &[Step]) -> String {
    let passed: u64 = steps.iter().map(|step| step.tests.passed).sum();
    let failed: u64 = steps
        .iter()
        .map(|step| step.tests.failed.max(u64::from(step.failure.is_some())))
        .sum();
    format!("{passed} passed, {failed} failed")
}

/// Runs the command with its standard output passed on line by line; whether it succeeded.
fn run_counting(command: &mut Command, tests: &mut Tests) -> Result<bool> {
    let mut child = command
        .stdout(Stdio::piped())
        .spawn()
        .with_context(|| format!("`{}` could not be started", line(command)))?;
    let output = child.stdout.take().context("the output of the tests")?;
    for said in BufReader::new(output).split(b'\n') {
        let said = String::from_utf8_lossy(&said?).into_owned();
        println!("{said}");
        if let Some(result) = Tests::parse(&said) {
            tests.add(result);
        }
    }
    Ok(child.wait()?.success())
}

fn seconds(time: Duration) -> String {
    format!("{:.1} s", time.as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str) -> Command {
        let mut shell = Command::new("sh");
        shell.args(["-c", script]);
        shell
    }

    #[test]
    fn the_results_of_test_programs_are_read_and_other_lines_are_not() {
        let line = "test result: FAILED. 12 passed; 3 failed; 1 ignored; 0 measured; 7 filtered out; finished in 0.02s";
        assert_eq!(
            Tests::parse(line),
            Some(Tests {
                passed: 12,
                failed: 3,
                ignored: 1
            })
        );
        assert_eq!(
            Tests::parse("test slug::tests::never_digits_only ... ok"),
            None
        );
        assert_eq!(Tests::parse("test result: unknown"), None);
    }

    #[test]
    fn the_closing_line_sums_over_all_steps() {
        let mut gate = Gate::open();
        gate.tests(
            "one",
            &mut shell("echo 'test result: ok. 2 passed; 0 failed; 0 ignored; 0 measured'"),
        );
        gate.tests(
            "two",
            &mut shell("echo 'test result: ok. 3 passed; 0 failed; 0 ignored; 0 measured'"),
        );
        assert_eq!(closing_line(&gate.steps), "5 passed, 0 failed");
        assert!(gate.close().is_ok());
    }

    #[test]
    fn a_step_that_failed_without_a_test_counts_as_one_failure_and_the_next_still_runs() {
        let mut gate = Gate::open();
        gate.tests("does not compile", &mut shell("exit 101"));
        gate.tests(
            "fails twice",
            &mut shell("echo 'test result: FAILED. 0 passed; 2 failed; 0 ignored'; exit 101"),
        );
        gate.check("fine", || Ok(()));
        assert_eq!(closing_line(&gate.steps), "0 passed, 3 failed");
        assert_eq!(
            gate.close().expect_err("two steps failed").to_string(),
            "2 of 3 steps failed"
        );
    }

    #[test]
    fn a_step_that_runs_no_test_is_not_green() {
        let mut gate = Gate::open();
        gate.tests(
            "nothing",
            &mut shell("echo 'test result: ok. 0 passed; 0 failed; 4 ignored; 0 measured'"),
        );
        assert!(gate.close().is_err());
    }
}
