//! A visit that a reseller sells: what its booking keeps of the reseller's own words, and the steps that a
//! reseller takes with it. No money passes through the platform: the reseller takes it and is invoiced.

use std::collections::{HashMap, VecDeque};
use std::fmt;

use jiff::{Timestamp, ToSpan};
use serde::{Deserialize, Serialize};

use crate::booking::{Booking, BookingState, Channel, StepError, UnitLine};
use crate::cancellation::GivenUp;
use crate::hold::UnitQuantity;
use crate::id::{CallerUuid, ResellerId, TicketId, UnitId};
use crate::invoicing::terms::Dealing;
use crate::person::FORGOTTEN;
use crate::reseller::Mode;
use crate::tariff::Cents;
use crate::ticket::{Ticket, TicketState};

/// Longest time for which a reseller keeps places that it has not sold, in minutes: a day.
pub const HOLD_MAX_MINUTES: u32 = 24 * 60;

/// A customer as a reseller describes them; any of it may be missing. Personal data.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "OCTO's own words, which say what they are")]
pub struct Customer {
    pub full_name: Option<String>,
    pub first_name: Option<String>,
    pub last_name: Option<String>,
    pub email: Option<String>,
    pub phone: Option<String>,
    pub locales: Vec<String>,
    pub postal_code: Option<String>,
    pub country: Option<String>,
    pub notes: Option<String>,
}

impl Customer {
    /// The name in one piece, where it is given in any form.
    #[must_use]
    pub fn name(&self) -> Option<String> {
        let parts = [&self.first_name, &self.last_name].into_iter().flatten();
        let joined = parts.map(String::as_str).collect::<Vec<_>>().join(" ");
        let full = self.full_name.clone().filter(|name| !name.trim().is_empty());
        full.or_else(|| Some(joined).filter(|name| !name.trim().is_empty()))
    }
}

impl fmt::Debug for Customer {
    /// Prints nothing of the person, so that no log can.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Customer(…)")
    }
}

/// One of the people of a resold visit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResoldUnit {
    /// The item; unique in the booking.
    pub uuid: CallerUuid,
    /// As whom they enter.
    pub unit: UnitId,
    /// What the reseller calls the item.
    pub reference: Option<String>,
    /// Who they are, where the reseller says so.
    pub customer: Customer,
}

/// That a booking was confirmed, and by which request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConfirmedBy {
    /// When.
    pub at: Timestamp,
    /// What the request was.
    pub fingerprint: String,
}

/// What a booking keeps of its reseller's own words.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Resale {
    /// Who sold it.
    pub reseller: ResellerId,
    /// Whether it is sold or rehearsed.
    pub mode: Mode,
    /// What the reseller calls the booking.
    pub reference: Option<String>,
    /// The people, in the reseller's order.
    pub items: Vec<ResoldUnit>,
    /// Who bought it of the reseller.
    pub customer: Customer,
    /// What the reseller notes of it.
    pub notes: Option<String>,
    /// When it last changed by the reseller's hand.
    pub updated_at: Timestamp,
    /// That it was confirmed, also once it is given up.
    pub confirmed: Option<ConfirmedBy>,
    /// Why it was given up.
    pub reason: Option<String>,
    /// What its accounts need to know; none of what was held before there were any.
    #[serde(default)]
    pub dealing: Option<Dealing>,
}

impl fmt::Debug for Resale {
    /// Prints nothing of the persons and no notes, so that no log can.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Resale({} {} …)", self.reseller, self.mode.name())
    }
}

impl Resale {
    /// Of whom anything is kept: who booked, then each of the people.
    pub fn customers(&self) -> impl Iterator<Item = &Customer> {
        let people = self.items.iter().map(|item| &item.customer);
        std::iter::once(&self.customer).chain(people).filter(|one| **one != Customer::default())
    }

    /// What is left once the persons are forgotten.
    #[must_use]
    pub fn without_persons(&self) -> Self {
        let nobody = |item: &ResoldUnit| ResoldUnit {
            customer: Customer::default(),
            reference: None,
            ..item.clone()
        };
        // A hash of what was said of them is one of them, too.
        let confirmed = self.confirmed.as_ref();
        let confirmed =
            confirmed.map(|by| ConfirmedBy { fingerprint: FORGOTTEN.to_owned(), ..by.clone() });
        Self {
            customer: Customer::default(),
            notes: None,
            reason: None,
            reference: None,
            confirmed,
            items: self.items.iter().map(nobody).collect(),
            ..self.clone()
        }
    }
}

