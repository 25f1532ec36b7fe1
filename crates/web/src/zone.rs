//! The site's time zone: how moments are written for people, and how a minute that somebody typed is understood.
//!
//! Invariant: inside the program a moment is UTC; local time exists only in what is shown and in what is typed.

mod months;

use jiff::civil::DateTime;
use jiff::tz::{AmbiguousOffset, TimeZone};
use jiff::{SignedDuration, Timestamp};
use time::OffsetDateTime;

pub(crate) use self::months::Month;

/// A time zone by the rules that the program carries.
#[derive(Clone, Debug)]
pub(crate) struct Zone(TimeZone);

/// Why a text is no minute in this time zone.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NotAMinute {
    #[error("Write the time like this: 2026-11-30T09:30.")]
    Spelling,
    #[error(
        "The clocks go forward there: {typed} does not exist in {zone}. The next minute is {next}."
    )]
    Skipped {
        typed: String,
        zone: String,
        next: String,
    },
    #[error("This site’s calendar does not reach that far.")]
    Beyond,
}

impl Zone {
    pub(crate) fn utc() -> Self {
        Self(TimeZone::UTC)
    }

    /// `None`: there is no such time zone.
    pub(crate) fn named(name: &str) -> Option<Self> {
        TimeZone::get(name).ok().map(Self)
    }

    pub(crate) fn name(&self) -> &str {
        self.0.iana_name().unwrap_or("UTC")
    }

    /// `30 November 2026`
    pub(crate) fn date(&self, millis: i64) -> Option<String> {
        Some(self.local(millis)?.strftime("%-d %B %Y").to_string())
    }

    /// `30`, where the month stands above.
    pub(crate) fn day(&self, millis: i64) -> Option<String> {
        Some(self.local(millis)?.strftime("%-d").to_string())
    }

    /// `09:30`
    pub(crate) fn time(&self, millis: i64) -> Option<String> {
        Some(self.local(millis)?.strftime("%H:%M").to_string())
    }

    /// `2026-11-30T09:30`, as the field for a minute shows it.
    pub(crate) fn minute(&self, millis: i64) -> Option<String> {
        Some(self.local(millis)?.strftime("%Y-%m-%dT%H:%M").to_string())
    }

    /// The moment that a typed minute means. A minute that a clock going back shows twice means the first time.
    pub(crate) fn moment(&self, typed: &str) -> Result<OffsetDateTime, NotAMinute> {
        let spelled = typed.trim().replacen(' ', "T", 1);
        let local = DateTime::strptime("%Y-%m-%dT%H:%M", &spelled)
            .or_else(|_| DateTime::strptime("%Y-%m-%dT%H:%M:%S", &spelled))
            .map_err(|_| NotAMinute::Spelling)?;
        let meant = self.0.to_ambiguous_timestamp(local);
        let skipped = matches!(meant.offset(), AmbiguousOffset::Gap { .. });
        let at = meant.earlier().map_err(|_| NotAMinute::Beyond)?;
        if skipped {
            return Err(self.skipped(local, at));
        }
        // Seconds that a browser added are not what was chosen.
        let at = at - SignedDuration::from_secs(local.second().into());
        OffsetDateTime::from_unix_timestamp(at.as_second()).map_err(|_| NotAMinute::Beyond)
    }

    fn skipped(&self, typed: DateTime, just_before: Timestamp) -> NotAMinute {
        let Some(change) = self.0.following(just_before).next() else {
            return NotAMinute::Spelling;
        };
        let next = self.0.to_datetime(change.timestamp());
        NotAMinute::Skipped {
            typed: typed.strftime("%H:%M on %-d %B %Y").to_string(),
            zone: self.name().to_owned(),
            next: next.strftime("%Y-%m-%dT%H:%M").to_string(),
        }
    }

