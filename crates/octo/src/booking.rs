//! Bookings with their people and tickets.

use atrio_domain::booking::{Booking, BookingState};
use atrio_domain::id::TicketId;
use atrio_domain::resale::{Customer, Resale, ResoldUnit, first_use};
use atrio_domain::reseller::Mode;
use atrio_domain::tariff::{Cents, Unit};
use atrio_domain::ticket::{Ticket, TicketState};
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use crate::availability::OctoBookedAvailability;
use crate::catalogue::{Sold, product_id};
use crate::pricing::{Amounts, OctoPricing, agreed};
use crate::product::{
    DELIVERY_METHODS, OctoOption, OctoProduct, OctoUnit, REDEMPTION_METHOD, Shown, units,
};
use crate::utc;
use crate::viewer::Caller;

/// A visit that a reseller holds or sold.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct OctoBooking {
    id: String,
    uuid: String,
    test_mode: bool,
    reseller_reference: Option<String>,
    supplier_reference: Option<String>,
    /// `ON_HOLD`, `CONFIRMED`, `EXPIRED`, `CANCELLED` or `REDEEMED`.
    status: &'static str,
    utc_created_at: String,
    utc_updated_at: String,
    utc_expires_at: Option<String>,
    utc_redeemed_at: Option<String>,
    utc_confirmed_at: Option<String>,
    product_id: String,
    /// As the venue offers it now; absent once it offers it no more.
    #[serde(skip_serializing_if = "Option::is_none")]
    product: Option<OctoProduct>,
    option_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    option: Option<OctoOption>,
    cancellable: bool,
    cancellation: Option<OctoCancellation>,
    freesale: bool,
    availability_id: Option<String>,
    availability: Option<OctoBookedAvailability>,
    contact: OctoContact,
    notes: Option<String>,
    delivery_methods: [&'static str; 1],
    voucher: Option<OctoTicket>,
    unit_items: Vec<OctoUnitItem>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pricing: Option<OctoPricing>,
}

/// That a booking was given up, or ended by itself.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct OctoCancellation {
    /// `FULL`, `PARTIAL` or `NONE`.
    refund: &'static str,
    reason: Option<String>,
    utc_cancelled_at: String,
}

/// A person.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct OctoContact {
    full_name: Option<String>,
    first_name: Option<String>,
    last_name: Option<String>,
    email_address: Option<String>,
    phone_number: Option<String>,
    locales: Vec<String>,
    postal_code: Option<String>,
    country: Option<String>,
    notes: Option<String>,
}

/// One of the people with their ticket.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct OctoUnitItem {
    uuid: String,
    reseller_reference: Option<String>,
    supplier_reference: Option<String>,
    unit_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    unit: Option<OctoUnit>,
    status: &'static str,
    utc_redeemed_at: Option<String>,
    contact: OctoContact,
    ticket: Option<OctoTicket>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pricing: Option<OctoPricing>,
}

/// What is shown at the gate.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct OctoTicket {
    redemption_method: &'static str,
    utc_redeemed_at: Option<String>,
    delivery_options: Vec<OctoDeliveryOption>,
}

#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct OctoDeliveryOption {
    delivery_format: &'static str,
    delivery_value: String,
}

impl From<&Customer> for OctoContact {
    fn from(customer: &Customer) -> Self {
        Self {
            full_name: customer.full_name.clone(),
            first_name: customer.first_name.clone(),
            last_name: customer.last_name.clone(),
            email_address: customer.email.clone(),
            phone_number: customer.phone.clone(),
            locales: customer.locales.clone(),
            postal_code: customer.postal_code.clone(),
            country: customer.country.clone(),
            notes: customer.notes.clone(),
        }
    }
}

/// What of a ticket a visitor carries.
#[derive(Debug, Clone)]
pub struct Delivered {
    /// Which ticket.
    pub ticket: TicketId,
    /// The text of its code.
    pub code: String,
    /// The page with all tickets of the booking.
    pub page: String,
}

/// A booking with what else is known of it.
#[derive(Debug, Clone, Copy)]
pub struct Told<'a> {
    /// Who is told.
    pub caller: &'a Caller,
    /// The booking.
    pub booking: &'a Booking,
    /// The ids of its tickets, in their order.
    pub ticket_ids: &'a [TicketId],
    /// Its product, while the venue offers it.
    pub sold: Option<&'a Sold>,
    /// Its tickets; none of what is only rehearsed.
    pub tickets: &'a [Ticket],
    /// What visitors carry. None for a server that is told by itself: what goes there holds neither codes nor
    /// persons, which its reseller reads with its key.
    pub delivered: Option<&'a [Delivered]>,
    /// Now.
    pub now: Timestamp,
}

