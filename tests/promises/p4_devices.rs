//! P4 with a mess of messages: duplicates, messages up to a day out of order, corrections that overtake
//! what they correct, messages beyond the horizon and broken ones, through power cuts. The totals are
//! those of a clean run, in the table and in the lake, and the dead letters account for the rest.
//!
//! `ATRIO_MESS_MESSAGES` sets how many are sent (5,000), `ATRIO_MESS_SEED` repeats a run.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a failed expectation of a test is a panic; a run prints its seed and what it did"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use atrio_domain::device::Model;
use atrio_lake_query::Lake;
use atrio_tests::{Process, count_message, eventually};
use jiff::{SignedDuration, Timestamp, ToSpan};
use serde_json::json;
use tokio::sync::RwLock;

use crate::chance::Chance;
use crate::crash::counters::Counter;

const VENUE: &str = "20240";
/// Counters that speak at the same time.
const AT_ONCE: u64 = 40;
/// Minutes that a counter may look back: the horizon less the time that a run may take.
const MOST_PERIODS: u64 = 70 * 60;
/// A message may be delayed so long behind those that were due with it.
const DELAY_MINUTES: u64 = 24 * 60;
/// The power is cut each time that another quarter was sent.
const POWER_CUTS: u64 = 3;

/// What one counter sends, in order of sending, and what is right afterwards.
struct Plan {
    name: String,
    messages: Vec<Vec<u8>>,
    /// Start of a period → people, as a clean run has it.
    clean: BTreeMap<Timestamp, u64>,
    /// Messages that cannot be counted, and whether their content may be kept.
    broken: BTreeSet<Vec<u8>>,
    persons: usize,
}

fn plan(name: &str, messages: u64, now: Timestamp, chance: &mut Chance) -> Plan {
    // Of a hundred messages 87 are first ones; the rest is the mess.
    let periods = (messages * 87 / 100).clamp(1, MOST_PERIODS);
    let first = now - SignedDuration::from_mins(i64::try_from(periods).unwrap() + 1);
    let mut due: Vec<(u64, Vec<u8>)> = Vec::new();
    let mut plan = Plan {
        name: name.to_owned(),
        messages: Vec::new(),
        clean: BTreeMap::new(),
        broken: BTreeSet::new(),
        persons: 0,
    };
    for period in 0..periods {
        let from = first + i64::try_from(period).unwrap().minutes();
        let counted = |seq: u64, towards: u64, away: u64| {
            let mut message = count_message(name, from, from + 1.minutes(), towards, away);
            message["seq"] = json!(seq);
            message
        };
        let (towards, away) = (chance.below(30), chance.below(30));
        let mut right = towards + away;
        let delay = if chance.percent(10) { chance.below(DELAY_MINUTES) } else { 0 };
        let original = counted(period, towards, away).to_string().into_bytes();
        due.push((period + delay, original.clone()));
        if chance.percent(10) {
            due.push((period + chance.below(DELAY_MINUTES), original));
        }
        if chance.percent(2) {
            // Numbered later, whenever it comes.
            let (towards, away) = (chance.below(30), chance.below(30));
            right = towards + away;
            let correction = counted(periods + period, towards, away).to_string().into_bytes();
            due.push((period + chance.below(DELAY_MINUTES), correction));
        }
        plan.clean.insert(from, right);
        if chance.percent(3) {
            let mut broken = counted(period, towards, away);
            broken["id"] = json!(format!("urn:broken:{name}:{period}"));
            let payload = break_it(&mut broken, now, chance);
            if broken.get("macAddress").is_some() {
                plan.persons += 1;
            } else {
                plan.broken.insert(payload.clone());
            }
            due.push((period, payload));
        }
    }
    due.sort_by_key(|(when, _)| *when);
    plan.messages = due.into_iter().map(|(_, message)| message).collect();
    plan
}

