//! Pictures by the hash of their bytes; a row says that every file of the picture is safely stored.

use bytes::Bytes;
use gatepost_domain::ids::UserId;
use gatepost_domain::picture::{ImageFile, ImageHash, Variant};
use sqlx::{query, query_as, query_scalar};
use time::Duration;

use crate::db::Db;
use crate::error::Error;
use crate::image_store::ImageStore;

/// The repository of pictures.
pub struct Images<'a>(pub(crate) &'a Db);

/// A picture that was just made ready for readers.
#[derive(Clone, Debug)]
pub struct NewImage {
    pub hash: ImageHash,
    pub uploader: UserId,
    /// Bytes of the upload.
    pub weight: usize,
    /// In any order, at least one.
    pub variants: Vec<(Variant, Bytes)>,
}

const INSERT: &str = "
    insert into images (hash, uploader, created_at, wanted_at, weight) values ($1, $2, $3, $3, $4)
    on conflict (hash) do nothing
    returning id";
const INSERT_VARIANT: &str =
    "insert into image_variants (image, width, height, format) values ($1, $2, $3, $4)";
const VARIANTS: &str = "
    select (select string_agg(v.width || 'x' || v.height || '.' || v.format, ',')
            from image_variants v where v.image = i.id)
    from images i where i.hash = $1";

const WANT: &str = "
    update images set wanted_at = $2 where hash = $1 and used = 0 and wanted_at < $3";
const WEIGHT: &str = "select weight from images where hash = $1";
const IS_UNUSED: &str = "select id from images where hash = $1 and used = 0";
const UNUSED: &str = "
    select id, hash from images where used = 0 and wanted_at <= $1 order by wanted_at limit $2";
/// Asks again, and of the posts that hold it too: whoever wants it in the meantime keeps it.
const FORGET: &str = "
    delete from images
    where id = $1 and used = 0 and wanted_at <= $2 and not exists (select 1 from held_images h where h.image = images.id)
    returning id";

/// A picture that no post holds is forgotten so long after a form had it, or the last post that held it was deleted for
/// good: a day after the last parked form that did.
pub const UNUSED_FOR: Duration = Duration::days(8);

/// How exactly it is noted when a form had a picture.
const NOTED: Duration = Duration::hours(12);

impl Images<'_> {
    /// Stores the files, waits until they are durable, and only then writes the rows. A picture that is known already
    /// stays what it is.
    pub async fn keep(&self, store: &ImageStore, new: &NewImage) -> Result<(), Error> {
        // While nobody forgets a picture: its files would go after they were found here and before its row is.
        let _kept = store.keeping().await;
        for (variant, bytes) in &new.variants {
            let file = ImageFile {
                hash: new.hash,
                width: variant.width,
                format: variant.format,
            };
            store.put(&file, bytes.clone()).await?;
        }
        let mut tx = self.0.begin().await?;
        let now = self.0.now();
        let id: Option<i64> = on!(Tx, &mut tx, |conn| {
            query_scalar(INSERT)
                .bind(new.hash.as_bytes().as_slice())
                .bind(new.uploader.0)
                .bind(now)
                .bind(i64::try_from(new.weight).unwrap_or(i64::MAX))
                .fetch_optional(&mut **conn)
                .await
        })?;
        let Some(id) = id else { return Ok(()) };
        for (variant, _) in &new.variants {
            on!(Tx, &mut tx, |conn| {
                query(INSERT_VARIANT)
                    .bind(id)
                    .bind(i64::from(variant.width))
                    .bind(i64::from(variant.height))
                    .bind(variant.format.extension())
                    .execute(&mut **conn)
                    .await
                    .map(drop)
            })?;
        }
        tx.commit().await?;
        Ok(())
    }

    /// The variants of a picture, narrowest first. `None`: nobody uploaded these bytes yet.
    pub async fn find(&self, image: &ImageHash) -> Result<Option<Vec<Variant>>, Error> {
        let found: Option<Option<String>> = on!(Pool, &self.0.read, |pool| {
            query_scalar(VARIANTS)
                .bind(image.as_bytes().as_slice())
                .fetch_optional(pool)
                .await
        })?;
        found.flatten().as_deref().map(variants).transpose()
    }
}

