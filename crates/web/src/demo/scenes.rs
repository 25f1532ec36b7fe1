//! Landscapes drawn by code, for posts that have no photographer; the same seed draws the same picture.
//!
//! They are drawn at three fifths of a photograph's size and enlarged, then given the grain of a sensor: a demo is made
//! by unoptimised builds too.

mod canvas;
mod land;
mod lights;
mod noise;
mod water;

use image::RgbImage;

/// What there is to draw.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scene {
    Mountains,
    Sea,
    City,
    Dunes,
    Spruces,
    Aurora,
    Rain,
}

impl Scene {
    pub(super) fn draw(self) -> RgbImage {
        match self {
            Self::Mountains => land::mountains().photograph(1),
            Self::Sea => water::sea().photograph(2),
            Self::City => lights::city().photograph(3),
            Self::Dunes => land::dunes().photograph(4),
            Self::Spruces => land::spruces().photograph(5),
            Self::Aurora => water::aurora().photograph(6),
            Self::Rain => lights::rain().photograph(8),
        }
    }
}
