//! Mountains, dunes and a wood: crest behind crest, each a little clearer than the one behind it.

use super::canvas::{Canvas, Colour, gradient, mix, plus, smooth};
use super::noise::{Dice, Field, line};

const WIDTH: usize = 1152;
const HEIGHT: usize = 864;

/// Layered mountains at dusk, with mist between them.
pub(super) fn mountains() -> Canvas {
    const SKY: [(f32, Colour); 5] = [
        (0.0, [0.13, 0.17, 0.34]),
        (0.2, [0.33, 0.30, 0.47]),
        (0.36, [0.70, 0.46, 0.50]),
        (0.47, [0.97, 0.66, 0.46]),
        (0.6, [1.0, 0.82, 0.60]),
    ];
    let streaks = Field::new((WIDTH, HEIGHT), (3, 26), 4, 11);
    let crests: Vec<Vec<f32>> = (0..7).map(mountain_crest).collect();
    let levels: Vec<Vec<f32>> = crests.iter().map(|crest| levelled(crest)).collect();
    Canvas::new(WIDTH, HEIGHT, |x, y, u, v| {
        // The nearest crest that reaches this high hides the others.
        let Some(layer) = (0..crests.len()).rev().find(|&layer| v > crests[layer][x]) else {
            let (across, down) = ((u - 0.64) * 1.33, v - 0.45);
            let distance = across * across + down * down;
            let glow = (-distance * 9.0).exp() * 0.35 + (-distance * 90.0).exp() * 0.5;
            let cloud = smooth(0.52, 0.78, streaks.get(x, y)) * smooth(0.03, 0.3, v) * 0.4;
            let sky = mix(gradient(&SKY, v), [1.0, 0.72, 0.56], cloud);
            return plus(sky, [1.0, 0.62, 0.30], glow);
        };
        let near = layer as f32 / 6.0;
        let rock = gradient(
            &[
                (0.0, [0.78, 0.52, 0.49]),
                (0.45, [0.42, 0.32, 0.42]),
                (1.0, [0.05, 0.07, 0.12]),
            ],
            near,
        );
        let mist = mix([0.98, 0.72, 0.58], [0.36, 0.34, 0.46], near);
        let below = smooth(-0.02, 0.17, v - levels[layer][x]);
        mix(rock, mist, below * (0.72 - 0.6 * near))
    })
}

fn mountain_crest(layer: usize) -> Vec<f32> {
    let near = layer as f32;
    let coarse = line(WIDTH, 2 + layer, 6, 40 + layer as u32 * 17);
    let trees = line(WIDTH, 260, 2, 90 + layer as u32);
    let heights = coarse.iter().zip(trees).map(|(coarse, tree)| {
        // Folded at half its height, a smooth line becomes peaks.
        let peak = 1.0 - (2.0 * coarse - 1.0).abs() * 1.4;
        let tips = if layer < 4 {
            0.0
        } else {
            (tree - 0.5).abs() * 0.006 * (near - 3.0)
        };
        0.50 + 0.077 * near - peak * (0.15 - 0.006 * near) - tips
    });
    heights.collect()
}

/// Mist lies level: it follows the mountain, not its every tooth.
fn levelled(crest: &[f32]) -> Vec<f32> {
    const REACH: usize = 70;
    let mut sums = vec![0.0];
    for height in crest {
        sums.push(sums[sums.len() - 1] + height);
    }
    let mean = |x: usize| {
        let (from, to) = (x.saturating_sub(REACH), (x + REACH).min(crest.len()));
        (sums[to] - sums[from]) / (to - from) as f32
    };
    (0..crest.len()).map(mean).collect()
}

