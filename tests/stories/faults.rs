//! A counter at the door loses one of its two eyes: it speaks on time, its battery is full, and it counts half. Who
//! keeps the venue's devices is told, with what that rests on, and is told nothing of the counter beside it.

use std::fmt::Write as _;

use atrio_tests::{Api, Device, Options, Process, SOON, count_message, eventually};
use jiff::civil::{Date, date};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan as _};
use serde_json::Value;

const VENUE: &str = "106484";
/// A Thursday evening.
const NOW: &str = "2026-11-26T17:15:00+01:00";
/// The Tuesday on which the door loses an eye.
const BROKEN_ON: Date = date(2026, 11, 24);
const DOOR: &str = "counter-door";
const GARDEN: &str = "counter-garden";

/// People at the door in an hour of a day: closed on Mondays, twice as many on Sundays.
fn people(day: Date, hour: i8) -> u64 {
    const HOURS: [u64; 10] = [24, 52, 68, 50, 26, 34, 56, 58, 36, 12];
    let open = usize::try_from(hour - 9).ok().and_then(|index| HOURS.get(index));
    let people = match day.weekday().to_monday_zero_offset() {
        0 => 0,
        6 => open.unwrap_or(&0) * 2,
        _ => *open.unwrap_or(&0),
    };
    // No two days are quite alike.
    people * u64::try_from(95 + (i32::from(day.day()) * 7 + i32::from(hour) * 3) % 11).unwrap()
        / 100
}

/// Two weeks and more of both counters, in the form that `atrio replay` reads.
fn past() -> String {
    let mut table = "date,hour,door,garden\n".to_owned();
    let mut day = date(2026, 11, 6);
    while day < BROKEN_ON {
        for hour in 0..24 {
            let people = people(day, hour);
            writeln!(table, "{day},{hour}:00-{hour}:59,{people},{people}").unwrap();
        }
        day = day.tomorrow().unwrap();
    }
    table
}

/// What a counter says of each hour since it broke, up to six in the evening.
async fn says(counter: &mut Device, share: u64) {
    let begin = BROKEN_ON.to_zoned_datetime(TimeZone::get("Europe/Rome").unwrap()).unwrap();
    for hour in 0..66_i64 {
        let from = begin.checked_add(hour.hours()).unwrap();
        let count = people(from.date(), from.hour()) * share / 2;
        let start: Timestamp = from.timestamp();
        let end = start + SignedDuration::from_hours(1);
        counter.publish(&count_message(&counter.name.clone(), start, end, count, 0)).await.unwrap();
    }
}

async fn listed(keeper: &Api, counter: &str) -> Value {
    let list = keeper.get(&format!("/v1/venues/{VENUE}/devices")).await.expect(200);
    let devices = list["devices"].as_array().unwrap();
    devices.iter().find(|device| device["device_id"] == counter).unwrap().clone()
}

#[tokio::test]
async fn a_counter_that_counts_half_is_at_fault_and_the_one_beside_it_is_not() {
    let options = Options { now: NOW.parse().unwrap(), ..Options::default() };
    let mut museum = Process::start(options).await;
    museum.stop().await;
    let table = museum.data().join("past.csv");
    std::fs::write(&table, past()).unwrap();
    let table = table.display().to_string();
    let feed = ["replay", &table, "--venue", VENUE, "--zone", "Europe/Rome", "--prefix", "counter"];
    let fed = museum.command(&feed).await;
    assert!(fed.status.success(), "{}", fed.stderr);

    // Counters are judged once an hour: those that were fed, in the next one.
    museum.restart_after(SignedDuration::from_hours(1)).await;
    let keeper = museum.api().with_token(Some(museum.token("manager", Some(VENUE)).await));
    let judged = async |until: &'static str| {
        eventually("both are judged", SOON, async || {
            let (door, garden) = (listed(&keeper, DOOR).await, listed(&keeper, GARDEN).await);
            let is_judged = |device: &Value| device["judged_until"] == until;
            if is_judged(&door) && is_judged(&garden) {
                Ok((door, garden))
            } else {
                Err(format!("{door} {garden}"))
            }
        })
        .await
    };
    // What was fed is learned, and nothing is wrong with hours that nobody has heard of yet.
    let (door, garden) = judged("2026-11-26T17:00:00Z").await;
    assert_eq!(
        (&door["faults"], &garden["faults"]),
        (&Value::Array(vec![]), &Value::Array(vec![]))
    );

    let mut counter = Device::of(&museum, VENUE, DOOR).await;
    says(&mut counter, 1).await;
    let mut beside = Device::of(&museum, VENUE, GARDEN).await;
    says(&mut beside, 2).await;
    // An hour later the counts that came late are read with those of the hour.
    museum.restart_after(SignedDuration::from_hours(1)).await;
    let keeper = museum.api().with_token(Some(museum.token("manager", Some(VENUE)).await));
    let door = eventually("the fault is found", SOON, async || {
        let door = listed(&keeper, DOOR).await;
        if door["faults"] == Value::Array(vec![]) { Err(door.to_string()) } else { Ok(door) }
    })
    .await;
    let fault = &door["faults"][0];
    assert_eq!((&fault["fault"], &fault["over_at"]), (&"TOO_FEW".into(), &Value::Null), "{door}");
    assert_eq!(door["health"], "AT_FAULT");
    let since: Timestamp = fault["since"].as_str().unwrap().parse().unwrap();
    let broken: Timestamp = "2026-11-23T23:00:00Z".parse().unwrap();
    assert!(since >= broken && since < broken + SignedDuration::from_hours(24), "{fault}");
    for language in ["it", "en"] {
        let words = fault["evidence"][language].as_str().unwrap();
        assert!(words.contains(" 4") && words.contains('%'), "{words}");
    }
    let garden = listed(&keeper, GARDEN).await;
    assert_eq!((&garden["faults"], &garden["health"]), (&Value::Array(vec![]), &"GOOD".into()));
    assert_eq!(garden["judged_until"], door["judged_until"]);
    let page = keeper.get(&format!("/v1/devices/{DOOR}")).await.expect(200);
    assert_eq!(
        (&page["device"]["faults"][0], &page["past_faults"]),
        (fault, &Value::Array(vec![]))
    );
}
