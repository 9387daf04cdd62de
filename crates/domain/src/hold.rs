//! From what a visitor asks to a booking on hold: every rule that a request must meet before any
//! place is touched, each refusal with the field it concerns and the facts that mend it.

#[cfg(test)]
pub(crate) mod tests;

use jiff::civil::Date;
use jiff::{Timestamp, ToSpan};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::admission::AdmissionRule;
use crate::booking::{Booking, BookingState, Channel, Contact, Origin, UnitLine};
use crate::calendar::{BOOKING_HORIZON_DAYS, Day, SlotTimes};
use crate::cancellation::Cancellation;
use crate::exchange::ExchangeRule;
use crate::holder::Holders;
use crate::id::{
    CallerUuid, OnSaleId, OptionId, ProductId, ResourceId, Shelfmark, SlotId, UnitId, VenueId,
};
use crate::pass::PassRule;
use crate::person_limit::{Counted, PersonLimit};
use crate::quota::{Pools, max_units};
use crate::resource::{ResourceRef, ResourceUse};
use crate::risk::{Decision, RiskKeys};
use crate::tariff::{Tariff, Unit, price};
use crate::text::{Locale, Text};
use crate::venue::{Product, Venue};
use crate::voucher::{VoucherKey, VoucherUse};

/// How long a hold lasts, in seconds.
pub const HOLD_TTL_SECONDS: i64 = 15 * 60;

