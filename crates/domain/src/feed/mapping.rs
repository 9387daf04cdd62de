//! A mapping: the description of one kind of file, kept as data. It says how the file is written, which
//! columns hold what, how codes of the other office become a venue's own words, and which columns tell one
//! row from another. A mapping that would misread a file is refused before any file is.

use std::collections::{BTreeMap, BTreeSet};

use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use crate::id::{FeedSource, MappingId, ProductId, UnitId, VenueId};
use crate::text::Text;

use super::row::{Grain, Kind, Through};
use super::value::{Decimal, format_reads};

/// Columns that one mapping reads.
pub const COLUMNS_MAX: usize = 40;
/// Entries that one row of a file makes.
pub const ENTRIES_MAX: usize = 8;
/// Codes of one table.
pub const CODES_MAX: usize = 2_000;
/// Formats of days and hours that are tried.
const FORMATS_MAX: usize = 4;
/// Characters of a column's name or a code.
const WORD_MAX: usize = 120;
/// The last row that a header may stand in.
const HEADER_ROW_MAX: u32 = 100;

/// How one kind of file is read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mapping {
    /// Its name in addresses.
    pub id: MappingId,
    /// Whose sales these are, as the lake names them: the system, the concessionaire.
    pub source: FeedSource,
    /// What it is called.
    pub title: Text,
    /// How the file is written.
    pub format: Format,
    /// The zone of its hours.
    #[serde(default = "rome")]
    pub time_zone: String,
    /// Which venue a row is of; without it, the venue that the file is loaded for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub venue: Option<VenueCodes>,
    /// When what a row tells happened.
    pub when: WhenColumns,
    /// What a row tells: one entry each. A row of a visitor file tells of those who paid and of those who
    /// did not.
    pub entries: Vec<EntryColumns>,
    /// The columns that tell one row from another, such as the number of a transaction and its line.
    pub row_key: Vec<String>,
}

/// How a file is written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Format {
    /// The kind of file.
    pub kind: FileKind,
    /// Between the fields of a CSV; found by the header where none is named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub separator: Option<char>,
    /// How letters are written; found out where none is named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub encoding: Option<Encoding>,
    /// The row of the columns' names, counted from 1.
    #[serde(default = "first")]
    pub header_row: u32,
    /// The sheet of a workbook; the first where none is named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sheet: Option<String>,
    /// What stands before the cents.
    #[serde(default)]
    pub decimal: Decimal,
}

/// The kinds of file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum FileKind {
    /// Lines of fields between separators.
    Csv,
    /// A JSON object a line.
    JsonLines,
    /// A workbook of Excel.
    Xlsx,
}

impl FileKind {
    /// The kind as written in mappings.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Csv => "CSV",
            Self::JsonLines => "JSON_LINES",
            Self::Xlsx => "XLSX",
        }
    }
}

/// How letters are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Encoding {
    /// As everybody does today.
    #[serde(rename = "UTF-8")]
    Utf8,
    /// As older programs of Windows do.
    #[serde(rename = "WINDOWS-1252")]
    Windows1252,
}

/// Which venue a row is of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VenueCodes {
    /// The column of the code.
    pub column: String,
    /// The venue of each code.
    #[serde(default)]
    pub codes: BTreeMap<String, VenueId>,
    /// Whether a code that is not listed is the venue's own identifier.
    #[serde(default)]
    pub others_are_ids: bool,
}

/// When what a row tells happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WhenColumns {
    /// The columns, put together with a space between them before a format is tried.
    pub columns: Vec<String>,
    /// The formats, as `strptime` has them: `%d/%m/%Y %H:%M`.
    pub formats: Vec<String>,
    /// How exact it is.
    pub grain: Grain,
}

/// One value for all rows, or a column with a table of codes: exactly one of the two.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Choice<T> {
    /// The value for all rows.
    #[serde(default = "none", skip_serializing_if = "Option::is_none")]
    pub is: Option<T>,
    /// The column of the code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub column: Option<String>,
    /// The value of each code.
    #[serde(default = "BTreeMap::new", skip_serializing_if = "BTreeMap::is_empty")]
    pub codes: BTreeMap<String, T>,
    /// The value of codes that are not listed; where there is none, such a row is refused.
    #[serde(default = "none", skip_serializing_if = "Option::is_none")]
    pub others: Option<T>,
}

