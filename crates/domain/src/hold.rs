//! From what a visitor asks to a booking on hold: every rule that a request must meet before any
//! place is touched, each refusal with the field it concerns and the facts that mend it.

use jiff::civil::Date;
use jiff::{Timestamp, ToSpan};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::booking::{Booking, BookingState, Channel, Contact, UnitLine};
use crate::calendar::{BOOKING_HORIZON_DAYS, Day, SlotTimes};
use crate::cancellation::Cancellation;
use crate::id::{CallerUuid, OptionId, ProductId, SlotId, UnitId, VenueId};
use crate::quota::{Pools, max_units};
use crate::risk::{Decision, RiskKeys};
use crate::tariff::{Unit, price};
use crate::text::{Locale, Text};
use crate::venue::{Product, ProductOption, Venue};

/// How long a hold lasts, in seconds.
pub const HOLD_TTL_SECONDS: i64 = 15 * 60;

/// What a visitor asks for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct HoldRequest {
    /// The caller's key.
    pub uuid: CallerUuid,
    /// Where.
    pub venue_id: VenueId,
    /// What.
    pub product_id: ProductId,
    /// Which way.
    pub option_id: OptionId,
    /// When.
    pub slot_id: SlotId,
    /// Who, by unit.
    pub units: Vec<UnitQuantity>,
    /// Whom to write to; a desk need not ask.
    pub contact: Option<Contact>,
    /// In which language.
    pub locale: Locale,
    /// Through which channel.
    pub channel: Channel,
}

/// So many of one unit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnitQuantity {
    /// The unit.
    pub unit_id: UnitId,
    /// How many.
    pub quantity: u32,
}

/// Why a request cannot be held. The messages name the fields.
#[expect(missing_docs, reason = "each message says what its fields are")]
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HoldError {
    /// The venue sells no such product.
    #[error("venue `{venue}` has no product `{product}`")]
    UnknownProduct { venue: VenueId, product: ProductId, known: Vec<ProductId> },
    /// The product has no such option.
    #[error("product `{product}` has no option `{option}`")]
    UnknownOption { product: ProductId, option: OptionId, known: Vec<OptionId> },
    /// The option has no such unit.
    #[error("option `{option}` has no unit `{unit}`")]
    UnknownUnit { option: OptionId, unit: UnitId, known: Vec<UnitId> },
    /// A unit is named twice.
    #[error("unit `{unit}` is named twice")]
    RepeatedUnit { unit: UnitId },
    /// Nobody is coming.
    #[error("no units are asked for")]
    NoUnits,
    /// More than one booking may take.
    #[error("{requested} places are asked for, one booking takes at most {max_units}")]
    TooManyUnits { requested: u64, max_units: u32 },
    /// Someone who may not come alone does.
    #[error("`{unit}` comes only with one of {}", list(.accompanied_by))]
    Unaccompanied { unit: UnitId, accompanied_by: Vec<UnitId> },
    /// The day is over.
    #[error("day {day} is past, today is {today}")]
    PastDay { day: Date, today: Date },
    /// The day cannot be booked yet.
    #[error("day {day} is too far ahead, the last one on sale is {last}")]
    TooFarAhead { day: Date, last: Date },
    /// The venue is closed that day.
    #[error("day {day} is closed: {}", .reason.en)]
    ClosedDay { day: Date, reason: Text },
    /// The venue is open, but no slot starts then.
    #[error("no slot starts at `{slot}`")]
    UnknownSlot { slot: SlotId, known: Vec<SlotId> },
    /// The slot has ended.
    #[error("slot `{slot}` is over")]
    PastSlot { slot: SlotId },
    /// Nobody to write to.
    #[error("nobody is named to write to; only a desk may leave the contact out")]
    NoContact,
    /// The name is missing or too long.
    #[error("the full name has {length} characters, 1 to 120 are taken")]
    BadName { length: usize },
    /// The address cannot receive mail.
    #[error("the mail address is not one: it wants one `@` and a domain with a dot")]
    BadEmail,
    /// The number is no telephone number.
    #[error("the telephone number is not one: digits, spaces and a leading `+`, 6 to 20 of them")]
    BadPhone,
}