impl Told<'_> {
    /// A person, where persons are told.
    fn contact(&self, customer: &Customer) -> OctoContact {
        match self.delivered {
            Some(_) => OctoContact::from(customer),
            None => OctoContact::from(&Customer::default()),
        }
    }

    /// A text of somebody's own words, where those are told.
    fn words(&self, text: &Option<String>) -> Option<String> {
        self.delivered.and(text.clone())
    }
}

impl OctoBooking {
    /// As it stands now; none where no reseller sold it.
    #[must_use]
    pub fn of(told: &Told<'_>) -> Option<Self> {
        let booking = &told.booking.seen_at(told.now);
        let resale = booking.resale.as_deref()?;
        let day = booking.slot.id.day();
        let as_booked = (day, Shown::InBooking);
        let redeemed_at = first_use(told.tickets);
        let availability = told
            .sold
            .map(|sold| OctoBookedAvailability::of(&sold.venue, sold.product(), &booking.slot));
        let option = told.sold.and_then(|sold| {
            let option = sold.product().option(&booking.option_id)?;
            Some(OctoOption::shown(&sold.venue, sold.product(), option, told.caller, as_booked))
        });
        let pricing = told.caller.capabilities.pricing;
        Some(Self {
            id: booking.uuid.to_string(),
            uuid: booking.uuid.to_string(),
            test_mode: resale.mode == Mode::Test,
            reseller_reference: resale.reference.clone(),
            supplier_reference: Some(booking.uuid.reference()),
            status: status(booking, redeemed_at),
            utc_created_at: utc(booking.created_at),
            utc_updated_at: utc(updated_at(booking, resale, redeemed_at)),
            utc_expires_at: expires_at(booking).map(utc),
            utc_redeemed_at: redeemed_at.map(utc),
            utc_confirmed_at: resale.confirmed.as_ref().map(|confirmed| utc(confirmed.at)),
            product_id: product_id(&booking.venue_id, &booking.product_id),
            product: told.sold.map(|sold| {
                OctoProduct::shown(&sold.venue, sold.product(), told.caller, as_booked)
            }),
            option_id: booking.option_id.to_string(),
            option,
            cancellable: is_cancellable(booking, redeemed_at, told.now),
            cancellation: cancellation(told, booking, resale),
            freesale: false,
            availability_id: availability.as_ref().map(|availability| availability.id().to_owned()),
            availability,
            contact: told.contact(&resale.customer),
            notes: told.words(&resale.notes),
            delivery_methods: DELIVERY_METHODS,
            voucher: None,
            unit_items: unit_items(told, booking, resale),
            pricing: pricing.then(|| OctoPricing::of(total(told, booking))),
        })
    }
}

/// What all of a booking costs.
fn total(told: &Told<'_>, booking: &Booking) -> Amounts {
    let retail = booking.total();
    let agreed = agreed(told.caller.account.as_ref(), booking);
    let net = agreed.map(|agreed| Cents(retail.0 - agreed.commission_of(&booking.units).0));
    Amounts { retail, net }
}

fn status(booking: &Booking, redeemed_at: Option<Timestamp>) -> &'static str {
    match booking.state {
        BookingState::Confirmed { .. } if redeemed_at.is_some() => "REDEEMED",
        // No reseller's booking is paid for here.
        BookingState::Paying { .. } => "PENDING",
        ref state => state.name(),
    }
}

fn updated_at(booking: &Booking, resale: &Resale, redeemed_at: Option<Timestamp>) -> Timestamp {
    let ended = match booking.state {
        BookingState::Expired { expired_at } => Some(expired_at),
        BookingState::Cancelled { cancelled_at, .. } => Some(cancelled_at),
        _ => None,
    };
    [Some(resale.updated_at), redeemed_at, ended]
        .into_iter()
        .flatten()
        .max()
        .unwrap_or(resale.updated_at)
}

fn expires_at(booking: &Booking) -> Option<Timestamp> {
    match booking.state {
        BookingState::OnHold { expires_at, .. } => Some(expires_at),
        BookingState::Expired { expired_at } => Some(expired_at),
        _ => None,
    }
}

fn is_cancellable(booking: &Booking, redeemed_at: Option<Timestamp>, now: Timestamp) -> bool {
    match booking.state {
        BookingState::OnHold { .. } => true,
        BookingState::Confirmed { .. } => redeemed_at.is_none() && now < booking.slot.start,
        _ => false,
    }
}

