//! Places that a desk or a totem sells by itself, also while its line is down: a lease takes them from
//! their slot like a hold and gives each a ticket beforehand. What was sold comes in afterwards, and what
//! was not goes back when the desk says so, at the end of the slot, or when a manager withdraws it; never
//! by the clock before that, for a desk out of reach may have sold it.

mod pack;
mod sale;
mod shown;
#[cfg(test)]
mod tests;

use jiff::{Timestamp, ToSpan};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::admission::AdmissionRule;
use crate::booking::{Channel, UnitLine};
use crate::calendar::SlotTimes;
use crate::cancellation::Cancellation;
use crate::hold::{
    HoldError, UnitQuantity, check_company, find_slot, find_tariff, must_be_on_sale, unit_line,
};
use crate::id::{CallerUuid, DeskId, OptionId, ProductId, SlotId, TicketId, UnitId, VenueId};
use crate::quota::{Draw, Pools, max_units};
use crate::tariff::Unit;
use crate::text::Text;
use crate::ticket::{Entitlement, Grant, Ticket, TicketState};
use crate::venue::{Product, Venue};

pub use pack::{Pack, PackedTicket};
pub use sale::{LeasedSale, SaleRefusal, Sold, SoldTicket};

/// Most places of one lease: a transaction takes a hundred writes, and each place is a ticket.
pub const LEASE_PLACES_MAX: u32 = 90;

/// How long after its slot a lease that nobody returned ends, in minutes: longer than any request for
/// places of the slot may still be under way.
pub const ENDS_AFTER_MINUTES: i64 = 15;

/// As whom a ticket admits whose sale has not come in: nobody is sold a unit of this name.
pub const UNSOLD_UNIT: &str = "unsold";

/// What a desk asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeaseRequest {
    /// The caller's key.
    pub uuid: CallerUuid,
    /// Where.
    pub venue: VenueId,
    /// What.
    pub product: ProductId,
    /// Which way.
    pub option: OptionId,
    /// When.
    pub slot: SlotId,
    /// How many.
    pub places: u32,
    /// Through which channel they will be sold: a desk's or a totem's.
    pub channel: Channel,
    /// Which desk or totem sells them.
    pub desk: DeskId,
}

/// Why places are not leased.
#[expect(missing_docs, reason = "each message says what its fields are")]
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LeaseError {
    /// As for a hold.
    #[error(transparent)]
    Hold(#[from] HoldError),
    /// None, or more than a transaction holds.
    #[error("{places} places are asked for, a lease has 1 to {LEASE_PLACES_MAX}")]
    Places { places: u32 },
    /// Neither a desk's nor a totem's.
    #[error("places are leased for DESK or TOTEM, not for {}", .channel.name())]
    Channel { channel: Channel },
    /// What each visit of the product needs cannot be given beforehand.
    #[error("product `{product}` {why}")]
    NotLeasable { product: ProductId, why: &'static str },
    /// The desk has not sent in all that it sold.
    #[error("the desk sold {said} places, {known} of them came in")]
    SalesMissing { said: u32, known: u32 },
}

/// What a desk needs to sell by itself, as it stood when the places were leased: what it shows holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Terms {
    /// What the product is called.
    pub product_name: Text,
    /// Who pays what that day, and why.
    pub units: Vec<LeasedUnit>,
    /// Most places of one sale.
    pub max_units: u32,
    /// How the tickets admit.
    pub admission: AdmissionRule,
    /// What goes back when a booking is given up.
    pub cancellation: Cancellation,
}

/// A unit with its price of the day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeasedUnit {
    /// The unit, with its conditions.
    pub unit: Unit,
    /// One of it: price, parts, reason and what the gate looks at.
    pub line: UnitLine,
}

