//! Several tickets of one booking through a gate by one scan: how many came, who may pass, and which
//! tickets pass when a steward says how many of which unit go through. All of them or none.

use super::{Direction, Redemption, Refusal, Scan, pass};
use crate::id::{TicketId, UnitId};
use crate::premises::PREMISES_COUNTS_MAX;
use crate::text::Text;
use crate::ticket::{Ticket, TicketState};

/// So many people of one unit, as a steward asks for them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// The unit.
    pub unit: UnitId,
    /// How many of it go through.
    pub quantity: u32,
}

/// A ticket of a booking, as far as it is counted.
#[derive(Debug, Clone, Copy)]
pub struct Head<'a> {
    /// Its unit.
    pub unit: &'a UnitId,
    /// What the unit is called.
    pub name: &'a Text,
    /// Where it stands.
    pub state: &'a TicketState,
}

impl<'a> From<&'a Ticket> for Head<'a> {
    fn from(ticket: &'a Ticket) -> Self {
        Self { unit: &ticket.entitlement.unit, name: &ticket.unit_name, state: &ticket.state }
    }
}

/// How many people of one unit belong to a booking, and where they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Heads {
    /// The unit.
    pub unit: UnitId,
    /// What it is called.
    pub name: Text,
    /// Tickets that were not taken back.
    pub booked: u32,
    /// Those with which somebody has entered.
    pub came: u32,
    /// Those whose visitor has entered and not gone out since.
    pub inside: u32,
}

/// Why a party does not go through.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PartyError {
    /// Nobody is to go through.
    #[error("nobody of the party is to go through")]
    Nobody,
    /// A unit stands there twice, or none of it is asked for.
    #[error("the unit `{unit}` is asked for twice, or none of it is")]
    Unclear {
        /// Where in what was asked.
        at: usize,
        /// The unit.
        unit: UnitId,
    },
    /// The booking has no ticket of that unit.
    #[error("the booking has no ticket of the unit `{unit}`")]
    UnknownUnit {
        /// Where in what was asked.
        at: usize,
        /// The unit.
        unit: UnitId,
    },
    /// Fewer go through than are asked for.
    #[error("{able} of the unit `{unit}` can go through now, not {requested}")]
    TooFew {
        /// Where in what was asked.
        at: usize,
        /// The unit.
        unit: UnitId,
        /// How many are asked for.
        requested: u32,
        /// How many can.
        able: u32,
    },
    /// None of a unit goes through, and the first ticket of it says why.
    #[error(transparent)]
    Refused(Refusal),
    /// More places would be counted than one action can.
    #[error("the party is in more than {PREMISES_COUNTS_MAX} areas that are counted")]
    Scattered,
}

/// The people of a booking by unit, in the order of its tickets.
#[must_use]
pub fn heads<'a>(tickets: impl IntoIterator<Item = Head<'a>>) -> Vec<Heads> {
    let mut heads: Vec<Heads> = Vec::new();
    for Head { unit, name, state } in tickets {
        let (came, inside) = match state {
            TicketState::Valid => (0, 0),
            TicketState::Redeemed { exit, .. } => (1, u32::from(exit.is_none())),
            TicketState::Revoked { .. } | TicketState::Replaced { .. } => continue,
        };
        match heads.iter_mut().find(|heads| &heads.unit == unit) {
            Some(known) => {
                known.booked += 1;
                known.came += came;
                known.inside += inside;
            }
            None => {
                let (unit, name) = (unit.clone(), name.clone());
                heads.push(Heads { unit, name, booked: 1, came, inside });
            }
        }
    }
    heads
}

/// How many of a unit would go through by a scan.
#[must_use]
pub fn able(tickets: &[Ticket], unit: &UnitId, scan: &Scan<'_>) -> usize {
    let of_unit = tickets.iter().filter(|ticket| &ticket.entitlement.unit == unit);
    of_unit.filter(|ticket| passed(ticket, scan).is_ok()).count()
}

/// Checks what is asked for against the units that a booking has.
///
/// # Errors
/// The first line that cannot be meant.
pub fn check_party(asked: &[Asked], has_unit: impl Fn(&UnitId) -> bool) -> Result<(), PartyError> {
    if asked.is_empty() {
        return Err(PartyError::Nobody);
    }
    for (at, Asked { unit, quantity }) in asked.iter().enumerate() {
        let is_repeated = asked[..at].iter().any(|earlier| &earlier.unit == unit);
        if *quantity == 0 || is_repeated {
            return Err(PartyError::Unclear { at, unit: unit.clone() });
        }
        if !has_unit(unit) {
            return Err(PartyError::UnknownUnit { at, unit: unit.clone() });
        }
    }
    Ok(())
}

