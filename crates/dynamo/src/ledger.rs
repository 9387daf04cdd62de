//! The ledger of a reseller: `LEDGER#reseller` / `ACCOUNT` with what is agreed and what is owed, `ENTRY#month#…`
//! for each sale and cancelling, `RECEIVED#uuid` for what came in. An entry is written with the step of the
//! booking that makes it, and changes what is owed, or none of the three is.

use atrio_domain::booking::{Booking, BookingState};
use atrio_domain::id::ResellerId;
use atrio_domain::invoicing::ledger::{Account, Entry, EntryKind, OverLimit, Received};
use atrio_domain::invoicing::month::Month;
use atrio_domain::invoicing::terms::Terms;
use atrio_domain::reseller::Mode;
use atrio_domain::tariff::Cents;
use aws_sdk_dynamodb::types::TransactWriteItem;
use jiff::Timestamp;

use crate::attributes::{Attributes, instant, instant_text, json, number, text};
use crate::audit::AuditRecord;
use crate::transaction::{Condition, Written};
use crate::venue::VenueChanged;
use crate::{Error, Item, Store, key};

const ACCOUNT: &str = "ACCOUNT";

/// What became of money that was to be put in the books.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Booked {
    /// It is, now or by the same request before.
    Done,
    /// Other money is in the books under that uuid.
    UuidReused,
}

pub(crate) fn partition(reseller: &ResellerId) -> String {
    format!("LEDGER#{reseller}")
}

fn account_key(reseller: &ResellerId) -> Item {
    key(partition(reseller), ACCOUNT)
}

fn account(item: &Item) -> Result<Account, Error> {
    let read = Attributes::of(item);
    let terms: Option<Terms> =
        read.optional_text("terms")?.map(|_| read.json("terms")).transpose()?;
    Ok(Account {
        version: read.optional_number("version")?.unwrap_or(0),
        terms,
        owed_cents: Cents(read.optional_number("owed_cents")?.unwrap_or(0)),
    })
}

fn received_item(
    reseller: &ResellerId,
    received: &Received,
    (at, by): (Timestamp, &str),
) -> Result<Item, Error> {
    let mut item = key(partition(reseller), format!("RECEIVED#{}", received.uuid));
    item.insert("received".to_owned(), json("received", received)?);
    item.insert("at".to_owned(), instant(at));
    item.insert("recorded_by".to_owned(), text(by));
    Ok(item)
}

impl Store {
    /// Where a reseller stands; with nothing agreed, where nothing is.
    ///
    /// # Errors
    /// The service's own, or a malformed item.
    pub async fn reseller_account(&self, reseller: &ResellerId) -> Result<Account, Error> {
        let item = self.get(account_key(reseller)).await?;
        item.as_ref().map_or_else(|| Ok(Account::default()), account)
    }

    /// Writes what is agreed over the version that was read, and the record of the change; or neither. What is
    /// owed goes on as it is.
    ///
    /// # Errors
    /// The service's own.
    pub async fn change_terms(
        &self,
        reseller: &ResellerId,
        terms: &Terms,
        from_version: u64,
        record: &AuditRecord,
    ) -> Result<VenueChanged, Error> {
        let unchanged = match from_version {
            0 => Condition::when("attribute_not_exists(version)"),
            version => Condition::when("version = :version").value(":version", number(version)),
        };
        let unchanged = unchanged
            .value(":next", number(from_version + 1))
            .value(":terms", json("terms", terms)?)
            .value(":by", text(&record.actor))
            .value(":at", instant(record.at));
        let update = "SET version = :next, terms = :terms, changed_by = :by, changed_at = :at";
        let writes = vec![
            self.update(account_key(reseller), update, unchanged)?,
            self.put(crate::audit::item(record)?, Condition::absent())?,
        ];
        Ok(match self.transact(writes).await? {
            Written::All => VenueChanged::Done,
            Written::Refused(_) => VenueChanged::Stale,
        })
    }

    /// Puts money that came from a reseller in the books; it owes so much less.
    ///
    /// # Errors
    /// The service's own, or a malformed item.
    pub async fn receive(
        &self,
        reseller: &ResellerId,
        received: &Received,
        by: (Timestamp, &str),
    ) -> Result<Booked, Error> {
        let less = Condition::none().value(":less", number(-received.cents.0));
        let writes = vec![
            self.put(received_item(reseller, received, by)?, Condition::absent())?,
            self.update(account_key(reseller), "ADD owed_cents :less", less)?,
        ];
        let Written::Refused(refused) = self.transact(writes).await? else {
            return Ok(Booked::Done);
        };
        let before: Option<Received> = match refused.first() {
            Some(Some(item)) => Some(Attributes::of(item).json("received")?),
            _ => None,
        };
        Ok(if before.as_ref() == Some(received) { Booked::Done } else { Booked::UuidReused })
    }

