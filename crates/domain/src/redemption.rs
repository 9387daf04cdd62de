//! At the gate: whether a ticket admits here and now, and if not, why and what to do; letting its
//! visitor out again; taking an entry back when the turnstile did not turn; and the same for a party.

mod party;

use jiff::{Timestamp, ToSpan};
use serde::{Deserialize, Serialize};

use crate::admission::{AdmissionRule, Window};
use crate::calendar::SlotTimes;
use crate::id::{AreaId, CallerUuid, GateId, SlotId, TicketId, VenueId};
use crate::pass::{Used, admit};
use crate::ticket::{Entitlement, Exit, Grant, Ticket, TicketState};
use crate::venue::time_zone;

pub use party::{Asked, Head, Heads, PartyError, able, check_party, heads, pass_party};

/// Names these rules, so that a gate that decides by itself can tell whether it has the same.
pub const RULES_VERSION: &str = "2026-12-1";

/// How long after an entry its gate may take it back, in minutes.
pub const UNDO_MINUTES: i64 = 5;

/// How far the clock of a gate may run ahead of the platform's, in minutes.
pub const AHEAD_MAX_MINUTES: i64 = 2;

/// Which way a visitor goes through a gate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Direction {
    /// In.
    #[default]
    Entry,
    /// Out.
    Exit,
}

impl Direction {
    /// The direction as written in answers, items and the lake.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Entry => "ENTRY",
            Self::Exit => "EXIT",
        }
    }

    /// The direction of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        [Self::Entry, Self::Exit].into_iter().find(|direction| direction.name() == name)
    }
}

/// A ticket shown at a gate.
#[derive(Debug, Clone, Copy)]
pub struct Scan<'a> {
    /// The gate's nonce.
    pub uuid: CallerUuid,
    /// Where the gate is.
    pub venue: &'a VenueId,
    /// The gate.
    pub gate: &'a GateId,
    /// The area behind it, where the gate names one.
    pub area: Option<&'a AreaId>,
    /// Which way the visitor goes.
    pub direction: Direction,
    /// When.
    pub at: Timestamp,
}

/// One entry or exit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Redemption {
    /// The gate's nonce.
    pub uuid: CallerUuid,
    /// Where: of a pass, one of the venues that it opens.
    pub venue: VenueId,
    /// Which way.
    pub direction: Direction,
    /// The gate.
    pub gate: GateId,
    /// The area that was entered or left, where one was named at the entry.
    pub area: Option<AreaId>,
    /// The nonce of the ticket's exit or entry before this one; none for its first entry.
    pub after: Option<CallerUuid>,
    /// What a pass was used for before this; none for a ticket of a visit.
    pub pass_before: Option<Used>,
    /// The ticket, as it stands by this.
    pub ticket: Ticket,
    /// When.
    pub redeemed_at: Timestamp,
}

impl Redemption {
    /// The slot of the visit. A pass has none, and is counted in the hour of its entry or exit.
    #[must_use]
    pub fn slot(&self) -> SlotTimes {
        if self.ticket.pass.is_none() {
            return self.ticket.entitlement.slot;
        }
        let local = self.redeemed_at.to_zoned_datetime(time_zone()).datetime();
        let hour = local.date().at(local.hour(), 0, 0, 0);
        let start = self.redeemed_at.as_second().div_euclid(3_600) * 3_600;
        // The hours of Italy begin with those of UTC.
        let start = Timestamp::from_second(start).unwrap_or(self.redeemed_at);
        SlotTimes { id: SlotId::starting(hour), start, end: start + 1.hour() }
    }
}

