//! What a request through the session layers costs inside the process: `crates/session-auth/benches/layer.rs` and, for
//! the libraries it is compared with, `benches/peers`, both driven by the same file.
//!
//! Invariant: in every round each site is asked once, one after the other on CPU 0, and a ratio is of one round.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use super::comparison::{Effort, median};
use crate::command::{cargo, output, program};
use crate::install::{TASKSET, find};
use crate::services::Throwaway;
use crate::workspace;

mod divan;
mod instructions;
mod section;

pub(super) use section::{bars, text};

/// One kind of request, as the driver calls it, and what it is.
pub(super) struct Case {
    name: &'static str,
    title: &'static str,
}

const CASES: [Case; 5] = [
    Case {
        name: "no_cookie",
        title: "no cookie",
    },
    Case {
        name: "untouched",
        title: "untouched session",
    },
    Case {
        name: "read",
        title: "read",
    },
    Case {
        name: "write",
        title: "write",
    },
    Case {
        name: "logged_in",
        title: "logged-in read",
    },
];

/// Our site over one storage, and the same of others, where they have it.
struct Group {
    storage: &'static str,
    ours: &'static str,
    peers: &'static [Peer],
}

struct Peer {
    library: &'static str,
    site: &'static str,
}

macro_rules! peers {
    ($sessions:literal, $logins:literal) => {
        &[
            Peer {
                library: "tower-sessions",
                site: $sessions,
            },
            Peer {
                library: "axum-login",
                site: $logins,
            },
        ]
    };
}

const GROUPS: [Group; 5] = [
    Group {
        storage: "memory",
        ours: "memory_storage",
        peers: peers!("tower_sessions_memory", "axum_login_memory"),
    },
    Group {
        storage: "SQLite, read from its table",
        ours: "sqlite",
        peers: peers!("tower_sessions_sqlite", "axum_login_sqlite"),
    },
    Group {
        storage: "SQLite, single process",
        ours: "sqlite_single_process",
        peers: peers!("tower_sessions_sqlite", "axum_login_sqlite"),
    },
    Group {
        storage: "Redis",
        ours: "redis",
        peers: peers!("tower_sessions_redis", "axum_login_redis"),
    },
    Group {
        storage: "encrypted cookie",
        ours: "encrypted_cookie",
        peers: &[],
    },
];

/// A trivial handler behind nothing, with and without a cookie in the request.
const NO_LAYERS: &str = "no_layers";

/// What one request took.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Cost {
    nanoseconds: f64,
    allocations: f64,
    bytes: f64,
}

/// By site and case; a value per round.
type Costs = BTreeMap<(&'static str, &'static str), Vec<Cost>>;

/// Instructions of one request by site and case, or why they are not there.
type Instructions = std::result::Result<BTreeMap<(&'static str, &'static str), f64>, String>;

pub(super) struct Layer {
    costs: Costs,
    instructions: Instructions,
}

/// The two bench programs.
pub(super) struct Benches {
    ours: PathBuf,
    peers: PathBuf,
}

impl Benches {
    pub(super) fn build() -> Result<Self> {
        let mut ours = cargo();
        ours.args(["bench", "--locked", "-p", "gatepost-session-auth"])
            .args(["--features", "encrypted-cookie,memory,redis,sqlite"]);
        let mut peers = cargo();
        peers
            .args(["bench", "--locked", "--target-dir"])
            .arg(workspace::target().join("peers"))
            .current_dir(workspace::root().join("benches/peers"));
        Ok(Self {
            ours: executable(&mut ours)?,
            peers: executable(&mut peers)?,
        })
    }

    /// The program that has this site, with the Redis that both are to use.
    fn command(&self, site: &str, services: &Throwaway) -> Command {
        let is_ours = site == NO_LAYERS || GROUPS.iter().any(|group| group.ours == site);
        let mut command = program(if is_ours { &self.ours } else { &self.peers });
        command.envs(services.environment());
        command
    }
}

