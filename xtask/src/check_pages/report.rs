//! The report: what each judge looked at and what it found, in `report.md`.

use std::fmt::Write;
use std::path::Path;

use anyhow::Result;

use super::Verdict;

pub(super) fn write(verdicts: &[Verdict], directory: &Path) -> Result<()> {
    let text = text(verdicts)?;
    std::fs::write(directory.join("report.md"), &text)?;
    println!("\n{text}");
    Ok(())
}

fn text(verdicts: &[Verdict]) -> Result<String> {
    let mut text =
        String::from("# Pages, judged\n\n| judge | looked at | findings |\n|---|--:|--:|\n");
    for verdict in verdicts {
        let found = verdict.findings.len();
        writeln!(
            text,
            "| {} | {} | {found} |",
            verdict.judge, verdict.looked_at
        )?;
    }
    for finding in verdicts.iter().flat_map(|verdict| &verdict.findings) {
        write!(
            text,
            "\n- {} ({}): {}",
            finding.page, finding.kind, finding.what
        )?;
    }
    Ok(text)
}
