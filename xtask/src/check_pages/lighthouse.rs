//! Lighthouse over the pages that readers and search engines get: every category 100, as a phone and as a desk, in both
//! schemes; over forms, which keep out of search engines, every category but those that ask about that.

use std::path::Path;

use anyhow::{Context, Result};
use serde_json::Value;

use super::Finding;
use super::tools::Tools;
use super::visits::{Seen, Visited};
use crate::command::run;

/// The visits that are public and meant to be found.
const PAGES: [&str; 8] = [
    "index", "post", "author", "tag", "tags", "archive", "code", "table",
];

/// Visits with a form, which ask not to be indexed.
const FORMS: [&str; 4] = ["search", "search-hits", "login", "new"];
const OF_FORMS: &str = "--only-categories=performance,accessibility,best-practices";

/// Performance is a time on a shared machine, whose browser may also fail to start: a page has to reach 100 once.
const TRIES: usize = 3;

pub(super) fn judge(
    tools: &Tools,
    visited: &Visited,
    pages: &Path,
) -> Result<(usize, Vec<Finding>)> {
    let mut looked_at = 0;
    let mut findings = Vec::new();
    for page in PAGES.into_iter().chain(FORMS) {
        let Some(seen) = visited.seen.iter().find(|seen| seen.name == page) else {
            findings.push(Finding::new(page, "lighthouse", "was not visited"));
            continue;
        };
        for (preset, scheme) in [
            ("mobile", "light"),
            ("mobile", "dark"),
            ("desktop", "light"),
            ("desktop", "dark"),
        ] {
            let mut below = Vec::new();
            for _ in 0..TRIES {
                let file = pages.join(format!("lighthouse-{page}-{preset}-{scheme}.json"));
                if let Err(error) = measure(tools, visited, seen, (preset, scheme), &file) {
                    below = vec![format!("{error:#}")];
                    continue;
                }
                below = missed(&serde_json::from_slice(&std::fs::read(&file)?)?)
                    .context("Lighthouse's answer")?;
                if !below.iter().all(|miss| miss.starts_with("performance")) || below.is_empty() {
                    break;
                }
            }
            looked_at += 1;
            println!("{page}, {preset}, {scheme}: {} below 100", below.len());
            findings.extend(below.into_iter().map(|miss| {
                Finding::new(page, "lighthouse", format!("{preset}, {scheme}: {miss}"))
            }));
        }
    }
    Ok((looked_at, findings))
}

fn measure(
    tools: &Tools,
    visited: &Visited,
    seen: &Seen,
    (preset, scheme): (&str, &str),
    file: &Path,
) -> Result<()> {
    let mut lighthouse = tools.node(&tools.module("lighthouse").join("cli/index.js"))?;
    // Chromium's own number for a preferred scheme.
    let preferred = if scheme == "dark" { 0 } else { 1 };
    lighthouse
        .arg(&seen.address)
        .arg(format!(
            "--chrome-flags=--headless=new --no-sandbox --blink-settings=preferredColorScheme={preferred}"
        ))
        .args(["--output=json", "--quiet"])
        .arg(format!("--output-path={}", file.display()));
    if FORMS.contains(&&*seen.name) {
        let who = serde_json::json!({ "Cookie": visited.cookie });
        lighthouse
            .arg(OF_FORMS)
            .arg(format!("--extra-headers={who}"));
    }
    if preset == "desktop" {
        lighthouse.arg("--preset=desktop");
    }
    run(&mut lighthouse)
}

/// The categories below 100, each with the audits that cost it.
fn missed(report: &Value) -> Option<Vec<String>> {
    let mut below = Vec::new();
    for (name, category) in report.get("categories")?.as_object()? {
        let score = category.get("score").and_then(Value::as_f64).unwrap_or(0.0);
        if score >= 1.0 {
            continue;
        }
        let audits: Vec<&str> = category
            .get("auditRefs")?
            .as_array()?
            .iter()
            .filter(|audit| audit["weight"].as_f64() > Some(0.0))
            .filter_map(|audit| audit["id"].as_str())
            .filter(|id| {
                report["audits"][id]["score"]
                    .as_f64()
                    .is_some_and(|it| it < 1.0)
            })
            .collect();
        below.push(format!(
            "{name} {:.0}: {}",
            score * 100.0,
            audits.join(", ")
        ));
    }
    Some(below)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_category_below_100_names_the_audits_that_cost_it() {
        let report = serde_json::json!({
            "categories": {
                "seo": { "score": 0.92, "auditRefs": [{ "id": "meta-description", "weight": 1 }, { "id": "canonical", "weight": 1 }] },
                "performance": { "score": 1, "auditRefs": [] },
            },
            "audits": { "meta-description": { "score": 0 }, "canonical": { "score": 1 } },
        });
        assert_eq!(
            missed(&report),
            Some(vec!["seo 92: meta-description".to_owned()])
        );
        assert_eq!(missed(&serde_json::json!({})), None);
    }
}
