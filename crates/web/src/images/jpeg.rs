//! Judges a JPEG by its markers, before a decoder spends time on it.

/// Cameras write one scan and patient programs about ten. A file of 20 MB has room for millions, each of which costs a
/// pass over the whole picture.
const MAX_SCANS: usize = 100;

const START_OF_FRAME: [u8; 2] = [0xC0, 0xC1];
const START_OF_SCAN: u8 = 0xDA;
const END: u8 = 0xD9;

/// `false` for what the decoder would turn into a wrong picture without a word (an upload cut off before its end, which it
/// fills with grey; coarse colours in scans of their own, which zune-jpeg up to 0.5.15 makes green), and for what would
/// keep it busy.
pub(super) fn is_sound(file: &[u8]) -> bool {
    let mut coarse_channels = None;
    let mut at = 2;
    // Segments carry their lengths; previews inside them have ends of their own, which are not this one.
    while let Some(&[0xFF, marker, high, low]) = file.get(at..at + 4) {
        let body = at + 4;
        at += 2 + usize::from(u16::from_be_bytes([high, low]));
        if START_OF_FRAME.contains(&marker) {
            let channels = file.get(body + 6..at).unwrap_or_default();
            let is_coarse = channels.chunks_exact(3).any(|channel| channel[1] != 0x11);
            coarse_channels = is_coarse.then_some(channels.len() / 3);
        }
        if marker == START_OF_SCAN {
            let in_this_scan = file.get(body).map(|&count| usize::from(count));
            let is_split = coarse_channels.is_some() && coarse_channels != in_this_scan;
            return !is_split && ends_soon(file.get(at..).unwrap_or_default());
        }
    }
    // Fill bytes or worse: let the decoder judge.
    true
}

/// Whether the end comes, and before too many further scans.
fn ends_soon(scans: &[u8]) -> bool {
    let mut count = 1;
    for pair in scans.windows(2).filter(|pair| pair[0] == 0xFF) {
        match pair[1] {
            END => return count <= MAX_SCANS,
            START_OF_SCAN => count += 1,
            _ => {}
        }
    }
    false
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
        assert!(is_sound(&file(0x22, &[3], true)));
        assert!(
            is_sound(&file(0x11, &[1, 1, 1], true)),
            "fine colours may come one by one"
        );
        assert!(is_sound(&file(0x22, &[3; 100], true)));
        assert!(!is_sound(&file(0x22, &[3; 101], true)), "too many scans");
        assert!(!is_sound(&file(0x22, &[3], false)), "no end");
        assert!(
            !is_sound(&file(0x22, &[1, 1, 1], true)),
            "coarse colours one by one"
        );
    }
}
