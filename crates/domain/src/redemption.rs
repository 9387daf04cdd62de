//! At the gate: whether a ticket admits here and now, and if not, why and what to do; and taking an
//! entry back when the turnstile did not turn.

use jiff::{Timestamp, ToSpan};
use serde::{Deserialize, Serialize};

use crate::id::{CallerUuid, GateId, TicketId, VenueId};
use crate::ticket::{Entitlement, Ticket, TicketState};

/// Names these rules, so that a gate that decides by itself can tell whether it has the same.
pub const RULES_VERSION: &str = "2026-11";

/// How long before the slot starts the gate lets in, in minutes.
pub const EARLY_MINUTES: i64 = 30;

/// How long after the slot ended the gate still lets in, in minutes.
pub const LATE_MINUTES: i64 = 60;

/// How long after an entry its gate may take it back, in minutes.
pub const UNDO_MINUTES: i64 = 5;

/// How far the clock of a gate may run ahead of the platform's, in minutes.
pub const AHEAD_MAX_MINUTES: i64 = 2;

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

/// What a scan that admits is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Admission {
    /// An entry.
    New,
    /// The entry made before under the same nonce, whose answer was lost.
    Before {
        /// When it was made.
        at: Timestamp,
        /// Through which gate.
        gate: GateId,
    },
}

/// Decides on what a ticket entitles to and where it stands, as shown at a gate of `venue`.
///
/// # Errors
/// The first reason not to let the visitor in.
pub fn judge(
    entitlement: &Entitlement,
    state: &TicketState,
    venue: &VenueId,
    uuid: CallerUuid,
    now: Timestamp,
) -> Result<Admission, Refusal> {
    let ticket = entitlement.ticket;
    if &entitlement.venue != venue {
        return Err(Refusal::OtherVenue {
            venue: entitlement.venue.clone(),
            gate_venue: venue.clone(),
        });
    }
    match state {
        TicketState::Redeemed { at, gate, redemption } if *redemption == uuid => {
            return Ok(Admission::Before { at: *at, gate: gate.clone() });
        }
        TicketState::Redeemed { at, gate, .. } => {
            return Err(Refusal::AlreadyRedeemed { ticket, at: *at, gate: gate.clone() });
        }
        TicketState::Revoked { at } => return Err(Refusal::Revoked { ticket, at: *at }),
        TicketState::Replaced { at } => return Err(Refusal::Replaced { ticket, at: *at }),
        TicketState::Valid => {}
    }
    let admits_from = entitlement.slot.start - EARLY_MINUTES.minutes();
    let admitted_until = entitlement.slot.end + LATE_MINUTES.minutes();
    if now < admits_from {
        return Err(Refusal::TooEarly { admits_from });
    }
    if now > admitted_until {
        return Err(Refusal::TooLate { admitted_until });
    }
    Ok(Admission::New)
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
    let (gate, redeemed_at) = match judge(&ticket.entitlement, &ticket.state, venue, uuid, now)? {
        Admission::New => (gate.clone(), now),
        Admission::Before { at, gate } => (gate, at),
    };
    let state = TicketState::Redeemed { at: redeemed_at, gate: gate.clone(), redemption: uuid };
    Ok(Redemption { uuid, gate, redeemed_at, ticket: Ticket { state, ..ticket } })
}

/// An entry taken back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Undo {
    /// When the gate took it back.
    pub at: Timestamp,
    /// Why, in the words of the person at the gate.
    pub reason: String,
}

/// Why an entry is not taken back.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UndoRefusal {
    /// Another gate let in.
    #[error("the entry was made at gate `{gate}`")]
    OtherGate {
        /// The gate that did.
        gate: GateId,
    },
    /// It was taken back before it was made.
    #[error("the entry was made at {redeemed_at}, after it was taken back at {undone_at}")]
    BeforeEntry {
        /// When the entry was made.
        redeemed_at: Timestamp,
        /// When the gate says it took it back.
        undone_at: Timestamp,
    },
    /// The visitor has long gone in.
    #[error("the entry could be taken back until {until}")]
    TooLate {
        /// The last instant it could be taken back at.
        until: Timestamp,
    },
    /// The gate's clock is wrong.
    #[error("the entry was taken back at {undone_at}, which is after now, {now}")]
    Ahead {
        /// When the gate says it was.
        undone_at: Timestamp,
        /// The platform's time.
        now: Timestamp,
    },
}

/// Decides whether `gate` may take back, at `undone_at`, the entry that `entry_gate` made at
/// `redeemed_at`. A gate whose line was down says so afterwards, at `now`.
///
/// # Errors
/// The first reason why the entry stands.
pub fn undo(
    entry_gate: &GateId,
    redeemed_at: Timestamp,
    gate: &GateId,
    undone_at: Timestamp,
    now: Timestamp,
) -> Result<(), UndoRefusal> {
    if entry_gate != gate {
        return Err(UndoRefusal::OtherGate { gate: entry_gate.clone() });
    }
    if undone_at > now + AHEAD_MAX_MINUTES.minutes() {
        return Err(UndoRefusal::Ahead { undone_at, now });
    }
    if undone_at < redeemed_at {
        return Err(UndoRefusal::BeforeEntry { redeemed_at, undone_at });
    }
    let until = redeemed_at + UNDO_MINUTES.minutes();
    if undone_at > until {
        return Err(UndoRefusal::TooLate { until });
    }
    Ok(())
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

    #[test]
    fn an_entry_is_taken_back_by_its_own_gate_within_five_minutes() {
        let gate = |name| GateId::new(name).unwrap();
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let taken = |name, undone_at, now| {
            undo(&gate("main"), at("2026-11-24T09:10:00Z"), &gate(name), at(undone_at), at(now))
        };
        let (soon, late) = ("2026-11-24T09:15:00Z", "2026-11-24T09:15:01Z");
        assert_eq!(taken("main", soon, soon), Ok(()));
        assert_eq!(taken("main", soon, "2026-11-24T18:00:00Z"), Ok(()), "said afterwards");
        assert!(matches!(taken("main", late, late), Err(UndoRefusal::TooLate { .. })));
        assert!(matches!(taken("north", soon, soon), Err(UndoRefusal::OtherGate { .. })));
        let early = "2026-11-24T09:09:59Z";
        assert!(matches!(taken("main", early, soon), Err(UndoRefusal::BeforeEntry { .. })));
        let now = "2026-11-24T09:12:59Z";
        assert!(matches!(taken("main", soon, now), Err(UndoRefusal::Ahead { .. })));
    }
}
