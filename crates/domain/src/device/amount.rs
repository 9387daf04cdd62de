//! How much a sensor read: a decimal with six places, so that sums are exact and the same everywhere.

use std::fmt;

/// A quantity in millionths of its unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Amount(i64);

/// The value is not a number that a sensor may read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is not a number between -999999999999 and 999999999999")]
pub struct InvalidAmount;

impl Amount {
    const PER_UNIT: i64 = 1_000_000;
    /// Eighteen digits in all: what a decimal of the lake holds.
    const MOST: f64 = 999_999_999_999.0;

    /// The amount nearest to a number, to six decimal places.
    ///
    /// # Errors
    /// [`InvalidAmount`] when it is no number or out of bounds.
    pub fn nearest(value: f64) -> Result<Self, InvalidAmount> {
        if !value.is_finite() || value.abs() > Self::MOST {
            return Err(InvalidAmount);
        }
        // By way of its decimal digits: 21.3 is 21.300000, whatever is nearest to it in binary.
        let digits = format!("{value:.6}").replace('.', "");
        digits.parse().map(Self).map_err(|_| InvalidAmount)
    }

    /// The amount of so many millionths.
    #[must_use]
    pub fn from_millionths(millionths: i64) -> Self {
        Self(millionths)
    }

    /// In millionths of its unit.
    #[must_use]
    pub fn millionths(self) -> i64 {
        self.0
    }
}

impl fmt::Display for Amount {
    /// Writes it as a decimal without needless zeros: `21.3`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let (whole, part) = (
            self.0.unsigned_abs() / Self::PER_UNIT.unsigned_abs(),
            self.0.unsigned_abs() % Self::PER_UNIT.unsigned_abs(),
        );
        let text = format!("{sign}{whole}.{part:06}");
        f.write_str(text.trim_end_matches('0').trim_end_matches('.'))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_amount_is_the_decimal_that_was_written() {
        for (number, text) in [
            (21.3, "21.3"),
            (-0.5, "-0.5"),
            (0.0, "0"),
            (-0.0, "0"),
            (1e9, "1000000000"),
            (0.1 + 0.2, "0.3"),
        ] {
            assert_eq!(Amount::nearest(number).unwrap().to_string(), text);
        }
        for number in [f64::NAN, f64::INFINITY, 1e12] {
            assert_eq!(Amount::nearest(number), Err(InvalidAmount));
        }
    }
}
