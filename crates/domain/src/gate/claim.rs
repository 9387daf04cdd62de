//! What the gates of a venue tell each other on site: that a ticket is used, or is not after all. The
//! broker between them is the judge of claims made at the same moment: it takes the first of a ticket
//! and refuses every other, before anyone is let in. No clock and no wait decides, so two gates that
//! scan at once let in once however slow the network is.

use std::collections::HashMap;

use jiff::{SignedDuration, Timestamp, ToSpan};
use serde::{Deserialize, Serialize};

use crate::id::{CallerUuid, GateId, TicketId, VenueId};
use crate::redemption::Direction;

/// The last level of a gate's topic.
pub const USED: &str = "used";

/// Hours that a claim is remembered: longer than a day's opening.
const REMEMBERED_HOURS: i64 = 36;

/// One use of a ticket.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Use {
    /// The ticket.
    pub ticket: TicketId,
    /// The nonce of the scan.
    pub uuid: CallerUuid,
    /// The gate.
    pub gate_id: GateId,
    /// When, by the gate's clock.
    pub at: Timestamp,
    /// The nonce of the ticket's exit or entry before it, as far as the gate knows of one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<CallerUuid>,
}

/// What a gate says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "said", rename_all = "UPPERCASE")]
pub enum Said {
    /// It lets in with the ticket.
    Used(Use),
    /// It did not, or took it back.
    Released(Use),
    /// The ticket's visitor went out.
    Left(Use),
}

impl Said {
    /// What it is about.
    #[must_use]
    pub fn about(&self) -> &Use {
        match self {
            Self::Used(used) | Self::Released(used) | Self::Left(used) => used,
        }
    }
}

/// Where the gate `thing` of a venue speaks.
#[must_use]
pub fn topic(venue: &VenueId, thing: &str) -> String {
    format!("dt/atrio/{venue}/{thing}/{USED}")
}

/// What the gates of a venue listen to.
#[must_use]
pub fn heard_at(venue: &VenueId) -> String {
    format!("dt/atrio/{venue}/+/{USED}")
}

/// What was seen of a ticket at the gates, in the end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// Its last entry; none where only an exit is known of.
    pub entry: Option<Use>,
    /// The exit after it.
    pub exit: Option<Use>,
}

impl Seen {
    /// Sums up entries and exits given in order of time; none where there were none. Of two entries
    /// without an exit between the first stands.
    pub fn of(uses: impl IntoIterator<Item = (Direction, Use)>) -> Option<Self> {
        let mut seen: Option<Self> = None;
        for (direction, used) in uses {
            seen = Some(match (direction, seen) {
                (Direction::Entry, Some(inside @ Self { exit: None, .. })) => inside,
                (Direction::Entry, _) => Self { entry: Some(used), exit: None },
                (Direction::Exit, Some(outside @ Self { exit: Some(_), .. })) => outside,
                (Direction::Exit, Some(Self { entry, .. })) => Self { entry, exit: Some(used) },
                (Direction::Exit, None) => Self { entry: None, exit: Some(used) },
            });
        }
        seen
    }

    /// The last of both.
    #[must_use]
    pub fn last(&self) -> Option<&Use> {
        self.exit.as_ref().or(self.entry.as_ref())
    }
}

/// A claim, and the exit that followed it.
#[derive(Debug)]
struct Claimed {
    by: Use,
    left: Option<CallerUuid>,
    /// When the broker heard it; a gate's own clock may be any.
    heard_at: Timestamp,
}

/// The claims that stand, as the broker keeps them.
#[derive(Debug, Default)]
pub struct Claims {
    standing: HashMap<(VenueId, TicketId), Claimed>,
    tidied_at: Option<Timestamp>,
}

impl Claims {
    /// Hears what a gate says. A claim is taken when no other gate's stands; a gate may claim anew
    /// what it claimed itself, for its own journal keeps it from letting in twice, and a gate that
    /// was killed between its claim and its journal has let nobody in. After an exit only a gate that
    /// knows of it may claim the ticket again, so that one that has not heard of entry and exit does
    /// not let in as if neither had been.
    ///
    /// # Errors
    /// The claim of another gate that stands.
    pub fn hear(&mut self, venue: &VenueId, said: &Said, now: Timestamp) -> Result<(), Use> {
        self.tidy(now);
        let about = said.about();
        let place = (venue.clone(), about.ticket);
        let standing = self.standing.get_mut(&place);
        let is_about_it = standing.as_ref().is_some_and(|known| known.by.uuid == about.uuid);
        match (said, standing) {
            // Said again.
            (Said::Used(_), Some(_)) if is_about_it => {}
            (Said::Used(claim), Some(known)) => {
                let is_free = match known.left {
                    Some(exit) => claim.after == Some(exit),
                    None => known.by.gate_id == claim.gate_id,
                };
                if !is_free {
                    return Err(known.by.clone());
                }
                *known = Claimed { by: claim.clone(), left: None, heard_at: now };
            }
            (Said::Used(claim), None) => {
                let claimed = Claimed { by: claim.clone(), left: None, heard_at: now };
                self.standing.insert(place, claimed);
            }
            (Said::Released(claim), Some(known)) if is_about_it => match claim.after {
                Some(exit) => known.left = Some(exit),
                None => {
                    self.standing.remove(&place);
                }
            },
            (Said::Left(exit), Some(known)) => {
                // The exit of an earlier entry, said late, ends no later one.
                if exit.after.is_none_or(|entry| entry == known.by.uuid) {
                    known.left = Some(exit.uuid);
                }
            }
            (Said::Left(exit), None) => {
                let left = Some(exit.uuid);
                self.standing.insert(place, Claimed { by: exit.clone(), left, heard_at: now });
            }
            (Said::Released(_), _) => {}
        }
        Ok(())
    }

