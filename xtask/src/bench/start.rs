//! P9: from starting the process to its first 200, on an empty data directory and on the one that was just measured.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};

use super::Programs;
use super::comparison::Effort;
use super::server::Server;
use crate::http::get;

pub(super) struct Starts {
    pub(super) name: &'static str,
    pub(super) target_ms: f64,
    pub(super) took_ms: Vec<f64>,
}

const PATIENCE: Duration = Duration::from_secs(10);

/// After the pages: their data directory is the existing one.
pub(super) fn measure(programs: &Programs, scratch: &Path, effort: Effort) -> Result<Vec<Starts>> {
    println!("P9: start to first 200");
    let (mut empty, mut existing) = (Vec::new(), Vec::new());
    for number in 0..effort.starts {
        empty.push(first_answer(
            programs,
            &scratch.join(format!("empty-{number}")),
        )?);
        existing.push(first_answer(programs, &scratch.join("site"))?);
    }
    Ok(vec![
        Starts {
            name: "empty data directory",
            target_ms: 250.0,
            took_ms: empty,
        },
        Starts {
            name: "existing data directory",
            target_ms: 50.0,
            took_ms: existing,
        },
    ])
}

/// Asks again and again, as fast as a refused connection comes back, until `/` answers 200.
fn first_answer(programs: &Programs, data: &Path) -> Result<f64> {
    let started = Instant::now();
    let mut server = Server::launch(&programs.serve(data))?;
    loop {
        if get(server.address, "/", &[]).is_ok_and(|answer| answer.status == 200) {
            return Ok(started.elapsed().as_secs_f64() * 1000.0);
        }
        server.has_not_ended()?;
        if started.elapsed() > PATIENCE {
            bail!("no 200 from / within {} s", PATIENCE.as_secs());
        }
        std::thread::sleep(Duration::from_micros(200));
    }
}
