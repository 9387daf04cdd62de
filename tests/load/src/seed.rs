//! A year of bookings for a lake, in the order in which they would have been sold: venues by the
//! visitors they really have, parties of one to four, most of whom come, and counters at the
//! busiest doors.

use std::collections::BTreeMap;
use std::fmt;

use atrio_domain::pseudonym::{month_of, pseudonym};
use atrio_domain::venue::{TIME_ZONE, Venue, VenueKind};
use atrio_lake_schema::{Table, admissions, bookings, counts, unit_items};
use atrio_lake_write::{LakeWriter, NumberedRows, SequenceNumber};
use deltalake::arrow::array::RecordBatch;
use jiff::civil::{Date, Weekday};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan as _};
use rand::distr::Distribution as _;
use rand::distr::weighted::WeightedIndex;
use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};
use uuid::Uuid;

use crate::Failure;

/// The last day on which anything was sold.
pub(crate) const LAST_DAY: Date = Date::constant(2026, 11, 24);

const DAYS: usize = 365;
const ROWS_PER_COMMIT: usize = 20_000;
const COUNTERS: usize = 16;
const LONGEST_LEAD_DAYS: i32 = 20;
/// In a hundred.
const COMING: u32 = 85;
const STREAM: &str = "load/seed";
/// Only shapes the pseudonyms; nobody stands behind them.
const KEY: [u8; 32] = [7; 32];

/// Rows that were written.
#[derive(Debug, Default)]
pub(crate) struct Seeded {
    bookings: usize,
    unit_items: usize,
    admissions: usize,
    counts: usize,
}

impl fmt::Display for Seeded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { bookings, unit_items, admissions, counts } = self;
        write!(
            f,
            "{bookings} bookings, {unit_items} unit items, {admissions} admissions, {counts} counts"
        )
    }
}

/// Rows of one table on their way to the lake.
struct Sheet<Row> {
    table: &'static Table,
    rows: Vec<Row>,
    written: usize,
}

/// Someone with a ticket.
struct Visit {
    venue: usize,
    slot_start: Timestamp,
    unit: &'static str,
}

struct Year<'a> {
    writer: &'a LakeWriter,
    venues: &'a [Venue],
    zone: TimeZone,
    random: StdRng,
    bookings: Sheet<bookings::Row>,
    unit_items: Sheet<unit_items::Row>,
    admissions: Sheet<admissions::Row>,
    counts: Sheet<counts::Row>,
    /// Tickets by the day of their slot.
    sold: BTreeMap<Date, Vec<Visit>>,
}

/// Writes a year of about `bookings` bookings.
pub(crate) async fn year(
    writer: &LakeWriter,
    venues: &[Venue],
    bookings: usize,
) -> Result<Seeded, Failure> {
    let mut year = Year {
        writer,
        venues,
        zone: TimeZone::get(TIME_ZONE)?,
        random: StdRng::seed_from_u64(2026),
        bookings: Sheet::of(&bookings::TABLE),
        unit_items: Sheet::of(&unit_items::TABLE),
        admissions: Sheet::of(&admissions::TABLE),
        counts: Sheet::of(&counts::TABLE),
        sold: BTreeMap::new(),
    };
    let weights = venues.iter().map(|venue| venue.annual_visitors.unwrap_or(2_000).max(500));
    let by_visitors = WeightedIndex::new(weights)?;
    let mut busiest: Vec<usize> = (0..venues.len()).collect();
    busiest.sort_by_key(|index| std::cmp::Reverse(venues[*index].annual_visitors));
    busiest.truncate(COUNTERS);

    let mut day = LAST_DAY.checked_sub(i64::try_from(DAYS - 1)?.days())?;
    for number in 0..DAYS {
        // Spread evenly, the remainder over the first days.
        let sales = bookings / DAYS + usize::from(number < bookings % DAYS);
        for _ in 0..sales {
            let venue = by_visitors.sample(&mut year.random);
            year.sell(venue, day)?;
            year.write(false).await?;
        }
        year.admit(day)?;
        year.count(&busiest, day)?;
        year.write(false).await?;
        day = day.tomorrow()?;
    }
    year.write(true).await?;
    Ok(Seeded {
        bookings: year.bookings.written,
        unit_items: year.unit_items.written,
        admissions: year.admissions.written,
        counts: year.counts.written,
    })
}

