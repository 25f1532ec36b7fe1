//! Every address a search engine may know, in parts that never grow too long.
//!
//! Invariant: a part is a span of post numbers, so a post stays in its part whatever happens to the others, and a part is
//! read from where it begins.

use gatepost_domain::slug::Slug;
use gatepost_domain::username::Username;
use sqlx::{query_as, query_scalar};
use time::OffsetDateTime;

use super::Posts;
use super::row::slug;
use super::select::public;
use crate::error::Error;
use crate::{moment, users};

/// Numbers in a part; the sitemap protocol allows 50,000 addresses in a file. The index counts in this number too.
macro_rules! part {
    () => {
        "(p.id - 1) / 50000"
    };
}

/// From each part to the next one that holds a post, and its newest change: a few looks at the index for each.
const PARTS: &str = concat!(
    "with recursive part (number) as (
        select min(",
    part!(),
    ") from posts p where ",
    public!(),
    "
        union all
        select (select min(",
    part!(),
    ") from posts p where ",
    public!(),
    " and ",
    part!(),
    " > part.number)
        from part where part.number is not null
    )
    select number, (select max(p.updated_at) from posts p where ",
    public!(),
    " and ",
    part!(),
    " = part.number)
    from part where number is not null"
);

const OF_PART: &str = concat!(
    "select s.slug, p.updated_at
     from posts p
     join slugs s on s.post = p.id and s.is_current = 1
     where ",
    public!(),
    " and ",
    part!(),
    " = $1"
);

/// People under whose name everybody finds something.
const AUTHORS: &str = concat!(
    "select u.username from users u where exists (select 1 from posts p where p.owner = u.id and ",
    public!(),
    ")
     order by u.id"
);

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
        let rows: Vec<(String, i64)> = on!(Pool, &self.0.read, |pool| query_as(OF_PART)
            .bind(i64::from(number))
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

    /// Everybody under whose name there is a public post.
    pub async fn authors(&self) -> Result<Vec<Username>, Error> {
        let names: Vec<String> = on!(Pool, &self.0.read, |pool| query_scalar(AUTHORS)
            .fetch_all(pool)
            .await)?;
        names.iter().map(|name| users::username(name)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::plan;
    use super::*;

    #[tokio::test]
    async fn no_part_of_the_sitemap_looks_at_all_posts_or_at_a_post_itself() {
        let parts = plan(PARTS).await;
        assert_eq!(
            parts.matches("COVERING INDEX posts_sitemap").count(),
            3,
            "{parts}"
        );
        let part = plan(OF_PART).await;
        assert!(
            part.contains("COVERING INDEX posts_sitemap (<expr>=?)"),
            "{part}"
        );
        let authors = plan(AUTHORS).await;
        // "EXISTS": the first post of a person ends the look.
        assert!(
            authors.contains("SEARCH p EXISTS USING INDEX posts_author"),
            "{authors}"
        );
        for plan in [parts, part, authors] {
            assert!(
                !plan.contains("SCAN p ") && !plan.contains("TEMP B-TREE"),
                "{plan}"
            );
        }
    }
}
