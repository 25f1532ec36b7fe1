//! Posts: finding them under every address they ever had, saving them without losing anybody's words, listing them.

use gatepost_domain::ids::{PostId, RevisionNo};
use gatepost_domain::post::{Post, PostAddress};
use gatepost_domain::slug::Slug;
use sqlx::{query_as, query_scalar};

use crate::db::Db;
use crate::error::Error;

mod archive;
mod due;
mod edit;
mod list;
mod newest;
mod row;
mod save;
mod select;
mod sitemap;
mod slugs;
mod submissions;
mod tag_index;
mod tags;
mod trash;

pub use edit::{Created, Edit, Updated, WantedSlug};
pub use newest::Within;
use row::{PictureRow, PostRow};
pub(crate) use row::{SummaryRow, excerpt, person, slug, tags, title, visibility};
pub(crate) use select::select_summaries;
use select::{select_pictures, select_posts};
pub use sitemap::SitemapPart;
use submissions::Claim;
pub use tag_index::{Before, TagCount, TagPage};

/// The repository of posts.
pub struct Posts<'a>(pub(crate) &'a Db);

/// What stands under an address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// A draft or a published post; `domain::access` says who may see it.
    Post(Box<Post>),
    /// A published post under a former slug or its number; its slug now.
    Moved(Slug),
    /// A post in the trash. Whoever may not restore it is told "gone", and only if it [`was_public`](Post::was_public).
    Gone(Box<Post>),
    /// A public post was here and was deleted for good.
    Purged,
    Missing,
}

const BY_ID: &str = select_posts!("posts p" "where p.id = $1");
const BY_ANY_SLUG: &str =
    select_posts!("posts p" "where p.id = (select post from slugs where slug = $1)");

const PICTURES: &str =
    select_pictures!("post_images pi"; "where pi.post = $1 order by pi.position");

const ANY: &str = "select exists (select 1 from posts)";

