//! Answers of the named questions, one type each.

use deltalake::datafusion::arrow::array::{Array, AsArray as _, RecordBatch, StringArray};
use deltalake::datafusion::arrow::compute::cast;
use deltalake::datafusion::arrow::datatypes::{
    ArrowPrimitiveType, DataType, Date32Type, Int64Type, TimeUnit, TimestampMicrosecondType,
};
use jiff::civil::Date;
use jiff::{Timestamp, ToSpan as _};

use crate::QueryError;

/// Bookings of one venue, slot and channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BookedCell {
    /// The venue.
    pub venue_id: String,
    /// The slot's local day.
    pub slot_day: Date,
    /// When the slot starts.
    pub slot_start: Timestamp,
    /// The channel.
    pub channel: String,
    /// Bookings confirmed, less cancelled.
    pub bookings: i64,
    /// Their places.
    pub visitors: i64,
    /// Their amounts, in cents.
    pub revenue_cents: i64,
}

/// Visitors of one venue, day and unit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnitCell {
    /// The venue.
    pub venue_id: String,
    /// The slot's local day.
    pub slot_day: Date,
    /// The unit.
    pub unit_id: String,
    /// Visitors confirmed, less cancelled.
    pub visitors: i64,
}

/// Entries of one venue, day and hour.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AdmittedCell {
    /// The venue.
    pub venue_id: String,
    /// The slot's local day.
    pub slot_day: Date,
    /// The hour in which the gate opened.
    pub hour: Timestamp,
    /// Entries.
    pub admissions: i64,
}

/// People counted at the doors of one venue in one hour.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CountedCell {
    /// The venue.
    pub venue_id: String,
    /// The hour.
    pub hour: Timestamp,
    /// People who went in.
    pub people_in: i64,
    /// People who went out.
    pub people_out: i64,
}

/// A row's type and how it is read from a batch.
pub(crate) trait Cell: Sized {
    const QUERY: &'static str;
    const SQL: &'static str;

    fn read(batch: &RecordBatch) -> Result<Vec<Self>, QueryError>;
}

impl Cell for BookedCell {
    const QUERY: &'static str = "booked";
    const SQL: &'static str = include_str!("../sql/booked.sql");

    fn read(batch: &RecordBatch) -> Result<Vec<Self>, QueryError> {
        let columns = Columns { query: Self::QUERY, batch };
        let (venues, channels) = (columns.texts("venue_id")?, columns.texts("channel")?);
        let (days, starts) = (columns.days("slot_day")?, columns.instants("slot_start")?);
        let (bookings, visitors) = (columns.longs("bookings")?, columns.longs("visitors")?);
        let revenues = columns.longs("revenue_cents")?;
        let cell = |row: usize| Self {
            venue_id: venues.value(row).to_owned(),
            slot_day: days[row],
            slot_start: starts[row],
            channel: channels.value(row).to_owned(),
            bookings: bookings[row],
            visitors: visitors[row],
            revenue_cents: revenues[row],
        };
        Ok((0..batch.num_rows()).map(cell).collect())
    }
}

impl Cell for UnitCell {
    const QUERY: &'static str = "units";
    const SQL: &'static str = include_str!("../sql/units.sql");

    fn read(batch: &RecordBatch) -> Result<Vec<Self>, QueryError> {
        let columns = Columns { query: Self::QUERY, batch };
        let (venues, units) = (columns.texts("venue_id")?, columns.texts("unit_id")?);
        let (days, visitors) = (columns.days("slot_day")?, columns.longs("visitors")?);
        let cell = |row: usize| Self {
            venue_id: venues.value(row).to_owned(),
            slot_day: days[row],
            unit_id: units.value(row).to_owned(),
            visitors: visitors[row],
        };
        Ok((0..batch.num_rows()).map(cell).collect())
    }
}

impl Cell for AdmittedCell {
    const QUERY: &'static str = "admitted";
    const SQL: &'static str = include_str!("../sql/admitted.sql");

