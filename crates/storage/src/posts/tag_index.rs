//! The tags under which everybody finds something, a page at a time, and how many posts that is.
//!
//! Invariant: `tags.posts` is the number of a tag's public posts (triggers keep it), so no list of tags counts or sorts.

use gatepost_domain::tag::{Tag, TagKey};
use sqlx::{query_as, query_scalar};

use super::Posts;
use super::row::tag;
use crate::error::Error;

const BY_KEY: &str = "select name from tags where key = $1";
const FROM: &str =
    "select name, posts from tags where posts > 0 and key >= $1 order by key limit $2";
const BEFORE: &str = "select key from tags where posts > 0 and key < $1 order by key desc limit $2";
const MOST: &str = "select name, posts from tags where posts > 0 order by posts desc, key limit $1";
const KEYS: &str = "select key from tags where posts > 0 order by key limit $1";

/// From the first key of a letter to the first one after all of that letter; `$1` is greater than every letter.
const LETTERS: &str = "
    with recursive first (key, place) as (
        select min(key), 1 from tags where posts > 0
        union all
        select (select min(t.key) from tags t where t.posts > 0 and t.key > substr(first.key, 1, 1) || $1), place + 1
        from first where first.key is not null and place < $2
    )
    select key from first where key is not null";

/// No letter of a key is greater.
const LAST: &str = "\u{10ffff}";

/// A tag and how many posts everybody finds under it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TagCount {
    pub tag: Tag,
    pub posts: i64,
}

/// Some tags in the order of their keys.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TagPage {
    pub tags: Vec<TagCount>,
    /// Where the page before this one begins.
    pub before: Option<Before>,
    /// The first tag of the next page.
    pub next: Option<TagKey>,
}

/// Where the page before begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Before {
    /// With the first tag of all.
    Start,
    Key(TagKey),
}

impl Posts<'_> {
    /// A tag as it is written, whether or not anything is listed under it.
    pub async fn tag(&self, key: &TagKey) -> Result<Option<Tag>, Error> {
        let name: Option<String> = on!(Pool, &self.0.read, |pool| query_scalar(BY_KEY)
            .bind(key.as_str())
            .fetch_optional(pool)
            .await)?;
        name.as_deref().map(tag).transpose()
    }

    /// Tags under which everybody finds something, in the order of their keys, from the first one that is not before `from`.
    pub async fn tags(&self, from: &str, limit: u32) -> Result<TagPage, Error> {
        let mut tags = self.counts(FROM, Some(from), limit + 1).await?;
        let next = (tags.len() > limit as usize).then(|| tags.pop()).flatten();
        let before: Vec<String> = on!(Pool, &self.0.read, |pool| query_scalar(BEFORE)
            .bind(from)
            .bind(i64::from(limit) + 1)
            .fetch_all(pool)
            .await)?;
        let before = match before
            .get(limit as usize - 1)
            .filter(|_| before.len() > limit as usize)
        {
            Some(first) => Some(Before::Key(key(first)?)),
            None => (!before.is_empty()).then_some(Before::Start),
        };
        Ok(TagPage {
            tags,
            before,
            next: next.map(|it| it.tag.key().clone()),
        })
    }

    /// The tags that most public posts have.
    pub async fn most_used_tags(&self, limit: u32) -> Result<Vec<TagCount>, Error> {
        self.counts(MOST, None, limit).await
    }

    /// The first tag of each first letter, for so many letters.
    pub async fn tag_letters(&self, limit: u32) -> Result<Vec<TagKey>, Error> {
        let keys: Vec<String> = on!(Pool, &self.0.read, |pool| query_scalar(LETTERS)
            .bind(LAST)
            .bind(i64::from(limit))
            .fetch_all(pool)
            .await)?;
        keys.iter().map(|it| key(it)).collect()
    }

    /// The keys of so many tags under which everybody finds something.
    pub async fn tag_keys(&self, limit: u32) -> Result<Vec<TagKey>, Error> {
        let keys: Vec<String> = on!(Pool, &self.0.read, |pool| query_scalar(KEYS)
            .bind(i64::from(limit))
            .fetch_all(pool)
            .await)?;
        keys.iter().map(|it| key(it)).collect()
    }

    async fn counts(
        &self,
        sql: &'static str,
        from: Option<&str>,
        limit: u32,
    ) -> Result<Vec<TagCount>, Error> {
        let rows: Vec<(String, i64)> = on!(Pool, &self.0.read, |pool| {
            match from {
                Some(from) => query_as(sql).bind(from),
                None => query_as(sql),
            }
            .bind(i64::from(limit))
            .fetch_all(pool)
            .await
        })?;
        let count = |(name, posts): (String, i64)| {
            Ok(TagCount {
                tag: tag(&name)?,
                posts,
            })
        };
        rows.into_iter().map(count).collect()
    }
}

fn key(text: &str) -> Result<TagKey, Error> {
    TagKey::parse(text).map_err(|error| Error::row("tags.key", error))
}

#[cfg(test)]
mod tests {
    use super::super::tests::plan;
    use super::*;

    #[tokio::test]
    async fn tags_are_read_in_order_from_an_index_alone() {
        for (sql, index) in [
            (FROM, "COVERING INDEX tags_listed"),
            (BEFORE, "COVERING INDEX tags_listed"),
            (KEYS, "COVERING INDEX tags_listed"),
            (LETTERS, "COVERING INDEX tags_listed"),
            (MOST, "COVERING INDEX tags_most"),
            (BY_KEY, "INDEX sqlite_autoindex_tags_1 (key=?)"),
        ] {
            let plan = plan(sql).await;
            assert!(
                plan.contains(index) && !plan.contains("TEMP B-TREE"),
                "{plan}"
            );
        }
    }
}