impl Terms {
    /// A party with its prices, as a hold would price it.
    ///
    /// # Errors
    /// Nobody, too many, a unit that is not among them, or one that may not come alone.
    pub fn price(
        &self,
        option: &OptionId,
        party: &[UnitQuantity],
    ) -> Result<Vec<UnitLine>, HoldError> {
        let mut wanted: Vec<(&LeasedUnit, u32)> = Vec::new();
        for UnitQuantity { unit_id, quantity } in party {
            let known = self.units.iter().find(|leased| &leased.unit.id == unit_id);
            let unit = known.ok_or_else(|| HoldError::UnknownUnit {
                option: option.clone(),
                unit: unit_id.clone(),
                known: self.units.iter().map(|leased| leased.unit.id.clone()).collect(),
            })?;
            if wanted.iter().any(|(known, _)| &known.unit.id == unit_id) {
                return Err(HoldError::RepeatedUnit { unit: unit_id.clone() });
            }
            if *quantity > 0 {
                wanted.push((unit, *quantity));
            }
        }
        if wanted.is_empty() {
            return Err(HoldError::NoUnits);
        }
        let requested: u64 = wanted.iter().map(|(_, quantity)| u64::from(*quantity)).sum();
        if requested > u64::from(self.max_units) {
            return Err(HoldError::TooManyUnits { requested, max_units: self.max_units });
        }
        let party: Vec<(&Unit, u32)> =
            wanted.iter().map(|(leased, quantity)| (&leased.unit, *quantity)).collect();
        for (unit, quantity) in &party {
            check_company(unit, *quantity, &party)?;
        }
        let line =
            |(leased, quantity): (&LeasedUnit, u32)| UnitLine { quantity, ..leased.line.clone() };
        Ok(wanted.into_iter().map(line).collect())
    }
}

/// Where a lease stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum LeaseState {
    /// The desk sells from it.
    Open,
    /// Its slot is over. What it did not sell is counted as taken no more; what it sold may still come in.
    Ended {
        /// When.
        at: Timestamp,
    },
    /// The desk gave back what it did not sell.
    Returned {
        /// When.
        at: Timestamp,
    },
    /// A manager took back what had not come in as sold.
    Withdrawn {
        /// When.
        at: Timestamp,
        /// Who, as the identity provider numbers staff.
        actor: String,
        /// Why, in their words.
        reason: String,
    },
}

impl LeaseState {
    /// The state as written in answers.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Open => "OPEN",
            Self::Ended { .. } => "ENDED",
            Self::Returned { .. } => "RETURNED",
            Self::Withdrawn { .. } => "WITHDRAWN",
        }
    }
}

/// Places of a slot that a desk sells by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lease {
    /// The caller's key.
    pub uuid: CallerUuid,
    /// What the request under that key was.
    pub fingerprint: String,
    /// Where.
    pub venue: VenueId,
    /// What.
    pub product: ProductId,
    /// Which way.
    pub option: OptionId,
    /// When.
    pub slot: SlotTimes,
    /// Through which channel they are sold.
    pub channel: Channel,
    /// Which desk or totem sells them.
    pub desk: DeskId,
    /// Who leased them, as the identity provider numbers staff.
    pub clerk: String,
    /// When.
    pub leased_at: Timestamp,
    /// At which prices and rules.
    pub terms: Terms,
    /// A ticket for each place.
    pub tickets: Vec<TicketId>,
    /// Places that were sold, as far as it came in.
    pub sold: u32,
    /// Places that went back to the slot.
    pub returned: u32,
    /// Places that it still takes of the slot, unsold as far as is known.
    pub held: u32,
    /// From which pools those came; empty where the slot has none.
    pub draws: Vec<Draw>,
    /// Where it stands.
    pub state: LeaseState,
}

/// What closing a lease changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Closed {
    /// The lease after it.
    pub to: Lease,
    /// Tickets that admit no more; none of them had.
    pub revoked: Vec<Ticket>,
    /// Places that go back to the slot.
    pub places: u32,
    /// To which of its pools.
    pub draws: Vec<Draw>,
}

