//! A sale that a desk made by itself and sends in: the booking that it makes, confirmed, with the tickets
//! that the visitor has in hand.

use jiff::{Timestamp, ToSpan};
use serde::{Deserialize, Serialize};

use super::Lease;
use crate::booking::{Booking, BookingState, Channel, Origin, UnitLine};
use crate::hold::{HoldError, UnitQuantity};
use crate::holder::Holders;
use crate::id::{CallerUuid, InvalidId, TicketId, UnitId};
use crate::payment::payment_id;
use crate::redemption::AHEAD_MAX_MINUTES;
use crate::risk::{Features, RiskKeys, decide};
use crate::shift::Method;
use crate::tariff::Cents;
use crate::text::Locale;
use crate::ticket::{Ticket, TicketState};

/// A place that was sold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SoldTicket {
    /// Its ticket.
    #[serde(rename = "ticket_id")]
    pub ticket: TicketId,
    /// To whom.
    #[serde(rename = "unit_id")]
    pub unit: UnitId,
}

/// What a desk says that it sold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeasedSale {
    /// The booking that it is: the desk's key of the sale.
    pub booking: CallerUuid,
    /// The places, of one lease.
    pub places: Vec<SoldTicket>,
    /// How it was paid.
    pub method: Method,
    /// In which language the tickets were printed.
    pub locale: Locale,
    /// When, by the desk's clock.
    pub sold_at: Timestamp,
}