    /// A reseller's entries of a month, in order of time.
    ///
    /// # Errors
    /// The service's own, or a malformed item.
    pub async fn ledger_entries(
        &self,
        reseller: &ResellerId,
        month: Month,
    ) -> Result<Vec<Entry>, Error> {
        let (from, to) = (format!("ENTRY#{month}#"), format!("ENTRY#{month}#~"));
        let items = self.between(partition(reseller), from, to).await?;
        items.iter().map(|item| Attributes::of(item).json("entry")).collect()
    }

    /// What came from a reseller and was put in the books in a month.
    ///
    /// # Errors
    /// The service's own, or a malformed item.
    pub async fn received_in(
        &self,
        reseller: &ResellerId,
        month: Month,
    ) -> Result<Vec<Received>, Error> {
        let (from, to) = ("RECEIVED#".to_owned(), "RECEIVED#~".to_owned());
        let items = self.between(partition(reseller), from, to).await?;
        let mut found: Vec<(Timestamp, Received)> = Vec::new();
        for item in &items {
            let read = Attributes::of(item);
            let at: Timestamp = read.parsed("at")?;
            if Month::of(at) == month {
                found.push((at, read.json("received")?));
            }
        }
        found.sort_by_key(|(at, received)| (*at, received.uuid));
        Ok(found.into_iter().map(|(_, received)| received).collect())
    }

    /// The writes by which a booking that is confirmed is owed for, with what is agreed for it put into it; none
    /// for any other step. They are refused where the terms changed or others owe meanwhile: then look again.
    pub(crate) async fn deal(
        &self,
        from: &Booking,
        to: &mut Booking,
    ) -> Result<Result<Vec<TransactWriteItem>, OverLimit>, Error> {
        let is_sale = matches!(to.state, BookingState::Confirmed { .. })
            && !matches!(from.state, BookingState::Confirmed { .. });
        let Some(resale) = to.resale.as_ref().filter(|_| is_sale) else {
            return Ok(Ok(Vec::new()));
        };
        let (reseller, mode) = (resale.reseller.clone(), resale.mode);
        let account = self.reseller_account(&reseller).await?;
        *to = account.deal(to.clone());
        let Some(entry) = Entry::of(from, to).filter(|_| mode == Mode::Live) else {
            return Ok(Ok(Vec::new()));
        };
        let bound = match account.bound(entry.net_cents) {
            Ok(bound) => bound,
            Err(over) => return Ok(Err(over)),
        };
        let mut holds = match account.version {
            0 => Condition::when("attribute_not_exists(version)"),
            version => {
                let known = "version = :version";
                let condition = match bound {
                    Some(bound) => Condition::none()
                        .holding(format!(
                            "{known} AND (attribute_not_exists(owed_cents) OR owed_cents <= :bound)"
                        ))
                        .value(":bound", number(bound.0)),
                    None => Condition::when(known),
                };
                condition.value(":version", number(version))
            }
        };
        holds = holds.value(":net", number(entry.net_cents.0));
        Ok(Ok(vec![
            self.update(account_key(&reseller), "ADD owed_cents :net", holds)?,
            self.put_entry(&reseller, &entry)?,
        ]))
    }

    /// The writes by which a booking that was confirmed and is cancelled is owed for no more, whoever cancels
    /// it; none for any other step.
    pub(crate) fn entry_of_step(
        &self,
        from: &Booking,
        to: &Booking,
    ) -> Result<Vec<TransactWriteItem>, Error> {
        let entry = Entry::of(from, to).filter(|entry| entry.kind == EntryKind::Cancelled);
        let (Some(entry), Some(resale)) = (entry, &to.resale) else { return Ok(Vec::new()) };
        let mut writes = vec![self.put_entry(&resale.reseller, &entry)?];
        if entry.net_cents != Cents::ZERO {
            let less = Condition::none().value(":less", number(entry.net_cents.0));
            let account = account_key(&resale.reseller);
            writes.push(self.update(account, "ADD owed_cents :less", less)?);
        }
        Ok(writes)
    }

    fn put_entry(&self, reseller: &ResellerId, entry: &Entry) -> Result<TransactWriteItem, Error> {
        let Entry { at, kind, reference, .. } = entry;
        let sort =
            format!("ENTRY#{}#{}#{reference}#{}", entry.month(), instant_text(*at), kind.name());
        let mut item = key(partition(reseller), sort);
        item.insert("entry".to_owned(), json("entry", entry)?);
        self.put(item, Condition::absent())
    }
}
