//! Values as offices write them: amounts with a decimal comma or point, whole numbers, days and hours in
//! the formats that a mapping names.

use std::borrow::Cow;

use jiff::civil::{Date, DateTime, Time};
use jiff::fmt::strtime::BrokenDownTime;
use jiff::tz::{AmbiguousOffset, Offset, TimeZone};
use jiff::{Timestamp, civil};
use serde::{Deserialize, Serialize};

/// The largest amount of a row, in cents: ten million euro.
const AMOUNT_MAX_CENTS: i64 = 1_000_000_000;
/// The most people of a row.
const QUANTITY_MAX: i64 = 10_000_000;
/// The years that a row may be of: before them nobody sold by a program.
const YEARS: std::ops::RangeInclusive<i16> = 1990..=2099;

/// One field of a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cell<'a> {
    /// What is written there.
    pub text: Cow<'a, str>,
    /// Whether the file itself says that it is a number or a day, as a sheet does: then the number has a
    /// point and the day is written as ISO 8601 says, whatever the mapping says of words.
    pub is_typed: bool,
}

impl<'a> Cell<'a> {
    /// A field of words.
    #[must_use]
    pub fn words(text: impl Into<Cow<'a, str>>) -> Self {
        Self { text: text.into(), is_typed: false }
    }

    /// A number or a day, as the file says.
    #[must_use]
    pub fn typed(text: impl Into<Cow<'a, str>>) -> Self {
        Self { text: text.into(), is_typed: true }
    }

    /// What is written there, without white space around it.
    #[must_use]
    pub fn trimmed(&self) -> &str {
        self.text.trim_matches(|letter: char| letter.is_whitespace() || letter == '\u{feff}')
    }
}

/// What stands before the cents.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Decimal {
    /// `1.234,50`.
    #[default]
    Comma,
    /// `1,234.50`.
    Point,
}

impl Decimal {
    fn marks(self) -> (char, char) {
        match self {
            Self::Comma => (',', '.'),
            Self::Point => ('.', ','),
        }
    }

    /// How an amount is written so.
    #[must_use]
    pub fn example(self) -> &'static str {
        match self {
            Self::Comma => "1234,50",
            Self::Point => "1234.50",
        }
    }
}

/// Why a value cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ValueError {
    /// It is no number.
    #[error("is no number")]
    NotANumber,
    /// The thousands are not groups of three, which is how the other decimal mark looks.
    #[error("has its decimal mark elsewhere than the mapping says")]
    OtherMark,
    /// More than two decimals.
    #[error("is no amount of whole cents")]
    PartOfCent,
    /// A part of a person.
    #[error("is no whole number")]
    NotWhole,
    /// It cannot be true.
    #[error("is larger than any row's")]
    TooLarge,
    /// It is no day in any of the formats.
    #[error("is no day or hour in a format of the mapping")]
    NoDay,
    /// Two formats of the mapping read two days.
    #[error("may be {0} or {1}")]
    TwoDays(DateTime, DateTime),
    /// The clocks were put forward over it.
    #[error("is an hour that the clocks of {zone} left out")]
    NoSuchHour {
        /// The zone.
        zone: String,
    },
    /// It is before any program sold tickets, or after all that can have happened.
    #[error("is a day that cannot be")]
    ImpossibleDay,
}

/// An amount in euro, such as `€ 1.234,50`, in cents.
///
/// # Errors
/// [`ValueError`] when it is none.
pub fn euro(cell: &Cell<'_>, decimal: Decimal) -> Result<i64, ValueError> {
    let (negative, whole, fraction) = digits(cell, decimal)?;
    let cents = match fraction.trim_end_matches('0') {
        "" => 0,
        tenths if tenths.len() == 1 => number(tenths)? * 10,
        hundredths if hundredths.len() == 2 => number(hundredths)?,
        // What a sheet reckons with: 8.1000000001 is 8.10.
        longer if cell.is_typed => rounded(longer)?,
        _ => return Err(ValueError::PartOfCent),
    };
    let amount = number(&whole)?.checked_mul(100).and_then(|euro| euro.checked_add(cents));
    bounded(negative, amount, AMOUNT_MAX_CENTS)
}

/// An amount written in cents.
///
/// # Errors
/// [`ValueError`] when it is none.
pub fn cents(cell: &Cell<'_>, decimal: Decimal) -> Result<i64, ValueError> {
    whole(cell, decimal, AMOUNT_MAX_CENTS)
}

/// How many, such as `3`; `3,00` is three.
///
/// # Errors
/// [`ValueError`] when it is no whole number.
pub fn quantity(cell: &Cell<'_>, decimal: Decimal) -> Result<i64, ValueError> {
    whole(cell, decimal, QUANTITY_MAX)
}

fn whole(cell: &Cell<'_>, decimal: Decimal, most: i64) -> Result<i64, ValueError> {
    let (negative, whole, fraction) = digits(cell, decimal)?;
    if !fraction.bytes().all(|digit| digit == b'0') {
        return Err(ValueError::NotWhole);
    }
    bounded(negative, Some(number(&whole)?), most)
}

/// A sheet's number has up to seventeen digits: what lies within a ten thousandth of a cent is that cent.
fn rounded(fraction: &str) -> Result<i64, ValueError> {
    let padded = format!("{fraction:0<6}");
    let millionths = number(padded.get(..6).ok_or(ValueError::NotANumber)?)?;
    let cents = (millionths + 5_000) / 10_000;
    if (millionths - cents * 10_000).abs() <= 1 { Ok(cents) } else { Err(ValueError::PartOfCent) }
}

fn number(digits: &str) -> Result<i64, ValueError> {
    if digits.is_empty() {
        return Ok(0);
    }
    digits.parse().map_err(|_| ValueError::TooLarge)
}

