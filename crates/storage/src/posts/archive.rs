//! Public posts by when they were published: the spans of an archive, and how much there is in each.
//!
//! Invariant: a span is read and counted in one index, whatever lies outside of it.

use gatepost_domain::pagination::{Cursor, Direction, Page};
use gatepost_domain::post::Summary;
use sqlx::{query_as, query_scalar};
use time::OffsetDateTime;

use super::Posts;
use super::list::{List, Of, list};
use super::select::{public, select_summaries};
use crate::error::Error;
use crate::moment;

const SPAN: List = list!(by "p.published_at", "p.id" from "posts p" where public!();
    older " and p.published_at >= $4", newer " and p.published_at < $4");

/// Two questions, because either one alone is a look at an end of the index.
const ENDS: &str = concat!(
    "select (select min(p.published_at) from posts p where ",
    public!(),
    "), (select max(p.published_at) from posts p where ",
    public!(),
    ")"
);
const COUNT: &str = concat!(
    "select count(*) from posts p where ",
    public!(),
    " and p.published_at >= $1 and p.published_at < $2"
);

impl Posts<'_> {
    /// Public posts of a span of time, `start` included and `end` not.
    pub async fn between(
        &self,
        start: OffsetDateTime,
        end: OffsetDateTime,
        from: Option<Direction>,
        limit: u32,
    ) -> Result<Page<Summary>, Error> {
        let (start, end) = (moment::to_millis(start), moment::to_millis(end));
        match from {
            Some(after @ Direction::After(_)) => {
                self.page(SPAN, Of::Number(end), Some(after), limit).await
            }
            Some(before) => {
                self.page(SPAN, Of::Number(start), Some(before), limit)
                    .await
            }
            None => {
                let newest = Direction::Before(Cursor { at: end, id: 0 });
                let page = self
                    .page(SPAN, Of::Number(start), Some(newest), limit)
                    .await;
                page.map(|page| Page {
                    newer: None,
                    ..page
                })
            }
        }
    }

    /// When the oldest and the newest public post were published.
    pub async fn ends(&self) -> Result<Option<(OffsetDateTime, OffsetDateTime)>, Error> {
        let (oldest, newest): (Option<i64>, Option<i64>) =
            on!(Pool, &self.0.read, |pool| query_as(ENDS)
                .fetch_one(pool)
                .await)?;
        let oldest = moment::from_optional("posts.published_at", oldest)?;
        let newest = moment::from_optional("posts.published_at", newest)?;
        Ok(oldest.zip(newest))
    }

    /// How many public posts there are in a span of time, `start` included and `end` not.
    pub async fn count_between(
        &self,
        start: OffsetDateTime,
        end: OffsetDateTime,
    ) -> Result<i64, Error> {
        Ok(on!(Pool, &self.0.read, |pool| query_scalar(COUNT)
            .bind(moment::to_millis(start))
            .bind(moment::to_millis(end))
            .fetch_one(pool)
            .await)?)
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::plan;
    use super::*;

    #[tokio::test]
    async fn a_span_is_read_from_an_index_and_counted_in_one() {
        for sql in [SPAN.before, SPAN.after] {
            let plan = plan(sql).await;
            let outer = plan.split("CORRELATED").next().unwrap_or_default();
            assert!(plan.contains("INDEX posts_front ("), "{plan}");
            assert!(
                !plan.contains("SCAN") && !outer.contains("ORDER BY"),
                "{plan}"
            );
        }
        for (sql, index) in [
            (ENDS, "INDEX posts_"),
            (COUNT, "COVERING INDEX posts_archive"),
        ] {
            let plan = plan(sql).await;
            assert!(
                plan.contains(index) && !plan.contains("SCAN posts"),
                "{plan}"
            );
        }
    }
}