fn list(units: &[UnitId]) -> String {
    units.iter().map(|unit| format!("`{unit}`")).collect::<Vec<_>>().join(", ")
}

/// A request that meets every rule, ready to be decided on and stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offer {
    /// The slot with its instants.
    pub slot: SlotTimes,
    /// The slot's places and how they are shared.
    pub pools: Pools,
    /// The priced units.
    pub units: Vec<UnitLine>,
    /// What goes back when the booking is given up.
    pub cancellation: Cancellation,
}

impl Offer {
    /// Places asked for.
    #[must_use]
    pub fn places(&self) -> u32 {
        self.units.iter().map(|line| line.quantity).sum()
    }
}

impl HoldRequest {
    /// Checks the request against what the venue sells, and prices it.
    ///
    /// # Errors
    /// The first rule that is not met: product, option, units, contact, then day and slot.
    pub fn offer(&self, venue: &Venue, now: Timestamp) -> Result<Offer, HoldError> {
        let product = venue.product(&self.product_id).ok_or_else(|| HoldError::UnknownProduct {
            venue: venue.id.clone(),
            product: self.product_id.clone(),
            known: venue.products.iter().map(|product| product.id.clone()).collect(),
        })?;
        let option = product.option(&self.option_id).ok_or_else(|| HoldError::UnknownOption {
            product: product.id.clone(),
            option: self.option_id.clone(),
            known: product.options.iter().map(|option| option.id.clone()).collect(),
        })?;
        let wanted = self.wanted_units(option)?;
        self.check_party(product, &wanted)?;
        match &self.contact {
            Some(contact) => contact.check()?,
            None if self.channel == Channel::Desk => {}
            None => return Err(HoldError::NoContact),
        }
        let slot = find_slot(venue, product, self.slot_id, now)?;
        let units = wanted
            .iter()
            .map(|(unit, quantity)| {
                let price = price(unit, &product.free_days, self.slot_id.day());
                UnitLine {
                    unit_id: unit.id.clone(),
                    name: unit.name.clone(),
                    quantity: *quantity,
                    price_cents: price.cents,
                    reason: price.reason,
                    document: unit.document.clone(),
                }
            })
            .collect();
        let pools = Pools::of(&product.quotas, product.capacity, slot.start);
        Ok(Offer { slot, pools, units, cancellation: product.cancellation })
    }

    /// Turns an accepted offer into a booking on hold.
    #[must_use]
    pub fn hold(self, offer: Offer, decision: Decision, keys: RiskKeys, now: Timestamp) -> Booking {
        let fingerprint = self.fingerprint();
        Booking {
            uuid: self.uuid,
            fingerprint,
            venue_id: self.venue_id,
            product_id: self.product_id,
            option_id: self.option_id,
            slot: offer.slot,
            units: offer.units,
            contact: self.contact,
            locale: self.locale,
            channel: self.channel,
            created_at: now,
            decision,
            risk_keys: keys,
            draws: Vec::new(),
            cancellation: offer.cancellation,
            payment_attempts: 0,
            state: BookingState::OnHold {
                expires_at: now + HOLD_TTL_SECONDS.seconds(),
                declined: None,
            },
        }
    }

