use super::*;

/// A Monday, at midnight in no zone at all: hours of the week follow hours.
const MONDAY: i64 = 168 * 2950;

/// A door of a museum: nobody at night and on Mondays, most at eleven and four, twice as many on Sundays; chance
/// moves each hour a little, always the same.
fn people(at: i64) -> u32 {
    const DAY: [u32; 24] =
        [0, 0, 0, 0, 0, 0, 0, 0, 0, 40, 80, 110, 90, 50, 60, 90, 120, 90, 30, 0, 0, 0, 0, 0];
    let (day, hour) = (at.rem_euclid(168) / 24, at.rem_euclid(24));
    let base = match day {
        0 => 0,
        6 => DAY[usize::try_from(hour).unwrap()] * 2,
        _ => DAY[usize::try_from(hour).unwrap()],
    };
    // A fixed scramble of the hour, within an eighth.
    let chance = u32::try_from((at.wrapping_mul(7919) % 1009) % 26).unwrap();
    base * (87 + chance) / 100
}

fn hour(at: i64, people: Option<u32>) -> Hour {
    Hour { at, week_hour: u8::try_from(at.rem_euclid(168)).unwrap(), people, day: DayKind::Usual }
}

/// Hours of a healthy counter.
fn healthy(from: i64, to: i64) -> Vec<Hour> {
    (from..to).map(|at| hour(at, Some(people(at)))).collect()
}

fn watched(mut watch: Watch, hours: Vec<Hour>) -> Watch {
    advance(&mut [(&mut watch, hours)]);
    watch
}

/// A watch that has learned so many weeks, and the hour that comes next: a Tuesday's midnight.
fn learned(weeks: i64) -> (Watch, i64) {
    let next = MONDAY + weeks * 168 + 24;
    (watched(Watch::default(), healthy(MONDAY, next)), next)
}

/// What is found within 48 hours of a fault.
fn found(weeks: i64, fault: impl Fn(i64) -> Option<u32>) -> Option<Finding> {
    let (watch, next) = learned(weeks);
    assert_eq!(watch.findings(), [], "a healthy counter has no fault");
    let watch = watched(watch, (next..next + 48).map(|at| hour(at, fault(at))).collect());
    watch.findings().last().cloned()
}

#[test]
fn a_healthy_counter_has_no_fault_in_half_a_year() {
    let (watch, _) = learned(26);
    assert_eq!(watch.findings(), []);
    assert!(watch.has_learned());
}

#[test]
fn a_counter_that_counts_half_is_found_once_two_weeks_were_learned() {
    let finding = found(2, |at| Some(people(at) / 2)).unwrap();
    assert_eq!(finding.fault, Fault::TooFew);
    let (_, next) = learned(2);
    assert!((next..next + 16).contains(&finding.since), "{finding:?}");
    assert!(finding.evidence().en.contains('%'), "{}", finding.evidence().en);
}

#[test]
fn a_counter_that_counts_twice_is_found() {
    assert_eq!(found(4, |at| Some(people(at) * 2)).unwrap().fault, Fault::TooMany);
}

#[test]
fn a_counter_that_counts_nobody_is_found_on_the_first_morning_and_not_at_night() {
    let finding = found(4, |_| Some(0)).unwrap();
    let (_, next) = learned(4);
    assert_eq!(finding.fault, Fault::Blind);
    assert!((next + 9..next + 12).contains(&finding.found), "{finding:?}");
}

#[test]
fn a_counter_blind_at_noon_day_after_day_is_blind_at_some_hours() {
    let finding =
        found(4, |at| Some(if (11..15).contains(&(at % 24)) { 0 } else { people(at) })).unwrap();
    assert_eq!(finding.fault, Fault::BlindHours);
    assert!(finding.over.is_some(), "{finding:?}");
}

#[test]
fn a_counter_that_repeats_one_number_is_stuck() {
    assert_eq!(found(4, |_| Some(57)).unwrap().fault, Fault::Stuck);
}

#[test]
fn a_counter_whose_clock_was_not_changed_is_an_hour_off() {
    let early = found(6, |at| Some(people(at + 1))).unwrap();
    assert_eq!((early.fault, early.hours_late), (Fault::ClockShift, -1));
    let late = found(6, |at| Some(people(at - 3))).unwrap();
    assert_eq!((late.fault, late.hours_late), (Fault::ClockShift, 3));
}

#[test]
fn a_counter_that_says_nothing_is_not_blind() {
    assert_eq!(found(4, |_| None), None);
}

