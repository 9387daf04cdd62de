//! Tickets that admit whom they name: names are given before a booking is confirmed, may be changed a few
//! times until some hours before the visit, and stand with the booking beside its contact. The signed
//! code names nobody, so a change of name leaves the code as it is: what counts is the name that the
//! platform shows at the gate, and the document beside it.

use jiff::{Timestamp, ToSpan};
use serde::{Deserialize, Serialize};

use crate::booking::{Booking, BookingState, StepError};
use crate::id::TicketId;
use crate::text::Text;
use crate::ticket::Ticket;

/// Longest time before the slot that a rule may ask names to stand, in minutes: sixty days.
pub const NOTICE_MAX_MINUTES: u32 = 60 * 24 * 60;

/// Longest name, in characters.
const NAME_MAX_CHARS: usize = 120;

/// That the tickets of a product name who enters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HolderRule {
    /// Names change until so many minutes before the slot.
    pub change_until_minutes_before: u32,
    /// How often the names of a booking change once it is confirmed.
    pub changes_max: u32,
}

/// Who enters with the tickets of a booking. Personal data, like its contact.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Holders {
    /// A name for each ticket, in their order; none before they are given and once they are forgotten.
    pub names: Vec<String>,
    /// How often they changed since the booking was confirmed.
    pub changes: u32,
}

impl std::fmt::Debug for Holders {
    /// Prints nothing of the persons, so that no log can.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Holders({} …)", self.names.len())
    }
}

