//! The rows of a batch, table by table, each with the change it came from.

use atrio_dynamo::change::Change;
use atrio_dynamo::redemption::Entry;
use atrio_lake_schema::RecordBatch;
use atrio_lake_schema::{
    SchemaError, Table, admissions, bookings, counts, decisions, presence, readings, unit_items,
};
use atrio_lake_write::SequenceNumber;

use crate::anonymise::{self, Unmapped};
use crate::observed;

/// Rows of one table.
#[derive(Debug)]
struct Numbered<Row> {
    rows: Vec<Row>,
    sequences: Vec<SequenceNumber>,
}

impl<Row> Default for Numbered<Row> {
    fn default() -> Self {
        Self { rows: Vec::new(), sequences: Vec::new() }
    }
}

impl<Row> Numbered<Row> {
    fn push(&mut self, sequence: SequenceNumber, row: Row) {
        self.rows.push(row);
        self.sequences.push(sequence);
    }
}

/// Rows of all tables.
#[derive(Debug, Default)]
pub(crate) struct Rows {
    bookings: Numbered<bookings::Row>,
    unit_items: Numbered<unit_items::Row>,
    admissions: Numbered<admissions::Row>,
    counts: Numbered<counts::Row>,
    presence: Numbered<presence::Row>,
    readings: Numbered<readings::Row>,
    decisions: Numbered<decisions::Row>,
}

impl Rows {
    /// Adds what a change of a visit means, under the key of its slot's month.
    pub(crate) fn add(
        &mut self,
        sequence: SequenceNumber,
        change: &Change,
        key: &[u8; 32],
    ) -> Result<(), Unmapped> {
        match change {
            Change::Booking { old, new } => {
                let old = old.as_ref().map(|stored| &stored.booking);
                let Some((event, moved)) = anonymise::sale(old, &new.booking) else {
                    return Ok(());
                };
                // Both made before either is kept: a change is in the lake whole or not at all.
                let row = anonymise::booking(&moved, event, key)?;
                let units = anonymise::units(&moved, event, key)?;
                self.bookings.push(sequence, row);
                for unit in units {
                    self.unit_items.push(sequence, unit);
                }
            }
            Change::Entry(entry) => self.add_entry(sequence, entry, 1, key)?,
            Change::EntryUndone(entry) => self.add_entry(sequence, entry, -1, key)?,
            Change::Decision(record) => {
                self.decisions.push(sequence, anonymise::decision(record, key)?);
            }
            Change::Observation(_) | Change::Other => {
                return self.add_observation(sequence, change);
            }
        }
        Ok(())
    }

    fn add_entry(
        &mut self,
        sequence: SequenceNumber,
        entry: &Entry,
        quantity: i32,
        key: &[u8; 32],
    ) -> Result<(), Unmapped> {
        for row in anonymise::entry(entry, quantity, key)? {
            self.admissions.push(sequence, row);
        }
        Ok(())
    }

    /// Adds what needs no key: what a device observed. Anything else means no row.
    pub(crate) fn add_observation(
        &mut self,
        sequence: SequenceNumber,
        change: &Change,
    ) -> Result<(), Unmapped> {
        if let Change::Observation(stored) = change {
            match observed::row(stored)? {
                observed::Row::Count(row) => self.counts.push(sequence, row),
                observed::Row::Presence(row) => self.presence.push(sequence, row),
                observed::Row::Reading(row) => self.readings.push(sequence, row),
            }
        }
        Ok(())
    }

    /// The rows of a table, and the change each came from.
    pub(crate) fn of(
        &self,
        table: &Table,
    ) -> Result<(RecordBatch, Vec<SequenceNumber>), SchemaError> {
        let (batch, sequences) = match table.name {
            "bookings" => (bookings::batch(&self.bookings.rows), &self.bookings.sequences),
            "unit_items" => (unit_items::batch(&self.unit_items.rows), &self.unit_items.sequences),
            "admissions" => (admissions::batch(&self.admissions.rows), &self.admissions.sequences),
            "counts" => (counts::batch(&self.counts.rows), &self.counts.sequences),
            "presence" => (presence::batch(&self.presence.rows), &self.presence.sequences),
            "readings" => (readings::batch(&self.readings.rows), &self.readings.sequences),
            _ => (decisions::batch(&self.decisions.rows), &self.decisions.sequences),
        };
        Ok((batch?, sequences.clone()))
    }
}
