//! What the gates of a venue tell each other on site: that a ticket is used, or is not after all. The
//! broker between them is the judge of claims made at the same moment: it takes the first of a ticket
//! and refuses every other, before anyone is let in. No clock and no wait decides, so two gates that
//! scan at once let in once however slow the network is.

use std::collections::HashMap;

use jiff::{Timestamp, ToSpan};
use serde::{Deserialize, Serialize};

use crate::id::{CallerUuid, GateId, TicketId, VenueId};

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
}

/// What a gate says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "said", rename_all = "UPPERCASE")]
pub enum Said {
    /// It lets in with the ticket.
    Used(Use),
    /// It did not, or took it back.
    Released(Use),
}

impl Said {
    /// What it is about.
    #[must_use]
    pub fn about(&self) -> &Use {
        match self {
            Self::Used(used) | Self::Released(used) => used,
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

/// The claims that stand, as the broker keeps them.
#[derive(Debug, Default)]
pub struct Claims {
    standing: HashMap<(VenueId, TicketId), Use>,
    tidied_at: Option<Timestamp>,
}

impl Claims {
    /// Hears what a gate says. A claim is taken when no other gate's stands; a gate may claim anew
    /// what it claimed itself, for its own journal keeps it from letting in twice, and a gate that
    /// was killed between its claim and its journal has let nobody in.
    ///
    /// # Errors
    /// The claim of another gate that stands.
    pub fn hear(&mut self, venue: &VenueId, said: &Said, now: Timestamp) -> Result<(), Use> {
        self.tidy(now);
        let about = said.about();
        let place = (venue.clone(), about.ticket);
        let standing = self.standing.get(&place);
        match said {
            Said::Used(claim) => {
                if let Some(standing) = standing.filter(|known| known.gate_id != claim.gate_id) {
                    return Err(standing.clone());
                }
                self.standing.insert(place, claim.clone());
            }
            Said::Released(claim) => {
                if standing.is_some_and(|known| known.uuid == claim.uuid) {
                    self.standing.remove(&place);
                }
            }
        }
        Ok(())
    }

    /// Forgets yesterday's claims, once an hour.
    fn tidy(&mut self, now: Timestamp) {
        if self.tidied_at.is_some_and(|at| now < at + 1.hour()) {
            return;
        }
        self.tidied_at = Some(now);
        self.standing.retain(|_, claim| claim.at + REMEMBERED_HOURS.hours() > now);
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
        }
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
