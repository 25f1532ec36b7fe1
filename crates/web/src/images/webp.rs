//! Judges a WebP by its chunks, before a decoder spends memory or time on it.

use super::Refusal;
use super::decode::check_size;

/// Refuses what is too large or ends early, and more frames than anybody looks at.
pub(super) fn check(file: &[u8]) -> Result<(), Refusal> {
    let claimed = file.get(4..).and_then(length).ok_or(Refusal::Undecodable)?;
    let mut rest = file
        .get(8..8 + claimed)
        .and_then(|riff| riff.get(4..))
        .ok_or(Refusal::Undecodable)?;
    let mut frames = 0;
    while rest.len() >= 8 {
        let size = length(&rest[4..]).ok_or(Refusal::Undecodable)?;
        if let Some((width, height)) = claim(rest) {
            check_size(width, height)?;
            // No way of packing says less about a block of 16 × 16.
            let blocks = u64::from(width) * u64::from(height) / 256;
            if rest.starts_with(b"VP8 ") && size as u64 * 512 < blocks {
                return Err(Refusal::Undecodable);
            }
        }
        frames += u32::from(rest.starts_with(b"ANMF"));
        if frames > super::MAX_FRAMES {
            return Err(Refusal::Bomb);
        }
        // A chunk of odd length has a byte of filling, which some programs leave out at the end.
        rest = match rest.get(8 + size..) {
            Some(rest) => rest.get(size % 2..).unwrap_or_default(),
            None => return Err(Refusal::Undecodable),
        };
    }
    Ok(())
}

/// The size that a chunk says the picture has.
fn claim(chunk: &[u8]) -> Option<(u32, u32)> {
    let (kind, data) = (chunk.first_chunk::<4>()?, chunk.get(8..)?);
    let number = |at: usize| Some(u32::from_le_bytes(*data.get(at..)?.first_chunk()?));
    match kind {
        b"VP8L" => number(1).map(|size| ((size & 0x3FFF) + 1, (size >> 14 & 0x3FFF) + 1)),
        b"VP8 " => number(6).map(|size| (size & 0x3FFF, size >> 16 & 0x3FFF)),
        b"VP8X" => Some(((number(4)? & 0xFF_FFFF) + 1, (number(6)? >> 8) + 1)),
        _ => None,
    }
}

fn length(bytes: &[u8]) -> Option<usize> {
    let length = u32::from_le_bytes(*bytes.first_chunk()?);
    usize::try_from(length).ok()
}
