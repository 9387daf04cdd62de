//! What a pass must be so that it can be sold.

use std::collections::BTreeSet;

use jiff::civil::Date;

use super::{Entries, IDS_MAX_CHARS, PassRule, TERM_MAX_DAYS, Term, VENUES_MAX};
use crate::id::VenueId;
use crate::venue::{AvailabilityType, Product};

/// Why a venue cannot offer such a pass.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PassError {
    /// The season ends before it begins.
    #[error("the season from {from} to {to} ends before it begins")]
    SeasonOrder {
        /// Its first day.
        from: Date,
        /// Its last day.
        to: Date,
    },
    /// A term without a day, or a longer one than is taken.
    #[error("{days} days are not 1 to {TERM_MAX_DAYS}")]
    TermLength {
        /// Which number.
        field: &'static str,
        /// What was asked for.
        days: i32,
    },
    /// It opens no venue, or more than a ticket carries.
    #[error("the pass opens {venues} venues, not 1 to {VENUES_MAX}")]
    Venues {
        /// How many.
        venues: usize,
    },
    /// A venue is named twice.
    #[error("venue `{venue}` is named twice")]
    RepeatedVenue {
        /// The later place.
        index: usize,
        /// The venue.
        venue: VenueId,
    },
    /// A venue without a name.
    #[error("venue `{venue}` has no name of 1 to 120 characters")]
    Nameless {
        /// Which one.
        index: usize,
        /// The venue.
        venue: VenueId,
    },
    /// No entry at all.
    #[error("venue `{venue}` is opened 0 times")]
    NoEntry {
        /// Which one.
        index: usize,
        /// The venue.
        venue: VenueId,
    },
    /// The product has a part that only visits of a slot have.
    #[error("a pass has no `{part}`: that is for visits of a slot")]
    OfSlots {
        /// The part.
        part: &'static str,
    },
    /// The ids would not fit into a code that is scanned at once.
    #[error("the ids of pass and unit take {chars} characters, more than {IDS_MAX_CHARS}")]
    LongIds {
        /// Together.
        chars: usize,
    },
    /// Nobody books a pass for a time of day.
    #[error("a pass has no start times: its `availability_type` is OPENING_HOURS")]
    HasStartTimes,
}

impl PassError {
    /// The field at fault, within the product.
    #[must_use]
    pub fn field(&self) -> String {
        match self {
            Self::SeasonOrder { .. } => "pass.term.to".to_owned(),
            Self::TermLength { field, .. } => format!("pass.term.{field}"),
            Self::Venues { .. } => "pass.opens".to_owned(),
            Self::RepeatedVenue { index, .. } => format!("pass.opens[{index}].venue_id"),
            Self::Nameless { index, .. } => format!("pass.opens[{index}].name"),
            Self::NoEntry { index, .. } => format!("pass.opens[{index}].entries.times"),
            Self::OfSlots { part } => (*part).to_owned(),
            Self::LongIds { .. } => "id".to_owned(),
            Self::HasStartTimes => "availability_type".to_owned(),
        }
    }

    /// What to do about it.
    #[must_use]
    pub fn fix(&self) -> &'static str {
        match self {
            Self::SeasonOrder { .. } => "write the last day of the season, the first one or later",
            Self::TermLength { .. } => "write 1 to 731 days",
            Self::Venues { .. } => "name 1 to 30 venues",
            Self::RepeatedVenue { .. } => "name each venue once, with all its entries",
            Self::Nameless { .. } => "write what the venue is called, as it shall be printed",
            Self::NoEntry { .. } => "write 1 or more, or leave the venue out",
            Self::OfSlots { .. } => "leave the part out, or sell visits of slots",
            Self::LongIds { .. } => "give the pass and its units shorter ids",
            Self::HasStartTimes => "write OPENING_HOURS, or leave `pass` out",
        }
    }
}

impl Term {
    fn check(self) -> Result<(), PassError> {
        let within = |field, days: i32| {
            let fits = (1..=i32::from(TERM_MAX_DAYS)).contains(&days);
            if fits { Ok(()) } else { Err(PassError::TermLength { field, days }) }
        };
        match self {
            Self::Season { from, to } if to < from => Err(PassError::SeasonOrder { from, to }),
            Self::Season { from, to } => within("to", (to - from).get_days() + 1),
            Self::FromFirstEntry { days, first_within_days } => {
                within("days", days.into())?;
                within("first_within_days", first_within_days.into())
            }
        }
    }
}

impl PassRule {
    /// Checks that such a pass can be sold.
    ///
    /// # Errors
    /// The first part at fault.
    pub fn check(&self) -> Result<(), PassError> {
        self.term.check()?;
        if !(1..=VENUES_MAX).contains(&self.opens.len()) {
            return Err(PassError::Venues { venues: self.opens.len() });
        }
        let mut seen = BTreeSet::new();
        for (index, opens) in self.opens.iter().enumerate() {
            let venue = || opens.venue_id.clone();
            if !seen.insert(&opens.venue_id) {
                return Err(PassError::RepeatedVenue { index, venue: venue() });
            }
            if !(1..=120).contains(&opens.name.trim().chars().count()) {
                return Err(PassError::Nameless { index, venue: venue() });
            }
            if opens.entries == (Entries::Times { times: 0 }) {
                return Err(PassError::NoEntry { index, venue: venue() });
            }
        }
        Ok(())
    }
}

impl Product {
    /// Checks what a pass is and what only visits of a slot have.
    pub(crate) fn check_pass(&self) -> Result<(), PassError> {
        let Some(rule) = &self.pass else { return Ok(()) };
        if self.availability_type != AvailabilityType::OpeningHours {
            return Err(PassError::HasStartTimes);
        }
        let parts = [
            ("exchange", self.exchange.is_some()),
            ("groups", self.groups.is_some()),
            ("minimum", self.minimum.is_some()),
            ("shards", self.shards.is_some()),
            ("needs", !self.needs.is_empty()),
            ("pieces_max", self.pieces_max > 0),
            ("free_days", !self.free_days.is_empty()),
            ("on_sales", !self.on_sales.is_empty()),
            ("resellers", !self.resellers.is_closed()),
            ("admission.areas", !self.admission.areas.is_empty()),
        ];
        if let Some((part, _)) = parts.into_iter().find(|(_, is_there)| *is_there) {
            return Err(PassError::OfSlots { part });
        }
        let longest = self.all_units().map(|unit| unit.id.as_str().len()).max().unwrap_or(0);
        let chars = self.id.as_str().len() + longest;
        if chars > IDS_MAX_CHARS {
            return Err(PassError::LongIds { chars });
        }
        rule.check()
    }
}
