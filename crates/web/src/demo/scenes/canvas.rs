//! A sheet of colours between 0 and 1, and what every scene does with it.

use image::imageops::FilterType;
use image::{DynamicImage, Rgb, RgbImage};

use super::noise::Dice;

/// Red, green, blue.
pub(super) type Colour = [f32; 3];

pub(super) struct Canvas {
    pub(super) width: usize,
    pub(super) height: usize,
    pixels: Vec<Colour>,
}

impl Canvas {
    /// Fills the sheet; `u` and `v` go from 0 to 1, from the left and from the top.
    pub(super) fn new(
        width: usize,
        height: usize,
        colour: impl Fn(usize, usize, f32, f32) -> Colour,
    ) -> Self {
        let mut pixels = Vec::with_capacity(width * height);
        for y in 0..height {
            let v = y as f32 / height as f32;
            pixels.extend((0..width).map(|x| colour(x, y, x as f32 / width as f32, v)));
        }
        Self {
            width,
            height,
            pixels,
        }
    }

    pub(super) fn get(&self, x: usize, y: usize) -> Colour {
        self.pixels[y.min(self.height - 1) * self.width + x.min(self.width - 1)]
    }

    /// Lays a colour over a place, if it is on the sheet.
    pub(super) fn lay(&mut self, x: isize, y: isize, colour: Colour, opacity: f32) {
        let (Ok(x), Ok(y)) = (usize::try_from(x), usize::try_from(y)) else {
            return;
        };
        if x < self.width && y < self.height {
            let place = &mut self.pixels[y * self.width + x];
            *place = mix(*place, colour, opacity);
        }
    }

    /// Adds light to a place, if it is on the sheet.
    pub(super) fn shine(&mut self, x: isize, y: isize, colour: Colour, strength: f32) {
        let (Ok(x), Ok(y)) = (usize::try_from(x), usize::try_from(y)) else {
            return;
        };
        if x < self.width && y < self.height {
            let place = &mut self.pixels[y * self.width + x];
            for (channel, light) in place.iter_mut().zip(colour) {
                *channel += light * strength;
            }
        }
    }

    /// At the size of a photograph, with a lens that darkens the corners and a sensor that is never quite sure.
    pub(super) fn photograph(&self, seed: u32) -> RgbImage {
        let (width, height) = (self.width as u32, self.height as u32);
        let sharp = RgbImage::from_fn(width, height, |x, y| {
            let (across, down) = (
                x as f32 / self.width as f32 - 0.5,
                y as f32 / self.height as f32 - 0.5,
            );
            let corner = 1.0 - 0.35 * (across * across + down * down);
            Rgb(self
                .get(x as usize, y as usize)
                .map(|channel| (channel * corner * 255.0).clamp(0.0, 255.0) as u8))
        });
        let large = DynamicImage::from(sharp).resize_exact(
            width * 5 / 3,
            height * 5 / 3,
            FilterType::CatmullRom,
        );
        let mut photograph = large.into_rgb8();
        let mut dice = Dice::new(seed);
        for pixel in photograph.chunks_exact_mut(3) {
            let grain = (dice.roll() >> 29) as u8;
            for channel in pixel {
                *channel = channel.saturating_add(grain).saturating_sub(3);
            }
        }
        photograph
    }
}

pub(super) fn mix(from: Colour, to: Colour, share: f32) -> Colour {
    let share = share.clamp(0.0, 1.0);
    [
        from[0] + (to[0] - from[0]) * share,
        from[1] + (to[1] - from[1]) * share,
        from[2] + (to[2] - from[2]) * share,
    ]
}

/// From 0 at `from` to 1 at `to`, gently at both ends.
pub(super) fn smooth(from: f32, to: f32, at: f32) -> f32 {
    let share = ((at - from) / (to - from)).clamp(0.0, 1.0);
    share * share * (3.0 - 2.0 * share)
}

/// The colour at a place between some that are given, in order.
pub(super) fn gradient(stops: &[(f32, Colour)], at: f32) -> Colour {
    let mut last = stops[0];
    for &stop in stops {
        if at <= stop.0 {
            return mix(last.1, stop.1, (at - last.0) / (stop.0 - last.0).max(0.001));
        }
        last = stop;
    }
    last.1
}

pub(super) fn plus(colour: Colour, light: Colour, strength: f32) -> Colour {
    [
        colour[0] + light[0] * strength,
        colour[1] + light[1] * strength,
        colour[2] + light[2] * strength,
    ]
}