/// Decides which tickets of a booking go through when so many of each unit are asked for: the one that
/// was shown first, the others in their order. The nonce of the scan is fresh.
///
/// # Errors
/// The first reason why not all that were asked for go through; then nobody does.
pub fn pass_party(
    mut tickets: Vec<Ticket>,
    shown: TicketId,
    asked: &[Asked],
    scan: &Scan<'_>,
) -> Result<Vec<Redemption>, PartyError> {
    check_party(asked, |unit| tickets.iter().any(|ticket| &ticket.entitlement.unit == unit))?;
    tickets.sort_by_key(|ticket| ticket.entitlement.ticket != shown);
    let mut through = Vec::new();
    for (at, Asked { unit, quantity }) in asked.iter().enumerate() {
        through.extend(pass_unit(&tickets, at, unit, *quantity, scan)?);
    }
    let mut areas: Vec<_> = through.iter().filter_map(|one| one.area.as_ref()).collect();
    areas.sort();
    areas.dedup();
    if areas.len() > PREMISES_COUNTS_MAX {
        return Err(PartyError::Scattered);
    }
    Ok(through)
}

fn pass_unit(
    tickets: &[Ticket],
    at: usize,
    unit: &UnitId,
    quantity: u32,
    scan: &Scan<'_>,
) -> Result<Vec<Redemption>, PartyError> {
    let of_unit = tickets.iter().filter(|ticket| &ticket.entitlement.unit == unit);
    let mut refusal = None;
    let mut through = Vec::new();
    let mut able = 0;
    for ticket in of_unit {
        match passed(ticket, scan) {
            Ok(redemption) => {
                able += 1;
                if able <= quantity {
                    through.push(redemption);
                }
            }
            Err(why) => refusal = refusal.or(Some(why)),
        }
    }
    match refusal {
        Some(why) if able == 0 => Err(PartyError::Refused(why)),
        _ if able < quantity => {
            let (unit, requested) = (unit.clone(), quantity);
            Err(PartyError::TooFew { at, unit, requested, able })
        }
        _ => Ok(through),
    }
}