/// Sand in the last light: every crest has a bright side and a dark one.
pub(super) fn dunes() -> Canvas {
    const SKY: [(f32, Colour); 3] = [
        (0.0, [0.36, 0.52, 0.70]),
        (0.25, [0.68, 0.74, 0.76]),
        (0.42, [0.97, 0.85, 0.68]),
    ];
    let layers: Vec<(Vec<f32>, Vec<f32>)> = (0..5)
        .map(|layer| {
            let wave = line(WIDTH, 3, 2, 300 + layer * 7);
            let base = 0.33 + 0.13 * layer as f32;
            let crest = wave
                .iter()
                .map(|height| base + (0.5 - height) * (0.20 + 0.06 * layer as f32))
                .collect();
            // Where the edge between light and shadow runs, going down from the crest.
            (crest, line(HEIGHT, 3, 3, 500 + layer * 5))
        })
        .collect();
    let ripples = Field::new((WIDTH, HEIGHT), (9, 120), 2, 77);
    let patches = Field::new((WIDTH, HEIGHT), (5, 9), 3, 78);
    Canvas::new(WIDTH, HEIGHT, |x, y, u, v| {
        let Some(layer) = (0..layers.len())
            .rev()
            .find(|&layer| v > layers[layer].0[x])
        else {
            let (across, down) = ((u - 0.15) * 1.33, v - 0.33);
            let glow = (-(across * across + down * down) * 7.0).exp() * 0.3;
            return plus(gradient(&SKY, v), [1.0, 0.75, 0.4], glow);
        };
        let (crest, edge) = &layers[layer];
        let ahead = crest[(x + 14).min(WIDTH - 1)];
        let behind = crest[x.saturating_sub(14)];
        let depth = v - crest[x];
        // The sun stands low on the left: what falls away to the right lies in shadow.
        let turn = (ahead - behind) * 30.0 + (edge[y] - 0.5) * 2.6 * depth.sqrt() + 0.12;
        let shadow = smooth(-0.05, 0.30, turn) * (1.0 - smooth(0.12, 0.40, depth) * 0.75);
        let ripple =
            (ripples.get(x, y) - 0.5) * smooth(0.0, 0.05, depth) * (0.10 + 0.06 * layer as f32);
        let patch = (patches.get(x, y) - 0.5) * 0.10;
        let far = 1.0 - layer as f32 / 4.0;
        let sand = mix([0.93, 0.63, 0.34], [0.45, 0.24, 0.19], shadow);
        let rim = smooth(0.018, 0.0, depth) * (1.0 - shadow) * 0.14;
        let lit = plus(
            sand,
            [1.0, 0.82, 0.6],
            ripple * (1.0 - shadow * 0.7) + patch + rim,
        );
        mix(lit, [0.93, 0.78, 0.62], far * 0.42)
    })
}

/// Spruces in a fog that takes the farther ones away.
pub(super) fn spruces() -> Canvas {
    const NARROW: usize = 720;
    const TALL: usize = 960;
    const AIR: [(f32, Colour); 3] = [
        (0.0, [0.83, 0.86, 0.85]),
        (0.5, [0.74, 0.79, 0.78]),
        (1.0, [0.56, 0.63, 0.62]),
    ];
    let drift = Field::new((NARROW, TALL), (3, 8), 4, 61);
    let mut wood = Canvas::new(NARROW, TALL, |x, y, _, v| {
        plus(gradient(&AIR, v), [1.0; 3], (drift.get(x, y) - 0.5) * 0.12)
    });
    let mut dice = Dice::new(9);
    for layer in 0..6 {
        let near = layer as f32 / 5.0;
        let bark = mix([0.66, 0.73, 0.72], [0.05, 0.09, 0.09], near.powf(0.8));
        for _ in 0..(24 - layer * 4) {
            let tree = Spruce {
                x: dice.between(-0.05, 1.05) * NARROW as f32,
                top: (0.40 + 0.02 * near - dice.between(0.0, 0.30) * (0.35 + near)) * TALL as f32,
                foot: (0.70 + 0.42 * near + dice.between(0.0, 0.05)) * TALL as f32,
            };
            tree.plant(&mut wood, bark, &mut dice);
        }
        // Fog gathers on the ground before the next row.
        let thick = 0.75 - 0.6 * near;
        for y in TALL / 3..TALL {
            let v = y as f32 / TALL as f32;
            for x in 0..NARROW {
                let share = smooth(
                    0.42 + 0.2 * near,
                    0.95 + 0.2 * near,
                    v + (drift.get(x, y + layer * 120) - 0.5) * 0.3,
                );
                wood.lay(x as isize, y as isize, gradient(&AIR, v), share * thick);
            }
        }
    }
    wood
}

struct Spruce {
    x: f32,
    top: f32,
    foot: f32,
}

impl Spruce {
    fn plant(&self, wood: &mut Canvas, bark: Colour, dice: &mut Dice) {
        let height = self.foot - self.top;
        let lean = dice.between(-0.01, 0.01) * height;
        let mut whorl = 0.0;
        let (mut left, mut right) = (1.0, 1.0);
        for y in self.top.max(0.0) as usize..(self.foot as usize).min(wood.height) {
            let down = (y as f32 - self.top) / height;
            // Branches come in whorls that hang a little, each as long as it happens to be.
            if down >= whorl {
                whorl = down + dice.between(0.010, 0.020);
                (left, right) = (dice.between(0.55, 1.15), dice.between(0.55, 1.15));
            }
            let hang = 1.0 - (whorl - down) * 34.0;
            let reach = height * 0.15 * down.powf(0.85) * hang.clamp(0.25, 1.0) + 1.0;
            let middle = self.x + lean * down;
            for x in (middle - reach * left) as isize..=(middle + reach * right) as isize {
                wood.lay(x, y as isize, bark, 0.94);
            }
        }
    }
}
