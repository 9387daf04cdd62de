//! Money that goes back by transfer. `BOOKING#uuid` / `ACCOUNT#payment id` is where a visitor wants it,
//! personal data that is deleted when the money is back and tidied away after some weeks;
//! `REFUNDS#venue` / payment id, with the booking's reference where an order was paid, is what staff did
//! about it, kept for good and without a person but staff.

use atrio_domain::id::{CallerUuid, PaymentId, VenueId};
use atrio_domain::payment::refund::{Account, Step, Trail};
use atrio_domain::payment::{Payment, PaymentStatus};
use atrio_domain::retention::Record;
use atrio_domain::tariff::Cents;
use jiff::Timestamp;

use crate::attributes::{Attributes, json, number, text, time_to_live};
use crate::table::TTL;
use crate::transaction::{Condition, Written};
use crate::{Error, Item, PK, SK, Store, key};

const PARTITION: &str = "REFUNDS#";

/// An account with the transfer file that holds it, once one does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredAccount {
    /// The account.
    pub account: Account,
    /// The file.
    pub file: Option<CallerUuid>,
}

fn account_key(booking: CallerUuid, payment: &PaymentId) -> Item {
    key(format!("BOOKING#{booking}"), format!("ACCOUNT#{payment}"))
}

fn account_item(
    booking: CallerUuid,
    payment: &PaymentId,
    account: &Account,
    now: Timestamp,
) -> Item {
    let mut item = account_key(booking, payment);
    item.insert("holder".to_owned(), text(&account.holder));
    item.insert("iban".to_owned(), text(account.iban.as_str()));
    item.insert(TTL.to_owned(), time_to_live(Record::TransferAccount.until(now)));
    item
}

/// One attempt may have paid for several bookings of a venue, each with a refund of its own.
fn trail_key(
    venue: &VenueId,
    payment: &PaymentId,
    booking: CallerUuid,
    order: Option<CallerUuid>,
) -> Item {
    let name = match order {
        Some(_) => format!("{payment}#{}", booking.reference()),
        None => payment.to_string(),
    };
    key(format!("{PARTITION}{venue}"), name)
}

fn trail_item(trail: &Trail) -> Result<Item, Error> {
    let mut item = trail_key(&trail.venue, &trail.payment, trail.booking, trail.order);
    if let Some(order) = trail.order {
        item.insert("order_uuid".to_owned(), text(order.to_string()));
    }
    item.insert("booking".to_owned(), text(trail.booking.to_string()));
    item.insert("amount_cents".to_owned(), number(trail.amount_cents.0));
    if let Some((file, step)) = &trail.filed {
        item.insert("file".to_owned(), text(file.to_string()));
        item.insert("filed".to_owned(), json("filed", step)?);
    }
    if let Some((reference, step)) = &trail.paid_back {
        item.insert("reference".to_owned(), text(reference));
        item.insert("paid_back".to_owned(), json("paid_back", step)?);
    }
    Ok(item)
}

fn trail(item: &Item) -> Result<Trail, Error> {
    let read = Attributes::of(item);
    let step = |name: &str| -> Result<Option<Step>, Error> {
        read.optional_text(name)?.map(|_| read.json(name)).transpose()
    };
    let venue = read.text(PK)?.strip_prefix(PARTITION).and_then(|venue| venue.parse().ok());
    let filed = match step("filed")? {
        Some(step) => Some((read.parsed("file")?, step)),
        None => None,
    };
    let paid_back = match step("paid_back")? {
        Some(step) => Some((read.text("reference")?.to_owned(), step)),
        None => None,
    };
    let name = read.text(SK)?;
    let payment = name.split_once('#').map_or(name, |(payment, _)| payment);
    Ok(Trail {
        venue: venue.ok_or_else(|| read.malformed(PK, "names no venue"))?,
        payment: payment.parse().map_err(|error| read.malformed(SK, error))?,
        booking: read.parsed("booking")?,
        order: read.optional_parsed("order_uuid")?,
        amount_cents: Cents(read.number("amount_cents")?),
        filed,
        paid_back,
    })
}

