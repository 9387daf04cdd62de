//! A sample day of one people counter, hour by hour, for the replay. The same seed, venue and
//! day always give the same counts, so a replay run twice sends the same messages and changes
//! nothing on the platform.

use jiff::civil::{Date, date};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

use super::draws::{day_seed, draw_dwell, draw_passages, poisson};
use super::observation::Observation;
use super::shape::Rhythm;

/// The day from which the sample counters' running sums start.
const INSTALLED: Date = date(2026, 1, 1);

/// The arrivals are drawn per this stretch, fine enough for hours such as 8:15.
const STEP_MINUTES: i64 = 5;

/// What the day needs to know of a venue.
#[derive(Debug, Clone)]
pub(super) struct DayShape<'a> {
    /// The venue.
    pub venue_id: &'a str,
    /// Visitors in a year.
    pub annual_visitors: u32,
    /// How they spread over the week.
    pub rhythm: &'a Rhythm,
    /// The venue's zone.
    pub zone: &'a TimeZone,
    /// The seed of the sample.
    pub seed: u64,
}

/// The closed hours between the start of `first` and `now`, oldest first, closed nights included:
/// a counter that sees nobody says so.
pub(super) fn hours_until(shape: &DayShape<'_>, first: Date, now: Timestamp) -> Vec<Observation> {
    let mut cumulative = 0;
    let mut hours = Vec::new();
    let mut day = INSTALLED.min(first);
    loop {
        let seen = shape.hours(day, &mut cumulative);
        if seen.first().is_none_or(|hour| hour.to > now) {
            return hours;
        }
        if day >= first {
            hours.extend(seen.into_iter().filter(|hour| hour.to <= now));
        }
        let Ok(next) = day.tomorrow() else {
            return hours;
        };
        day = next;
    }
}

impl DayShape<'_> {
    /// The hours of one local day: 24, or 23 and 25 when the clocks change.
    fn hours(&self, day: Date, cumulative: &mut u64) -> Vec<Observation> {
        let (Some(start), Some(end)) =
            (self.midnight(day), day.tomorrow().ok().and_then(|next| self.midnight(next)))
        else {
            return Vec::new();
        };
        let passages = self.passages(day, start, end);
        let mut events = passages.into_iter().peekable();
        let mut inside = 0_u32;
        let mut hours = Vec::new();
        for index in start.as_second() / 3_600..end.as_second() / 3_600 {
            let (Ok(from), Ok(to)) = (
                Timestamp::from_second(index * 3_600),
                Timestamp::from_second((index + 1) * 3_600),
            ) else {
                return hours;
            };
            let (mut towards, mut away) = (0, 0);
            while let Some(passage) = events.next_if(|passage| passage.at < to) {
                match passage.way {
                    Way::In => {
                        towards += passage.counted;
                        inside += passage.counted;
                    }
                    Way::Out => {
                        // A doubled passage out must not empty the venue below zero.
                        let counted = passage.counted.min(inside);
                        away += counted;
                        inside -= counted;
                    }
                }
            }
            *cumulative += u64::from(towards) + u64::from(away);
            hours.push(Observation {
                from,
                to,
                towards,
                away,
                seq: index,
                cumulative: *cumulative,
            });
        }
        hours
    }

    /// Every passage of the day in order of time; whoever is still inside leaves at midnight.
    fn passages(&self, day: Date, start: Timestamp, end: Timestamp) -> Vec<Passage> {
        let mut rng = StdRng::seed_from_u64(day_seed(self.seed, self.venue_id, &day.to_string()));
        let last = Timestamp::from_second(end.as_second() - 1).unwrap_or(end);
        let mut passages = Vec::new();
        let mut step = start;
        while step < end {
            let local = step.to_zoned_datetime(self.zone.clone()).datetime();
            let mean = self.rhythm.visitors_per_hour(self.annual_visitors, local)
                * STEP_MINUTES as f64
                / 60.0;
            for _ in 0..poisson(&mut rng, mean) {
                let offset = SignedDuration::from_secs(rng.random_range(0..STEP_MINUTES * 60));
                let at = step.saturating_add(offset).unwrap_or(last).min(last);
                let stay =
                    SignedDuration::try_from(draw_dwell(&mut rng)).unwrap_or(SignedDuration::ZERO);
                let leaves = at.saturating_add(stay).unwrap_or(last).min(last);
                passages.push(Passage { at, way: Way::In, counted: draw_passages(&mut rng) });
                passages.push(Passage {
                    at: leaves,
                    way: Way::Out,
                    counted: draw_passages(&mut rng),
                });
            }
            let Ok(next) = step.checked_add(STEP_MINUTES.minutes()) else {
                break;
            };
            step = next;
        }
        passages.sort_by_key(|passage| (passage.at, passage.way));
        passages
    }

    fn midnight(&self, day: Date) -> Option<Timestamp> {
        day.to_zoned_datetime(self.zone.clone()).ok().map(|zoned| zoned.timestamp())
    }
}

#[derive(Debug, Clone, Copy)]
struct Passage {
    at: Timestamp,
    way: Way,
    counted: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Way {
    In,
    Out,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::traffic::shape::tests::default_week;

    fn replayed(first: Date, now: &str) -> Vec<Observation> {
        let (rhythm, zone) = (default_week(), TimeZone::get("Europe/Rome").unwrap());
        let shape = DayShape {
            venue_id: "20240",
            annual_visitors: 50_000,
            rhythm: &rhythm,
            zone: &zone,
            seed: 5,
        };
        hours_until(&shape, first, now.parse().unwrap())
    }

    #[test]
    fn a_sunday_is_counted_hour_by_hour_and_everyone_goes_home() {
        let sunday = replayed(date(2026, 11, 22), "2026-11-22T23:00:00Z");
        assert_eq!(sunday.len(), 24);
        let (mut came, mut went) = (0, 0);
        for hour in &sunday {
            came += hour.towards;
            went += hour.away;
            assert!(went <= came, "{hour:?}");
            let local_hour =
                hour.from.to_zoned_datetime(TimeZone::get("Europe/Rome").unwrap()).hour();
            assert!(hour.towards == 0 || (9..18).contains(&local_hour), "{hour:?}");
        }
        // 50,000 a year and 29 % of a week on Sunday: about 278.
        assert!((220..340).contains(&came), "{came}");
        assert!(came - went < 12, "{came} {went}");
    }

    #[test]
    fn a_replay_run_again_later_repeats_the_same_messages_and_adds_the_new_hours() {
        let early = replayed(date(2026, 11, 21), "2026-11-22T10:30:00Z");
        let late = replayed(date(2026, 11, 22), "2026-11-22T15:00:00Z");
        let shared: Vec<_> =
            early.iter().filter(|hour| late.iter().any(|other| other.from == hour.from)).collect();
        assert_eq!(shared.len(), 11);
        for hour in shared {
            assert!(late.contains(hour), "{hour:?}");
        }
        for pair in early.windows(2) {
            assert_eq!(pair[1].seq, pair[0].seq + 1);
            assert!(pair[1].cumulative >= pair[0].cumulative);
        }
    }

    #[test]
    fn the_day_the_clocks_go_back_has_twenty_five_hours() {
        assert_eq!(replayed(date(2026, 10, 25), "2026-10-25T23:00:00Z").len(), 25);
        assert_eq!(replayed(date(2026, 3, 29), "2026-03-29T22:00:00Z").len(), 23);
    }

    #[test]
    fn a_day_before_the_counters_were_installed_is_replayed_all_the_same() {
        assert_eq!(replayed(date(2025, 5, 2), "2025-05-03T22:00:00Z").len(), 48);
    }
}
