//! Pictures through the whole pipeline: what comes out is what the photographer saw, and nothing else.

use bytes::Bytes;
use futures_util::FutureExt as _;
use gatepost_domain::picture::{ImageFormat, Variant};
use gif::{Encoder as GifEncoder, Frame, Repeat};
use image::metadata::Orientation;
use image::{DynamicImage, GrayImage, ImageFormat as FileFormat, Rgb, RgbImage, Rgba, RgbaImage};

use super::turn::TURNS;
use super::{Notice, Prepared, ReceiveError, Refusal, animation, prepare};
use crate::demo::telephone::{self, Place};

const RED: [u8; 3] = [220, 30, 40];
const GREEN: [u8; 3] = [30, 180, 60];
const BLUE: [u8; 3] = [40, 60, 210];
const SAND: [u8; 3] = [230, 210, 170];

const SOMEWHERE: Place = Place(47.5, 13.25);

/// Four quarters, so that every way of turning it shows.
fn quarters(width: u32, height: u32) -> RgbImage {
    RgbImage::from_fn(width, height, |x, y| {
        Rgb(match (x < width / 2, y < height / 2) {
            (true, true) => RED,
            (false, true) => GREEN,
            (true, false) => BLUE,
            (false, false) => SAND,
        })
    })
}

/// Smooth light with the grain of a sensor.
fn photo_like(width: u32, height: u32) -> RgbImage {
    let mut seed = 7_u32;
    RgbImage::from_fn(width, height, |x, y| {
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let grain = (seed >> 28) as u8;
        let light = (x * 200 / width) as u8;
        Rgb([light + grain, (y * 200 / height) as u8 + grain, 90 + grain])
    })
}

fn file(image: impl Into<DynamicImage>, format: FileFormat) -> Bytes {
    let mut file = std::io::Cursor::new(Vec::new());
    image.into().write_to(&mut file, format).unwrap();
    file.into_inner().into()
}

fn opened(prepared: &Prepared) -> Vec<(Variant, DynamicImage)> {
    let open =
        |(variant, bytes): &(Variant, Bytes)| (*variant, image::load_from_memory(bytes).unwrap());
    prepared.variants.iter().rev().map(open).collect()
}

fn near(seen: [u8; 3], wanted: [u8; 3], tolerance: u8) -> bool {
    seen.iter()
        .zip(wanted)
        .all(|(&seen, wanted)| seen.abs_diff(wanted) <= tolerance)
}

fn assert_upright(prepared: &Prepared, width: u32, height: u32) {
    for (variant, image) in opened(prepared) {
        assert_eq!(
            (variant.width, variant.height),
            (image.width(), image.height()),
            "what the page says is true"
        );
        let unsquashed = variant.width * height / width;
        assert!(
            variant.height.abs_diff(unsquashed) <= 1,
            "{variant:?} of {width}×{height}"
        );
        let (right, bottom) = (variant.width * 7 / 8, variant.height * 7 / 8);
        let (left, top) = (variant.width / 8, variant.height / 8);
        let pixels = image.into_rgb8();
        for (x, y, colour) in [
            (left, top, RED),
            (right, top, GREEN),
            (left, bottom, BLUE),
            (right, bottom, SAND),
        ] {
            let seen = pixels.get_pixel(x, y).0;
            assert!(
                near(seen, colour, 12),
                "{variant:?} at {x},{y}: {seen:?} for {colour:?}"
            );
        }
    }
}

async fn refusal(upload: Bytes) -> Refusal {
    match prepare(upload).await {
        Err(ReceiveError::Refused(refusal)) => refusal,
        other => panic!("{other:?}"),
    }
}

fn formats(prepared: &Prepared) -> Vec<ImageFormat> {
    prepared
        .variants
        .iter()
        .map(|(variant, _)| variant.format)
        .collect()
}

fn widths(prepared: &Prepared) -> Vec<u32> {
    let mut widths: Vec<u32> = prepared
        .variants
        .iter()
        .map(|(variant, _)| variant.width)
        .collect();
    widths.reverse();
    widths
}

#[tokio::test]
async fn a_photograph_taken_upright_is_shown_upright_and_unsquashed() {
    let photograph = telephone::photograph(&quarters(900, 1200), SOMEWHERE).unwrap();
    let stored = image::load_from_memory(&photograph).unwrap();
    assert_eq!(
        (stored.width(), stored.height()),
        (1200, 900),
        "control: it is stored on its side"
    );

    let prepared = prepare(photograph.into()).await.unwrap();
    assert_eq!(widths(&prepared), [320, 640, 900]);
    assert_eq!(formats(&prepared), [ImageFormat::Jpg; 3]);
    assert_upright(&prepared, 900, 1200);
}

