//! The report: every figure beside its target, met or not, in `report.md` with its charts.

use std::fmt::Write;
use std::path::Path;

use anyhow::Result;

use super::chart::{Bar, chart};
use super::comparison::{Comparison, median};
use super::layer::{self, Layer};
use super::start::Starts;

pub(super) struct Measured {
    pub(super) machine: String,
    pub(super) quick: bool,
    pub(super) comparisons: Vec<Comparison>,
    pub(super) start: Option<Start>,
    pub(super) layer: Option<Layer>,
}

/// P9.
pub(super) struct Start {
    pub(super) took: Vec<Starts>,
    /// Sizes in bytes.
    pub(super) binary: u64,
    pub(super) wire: usize,
}

const MIB: f64 = 1024.0 * 1024.0;

/// Writes `report.md` and its charts into the directory and prints the report.
pub(super) fn write(measured: &Measured, directory: &Path) -> Result<()> {
    std::fs::create_dir_all(directory)?;
    let ratios: Vec<Bar> = measured
        .comparisons
        .iter()
        .map(|comparison| Bar {
            name: comparison.name.to_owned(),
            values: comparison.ratios(),
            target: comparison.target,
        })
        .collect();
    let write_chart = |file: &str, title: &str, bars: &[Bar]| {
        std::fs::write(directory.join(file), chart(title, bars))
    };
    write_chart(
        "ratios.svg",
        "Throughput, A : B; more is better, the line is the target",
        &ratios,
    )?;
    if let Some(start) = &measured.start {
        let starts = start.took.iter().map(|starts| Bar {
            name: starts.name.to_owned(),
            values: starts.took_ms.clone(),
            target: starts.target_ms,
        });
        write_chart(
            "starts.svg",
            "Milliseconds to the first 200; less is better, the line is the target",
            &starts.collect::<Vec<_>>(),
        )?;
    }
    if let Some(layer) = &measured.layer {
        write_chart(
            "layers.svg",
            "Time of a request, ours : theirs; less is better, the line is as fast",
            &layer::bars(layer),
        )?;
    }
    let text = text(measured)?;
    std::fs::write(directory.join("report.md"), &text)?;
    println!("\n{text}\n{}", directory.join("report.md").display());
    Ok(())
}

fn text(measured: &Measured) -> Result<String> {
    let mut text = format!("# Measured\n\n{}\n", measured.machine);
    if measured.quick {
        text += "\nShort rounds (`--quick`): this shows that the bench works, not how fast Gatepost is.\n";
    }
    text += "\n## Pages\n\n\
        Server on CPU 0 with one worker, `wrk` on CPU 1. B is `benches/bare`, which gives the very bytes of A from memory; \
        for P3, B is the same handler without any layer, and then behind the layers but without `RequireLogin`. The ratio is the median of the rounds' ratios.\n\n\
        ![ratios](ratios.svg)\n\n\
        | page | A, requests/s | B, requests/s | A : B | lowest to highest | target | |\n|---|--:|--:|--:|--:|--:|---|\n";
    for comparison in &measured.comparisons {
        let (low, high) = range(&comparison.ratios());
        writeln!(
            text,
            "| {} | {:.0} | {:.0} | **{:.3}** | {low:.3} to {high:.3} | ≥ {:.2} | {} |",
            comparison.name,
            comparison.rate_of_a(),
            comparison.rate_of_b(),
            comparison.ratio(),
            comparison.target,
            verdict(comparison.ratio() >= comparison.target),
        )?;
    }
    text += "\n## Latency\n\n\
        An open loop at a share of what A can do; each request is timed from when it should have left, so about 60 µs of \
        every figure are the driver's own timer.\n\n\
        | page | rate | A, median | A, p99 | B, median | B, p99 |\n|---|--:|--:|--:|--:|--:|\n";
    for comparison in &measured.comparisons {
        for at in &comparison.latencies {
            writeln!(
                text,
                "| {} | {} % = {:.0}/s | {:.0} µs | {:.0} µs | {:.0} µs | {:.0} µs |",
                comparison.name, at.percent, at.rate, at.a.median, at.a.p99, at.b.median, at.b.p99,
            )?;
        }
    }
    if let Some(start) = &measured.start {
        text += &start_and_size(start)?;
    }
    if let Some(layer) = &measured.layer {
        text += &layer::text(layer);
    }
    text += "\n## Rounds\n";
    for comparison in &measured.comparisons {
        writeln!(
            text,
            "\n{}\n\n| A, requests/s | B, requests/s | A : B |\n|--:|--:|--:|",
            comparison.name
        )?;
        for (a, b) in &comparison.rounds {
            writeln!(text, "| {a:.0} | {b:.0} | {:.3} |", a / b)?;
        }
    }
    Ok(text)
}

fn start_and_size(start: &Start) -> Result<String> {
    let mut text = String::from(
        "\n## P9: start and size\n\n![starts](starts.svg)\n\n\
        | | median | lowest to highest | target | |\n|---|--:|--:|--:|---|\n",
    );
    for starts in &start.took {
        let (middle, (low, high)) = (median(starts.took_ms.clone()), range(&starts.took_ms));
        let (name, target, met) = (
            starts.name,
            starts.target_ms,
            verdict(middle <= starts.target_ms),
        );
        writeln!(
            text,
            "| start to first 200, {name} | {middle:.1} ms | {low:.1} to {high:.1} ms | ≤ {target} ms | {met} |"
        )?;
    }
    let binary = f64::from(u32::try_from(start.binary)?) / MIB;
    let met = verdict(binary <= 30.0);
    writeln!(
        text,
        "| the binary | {binary:.1} MiB | | ≤ 30 MiB | {met} |"
    )?;
    let (wire, met) = (start.wire, verdict(start.wire <= 14 * 1024));
    writeln!(
        text,
        "| a post page on the wire, with headers | {wire} bytes | | ≤ 14336 bytes | {met} |"
    )?;
    Ok(text)
}

fn verdict(met: bool) -> &'static str {
    if met { "met" } else { "**missed**" }
}

pub(super) fn range(values: &[f64]) -> (f64, f64) {
    let low = values.iter().copied().fold(f64::INFINITY, f64::min);
    let high = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    (low, high)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missed_target_is_called_missed() {
        let comparison = |name, ratio| Comparison {
            name,
            target: 0.85,
            rounds: vec![(ratio, 1.0)],
            latencies: Vec::new(),
        };
        let measured = Measured {
            machine: "- a test".into(),
            quick: false,
            comparisons: vec![comparison("slow", 0.84), comparison("fast", 0.86)],
            start: Some(Start {
                took: vec![Starts {
                    name: "empty",
                    target_ms: 250.0,
                    took_ms: vec![251.0],
                }],
                binary: 31 << 20,
                wire: 14 * 1024,
            }),
            layer: None,
        };
        let text = text(&measured).expect("a report");
        let verdict_on = |name: &str| {
            let row = text
                .lines()
                .find(|line| line.contains(name))
                .unwrap_or_default();
            row.trim_end_matches(" |")
                .rsplit(" | ")
                .next()
                .unwrap_or_default()
                .to_owned()
        };
        assert_eq!(verdict_on("slow"), "**missed**");
        assert_eq!(verdict_on("fast"), "met");
        assert_eq!(verdict_on("first 200, empty"), "**missed**");
        assert_eq!(verdict_on("the binary"), "**missed**");
        assert_eq!(verdict_on("on the wire"), "met");
    }
}
