//! From a change of the table to rows of the lake, without the person. What a row may hold is
//! listed in `atrio-lake-schema`; here instants become hours and quarters, days ahead become bands
//! and uuids become pseudonyms.

use std::borrow::Cow;

use atrio_domain::booking::{Booking, BookingState};
use atrio_domain::pseudonym::{month_of, pseudonym};
use atrio_domain::tariff::Cents;
use atrio_domain::venue::TIME_ZONE;
use atrio_dynamo::change::Change;
use atrio_dynamo::decision::DecisionRecord;
use atrio_dynamo::redemption::{Entry, Passed};
use atrio_lake_schema::{admissions, bookings, decisions, unit_items};
use jiff::Timestamp;
use jiff::civil::Date;

const HOUR_SECONDS: i64 = 3_600;
const QUARTER_SECONDS: i64 = 900;

/// Why a record gives no row.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unmapped {
    /// The item is not what this version writes.
    #[error("{source}")]
    Malformed {
        /// Which attribute is at fault.
        source: atrio_dynamo::Error,
    },
    /// A figure does not fit its column.
    #[error("`{column}` holds {value}, more than its column")]
    TooLarge {
        /// The column.
        column: &'static str,
        /// The figure.
        value: u64,
    },
    /// An instant lies outside the calendar.
    #[error("an instant lies outside the calendar")]
    BadInstant {
        /// What the calendar says.
        #[source]
        source: jiff::Error,
    },
}

/// What happened to a sale.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sale {
    Confirmed(Timestamp),
    Cancelled {
        at: Timestamp,
        refund: Cents,
    },
    /// Another booking came in its place, and all of its money went on to that one or back.
    Exchanged(Timestamp),
    /// Some of its tickets were given back, and so much of their price.
    GivenBack {
        at: Timestamp,
        refund: Cents,
    },
}

impl Sale {
    fn name(self) -> &'static str {
        match self {
            Self::Confirmed(_) => "CONFIRMED",
            Self::Cancelled { .. } | Self::Exchanged(_) => "CANCELLED",
            Self::GivenBack { .. } => "GIVEN_BACK",
        }
    }

    fn at(self) -> Timestamp {
        match self {
            Self::Confirmed(at)
            | Self::Exchanged(at)
            | Self::Cancelled { at, .. }
            | Self::GivenBack { at, .. } => at,
        }
    }

    /// The part of an amount that the sale moves: what is not given back stays in the sums.
    fn moved(self, amount: Cents) -> i64 {
        match self {
            Self::Cancelled { refund: Cents::ZERO, .. }
            | Self::GivenBack { refund: Cents::ZERO, .. } => 0,
            Self::Confirmed(_)
            | Self::Exchanged(_)
            | Self::Cancelled { .. }
            | Self::GivenBack { .. } => amount.0,
        }
    }
}

/// The day whose month's key the change's pseudonyms are made with; none when it has none.
pub(crate) fn day_of(change: &Change) -> Option<Date> {
    match change {
        Change::Booking { old, new } => {
            let old = old.as_ref().map(|stored| &stored.booking);
            sale(old, &new.booking).map(|_| new.booking.slot.id.day())
        }
        Change::Entry(entry) | Change::EntryUndone(entry) => Some(entry.slot.id.day()),
        Change::Decision(record) => Some(record.slot.day()),
        Change::Observation(_) | Change::Other => None,
    }
}

/// The sale that a step of a booking made or took back, whole or in part, and what of the booking it
/// moved. A hold that ends was none.
pub(crate) fn sale<'b>(
    old: Option<&Booking>,
    new: &'b Booking,
) -> Option<(Sale, Cow<'b, Booking>)> {
    let old = old.filter(|old| matches!(old.state, BookingState::Confirmed { .. }));
    let sale = match (&new.state, old) {
        (BookingState::Confirmed { confirmed_at, .. }, None) => Sale::Confirmed(*confirmed_at),
        (BookingState::Confirmed { .. }, Some(old)) => {
            let gone = new.given_back_since(old)?;
            let at = new.reduced.as_ref()?.last_at;
            let refund = Cents(gone.total().0 - (new.forfeited().0 - old.forfeited().0));
            return Some((Sale::GivenBack { at, refund }, Cow::Owned(gone)));
        }
        (BookingState::Cancelled { cancelled_at, exchanged_for: Some(_), .. }, Some(_)) => {
            Sale::Exchanged(*cancelled_at)
        }
        (BookingState::Cancelled { cancelled_at, refund, .. }, Some(_)) => {
            Sale::Cancelled { at: *cancelled_at, refund: *refund }
        }
        _ => return None,
    };
    Some((sale, Cow::Borrowed(new)))
}

