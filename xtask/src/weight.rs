//! `cargo xtask weight`: how many packages the session library brings, and how long they take to compile from nothing,
//! beside the libraries that one would take instead.
//!
//! Invariant: every project is built in a directory of its own that nothing was built in before, all of them in turn
//! and in several rounds, so that a busy machine is busy for all alike.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use crate::command::{cargo, output, run as run_command};
use crate::workspace;

/// Of the clock that the kernel counts a process's time with, as `getconf CLK_TCK` says on every Linux of today.
const TICKS_PER_SECOND: u32 = 100;

#[derive(clap::Args)]
pub(crate) struct Options {
    /// How often everything is built.
    #[arg(long, default_value_t = 3)]
    rounds: usize,
}

/// What somebody writes into a `Cargo.toml`.
struct Choice {
    name: &'static str,
    dependencies: &'static str,
}

const AXUM: &str = "axum = \"0.8\"\ntokio = { version = \"1\", features = [\"macros\", \"rt-multi-thread\", \"net\"] }\n";

const CHOICES: [Choice; 6] = [
    Choice {
        name: "axum and tokio alone",
        dependencies: "",
    },
    Choice {
        name: "gatepost-session-auth",
        dependencies: "gatepost-session-auth = { path = \"LIBRARY\" }",
    },
    Choice {
        name: "axum-login 0.18 + tower-sessions 0.14",
        dependencies: "axum-login = \"0.18\"\ntower-sessions = \"0.14\"",
    },
    Choice {
        name: "axum_session + axum_session_auth 0.22",
        dependencies: "axum_session = \"0.22\"\naxum_session_auth = \"0.22\"",
    },
    Choice {
        name: "gatepost-session-auth, features `sqlite`, `password`",
        dependencies: "gatepost-session-auth = { path = \"LIBRARY\", features = [\"sqlite\", \"password\"] }",
    },
    Choice {
        name: "axum-login, tower-sessions, its SQLite store, password-auth",
        dependencies: "axum-login = \"0.18\"\ntower-sessions = \"0.14\"\npassword-auth = \"1\"\n\
            tower-sessions-sqlx-store = { version = \"0.15\", features = [\"sqlite\"] }",
    },
];

/// How long one build took.
#[derive(Clone, Copy)]
struct Took {
    /// Of all processors together: what other programs do at the same time hardly counts.
    processor: Duration,
    clock: Duration,
}

pub(crate) fn run(options: &Options) -> Result<()> {
    let directory = tempfile::tempdir()?;
    let projects: Vec<_> = (0..CHOICES.len())
        .map(|number| directory.path().join(format!("choice-{number}")))
        .collect();
    let mut packages = Vec::new();
    for (choice, project) in CHOICES.iter().zip(&projects) {
        println!("resolving {}", choice.name);
        write_project(choice, project).with_context(|| choice.name)?;
        packages.push(count_packages(project).with_context(|| choice.name)?);
    }
    let mut took = vec![Vec::new(); CHOICES.len()];
    for round in 1..=options.rounds.max(1) {
        for ((choice, project), took) in CHOICES.iter().zip(&projects).zip(&mut took) {
            let built = build(project).with_context(|| choice.name)?;
            println!(
                "round {round} of {}: {}: {:.1} s of processors in {:.1} s",
                options.rounds,
                choice.name,
                built.processor.as_secs_f64(),
                built.clock.as_secs_f64()
            );
            took.push(built);
        }
    }
    print!("\n{}", table(&packages, &took));
    Ok(())
}

/// A program that uses nothing, so that nothing but the libraries is measured.
fn write_project(choice: &Choice, project: &Path) -> Result<()> {
    let library = workspace::root().join("crates/session-auth");
    let library = library.to_str().context("a path of Unicode")?;
    let dependencies = choice.dependencies.replace("LIBRARY", library);
    let manifest = format!(
        "[package]\nname = \"choice\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n[dependencies]\n{AXUM}{dependencies}\n\n[workspace]\n"
    );
    fs::create_dir_all(project.join("src"))?;
    fs::write(project.join("Cargo.toml"), manifest)?;
    fs::write(project.join("src/main.rs"), "fn main() {}\n")?;
    run_command(in_project(project).args(["fetch", "--quiet"]))
}

fn in_project(project: &Path) -> Command {
    let mut command = cargo();
    command.current_dir(project);
    command
}