/// What a visitor asks for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
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
    /// Pieces to be brought, by shelfmark.
    pub pieces: Vec<Shelfmark>,
    /// Whom to write to; a desk need not ask.
    pub contact: Option<Contact>,
    /// In which language.
    pub locale: Locale,
    /// Through which channel.
    pub channel: Channel,
    /// The discount code, by its hash.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub voucher: Option<VoucherKey>,
    /// The booking in whose place it shall come.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replaces: Option<CallerUuid>,
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
    /// Nobody knows yet what that day costs.
    #[error("option `{option}` has no tariff for {day}")]
    NoTariff { option: OptionId, day: Date },
    /// The day is open to entry, not to booking.
    #[error("day {day} takes no booking: {}", .reason.en)]
    TakesNoBooking { day: Date, reason: Text },
    /// The option has no such unit.
    #[error("option `{option}` has no unit `{unit}` that day")]
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
    /// More than one person may take.
    #[error("{requested} tickets are asked for, one person takes at most {} per {}", .limit.tickets, .limit.per)]
    OverPersonLimit { requested: u64, limit: PersonLimit },
    /// Someone who may not come alone does.
    #[error("`{unit}` comes only with one of {}", list(.accompanied_by))]
    Unaccompanied { unit: UnitId, accompanied_by: Vec<UnitId> },
    /// More companions than people to accompany.
    #[error(
        "{companions} `{unit}` accompany {accompanied} of {}: one companion each",
        list(.companion_of)
    )]
    TooManyCompanions { unit: UnitId, companions: u32, accompanied: u32, companion_of: Vec<UnitId> },
    /// More pieces than one booking may ask for.
    #[error("{asked} pieces are asked for, one booking of `{product}` takes at most {pieces_max}")]
    TooManyPieces { product: ProductId, asked: usize, pieces_max: u32 },
    /// A piece is named twice.
    #[error("piece `{piece}` is named twice")]
    RepeatedPiece { piece: Shelfmark, index: usize },
    /// The venue does not have it that day.
    #[error("`{resource}` is not to be had on {day}: {}", .reason.en)]
    ResourceClosed { resource: ResourceId, day: Date, reason: Text },
    /// The venue never has so many of it.
    #[error("{needed} of `{resource}` are needed, the venue has {quantity}")]
    ResourceTooSmall { resource: ResourceId, needed: u32, quantity: u32 },
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
    /// Visits of the day are not on sale yet.
    #[error("visits of {day} are on sale from {opens_at}")]
    NotOnSale { day: Date, sale: OnSaleId, opens_at: Timestamp },
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
    /// What the visit occupies beside its places.
    pub uses: Vec<ResourceUse>,
    /// What goes back when the booking is given up.
    pub cancellation: Cancellation,
    /// Until when it may be exchanged.
    pub exchange: Option<ExchangeRule>,
    /// How its tickets admit.
    pub admission: AdmissionRule,
    /// What they are good for, where they are passes.
    pub pass: Option<PassRule>,
    /// How many tickets one person takes.
    pub person_limit: Option<PersonLimit>,
    /// The code that reduced it.
    pub voucher: Option<VoucherUse>,
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
    /// The first rule that is not met: product, option, units, day and slot, then contact.
    pub fn offer(&self, venue: &Venue, now: Timestamp) -> Result<Offer, HoldError> {
        let offer = self.quote(venue, now)?;
        match &self.contact {
            Some(contact) => contact.check()?,
            // A reseller writes to its customers itself.
            None if matches!(self.channel, Channel::Desk | Channel::Reseller) => {}
            None => return Err(HoldError::NoContact),
        }
        Ok(offer)
    }

    /// The same for who only asks for the price and need not say yet whom to write to.
    ///
    /// # Errors
    /// The first rule that is not met: product, option, units, then day and slot.
    pub fn quote(&self, venue: &Venue, now: Timestamp) -> Result<Offer, HoldError> {
        let day = self.slot_id.day();
        let (product, tariff) = find_tariff(venue, &self.product_id, &self.option_id, day)?;
        let wanted = self.wanted_units(tariff)?;
        self.check_party(product, &wanted)?;
        let slot = find_slot(venue, product, self.slot_id, now)?;
        must_be_on_sale(product, day, self.channel, now)?;
        let units = wanted
            .iter()
            .map(|(unit, quantity)| unit_line(product, unit, *quantity, day))
            .collect();
        let places = wanted.iter().map(|(_, quantity)| *quantity).sum();
        let uses = uses_of(venue, product, day, places, &self.pieces)?;
        let pools = Pools::of(product, slot.start);
        let (cancellation, admission) = (product.cancellation, product.admission.clone());
        let (person_limit, exchange) = (product.person_limit, product.exchange.clone());
        Ok(Offer {
            slot,
            pools,
            units,
            uses,
            cancellation,
            exchange,
            admission,
            pass: product.pass.clone(),
            person_limit,
            voucher: None,
        })
    }

    /// Turns an accepted offer into a booking on hold.
    #[must_use]
    pub fn hold(self, offer: Offer, decision: Decision, keys: RiskKeys, now: Timestamp) -> Booking {
        let fingerprint = self.fingerprint();
        let counted = offer.person_limit.zip(keys.contact.clone());
        Booking {
            uuid: self.uuid,
            fingerprint,
            order: None,
            venue_id: self.venue_id,
            product_id: self.product_id,
            option_id: self.option_id,
            slot: offer.slot,
            units: offer.units,
            contact: self.contact,
            locale: self.locale,
            channel: self.channel,
            origin: Origin::Asked,
            created_at: now,
            decision,
            risk_keys: keys,
            draws: Vec::new(),
            uses: offer.uses,
            cancellation: offer.cancellation,
            admission: offer.admission,
            pass: offer.pass,
            voucher: offer.voucher,
            exchange: offer.exchange,
            moving: None,
            replaces: None,
            carried: Vec::new(),
            reduced: None,
            resale: None,
            holders: Holders::default(),
            counted: counted.map(|(limit, person)| Counted { person, limit }),
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
        // All else follows from the booking that is exchanged, which goes on changing.
        if let Some(replaces) = &self.replaces {
            hash.update(format!("exchange {replaces} {}", self.slot_id));
            return hex(&hash.finalize());
        }
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
        for piece in &self.pieces {
            hash.update(piece.to_string().as_bytes());
            hash.update([0]);
        }
        if let Some(voucher) = &self.voucher {
            hash.update(voucher.as_str().as_bytes());
            hash.update([0]);
        }
        if let Some(contact) = &self.contact {
            for part in [&contact.full_name, &contact.email] {
                hash.update(part.as_bytes());
                hash.update([0]);
            }
            hash.update(contact.phone.as_deref().unwrap_or_default().as_bytes());
        }
        hex(&hash.finalize())
    }

    fn wanted_units<'t>(&self, tariff: &'t Tariff) -> Result<Vec<(&'t Unit, u32)>, HoldError> {
        let mut wanted: Vec<(&Unit, u32)> = Vec::new();
        for line in &self.units {
            let unit = find_unit(&self.option_id, tariff, &line.unit_id)?;
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
        if let Some(limit) = product.person_limit
            && requested > u64::from(limit.tickets)
        {
            return Err(HoldError::OverPersonLimit { requested, limit });
        }
        wanted.iter().try_for_each(|(unit, quantity)| check_company(unit, *quantity, wanted))
    }
}

