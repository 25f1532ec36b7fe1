//! Lists of posts, newest first and a page at a time, without their full texts; a page is read from one index.
//!
//! Invariant: a place in a list is a time and a number, so what is added or removed while somebody turns pages neither
//! repeats nor hides anything.

use gatepost_domain::ids::UserId;
use gatepost_domain::pagination::{Cursor, Direction, Page};
use gatepost_domain::post::Summary;
use gatepost_domain::tag::{Tag, TagKey};
use sqlx::{query_as, query_scalar};
use time::OffsetDateTime;

use super::Posts;
use super::row::{SummaryRow, tag};
use crate::error::Error;
use crate::moment;

/// Variants travel as one text, `320x240.jpg,640x480.jpg`, so that a post is a row and not a row per variant.
macro_rules! select_summaries {
    ($place:literal from $from:literal $($rest:literal)*) => {
        concat!(
            "select p.id, s.slug, p.title, substr(p.text, 1, 1500) as opening, p.excerpt, p.status, p.visibility,
                    p.revision, ", $place, " as place,
                    p.published_at, p.publish_at, p.submitted_at, p.updated_at, p.trashed_at,
                    o.id as owner_id, o.username as owner_username, o.display_name as owner_name,
                    (select string_agg(t.name, ',' order by pt.position)
                     from post_tags pt join tags t on t.id = pt.tag where pt.post = p.id) as tags,
                    i.hash as picture_hash, pi.alt as picture_alt, pi.decorative as picture_decorative,
                    (select string_agg(v.width || 'x' || v.height || '.' || v.format, ',')
                     from image_variants v where v.image = i.id) as picture_variants
             from ", $from, "
             join slugs s on s.post = p.id and s.is_current = 1
             join users o on o.id = p.owner
             left join post_images pi on pi.post = p.id and pi.position = 0
             left join images i on i.id = pi.image
             where ", $($rest),*
        )
    };
}

pub(crate) use select_summaries;

/// A list in both directions. Bound are the cursor's time and number, how many posts, and then what the list is of.
#[derive(Clone, Copy)]
struct List {
    before: &'static str,
    after: &'static str,
}

/// `$older` and `$newer` are conditions of one direction alone; the others are those of an index, to the letter.
macro_rules! list {
    (by $place:literal, $id:literal from $from:literal where $where:literal $(, older $older:literal, newer $newer:literal)?) => {
        List {
            before: select_summaries!($place from $from $where $($older)? " and (" $place ", " $id ") < ($1, $2) order by "
                $place " desc, " $id " desc limit $3"),
            after: select_summaries!($place from $from $where $($newer)? " and (" $place ", " $id ") > ($1, $2) order by "
                $place ", " $id " limit $3"),
        }
    };
}

const FRONT: List = list!(by "p.published_at", "p.id" from "posts p"
    where "p.status = 'published' and p.visibility = 'public' and p.trashed_at is null");
const AUTHOR: List = list!(by "p.published_at", "p.id" from "posts p"
    where "p.owner = $4 and p.status = 'published' and p.visibility = 'public' and p.trashed_at is null");
const TAG: List = list!(by "l.public_at", "l.post" from "post_tags l join posts p on p.id = l.post"
    where "l.tag = (select id from tags where key = $4) and l.public_at is not null");
const SPAN: List = list!(by "p.published_at", "p.id" from "posts p"
    where "p.status = 'published' and p.visibility = 'public' and p.trashed_at is null",
    older " and p.published_at >= $4", newer " and p.published_at < $4");
const DRAFTS: List = list!(by "p.updated_at", "p.id" from "posts p"
    where "p.owner = $4 and p.status = 'draft' and p.trashed_at is null");
const REVIEW: List = list!(by "p.submitted_at", "p.id" from "posts p"
    where "p.submitted_at is not null and p.trashed_at is null");
const TRASH: List = list!(by "p.trashed_at", "p.id" from "posts p"
    where "p.owner = $4 and p.trashed_at is not null");

const TAG_BY_KEY: &str = "select name from tags where key = $1";
const TAGS: &str = "
    select t.name, count(*) as posts
    from post_tags pt join tags t on t.id = pt.tag
    where pt.public_at is not null
    group by t.id, t.key, t.name
    order by t.key";

/// Two questions, because either one alone is a look at an end of the index.
const ENDS: &str = "
    select (select min(published_at) from posts
            where status = 'published' and visibility = 'public' and trashed_at is null),
           (select max(published_at) from posts
            where status = 'published' and visibility = 'public' and trashed_at is null)";
const COUNT: &str = "
    select count(*) from posts
    where status = 'published' and visibility = 'public' and trashed_at is null
      and published_at >= $1 and published_at < $2";

/// A tag and how many posts everybody finds under it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TagCount {
    pub tag: Tag,
    pub posts: i64,
}

/// What a list is of.
#[derive(Clone, Copy)]
enum Of<'a> {
    All,
    Number(i64),
    Key(&'a TagKey),
}

