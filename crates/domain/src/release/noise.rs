//! Exact discrete Laplace noise: Canonne, Kamath, Steinke, "The Discrete Gaussian for Differential
//! Privacy" (2020), algorithms 1 and 2. All drawing is done in whole numbers, for the rounding of
//! floating-point noise has been used to undo it (Mironov 2012).

use std::num::NonZeroU32;

use super::Epsilon;

/// The scale of discrete Laplace noise, an exact fraction: the noise is x with a probability in
/// proportion to e^(-|x| / scale).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Scale {
    numerator: NonZeroU32,
    denominator: NonZeroU32,
}

impl Scale {
    /// The scale that hides one unit which adds at most `bound`, at that cost. Without a budget there is
    /// no such scale: a loss below one thousandth counts as one.
    #[must_use]
    pub fn of(bound: u32, epsilon: Epsilon) -> Self {
        let positive = |number| NonZeroU32::new(number).unwrap_or(NonZeroU32::MIN);
        Self {
            numerator: positive(bound.saturating_mul(1_000)),
            denominator: positive(epsilon.as_thousandths()),
        }
    }

    /// The scale as a number, for showing it.
    #[must_use]
    pub fn value(self) -> f64 {
        f64::from(self.numerator.get()) / f64::from(self.denominator.get())
    }

    /// The smallest whole number that the noise reaches with at most this probability.
    #[must_use]
    pub fn exceeded_with(self, probability: f64) -> u32 {
        let mut at = 1;
        while self.tail(at) > probability && at < u32::MAX {
            at += 1;
        }
        at
    }

    /// Half of the interval that holds the noise with 95 % probability.
    #[must_use]
    pub fn half_width(self) -> u32 {
        self.exceeded_with(0.025) - 1
    }

    /// The probability that the noise is `at` or more, for `at` of one or more.
    #[must_use]
    pub fn tail(self, at: u32) -> f64 {
        let ratio = (-1.0 / self.value()).exp();
        (-f64::from(at) / self.value()).exp() / (1.0 + ratio)
    }
}

/// Draws noise of that scale from uniform random words.
pub fn discrete_laplace(scale: Scale, random: &mut impl FnMut() -> u64) -> i64 {
    let numerator = u64::from(scale.numerator.get());
    loop {
        let remainder = below(numerator, random);
        if !survives(remainder, numerator, random) {
            continue;
        }
        let mut whole: u64 = 0;
        while survives(1, 1, random) {
            whole = whole.saturating_add(1);
        }
        let drawn = whole.saturating_mul(numerator).saturating_add(remainder);
        let magnitude = drawn / u64::from(scale.denominator.get());
        let is_negative = below(2, random) == 1;
        // Zero has one sign, or it would come up twice as often as it should.
        if is_negative && magnitude == 0 {
            continue;
        }
        let magnitude = i64::try_from(magnitude).unwrap_or(i64::MAX);
        return if is_negative { -magnitude } else { magnitude };
    }
}

/// True with probability e^(-part / whole), for `part` of at most `whole` (von Neumann's way: one minus
/// the series of the exponential, term by term).
fn survives(part: u64, whole: u64, random: &mut impl FnMut() -> u64) -> bool {
    let mut term: u64 = 1;
    while below(whole.saturating_mul(term), random) < part {
        term += 1;
    }
    term % 2 == 1
}

/// A number below `bound`, each as likely as any other.
fn below(bound: u64, random: &mut impl FnMut() -> u64) -> u64 {
    let bound = bound.max(1);
    // Words at or above the last multiple of the bound would favour the small numbers.
    let usable = u64::MAX - u64::MAX % bound;
    loop {
        let word = random();
        if word < usable {
            return word % bound;
        }
    }
}
