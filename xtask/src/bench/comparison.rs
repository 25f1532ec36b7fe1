//! Two requests measured in turns, A B A B, so that what the machine does meanwhile falls on both. Only the ratio of a
//! round means something; the result is the median over the rounds.

use anyhow::Result;

use super::latency::{Latency, measure};
use super::load::{Request, throughput};
use super::server::Server;

/// How long and how often.
#[derive(Clone, Copy)]
pub(super) struct Effort {
    pub(super) rounds: usize,
    pub(super) seconds: u64,
    pub(super) starts: usize,
}

pub(super) struct Comparison {
    pub(super) name: &'static str,
    pub(super) target: f64,
    /// Requests per second of A and of B, round by round.
    pub(super) rounds: Vec<(f64, f64)>,
    pub(super) latencies: Vec<Latencies>,
}

/// Latency of both at one rate, which is a share of what A can do.
pub(super) struct Latencies {
    pub(super) percent: u32,
    pub(super) rate: f64,
    pub(super) a: Latency,
    pub(super) b: Latency,
}

/// A server and what it is asked.
pub(super) type Side<'a> = (&'a Server, Request);

impl Comparison {
    pub(super) fn run(
        name: &'static str,
        target: f64,
        a: &Side<'_>,
        b: &Side<'_>,
        effort: Effort,
    ) -> Result<Self> {
        println!("{name}");
        for (_, request) in [a, b] {
            throughput(request, effort.seconds.min(2))?;
        }
        let mut comparison = Self {
            name,
            target,
            rounds: Vec::new(),
            latencies: Vec::new(),
        };
        for round in 1..=effort.rounds {
            let rates = (
                throughput(&a.1, effort.seconds)?,
                throughput(&b.1, effort.seconds)?,
            );
            println!(
                "  round {round}: {:>9.0} / {:>9.0} = {:.3}",
                rates.0,
                rates.1,
                rates.0 / rates.1
            );
            comparison.rounds.push(rates);
        }
        for percent in [30, 60] {
            let rate = comparison.rate_of_a() * f64::from(percent) / 100.0;
            let at_rate = |(server, request): &Side<'_>| {
                measure(server.address, request, rate, effort.seconds)
            };
            comparison.latencies.push(Latencies {
                percent,
                rate,
                a: at_rate(a)?,
                b: at_rate(b)?,
            });
        }
        Ok(comparison)
    }

    pub(super) fn ratios(&self) -> Vec<f64> {
        self.rounds.iter().map(|(a, b)| a / b).collect()
    }

    pub(super) fn ratio(&self) -> f64 {
        median(self.ratios())
    }

    pub(super) fn rate_of_a(&self) -> f64 {
        median(self.rounds.iter().map(|(a, _)| *a).collect())
    }

    pub(super) fn rate_of_b(&self) -> f64 {
        median(self.rounds.iter().map(|(_, b)| *b).collect())
    }
}

/// The middle value, or the mean of the two in the middle; not a number when there is none.
pub(super) fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    match values.len() {
        0 => f64::NAN,
        count if count % 2 == 1 => values[middle],
        _ => f64::midpoint(values[middle - 1], values[middle]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ratio_is_the_median_of_the_rounds_and_not_the_ratio_of_the_medians() {
        let comparison = Comparison {
            name: "",
            target: 1.0,
            rounds: vec![(50.0, 100.0), (90.0, 100.0), (30.0, 40.0)],
            latencies: Vec::new(),
        };
        assert_eq!(comparison.ratio(), 0.75);
        assert_eq!(median(vec![4.0, 1.0, 2.0, 3.0]), 2.5);
        assert!(median(Vec::new()).is_nan());
    }
}
