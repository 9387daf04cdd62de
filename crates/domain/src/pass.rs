//! Passes: one ticket for several venues, or for several visits of one. A pass is a product without
//! slots: it is bought for a day from which it holds, its term says until when, and it counts its entries
//! venue by venue. What was sold holds as it was sold: the rule is copied into the booking at its hold and
//! into its tickets.

mod admit;
mod check;
#[cfg(test)]
mod tests;
mod words;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use serde::{Deserialize, Serialize};

use crate::admission::Window;
use crate::booking::Booking;
use crate::calendar::{Day, SlotTimes};
use crate::id::{AreaId, CallerUuid, GateId, ProductId, SlotId, VenueId};
use crate::text::Text;
use crate::ticket::{Exit, Ticket, TicketState};
use crate::venue::{Venue, time_zone};

pub(crate) use admit::admit;
pub use check::PassError;

/// Most venues that one pass opens: with their names they stand in each of its tickets.
pub const VENUES_MAX: usize = 30;

/// Longest term of a pass in days: two years, so that what is kept with it ends.
pub const TERM_MAX_DAYS: u16 = 731;

/// Most characters of the ids of a pass and its longest unit together: with them its code stays under
/// two hundred characters at every venue.
pub const IDS_MAX_CHARS: usize = 18;

/// Most passes of other venues that one venue honours.
pub const HONOURED_MAX: usize = 50;

/// What a pass is good for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PassRule {
    /// Until when it holds.
    pub term: Term,
    /// Where it admits, and how often.
    pub opens: Vec<Opens>,
}

/// Until when a pass holds. It never holds before the day that it was bought for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "SCREAMING_SNAKE_CASE", deny_unknown_fields)]
pub enum Term {
    /// Until the end of a season.
    Season {
        /// Its first day.
        from: Date,
        /// Its last day.
        to: Date,
    },
    /// So many days in a row from the first entry on, which must come in time.
    FromFirstEntry {
        /// Days on which it admits, that of the first entry with them.
        days: u16,
        /// Days on which it may be used for the first time, the one that it was bought for with them.
        first_within_days: u16,
    },
}

/// A venue that a pass opens.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Opens {
    /// The venue.
    pub venue_id: VenueId,
    /// What it is called, as printed on the pass.
    pub name: String,
    /// How often it admits there.
    pub entries: Entries,
    /// The areas that it opens there; the whole venue where none is named.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub areas: Vec<AreaId>,
}

/// How often a pass admits at a venue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "SCREAMING_SNAKE_CASE", deny_unknown_fields)]
pub enum Entries {
    /// So many times in all.
    Times {
        /// How many.
        times: u32,
    },
    /// Once a day.
    Daily,
    /// Any number of times.
    Unlimited,
}

/// A pass of a venue that another honours.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PassRef {
    /// The venue that sells it.
    pub venue_id: VenueId,
    /// The pass among its products.
    pub product_id: ProductId,
}

/// A pass as a ticket carries it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pass {
    /// What it is good for.
    pub rule: PassRule,
    /// What it was used for so far.
    pub used: Used,
}

/// What a pass was used for.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Used {
    /// Its first entry anywhere.
    pub first_at: Option<Timestamp>,
    /// One for each venue that it was used at.
    pub visits: Vec<Visits>,
    /// Counts what was done with it, so that of two gates at once one is first.
    pub changes: u32,
}

/// What a pass was used for at one venue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Visits {
    /// The venue.
    pub venue_id: VenueId,
    /// Entries so far; coming back on the day of one is none where the product lets in again.
    pub entries: u32,
    /// The last entry.
    pub last: LastEntry,
}

/// The last entry at a venue, and the exit after it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LastEntry {
    /// When.
    pub at: Timestamp,
    /// Through which gate.
    pub gate: GateId,
    /// Under which nonce of the gate.
    pub redemption: CallerUuid,
    /// To which area, where the gate named one.
    pub area: Option<AreaId>,
    /// That its visitor went out since: when, by which gate, under which nonce.
    pub exit: Option<(Timestamp, GateId, CallerUuid)>,
}

impl PassRule {
    /// Where it admits at a venue, if it does.
    #[must_use]
    pub fn at(&self, venue: &VenueId) -> Option<&Opens> {
        self.opens.iter().find(|opens| &opens.venue_id == venue)
    }

