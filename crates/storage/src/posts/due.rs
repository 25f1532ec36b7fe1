//! Drafts that become public by themselves: each does so once, as a revision, at the moment its writer set.

use gatepost_domain::ids::PostId;
use gatepost_domain::post::Stage;
use sqlx::{query, query_scalar};
use time::OffsetDateTime;

use super::{Edit, Posts};
use crate::error::Error;
use crate::moment;

const NEXT: &str =
    "select min(publish_at) from posts where publish_at is not null and trashed_at is null";

const DUE: &str = "
    select id from posts
    where publish_at is not null and trashed_at is null and publish_at <= $1
    order by publish_at";

/// Readers see the moment that was set, however late the server was.
const PUBLISH: &str = "
    update posts
    set status = 'published', published_at = coalesce(published_at, publish_at), publish_at = null,
        submitted_at = null, revision = revision + 1, updated_at = $2
    where id = $1";

/// The same words once more, so that whoever has the draft open is told that it has moved on.
const REVISION: &str = "
    insert into revisions (post, number, person, saved_at, base, title, text, tags, excerpt, slug, visibility, stage, note,
                           pictures)
    select r.post, p.revision, r.person, $2, r.number, r.title, r.text, r.tags, r.excerpt, r.slug, r.visibility,
           'published', 'Published at the set time.', r.pictures
    from posts p join revisions r on r.post = p.id and r.number = p.revision - 1
    where p.id = $1";

impl Posts<'_> {
    /// When the next draft becomes public by itself.
    pub async fn next_due(&self) -> Result<Option<OffsetDateTime>, Error> {
        let next: Option<i64> = on!(Pool, &self.0.read, |pool| query_scalar(NEXT)
            .fetch_one(pool)
            .await)?;
        moment::from_optional("posts.publish_at", next)
    }

    /// Publishes every draft whose moment has come.
    pub async fn publish_due(&self) -> Result<Vec<PostId>, Error> {
        let now = self.0.now();
        let mut tx = self.0.begin().await?;
        let due: Vec<i64> = on!(Tx, &mut tx, |conn| query_scalar(DUE)
            .bind(now)
            .fetch_all(&mut **conn)
            .await)?;
        for id in &due {
            for sql in [PUBLISH, REVISION] {
                on!(Tx, &mut tx, |conn| query(sql)
                    .bind(*id)
                    .bind(now)
                    .execute(&mut **conn)
                    .await
                    .map(drop))?;
            }
        }
        tx.commit().await?;
        Ok(due.into_iter().map(PostId).collect())
    }

    /// Resolves when [`next_due`](Self::next_due) may answer something else than before.
    pub async fn schedule_changed(&self) {
        self.0.due.notified().await;
    }

    /// A moment that was set may be the next one.
    pub(super) fn wake_for(&self, edit: &Edit) {
        if let Stage::Scheduled(_) = edit.stage {
            self.0.due.notify_one();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::plan;
    use super::*;

    #[tokio::test]
    async fn what_is_due_is_read_from_an_index_of_scheduled_posts() {
        for sql in [NEXT, DUE] {
            let plan = plan(sql).await;
            assert!(plan.contains("posts_due"), "{plan}");
            assert!(!plan.contains("ORDER BY"), "{plan}");
        }
    }
}
