//! One row of a file, read by a mapping. A row becomes all of its entries or none: half of what it tells
//! would be a wrong sum.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use crate::id::VenueId;

use super::fault::{Fault, RowProblem};
use super::mapping::{Choice, Item, KindRule, Mapping, Money, VenueCodes};
use super::value::{self, Cell, Decimal, ValueError};

/// Between the parts of a key.
const BETWEEN: char = '\u{1f}';

/// How exact the time of a row is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Grain {
    /// A month.
    Month,
    /// A day.
    Day,
    /// An hour of a day.
    Hour,
}

impl Grain {
    /// The grain as written in mappings and in the lake.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Month => "MONTH",
            Self::Day => "DAY",
            Self::Hour => "HOUR",
        }
    }
}

/// What a row tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Kind {
    /// Tickets were sold.
    Sale,
    /// Tickets were taken back.
    Refund,
    /// People came in.
    Admission,
}

impl Kind {
    /// The kind as written in mappings and in the lake.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Sale => "SALE",
            Self::Refund => "REFUND",
            Self::Admission => "ADMISSION",
        }
    }
}

/// Through which channel something was sold elsewhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Through {
    /// A shop's pages.
    Web,
    /// A totem.
    Totem,
    /// A desk.
    Desk,
    /// A business that sells on.
    Reseller,
    /// The file does not say.
    Feed,
}

impl Through {
    /// The channel as written in mappings and in the lake.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Web => "WEB",
            Self::Totem => "TOTEM",
            Self::Desk => "DESK",
            Self::Reseller => "RESELLER",
            Self::Feed => "FEED",
        }
    }
}

/// One thing that a row tells, without whoever it was about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The venue, where the row names it.
    pub venue: Option<VenueId>,
    /// The day; of a month, its first.
    pub day: Date,
    /// The hour, where the row is as exact as that.
    pub hour: Option<Timestamp>,
    /// How exact the time is.
    pub grain: Grain,
    /// What was sold, or who came.
    pub item: Item,
    /// Through which channel.
    pub through: Through,
    /// What happened.
    pub kind: Kind,
    /// How many; below nothing for what was taken back.
    pub quantity: i64,
    /// For how much; below nothing for what was taken back.
    pub amount_cents: i64,
    /// What tells it from others. It holds what the other office calls a sale: it ends here, and only a
    /// keyed hash of it goes on.
    pub key_words: String,
}

impl Entry {
    /// What it says, in one spelling: two entries that say the same have the same.
    #[must_use]
    pub fn content_words(&self) -> String {
        let hour = self.hour.map(Timestamp::as_second).unwrap_or_default();
        format!(
            "{}|{hour}|{}|{}|{}|{}|{}|{}|{}",
            self.day,
            self.grain.name(),
            self.item.product_id,
            self.item.unit_id,
            self.through.name(),
            self.kind.name(),
            self.quantity,
            self.amount_cents,
        )
    }
}

/// Reads rows by a mapping that was checked.
#[derive(Debug, Clone)]
pub struct Reader {
    mapping: Mapping,
    /// Of the file's hours.
    zone: TimeZone,
    /// Of the days in the lake.
    local: TimeZone,
    columns: Vec<String>,
}

impl Reader {
    /// Reads by this mapping.
    #[must_use]
    pub fn of(mapping: Mapping) -> Self {
        let zone = TimeZone::get(&mapping.time_zone).unwrap_or(TimeZone::UTC);
        let local = crate::venue::time_zone();
        let columns = mapping.columns().into_iter().cloned().collect();
        Self { mapping, zone, local, columns }
    }

    /// The mapping.
    #[must_use]
    pub fn mapping(&self) -> &Mapping {
        &self.mapping
    }

    /// The columns that it wants, in the order of the fields that [`Self::read`] takes.
    #[must_use]
    pub fn columns(&self) -> &[String] {
        &self.columns
    }

    /// What a row tells. An empty row tells nothing.
    ///
    /// # Errors
    /// The first field at fault.
    pub fn read(&self, cells: &[Cell<'_>]) -> Result<Vec<Entry>, Fault> {
        if cells.iter().all(|cell| cell.trimmed().is_empty()) {
            return Ok(Vec::new());
        }
        let row = Row { reader: self, cells };
        let (day, hour) = row.when()?;
        let key_words = row.key_words(day)?;
        let venue = match &self.mapping.venue {
            Some(codes) => Some(row.venue(codes)?),
            None => None,
        };
        let grain = self.mapping.when.grain;
        let mut entries = Vec::with_capacity(self.mapping.entries.len());
        for (at, columns) in self.mapping.entries.iter().enumerate() {
            let kind = row.choose(&columns.kind, "kind of row")?;
            let item = row.choose(&columns.item, "product and unit")?.clone();
            let through = match &columns.channel {
                Some(channel) => *row.choose(channel, "channel")?,
                None => Through::Feed,
            };
            let quantity = match (&columns.quantity.column, columns.quantity.is) {
                (Some(column), _) => row.number(column, value::quantity)?,
                (None, fixed) => i64::from(fixed.unwrap_or(1)),
            };
            let amount = match &columns.amount {
                Some(amount) if amount.written_in == Money::Cent => {
                    row.number(&amount.column, value::cents)?
                }
                Some(amount) => row.number(&amount.column, value::euro)?,
                None => 0,
            };
            let counted = Counted {
                rule: *kind,
                column: columns.quantity.column.as_deref(),
                amount_column: columns.amount.as_ref().map(|amount| amount.column.as_str()),
                is_fixed: columns.quantity.column.is_none(),
            };
            let (kind, quantity, amount_cents) = counted.signed(quantity, amount)?;
            let key_words = format!("{key_words}{at}");
            let venue = venue.clone();
            entries.push(Entry {
                venue,
                day,
                hour,
                grain,
                item,
                through,
                kind,
                quantity,
                amount_cents,
                key_words,
            });
        }
        Ok(entries)
    }
}

/// How many for how much, and what says of which kind they are.
struct Counted<'a> {
    rule: KindRule,
    column: Option<&'a str>,
    amount_column: Option<&'a str>,
    is_fixed: bool,
}

