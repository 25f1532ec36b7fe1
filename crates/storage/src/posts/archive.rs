//! Public posts by when they were published: the spans of an archive, and how much there is in each.
//!
//! Invariant: a span is read and counted in one index, whatever lies outside of it.

use gatepost_domain::pagination::{Cursor, Direction, Page};
use gatepost_domain::post::Summary;
use sqlx::{AssertSqlSafe, query_as, query_scalar};
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
/// For every span of a list of numbers, which stands between these two.
const COUNT: [&str; 2] = [
    "with spans (number, beginning, ending) as (values ",
    concat!(
        ") select (select count(*) from posts p where ",
        public!(),
        " and p.published_at >= s.beginning and p.published_at < s.ending) from spans s order by s.number"
    ),
];

/// Spans in one question; a thousand years have more.
const AT_ONCE: usize = 2_000;

fn count(spans: &[(i64, i64)]) -> String {
    let rows = spans.iter().enumerate();
    let rows: Vec<String> = rows
        .map(|(number, (start, end))| format!("({number}, {start}, {end})"))
        .collect();
    format!("{}{}{}", COUNT[0], rows.join(", "), COUNT[1])
}

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

    /// How many public posts there are in each of these spans of time, their starts included and their ends not.
    pub async fn count_in_each(
        &self,
        spans: &[(OffsetDateTime, OffsetDateTime)],
    ) -> Result<Vec<i64>, Error> {
        let millis = |(start, end): &_| (moment::to_millis(*start), moment::to_millis(*end));
        let spans: Vec<(i64, i64)> = spans.iter().map(millis).collect();
        let mut counts = Vec::with_capacity(spans.len());
        for spans in spans.chunks(AT_ONCE) {
            // Nothing but numbers is put into it.
            let sql = AssertSqlSafe(count(spans));
            let some: Vec<i64> = on!(Pool, &self.0.read, |pool| query_scalar(sql)
                .persistent(false)
                .fetch_all(pool)
                .await)?;
            counts.extend(some);
        }
        Ok(counts)
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
        let count = count(&[(0, 1), (1, 2)]);
        for (sql, index) in [
            (ENDS, "INDEX posts_"),
            (&*count, "COVERING INDEX posts_archive"),
        ] {
            let plan = plan(sql).await;
            assert!(
                plan.contains(index) && !plan.contains("SCAN posts"),
                "{plan}"
            );
        }
    }
}
