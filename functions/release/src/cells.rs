//! From exact cells to the rows of a release.

use atrio_domain::pseudonym::month_of;
use atrio_domain::release::{Entry, Published, publish};
use atrio_lake_query::{CellKey, ExactCell, Place};
use atrio_lake_schema::{
    RecordBatch, SchemaError, released_admissions, released_counts, released_sales,
};

use crate::{Period, whole};

/// The rows of the cells that may be published, and how many they are.
pub(crate) fn published(
    entry: &Entry,
    exact: &[ExactCell],
    word: &mut impl FnMut() -> u64,
) -> Result<(RecordBatch, usize), SchemaError> {
    let mut rows = Rows::default();
    for cell in exact {
        if let Some(numbers) = publish(entry.period.grid, entry.epsilon, &cell.numbers, word) {
            rows.add(entry, &cell.key, &numbers);
        }
    }
    let Rows { sales, admissions, counts } = rows;
    let cells = sales.len() + admissions.len() + counts.len();
    let batch = match entry.period.grid {
        atrio_domain::release::Grid::Sales => released_sales::batch(&sales),
        atrio_domain::release::Grid::Admissions => released_admissions::batch(&admissions),
        atrio_domain::release::Grid::Counts => released_counts::batch(&counts),
    };
    Ok((batch?, cells))
}

#[derive(Default)]
struct Rows {
    sales: Vec<released_sales::Row>,
    admissions: Vec<released_admissions::Row>,
    counts: Vec<released_counts::Row>,
}

impl Rows {
    fn add(&mut self, entry: &Entry, key: &CellKey, numbers: &[Published]) {
        let Period { day, .. } = entry.period;
        let (month, venue_id) = (month_of(day), key.venue_id.clone());
        let version = whole(entry.stage.version());
        let release = i64::try_from(entry.number).unwrap_or(i64::MAX);
        let value = |at: usize| numbers.get(at).map_or(0, |number| number.value);
        let half_width = |at: usize| numbers.get(at).map_or(0, |n| i64::from(n.half_width));
        match &key.place {
            Place::Sales { channel, price_band } => self.sales.push(released_sales::Row {
                month,
                venue_id,
                slot_day: day,
                channel: channel.clone(),
                price_band: price_band.clone(),
                version,
                release,
                sales: value(0),
                sales_half_width: half_width(0),
                visitors: value(1),
                visitors_half_width: half_width(1),
            }),
            Place::Admissions { hour } => self.admissions.push(released_admissions::Row {
                month,
                venue_id,
                slot_day: day,
                hour: *hour,
                version,
                release,
                admissions: value(0),
                admissions_half_width: half_width(0),
            }),
            Place::Counts { hour, direction } => self.counts.push(released_counts::Row {
                month,
                venue_id,
                counted_day: day,
                hour: *hour,
                direction: direction.clone(),
                version,
                release,
                people: value(0),
                people_half_width: half_width(0),
            }),
        }
    }
}
