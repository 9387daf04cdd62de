//! When people come: the sample's hour-of-week shares laid over a venue's opening hours. The
//! shares are an assumption stated in `samples/README.md`, not a measurement; no function here
//! reads a clock or draws a number.

use jiff::civil::{DateTime, Time, Weekday};

use super::TrafficError;

/// The shares shipped with the program.
const SAMPLE: &str = include_str!("../../../../samples/hour-of-week.csv");

/// Mean weeks in a Gregorian year.
const WEEKS_PER_YEAR: f64 = 365.2425 / 7.0;

/// Weight of an open hour to which the sample gives no share (a Monday, an evening): a little
/// under the quietest hour of the default week.
const UNLISTED_HOUR_WEIGHT: f64 = 0.005;

/// Online bookings of a day by hour, in thousandths: few at night, most after dinner.
const BOOKING_HOURS: [u32; 24] =
    [5, 2, 1, 1, 1, 2, 8, 18, 35, 55, 70, 70, 60, 55, 55, 55, 55, 60, 65, 75, 90, 90, 50, 22];

/// Visits by weekday (Monday first) and hour of entry, as shares of a week.
#[derive(Debug, Clone)]
pub(super) struct HourOfWeek {
    shares: [[f64; 24]; 7],
}

/// A stretch of a weekday in which visitors may enter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct EntrySpan {
    /// The day of the week.
    pub weekday: Weekday,
    /// The doors open.
    pub from: Time,
    /// Nobody enters after this.
    pub last_entry: Time,
}

/// How a venue's visits spread over its own week.
#[derive(Debug, Clone)]
pub(super) struct Rhythm {
    /// Share of the week's visits for each minute of an hour in which the doors are open.
    per_open_minute: [[f64; 24]; 7],
    spans: Vec<EntrySpan>,
}

impl HourOfWeek {
    /// Reads the shares shipped with the program.
    ///
    /// # Errors
    ///
    /// [`TrafficError::Shape`] when the file is not what [`HourOfWeek::parse`] expects.
    pub(super) fn sample() -> Result<Self, TrafficError> {
        Self::parse(SAMPLE)
    }

    /// Reads `weekday,hour,share` rows.
    ///
    /// # Errors
    ///
    /// [`TrafficError::Shape`] for an unknown weekday, an hour past 23, a negative share, or
    /// shares that do not sum to one.
    pub(super) fn parse(text: &str) -> Result<Self, TrafficError> {
        let mut shares = [[0.0; 24]; 7];
        let mut rows = csv::Reader::from_reader(text.as_bytes());
        for (index, row) in rows.deserialize::<(String, usize, f64)>().enumerate() {
            let line = index + 2;
            let (weekday, hour, share) =
                row.map_err(|error| TrafficError::Shape { line, found: error.to_string() })?;
            let slot = parse_weekday(&weekday)
                .and_then(|weekday| shares.get_mut(day_index(weekday)))
                .and_then(|day| day.get_mut(hour))
                .filter(|_| share >= 0.0)
                .ok_or_else(|| TrafficError::Shape {
                    line,
                    found: format!("{weekday},{hour},{share}"),
                })?;
            *slot = share;
        }
        let sum: f64 = shares.iter().flatten().sum();
        if (sum - 1.0).abs() > 1e-6 {
            return Err(TrafficError::Shape {
                line: 1,
                found: format!("shares that sum to {sum}"),
            });
        }
        Ok(Self { shares })
    }

    fn weight(&self, day: usize, hour: usize) -> f64 {
        let share = self.shares.get(day).and_then(|hours| hours.get(hour)).copied().unwrap_or(0.0);
        if share > 0.0 { share } else { UNLISTED_HOUR_WEIGHT }
    }
}

impl Rhythm {
    /// Lays `shape` over the venue's entry hours; what falls outside is given to the open hours
    /// in proportion, so that a week still sums to one.
    pub(super) fn new(shape: &HourOfWeek, spans: Vec<EntrySpan>) -> Self {
        let mut per_open_minute = [[0.0; 24]; 7];
        let mut sum = 0.0;
        for (day, hours) in per_open_minute.iter_mut().enumerate() {
            for (hour, density) in hours.iter_mut().enumerate() {
                let open = open_minutes(&spans, day, hour);
                if open > 0 {
                    *density = shape.weight(day, hour) / 60.0;
                    sum += *density * f64::from(open);
                }
            }
        }
        if sum > 0.0 {
            per_open_minute.iter_mut().flatten().for_each(|density| *density /= sum);
        }
        Self { per_open_minute, spans }
    }

    /// Whether a visitor may enter at this local time.
    pub(super) fn admits(&self, at: DateTime) -> bool {
        self.spans.iter().any(|span| {
            span.weekday == at.weekday() && span.from <= at.time() && at.time() < span.last_entry
        })
    }

    /// Visitors expected to enter per hour at this local time; zero while the doors are closed.
    pub(super) fn visitors_per_hour(&self, annual_visitors: u32, at: DateTime) -> f64 {
        if !self.admits(at) {
            return 0.0;
        }
        let hour = usize::try_from(at.hour()).unwrap_or(0);
        let density = self
            .per_open_minute
            .get(day_index(at.weekday()))
            .and_then(|day| day.get(hour))
            .copied()
            .unwrap_or(0.0);
        f64::from(annual_visitors) / WEEKS_PER_YEAR * density * 60.0
    }

    /// The relative wish to enter at this local time, to choose between free slots. Never zero:
    /// a slot on sale is a slot someone may take.
    pub(super) fn preference(&self, at: DateTime) -> f64 {
        self.visitors_per_hour(1, at).max(1e-9)
    }
}