#[tokio::test]
async fn every_orientation_a_camera_can_note_is_undone() {
    let upright = DynamicImage::from(quarters(360, 240));
    for orientation in 1..=8 {
        let inverse = Orientation::from_exif(match orientation {
            6 => 8,
            8 => 6,
            same => same,
        });
        let mut stored = upright.clone();
        stored.apply_orientation(inverse.unwrap());
        let photograph =
            telephone::jpeg(&stored.into_rgb8(), orientation.into(), SOMEWHERE).unwrap();
        let prepared = prepare(photograph.into()).await.unwrap();
        assert_eq!(widths(&prepared), [320, 360], "orientation {orientation}");
        assert_upright(&prepared, 360, 240);
    }
}

#[tokio::test]
async fn a_large_photograph_on_its_side_is_cut_to_the_widest_width() {
    let photograph = telephone::photograph(&quarters(2400, 1600), SOMEWHERE).unwrap();
    let prepared = prepare(photograph.into()).await.unwrap();
    assert_eq!(widths(&prepared), [320, 640, 1280, 1920]);
    assert_upright(&prepared, 2400, 1600);
}

#[tokio::test]
async fn nothing_of_the_notes_in_a_photograph_reaches_a_reader() {
    let photograph = telephone::photograph(&quarters(400, 300), SOMEWHERE).unwrap();
    let traces: [&[u8]; 5] = [
        b"Exif",
        b"Gatepost",
        b"ns.adobe.com",
        b"xmpmeta",
        b"ICC_PROFILE",
    ];
    let holds = |file: &[u8], trace: &[u8]| file.windows(trace.len()).any(|part| part == trace);
    assert!(
        traces[..4].iter().all(|trace| holds(&photograph, trace)),
        "control"
    );

    for (_, bytes) in prepare(photograph.into()).await.unwrap().variants {
        assert!(
            exif::Reader::new()
                .read_from_container(&mut std::io::Cursor::new(&bytes))
                .is_err()
        );
        for trace in traces {
            assert!(!holds(&bytes, trace), "{}", String::from_utf8_lossy(trace));
        }
    }
}

#[tokio::test]
async fn colours_of_another_profile_become_those_of_the_web() {
    let seen = [200, 100, 50];
    let mut file = Vec::new();
    let mut encoder = jpeg_encoder::Encoder::new(&mut file, 95);
    encoder
        .add_icc_profile(&moxcms::ColorProfile::new_display_p3().encode().unwrap())
        .unwrap();
    let image = RgbImage::from_pixel(64, 64, Rgb(seen));
    encoder
        .encode(&image, 64, 64, jpeg_encoder::ColorType::Rgb)
        .unwrap();

    let prepared = prepare(file.into()).await.unwrap();
    let pixel = opened(&prepared)[0].1.to_rgb8().get_pixel(32, 32).0;
    // Display P3 reaches further out, so the same colour has more red and less blue in sRGB.
    assert!(near(pixel, [213, 97, 35], 6), "{pixel:?}");

    let unlabelled = prepare(self::file(image, FileFormat::Jpeg)).await.unwrap();
    assert!(
        near(
            opened(&unlabelled)[0].1.to_rgb8().get_pixel(32, 32).0,
            seen,
            4
        ),
        "control"
    );
}

#[tokio::test]
async fn a_drawing_keeps_every_pixel() {
    let drawing = quarters(500, 300);
    let prepared = prepare(file(drawing.clone(), FileFormat::Png))
        .await
        .unwrap();
    assert_eq!(widths(&prepared), [320, 500]);
    assert!(
        formats(&prepared)
            .iter()
            .all(|format| matches!(format, ImageFormat::Png | ImageFormat::Webp))
    );
    assert_eq!(opened(&prepared)[1].1.to_rgb8(), drawing);
    assert_upright(&prepared, 500, 300);
}

#[tokio::test]
async fn transparency_survives() {
    let ring = RgbaImage::from_fn(400, 400, |x, y| {
        let far = x.abs_diff(200).pow(2) + y.abs_diff(200).pow(2);
        Rgba([
            40,
            60,
            210,
            if (100_u32.pow(2)..180_u32.pow(2)).contains(&far) {
                255
            } else {
                0
            },
        ])
    });
    for format in [FileFormat::Png, FileFormat::WebP] {
        let prepared = prepare(file(ring.clone(), format)).await.unwrap();
        assert_eq!(widths(&prepared), [320, 400]);
        for (variant, image) in opened(&prepared) {
            let pixels = image.into_rgba8();
            let middle = pixels.get_pixel(variant.width / 2, variant.height / 2).0;
            let ring = pixels
                .get_pixel(variant.width / 2, variant.height * 60 / 400)
                .0;
            assert_eq!(
                (middle[3], ring),
                (0, [40, 60, 210, 255]),
                "{format:?} {variant:?}"
            );
        }
    }
}