impl Posts<'_> {
    /// What stands under this address: a slug, a former slug or a number.
    pub async fn find(&self, address: &PostAddress) -> Result<Found, Error> {
        let row: Option<PostRow> = on!(Pool, &self.0.read, |pool| match address {
            PostAddress::Id(id) => query_as(BY_ID).bind(id.0).fetch_optional(pool).await,
            PostAddress::Slug(slug) =>
                query_as(BY_ANY_SLUG)
                    .bind(slug.as_str())
                    .fetch_optional(pool)
                    .await,
        })?;
        let Some(row) = row else {
            let gone = self.was_purged(address).await?;
            return Ok(if gone { Found::Purged } else { Found::Missing });
        };
        if row.is_trashed() {
            return Ok(Found::Gone(Box::new(self.with_pictures(row).await?)));
        }
        if row.is_published()
            && !matches!(address, PostAddress::Slug(slug) if slug.as_str() == row.slug)
        {
            return Ok(Found::Moved(row.current_slug()?));
        }
        Ok(Found::Post(Box::new(self.with_pictures(row).await?)))
    }

    /// A post by its number, wherever it is in its life.
    pub async fn get(&self, id: PostId) -> Result<Option<Post>, Error> {
        let row: Option<PostRow> = on!(Pool, &self.0.read, |pool| query_as(BY_ID)
            .bind(id.0)
            .fetch_optional(pool)
            .await)?;
        match row {
            Some(row) => Ok(Some(self.with_pictures(row).await?)),
            None => Ok(None),
        }
    }

    /// Whether anything was ever written here.
    pub async fn any(&self) -> Result<bool, Error> {
        Ok(on!(Pool, &self.0.read, |pool| query_scalar(ANY)
            .fetch_one(pool)
            .await)?)
    }

    /// Saves a new post of `edit.editor` as revision 1.
    pub async fn create(&self, edit: &Edit) -> Result<Created, Error> {
        let now = self.0.now();
        let mut tx = self.0.begin().await?;
        for key in [&edit.form, &edit.opened_from] {
            let Claim::Known(before) = submissions::claim(&mut tx, key.as_ref(), edit, now).await?
            else {
                continue;
            };
            drop(tx);
            let post = Box::new(self.just_saved(before.post).await?);
            return Ok(if before.is_the_same {
                Created::Post(post)
            } else if key == &edit.form {
                Created::Before(post, before.revision)
            } else {
                Created::Elsewhere(post)
            });
        }
        let Some(id) = save::create(&mut tx, edit, now).await? else {
            return Ok(Created::SlugTaken);
        };
        for key in [&edit.form, &edit.opened_from] {
            submissions::settle(&mut tx, key.as_ref(), edit, (id, RevisionNo(1)), now).await?;
        }
        tx.commit().await?;
        self.wake_for(edit);
        Ok(Created::Post(Box::new(self.just_saved(id).await?)))
    }

    /// Saves a change that was made to revision `base`, unless somebody else has saved since.
    pub async fn update(
        &self,
        id: PostId,
        base: RevisionNo,
        edit: &Edit,
    ) -> Result<Updated, Error> {
        self.revise(id, base, edit, None).await
    }

    /// Saves what a form and the saves since it was drawn became together, unless somebody has saved after `onto`. The
    /// form as it was `sent`, and its base, are what it is known by: it still lacks what the others wrote.
    pub async fn update_merged(
        &self,
        id: PostId,
        onto: RevisionNo,
        merged: &Edit,
        sent: (&Edit, RevisionNo),
    ) -> Result<Updated, Error> {
        self.revise(id, onto, merged, Some(sent)).await
    }

    async fn revise(
        &self,
        id: PostId,
        base: RevisionNo,
        edit: &Edit,
        sent: Option<(&Edit, RevisionNo)>,
    ) -> Result<Updated, Error> {
        let now = self.0.now();
        let form = sent.map_or(edit, |(form, _)| form);
        let mut tx = self.0.begin().await?;
        match submissions::claim(&mut tx, form.form.as_ref(), form, now).await? {
            Claim::Known(before) if before.post == id && before.is_the_same => {
                drop(tx);
                return Ok(Updated::Saved(Box::new(self.just_saved(id).await?)));
            }
            Claim::Known(before)
                if before.post == id && sent.is_none() && base < before.revision =>
            {
                return Ok(Updated::Before(before.revision));
            }
            Claim::Known(_) | Claim::Fresh => {}
        }
        let revision = match save::update(&mut tx, id, base, edit, now).await? {
            save::Outcome::Saved(revision) => revision,
            save::Outcome::SlugTaken => return Ok(Updated::SlugTaken),
            save::Outcome::Missing => return Ok(Updated::Missing),
            save::Outcome::Stale => {
                drop(tx);
                return Ok(Updated::Stale(Box::new(self.just_saved(id).await?)));
            }
        };
        let known = sent.map_or(revision, |(_, base)| base);
        submissions::settle(&mut tx, form.form.as_ref(), form, (id, known), now).await?;
        tx.commit().await?;
        self.wake_for(edit);
        Ok(Updated::Saved(Box::new(self.just_saved(id).await?)))
    }

    async fn just_saved(&self, id: PostId) -> Result<Post, Error> {
        // Posts leave the table only by a purge of old trash, so this one is there.
        self.get(id)
            .await?
            .ok_or(Error::Database(sqlx::Error::RowNotFound))
    }

    async fn with_pictures(&self, row: PostRow) -> Result<Post, Error> {
        let pictures: Vec<PictureRow> = on!(Pool, &self.0.read, |pool| query_as(PICTURES)
            .bind(row.id)
            .fetch_all(pool)
            .await)?;
        row.post(
            pictures
                .into_iter()
                .map(PictureRow::picture)
                .collect::<Result<_, _>>()?,
        )
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// What SQLite says it would do for this statement.
    pub(super) async fn plan(sql: &str) -> String {
        let directory = tempfile::tempdir().unwrap();
        let db = Db::open(&directory.path().join("plan.db"), || {
            time::OffsetDateTime::UNIX_EPOCH
        })
        .await
        .unwrap();
        let (read, _) = db.sqlite_pools().unwrap();
        let steps: Vec<(i64, i64, i64, String)> =
            query_as(sqlx::AssertSqlSafe(format!("explain query plan {sql}")))
                .bind(0)
                .bind(0)
                .bind(0)
                .fetch_all(&read)
                .await
                .unwrap();
        steps.into_iter().map(|(.., step)| step + "\n").collect()
    }

    #[tokio::test]
    async fn no_post_is_found_by_walking_a_table() {
        for sql in [BY_ID, BY_ANY_SLUG, PICTURES] {
            let plan = plan(sql).await;
            assert!(plan.contains("SEARCH") && !plan.contains("SCAN"), "{plan}");
        }
    }
}
