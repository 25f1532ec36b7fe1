//! Instructions of one request, counted by callgrind: what so many requests more take than half of them, so that
//! starting, logging in and ending are in neither.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};

use super::{Benches, Instructions, cases, sites};
use crate::command::{line, program};
use crate::install::{VALGRIND, find};
use crate::services::Throwaway;

const REQUESTS: u32 = 200;

/// Where valgrind is missing, the report says how to get it: a bench need not fail for that.
pub(super) fn count(benches: &Benches, services: &Throwaway) -> Result<Instructions> {
    let valgrind = match find(VALGRIND) {
        Ok(valgrind) => valgrind,
        Err(error) => return Ok(Err(format!("{error:#}"))),
    };
    let mut counted = BTreeMap::new();
    for site in sites() {
        println!("instructions of {site}");
        for case in cases(site) {
            let bench = benches.command(site, services);
            let of = |requests: u32| {
                let what = format!("{site}/{}/{requests}", case.name);
                collected(callgrind(&valgrind, &bench).env("GATEPOST_COUNT", what))
            };
            let more = of(2 * REQUESTS)? - of(REQUESTS)?;
            counted.insert((site, case.name), more / f64::from(REQUESTS));
        }
    }
    Ok(Ok(counted))
}

fn callgrind(valgrind: &Path, bench: &Command) -> Command {
    let mut callgrind = program(valgrind);
    callgrind
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(bench.get_program());
    for (name, value) in bench.get_envs() {
        if let Some(value) = value {
            callgrind.env(name, value);
        }
    }
    callgrind
}

fn collected(callgrind: &mut Command) -> Result<f64> {
    let output = callgrind.output().with_context(|| line(callgrind))?;
    let said = String::from_utf8_lossy(&output.stderr);
    let count = parse(&said).filter(|_| output.status.success());
    count.with_context(|| format!("{}:\n{said}", line(callgrind)))
}

/// `==123== Collected : 456`.
fn parse(said: &str) -> Option<f64> {
    let (_, count) = said.split_once("Collected : ")?;
    count.lines().next()?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_callgrind_collected_is_read_and_a_broken_run_is_no_count() {
        let said = "==7== Events    : Ir\n==7== Collected : 33829171\n==7== \n";
        assert_eq!(parse(said), Some(33_829_171.0));
        assert_eq!(parse("valgrind: layer: No such file or directory"), None);
    }
}
