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

/// The attributes of one `<img>`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Figure {
    pub(crate) src: String,
    /// Empty where there is nothing to choose from: then a browser takes the picture's own size for its size.
    pub(crate) srcset: String,
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
        let widest = picture.widest()?;
        let middle = picture.at_most(1280)?;
        let srcset: Vec<String> = picture
            .variants
            .iter()
            .map(|it| format!("/images/{} {}w", picture.file(it), it.width))
            .collect();
        Some(Self {
            src: format!("/images/{}", picture.file(middle)),
            srcset: if srcset.len() > 1 {
                srcset.join(", ")
            } else {
                String::new()
            },
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
}

#[cfg(test)]
mod tests {
    use gatepost_domain::picture::{Alt, ImageFormat, ImageHash, Variant};

    use super::*;

    fn figure(widths: &[u32]) -> Figure {
        let variant = |&width| Variant {
            width,
            height: width.div_ceil(2),
            format: ImageFormat::Jpg,
        };
        let picture = Picture {
            hash: ImageHash::new([7; 32]),
            alt: Alt::default(),
            decorative: true,
            variants: widths.iter().map(variant).collect(),
        };
        Figure::of(&picture).unwrap()
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
