//! The newest public posts, whole, as feeds carry them.
//!
//! Invariant: two statements, however many posts: one for the posts and one for the pictures of all of them.

use std::collections::HashMap;

use gatepost_domain::ids::UserId;
use gatepost_domain::picture::Picture;
use gatepost_domain::post::Post;
use gatepost_domain::tag::TagKey;
use sqlx::query_as;

use super::Posts;
use super::row::{PictureRow, PostRow};
use super::select::{public, select_pictures, select_posts};
use crate::error::Error;

/// Of which posts the newest are wanted.
#[derive(Clone, Copy, Debug)]
pub enum Within<'a> {
    Site,
    Author(UserId),
    Tag(&'a TagKey),
}

/// Bound are how many posts, and then what they are of.
#[derive(Clone, Copy)]
struct Newest {
    posts: &'static str,
    pictures: &'static str,
}

macro_rules! newest {
    (by $place:literal, $id:literal from $from:literal where $($where:expr),+) => {
        Newest {
            posts: select_posts!($from " where ", $($where),+, " order by ", $place, " desc, ", $id, " desc limit $1"),
            pictures: select_pictures!("(select ", $id, " as post from ", $from, " where ", $($where),+,
                " order by ", $place, " desc, ", $id, " desc limit $1) n join post_images pi on pi.post = n.post";
                "order by pi.post, pi.position"),
        }
    };
}

const SITE: Newest = newest!(by "p.published_at", "p.id" from "posts p" where public!());
const AUTHOR: Newest =
    newest!(by "p.published_at", "p.id" from "posts p" where "p.owner = $2 and ", public!());
const TAG: Newest = newest!(by "l.public_at", "l.post" from "post_tags l join posts p on p.id = l.post"
    where "l.tag = (select id from tags where key = $2) and l.public_at is not null");

impl Posts<'_> {
    /// The newest public posts with their texts and pictures.
    pub async fn newest(&self, within: Within<'_>, limit: u32) -> Result<Vec<Post>, Error> {
        let newest = match within {
            Within::Site => SITE,
            Within::Author(_) => AUTHOR,
            Within::Tag(_) => TAG,
        };
        let limit = i64::from(limit);
        let (posts, pictures): (Vec<PostRow>, Vec<PictureRow>) = on!(Pool, &self.0.read, |pool| {
            let (posts, pictures) = (
                query_as(newest.posts).bind(limit),
                query_as(newest.pictures).bind(limit),
            );
            let (posts, pictures) = match within {
                Within::Site => (posts, pictures),
                Within::Author(author) => (posts.bind(author.0), pictures.bind(author.0)),
                Within::Tag(key) => (posts.bind(key.as_str()), pictures.bind(key.as_str())),
            };
            let posts = posts.fetch_all(pool).await?;
            (posts, pictures.fetch_all(pool).await?)
        });
        let mut beside: HashMap<i64, Vec<Picture>> = HashMap::new();
        for row in pictures {
            beside.entry(row.post).or_default().push(row.picture()?);
        }
        let whole = |row: PostRow| {
            let pictures = beside.remove(&row.id).unwrap_or_default();
            row.post(pictures)
        };
        posts.into_iter().map(whole).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::plan;
    use super::*;

    #[tokio::test]
    async fn the_newest_are_read_from_the_index_of_their_list_and_nothing_is_sorted_but_pictures() {
        for (newest, index) in [
            (SITE, "posts_front"),
            (AUTHOR, "posts_author"),
            (TAG, "post_tags_public"),
        ] {
            let posts = plan(newest.posts).await;
            let outer = posts.split("CORRELATED").next().unwrap_or_default();
            assert!(posts.contains(index), "{posts}");
            assert!(!outer.contains("TEMP B-TREE"), "{posts}");
            let pictures = plan(newest.pictures).await;
            assert!(pictures.contains(index), "{pictures}");
            // A scan of an index ends with the last post wanted.
            for plan in [posts, pictures] {
                let whole = |step: &&str| step.starts_with("SCAN") && !step.contains("INDEX");
                let scans: Vec<&str> = plan.lines().filter(whole).collect();
                assert!(scans.is_empty() || scans == ["SCAN n"], "{plan}");
            }
        }
    }
}
