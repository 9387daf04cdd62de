//! The invoice of a month: a supplier invoices a reseller for what the reseller owes for the supplier's venues.
//! Visits are exempt from VAT; shows bear the rate that the supplier says. Where more went back than was sold,
//! it is a credit note.

use std::collections::BTreeMap;
use std::fmt;

use jiff::ToSpan;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::id::{ProductId, ResellerId, SupplierId, VenueId};
use crate::invoicing::firm::{Firm, FirmError, FirmKind};
use crate::invoicing::ledger::{Entry, decimal};
use crate::invoicing::month::Month;
use crate::invoicing::statement::{Statement, StatementState, Sums};
use crate::invoicing::terms::Terms;
use crate::payment::refund::{Iban, InvalidAccount};
use crate::tariff::Cents;
use crate::venue::FiscalClass;

/// Above which exempt amount an invoice bears a stamp: 77.47 euro (article 13 of the tariff of DPR 642/1972).
pub const STAMPED_ABOVE: Cents = Cents(7_747);

/// The stamp: two euro, paid by the supplier to the state for all its invoices of a quarter.
pub const STAMP: Cents = Cents(200);

/// Highest rate, in hundredths of a per cent.
const RATE_MAX: u16 = 10_000;

/// Most invoices of a supplier in a year.
const SEQUENCE_MAX: u32 = 99_999;

/// Who invoices: a supplier, as the tax office knows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Invoicer {
    /// Name, numbers and seat.
    pub firm: Firm,
    /// Its tax regime, `RF01` for the ordinary one.
    #[serde(default = "ordinary_regime")]
    pub tax_regime: String,
    /// The account that it is paid on.
    #[serde(default)]
    pub iban: Option<String>,
    /// VAT of shows, in hundredths of a per cent; none where it sells none.
    #[serde(default)]
    pub show_vat_basis_points: Option<u16>,
}

fn ordinary_regime() -> String {
    "RF01".to_owned()
}

/// Why nobody can invoice like this.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvoicerError {
    /// The firm cannot be named.
    #[error("firm: {0}")]
    Firm(FirmError),
    /// Only an Italian firm with a VAT number writes electronic invoices.
    #[error("who invoices has a seat in Italy and an Italian VAT number")]
    NoVatNumber,
    /// No regime.
    #[error("`{given}` is not a tax regime: `RF01` to `RF20`")]
    BadRegime {
        /// What was given.
        given: String,
    },
    /// No account.
    #[error("iban: {0}")]
    Iban(InvalidAccount),
    /// No rate.
    #[error("a rate of VAT is 1 to {RATE_MAX} hundredths of a per cent")]
    BadRate,
}

impl InvoicerError {
    /// The field at fault.
    #[must_use]
    pub fn field(&self) -> String {
        match self {
            Self::Firm(error) => format!("firm.{}", error.field()),
            Self::NoVatNumber => "firm.vat_number".to_owned(),
            Self::BadRegime { .. } => "tax_regime".to_owned(),
            Self::Iban(_) => "iban".to_owned(),
            Self::BadRate => "show_vat_basis_points".to_owned(),
        }
    }
}

impl Invoicer {
    /// Checks that it can invoice.
    ///
    /// # Errors
    /// The first thing that cannot be right.
    pub fn check(&self) -> Result<(), InvoicerError> {
        // Who invoices is named by its VAT number; where the exchange system delivers to it is no matter.
        let named =
            Firm { kind: FirmKind::Private, sdi_code: None, pec: None, ..self.firm.clone() };
        named.check().map_err(InvoicerError::Firm)?;
        if !self.firm.is_italian() || self.firm.vat_number.is_none() {
            return Err(InvoicerError::NoVatNumber);
        }
        let number = self.tax_regime.strip_prefix("RF").filter(|digits| digits.len() == 2);
        let number = number.and_then(|digits| digits.parse::<u8>().ok());
        // The third was abolished.
        if !number.is_some_and(|number| (1..=20).contains(&number) && number != 3) {
            let given = self.tax_regime.chars().take(20).collect();
            return Err(InvoicerError::BadRegime { given });
        }
        if let Some(iban) = &self.iban {
            iban.parse::<Iban>().map_err(InvoicerError::Iban)?;
        }
        let is_rate = |rate: u16| (1..=RATE_MAX).contains(&rate);
        if self.show_vat_basis_points.is_none_or(is_rate) {
            Ok(())
        } else {
            Err(InvoicerError::BadRate)
        }
    }
}

