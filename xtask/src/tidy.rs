//! `cargo xtask tidy`: the rules of the house that the compiler does not know. A rule is a function from what it looks
//! at to its findings, so that its tests can show it a house that breaks it.

use anyhow::{Context, Result, bail};

use crate::metadata::Metadata;
use crate::workspace;

mod dependencies;
mod edges;
mod errors;
mod examples;
mod licence;
mod migrations;
mod source;
mod texts;
mod tree;
mod weight;

use tree::Tree;

/// One broken rule: where, and what to do about it.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Finding {
    place: String,
    what: String,
}

impl Finding {
    fn new(place: impl Into<String>, what: impl Into<String>) -> Self {
        Self {
            place: place.into(),
            what: what.into(),
        }
    }
}

pub(crate) fn run() -> Result<()> {
    let findings = findings()?;
    for finding in &findings {
        println!("{}: {}", finding.place, finding.what);
    }
    if !findings.is_empty() {
        bail!("tidy: {} rules of the house are broken", findings.len());
    }
    Ok(())
}

fn findings() -> Result<Vec<Finding>> {
    let tree = Tree::read(&workspace::root())?;
    let lock_is_there = tree.contains("Cargo.lock");
    let mut findings = source::check(&tree);
    findings.extend(examples::check(&tree));
    findings.extend(errors::check(&tree));
    findings.extend(migrations::check(&tree));
    if lock_is_there {
        let policy =
            std::fs::read_to_string(workspace::root().join("deny.toml")).context("deny.toml")?;
        let metadata = Metadata::read()?;
        findings.extend(edges::check(&metadata));
        findings.extend(texts::check(&metadata));
        findings.extend(dependencies::check(&metadata, &policy.parse()?));
        findings.extend(weight::check(&weight::tree()?));
    } else {
        findings.push(Finding::new(
            "Cargo.lock",
            "missing: a build must use the versions that were tested; commit it",
        ));
    }
    findings.sort();
    Ok(findings)
}
