//! Load from a second process: `wrk`, one thread on our own CPU, bounded in connections and time.

use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::command::output;
use crate::install::{WRK, find};

/// What is asked for, again and again.
pub(super) struct Request {
    pub(super) url: String,
    pub(super) headers: Vec<(String, String)>,
}

const CONNECTIONS: &str = "32";

/// Requests per second over so many seconds. An answer that is neither 2xx nor 3xx, or a broken connection, fails.
pub(super) fn throughput(request: &Request, seconds: u64) -> Result<f64> {
    let mut wrk = Command::new(find(WRK)?);
    wrk.args([
        "--threads",
        "1",
        "--connections",
        CONNECTIONS,
        "--duration",
        &format!("{seconds}s"),
    ]);
    for (name, value) in &request.headers {
        wrk.arg("--header").arg(format!("{name}: {value}"));
    }
    parse(&output(wrk.arg(&request.url))?).with_context(|| request.url.clone())
}

fn parse(report: &str) -> Result<f64> {
    let line = |start: &str| {
        report
            .lines()
            .map(str::trim)
            .find_map(|line| line.strip_prefix(start))
            .map(str::trim)
    };
    if let Some(count) = line("Non-2xx or 3xx responses:") {
        bail!("{count} answers were errors");
    }
    if let Some(errors) = line("Socket errors:") {
        bail!("connections broke: {errors}");
    }
    Ok(line("Requests/sec:")
        .context("wrk's report was not understood")?
        .parse()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rate_is_read_and_a_run_with_errors_is_no_measurement() {
        let good = "  8 requests in 1.00s, 5.4KB read\nRequests/sec:  81234.56\nTransfer/sec:      5.4KB\n";
        assert_eq!(parse(good).ok(), Some(81234.56));
        assert!(parse(&format!("  Non-2xx or 3xx responses: 7\n{good}")).is_err());
        assert!(
            parse(&format!(
                "  Socket errors: connect 0, read 3, write 0, timeout 0\n{good}"
            ))
            .is_err()
        );
        assert!(parse("").is_err());
    }
}
