//! Tells pictures that are something else as well: an archive, a document, a page with a script.
//!
//! What readers get is encoded anew and can't be anything but a picture. But nobody makes such a file by accident, and
//! the decoders need not meet it.

use std::io::BufRead as _;

/// How far into a file programs look for what kind of a document it is, and how far from its end for what was put behind a
/// picture. What lies between are pixels, in which any word comes up by chance, or notes of a camera or a program, which may
/// well speak of HTML.
const DOCUMENT: usize = 1024;

/// How far from its end programs look for the index of an archive: the index and the longest comment.
const ARCHIVE: usize = 22 + 65_535;

/// What no picture says, in small letters; each begins like a tag.
const TAGS: [&[u8]; 5] = [
    b"<script",
    b"<?php",
    b"<!doctype html",
    b"<html",
    b"<iframe",
];

pub(super) fn is_disguised(file: &[u8]) -> bool {
    let head = &file[..file.len().min(DOCUMENT)];
    let tail = &file[file.len().saturating_sub(DOCUMENT)..];
    is_document(head) || has_tags(head) || has_tags(tail) || is_archive(file)
}

fn is_document(head: &[u8]) -> bool {
    head.windows(5).any(|word| word == b"%PDF-")
}

/// The index of a ZIP, whose comment reaches exactly to the end of the file.
fn is_archive(file: &[u8]) -> bool {
    let tail = &file[file.len().saturating_sub(ARCHIVE)..];
    (0..tail.len().saturating_sub(21)).any(|at| {
        tail[at] == b'P'
            && tail[at..].starts_with(b"PK\x05\x06")
            && usize::from(u16::from_le_bytes([tail[at + 20], tail[at + 21]]))
                == tail.len() - at - 22
    })
}

fn has_tags(mut rest: &[u8]) -> bool {
    // This way of looking for a byte is the standard library's fast one.
    while rest.skip_until(b'<').is_ok_and(|skipped| skipped > 0) {
        let named = |tag: &&[u8]| {
            let name = rest.get(..tag.len() - 1);
            name.is_some_and(|name| name.eq_ignore_ascii_case(&tag[1..]))
        };
        if TAGS.iter().any(named) {
            return true;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_judged_by_what_other_programs_would_take_it_for() {
        let archive = |comment: &[u8], claimed: u16| {
            let mut file = b"\xFF\xD8 picture PK\x05\x06".to_vec();
            file.extend([0; 16]);
            file.extend(claimed.to_le_bytes());
            file.extend(comment);
            file
        };
        assert!(is_disguised(b"\xFF\xD8 %PDF-1.7"));
        assert!(is_disguised(&archive(b"", 0)));
        assert!(is_disguised(&archive(b"\xFF\xD9 the rest", 11)));
        assert!(is_disguised(b"GIF89a/*<sCriPt>alert(1)</script>"));
        assert!(is_disguised(b"\x89PNG << <?php system(1);"));

        assert!(!is_disguised(b""));
        assert!(
            !is_disguised(&archive(b"pixels that look like it", 3)),
            "by chance"
        );
        assert!(
            !is_disguised(b"\xFF\xD8 <x:xmpmeta><rdf:RDF><?xpacket end='w'?>"),
            "a camera's notes"
        );
        let within = |words: &[u8]| [&[0; DOCUMENT], words, &[0; DOCUMENT]].concat();
        for words in [&b"%PDF-"[..], b"<html", b"<?php"] {
            assert!(!is_disguised(&within(words)), "pixels, or notes");
        }
        let behind = [&[0; 2 * DOCUMENT][..], b"<!DOCTYPE html><p>x"].concat();
        assert!(is_disguised(&behind));
    }
}
