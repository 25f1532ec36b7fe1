//! A photograph as a phone saves one that was held upright: the sensor's landscape pixels, with an EXIF note that says
//! how to turn them, and where it was taken.

use jpeg_encoder::{ColorType, Encoder};

/// The size of the picture as it is meant to be seen.
pub(crate) const WIDTH: u16 = 900;
pub(crate) const HEIGHT: u16 = 1200;

/// What is to be seen in each quarter: top left, top right, bottom left, bottom right.
pub(crate) const QUARTERS: [[u8; 3]; 4] =
    [[190, 40, 40], [40, 150, 60], [40, 60, 180], [210, 190, 50]];

/// The bytes of the JPEG file.
pub(crate) fn taken_upright() -> Vec<u8> {
    let mut sensor = Vec::with_capacity(usize::from(WIDTH) * usize::from(HEIGHT) * 3);
    // Orientation 6: the sensor's first row is the right edge of what is seen, its first column the top.
    for row in 0..WIDTH {
        for column in 0..HEIGHT {
            sensor.extend(seen(WIDTH - 1 - row, column));
        }
    }
    let mut file = Vec::new();
    let mut encoder = Encoder::new(&mut file, 90);
    encoder.add_exif_metadata(&exif()).expect("a short note");
    encoder
        .encode(&sensor, HEIGHT, WIDTH, ColorType::Rgb)
        .expect("pixels of that size");
    file
}

/// The colour at a point of the upright picture, with some grain so that it is a photograph and no drawing.
fn seen(x: u16, y: u16) -> [u8; 3] {
    let quarter = usize::from(y >= HEIGHT / 2) * 2 + usize::from(x >= WIDTH / 2);
    let grain = (u32::from(x) * 7 + u32::from(y) * 13) % 31;
    QUARTERS[quarter].map(|channel| channel + u8::try_from(grain).expect("below 31"))
}

/// A TIFF block with two entries: orientation 6, and a GPS folder with a latitude reference.
fn exif() -> Vec<u8> {
    let mut block = b"II*\0".to_vec();
    block.extend(8u32.to_le_bytes());
    block.extend(2u16.to_le_bytes());
    entry(&mut block, 0x0112, 3, 6);
    entry(&mut block, 0x8825, 4, 38);
    block.extend(0u32.to_le_bytes());
    assert_eq!(block.len(), 38, "where the GPS folder is said to begin");
    block.extend(1u16.to_le_bytes());
    entry(&mut block, 0x0001, 2, u32::from_le_bytes(*b"N\0\0\0"));
    block.extend(0u32.to_le_bytes());
    block
}

/// A tag with one value, or for text with two bytes.
fn entry(block: &mut Vec<u8>, tag: u16, kind: u16, value: u32) {
    block.extend(tag.to_le_bytes());
    block.extend(kind.to_le_bytes());
    block.extend(if kind == 2 { 2u32 } else { 1 }.to_le_bytes());
    block.extend(value.to_le_bytes());
}
