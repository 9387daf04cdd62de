//! What was found of a counter, and the words for it.

use serde::{Deserialize, Serialize};

use crate::text::Text;

/// What is wrong with a counter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Fault {
    /// It counts nobody where people come.
    Blind,
    /// It counts nobody at some hours, again and again, and counts at others.
    BlindHours,
    /// It counts the same number hour after hour.
    Stuck,
    /// What it counts is of other hours than it says: its clock is off.
    ClockShift,
    /// It counts far too few, from one day to the next: one of two eyes is out, or a part of the door is not seen.
    TooFew,
    /// It counts far too many: each person twice, or what is no person.
    TooMany,
    /// It loses people slowly, week after week.
    LosesSlowly,
    /// It counts more and more, week after week.
    GainsSlowly,
}

impl Fault {
    /// Every fault.
    pub const ALL: [Self; 8] = [
        Self::Blind,
        Self::BlindHours,
        Self::Stuck,
        Self::ClockShift,
        Self::TooFew,
        Self::TooMany,
        Self::LosesSlowly,
        Self::GainsSlowly,
    ];

    /// Whether it is one of how many, and so may turn out to be what is usual now.
    #[must_use]
    pub fn is_of_level(self) -> bool {
        matches!(self, Self::TooFew | Self::TooMany | Self::LosesSlowly | Self::GainsSlowly)
    }

    /// Whether it counts nobody.
    #[must_use]
    pub fn is_blind(self) -> bool {
        matches!(self, Self::Blind | Self::BlindHours)
    }

    /// What it is, in a few words.
    #[must_use]
    pub fn what(self) -> Text {
        let (it, en) = match self {
            Self::Blind => ("non conta nessuno", "counts nobody"),
            Self::BlindHours => ("in certe ore non conta nessuno", "counts nobody at some hours"),
            Self::Stuck => {
                ("conta sempre lo stesso numero", "counts the same number again and again")
            }
            Self::ClockShift => ("ha l’orologio spostato", "has its clock off"),
            Self::TooFew => ("conta troppo poco", "counts too few"),
            Self::TooMany => ("conta troppo", "counts too many"),
            Self::LosesSlowly => {
                ("perde persone, un poco alla volta", "loses people, little by little")
            }
            Self::GainsSlowly => ("conta sempre di più", "counts more and more"),
        };
        Text::new(it, en)
    }
}

/// A fault of a counter, from when to when, and on what that rests.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Finding {
    /// What is wrong.
    pub fault: Fault,
    /// The hour it most likely began, in hours since 1970.
    pub since: i64,
    /// The hour after which it was found.
    pub found: i64,
    /// The hour in which it was over; none while it lasts.
    pub over: Option<i64>,
    /// Whether it is over because what it counts became usual, not because that changed.
    pub became_usual: bool,
    /// People counted in the hours it was found by.
    pub counted: u64,
    /// People expected in them, rounded.
    pub expected: f64,
    /// How many hours these are.
    pub hours: u32,
    /// Of a clock: by how many hours what it counts comes later than it happened; less than nought is earlier.
    pub hours_late: i8,
    /// Whether it was judged beside other counters of the same place.
    pub beside_others: bool,
}

impl Finding {
    /// Whether an hour falls into it.
    #[must_use]
    pub fn covers(&self, at: i64) -> bool {
        self.since <= at && self.over.is_none_or(|over| at < over)
    }

    /// Whether it is the same fault as one that seemed to be over.
    pub(super) fn is_again(&self, before: &Self) -> bool {
        let too_few = |fault| matches!(fault, Fault::TooFew | Fault::LosesSlowly);
        let (one, other) = (self.fault, before.fault);
        let is_alike = if one.is_of_level() {
            other.is_of_level() && too_few(one) == too_few(other)
        } else {
            one == other || one.is_blind() && other.is_blind()
        };
        is_alike && self.hours_late == before.hours_late
    }

    /// On what it rests, in words that staff can check.
    #[must_use]
    pub fn evidence(&self) -> Text {
        let Self { counted, expected, hours, hours_late, .. } = self;
        let share = if *expected > 0.0 { whole(*counted) / expected * 100.0 } else { 0.0 };
        let numbers = Text::new(
            format!("in {hours} ore ha contato {counted} persone, attese circa {expected:.0}"),
            format!(
                "in {hours} hours it counted {counted} people, about {expected:.0} were expected"
            ),
        );
        let told = match self.fault {
            Fault::Blind | Fault::BlindHours => Text::new("", ""),
            Fault::Stuck => Text::new(
                format!(": lo stesso numero per {hours} ore di fila"),
                format!(": the same number {hours} hours in a row"),
            ),
            Fault::ClockShift => {
                let by = hours_late.unsigned_abs();
                let (it, en) =
                    if *hours_late > 0 { ("in ritardo", "late") } else { ("in anticipo", "early") };
                Text::new(
                    format!(
                        ": le ore della settimana tornano se le si sposta, l’orologio è {by} h {it}"
                    ),
                    format!(
                        ": the hours of the week fit once they are moved, the clock is {by} h {en}"
                    ),
                )
            }
            Fault::TooFew | Fault::TooMany | Fault::LosesSlowly | Fault::GainsSlowly => {
                Text::new(format!(", cioè il {share:.0} %"), format!(", that is {share:.0} %"))
            }
        };
        let beside = if self.beside_others && self.fault.is_of_level() {
            Text::new(
                "; gli altri contatori dello stesso luogo no",
                "; the other counters of the place did not",
            )
        } else {
            Text::new("", "")
        };
        Text::list([numbers, told, beside].into_iter(), "")
    }
}

/// A number of people as one to reckon with; past what any counter counts it is the largest.
pub(super) fn whole(people: u64) -> f64 {
    f64::from(u32::try_from(people).unwrap_or(u32::MAX))
}
