//! linkinator follows every link of the site, once as a visitor and once as somebody who is logged in; links that leave
//! the site are not followed, since a check must not depend on other people's machines.

use anyhow::{Context, Result};
use serde::Deserialize;

use super::Finding;
use super::tools::Tools;
use super::visits::Visited;
use crate::command::line;

#[derive(Deserialize)]
struct Answer {
    links: Vec<Link>,
}

#[derive(Deserialize)]
struct Link {
    url: String,
    #[serde(default)]
    status: Option<u16>,
    state: String,
    #[serde(default)]
    parent: Option<String>,
}

pub(super) fn judge(tools: &Tools, site: &str, visited: &Visited) -> Result<(usize, Vec<Finding>)> {
    let as_visitor = follow(tools, site, None)?;
    let as_alice = follow(tools, site, Some(&visited.cookie))?;
    let looked_at = as_visitor.len() + as_alice.len();
    let broken = as_visitor
        .into_iter()
        .chain(as_alice)
        .filter(|link| link.state == "BROKEN")
        .map(|link| {
            let parent = link.parent.unwrap_or_default();
            let status = link
                .status
                .map_or("no answer".to_owned(), |it| it.to_string());
            Finding::new(parent, "link", format!("{}: {status}", link.url))
        })
        .collect();
    Ok((looked_at, broken))
}

fn follow(tools: &Tools, site: &str, cookie: Option<&str>) -> Result<Vec<Link>> {
    let mut linkinator = tools.node(&tools.module("linkinator").join("build/src/cli.js"))?;
    linkinator
        .arg(format!("{site}/"))
        .args(["--recurse", "--check-fragments", "--format", "json"])
        .args(["--concurrency", "4", "--skip", &format!("^(?!{site})")]);
    if let Some(cookie) = cookie {
        linkinator.args(["--header", &format!("Cookie:{cookie}")]);
    }
    // It fails when a link is broken, and says which in its answer.
    let answer = linkinator.output()?.stdout;
    let answer: Answer =
        serde_json::from_slice(&answer).with_context(|| format!("`{}`", line(&linkinator)))?;
    Ok(answer.links)
}