/// So many of each unit, in the order in which the items first name them.
#[must_use]
pub fn quantities(items: &[ResoldUnit]) -> Vec<UnitQuantity> {
    let mut quantities: Vec<UnitQuantity> = Vec::new();
    for item in items {
        match quantities.iter_mut().find(|line| line.unit_id == item.unit) {
            Some(line) => line.quantity += 1,
            None => quantities.push(UnitQuantity { unit_id: item.unit.clone(), quantity: 1 }),
        }
    }
    quantities
}

/// Whether two lists are of the same people, whatever else they say of them.
#[must_use]
pub fn are_same_people(some: &[ResoldUnit], others: &[ResoldUnit]) -> bool {
    let units = |items: &[ResoldUnit]| {
        let mut units: Vec<UnitId> = items.iter().map(|item| item.unit.clone()).collect();
        units.sort_unstable();
        units
    };
    units(some) == units(others)
}

impl Booking {
    /// A booking that a reseller sold is changed by its reseller and by nobody who merely knows its uuid.
    ///
    /// # Errors
    /// Its channel is a reseller's.
    pub fn must_be_the_visitors(&self) -> Result<(), StepError> {
        if self.channel == Channel::Reseller { Err(StepError::Resold) } else { Ok(()) }
    }

    /// A fresh hold as a reseller's: under what was asked, until the instant given or the end of its visit. It is exchanged by
    /// changing it, and counted for nobody.
    #[must_use]
    pub fn resold(self, resale: Resale, fingerprint: String, expires_at: Timestamp) -> Self {
        Self {
            fingerprint,
            exchange: None,
            counted: None,
            resale: Some(Box::new(resale)),
            state: BookingState::OnHold {
                expires_at: expires_at.min(self.slot.end),
                declined: None,
            },
            ..self
        }
    }

    /// The same hold for other places: nothing is held, or sold, beyond the end of its visit.
    #[must_use]
    pub fn held_within_visit(self) -> Self {
        match self.state {
            BookingState::OnHold { expires_at, declined } => {
                let expires_at = expires_at.min(self.slot.end);
                Self { state: BookingState::OnHold { expires_at, declined }, ..self }
            }
            _ => self,
        }
    }

    /// Confirms a hold that a reseller sold, under what it asked. Repeated, it answers the same.
    ///
    /// # Errors
    /// An ended hold, names that are missing, another request than the one that confirmed it, or a state
    /// that is not open.
    pub fn confirm_resold(&self, fingerprint: &str, now: Timestamp) -> Result<Self, StepError> {
        let seen = self.seen_at(now);
        match seen.state {
            BookingState::OnHold { .. } => {
                self.must_name_holders()?;
                let at = now;
                let confirmed = Some(ConfirmedBy { at, fingerprint: fingerprint.to_owned() });
                let next =
                    self.moved_to(BookingState::Confirmed { confirmed_at: now, payment: None });
                Ok(next.with_resale(now, |resale| Resale { confirmed, ..resale }))
            }
            BookingState::Confirmed { .. } if self.was_confirmed_by(fingerprint) => Ok(seen),
            BookingState::Expired { expired_at } => Err(StepError::HoldExpired { expired_at }),
            other => Err(StepError::WrongState { state: other.name(), step: "confirmed" }),
        }
    }

    /// Whether this very request confirmed it.
    #[must_use]
    pub fn was_confirmed_by(&self, fingerprint: &str) -> bool {
        let confirmed = self.resale.as_ref().and_then(|resale| resale.confirmed.as_ref());
        confirmed.is_some_and(|by| by.fingerprint == fingerprint)
    }

    /// Keeps the places of a hold for so many minutes from `now`, never for fewer than before, nor beyond the
    /// end of its visit.
    ///
    /// # Errors
    /// An ended hold, a time that is too long, or a state that is not open.
    pub fn extend_resold(&self, minutes: u32, now: Timestamp) -> Result<Self, StepError> {
        let seen = self.seen_at(now);
        match seen.state {
            BookingState::OnHold { expires_at, declined } => {
                let longest = self.created_at + i64::from(HOLD_MAX_MINUTES).minutes();
                let asked = now + i64::from(minutes).minutes();
                if asked > longest {
                    return Err(StepError::WrongState {
                        state: "on hold for a day at most",
                        step: "extended further",
                    });
                }
                let expires_at = expires_at.max(asked).min(self.slot.end);
                Ok(self
                    .moved_to(BookingState::OnHold { expires_at, declined })
                    .with_resale(now, |resale| resale))
            }
            BookingState::Expired { expired_at } => Err(StepError::HoldExpired { expired_at }),
            other => Err(StepError::WrongState { state: other.name(), step: "extended" }),
        }
    }

