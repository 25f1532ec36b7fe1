//! Months by the clock of the site.

use std::fmt;

use jiff::civil::Date;
use time::OffsetDateTime;

use super::Zone;

/// One month of one year; as an address spells it, `2026-11`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Month {
    pub(crate) year: i16,
    /// From 1 to 12.
    pub(crate) month: i8,
}

impl Month {
    /// Reads exactly the one spelling that an address has.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (year, month) = text.split_once('-')?;
        let plain = |part: &str, length| {
            part.len() == length && part.bytes().all(|byte| byte.is_ascii_digit())
        };
        if !plain(year, 4) || !plain(month, 2) {
            return None;
        }
        let (year, month) = (year.parse().ok()?, month.parse().ok()?);
        Date::new(year, month, 1).ok()?;
        Some(Self { year, month })
    }

    /// `November`
    pub(crate) fn name(self) -> String {
        let first = Date::new(self.year, self.month, 1);
        first.map_or_else(|_| String::new(), |first| first.strftime("%B").to_string())
    }

    fn next(self) -> Option<Self> {
        match self.month {
            12 => Some(Self {
                year: self.year.checked_add(1)?,
                month: 1,
            }),
            month => Some(Self {
                month: month + 1,
                ..self
            }),
        }
    }
}

impl fmt::Display for Month {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}", self.year, self.month)
    }
}

impl Zone {
    /// The month in which a moment is.
    pub(crate) fn month(&self, millis: i64) -> Option<Month> {
        let local = self.local(millis)?;
        Some(Month {
            year: local.year(),
            month: local.month(),
        })
    }

    /// When a month begins, and when the next one does.
    pub(crate) fn span(&self, month: Month) -> Option<(OffsetDateTime, OffsetDateTime)> {
        Some((self.beginning(month)?, self.beginning(month.next()?)?))
    }

    fn beginning(&self, month: Month) -> Option<OffsetDateTime> {
        let first = Date::new(month.year, month.month, 1).ok()?;
        let zoned = first.to_zoned(self.0.clone()).ok()?;
        OffsetDateTime::from_unix_timestamp(zoned.timestamp().as_second()).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_month_begins_when_the_clock_of_the_site_says_so() {
        let berlin = Zone::named("Europe/Berlin").unwrap();
        let november = Month::parse("2026-11").unwrap();
        let (start, end) = berlin.span(november).unwrap();
        assert_eq!(start, time::macros::datetime!(2026-10-31 23:00 UTC));
        let millis = |at: OffsetDateTime| at.unix_timestamp() * 1000;
        assert_eq!(berlin.month(millis(start)), Some(november));
        assert_eq!(berlin.month(millis(start) - 1), Month::parse("2026-10"));
        assert_eq!(berlin.month(millis(end)), Month::parse("2026-12"));
        assert_eq!(
            (november.name().as_str(), november.to_string().as_str()),
            ("November", "2026-11")
        );
        let (_, end) = berlin.span(Month::parse("2026-12").unwrap()).unwrap();
        assert_eq!(berlin.month(millis(end)), Month::parse("2027-01"));
    }

    #[test]
    fn a_month_is_read_in_exactly_one_spelling_and_the_last_one_ends_nowhere() {
        for text in [
            "",
            "2026",
            "2026-13",
            "2026-00",
            "2026-1",
            "26-11",
            "+026-11",
            "2026-11-01",
            "٢٠٢٦-١١",
        ] {
            assert_eq!(Month::parse(text), None, "{text}");
        }
        assert_eq!(Zone::utc().span(Month::parse("9999-12").unwrap()), None);
    }
}