/// The first half of a hash, which is enough to tell requests apart.
fn hex(hash: &[u8]) -> String {
    hash[..16].iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Refuses a day that is not on sale yet, or that takes no booking through the channel.
pub(crate) fn must_be_on_sale(
    product: &Product,
    day: Date,
    channel: Channel,
    now: Timestamp,
) -> Result<(), HoldError> {
    if let Some(sale) = product.on_sale_of(day).filter(|sale| now < sale.opens_at) {
        let (sale, opens_at) = (sale.id.clone(), sale.opens_at);
        return Err(HoldError::NotOnSale { day, sale, opens_at });
    }
    if let Some(free) = product.free_day(day).filter(|free| !free.takes_booking(channel)) {
        return Err(HoldError::TakesNoBooking { day, reason: free.reason.clone() });
    }
    Ok(())
}

/// What a venue sells under these names on a day: the product, and the option's tariff of that day.
pub(crate) fn find_tariff<'v>(
    venue: &'v Venue,
    product: &ProductId,
    option: &OptionId,
    day: Date,
) -> Result<(&'v Product, &'v Tariff), HoldError> {
    let product = venue.product(product).ok_or_else(|| HoldError::UnknownProduct {
        venue: venue.id.clone(),
        product: product.clone(),
        known: venue.products.iter().map(|product| product.id.clone()).collect(),
    })?;
    let option = product.option(option).ok_or_else(|| HoldError::UnknownOption {
        product: product.id.clone(),
        option: option.clone(),
        known: product.options.iter().map(|option| option.id.clone()).collect(),
    })?;
    let tariff = option
        .tariff_on(day)
        .ok_or_else(|| HoldError::NoTariff { option: option.id.clone(), day })?;
    Ok((product, tariff))
}

/// The unit of that id in a tariff of the option.
pub(crate) fn find_unit<'t>(
    option: &OptionId,
    tariff: &'t Tariff,
    id: &UnitId,
) -> Result<&'t Unit, HoldError> {
    tariff.units.iter().find(|unit| &unit.id == id).ok_or_else(|| HoldError::UnknownUnit {
        option: option.clone(),
        unit: id.clone(),
        known: tariff.units.iter().map(|unit| unit.id.clone()).collect(),
    })
}

/// So many of a unit at the price of a day.
pub(crate) fn unit_line(product: &Product, unit: &Unit, quantity: u32, day: Date) -> UnitLine {
    let price = price(product, unit, day);
    UnitLine {
        unit_id: unit.id.clone(),
        name: unit.name.clone(),
        quantity,
        price_cents: price.cents,
        components: price.components,
        reason: price.reason,
        document: price.show,
    }
}

/// What the party occupies beside its places, where the venue has it at all.
pub(crate) fn uses_of(
    venue: &Venue,
    product: &Product,
    day: Date,
    places: u32,
    pieces: &[Shelfmark],
) -> Result<Vec<ResourceUse>, HoldError> {
    let (asked, pieces_max) = (pieces.len(), product.pieces_max);
    if asked > pieces_max as usize {
        let product = product.id.clone();
        return Err(HoldError::TooManyPieces { product, asked, pieces_max });
    }
    let mut uses = Vec::with_capacity(product.needs.len() + asked);
    for need in &product.needs {
        // Whoever takes a resource away is told of the products that need it first.
        let Some(resource) = venue.resource(&need.resource_id) else { continue };
        let needed = need.of(places);
        if let Some(closure) = resource.closure_on(day) {
            let (resource, reason) = (resource.id.clone(), closure.reason.clone());
            return Err(HoldError::ResourceClosed { resource, day, reason });
        }
        let quantity = resource.quantity;
        if needed > quantity {
            let resource = resource.id.clone();
            return Err(HoldError::ResourceTooSmall { resource, needed, quantity });
        }
        let resource = ResourceRef::Resource(resource.id.clone());
        uses.push(ResourceUse { resource, quantity: needed, limit: quantity });
    }
    for (index, piece) in pieces.iter().enumerate() {
        if pieces[..index].contains(piece) {
            return Err(HoldError::RepeatedPiece { piece: piece.clone(), index });
        }
        let resource = ResourceRef::Piece(piece.clone());
        uses.push(ResourceUse { resource, quantity: 1, limit: 1 });
    }
    Ok(uses)
}

/// A child comes with an adult; a companion comes with whom they accompany, one with each.
pub(crate) fn check_company(
    unit: &Unit,
    quantity: u32,
    party: &[(&Unit, u32)],
) -> Result<(), HoldError> {
    let coming = |ids: &[UnitId]| -> u32 {
        let among = party.iter().filter(|(unit, _)| ids.contains(&unit.id));
        among.map(|(_, quantity)| *quantity).sum()
    };
    if !unit.accompanied_by.is_empty() && coming(&unit.accompanied_by) == 0 {
        return Err(HoldError::Unaccompanied {
            unit: unit.id.clone(),
            accompanied_by: unit.accompanied_by.clone(),
        });
    }
    let accompanied = coming(&unit.companion_of);
    if !unit.companion_of.is_empty() && quantity > accompanied {
        return Err(HoldError::TooManyCompanions {
            unit: unit.id.clone(),
            companions: quantity,
            accompanied,
            companion_of: unit.companion_of.clone(),
        });
    }
    Ok(())
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
