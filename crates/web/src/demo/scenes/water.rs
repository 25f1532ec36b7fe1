//! A sea under the sun and a lake under the aurora: light above, and what the water makes of it.

use super::canvas::{Canvas, Colour, gradient, mix, plus, smooth};
use super::noise::{Dice, Field, line};

const WIDTH: usize = 1152;
const HEIGHT: usize = 864;

/// The row of a wave field that lies at this depth below the horizon: far waves are flat and close together.
fn far_away(depth: f32) -> usize {
    (HEIGHT as f32 * 0.22 / (depth + 0.045)) as usize
}

/// The sun a hand's breadth above the sea.
pub(super) fn sea() -> Canvas {
    const HORIZON: f32 = 0.54;
    const SUN: (f32, f32) = (0.36, 0.43);
    const SKY: [(f32, Colour); 4] = [
        (0.0, [0.16, 0.27, 0.46]),
        (0.25, [0.45, 0.45, 0.58]),
        (0.45, [0.95, 0.64, 0.46]),
        (0.54, [1.0, 0.78, 0.52]),
    ];
    const WATER: [(f32, Colour); 4] = [
        (0.0, [0.88, 0.60, 0.44]),
        (0.05, [0.58, 0.42, 0.42]),
        (0.2, [0.22, 0.27, 0.36]),
        (0.46, [0.05, 0.11, 0.18]),
    ];
    let clouds = Field::new((WIDTH, HEIGHT), (3, 18), 5, 31);
    let waves = Field::new((WIDTH, HEIGHT), (26, 170), 3, 32);
    let swell = Field::new((WIDTH, HEIGHT), (6, 70), 2, 33);
    Canvas::new(WIDTH, HEIGHT, |x, y, u, v| {
        let across = (u - SUN.0) * 1.33;
        if v < HORIZON {
            let distance = (across * across + (v - SUN.1) * (v - SUN.1)).sqrt();
            let bank = smooth(0.50, 0.70, clouds.get(x, y)) * (1.0 - smooth(0.36, 0.52, v) * 0.75);
            let lit = (-distance * 3.2).exp();
            let cloud = mix([0.30, 0.30, 0.42], [1.0, 0.62, 0.40], lit + 0.25);
            let sky = mix(gradient(&SKY, v), cloud, bank * 0.75);
            let glow = (-distance * 4.5).exp() * 0.42 + (-distance * distance * 160.0).exp() * 0.4;
            let disc = smooth(0.043, 0.039, distance) * (1.0 - bank * 0.35);
            return mix(plus(sky, [1.0, 0.60, 0.28], glow), [1.0, 0.96, 0.80], disc);
        }
        let depth = v - HORIZON;
        let row = far_away(depth);
        let wave = waves.get(x, row) * 0.7 + swell.get(x, row) * 0.3 - 0.5;
        let water = plus(
            gradient(&WATER, depth),
            [0.9, 0.75, 0.7],
            wave * (0.16 + depth * 0.5),
        );
        // The path of the sun widens towards us and breaks on the waves.
        let offset = across / (0.035 + depth * 0.30);
        let path = (-offset * offset).exp();
        let sparkle = smooth(0.04, 0.16, wave) * 1.1 + 0.16;
        plus(
            water,
            [1.0, 0.70, 0.38],
            path * sparkle * (1.0 - depth * 0.9),
        )
    })
}

/// Northern lights over a lake that lies almost still.
pub(super) fn aurora() -> Canvas {
    const SHORE: f32 = 0.66;
    let veil = Field::new((WIDTH, HEIGHT), (70, 2), 3, 52);
    let ridge = line(WIDTH, 5, 6, 54);
    let curtains: Vec<(Vec<f32>, Vec<f32>)> = (0..3)
        .map(|number| {
            (
                line(WIDTH, 3, 3, 600 + number * 9),
                line(WIDTH, 9, 4, 640 + number * 9),
            )
        })
        .collect();
    let sky = Canvas::new(WIDTH, HEIGHT, |x, y, _, v| {
        let mountain = SHORE - 0.035 - ridge[x] * 0.11;
        if v > mountain {
            return plus(
                [0.012, 0.022, 0.035],
                [0.1, 0.5, 0.4],
                smooth(0.10, 0.0, v - mountain) * 0.03,
            );
        }
        let mut colour = gradient(
            &[
                (0.0, [0.015, 0.03, 0.085]),
                (0.5, [0.03, 0.10, 0.16]),
                (0.7, [0.10, 0.22, 0.24]),
            ],
            v,
        );
        for (number, (path, strength)) in (0_u8..).zip(&curtains) {
            let foot = 0.26 + 0.11 * f32::from(number) + (path[x] - 0.5) * 0.26;
            let above = foot - v;
            // Sharp below, fading upwards in rays.
            let ray = 0.35 + 0.9 * veil.get(x + usize::from(number) * 333, y);
            let fade = smooth(-0.03, 0.02, above) * (-above.max(0.0) * (5.0 + 2.0 * ray)).exp();
            let light = fade * ray * smooth(0.20, 0.85, strength[x]);
            let tint = mix(
                [0.20, 1.0, 0.55],
                [0.55, 0.25, 0.85],
                smooth(0.02, 0.30, above),
            );
            colour = plus(colour, tint, light * 0.80);
        }
        colour
    });
    let mut night = reflected(&sky, SHORE);
    let mut dice = Dice::new(17);
    for _ in 0..900 {
        let (x, v) = (
            dice.between(0.0, WIDTH as f32) as isize,
            dice.between(0.0, 0.52),
        );
        let strength = dice.between(0.0, 1.0).powi(4) * 0.9 + 0.1;
        let y = (v * HEIGHT as f32) as isize;
        night.shine(x, y, [0.9, 0.95, 1.0], strength);
        if strength > 0.6 {
            for (dx, dy) in [(-1, 0), (1, 0), (0, -1), (0, 1)] {
                night.shine(x + dx, y + dy, [0.9, 0.95, 1.0], strength * 0.3);
            }
        }
    }
    night
}

/// The upper part of a picture, and below the shore the same in water.
fn reflected(above: &Canvas, shore: f32) -> Canvas {
    let (width, height) = (above.width, above.height);
    let ripples = Field::new((width, height), (18, 200), 2, 56);
    Canvas::new(width, height, |x, y, _, v| {
        if v < shore {
            return above.get(x, y);
        }
        let depth = v - shore;
        let ripple = ripples.get(x, far_away(depth * 0.8)) - 0.5;
        let mirrored = shore - depth * 1.25 + ripple * (0.015 + depth * 0.16);
        let row = (mirrored.max(0.0) * height as f32) as usize;
        let aside = (x as f32 + ripple * 26.0 * (0.2 + depth * 3.0)).max(0.0) as usize;
        // Water smears upright, so a few rows make one.
        let rows = [0, 5, 11, 18].map(|step| above.get(aside, row.saturating_sub(step)));
        let seen = rows
            .iter()
            .fold([0.0; 3], |sum, &colour| plus(sum, colour, 0.25));
        plus(
            mix(seen, [0.01, 0.03, 0.05], 0.28 + depth * 0.6),
            [0.3, 0.6, 0.6],
            ripple * 0.03,
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn far_waves_lie_closer_together_than_near_ones() {
        let step = |depth: f32| far_away(depth).abs_diff(far_away(depth + 0.01));
        assert!(step(0.01) > 5 * step(0.2));
    }
}
