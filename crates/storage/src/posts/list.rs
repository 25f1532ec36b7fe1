//! Lists of posts, newest first and a page at a time, without their full texts; a page is read from one index.
//!
//! Invariant: a place in a list is a time and a number, so what is added or removed while somebody turns pages neither
//! repeats nor hides anything.

use gatepost_domain::ids::UserId;
use gatepost_domain::pagination::{Cursor, Direction, Page};
use gatepost_domain::post::Summary;
use gatepost_domain::tag::TagKey;
use sqlx::query_as;

use super::Posts;
use super::row::SummaryRow;
use super::select::{public, select_summaries};
use crate::error::Error;

/// A list in both directions. Bound are the cursor's time and number, how many posts, and then what the list is of.
#[derive(Clone, Copy)]
pub(super) struct List {
    pub(super) before: &'static str,
    pub(super) after: &'static str,
}

/// `$older` and `$newer` are conditions of one direction alone; the others are those of an index, to the letter.
macro_rules! list {
    (by $place:literal, $id:literal from $from:literal where $($where:expr),+ $(; older $older:literal, newer $newer:literal)?) => {
        List {
            before: select_summaries!($place from $from $($where),+, $($older,)? " and (", $place, ", ", $id, ") < ($1, $2) order by ",
                $place, " desc, ", $id, " desc limit $3"),
            after: select_summaries!($place from $from $($where),+, $($newer,)? " and (", $place, ", ", $id, ") > ($1, $2) order by ",
                $place, ", ", $id, " limit $3"),
        }
    };
}

pub(super) use list;

const FRONT: List = list!(by "p.published_at", "p.id" from "posts p" where public!());
const AUTHOR: List =
    list!(by "p.published_at", "p.id" from "posts p" where "p.owner = $4 and ", public!());
const TAG: List = list!(by "l.public_at", "l.post" from "post_tags l join posts p on p.id = l.post"
    where "l.tag = (select id from tags where key = $4) and l.public_at is not null");
const DRAFTS: List = list!(by "p.updated_at", "p.id" from "posts p"
    where "p.owner = $4 and p.status = 'draft' and p.trashed_at is null");
const REVIEW: List = list!(by "p.submitted_at", "p.id" from "posts p"
    where "p.submitted_at is not null and p.trashed_at is null");
const TRASH: List = list!(by "p.trashed_at", "p.id" from "posts p"
    where "p.owner = $4 and p.trashed_at is not null");
const ALL_TRASH: List =
    list!(by "p.trashed_at", "p.id" from "posts p" where "p.trashed_at is not null");

/// What a list is of.
#[derive(Clone, Copy)]
pub(super) enum Of<'a> {
    All,
    Number(i64),
    Key(&'a TagKey),
}

/// Before everything.
pub(super) const NEWEST: Cursor = Cursor {
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

    /// Everybody's posts in the trash, the last thrown away first.
    pub async fn all_trash(
        &self,
        from: Option<Direction>,
        limit: u32,
    ) -> Result<Page<Summary>, Error> {
        self.page(ALL_TRASH, Of::All, from, limit).await
    }

    pub(super) async fn page(
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
            (DRAFTS, "posts_drafts"),
            (REVIEW, "posts_review"),
            (TRASH, "posts_trash"),
            (ALL_TRASH, "posts_old_trash"),
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
}