/// Why names are not taken.
#[expect(missing_docs, reason = "each message says what its fields are")]
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HolderError {
    /// Whoever carries them enters.
    #[error("the tickets of this booking name nobody")]
    NotNominative,
    /// One for each ticket.
    #[error("{given} names are given for {places} tickets")]
    Count { given: usize, places: u32 },
    /// Nobody could compare it with a document.
    #[error("the name has {length} characters, 2 to {NAME_MAX_CHARS} are taken")]
    BadName { index: usize, length: usize },
    /// It is too late.
    #[error("names changed until {until}")]
    TooLate { until: Timestamp },
    /// It was done before.
    #[error("the names of this booking changed {changes} times, which is all")]
    TooOften { changes: u32 },
    /// They pass on with the visit.
    #[error("the names are those of the booking that is exchanged")]
    Exchanged,
    /// The booking is being paid for, or is no more.
    #[error(transparent)]
    Step(#[from] StepError),
}

impl Booking {
    /// The rule by which its tickets name who enters; none where whoever carries them does.
    #[must_use]
    pub fn holder_rule(&self) -> Option<HolderRule> {
        self.admission.holder_names
    }

    /// Until when its names change.
    #[must_use]
    pub fn names_change_until(&self) -> Option<Timestamp> {
        let minutes = self.holder_rule()?.change_until_minutes_before;
        Some(self.slot.start - i64::from(minutes).minutes())
    }

    /// Names who enters with each ticket. Repeated, it answers the same and counts as no change.
    ///
    /// # Errors
    /// The first rule that is not met.
    pub fn name_holders(&self, names: &[String], now: Timestamp) -> Result<Self, HolderError> {
        let rule = self.holder_rule().ok_or(HolderError::NotNominative)?;
        let (given, places) = (names.len(), self.places());
        if given != places as usize {
            return Err(HolderError::Count { given, places });
        }
        let mut spelt = Vec::with_capacity(given);
        for (index, name) in names.iter().enumerate() {
            let name = name.split_whitespace().collect::<Vec<_>>().join(" ");
            let length = name.chars().count();
            if !(2..=NAME_MAX_CHARS).contains(&length) || name.chars().any(char::is_control) {
                return Err(HolderError::BadName { index, length });
            }
            spelt.push(name);
        }
        let seen = self.seen_at(now);
        let changes = match seen.state {
            _ if spelt == self.holders.names => return Ok(seen),
            // Else an exchange would change more names than the rule does.
            BookingState::OnHold { .. }
                if self.replaces.is_some() && !self.holders.names.is_empty() =>
            {
                return Err(HolderError::Exchanged);
            }
            BookingState::OnHold { .. } => 0,
            BookingState::Confirmed { .. } => {
                let until = self.names_change_until().unwrap_or(self.slot.start);
                if until <= now {
                    return Err(HolderError::TooLate { until });
                }
                let changes = self.holders.changes;
                if changes >= rule.changes_max {
                    return Err(HolderError::TooOften { changes });
                }
                changes + 1
            }
            BookingState::Expired { expired_at } => {
                return Err(StepError::HoldExpired { expired_at }.into());
            }
            other => {
                return Err(StepError::WrongState { state: other.name(), step: "named" }.into());
            }
        };
        Ok(Self { holders: Holders { names: spelt, changes }, ..self.clone() })
    }

    /// Refuses to confirm, or to take money for, tickets that must name somebody and do not.
    ///
    /// # Errors
    /// When names are missing.
    pub(crate) fn must_name_holders(&self) -> Result<(), StepError> {
        let is_nameless = self.holder_rule().is_some() && self.holders.names.is_empty();
        if is_nameless { Err(StepError::HoldersMissing { places: self.places() }) } else { Ok(()) }
    }

    /// A ticket of this booking as it is shown to people: the document to show is that of who it names.
    /// What is stored of a ticket names nobody. `tickets` are those of the booking, in their order.
    #[must_use]
    pub fn named(&self, ticket: Ticket, tickets: &[TicketId]) -> Ticket {
        let place = tickets.iter().position(|id| *id == ticket.entitlement.ticket);
        let Some(name) = place.and_then(|place| self.holders.names.get(place)) else {
            return ticket;
        };
        let own = Text::new(format!("Documento di {name}"), format!("Document of {name}"));
        let document = Text::list(std::iter::once(own).chain(ticket.document), "; ");
        Ticket { document: Some(document), ..ticket }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hold::tests::held;
    use crate::ticket::issue;

    fn nominative() -> Booking {
        let mut booking = held();
        booking.admission.holder_names =
            Some(HolderRule { change_until_minutes_before: 24 * 60, changes_max: 1 });
        booking
    }

    fn names(booking: &Booking, suffix: &str) -> Vec<String> {
        (0..booking.places()).map(|number| format!("Visitor {number}{suffix}")).collect()
    }

    fn confirmed(booking: &Booking) -> Booking {
        let state = BookingState::Confirmed { confirmed_at: booking.created_at, payment: None };
        Booking { state, ..booking.clone() }
    }

    #[test]
    fn no_ticket_is_confirmed_before_it_names_who_enters() {
        let booking = nominative();
        let now = booking.created_at;
        let missing = booking.sell(None, now);
        assert_eq!(missing, Err(StepError::HoldersMissing { places: booking.places() }));
        let named = booking.name_holders(&names(&booking, ""), now).unwrap();
        assert!(named.sell(None, now).is_ok());
        let bearer = held();
        let refused = bearer.name_holders(&names(&bearer, ""), now);
        assert_eq!(refused, Err(HolderError::NotNominative));
    }

    #[test]
    fn names_change_so_often_and_until_then() {
        let booking = nominative();
        // Two days before the visit.
        let early = booking.slot.start - 48.hours();
        let first = confirmed(&booking.name_holders(&names(&booking, ""), early).unwrap());
        assert_eq!(first.name_holders(&names(&first, ""), early).unwrap(), first, "a repeat");
        let late = booking.slot.start - 24.hours();
        let refused = first.name_holders(&names(&first, " jr"), late);
        assert_eq!(refused, Err(HolderError::TooLate { until: late }));
        let second = first.name_holders(&names(&first, " jr"), early).unwrap();
        assert_eq!(second.holders.changes, 1);
        let refused = second.name_holders(&names(&second, ""), early);
        assert_eq!(refused, Err(HolderError::TooOften { changes: 1 }));
    }

    #[test]
    fn a_name_that_no_document_bears_is_refused() {
        let booking = nominative();
        let now = booking.created_at;
        let mut wrong = names(&booking, "");
        wrong[0] = " x ".to_owned();
        let refused = booking.name_holders(&wrong, now);
        assert_eq!(refused, Err(HolderError::BadName { index: 0, length: 1 }));
        let places = booking.places();
        let refused = booking.name_holders(&[], now);
        assert_eq!(refused, Err(HolderError::Count { given: 0, places }));
    }

    #[test]
    fn a_ticket_shows_whose_document_and_is_stored_without() {
        let booking = nominative();
        let booking = booking.name_holders(&names(&booking, ""), booking.created_at).unwrap();
        let ids: Vec<TicketId> = (0..booking.places())
            .map(|n| TicketId::from_bytes([u8::try_from(n).unwrap(); 10]))
            .collect();
        let tickets = issue(&booking, ids.clone(), booking.created_at);
        assert!(!format!("{tickets:?}").contains("Visitor 0"));
        let shown = booking.named(tickets[0].clone(), &ids).document.unwrap();
        assert!(shown.en.starts_with("Document of Visitor 0"), "{}", shown.en);
        assert!(!format!("{booking:?}").contains("Visitor 0"));
        let forgotten = confirmed(&booking).forget_person(booking.created_at).unwrap();
        assert_eq!(forgotten.named(tickets[0].clone(), &ids), tickets[0]);
    }
}
