//! A chart as SVG: a bar per row up to its median, a dot per value, a line where the target is.

use std::fmt::Write;

use super::comparison::median;

pub(super) struct Bar {
    pub(super) name: String,
    pub(super) values: Vec<f64>,
    pub(super) target: f64,
}

const LEFT: f64 = 330.0;
const WIDTH: f64 = 380.0;
const ROW: f64 = 44.0;
const TOP: f64 = 56.0;

/// Readable on paper and on a dark screen: it brings its own ground.
pub(super) fn chart(title: &str, bars: &[Bar]) -> String {
    let highest = bars
        .iter()
        .flat_map(|bar| bar.values.iter().chain([&bar.target]))
        .copied()
        .fold(0.0, f64::max);
    let scale = |value: f64| LEFT + value / highest.max(f64::MIN_POSITIVE) * WIDTH;
    let rows: String = bars
        .iter()
        .zip(0u32..)
        .map(|(bar, number)| row(bar, TOP + f64::from(number) * ROW, scale))
        .collect();
    let (width, height) = (LEFT + WIDTH + 90.0, TOP + ROW * bars.len() as f64);
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" font-family=\"sans-serif\" font-size=\"14\">\n\
         <title>{title}</title>\n\
         <rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n\
         <text x=\"16\" y=\"28\" font-weight=\"bold\" fill=\"#222\">{title}</text>\n{rows}</svg>\n"
    )
}

fn row(bar: &Bar, top: f64, scale: impl Fn(f64) -> f64) -> String {
    let (start, end, target) = (
        scale(0.0),
        scale(median(bar.values.clone())),
        scale(bar.target),
    );
    let (middle, name) = (top + 12.0, &bar.name);
    let mut svg = format!(
        "<text x=\"16\" y=\"{}\" fill=\"#222\">{name}</text>\n\
         <rect x=\"{start:.1}\" y=\"{top}\" width=\"{:.1}\" height=\"24\" fill=\"#9db8d2\"/>\n\
         <line x1=\"{target:.1}\" x2=\"{target:.1}\" y1=\"{}\" y2=\"{}\" stroke=\"#b3261e\" stroke-width=\"2\"/>\n",
        middle + 5.0,
        end - start,
        top - 5.0,
        top + 29.0,
    );
    for value in &bar.values {
        let _ = writeln!(
            svg,
            "<circle cx=\"{:.1}\" cy=\"{middle}\" r=\"3\" fill=\"#1f3a56\"/>",
            scale(*value)
        );
    }
    let value = median(bar.values.clone());
    let label = if value < 10.0 {
        format!("{value:.3}")
    } else {
        format!("{value:.0}")
    };
    let _ = writeln!(
        svg,
        "<text x=\"{:.1}\" y=\"{}\" fill=\"#222\">{label}</text>",
        LEFT + WIDTH + 16.0,
        middle + 5.0
    );
    svg
}
