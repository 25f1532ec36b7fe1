//! The widths readers are offered; a picture is never enlarged and never loses its shape.

use fast_image_resize::images::{Image, ImageRef};
use fast_image_resize::{PixelType, Resizer};
use image::metadata::Orientation;
use image::{ColorType, DynamicImage, GrayAlphaImage, GrayImage, RgbImage, RgbaImage};

const WIDTHS: [u32; 4] = [320, 640, 1280, 1920];
const WIDEST: u32 = WIDTHS[3];

/// The widths a picture of this width is shown in, narrowest first.
fn widths(own: u32) -> impl DoubleEndedIterator<Item = u32> {
    let last = own.min(WIDEST);
    WIDTHS
        .into_iter()
        .filter(move |&width| width < last)
        .chain([last])
}

/// The picture at the widest width it will have, still lying as it was stored; everything after this is cheaper.
pub(super) fn to_widest(image: DynamicImage, orientation: Orientation) -> DynamicImage {
    let (width, height) = (image.width(), image.height());
    if is_turned(orientation) {
        match height > WIDEST {
            true => scaled(&image, side(width, WIDEST, height), WIDEST),
            false => image,
        }
    } else {
        match width > WIDEST {
            true => scaled(&image, WIDEST, side(height, WIDEST, width)),
            false => image,
        }
    }
}

/// The picture in each of its widths, widest first, since each is made from the one before.
pub(super) fn each_width(image: DynamicImage) -> impl Iterator<Item = DynamicImage> {
    let (own_width, own_height) = (image.width(), image.height());
    let narrower = widths(own_width).rev().skip(1);
    let sizes = narrower.map(move |width| (width, side(own_height, width, own_width)));
    let mut last = image.clone();
    let smaller = sizes.map(move |(width, height)| {
        last = scaled(&last, width, height);
        last.clone()
    });
    std::iter::once(image).chain(smaller)
}

/// Whether upright means that width and height change places.
fn is_turned(orientation: Orientation) -> bool {
    use Orientation::{Rotate90, Rotate90FlipH, Rotate270, Rotate270FlipH};
    matches!(
        orientation,
        Rotate90 | Rotate270 | Rotate90FlipH | Rotate270FlipH
    )
}

/// `side · new / old`, rounded, and never nothing.
fn side(side: u32, new: u32, old: u32) -> u32 {
    let scaled = (u64::from(side) * u64::from(new) + u64::from(old) / 2) / u64::from(old);
    u32::try_from(scaled).unwrap_or(u32::MAX).max(1)
}

fn scaled(image: &DynamicImage, width: u32, height: u32) -> DynamicImage {
    let kind = match image.color() {
        ColorType::L8 => PixelType::U8,
        ColorType::La8 => PixelType::U8x2,
        ColorType::Rgb8 => PixelType::U8x3,
        _ => PixelType::U8x4,
    };
    let source = ImageRef::new(image.width(), image.height(), image.as_bytes(), kind)
        .expect("an image has as many bytes as its size says");
    let mut target = Image::new(width, height, kind);
    // Lanczos, and transparent pixels don't bleed their colour: both are what the library does unless told otherwise.
    Resizer::new()
        .resize(&source, &mut target, None)
        .expect("both sides have the same kind of pixels");
    let pixels = target.into_vec();
    let resized = match kind {
        PixelType::U8 => GrayImage::from_raw(width, height, pixels).map(DynamicImage::from),
        PixelType::U8x2 => GrayAlphaImage::from_raw(width, height, pixels).map(DynamicImage::from),
        PixelType::U8x3 => RgbImage::from_raw(width, height, pixels).map(DynamicImage::from),
        _ => RgbaImage::from_raw(width, height, pixels).map(DynamicImage::from),
    };
    resized.expect("the target was made in this size")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_is_offered_as_far_as_it_goes_and_in_its_own_width_when_that_is_smaller() {
        for (own, offered) in [
            (1, vec![1]),
            (319, vec![319]),
            (320, vec![320]),
            (500, vec![320, 500]),
            (640, vec![320, 640]),
            (1919, vec![320, 640, 1280, 1919]),
            (1920, vec![320, 640, 1280, 1920]),
            (8000, vec![320, 640, 1280, 1920]),
        ] {
            assert_eq!(widths(own).collect::<Vec<_>>(), offered, "{own}");
        }
    }

    #[test]
    fn the_other_side_keeps_the_shape_and_is_never_nothing() {
        assert_eq!(side(3000, 1920, 4000), 1440);
        assert_eq!(side(2, 320, 4000), 1);
        assert_eq!(side(30_000, 320, 1000), 9600);
    }
}
