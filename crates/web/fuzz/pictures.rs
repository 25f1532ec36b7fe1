//! The first look at an upload: its kind, and whether it is worth decoding. Nothing is decoded here.

use super::{Kind, animation, disguise, jpeg, png, webp};
use crate::inputs::fuzz;

#[test]
fn any_upload_is_looked_at() {
    fuzz("picture", upload);
}

fn upload(input: &[u8]) {
    match Kind::of(input) {
        Ok(Kind::Jpeg) => assert!(input.starts_with(&[0xFF, 0xD8])),
        Ok(Kind::Png) => assert!(input.starts_with(b"\x89PNG")),
        Ok(Kind::Webp) => assert_eq!(&input[8..12], b"WEBP"),
        Ok(Kind::Gif) => assert!(input.starts_with(b"GIF8")),
        Err(_) => {}
    }
    let ends = [
        &input[..input.len().min(1024)],
        &input[input.len().saturating_sub(1024)..],
    ];
    let tagged = ends.iter().any(|end| {
        let words = String::from_utf8_lossy(end).to_ascii_lowercase();
        ["<script", "<?php", "<!doctype html", "<html", "<iframe"]
            .iter()
            .any(|tag| words.contains(tag))
    });
    let disguised = disguise::is_disguised(input);
    assert!(disguised || !tagged, "a page in a picture's clothes");
    let other = |mark: &[u8]| input.windows(mark.len()).any(|it| it == mark);
    let may_be = tagged || other(b"%PDF-") || other(b"PK\x05\x06");
    assert!(may_be || !disguised, "refused for nothing");
    // Whatever it is: each must end, and never read beyond it.
    let _ = (jpeg::check(input), png::check(input), webp::check(input));
    if Kind::of(input) == Ok(Kind::Gif) {
        let _ = animation::frames(input);
    }
}