pub(crate) fn booking(
    booking: &Booking,
    sale: Sale,
    key: &[u8; 32],
) -> Result<bookings::Row, Unmapped> {
    let day = booking.slot.id.day();
    let lead_days = (day - local_day(booking.created_at)?).get_days();
    Ok(bookings::Row {
        month: month_of(day),
        venue_id: booking.venue_id.to_string(),
        product_id: booking.product_id.to_string(),
        slot_start: booking.slot.start,
        slot_day: day,
        channel: booking.channel.name().to_owned(),
        event: sale.name().to_owned(),
        booking_key: pseudonym(key, booking.uuid.as_bytes()),
        lead_days_band: bookings::lead_days_band(lead_days).to_owned(),
        party_size: small("party_size", booking.places())?,
        amount_cents: sale.moved(booking.total()),
        currency: "EUR".to_owned(),
        recorded_hour: cut(sale.at(), HOUR_SECONDS)?,
        locale: match booking.locale {
            atrio_domain::text::Locale::It => "it".to_owned(),
            atrio_domain::text::Locale::En => "en".to_owned(),
        },
    })
}

pub(crate) fn units(
    booking: &Booking,
    sale: Sale,
    key: &[u8; 32],
) -> Result<Vec<unit_items::Row>, Unmapped> {
    let day = booking.slot.id.day();
    let row = |line: &atrio_domain::booking::UnitLine| {
        Ok(unit_items::Row {
            month: month_of(day),
            venue_id: booking.venue_id.to_string(),
            product_id: booking.product_id.to_string(),
            slot_start: booking.slot.start,
            slot_day: day,
            channel: booking.channel.name().to_owned(),
            event: sale.name().to_owned(),
            booking_key: pseudonym(key, booking.uuid.as_bytes()),
            unit_id: line.unit_id.to_string(),
            quantity: small("quantity", line.quantity)?,
            price_cents: line.price_cents.0,
            total_cents: sale.moved(line.price_cents.times(line.quantity)),
        })
    };
    booking.units.iter().map(row).collect()
}

/// An entry or exit, a row for each ticket that went through, or with the quantity -1 the rows that take
/// it out of every sum again: the same in all else, for the lake is only ever added to.
pub(crate) fn entry(
    entry: &Entry,
    quantity: i32,
    key: &[u8; 32],
) -> Result<Vec<admissions::Row>, Unmapped> {
    let day = entry.slot.id.day();
    let admitted_quarter = cut(entry.redeemed_at, QUARTER_SECONDS)?;
    let row = |passed: &Passed| admissions::Row {
        month: month_of(day),
        venue_id: entry.venue.to_string(),
        product_id: entry.product.to_string(),
        slot_start: entry.slot.start,
        slot_day: day,
        gate_id: entry.gate.to_string(),
        unit_id: passed.unit.to_string(),
        quantity,
        admission_key: admission_key(entry, passed, key),
        admitted_quarter,
        direction: Some(entry.direction.name().to_owned()),
    };
    Ok(entry.passed.iter().map(row).collect())
}

/// The nonce of the scan names one that went through alone; of several, each has a key of its own, which
/// does not show who came together.
fn admission_key(entry: &Entry, passed: &Passed, key: &[u8; 32]) -> String {
    if entry.is_of(passed.ticket) {
        return pseudonym(key, entry.uuid.as_bytes());
    }
    let named = [entry.uuid.as_bytes().as_slice(), passed.ticket.as_bytes()].concat();
    pseudonym(key, &named)
}

pub(crate) fn decision(
    record: &DecisionRecord,
    key: &[u8; 32],
) -> Result<decisions::Row, Unmapped> {
    let day = record.slot.day();
    let rules: Vec<&str> =
        record.decision.reasons.iter().map(|reason| reason.rule.as_str()).collect();
    Ok(decisions::Row {
        month: month_of(day),
        venue_id: record.venue.to_string(),
        slot_day: day,
        decision_key: pseudonym(key, record.booking.as_bytes()),
        outcome: record.decision.outcome.name().to_owned(),
        score: small("score", record.decision.score)?,
        rules: rules.join(","),
        rules_version: record.decision.rules_version.clone(),
    })
}

pub(crate) fn local_day(at: Timestamp) -> Result<Date, Unmapped> {
    let local = at.in_tz(TIME_ZONE).map_err(|source| Unmapped::BadInstant { source })?;
    Ok(local.date())
}

fn cut(at: Timestamp, seconds: i64) -> Result<Timestamp, Unmapped> {
    let whole = at.as_second() - at.as_second().rem_euclid(seconds);
    Timestamp::from_second(whole).map_err(|source| Unmapped::BadInstant { source })
}

pub(crate) fn small(column: &'static str, value: u32) -> Result<i32, Unmapped> {
    i32::try_from(value).map_err(|_| Unmapped::TooLarge { column, value: u64::from(value) })
}

pub(crate) fn large(column: &'static str, value: u64) -> Result<i64, Unmapped> {
    i64::try_from(value).map_err(|_| Unmapped::TooLarge { column, value })
}
