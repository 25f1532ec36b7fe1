//! Draws for tests, from a seed: whoever has the seed draws the same again.

/// Numbers that look random and follow from the first: a counter whose every value is well stirred (SplitMix64).
pub(super) struct Draws(u64);

impl Draws {
    pub(super) fn of_seed(seed: u64) -> Self {
        Self(seed)
    }

    /// A number below this one.
    ///
    /// What is drawn from here is so few that nobody sees how some come up a little more often.
    pub(super) fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut stirred = self.0;
        stirred = (stirred ^ (stirred >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        stirred = (stirred ^ (stirred >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        stirred ^= stirred >> 31;
        usize::try_from(stirred % bound.max(1) as u64).expect("it is below a `usize`")
    }

    pub(super) fn one_of<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.below(choices.len())]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_draws_the_same_again_and_another_one_does_not() {
        let drawn = |seed| {
            let mut draws = Draws::of_seed(seed);
            (0..20).map(|_| draws.below(1000)).collect::<Vec<_>>()
        };
        assert_eq!(drawn(7), drawn(7));
        assert_ne!(drawn(7), drawn(8));
    }

    #[test]
    fn everything_is_drawn_about_as_often() {
        let mut draws = Draws::of_seed(1);
        let mut drawn = [0; 8];
        for _ in 0..8000 {
            drawn[draws.below(8)] += 1;
        }
        assert!(
            drawn.iter().all(|times| (850..1150).contains(times)),
            "{drawn:?}"
        );
    }
}
