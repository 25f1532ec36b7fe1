//! `cargo xtask check-pages`: judges from outside look at every page and state of a demo site that listens on loopback.
//! A judge that cannot be had is a finding as well; nothing is left out in silence.

use std::path::Path;

use anyhow::{Result, bail};

use crate::workspace;

mod feeds;
mod lighthouse;
mod links;
mod nu;
mod pictures;
mod report;
mod site;
mod tools;
mod visits;

#[derive(clap::Args)]
pub(crate) struct Options {
    /// Without Lighthouse, which takes most of the time.
    #[arg(long)]
    quick: bool,

    /// Keep a picture of every page and state, in both schemes, on a phone and on a desk, in target/check-pages/seen.
    #[arg(long)]
    pictures: bool,
}

/// Something that a judge does not like.
#[derive(Debug, serde::Deserialize)]
pub(crate) struct Finding {
    page: String,
    kind: String,
    what: String,
}

impl Finding {
    fn new(page: impl Into<String>, kind: &str, what: impl Into<String>) -> Self {
        Self {
            page: page.into(),
            kind: kind.to_owned(),
            what: what.into(),
        }
    }
}

/// What one judge said, and over how many things it was asked.
struct Verdict {
    judge: &'static str,
    looked_at: usize,
    findings: Vec<Finding>,
}

pub(crate) fn run(options: &Options) -> Result<()> {
    let directory = workspace::target().join("check-pages");
    let tools = tools::Tools::install(&directory)?;
    let output = directory.join("pages");
    let _ = std::fs::remove_dir_all(&output);
    std::fs::create_dir_all(&output)?;
    let kept = directory.join("seen");
    let _ = std::fs::remove_dir_all(&kept);
    if options.pictures {
        std::fs::create_dir_all(&kept)?;
    }
    let sites = site::Sites::start()?;
    println!("judging {}", sites.url());

    let (visited, first) =
        visits::judge(&tools, &sites, &output, options.pictures.then_some(&*kept))?;
    let mut verdicts = vec![first];
    verdicts.push(run_one("Nu HTML checker", || {
        nu::judge(&tools, &visited, &output)
    }));
    verdicts.push(run_one("feeds and sitemaps", || {
        feeds::judge(&tools, sites.url())
    }));
    verdicts.push(run_one("links", || {
        links::judge(&tools, sites.url(), &visited)
    }));
    verdicts.push(run_one("exiftool", || pictures::judge(&output)));
    if !options.quick {
        verdicts.push(run_one("Lighthouse", || {
            lighthouse::judge(&tools, &visited, &output)
        }));
    }
    report::write(&verdicts, &directory)?;
    conclude(&verdicts, &directory)
}

/// A judge that breaks down has found something.
fn run_one(judge: &'static str, ask: impl FnOnce() -> Result<(usize, Vec<Finding>)>) -> Verdict {
    println!("── {judge}");
    let (looked_at, findings) = match ask() {
        Ok((0, mut findings)) => {
            findings.push(Finding::new("-", judge, "looked at nothing"));
            (0, findings)
        }
        Ok(answer) => answer,
        Err(error) => (0, vec![Finding::new("-", judge, format!("{error:#}"))]),
    };
    Verdict {
        judge,
        looked_at,
        findings,
    }
}

fn conclude(verdicts: &[Verdict], directory: &Path) -> Result<()> {
    let findings: usize = verdicts.iter().map(|verdict| verdict.findings.len()).sum();
    if findings > 0 {
        bail!(
            "{findings} findings; they are in {}",
            directory.join("report.md").display()
        );
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_judge_that_breaks_down_or_sees_nothing_is_a_finding() {
        let broken = run_one("broken", || bail!("no such program"));
        assert_eq!(broken.findings[0].what, "no such program");
        let blind = run_one("blind", || Ok((0, Vec::new())));
        assert_eq!(blind.findings.len(), 1);
        let content = run_one("content", || Ok((3, Vec::new())));
        assert!(content.findings.is_empty() && content.looked_at == 3);
        assert!(conclude(&[content], Path::new("target")).is_ok());
        assert!(conclude(&[broken], Path::new("target")).is_err());
    }
}
