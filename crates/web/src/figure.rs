//! A stored picture as a page shows it: right shape, widths to choose from, never a jump. Sizes are those of the real files.

use gatepost_domain::picture::Picture;
use serde::Serialize;

/// What the column for pictures is wide at most; `--text` and twice `--side` in `static/app.css`.
pub(crate) const WIDE: &str = "(min-width: 2877px) 36.5vw, (min-width: 1110px) 1050px, 94vw";

/// The attributes of one `<img>`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Figure {
    pub(crate) src: String,
    pub(crate) srcset: String,
    /// For a figure of its own; a list knows better.
    pub(crate) sizes: &'static str,
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
            srcset: srcset.join(", "),
            sizes: WIDE,
            width: widest.width,
            height: widest.height,
            shape: if widest.width > widest.height {
                "landscape"
            } else {
                "portrait"
            },
            alt: picture.spoken().to_owned(),
        })
    }
}
