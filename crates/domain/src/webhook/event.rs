//! What endpoints are told: what became of a venue's bookings, tickets and slots. No event holds a person,
//! nor the key to one: a booking and a ticket are named by hashes, from which neither the booking's page
//! nor the ticket's code can be reached (promise P5).

use std::fmt::{self, Write as _};
use std::str::FromStr;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::booking::{Booking, BookingState, Channel};
use crate::calendar::SlotTimes;
use crate::id::{CallerUuid, GateId, OptionId, ProductId, TicketId, UnitId, VenueId};
use crate::slot::Places;
use crate::tariff::Cents;
use crate::webhook::Owner;

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum EventKind {
    /// A booking is paid, or free and confirmed: its tickets admit.
    #[serde(rename = "booking.confirmed")]
    BookingConfirmed,
    /// A confirmed booking was given up, called off or voided: its tickets admit no more.
    #[serde(rename = "booking.cancelled")]
    BookingCancelled,
    /// Tickets admitted, each for the first time.
    #[serde(rename = "ticket.redeemed")]
    TicketRedeemed,
    /// A gate took that back: the tickets stand as before it.
    #[serde(rename = "ticket.redemption_undone")]
    TicketRedemptionUndone,
    /// The last place of a slot is taken.
    #[serde(rename = "availability.sold_out")]
    SoldOut,
    /// A slot that was sold out has places again.
    #[serde(rename = "availability.available_again")]
    AvailableAgain,
    /// A reseller's booking changed.
    #[serde(rename = "booking_update")]
    BookingUpdate,
    /// What a reseller finds of places became more or less by enough to say so.
    #[serde(rename = "availability_update")]
    AvailabilityUpdate,
    /// Staff try an endpoint.
    #[serde(rename = "webhook.test")]
    Test,
}

impl EventKind {
    /// The kinds that an endpoint of a venue is told of.
    pub const SUBSCRIBED: [Self; 6] = [
        Self::BookingConfirmed,
        Self::BookingCancelled,
        Self::TicketRedeemed,
        Self::TicketRedemptionUndone,
        Self::SoldOut,
        Self::AvailableAgain,
    ];

    /// The kinds that an endpoint of a reseller is told of, one each, in OCTO's words.
    pub const OF_RESELLERS: [Self; 2] = [Self::BookingUpdate, Self::AvailabilityUpdate];

    /// The kind as written in bodies and items.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::BookingConfirmed => "booking.confirmed",
            Self::BookingCancelled => "booking.cancelled",
            Self::TicketRedeemed => "ticket.redeemed",
            Self::TicketRedemptionUndone => "ticket.redemption_undone",
            Self::SoldOut => "availability.sold_out",
            Self::AvailableAgain => "availability.available_again",
            Self::BookingUpdate => "booking_update",
            Self::AvailabilityUpdate => "availability_update",
            Self::Test => "webhook.test",
        }
    }
}

impl FromStr for EventKind {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let all = Self::SUBSCRIBED.into_iter().chain(Self::OF_RESELLERS).chain([Self::Test]);
        all.into_iter()
            .find(|kind| kind.name() == text)
            .ok_or_else(|| format!("`{text}` is no kind of event"))
    }
}

/// Names an event: the same however often it is told or sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct EventId(String);

