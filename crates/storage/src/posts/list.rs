//! Lists of posts, newest first and a page at a time, without their full texts.

use gatepost_domain::ids::UserId;
use gatepost_domain::pagination::{Cursor, Direction, Page};
use gatepost_domain::post::Summary;
use sqlx::query_as;

use super::Posts;
use super::row::SummaryRow;
use crate::error::Error;

/// Variants travel as one text, `320x240.jpg,640x480.jpg`, so that a post is a row and not a row per variant.
macro_rules! select_summaries {
    ($rest:literal) => {
        concat!(
            "select p.id, s.slug, p.title, substr(p.text, 1, 1500) as opening, p.status, p.visibility, p.revision,
                    p.published_at, p.updated_at, p.trashed_at,
                    o.id as owner_id, o.username as owner_username, o.display_name as owner_name,
                    i.hash as picture_hash, pi.alt as picture_alt, pi.decorative as picture_decorative,
                    (select string_agg(v.width || 'x' || v.height || '.' || v.format, ',')
                     from image_variants v where v.image = i.id) as picture_variants
             from posts p
             join slugs s on s.post = p.id and s.is_current = 1
             join users o on o.id = p.owner
             left join post_images pi on pi.post = p.id and pi.position = 0
             left join images i on i.id = pi.image ",
            $rest
        )
    };
}

// The first condition is that of the index `posts_front`, to the letter.
const FRONT_BEFORE: &str = select_summaries!(
    "where p.status = 'published' and p.visibility = 'public' and p.trashed_at is null
       and (p.published_at, p.id) < ($1, $2)
     order by p.published_at desc, p.id desc limit $3"
);
const FRONT_AFTER: &str = select_summaries!(
    "where p.status = 'published' and p.visibility = 'public' and p.trashed_at is null
       and (p.published_at, p.id) > ($1, $2)
     order by p.published_at, p.id limit $3"
);
const DRAFTS: &str = select_summaries!(
    "where p.owner = $1 and p.status = 'draft' and p.trashed_at is null
     order by p.updated_at desc, p.id desc limit $2"
);
const TRASH: &str = select_summaries!(
    "where p.owner = $1 and p.trashed_at is not null
     order by p.trashed_at desc, p.id desc limit $2"
);

impl Posts<'_> {
    /// The front page: public posts, newest first, from the newest or from a place in the list.
    pub async fn index(&self, from: Option<Direction>, limit: u32) -> Result<Page<Summary>, Error> {
        let newest = Cursor {
            at: i64::MAX,
            id: i64::MAX,
        };
        let (sql, cursor) = match from {
            None => (FRONT_BEFORE, newest),
            Some(Direction::Before(cursor)) => (FRONT_BEFORE, cursor),
            Some(Direction::After(cursor)) => (FRONT_AFTER, cursor),
        };
        // One more than a page holds says whether there is another page.
        let wanted = i64::from(limit) + 1;
        let mut rows: Vec<SummaryRow> = on!(Pool, &self.0.read, |pool| {
            query_as(sql)
                .bind(cursor.at)
                .bind(cursor.id)
                .bind(wanted)
                .fetch_all(pool)
                .await
        })?;
        let more = rows.len() > limit as usize;
        rows.truncate(limit as usize);
        let (newer, older) = match from {
            None => (false, more),
            Some(Direction::Before(_)) => (true, more),
            Some(Direction::After(_)) => {
                rows.reverse();
                (more, true)
            }
        };
        Ok(Page {
            newer: rows.first().filter(|_| newer).map(SummaryRow::cursor),
            older: rows.last().filter(|_| older).map(SummaryRow::cursor),
            items: rows
                .into_iter()
                .map(SummaryRow::summary)
                .collect::<Result<_, _>>()?,
        })
    }

    /// A person's drafts, the last touched first.
    pub async fn drafts(&self, owner: UserId, limit: u32) -> Result<Vec<Summary>, Error> {
        self.summaries(DRAFTS, owner, limit).await
    }

    /// A person's posts in the trash, the last thrown away first.
    pub async fn trash_of(&self, owner: UserId, limit: u32) -> Result<Vec<Summary>, Error> {
        self.summaries(TRASH, owner, limit).await
    }

    async fn summaries(
        &self,
        sql: &'static str,
        owner: UserId,
        limit: u32,
    ) -> Result<Vec<Summary>, Error> {
        let rows: Vec<SummaryRow> = on!(Pool, &self.0.read, |pool| {
            query_as(sql)
                .bind(owner.0)
                .bind(i64::from(limit))
                .fetch_all(pool)
                .await
        })?;
        rows.into_iter().map(SummaryRow::summary).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::plan;
    use super::*;

    #[tokio::test]
    async fn a_page_of_the_front_is_read_from_its_index_and_nothing_is_sorted() {
        for sql in [FRONT_BEFORE, FRONT_AFTER] {
            let plan = plan(sql).await;
            assert!(plan.contains("posts_front"), "{plan}");
            assert!(
                !plan.contains("SCAN") && !plan.contains("ORDER BY"),
                "{plan}"
            );
        }
    }
}