/// The number of an invoice: one series a supplier and year, without gaps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct InvoiceNumber {
    /// The year of its date.
    pub year: i16,
    /// Counts the invoices of the year, from 1.
    pub sequence: u32,
}

impl InvoiceNumber {
    /// The number after the last one of a year.
    ///
    /// # Errors
    /// More invoices than a series can number.
    pub fn after(last: u32, year: i16) -> Result<Self, InvoiceError> {
        let sequence = last + 1;
        if sequence > SEQUENCE_MAX {
            Err(InvoiceError::SeriesFull)
        } else {
            Ok(Self { year, sequence })
        }
    }

    /// Names the file among all that the supplier ever sends: five letters and digits.
    #[must_use]
    pub fn progressive(self) -> String {
        const DIGITS: &[u8; 36] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
        let year = u32::from(self.year.rem_euclid(100).unsigned_abs());
        let mut rest = year * (SEQUENCE_MAX + 1) + self.sequence;
        let mut letters = [b'0'; 5];
        for letter in letters.iter_mut().rev() {
            *letter = usize::try_from(rest % 36)
                .ok()
                .and_then(|digit| DIGITS.get(digit))
                .copied()
                .unwrap_or(b'0');
            rest /= 36;
        }
        letters.iter().map(|letter| char::from(*letter)).collect()
    }
}

impl fmt::Display for InvoiceNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AT-{}-{:05}", self.year, self.sequence)
    }
}

/// What a document is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum DocumentKind {
    /// The reseller owes.
    Invoice,
    /// The reseller is owed: more went back than was sold.
    CreditNote,
}

/// A line: a venue's sales of one treatment by the tax office.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InvoiceLine {
    /// What for.
    pub description: String,
    /// The price without tax.
    pub taxable_cents: Cents,
    /// The rate of the tax, in hundredths of a per cent; zero for what is exempt.
    pub vat_basis_points: u16,
}

/// The sums of one rate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Summary {
    /// The rate, in hundredths of a per cent; zero for what is exempt.
    pub vat_basis_points: u16,
    /// The prices without tax.
    pub taxable: Cents,
    /// The tax.
    pub tax: Cents,
}

/// An invoice as it was issued: nothing in it changes any more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Invoice {
    /// Its number.
    pub number: InvoiceNumber,
    /// What it is.
    pub kind: DocumentKind,
    /// Its date.
    pub issued_on: Date,
    /// Until when it is to be paid.
    pub due_on: Date,
    /// Of which month.
    pub month: Month,
    /// Whose venues; none for the installation's own supplier.
    pub supplier_id: Option<SupplierId>,
    /// Who invoices.
    pub invoicer: Invoicer,
    /// Who is invoiced.
    pub reseller_id: ResellerId,
    /// As the tax office knows it.
    pub customer: Firm,
    /// The lines.
    pub lines: Vec<InvoiceLine>,
    /// The tax of each rate.
    pub taxes: Vec<(u16, Cents)>,
}

