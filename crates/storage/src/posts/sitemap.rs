//! Every address a search engine may know, in parts that never grow too long.
//!
//! Invariant: a part is a span of post numbers, so a post stays in its part whatever happens to the others, and a part is
//! read from where it begins.

use gatepost_domain::slug::Slug;
use sqlx::query_as;
use time::OffsetDateTime;

use super::Posts;
use super::row::slug;
use crate::error::Error;
use crate::moment;

/// Numbers in a part; the sitemap protocol allows 50,000 addresses in a file.
const PART: i64 = 50_000;

const PARTS: &str = "
    select (id - 1) / $1 as part, max(updated_at)
    from posts
    where status = 'published' and visibility = 'public' and trashed_at is null
    group by part order by part";

const OF_PART: &str = "
    select s.slug, p.updated_at
    from posts p
    join slugs s on s.post = p.id and s.is_current = 1
    where p.status = 'published' and p.visibility = 'public' and p.trashed_at is null
      and p.id > $1 and p.id <= $2
    order by p.id";

/// A part that holds at least one post.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SitemapPart {
    pub number: u32,
    /// When a post in it was last saved.
    pub updated_at: OffsetDateTime,
}

impl Posts<'_> {
    /// The parts that hold public posts.
    pub async fn sitemap(&self) -> Result<Vec<SitemapPart>, Error> {
        let rows: Vec<(i64, i64)> = on!(Pool, &self.0.read, |pool| query_as(PARTS)
            .bind(PART)
            .fetch_all(pool)
            .await)?;
        let part = |(number, updated): (i64, i64)| {
            Ok(SitemapPart {
                number: u32::try_from(number).map_err(|error| Error::row("posts.id", error))?,
                updated_at: moment::from_millis("posts.updated_at", updated)?,
            })
        };
        rows.into_iter().map(part).collect()
    }

    /// The public posts of a part, with when each was last saved.
    pub async fn sitemap_part(&self, number: u32) -> Result<Vec<(Slug, OffsetDateTime)>, Error> {
        let start = i64::from(number) * PART;
        let rows: Vec<(String, i64)> = on!(Pool, &self.0.read, |pool| query_as(OF_PART)
            .bind(start)
            .bind(start + PART)
            .fetch_all(pool)
            .await)?;
        let address = |(address, updated): (String, i64)| {
            Ok((
                slug(&address)?,
                moment::from_millis("posts.updated_at", updated)?,
            ))
        };
        rows.into_iter().map(address).collect()
    }
}
