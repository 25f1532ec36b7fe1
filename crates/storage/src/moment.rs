//! Times as the tables keep them: unix milliseconds, UTC, in both engines.

use time::OffsetDateTime;

use crate::error::Error;

pub(crate) fn to_millis(at: OffsetDateTime) -> i64 {
    let millis = at.unix_timestamp_nanos().div_euclid(1_000_000);
    // The years that `time` knows fit twice over.
    millis.try_into().unwrap_or(i64::MAX)
}

pub(crate) fn from_millis(column: &'static str, millis: i64) -> Result<OffsetDateTime, Error> {
    OffsetDateTime::from_unix_timestamp_nanos(i128::from(millis) * 1_000_000)
        .map_err(|source| Error::row(column, source))
}

pub(crate) fn from_optional(
    column: &'static str,
    millis: Option<i64>,
) -> Result<Option<OffsetDateTime>, Error> {
    millis.map(|millis| from_millis(column, millis)).transpose()
}
