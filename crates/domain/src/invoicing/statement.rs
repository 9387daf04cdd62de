//! The statement of a month: each sale and each cancelling by its reference, with what customers paid, what the
//! reseller keeps and what it owes, and the sums by venue. A closed month makes the same bytes whenever it is
//! asked for, so a signature of them holds.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::id::{ResellerId, SupplierId, VenueId};
use crate::invoicing::ledger::{Entry, EntryKind, Received};
use crate::invoicing::month::Month;
use crate::tariff::{CURRENCY, Cents};

/// Whether a month can still change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum StatementState {
    /// It goes on: what is in it is what happened so far.
    Open,
    /// It is over, and nothing is added to it.
    Closed,
}

/// Sums of entries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Sums {
    /// Bookings confirmed.
    pub sold: u32,
    /// Bookings cancelled.
    pub cancelled: u32,
    /// People of bookings confirmed.
    pub places_sold: u32,
    /// People of bookings cancelled.
    pub places_cancelled: u32,
    /// What customers paid, but for what went back.
    pub gross_cents: Cents,
    /// What the reseller keeps.
    pub commission_cents: Cents,
    /// What it owes.
    pub net_cents: Cents,
}

impl Sums {
    /// The sums of these entries.
    pub fn of<'a>(entries: impl IntoIterator<Item = &'a Entry>) -> Self {
        let mut sums = Self::default();
        for entry in entries {
            let (count, places) = match entry.kind {
                EntryKind::Sold => (&mut sums.sold, &mut sums.places_sold),
                EntryKind::Cancelled => (&mut sums.cancelled, &mut sums.places_cancelled),
            };
            *count += 1;
            *places += entry.places;
            sums.gross_cents.0 += entry.gross_cents.0;
            sums.commission_cents.0 += entry.commission_cents.0;
            sums.net_cents.0 += entry.net_cents.0;
        }
        sums
    }
}

/// The sums of a venue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct VenueSums {
    /// Which.
    pub venue_id: VenueId,
    /// What it was called last.
    pub name: String,
    /// Who operates it; none for the installation's own supplier.
    pub supplier_id: Option<SupplierId>,
    /// Its sums.
    #[serde(flatten)]
    pub sums: Sums,
}

/// What a reseller sold and cancelled in a month, and what it owes for that.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Statement {
    /// Whose.
    pub reseller_id: ResellerId,
    /// What it is called.
    pub reseller_name: String,
    /// Of which month.
    pub month: Month,
    /// Whether it can still change.
    pub state: StatementState,
    /// The currency of all amounts, which are cents of it.
    pub currency: &'static str,
    /// The sums of all lines.
    pub totals: Sums,
    /// The sums by venue and who operated it.
    pub venues: Vec<VenueSums>,
    /// Each sale and each cancelling, in order of time.
    pub lines: Vec<Entry>,
    /// What came from the reseller in the month, by when it was put in the books.
    pub received: Vec<Received>,
}

/// The columns of the file of lines.
const HEAD: [&str; 13] = [
    "month",
    "at",
    "kind",
    "supplier_reference",
    "venue_id",
    "supplier_id",
    "product_id",
    "fiscal_class",
    "visit_day",
    "places",
    "gross_cents",
    "commission_cents",
    "net_cents",
];

impl Statement {
    /// The statement of these entries, which are all of the month.
    #[must_use]
    pub fn of(
        (reseller_id, reseller_name): (ResellerId, String),
        (month, state): (Month, StatementState),
        mut lines: Vec<Entry>,
        received: Vec<Received>,
    ) -> Self {
        lines.sort_by(|one, other| {
            (one.at, one.kind, &one.reference).cmp(&(other.at, other.kind, &other.reference))
        });
        let mut by_venue: BTreeMap<(VenueId, Option<SupplierId>), Vec<&Entry>> = BTreeMap::new();
        for line in &lines {
            let key = (line.venue_id.clone(), line.supplier_id.clone());
            by_venue.entry(key).or_default().push(line);
        }
        let venues = by_venue
            .into_iter()
            .map(|((venue_id, supplier_id), entries)| VenueSums {
                name: entries.last().map(|entry| entry.venue_name.clone()).unwrap_or_default(),
                venue_id,
                supplier_id,
                sums: Sums::of(entries),
            })
            .collect();
        Self {
            reseller_id,
            reseller_name,
            month,
            state,
            currency: CURRENCY,
            totals: Sums::of(&lines),
            venues,
            lines,
            received,
        }
    }

    /// What came from the reseller.
    #[must_use]
    pub fn received_cents(&self) -> Cents {
        self.received.iter().map(|received| received.cents).sum()
    }

    /// The file for programs.
    ///
    /// # Errors
    /// None in practice: all of it can be written as JSON.
    pub fn json(&self) -> Result<String, serde_json::Error> {
        serde_json::to_string_pretty(self).map(|text| text + "\n")
    }

    /// The lines as a table, for spreadsheets.
    ///
    /// # Errors
    /// None in practice: the table is written to memory.
    pub fn csv(&self) -> Result<String, csv::Error> {
        let mut writer = csv::Writer::from_writer(Vec::new());
        writer.write_record(HEAD)?;
        for line in &self.lines {
            writer.write_record([
                self.month.to_string().as_str(),
                &line.at.to_string(),
                line.kind.name(),
                &line.reference,
                line.venue_id.as_str(),
                line.supplier_id.as_ref().map_or("", SupplierId::as_str),
                line.product_id.as_str(),
                line.fiscal_class.name(),
                &line.visit_day.to_string(),
                &line.places.to_string(),
                &line.gross_cents.0.to_string(),
                &line.commission_cents.0.to_string(),
                &line.net_cents.0.to_string(),
            ])?;
        }
        let bytes = writer.into_inner().map_err(csv::IntoInnerError::into_error)?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }
}