/// What was sold: a product of the venue, and the unit of who it was for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Item {
    /// The product.
    pub product_id: ProductId,
    /// The unit.
    pub unit_id: UnitId,
}

/// What kind of thing a row tells, or that its sign says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum KindRule {
    /// Tickets were sold.
    Sale,
    /// Tickets were taken back.
    Refund,
    /// People came in.
    Admission,
    /// A sale, or a refund where the quantity or the amount is below nothing.
    BySign,
}

impl KindRule {
    /// The kind, for quantity and amount as they are written.
    #[must_use]
    pub fn of(self, quantity: i64, cents: i64) -> Kind {
        match self {
            Self::Sale => Kind::Sale,
            Self::Refund => Kind::Refund,
            Self::Admission => Kind::Admission,
            Self::BySign if quantity < 0 || cents < 0 => Kind::Refund,
            Self::BySign => Kind::Sale,
        }
    }
}

/// Where a number stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct QuantityColumn {
    /// One number for all rows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub is: Option<u32>,
    /// The column of the number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub column: Option<String>,
}

/// Where an amount stands, and in what it is written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AmountColumn {
    /// The column.
    pub column: String,
    /// Euro with decimals, or whole cents.
    #[serde(default)]
    pub written_in: Money,
}

/// In what an amount is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Money {
    /// Euro, with cents behind the decimal mark.
    #[default]
    Euro,
    /// Cents.
    Cent,
}

/// One thing that a row tells.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EntryColumns {
    /// What kind of thing.
    pub kind: Choice<KindRule>,
    /// What was sold, or who came.
    pub item: Choice<Item>,
    /// Where it was sold; `FEED` where the file does not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channel: Option<Choice<Through>>,
    /// How many.
    pub quantity: QuantityColumn,
    /// For how much; nothing where the file does not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amount: Option<AmountColumn>,
}

fn rome() -> String {
    crate::venue::TIME_ZONE.to_owned()
}

fn first() -> u32 {
    1
}

fn none<T>() -> Option<T> {
    None
}

/// Why a mapping is refused: where in it, what is wrong, and what to do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{field}` {problem}")]
pub struct MappingError {
    /// Where, such as `entries[0].quantity`.
    pub field: String,
    /// What is wrong.
    pub problem: String,
    /// What to do.
    pub fix: &'static str,
}

impl MappingError {
    fn new(field: impl Into<String>, problem: impl Into<String>, fix: &'static str) -> Self {
        Self { field: field.into(), problem: problem.into(), fix }
    }
}

impl Mapping {
    /// Whether it can read a file.
    ///
    /// # Errors
    /// The first part of it that cannot.
    pub fn check(&self) -> Result<(), MappingError> {
        if !self.title.is_complete() {
            let fix = "say in both languages what it is called";
            return Err(MappingError::new("title", "is empty", fix));
        }
        self.check_format()?;
        self.check_when()?;
        if self.entries.is_empty() || self.entries.len() > ENTRIES_MAX {
            let problem = format!("has {} entries", self.entries.len());
            return Err(MappingError::new("entries", problem, "write one to eight"));
        }
        for (at, entry) in self.entries.iter().enumerate() {
            check_entry(&format!("entries[{at}]"), entry)?;
        }
        if let Some(venue) = &self.venue {
            check_codes("venue.codes", venue.codes.keys())?;
        }
        if self.row_key.is_empty() {
            let fix = "name the columns that tell one row from another";
            return Err(MappingError::new("row_key", "names no column", fix));
        }
        let columns = self.columns();
        if columns.len() > COLUMNS_MAX {
            let problem = format!("reads {} columns", columns.len());
            return Err(MappingError::new("entries", problem, "read at most forty"));
        }
        let fits = |name: &str| {
            name.trim() == name && !name.is_empty() && name.chars().count() <= WORD_MAX
        };
        match columns.into_iter().find(|name| !fits(name)) {
            Some(name) => Err(MappingError::new(
                "columns",
                format!("names a column `{name}`"),
                "write the name as in the header, without spaces around it, at most 120 characters",
            )),
            None => Ok(()),
        }
    }

