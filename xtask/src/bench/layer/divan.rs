//! What divan prints, read back: a row per case, its time in the third column, and beneath it what it allocated.

use super::Cost;

/// From the end of a row: iters, samples, mean, median.
const MEDIAN: usize = 3;

/// The median time of a case and what it allocates; `None` when divan did not run it.
pub(super) fn cost(said: &str, case: &str) -> Option<Cost> {
    let mut rows = said.lines().skip_while(|row| name(row) != Some(case));
    let nanoseconds = nanoseconds(median(rows.next()?)?)?;
    // Of a case that allocates nothing, divan says nothing.
    let (mut allocations, mut bytes) = (0.0, 0.0);
    let mut beneath = rows.take_while(|row| name(row).is_none());
    while let Some(row) = beneath.next() {
        if row.contains(" alloc:") && !row.contains("max alloc:") {
            allocations = median(beneath.next()?)?.parse().ok()?;
            bytes = in_bytes(median(beneath.next()?)?)?;
        }
    }
    Some(Cost {
        nanoseconds,
        allocations,
        bytes,
    })
}

/// The name in a row that begins a bench.
fn name(row: &str) -> Option<&str> {
    let (_, rest) = row.split_once("├─ ").or_else(|| row.split_once("╰─ "))?;
    rest.split(' ').next()
}

fn median(row: &str) -> Option<&str> {
    row.rsplit('│').nth(MEDIAN).map(str::trim)
}

fn nanoseconds(text: &str) -> Option<f64> {
    let (number, unit) = text.split_once(' ')?;
    let unit = match unit {
        "ns" => 1.0,
        "µs" => 1e3,
        "ms" => 1e6,
        "s" => 1e9,
        _ => return None,
    };
    Some(number.parse::<f64>().ok()? * unit)
}

fn in_bytes(text: &str) -> Option<f64> {
    let (number, unit) = text.split_once(' ')?;
    let unit = match unit {
        "B" => 1.0,
        "KB" => 1e3,
        "MB" => 1e6,
        _ => return None,
    };
    Some(number.parse::<f64>().ok()? * unit)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SAID: &str = include_str!("divan.txt");

    #[test]
    fn the_median_and_the_allocations_of_each_case_are_read() {
        let read = cost(SAID, "read").expect("a row");
        let expected = Cost {
            nanoseconds: 2086.0,
            allocations: 34.0,
            bytes: 5142.0,
        };
        assert_eq!(read, expected);
        let write = cost(SAID, "write").expect("the last row");
        assert_eq!((write.nanoseconds, write.allocations), (285_800.0, 54.0));
        assert_eq!(cost(SAID, "logged_in"), None);
    }
}
