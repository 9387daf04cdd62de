//! Payment items: `BOOKING#uuid` / `PAYMENT#payment id`, one per attempt.

use atrio_domain::id::{CallerUuid, PaymentId};
use atrio_domain::payment::{Payment, PaymentStatus};
use atrio_domain::tariff::Cents;
use jiff::Timestamp;

use crate::attributes::{Attributes, instant, json, number, text};
use crate::table::{DUE_PK, DUE_SK};
use crate::transaction::{Condition, Written};
use crate::{Error, Item, PK, SK, Store, key};

const PREFIX: &str = "PAYMENT#";

fn payment_key(booking: CallerUuid, payment: &PaymentId) -> Item {
    key(format!("BOOKING#{booking}"), format!("{PREFIX}{payment}"))
}

pub(crate) fn item(payment: &Payment) -> Result<Item, Error> {
    let mut item = payment_key(payment.booking, &payment.id);
    item.insert("attempt".into(), number(payment.attempt));
    item.insert("amount_cents".into(), number(payment.amount_cents.0));
    item.insert("status".into(), json("status", &payment.status)?);
    item.insert("started_at".into(), instant(payment.started_at));
    item.insert("updated_at".into(), instant(payment.updated_at));
    if payment.status == PaymentStatus::RefundDue {
        item.insert(DUE_PK.into(), text("REFUND"));
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
        amount_cents: Cents(read.number("amount_cents")?),
        status: read.json("status")?,
        started_at: read.parsed("started_at")?,
        updated_at: read.parsed("updated_at")?,
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
        let condition = Condition::when("#status = :from")
            .name("#status", "status")
            .value(":from", json("status", &payment.status)?);
        let written = self.transact(vec![self.put(item(&next)?, condition)?]).await?;
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
        Ok(self.due("REFUND", now, limit).await?.iter().map(payment).collect())
    }
}