/// How a lease is closed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Closing {
    /// By its desk, which sold so many places and has sent all of that in.
    ByDesk {
        /// How many.
        sold: u32,
    },
    /// By a manager.
    ByManager {
        /// Who, as the identity provider numbers staff.
        actor: String,
        /// Why, in their words.
        reason: String,
    },
}

impl LeaseRequest {
    /// Leases the places with these tickets, one for each, where the product can be leased then; and how
    /// the slot shares its places.
    ///
    /// # Errors
    /// The first rule that is not met.
    pub fn lease(
        self,
        venue: &Venue,
        tickets: Vec<TicketId>,
        clerk: String,
        now: Timestamp,
    ) -> Result<(Lease, Pools), LeaseError> {
        if !(1..=LEASE_PLACES_MAX).contains(&self.places) {
            return Err(LeaseError::Places { places: self.places });
        }
        if !matches!(self.channel, Channel::Desk | Channel::Totem) {
            return Err(LeaseError::Channel { channel: self.channel });
        }
        let day = self.slot.day();
        let (product, tariff) = find_tariff(venue, &self.product, &self.option, day)?;
        if let Some(why) = not_leasable(product) {
            return Err(LeaseError::NotLeasable { product: product.id.clone(), why });
        }
        let slot = find_slot(venue, product, self.slot, now)?;
        must_be_on_sale(product, day, self.channel, now)?;
        let leased =
            |unit: &Unit| LeasedUnit { unit: unit.clone(), line: unit_line(product, unit, 1, day) };
        let by_person = product.person_limit.map_or(u32::MAX, |limit| limit.tickets);
        let terms = Terms {
            product_name: product.name.clone(),
            units: tariff.units.iter().map(leased).collect(),
            max_units: max_units(&product.quotas, self.channel, product.max_units).min(by_person),
            admission: product.admission.clone(),
            cancellation: product.cancellation,
        };
        let pools = Pools::of(product, slot.start);
        let lease = Lease {
            fingerprint: self.fingerprint(),
            uuid: self.uuid,
            venue: self.venue,
            product: self.product,
            option: self.option,
            slot,
            channel: self.channel,
            desk: self.desk,
            clerk,
            leased_at: now,
            terms,
            tickets,
            sold: 0,
            returned: 0,
            held: self.places,
            draws: Vec::new(),
            state: LeaseState::Open,
        };
        Ok((lease, pools))
    }

    /// What makes two requests under one uuid the same request.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        let Self { venue, product, option, slot, places, channel, desk, .. } = self;
        let channel = channel.name();
        let asked = format!("{venue} {product} {option} {slot} {places} {channel} {desk}");
        Sha256::digest(asked)[..16].iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

/// What stands in the way of giving a product's tickets beforehand.
fn not_leasable(product: &Product) -> Option<&'static str> {
    if product.pass.is_some() {
        Some("is a pass, which is good for more than a slot")
    } else if !product.needs.is_empty() || product.pieces_max > 0 {
        Some("occupies more than places for each visit, which a desk by itself cannot see")
    } else if product.minimum.is_some() {
        Some("takes place only with enough people, whom a desk by itself cannot count")
    } else if product.shards.is_some() {
        Some("has slots spread over shards, whose places are on the move")
    } else if product.admission.holder_names.is_some() {
        Some("names who enters, and a desk by itself keeps no names")
    } else {
        None
    }
}

impl Lease {
    /// Places leased.
    #[must_use]
    pub fn places(&self) -> u32 {
        u32::try_from(self.tickets.len()).unwrap_or(u32::MAX)
    }

    /// When it ends where nobody closes it; none once it is closed.
    #[must_use]
    pub fn ends_at(&self) -> Option<Timestamp> {
        match self.state {
            LeaseState::Open => Some(self.slot.end + ENDS_AFTER_MINUTES.minutes()),
            LeaseState::Ended { .. }
            | LeaseState::Returned { .. }
            | LeaseState::Withdrawn { .. } => None,
        }
    }

