//! Giving back some tickets of a confirmed booking: those end and their places are on sale again, the
//! others stand. Each ticket has its own price in the booking, to the cent and with whatever a discount
//! code took off it, so what is given back and what stays sum up to what was paid. The money follows the
//! rule of giving up; who may not come alone does not stay alone.

#[cfg(test)]
mod tests;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::booking::{Booking, BookingState, Origin, StepError, UnitLine};
use crate::hold::{HoldError, check_company, find_tariff, find_unit};
use crate::holder::Holders;
use crate::id::{CallerUuid, TicketId};
use crate::payment::share::{self, Share};
use crate::quota::Draw;
use crate::resource::{ResourceRef, ResourceUse};
use crate::tariff::{Cents, Unit};
use crate::ticket::{Ticket, TicketState};
use crate::venue::Venue;

/// That tickets were given back, as recorded with the booking.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GiveBack {
    /// The caller's key of the request.
    pub uuid: CallerUuid,
    /// The tickets, as they were asked for.
    pub tickets: Vec<TicketId>,
    /// What goes back of their price.
    pub refund: Cents,
    /// When.
    pub at: Timestamp,
}

/// That a booking was larger once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reduced {
    /// What the venue keeps of tickets that were given back after the term, all together.
    pub forfeited_cents: Cents,
    /// When tickets were given back last.
    pub last_at: Timestamp,
}

/// What giving tickets back changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GivenBack {
    /// The booking with what stays.
    pub booking: Booking,
    /// The same booking with only what goes: its places, their draws and what they occupied.
    pub gone: Booking,
    /// The tickets that end.
    pub revoked: Vec<Ticket>,
    /// The tickets that stay, in their order.
    pub stay: Vec<TicketId>,
    /// The money that goes back.
    pub refund: Vec<Share>,
    /// The record.
    pub record: GiveBack,
}