    /// Forgets yesterday's claims, once an hour.
    fn tidy(&mut self, now: Timestamp) {
        if self.tidied_at.is_some_and(|at| now.duration_since(at) < SignedDuration::from_hours(1)) {
            return;
        }
        self.tidied_at = Some(now);
        let since = now.saturating_sub(REMEMBERED_HOURS.hours()).unwrap_or(Timestamp::MIN);
        self.standing.retain(|_, claim| claim.heard_at > since);
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn claim(gate: &str, nonce: u128) -> Use {
        Use {
            ticket: TicketId::from_bytes([7; 10]),
            uuid: Uuid::from_u128(nonce).into(),
            gate_id: GateId::new(gate).unwrap(),
            at: now(),
            after: None,
        }
    }

    fn after(nonce: u128, used: Use) -> Use {
        Use { after: Some(Uuid::from_u128(nonce).into()), ..used }
    }

    fn now() -> Timestamp {
        "2026-11-24T09:10:00Z".parse().unwrap()
    }

    #[test]
    fn the_first_claim_of_a_ticket_stands_and_every_other_gate_is_refused() {
        let venue = VenueId::new("20240").unwrap();
        let mut claims = Claims::default();
        let mut says = |said| claims.hear(&venue, &said, now());
        assert_eq!(says(Said::Used(claim("north", 1))), Ok(()));
        assert_eq!(says(Said::Used(claim("south", 2))), Err(claim("north", 1)));
        assert_eq!(says(Said::Used(claim("north", 1))), Ok(()), "said again");
        assert_eq!(says(Said::Used(claim("north", 3))), Ok(()), "anew, after a kill");
    }

    #[test]
    fn only_the_claim_that_stands_is_released() {
        let venue = VenueId::new("20240").unwrap();
        let mut claims = Claims::default();
        let mut says = |said| claims.hear(&venue, &said, now());
        says(Said::Used(claim("north", 1))).unwrap();
        says(Said::Released(claim("south", 2))).unwrap();
        assert!(says(Said::Used(claim("south", 2))).is_err());
        says(Said::Released(claim("north", 1))).unwrap();
        assert_eq!(says(Said::Used(claim("south", 2))), Ok(()));
    }

    #[test]
    fn after_an_exit_only_a_gate_that_knows_of_it_claims_the_ticket_again() {
        let venue = VenueId::new("20240").unwrap();
        let mut claims = Claims::default();
        let mut says = |said| claims.hear(&venue, &said, now());
        says(Said::Used(claim("north", 1))).unwrap();
        says(Said::Left(after(1, claim("exit", 2)))).unwrap();
        assert!(says(Said::Used(claim("south", 3))).is_err(), "it has heard of nothing");
        assert_eq!(says(Said::Used(after(2, claim("south", 3)))), Ok(()));
        assert!(says(Said::Used(after(2, claim("north", 4)))).is_err(), "inside again");
        says(Said::Left(after(1, claim("exit", 2)))).unwrap();
        assert!(says(Said::Used(after(2, claim("north", 4)))).is_err(), "said late");
        says(Said::Released(after(2, claim("south", 3)))).unwrap();
        assert_eq!(says(Said::Used(after(2, claim("north", 4)))), Ok(()), "out as before");
    }

    #[test]
    fn what_was_seen_of_a_ticket_is_its_last_entry_and_the_exit_after_it() {
        let seen = |uses: &[(Direction, u128)]| {
            let uses = uses.iter().map(|(direction, nonce)| (*direction, claim("north", *nonce)));
            let seen = Seen::of(uses)?;
            let nonce = |used: Option<Use>| used.map(|used| used.uuid);
            Some((nonce(seen.entry), nonce(seen.exit)))
        };
        let nonce = |number| Some(Uuid::from_u128(number).into());
        let (entry, exit) = (Direction::Entry, Direction::Exit);
        assert_eq!(seen(&[]), None);
        assert_eq!(seen(&[(entry, 1), (entry, 2)]), Some((nonce(1), None)), "the first stands");
        assert_eq!(seen(&[(entry, 1), (exit, 2)]), Some((nonce(1), nonce(2))));
        assert_eq!(seen(&[(entry, 1), (exit, 2), (entry, 3)]), Some((nonce(3), None)));
        assert_eq!(seen(&[(exit, 2), (exit, 3)]), Some((None, nonce(2))));
    }

    #[test]
    fn a_ticket_of_one_venue_is_no_claim_at_another() {
        let mut claims = Claims::default();
        let (here, there) = (VenueId::new("20240").unwrap(), VenueId::new("20514").unwrap());
        claims.hear(&here, &Said::Used(claim("north", 1)), now()).unwrap();
        assert_eq!(claims.hear(&there, &Said::Used(claim("south", 2)), now()), Ok(()));
    }

    #[test]
    fn claims_are_forgotten_after_a_day_and_a_half() {
        let venue = VenueId::new("20240").unwrap();
        let mut claims = Claims::default();
        claims.hear(&venue, &Said::Used(claim("north", 1)), now()).unwrap();
        let later = now() + 37.hours();
        assert_eq!(claims.hear(&venue, &Said::Used(claim("south", 2)), later), Ok(()));
    }
}
