//! A ticket: what it entitles to, for whom it was issued and where it stands. Its code, the keys that
//! sign codes, the set that is published of them and its re-issue are the modules below.

mod code;
mod key_set;
mod keys;
mod reissue;

use jiff::Timestamp;

use crate::admission::AdmissionRule;
use crate::booking::Booking;
use crate::calendar::SlotTimes;
use crate::id::{AreaId, CallerUuid, GateId, ProductId, TicketId, UnitId, VenueId};
use crate::pass::Pass;
use crate::text::Text;

pub use code::{CODE_PREFIX, CodeError, sign, verify};
pub use key_set::{KeySet, PublishedKey, Signed, Signer, WithdrawnKey};
pub use keys::{KeyError, KeyRing, KeySeed, KeyTerm, key_id, shown_until, withdraw};
pub use reissue::{REISSUES_MAX, Reissue, ReissueError, Reissued, reissue};

/// What a ticket entitles to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entitlement {
    /// The ticket.
    pub ticket: TicketId,
    /// Where.
    pub venue: VenueId,
    /// To what.
    pub product: ProductId,
    /// As whom.
    pub unit: UnitId,
    /// From when to when.
    pub slot: SlotTimes,
    /// To one visit, or to those of a pass.
    pub grant: Grant,
}

/// What a code says of the kind of a ticket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Grant {
    /// A visit of a slot, at the one venue.
    Visit,
    /// A pass: the venue is the one that sold it, the slot its longest term. What it opens and what is left of
    /// it the platform knows.
    Pass,
}

/// A ticket as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ticket {
    /// What it entitles to.
    pub entitlement: Entitlement,
    /// What the unit is called.
    pub unit_name: Text,
    /// Why it cost what it cost.
    pub reason: Text,
    /// The document to show, where one is needed.
    pub document: Option<Text>,
    /// How it admits.
    pub admission: AdmissionRule,
    /// What it is good for and was used for, where it is a pass.
    pub pass: Option<Pass>,
    /// The booking it was issued for. While its sale has not come in, a uuid that no booking has.
    pub booking: CallerUuid,
    /// The lease that it was issued with, while its sale has not come in: until then only its signed code
    /// says as whom it admits.
    pub lease: Option<CallerUuid>,
    /// When it was issued.
    pub issued_at: Timestamp,
    /// Where it stands.
    pub state: TicketState,
}

/// Where a ticket stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TicketState {
    /// Admits.
    Valid,
    /// Has admitted.
    Redeemed {
        /// When, the last time.
        at: Timestamp,
        /// Through which gate.
        gate: GateId,
        /// Under which nonce of the gate.
        redemption: CallerUuid,
        /// To which area, where the gate named one.
        area: Option<AreaId>,
        /// That its visitor went out since.
        exit: Option<Exit>,
    },
    /// Admits no more.
    Revoked {
        /// Since when.
        at: Timestamp,
    },
    /// Admits no more, for the visitor took another in its place.
    Replaced {
        /// Since when.
        at: Timestamp,
    },
}

/// How a visitor went out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exit {
    /// When.
    pub at: Timestamp,
    /// Through which gate.
    pub gate: GateId,
    /// Under which nonce of the gate.
    pub uuid: CallerUuid,
}

impl TicketState {
    /// The state as written in answers and items.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Valid => "VALID",
            Self::Redeemed { .. } => "REDEEMED",
            Self::Revoked { .. } | Self::Replaced { .. } => "REVOKED",
        }
    }
}

/// The tickets of a booking, one for each place, under the ids given; as many as there are ids, so
/// the caller brings [`Booking::places`] of them.
#[must_use]
pub fn issue(
    booking: &Booking,
    ids: impl IntoIterator<Item = TicketId>,
    now: Timestamp,
) -> Vec<Ticket> {
    let holders = booking.units.iter().flat_map(|line| (0..line.quantity).map(move |_| line));
    holders
        .zip(ids)
        .map(|(line, ticket)| Ticket {
            entitlement: Entitlement {
                ticket,
                venue: booking.venue_id.clone(),
                product: booking.product_id.clone(),
                unit: line.unit_id.clone(),
                slot: booking.slot,
                grant: if booking.pass.is_some() { Grant::Pass } else { Grant::Visit },
            },
            unit_name: line.name.clone(),
            reason: line.reason.clone(),
            document: line.document.clone(),
            admission: booking.admission.clone(),
            pass: booking.pass.clone().map(Pass::unused),
            booking: booking.uuid,
            lease: None,
            issued_at: now,
            state: TicketState::Valid,
        })
        .collect()
}

impl Ticket {
    /// Where it stands, as written in answers and items.
    #[must_use]
    pub fn status(&self) -> &'static str {
        match (&self.state, self.lease) {
            (TicketState::Valid, Some(_)) => "LEASED",
            (state, _) => state.name(),
        }
    }
}

/// What the tests of tickets begin with.
#[cfg(test)]
pub(crate) mod sample {
    use super::*;

    /// One adult at a museum on a Tuesday at ten.
    pub(crate) fn entitlement() -> Entitlement {
        Entitlement {
            ticket: TicketId::from_bytes([7; 10]),
            venue: VenueId::new("20240").unwrap(),
            product: ProductId::new("admission").unwrap(),
            unit: UnitId::new("adult").unwrap(),
            slot: SlotTimes {
                id: "2026-11-24T10:00".parse().unwrap(),
                start: "2026-11-24T09:00:00Z".parse().unwrap(),
                end: "2026-11-24T10:00:00Z".parse().unwrap(),
            },
            grant: Grant::Visit,
        }
    }

    /// Their ticket, which admits.
    pub(crate) fn ticket() -> Ticket {
        Ticket {
            entitlement: entitlement(),
            unit_name: Text::new("Intero", "Adult"),
            reason: Text::new("Biglietto intero", "Full price"),
            document: None,
            admission: AdmissionRule::default(),
            pass: None,
            booking: uuid::Uuid::nil().into(),
            lease: None,
            issued_at: "2026-11-20T09:00:00Z".parse().unwrap(),
            state: TicketState::Valid,
        }
    }
}
