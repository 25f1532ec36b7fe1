//! From a file to pixels, under limits that are checked before the pixels exist.

use std::io::Cursor;

use bytes::Bytes;
use image::codecs::gif::GifDecoder;
use image::codecs::jpeg::JpegDecoder;
use image::codecs::png::PngDecoder;
use image::codecs::webp::WebPDecoder;
use image::metadata::Orientation;
use image::{ColorType, DynamicImage, ImageDecoder, ImageError, Limits};

use super::kind::Kind;
use super::{MAX_PIXELS, MAX_SIDE, Refusal, jpeg, png, webp};

/// 50 megapixels with four channels of 16 bits, and a little for the decoder itself.
const MAX_ALLOC: u64 = 448 * 1024 * 1024;

/// Pixels of eight bits, and what has to happen to them.
pub(super) struct Decoded {
    pub(super) image: DynamicImage,
    pub(super) orientation: Orientation,
    pub(super) profile: Option<Vec<u8>>,
    /// There was more than this one frame.
    pub(super) is_animated: bool,
}

pub(super) fn decode(kind: Kind, upload: &[u8]) -> Result<Decoded, Refusal> {
    let file = Cursor::new(upload);
    match kind {
        Kind::Jpeg => {
            jpeg::check(upload)?;
            pixels(JpegDecoder::new(file).map_err(refusal)?, false)
        }
        Kind::Png => {
            png::check(upload)?;
            let decoder = PngDecoder::with_limits(file, limits()).map_err(refusal)?;
            let is_animated = decoder.is_apng().unwrap_or(false);
            pixels(decoder, is_animated)
        }
        Kind::Webp => {
            webp::check(upload)?;
            let decoder = WebPDecoder::new(file).map_err(refusal)?;
            let is_animated = decoder.has_animation();
            pixels(decoder, is_animated)
        }
        // Who comes here with frames was too large to keep them.
        Kind::Gif => {
            let is_animated = super::animation::frames(upload)?.count > 1;
            pixels(GifDecoder::new(file).map_err(refusal)?, is_animated)
        }
    }
}

/// Whether an upload that was accepted before has more than one frame, without unpacking any.
pub(super) async fn moves(upload: Bytes) -> bool {
    let looked = tokio::task::spawn_blocking(move || {
        let file = Cursor::new(&upload);
        match Kind::of(&upload) {
            Ok(Kind::Gif) => super::animation::frames(&upload).is_ok_and(|it| it.count > 1),
            Ok(Kind::Png) => PngDecoder::with_limits(file, limits())
                .is_ok_and(|it| it.is_apng().unwrap_or(false)),
            Ok(Kind::Webp) => WebPDecoder::new(file).is_ok_and(|it| it.has_animation()),
            Ok(Kind::Jpeg) | Err(_) => false,
        }
    });
    looked.await.unwrap_or(false)
}

fn pixels(mut decoder: impl ImageDecoder, is_animated: bool) -> Result<Decoded, Refusal> {
    let (width, height) = decoder.dimensions();
    check_size(width, height)?;
    decoder.set_limits(limits()).map_err(refusal)?;
    // A picture without readable notes is still a picture.
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    let profile = decoder.icc_profile().unwrap_or(None);
    let image = DynamicImage::from_decoder(decoder).map_err(refusal)?;
    Ok(Decoded {
        image: in_eight_bits(image),
        orientation,
        profile,
        is_animated,
    })
}

pub(super) fn check_size(width: u32, height: u32) -> Result<(), Refusal> {
    if width == 0 || height == 0 {
        return Err(Refusal::Undecodable);
    }
    if u64::from(width) * u64::from(height) > MAX_PIXELS || width.max(height) > MAX_SIDE {
        return Err(Refusal::TooManyPixels);
    }
    Ok(())
}

fn limits() -> Limits {
    let mut limits = Limits::no_limits();
    limits.max_image_width = Some(MAX_SIDE);
    limits.max_image_height = Some(MAX_SIDE);
    limits.max_alloc = Some(MAX_ALLOC);
    limits
}

fn refusal(error: ImageError) -> Refusal {
    match error {
        ImageError::Limits(_) => Refusal::TooManyPixels,
        _ => Refusal::Undecodable,
    }
}

fn in_eight_bits(image: DynamicImage) -> DynamicImage {
    match image.color() {
        ColorType::L8 | ColorType::La8 | ColorType::Rgb8 | ColorType::Rgba8 => image,
        ColorType::L16 => image.into_luma8().into(),
        ColorType::La16 => image.into_luma_alpha8().into(),
        other if other.has_alpha() => image.into_rgba8().into(),
        _ => image.into_rgb8().into(),
    }
}
