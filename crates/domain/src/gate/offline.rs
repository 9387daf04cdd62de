//! How a gate decides while the platform is out of reach: by the bundle, by what it and its
//! neighbours used since, and by the same rules and reasons as the platform.
//!
//! A ticket that the bundle does not hold was sold after the bundle was made, or is of another day.
//! A signed code of it is believed: only the platform signs, and only what was paid for. What a gate
//! risks by that is a ticket that was revoked since; sending away everybody who bought an hour ago
//! would be worse. A typed code is not signed, so it must be in the bundle; so must the ticket of a code
//! whose key was withdrawn, for whoever found that key signs what they like.
//!
//! The bundle has the keys that count at its venue and no others, so a code of a key that it does not have
//! is refused, whatever it says. If it says that it is for another venue, that is the reason told: most who
//! show one stand at the wrong door and forged nothing.

use std::collections::HashSet;

use jiff::Timestamp;

use super::bundle::{Bundle, Expected};
use super::claim::Seen;
use crate::calendar::SlotTimes;
use crate::id::{CallerUuid, InvalidId, TicketId, UnitId, VenueId};
use crate::redemption::{Admission, Direction, Refusal, Scan, judge};
use crate::text::Text;
use crate::ticket::{
    CODE_PREFIX, CodeError, Entitlement, Exit, Grant, KeySet, Signed, Signer, TicketState,
};

/// Longest code that is taken for a typed one, in characters.
const TYPED_MAX_CHARS: usize = 32;

/// What was shown at a gate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Shown {
    /// A code that the platform signed.
    Signed(Entitlement, Signer),
    /// A code that somebody typed.
    Typed(TicketId),
    /// A code of a key that was withdrawn.
    Withdrawn {
        /// The ticket it names.
        ticket: TicketId,
        /// The key.
        key_id: String,
    },
}

impl Shown {
    /// The ticket it names.
    #[must_use]
    pub fn ticket(&self) -> TicketId {
        match self {
            Self::Signed(entitlement, _) => entitlement.ticket,
            Self::Typed(ticket) | Self::Withdrawn { ticket, .. } => *ticket,
        }
    }

    /// Whether it is signed, and of a pass.
    #[must_use]
    pub fn is_pass(&self) -> bool {
        matches!(self, Self::Signed(entitlement, _) if entitlement.grant == Grant::Pass)
    }

    /// Why a gate by itself does not let in on what its bundle of that instant does not hold.
    #[must_use]
    pub fn unknown(self, made_at: Timestamp) -> OfflineRefusal {
        match self {
            Self::Signed(Entitlement { ticket, .. }, _) | Self::Typed(ticket) => {
                OfflineRefusal::Unknown { ticket, made_at }
            }
            Self::Withdrawn { ticket, key_id } => {
                OfflineRefusal::KeyWithdrawn { ticket, key_id, made_at }
            }
        }
    }
}

/// Why what was shown names no ticket.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unread {
    /// A code that is not ours, or was cut.
    #[error(transparent)]
    Code(#[from] CodeError),
    /// Characters that are no ticket's.
    #[error(transparent)]
    Typed(#[from] InvalidId),
}

impl Unread {
    /// Why a gate by itself does not let in, where what was shown says that it is for another venue or is a
    /// pass: nobody proved it, and nobody is let in for it.
    #[must_use]
    pub fn elsewhere(&self, gate_venue: &VenueId) -> Option<Refusal> {
        let Self::Code(CodeError::UnknownKey { claims: Some(claims), .. }) = self else {
            return None;
        };
        if claims.grant == Grant::Pass {
            return Some(Refusal::PassNeedsLine);
        }
        let (venue, gate_venue) = (claims.venue.clone(), gate_venue.clone());
        (venue != gate_venue).then_some(Refusal::OtherVenue { venue, gate_venue })
    }
}

/// Reads what was shown: signed codes are checked, typed ones read however they were typed.
///
/// # Errors
/// Why it names no ticket.
pub fn read(code: &str, keys: &KeySet) -> Result<Shown, Unread> {
    let code = code.trim();
    if !code.starts_with(CODE_PREFIX) && code.len() <= TYPED_MAX_CHARS {
        return Ok(Shown::Typed(code.parse()?));
    }
    Ok(match keys.read(code)? {
        Signed::Good { entitlement, signer } => Shown::Signed(entitlement, signer),
        Signed::Withdrawn { ticket, key_id } => Shown::Withdrawn { ticket, key_id },
    })
}

/// What a gate knows beside its bundle.
#[derive(Debug, Clone, Copy)]
pub struct Since<'a> {
    /// What this gate and its neighbours saw of the ticket, where they did.
    pub seen: Option<&'a Seen>,
    /// Entries that were taken back.
    pub undone: &'a HashSet<CallerUuid>,
}

/// An entry or exit that a gate makes by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OfflineEntry {
    /// The ticket.
    pub ticket: TicketId,
    /// As whom.
    pub unit: UnitId,
    /// What the unit is called.
    pub unit_name: Text,
    /// What the visitor must show, where something must be shown.
    pub show: Option<Text>,
    /// From when to when the ticket is.
    pub slot: SlotTimes,
    /// When the visitor was let through.
    pub redeemed_at: Timestamp,
    /// The nonce of the exit or entry before it, as far as the gate knows of one.
    pub after: Option<CallerUuid>,
}