    fn check_format(&self) -> Result<(), MappingError> {
        let format = &self.format;
        if let Some(separator) = format.separator
            && !matches!(separator, ',' | ';' | '|' | '\t' | ':')
        {
            let problem = format!("is `{separator}`");
            let fix = "write one of , ; | : or a tab, or leave it out";
            return Err(MappingError::new("format.separator", problem, fix));
        }
        if !(1..=HEADER_ROW_MAX).contains(&format.header_row) {
            let problem = format!("is {}", format.header_row);
            return Err(MappingError::new("format.header_row", problem, "write 1 to 100"));
        }
        if TimeZone::get(&self.time_zone).is_err() {
            let problem = format!("is `{}`, which is no zone", self.time_zone);
            return Err(MappingError::new("time_zone", problem, "write one such as Europe/Rome"));
        }
        Ok(())
    }

    fn check_when(&self) -> Result<(), MappingError> {
        let when = &self.when;
        if when.columns.is_empty() {
            return Err(MappingError::new("when.columns", "names no column", "name at least one"));
        }
        if when.formats.is_empty() || when.formats.len() > FORMATS_MAX {
            let problem = format!("has {} formats", when.formats.len());
            return Err(MappingError::new("when.formats", problem, "write one to four"));
        }
        for format in &when.formats {
            let fix = "write a format of strptime with year and month, such as %d/%m/%Y";
            let Some((has_day, has_hour)) = format_reads(format) else {
                let problem = format!("has `{format}`, which reads no day");
                return Err(MappingError::new("when.formats", problem, fix));
            };
            let fits = match when.grain {
                Grain::Month => !has_hour,
                Grain::Day => has_day,
                Grain::Hour => has_day && has_hour,
            };
            if !fits {
                let problem =
                    format!("has `{format}`, which reads no {}", when.grain.name().to_lowercase());
                return Err(MappingError::new("when.formats", problem, "change it, or the grain"));
            }
        }
        Ok(())
    }

    /// The names of the columns that it reads, each once, in a fixed order.
    #[must_use]
    pub fn columns(&self) -> Vec<&String> {
        let mut seen = BTreeSet::new();
        let mut columns = Vec::new();
        let entries = self.entries.iter().flat_map(|entry| {
            let channel = entry.channel.as_ref().and_then(|channel| channel.column.as_ref());
            let amount = entry.amount.as_ref().map(|amount| &amount.column);
            [
                entry.kind.column.as_ref(),
                entry.item.column.as_ref(),
                channel,
                entry.quantity.column.as_ref(),
                amount,
            ]
            .into_iter()
            .flatten()
        });
        let venue = self.venue.iter().map(|venue| &venue.column);
        for name in self.row_key.iter().chain(venue).chain(&self.when.columns).chain(entries) {
            if seen.insert(name) {
                columns.push(name);
            }
        }
        columns
    }
}

fn check_entry(at: &str, entry: &EntryColumns) -> Result<(), MappingError> {
    check_choice(&format!("{at}.kind"), &entry.kind)?;
    check_choice(&format!("{at}.item"), &entry.item)?;
    if let Some(channel) = &entry.channel {
        check_choice(&format!("{at}.channel"), channel)?;
    }
    if entry.quantity.is.is_some() == entry.quantity.column.is_some() {
        let fix = "write `is` with a number, or `column` with a name";
        return Err(MappingError::new(format!("{at}.quantity"), "is not one of two", fix));
    }
    Ok(())
}

fn check_choice<T>(at: &str, choice: &Choice<T>) -> Result<(), MappingError> {
    if choice.is.is_some() == choice.column.is_some() {
        let fix = "write `is` with a value, or `column` with a name and `codes`";
        return Err(MappingError::new(at, "is not one of two", fix));
    }
    if choice.column.is_some() && choice.codes.is_empty() && choice.others.is_none() {
        let fix = "say what each code means in `codes`, or what all mean in `others`";
        return Err(MappingError::new(format!("{at}.codes"), "is empty", fix));
    }
    check_codes(&format!("{at}.codes"), choice.codes.keys())
}

fn check_codes<'a>(
    at: &str,
    mut codes: impl ExactSizeIterator<Item = &'a String>,
) -> Result<(), MappingError> {
    if codes.len() > CODES_MAX {
        let problem = format!("has {} codes", codes.len());
        return Err(MappingError::new(at, problem, "write at most two thousand"));
    }
    match codes.find(|code| code.trim() != code.as_str() || code.chars().count() > WORD_MAX) {
        Some(code) => {
            let problem = format!("has the code `{code}`");
            Err(MappingError::new(at, problem, "write it without spaces around it"))
        }
        None => Ok(()),
    }
}
