//! Payment items: `BOOKING#uuid` / `PAYMENT#payment id`, one per attempt, and of an attempt to pay for
//! an order one per booking, which is its part; and `PAYMENT#payment id` / `PAYMENT`, which finds the
//! booking, or one of them, by the id that the provider knows and is what makes that id the attempt's
//! alone; that item is written with the start of the attempt and never tidied away, so that no notice
//! number is ever given twice. Of a payment parts may go back, each an item of its own, `PAYMENT#payment
//! id-number`, of the booking on whose behalf it goes back.

use atrio_domain::booking::{Booking, Settlement};
use atrio_domain::id::{CallerUuid, PaymentId, TicketId, VenueId};
use atrio_domain::order;
use atrio_domain::payment::share::Share;
use atrio_domain::payment::{Payment, PaymentStatus, ProviderOutcome, Received};
use atrio_domain::tariff::Cents;
use aws_sdk_dynamodb::types::TransactWriteItem;
use jiff::Timestamp;

use crate::attributes::{Attributes, instant, json, number, text};
use crate::booking::{Stored, With};
use crate::settlement::{Settled, StepFailure, bookings_of};
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
    if let Some(of) = &payment.of {
        item.insert("part_of".into(), text(of.as_str()));
    }
    if payment.parts > 0 {
        item.insert("parts".into(), number(payment.parts));
        item.insert("parted_cents".into(), number(payment.parted_cents.0));
    }
    if let Some(order) = payment.order {
        item.insert("order_uuid".into(), text(order.to_string()));
    }
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
        of: read.optional_parsed("part_of")?,
        booking: part(PK, "BOOKING#")?.parse().map_err(|error| read.malformed(PK, error))?,
        order: read.optional_parsed("order_uuid")?,
        attempt: read.number("attempt")?,
        venue: read.parsed("venue_id")?,
        amount_cents: Cents(read.number("amount_cents")?),
        received_cents: read.optional_number("received_cents")?.map(Cents),
        parts: read.optional_number("parts")?.unwrap_or(0),
        parted_cents: Cents(read.optional_number("parted_cents")?.unwrap_or(0)),
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