/// Why a gate by itself does not let in.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OfflineRefusal {
    /// As the platform would.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// A typed code that the bundle does not hold.
    #[error("ticket `{}` is not among those known at {made_at}", .ticket.typed_code())]
    Unknown {
        /// The ticket.
        ticket: TicketId,
        /// When the bundle was made.
        made_at: Timestamp,
    },
    /// A code of a withdrawn key, whose ticket the bundle does not hold.
    #[error("the code is signed with key `{key_id}`, which was withdrawn, and ticket `{}` is not among those known at {made_at}", .ticket.typed_code())]
    KeyWithdrawn {
        /// The ticket.
        ticket: TicketId,
        /// The key.
        key_id: String,
        /// When the bundle was made.
        made_at: Timestamp,
    },
}

/// Decides on a ticket shown at a gate that is by itself. A repeat under the gate's own nonce is the
/// same entry or exit. A visitor of whose entry the gate does not know is let out all the same: they
/// came in by another gate.
///
/// # Errors
/// The first reason not to let the visitor through.
pub fn pass(
    bundle: &Bundle,
    since: Since<'_>,
    shown: Shown,
    scan: &Scan<'_>,
) -> Result<OfflineEntry, OfflineRefusal> {
    let ticket = shown.ticket();
    let expected = bundle.expected(ticket);
    let entitlement = match (expected, shown) {
        (Some((group, _)), _) => Entitlement {
            ticket,
            venue: bundle.venue_id.clone(),
            product: group.unit.product_id.clone(),
            unit: group.unit.unit_id.clone(),
            slot: group.slot,
            // The tickets of a day are of visits.
            grant: Grant::Visit,
        },
        (None, Shown::Signed(entitlement, _)) => entitlement,
        (None, unproven) => return Err(unproven.unknown(bundle.made_at)),
    };
    let unit = expected
        .map(|(group, _)| &group.unit)
        .or_else(|| bundle.unit(&entitlement.product, &entitlement.unit));
    let rule = unit.map(|unit| unit.admission.clone()).unwrap_or_default();
    let state = state(expected.map(|(_, known)| known.standing.clone().into()), since);
    let admission = match judge(&entitlement, &rule, &state, scan) {
        Err(Refusal::NotInside { .. }) if scan.direction == Direction::Exit => {
            Admission::New { after: None }
        }
        judged => judged?,
    };
    // A unit that is on sale since the bundle was made is shown by its id.
    let name = || Text::new(entitlement.unit.as_str(), entitlement.unit.as_str());
    Ok(OfflineEntry {
        ticket,
        unit_name: unit.map_or_else(name, |unit| unit.name.clone()),
        show: unit.and_then(|unit| unit.show.clone()),
        unit: entitlement.unit,
        slot: entitlement.slot,
        redeemed_at: match admission {
            Admission::New { .. } => scan.at,
            Admission::Before { at, .. } => at,
        },
        after: match admission {
            Admission::New { after } => after,
            Admission::Before { .. } => None,
        },
    })
}

/// Where a ticket of the bundle stands by all that is known.
#[must_use]
pub fn standing(expected: &Expected, since: Since<'_>) -> TicketState {
    state(Some(expected.standing.clone().into()), since)
}

/// Where a ticket stands by all that is known: what was seen since counts first, then the bundle,
/// unless the use it tells of was taken back. Of a bundle that tells of something later than what
/// was seen, the bundle counts.
fn state(in_bundle: Option<TicketState>, since: Since<'_>) -> TicketState {
    let in_bundle = match in_bundle {
        Some(TicketState::Redeemed { redemption, exit: None, .. })
            if since.undone.contains(&redemption) =>
        {
            None
        }
        known => known,
    };
    let Some(seen) = since.seen else { return in_bundle.unwrap_or(TicketState::Valid) };
    let Some(last) = seen.last() else { return in_bundle.unwrap_or(TicketState::Valid) };
    let told_at = match &in_bundle {
        Some(TicketState::Redeemed { at, exit, .. }) => {
            exit.as_ref().map_or(Some(*at), |exit| Some(exit.at))
        }
        Some(TicketState::Revoked { .. } | TicketState::Replaced { .. } | TicketState::Valid)
        | None => None,
    };
    if let Some(told) = in_bundle
        && told_at > Some(last.at)
    {
        return told;
    }
    // Where only the exit was seen, the visitor was inside until then.
    let entry = seen.entry.as_ref().unwrap_or(last);
    TicketState::Redeemed {
        at: entry.at,
        gate: entry.gate_id.clone(),
        redemption: entry.uuid,
        area: None,
        exit: seen.exit.as_ref().map(|exit| Exit {
            at: exit.at,
            gate: exit.gate_id.clone(),
            uuid: exit.uuid,
        }),
    }
}

#[cfg(test)]
mod tests;