fn cancellation(told: &Told<'_>, booking: &Booking, resale: &Resale) -> Option<OctoCancellation> {
    let (at, refund) = match booking.state {
        // Nothing is owed for what was never sold.
        BookingState::Expired { expired_at } => (expired_at, "FULL"),
        BookingState::Cancelled { cancelled_at, .. } if resale.confirmed.is_none() => {
            (cancelled_at, "FULL")
        }
        BookingState::Cancelled { cancelled_at, refund, .. } => (
            cancelled_at,
            if refund == booking.total() {
                "FULL"
            } else if refund == Cents::ZERO {
                "NONE"
            } else {
                "PARTIAL"
            },
        ),
        _ => return None,
    };
    Some(OctoCancellation { refund, reason: told.words(&resale.reason), utc_cancelled_at: utc(at) })
}

fn unit_items(told: &Told<'_>, booking: &Booking, resale: &Resale) -> Vec<OctoUnitItem> {
    let ids = booking.tickets_by_item(told.ticket_ids);
    let option = told.sold.and_then(|sold| sold.product().option(&booking.option_id));
    let known = option.map(|option| units(option, booking.slot.id.day())).unwrap_or_default();
    let mut items = Vec::with_capacity(resale.items.len());
    for (item, id) in resale.items.iter().zip(ids) {
        let ticket = told.tickets.iter().find(|ticket| Some(ticket.entitlement.ticket) == id);
        // Before it is sold there is none, and what was given up admits nobody.
        let is_sold = matches!(booking.state, BookingState::Confirmed { .. });
        let delivery = match (told.delivered, id) {
            (Some(delivered), Some(id)) if is_sold => delivery_options(delivered, resale.mode, id),
            _ => Vec::new(),
        };
        items.push(unit_item(told, booking, item, (ticket, delivery), &known));
    }
    items
}

fn delivery_options(delivered: &[Delivered], mode: Mode, id: TicketId) -> Vec<OctoDeliveryOption> {
    let option =
        |delivery_format, delivery_value| OctoDeliveryOption { delivery_format, delivery_value };
    match (mode, delivered.iter().find(|one| one.ticket == id)) {
        // No gate reads this: nobody enters on what was only rehearsed.
        (Mode::Test, _) => vec![option("QRCODE", format!("ATRIO-TEST:{}", id.typed_code()))],
        (Mode::Live, Some(one)) => {
            vec![option("QRCODE", one.code.clone()), option("PDF_URL", one.page.clone())]
        }
        (Mode::Live, None) => Vec::new(),
    }
}

fn unit_item(
    told: &Told<'_>,
    booking: &Booking,
    item: &ResoldUnit,
    (ticket, delivery_options): (Option<&Ticket>, Vec<OctoDeliveryOption>),
    known: &[Unit],
) -> OctoUnitItem {
    let used = ticket.and_then(|ticket| match &ticket.state {
        TicketState::Redeemed { at, .. } => Some(*at),
        TicketState::Valid | TicketState::Revoked { .. } | TicketState::Replaced { .. } => None,
    });
    let day = booking.slot.id.day();
    let unit = known.iter().find(|unit| unit.id == item.unit).and_then(|unit| {
        let sold = told.sold?;
        let sold = (&sold.venue, sold.product());
        Some(OctoUnit::shown(sold, unit, told.caller, (day, Shown::InBooking)))
    });
    let line = booking.units.iter().find(|line| line.unit_id == item.unit);
    let retail = line.map_or(Cents::ZERO, |line| line.price_cents);
    let agreed = agreed(told.caller.account.as_ref(), booking);
    let net = agreed.map(|agreed| Cents(retail.0 - agreed.commission(&item.unit).0));
    let reference = ticket.map(|ticket| ticket.entitlement.ticket.typed_code());
    OctoUnitItem {
        uuid: item.uuid.to_string(),
        reseller_reference: item.reference.clone(),
        supplier_reference: reference,
        unit_id: item.unit.to_string(),
        unit,
        status: status(booking, used),
        utc_redeemed_at: used.map(utc),
        contact: told.contact(&item.customer),
        ticket: Some(OctoTicket {
            redemption_method: REDEMPTION_METHOD,
            utc_redeemed_at: used.map(utc),
            delivery_options,
        }),
        pricing: told.caller.capabilities.pricing.then(|| OctoPricing::of(Amounts { retail, net })),
    }
}
