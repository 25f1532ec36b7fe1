//! A city at night beside its river, and the same lamps through a wet window.

use super::canvas::{Canvas, Colour, gradient, mix, plus, smooth};
use super::noise::{Dice, Field};

const WIDTH: usize = 1152;
const HEIGHT: usize = 864;

/// Where the houses end and the river begins.
const QUAY: usize = 608;

const LAMPS: [Colour; 5] = [
    [1.0, 0.80, 0.46],
    [1.0, 0.70, 0.34],
    [1.0, 0.90, 0.70],
    [0.75, 0.87, 1.0],
    [1.0, 0.58, 0.30],
];

/// Windows along a river.
pub(super) fn city() -> Canvas {
    let smoke = Field::new((WIDTH, HEIGHT), (4, 9), 5, 81);
    let mut town = Canvas::new(WIDTH, HEIGHT, |x, y, u, v| {
        let sky = gradient(
            &[
                (0.0, [0.03, 0.04, 0.11]),
                (0.4, [0.12, 0.11, 0.22]),
                (0.7, [0.42, 0.26, 0.27]),
            ],
            v,
        );
        let dome = (-(u - 0.55) * (u - 0.55) * 5.0).exp() * smooth(0.15, 0.7, v);
        plus(
            sky,
            [0.9, 0.5, 0.3],
            dome * 0.16 + (smoke.get(x, y) - 0.5) * 0.16 * v,
        )
    });
    let mut dice = Dice::new(5);
    for layer in 0..4 {
        let near = layer as f32 / 3.0;
        let wall = mix([0.24, 0.18, 0.24], [0.025, 0.028, 0.05], near);
        let mut x = -20.0;
        while x < WIDTH as f32 {
            let width = dice.between(37.0, 96.0);
            let tower = if dice.between(0.0, 1.0) > 0.86 {
                1.7
            } else {
                1.0
            };
            let height = dice.between(96.0, 240.0) * (1.25 - 0.35 * near) * tower;
            let house = House {
                left: x as isize,
                right: (x + width) as isize,
                roof: QUAY as isize - height as isize,
            };
            house.build(&mut town, wall, near, &mut dice);
            x += width + dice.between(0.0, 14.0) * near;
        }
    }
    for lamp in 0..24 {
        let x = lamp * 50 + 16;
        glow(&mut town, x, QUAY as isize - 13, 27, LAMPS[1], 0.55);
        glow(&mut town, x, QUAY as isize - 13, 4, [1.0, 0.93, 0.75], 0.9);
    }
    river(&town)
}

struct House {
    left: isize,
    right: isize,
    roof: isize,
}

impl House {
    fn build(&self, town: &mut Canvas, wall: Colour, near: f32, dice: &mut Dice) {
        for y in self.roof..QUAY as isize {
            let down = (y - self.roof) as f32 / 400.0;
            for x in self.left..self.right {
                town.lay(
                    x,
                    y,
                    mix(wall, [0.42, 0.26, 0.24], (1.0 - near) * down * 0.5),
                    1.0,
                );
            }
        }
        let (across, down) = ((5.0 + 4.0 * near) as isize, (8.0 + 5.0 * near) as isize);
        let awake = dice.between(0.12, 0.45);
        for y in (self.roof + 9..QUAY as isize - 26).step_by(down as usize) {
            for x in (self.left + 6..self.right - across).step_by(across as usize + 3) {
                if dice.between(0.0, 1.0) > awake {
                    continue;
                }
                let lamp = LAMPS[dice.roll() as usize % LAMPS.len()];
                let bright = dice.between(0.25, 0.95) * (0.55 + 0.45 * near);
                for (row, column) in (0..down * 5 / 9)
                    .flat_map(|row| (0..across - 2).map(move |column| (row, column)))
                {
                    town.lay(x + column, y + row, lamp, bright);
                }
            }
        }
    }
}