    /// Gives up what a reseller holds or sold, with its `tickets`. Repeated, it answers the same. What the
    /// reseller is owed back follows from the product's rule.
    ///
    /// # Errors
    /// A visit that began, a ticket that was used, or a hold that ended by itself.
    pub fn cancel_resold(
        &self,
        reason: Option<String>,
        tickets: Vec<Ticket>,
        now: Timestamp,
    ) -> Result<GivenUp, StepError> {
        let seen = self.seen_at(now);
        let alone = |booking| GivenUp { booking, tickets: Vec::new(), refund: Vec::new() };
        let given_up = match &seen.state {
            BookingState::Cancelled { .. } => return Ok(alone(seen)),
            BookingState::OnHold { .. } => alone(self.moved_to(BookingState::Cancelled {
                cancelled_at: now,
                payment: None,
                refund: Cents::ZERO,
                exchanged_for: None,
            })),
            BookingState::Confirmed { .. } => {
                if let Some(at) = first_use(&tickets) {
                    return Err(StepError::TicketUsed { at });
                }
                if now >= self.slot.start {
                    return Err(StepError::VisitBegan { at: self.slot.start });
                }
                let refund = self.terms(now).map_or(Cents::ZERO, |terms| terms.refund);
                self.take_back(tickets, None, refund, now)?
            }
            BookingState::Expired { expired_at } => {
                return Err(StepError::HoldExpired { expired_at: *expired_at });
            }
            other => {
                return Err(StepError::WrongState { state: other.name(), step: "cancelled" });
            }
        };
        let booking = given_up.booking.with_resale(now, |resale| Resale { reason, ..resale });
        Ok(GivenUp { booking, ..given_up })
    }

    /// The booking with what its reseller changed of its own words.
    #[must_use]
    pub fn with_resale(self, now: Timestamp, change: impl FnOnce(Resale) -> Resale) -> Self {
        let changed = self.resale.clone().map(|resale| {
            let changed = change(*resale);
            Box::new(Resale { updated_at: now, ..changed })
        });
        Self { resale: changed, ..self }
    }

    /// Which ticket is for which item, of those issued for the booking in their order; none before.
    #[must_use]
    pub fn tickets_by_item(&self, issued: &[TicketId]) -> Vec<Option<TicketId>> {
        let mut waiting: HashMap<&UnitId, VecDeque<TicketId>> = HashMap::new();
        let lines = self
            .units
            .iter()
            .flat_map(|line: &UnitLine| std::iter::repeat_n(&line.unit_id, line.quantity as usize));
        for (unit, ticket) in lines.zip(issued) {
            waiting.entry(unit).or_default().push_back(*ticket);
        }
        let items = self.resale.as_ref().map(|resale| resale.items.as_slice()).unwrap_or_default();
        items.iter().map(|item| waiting.get_mut(&item.unit)?.pop_front()).collect()
    }
}