/// Why a sale that came in does not stand. Its visitor has tickets in hand, so it is listed for staff.
#[expect(missing_docs, reason = "each message says what its fields are")]
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SaleRefusal {
    /// The lease was withdrawn, or returned, with this place.
    #[error("ticket `{}` was taken back at {at}, and its place with it", .ticket.typed_code())]
    TakenBack { ticket: TicketId, at: Timestamp },
    /// Another sale has it.
    #[error("ticket `{}` was sold by another sale", .ticket.typed_code())]
    SoldBefore { ticket: TicketId },
    /// It is none of the lease.
    #[error("ticket `{}` is not of this lease", .ticket.typed_code())]
    NotOfLease { ticket: TicketId },
    /// It is named twice.
    #[error("ticket `{}` is named twice", .ticket.typed_code())]
    Repeated { ticket: TicketId },
    /// Who came cannot be sold to.
    #[error(transparent)]
    Party(#[from] HoldError),
    /// There is something to pay at a totem, or nothing, which does not go with the method.
    #[error("{} cents are to be paid through {}, which does not go with {}", .amount.0, .channel.name(), .method.name())]
    WrongMethod { amount: Cents, channel: Channel, method: Method },
    /// The payment would have no name.
    #[error(transparent)]
    Payment(#[from] InvalidId),
}

/// What a sale changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sold {
    /// The lease after it.
    pub to: Lease,
    /// The booking, confirmed.
    pub booking: Booking,
    /// Its tickets, in its order, each as read but for whom it is.
    pub tickets: Vec<Ticket>,
    /// Places that it takes of the slot anew: those that had gone back when the slot was over.
    pub taken_anew: u32,
}

impl Lease {
    /// Makes the booking of a sale that comes in. `tickets` are those that it names, as read. A ticket that
    /// somebody entered with stands as it stands.
    ///
    /// # Errors
    /// The first reason why it does not stand.
    pub fn sell(
        &self,
        sale: &LeasedSale,
        tickets: &[Ticket],
        now: Timestamp,
    ) -> Result<Sold, SaleRefusal> {
        for (at, SoldTicket { ticket, .. }) in sale.places.iter().enumerate() {
            if sale.places[..at].iter().any(|before| before.ticket == *ticket) {
                return Err(SaleRefusal::Repeated { ticket: *ticket });
            }
        }
        let units = self.terms.price(&self.option, &party(&sale.places))?;
        let mut sold = Vec::with_capacity(sale.places.len());
        for line in &units {
            for place in sale.places.iter().filter(|place| place.unit == line.unit_id) {
                let known = tickets.iter().find(|known| known.entitlement.ticket == place.ticket);
                sold.push(self.sold_as(known, place.ticket, line, sale)?);
            }
        }
        let sold_at = self.instant(sale.sold_at, now);
        let mut to = self.clone();
        let places = u32::try_from(sold.len()).unwrap_or(u32::MAX);
        let from_held = places.min(to.held);
        let draws = to.release(from_held);
        let taken_anew = places - from_held;
        to.sold += places;
        // What had gone back is sold after all.
        to.returned = to.returned.saturating_sub(taken_anew);
        let booking = self.booking(sale, units, draws, sold_at)?;
        Ok(Sold { to, booking, tickets: sold, taken_anew })
    }

    /// The sale's own instant, as far as it can be: not before the lease and not after now, with what clocks
    /// may differ by.
    fn instant(&self, sold_at: Timestamp, now: Timestamp) -> Timestamp {
        let latest = now + AHEAD_MAX_MINUTES.minutes();
        sold_at.clamp(self.leased_at.min(latest), latest).min(now.max(self.leased_at))
    }

    fn sold_as(
        &self,
        known: Option<&Ticket>,
        ticket: TicketId,
        line: &UnitLine,
        sale: &LeasedSale,
    ) -> Result<Ticket, SaleRefusal> {
        let known = known.filter(|_| self.tickets.contains(&ticket));
        let known = known.ok_or(SaleRefusal::NotOfLease { ticket })?;
        match known.state {
            TicketState::Revoked { at } | TicketState::Replaced { at } => {
                return Err(SaleRefusal::TakenBack { ticket, at });
            }
            TicketState::Valid | TicketState::Redeemed { .. } => {}
        }
        if known.lease != Some(self.uuid) {
            return Err(SaleRefusal::SoldBefore { ticket });
        }
        let mut sold = known.clone();
        sold.entitlement.unit = line.unit_id.clone();
        sold.unit_name = line.name.clone();
        sold.reason = line.reason.clone();
        sold.document = line.document.clone();
        (sold.booking, sold.lease) = (sale.booking, None);
        Ok(sold)
    }

    fn booking(
        &self,
        sale: &LeasedSale,
        units: Vec<UnitLine>,
        draws: Vec<crate::quota::Draw>,
        sold_at: Timestamp,
    ) -> Result<Booking, SaleRefusal> {
        let mut booking = Booking {
            uuid: sale.booking,
            fingerprint: format!("lease {}", self.uuid),
            order: None,
            venue_id: self.venue.clone(),
            product_id: self.product.clone(),
            option_id: self.option.clone(),
            slot: self.slot,
            units,
            contact: None,
            locale: sale.locale,
            channel: self.channel,
            origin: Origin::Asked,
            created_at: sold_at,
            decision: decide(&Features::default(), sold_at),
            risk_keys: RiskKeys { contact: None, client: None },
            draws,
            uses: Vec::new(),
            cancellation: self.terms.cancellation,
            admission: self.terms.admission.clone(),
            pass: None,
            holders: Holders::default(),
            counted: None,
            voucher: None,
            exchange: None,
            moving: None,
            replaces: None,
            carried: Vec::new(),
            reduced: None,
            resale: None,
            payment_attempts: 0,
            state: BookingState::Confirmed { confirmed_at: sold_at, payment: None },
        };
        let (amount, channel, method) = (booking.total(), self.channel, sale.method);
        // A totem without a line takes no money.
        let is_payable = channel == Channel::Desk || amount == Cents::ZERO;
        if !is_payable || (amount == Cents::ZERO) != (method == Method::Free) {
            return Err(SaleRefusal::WrongMethod { amount, channel, method });
        }
        if amount > Cents::ZERO {
            booking.payment_attempts = 1;
            let payment = Some(payment_id(booking.uuid, 1)?);
            booking.state = BookingState::Confirmed { confirmed_at: sold_at, payment };
        }
        Ok(booking)
    }
}

/// The sold places by unit, in the order in which the units first come.
fn party(places: &[SoldTicket]) -> Vec<UnitQuantity> {
    let mut party: Vec<UnitQuantity> = Vec::new();
    for place in places {
        match party.iter_mut().find(|known| known.unit_id == place.unit) {
            Some(known) => known.quantity += 1,
            None => party.push(UnitQuantity { unit_id: place.unit.clone(), quantity: 1 }),
        }
    }
    party
}
