//! When a draft may become public by itself: in the future, and not so far off that it must be a slip of the pen.

use time::{Duration, OffsetDateTime};

/// Why a moment is none to publish at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ScheduleError {
    #[error("This time has passed. Choose a later one, or publish now.")]
    Past,
    #[error("A post can be scheduled at most ten years ahead.")]
    TooFar,
}

const FARTHEST: Duration = Duration::days(3653);

/// The moment itself, if a post can be scheduled for it.
pub fn schedule(at: OffsetDateTime, now: OffsetDateTime) -> Result<OffsetDateTime, ScheduleError> {
    if at <= now {
        return Err(ScheduleError::Past);
    }
    if at - now > FARTHEST {
        return Err(ScheduleError::TooFar);
    }
    Ok(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_post_is_scheduled_for_the_next_ten_years() {
        let now = OffsetDateTime::UNIX_EPOCH + Duration::days(20_000);
        for (ahead, said) in [
            (Duration::SECOND, Ok(())),
            (Duration::days(3653), Ok(())),
            (Duration::ZERO, Err(ScheduleError::Past)),
            (-Duration::MINUTE, Err(ScheduleError::Past)),
            (Duration::days(3654), Err(ScheduleError::TooFar)),
        ] {
            let at = now + ahead;
            assert_eq!(schedule(at, now), said.map(|()| at), "{ahead}");
        }
    }
}