/// Before everything.
const NEWEST: Cursor = Cursor {
    at: i64::MAX,
    id: i64::MAX,
};

impl Posts<'_> {
    /// The front page: public posts, from the newest or from a place in the list.
    pub async fn index(&self, from: Option<Direction>, limit: u32) -> Result<Page<Summary>, Error> {
        self.page(FRONT, Of::All, from, limit).await
    }

    /// Public posts of one person.
    pub async fn by_author(
        &self,
        author: UserId,
        from: Option<Direction>,
        limit: u32,
    ) -> Result<Page<Summary>, Error> {
        self.page(AUTHOR, Of::Number(author.0), from, limit).await
    }

    /// Public posts with this tag.
    pub async fn by_tag(
        &self,
        tag: &TagKey,
        from: Option<Direction>,
        limit: u32,
    ) -> Result<Page<Summary>, Error> {
        self.page(TAG, Of::Key(tag), from, limit).await
    }

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

    /// A person's drafts, also those that are scheduled or wait for review, the last touched first.
    pub async fn drafts(
        &self,
        owner: UserId,
        from: Option<Direction>,
        limit: u32,
    ) -> Result<Page<Summary>, Error> {
        self.page(DRAFTS, Of::Number(owner.0), from, limit).await
    }

    /// Everybody's drafts that wait for somebody who may publish them.
    pub async fn in_review(
        &self,
        from: Option<Direction>,
        limit: u32,
    ) -> Result<Page<Summary>, Error> {
        self.page(REVIEW, Of::All, from, limit).await
    }

    /// A person's posts in the trash, the last thrown away first.
    pub async fn trash_of(
        &self,
        owner: UserId,
        from: Option<Direction>,
        limit: u32,
    ) -> Result<Page<Summary>, Error> {
        self.page(TRASH, Of::Number(owner.0), from, limit).await
    }

    /// A tag as it is written, whether or not anything is listed under it.
    pub async fn tag(&self, key: &TagKey) -> Result<Option<Tag>, Error> {
        let name: Option<String> = on!(Pool, &self.0.read, |pool| query_scalar(TAG_BY_KEY)
            .bind(key.as_str())
            .fetch_optional(pool)
            .await)?;
        name.as_deref().map(tag).transpose()
    }

    /// Every tag under which everybody finds something, by its key.
    pub async fn tags(&self) -> Result<Vec<TagCount>, Error> {
        let rows: Vec<(String, i64)> = on!(Pool, &self.0.read, |pool| query_as(TAGS)
            .fetch_all(pool)
            .await)?;
        let count = |(name, posts): (String, i64)| {
            Ok(TagCount {
                tag: tag(&name)?,
                posts,
            })
        };
        rows.into_iter().map(count).collect()
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

    async fn page(
        &self,
        list: List,
        of: Of<'_>,
        from: Option<Direction>,
        limit: u32,
    ) -> Result<Page<Summary>, Error> {
        let (sql, cursor) = match from {
            None => (list.before, NEWEST),
            Some(Direction::Before(cursor)) => (list.before, cursor),
            Some(Direction::After(cursor)) => (list.after, cursor),
        };
        // One more than a page holds says whether there is another page.
        let wanted = i64::from(limit) + 1;
        let mut rows: Vec<SummaryRow> = on!(Pool, &self.0.read, |pool| {
            let asked = query_as(sql).bind(cursor.at).bind(cursor.id).bind(wanted);
            match of {
                Of::All => asked,
                Of::Number(number) => asked.bind(number),
                Of::Key(key) => asked.bind(key.as_str()),
            }
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
}

#[cfg(test)]
mod tests {
    use super::super::tests::plan;
    use super::*;

    #[tokio::test]
    async fn every_page_is_read_from_the_index_of_its_list_and_nothing_is_sorted() {
        for (list, index) in [
            (FRONT, "posts_front"),
            (AUTHOR, "posts_author"),
            (TAG, "post_tags_public"),
            (SPAN, "posts_front"),
            (DRAFTS, "posts_drafts"),
            (REVIEW, "posts_review"),
            (TRASH, "posts_trash"),
        ] {
            for sql in [list.before, list.after] {
                let plan = plan(sql).await;
                assert!(
                    plan.contains(&format!("INDEX {index} (")),
                    "{index}: {plan}"
                );
                // The order in which a post's own tags are joined is sorted, at most twenty of them.
                let outer = plan.split("CORRELATED").next().unwrap_or_default();
                assert!(
                    !plan.contains("SCAN") && !outer.contains("ORDER BY"),
                    "{index}: {plan}"
                );
            }
        }
    }

    #[tokio::test]
    async fn counts_are_read_from_indexes_alone() {
        for (sql, index) in [
            (TAGS, "COVERING INDEX post_tags_public"),
            (ENDS, "INDEX posts_"),
            (COUNT, "COVERING INDEX posts_archive"),
        ] {
            let plan = plan(sql).await;
            assert!(plan.contains(index), "{plan}");
        }
    }
}
