//! Steps of what is bought together, a booking or all of an order, that more than one function takes:
//! confirming, settling what the payment provider says, returning the places of an ended hold. Each
//! reads, asks the domain, and writes in one transaction; when another request was faster it reads
//! again.

use atrio_domain::booking::{Booking, BookingState, Settlement, StepError};
use atrio_domain::cancellation::GivenUp;
use atrio_domain::id::{CallerUuid, InvalidId, PaymentId, TicketId};
use atrio_domain::order;
use atrio_domain::payment::share::Share;
use atrio_domain::payment::{Payment, PaymentStatus, ProviderOutcome};
use atrio_domain::tariff::Cents;
use atrio_domain::ticket::{self, Ticket};
use jiff::Timestamp;

use crate::booking::{Stored, With};
use crate::transaction::{Condition, Written};
use crate::{Error, Store, payment};

/// How often a step is tried when others change the booking.
const ATTEMPTS: u32 = 8;

/// Why a step was not taken.
#[derive(Debug, thiserror::Error)]
pub enum StepFailure {
    /// There is no such booking.
    #[error("there is no booking `{0}`")]
    Unknown(CallerUuid),
    /// There is no such order.
    #[error("there is no order `{0}`")]
    UnknownOrder(CallerUuid),
    /// The rules say no.
    #[error(transparent)]
    Refused(#[from] StepError),
    /// The table failed.
    #[error(transparent)]
    Store(#[from] Error),
}

/// What the provider's word did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Settled {
    /// The booking is confirmed.
    Confirmed,
    /// The hold goes on.
    OnHoldAgain,
    /// The places went back.
    Released,
    /// The money will go back.
    RefundDue,
    /// It was known already.
    Known,
}

/// What is held, confirmed and paid in one go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purchase {
    /// A booking by itself.
    Booking(CallerUuid),
    /// All bookings of an order.
    Order(CallerUuid),
}

impl Purchase {
    fn of(booking: &Booking) -> Self {
        booking.order.map_or(Self::Booking(booking.uuid), Self::Order)
    }

    /// The error when others were faster time and again.
    fn stale(self) -> StepFailure {
        let key = match self {
            Self::Booking(uuid) => format!("BOOKING#{uuid}"),
            Self::Order(uuid) => format!("ORDER#{uuid}"),
        };
        Error::Stale { key }.into()
    }
}

/// The bookings as they were read.
pub(crate) fn bookings_of(stored: &[Stored]) -> Vec<Booking> {
    stored.iter().map(|stored| stored.booking.clone()).collect()
}

/// Bookings as they are stored after a change of all of them.
fn moved(from: Vec<Stored>, to: Vec<Booking>) -> Vec<Stored> {
    let moved = from.into_iter().zip(to);
    moved.map(|(from, booking)| Stored { booking, version: from.version + 1, ..from }).collect()
}

impl Store {
    /// The bookings of a purchase, the first one read first: whoever finds it unchanged finds all of
    /// them so while they move together.
    ///
    /// # Errors
    /// No such booking or order, or the service's own.
    pub async fn purchased(&self, purchase: Purchase) -> Result<Vec<Stored>, StepFailure> {
        match purchase {
            Purchase::Booking(uuid) => {
                Ok(vec![self.booking(uuid).await?.ok_or(StepFailure::Unknown(uuid))?])
            }
            Purchase::Order(uuid) => {
                let order = self.order(uuid).await?.ok_or(StepFailure::UnknownOrder(uuid))?;
                let mut stored = self.all_of(&order.bookings).await?;
                for _ in 1..ATTEMPTS {
                    if !order::is_torn(&bookings_of(&stored)) {
                        break;
                    }
                    stored = self.all_of(&order.bookings).await?;
                }
                if stored.is_empty() { Err(StepFailure::UnknownOrder(uuid)) } else { Ok(stored) }
            }
        }
    }

    /// Those of these bookings that are there: one is tidied away some weeks after its visit, an order
    /// after the last.
    async fn all_of(&self, bookings: &[CallerUuid]) -> Result<Vec<Stored>, Error> {
        let mut stored = Vec::with_capacity(bookings.len());
        for booking in bookings {
            stored.extend(self.booking(*booking).await?);
        }
        Ok(stored)
    }

