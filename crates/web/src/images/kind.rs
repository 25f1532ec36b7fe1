//! What an upload is, judged by its first bytes; its name and its declared type are nothing but hopes.

use super::Refusal;

/// The formats that are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Jpeg,
    Png,
    Webp,
    Gif,
}

impl Kind {
    pub(super) fn of(upload: &[u8]) -> Result<Self, Refusal> {
        match image::guess_format(upload) {
            Ok(image::ImageFormat::Jpeg) => Ok(Self::Jpeg),
            Ok(image::ImageFormat::Png) => Ok(Self::Png),
            Ok(image::ImageFormat::WebP) => Ok(Self::Webp),
            Ok(image::ImageFormat::Gif) => Ok(Self::Gif),
            // What telephones make by default deserves a sentence of its own.
            _ => match upload.get(4..12) {
                Some(b"ftypheic" | b"ftypheix" | b"ftyphevc" | b"ftypmif1") => Err(Refusal::Heic),
                _ => Err(Refusal::Unsupported),
            },
        }
    }
}