/// The town above, and its lights drawn out on the water.
fn river(town: &Canvas) -> Canvas {
    let ripples = Field::new((WIDTH, HEIGHT), (30, 240), 2, 83);
    Canvas::new(WIDTH, HEIGHT, |x, y, _, _| {
        if y < QUAY {
            return town.get(x, y);
        }
        let depth = y - QUAY;
        let ripple = ripples.get(x, y) - 0.5;
        let aside = (x as f32 + ripple * (6.0 + depth as f32 * 0.12)).max(0.0) as usize;
        let rows = [0, 8, 17, 27, 38, 50].map(|step| {
            let up = (depth as f32 * 1.15 + ripple * depth as f32 * 0.5) as usize + step;
            town.get(aside, QUAY.saturating_sub(up + 3))
        });
        let seen = rows
            .iter()
            .fold([0.0; 3], |sum, &colour| plus(sum, colour, 1.0 / 6.0));
        let far = depth as f32 / (HEIGHT - QUAY) as f32;
        plus(
            mix(seen, [0.02, 0.03, 0.07], 0.22 + far * 0.5),
            [0.5, 0.45, 0.5],
            ripple * 0.05,
        )
    })
}

/// Out of focus: the lamps of a street through a window in the rain.
pub(super) fn rain() -> Canvas {
    const NARROW: usize = 864;
    const TALL: usize = 1152;
    let haze = Field::new((NARROW, TALL), (3, 4), 3, 91);
    let mut window = Canvas::new(NARROW, TALL, |x, y, _, v| {
        let street = gradient(
            &[
                (0.0, [0.04, 0.06, 0.13]),
                (0.5, [0.17, 0.13, 0.19]),
                (1.0, [0.05, 0.05, 0.08]),
            ],
            v,
        );
        plus(street, [0.7, 0.45, 0.3], (haze.get(x, y) - 0.45) * 0.22)
    });
    let mut dice = Dice::new(23);
    for _ in 0..70 {
        let x = dice.between(0.0, NARROW as f32) as isize;
        let y = (dice.between(0.25, 0.6) + dice.between(-0.15, 0.3)) * TALL as f32;
        let radius = dice.between(21.0, 67.0);
        disc(
            &mut window,
            x,
            y as isize,
            radius,
            LAMPS[dice.roll() as usize % LAMPS.len()],
            dice.between(0.10, 0.5),
        );
    }
    for _ in 0..420 {
        let (x, y) = (
            dice.between(0.0, NARROW as f32),
            dice.between(0.0, TALL as f32),
        );
        drop_of_water(&mut window, x as isize, y as isize, dice.between(2.0, 9.0));
    }
    window
}

/// A lamp out of focus is a disc with a brighter rim.
fn disc(canvas: &mut Canvas, x: isize, y: isize, radius: f32, colour: Colour, strength: f32) {
    let reach = radius as isize + 2;
    for (dx, dy) in (-reach..=reach).flat_map(|dx| (-reach..=reach).map(move |dy| (dx, dy))) {
        let distance = ((dx * dx + dy * dy) as f32).sqrt() / radius;
        if distance < 1.05 {
            let rim = 0.75 + 0.35 * smooth(0.78, 0.97, distance);
            canvas.shine(
                x + dx,
                y + dy,
                colour,
                strength * rim * smooth(1.04, 0.96, distance),
            );
        }
    }
}

/// A drop shows the street upside down: light below, dark above.
fn drop_of_water(canvas: &mut Canvas, x: isize, y: isize, radius: f32) {
    let reach = radius as isize + 1;
    let behind = canvas.get(x.unsigned_abs(), y.unsigned_abs());
    for (dx, dy) in (-reach..=reach).flat_map(|dx| (-reach..=reach).map(move |dy| (dx, dy))) {
        let distance = ((dx * dx) as f32 + (dy * dy) as f32 * 0.8).sqrt() / radius;
        let down = dy as f32 / radius;
        let light = mix(
            [0.02, 0.02, 0.04],
            plus(behind, [0.55, 0.48, 0.42], 0.5),
            smooth(-0.7, 0.9, down),
        );
        canvas.lay(x + dx, y + dy, light, smooth(1.0, 0.72, distance) * 0.72);
    }
    canvas.shine(x - reach / 3, y - reach / 3, [1.0; 3], 0.5);
}

fn glow(canvas: &mut Canvas, x: isize, y: isize, radius: isize, colour: Colour, strength: f32) {
    for (dx, dy) in (-radius..=radius).flat_map(|dx| (-radius..=radius).map(move |dy| (dx, dy))) {
        let distance = ((dx * dx + dy * dy) as f32).sqrt() / radius as f32;
        canvas.shine(
            x + dx,
            y + dy,
            colour,
            strength * smooth(1.0, 0.0, distance).powi(2),
        );
    }
}
