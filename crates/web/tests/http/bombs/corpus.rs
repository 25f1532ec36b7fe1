//! The bombs, made by code: a few bytes that say much, or much that says nothing.

use std::io::Cursor;

use image::{ImageFormat, Rgb, RgbImage};
use jpeg_encoder::{ColorType, Encoder, SamplingFactor};

pub(super) struct Bomb {
    pub(super) name: &'static str,
    pub(super) bytes: Vec<u8>,
    /// What the answer has to be.
    pub(super) status: u16,
}

fn image() -> RgbImage {
    RgbImage::from_fn(64, 48, |x, y| Rgb([(x * 4) as u8, (y * 5) as u8, 90]))
}

fn encoded(format: ImageFormat) -> Vec<u8> {
    let mut file = Cursor::new(Vec::new());
    image()
        .write_to(&mut file, format)
        .expect("it can be written");
    file.into_inner()
}

fn jpeg(progressive: bool) -> Vec<u8> {
    let mut file = Vec::new();
    let mut encoder = Encoder::new(&mut file, 80);
    encoder.set_sampling_factor(SamplingFactor::F_1_1);
    encoder.set_progressive(progressive);
    encoder
        .encode(&image(), 64, 48, ColorType::Rgb)
        .expect("it can be written");
    file
}

pub(super) fn honest() -> Vec<u8> {
    encoded(ImageFormat::Png)
}

pub(super) fn bombs() -> Vec<Bomb> {
    let mut bombs = Vec::new();
    let mut add = |status, name, bytes| {
        bombs.push(Bomb {
            name,
            bytes,
            status,
        })
    };
    pngs(&mut add);
    jpegs(&mut add);
    gifs(&mut add);
    webps(&mut add);
    others(&mut add);
    bombs
}

