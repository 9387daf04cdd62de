//! When a venue is open and which slots that gives. Slots are computed from rules and stored only
//! when touched, so a year ahead costs nothing.

use jiff::civil::{Date, Time, Weekday};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use serde::{Deserialize, Serialize};

use crate::id::SlotId;
use crate::text::Text;
use crate::venue::{AvailabilityType, Product};

/// How far ahead a place can be booked, in days.
pub const BOOKING_HORIZON_DAYS: i32 = 180;

/// A venue's week and its exceptions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Opening {
    /// The open spans of a usual week.
    pub week: Vec<OpeningSpan>,
    /// Days on which it is closed all the same.
    pub closures: Vec<Closure>,
}

/// One open span of a weekday, local time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OpeningSpan {
    /// The day of the week.
    #[serde(with = "weekday_name")]
    pub weekday: Weekday,
    /// Opens.
    pub from: Time,
    /// Closes.
    pub to: Time,
    /// Nobody enters after this.
    pub last_entry: Time,
}

/// Days without visits, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Closure {
    /// First closed day.
    pub from: Date,
    /// Last closed day.
    pub to: Date,
    /// The reason told to visitors.
    pub reason: Text,
}

/// A slot with its instants.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct SlotTimes {
    /// The slot.
    pub id: SlotId,
    /// Starts.
    pub start: Timestamp,
    /// Ends.
    pub end: Timestamp,
}

/// What a day offers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Day {
    /// No visits, and why.
    Closed {
        /// The reason told to visitors.
        reason: Text,
    },
    /// At least one slot, in order of time.
    Open {
        /// The slots.
        slots: Vec<SlotTimes>,
    },
}

impl Opening {
    /// Tuesday to Sunday 9:00-19:00, last entry an hour before: the hours assumed until the
    /// venue's own are loaded.
    #[must_use]
    pub fn default_week() -> Self {
        let open = [
            Weekday::Tuesday,
            Weekday::Wednesday,
            Weekday::Thursday,
            Weekday::Friday,
            Weekday::Saturday,
            Weekday::Sunday,
        ];
        let week = open
            .into_iter()
            .map(|weekday| OpeningSpan {
                weekday,
                from: Time::constant(9, 0, 0, 0),
                to: Time::constant(19, 0, 0, 0),
                last_entry: Time::constant(18, 0, 0, 0),
            })
            .collect();
        Self { week, closures: Vec::new() }
    }

    /// The slots of `product` on `day`; of a pass, its term from that day on, whatever the hours.
    #[must_use]
    pub fn day(&self, product: &Product, day: Date, zone: &TimeZone) -> Day {
        if let Some(pass) = &product.pass {
            return pass.day(day, zone);
        }
        if let Some(closure) = self.closures.iter().find(|c| c.from <= day && day <= c.to) {
            return Day::Closed { reason: closure.reason.clone() };
        }
        let spans = self.week.iter().filter(|span| span.weekday == day.weekday());
        let mut slots: Vec<SlotTimes> = match product.availability_type {
            AvailabilityType::StartTime => {
                spans.flat_map(|span| span.slots(product.slot_minutes, day, zone)).collect()
            }
            AvailabilityType::OpeningHours => whole_day(spans, day, zone).into_iter().collect(),
        };
        slots.sort_by_key(|slot| slot.id);
        if slots.is_empty() {
            Day::Closed { reason: closed_weekday(day.weekday()) }
        } else {
            Day::Open { slots }
        }
    }
}

impl Opening {
    /// From when to when it is open on `day`, in order of time; nothing on a closed day.
    #[must_use]
    pub fn hours(&self, day: Date) -> Vec<(Time, Time)> {
        if self.closures.iter().any(|closure| closure.from <= day && day <= closure.to) {
            return Vec::new();
        }
        let spans = self.week.iter().filter(|span| span.weekday == day.weekday());
        let mut hours: Vec<(Time, Time)> = spans.map(|span| (span.from, span.to)).collect();
        hours.sort_unstable();
        hours
    }
}

impl Opening {
    /// The times of day at which slots of `product` start in a usual week; none by opening hours.
    #[must_use]
    pub fn start_times(&self, product: &Product) -> Vec<Time> {
        if product.availability_type == AvailabilityType::OpeningHours {
            return Vec::new();
        }
        // Any day will do, for a span's slots start alike on each.
        let day = Date::constant(2026, 1, 1);
        let spans = self.week.iter();
        let slots = spans.flat_map(|s| s.slots(product.slot_minutes, day, &TimeZone::UTC));
        let mut times: Vec<Time> = slots.map(|slot| slot.id.local_start().time()).collect();
        times.sort_unstable();
        times.dedup();
        times
    }
}

impl OpeningSpan {
    fn slots(&self, slot_minutes: u16, day: Date, zone: &TimeZone) -> Vec<SlotTimes> {
        let length = i64::from(slot_minutes.max(1)).minutes();
        let mut slots = Vec::new();
        let mut start = day.to_datetime(self.from);
        let last = day.to_datetime(self.last_entry);
        while start <= last {
            // A local time that the clocks skip in March is moved forward, one that they repeat
            // in October is its first occurrence: jiff's "compatible" rule.
            let Ok(instant) = start.to_zoned_datetime(zone.clone()).map(|zoned| zoned.timestamp())
            else {
                break;
            };
            let Ok(end) = instant.checked_add(length) else { break };
            slots.push(SlotTimes { id: SlotId::starting(start), start: instant, end });
            let Ok(next) = start.checked_add(length) else { break };
            start = next;
        }
        slots
    }
}