impl Store {
    /// Keeps where a visitor wants the money of an attempt; false once a transfer file holds the account
    /// that was given before.
    ///
    /// # Errors
    /// The service's own.
    pub async fn give_account(
        &self,
        payment: &Payment,
        account: &Account,
        now: Timestamp,
    ) -> Result<bool, Error> {
        let item = account_item(payment.booking, &payment.id, account, now);
        let unfiled = Condition::when("attribute_not_exists(#file)").name("#file", "file");
        let written = self.transact(vec![self.put(item, unfiled)?]).await?;
        Ok(matches!(written, Written::All))
    }

    /// Where a visitor wants the money of an attempt; none while none was given.
    ///
    /// # Errors
    /// The service's own, or a malformed item.
    pub async fn account(
        &self,
        booking: CallerUuid,
        payment: &PaymentId,
    ) -> Result<Option<StoredAccount>, Error> {
        let Some(item) = self.get(account_key(booking, payment)).await? else { return Ok(None) };
        let read = Attributes::of(&item);
        let iban = read.text("iban")?.to_owned();
        let account = Account::new(read.text("holder")?, &iban)
            .map_err(|error| read.malformed("iban", error))?;
        let file = read.optional_text("file")?.map(|_| read.parsed("file")).transpose()?;
        Ok(Some(StoredAccount { account, file }))
    }

    /// Puts a refund into a transfer file, in one transaction with its trail; false when the account
    /// changed or another file holds it.
    ///
    /// # Errors
    /// The service's own.
    pub async fn file_refund(&self, trail: &Trail, account: &Account) -> Result<bool, Error> {
        let Some((file, _)) = &trail.filed else { return Ok(false) };
        let same = Condition::when("iban = :iban AND attribute_not_exists(#file)")
            .name("#file", "file")
            .value(":iban", text(account.iban.as_str()))
            .value(":file", text(file.to_string()));
        let key = account_key(trail.booking, &trail.payment);
        let writes = vec![
            self.update(key, "SET #file = :file", same)?,
            self.put(trail_item(trail)?, Condition::absent())?,
        ];
        Ok(matches!(self.transact(writes).await?, Written::All))
    }

    /// Marks a refund as paid back, forgets the account and keeps the trail; false when the payment
    /// stands otherwise by now.
    ///
    /// # Errors
    /// The service's own.
    pub async fn pay_back(
        &self,
        payment: &Payment,
        trail: &Trail,
        now: Timestamp,
    ) -> Result<bool, Error> {
        let back = Payment { status: PaymentStatus::Refunded, updated_at: now, ..payment.clone() };
        let due = crate::payment::stands_as(payment)?;
        let writes = vec![
            self.put(crate::payment::item(&back)?, due)?,
            self.put(trail_item(trail)?, Condition::none())?,
            self.delete(account_key(trail.booking, &trail.payment))?,
        ];
        Ok(matches!(self.transact(writes).await?, Written::All))
    }

    /// What staff did about one refund; none while nothing was done.
    ///
    /// # Errors
    /// The service's own, or a malformed item.
    pub async fn refund_trail(&self, payment: &Payment) -> Result<Option<Trail>, Error> {
        let key = trail_key(&payment.venue, &payment.id, payment.booking, payment.order);
        self.get(key).await?.as_ref().map(trail).transpose()
    }

    /// What staff of a venue did about refunds.
    ///
    /// # Errors
    /// The service's own, or a malformed item.
    pub async fn refund_trails(&self, venue: &VenueId) -> Result<Vec<Trail>, Error> {
        let partition = format!("{PARTITION}{venue}");
        let items = self.between(partition, "-".to_owned(), "~".to_owned()).await?;
        items.iter().map(trail).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::change::Change;

    #[test]
    fn no_account_leaves_the_table_with_its_stream() {
        let booking = "6f1c2a34-9b1e-4c55-8a10-2f6f3f7d9a01".parse().unwrap();
        let payment = PaymentId::new("302123456789012356").unwrap();
        let account = Account::new("A Visitor-Holder", "IT60X0542811101000000123456").unwrap();
        let item = account_item(booking, &payment, &account, Timestamp::UNIX_EPOCH);
        assert_eq!(Change::from_images(None, Some(&item)).unwrap(), Change::Other);
        assert_eq!(Change::from_images(Some(&item), None).unwrap(), Change::Other);
        assert!(item.contains_key(TTL), "it is forgotten even if nobody pays back");
    }
}