pub(super) fn measure(benches: &Benches, effort: Effort) -> Result<Layer> {
    let services = Throwaway::redis()?;
    let measured = rounds(benches, &services, effort).and_then(|costs| {
        Ok(Layer {
            costs,
            instructions: instructions::count(benches, &services)?,
        })
    });
    services.stop()?;
    measured
}

fn rounds(benches: &Benches, services: &Throwaway, effort: Effort) -> Result<Costs> {
    let mut costs = Costs::new();
    for round in 1..=effort.rounds {
        println!("layers, round {round}");
        for site in sites() {
            let mut pinned = program(find(TASKSET)?);
            let bench = benches.command(site, services);
            pinned
                .args(["--cpu-list", "0"])
                .arg(bench.get_program())
                .args(["--bench", "--max-time", "1", "--sample-count", "2000"])
                .arg(format!("::{site}::"))
                .envs(services.environment());
            let said = output(&mut pinned)?;
            for case in cases(site) {
                let cost = divan::cost(&said, case.name)
                    .with_context(|| format!("divan said nothing of {site}/{}", case.name))?;
                costs.entry((site, case.name)).or_default().push(cost);
            }
        }
    }
    Ok(costs)
}

/// Every site once, those that are compared beside each other.
fn sites() -> Vec<&'static str> {
    let mut sites = vec![NO_LAYERS];
    for group in &GROUPS {
        let peers = group.peers.iter().map(|peer| peer.site);
        for site in std::iter::once(group.ours).chain(peers) {
            if !sites.contains(&site) {
                sites.push(site);
            }
        }
    }
    sites
}

/// tower-sessions knows nobody who could be logged in, and without a layer there is no session to read.
fn cases(site: &str) -> impl Iterator<Item = &'static Case> {
    let has_users = !site.starts_with("tower_sessions") && site != NO_LAYERS;
    let has_sessions = site != NO_LAYERS;
    CASES.iter().filter(move |case| match case.name {
        "logged_in" => has_users,
        "read" | "write" => has_sessions,
        _ => true,
    })
}

impl Layer {
    fn middle(&self, site: &'static str, case: &Case) -> Cost {
        let costs = &self.costs[&(site, case.name)];
        let middle = |of: fn(&Cost) -> f64| median(costs.iter().map(of).collect());
        Cost {
            nanoseconds: middle(|cost| cost.nanoseconds),
            allocations: middle(|cost| cost.allocations),
            bytes: middle(|cost| cost.bytes),
        }
    }

    /// The same request where there is no layer, which reads no cookie but is sent it.
    fn bare(case: &Case) -> (&'static str, &'static str) {
        let same = if case.name == "no_cookie" {
            "no_cookie"
        } else {
            "untouched"
        };
        (NO_LAYERS, same)
    }

    /// What a site adds to the time of a trivial handler, in nanoseconds: the median over the rounds.
    fn added(&self, site: &'static str, case: &Case) -> f64 {
        let with = self.costs[&(site, case.name)].iter();
        let without = self.costs[&Self::bare(case)].iter();
        let added = with
            .zip(without)
            .map(|(with, without)| with.nanoseconds - without.nanoseconds);
        median(added.collect())
    }

    /// Our time over the peer's, round by round.
    fn ratios(&self, ours: &'static str, peer: &'static str, case: &Case) -> Vec<f64> {
        let costs = |site| self.costs[&(site, case.name)].iter();
        costs(ours)
            .zip(costs(peer))
            .map(|(ours, peer)| ours.nanoseconds / peer.nanoseconds)
            .collect()
    }
}

/// Builds the bench `layer` and says where cargo put it.
fn executable(bench: &mut Command) -> Result<PathBuf> {
    bench.args(["--bench", "layer", "--no-run", "--message-format=json"]);
    let said = output(bench)?;
    let mut built = said.lines().filter_map(|line| {
        let message: serde_json::Value = serde_json::from_str(line).ok()?;
        let is_bench = message["target"]["name"] == "layer";
        let file = message["executable"].as_str().filter(|_| is_bench)?;
        Some(Path::new(file).to_owned())
    });
    match built.next_back() {
        Some(file) => Ok(file),
        None => bail!("cargo built no bench `layer`"),
    }
}
