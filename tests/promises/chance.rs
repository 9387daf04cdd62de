//! Chance that can be repeated: `SplitMix64` from a printed seed.

#![expect(clippy::unwrap_used, reason = "a failed expectation of a test is a panic")]

/// Draws numbers.
#[derive(Debug, Clone)]
pub(super) struct Chance(u64);

impl Chance {
    /// From the seed that a variable of the environment names, or a fresh one; whoever draws prints it.
    pub(super) fn of_this_run(variable: &str) -> (Self, u64) {
        let given = std::env::var(variable).ok().map(|seed| seed.parse().unwrap());
        let seed = given.unwrap_or_else(|| uuid::Uuid::new_v4().as_u64_pair().0);
        (Self::from_seed(seed), seed)
    }

    /// From this seed.
    pub(super) fn from_seed(seed: u64) -> Self {
        Self(seed)
    }

    /// A number below `bound`.
    pub(super) fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }

    /// A stream of its own for someone else.
    pub(super) fn fork(&mut self) -> Self {
        Self(self.next())
    }

    /// True so many times in a hundred.
    pub(super) fn percent(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }

    /// One of these.
    ///
    /// # Panics
    /// Where there are none.
    pub(super) fn one_of<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[usize::try_from(self.below(of.len() as u64)).unwrap()]
    }

    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}
