//! From pixels to the file a reader gets: photographs as JPEG, drawings without loss; never a byte of metadata.

use std::collections::HashSet;

use bytes::Bytes;
use gatepost_domain::picture::{ImageFormat, Variant};
use image::codecs::png::{CompressionType, FilterType, PngEncoder};
use image::codecs::webp::WebPEncoder;
use image::{DynamicImage, ImageEncoder as _};
use jpeg_encoder::{ColorType as JpegColour, Encoder as JpegEncoder, SamplingFactor};

use super::Refusal;

const QUALITY: u8 = 82;

/// How many pixels tell a drawing from a photograph.
const SAMPLE: usize = 400_000;
const FEW_COLOURS: usize = 32;
const MANY_COLOURS: usize = 4096;

/// Drawings have few colours, or many in flat areas. (A grey photograph has at most 256 colours, and no flat areas.)
pub(super) fn is_drawn(image: &DynamicImage) -> bool {
    let channels = usize::from(image.color().channel_count());
    let row_bytes = image.width() as usize * channels;
    let step = (image.width() as usize * image.height() as usize / SAMPLE).max(1);
    let mut colours = HashSet::new();
    let (mut pairs, mut flat) = (0_u32, 0_u32);
    for row in image.as_bytes().chunks_exact(row_bytes).step_by(step) {
        let mut last: Option<&[u8]> = None;
        for pixel in row.chunks_exact(channels) {
            pairs += 1;
            if last == Some(pixel) {
                flat += 1;
                continue;
            }
            last = Some(pixel);
            if colours.len() <= MANY_COLOURS {
                colours.insert(pixel);
            }
        }
    }
    let mostly_flat = f64::from(flat) >= 0.4 * f64::from(pairs);
    colours.len() <= FEW_COLOURS || (colours.len() <= MANY_COLOURS && mostly_flat)
}

/// An alpha channel that hides nothing would keep a photograph from leaving as JPEG.
pub(super) fn without_idle_alpha(image: DynamicImage) -> DynamicImage {
    match image.as_rgba8() {
        Some(pixels)
            if pixels
                .as_raw()
                .chunks_exact(4)
                .all(|pixel| pixel[3] == u8::MAX) =>
        {
            image.into_rgb8().into()
        }
        _ => image,
    }
}

/// One variant, from three channels or four.
pub(super) fn encode(image: &DynamicImage, drawn: bool) -> Result<(Variant, Bytes), Refusal> {
    let (format, bytes) = match image {
        DynamicImage::ImageRgb8(_) if !drawn => (ImageFormat::Jpg, jpeg(image)?),
        _ => lossless(image)?,
    };
    let variant = Variant {
        width: image.width(),
        height: image.height(),
        format,
    };
    Ok((variant, bytes.into()))
}

fn jpeg(image: &DynamicImage) -> Result<Vec<u8>, Refusal> {
    let mut file = Vec::new();
    let mut encoder = JpegEncoder::new(&mut file, QUALITY);
    encoder.set_sampling_factor(SamplingFactor::F_2_2);
    // Optimised Huffman tables would save a twentieth, but this encoder then writes a scan per channel, and the decoder
    // that most Rust programs use (zune-jpeg up to 0.5.15) turns such files green without an error.
    let (Ok(width), Ok(height)) = (u16::try_from(image.width()), u16::try_from(image.height()))
    else {
        return Err(Refusal::TooManyPixels);
    };
    encoder
        .encode(image.as_bytes(), width, height, JpegColour::Rgb)
        .map_err(|_| Refusal::Undecodable)?;
    Ok(file)
}

/// PNG or lossless WebP, whichever is smaller.
fn lossless(image: &DynamicImage) -> Result<(ImageFormat, Vec<u8>), Refusal> {
    let (width, height, colour) = (image.width(), image.height(), image.color());
    let (mut png, mut webp) = (Vec::new(), Vec::new());
    PngEncoder::new_with_quality(&mut png, CompressionType::Default, FilterType::Adaptive)
        .write_image(image.as_bytes(), width, height, colour.into())
        .map_err(|_| Refusal::Undecodable)?;
    // WebP has no pictures longer than 16383; those are PNG.
    let smaller = WebPEncoder::new_lossless(&mut webp)
        .write_image(image.as_bytes(), width, height, colour.into())
        .is_ok_and(|()| webp.len() < png.len());
    Ok(if smaller {
        (ImageFormat::Webp, webp)
    } else {
        (ImageFormat::Png, png)
    })
}

#[cfg(test)]
mod tests {
    use image::{Rgb, RgbImage, Rgba, RgbaImage};

    use super::*;

    /// The segments of a JPEG with this marker, without their lengths.
    fn segments(file: &[u8], marker: u8) -> Vec<&[u8]> {
        let (mut at, mut found) = (2, Vec::new());
        while let Some(&[0xFF, kind, high, low]) = file.get(at..at + 4) {
            let end = at + 2 + usize::from(u16::from_be_bytes([high, low]));
            if kind == marker {
                found.push(&file[at + 4..end]);
            }
            at = end;
        }
        found
    }

    #[test]
    fn a_photograph_leaves_with_halved_colours_at_quality_82() {
        let image = RgbImage::from_fn(64, 48, |x, y| Rgb([x as u8 * 4, y as u8 * 5, 90]));
        let (variant, file) = encode(&image.into(), false).unwrap();
        assert_eq!(variant.format, ImageFormat::Jpg);
        let frame = segments(&file, 0xC0)[0];
        let samplings: Vec<u8> = frame[6..].chunks(3).map(|channel| channel[1]).collect();
        assert_eq!(samplings, [0x22, 0x11, 0x11], "4:2:0");
        // The tables of the standard, annex K, at 82: a coefficient of 16 becomes (16 · 36 + 50) / 100.
        let tables = segments(&file, 0xDB);
        assert_eq!(&tables[0][1..5], [6, 4, 4, 5], "16, 11, 12, 14");
        assert!(segments(&file, 0xFE).is_empty(), "no comment");
    }

    #[test]
    fn a_drawing_leaves_as_the_smaller_of_png_and_webp() {
        let (mut png, mut webp) = (0, 0);
        let lines = RgbaImage::from_fn(300, 200, |x, y| {
            Rgba([0, 0, 0, ((x / 7 + y / 9) % 2 * 255) as u8])
        });
        let dot = RgbaImage::from_pixel(1, 1, Rgba([9, 8, 7, 6]));
        // WebP has no side as long as this.
        let ribbon = RgbaImage::from_pixel(20_000, 1, Rgba([9, 8, 7, 6]));
        for image in [lines, dot, ribbon] {
            let image = DynamicImage::from(image);
            let (variant, file) = encode(&image, true).unwrap();
            let other = match variant.format {
                ImageFormat::Png => {
                    png += 1;
                    image::ImageFormat::WebP
                }
                _ => {
                    webp += 1;
                    image::ImageFormat::Png
                }
            };
            let mut rival = std::io::Cursor::new(Vec::new());
            if image.write_to(&mut rival, other).is_ok() {
                let rival = rival.get_ref().len();
                assert!(
                    file.len() <= rival,
                    "{variant:?}: {} and {rival}",
                    file.len()
                );
            }
            let seen = image::load_from_memory(&file).unwrap();
            assert_eq!(seen.to_rgba8(), image.to_rgba8(), "without loss");
        }
        assert!(
            png > 0 && webp > 0,
            "control: both come up, {png} and {webp}"
        );
    }
}