/// A ticket that goes through by this very scan.
fn passed(ticket: &Ticket, scan: &Scan<'_>) -> Result<Redemption, Refusal> {
    let redemption = pass(ticket.clone(), scan)?;
    if redemption.ticket.state != ticket.state {
        return Ok(redemption);
    }
    // It went through under this nonce before, by a scan of its own.
    let (ticket, at, gate) =
        (ticket.entitlement.ticket, redemption.redeemed_at, redemption.gate.clone());
    Err(match scan.direction {
        Direction::Entry => Refusal::AlreadyRedeemed { ticket, at, gate },
        Direction::Exit => Refusal::AlreadyOut { ticket, left_at: at, gate },
    })
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::id::{AreaId, GateId, VenueId};
    use crate::ticket::sample;

    const NOW: &str = "2026-11-24T09:10:00Z";

    fn unit(id: &str) -> UnitId {
        UnitId::new(id).unwrap()
    }

    /// Three pupils and a leader.
    fn class() -> Vec<Ticket> {
        let ticket = |number: u8, of: &str| {
            let mut ticket = sample::ticket();
            ticket.entitlement.ticket = TicketId::from_bytes([number; 10]);
            ticket.entitlement.unit = unit(of);
            ticket
        };
        vec![ticket(1, "pupil"), ticket(2, "pupil"), ticket(3, "pupil"), ticket(4, "leader")]
    }

    fn asked(asked: &[(&str, u32)]) -> Vec<Asked> {
        asked.iter().map(|(id, quantity)| Asked { unit: unit(id), quantity: *quantity }).collect()
    }

    fn goes(
        tickets: &[Ticket],
        direction: Direction,
        nonce: u128,
        party: &[(&str, u32)],
    ) -> Result<Vec<Redemption>, PartyError> {
        let (venue, gate) = (VenueId::new("20240").unwrap(), GateId::new("main").unwrap());
        let (uuid, at) = (Uuid::from_u128(nonce).into(), NOW.parse().unwrap());
        let scan = Scan { uuid, venue: &venue, gate: &gate, area: None, direction, at };
        let shown = TicketId::from_bytes([2; 10]);
        pass_party(tickets.to_vec(), shown, &asked(party), &scan)
    }

    /// The class after some went through.
    fn after(tickets: &[Ticket], through: &[Redemption]) -> Vec<Ticket> {
        let moved = |ticket: &Ticket| {
            let id = ticket.entitlement.ticket;
            let passed = through.iter().find(|one| one.ticket.entitlement.ticket == id);
            passed.map_or_else(|| ticket.clone(), |one| one.ticket.clone())
        };
        tickets.iter().map(moved).collect()
    }

    fn counted(tickets: &[Ticket], direction: Direction) -> Vec<(u32, u32, u32, usize)> {
        let (venue, gate) = (VenueId::new("20240").unwrap(), GateId::new("main").unwrap());
        let (uuid, at) = (Uuid::from_u128(99).into(), NOW.parse().unwrap());
        let scan = Scan { uuid, venue: &venue, gate: &gate, area: None, direction, at };
        let counted =
            |one: Heads| (one.booked, one.came, one.inside, able(tickets, &one.unit, &scan));
        heads(tickets.iter().map(Head::from)).into_iter().map(counted).collect()
    }

    #[test]
    fn two_of_three_pupils_and_their_leader_enter_and_the_third_comes_later() {
        let class = class();
        let first = goes(&class, Direction::Entry, 1, &[("pupil", 2), ("leader", 1)]).unwrap();
        let ids: Vec<_> = first.iter().map(|one| one.ticket.entitlement.ticket).collect();
        let id = |number: u8| TicketId::from_bytes([number; 10]);
        assert_eq!(ids, [id(2), id(1), id(4)], "the ticket that was shown goes first");
        let class = after(&class, &first);
        assert_eq!(counted(&class, Direction::Entry), [(3, 2, 2, 1), (1, 1, 1, 0)]);
        let late = goes(&class, Direction::Entry, 2, &[("pupil", 1)]).unwrap();
        assert_eq!(late[0].ticket.entitlement.ticket, id(3));
        let class = after(&class, &late);
        let more = goes(&class, Direction::Entry, 3, &[("pupil", 1)]).unwrap_err();
        assert!(matches!(more, PartyError::Refused(Refusal::AlreadyRedeemed { .. })));
    }

    #[test]
    fn more_than_are_left_let_nobody_in() {
        let class = class();
        let too_many = goes(&class, Direction::Entry, 1, &[("leader", 1), ("pupil", 4)]);
        let unit = unit("pupil");
        let expected = PartyError::TooFew { at: 1, unit, requested: 4, able: 3 };
        assert_eq!(too_many, Err(expected));
    }

    #[test]
    fn a_party_goes_out_by_its_entries_and_only_those_inside_do() {
        let class = class();
        let entries = goes(&class, Direction::Entry, 1, &[("pupil", 2)]).unwrap();
        let class = after(&class, &entries);
        let out = goes(&class, Direction::Exit, 2, &[("pupil", 2)]).unwrap();
        assert!(out.iter().all(|one| one.after == Some(entries[0].uuid)));
        let leader = goes(&class, Direction::Exit, 3, &[("leader", 1)]).unwrap_err();
        assert!(matches!(leader, PartyError::Refused(Refusal::NotInside { .. })));
        let class = after(&class, &out);
        assert_eq!(counted(&class, Direction::Exit), [(3, 2, 0, 0), (1, 0, 0, 0)]);
    }

    #[test]
    fn what_is_asked_for_unclearly_names_its_place() {
        let at = |party: &[(&str, u32)]| goes(&class(), Direction::Entry, 1, party).unwrap_err();
        assert_eq!(at(&[]), PartyError::Nobody);
        assert!(matches!(at(&[("pupil", 0)]), PartyError::Unclear { at: 0, .. }));
        assert!(matches!(at(&[("pupil", 1), ("pupil", 1)]), PartyError::Unclear { at: 1, .. }));
        assert!(matches!(at(&[("pupil", 1), ("adult", 1)]), PartyError::UnknownUnit { at: 1, .. }));
    }

    #[test]
    fn a_party_in_more_areas_than_one_action_counts_goes_out_in_parts() {
        let mut tickets = Vec::new();
        for number in 0..=u8::try_from(PREMISES_COUNTS_MAX).unwrap() {
            let mut ticket = sample::ticket();
            ticket.entitlement.ticket = TicketId::from_bytes([number; 10]);
            ticket.state = TicketState::Redeemed {
                at: NOW.parse().unwrap(),
                gate: GateId::new("main").unwrap(),
                redemption: Uuid::from_u128(u128::from(number)).into(),
                area: Some(AreaId::new(format!("room-{number}")).unwrap()),
                exit: None,
            };
            tickets.push(ticket);
        }
        let of = u32::try_from(tickets.len()).unwrap();
        let all = goes(&tickets, Direction::Exit, 1000, &[("adult", of)]);
        assert_eq!(all, Err(PartyError::Scattered));
        assert!(goes(&tickets, Direction::Exit, 1000, &[("adult", of - 1)]).is_ok());
    }
}