/// Why tickets are not given back.
#[expect(missing_docs, reason = "each message says what its fields are")]
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum GiveBackError {
    /// The booking does not allow it.
    #[error(transparent)]
    Step(#[from] StepError),
    /// A manager decided on it.
    #[error("the booking is a group's, whose number is agreed with the venue")]
    Group,
    /// It was bought with others.
    #[error("the booking was bought in the order `{order}`, it is given up as a whole")]
    PartOfOrder { order: CallerUuid },
    /// None is named.
    #[error("no ticket is named")]
    NoTickets,
    /// One is named twice.
    #[error("ticket `{}` is named twice", .ticket.typed_code())]
    Repeated { index: usize, ticket: TicketId },
    /// It is no ticket of the booking, or no more.
    #[error("the booking has no ticket `{}`", .ticket.typed_code())]
    Unknown { index: usize, ticket: TicketId },
    /// Nothing would stay.
    #[error("the booking has no other tickets")]
    All,
    /// Who stays may not come so.
    #[error("{0}")]
    Company(HoldError),
}

impl Booking {
    /// Gives back those of its `tickets` that are `named`. `shown` is what the visitor was told goes back,
    /// where they were told.
    ///
    /// # Errors
    /// The first rule that is not met.
    pub fn give_back(
        &self,
        tickets: &[Ticket],
        named: &[TicketId],
        venue: &Venue,
        (uuid, shown): (CallerUuid, Option<Cents>),
        now: Timestamp,
    ) -> Result<GivenBack, GiveBackError> {
        self.must_give_back(tickets, named, now)?;
        let is_gone = |ticket: &Ticket| named.contains(&ticket.entitlement.ticket);
        let (stay, gone) = self.split(tickets, is_gone);
        self.check_who_stays(&stay, venue)?;
        let price: Cents = gone.iter().map(|line| line.price_cents.times(line.quantity)).sum();
        let is_in_time = self.refund_until().is_some_and(|until| now <= until);
        let refund = if is_in_time { price } else { Cents::ZERO };
        if let Some(shown) = shown.filter(|shown| *shown != refund) {
            return Err(StepError::RefundChanged { shown, refund }.into());
        }
        let (taken, left) = share::take(&self.paid_by(), price);
        let names = self.holders.names.iter().zip(tickets);
        let names = names.filter(|(_, ticket)| !is_gone(ticket)).map(|(name, _)| name.clone());
        let gone = self.with_only(gone, venue);
        let booking = Self {
            units: stay,
            draws: less(&self.draws, &gone.draws),
            uses: less_used(&self.uses, &gone.uses),
            holders: Holders { names: names.collect(), changes: self.holders.changes },
            carried: left.into_iter().filter(|share| share.booking != self.uuid).collect(),
            reduced: Some(Reduced {
                forfeited_cents: Cents(self.forfeited().0 + price.0 - refund.0),
                last_at: now,
            }),
            ..self.clone()
        };
        let revoked = tickets.iter().filter(|ticket| is_gone(ticket));
        let revoked = revoked
            .map(|ticket| Ticket { state: TicketState::Revoked { at: now }, ..ticket.clone() });
        let stay = tickets.iter().filter(|ticket| !is_gone(ticket));
        Ok(GivenBack {
            booking,
            gone,
            revoked: revoked.collect(),
            stay: stay.map(|ticket| ticket.entitlement.ticket).collect(),
            refund: if is_in_time { taken } else { Vec::new() },
            record: GiveBack { uuid, tickets: named.to_vec(), refund, at: now },
        })
    }

    /// What the venue keeps of tickets that were given back after the term.
    #[must_use]
    pub fn forfeited(&self) -> Cents {
        self.reduced.map_or(Cents::ZERO, |reduced| reduced.forfeited_cents)
    }

    /// The booking with only what was given back of it since it was `before`; none where nothing was.
    #[must_use]
    pub fn given_back_since(&self, before: &Self) -> Option<Self> {
        let gone = before.units.iter().filter_map(|line| {
            let is_same = |other: &&UnitLine| {
                other.unit_id == line.unit_id && other.price_cents == line.price_cents
            };
            let stays = self.units.iter().find(is_same).map_or(0, |line| line.quantity);
            let quantity = line.quantity.checked_sub(stays).filter(|gone| *gone > 0)?;
            Some(UnitLine { quantity, ..line.clone() })
        });
        let units: Vec<UnitLine> = gone.collect();
        (!units.is_empty()).then(|| Self { units, ..self.clone() })
    }

    fn must_give_back(
        &self,
        tickets: &[Ticket],
        named: &[TicketId],
        now: Timestamp,
    ) -> Result<(), GiveBackError> {
        if !matches!(self.state, BookingState::Confirmed { .. }) {
            let state = self.state.name();
            return Err(StepError::WrongState { state, step: "given back in part" }.into());
        }
        if self.origin == Origin::Group {
            return Err(GiveBackError::Group);
        }
        if let Some(order) = self.order {
            return Err(GiveBackError::PartOfOrder { order });
        }
        self.must_be_the_visitors()?;
        let terms = self.terms(now).ok_or(StepError::SoldAtDesk)?;
        if now >= terms.until {
            return Err(StepError::VisitBegan { at: terms.until }.into());
        }
        if named.is_empty() {
            return Err(GiveBackError::NoTickets);
        }
        for (index, ticket) in named.iter().enumerate() {
            if named[..index].contains(ticket) {
                return Err(GiveBackError::Repeated { index, ticket: *ticket });
            }
            let found = tickets.iter().find(|one| one.entitlement.ticket == *ticket);
            match found.map(|found| &found.state) {
                Some(TicketState::Valid) => {}
                Some(TicketState::Redeemed { at, .. }) => {
                    return Err(StepError::TicketUsed { at: *at }.into());
                }
                Some(TicketState::Revoked { .. } | TicketState::Replaced { .. }) | None => {
                    return Err(GiveBackError::Unknown { index, ticket: *ticket });
                }
            }
        }
        if named.len() == tickets.len() { Err(GiveBackError::All) } else { Ok(()) }
    }

    /// Its lines by what stays and what goes: tickets stand in the order of the lines.
    fn split(
        &self,
        tickets: &[Ticket],
        is_gone: impl Fn(&Ticket) -> bool,
    ) -> (Vec<UnitLine>, Vec<UnitLine>) {
        let (mut stay, mut gone) = (Vec::new(), Vec::new());
        let mut tickets = tickets.iter();
        for line in &self.units {
            let of_line = tickets.by_ref().take(line.quantity as usize);
            let going: u32 = of_line.map(|ticket| u32::from(is_gone(ticket))).sum();
            let of = |quantity| UnitLine { quantity, ..line.clone() };
            stay.extend((going < line.quantity).then(|| of(line.quantity - going)));
            gone.extend((going > 0).then(|| of(going)));
        }
        (stay, gone)
    }

    /// A unit that the venue no longer has has no rule any more.
    fn check_who_stays(&self, stay: &[UnitLine], venue: &Venue) -> Result<(), GiveBackError> {
        let day = self.slot.id.day();
        let Ok((_, tariff)) = find_tariff(venue, &self.product_id, &self.option_id, day) else {
            return Ok(());
        };
        let found = |line: &UnitLine| {
            let unit = find_unit(&self.option_id, tariff, &line.unit_id).ok()?;
            Some((unit, line.quantity))
        };
        let party: Vec<(&Unit, u32)> = stay.iter().filter_map(found).collect();
        for (unit, _) in &party {
            let of_unit = party.iter().filter(|(other, _)| other.id == unit.id);
            let quantity = of_unit.map(|(_, quantity)| *quantity).sum();
            check_company(unit, quantity, &party).map_err(GiveBackError::Company)?;
        }
        Ok(())
    }

    /// The booking with these lines only, and what of pools and resources goes with them: the pool drawn
    /// on last is filled first, and of a resource goes what those who stay need no more.
    fn with_only(&self, lines: Vec<UnitLine>, venue: &Venue) -> Self {
        let places: u32 = lines.iter().map(|line| line.quantity).sum();
        let mut left = places;
        let mut draws = Vec::new();
        for draw in self.draws.iter().rev() {
            let of_this = draw.places.min(left);
            left -= of_this;
            draws.extend((of_this > 0).then(|| Draw { places: of_this, ..draw.clone() }));
        }
        let stay = self.places() - places;
        let needs = venue.product(&self.product_id).map_or(&[][..], |product| &product.needs);
        let freed = self.uses.iter().filter_map(|used| {
            let ResourceRef::Resource(id) = &used.resource else { return None };
            let need = needs.iter().find(|need| need.resource_id == *id)?;
            let quantity = used.quantity.checked_sub(need.of(stay)).filter(|freed| *freed > 0)?;
            Some(ResourceUse { quantity, ..used.clone() })
        });
        let uses = freed.collect();
        Self { units: lines, draws, uses, ..self.clone() }
    }
}

fn less(draws: &[Draw], gone: &[Draw]) -> Vec<Draw> {
    let rest = draws.iter().map(|draw| {
        let of_this = gone.iter().find(|gone| gone.pool == draw.pool).map_or(0, |gone| gone.places);
        Draw { places: draw.places - of_this, ..draw.clone() }
    });
    rest.filter(|draw| draw.places > 0).collect()
}

fn less_used(uses: &[ResourceUse], gone: &[ResourceUse]) -> Vec<ResourceUse> {
    let rest = uses.iter().map(|used| {
        let freed = gone.iter().find(|gone| gone.resource == used.resource);
        ResourceUse {
            quantity: used.quantity - freed.map_or(0, |freed| freed.quantity),
            ..used.clone()
        }
    });
    rest.filter(|used| used.quantity > 0).collect()
}
