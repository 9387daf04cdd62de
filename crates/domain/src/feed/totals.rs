//! The sums of a file, for comparing them with what the other office says.

use serde::{Deserialize, Serialize};

use super::row::{Entry, Kind};

/// The sum of what is of one kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Sum {
    /// Entries.
    pub entries: u64,
    /// Tickets or people; below nothing for what was taken back.
    pub quantity: i64,
    /// Cents; below nothing for what was taken back.
    pub amount_cents: i64,
}

/// The sums of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Totals {
    /// What was sold.
    pub sales: Sum,
    /// What was taken back.
    pub refunds: Sum,
    /// Who came.
    pub admissions: Sum,
}

impl Totals {
    /// Adds an entry.
    pub fn add(&mut self, entry: &Entry) {
        let sum = match entry.kind {
            Kind::Sale => &mut self.sales,
            Kind::Refund => &mut self.refunds,
            Kind::Admission => &mut self.admissions,
        };
        sum.entries += 1;
        sum.quantity += entry.quantity;
        sum.amount_cents += entry.amount_cents;
    }
}
