//! Steps of a booking that more than one function takes: confirming, settling what the payment
//! provider says, returning the places of an ended hold. Each reads, asks the domain, and writes in
//! one transaction; when another request was faster it reads again.

use atrio_domain::booking::{Booking, BookingState, Settlement, StepError};
use atrio_domain::cancellation::GivenUp;
use atrio_domain::id::{CallerUuid, InvalidId, PaymentId, TicketId};
use atrio_domain::payment::{Payment, PaymentStatus, ProviderOutcome};
use atrio_domain::tariff::Cents;
use atrio_domain::ticket;
use jiff::Timestamp;

use crate::booking::{Changed, Stored, With};
use crate::{Error, Store};

/// How often a step is tried when others change the booking.
const ATTEMPTS: u32 = 8;

/// Why a step was not taken.
#[derive(Debug, thiserror::Error)]
pub enum StepFailure {
    /// There is no such booking.
    #[error("there is no booking `{0}`")]
    Unknown(CallerUuid),
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

impl Store {
    /// Takes the step `step` of a booking that needs nothing beside it.
    async fn step<'a>(
        &self,
        uuid: CallerUuid,
        step: impl Fn(&Stored) -> Result<Booking, StepError>,
        with: impl Fn(&Booking) -> With<'a>,
    ) -> Result<Stored, StepFailure> {
        for _ in 0..ATTEMPTS {
            let stored = self.booking(uuid).await?.ok_or(StepFailure::Unknown(uuid))?;
            let next = step(&stored)?;
            if next == stored.booking {
                return Ok(stored);
            }
            if self.change(&stored, &next, with(&next)).await? == Changed::Done {
                return Ok(Stored { booking: next, version: stored.version + 1, ..stored });
            }
        }
        Err(stale(uuid).into())
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
                let step = |stored: &Stored| stored.booking.cancel(now);
                return self.step(uuid, step, |_| With::PlacesReturned(None, &[])).await;
            }
            let tickets = self.tickets(&stored.tickets).await?;
            let given_up = stored.booking.give_up(tickets, shown, now)?;
            if let Some(cancelled) = self.take_back(&stored, given_up, now).await? {
                return Ok(cancelled);
            }
        }
        Err(stale(uuid).into())
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
        Err(stale(uuid).into())
    }

    /// Stores a confirmed booking that is no more; none when another request was faster.
    async fn take_back(
        &self,
        from: &Stored,
        to: GivenUp,
        now: Timestamp,
    ) -> Result<Option<Stored>, Error> {
        let refunded = match &to.booking.state {
            BookingState::Cancelled { payment: Some(id), refund, .. } if *refund > Cents::ZERO => {
                self.payment(from.booking.uuid, id).await?
            }
            _ => None,
        };
        let refund_due = refunded.map(|paid| Payment {
            status: PaymentStatus::RefundDue,
            updated_at: now,
            ..paid
        });
        let with = With::PlacesReturned(refund_due.as_ref(), &to.tickets);
        let changed = self.change(from, &to.booking, with).await?;
        let version = from.version + 1;
        Ok((changed == Changed::Done).then(|| Stored {
            booking: to.booking,
            version,
            tickets: from.tickets.clone(),
        }))
    }

    /// Returns the places of a hold that ended. A booking that moved on is left alone.
    ///
    /// # Errors
    /// No such booking, or the service's own.
    pub async fn expire(&self, uuid: CallerUuid, now: Timestamp) -> Result<Stored, StepFailure> {
        let step = |stored: &Stored| {
            Ok(stored.booking.expire(now).unwrap_or_else(|| stored.booking.clone()))
        };
        self.step(uuid, step, |_| With::PlacesReturned(None, &[])).await
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
        self.step(uuid, |stored| stored.booking.forget_person(now), |_| With::Nothing).await
    }

    /// Confirms a free booking with tickets under ids from `ticket_id`.
    ///
    /// # Errors
    /// No such booking, a state that does not allow it, or the service's own.
    pub async fn confirm_free(
        &self,
        uuid: CallerUuid,
        ticket_id: impl Fn() -> TicketId,
        now: Timestamp,
    ) -> Result<Stored, StepFailure> {
        for _ in 0..ATTEMPTS {
            let stored = self.booking(uuid).await?.ok_or(StepFailure::Unknown(uuid))?;
            let next = stored.booking.confirm_free(now)?;
            if next == stored.booking {
                return Ok(stored);
            }
            if let Some(confirmed) = self.confirm(&stored, next, None, &ticket_id, now).await? {
                return Ok(confirmed);
            }
        }
        Err(stale(uuid).into())
    }

    async fn confirm(
        &self,
        from: &Stored,
        to: Booking,
        payment: Option<&Payment>,
        ticket_id: &impl Fn() -> TicketId,
        now: Timestamp,
    ) -> Result<Option<Stored>, Error> {
        let ids = (0..to.places()).map(|_| ticket_id());
        let tickets = ticket::issue(&to, ids, now);
        let changed = self.change(from, &to, With::Confirmation(&tickets, payment)).await?;
        Ok((changed == Changed::Done).then(|| Stored {
            booking: to,
            version: from.version + 1,
            tickets: tickets.iter().map(|ticket| ticket.entitlement.ticket).collect(),
        }))
    }

    /// Begins an attempt to pay, or finds the one that runs. `payment_id` numbers a booking's attempt;
    /// an id that another attempt bears is not taken, and the next one is asked for.
    ///
    /// # Errors
    /// No such booking, a state that does not allow it, or the service's own.
    pub async fn start_payment(
        &self,
        uuid: CallerUuid,
        payment_id: impl Fn(CallerUuid, u32) -> Result<PaymentId, InvalidId>,
        now: Timestamp,
    ) -> Result<(Stored, PaymentId), StepFailure> {
        for _ in 0..ATTEMPTS {
            let stored = self.booking(uuid).await?.ok_or(StepFailure::Unknown(uuid))?;
            let fresh = payment_id(uuid, stored.booking.payment_attempts + 1)
                .map_err(|error| Error::service("StartPayment")(error))?;
            let next = stored.booking.start_payment(fresh.clone(), now)?;
            if let BookingState::Paying { payment, .. } = &stored.booking.state {
                let running = payment.clone();
                return Ok((stored, running));
            }
            let payment = next.payment(fresh.clone(), PaymentStatus::Started, now, now);
            if self.change(&stored, &next, With::PaymentStarted(&payment)).await? == Changed::Done {
                let version = stored.version + 1;
                return Ok((Stored { booking: next, version, ..stored }, fresh));
            }
        }
        Err(stale(uuid).into())
    }

    /// Does what the provider's word about an attempt asks for. Said again, it changes nothing.
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
            let stored = self.booking(uuid).await?.ok_or(StepFailure::Unknown(uuid))?;
            let known = self.payment(uuid, payment_id).await?.ok_or(StepFailure::Unknown(uuid))?;
            let with_status = |status| Payment { status, updated_at: now, ..known.clone() };
            match stored.booking.settle(payment_id, outcome, now) {
                Settlement::Nothing => return Ok(Settled::Known),
                Settlement::Refund => {
                    if let Some(settled) = self.owe_refund(&known, now).await? {
                        return Ok(settled);
                    }
                }
                Settlement::Confirm(next) => {
                    let paid = with_status(PaymentStatus::Paid);
                    if self.confirm(&stored, next, Some(&paid), &ticket_id, now).await?.is_some() {
                        return Ok(Settled::Confirmed);
                    }
                }
                Settlement::Retry(next) => {
                    let declined = with_status(PaymentStatus::Declined);
                    if self.change(&stored, &next, With::Declined(&declined)).await?
                        == Changed::Done
                    {
                        return Ok(Settled::OnHoldAgain);
                    }
                }
                Settlement::Release(next) => {
                    let declined = with_status(PaymentStatus::Declined);
                    let with = With::PlacesReturned(Some(&declined), &[]);
                    if self.change(&stored, &next, with).await? == Changed::Done {
                        return Ok(Settled::Released);
                    }
                }
            }
        }
        Err(stale(uuid).into())
    }

    /// Marks money that came for nothing as due to go back; none when another request was faster.
    async fn owe_refund(
        &self,
        payment: &Payment,
        now: Timestamp,
    ) -> Result<Option<Settled>, Error> {
        if matches!(payment.status, PaymentStatus::RefundDue | PaymentStatus::Refunded) {
            return Ok(Some(Settled::Known));
        }
        let moved = self.move_payment(payment, PaymentStatus::RefundDue, now).await?;
        Ok(moved.then_some(Settled::RefundDue))
    }
}

fn stale(uuid: CallerUuid) -> Error {
    Error::Stale { key: format!("BOOKING#{uuid}") }
}
