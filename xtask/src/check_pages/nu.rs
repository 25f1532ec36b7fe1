//! The Nu HTML checker over the HTML of every visit, as it was sent.

use std::path::Path;

use anyhow::{Context, Result};
use serde::Deserialize;

use super::Finding;
use super::tools::Tools;
use super::visits::Visited;
use crate::command::output as output_of;

#[derive(Deserialize)]
struct Answer {
    messages: Vec<Message>,
}

#[derive(Deserialize)]
struct Message {
    #[serde(default)]
    url: String,
    #[serde(rename = "lastLine", default)]
    line: u32,
    message: String,
    #[serde(default)]
    extract: String,
}

pub(super) fn judge(
    tools: &Tools,
    visited: &Visited,
    pages: &Path,
) -> Result<(usize, Vec<Finding>)> {
    let mut java = tools.java()?;
    java.arg("-jar")
        .arg(tools.module("vnu-jar").join("build/dist/vnu.jar"))
        .args(["--format", "json", "--stdout", "--exit-zero-always"])
        .args(visited.seen.iter().map(|seen| pages.join(&seen.file)));
    let answer: Answer =
        serde_json::from_str(&output_of(&mut java)?).context("the checker's answer")?;
    let findings = answer.messages.into_iter().map(Message::finding).collect();
    Ok((visited.seen.len(), findings))
}

impl Message {
    fn finding(self) -> Finding {
        let page = self.url.rsplit('/').next().unwrap_or_default().to_owned();
        let extract = self.extract.replace('\n', " ");
        Finding::new(
            page,
            "nu",
            format!("line {}: {} `{extract}`", self.line, self.message),
        )
    }
}