fn bounded(negative: bool, amount: Option<i64>, most: i64) -> Result<i64, ValueError> {
    let amount = amount.filter(|amount| *amount <= most).ok_or(ValueError::TooLarge)?;
    Ok(if negative { -amount } else { amount })
}

/// The digits before and behind the decimal mark, and whether a minus stands before or behind them.
fn digits(cell: &Cell<'_>, decimal: Decimal) -> Result<(bool, String, String), ValueError> {
    let (mark, thousands) = if cell.is_typed { ('.', '\'') } else { decimal.marks() };
    let bare = cell.trimmed().trim_start_matches("EUR").trim_end_matches("EUR");
    let bare: String =
        bare.chars().filter(|letter| !letter.is_whitespace() && *letter != '€').collect();
    let (negative, bare) = match (bare.strip_prefix('-'), bare.strip_suffix('-')) {
        (Some(rest), _) | (None, Some(rest)) => (true, rest),
        (None, None) => (false, bare.strip_prefix('+').unwrap_or(&bare)),
    };
    let (whole, fraction) = bare.split_once(mark).unwrap_or((bare, ""));
    if !fraction.bytes().all(|digit| digit.is_ascii_digit()) {
        let is_swapped = fraction.contains(thousands) || fraction.contains(mark);
        return Err(if is_swapped { ValueError::OtherMark } else { ValueError::NotANumber });
    }
    let groups: Vec<&str> = whole.split([thousands, '\'']).collect();
    let all_digits = groups.iter().all(|group| group.bytes().all(|digit| digit.is_ascii_digit()));
    if !all_digits || (whole.is_empty() && fraction.is_empty()) {
        return Err(ValueError::NotANumber);
    }
    let grouped = groups.first().is_some_and(|first| (1..=3).contains(&first.len()))
        && groups.iter().skip(1).all(|group| group.len() == 3);
    if groups.len() > 1 && !grouped {
        return Err(ValueError::OtherMark);
    }
    Ok((negative, groups.concat(), fraction.to_owned()))
}

/// What a row says of its time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct When {
    /// The day; of a month, its first.
    pub day: Date,
    /// The local hour, where the format has one.
    pub time: Option<Time>,
    offset: Option<Offset>,
}

impl When {
    /// The hour as an instant of UTC, where the row has one. An hour that the clocks went through twice is
    /// the first of the two, unless the row says its offset.
    ///
    /// # Errors
    /// [`ValueError::NoSuchHour`] when the clocks left it out.
    pub fn hour(&self, zone: &TimeZone) -> Result<Option<Timestamp>, ValueError> {
        let Some(time) = self.time else { return Ok(None) };
        let local = self.day.to_datetime(civil::time(time.hour(), 0, 0, 0));
        let instant = match self.offset {
            Some(offset) => offset.to_timestamp(local),
            None => {
                let ambiguous = zone.to_ambiguous_timestamp(local);
                if matches!(ambiguous.offset(), AmbiguousOffset::Gap { .. }) {
                    let zone = zone.iana_name().unwrap_or("UTC").to_owned();
                    return Err(ValueError::NoSuchHour { zone });
                }
                ambiguous.earlier()
            }
        };
        instant.map(Some).map_err(|_| ValueError::ImpossibleDay)
    }
}

/// A day, a month or an hour in one of the formats (those of `strptime`). All of them are tried: where two
/// read different days, nobody guesses.
///
/// # Errors
/// [`ValueError`] when none reads it, or two do.
pub fn when(cell: &Cell<'_>, formats: &[String]) -> Result<When, ValueError> {
    let text = cell.trimmed();
    let mut found: Option<When> = None;
    let iso = if cell.is_typed { iso(text) } else { None };
    let by_format = formats.iter().filter_map(|format| by_format(format, text));
    for read in iso.into_iter().chain(by_format) {
        match found {
            None => found = Some(read),
            Some(before) if (before.day, before.time) == (read.day, read.time) => {}
            Some(before) => return Err(ValueError::TwoDays(datetime(before), datetime(read))),
        }
    }
    let found = found.ok_or(ValueError::NoDay)?;
    if YEARS.contains(&found.day.year()) { Ok(found) } else { Err(ValueError::ImpossibleDay) }
}

fn datetime(when: When) -> DateTime {
    when.day.to_datetime(when.time.unwrap_or(Time::midnight()))
}

fn iso(text: &str) -> Option<When> {
    if let Ok(datetime) = text.parse::<DateTime>()
        && text.len() > 10
    {
        return Some(When { day: datetime.date(), time: Some(datetime.time()), offset: None });
    }
    Some(When { day: text.parse().ok()?, time: None, offset: None })
}

/// Whether a format can be read, and what of a time it has: a day, an hour.
#[must_use]
pub fn format_reads(format: &str) -> Option<(bool, bool)> {
    let sample = Date::constant(2026, 11, 24).to_datetime(Time::constant(13, 0, 0, 0));
    let sample = sample.to_zoned_datetime(TimeZone::UTC).ok()?;
    let written = jiff::fmt::strtime::format(format, &sample).ok()?;
    let read = BrokenDownTime::parse(format, &written).ok()?;
    let month = (read.year()?, read.month()?);
    (month == (2026, 11)).then(|| (read.day().is_some(), read.hour().is_some()))
}

fn by_format(format: &str, text: &str) -> Option<When> {
    let read = BrokenDownTime::parse(format, text).ok()?;
    let day = Date::new(read.year()?, read.month()?, read.day().unwrap_or(1)).ok()?;
    let time = match read.hour() {
        Some(_) => Some(read.to_time().ok()?),
        None => None,
    };
    Some(When { day, time, offset: read.offset() })
}