impl Year<'_> {
    fn sell(&mut self, index: usize, sold_on: Date) -> Result<(), Failure> {
        let venue = &self.venues[index];
        // Most visits are decided on shortly before.
        let (one, other) = (0..=LONGEST_LEAD_DAYS, 0..=LONGEST_LEAD_DAYS);
        let lead = self.random.random_range(one).min(self.random.random_range(other));
        let mut day = sold_on.checked_add(lead.days())?;
        if day.weekday() == Weekday::Monday {
            day = day.tomorrow()?;
        }
        let hour = self.random_hour();
        let slot_start = self.instant(day, hour)?;
        let price = venue.full_price_cents.0;
        let (adult, minor) = match venue.kind {
            VenueKind::Museum => ("adult", Some("minor")),
            VenueKind::Library | VenueKind::Archive => ("reader", None),
        };
        let adults = self.random.random_range(1..=2);
        let minors = if minor.is_some() && self.random.random_bool(0.3) {
            self.random.random_range(1..=2)
        } else {
            0
        };
        let product = if minor.is_some() { "admission" } else { "reading-room" };
        let channel = if self.random.random_bool(0.8) { "WEB" } else { "DESK" };
        let event = if self.random.random_bool(0.03) { "CANCELLED" } else { "CONFIRMED" };
        let key = pseudonym(&KEY, Uuid::from_u128(self.random.random()).as_bytes());
        let hour = self.random_hour();
        let recorded = self.instant(sold_on, hour)?;
        self.bookings.rows.push(bookings::Row {
            month: month_of(day),
            venue_id: venue.id.to_string(),
            product_id: product.to_owned(),
            slot_start,
            slot_day: day,
            channel: channel.to_owned(),
            event: event.to_owned(),
            booking_key: key.clone(),
            lead_days_band: bookings::lead_days_band((day - sold_on).get_days()).to_owned(),
            party_size: adults + minors,
            amount_cents: price * i64::from(adults),
            currency: "EUR".to_owned(),
            recorded_hour: recorded,
            locale: if self.random.random_bool(0.3) { "en" } else { "it" }.to_owned(),
        });
        let parts = [(Some(adult), adults, price), (minor, minors, 0)];
        for (unit, quantity, price_cents) in parts {
            let Some(unit) = unit.filter(|_| quantity > 0) else { continue };
            self.unit_items.rows.push(unit_items::Row {
                month: month_of(day),
                venue_id: venue.id.to_string(),
                product_id: product.to_owned(),
                slot_start,
                slot_day: day,
                channel: channel.to_owned(),
                event: event.to_owned(),
                booking_key: key.clone(),
                unit_id: unit.to_owned(),
                quantity,
                price_cents,
                total_cents: price_cents * i64::from(quantity),
            });
            for _ in 0..quantity {
                if event == "CONFIRMED" && self.random.random_ratio(COMING, 100) {
                    self.sold.entry(day).or_default().push(Visit {
                        venue: index,
                        slot_start,
                        unit,
                    });
                }
            }
        }
        Ok(())
    }

    /// Lets in whoever has a ticket for a day.
    fn admit(&mut self, day: Date) -> Result<(), Failure> {
        for visit in self.sold.remove(&day).unwrap_or_default() {
            let venue = &self.venues[visit.venue];
            let quarter = SignedDuration::from_mins(15) * self.random.random_range(0..4);
            self.admissions.rows.push(admissions::Row {
                month: month_of(day),
                venue_id: venue.id.to_string(),
                product_id: venue.products.first().ok_or("a venue sells nothing")?.id.to_string(),
                slot_start: visit.slot_start,
                slot_day: day,
                gate_id: "main".to_owned(),
                unit_id: visit.unit.to_owned(),
                quantity: 1,
                admission_key: pseudonym(&KEY, Uuid::from_u128(self.random.random()).as_bytes()),
                admitted_quarter: visit.slot_start + quarter,
                direction: Some("ENTRY".to_owned()),
            });
        }
        Ok(())
    }

    /// Counts the quarters of an hour of a day's opening at some doors.
    fn count(&mut self, doors: &[usize], day: Date) -> Result<(), Failure> {
        let opens = self.instant(day, 9)?;
        for index in doors {
            let venue_id = self.venues[*index].id.to_string();
            for quarter in 0..40 {
                let start = opens + SignedDuration::from_mins(15) * quarter;
                let (towards, away) =
                    (self.random.random_range(0..60), self.random.random_range(0..60));
                self.counts.rows.push(counts::Row {
                    month: month_of(day),
                    device: format!("counter-{venue_id}"),
                    model: "CrowdFlowObserved".to_owned(),
                    venue_id: venue_id.clone(),
                    period_start: start,
                    period_end: start + SignedDuration::from_mins(15),
                    people_count: towards + away,
                    people_towards: Some(towards),
                    people_away: Some(away),
                    seq: None,
                    version: 1,
                    quality: "good".to_owned(),
                    received_at: start + SignedDuration::from_mins(16),
                });
            }
        }
        Ok(())
    }

    /// Writes the tables whose sheets are full, or all of them.
    async fn write(&mut self, all: bool) -> Result<(), Failure> {
        let Self { writer, bookings, unit_items, admissions, counts, .. } = self;
        let least = if all { 1 } else { ROWS_PER_COMMIT };
        while bookings.rows.len() >= least {
            bookings.write(writer, |rows| Ok(bookings::batch(rows)?)).await?;
        }
        while unit_items.rows.len() >= least {
            unit_items.write(writer, |rows| Ok(unit_items::batch(rows)?)).await?;
        }
        while admissions.rows.len() >= least {
            admissions.write(writer, |rows| Ok(admissions::batch(rows)?)).await?;
        }
        while counts.rows.len() >= least {
            counts.write(writer, |rows| Ok(counts::batch(rows)?)).await?;
        }
        Ok(())
    }

    fn random_hour(&mut self) -> i8 {
        self.random.random_range(9..=18)
    }

    fn instant(&self, day: Date, hour: i8) -> Result<Timestamp, Failure> {
        Ok(day.at(hour, 0, 0, 0).to_zoned_datetime(self.zone.clone())?.timestamp())
    }
}

impl<Row> Sheet<Row> {
    fn of(table: &'static Table) -> Self {
        Self { table, rows: Vec::with_capacity(ROWS_PER_COMMIT), written: 0 }
    }

    async fn write(
        &mut self,
        writer: &LakeWriter,
        batch: impl Fn(&[Row]) -> Result<RecordBatch, Failure>,
    ) -> Result<(), Failure> {
        let later = self.rows.split_off(self.rows.len().min(ROWS_PER_COMMIT));
        let rows = std::mem::replace(&mut self.rows, later);
        let numbers = self.written + 1..=self.written + rows.len();
        let sequences = numbers
            .map(|number| Ok(number.to_string().parse()?))
            .collect::<Result<Vec<SequenceNumber>, Failure>>()?;
        let through = *sequences.last().ok_or("an empty sheet was to be written")?;
        let batch = batch(&rows)?;
        let numbered = NumberedRows { batch: &batch, sequences: &sequences };
        writer.append(self.table, numbered, STREAM, through).await?;
        self.written += rows.len();
        Ok(())
    }
}
