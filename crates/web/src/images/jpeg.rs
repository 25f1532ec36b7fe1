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
/// keep it busy. A file is followed from segment to segment to its end, or it is refused: what can't be followed here, a
/// more patient decoder may read.
pub(super) fn check(file: &[u8]) -> Result<(), Refusal> {
    let mut segments = Segments { file, at: 2 };
    let mut frame: Option<Frame> = None;
    let (mut scans, mut packed) = (0, 0);
    loop {
        let (marker, body) = segments.next()?;
        if begins_frame(marker) {
            // One picture in a file, and all about it before its first scan.
            if frame.is_some() {
                return Err(Refusal::Undecodable);
            }
            frame = Some(Frame::of(marker, body)?);
        }
        let known = frame.as_ref().ok_or(Refusal::Undecodable);
        match marker {
            START_OF_SCAN => {
                let frame = known?;
                let channels = body.first().map(|&count| usize::from(count));
                let is_split = frame.coarse_channels.is_some() && frame.coarse_channels != channels;
                if is_split && scans == 0 {
                    return Err(Refusal::Undecodable);
                }
                scans += 1;
                if scans > MAX_SCANS || (scans as u64).saturating_mul(frame.pixels) > MAX_PASSES {
                    return Err(Refusal::Bomb);
                }
                packed += segments.scan()? as u64;
            }
            END => {
                // A block of 8 × 8 takes a bit at the very least.
                let is_whole = packed >= known?.pixels / 512 && scans > 0;
                return is_whole.then_some(()).ok_or(Refusal::Undecodable);
            }
            _ => {}
        }
    }
}

struct Segments<'a> {
    file: &'a [u8],
    at: usize,
}

impl<'a> Segments<'a> {
    /// The marker that stands here and what belongs to it. Previews inside a segment have markers of their own, and so may
    /// a comment: its length says where it ends.
    fn next(&mut self) -> Result<(u8, &'a [u8]), Refusal> {
        let rest = self.file.get(self.at..).unwrap_or_default();
        let fill = rest.iter().take_while(|&&byte| byte == 0xFF).count();
        let marker = *rest
            .get(fill)
            .filter(|_| fill > 0)
            .ok_or(Refusal::Undecodable)?;
        self.at += fill + 1;
        match marker {
            END => Ok((marker, &[])),
            // These have no length, and no place between segments.
            0x00..=0x01 | 0xD0..=0xD8 => Err(Refusal::Undecodable),
            _ => {
                let length = self.file.get(self.at..self.at + 2);
                let length = length.ok_or(Refusal::Undecodable)?;
                let end = self.at + usize::from(u16::from_be_bytes([length[0], length[1]]));
                let body = self.file.get(self.at + 2..end);
                self.at = end;
                Ok((marker, body.ok_or(Refusal::Undecodable)?))
            }
        }
    }

    /// Skips the pixels of a scan, up to the marker that ends it; how many bytes they take.
    fn scan(&mut self) -> Result<usize, Refusal> {
        let pixels = self.file.get(self.at..).unwrap_or_default();
        let mut rest = pixels;
        // This way of looking for a byte is the standard library's fast one.
        while rest.skip_until(0xFF).is_ok_and(|skipped| skipped > 0) {
            let within = matches!(rest.first(), None | Some(0x00 | 0xD0..=0xD7 | 0xFF));
            if !within {
                let taken = pixels.len() - rest.len() - 1;
                self.at += taken;
                return Ok(taken);
            }
        }
        Err(Refusal::Undecodable)
    }
}

/// Every marker that begins a frame, whatever its way of packing; those in between mean other things.
fn begins_frame(marker: u8) -> bool {
    matches!(marker, 0xC0..=0xCF) && !matches!(marker, 0xC4 | 0xC8 | 0xCC)
}

struct Frame {
    pixels: u64,
    /// How many channels it has, where some of them are coarser than others.
    coarse_channels: Option<usize>,
}

impl Frame {
    fn of(marker: u8, body: &[u8]) -> Result<Self, Refusal> {
        let &[_, high, low, left, right, _, ref channels @ ..] = body else {
            return Err(Refusal::Undecodable);
        };
        let (height, width) = (
            u16::from_be_bytes([high, low]),
            u16::from_be_bytes([left, right]),
        );
        check_size(width.into(), height.into())?;
        let is_coarse = START_OF_FRAME.contains(&marker)
            && channels.chunks_exact(3).any(|channel| channel[1] != 0x11);
        Ok(Self {
            pixels: u64::from(width) * u64::from(height),
            coarse_channels: is_coarse.then_some(channels.len() / 3),
        })
    }
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
    fn an_end_inside_a_segment_is_none_and_fill_bytes_hide_nothing() {
        let whole = file(0x22, &[3; 101], true);
        let scan = 2 + 19;
        let with = |segment: &[u8]| [&whole[..scan + 6], segment, &whole[scan + 6..]].concat();
        let (comment, table) = (b"\xFF\xFE\0\x04\xFF\xD9", b"\xFF\xC4\0\x04\xFF\xD9");
        for between in [&comment[..], table, b"\xFF\xFF\xFF\xFE\0\x02"] {
            assert_eq!(check(&with(between)), Err(Refusal::Bomb));
        }
        let filled = [&whole[..2], b"\xFF", &whole[2..]].concat();
        assert_eq!(check(&filled), Err(Refusal::Bomb));
        let sound = file(0x22, &[3], true);
        assert_eq!(
            check(&[&sound[..2], b"\xFF\xFF", &sound[2..]].concat()),
            Ok(())
        );
        for odd in [&b"\0"[..], b"\xFF\xD8", b"\xFF\x01", b"\xFF\xFE\0\x01"] {
            let odd = [&sound[..2], odd, &sound[2..]].concat();
            assert_eq!(check(&odd), Err(Refusal::Undecodable), "{odd:?}");
        }
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