    /// The bookings that an attempt pays for, of which `uuid` is one, and its parts.
    pub(crate) async fn attempt(
        &self,
        uuid: CallerUuid,
        id: &PaymentId,
    ) -> Result<(Vec<Stored>, Vec<Payment>), StepFailure> {
        let stored = self.booking(uuid).await?.ok_or(StepFailure::Unknown(uuid))?;
        let order = stored.booking.order;
        let bookings = match Purchase::of(&stored.booking) {
            Purchase::Booking(_) => vec![stored],
            order @ Purchase::Order(_) => self.purchased(order).await?,
        };
        Ok((bookings, self.parts_of(uuid, order, id).await?))
    }

    /// Takes the step `step` of a purchase that needs nothing but `with` beside it.
    async fn step(
        &self,
        purchase: Purchase,
        step: impl Fn(&[Booking]) -> Result<Vec<Booking>, StepError>,
        with: With<'_>,
    ) -> Result<Vec<Stored>, StepFailure> {
        for _ in 0..ATTEMPTS {
            let from = self.purchased(purchase).await?;
            let bookings = bookings_of(&from);
            let to = step(&bookings)?;
            if to == bookings {
                return Ok(from);
            }
            let writes = self.changing_all(&from, &to, |_| with)?;
            if matches!(self.transact(writes).await?, Written::All) {
                return Ok(moved(from, to));
            }
        }
        Err(purchase.stale())
    }

    /// Takes such a step of a booking by itself.
    async fn step_alone(
        &self,
        uuid: CallerUuid,
        step: impl Fn(&[Booking]) -> Result<Vec<Booking>, StepError>,
        with: With<'_>,
    ) -> Result<Stored, StepFailure> {
        let stored = self.step(Purchase::Booking(uuid), step, with).await?;
        stored.into_iter().next().ok_or(StepFailure::Unknown(uuid))
    }

    /// Gives up the hold of an order and returns its places.
    ///
    /// # Errors
    /// No such order, a state that does not allow it, or the service's own.
    pub async fn cancel_order(
        &self,
        uuid: CallerUuid,
        now: Timestamp,
    ) -> Result<Vec<Stored>, StepFailure> {
        let step = |bookings: &[Booking]| order::cancel(bookings, now);
        self.step(Purchase::Order(uuid), step, With::PlacesReturned(None, &[])).await
    }

    /// Gives a booking up and returns its places: a hold just so, a confirmed one with its tickets
    /// and the money that goes back. `shown` is what the visitor was told goes back, if they were.
    ///
    /// # Errors
    /// No such booking, a state that does not allow it, or the service's own.
    pub async fn cancel(
        &self,
        uuid: CallerUuid,
        shown: Option<Cents>,
        now: Timestamp,
    ) -> Result<Stored, StepFailure> {
        for _ in 0..ATTEMPTS {
            let stored = self.booking(uuid).await?.ok_or(StepFailure::Unknown(uuid))?;
            if !matches!(stored.booking.state, BookingState::Confirmed { .. }) {
                let step = |bookings: &[Booking]| order::cancel(bookings, now);
                return self.step_alone(uuid, step, With::PlacesReturned(None, &[])).await;
            }
            let tickets = self.tickets(&stored.tickets).await?;
            let given_up = stored.booking.give_up(tickets, shown, now)?;
            if let Some(cancelled) = self.take_back(&stored, given_up, now).await? {
                return Ok(cancelled);
            }
        }
        Err(Purchase::Booking(uuid).stale())
    }

    /// Takes a confirmed booking back because the venue cannot keep its word; all of the money goes
    /// back. One that is cancelled already is left as it is.
    ///
    /// # Errors
    /// No such booking, a state that does not allow it, or the service's own.
    pub async fn call_off(&self, uuid: CallerUuid, now: Timestamp) -> Result<Stored, StepFailure> {
        for _ in 0..ATTEMPTS {
            let stored = self.booking(uuid).await?.ok_or(StepFailure::Unknown(uuid))?;
            if matches!(stored.booking.state, BookingState::Cancelled { .. }) {
                return Ok(stored);
            }
            let tickets = self.tickets(&stored.tickets).await?;
            let called_off = stored.booking.call_off(tickets, now)?;
            if let Some(cancelled) = self.take_back(&stored, called_off, now).await? {
                return Ok(cancelled);
            }
        }
        Err(Purchase::Booking(uuid).stale())
    }