    /// A ticket for each place, of nobody yet.
    #[must_use]
    pub fn unsold_tickets(&self) -> Vec<Ticket> {
        let name = || Text::new("Vendita non ancora arrivata", "Sale not in yet");
        // The text is a word.
        let Ok(unit) = UnitId::new(UNSOLD_UNIT) else { return Vec::new() };
        let ticket = |id: &TicketId| Ticket {
            entitlement: self.entitlement(*id, unit.clone()),
            unit_name: name(),
            reason: name(),
            document: None,
            admission: self.terms.admission.clone(),
            pass: None,
            booking: self.uuid.for_ticket(*id),
            lease: Some(self.uuid),
            issued_at: self.leased_at,
            state: TicketState::Valid,
        };
        self.tickets.iter().map(ticket).collect()
    }

    /// What a ticket of it entitles one of this unit to, for signing.
    #[must_use]
    pub fn entitlement(&self, ticket: TicketId, unit: UnitId) -> Entitlement {
        Entitlement {
            ticket,
            venue: self.venue.clone(),
            product: self.product.clone(),
            unit,
            slot: self.slot,
            grant: Grant::Visit,
        }
    }

    /// The lease once its slot is over, with the places that go back; none where it is not open.
    #[must_use]
    pub fn end(&self, now: Timestamp) -> Option<Closed> {
        if self.ends_at().is_none_or(|at| now < at) {
            return None;
        }
        let mut to = self.clone();
        let (places, draws) = (to.held, std::mem::take(&mut to.draws));
        to.held = 0;
        to.returned += places;
        to.state = LeaseState::Ended { at: now };
        Some(Closed { to, revoked: Vec::new(), places, draws })
    }

    /// Closes it: the tickets that nobody entered with and whose sale is not in admit no more, and their
    /// places go back. A place that somebody entered on stays taken. `tickets` are all of the lease, as
    /// read. None where it was closed before: that stands.
    ///
    /// # Errors
    /// [`LeaseError::SalesMissing`] where its desk says that it sold more or less than came in.
    pub fn close(
        &self,
        tickets: Vec<Ticket>,
        how: Closing,
        now: Timestamp,
    ) -> Result<Option<Closed>, LeaseError> {
        if matches!(self.state, LeaseState::Returned { .. } | LeaseState::Withdrawn { .. }) {
            return Ok(None);
        }
        if let Closing::ByDesk { sold } = how
            && sold != self.sold
        {
            return Err(LeaseError::SalesMissing { said: sold, known: self.sold });
        }
        let is_unused =
            |ticket: &Ticket| ticket.lease == Some(self.uuid) && ticket.state == TicketState::Valid;
        let revoked: Vec<Ticket> = tickets
            .into_iter()
            .filter(is_unused)
            .map(|ticket| Ticket { state: TicketState::Revoked { at: now }, ..ticket })
            .collect();
        let mut to = self.clone();
        // Of one that ended, they went back then.
        let places = u32::try_from(revoked.len()).unwrap_or(u32::MAX).min(to.held);
        let draws = to.release(places);
        to.returned += places;
        to.state = match how {
            Closing::ByDesk { .. } => LeaseState::Returned { at: now },
            Closing::ByManager { actor, reason } => {
                LeaseState::Withdrawn { at: now, actor, reason }
            }
        };
        Ok(Some(Closed { to, revoked, places, draws }))
    }

    /// Lets go of so many of the places that it holds, and says from which pools they were.
    fn release(&mut self, places: u32) -> Vec<Draw> {
        self.held -= places;
        let mut wanted = places;
        let mut draws = Vec::new();
        for draw in &mut self.draws {
            let some = draw.places.min(wanted);
            if some > 0 {
                draws.push(Draw { pool: draw.pool.clone(), places: some });
                draw.places -= some;
                wanted -= some;
            }
        }
        self.draws.retain(|draw| draw.places > 0);
        draws
    }
}