    /// The venues other than `seller` that it opens, each with its place in the rule.
    pub fn others<'a>(
        &'a self,
        seller: &'a VenueId,
    ) -> impl Iterator<Item = (usize, &'a VenueId)> + 'a {
        let opened = self.opens.iter().map(|opens| &opens.venue_id).enumerate();
        opened.filter(move |(_, venue)| *venue != seller)
    }

    /// What stands in the place of a slot: a pass bought for `day` holds from the first instant of it to
    /// the last one that its term may reach.
    #[must_use]
    pub fn day(&self, day: Date, zone: &TimeZone) -> Day {
        let last = match self.term {
            Term::Season { from, to } if from <= day && day <= to => to,
            Term::Season { from, to } => return Day::Closed { reason: season(from, to) },
            Term::FromFirstEntry { days, first_within_days } => {
                let more = i32::from(days) + i32::from(first_within_days) - 2;
                day.saturating_add(more.days())
            }
        };
        let start = day.to_datetime(jiff::civil::Time::midnight());
        let first = start.to_zoned_datetime(zone.clone()).map(|first| first.timestamp());
        match first {
            Ok(first) => {
                let slot =
                    SlotTimes { id: SlotId::starting(start), start: first, end: after(last) };
                Day::Open { slots: vec![slot] }
            }
            // The calendar ends long after the last pass.
            Err(_) => Day::Closed { reason: season(day, last) },
        }
    }

    /// The instant before which a pass bought for `slot` must be used for the first time.
    #[must_use]
    pub fn first_use_before(&self, slot: &SlotTimes) -> Timestamp {
        match self.term {
            Term::Season { .. } => slot.end,
            Term::FromFirstEntry { first_within_days, .. } => {
                after(slot.id.day().saturating_add((i32::from(first_within_days) - 1).days()))
            }
        }
    }

    /// When a pass bought for `slot` and first used at `first_at` admits.
    #[must_use]
    pub fn window(&self, slot: &SlotTimes, first_at: Option<Timestamp>) -> Window {
        let until = match (self.term, first_at) {
            (Term::FromFirstEntry { days, .. }, Some(first)) => {
                after(local_day(first).saturating_add((i32::from(days) - 1).days()))
            }
            _ => self.first_use_before(slot),
        };
        Window { from: slot.start, until: until - 1.second() }
    }
}

impl Used {
    /// What it was used for at a venue.
    #[must_use]
    pub fn at(&self, venue: &VenueId) -> Option<&Visits> {
        self.visits.iter().find(|visits| &visits.venue_id == venue)
    }

    /// Where the ticket stands by this: unused, or as its last entry or exit left it.
    #[must_use]
    pub fn state(&self) -> TicketState {
        let moved_at = |visits: &&Visits| {
            visits.last.exit.as_ref().map_or(visits.last.at, |(at, ..)| visits.last.at.max(*at))
        };
        let last = self.visits.iter().max_by_key(moved_at);
        last.map_or(TicketState::Valid, |visits| visits.last.clone().into())
    }
}

impl From<LastEntry> for TicketState {
    fn from(last: LastEntry) -> Self {
        let LastEntry { at, gate, redemption, area, exit } = last;
        let exit = exit.map(|(at, gate, uuid)| Exit { at, gate, uuid });
        Self::Redeemed { at, gate, redemption, area, exit }
    }
}

impl Pass {
    /// A pass that nobody used yet.
    #[must_use]
    pub fn unused(rule: PassRule) -> Self {
        Self { rule, used: Used::default() }
    }

    /// Entries that are left at a venue today; none where they are not counted, or not opened at all.
    #[must_use]
    pub fn entries_left(&self, opens: &Opens) -> Option<u32> {
        let entries = self.used.at(&opens.venue_id).map_or(0, |visits| visits.entries);
        match opens.entries {
            Entries::Times { times } => Some(times.saturating_sub(entries)),
            Entries::Daily | Entries::Unlimited => None,
        }
    }
}

impl Ticket {
    /// The ticket as a venue sees it: of a pass only what was done there.
    #[must_use]
    pub fn seen_at(&self, venue: &VenueId) -> Self {
        let Some(pass) = &self.pass else { return self.clone() };
        let state = match &self.state {
            TicketState::Valid | TicketState::Redeemed { .. } => {
                pass.used.at(venue).map_or(TicketState::Valid, |visits| visits.last.clone().into())
            }
            taken_back => taken_back.clone(),
        };
        Self { state, ..self.clone() }
    }

    /// The ticket as it stood before an entry that was taken back: used as `before`.
    #[must_use]
    pub fn used_as(mut self, before: Used) -> Self {
        if let Some(pass) = &mut self.pass {
            let changes = pass.used.changes.saturating_add(1);
            self.state = before.state();
            pass.used = Used { changes, ..before };
        }
        self
    }
}

impl Booking {
    /// When the visit begins. That of a pass begins with its first use, of which the booking does not know:
    /// with the last instant for it.
    #[must_use]
    pub fn begins_at(&self) -> Timestamp {
        match (&self.moving, &self.pass) {
            // The venue cannot keep its word, so the visitor has until the deadline.
            (Some(offer), _) => offer.until,
            (None, Some(rule)) => rule.first_use_before(&self.slot),
            (None, None) => self.slot.start,
        }
    }
}

impl Venue {
    /// Whether it lets in with a pass of another venue.
    #[must_use]
    pub fn honours(&self, seller: &VenueId, product: &ProductId) -> bool {
        let is_it = |pass: &&PassRef| &pass.venue_id == seller && &pass.product_id == product;
        self.honoured_passes.iter().any(|pass| is_it(&pass))
    }
}

fn season(from: Date, to: Date) -> Text {
    Text::new(
        format!("la tessera vale dal {from} al {to}"),
        format!("the pass is for {from} to {to}"),
    )
}

/// The first instant after a day.
fn after(day: Date) -> Timestamp {
    let next = day.saturating_add(1.day()).to_zoned_datetime(time_zone());
    // The calendar ends long after the last pass.
    next.map_or(Timestamp::MAX, |midnight| midnight.timestamp())
}

/// The day at the venues.
fn local_day(at: Timestamp) -> Date {
    at.to_zoned_datetime(time_zone()).date()
}
