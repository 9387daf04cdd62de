//! Whether the lake holds each confirmed booking, each entry and each device count exactly once:
//! the table is read item by item, the lake by SQL, and the sums are laid side by side. And whether what
//! was released came once, within its budget, and as near to the facts as its noise allows.

use std::collections::BTreeMap;
use std::fmt;

use atrio_domain::booking::{Booking, BookingState};
use atrio_domain::device::Content;
use atrio_domain::redemption::Direction;
use atrio_domain::tariff::Cents;
use atrio_dynamo::Store;
use atrio_dynamo::attributes::text;
use atrio_dynamo::change::Change;
use atrio_dynamo::count::Kind;
use atrio_lake_query::Lake;
use serde::Serialize;

/// Why the two cannot be compared.
#[derive(Debug, thiserror::Error)]
pub enum CheckError {
    /// The table does not answer.
    #[error("the table cannot be read")]
    Table(#[from] atrio_dynamo::Error),
    /// The lake does not answer.
    #[error("the lake cannot be read")]
    Lake(#[from] atrio_lake_query::QueryError),
    /// What was released cannot be compared.
    #[error("what was released cannot be compared")]
    Released(#[from] atrio_release::ReleaseError),
}

/// One figure in both places.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Pair {
    /// By the items of the table; of what is released, by the ledger and the cells; of what other ticket
    /// offices told, as many rows as differ.
    pub table: i64,
    /// By the rows of the lake; of what is released, as many as are in order.
    pub lake: i64,
}

/// The figures laid side by side.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Comparison {
    /// Name of a figure → its two values.
    pub figures: BTreeMap<&'static str, Pair>,
}

impl Comparison {
    /// Whether every figure is the same in both.
    #[must_use]
    pub fn agrees(&self) -> bool {
        self.figures.values().all(|pair| pair.table == pair.lake)
    }
}

impl fmt::Display for Comparison {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, pair) in &self.figures {
            let verdict = if pair.table == pair.lake { "agrees" } else { "DIFFERS" };
            writeln!(f, "{name:<28} table {:>10}  lake {:>10}  {verdict}", pair.table, pair.lake)?;
        }
        f.write_str(if self.agrees() { "table and lake agree" } else { "table and lake differ" })
    }
}

const QUERIES: [(&str, &str); 11] = [
    // A sale that was taken back has a second row, which takes the first out of every sum; one of which
    // some tickets were given back has a row that takes those out.
    (
        "bookings confirmed",
        "SELECT coalesce(sum(CASE event WHEN 'CONFIRMED' THEN 1 WHEN 'CANCELLED' THEN -1 ELSE 0 END), 0) \
         FROM bookings",
    ),
    (
        "bookings confirmed, distinct",
        "SELECT count(*) FROM (SELECT booking_key FROM bookings GROUP BY booking_key \
         HAVING sum(CASE event WHEN 'CONFIRMED' THEN 1 WHEN 'CANCELLED' THEN -1 ELSE 0 END) = 1)",
    ),
    (
        "visitors confirmed",
        "SELECT coalesce(sum(CAST(party_size AS BIGINT) * CASE event WHEN 'CONFIRMED' THEN 1 ELSE -1 \
         END), 0) FROM bookings",
    ),
    (
        "cents kept",
        "SELECT coalesce(sum(amount_cents * CASE event WHEN 'CONFIRMED' THEN 1 ELSE -1 END), 0) FROM \
         bookings",
    ),
    // An entry that was taken back has a second row of minus one.
    (
        "entries",
        "SELECT coalesce(sum(CAST(quantity AS BIGINT)), 0) FROM admissions WHERE direction IS NULL OR \
         direction = 'ENTRY'",
    ),
    (
        "exits",
        "SELECT coalesce(sum(CAST(quantity AS BIGINT)), 0) FROM admissions WHERE direction = 'EXIT'",
    ),
    (
        "entries, distinct",
        "SELECT count(*) FROM (SELECT admission_key FROM admissions WHERE direction IS NULL OR \
         direction = 'ENTRY' GROUP BY admission_key HAVING sum(quantity) = 1)",
    ),
    (
        "device counts",
        "SELECT count(*) FROM (SELECT DISTINCT device, model, period_start FROM counts)",
    ),
    ("device counts, versions", "SELECT count(*) FROM counts"),
    ("presence of cells, versions", "SELECT count(*) FROM presence"),
    ("readings, versions", "SELECT count(*) FROM readings"),
];

const FED_ONCE: &str = "SELECT count(*) FROM (SELECT DISTINCT venue_id, source, month, row_key, version \
                        FROM feeds)";