impl EventId {
    /// Of what happened to one subject: a booking is confirmed once, a slot is sold out as often as it is
    /// counted here.
    pub(super) fn of(kind: EventKind, subject: &str, occurrence: u64) -> Self {
        let digest = Sha256::new()
            .chain_update(kind.name())
            .chain_update([0])
            .chain_update(subject)
            .chain_update(occurrence.to_be_bytes())
            .finalize();
        Self(format!("evt_{}", hex(&digest[..16])))
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for EventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for EventId {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let digits = text.strip_prefix("evt_").unwrap_or_default();
        let is_id = digits.len() == 32 && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
        if is_id { Ok(Self(text.to_owned())) } else { Err(format!("`{text}` names no event")) }
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a string does not fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// Something to tell of a venue, or to a reseller.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct News {
    /// Names it.
    pub id: EventId,
    /// What happened.
    pub kind: EventKind,
    /// Whose.
    pub owner: Owner,
    /// When.
    pub at: Timestamp,
    /// The endpoint that it is made for; none where it is for all.
    pub only_for: Option<CallerUuid>,
    pub(super) facts: Facts,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub(super) enum Facts {
    Booking(BookingFacts),
    Redemption(RedemptionFacts),
    Availability(AvailabilityFacts),
    /// A body as it is sent, in the form of its endpoint.
    Written(String),
    Test {
        venue_id: VenueId,
        webhook_id: CallerUuid,
    },
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct BookingFacts {
    venue_id: VenueId,
    booking_reference: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    order_reference: Option<String>,
    product_id: ProductId,
    option_id: OptionId,
    slot: SlotTimes,
    channel: Channel,
    units: Vec<UnitFacts>,
    total_cents: Cents,
    #[serde(skip_serializing_if = "Option::is_none")]
    refund_cents: Option<Cents>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct UnitFacts {
    unit_id: UnitId,
    quantity: u32,
    price_cents: Cents,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct RedemptionFacts {
    venue_id: VenueId,
    booking_reference: String,
    redemption_reference: String,
    product_id: ProductId,
    slot: SlotTimes,
    gate_id: GateId,
    tickets: Vec<TicketFacts>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct TicketFacts {
    ticket_reference: String,
    unit_id: UnitId,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct AvailabilityFacts {
    venue_id: VenueId,
    product_id: ProductId,
    slot: SlotTimes,
    capacity: u32,
    vacancies: u32,
}

/// An event as it is sent and listed.
#[derive(Serialize)]
struct Body<'a> {
    id: &'a EventId,
    sequence: u64,
    #[serde(rename = "type")]
    kind: EventKind,
    timestamp: Timestamp,
    data: &'a Facts,
}

impl News {
    /// The body that is sent of it, as the event of this number in the venue's log.
    ///
    /// # Errors
    /// When it cannot be written as JSON, which none of ours cannot.
    pub fn body(&self, sequence: u64) -> Result<String, serde_json::Error> {
        if let Facts::Written(body) = &self.facts {
            return Ok(body.clone());
        }
        let (id, kind, data) = (&self.id, self.kind, &self.facts);
        serde_json::to_string(&Body { id, sequence, kind, timestamp: self.at, data })
    }
}

/// What a step of a booking asks to tell: that it is confirmed, and that it is no more after it was. Holds
/// concern nobody but who made them.
#[must_use]
pub fn of_booking(old: Option<&Booking>, new: &Booking) -> Option<News> {
    let was_confirmed = old.is_some_and(|old| matches!(old.state, BookingState::Confirmed { .. }));
    let (kind, at, refund) = match (&new.state, was_confirmed) {
        (BookingState::Confirmed { confirmed_at, .. }, false) => {
            (EventKind::BookingConfirmed, *confirmed_at, None)
        }
        (BookingState::Cancelled { cancelled_at, refund, .. }, true) => {
            (EventKind::BookingCancelled, *cancelled_at, Some(*refund))
        }
        _ => return None,
    };
    let unit = |line: &crate::booking::UnitLine| UnitFacts {
        unit_id: line.unit_id.clone(),
        quantity: line.quantity,
        price_cents: line.price_cents,
    };
    let facts = BookingFacts {
        venue_id: new.venue_id.clone(),
        booking_reference: new.uuid.reference(),
        order_reference: new.order.map(|order| order.reference()),
        product_id: new.product_id.clone(),
        option_id: new.option_id.clone(),
        slot: new.slot,
        channel: new.channel,
        units: new.units.iter().map(unit).collect(),
        total_cents: new.total(),
        refund_cents: refund,
    };
    let owner = new.venue_id.clone().into();
    let id = EventId::of(kind, &new.uuid.to_string(), 0);
    Some(News { id, kind, owner, at, only_for: None, facts: Facts::Booking(facts) })
}

/// Whether a step of a booking took places, or gave some back.
#[must_use]
pub fn moves_places(old: Option<&Booking>, new: &Booking) -> bool {
    let taken = |booking: &Booking| if booking.takes_places() { booking.places() } else { 0 };
    old.map_or(0, taken) != taken(new)
}

/// Somebody's entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Admitted {
    /// The gate's nonce.
    pub redemption: CallerUuid,
    /// The booking whose tickets admitted.
    pub booking: CallerUuid,
    /// Where.
    pub venue: VenueId,
    /// To what.
    pub product: ProductId,
    /// For which slot.
    pub slot: SlotTimes,
    /// Through which gate.
    pub gate: GateId,
    /// The tickets that admitted for the first time, each with its unit.
    pub tickets: Vec<(TicketId, UnitId)>,
    /// When.
    pub at: Timestamp,
}

/// That tickets admitted, or that this was taken back; nothing where all of them had been inside before.
#[must_use]
pub fn of_admission(admitted: &Admitted, undone_at: Option<Timestamp>) -> Option<News> {
    if admitted.tickets.is_empty() {
        return None;
    }
    let (kind, at) = match undone_at {
        None => (EventKind::TicketRedeemed, admitted.at),
        Some(at) => (EventKind::TicketRedemptionUndone, at),
    };
    let ticket = |(ticket, unit): &(TicketId, UnitId)| TicketFacts {
        ticket_reference: hex(&Sha256::digest(ticket.as_bytes())[..6]),
        unit_id: unit.clone(),
    };
    let facts = RedemptionFacts {
        venue_id: admitted.venue.clone(),
        booking_reference: admitted.booking.reference(),
        redemption_reference: admitted.redemption.reference(),
        product_id: admitted.product.clone(),
        slot: admitted.slot,
        gate_id: admitted.gate.clone(),
        tickets: admitted.tickets.iter().map(ticket).collect(),
    };
    let id = EventId::of(kind, &admitted.redemption.to_string(), 0);
    let owner = admitted.venue.clone().into();
    Some(News { id, kind, owner, at, only_for: None, facts: Facts::Redemption(facts) })
}

/// What was last told of a slot's places.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ToldOfSlot {
    /// That it is sold out.
    pub is_sold_out: bool,
    /// How often something was told.
    pub count: u64,
}

/// What is to be told of a slot's places as they are, and what is told of it by then. What changed back
/// before anybody could be told of it is not told.
#[must_use]
pub fn of_places(
    booking: &Booking,
    places: Places,
    told: ToldOfSlot,
    now: Timestamp,
) -> Option<(News, ToldOfSlot)> {
    let is_sold_out = places.taken >= places.capacity;
    if is_sold_out == told.is_sold_out || booking.slot.end <= now {
        return None;
    }
    let kind = if is_sold_out { EventKind::SoldOut } else { EventKind::AvailableAgain };
    let (venue, product, slot) = (&booking.venue_id, &booking.product_id, booking.slot);
    let facts = AvailabilityFacts {
        venue_id: venue.clone(),
        product_id: product.clone(),
        slot,
        capacity: places.capacity,
        vacancies: places.capacity.saturating_sub(places.taken),
    };
    let told = ToldOfSlot { is_sold_out, count: told.count + 1 };
    let id = EventId::of(kind, &format!("{venue}#{product}#{}", slot.id), told.count);
    let facts = Facts::Availability(facts);
    Some((News { id, kind, owner: venue.clone().into(), at: now, only_for: None, facts }, told))
}

/// An event by which staff try an endpoint of a venue, asked for under this key.
#[must_use]
pub fn of_test(venue: &VenueId, webhook: CallerUuid, asked: CallerUuid, now: Timestamp) -> News {
    News {
        id: EventId::of(EventKind::Test, &format!("{webhook}#{asked}"), 0),
        kind: EventKind::Test,
        owner: venue.clone().into(),
        at: now,
        only_for: Some(webhook),
        facts: Facts::Test { venue_id: venue.clone(), webhook_id: webhook },
    }
}