/// Why a month is not invoiced.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvoiceError {
    /// It goes on.
    #[error("month `{month}` is not closed: sales may still be added to it")]
    OpenMonth {
        /// Which.
        month: Month,
    },
    /// Nobody is agreed with who could be invoiced.
    #[error("the reseller's terms name no firm that is invoiced")]
    NoFirm,
    /// The supplier's invoicing details are not known.
    #[error("supplier `{}` has no invoicing details", supplier.as_ref().map_or("~", SupplierId::as_str))]
    NoInvoicer {
        /// Which; none for the installation's own.
        supplier: Option<SupplierId>,
    },
    /// How a product stands before the tax office is not decided.
    #[error(
        "how product `{product}` of venue `{venue}` stands before the tax office was not decided when it was sold"
    )]
    Undecided {
        /// Of which venue.
        venue: VenueId,
        /// Which.
        product: ProductId,
    },
    /// A show was sold, and no rate is known.
    #[error("a show was sold, and the supplier's invoicing details say no rate of VAT for shows")]
    NoShowRate,
    /// No numbers are left.
    #[error("the supplier has {SEQUENCE_MAX} invoices in the year: no number is left")]
    SeriesFull,
}

/// What an invoice is made with, beside the statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Issue<'a> {
    /// Whose venues; none for the installation's own supplier.
    pub supplier_id: Option<SupplierId>,
    /// Who invoices.
    pub invoicer: &'a Invoicer,
    /// What is agreed with the reseller.
    pub terms: &'a Terms,
    /// The number.
    pub number: InvoiceNumber,
    /// The date.
    pub on: Date,
}

/// The suppliers for whose venues a statement has something to invoice.
#[must_use]
pub fn suppliers(statement: &Statement) -> Vec<Option<SupplierId>> {
    let mut suppliers: Vec<Option<SupplierId>> = statement
        .lines
        .iter()
        .filter(|line| line.net_cents != Cents::ZERO)
        .map(|line| line.supplier_id.clone())
        .collect();
    suppliers.sort();
    suppliers.dedup();
    suppliers
}

impl Invoice {
    /// The invoice of what a statement has of a supplier's venues.
    ///
    /// # Errors
    /// A month that goes on, a firm or a rate that is not known, or a product that nobody decided on.
    pub fn of(statement: &Statement, issue: Issue<'_>) -> Result<Self, InvoiceError> {
        if statement.state == StatementState::Open {
            return Err(InvoiceError::OpenMonth { month: statement.month });
        }
        let customer = issue.terms.firm.clone().ok_or(InvoiceError::NoFirm)?;
        let mut groups: BTreeMap<(u16, &VenueId), Vec<&Entry>> = BTreeMap::new();
        let own = |line: &&Entry| line.supplier_id == issue.supplier_id;
        for line in statement.lines.iter().filter(own) {
            if line.net_cents != Cents::ZERO {
                groups.entry((rate(line, issue.invoicer)?, &line.venue_id)).or_default().push(line);
            }
        }
        let total: Cents = groups.values().flatten().map(|line| line.net_cents).sum();
        let (kind, sign) = if total < Cents::ZERO {
            (DocumentKind::CreditNote, -1)
        } else {
            (DocumentKind::Invoice, 1)
        };
        let mut by_rate: BTreeMap<u16, Rate> = BTreeMap::new();
        let mut lines = Vec::with_capacity(groups.len());
        for ((rate, venue), entries) in groups {
            let sums = Sums::of(entries);
            let known = statement.venues.iter().find(|one| one.venue_id == *venue);
            let name = known.map_or(venue.as_str(), |known| known.name.as_str());
            let so_far = by_rate.entry(rate).or_default();
            lines.push(InvoiceLine {
                description: description(name, statement.month, &sums),
                taxable_cents: so_far.add(rate, Cents(sign * sums.net_cents.0)),
                vat_basis_points: rate,
            });
        }
        let taxes = by_rate.into_iter().map(|(rate, sum)| (rate, sum.tax())).collect();
        let due = issue.on.saturating_add(i64::from(issue.terms.payment_days).days());
        Ok(Self {
            number: issue.number,
            kind,
            issued_on: issue.on,
            due_on: due,
            month: statement.month,
            supplier_id: issue.supplier_id,
            invoicer: issue.invoicer.clone(),
            reseller_id: statement.reseller_id.clone(),
            customer,
            lines,
            taxes,
        })
    }