/// The attempt must stand where it was read, with as much of it left.
fn parted_as(payment: &Payment) -> Result<Condition, Error> {
    let stands = stands_as(payment)?;
    Ok(if payment.parts == 0 {
        stands.holding("#status = :from AND attribute_not_exists(parts)".to_owned())
    } else {
        stands
            .value(":parts", number(payment.parts))
            .holding("#status = :from AND parts = :parts".to_owned())
    })
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

    /// The booking that an attempt is for, or one of them; none when no attempt bears that id.
    ///
    /// # Errors
    /// The service's own, or a malformed item.
    pub async fn booking_of_payment(&self, id: &PaymentId) -> Result<Option<CallerUuid>, Error> {
        let found = self.get(lookup_key(id)).await?;
        found.as_ref().map(|item| Attributes::of(item).parsed("booking")).transpose()
    }

    /// The parts of an attempt, one for each booking that it pays for; one where a booking was bought by
    /// itself, none where no attempt bears that id.
    ///
    /// # Errors
    /// The service's own, or a malformed item.
    pub async fn parts(&self, id: &PaymentId) -> Result<Vec<Payment>, Error> {
        let Some(booking) = self.booking_of_payment(id).await? else { return Ok(Vec::new()) };
        let order = self.payment(booking, id).await?.and_then(|payment| payment.order);
        self.parts_of(booking, order, id).await
    }

    /// The parts of an attempt to pay for a booking, or for the order that it belongs to. They outlive the
    /// bookings; what costs nothing has none.
    pub(crate) async fn parts_of(
        &self,
        booking: CallerUuid,
        order: Option<CallerUuid>,
        id: &PaymentId,
    ) -> Result<Vec<Payment>, Error> {
        let order = match order {
            Some(order) => self.order(order).await?,
            None => None,
        };
        let bookings = order.map_or_else(|| vec![booking], |order| order.bookings);
        let mut parts = Vec::with_capacity(bookings.len());
        for booking in bookings {
            parts.extend(self.payment(booking, id).await?);
        }
        Ok(parts)
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
            let (from, parts) = self.attempt(uuid, id).await?;
            let known = Payment::whole(&parts).ok_or(StepFailure::Unknown(uuid))?;
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
                    let owed = Payment {
                        status: PaymentStatus::RefundDue,
                        received_cents: Some(received),
                        updated_at: now,
                        ..known
                    };
                    if self.owe_other_amount(&from, parts, owed, now).await? {
                        return Ok(Taken::Settled(Settled::RefundDue));
                    }
                }
            }
        }
        Err(Error::Stale { key: format!("BOOKING#{uuid}") }.into())
    }

    /// Records that another amount came than was asked, and ends the attempt as if none had come; false
    /// when another request was faster. Of an order's parts the first then stands for all of it.
    async fn owe_other_amount(
        &self,
        from: &[Stored],
        parts: Vec<Payment>,
        owed: Payment,
        now: Timestamp,
    ) -> Result<bool, Error> {
        let declined = ProviderOutcome::Declined;
        let Some(settlement) = order::settle(&bookings_of(from), &owed.id, declined, now) else {
            return Ok(false);
        };
        let first = parts.first().cloned();
        let mut ended = marked(parts, PaymentStatus::Declined, now);
        if let Some(first) = ended.first_mut() {
            *first = owed.clone();
        }
        let writes = match settlement {
            Settlement::Retry(to) => self.changing_all(from, &to, |line| {
                part_of(&ended, &to[line]).map_or(With::Nothing, With::Declined)
            })?,
            Settlement::Release(to) => self.changing_all(from, &to, |line| {
                With::PlacesReturned(part_of(&ended, &to[line]), &[])
            })?,
            // The attempt ended before; no booking hangs on it.
            Settlement::Confirm(_) | Settlement::Refund | Settlement::Nothing => {
                let Some(first) = first else { return Ok(false) };
                return self.replace_payment(&first, &owed).await;
            }
        };
        Ok(matches!(self.transact(writes).await?, Written::All))
    }

    /// The writes that owe shares of payments back on behalf of a booking, each a part of its payment. The
    /// caller changes the booking that the shares pay for in the same transaction, over the version that
    /// was read: nobody else gives the same money back. None where a payment stands otherwise.
    pub(crate) async fn owe_parts(
        &self,
        booking: CallerUuid,
        shares: &[Share],
        now: Timestamp,
    ) -> Result<Option<Vec<TransactWriteItem>>, Error> {
        let mut writes = Vec::with_capacity(3 * shares.len());
        for share in shares {
            let Some(paid) = self.payment(share.booking, &share.payment).await? else {
                return Ok(None);
            };
            let parted = paid.part(share.cents, booking, now);
            let Some(parted) = parted.map_err(|error| Error::service("Part")(error))? else {
                return Ok(None);
            };
            writes.push(self.put(item(&parted.rest)?, parted_as(&parted.from)?)?);
            writes.push(self.put(item(&parted.part)?, Condition::absent())?);
            writes.push(self.put(lookup_item(&parted.part), Condition::absent())?);
        }
        Ok(Some(writes))
    }

    /// Marks money that came for nothing as due to go back; none when another request was faster.
    pub(crate) async fn owe_refund(
        &self,
        parts: &[Payment],
        now: Timestamp,
    ) -> Result<Option<Settled>, Error> {
        let mut writes = Vec::with_capacity(parts.len());
        for part in parts {
            if !matches!(part.status, PaymentStatus::RefundDue | PaymentStatus::Refunded) {
                let owed =
                    Payment { status: PaymentStatus::RefundDue, updated_at: now, ..part.clone() };
                writes.push(self.put(item(&owed)?, stands_as(part)?)?);
            }
        }
        if writes.is_empty() {
            return Ok(Some(Settled::Known));
        }
        let written = self.transact(writes).await?;
        Ok(matches!(written, Written::All).then_some(Settled::RefundDue))
    }
}

/// The parts of an attempt with another status.
pub(crate) fn marked(parts: Vec<Payment>, status: PaymentStatus, now: Timestamp) -> Vec<Payment> {
    parts.into_iter().map(|part| Payment { status, updated_at: now, ..part }).collect()
}

/// A booking's part of an attempt; none where it costs nothing.
pub(crate) fn part_of<'a>(parts: &'a [Payment], booking: &Booking) -> Option<&'a Payment> {
    parts.iter().find(|part| part.booking == booking.uuid)
}