    /// Stores a confirmed booking that is no more; none when another request was faster.
    async fn take_back(
        &self,
        from: &Stored,
        to: GivenUp,
        now: Timestamp,
    ) -> Result<Option<Stored>, Error> {
        let uuid = from.booking.uuid;
        let own = match &to.booking.state {
            BookingState::Cancelled { payment: Some(id), .. } => self.payment(uuid, id).await?,
            _ => None,
        };
        // What is left of its own payment goes back as such, all other money in parts.
        let is_rest = |share: &Share, paid: &Payment| {
            share.booking == uuid && share.payment == paid.id && share.cents == paid.left_cents()
        };
        let (rest, parts): (Vec<Share>, Vec<Share>) = to
            .refund
            .into_iter()
            .partition(|share| own.as_ref().is_some_and(|paid| is_rest(share, paid)));
        let refund_due = own.filter(|_| !rest.is_empty()).map(|paid| Payment {
            status: PaymentStatus::RefundDue,
            updated_at: now,
            ..paid
        });
        let with = With::PlacesReturned(refund_due.as_ref(), &to.tickets);
        let mut writes = self.changing(from, &to.booking, with)?;
        let Some(owed) = self.owe_parts(uuid, &parts, now).await? else { return Ok(None) };
        writes.extend(owed);
        writes.extend(self.entry_of_step(&from.booking, &to.booking)?);
        let is_done = matches!(self.transact(writes).await?, Written::All);
        let (version, tickets) = (from.version + 1, from.tickets.clone());
        Ok(is_done.then_some(Stored { booking: to.booking, version, tickets }))
    }

    /// Returns the places of a hold that ended, and of all that was held with it. Bookings that moved on
    /// are left alone.
    ///
    /// # Errors
    /// No such booking, or the service's own.
    pub async fn expire(&self, booking: &Booking, now: Timestamp) -> Result<(), StepFailure> {
        let step = |bookings: &[Booking]| Ok(order::expire(bookings, now));
        self.step(Purchase::of(booking), step, With::PlacesReturned(None, &[])).await?;
        Ok(())
    }

    /// Forgets the person behind a booking.
    ///
    /// # Errors
    /// No such booking, a state that does not allow it, or the service's own.
    pub async fn forget_person(
        &self,
        uuid: CallerUuid,
        now: Timestamp,
    ) -> Result<Stored, StepFailure> {
        let forget = |bookings: &[Booking]| {
            bookings.iter().map(|booking| booking.forget_person(now)).collect()
        };
        self.step_alone(uuid, forget, With::Nothing).await
    }

    /// Confirms what is bought together and free, with tickets under ids from `ticket_id`.
    ///
    /// # Errors
    /// No such booking or order, a state that does not allow it, or the service's own.
    pub async fn confirm_free(
        &self,
        purchase: Purchase,
        ticket_id: impl Fn() -> TicketId,
        now: Timestamp,
    ) -> Result<Vec<Stored>, StepFailure> {
        for _ in 0..ATTEMPTS {
            let from = self.purchased(purchase).await?;
            let bookings = bookings_of(&from);
            let to = order::confirm_free(&bookings, now)?;
            if to == bookings {
                return Ok(from);
            }
            if let Some(confirmed) = self.confirm(from, to, &[], &ticket_id, now).await? {
                return Ok(confirmed);
            }
        }
        Err(purchase.stale())
    }

    /// Confirms bookings that are bought together, each in the place of the one that it replaces, where it
    /// does; none when another request was faster.
    async fn confirm(
        &self,
        from: Vec<Stored>,
        mut to: Vec<Booking>,
        parts: &[Payment],
        ticket_id: &impl Fn() -> TicketId,
        now: Timestamp,
    ) -> Result<Option<Vec<Stored>>, StepFailure> {
        let mut replaced = Vec::new();
        for booking in &mut to {
            let Some(exchange) = self.exchange(booking, now).await? else { return Ok(None) };
            *booking = exchange.new;
            replaced.extend(exchange.writes);
        }
        let issue = |to: &Booking| ticket::issue(to, (0..to.places()).map(|_| ticket_id()), now);
        let tickets: Vec<Vec<Ticket>> = to.iter().map(issue).collect();
        let mut writes = self.changing_all(&from, &to, |line| {
            With::Confirmation(&tickets[line], payment::part_of(parts, &to[line]))
        })?;
        writes.extend(replaced);
        if !matches!(self.transact(writes).await?, Written::All) {
            return Ok(None);
        }
        let confirmed = moved(from, to).into_iter().zip(&tickets).map(|(stored, tickets)| Stored {
            tickets: tickets.iter().map(|ticket| ticket.entitlement.ticket).collect(),
            ..stored
        });
        Ok(Some(confirmed.collect()))
    }