/// Online bookers expected per hour at this local time: the day's mean, spread over the hours in
/// which people sit at a screen. The shop never closes.
pub(super) fn online_visitors_per_hour(annual_visitors: u32, at: DateTime) -> f64 {
    let hour = usize::try_from(at.hour()).unwrap_or(0);
    let share = f64::from(BOOKING_HOURS.get(hour).copied().unwrap_or(0)) / 1000.0;
    f64::from(annual_visitors) / WEEKS_PER_YEAR / 7.0 * share
}

/// Reads OCTO's weekday names (`TUESDAY`).
pub(super) fn parse_weekday(name: &str) -> Option<Weekday> {
    match name {
        "MONDAY" => Some(Weekday::Monday),
        "TUESDAY" => Some(Weekday::Tuesday),
        "WEDNESDAY" => Some(Weekday::Wednesday),
        "THURSDAY" => Some(Weekday::Thursday),
        "FRIDAY" => Some(Weekday::Friday),
        "SATURDAY" => Some(Weekday::Saturday),
        "SUNDAY" => Some(Weekday::Sunday),
        _ => None,
    }
}

fn day_index(weekday: Weekday) -> usize {
    usize::try_from(weekday.to_monday_zero_offset()).unwrap_or(0)
}

/// Minutes of that hour in which the doors are open.
fn open_minutes(spans: &[EntrySpan], day: usize, hour: usize) -> u16 {
    let (Ok(start), Ok(end)) = (i32::try_from(hour * 60), i32::try_from((hour + 1) * 60)) else {
        return 0;
    };
    let minutes: i32 = spans
        .iter()
        .filter(|span| day_index(span.weekday) == day)
        .map(|span| {
            (minute_of_day(span.last_entry).min(end) - minute_of_day(span.from).max(start)).max(0)
        })
        .sum();
    u16::try_from(minutes.min(60)).unwrap_or(0)
}

fn minute_of_day(time: Time) -> i32 {
    i32::from(time.hour()) * 60 + i32::from(time.minute())
}

#[cfg(test)]
pub(super) mod tests {
    use jiff::ToSpan;
    use jiff::civil::date;

    use super::*;

    /// Tuesday to Sunday 9:00-19:00, last entry 18:00.
    pub(crate) fn default_week() -> Rhythm {
        let days = [
            Weekday::Tuesday,
            Weekday::Wednesday,
            Weekday::Thursday,
            Weekday::Friday,
            Weekday::Saturday,
            Weekday::Sunday,
        ];
        let spans = days
            .into_iter()
            .map(|weekday| EntrySpan {
                weekday,
                from: Time::constant(9, 0, 0, 0),
                last_entry: Time::constant(18, 0, 0, 0),
            })
            .collect();
        Rhythm::new(&HourOfWeek::sample().unwrap(), spans)
    }

    fn yearly_sum(mut rate: impl FnMut(DateTime) -> f64) -> f64 {
        // Quarters of an hour, at their middle, over the 365 days of 2027.
        let start = date(2027, 1, 1).at(0, 7, 30, 0);
        (0..365 * 96).map(|quarter| rate(start + (15 * quarter).minutes()) / 4.0).sum()
    }

    #[test]
    fn the_rates_of_a_year_sum_to_the_annual_visitors() {
        let week = default_week();
        let visits = yearly_sum(|at| week.visitors_per_hour(36_500, at));
        assert!((visits / 36_500.0 - 1.0).abs() < 0.01, "{visits}");
        let online = yearly_sum(|at| online_visitors_per_hour(36_500, at));
        assert!((online / 36_500.0 - 1.0).abs() < 0.01, "{online}");
    }

    #[test]
    fn nobody_comes_when_the_doors_are_closed() {
        let week = default_week();
        let monday = date(2026, 11, 23);
        for hour in 0..24 {
            assert!(week.visitors_per_hour(50_000, monday.at(hour, 30, 0, 0)).abs() < f64::EPSILON);
        }
        let sunday = date(2026, 11, 22);
        assert!(week.visitors_per_hour(50_000, sunday.at(8, 59, 0, 0)).abs() < f64::EPSILON);
        assert!(week.visitors_per_hour(50_000, sunday.at(18, 0, 0, 0)).abs() < f64::EPSILON);
        assert!(week.visitors_per_hour(50_000, sunday.at(17, 59, 0, 0)) > 0.0);
    }

    #[test]
    fn a_venue_with_its_own_hours_keeps_its_yearly_visitors() {
        let spans = vec![
            EntrySpan {
                weekday: Weekday::Monday,
                from: Time::constant(8, 30, 0, 0),
                last_entry: Time::constant(12, 45, 0, 0),
            },
            EntrySpan {
                weekday: Weekday::Monday,
                from: Time::constant(14, 0, 0, 0),
                last_entry: Time::constant(20, 0, 0, 0),
            },
        ];
        let week = Rhythm::new(&HourOfWeek::sample().unwrap(), spans);
        let visits = yearly_sum(|at| week.visitors_per_hour(10_000, at));
        assert!((visits / 10_000.0 - 1.0).abs() < 0.01, "{visits}");
    }

    #[test]
    fn shares_that_do_not_sum_to_one_are_refused_with_the_sum() {
        let refused = HourOfWeek::parse("weekday,hour,share\nMONDAY,9,0.5\n").unwrap_err();
        assert!(refused.to_string().contains("sum to 0.5"), "{refused}");
        assert!(HourOfWeek::parse("weekday,hour,share\nLUNEDI,9,1\n").is_err());
        assert!(HourOfWeek::parse("weekday,hour,share\nMONDAY,24,1\n").is_err());
    }
}
