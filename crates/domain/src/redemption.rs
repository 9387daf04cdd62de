//! At the gate: whether a ticket admits here and now, and if not, why and what to do.

use jiff::{Timestamp, ToSpan};

use crate::id::{CallerUuid, GateId, TicketId, VenueId};
use crate::ticket::{Ticket, TicketState};

/// How long before the slot starts the gate lets in, in minutes.
pub const EARLY_MINUTES: i64 = 30;

/// How long after the slot ended the gate still lets in, in minutes.
pub const LATE_MINUTES: i64 = 60;

/// One entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Redemption {
    /// The gate's nonce.
    pub uuid: CallerUuid,
    /// The gate.
    pub gate: GateId,
    /// The ticket, as it was redeemed.
    pub ticket: Ticket,
    /// When.
    pub redeemed_at: Timestamp,
}

/// Why a ticket does not admit.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// It has admitted once.
    #[error("ticket `{}` was used at {at} at gate `{gate}`", .ticket.typed_code())]
    AlreadyRedeemed {
        /// The ticket.
        ticket: TicketId,
        /// When it was used.
        at: Timestamp,
        /// Where it was used.
        gate: GateId,
    },
    /// It was taken back.
    #[error("ticket `{}` was revoked at {at}", .ticket.typed_code())]
    Revoked {
        /// The ticket.
        ticket: TicketId,
        /// Since when.
        at: Timestamp,
    },
    /// The visitor took another in its place.
    #[error("ticket `{}` was replaced by a new one at {at}", .ticket.typed_code())]
    Replaced {
        /// The ticket.
        ticket: TicketId,
        /// Since when.
        at: Timestamp,
    },
    /// It is for another place.
    #[error("the ticket is for venue `{venue}`, this gate is at `{gate_venue}`")]
    OtherVenue {
        /// Where it admits.
        venue: VenueId,
        /// Where it was shown.
        gate_venue: VenueId,
    },
    /// The slot is not near yet.
    #[error("the ticket admits from {admits_from}")]
    TooEarly {
        /// The first instant it admits at.
        admits_from: Timestamp,
    },
    /// The slot is long over.
    #[error("the ticket admitted until {admitted_until}")]
    TooLate {
        /// The last instant it admitted at.
        admitted_until: Timestamp,
    },
}

/// Decides on a ticket shown at a gate. A repeat under the gate's own nonce admits again: it is the
/// same entry, whose answer was lost.
///
/// # Errors
/// The first reason not to let the visitor in.
pub fn admit(
    ticket: Ticket,
    venue: &VenueId,
    gate: &GateId,
    uuid: CallerUuid,
    now: Timestamp,
) -> Result<Redemption, Refusal> {
    let id = ticket.entitlement.ticket;
    if &ticket.entitlement.venue != venue {
        return Err(Refusal::OtherVenue {
            venue: ticket.entitlement.venue,
            gate_venue: venue.clone(),
        });
    }
    match &ticket.state {
        TicketState::Redeemed { at, gate, redemption } if *redemption == uuid => {
            return Ok(Redemption { uuid, gate: gate.clone(), redeemed_at: *at, ticket });
        }
        TicketState::Redeemed { at, gate, .. } => {
            return Err(Refusal::AlreadyRedeemed { ticket: id, at: *at, gate: gate.clone() });
        }
        TicketState::Revoked { at } => return Err(Refusal::Revoked { ticket: id, at: *at }),
        TicketState::Replaced { at } => return Err(Refusal::Replaced { ticket: id, at: *at }),
        TicketState::Valid => {}
    }
    let slot = &ticket.entitlement.slot;
    let admits_from = slot.start - EARLY_MINUTES.minutes();
    let admitted_until = slot.end + LATE_MINUTES.minutes();
    if now < admits_from {
        return Err(Refusal::TooEarly { admits_from });
    }
    if now > admitted_until {
        return Err(Refusal::TooLate { admitted_until });
    }
    let state = TicketState::Redeemed { at: now, gate: gate.clone(), redemption: uuid };
    Ok(Redemption {
        uuid,
        gate: gate.clone(),
        redeemed_at: now,
        ticket: Ticket { state, ..ticket },
    })
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::calendar::SlotTimes;
    use crate::id::{ProductId, UnitId};
    use crate::text::Text;
    use crate::ticket::Entitlement;

    fn ticket() -> Ticket {
        Ticket {
            entitlement: Entitlement {
                ticket: TicketId::from_bytes([7; 10]),
                venue: VenueId::new("20240").unwrap(),
                product: ProductId::new("admission").unwrap(),
                unit: UnitId::new("adult").unwrap(),
                slot: SlotTimes {
                    id: "2026-11-24T10:00".parse().unwrap(),
                    start: "2026-11-24T09:00:00Z".parse().unwrap(),
                    end: "2026-11-24T10:00:00Z".parse().unwrap(),
                },
            },
            unit_name: Text::new("Intero", "Adult"),
            reason: Text::new("Biglietto intero", "Full price"),
            document: None,
            booking: Uuid::nil().into(),
            issued_at: "2026-11-20T09:00:00Z".parse().unwrap(),
            state: TicketState::Valid,
        }
    }

    fn shown(ticket: Ticket, venue: &str, nonce: u128, now: &str) -> Result<Redemption, Refusal> {
        let venue = VenueId::new(venue).unwrap();
        let gate = GateId::new("main").unwrap();
        admit(ticket, &venue, &gate, Uuid::from_u128(nonce).into(), now.parse().unwrap())
    }

    #[test]
    fn a_ticket_admits_once_and_the_same_scan_again_is_the_same_entry() {
        let first = shown(ticket(), "20240", 1, "2026-11-24T09:10:00Z").unwrap();
        let again = shown(first.ticket.clone(), "20240", 1, "2026-11-24T09:11:00Z").unwrap();
        assert_eq!(again.redeemed_at, first.redeemed_at);
        let second = shown(first.ticket, "20240", 2, "2026-11-24T09:12:00Z");
        assert!(matches!(second, Err(Refusal::AlreadyRedeemed { .. })));
    }

    #[test]
    fn a_ticket_admits_from_half_an_hour_before_to_an_hour_after_its_slot() {
        let at = |now| shown(ticket(), "20240", 1, now);
        assert!(matches!(at("2026-11-24T08:29:59Z"), Err(Refusal::TooEarly { .. })));
        assert!(at("2026-11-24T08:30:00Z").is_ok());
        assert!(at("2026-11-24T11:00:00Z").is_ok());
        assert!(matches!(at("2026-11-24T11:00:01Z"), Err(Refusal::TooLate { .. })));
    }

    #[test]
    fn a_ticket_that_was_replaced_says_so() {
        let at = "2026-11-24T08:00:00Z".parse().unwrap();
        let replaced = Ticket { state: TicketState::Replaced { at }, ..ticket() };
        let refused = shown(replaced, "20240", 1, "2026-11-24T09:10:00Z").unwrap_err();
        assert_eq!(refused, Refusal::Replaced { ticket: TicketId::from_bytes([7; 10]), at });
    }

    #[test]
    fn a_ticket_admits_nowhere_else() {
        let elsewhere = shown(ticket(), "20514", 1, "2026-11-24T09:10:00Z");
        assert!(matches!(elsewhere, Err(Refusal::OtherVenue { .. })));
    }
}
