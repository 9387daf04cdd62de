//! Bodies for the servers of resellers, in OCTO's form: without persons, and without the codes that admit.

use atrio_domain::calendar::SlotTimes;
use atrio_domain::reseller::{Mode, Reseller};
use atrio_domain::slot::{Places, SlotStatus};
use atrio_domain::text::Locale;
use atrio_domain::ticket::Ticket;
use atrio_domain::venue::{Product, ProductOption, Venue};
use atrio_domain::webhook::{Endpoint, Owner};
use atrio_dynamo::booking::Stored;
use atrio_dynamo::{Error, Store};
use atrio_octo::availability::Asked;
use atrio_octo::booking::{OctoBooking, Told};
use atrio_octo::catalogue::{Sold, product_id};
use atrio_octo::viewer::{Caller, Capabilities};
use atrio_octo::webhook::{AvailabilityUpdate, BookingUpdate, OctoWebhook};
use jiff::Timestamp;
use jiff::civil::Date;
use serde::Serialize;

/// Who an endpoint of a reseller is written for; none for one of a venue.
fn caller(endpoint: &Endpoint, reseller: &Reseller) -> Option<Caller> {
    let Owner::Reseller { mode, .. } = &endpoint.owner else { return None };
    let capabilities = Capabilities::of(endpoint.capabilities.iter().map(String::as_str));
    Some(Caller {
        reseller: reseller.clone(),
        mode: *mode,
        capabilities,
        locale: Locale::default(),
        // A sold booking keeps what was agreed; of a hold a server hears no net price.
        account: None,
    })
}

/// A booking as it stands, with what is known of its product and tickets.
pub(crate) struct Standing<'a> {
    stored: &'a Stored,
    sold: Option<Sold>,
    tickets: Vec<Ticket>,
    now: Timestamp,
}

impl<'a> Standing<'a> {
    pub(crate) async fn of(
        store: &Store,
        stored: &'a Stored,
        mode: Mode,
        now: Timestamp,
    ) -> Result<Self, Error> {
        let venue = store.venue(&stored.booking.venue_id).await?;
        let sold = venue.and_then(|venue| Sold::of(venue, &stored.booking.product_id));
        let tickets = match mode {
            Mode::Live => store.tickets(&stored.tickets).await?,
            Mode::Test => Vec::new(),
        };
        Ok(Self { stored, sold, tickets, now })
    }

    /// The body that tells an endpoint of it.
    pub(crate) fn body(
        &self,
        endpoint: &Endpoint,
        reseller: &Reseller,
    ) -> Result<Option<String>, Error> {
        let Some(caller) = caller(endpoint, reseller) else { return Ok(None) };
        let told = Told {
            caller: &caller,
            booking: &self.stored.booking,
            ticket_ids: &self.stored.tickets,
            sold: self.sold.as_ref(),
            tickets: &self.tickets,
            delivered: None,
            now: self.now,
        };
        let Some(booking) = OctoBooking::of(&told) else { return Ok(None) };
        let webhook = OctoWebhook::of(endpoint);
        json(endpoint, &BookingUpdate { webhook, booking: &booking }).map(Some)
    }
}

/// Places of a slot, or of a day on which it is not offered any more.
#[derive(Clone, Copy)]
pub(crate) enum Found {
    Slot(SlotTimes, Places),
    Closed(Date),
}

impl Found {
    pub(crate) fn status(self, now: Timestamp) -> SlotStatus {
        match self {
            Self::Slot(slot, places) => places.status(&slot, now),
            Self::Closed(_) => SlotStatus::Closed,
        }
    }
}

/// The body that tells an endpoint of places.
pub(crate) fn availability(
    endpoint: &Endpoint,
    reseller: &Reseller,
    (venue, product, option): (&Venue, &Product, &ProductOption),
    found: Found,
    now: Timestamp,
) -> Result<Option<String>, Error> {
    let Some(caller) = caller(endpoint, reseller) else { return Ok(None) };
    let asked = Asked { venue, product, option, caller: &caller, party: &[], now };
    let availability = match found {
        Found::Slot(slot, places) => asked.slot(&slot, places),
        Found::Closed(day) => asked.closed(day),
    };
    let update = AvailabilityUpdate {
        webhook: OctoWebhook::of(endpoint),
        product_id: product_id(&venue.id, &product.id),
        option_id: option.id.to_string(),
        availability: &availability,
    };
    json(endpoint, &update).map(Some)
}

fn json(endpoint: &Endpoint, value: &impl Serialize) -> Result<String, Error> {
    serde_json::to_string(value).map_err(|error| Error::Malformed {
        key: endpoint.id.to_string(),
        attribute: "body".to_owned(),
        problem: error.to_string(),
    })
}