    /// The sums of each rate.
    #[must_use]
    pub fn summaries(&self) -> Vec<Summary> {
        let summary = |(rate, tax): &(u16, Cents)| {
            let own = self.lines.iter().filter(|line| line.vat_basis_points == *rate);
            Summary {
                vat_basis_points: *rate,
                taxable: own.map(|line| line.taxable_cents).sum(),
                tax: *tax,
            }
        };
        self.taxes.iter().map(summary).collect()
    }

    /// All of it, with tax.
    #[must_use]
    pub fn total(&self) -> Cents {
        self.summaries().iter().map(|summary| Cents(summary.taxable.0 + summary.tax.0)).sum()
    }

    /// Whether the customer pays the tax to the state itself: a public body does, where there is any.
    #[must_use]
    pub fn is_split(&self) -> bool {
        self.customer.kind == FirmKind::PublicBody
    }

    /// What the customer pays to the supplier.
    #[must_use]
    pub fn payable(&self) -> Cents {
        if self.is_split() {
            self.summaries().iter().map(|summary| summary.taxable).sum()
        } else {
            self.total()
        }
    }

    /// The stamp that it bears.
    #[must_use]
    pub fn stamp(&self) -> Option<Cents> {
        let exempt = self.lines.iter().filter(|line| line.vat_basis_points == 0);
        let exempt: Cents = exempt.map(|line| line.taxable_cents).sum();
        (exempt > STAMPED_ABOVE).then_some(STAMP)
    }

    /// What its file is called at the exchange system.
    #[must_use]
    pub fn file_name(&self) -> String {
        format!("IT{}_{}.xml", self.sender(), self.number.progressive())
    }

    /// The number by which the exchange system knows who sends it.
    #[must_use]
    pub fn sender(&self) -> &str {
        let firm = &self.invoicer.firm;
        firm.tax_code.as_deref().or(firm.vat_number.as_deref()).unwrap_or_default()
    }
}

/// What is known of the amounts of one rate so far, so that their taxes sum up to the cent.
#[derive(Default)]
struct Rate {
    with_tax: Cents,
    taxable: Cents,
}

impl Rate {
    /// The part without tax of one more amount.
    fn add(&mut self, rate: u16, with_tax: Cents) -> Cents {
        self.with_tax.0 += with_tax.0;
        let whole = i128::from(RATE_MAX);
        let divisor = whole + i128::from(rate);
        let exact = i128::from(self.with_tax.0) * whole;
        // Half a cent goes away from nothing, whatever the sign.
        let half = if exact < 0 { -divisor / 2 } else { divisor / 2 };
        let taxable = i64::try_from((exact + half) / divisor).unwrap_or(self.with_tax.0);
        let part = Cents(taxable - self.taxable.0);
        self.taxable = Cents(taxable);
        part
    }

    fn tax(&self) -> Cents {
        Cents(self.with_tax.0 - self.taxable.0)
    }
}

fn rate(line: &Entry, invoicer: &Invoicer) -> Result<u16, InvoiceError> {
    match line.fiscal_class {
        FiscalClass::ExemptVisit | FiscalClass::NoCharge => Ok(0),
        FiscalClass::Show => invoicer.show_vat_basis_points.ok_or(InvoiceError::NoShowRate),
        FiscalClass::Undecided => Err(InvoiceError::Undecided {
            venue: line.venue_id.clone(),
            product: line.product_id.clone(),
        }),
    }
}

/// In Italian, as the tax office reads it.
fn description(venue: &str, month: Month, sums: &Sums) -> String {
    let Sums { places_sold, places_cancelled, gross_cents, commission_cents, .. } = sums;
    format!(
        "{venue}: biglietti d'ingresso rivenduti nel mese {month}, {places_sold} venduti, \
         {places_cancelled} annullati; prezzo al pubblico {} EUR, provvigione {} EUR",
        decimal(*gross_cents),
        decimal(*commission_cents)
    )
}
