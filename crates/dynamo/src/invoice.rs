//! Invoices: `LEDGER#reseller` / `INVOICE#month#supplier`, as they were issued; `INVOICES#supplier` / `YEAR#year`
//! counts the numbers of a series; `INVOICER` / supplier is who invoices. `~` stands for the installation's own
//! supplier, which no other can be called.

use atrio_domain::id::{ResellerId, SupplierId};
use atrio_domain::invoicing::invoice::{Invoice, InvoiceError, InvoiceNumber, Invoicer};
use atrio_domain::invoicing::month::Month;

use crate::attributes::{Attributes, instant, json, number, text};
use crate::audit::AuditRecord;
use crate::ledger::partition;
use crate::transaction::{Condition, Written};
use crate::venue::VenueChanged;
use crate::{Error, Item, Store, key};

/// How often a number is drawn when others draw of the same series.
const ATTEMPTS: u32 = 20;

const INVOICERS: &str = "INVOICER";

/// Who invoices, with the version it was read at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredInvoicer {
    /// Who.
    pub invoicer: Invoicer,
    /// Counts the changes, from 1.
    pub version: u64,
}

fn named(supplier: Option<&SupplierId>) -> &str {
    supplier.map_or("~", SupplierId::as_str)
}

fn invoicer_key(supplier: Option<&SupplierId>) -> Item {
    key(INVOICERS, named(supplier))
}

fn invoice_key(reseller: &ResellerId, month: Month, supplier: Option<&SupplierId>) -> Item {
    key(partition(reseller), format!("INVOICE#{month}#{}", named(supplier)))
}

fn invoice(item: &Item) -> Result<Invoice, Error> {
    Attributes::of(item).json("invoice")
}

impl Store {
    /// Who invoices for a supplier; none where nobody said.
    ///
    /// # Errors
    /// The service's own, or a malformed item.
    pub async fn invoicer(
        &self,
        supplier: Option<&SupplierId>,
    ) -> Result<Option<StoredInvoicer>, Error> {
        let Some(item) = self.get(invoicer_key(supplier)).await? else { return Ok(None) };
        let read = Attributes::of(&item);
        let (invoicer, version) = (read.json("invoicer")?, read.number("version")?);
        Ok(Some(StoredInvoicer { invoicer, version }))
    }

    /// Writes who invoices for a supplier over the version that was read, 0 for none, and the record of the
    /// change; or neither.
    ///
    /// # Errors
    /// The service's own.
    pub async fn change_invoicer(
        &self,
        supplier: Option<&SupplierId>,
        (invoicer, from_version): (&Invoicer, u64),
        record: &AuditRecord,
    ) -> Result<VenueChanged, Error> {
        let unchanged = match from_version {
            0 => Condition::absent(),
            version => Condition::when("version = :version").value(":version", number(version)),
        };
        let mut item = invoicer_key(supplier);
        item.insert("version".to_owned(), number(from_version + 1));
        item.insert("invoicer".to_owned(), json("invoicer", invoicer)?);
        item.insert("changed_by".to_owned(), text(&record.actor));
        item.insert("changed_at".to_owned(), instant(record.at));
        let writes = vec![
            self.put(item, unchanged)?,
            self.put(crate::audit::item(record)?, Condition::absent())?,
        ];
        Ok(match self.transact(writes).await? {
            Written::All => VenueChanged::Done,
            Written::Refused(_) => VenueChanged::Stale,
        })
    }

    /// The invoices of a reseller, by month.
    ///
    /// # Errors
    /// The service's own, or a malformed item.
    pub async fn invoices(&self, reseller: &ResellerId) -> Result<Vec<Invoice>, Error> {
        let (from, to) = ("INVOICE#".to_owned(), "INVOICE#~~".to_owned());
        let items = self.between(partition(reseller), from, to).await?;
        items.iter().map(invoice).collect()
    }

    /// The invoice of a month and a supplier, where there is one.
    ///
    /// # Errors
    /// The service's own, or a malformed item.
    pub async fn invoice_of(
        &self,
        reseller: &ResellerId,
        month: Month,
        supplier: Option<&SupplierId>,
    ) -> Result<Option<Invoice>, Error> {
        let item = self.get(invoice_key(reseller, month, supplier)).await?;
        item.as_ref().map(invoice).transpose()
    }

    /// Issues an invoice under the next number of its supplier's series of that year, once for a month: who asks
    /// again gets the first. Numbers have no gaps, for number and invoice are one transaction.
    ///
    /// # Errors
    /// The service's own, or a malformed item; within, why there is no invoice.
    pub async fn issue_invoice(
        &self,
        (reseller, month): (&ResellerId, Month),
        supplier: Option<&SupplierId>,
        year: i16,
        made: impl Fn(InvoiceNumber) -> Result<Invoice, InvoiceError>,
    ) -> Result<Result<Invoice, InvoiceError>, Error> {
        let series = key(format!("INVOICES#{}", named(supplier)), format!("YEAR#{year}"));
        for _ in 0..ATTEMPTS {
            if let Some(before) = self.invoice_of(reseller, month, supplier).await? {
                return Ok(Ok(before));
            }
            let last = self.get(series.clone()).await?;
            let last: u32 = match &last {
                Some(item) => Attributes::of(item).number("last")?,
                None => 0,
            };
            let invoice = match InvoiceNumber::after(last, year).and_then(&made) {
                Ok(invoice) => invoice,
                Err(error) => return Ok(Err(error)),
            };
            let unchanged = match last {
                0 => Condition::absent(),
                last => Condition::when("#last = :last")
                    .name("#last", "last")
                    .value(":last", number(last)),
            };
            let mut next = series.clone();
            next.insert("last".to_owned(), number(invoice.number.sequence));
            let mut item = invoice_key(reseller, month, supplier);
            item.insert("invoice".to_owned(), json("invoice", &invoice)?);
            let writes = vec![self.put(next, unchanged)?, self.put(item, Condition::absent())?];
            if let Written::All = self.transact(writes).await? {
                return Ok(Ok(invoice));
            }
        }
        Err(Error::Stale { key: format!("INVOICES#{}/YEAR#{year}", named(supplier)) })
    }
}
