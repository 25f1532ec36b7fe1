//! axe-core and the browser itself, over every page and state of `visits.mjs`, in both schemes, at a phone's and a desk's width.

use std::path::Path;

use anyhow::{Context, Result};
use serde::Deserialize;

use super::site::Sites;
use super::tools::{Tools, script};
use super::{Finding, Verdict};
use crate::command::run;

/// What the browser brought home.
#[derive(Deserialize)]
pub(super) struct Visited {
    pub(super) seen: Vec<Seen>,
    findings: Vec<Finding>,
    /// The `Cookie` header of somebody who is logged in.
    pub(super) cookie: String,
}

#[derive(Deserialize)]
pub(super) struct Seen {
    pub(super) name: String,
    pub(super) address: String,
    /// Its HTML as it was sent, in the directory of the visits.
    pub(super) file: String,
}

/// Pictures of the pages are kept in `pictures`.
pub(super) fn judge(
    tools: &Tools,
    sites: &Sites,
    output: &Path,
    pictures: Option<&Path>,
) -> Result<(Visited, Verdict)> {
    println!("── axe-core and the browser");
    let addresses = sites.addresses().to_string();
    run(tools
        .node(&script("judge.mjs"))?
        .arg(addresses)
        .arg(output)
        .arg(&tools.chromium)
        .args(pictures))?;
    let judged = std::fs::read_to_string(output.join("judged.json"))?;
    let mut visited: Visited = serde_json::from_str(&judged).context("judged.json")?;
    let verdict = Verdict {
        judge: "axe-core and the browser",
        looked_at: visited.seen.len(),
        findings: std::mem::take(&mut visited.findings),
    };
    Ok((visited, verdict))
}
