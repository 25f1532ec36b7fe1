//! Pictures as posts know them: named by the hash of their bytes, in several widths, with words for who can't see them.

use serde::Serialize;

mod alt;

pub use alt::{Alt, AltError};

/// The 32 bytes of a picture's BLAKE3 hash; the same bytes are the same picture.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct ImageHash([u8; 32]);

/// A text that names no picture or no file of a picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("This is not the name of a picture.")]
pub struct NotAnImageName;

impl ImageHash {
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl std::fmt::Display for ImageHash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl std::fmt::Debug for ImageHash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "ImageHash({self})")
    }
}

impl std::str::FromStr for ImageHash {
    type Err = NotAnImageName;
    fn from_str(text: &str) -> Result<Self, NotAnImageName> {
        let hex = |b: u8| match b {
            b'0'..=b'9' => Ok(b - b'0'),
            b'a'..=b'f' => Ok(b - b'a' + 10),
            _ => Err(NotAnImageName),
        };
        let text: &[u8; 64] = text.as_bytes().try_into().map_err(|_| NotAnImageName)?;
        let mut bytes = [0; 32];
        for (byte, pair) in bytes.iter_mut().zip(text.chunks_exact(2)) {
            *byte = hex(pair[0])? << 4 | hex(pair[1])?;
        }
        Ok(Self(bytes))
    }
}

/// The pictures of this site that a text shows or links to, in its order, as often as it names them.
pub fn named_in(text: &str) -> impl Iterator<Item = ImageHash> {
    let named = text.split("/images/").skip(1);
    named.filter_map(|rest| rest.get(..64)?.parse().ok())
}

impl Serialize for ImageHash {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// How a picture leaves the site.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ImageFormat {
    Jpg,
    Png,
    Webp,
    Gif,
}

impl ImageFormat {
    const ALL: [Self; 4] = [Self::Jpg, Self::Png, Self::Webp, Self::Gif];

    /// The ending of the file's name.
    pub fn extension(self) -> &'static str {
        match self {
            Self::Jpg => "jpg",
            Self::Png => "png",
            Self::Webp => "webp",
            Self::Gif => "gif",
        }
    }

    pub fn content_type(self) -> &'static str {
        match self {
            Self::Jpg => "image/jpeg",
            Self::Png => "image/png",
            Self::Webp => "image/webp",
            Self::Gif => "image/gif",
        }
    }
}

impl std::str::FromStr for ImageFormat {
    type Err = NotAnImageName;
    fn from_str(extension: &str) -> Result<Self, NotAnImageName> {
        Self::ALL
            .into_iter()
            .find(|format| format.extension() == extension)
            .ok_or(NotAnImageName)
    }
}

/// `{hash}-{width}.{ext}`: the name of one variant under `/images/`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ImageFile {
    pub hash: ImageHash,
    pub width: u32,
    pub format: ImageFormat,
}

impl std::fmt::Display for ImageFile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "{}-{}.{}",
            self.hash,
            self.width,
            self.format.extension()
        )
    }
}

impl std::str::FromStr for ImageFile {
    type Err = NotAnImageName;
    fn from_str(name: &str) -> Result<Self, NotAnImageName> {
        let (stem, extension) = name.rsplit_once('.').ok_or(NotAnImageName)?;
        let (hash, width) = stem.split_once('-').ok_or(NotAnImageName)?;
        let plain = width.bytes().all(|b| b.is_ascii_digit()) && !width.starts_with('0');
        let width = width.parse().ok().filter(|_| plain).ok_or(NotAnImageName)?;
        Ok(Self {
            hash: hash.parse()?,
            width,
            format: extension.parse()?,
        })
    }
}

impl Serialize for ImageFile {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// One width of a picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Variant {
    pub width: u32,
    pub height: u32,
    pub format: ImageFormat,
}

/// A picture beside a post.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Picture {
    pub hash: ImageHash,
    pub alt: Alt,
    /// Says nothing the text does not say; readers are told nothing about it.
    pub decorative: bool,
    /// Narrowest first, never empty. What moves is one GIF among them, and the others of it are its first frame.
    pub variants: Vec<Variant>,
}

/// A picture's place beside a post, and what is said of it there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlacedPicture {
    pub hash: ImageHash,
    pub alt: Alt,
    pub decorative: bool,
}