type Add<'a> = &'a mut dyn FnMut(u16, &'static str, Vec<u8>);

// PNG

fn chunk(kind: &[u8; 4], data: &[u8]) -> Vec<u8> {
    let mut sum = flate2::Crc::new();
    sum.update(kind);
    sum.update(data);
    let length = u32::try_from(data.len()).expect("a small chunk");
    [
        &length.to_be_bytes()[..],
        kind,
        data,
        &sum.sum().to_be_bytes(),
    ]
    .concat()
}

fn header(width: u32, height: u32) -> Vec<u8> {
    let size = [width.to_be_bytes(), height.to_be_bytes()].concat();
    chunk(b"IHDR", &[&size[..], &[8, 2, 0, 0, 0]].concat())
}

fn png(parts: &[Vec<u8>]) -> Vec<u8> {
    [
        b"\x89PNG\r\n\x1a\n".to_vec(),
        parts.concat(),
        chunk(b"IEND", b""),
    ]
    .concat()
}

/// So many zeros, packed.
fn zeros(count: usize) -> Vec<u8> {
    fdeflate::compress_to_vec(&vec![0; count])
}

/// A whole little picture with something between its header and its pixels.
fn with_note(notes: Vec<u8>) -> Vec<u8> {
    png(&[header(8, 8), notes, chunk(b"IDAT", &zeros(25 * 8))])
}

fn named(rest: &[u8]) -> Vec<u8> {
    [b"Comment\0\0", rest].concat()
}

fn pngs(add: Add<'_>) {
    let claim = |width, height| png(&[header(width, height), chunk(b"IDAT", &[0x78, 1])]);
    add(413, "PNG: 60000 × 60000", claim(60_000, 60_000));
    add(413, "PNG: just over 50 megapixels", claim(7_072, 7_072));
    add(413, "PNG: a line too long", claim(30_001, 1));
    add(413, "PNG: a column without end", claim(1, u32::MAX >> 1));
    add(422, "PNG: 50 megapixels of nothing", claim(7_071, 7_071));
    add(422, "PNG: no width", claim(0, 100));
    add(422, "PNG: no height", claim(100, 0));
    let bomb = zeros(200_000_000);
    add(
        422,
        "PNG: 200 MB in a zTXt",
        with_note(chunk(b"zTXt", &named(&bomb))),
    );
    add(
        422,
        "PNG: 200 MB in an iCCP",
        with_note(chunk(b"iCCP", &named(&bomb))),
    );
    let text = [b"Comment\0\x01\0en\0words\0", &bomb[..]].concat();
    add(
        422,
        "PNG: 200 MB in an iTXt",
        with_note(chunk(b"iTXt", &text)),
    );
    let mega = chunk(b"zTXt", &named(&zeros(1_000_000)));
    add(
        422,
        "PNG: a thousand notes of 1 MB",
        with_note(mega.repeat(1_000)),
    );
    let row = 1 + 3 * 7_000;
    let short = chunk(b"IDAT", &zeros(row * 6_990));
    add(
        422,
        "PNG: pixels that stop just before the end",
        png(&[header(7_000, 7_000), short]),
    );
    let mut broken = chunk(b"IDAT", &zeros(row * 7_000));
    *broken.last_mut().expect("a sum") ^= 1;
    add(
        422,
        "PNG: 49 megapixels with a wrong sum",
        png(&[header(7_000, 7_000), broken]),
    );
    add(
        422,
        "PNG: a megabyte behind one pixel",
        png(&[header(1, 1), chunk(b"IDAT", &vec![0x78; 1_000_000])]),
    );
    let frames = [4_000_000_u32.to_be_bytes(), [0; 4]].concat();
    add(
        422,
        "APNG: four million frames",
        with_note(chunk(b"acTL", &frames)),
    );
    let whole = honest();
    add(422, "PNG: half of it", whole[..whole.len() / 2].to_vec());
    add(
        422,
        "PNG: all but its end",
        whole[..whole.len() - 12].to_vec(),
    );
    add(
        422,
        "PNG: a chunk longer than the file",
        png(&[header(8, 8), b"\x7F\xFF\xFF\xFFIDAT".to_vec()]),
    );
    add(422, "PNG and ZIP", [&whole[..], &archive()].concat());
    add(
        422,
        "PNG and HTML",
        [&whole[..], b"<!DOCTYPE html><script>alert(1)</script>"].concat(),
    );
    add(
        422,
        "PNG: PHP in a comment",
        with_note(chunk(b"tEXt", b"Comment\0<?php system($_GET[0]); ?>")),
    );
}

/// An archive with nothing in it, as it ends any archive.
fn archive() -> Vec<u8> {
    [b"PK\x05\x06".to_vec(), vec![0; 18]].concat()
}

// JPEG

/// Another size in the frame header.
fn resized(mut file: Vec<u8>, width: u16, height: u16) -> Vec<u8> {
    let frame = file
        .windows(2)
        .position(|marker| marker == [0xFF, 0xC0] || marker == [0xFF, 0xC2]);
    let at = frame.expect("a frame") + 5;
    file[at..at + 2].copy_from_slice(&height.to_be_bytes());
    file[at + 2..at + 4].copy_from_slice(&width.to_be_bytes());
    file
}

/// The last scan so many times more.
fn with_scans(file: &[u8], more: usize) -> Vec<u8> {
    let last = file
        .windows(2)
        .rposition(|marker| marker == [0xFF, 0xDA])
        .expect("a scan");
    let (scan, end) = file[last..].split_at(file.len() - last - 2);
    [file[..last].to_vec(), scan.repeat(more + 1), end.to_vec()].concat()
}

/// A byte more before its frame header, as the standard allows before every marker.
fn filled(mut file: Vec<u8>) -> Vec<u8> {
    let frame = file.windows(2).position(|marker| marker == [0xFF, 0xC2]);
    file.insert(frame.expect("a frame"), 0xFF);
    file
}

/// After its first scan a segment that holds what ends a file elsewhere.
fn with_an_end(file: &[u8], segment: u8) -> Vec<u8> {
    let scans = file
        .windows(2)
        .enumerate()
        .filter(|(_, it)| *it == [0xFF, 0xDA]);
    let (second, _) = scans.take(2).last().expect("two scans");
    let (before, after) = file.split_at(second);
    [before, &[0xFF, segment, 0, 4, 0xFF, 0xD9], after].concat()
}

fn comment(file: &[u8], words: &[u8]) -> Vec<u8> {
    let length = u16::try_from(words.len() + 2).expect("a short comment");
    [
        &file[..2],
        &[0xFF, 0xFE],
        &length.to_be_bytes(),
        words,
        &file[2..],
    ]
    .concat()
}

fn jpegs(add: Add<'_>) {
    let (plain, progressive) = (jpeg(false), jpeg(true));
    add(
        413,
        "JPEG: 65535 × 65535",
        resized(plain.clone(), 65_535, 65_535),
    );
    add(
        413,
        "JPEG: progressive, 65535 × 65535",
        resized(progressive.clone(), 65_535, 65_535),
    );
    add(
        422,
        "JPEG: 49 megapixels of nothing",
        resized(plain.clone(), 7_000, 7_000),
    );
    add(
        422,
        "JPEG: progressive, 49 megapixels of nothing",
        resized(progressive.clone(), 7_000, 7_000),
    );
    add(422, "JPEG: no size", resized(plain.clone(), 0, 0));
    add(
        422,
        "JPEG: a thousand scans",
        with_scans(&progressive, 1_000),
    );
    add(
        422,
        "JPEG: forty scans over 49 megapixels",
        resized(with_scans(&progressive, 40), 7_000, 7_000),
    );
    add(
        422,
        "JPEG: a hundred thousand scans",
        with_scans(&progressive, 100_000),
    );
    add(
        422,
        "JPEG: forty scans over 49 megapixels behind a fill byte",
        filled(resized(with_scans(&progressive, 40), 7_000, 7_000)),
    );
    for (name, segment) in [
        ("JPEG: an end in a comment before 40,000 scans", 0xFE),
        ("JPEG: an end in a table before 40,000 scans", 0xC4),
    ] {
        let scans = with_scans(&progressive, 40_000);
        add(422, name, with_an_end(&scans, segment));
    }
    add(422, "JPEG: half of it", plain[..plain.len() / 2].to_vec());
    add(
        422,
        "JPEG: half of it, progressive",
        progressive[..progressive.len() / 2].to_vec(),
    );
    add(422, "JPEG: only its first bytes", b"\xFF\xD8\xFF".to_vec());
    add(
        422,
        "JPEG: the head of one, the body of a PNG",
        [&b"\xFF\xD8\xFF"[..], &honest()].concat(),
    );
    add(
        422,
        "JPEG: segments without end",
        [b"\xFF\xD8".to_vec(), b"\xFF\xE0\0\x02".repeat(200_000)].concat(),
    );
    add(422, "JPEG and JAR", [&plain[..], &archive()].concat());
    add(422, "JPEG and PDF", comment(&plain, b"%PDF-1.7 1 0 obj"));
    add(
        422,
        "JPEG: PHP in its comment",
        comment(&plain, b"<?php eval($_POST[1]); ?>"),
    );
}

// GIF

fn gif(frames: usize) -> Vec<u8> {
    let mut file = b"GIF89a\x04\0\x04\0\x80\0\0\xFF\xFF\xFF\0\0\0".to_vec();
    // A frame of one pixel.
    let frame = b"\x2C\0\0\0\0\x01\0\x01\0\0\x02\x02\x44\x01\0";
    file.extend(frame.repeat(frames));
    file.push(b';');
    file
}

fn gif_of(width: u16, height: u16) -> Vec<u8> {
    let mut file = gif(2);
    file[6..8].copy_from_slice(&width.to_le_bytes());
    file[8..10].copy_from_slice(&height.to_le_bytes());
    file
}

fn gifs(add: Add<'_>) {
    add(413, "GIF: 65535 × 65535", gif_of(65_535, 65_535));
    add(422, "GIF: no size", gif_of(0, 0));
    add(422, "GIF: a hundred thousand frames", gif(100_000));
    add(422, "GIF: no frame", gif(0));
    let whole = gif(3);
    add(
        422,
        "GIF: cut off in a frame",
        whole[..whole.len() - 10].to_vec(),
    );
    let mut garbage = gif(1);
    let at = garbage.len() - 6;
    garbage[at..].copy_from_slice(b"\xFF\xFF\xFF\xFF\xFF\xFF");
    add(422, "GIF: garbage for pixels", garbage);
    add(
        422,
        "GIF and JavaScript",
        [&gif(1)[..], b"*/=1;//<script>alert(1)</script>"].concat(),
    );
}

// WebP

fn riff(chunks: &[u8]) -> Vec<u8> {
    let length = u32::try_from(chunks.len() + 4).expect("a small file");
    [b"RIFF", &length.to_le_bytes()[..], b"WEBP", chunks].concat()
}

fn webp_chunk(kind: &[u8; 4], data: &[u8]) -> Vec<u8> {
    let length = u32::try_from(data.len()).expect("a small chunk");
    let filling = vec![0; data.len() % 2];
    [kind, &length.to_le_bytes()[..], data, &filling].concat()
}

fn lossless(width: u32, height: u32, rest: &[u8]) -> Vec<u8> {
    let size = (width - 1) | (height - 1) << 14;
    riff(&webp_chunk(
        b"VP8L",
        &[&[0x2F][..], &size.to_le_bytes(), rest].concat(),
    ))
}

fn lossy(width: u16, height: u16) -> Vec<u8> {
    let size = [width.to_le_bytes(), height.to_le_bytes()].concat();
    riff(&webp_chunk(
        b"VP8 ",
        &[&b"\x10\0\0\x9D\x01\x2A"[..], &size, &[0; 8]].concat(),
    ))
}

fn extended(width: u32, height: u32, flags: u8, rest: &[u8]) -> Vec<u8> {
    let (width, height) = ((width - 1).to_le_bytes(), (height - 1).to_le_bytes());
    let head = [&[flags, 0, 0, 0][..], &width[..3], &height[..3]].concat();
    riff(&[&webp_chunk(b"VP8X", &head)[..], rest].concat())
}

fn webps(add: Add<'_>) {
    add(
        413,
        "WebP: lossless, 16384 × 16384",
        lossless(16_384, 16_384, &[0; 16]),
    );
    add(413, "WebP: lossy, 16383 × 16383", lossy(16_383, 16_383));
    add(
        422,
        "WebP: lossy, 49 megapixels of nothing",
        lossy(7_000, 7_000),
    );
    add(
        413,
        "WebP: a canvas of 16 million by 1",
        extended(1 << 24, 1, 0, &webp_chunk(b"VP8 ", &[0; 16])),
    );
    let frame = webp_chunk(b"ANMF", &[0; 16]);
    let animation = [webp_chunk(b"ANIM", &[0; 6]), frame.repeat(50_000)].concat();
    add(
        422,
        "WebP: fifty thousand frames",
        extended(64, 64, 2, &animation),
    );
    let whole = encoded(ImageFormat::WebP);
    add(422, "WebP: half of it", whole[..whole.len() / 2].to_vec());
    add(422, "WebP: nothing in it", riff(b""));
    add(422, "WebP: a chunk of 4 GB", riff(b"VP8L\xFF\xFF\xFF\xFF"));
    add(422, "WebP and ZIP", [&whole[..], &archive()].concat());
}

// What is no picture at all

fn others(add: Add<'_>) {
    let laughs =
        "<!DOCTYPE svg [<!ENTITY a \"ha\"><!ENTITY b \"&a;&a;&a;&a;&a;&a;&a;&a;\">]><svg>&b;</svg>";
    add(415, "SVG that laughs", laughs.into());
    add(
        415,
        "BMP: 2 billion pixels",
        [b"BM".to_vec(), vec![0x7F; 52]].concat(),
    );
    add(
        415,
        "TIFF whose directories go in circles",
        b"II*\0\x08\0\0\0\0\0\x08\0\0\0".to_vec(),
    );
    add(415, "HEIC", b"\0\0\0\x18ftypheic\0\0\0\0mif1heic".to_vec());
    add(415, "an archive", archive());
    add(415, "zeros", vec![0; 1_000_000]);
}

/// What a careless program would choke on, and a careful one shows.
pub(super) fn harmless() -> Vec<(&'static str, Vec<u8>)> {
    // A directory that names itself as the next one, and as a directory inside itself.
    let mut notes = b"Exif\0\0II*\0\x08\0\0\0\x02\0".to_vec();
    notes.extend(b"\x12\x01\x03\0\x01\0\0\0\x01\0\0\0");
    notes.extend(b"\x69\x87\x04\0\x01\0\0\0\x08\0\0\0");
    notes.extend(b"\x08\0\0\0");
    let (length, plain) = (u16::try_from(notes.len() + 2).expect("short"), jpeg(false));
    let circle = [
        &plain[..2],
        &[0xFF, 0xE1],
        &length.to_be_bytes(),
        &notes,
        &plain[2..],
    ]
    .concat();
    let frames = [2_u32.to_be_bytes(), [0; 4]].concat();
    vec![
        ("EXIF directories in a circle", circle),
        ("a JPEG by the name of a PNG", plain),
        ("a progressive JPEG", jpeg(true)),
        ("an APNG", with_note(chunk(b"acTL", &frames))),
        (
            "a PNG with a long comment",
            with_note(chunk(b"zTXt", &named(&zeros(100_000)))),
        ),
        ("a GIF of three frames", gif(3)),
    ]
}