    fn read(batch: &RecordBatch) -> Result<Vec<Self>, QueryError> {
        let columns = Columns { query: Self::QUERY, batch };
        let (venues, days) = (columns.texts("venue_id")?, columns.days("slot_day")?);
        let (hours, admissions) =
            (columns.instants("admitted_hour")?, columns.longs("admissions")?);
        let cell = |row: usize| Self {
            venue_id: venues.value(row).to_owned(),
            slot_day: days[row],
            hour: hours[row],
            admissions: admissions[row],
        };
        Ok((0..batch.num_rows()).map(cell).collect())
    }
}

impl Cell for CountedCell {
    const QUERY: &'static str = "counted";
    const SQL: &'static str = include_str!("../sql/counted.sql");

    fn read(batch: &RecordBatch) -> Result<Vec<Self>, QueryError> {
        let columns = Columns { query: Self::QUERY, batch };
        let (venues, hours) = (columns.texts("venue_id")?, columns.instants("period_hour")?);
        let (people_in, people_out) = (columns.longs("people_in")?, columns.longs("people_out")?);
        let cell = |row: usize| Self {
            venue_id: venues.value(row).to_owned(),
            hour: hours[row],
            people_in: people_in[row],
            people_out: people_out[row],
        };
        Ok((0..batch.num_rows()).map(cell).collect())
    }
}

/// Reads columns by name, whichever of Arrow's forms the engine chose for them.
pub(crate) struct Columns<'a> {
    query: &'static str,
    batch: &'a RecordBatch,
}

impl<'a> Columns<'a> {
    /// The columns of a question's answer.
    pub(crate) fn of(query: &'static str, batch: &'a RecordBatch) -> Self {
        Self { query, batch }
    }

    /// How many rows they have.
    pub(crate) fn rows(&self) -> usize {
        self.batch.num_rows()
    }

    fn cast(
        &self,
        column: &'static str,
        to: &DataType,
    ) -> Result<std::sync::Arc<dyn Array>, QueryError> {
        let unexpected = || QueryError::UnexpectedAnswer { query: self.query, column };
        let array = self.batch.column_by_name(column).ok_or_else(unexpected)?;
        let array = cast(array, to).map_err(|_| unexpected())?;
        if array.null_count() > 0 { Err(unexpected()) } else { Ok(array) }
    }

    pub(crate) fn texts(&self, column: &'static str) -> Result<StringArray, QueryError> {
        Ok(self.cast(column, &DataType::Utf8)?.as_string::<i32>().clone())
    }

    fn values<T: ArrowPrimitiveType>(
        &self,
        column: &'static str,
        to: &DataType,
    ) -> Result<Vec<T::Native>, QueryError> {
        Ok(self.cast(column, to)?.as_primitive::<T>().values().to_vec())
    }

    pub(crate) fn longs(&self, column: &'static str) -> Result<Vec<i64>, QueryError> {
        self.values::<Int64Type>(column, &DataType::Int64)
    }

    pub(crate) fn days(&self, column: &'static str) -> Result<Vec<Date>, QueryError> {
        let days = self.values::<Date32Type>(column, &DataType::Date32)?;
        let date = |days: i32| Date::constant(1970, 1, 1).checked_add(i64::from(days).days());
        let unexpected = |_| QueryError::UnexpectedAnswer { query: self.query, column };
        days.into_iter().map(|days| date(days).map_err(unexpected)).collect()
    }

    pub(crate) fn instants(&self, column: &'static str) -> Result<Vec<Timestamp>, QueryError> {
        let utc = DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()));
        let micros = self.values::<TimestampMicrosecondType>(column, &utc)?;
        let unexpected = |_| QueryError::UnexpectedAnswer { query: self.query, column };
        micros
            .into_iter()
            .map(|micros| Timestamp::from_microsecond(micros).map_err(unexpected))
            .collect()
    }
}
