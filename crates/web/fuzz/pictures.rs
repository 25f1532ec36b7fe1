//! The first look at an upload: its kind, and whether it is worth decoding. Nothing is decoded here.

use super::{Kind, animation, jpeg, png, webp};
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
    // Whatever it is: each must end, and never read beyond it.
    let _ = (jpeg::check(input), png::check(input), webp::check(input));
    if Kind::of(input) == Ok(Kind::Gif) {
        let _ = animation::frames(input);
    }
}