    /// What makes two requests under one uuid the same request.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        let mut hash = Sha256::new();
        for part in [self.venue_id.as_str(), self.product_id.as_str(), self.option_id.as_str()] {
            hash.update(part.as_bytes());
            hash.update([0]);
        }
        hash.update(self.slot_id.to_string().as_bytes());
        for line in &self.units {
            hash.update(line.unit_id.as_str().as_bytes());
            hash.update([0]);
            hash.update(line.quantity.to_be_bytes());
        }
        if let Some(contact) = &self.contact {
            for part in [&contact.full_name, &contact.email] {
                hash.update(part.as_bytes());
                hash.update([0]);
            }
            hash.update(contact.phone.as_deref().unwrap_or_default().as_bytes());
        }
        hash.finalize()[..16].iter().map(|byte| format!("{byte:02x}")).collect()
    }

    fn wanted_units<'o>(
        &self,
        option: &'o ProductOption,
    ) -> Result<Vec<(&'o Unit, u32)>, HoldError> {
        let mut wanted: Vec<(&Unit, u32)> = Vec::new();
        for line in &self.units {
            let unit =
                option.units.iter().find(|unit| unit.id == line.unit_id).ok_or_else(|| {
                    HoldError::UnknownUnit {
                        option: option.id.clone(),
                        unit: line.unit_id.clone(),
                        known: option.units.iter().map(|unit| unit.id.clone()).collect(),
                    }
                })?;
            if wanted.iter().any(|(known, _)| known.id == unit.id) {
                return Err(HoldError::RepeatedUnit { unit: unit.id.clone() });
            }
            if line.quantity > 0 {
                wanted.push((unit, line.quantity));
            }
        }
        if wanted.is_empty() { Err(HoldError::NoUnits) } else { Ok(wanted) }
    }

    fn check_party(&self, product: &Product, wanted: &[(&Unit, u32)]) -> Result<(), HoldError> {
        let requested: u64 = wanted.iter().map(|(_, quantity)| u64::from(*quantity)).sum();
        let max_units = max_units(&product.quotas, self.channel, product.max_units);
        if requested > u64::from(max_units) {
            return Err(HoldError::TooManyUnits { requested, max_units });
        }
        let comes = |id: &UnitId| wanted.iter().any(|(unit, _)| &unit.id == id);
        match wanted.iter().find(|(unit, _)| {
            !unit.accompanied_by.is_empty() && !unit.accompanied_by.iter().any(comes)
        }) {
            Some((unit, _)) => Err(HoldError::Unaccompanied {
                unit: unit.id.clone(),
                accompanied_by: unit.accompanied_by.clone(),
            }),
            None => Ok(()),
        }
    }
}

/// The slot of that id, if it can be booked at `now`.
///
/// # Errors
/// Past or closed day, beyond the horizon, no such slot, or a slot that is over.
pub fn find_slot(
    venue: &Venue,
    product: &Product,
    slot_id: SlotId,
    now: Timestamp,
) -> Result<SlotTimes, HoldError> {
    let zone = venue.time_zone();
    let day = slot_id.day();
    let today = now.to_zoned_datetime(zone.clone()).date();
    if day < today {
        return Err(HoldError::PastDay { day, today });
    }
    let last = today.saturating_add(BOOKING_HORIZON_DAYS.days());
    if day > last {
        return Err(HoldError::TooFarAhead { day, last });
    }
    let slots = match venue.opening.day(product, day, &zone) {
        Day::Closed { reason } => return Err(HoldError::ClosedDay { day, reason }),
        Day::Open { slots } => slots,
    };
    let slot = slots.iter().find(|slot| slot.id == slot_id).ok_or_else(|| {
        HoldError::UnknownSlot { slot: slot_id, known: slots.iter().map(|slot| slot.id).collect() }
    })?;
    if slot.end <= now { Err(HoldError::PastSlot { slot: slot_id }) } else { Ok(*slot) }
}