/// When the first of these tickets was used; none while none was.
#[must_use]
pub fn first_use(tickets: &[Ticket]) -> Option<Timestamp> {
    let used = tickets.iter().filter_map(|ticket| match &ticket.state {
        TicketState::Redeemed { at, .. } => Some(*at),
        TicketState::Valid | TicketState::Revoked { .. } | TicketState::Replaced { .. } => None,
    });
    used.min()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hold::tests::{NOW, held};
    use crate::id::GateId;
    use crate::ticket::issue;

    fn now() -> Timestamp {
        NOW.parse().unwrap()
    }

    fn item(number: u128, unit: &str) -> ResoldUnit {
        ResoldUnit {
            uuid: uuid::Uuid::from_u128(number).into(),
            unit: UnitId::new(unit).unwrap(),
            reference: None,
            customer: Customer { full_name: Some("Visitor 1".to_owned()), ..Customer::default() },
        }
    }

    fn resold() -> Booking {
        let resale = Resale {
            reseller: ResellerId::new("tours").unwrap(),
            mode: Mode::Live,
            reference: Some("R-1".to_owned()),
            items: vec![item(1, "child"), item(2, "adult")],
            customer: Customer::default(),
            notes: Some("a note".to_owned()),
            updated_at: now(),
            confirmed: None,
            reason: None,
            dealing: None,
        };
        let hold = Booking { channel: Channel::Reseller, ..held() };
        hold.resold(resale, "asked".to_owned(), now() + 15.minutes())
    }

    fn tickets(booking: &Booking) -> Vec<Ticket> {
        issue(booking, [TicketId::from_bytes([1; 10]), TicketId::from_bytes([2; 10])], now())
    }

    #[test]
    fn who_merely_knows_the_uuid_takes_no_step_of_the_resellers() {
        let hold = resold();
        let payment = crate::payment::payment_id(hold.uuid, 1).unwrap();
        assert_eq!(hold.start_payment(payment, now()), Err(StepError::Resold));
        assert_eq!(hold.confirm_free(Cents::ZERO, now()), Err(StepError::Resold));
        assert_eq!(hold.cancel(now()), Err(StepError::Resold));
        let sold = hold.confirm_resold("body", now()).unwrap();
        assert_eq!(sold.give_up(tickets(&sold), None, now()), Err(StepError::Resold));
        assert!(hold.expire(now() + 16.minutes()).is_some(), "but it expires like any");
    }

    #[test]
    fn the_same_confirmation_answers_the_same_and_another_is_refused() {
        let sold = resold().confirm_resold("body", now()).unwrap();
        assert_eq!(sold.confirm_resold("body", now() + 1.minute()).unwrap(), sold);
        let refused = sold.confirm_resold("other", now());
        assert_eq!(refused, Err(StepError::WrongState { state: "CONFIRMED", step: "confirmed" }));
        let late = resold().confirm_resold("body", now() + 15.minutes());
        assert!(matches!(late, Err(StepError::HoldExpired { .. })));
    }

    #[test]
    fn a_hold_is_extended_and_never_shortened_and_ends_within_a_day() {
        let until = |booking: &Booking| match booking.state {
            BookingState::OnHold { expires_at, .. } => expires_at,
            _ => panic!("{:?}", booking.state),
        };
        let longer = resold().extend_resold(31, now()).unwrap();
        assert_eq!(until(&longer), now() + 31.minutes());
        assert_eq!(until(&longer.extend_resold(1, now()).unwrap()), now() + 31.minutes());
        let later = now() + 10.minutes();
        assert!(longer.extend_resold(HOLD_MAX_MINUTES, later).is_err());
        let sold = longer.confirm_resold("body", now()).unwrap();
        assert!(sold.extend_resold(31, now()).is_err());
    }

    #[test]
    fn what_is_given_up_is_owed_back_by_the_rule_until_somebody_entered() {
        let hold = resold();
        let gone = hold.cancel_resold(Some("ill".to_owned()), Vec::new(), now()).unwrap();
        assert_eq!(gone.booking.resale.as_ref().unwrap().reason.as_deref(), Some("ill"));
        let again = gone.booking.cancel_resold(None, Vec::new(), now()).unwrap();
        assert_eq!(again.booking, gone.booking);

        // The slot starts in an hour, after the day until which money goes back.
        let sold = hold.confirm_resold("body", now()).unwrap();
        let given_up = sold.cancel_resold(None, tickets(&sold), now()).unwrap();
        let state = &given_up.booking.state;
        assert!(matches!(state, BookingState::Cancelled { refund: Cents::ZERO, .. }), "{state:?}");
        assert_eq!(given_up.tickets.len(), 2);
        let mut used = tickets(&sold);
        used[0].state = TicketState::Redeemed {
            at: now(),
            gate: GateId::new("main").unwrap(),
            redemption: uuid::Uuid::nil().into(),
            area: None,
            exit: None,
        };
        let refused = sold.cancel_resold(None, used, now());
        assert_eq!(refused.unwrap_err(), StepError::TicketUsed { at: now() });
        let began = sold.cancel_resold(None, tickets(&sold), sold.slot.start);
        assert_eq!(began.unwrap_err(), StepError::VisitBegan { at: sold.slot.start });
    }

    #[test]
    fn each_item_has_the_ticket_of_its_unit() {
        let sold = resold();
        let issued: Vec<TicketId> =
            tickets(&sold).iter().map(|ticket| ticket.entitlement.ticket).collect();
        // The adult's line comes first in the booking, the child's item in the reseller's order.
        assert_eq!(sold.tickets_by_item(&issued), [Some(issued[1]), Some(issued[0])]);
        assert_eq!(sold.tickets_by_item(&[]), [None, None]);
        let lines = quantities(&[item(1, "adult"), item(2, "child"), item(3, "adult")]);
        assert_eq!(lines.iter().map(|line| line.quantity).collect::<Vec<_>>(), [2, 1]);
    }

    #[test]
    fn who_is_forgotten_is_forgotten_in_the_resellers_words_too() {
        let sold = resold().confirm_resold("body", now()).unwrap();
        let forgotten = sold.forget_person(now()).unwrap().resale.unwrap();
        let written = serde_json::to_string(&forgotten).unwrap();
        assert!(!written.contains("Visitor") && !written.contains("a note"), "{written}");
        assert!(!format!("{sold:?}").contains("Visitor"));
    }
}
