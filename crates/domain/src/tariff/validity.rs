//! From when to when a rule holds. Prices, surcharges and free days are dated; the day that counts is
//! the day of the visit.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// The days on which a rule holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Validity {
    /// First day; none for ever since.
    #[serde(default)]
    pub from: Option<Date>,
    /// Last day; none until further notice.
    #[serde(default)]
    pub to: Option<Date>,
}

impl Validity {
    /// Whether the rule holds on this day.
    #[must_use]
    pub fn covers(self, day: Date) -> bool {
        self.from.is_none_or(|from| from <= day) && self.to.is_none_or(|to| day <= to)
    }

    /// Whether both hold on some day.
    #[must_use]
    pub fn meets(self, other: Self) -> bool {
        let before = |one: Self, other: Self| {
            one.to.zip(other.from).is_some_and(|(last, first)| last < first)
        };
        !before(self, other) && !before(other, self)
    }

    /// Whether it does not end before it begins.
    #[must_use]
    pub fn is_ordered(self) -> bool {
        self.from.zip(self.to).is_none_or(|(from, to)| from <= to)
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn both_ends_are_days_on_which_the_rule_holds() {
        let december = Validity { from: Some(date(2026, 12, 1)), to: Some(date(2026, 12, 31)) };
        for (day, holds) in [(1, true), (31, true)] {
            assert_eq!(december.covers(date(2026, 12, day)), holds);
        }
        assert!(!december.covers(date(2026, 11, 30)) && !december.covers(date(2027, 1, 1)));
        assert!(Validity::default().covers(date(1997, 12, 11)));
        let after = Validity { from: Some(date(2027, 1, 1)), to: None };
        assert!(!december.meets(after) && !after.meets(december));
        assert!(december.meets(Validity::default()));
    }
}
