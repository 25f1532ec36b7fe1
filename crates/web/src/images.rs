//! Uploaded pictures, made ready for readers: turned upright, in sRGB, in several widths, without metadata.
//!
//! Invariant: the bytes that were uploaded never reach a reader, and pictures are decoded one at a time, off the
//! threads that serve requests; one that never ends gives its turn up.

mod animation;
mod colour;
mod decode;
mod disguise;
mod encode;
mod jpeg;
mod kind;
mod png;
mod resize;
mod turn;
mod webp;

use bytes::Bytes;
use gatepost_domain::ids::UserId;
use gatepost_domain::picture::{ImageFormat, ImageHash, Variant};
use gatepost_storage::images::NewImage;
use gatepost_storage::{Db, ImageStore};

use kind::Kind;
use turn::TURNS;

/// What an upload may weigh.
pub(crate) const MAX_BYTES: usize = 20 * 1000 * 1000;
/// What a picture may measure: 50 megapixels, and no side that only an attack would have.
pub(crate) const MAX_PIXELS: u64 = 50_000_000;
const MAX_SIDE: u32 = 30_000;
/// What an animation may have; an hour of film is no picture.
const MAX_FRAMES: u32 = 5_000;

/// Names the way pictures are made. A change of the pipeline changes it, since addresses of pictures are for ever.
const PIPELINE: &str = "gatepost 2026 pictures, first pipeline";

/// A picture that readers can be shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Received {
    pub(crate) hash: ImageHash,
    pub(crate) notice: Option<Notice>,
}

/// What the writer should know about an accepted picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Notice {
    #[error(
        "Only the first frame of this animation was kept; a GIF keeps its movement up to 10 MB."
    )]
    FirstFrame,
}

/// Why a picture was not accepted.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Refusal {
    /// 413
    #[error("This picture is larger than 20 MB. Save it smaller and try again.")]
    TooHeavy,
    /// 413
    #[error("This picture is larger than 50 megapixels. Save it smaller and try again.")]
    TooManyPixels,
    /// 415
    #[error("Pictures can be JPEG, PNG, WebP or GIF.")]
    Unsupported,
    /// 415
    #[error("This is a HEIC picture, which browsers can’t show. Save it as JPEG and try again.")]
    Heic,
    /// 422
    #[error(
        "This file holds more than a picture, or says it does, and was not opened. Save it again as JPEG or PNG and try once more."
    )]
    Bomb,
    /// 422
    #[error("This picture took too long to open. Save it smaller and try again.")]
    TooSlow,
    /// 422
    #[error(
        "This picture can’t be read; it may be damaged. Save it again as JPEG or PNG and try once more."
    )]
    Undecodable,
}

/// Why there is no picture now.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ReceiveError {
    #[error(transparent)]
    Refused(Refusal),
    #[error("other pictures are in the way")]
    Busy,
    #[error("the picture could not be stored")]
    Storage(#[source] gatepost_storage::Error),
}

/// Everything readers will see of a picture.
#[derive(Debug)]
struct Prepared {
    variants: Vec<(Variant, Bytes)>,
    notice: Option<Notice>,
}

/// Checks an upload, makes its variants and stores them; the same bytes are made and stored once.
pub(crate) async fn receive(
    db: &Db,
    store: &ImageStore,
    uploader: UserId,
    upload: Bytes,
) -> Result<Received, ReceiveError> {
    if upload.len() > MAX_BYTES {
        return Err(ReceiveError::Refused(Refusal::TooHeavy));
    }
    let hash = name(upload.clone()).await;
    let known = db.images().want(&hash).await;
    if let Some(variants) = known.map_err(ReceiveError::Storage)? {
        // Whoever sends it again is told again.
        let moves = variants.iter().any(|it| it.format == ImageFormat::Gif);
        let is_first_frame = !moves && decode::moves(upload).await;
        let notice = is_first_frame.then_some(Notice::FirstFrame);
        return Ok(Received { hash, notice });
    }
    let weight = upload.len();
    let Prepared { variants, notice } = prepare(upload).await?;
    let image = NewImage {
        hash,
        uploader,
        weight,
        variants,
    };
    db.images()
        .keep(store, &image)
        .await
        .map_err(ReceiveError::Storage)?;
    Ok(Received { hash, notice })
}

/// The same bytes through the same pipeline are the same picture.
async fn name(upload: Bytes) -> ImageHash {
    let hash = tokio::task::spawn_blocking(move || blake3::derive_key(PIPELINE, &upload));
    ImageHash::new(hash.await.expect("hashing does not fail"))
}

async fn prepare(upload: Bytes) -> Result<Prepared, ReceiveError> {
    // Refused before it waits behind others.
    let kind = Kind::of(&upload).map_err(ReceiveError::Refused)?;
    TURNS.take(move || make(kind, &upload)).await
}

/// The whole way of one picture, on a thread that may be busy.
fn make(kind: Kind, upload: &[u8]) -> Result<Prepared, Refusal> {
    if disguise::is_disguised(upload) {
        return Err(Refusal::Bomb);
    }
    let animation = match kind {
        Kind::Gif => animation::reencode(upload)?,
        _ => None,
    };
    let decoded = decode::decode(kind, upload)?;
    let drawn = kind != Kind::Jpeg && encode::is_drawn(&decoded.image);
    let mut image = resize::to_widest(decoded.image, decoded.orientation);
    image.apply_orientation(decoded.orientation);
    let image = encode::without_idle_alpha(colour::to_srgb(image, decoded.profile.as_deref()));
    // Of an animation these are the first frame, for lists and for who wants nothing to move.
    let mut variants = resize::each_width(image)
        .map(|image| encode::encode(&image, drawn))
        .collect::<Result<Vec<_>, _>>()?;
    let lost = decoded.is_animated && animation.is_none();
    variants.extend(animation);
    Ok(Prepared {
        variants,
        notice: lost.then_some(Notice::FirstFrame),
    })
}

#[cfg(test)]
#[path = "../fuzz/pictures.rs"]
mod fuzz;
#[cfg(test)]
mod tests;
