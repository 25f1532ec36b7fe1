//! How long a session may live, as people write it: `90s`, `30m`, `24h`, `90d`.
//!
//! Invariant: a lifetime is at least one second and at most ten years, so arithmetic on it never overflows.

use std::time::Duration;

const TEN_YEARS: u64 = 10 * 365 * 24 * 60 * 60;

pub(super) fn parse(text: &str) -> Option<Duration> {
    let unit = text.chars().last()?;
    let seconds = match unit {
        's' => 1,
        'm' => 60,
        'h' => 60 * 60,
        'd' => 24 * 60 * 60,
        _ => return None,
    };
    let number = &text[..text.len() - unit.len_utf8()];
    let all_digits = number.bytes().all(|byte| byte.is_ascii_digit());
    let total = number
        .parse::<u64>()
        .ok()
        .filter(|_| all_digits)?
        .checked_mul(seconds)?;
    (1..=TEN_YEARS)
        .contains(&total)
        .then(|| Duration::from_secs(total))
}

#[cfg(test)]
mod tests {
    use super::parse;
    use std::time::Duration;

    #[test]
    fn a_lifetime_is_a_number_and_a_unit() {
        assert_eq!(parse("24h"), Some(Duration::from_secs(86_400)));
        assert_eq!(parse("90d"), Some(Duration::from_secs(7_776_000)));
        for wrong in [
            "",
            "h",
            "24",
            "-1h",
            "+1h",
            "1.5h",
            "0s",
            "99999999999d",
            "1é",
        ] {
            assert_eq!(parse(wrong), None, "{wrong}");
        }
    }
}
