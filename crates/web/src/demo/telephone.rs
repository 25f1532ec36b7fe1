//! Saves a picture the way telephones do: lying on its side with a note how to turn it, and with the place it was taken.
//!
//! The demo needs such pictures to show that readers get neither the note nor the place.

use image::RgbImage;
use jpeg_encoder::{ColorType, Encoder, EncodingError};

/// Degrees north and east.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place(pub(crate) f64, pub(crate) f64);

const MAKE: &[u8] = b"Gatepost\0";
const XMP: &[u8] =
    b"http://ns.adobe.com/xap/1.0/\0<x:xmpmeta xmlns:x=\"adobe:ns:meta/\"><creator>demo</creator></x:xmpmeta>";

/// A JPEG with EXIF orientation 6, GPS tags and XMP of what should be seen as `upright`.
pub(crate) fn photograph(upright: &RgbImage, taken_at: Place) -> Result<Vec<u8>, EncodingError> {
    // Orientation 6 says "turn me to the right", so it is stored turned to the left.
    let stored = image::imageops::rotate270(upright);
    jpeg(&stored, 6, taken_at)
}

/// A JPEG of exactly these pixels with this orientation.
pub(crate) fn jpeg(
    stored: &RgbImage,
    orientation: u16,
    taken_at: Place,
) -> Result<Vec<u8>, EncodingError> {
    let mut file = Vec::new();
    let mut encoder = Encoder::new(&mut file, 92);
    encoder.add_exif_metadata(&exif(orientation, taken_at))?;
    encoder.add_app_segment(1, XMP.to_vec())?;
    let (width, height) = (stored.width() as u16, stored.height() as u16);
    encoder.encode(stored, width, height, ColorType::Rgb)?;
    Ok(file)
}

const ASCII: u16 = 2;
const SHORT: u16 = 3;
const LONG: u16 = 4;
const RATIONAL: u16 = 5;

/// A little-endian TIFF with two directories: the picture's, and the place's.
fn exif(orientation: u16, Place(north, east): Place) -> Vec<u8> {
    const PICTURE: u32 = 8;
    // A directory is a count, twelve bytes an entry, and the offset of the next directory.
    const PLACE: u32 = PICTURE + 2 + 3 * 12 + 4;
    const VALUES: u32 = PLACE + 2 + 4 * 12 + 4;

    let mut tiff = b"II*\0".to_vec();
    tiff.extend(PICTURE.to_le_bytes());
    let mut values = Vec::new();
    let mut far = |bytes: Vec<u8>| {
        let offset = VALUES + values.len() as u32;
        values.extend(bytes);
        offset.to_le_bytes()
    };
    let reference = |letter: u8| [letter, 0, 0, 0];
    let picture = [
        (0x010F, ASCII, MAKE.len() as u32, far(MAKE.to_vec())),
        (0x0112, SHORT, 1, u32::from(orientation).to_le_bytes()),
        (0x8825, LONG, 1, PLACE.to_le_bytes()),
    ];
    let place = [
        (
            1,
            ASCII,
            2,
            reference(if north < 0.0 { b'S' } else { b'N' }),
        ),
        (2, RATIONAL, 3, far(degrees(north))),
        (3, ASCII, 2, reference(if east < 0.0 { b'W' } else { b'E' })),
        (4, RATIONAL, 3, far(degrees(east))),
    ];
    directory(&mut tiff, &picture);
    directory(&mut tiff, &place);
    tiff.extend(values);
    tiff
}

fn directory(tiff: &mut Vec<u8>, entries: &[(u16, u16, u32, [u8; 4])]) {
    tiff.extend((entries.len() as u16).to_le_bytes());
    for (tag, kind, count, value) in entries {
        tiff.extend(tag.to_le_bytes());
        tiff.extend(kind.to_le_bytes());
        tiff.extend(count.to_le_bytes());
        tiff.extend(value);
    }
    tiff.extend(0_u32.to_le_bytes());
}

/// Degrees, minutes and hundredths of seconds as three fractions.
fn degrees(angle: f64) -> Vec<u8> {
    let hundredths = (angle.abs() * 360_000.0).round() as u32;
    let fractions = [
        (hundredths / 360_000, 1),
        (hundredths / 6_000 % 60, 1),
        (hundredths % 6_000, 100),
    ];
    fractions
        .iter()
        .flat_map(|&(over, under): &(u32, u32)| [over.to_le_bytes(), under.to_le_bytes()].concat())
        .collect()
}

#[cfg(test)]
mod tests {
    use exif::{In, Tag};

    use super::*;

    #[test]
    fn a_photograph_says_how_to_turn_it_and_where_it_was_taken() {
        let upright = RgbImage::new(60, 40);
        let file = photograph(&upright, Place(47.5, -13.25)).unwrap();
        let notes = exif::Reader::new()
            .read_from_container(&mut std::io::Cursor::new(&file))
            .unwrap();
        let value = |tag| {
            notes
                .get_field(tag, In::PRIMARY)
                .unwrap()
                .display_value()
                .to_string()
        };
        assert_eq!(
            notes
                .get_field(Tag::Orientation, In::PRIMARY)
                .unwrap()
                .value
                .get_uint(0),
            Some(6)
        );
        assert_eq!(value(Tag::GPSLatitude), "47 deg 30 min 0 sec");
        assert_eq!(value(Tag::GPSLongitude), "13 deg 15 min 0 sec");
        assert_eq!(
            (value(Tag::GPSLatitudeRef), value(Tag::GPSLongitudeRef)),
            ("N".into(), "W".into())
        );
        let stored = image::load_from_memory(&file).unwrap();
        assert_eq!((stored.width(), stored.height()), (40, 60));
    }
}
