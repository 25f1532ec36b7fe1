//! A stored picture as a page shows it: right shape, widths to choose from, never a jump. Sizes are those of the real files.

use gatepost_domain::picture::Picture;
use serde::Serialize;

/// How wide a picture of this width is shown: as wide as the column for pictures (`--text` and twice `--side` in
/// `static/app.css`), and never wider than it is.
fn sizes(width: u32) -> String {
    match width {
        ..=1050 => format!("min({width}px, 94vw)"),
        _ => {
            format!("(min-width: 2877px) min({width}px, 36.5vw), (min-width: 1110px) 1050px, 94vw")
        }
    }
}

/// What the front page shows at full width, on the largest screen; a smaller picture stands beside its text.
const FULL: u32 = 840;

/// The attributes of one `<img>`, and of the `<source>` beside it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Figure {
    pub(crate) src: String,
    /// Empty where there is nothing to choose from: then a browser takes the picture's own size for its size.
    pub(crate) srcset: String,
    /// For who wants nothing to move: the first frame of an animation, in its widths. Empty where nothing moves.
    pub(crate) still: String,
    /// For a figure of its own; a list knows better.
    pub(crate) sizes: String,
    pub(crate) width: u32,
    pub(crate) height: u32,
    pub(crate) shape: &'static str,
    pub(crate) alt: String,
}

impl Figure {
    /// `None` for a picture without a single file, which the pipeline never makes.
    pub(crate) fn of(picture: &Picture) -> Option<Self> {
        let still = Self::still(picture)?;
        let Some(moving) = picture.moving() else {
            return Some(still);
        };
        Some(Self {
            src: format!("/images/{}", picture.file(moving)),
            srcset: String::new(),
            still: widths(picture),
            sizes: sizes(moving.width),
            width: moving.width,
            height: moving.height,
            ..still
        })
    }

    /// For lists, where nothing moves unless there is nothing else of it.
    pub(crate) fn still(picture: &Picture) -> Option<Self> {
        let middle = picture.at_most(1280)?;
        let widest = picture.stills().last().unwrap_or(middle);
        Some(Self {
            src: format!("/images/{}", picture.file(middle)),
            srcset: if picture.stills().count() > 1 {
                widths(picture)
            } else {
                String::new()
            },
            still: String::new(),
            sizes: sizes(widest.width),
            width: widest.width,
            height: widest.height,
            shape: if widest.width > widest.height && widest.width >= FULL {
                "landscape"
            } else {
                "portrait"
            },
            alt: picture.spoken().to_owned(),
        })
    }

    /// The attributes by which a browser chooses a width, where there are several.
    pub(crate) fn choice(&self) -> String {
        if self.srcset.is_empty() {
            return String::new();
        }
        format!(" srcset=\"{}\" sizes=\"{}\"", self.srcset, self.sizes)
    }

    /// What stands around the `<img>` of an animation.
    pub(crate) fn around(&self) -> (String, &'static str) {
        if self.still.is_empty() {
            return (String::new(), "");
        }
        let (still, sizes) = (&self.still, &self.sizes);
        let source = format!(
            "<picture><source media=\"(prefers-reduced-motion: reduce)\" srcset=\"{still}\" sizes=\"{sizes}\">"
        );
        (source, "</picture>")
    }
}

/// Every still file of a picture with its width.
fn widths(picture: &Picture) -> String {
    let file = |it| format!("/images/{} {}w", picture.file(it), it.width);
    picture.stills().map(file).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use gatepost_domain::picture::{Alt, ImageFormat, ImageHash, Variant};

    use super::*;

    fn figure(widths: &[u32]) -> Figure {
        Figure::of(&picture(widths)).unwrap()
    }

    fn picture(widths: &[u32]) -> Picture {
        let variant = |&width| Variant {
            width,
            height: width.div_ceil(2),
            format: ImageFormat::Jpg,
        };
        Picture {
            hash: ImageHash::new([7; 32]),
            alt: Alt::default(),
            decorative: true,
            variants: widths.iter().map(variant).collect(),
        }
    }

    #[test]
    fn an_animation_moves_in_its_post_for_who_wants_it_and_in_no_list() {
        let mut cat = picture(&[320, 400]);
        cat.variants.push(Variant {
            format: ImageFormat::Gif,
            ..cat.variants[1]
        });
        let moving = Figure::of(&cat).unwrap();
        assert!(moving.src.ends_with("-400.gif") && moving.srcset.is_empty());
        assert!(moving.still.ends_with("-400.jpg 400w"), "{}", moving.still);
        let still = Figure::still(&cat).unwrap();
        assert!(still.src.ends_with("-400.jpg") && still.still.is_empty());
        assert!(!still.srcset.contains("gif"), "{}", still.srcset);
        cat.variants.drain(..2);
        let old = Figure::of(&cat).unwrap();
        assert!(old.src.ends_with(".gif") && old.still.is_empty());
        assert!(Figure::still(&cat).unwrap().src.ends_with(".gif"));
    }

    #[test]
    fn no_picture_is_shown_wider_than_it_is() {
        let dot = figure(&[1]);
        assert_eq!(
            (dot.srcset.as_str(), dot.shape),
            ("", "portrait"),
            "a browser would stretch it to `sizes`"
        );
        assert_eq!(figure(&[320, 400]).sizes, "min(400px, 94vw)");
        assert_eq!(
            figure(&[320, 400]).shape,
            "portrait",
            "full width would stretch it"
        );
        let wide = figure(&[320, 640, 1280, 1920]);
        assert_eq!(wide.shape, "landscape");
        assert_eq!(
            wide.sizes,
            "(min-width: 2877px) min(1920px, 36.5vw), (min-width: 1110px) 1050px, 94vw"
        );
        assert_eq!(wide.srcset.matches("w").count(), 4);
    }
}