    fn local(&self, millis: i64) -> Option<DateTime> {
        let at = Timestamp::from_millisecond(millis).ok()?;
        Some(self.0.to_datetime(at))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn berlin() -> Zone {
        Zone::named("Europe/Berlin").unwrap()
    }

    fn iso(at: OffsetDateTime) -> String {
        let format = &time::format_description::well_known::Rfc3339;
        at.format(format).unwrap()
    }

    #[test]
    fn a_minute_means_a_moment_by_the_clock_of_its_zone() {
        for (zone, typed, at) in [
            ("Europe/Berlin", "2026-11-30T09:30", "2026-11-30T08:30:00Z"),
            ("Europe/Berlin", "2026-07-01T09:30", "2026-07-01T07:30:00Z"),
            (
                "Europe/Berlin",
                " 2026-07-01 09:30 ",
                "2026-07-01T07:30:00Z",
            ),
            (
                "Europe/Berlin",
                "2026-07-01T09:30:59",
                "2026-07-01T07:30:00Z",
            ),
            ("Asia/Kathmandu", "2026-01-01T00:00", "2025-12-31T18:15:00Z"),
            ("UTC", "2028-02-29T23:59", "2028-02-29T23:59:00Z"),
        ] {
            let moment = Zone::named(zone).unwrap().moment(typed);
            assert_eq!(iso(moment.unwrap()), at, "{typed}");
        }
    }

    #[test]
    fn a_minute_that_the_clocks_skip_is_refused_and_the_next_one_named() {
        let refused = berlin().moment("2027-03-28T02:30").unwrap_err().to_string();
        assert_eq!(
            refused,
            "The clocks go forward there: 02:30 on 28 March 2027 does not exist in Europe/Berlin. \
             The next minute is 2027-03-28T03:00."
        );
        assert!(berlin().moment("2027-03-28T01:59").is_ok(), "control");
        assert!(berlin().moment("2027-03-28T03:00").is_ok(), "control");
        // Half an hour is skipped there.
        let lord_howe = Zone::named("Australia/Lord_Howe").unwrap();
        let refused = lord_howe.moment("2027-10-03T02:10").unwrap_err();
        assert!(
            refused.to_string().contains("2027-10-03T02:30"),
            "{refused}"
        );
    }

    #[test]
    fn a_minute_that_comes_twice_means_the_first() {
        let at = berlin().moment("2026-10-25T02:30").unwrap();
        assert_eq!(iso(at), "2026-10-25T00:30:00Z");
        let later = berlin().moment("2026-10-25T03:00").unwrap();
        assert_eq!(iso(later), "2026-10-25T02:00:00Z", "control");
    }

    #[test]
    fn what_is_no_minute_is_refused() {
        for typed in [
            "",
            "soon",
            "2026-11-30",
            "09:30",
            "2026-02-30T09:30",
            "2026-13-01T09:30",
            "2026-11-30T24:30",
            "30.11.2026 09:30",
            "2026-11-30T09:30Z",
            "275760-09-13T00:00",
        ] {
            assert_eq!(berlin().moment(typed), Err(NotAMinute::Spelling), "{typed}");
        }
        let farthest = berlin().moment("9999-12-31T23:59");
        assert!(farthest.is_ok() || farthest == Err(NotAMinute::Beyond));
    }

    #[test]
    fn a_moment_is_written_as_its_zone_has_it() {
        let at = 1_795_411_800_000;
        assert_eq!(berlin().date(at).as_deref(), Some("23 November 2026"));
        assert_eq!(berlin().time(at).as_deref(), Some("06:30"));
        let written = berlin().minute(at).unwrap();
        assert_eq!(written, "2026-11-23T06:30");
        let read = berlin().moment(&written).unwrap();
        assert_eq!(read.unix_timestamp() * 1_000, at);
        assert_eq!(Zone::utc().time(at).as_deref(), Some("05:30"));
        assert_eq!(Zone::utc().date(i64::MAX), None);
        assert!(Zone::named("Mars/Olympus").is_none());
    }
}
