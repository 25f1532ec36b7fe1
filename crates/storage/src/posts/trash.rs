//! The trash: out of everybody's sight, back by one button, gone for good after its time.

use gatepost_domain::ids::PostId;
use sqlx::{query, query_scalar};
use time::OffsetDateTime;

use super::Posts;
use crate::error::Error;
use crate::moment;

const PUT_IN: &str =
    "update posts set trashed_at = $2 where id = $1 and trashed_at is null returning id";

/// A moment that passed while it lay in the trash is no promise any more.
const TAKE_OUT: &str = "
    update posts
    set trashed_at = null, publish_at = case when publish_at > $2 then publish_at end
    where id = $1 and trashed_at is not null
    returning id";

const OLD: &str = "select id from posts where trashed_at is not null and trashed_at < $1";

/// What readers may have kept answers “gone” from now on.
const REMEMBER: &str = "
    insert into gone (slug, post, gone_at)
    select s.slug, p.id, $2 from posts p join slugs s on s.post = p.id
    where p.id = $1 and p.trashed_at is not null and p.published_at is not null";

/// A form may have a picture of the post: it is as if one had it last now.
const RELEASE: &str = "
    update images set wanted_at = $2
    where id in (select h.image from held_images h join posts p on p.id = h.post
                 where p.id = $1 and p.trashed_at is not null)";

const DELETE: &str = "delete from posts where id = $1 and trashed_at is not null returning id";

impl Posts<'_> {
    /// Puts a post into the trash. `false`: it is not there, or there already.
    pub async fn trash(&self, id: PostId) -> Result<bool, Error> {
        self.change(PUT_IN, id).await
    }

    /// Takes a post out of the trash, to what it was before. `false`: it was not in there.
    pub async fn restore(&self, id: PostId) -> Result<bool, Error> {
        let done = self.change(TAKE_OUT, id).await?;
        self.0.due.notify_one();
        Ok(done)
    }

    /// Deletes a post in the trash for good, with its history; the pictures that no other post holds are forgotten
    /// [later](crate::images::UNUSED_FOR). `false`: it was not in there.
    pub async fn purge(&self, id: PostId) -> Result<bool, Error> {
        let now = self.0.now();
        let mut tx = self.0.begin().await?;
        on!(Tx, &mut tx, |conn| query(REMEMBER)
            .bind(id.0)
            .bind(now)
            .execute(&mut **conn)
            .await
            .map(drop))?;
        on!(Tx, &mut tx, |conn| query(RELEASE)
            .bind(id.0)
            .bind(now)
            .execute(&mut **conn)
            .await
            .map(drop))?;
        let done: Option<i64> = on!(Tx, &mut tx, |conn| query_scalar(DELETE)
            .bind(id.0)
            .fetch_optional(&mut **conn)
            .await)?;
        tx.commit().await?;
        Ok(done.is_some())
    }

    /// Deletes for good what was thrown away before this moment; how many posts that were.
    pub async fn purge_older(&self, before: OffsetDateTime) -> Result<usize, Error> {
        let old: Vec<i64> = on!(Pool, &self.0.read, |pool| query_scalar(OLD)
            .bind(moment::to_millis(before))
            .fetch_all(pool)
            .await)?;
        let mut purged = 0;
        for id in old {
            purged += usize::from(self.purge(PostId(id)).await?);
        }
        Ok(purged)
    }

    async fn change(&self, sql: &'static str, id: PostId) -> Result<bool, Error> {
        let mut tx = self.0.begin().await?;
        let now = self.0.now();
        let done: Option<i64> = on!(Tx, &mut tx, |conn| query_scalar(sql)
            .bind(id.0)
            .bind(now)
            .fetch_optional(&mut **conn)
            .await)?;
        tx.commit().await?;
        Ok(done.is_some())
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::plan;
    use super::*;

    #[tokio::test]
    async fn old_trash_is_found_in_its_index() {
        let plan = plan(OLD).await;
        assert!(plan.contains("posts_old_trash"), "{plan}");
    }
}
