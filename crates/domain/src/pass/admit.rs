//! A pass at a gate: whether it admits here and now, and what that makes of it.

use jiff::Timestamp;

use super::{Entries, LastEntry, Opens, Pass, Visits, local_day};
use crate::admission::Reentry;
use crate::redemption::{Direction, Redemption, Refusal, Scan};
use crate::ticket::{Ticket, TicketState};

/// Decides on a pass shown at a gate whose line is up. A repeat under the gate's own nonce goes through
/// again, and changes nothing.
///
/// # Errors
/// The first reason not to let the visitor through.
pub(crate) fn admit(ticket: &Ticket, pass: &Pass, scan: &Scan<'_>) -> Result<Redemption, Refusal> {
    let id = ticket.entitlement.ticket;
    match &ticket.state {
        TicketState::Revoked { at } => return Err(Refusal::Revoked { ticket: id, at: *at }),
        TicketState::Replaced { at } => return Err(Refusal::Replaced { ticket: id, at: *at }),
        TicketState::Valid | TicketState::Redeemed { .. } => {}
    }
    let Some(opens) = pass.rule.at(scan.venue) else {
        let opens = pass.rule.opens.iter().map(|opens| opens.venue_id.clone()).collect();
        return Err(Refusal::PassElsewhere { venue: scan.venue.clone(), opens });
    };
    match scan.direction {
        Direction::Entry => enter(ticket, pass, opens, scan),
        Direction::Exit => leave(ticket, pass, scan),
    }
}

fn enter(
    ticket: &Ticket,
    pass: &Pass,
    opens: &Opens,
    scan: &Scan<'_>,
) -> Result<Redemption, Refusal> {
    let id = ticket.entitlement.ticket;
    let before = pass.used.at(scan.venue);
    if let Some(known) = before.map(|visits| &visits.last)
        && known.redemption == scan.uuid
    {
        return Ok(said_again(ticket, known, known.at, scan));
    }
    if let Some(area) =
        scan.area.filter(|area| !opens.areas.is_empty() && !opens.areas.contains(area))
    {
        return Err(Refusal::OtherArea { area: area.clone(), opens: opens.areas.clone() });
    }
    let window = pass.rule.window(&ticket.entitlement.slot, pass.used.first_at);
    if scan.at < window.from {
        return Err(Refusal::TooEarly { window });
    }
    if scan.at > window.until {
        return Err(Refusal::TooLate { window });
    }
    let is_back = before.is_some_and(|visits| is_back(ticket, &visits.last, scan.at));
    let entries = before.map_or(0, |visits| visits.entries);
    if let Some(visits) = before.filter(|_| !is_back) {
        let is_spent = match opens.entries {
            Entries::Times { times } => entries >= times,
            Entries::Daily => local_day(visits.last.at) == local_day(scan.at),
            Entries::Unlimited => false,
        };
        if is_spent {
            return Err(Refusal::PassSpent {
                ticket: id,
                venue: scan.venue.clone(),
                entries,
                at: visits.last.at,
                gate: visits.last.gate.clone(),
            });
        }
    }
    let last = LastEntry {
        at: scan.at,
        gate: scan.gate.clone(),
        redemption: scan.uuid,
        area: scan.area.cloned(),
        exit: None,
    };
    let visits =
        Visits { venue_id: scan.venue.clone(), entries: entries + u32::from(!is_back), last };
    Ok(done(ticket, pass, visits, scan))
}

/// Whether a visitor who went out comes back on the same day, by the product's rule.
fn is_back(ticket: &Ticket, last: &LastEntry, now: Timestamp) -> bool {
    ticket.admission.reentry == Reentry::SameDay
        && last.exit.is_some()
        && local_day(last.at) == local_day(now)
}

fn leave(ticket: &Ticket, pass: &Pass, scan: &Scan<'_>) -> Result<Redemption, Refusal> {
    let id = ticket.entitlement.ticket;
    let Some(visits) = pass.used.at(scan.venue) else {
        return Err(Refusal::NotInside { ticket: id });
    };
    if let Some((at, gate, uuid)) = &visits.last.exit {
        if *uuid == scan.uuid {
            return Ok(said_again(ticket, &visits.last, *at, scan));
        }
        return Err(Refusal::AlreadyOut { ticket: id, left_at: *at, gate: gate.clone() });
    }
    let mut visits = visits.clone();
    visits.last.exit = Some((scan.at, scan.gate.clone(), scan.uuid));
    Ok(done(ticket, pass, visits, scan))
}

/// The pass after an entry or exit.
fn done(ticket: &Ticket, pass: &Pass, visits: Visits, scan: &Scan<'_>) -> Redemption {
    let area = visits.last.area.clone();
    let after = pass.used.at(scan.venue).map(|before| {
        let last = &before.last;
        last.exit.as_ref().map_or(last.redemption, |(_, _, exit)| *exit)
    });
    let state = visits.last.clone().into();
    let mut used = pass.used.clone();
    used.changes = used.changes.saturating_add(1);
    used.first_at = used.first_at.or(Some(scan.at));
    used.visits.retain(|known| known.venue_id != visits.venue_id);
    used.visits.push(visits);
    let now = Pass { rule: pass.rule.clone(), used };
    let ticket = Ticket { state, pass: Some(now), ..ticket.clone() };
    Redemption {
        uuid: scan.uuid,
        venue: scan.venue.clone(),
        direction: scan.direction,
        gate: scan.gate.clone(),
        area,
        after,
        pass_before: Some(pass.used.clone()),
        ticket,
        redeemed_at: scan.at,
    }
}

fn said_again(ticket: &Ticket, last: &LastEntry, at: Timestamp, scan: &Scan<'_>) -> Redemption {
    let gate = match (&last.exit, scan.direction) {
        (Some((_, gate, _)), Direction::Exit) => gate.clone(),
        _ => last.gate.clone(),
    };
    Redemption {
        uuid: scan.uuid,
        venue: scan.venue.clone(),
        direction: scan.direction,
        gate,
        area: last.area.clone(),
        after: None,
        pass_before: None,
        ticket: ticket.clone(),
        redeemed_at: at,
    }
}