impl Counted<'_> {
    /// Of what was taken back both are below nothing, of all else neither is.
    fn signed(&self, quantity: i64, cents: i64) -> Result<(Kind, i64, i64), Fault> {
        let kind = self.rule.of(quantity, cents);
        if kind == Kind::Refund {
            // Offices write the sign on one of the two, on both or on none.
            return Ok((kind, -quantity.abs(), -cents.abs()));
        }
        let below = if quantity < 0 { Some((self.column, quantity)) } else { None };
        let below = below.or((cents < 0).then_some((self.amount_column, cents)));
        match below {
            Some((column, value)) if !(self.is_fixed && value >= 0) => {
                Err(Fault::new(column, Some(&value.to_string()), RowProblem::BelowNothing))
            }
            _ => Ok((kind, quantity, cents)),
        }
    }
}

struct Row<'a> {
    reader: &'a Reader,
    cells: &'a [Cell<'a>],
}

impl Row<'_> {
    fn cell(&self, column: &str) -> Result<&Cell<'_>, Fault> {
        let at = self.reader.columns.iter().position(|known| known == column);
        let missing = || Fault::new(Some(column), None, RowProblem::Empty);
        at.and_then(|at| self.cells.get(at)).ok_or_else(missing)
    }

    fn filled(&self, column: &str) -> Result<&Cell<'_>, Fault> {
        let cell = self.cell(column)?;
        if cell.trimmed().is_empty() {
            return Err(Fault::new(Some(column), None, RowProblem::Empty));
        }
        Ok(cell)
    }

    /// What is written in the key's columns. A column that is the row's day or month is written in one way,
    /// so that a corrected file in which days look otherwise is still about the same rows.
    fn key_words(&self, day: Date) -> Result<String, Fault> {
        let Mapping { row_key, when, .. } = &self.reader.mapping;
        let mut words = String::new();
        for column in row_key {
            let cell = self.cell(column)?.trimmed();
            if cell.is_empty() {
                return Err(Fault::new(Some(column), None, RowProblem::EmptyKey));
            }
            if when.grain != Grain::Hour && when.columns == [column.as_str()] {
                words.push_str(&day.to_string());
            } else {
                words.push_str(cell);
            }
            words.push(BETWEEN);
        }
        Ok(words)
    }

    fn venue(&self, codes: &VenueCodes) -> Result<VenueId, Fault> {
        let code = self.filled(&codes.column)?.trimmed();
        let own = || codes.others_are_ids.then(|| VenueId::new(code).ok()).flatten();
        codes.codes.get(code).cloned().or_else(own).ok_or_else(|| {
            Fault::new(Some(&codes.column), Some(code), RowProblem::UnknownCode { of: "venue" })
        })
    }

    fn when(&self) -> Result<(Date, Option<Timestamp>), Fault> {
        let when = &self.reader.mapping.when;
        let [column] = when.columns.as_slice() else {
            let mut parts = Vec::with_capacity(when.columns.len());
            for column in &when.columns {
                parts.push(self.filled(column)?.trimmed());
            }
            return self.read_when(&when.columns.join(" "), &Cell::words(parts.join(" ")));
        };
        self.read_when(column, self.filled(column)?)
    }

    fn read_when(&self, column: &str, cell: &Cell<'_>) -> Result<(Date, Option<Timestamp>), Fault> {
        let Mapping { when, .. } = &self.reader.mapping;
        let fault = |error| Fault::value(column, cell.trimmed(), error);
        let read = value::when(cell, &when.formats).map_err(fault)?;
        match when.grain {
            Grain::Month => Ok((read.day.first_of_month(), None)),
            Grain::Day => Ok((read.day, None)),
            Grain::Hour => match read.hour(&self.reader.zone).map_err(fault)? {
                Some(hour) => Ok((self.reader.local.to_datetime(hour).date(), Some(hour))),
                None => Err(fault(ValueError::NoDay)),
            },
        }
    }

    fn choose<'c, T>(&self, choice: &'c Choice<T>, of: &'static str) -> Result<&'c T, Fault> {
        let Choice { is, column, codes, others } = choice;
        if let Some(value) = is {
            return Ok(value);
        }
        let column = column.as_deref().unwrap_or_default();
        let code = self.cell(column)?.trimmed();
        let unknown = || match code {
            "" => Fault::new(Some(column), None, RowProblem::Empty),
            code => Fault::new(Some(column), Some(code), RowProblem::UnknownCode { of }),
        };
        by_code(codes, code).or(others.as_ref()).ok_or_else(unknown)
    }

    fn number(
        &self,
        column: &str,
        read: impl Fn(&Cell<'_>, Decimal) -> Result<i64, ValueError>,
    ) -> Result<i64, Fault> {
        let cell = self.filled(column)?;
        read(cell, self.reader.mapping.format.decimal)
            .map_err(|error| Fault::value(column, cell.trimmed(), error))
    }
}

fn by_code<'c, T>(codes: &'c BTreeMap<String, T>, code: &str) -> Option<&'c T> {
    codes.get(code)
}