#[test]
fn a_counter_that_is_off_at_night_is_judged_all_the_same() {
    let is_on = |at: i64| (9..19).contains(&at.rem_euclid(24)) && at.rem_euclid(168) >= 24;
    let said = |at: i64, share: u32| hour(at, is_on(at).then(|| people(at) * share / 2));
    let next = MONDAY + 3 * 168 + 24;
    let watch = watched(Watch::default(), (MONDAY..next).map(|at| said(at, 2)).collect());
    assert_eq!(watch.findings(), []);
    let watch = watched(watch, (next..next + 48).map(|at| said(at, 1)).collect());
    assert_eq!(watch.findings().last().map(|finding| finding.fault), Some(Fault::TooFew));
}

#[test]
fn a_day_closed_by_the_calendar_and_a_holiday_with_few_people_are_no_fault() {
    let (watch, next) = learned(6);
    let of = |day, people: fn(i64) -> u32| {
        (next..next + 24).map(move |at| Hour { day, ..hour(at, Some(people(at))) }).collect()
    };
    assert_eq!(watched(watch.clone(), of(DayKind::Closed, |_| 0)).findings(), []);
    assert_eq!(watched(watch, of(DayKind::Unusual, |at| people(at) / 3)).findings(), []);
}

#[test]
fn a_slow_loss_is_found_before_half_is_lost_and_is_not_learned() {
    let (watch, next) = learned(8);
    let lost = |at: i64| {
        let days = u32::try_from((at - next) / 24).unwrap();
        people(at) * (100 - (2 * days).min(60)) / 100
    };
    let watch = watched(watch, (next..next + 25 * 24).map(|at| hour(at, Some(lost(at)))).collect());
    let finding = watch.findings().first().unwrap();
    assert_eq!(finding.fault, Fault::LosesSlowly);
    assert!(finding.over.is_none(), "{finding:?}");
}

#[test]
fn a_fault_is_over_once_it_is_mended() {
    let (watch, next) = learned(4);
    let half = (next..next + 72).map(|at| hour(at, Some(people(at) / 2))).collect();
    let watch = watched(watched(watch, half), healthy(next + 72, next + 120));
    let [finding] = watch.findings() else { panic!("{:?}", watch.findings()) };
    let over = finding.over.unwrap();
    assert!((next + 72..next + 110).contains(&over), "{finding:?}");
    assert!(!finding.became_usual);
}

#[test]
fn a_level_that_lasts_a_month_is_what_is_usual_then() {
    let (watch, next) = learned(4);
    let half = (next..next + 40 * 24).map(|at| hour(at, Some(people(at) / 2))).collect();
    let watch = watched(watch, half);
    let [finding] = watch.findings() else { panic!("{:?}", watch.findings()) };
    assert!(finding.became_usual, "{finding:?}");
}

#[test]
fn what_comes_late_ends_as_what_comes_in_time() {
    let (watch, next) = learned(4);
    let in_time = watched(watch.clone(), healthy(next, next + 100));
    let gaps: Vec<Hour> = healthy(next, next + 60)
        .into_iter()
        .map(|given| if given.at % 3 == 0 { hour(given.at, None) } else { given })
        .collect();
    let late = watched(watched(watch, gaps), healthy(next, next + 100));
    assert_eq!(late.ring, in_time.ring);
    assert_eq!(late.usual, in_time.usual);
}

#[test]
fn a_storm_that_keeps_everybody_away_is_no_fault_of_one_of_four_counters() {
    let away = |at| hour(at, Some(people(at) * 2 / 5));
    let run = |broken: bool| {
        let mut watches = vec![learned(4).0; 4];
        let next = learned(4).1;
        let storm: Vec<Hour> = (next..next + 48).map(away).collect();
        let half: Vec<Hour> = (next..next + 48)
            .map(|at| hour(at, Some(people(at) * if broken { 1 } else { 2 } / 5)))
            .collect();
        let mut counters: Vec<_> = watches.iter_mut().map(|watch| (watch, storm.clone())).collect();
        counters[0].1 = half;
        advance(&mut counters);
        watches.into_iter().map(|watch| watch.findings().len()).collect::<Vec<_>>()
    };
    assert_eq!(run(false), [0, 0, 0, 0]);
    assert_eq!(run(true), [1, 0, 0, 0]);
}

#[test]
fn a_watch_is_small_and_reads_back_as_it_was_written() {
    let (watch, _) = learned(10);
    let text = serde_json::to_string(&watch).unwrap();
    assert!(text.len() < 8_000, "{}", text.len());
    assert_eq!(serde_json::from_str::<Watch>(&text).unwrap(), watch);
}