/// Why a ticket does not admit, or does not let out.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// It has admitted, and nobody went out on it since.
    #[error("ticket `{}` was used at {at} at gate `{gate}`", .ticket.typed_code())]
    AlreadyRedeemed {
        /// The ticket.
        ticket: TicketId,
        /// When it was used.
        at: Timestamp,
        /// Where it was used.
        gate: GateId,
    },
    /// Its visitor went out, and it does not admit again.
    #[error("the visitor of ticket `{}` went out at {left_at} at gate `{gate}`, and it admits once", .ticket.typed_code())]
    NoReentry {
        /// The ticket.
        ticket: TicketId,
        /// When they went out.
        left_at: Timestamp,
        /// Through which gate.
        gate: GateId,
    },
    /// Nobody has entered with it.
    #[error("nobody has entered with ticket `{}`", .ticket.typed_code())]
    NotInside {
        /// The ticket.
        ticket: TicketId,
    },
    /// Its visitor went out before.
    #[error("the visitor of ticket `{}` went out at {left_at} at gate `{gate}`", .ticket.typed_code())]
    AlreadyOut {
        /// The ticket.
        ticket: TicketId,
        /// When they went out.
        left_at: Timestamp,
        /// Through which gate.
        gate: GateId,
    },
    /// A desk whose line is down may have sold it, and only its signed code tells.
    #[error("the sale of ticket `{}` has not come in yet", .ticket.typed_code())]
    SaleNotIn {
        /// The ticket.
        ticket: TicketId,
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
    /// A pass counts its entries at several venues, and this gate cannot ask how many are left.
    #[error("a pass is counted by the platform, which this gate does not reach")]
    PassNeedsLine,
    /// The pass opens other venues.
    #[error("the pass does not open venue `{venue}`")]
    PassElsewhere {
        /// Where it was shown.
        venue: VenueId,
        /// Where it admits.
        opens: Vec<VenueId>,
    },
    /// The pass has no entry left here, or none today.
    #[error("pass `{}` admitted {entries} times at venue `{venue}`, last at {at} at gate `{gate}`, and does no more", .ticket.typed_code())]
    PassSpent {
        /// The pass.
        ticket: TicketId,
        /// Where it was shown.
        venue: VenueId,
        /// Entries there so far.
        entries: u32,
        /// The last one.
        at: Timestamp,
        /// Where that was.
        gate: GateId,
    },
    /// It opens other areas of the venue.
    #[error("the ticket does not open the area `{area}`; it opens {}", listed(.opens))]
    OtherArea {
        /// The area behind the gate.
        area: AreaId,
        /// Those it opens.
        opens: Vec<AreaId>,
    },
    /// The slot is not near yet.
    #[error("the ticket admits from {} to {}", .window.from, .window.until)]
    TooEarly {
        /// When it admits.
        window: Window,
    },
    /// The slot is long over.
    #[error("the ticket admitted from {} to {}", .window.from, .window.until)]
    TooLate {
        /// When it admitted.
        window: Window,
    },
}

fn listed(areas: &[AreaId]) -> String {
    areas.iter().map(|area| format!("`{area}`")).collect::<Vec<_>>().join(", ")
}

/// What a scan that goes through is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Admission {
    /// An entry or exit.
    New {
        /// The nonce of the exit or entry before it; none for a first entry.
        after: Option<CallerUuid>,
    },
    /// The one made before under the same nonce, whose answer was lost.
    Before {
        /// When it was made.
        at: Timestamp,
        /// Through which gate.
        gate: GateId,
    },
}

/// Decides on what a ticket entitles to, how it admits and where it stands, as shown at a gate. Of a pass
/// that does not say enough: only [`pass`] knows what it was used for.
///
/// # Errors
/// The first reason not to let the visitor through.
pub fn judge(
    entitlement: &Entitlement,
    rule: &AdmissionRule,
    state: &TicketState,
    scan: &Scan<'_>,
) -> Result<Admission, Refusal> {
    let ticket = entitlement.ticket;
    if entitlement.grant == Grant::Pass {
        return Err(Refusal::PassNeedsLine);
    }
    if &entitlement.venue != scan.venue {
        return Err(Refusal::OtherVenue {
            venue: entitlement.venue.clone(),
            gate_venue: scan.venue.clone(),
        });
    }
    match state {
        TicketState::Revoked { at } => return Err(Refusal::Revoked { ticket, at: *at }),
        TicketState::Replaced { at } => return Err(Refusal::Replaced { ticket, at: *at }),
        TicketState::Valid | TicketState::Redeemed { .. } => {}
    }
    match scan.direction {
        Direction::Entry => judge_entry(entitlement, rule, state, scan),
        Direction::Exit => judge_exit(ticket, state, scan.uuid),
    }
}