#[tokio::test]
async fn a_photograph_leaves_as_jpeg_whatever_it_came_as() {
    let colour = photo_like(700, 500);
    let grey: GrayImage = DynamicImage::from(colour.clone()).into_luma8();
    let opaque: RgbaImage = DynamicImage::from(colour.clone()).into_rgba8();
    for (name, upload) in [
        ("colour PNG", file(colour.clone(), FileFormat::Png)),
        ("colour WebP", file(colour, FileFormat::WebP)),
        ("grey PNG", file(grey, FileFormat::Png)),
        (
            "PNG with an alpha channel that hides nothing",
            file(opaque, FileFormat::Png),
        ),
    ] {
        let prepared = prepare(upload).await.unwrap();
        assert_eq!(formats(&prepared), [ImageFormat::Jpg; 3], "{name}");
        assert_eq!(widths(&prepared), [320, 640, 700], "{name}");
    }
}

/// A little animation with a note between its frames.
fn animation(frames: u8, note: &[u8]) -> Bytes {
    let mut file = Vec::new();
    let palette = [RED, GREEN, BLUE, SAND].concat();
    let mut encoder = GifEncoder::new(&mut file, 400, 300, &palette).unwrap();
    encoder.set_repeat(Repeat::Infinite).unwrap();
    for number in 0..frames {
        let blocks: Vec<&[u8]> = note.chunks(255).collect();
        encoder
            .write_raw_extension(gif::AnyExtension(0xFE), &blocks)
            .unwrap();
        let mut frame = Frame::from_indexed_pixels(400, 300, vec![number % 4; 400 * 300], None);
        frame.delay = 25;
        encoder.write_frame(&frame).unwrap();
    }
    drop(encoder);
    file.into()
}

#[tokio::test]
async fn an_animation_keeps_moving_and_loses_its_notes() {
    let upload = animation(3, b"a secret between the frames");
    let prepared = prepare(upload).await.unwrap();
    assert_eq!(prepared.notice, None);
    assert_eq!(widths(&prepared), [400, 320, 400]);
    let (variant, bytes) = prepared.variants.last().unwrap();
    let stills = &prepared.variants[..2];
    for (still, bytes) in stills {
        assert_ne!(still.format, ImageFormat::Gif);
        let first = image::load_from_memory(bytes).unwrap().to_rgb8();
        assert!(near(first.get_pixel(5, 5).0, RED, 0), "its first frame");
    }
    assert_eq!(
        *variant,
        Variant {
            width: 400,
            height: 300,
            format: ImageFormat::Gif
        }
    );
    assert!(!bytes.windows(6).any(|part| part == b"secret"));

    let mut decoder = gif::Decoder::new(&bytes[..]).unwrap();
    let mut seen = Vec::new();
    while let Some(frame) = decoder.read_next_frame().unwrap() {
        seen.push((frame.delay, frame.buffer[0]));
    }
    assert_eq!(seen, [(25, 0), (25, 1), (25, 2)]);
    assert_eq!(decoder.repeat(), Repeat::Infinite);
}

#[tokio::test]
async fn a_too_heavy_animation_keeps_its_first_frame_and_the_writer_is_told() {
    let upload = animation(3, &vec![b'x'; 3_500_000]);
    let prepared = prepare(upload).await.unwrap();
    assert_eq!(prepared.notice, Some(Notice::FirstFrame));
    assert_eq!(widths(&prepared), [320, 400]);
    assert!(near(
        opened(&prepared)[1].1.to_rgb8().get_pixel(5, 5).0,
        RED,
        0
    ));
}

#[tokio::test]
async fn a_gif_that_does_not_move_is_a_drawing() {
    let prepared = prepare(animation(1, b"")).await.unwrap();
    assert_eq!((prepared.notice, widths(&prepared)), (None, vec![320, 400]));
    assert!(!formats(&prepared).contains(&ImageFormat::Gif));
}

/// A PNG that claims a size and has next to nothing behind it.
fn claim(width: u32, height: u32) -> Bytes {
    let mut file = b"\x89PNG\r\n\x1a\n".to_vec();
    let size = [width.to_be_bytes(), height.to_be_bytes()].concat();
    for (kind, data) in [
        (b"IHDR", [&size[..], &[8, 2, 0, 0, 0]].concat()),
        (b"IDAT", vec![0x78, 1]),
        (b"IEND", vec![]),
    ] {
        let body = [&kind[..], &data].concat();
        file.extend((data.len() as u32).to_be_bytes());
        file.extend(&body);
        file.extend(crc(&body).to_be_bytes());
    }
    file.into()
}

