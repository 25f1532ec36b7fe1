//! The browser journeys of the `gatepost` package: real programs, a real Chromium. They are marked `#[ignore]` so that
//! `cargo test` works without a browser; here they run.

use anyhow::Result;

use crate::command::cargo;
use crate::gate::Gate;
use crate::install::{CHROMEDRIVER, CHROMIUM, ensure};

pub(crate) fn journeys(gate: &mut Gate) {
    gate.check("browser installed", || -> Result<()> {
        ensure(&[CHROMIUM, CHROMEDRIVER])
    });
    let mut journeys = cargo();
    journeys.args([
        "test",
        "--locked",
        "--no-fail-fast",
        "-p",
        "gatepost",
        "--test",
        "browser",
        "--",
        "--ignored",
    ]);
    gate.tests("browser journeys", &mut journeys);
}
