//! Irregularity that can be repeated: dice with a seed, lines and fields of smooth noise.

use image::imageops::FilterType;
use image::{DynamicImage, ImageBuffer, Luma};

/// Throws the same numbers for the same seed. Nothing secret hangs on it.
pub(super) struct Dice(u32);

impl Dice {
    pub(super) fn new(seed: u32) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9) | 1)
    }

    pub(super) fn roll(&mut self) -> u32 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 17;
        self.0 ^= self.0 << 5;
        self.0
    }

    /// Between `from` and `to`.
    pub(super) fn between(&mut self, from: f32, to: f32) -> f32 {
        from + (to - from) * (self.roll() >> 8) as f32 / (1 << 24) as f32
    }
}

/// A smooth line between 0 and 1 over `length` places, with about `waves` ups and downs, and finer ones on top.
pub(super) fn line(length: usize, waves: usize, octaves: u32, seed: u32) -> Vec<f32> {
    let mut sum = vec![0.0; length];
    let mut weight = 0.5;
    let mut total = 0.0;
    for octave in 0..octaves {
        let mut dice = Dice::new(seed + octave);
        let knots: Vec<f32> = (0..(waves << octave) + 2)
            .map(|_| dice.between(0.0, 1.0))
            .collect();
        for (place, value) in sum.iter_mut().enumerate() {
            let at = place as f32 / length as f32 * (knots.len() - 2) as f32;
            let share = at.fract() * at.fract() * (3.0 - 2.0 * at.fract());
            *value +=
                weight * (knots[at as usize] * (1.0 - share) + knots[at as usize + 1] * share);
        }
        total += weight;
        weight /= 2.0;
    }
    sum.iter_mut().for_each(|value| *value /= total);
    sum
}

/// A field between 0 and 1, smooth at the scale of `columns` × `rows` cells, with finer ones on top.
pub(super) struct Field {
    width: usize,
    height: usize,
    values: Vec<f32>,
}

impl Field {
    pub(super) fn new(
        (width, height): (usize, usize),
        (columns, rows): (u32, u32),
        octaves: u32,
        seed: u32,
    ) -> Self {
        let mut values = vec![0.0; width * height];
        let mut weight = 0.5;
        let mut total = 0.0;
        for octave in 0..octaves {
            let mut dice = Dice::new(seed + octave);
            let cells = ImageBuffer::from_fn(columns << octave, rows << octave, |_, _| {
                Luma([(dice.roll() >> 16) as u16])
            });
            let smooth = DynamicImage::ImageLuma16(cells)
                .resize_exact(width as u32, height as u32, FilterType::CatmullRom)
                .into_luma16();
            for (value, cell) in values.iter_mut().zip(smooth.as_raw()) {
                *value += weight * f32::from(*cell) / 65_535.0;
            }
            total += weight;
            weight /= 2.0;
        }
        values.iter_mut().for_each(|value| *value /= total);
        Self {
            width,
            height,
            values,
        }
    }

    /// The value of a place; beyond the edge the field begins again.
    pub(super) fn get(&self, x: usize, y: usize) -> f32 {
        self.values[y % self.height * self.width + x % self.width]
    }
}
