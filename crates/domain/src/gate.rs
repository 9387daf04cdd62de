//! Gates whose line is down: what they know ([`bundle`]), how they decide ([`offline`]), what they
//! tell the venue's other gates ([`claim`]), and what becomes of an entry when a gate sends it in
//! afterwards. The visitor is inside by then, so nothing is undone here; a ticket that had been used
//! elsewhere is a conflict for staff to look into.

pub mod bundle;
pub mod claim;
pub mod offline;

use jiff::{Timestamp, ToSpan};

use crate::id::{CallerUuid, GateId, TicketId, VenueId};
use crate::redemption::{AHEAD_MAX_MINUTES, Redemption, Refusal, Scan, pass};
use crate::ticket::Ticket;

/// One ticket that let in twice: the second entry to be sent in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conflict {
    /// The nonce of the entry sent in.
    pub uuid: CallerUuid,
    /// The ticket.
    pub ticket: TicketId,
    /// Where.
    pub venue: VenueId,
    /// The gate that sends the entry in.
    pub gate: GateId,
    /// When that gate let in.
    pub redeemed_at: Timestamp,
    /// The gate whose entry stands.
    pub standing_gate: GateId,
    /// When the entry that stands was made; may be later, for the first to be sent in stands.
    pub standing_redeemed_at: Timestamp,
}

/// Why an entry made offline does not stand.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unfiled {
    /// The gate's clock is wrong.
    #[error("the entry is of {redeemed_at}, which is after now, {now}")]
    Ahead {
        /// When the gate says it was.
        redeemed_at: Timestamp,
        /// The platform's time.
        now: Timestamp,
    },
    /// The ticket was used elsewhere too.
    #[error("the ticket was used at {} at gate `{}` too", .0.standing_redeemed_at, .0.standing_gate)]
    Conflict(Box<Conflict>),
    /// The ticket did not admit at that gate then.
    #[error(transparent)]
    Refused(Refusal),
}

/// Decides on an entry or exit that a gate made offline and sends in at `now`. Sent again, it is the
/// same one, or the same conflict. A visitor whom a gate let in again although they had gone out for
/// good is a conflict too, with the gate of the exit as the one that stands.
///
/// # Errors
/// The first reason why it does not stand.
pub fn file(ticket: Ticket, scan: &Scan<'_>, now: Timestamp) -> Result<Redemption, Unfiled> {
    let redeemed_at = scan.at;
    if redeemed_at > now + AHEAD_MAX_MINUTES.minutes() {
        return Err(Unfiled::Ahead { redeemed_at, now });
    }
    pass(ticket, scan).map_err(|refusal| match refusal {
        Refusal::AlreadyRedeemed { ticket, at, gate: standing_gate }
        | Refusal::NoReentry { ticket, left_at: at, gate: standing_gate } => {
            Unfiled::Conflict(Box::new(Conflict {
                uuid: scan.uuid,
                ticket,
                venue: scan.venue.clone(),
                gate: scan.gate.clone(),
                redeemed_at,
                standing_gate,
                standing_redeemed_at: at,
            }))
        }
        other => Unfiled::Refused(other),
    })
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::redemption::Direction;
    use crate::ticket::{TicketState, sample};

    fn ticket(state: TicketState) -> Ticket {
        Ticket { state, ..sample::ticket() }
    }

    fn sent(ticket: Ticket, gate: &str, nonce: u128, at: &str) -> Result<Redemption, Unfiled> {
        sent_to(ticket, Direction::Entry, gate, nonce, at)
    }

    fn sent_to(
        ticket: Ticket,
        direction: Direction,
        gate: &str,
        nonce: u128,
        at: &str,
    ) -> Result<Redemption, Unfiled> {
        let (venue, gate) = (VenueId::new("20240").unwrap(), GateId::new(gate).unwrap());
        let now = "2026-11-24T18:00:00Z".parse().unwrap();
        let (uuid, at) = (Uuid::from_u128(nonce).into(), at.parse().unwrap());
        let scan = Scan { uuid, venue: &venue, gate: &gate, area: None, direction, at };
        file(ticket, &scan, now)
    }

    #[test]
    fn an_exit_sent_in_at_night_is_an_exit_and_an_entry_after_it_a_conflict() {
        let entry = sent(ticket(TicketState::Valid), "north", 1, "2026-11-24T09:10:00Z").unwrap();
        let out = |ticket| sent_to(ticket, Direction::Exit, "south", 2, "2026-11-24T09:30:00Z");
        let exit = out(entry.ticket).unwrap();
        assert_eq!(exit.ticket.state, out(exit.ticket.clone()).unwrap().ticket.state);
        let again = sent(exit.ticket, "north", 3, "2026-11-24T09:40:00Z");
        let Err(Unfiled::Conflict(conflict)) = again else { panic!("{again:?}") };
        assert_eq!(conflict.standing_gate.as_str(), "south");
    }

    #[test]
    fn an_entry_sent_in_at_night_keeps_the_instant_of_the_morning() {
        let entry = sent(ticket(TicketState::Valid), "north", 1, "2026-11-24T09:10:00Z").unwrap();
        assert_eq!(entry.redeemed_at, "2026-11-24T09:10:00Z".parse().unwrap());
        let again = sent(entry.ticket.clone(), "north", 1, "2026-11-24T09:10:00Z").unwrap();
        assert_eq!(again, entry);
    }

    #[test]
    fn a_ticket_that_two_gates_let_in_is_a_conflict_that_names_both() {
        let north = sent(ticket(TicketState::Valid), "north", 1, "2026-11-24T09:10:00Z").unwrap();
        let south = sent(north.ticket, "south", 2, "2026-11-24T09:05:00Z");
        let Err(Unfiled::Conflict(conflict)) = south else { panic!("{south:?}") };
        assert_eq!((conflict.gate.as_str(), conflict.standing_gate.as_str()), ("south", "north"));
        assert_eq!(conflict.standing_redeemed_at, north.redeemed_at);
    }

    #[test]
    fn a_gate_whose_clock_runs_two_minutes_ahead_is_believed_and_no_further() {
        let near = sent(ticket(TicketState::Valid), "north", 1, "2026-11-24T18:02:00Z");
        assert!(matches!(near, Err(Unfiled::Refused(Refusal::TooLate { .. }))));
        let far = sent(ticket(TicketState::Valid), "north", 1, "2026-11-24T18:02:01Z");
        assert!(matches!(far, Err(Unfiled::Ahead { .. })));
    }

    #[test]
    fn a_revoked_ticket_is_no_entry_afterwards_either() {
        let at = "2026-11-24T08:00:00Z".parse().unwrap();
        let revoked = sent(ticket(TicketState::Revoked { at }), "north", 1, "2026-11-24T09:10:00Z");
        assert!(matches!(revoked, Err(Unfiled::Refused(Refusal::Revoked { .. }))));
    }
}