fn crc(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |sum, &byte| {
        (0..8).fold(sum ^ u32::from(byte), |sum, _| {
            if sum & 1 == 1 {
                sum >> 1 ^ 0xEDB8_8320
            } else {
                sum >> 1
            }
        })
    })
}

#[tokio::test]
async fn a_bomb_is_refused_by_what_it_claims_before_a_pixel_exists() {
    for (width, height) in [
        (60_000, 60_000),
        (7_072, 7_072),
        (30_001, 1),
        (1, u32::MAX >> 1),
    ] {
        assert_eq!(
            refusal(claim(width, height)).await,
            Refusal::TooManyPixels,
            "{width}×{height}"
        );
    }
    assert_eq!(
        refusal(claim(7_071, 7_071)).await,
        Refusal::Undecodable,
        "control: 50 megapixels of nothing"
    );

    let mut gif = animation(2, b"").to_vec();
    gif[6..10].copy_from_slice(&[0xFF; 4]);
    assert_eq!(refusal(gif.into()).await, Refusal::TooManyPixels);
}

/// A baseline JPEG whose colours come one after the other, coarser than the light.
fn in_three_scans() -> Bytes {
    let mut file = Vec::new();
    let mut encoder = jpeg_encoder::Encoder::new(&mut file, 90);
    encoder.set_sampling_factor(jpeg_encoder::SamplingFactor::F_2_2);
    encoder.set_optimized_huffman_tables(true);
    encoder
        .encode(&quarters(64, 64), 64, 64, jpeg_encoder::ColorType::Rgb)
        .unwrap();
    file.into()
}

#[tokio::test]
async fn what_is_no_picture_is_refused_with_its_reason() {
    let photograph = Bytes::from(telephone::photograph(&quarters(400, 300), SOMEWHERE).unwrap());
    let png = file(quarters(400, 300), FileFormat::Png);
    for (name, upload, expected) in [
        ("nothing", Bytes::new(), Refusal::Unsupported),
        (
            "text",
            Bytes::from_static(b"hello.jpg"),
            Refusal::Unsupported,
        ),
        (
            "SVG",
            Bytes::from_static(b"<svg xmlns=\"http://www.w3.org/2000/svg\"/>"),
            Refusal::Unsupported,
        ),
        (
            "HTML",
            Bytes::from_static(b"<!doctype html><script>1</script>"),
            Refusal::Unsupported,
        ),
        (
            "BMP",
            file(quarters(4, 4), FileFormat::Bmp),
            Refusal::Unsupported,
        ),
        (
            "HEIC",
            Bytes::from_static(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic"),
            Refusal::Heic,
        ),
        (
            "half a JPEG",
            photograph.slice(..photograph.len() / 2),
            Refusal::Undecodable,
        ),
        (
            "the head of a JPEG",
            photograph.slice(..20),
            Refusal::Undecodable,
        ),
        (
            "half a PNG",
            png.slice(..png.len() / 2),
            Refusal::Undecodable,
        ),
        (
            "a JPEG of garbage",
            Bytes::from_static(b"\xFF\xD8\xFF\xE0garbage garbage garbage"),
            Refusal::Undecodable,
        ),
        (
            "a JPEG the decoder would misread",
            in_three_scans(),
            Refusal::Undecodable,
        ),
        (
            "a GIF of garbage",
            Bytes::from_static(b"GIF89a\x02\0\x02\0garbage"),
            Refusal::Undecodable,
        ),
        (
            "a WebP of garbage",
            Bytes::from_static(b"RIFF\x20\0\0\0WEBPVP8 garbage"),
            Refusal::Undecodable,
        ),
    ] {
        assert_eq!(refusal(upload).await, expected, "{name}");
    }
    assert!(
        prepare(photograph).await.is_ok() && prepare(png).await.is_ok(),
        "control"
    );
}

#[test]
fn a_gif_cut_off_between_its_frames_is_no_picture() {
    let whole = animation(3, b"");
    assert!(animation::reencode(&whole).unwrap().is_some(), "control");
    assert_eq!(
        animation::reencode(&whole[..20]).unwrap_err(),
        Refusal::Undecodable
    );
}

#[tokio::test]
async fn a_picture_waits_for_its_turn_and_a_refusal_does_not() {
    let (end, wait) = std::sync::mpsc::channel::<()>();
    let mut first = Box::pin(TURNS.take(move || {
        let _ = wait.recv();
        Ok(())
    }));
    assert!((&mut first).now_or_never().is_none());
    let mut second = Box::pin(prepare(file(quarters(40, 30), FileFormat::Png)));
    assert!(
        (&mut second).now_or_never().is_none(),
        "waits for the one before"
    );
    assert_eq!(
        refusal(Bytes::from_static(b"text")).await,
        Refusal::Unsupported
    );
    drop(end);
    assert!(first.await.is_ok() && second.await.is_ok());
}