    /// Begins an attempt to pay, or finds the one that runs. `payment_id` numbers the attempt of a
    /// purchase's first booking; an id that another attempt bears is not taken, and the next one is
    /// asked for.
    ///
    /// # Errors
    /// No such booking or order, a state that does not allow it, or the service's own.
    pub async fn start_payment(
        &self,
        purchase: Purchase,
        payment_id: impl Fn(CallerUuid, u32) -> Result<PaymentId, InvalidId>,
        now: Timestamp,
    ) -> Result<(Vec<Stored>, PaymentId), StepFailure> {
        for _ in 0..ATTEMPTS {
            let from = self.purchased(purchase).await?;
            let Some(first) = from.first().map(|stored| &stored.booking) else { break };
            let fresh = payment_id(first.uuid, first.payment_attempts + 1)
                .map_err(|error| Error::service("StartPayment")(error))?;
            let to = order::start_payment(&bookings_of(&from), &fresh, now)?;
            if let BookingState::Paying { payment, .. } = &first.state {
                let running = payment.clone();
                return Ok((from, running));
            }
            for booking in &to {
                self.must_be_exchangeable(booking, now).await?;
            }
            let started = |booking: &Booking| {
                let costs = booking.due() > Cents::ZERO;
                costs.then(|| booking.payment(fresh.clone(), PaymentStatus::Started, now, now))
            };
            let parts: Vec<Payment> = to.iter().filter_map(started).collect();
            let mut writes = self.changing_all(&from, &to, |line| {
                payment::part_of(&parts, &to[line]).map_or(With::Nothing, With::PaymentStarted)
            })?;
            // No two attempts bear one id: the provider tells them apart by nothing else.
            if let Some(part) = parts.first() {
                writes.push(self.put(payment::lookup_item(part), Condition::absent())?);
            }
            if matches!(self.transact(writes).await?, Written::All) {
                return Ok((moved(from, to), fresh));
            }
        }
        Err(purchase.stale())
    }

    /// Does what the provider's word about an attempt asks for. Said again, it changes nothing. The
    /// booking is the one that the attempt is for, or one of them.
    ///
    /// # Errors
    /// No such booking, or the service's own.
    pub async fn settle(
        &self,
        uuid: CallerUuid,
        payment_id: &PaymentId,
        outcome: ProviderOutcome,
        ticket_id: impl Fn() -> TicketId,
        now: Timestamp,
    ) -> Result<Settled, StepFailure> {
        for _ in 0..ATTEMPTS {
            let (from, parts) = self.attempt(uuid, payment_id).await?;
            if parts.is_empty() {
                return Err(StepFailure::Unknown(uuid));
            }
            let settlement = order::settle(&bookings_of(&from), payment_id, outcome, now);
            let Some(settlement) = settlement else { continue };
            let settled = self.settle_once(from, parts, settlement, &ticket_id, now).await?;
            if let Some(settled) = settled {
                return Ok(settled);
            }
        }
        Err(Purchase::Booking(uuid).stale())
    }

    /// Settles, unless another request was faster.
    async fn settle_once(
        &self,
        from: Vec<Stored>,
        parts: Vec<Payment>,
        settlement: Settlement<Vec<Booking>>,
        ticket_id: &impl Fn() -> TicketId,
        now: Timestamp,
    ) -> Result<Option<Settled>, StepFailure> {
        match settlement {
            Settlement::Nothing => Ok(Some(Settled::Known)),
            Settlement::Refund => Ok(self.owe_refund(&parts, now).await?),
            Settlement::Confirm(to) => {
                let paid = payment::marked(parts, PaymentStatus::Paid, now);
                match (self.confirm(from.clone(), to, &paid, ticket_id, now).await, &from[..]) {
                    (Ok(confirmed), _) => Ok(confirmed.map(|_| Settled::Confirmed)),
                    // The money came, and what it was to be exchanged for a dearer visit is no more.
                    (Err(StepFailure::Refused(_)), [alone]) => {
                        Ok(self.release_unexchanged(alone, &paid, now).await?)
                    }
                    (Err(error), _) => Err(error),
                }
            }
            Settlement::Retry(to) => {
                let declined = payment::marked(parts, PaymentStatus::Declined, now);
                let writes = self.changing_all(&from, &to, |line| {
                    payment::part_of(&declined, &to[line]).map_or(With::Nothing, With::Declined)
                })?;
                let written = self.transact(writes).await?;
                Ok(matches!(written, Written::All).then_some(Settled::OnHoldAgain))
            }
            Settlement::Release(to) => {
                let declined = payment::marked(parts, PaymentStatus::Declined, now);
                let writes = self.changing_all(&from, &to, |line| {
                    With::PlacesReturned(payment::part_of(&declined, &to[line]), &[])
                })?;
                let written = self.transact(writes).await?;
                Ok(matches!(written, Written::All).then_some(Settled::Released))
            }
        }
    }
}
