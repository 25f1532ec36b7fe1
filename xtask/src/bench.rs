//! `cargo xtask bench`: release builds measured against a bare axum server that gives the same bytes. These machines are
//! shared and noisy, so a figure alone means little; the ratio of two that were measured in turns means something.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::command::{cargo, output, program, run as run_command};
use crate::install::{TASKSET, WRK, ensure, find};
use crate::workspace;

mod chart;
mod comparison;
mod guard;
mod latency;
mod layer;
mod load;
mod machine;
mod pages;
mod report;
mod server;
mod site;
mod start;

use comparison::Effort;

#[derive(clap::Args)]
pub(crate) struct Options {
    /// Short rounds: whether it works, not how fast it is.
    #[arg(long)]
    quick: bool,
    /// Only the blog's pages, or only what the library costs.
    #[arg(long)]
    only: Option<Part>,
}

#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Part {
    Blog,
    Library,
}

/// The programs that are measured. Only those of the wanted parts are there.
struct Programs {
    gatepost: PathBuf,
    bare: PathBuf,
    guard: PathBuf,
}

pub(crate) fn run(options: &Options) -> Result<()> {
    let effort = if options.quick {
        Effort {
            rounds: 5,
            seconds: 1,
            starts: 5,
        }
    } else {
        Effort {
            rounds: 9,
            seconds: 5,
            starts: 15,
        }
    };
    ensure(&[WRK, TASKSET])?;
    let wants = |part| options.only.is_none_or(|only| only == part);
    let programs = Programs::build(&wants)?;
    let benches = if wants(Part::Library) {
        Some(layer::Benches::build()?)
    } else {
        None
    };
    let machine = machine::describe()?;
    println!("{machine}");
    move_to_cpu_1()?;

    let scratch = tempfile::tempdir()?;
    let mut measured = report::Measured {
        machine,
        quick: options.quick,
        comparisons: Vec::new(),
        start: None,
        layer: None,
    };
    if wants(Part::Blog) {
        let pages = pages::measure(&programs, scratch.path(), effort)?;
        measured.comparisons = pages.comparisons;
        measured.start = Some(report::Start {
            took: start::measure(&programs, scratch.path(), effort)?,
            binary: std::fs::metadata(&programs.gatepost)?.len(),
            wire: pages.wire,
        });
    }
    if let Some(benches) = benches {
        let guarded = guard::measure(&programs, scratch.path(), effort)?;
        measured.comparisons.extend(guarded);
        measured.layer = Some(layer::measure(&benches, effort)?);
    }
    report::write(&measured, &workspace::target().join("bench"))
}

/// The servers get CPU 0 to themselves. What we start inherits this, until a server is told otherwise.
fn move_to_cpu_1() -> Result<()> {
    let process = std::process::id().to_string();
    let mut taskset = Command::new(find(TASKSET)?);
    output(taskset.args(["--all-tasks", "--cpu-list", "--pid", "1", &process]))
        .context("the bench needs two CPUs, one for the server and one for the driver")?;
    Ok(())
}

impl Programs {
    fn build(wants: &impl Fn(Part) -> bool) -> Result<Self> {
        let mut build = cargo();
        build.args(["build", "--release", "--locked"]);
        if wants(Part::Blog) {
            build.args(["-p", "gatepost", "-p", "gatepost-bare"]);
        }
        if wants(Part::Library) {
            build.args(["-p", "gatepost-guard"]);
        }
        run_command(&mut build)?;
        let built = |name: &str| workspace::target().join("release").join(name);
        Ok(Self {
            gatepost: built("gatepost"),
            bare: built("gatepost-bare"),
            guard: built("gatepost-guard"),
        })
    }

    /// Gatepost serving this data directory, with no setting from outside.
    fn serve(&self, data: &Path) -> Command {
        let mut serve = program(&self.gatepost);
        serve.arg("serve").arg("--data").arg(data);
        serve
    }
}