/// Those that are compiled, for the program or to build it, each once and without the program itself.
fn count_packages(project: &Path) -> Result<usize> {
    let mut command = in_project(project);
    let tree = output(command.args(["tree", "--edges", "normal,build", "--prefix", "none"]))?;
    Ok(packages_of(&tree))
}

fn packages_of(tree: &str) -> usize {
    let names = tree
        .lines()
        .skip(1)
        .map(|line| line.trim_end_matches(" (*)"));
    let mut names: Vec<_> = names.filter(|name| !name.is_empty()).collect();
    names.sort_unstable();
    names.dedup();
    names.len()
}

fn build(project: &Path) -> Result<Took> {
    let target = project.join("target");
    if target.exists() {
        fs::remove_dir_all(&target)?;
    }
    let (processor, clock) = (processor_time()?, Instant::now());
    let mut command = in_project(project);
    command.args(["build", "--quiet", "--offline", "--target-dir"]);
    run_command(command.arg(&target))?;
    Ok(Took {
        processor: processor_time()?.saturating_sub(processor),
        clock: clock.elapsed(),
    })
}

/// What the processes that we started, and those that they started, have used so far: proc(5), `cutime` and `cstime`.
fn processor_time() -> Result<Duration> {
    let stat = fs::read_to_string("/proc/self/stat").context("/proc is read for processor time")?;
    let ticks = ticks_of_children(&stat).context("/proc/self/stat is not as proc(5) says")?;
    Ok(Duration::from_secs(ticks) / TICKS_PER_SECOND)
}

fn ticks_of_children(stat: &str) -> Option<u64> {
    // The name of the program stands in brackets and may have spaces; after it comes the third field.
    let (_, fields) = stat.rsplit_once(')')?;
    let mut fields = fields.split_whitespace().skip(16 - 3);
    let (user, system) = (fields.next()?, fields.next()?);
    Some(user.parse::<u64>().ok()? + system.parse::<u64>().ok()?)
}

/// For the README: medians, and what is on top of axum, which everybody has already.
fn table(packages: &[usize], took: &[Vec<Took>]) -> String {
    let mut rows = String::from(
        "| | packages | beyond axum | processor time | beyond axum | clock |\n|---|--:|--:|--:|--:|--:|\n",
    );
    let median = |took: &[Took], of: fn(&Took) -> Duration| {
        let mut times: Vec<_> = took.iter().map(of).collect();
        times.sort();
        times[times.len() / 2].as_secs_f64()
    };
    let (bare, bare_time) = (packages[0], median(&took[0], |took| took.processor));
    for ((choice, &packages), took) in CHOICES.iter().zip(packages).zip(took) {
        let processor = median(took, |took| took.processor);
        let clock = median(took, |took| took.clock);
        rows += &format!(
            "| {} | {packages} | {} | {processor:.0} s | {:.0} s | {clock:.0} s |\n",
            choice.name,
            packages - bare,
            (processor - bare_time).max(0.0),
        );
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_package_counts_once_and_the_program_not_at_all() {
        let tree = "choice v0.0.0 (/tmp/choice)\naxum v0.8.9\nhttp v1.5.0\n\nhttp v1.5.0 (*)\nsyn v2.0.119 (proc-macro)\n";
        assert_eq!(packages_of(tree), 3);
    }

    #[test]
    fn the_time_of_children_is_found_behind_any_name() {
        let stat = "7 (a) b) S 1 2 3 4 5 6 7 8 9 10 11 12 100 20 15 16";
        assert_eq!(ticks_of_children(stat), Some(120));
        assert_eq!(ticks_of_children("7 (a) S 1 2"), None);
        assert!(processor_time().is_ok());
    }

    #[test]
    fn the_table_has_medians_and_what_is_beyond_axum() {
        let took = |seconds| Took {
            processor: Duration::from_secs(seconds),
            clock: Duration::from_secs(seconds / 2),
        };
        let rounds = |seconds: [u64; 3]| seconds.map(took).to_vec();
        let table = table(&[60, 80], &[rounds([20, 30, 10]), rounds([28, 99, 26])]);
        let last = table.lines().last().unwrap_or_default();
        assert!(last.ends_with("| 80 | 20 | 28 s | 8 s | 14 s |"), "{table}");
    }
}