/// One of the ways in which a message cannot be counted.
fn break_it(message: &mut serde_json::Value, now: Timestamp, chance: &mut Chance) -> Vec<u8> {
    let mut move_to = |from: Timestamp| {
        message["dateObserved"] = json!(from.to_string());
        message["dateObservedFrom"] = json!(from.to_string());
        message["dateObservedTo"] = json!((from + 1.minutes()).to_string());
    };
    match chance.below(6) {
        // A third of them, as one in a hundred of all.
        0 | 1 => move_to(now - 80.hours()),
        2 => move_to(now + 5.hours()),
        3 => message["peopleCount"] = json!(-1),
        4 => message["macAddress"] = json!("02:00:00:00:00:01"),
        _ => {
            let mut cut = message.to_string().into_bytes();
            cut.pop();
            return cut;
        }
    }
    message.to_string().into_bytes()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mess_of_messages_gives_the_totals_of_a_clean_run() {
    let (mut chance, seed) = Chance::of_this_run("ATRIO_MESS_SEED");
    let wanted: u64 =
        std::env::var("ATRIO_MESS_MESSAGES").map_or(5_000, |number| number.parse().unwrap());
    let counters = AT_ONCE.max(wanted / MOST_PERIODS);
    let museum = Process::fresh().await;
    // Periods begin on a second, as they are kept.
    let now = Timestamp::from_second(museum.now().as_second()).unwrap();
    let plans: Vec<Plan> = (0..counters)
        .map(|number| plan(&format!("mess-{number:03}"), wanted / counters, now, &mut chance))
        .collect();
    let sent: u64 = plans.iter().map(|plan| plan.messages.len() as u64).sum();
    println!("seed {seed}: {sent} messages of {counters} counters");
    let museum = Arc::new(RwLock::new(museum));
    let mut senders = Vec::new();
    let acknowledged = Arc::new(AtomicU64::new(0));
    for plan in &plans {
        let mut counter = Counter::enrolled(&museum, VENUE, &plan.name).await;
        let (messages, acknowledged) = (plan.messages.clone(), Arc::clone(&acknowledged));
        senders.push(async move {
            let mut refused = 0_usize;
            for message in messages {
                refused += usize::from(counter.publish_bytes(&message).await.is_some());
                acknowledged.fetch_add(1, Ordering::Relaxed);
            }
            refused
        });
    }
    let begun = Instant::now();
    let senders: Vec<_> = senders.into_iter().map(tokio::spawn).collect();
    for cut in 1..=POWER_CUTS {
        while acknowledged.load(Ordering::Relaxed) < sent * cut / (POWER_CUTS + 1) {
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
        museum.write().await.restart().await;
    }
    let mut refused = 0;
    for sender in senders {
        refused += sender.await.unwrap();
    }
    println!("sent in {:?}, through {POWER_CUTS} power cuts", begun.elapsed());
    let museum = Arc::into_inner(museum).unwrap().into_inner();
    let broken: usize = plans.iter().map(|plan| plan.broken.len() + plan.persons).sum();
    assert_eq!(refused, broken, "each message that cannot be counted is told so, and no other");
    the_table_is_that_of_a_clean_run(&museum, &plans).await;
    dead_letters_account_for_the_rest(&museum, &plans).await;
    the_lake_is_that_of_a_clean_run(&museum, &plans).await;
}

async fn the_table_is_that_of_a_clean_run(museum: &Process, plans: &[Plan]) {
    let store = museum.store();
    for plan in plans {
        let device = plan.name.parse().unwrap();
        let (from, to) = (museum.now() - 100.hours(), museum.now() + 100.hours());
        let found = store.counts(&device, Model::CrowdFlowObserved, from, to).await.unwrap();
        let found: BTreeMap<Timestamp, u64> = found
            .iter()
            .map(|stored| (stored.record.period_start, stored.record.people().unwrap().count))
            .collect();
        assert_eq!(found, plan.clean, "{}", plan.name);
        let state = store.device_state(&device).await.unwrap().unwrap();
        let last = state.counted.unwrap().period_start;
        assert_eq!(Some(&last), plan.clean.keys().last(), "{} was moved back", plan.name);
    }
}

async fn dead_letters_account_for_the_rest(museum: &Process, plans: &[Plan]) {
    let day = museum.now().to_zoned_datetime(jiff::tz::TimeZone::UTC).date();
    let letters = museum.store().dead_letters(day).await.unwrap();
    for plan in plans {
        let own = || letters.iter().filter(|letter| letter.client_id == plan.name);
        // What a power cut kept from being acknowledged came again: the same letter twice is one.
        let kept: BTreeSet<Vec<u8>> = own().filter_map(|letter| letter.payload.clone()).collect();
        assert_eq!(kept, plan.broken, "{}", plan.name);
        let persons = own().filter(|letter| letter.code == "person-level-data");
        let again = usize::try_from(POWER_CUTS).unwrap();
        let count = persons.filter(|letter| letter.payload.is_none()).count();
        assert!((plan.persons..=plan.persons + again).contains(&count), "{}: {count}", plan.name);
    }
}

async fn the_lake_is_that_of_a_clean_run(museum: &Process, plans: &[Plan]) {
    let clean: u64 = plans.iter().flat_map(|plan| plan.clean.values()).sum();
    let clean = i64::try_from(clean).unwrap();
    let current = "SELECT coalesce(sum(people_count), 0) FROM (SELECT people_count, row_number() OVER \
                   (PARTITION BY device, model, period_start ORDER BY version DESC) AS latest FROM counts) \
                   WHERE latest = 1";
    let patience = std::time::Duration::from_secs(60 + u64::try_from(clean).unwrap() / 100_000);
    eventually("the lake has the totals of a clean run", patience, async || {
        let lake = Lake::open(museum.run.lake.as_str()).await.map_err(|error| error.to_string())?;
        match lake.figure(current).await {
            Ok(people) if people == clean => Ok(()),
            other => Err(format!("{other:?}, not {clean}")),
        }
    })
    .await;
    museum.lake_agrees().await;
}