fn judge_entry(
    entitlement: &Entitlement,
    rule: &AdmissionRule,
    state: &TicketState,
    scan: &Scan<'_>,
) -> Result<Admission, Refusal> {
    let (ticket, slot) = (entitlement.ticket, &entitlement.slot);
    let mut window = rule.window(slot);
    let mut after = None;
    if let TicketState::Redeemed { at, gate, redemption, exit, .. } = state {
        if *redemption == scan.uuid {
            return Ok(Admission::Before { at: *at, gate: gate.clone() });
        }
        let Some(exit) = exit else {
            return Err(Refusal::AlreadyRedeemed { ticket, at: *at, gate: gate.clone() });
        };
        let Some(until) = rule.reentry_until(slot) else {
            let (left_at, gate) = (exit.at, exit.gate.clone());
            return Err(Refusal::NoReentry { ticket, left_at, gate });
        };
        window.until = until;
        after = Some(exit.uuid);
    }
    if let Some(area) = scan.area.filter(|area| !rule.opens(area)) {
        return Err(Refusal::OtherArea { area: area.clone(), opens: rule.areas.clone() });
    }
    if scan.at < window.from {
        return Err(Refusal::TooEarly { window });
    }
    if scan.at > window.until {
        return Err(Refusal::TooLate { window });
    }
    Ok(Admission::New { after })
}

/// Nobody is kept in for being late.
fn judge_exit(
    ticket: TicketId,
    state: &TicketState,
    uuid: CallerUuid,
) -> Result<Admission, Refusal> {
    match state {
        TicketState::Redeemed { exit: Some(exit), .. } if exit.uuid == uuid => {
            Ok(Admission::Before { at: exit.at, gate: exit.gate.clone() })
        }
        TicketState::Redeemed { exit: Some(exit), .. } => {
            Err(Refusal::AlreadyOut { ticket, left_at: exit.at, gate: exit.gate.clone() })
        }
        TicketState::Redeemed { redemption, .. } => Ok(Admission::New { after: Some(*redemption) }),
        TicketState::Valid | TicketState::Revoked { .. } | TicketState::Replaced { .. } => {
            Err(Refusal::NotInside { ticket })
        }
    }
}

/// Decides on a ticket shown at a gate. A repeat under the gate's own nonce goes through again: it is
/// the same entry or exit, whose answer was lost, and the ticket stands as it stood.
///
/// # Errors
/// The first reason not to let the visitor through.
pub fn pass(mut ticket: Ticket, scan: &Scan<'_>) -> Result<Redemption, Refusal> {
    if let Some(pass) = &ticket.pass {
        return admit(&ticket, pass, scan);
    }
    let admission = judge(&ticket.entitlement, &ticket.admission, &ticket.state, scan)?;
    let made = |gate, redeemed_at, area, after, ticket| {
        let (uuid, direction) = (scan.uuid, scan.direction);
        let (venue, pass_before) = (scan.venue.clone(), None);
        Redemption { uuid, venue, direction, gate, area, after, pass_before, ticket, redeemed_at }
    };
    let entered = match &ticket.state {
        TicketState::Redeemed { area, .. } => area.clone(),
        TicketState::Valid | TicketState::Revoked { .. } | TicketState::Replaced { .. } => None,
    };
    let (gate, at, after) = match admission {
        Admission::Before { at, gate } => return Ok(made(gate, at, entered, None, ticket)),
        Admission::New { after } => (scan.gate.clone(), scan.at, after),
    };
    if scan.direction == Direction::Exit
        && let TicketState::Redeemed { exit, .. } = &mut ticket.state
    {
        *exit = Some(Exit { at, gate: gate.clone(), uuid: scan.uuid });
        return Ok(made(gate, at, entered, after, ticket));
    }
    let area = scan.area.cloned();
    ticket.state = TicketState::Redeemed {
        at,
        gate: gate.clone(),
        redemption: scan.uuid,
        area: area.clone(),
        exit: None,
    };
    Ok(made(gate, at, area, after, ticket))
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
mod tests;