impl From<&Picture> for PlacedPicture {
    fn from(picture: &Picture) -> Self {
        Self {
            hash: picture.hash,
            alt: picture.alt.clone(),
            decorative: picture.decorative,
        }
    }
}

impl Picture {
    pub fn file(&self, variant: &Variant) -> ImageFile {
        ImageFile {
            hash: self.hash,
            width: variant.width,
            format: variant.format,
        }
    }

    /// The widest still variant of at most `width`; the narrowest when all are wider.
    pub fn at_most(&self, width: u32) -> Option<&Variant> {
        self.stills()
            .rev()
            .find(|variant| variant.width <= width)
            .or(self.stills().next())
            .or(self.variants.first())
    }

    /// The variant that moves; no picture that stands still leaves as a GIF.
    pub fn moving(&self) -> Option<&Variant> {
        let moves = |variant: &&Variant| variant.format == ImageFormat::Gif;
        self.variants.iter().find(moves)
    }

    /// What stands still. An animation may have nothing of it: the first ones were stored without.
    pub fn stills(&self) -> impl DoubleEndedIterator<Item = &Variant> {
        let stands = |variant: &&Variant| variant.format != ImageFormat::Gif;
        self.variants.iter().filter(stands)
    }

    /// What the `alt` attribute says.
    pub fn spoken(&self) -> &str {
        if self.decorative {
            ""
        } else {
            self.alt.as_str()
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn hash() -> ImageHash {
        ImageHash::new(std::array::from_fn(|i| i as u8 * 7))
    }

    fn picture(widths: &[u32]) -> Picture {
        let variants = widths
            .iter()
            .map(|&width| Variant {
                width,
                height: width,
                format: ImageFormat::Jpg,
            })
            .collect();
        Picture {
            hash: hash(),
            alt: Alt::parse("A lake").unwrap(),
            decorative: false,
            variants,
        }
    }

    #[test]
    fn the_name_of_a_variant_is_read_in_exactly_one_spelling() {
        let file = ImageFile {
            hash: hash(),
            width: 640,
            format: ImageFormat::Webp,
        };
        let name = file.to_string();
        assert_eq!(name.parse(), Ok(file));
        for other in [
            "",
            "a.jpg",
            "-640.jpg",
            &name.to_uppercase(),
            &name.replace("640", "0640"),
            &name.replace("640", "+640"),
            &name.replace("640", ""),
            &name.replace(".webp", ".svg"),
            &name[1..],
            &format!("../{name}"),
            &name.replace("640", "99999999999"),
        ] {
            assert_eq!(other.parse::<ImageFile>(), Err(NotAnImageName), "{other}");
        }
    }

    #[test]
    fn the_widest_variant_that_fits_is_chosen() {
        let picture = picture(&[320, 640, 1280]);
        for (width, chosen) in [(640, 640), (639, 320), (5000, 1280), (100, 320)] {
            assert_eq!(picture.at_most(width).unwrap().width, chosen);
        }
    }

    #[test]
    fn a_still_of_an_animation_is_chosen_where_there_is_one() {
        let mut picture = picture(&[320, 640]);
        let moving = Variant {
            format: ImageFormat::Gif,
            ..picture.variants[1]
        };
        assert_eq!(picture.moving(), None);
        picture.variants.push(moving);
        assert_eq!(picture.at_most(640).unwrap().format, ImageFormat::Jpg);
        assert_eq!(picture.moving(), Some(&moving));
        picture.variants = vec![moving];
        assert_eq!(picture.at_most(320), Some(&moving), "stored without stills");
    }

    #[test]
    fn a_decorative_picture_says_nothing() {
        let mut picture = picture(&[320]);
        assert_eq!(picture.spoken(), "A lake");
        picture.decorative = true;
        assert_eq!(picture.spoken(), "");
    }

    proptest! {
        #[test]
        fn every_hash_reads_back(bytes: [u8; 32]) {
            let hash = ImageHash::new(bytes);
            prop_assert_eq!(hash.to_string().parse(), Ok(hash));
        }

        #[test]
        fn no_text_makes_the_parser_panic(text in any::<String>()) {
            let _ = text.parse::<ImageFile>();
        }
    }
}
