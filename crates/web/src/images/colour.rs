//! Colours as the web means them: whatever profile a picture brings, its variants are in sRGB and carry none.

use std::sync::Arc;

use image::{ColorType, DynamicImage, RgbImage, RgbaImage};
use moxcms::{
    CmsError, ColorProfile, DataColorSpace, Layout, Transform8BitExecutor, TransformOptions,
};

/// Three channels or four, in sRGB. A profile that can't be read, or is about other channels, changes nothing.
pub(super) fn to_srgb(image: DynamicImage, profile: Option<&[u8]>) -> DynamicImage {
    let profile = profile.and_then(|bytes| ColorProfile::new_from_slice(bytes).ok());
    let converted = profile.and_then(|profile| convert(&image, &profile).ok().flatten());
    match converted {
        Some(image) => image,
        None if image.color().has_alpha() => image.into_rgba8().into(),
        None => image.into_rgb8().into(),
    }
}

fn convert(image: &DynamicImage, profile: &ColorProfile) -> Result<Option<DynamicImage>, CmsError> {
    let (from, to) = match (image.color(), profile.color_space) {
        (ColorType::L8, DataColorSpace::Gray) => (Layout::Gray, Layout::Rgb),
        (ColorType::La8, DataColorSpace::Gray) => (Layout::GrayAlpha, Layout::Rgba),
        (ColorType::Rgb8, DataColorSpace::Rgb) => (Layout::Rgb, Layout::Rgb),
        (ColorType::Rgba8, DataColorSpace::Rgb) => (Layout::Rgba, Layout::Rgba),
        _ => return Ok(None),
    };
    let options = TransformOptions::default();
    let transform = profile.create_transform_8bit(from, &ColorProfile::new_srgb(), to, options)?;
    let channels = if to == Layout::Rgba { 4 } else { 3 };
    let pixels = rows(&transform, image, channels)?;
    let (width, height) = (image.width(), image.height());
    Ok(match to {
        Layout::Rgba => RgbaImage::from_raw(width, height, pixels).map(DynamicImage::from),
        _ => RgbImage::from_raw(width, height, pixels).map(DynamicImage::from),
    })
}

/// Row by row, as the library wants them.
fn rows(
    transform: &Arc<Transform8BitExecutor>,
    image: &DynamicImage,
    channels: usize,
) -> Result<Vec<u8>, CmsError> {
    let (width, height) = (image.width() as usize, image.height() as usize);
    let source = image.as_bytes();
    let mut pixels = vec![0; width * height * channels];
    for (from, to) in source
        .chunks_exact(source.len() / height)
        .zip(pixels.chunks_exact_mut(width * channels))
    {
        transform.transform(from, to)?;
    }
    Ok(pixels)
}
