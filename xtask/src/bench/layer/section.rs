//! What the report says about the layers: a table for each storage, and a chart of the ratios.

use std::fmt::Write;

use super::super::chart::Bar;
use super::super::report::range;
use super::{CASES, Case, GROUPS, Group, Instructions, Layer, NO_LAYERS, cases, median};

/// The line in the chart: as fast as the other.
const AS_FAST: f64 = 1.0;

/// A bar for each request: beside tower-sessions, and with a login beside axum-login.
pub(in super::super) fn bars(layer: &Layer) -> Vec<Bar> {
    let of = |group: &Group, case: &Case| {
        let peer = group
            .peers
            .iter()
            .find(|peer| cases(peer.site).any(|its| its.name == case.name))?;
        Some(Bar {
            name: format!("{}: {}", group.storage, case.title),
            values: layer.ratios(group.ours, peer.site, case),
            target: AS_FAST,
        })
    };
    GROUPS
        .iter()
        .flat_map(|group| CASES.iter().filter_map(move |case| of(group, case)))
        .collect()
}

pub(in super::super) fn text(layer: &Layer) -> String {
    let mut text = String::from(
        "\n## The layers\n\n\
        One request inside the process, without HTTP: router, layers, storage and a handler that does next to nothing. The same \
        driver asks this library (`crates/session-auth/benches/layer.rs`) and, used as their documentation shows, \
        tower-sessions 0.14 with its own stores and axum-login 0.18 over it (`benches/peers`), in turns on CPU 0; Redis has CPU 1. \
        Times and allocations are divan's medians, with its counting allocator; the ratio is the median of the rounds' ratios, \
        and below 1 this library is faster. What is added is to the time of a trivial handler without any layer, asked with the \
        same cookie in the same rounds. Of SQLite and Redis only what our own thread allocates is counted.\n\n",
    );
    text += &match &layer.instructions {
        Ok(_) => "Instructions are callgrind's, of the whole process: what 400 requests take more than 200, divided by 200.\n".to_owned(),
        Err(reason) => format!("Instructions were not counted: {reason}\n"),
    };
    text += "\n![layers](layers.svg)\n\n### No layers\n\n| request | time | allocations | bytes | instructions |\n|---|--:|--:|--:|--:|\n";
    for case in cases(NO_LAYERS) {
        let cost = layer.middle(NO_LAYERS, case);
        let _ = writeln!(
            text,
            "| {} | {:.2} µs | {:.0} | {:.0} | {} |",
            case.title,
            cost.nanoseconds / 1e3,
            cost.allocations,
            cost.bytes,
            instructions(&layer.instructions, NO_LAYERS, case),
        );
    }
    for group in &GROUPS {
        let _ = write!(
            text,
            "\n### Sessions in {}\n\n\
            | request | library | time | added | ours : its | lowest to highest | allocations | bytes | instructions |\n\
            |---|---|--:|--:|--:|--:|--:|--:|--:|\n",
            group.storage
        );
        for case in &CASES {
            row(
                &mut text, layer, case, case.title, "this one", group.ours, None,
            );
            for peer in group.peers {
                if cases(peer.site).any(|its| its.name == case.name) {
                    let ratios = layer.ratios(group.ours, peer.site, case);
                    row(
                        &mut text,
                        layer,
                        case,
                        "",
                        peer.library,
                        peer.site,
                        Some(ratios),
                    );
                }
            }
        }
        if group.peers.is_empty() {
            text += "\nNeither of the others keeps a session in its cookie.\n";
        }
    }
    text
}

fn row(
    text: &mut String,
    layer: &Layer,
    case: &Case,
    title: &str,
    library: &str,
    site: &'static str,
    ratios: Option<Vec<f64>>,
) {
    let cost = layer.middle(site, case);
    let ratio = ratios.map_or_else(
        || "| ".to_owned(),
        |ratios| {
            let (low, high) = range(&ratios);
            format!("**{:.2}** | {low:.2} to {high:.2}", median(ratios))
        },
    );
    let _ = writeln!(
        text,
        "| {title} | {library} | {:.2} µs | {:.2} µs | {ratio} | {:.0} | {:.0} | {} |",
        cost.nanoseconds / 1e3,
        layer.added(site, case) / 1e3,
        cost.allocations,
        cost.bytes,
        instructions(&layer.instructions, site, case),
    );
}

fn instructions(counted: &Instructions, site: &'static str, case: &Case) -> String {
    let count = counted
        .as_ref()
        .ok()
        .and_then(|counted| counted.get(&(site, case.name)));
    count.map_or_else(String::new, |count| format!("{count:.0}"))
}
