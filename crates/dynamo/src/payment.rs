//! Payment items: `BOOKING#uuid` / `PAYMENT#payment id`, one per attempt; and `PAYMENT#payment id` /
//! `PAYMENT`, which finds the booking by the id that the provider knows and is what makes that id the
//! attempt's alone. It is written with the start of the attempt and never tidied away, so that no
//! notice number is ever given twice.

use atrio_domain::booking::Settlement;
use atrio_domain::id::{CallerUuid, PaymentId, TicketId, VenueId};
use atrio_domain::payment::{Payment, PaymentStatus, ProviderOutcome, Received};
use atrio_domain::tariff::Cents;
use jiff::Timestamp;

use crate::attributes::{Attributes, instant, json, number, text};
use crate::booking::{Changed, Stored, With};
use crate::settlement::{Settled, StepFailure};
use crate::table::{DUE_PK, DUE_SK};
use crate::transaction::{Condition, Written};
use crate::{Error, Item, PK, SK, Store, key};

const PREFIX: &str = "PAYMENT#";

/// What is due of a payment whose money goes back.
const REFUND: &str = "REFUND";

/// How often what was received is weighed again when others change the booking.
const ATTEMPTS: u32 = 8;

/// What became of an amount that the provider took.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Taken {
    /// The booking decided.
    Settled(Settled),
    /// The attempt stands with another amount; nothing was changed.
    Contradiction {
        /// The attempt as it stands.
        payment: Box<Payment>,
    },
}

fn payment_key(booking: CallerUuid, payment: &PaymentId) -> Item {
    key(format!("BOOKING#{booking}"), format!("{PREFIX}{payment}"))
}

fn lookup_key(payment: &PaymentId) -> Item {
    key(format!("{PREFIX}{payment}"), "PAYMENT")
}

/// Finds the booking of an attempt.
pub(crate) fn lookup_item(payment: &Payment) -> Item {
    let mut item = lookup_key(&payment.id);
    item.insert("booking".into(), text(payment.booking.to_string()));
    item
}

pub(crate) fn item(payment: &Payment) -> Result<Item, Error> {
    let mut item = payment_key(payment.booking, &payment.id);
    item.insert("attempt".into(), number(payment.attempt));
    item.insert("venue_id".into(), text(payment.venue.as_str()));
    item.insert("amount_cents".into(), number(payment.amount_cents.0));
    if let Some(received) = payment.received_cents {
        item.insert("received_cents".into(), number(received.0));
    }
    item.insert("status".into(), json("status", &payment.status)?);
    item.insert("started_at".into(), instant(payment.started_at));
    item.insert("updated_at".into(), instant(payment.updated_at));
    if payment.status == PaymentStatus::RefundDue {
        item.insert(DUE_PK.into(), text(REFUND));
        item.insert(DUE_SK.into(), instant(payment.updated_at));
    }
    Ok(item)
}

fn payment(item: &Item) -> Result<Payment, Error> {
    let read = Attributes::of(item);
    let part = |name: &str, prefix: &str| -> Result<String, Error> {
        let text = read.text(name)?;
        let rest =
            text.strip_prefix(prefix).ok_or_else(|| read.malformed(name, "is no payment's"))?;
        Ok(rest.to_owned())
    };
    Ok(Payment {
        id: PaymentId::new(part(SK, PREFIX)?).map_err(|error| read.malformed(SK, error))?,
        booking: part(PK, "BOOKING#")?.parse().map_err(|error| read.malformed(PK, error))?,
        attempt: read.number("attempt")?,
        venue: read.parsed("venue_id")?,
        amount_cents: Cents(read.number("amount_cents")?),
        received_cents: read.optional_number("received_cents")?.map(Cents),
        status: read.json("status")?,
        started_at: read.parsed("started_at")?,
        updated_at: read.parsed("updated_at")?,
    })
}

/// The attempt must stand where it was read.
pub(crate) fn stands_as(payment: &Payment) -> Result<Condition, Error> {
    Ok(Condition::when("#status = :from")
        .name("#status", "status")
        .value(":from", json("status", &payment.status)?))
}

impl Store {
    /// One attempt to pay.
    ///
    /// # Errors
    /// The service's own, or a malformed item.
    pub async fn payment(
        &self,
        booking: CallerUuid,
        id: &PaymentId,
    ) -> Result<Option<Payment>, Error> {
        self.get(payment_key(booking, id)).await?.as_ref().map(payment).transpose()
    }

    /// The booking that an attempt is for; none when no attempt bears that id.
    ///
    /// # Errors
    /// The service's own, or a malformed item.
    pub async fn booking_of_payment(&self, id: &PaymentId) -> Result<Option<CallerUuid>, Error> {
        let found = self.get(lookup_key(id)).await?;
        found.as_ref().map(|item| Attributes::of(item).parsed("booking")).transpose()
    }