/// Lays the table and the lake side by side.
///
/// # Errors
/// When one of them cannot be read.
pub async fn compare(store: &Store, lake_url: &str) -> Result<Comparison, CheckError> {
    let mut figures = BTreeMap::new();
    let lake = Lake::open(lake_url).await?;
    released(&lake, &mut figures).await?;
    for (name, query) in QUERIES {
        let value = lake.figure(query).await?;
        figures.insert(name, Pair { table: 0, lake: value });
    }
    // What other ticket offices told has no item for each row: a version of a row is there once or it is not.
    let told = lake.figure("SELECT count(*) FROM feeds").await?;
    let once = lake.figure(FED_ONCE).await?;
    figures.insert("rows of other offices, distinct", Pair { table: once, lake: told });
    let mut add = |name: &'static str, amount: i64| {
        figures.entry(name).or_insert_with(Pair::default).table += amount;
    };
    let mut from = None;
    loop {
        let page = store
            .client
            .scan()
            .table_name(&store.table)
            .filter_expression(
                "sk = :booking OR sk = :entry OR begins_with(sk, :count) OR begins_with(sk, :cell) \
                 OR begins_with(sk, :reading)",
            )
            .expression_attribute_values(":booking", text("BOOKING"))
            .expression_attribute_values(":entry", text("REDEMPTION"))
            .expression_attribute_values(":count", text(Kind::Count.prefix()))
            .expression_attribute_values(":cell", text(Kind::Cell.prefix()))
            .expression_attribute_values(":reading", text(Kind::Reading.prefix()))
            .set_exclusive_start_key(from)
            .send()
            .await
            .map_err(atrio_dynamo::Error::service("Scan"))?;
        for item in page.items() {
            count(&Change::from_images(None, Some(item))?, &mut add);
        }
        from = page.last_evaluated_key;
        if from.is_none() {
            return Ok(Comparison { figures });
        }
    }
}

/// What was released, laid beside the ledger and the facts that it was made from.
async fn released(
    lake: &Lake,
    figures: &mut BTreeMap<&'static str, Pair>,
) -> Result<(), CheckError> {
    let checked = Box::pin(atrio_release::check::check(lake)).await?;
    for (name, table, lake) in [
        ("releases, each once", checked.releases, checked.periods),
        ("releases over the budget", 0, checked.overdrawn),
        ("released cells, each once", checked.cells, checked.cells_once),
        ("released cells within noise", checked.compared, checked.within_noise),
    ] {
        figures.insert(name, Pair { table, lake });
    }
    Ok(())
}

/// What a venue keeps of a booking that is not confirmed. What paid for one that was exchanged pays for
/// the next one.
fn kept(booking: &Booking) -> Cents {
    let BookingState::Cancelled { payment, refund, exchanged_for, .. } = &booking.state else {
        return Cents::ZERO;
    };
    // What a reseller sold is paid by invoice.
    let was_resold = booking.resale.as_ref().is_some_and(|resale| resale.confirmed.is_some());
    let was_paid = payment.is_some() || !booking.carried.is_empty() || was_resold;
    let price = if was_paid && exchanged_for.is_none() { booking.total() } else { Cents::ZERO };
    let refund = if exchanged_for.is_none() { *refund } else { Cents::ZERO };
    Cents(price.0 - refund.0 + booking.forfeited().0)
}

fn count(change: &Change, add: &mut impl FnMut(&'static str, i64)) {
    match change {
        Change::Booking { new, .. } if new.booking.state.name() == "CONFIRMED" => {
            add("bookings confirmed", 1);
            add("bookings confirmed, distinct", 1);
            add("visitors confirmed", i64::from(new.booking.places()));
            add("cents kept", new.booking.total().0 + new.booking.forfeited().0);
        }
        Change::Booking { new, .. } => add("cents kept", kept(&new.booking).0),
        Change::Entry(entry) => {
            let people = i64::try_from(entry.passed.len()).unwrap_or(i64::MAX);
            match entry.direction {
                Direction::Entry => {
                    add("entries", people);
                    add("entries, distinct", people);
                }
                Direction::Exit => add("exits", people),
            }
        }
        Change::Observation(stored) => {
            let versions = i64::from(stored.version);
            match stored.record.content {
                Content::People(_) => {
                    add("device counts", 1);
                    add("device counts, versions", versions);
                }
                Content::Cell(_) => add("presence of cells, versions", versions),
                Content::Reading(_) => add("readings, versions", versions),
            }
        }
        Change::EntryUndone(_) | Change::Decision(_) | Change::Other => {}
    }
}
