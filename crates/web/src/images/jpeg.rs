//! Judges a JPEG by its markers, before a decoder spends time on it.

use std::io::BufRead as _;

use super::Refusal;
use super::decode::check_size;

/// Cameras write one scan and patient programs about ten. A file of 20 MB has room for millions, each of which costs a
/// pass over the whole picture.
const MAX_SCANS: usize = 100;
/// What all these passes may cover together: twelve over the largest picture.
const MAX_PASSES: u64 = 12 * super::MAX_PIXELS;

const START_OF_FRAME: [u8; 2] = [0xC0, 0xC1];
const START_OF_SCAN: u8 = 0xDA;
const END: u8 = 0xD9;

/// Refuses what the decoder would turn into a wrong picture without a word (an upload cut off before its end, which it
/// fills with grey; coarse colours in scans of their own, which zune-jpeg up to 0.5.15 makes green), and for what would
/// keep it busy.
pub(super) fn check(file: &[u8]) -> Result<(), Refusal> {
    let mut coarse_channels = None;
    let mut pixels = 0;
    let mut at = 2;
    // Segments carry their lengths; previews inside them have ends of their own, which are not this one.
    while let Some(&[0xFF, marker, high, low]) = file.get(at..at + 4) {
        let body = at + 4;
        at += 2 + usize::from(u16::from_be_bytes([high, low]));
        if begins_frame(marker) {
            pixels = size(file.get(body..).unwrap_or_default())?;
        }
        if START_OF_FRAME.contains(&marker) {
            let channels = file.get(body + 6..at).unwrap_or_default();
            let is_coarse = channels.chunks_exact(3).any(|channel| channel[1] != 0x11);
            coarse_channels = is_coarse.then_some(channels.len() / 3);
        }
        if marker == START_OF_SCAN {
            let in_this_scan = file.get(body).map(|&count| usize::from(count));
            let is_split = coarse_channels.is_some() && coarse_channels != in_this_scan;
            if is_split {
                return Err(Refusal::Undecodable);
            }
            return scans_are_sound(file.get(at..).unwrap_or_default(), pixels);
        }
    }
    // Fill bytes or worse: let the decoder judge.
    Ok(())
}

/// Every marker that begins a frame, whatever its way of packing; those in between mean other things.
fn begins_frame(marker: u8) -> bool {
    matches!(marker, 0xC0..=0xCF) && !matches!(marker, 0xC4 | 0xC8 | 0xCC)
}

/// The pixels of a frame.
fn size(frame: &[u8]) -> Result<u64, Refusal> {
    let &[_, high, low, left, right, ..] = frame else {
        return Err(Refusal::Undecodable);
    };
    let (height, width) = (
        u16::from_be_bytes([high, low]),
        u16::from_be_bytes([left, right]),
    );
    check_size(width.into(), height.into())?;
    Ok(u64::from(width) * u64::from(height))
}

/// Whether the end comes, before too many further scans, and after enough of them to be a picture of this size.
fn scans_are_sound(scans: &[u8], pixels: u64) -> Result<(), Refusal> {
    let mut count = 1;
    let mut rest = scans;
    // This way of looking for a byte is the standard library's fast one.
    while rest.skip_until(0xFF).is_ok_and(|skipped| skipped > 0) {
        match rest.first() {
            Some(&END) => {
                // A block of 8 × 8 takes a bit at the very least.
                let is_whole = (scans.len() - rest.len()) as u64 >= pixels / 512;
                return is_whole.then_some(()).ok_or(Refusal::Undecodable);
            }
            Some(&START_OF_SCAN) => count += 1,
            _ => {}
        }
        if count > MAX_SCANS || (count as u64).saturating_mul(pixels) > MAX_PASSES {
            return Err(Refusal::Bomb);
        }
    }
    Err(Refusal::Undecodable)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A frame of three channels, the first this fine, and scans of so many channels each.
    fn file(fineness: u8, scans: &[u8], end: bool) -> Vec<u8> {
        let mut file = vec![0xFF, 0xD8];
        file.extend([
            0xFF, 0xC0, 0, 17, 8, 0, 1, 0, 1, 3, 1, fineness, 0, 2, 0x11, 1, 3, 0x11, 1,
        ]);
        for &channels in scans {
            file.extend([0xFF, START_OF_SCAN, 0, 3, channels, 0x55]);
        }
        file.extend(if end { &[0xFF, END][..] } else { &[] });
        file
    }

    #[test]
    fn a_file_is_judged_by_its_end_and_its_scans() {
        assert_eq!(check(&file(0x22, &[3], true)), Ok(()));
        assert!(
            check(&file(0x11, &[1, 1, 1], true)).is_ok(),
            "fine colours may come one by one"
        );
        assert_eq!(check(&file(0x22, &[3; 100], true)), Ok(()));
        assert!(
            check(&file(0x22, &[3; 101], true)).is_err(),
            "too many scans"
        );
        assert!(check(&file(0x22, &[3], false)).is_err(), "no end");
        assert!(
            check(&file(0x22, &[1, 1, 1], true)).is_err(),
            "coarse colours one by one"
        );
    }
}
