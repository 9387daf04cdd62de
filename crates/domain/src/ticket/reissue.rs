//! Re-issue: the holder of a booking takes a new ticket for one whose code is lost or seen by
//! others. The old code admits no more from that moment on.

use jiff::Timestamp;

use super::{Ticket, TicketState};
use crate::id::{CallerUuid, TicketId};

/// How often in a row a ticket is replaced. Enough for a lost phone and a misprint; who needs more
/// may be handing out tickets, and is seen by a person at the venue.
pub const REISSUES_MAX: usize = 3;

/// A ticket in another's place, as recorded with the booking.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reissue {
    /// The caller's key of the request.
    pub uuid: CallerUuid,
    /// The ticket that was replaced.
    pub old: TicketId,
    /// The ticket in its place.
    pub new: TicketId,
    /// When.
    pub at: Timestamp,
}

/// What a re-issue changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reissued {
    /// The old ticket, which admits no more.
    pub old: Ticket,
    /// The new one.
    pub new: Ticket,
    /// The record.
    pub record: Reissue,
}

/// Why a ticket is not issued again.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReissueError {
    /// Only a ticket that would admit is replaced.
    #[error("ticket `{}` is {state}, only a VALID one is issued again", .ticket.typed_code())]
    NotValid {
        /// The ticket.
        ticket: TicketId,
        /// Where it stands.
        state: &'static str,
    },
    /// It stands in the place of others already.
    #[error("ticket `{}` was issued again {REISSUES_MAX} times, no more is done online", .ticket.typed_code())]
    TooOften {
        /// The ticket.
        ticket: TicketId,
    },
}

/// Puts a ticket under the id `fresh` in the place of another, given the re-issues of the booking
/// `before`.
///
/// # Errors
/// The ticket admits no more, or was replaced too often.
pub fn reissue(
    ticket: Ticket,
    before: &[Reissue],
    uuid: CallerUuid,
    fresh: TicketId,
    now: Timestamp,
) -> Result<Reissued, ReissueError> {
    let id = ticket.entitlement.ticket;
    // A pass goes on with what is left of it.
    let goes_on = ticket.pass.is_some() && matches!(ticket.state, TicketState::Redeemed { .. });
    if ticket.state != TicketState::Valid && !goes_on {
        return Err(ReissueError::NotValid { ticket: id, state: ticket.state.name() });
    }
    let mut place = id;
    let mut times = 0;
    while let Some(earlier) = before.iter().find(|reissue| reissue.new == place) {
        place = earlier.old;
        times += 1;
        if times == REISSUES_MAX {
            return Err(ReissueError::TooOften { ticket: id });
        }
    }
    let mut old = Ticket { state: TicketState::Replaced { at: now }, ..ticket.clone() };
    if let Some(pass) = &mut old.pass {
        pass.used.changes = pass.used.changes.saturating_add(1);
    }
    let mut new = Ticket { issued_at: now, ..ticket };
    new.entitlement.ticket = fresh;
    Ok(Reissued { old, new, record: Reissue { uuid, old: id, new: fresh, at: now } })
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::id::GateId;
    use crate::ticket::sample;

    fn id(number: u8) -> TicketId {
        TicketId::from_bytes([number; 10])
    }

    fn ticket(number: u8) -> Ticket {
        let mut ticket = sample::ticket();
        ticket.entitlement.ticket = id(number);
        ticket
    }

    fn again(ticket: Ticket, before: &[Reissue], fresh: u8) -> Result<Reissued, ReissueError> {
        let uuid = Uuid::from_u128(u128::from(fresh)).into();
        reissue(ticket, before, uuid, id(fresh), "2026-11-23T18:00:00Z".parse().unwrap())
    }

    #[test]
    fn the_new_ticket_entitles_to_the_same_and_the_old_one_to_nothing() {
        let reissued = again(ticket(1), &[], 2).unwrap();
        assert_eq!(reissued.old.state.name(), "REVOKED");
        assert_eq!(reissued.new.state, TicketState::Valid);
        let mut same = reissued.new.entitlement;
        same.ticket = id(1);
        assert_eq!(same, ticket(1).entitlement);
    }

    #[test]
    fn a_ticket_that_was_used_or_replaced_is_not_issued_again() {
        let at = "2026-11-24T09:10:00Z".parse().unwrap();
        let (gate, redemption) = (GateId::new("main").unwrap(), Uuid::nil().into());
        for state in [
            TicketState::Redeemed { at, gate, redemption, area: None, exit: None },
            TicketState::Revoked { at },
            TicketState::Replaced { at },
        ] {
            let refused = again(Ticket { state, ..ticket(1) }, &[], 2);
            assert!(matches!(refused, Err(ReissueError::NotValid { .. })));
        }
    }

    #[test]
    fn a_ticket_is_issued_again_three_times_whatever_others_of_the_party_did() {
        let mut before = Vec::new();
        let mut current = ticket(1);
        for fresh in 2..5 {
            let reissued = again(current, &before, fresh).unwrap();
            before.push(reissued.record);
            current = reissued.new;
        }
        let refused = again(current, &before, 5);
        assert_eq!(refused, Err(ReissueError::TooOften { ticket: id(4) }));
        assert!(again(ticket(9), &before, 10).is_ok());
    }
}
