//! Pictures by the hash of their bytes; a row says that every file of the picture is safely stored.

use bytes::Bytes;
use gatepost_domain::ids::UserId;
use gatepost_domain::picture::{ImageFile, ImageHash, Variant};
use sqlx::{query, query_scalar};

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
    /// In any order, at least one.
    pub variants: Vec<(Variant, Bytes)>,
}

const INSERT: &str = "
    insert into images (hash, uploader, created_at) values ($1, $2, $3)
    on conflict (hash) do nothing
    returning id";
const INSERT_VARIANT: &str =
    "insert into image_variants (image, width, height, format) values ($1, $2, $3, $4)";
const VARIANTS: &str = "
    select (select string_agg(v.width || 'x' || v.height || '.' || v.format, ',')
            from image_variants v where v.image = i.id)
    from images i where i.hash = $1";

impl Images<'_> {
    /// Stores the files, waits until they are durable, and only then writes the rows. A picture that is known already
    /// stays what it is.
    pub async fn keep(&self, store: &ImageStore, new: &NewImage) -> Result<(), Error> {
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
