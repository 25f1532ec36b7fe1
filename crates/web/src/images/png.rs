//! Judges a PNG by its chunks, before a decoder spends memory or time on it.

use fdeflate::Decompressor;

use super::Refusal;
use super::decode::check_size;

const SIGNATURE: usize = 8;

/// What the compressed notes of a file (texts, colour profiles) may hold together.
const NOTES: usize = 8 * 1024 * 1024;

/// Deflate packs no tighter than this, so less can't be a whole picture.
const TIGHTEST: u64 = 1_100;
/// Photographs pack two to one and drawings twenty; what claims more than this is unpacked to nowhere first.
const SUSPICIOUS: u64 = 50;

/// Frames an animation may claim to have.
const MAX_FRAMES: u32 = super::MAX_FRAMES;

/// Refuses what claims more than it holds, holds more than it claims, or ends early.
pub(super) fn check(file: &[u8]) -> Result<(), Refusal> {
    let mut pixels: Vec<&[u8]> = Vec::new();
    let mut expected = 0;
    let mut notes = NOTES;
    for chunk in Chunks(file.get(SIGNATURE..).unwrap_or_default()) {
        let Chunk { kind, data, sum } = chunk?;
        match kind {
            b"IHDR" => expected = raw_size(data)?,
            b"IDAT" => pixels.push(data),
            b"acTL" if number(data) > Some(MAX_FRAMES) => return Err(Refusal::Bomb),
            b"zTXt" | b"iTXt" | b"iCCP" => {
                notes = notes
                    .checked_sub(note(kind, data, notes)?)
                    .ok_or(Refusal::Bomb)?;
            }
            b"IEND" => return pixels_are_sound(&pixels, expected),
            _ => {}
        }
        // Sums of small pictures are cheap to check, and only a small file can claim much more than it holds.
        if kind == b"IDAT" && data.len() as u64 * SUSPICIOUS < expected && sum_of(kind, data) != sum
        {
            return Err(Refusal::Undecodable);
        }
    }
    Err(Refusal::Undecodable)
}

fn pixels_are_sound(pixels: &[&[u8]], expected: u64) -> Result<(), Refusal> {
    let packed: u64 = pixels.iter().map(|part| part.len() as u64).sum();
    if packed * TIGHTEST < expected {
        return Err(Refusal::Undecodable);
    }
    // No way of packing makes pixels larger than this.
    if packed > expected + expected / 64 + 64 * 1024 {
        return Err(Refusal::Bomb);
    }
    if packed * SUSPICIOUS < expected {
        // Rows of an interlaced picture begin more often than `raw_size` counts.
        let most = expected + expected / 8 + 64 * 1024;
        match unpacked(pixels, usize::try_from(most).unwrap_or(usize::MAX)) {
            Some(size) if (size as u64) < expected => return Err(Refusal::Undecodable),
            Some(_) => {}
            None => return Err(Refusal::Bomb),
        }
    }
    Ok(())
}

/// The bytes that the pixels have when they are unpacked.
fn raw_size(header: &[u8]) -> Result<u64, Refusal> {
    let (Some(width), Some(height)) = (number(header), header.get(4..).and_then(number)) else {
        return Err(Refusal::Undecodable);
    };
    check_size(width, height)?;
    let (depth, colour) = (header.get(8).copied(), header.get(9).copied());
    let channels = match colour {
        Some(0 | 3) => 1,
        Some(4) => 2,
        Some(2) => 3,
        Some(6) => 4,
        _ => return Err(Refusal::Undecodable),
    };
    let bits = u64::from(width) * channels * u64::from(depth.unwrap_or_default());
    Ok((1 + bits.div_ceil(8)) * u64::from(height))
}

/// What a compressed note holds, unpacked.
fn note(kind: &[u8; 4], data: &[u8], most: usize) -> Result<usize, Refusal> {
    let end = data.iter().take(80).position(|&byte| byte == 0);
    // A note without a name is for the decoder to judge.
    let Some(rest) = end.and_then(|end| data.get(end + 1..)) else {
        return Ok(0);
    };
    let packed = match (kind, rest) {
        (b"iTXt", [1, _, rest @ ..]) => {
            let mut words = rest.splitn(3, |&byte| byte == 0);
            words.nth(2)
        }
        (b"iTXt", _) => None,
        (_, [_, packed @ ..]) => Some(packed),
        _ => None,
    };
    match packed {
        Some(packed) => unpacked(&[packed], most).ok_or(Refusal::Bomb),
        None => Ok(0),
    }
}

/// How much comes out, without keeping it; `None` when it is more than `most`. Damaged data ends where it is damaged.
fn unpacked(parts: &[&[u8]], most: usize) -> Option<usize> {
    // The decompressor looks back into what it wrote: the last 32 kB stay.
    const WINDOW: usize = 32 * 1024;
    let mut nowhere = vec![0; 8 * WINDOW];
    let mut decompressor = Decompressor::new();
    decompressor.ignore_adler32();
    let (mut at, mut total) = (0, 0);
    for (index, part) in parts.iter().enumerate() {
        let is_last = index + 1 == parts.len();
        let mut rest = *part;
        loop {
            if at > nowhere.len() - WINDOW {
                nowhere.copy_within(at - WINDOW..at, 0);
                at = WINDOW;
            }
            let Ok((read, written)) = decompressor.read(rest, &mut nowhere, at, is_last) else {
                return Some(total);
            };
            rest = &rest[read..];
            at += written;
            total += written;
            if total > most {
                return None;
            }
            if decompressor.is_done() || (read == 0 && written == 0) {
                break;
            }
        }
    }
    Some(total)
}

struct Chunk<'a> {
    kind: &'a [u8; 4],
    data: &'a [u8],
    sum: u32,
}

/// The chunks of a file, until one is cut off.
struct Chunks<'a>(&'a [u8]);

impl<'a> Iterator for Chunks<'a> {
    type Item = Result<Chunk<'a>, Refusal>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.0.is_empty() {
            return None;
        }
        let whole = self.0.split_first_chunk::<4>().and_then(|(length, rest)| {
            let length = usize::try_from(u32::from_be_bytes(*length)).ok()?;
            let (kind, rest) = rest.split_first_chunk::<4>()?;
            let (data, rest) = rest.split_at_checked(length)?;
            let (sum, rest) = rest.split_first_chunk::<4>()?;
            self.0 = rest;
            let sum = u32::from_be_bytes(*sum);
            Some(Chunk { kind, data, sum })
        });
        if whole.is_none() {
            self.0 = &[];
        }
        Some(whole.ok_or(Refusal::Undecodable))
    }
}

fn number(bytes: &[u8]) -> Option<u32> {
    bytes.first_chunk().map(|bytes| u32::from_be_bytes(*bytes))
}

fn sum_of(kind: &[u8; 4], data: &[u8]) -> u32 {
    let mut sum = flate2::Crc::new();
    sum.update(kind);
    sum.update(data);
    sum.sum()
}