/// The one slot of a day on which visitors come when they like: from its first opening to its last closing.
fn whole_day<'s>(
    spans: impl Iterator<Item = &'s OpeningSpan> + Clone,
    day: Date,
    zone: &TimeZone,
) -> Option<SlotTimes> {
    let opens = day.to_datetime(spans.clone().map(|span| span.from).min()?);
    let closes = day.to_datetime(spans.map(|span| span.to).max()?);
    let start = opens.to_zoned_datetime(zone.clone()).ok()?.timestamp();
    let end = closes.to_zoned_datetime(zone.clone()).ok()?.timestamp();
    Some(SlotTimes { id: SlotId::starting(opens), start, end })
}

fn closed_weekday(weekday: Weekday) -> Text {
    let (it, en) = match weekday {
        Weekday::Monday => ("il lunedì", "on Mondays"),
        Weekday::Tuesday => ("il martedì", "on Tuesdays"),
        Weekday::Wednesday => ("il mercoledì", "on Wednesdays"),
        Weekday::Thursday => ("il giovedì", "on Thursdays"),
        Weekday::Friday => ("il venerdì", "on Fridays"),
        Weekday::Saturday => ("il sabato", "on Saturdays"),
        Weekday::Sunday => ("la domenica", "on Sundays"),
    };
    Text::new(format!("Chiuso {it}"), format!("Closed {en}"))
}

/// Writes a weekday the way calendars name it, not as a number.
pub mod weekday_name {
    use jiff::civil::Weekday;
    use serde::{Deserialize as _, Deserializer, Serializer, de};

    const NAMES: [(Weekday, &str); 7] = [
        (Weekday::Monday, "MONDAY"),
        (Weekday::Tuesday, "TUESDAY"),
        (Weekday::Wednesday, "WEDNESDAY"),
        (Weekday::Thursday, "THURSDAY"),
        (Weekday::Friday, "FRIDAY"),
        (Weekday::Saturday, "SATURDAY"),
        (Weekday::Sunday, "SUNDAY"),
    ];

    /// The upper-case English name.
    #[must_use]
    pub fn of(weekday: Weekday) -> &'static str {
        NAMES.iter().find(|(day, _)| *day == weekday).map_or("", |(_, name)| name)
    }

    /// Writes the name.
    ///
    /// # Errors
    /// The serializer's own.
    pub fn serialize<S: Serializer>(weekday: &Weekday, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(of(*weekday))
    }

    /// Reads the name.
    ///
    /// # Errors
    /// When the text is not an upper-case English weekday.
    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Weekday, D::Error> {
        let text = String::deserialize(from)?;
        NAMES
            .iter()
            .find(|(_, name)| *name == text)
            .map(|(day, _)| *day)
            .ok_or_else(|| de::Error::custom(format!("`{text}` is not a weekday")))
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;
    use crate::tariff::Cents;
    use crate::venue::{VenueKind, shipped_product};

    fn slots(day: Date) -> Vec<String> {
        let product = shipped_product(VenueKind::Museum, Cents(500), Some(9_000)).unwrap();
        let zone = TimeZone::get("Europe/Rome").unwrap();
        match Opening::default_week().day(&product, day, &zone) {
            Day::Closed { .. } => Vec::new(),
            Day::Open { slots } => slots.iter().map(|slot| slot.id.to_string()).collect(),
        }
    }

    #[test]
    fn a_tuesday_has_ten_hourly_slots_up_to_the_last_entry() {
        let tuesday = slots(date(2026, 11, 24));
        assert_eq!(tuesday.len(), 10);
        assert_eq!(tuesday.first().unwrap(), "2026-11-24T09:00");
        assert_eq!(tuesday.last().unwrap(), "2026-11-24T18:00");
    }

    #[test]
    fn a_monday_is_closed() {
        assert!(slots(date(2026, 11, 23)).is_empty());
    }

    #[test]
    fn by_opening_hours_an_open_day_is_one_slot_and_a_monday_none() {
        let mut product = shipped_product(VenueKind::Museum, Cents(500), None).unwrap();
        product.availability_type = AvailabilityType::OpeningHours;
        let zone = TimeZone::get("Europe/Rome").unwrap();
        let mut opening = Opening::default_week();
        let morning = OpeningSpan {
            weekday: Weekday::Tuesday,
            from: Time::constant(7, 30, 0, 0),
            to: Time::constant(8, 30, 0, 0),
            last_entry: Time::constant(8, 0, 0, 0),
        };
        opening.week.push(morning);
        let Day::Open { slots } = opening.day(&product, date(2026, 12, 1), &zone) else {
            panic!("a Tuesday is open");
        };
        let [slot] = slots[..] else { panic!("{slots:?}") };
        assert_eq!(slot.id.to_string(), "2026-12-01T07:30");
        assert_eq!(slot.end.to_string(), "2026-12-01T18:00:00Z");
        assert_eq!(opening.hours(date(2026, 12, 1)).len(), 2);
        let monday = date(2026, 11, 30);
        assert!(matches!(opening.day(&product, monday, &zone), Day::Closed { .. }));
        assert_eq!(opening.hours(monday), []);
    }

    #[test]
    fn a_slot_starts_at_the_local_time_in_summer_and_in_winter() {
        let product = shipped_product(VenueKind::Museum, Cents(500), None).unwrap();
        let zone = TimeZone::get("Europe/Rome").unwrap();
        let start = |day| match Opening::default_week().day(&product, day, &zone) {
            Day::Open { slots } => slots[0].start.to_string(),
            Day::Closed { .. } => String::new(),
        };
        assert_eq!(start(date(2026, 7, 1)), "2026-07-01T07:00:00Z");
        assert_eq!(start(date(2026, 12, 1)), "2026-12-01T08:00:00Z");
    }
}