#[cfg(test)]
pub(crate) mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::booking::{Settlement, StepError};
    use crate::calendar::Opening;
    use crate::payment::{ProviderOutcome, payment_id};
    use crate::risk::{Features, decide};
    use crate::tariff::Cents;
    use crate::venue::{HoursSource, VenueKind, shipped_product};

    const NOW: &str = "2026-11-24T08:00:00Z";

    fn venue() -> Venue {
        Venue {
            id: VenueId::new("20240").unwrap(),
            name: "Museo di prova".into(),
            kind: VenueKind::Museum,
            category: None,
            municipality: "Matera".into(),
            region: "Basilicata".into(),
            latitude: 40.66,
            longitude: 16.61,
            full_price_cents: Cents(1000),
            annual_visitors: Some(21_080),
            website: None,
            hours: HoursSource::DefaultWeek,
            opening: Opening::default_week(),
            products: vec![shipped_product(VenueKind::Museum, Cents(1000), Some(21_080)).unwrap()],
        }
    }

    fn visitor_asks(units: &[(&str, u32)], slot: &str) -> HoldRequest {
        HoldRequest {
            uuid: Uuid::from_u128(1).into(),
            venue_id: VenueId::new("20240").unwrap(),
            product_id: ProductId::new("admission").unwrap(),
            option_id: OptionId::new("standard").unwrap(),
            slot_id: slot.parse().unwrap(),
            units: units
                .iter()
                .map(|(id, quantity)| UnitQuantity {
                    unit_id: UnitId::new(*id).unwrap(),
                    quantity: *quantity,
                })
                .collect(),
            contact: Some(Contact {
                full_name: "Visitor 1".into(),
                email: "visitor-1@example.org".into(),
                phone: None,
            }),
            locale: Locale::It,
            channel: Channel::Web,
        }
    }

    fn offered(units: &[(&str, u32)], slot: &str) -> Result<Offer, HoldError> {
        visitor_asks(units, slot).offer(&venue(), NOW.parse().unwrap())
    }

    pub(crate) fn held() -> Booking {
        let now = NOW.parse().unwrap();
        let request = visitor_asks(&[("adult", 1), ("child", 1)], "2026-11-24T10:00");
        let offer = request.offer(&venue(), now).unwrap();
        let keys = RiskKeys::of(b"key", Some("visitor-1@example.org"), None);
        request.hold(offer, decide(&Features::default(), now), keys, now)
    }

    #[test]
    fn a_child_comes_only_with_an_adult_or_a_youth() {
        let slot = "2026-11-24T10:00";
        assert!(matches!(offered(&[("child", 1)], slot), Err(HoldError::Unaccompanied { .. })));
        assert!(matches!(
            offered(&[("child", 1), ("minor", 1)], slot),
            Err(HoldError::Unaccompanied { .. })
        ));
        assert!(offered(&[("child", 1), ("youth", 1)], slot).is_ok());
        assert!(offered(&[("minor", 1)], slot).is_ok());
    }

    #[test]
    fn a_party_has_one_to_ten_people_however_large_the_numbers() {
        let slot = "2026-11-24T10:00";
        assert_eq!(offered(&[], slot), Err(HoldError::NoUnits));
        assert_eq!(offered(&[("adult", 0)], slot), Err(HoldError::NoUnits));
        assert!(offered(&[("adult", 10)], slot).is_ok());
        assert!(matches!(
            offered(&[("adult", u32::MAX), ("minor", u32::MAX)], slot),
            Err(HoldError::TooManyUnits { .. })
        ));
        assert!(matches!(
            offered(&[("adult", 1), ("adult", 1)], slot),
            Err(HoldError::RepeatedUnit { .. })
        ));
    }

    #[test]
    fn only_a_slot_that_is_still_to_end_can_be_held() {
        let one = [("adult", 1)];
        assert!(matches!(offered(&one, "2026-11-22T10:00"), Err(HoldError::PastDay { .. })));
        assert!(matches!(offered(&one, "2026-11-30T10:00"), Err(HoldError::ClosedDay { .. })));
        assert!(matches!(offered(&one, "2026-11-24T10:30"), Err(HoldError::UnknownSlot { .. })));
        assert!(matches!(offered(&one, "2027-11-24T10:00"), Err(HoldError::TooFarAhead { .. })));
        // 9:00 in Rome is 8:00 UTC: the slot that starts now is on sale.
        assert!(offered(&one, "2026-11-24T09:00").is_ok());
    }

    #[test]
    fn a_hold_past_its_time_is_expired_wherever_it_is_read() {
        let booking = held();
        let late = NOW.parse::<Timestamp>().unwrap() + HOLD_TTL_SECONDS.seconds();
        assert_eq!(booking.seen_at(late).state.name(), "EXPIRED");
        assert!(matches!(
            booking.start_payment(payment_id(booking.uuid, 1).unwrap(), late),
            Err(StepError::HoldExpired { .. })
        ));
        assert!(booking.expire(late).is_some());
        assert!(booking.expire(NOW.parse().unwrap()).is_none());
    }

    #[test]
    fn a_paying_booking_outlives_its_hold_and_the_provider_decides() {
        let now: Timestamp = NOW.parse().unwrap();
        let payment = payment_id(held().uuid, 1).unwrap();
        let paying = held().start_payment(payment.clone(), now).unwrap();
        let late = now + 3.hours();
        assert_eq!(paying.seen_at(late).state.name(), "PAYING");
        let Settlement::Confirm(confirmed) = paying.settle(&payment, ProviderOutcome::Paid, late)
        else {
            panic!("a paid booking is confirmed");
        };
        assert_eq!(confirmed.settle(&payment, ProviderOutcome::Paid, late), Settlement::Nothing);
        assert!(matches!(
            paying.settle(&payment, ProviderOutcome::Declined, now),
            Settlement::Retry(_)
        ));
        assert!(matches!(
            paying.settle(&payment, ProviderOutcome::Declined, late),
            Settlement::Release(_)
        ));
    }

    #[test]
    fn money_for_a_booking_that_is_no_more_goes_back() {
        let now: Timestamp = NOW.parse().unwrap();
        let payment = payment_id(held().uuid, 1).unwrap();
        let cancelled = held().cancel(now).unwrap();
        assert_eq!(cancelled.settle(&payment, ProviderOutcome::Paid, now), Settlement::Refund);
    }

    #[test]
    fn a_priced_booking_is_not_confirmed_without_payment() {
        let amount = Cents(1000);
        assert_eq!(
            held().confirm_free(NOW.parse().unwrap()),
            Err(StepError::PaymentRequired { amount })
        );
    }

    #[test]
    fn only_a_desk_sells_to_somebody_without_a_name() {
        let asked = |channel| {
            let request = visitor_asks(&[("adult", 1)], "2026-11-24T10:00");
            let request = HoldRequest { contact: None, channel, ..request };
            request.offer(&venue(), NOW.parse().unwrap()).err()
        };
        assert_eq!(asked(Channel::Web), Some(HoldError::NoContact));
        assert_eq!(asked(Channel::Totem), Some(HoldError::NoContact));
        assert_eq!(asked(Channel::Desk), None);
    }

    #[test]
    fn a_contact_that_cannot_be_reached_is_refused() {
        let with = |email: &str, phone: Option<&str>| {
            let contact = Contact {
                full_name: "Visitor 1".into(),
                email: email.into(),
                phone: phone.map(Into::into),
            };
            contact.check()
        };
        assert_eq!(with("visitor@example.org", Some("+39 055 123456")), Ok(()));
        for bad in ["", "visitor", "@example.org", "a@b", "a@b@c.org", "a b@c.org", "a@.org"] {
            assert_eq!(with(bad, None), Err(HoldError::BadEmail), "{bad}");
        }
        assert_eq!(with("visitor@example.org", Some("call me")), Err(HoldError::BadPhone));
    }

    #[test]
    fn no_log_can_print_a_contact() {
        let printed = format!("{:?}", held());
        assert!(!printed.contains("example.org") && !printed.contains("Visitor 1"));
    }
}