impl Images<'_> {
    /// As [`Self::find`], for a form that has the picture: it stays for at least a week from now.
    pub async fn want(&self, image: &ImageHash) -> Result<Option<Vec<Variant>>, Error> {
        let now = self.0.now();
        let wanted = on!(Pool, &self.0.write, |pool| {
            let want = query(WANT).bind(image.as_bytes().as_slice()).bind(now);
            want.bind(now - millis(NOTED)).execute(pool).await.map(drop)
        });
        // A database that takes no writes forgets no pictures either.
        if let Err(error) = wanted.map_err(Error::from)
            && !(error.is_busy() || error.is_read_only())
        {
            return Err(error);
        }
        self.find(image).await
    }

    /// Bytes of the upload; 0 where nobody noted them.
    pub async fn weight(&self, image: &ImageHash) -> Result<usize, Error> {
        let weight: Option<i64> = on!(Pool, &self.0.read, |pool| {
            query_scalar(WEIGHT)
                .bind(image.as_bytes().as_slice())
                .fetch_optional(pool)
                .await
        })?;
        Ok(weight.and_then(|it| usize::try_from(it).ok()).unwrap_or(0))
    }

    /// Whether the site has this picture, and no post holds it.
    pub async fn is_unused(&self, image: &ImageHash) -> Result<bool, Error> {
        let unused: Option<i64> = on!(Pool, &self.0.read, |pool| {
            query_scalar(IS_UNUSED)
                .bind(image.as_bytes().as_slice())
                .fetch_optional(pool)
                .await
        })?;
        Ok(unused.is_some())
    }

    /// Forgets at most `limit` pictures that no post holds and no form has had for long: rows first, then files.
    /// Returns how many.
    pub async fn forget_unused(&self, store: &ImageStore, limit: u32) -> Result<usize, Error> {
        let before = self.0.now() - millis(UNUSED_FOR);
        let unused: Vec<(i64, Vec<u8>)> = on!(Pool, &self.0.read, |pool| {
            query_as(UNUSED)
                .bind(before)
                .bind(i64::from(limit))
                .fetch_all(pool)
                .await
        })?;
        let mut forgotten = 0;
        for (id, bytes) in unused {
            let hash = hash(&bytes)?;
            let _forgetting = store.forgetting().await;
            let variants = self.find(&hash).await?.unwrap_or_default();
            let gone: Option<i64> = on!(Pool, &self.0.write, |pool| {
                query_scalar(FORGET)
                    .bind(id)
                    .bind(before)
                    .fetch_optional(pool)
                    .await
            })?;
            if gone.is_none() {
                continue;
            }
            forgotten += 1;
            for Variant { width, format, .. } in variants {
                store
                    .delete(&ImageFile {
                        hash,
                        width,
                        format,
                    })
                    .await?;
            }
        }
        Ok(forgotten)
    }
}

fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.whole_milliseconds()).unwrap_or(i64::MAX)
}

pub(crate) fn hash(bytes: &[u8]) -> Result<ImageHash, Error> {
    bytes
        .try_into()
        .map(ImageHash::new)
        .map_err(|error| Error::row("images.hash", error))
}

/// Reads `640x480.jpg,320x240.jpg`, as the statements gather variants, narrowest first.
pub(crate) fn variants(text: &str) -> Result<Vec<Variant>, Error> {
    let mut variants = text
        .split(',')
        .map(variant)
        .collect::<Option<Vec<_>>>()
        .ok_or_else(|| Error::row("image_variants", format!("{text:?} is no list of variants")))?;
    variants.sort_unstable_by_key(|variant| variant.width);
    Ok(variants)
}

fn variant(text: &str) -> Option<Variant> {
    let (size, format) = text.split_once('.')?;
    let (width, height) = size.split_once('x')?;
    Some(Variant {
        width: width.parse().ok()?,
        height: height.parse().ok()?,
        format: format.parse().ok()?,
    })
}
