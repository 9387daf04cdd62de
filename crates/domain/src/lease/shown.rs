//! A ticket shown at a gate before its sale has come in.

use crate::id::UnitId;
use crate::redemption::Refusal;
use crate::tariff::price;
use crate::text::Text;
use crate::ticket::{Entitlement, Ticket, TicketState};
use crate::venue::Venue;

impl Ticket {
    /// The ticket as a gate of its venue sees it. Of one whose sale has not come in, its signed code says as
    /// whom it admits; `unit` is what that says, and none where somebody typed it.
    ///
    /// # Errors
    /// [`Refusal::SaleNotIn`] for one that was typed: whoever has no signed code may have read the number
    /// from anywhere.
    pub fn admitting(self, unit: Option<&UnitId>, venue: &Venue) -> Result<Self, Refusal> {
        if self.lease.is_none() || self.state != TicketState::Valid {
            return Ok(self);
        }
        let Entitlement { ticket, product, slot, .. } = &self.entitlement;
        let Some(unit) = unit else { return Err(Refusal::SaleNotIn { ticket: *ticket }) };
        let day = slot.id.day();
        let known = venue.product(product).and_then(|product| {
            let tariffs = product.options.iter().filter_map(|option| option.tariff_on(day));
            let found = tariffs.flat_map(|tariff| &tariff.units).find(|known| &known.id == unit);
            found.map(|unit| (unit.name.clone(), price(product, unit, day)))
        });
        let mut ticket = self;
        ticket.entitlement.unit = unit.clone();
        match known {
            Some((name, price)) => {
                (ticket.unit_name, ticket.reason) = (name, price.reason);
                ticket.document = price.show;
            }
            // One that is off sale since it was leased is shown by its id.
            None => ticket.unit_name = Text::new(unit.as_str(), unit.as_str()),
        }
        Ok(ticket)
    }
}
