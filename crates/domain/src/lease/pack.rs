//! What a desk carries so that it can sell by itself: prices, rules and names as they stood, and for each
//! place its ticket with a signed code for each unit. All codes of a place name one ticket, so whichever
//! is printed, one of them enters.

use std::collections::{BTreeMap, HashSet};

use ed25519_dalek::SigningKey;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Lease, SoldTicket, Terms};
use crate::booking::{Channel, UnitLine};
use crate::calendar::SlotTimes;
use crate::id::{CallerUuid, DeskId, OptionId, ProductId, TicketId, UnitId, VenueId};
use crate::ticket::{CodeError, Entitlement, Grant, Ticket, TicketState, sign};
use crate::venue::Venue;

/// A lease, for its desk.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pack {
    /// The lease.
    pub lease: CallerUuid,
    /// Where.
    pub venue_id: VenueId,
    /// What the venue is called.
    pub venue_name: String,
    /// Where it is.
    pub municipality: String,
    /// What.
    pub product_id: ProductId,
    /// Which way.
    pub option_id: OptionId,
    /// When.
    pub slot: SlotTimes,
    /// Through which channel.
    pub channel: Channel,
    /// Which desk.
    pub desk_id: DeskId,
    /// At which prices and rules.
    pub terms: Terms,
    /// A ticket for each place.
    pub tickets: Vec<PackedTicket>,
    /// The platform's time when it was made.
    pub made_at: Timestamp,
}

/// A place to sell.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PackedTicket {
    /// Its ticket.
    pub ticket_id: TicketId,
    /// The signed code for each unit.
    pub codes: BTreeMap<UnitId, String>,
}

impl std::fmt::Debug for PackedTicket {
    /// Prints no code: it admits.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "PackedTicket({})", self.ticket_id)
    }
}

impl Pack {
    /// Signs the codes of a lease.
    ///
    /// # Errors
    /// When a code cannot be signed.
    pub fn of(
        lease: &Lease,
        venue: &Venue,
        key: &SigningKey,
        made_at: Timestamp,
    ) -> Result<Self, CodeError> {
        let mut tickets = Vec::with_capacity(lease.tickets.len());
        for id in &lease.tickets {
            let mut codes = BTreeMap::new();
            for leased in &lease.terms.units {
                let unit = leased.unit.id.clone();
                let code = sign(&lease.entitlement(*id, unit.clone()), key)?;
                codes.insert(unit, code);
            }
            tickets.push(PackedTicket { ticket_id: *id, codes });
        }
        Ok(Self {
            lease: lease.uuid,
            venue_id: lease.venue.clone(),
            venue_name: venue.name.clone(),
            municipality: venue.municipality.clone(),
            product_id: lease.product.clone(),
            option_id: lease.option.clone(),
            slot: lease.slot,
            channel: lease.channel,
            desk_id: lease.desk.clone(),
            terms: lease.terms.clone(),
            tickets,
            made_at,
        })
    }

    /// A place for each of a party, of those that are not sold yet; none where there are too few.
    #[must_use]
    pub fn places_for(
        &self,
        party: &[UnitLine],
        sold: &HashSet<TicketId>,
    ) -> Option<Vec<SoldTicket>> {
        let mut free = self.tickets.iter().filter(|ticket| !sold.contains(&ticket.ticket_id));
        let units = party.iter().flat_map(|line| (0..line.quantity).map(|_| line.unit_id.clone()));
        units.map(|unit| Some(SoldTicket { ticket: free.next()?.ticket_id, unit })).collect()
    }

    /// The ticket of a place as it is printed, with its code; none where the lease has no such place.
    #[must_use]
    pub fn printed(
        &self,
        place: &SoldTicket,
        booking: CallerUuid,
        sold_at: Timestamp,
    ) -> Option<(Ticket, String)> {
        let packed = self.tickets.iter().find(|known| known.ticket_id == place.ticket)?;
        let code = packed.codes.get(&place.unit)?.clone();
        let leased = self.terms.units.iter().find(|leased| leased.unit.id == place.unit)?;
        let ticket = Ticket {
            entitlement: Entitlement {
                ticket: place.ticket,
                venue: self.venue_id.clone(),
                product: self.product_id.clone(),
                unit: place.unit.clone(),
                slot: self.slot,
                grant: Grant::Visit,
            },
            unit_name: leased.line.name.clone(),
            reason: leased.line.reason.clone(),
            document: leased.line.document.clone(),
            admission: self.terms.admission.clone(),
            pass: None,
            booking,
            lease: None,
            issued_at: sold_at,
            state: TicketState::Valid,
        };
        Some((ticket, code))
    }
}