    /// The attempts to pay for a booking, in order.
    ///
    /// # Errors
    /// The service's own, or a malformed item.
    pub async fn payments(&self, booking: CallerUuid) -> Result<Vec<Payment>, Error> {
        let partition = format!("BOOKING#{booking}");
        let items = self.between(partition, PREFIX.to_owned(), format!("{PREFIX}~")).await?;
        let mut payments: Vec<Payment> = items.iter().map(payment).collect::<Result<_, _>>()?;
        payments.sort_by_key(|payment| payment.attempt);
        Ok(payments)
    }

    /// Moves an attempt from one status to another; false when it stood elsewhere.
    ///
    /// # Errors
    /// The service's own.
    pub async fn move_payment(
        &self,
        payment: &Payment,
        to: PaymentStatus,
        now: Timestamp,
    ) -> Result<bool, Error> {
        let next = Payment { status: to, updated_at: now, ..payment.clone() };
        self.replace_payment(payment, &next).await
    }

    /// Puts an attempt in the place of another status of itself; false when it stood elsewhere.
    async fn replace_payment(&self, from: &Payment, to: &Payment) -> Result<bool, Error> {
        let written = self.transact(vec![self.put(item(to)?, stands_as(from)?)?]).await?;
        Ok(matches!(written, Written::All))
    }

    /// Payments whose money must go back, oldest first. A malformed one does not hide the others.
    ///
    /// # Errors
    /// The service's own.
    pub async fn refunds_due(
        &self,
        now: Timestamp,
        limit: i32,
    ) -> Result<Vec<Result<Payment, Error>>, Error> {
        Ok(self.due(REFUND, now, limit).await?.iter().map(payment).collect())
    }

    /// Payments of a venue whose money must go back, oldest first.
    ///
    /// # Errors
    /// The service's own, or a malformed item.
    pub async fn refunds_of(&self, venue: &VenueId) -> Result<Vec<Payment>, Error> {
        let items = self.all_due(REFUND).await?;
        let mut payments: Vec<Payment> = items.iter().map(payment).collect::<Result<_, _>>()?;
        payments.retain(|payment| &payment.venue == venue);
        Ok(payments)
    }

    /// Does what the provider's word about an attempt asks for, where it names the amount it took. An
    /// amount that was not asked for confirms nothing and goes back. Said again, it changes nothing.
    ///
    /// # Errors
    /// No such booking, or the service's own.
    pub async fn settle_amount(
        &self,
        uuid: CallerUuid,
        id: &PaymentId,
        received: Cents,
        ticket_id: impl Fn() -> TicketId,
        now: Timestamp,
    ) -> Result<Taken, StepFailure> {
        for _ in 0..ATTEMPTS {
            let stored = self.booking(uuid).await?.ok_or(StepFailure::Unknown(uuid))?;
            let known = self.payment(uuid, id).await?.ok_or(StepFailure::Unknown(uuid))?;
            match known.weigh(received) {
                Received::AsAsked => {
                    let paid = ProviderOutcome::Paid;
                    let settled = self.settle(uuid, id, paid, ticket_id, now).await?;
                    return Ok(Taken::Settled(settled));
                }
                Received::KnownOtherwise => return Ok(Taken::Settled(Settled::Known)),
                Received::Contradiction => {
                    return Ok(Taken::Contradiction { payment: Box::new(known) });
                }
                Received::Otherwise => {
                    if self.owe_other_amount(&stored, &known, received, now).await? {
                        return Ok(Taken::Settled(Settled::RefundDue));
                    }
                }
            }
        }
        Err(Error::Stale { key: format!("BOOKING#{uuid}") }.into())
    }

    /// Records that another amount came than was asked, and ends the attempt as if none had come;
    /// false when another request was faster.
    async fn owe_other_amount(
        &self,
        stored: &Stored,
        known: &Payment,
        received: Cents,
        now: Timestamp,
    ) -> Result<bool, Error> {
        let owed = Payment {
            status: PaymentStatus::RefundDue,
            received_cents: Some(received),
            updated_at: now,
            ..known.clone()
        };
        let changed = match stored.booking.settle(&known.id, ProviderOutcome::Declined, now) {
            Settlement::Retry(next) => self.change(stored, &next, With::Declined(&owed)).await?,
            Settlement::Release(next) => {
                self.change(stored, &next, With::PlacesReturned(Some(&owed), &[])).await?
            }
            // The attempt ended before; no booking hangs on it.
            Settlement::Confirm(_) | Settlement::Refund | Settlement::Nothing => {
                return self.replace_payment(known, &owed).await;
            }
        };
        Ok(changed == Changed::Done)
    }
}
