//! feedparser, the JSON Feed schema and the sitemap schemas, over what machines read.

use anyhow::{Context, Result};

use super::Finding;
use super::tools::{Tools, script};
use crate::command::output;

const FEEDS: [&str; 6] = [
    "/feed.atom",
    "/feed.json",
    "/authors/alice/feed.atom",
    "/authors/carol/feed.atom",
    "/tags/photography/feed.atom",
    "/tags/sea/feed.atom",
];

pub(super) fn judge(tools: &Tools, site: &str) -> Result<(usize, Vec<Finding>)> {
    let said = output(tools.python(&script("feeds.py")).arg(site).args(FEEDS))?;
    let findings = said
        .lines()
        .map(|line| serde_json::from_str(line).context("a finding of feeds.py"))
        .collect::<Result<_>>()?;
    Ok((FEEDS.len(), findings))
}
