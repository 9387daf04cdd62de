//! P1, P2, P4 and P6 against crowds and power cuts: a hundred buyers for ten places, twenty times
//! with `kill -9` at a moment nobody chose, while counters at the doors go on counting. Whatever
//! anyone was told must still be true afterwards, in the table, in the provider's book and in the
//! lake, the last read by a program that is not ours.
//!
//! `ATRIO_CRASH_SEED` repeats a run's choices, if not its timing; `ATRIO_CRASH_ROUNDS` makes it
//! longer, up to 40 rounds.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a failed expectation of a test is a panic; a run prints its seed, rounds and times"
)]

mod buyers;
pub(crate) mod counters;
mod ledger;

use std::collections::BTreeSet;
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use atrio_domain::booking::BookingState;
use atrio_domain::id::{ProductId, VenueId};
use atrio_domain::slot::Places;
use atrio_tests::{Api, Options, Process, eventually};
use jiff::{SignedDuration, ToSpan};
use serde_json::Value;
use tokio::sync::{RwLock, watch};

use crate::chance::Chance;
use buyers::{Buyer, Plan, Told};
use counters::Counter;
use ledger::{Book, Ledger, Reading};

/// A Saturday whose next open days lie in two months, so that the lake has two partitions.
const NOW: &str = "2026-11-28T10:05:00+01:00";

const PLACES: u32 = 10;
const BUYERS: usize = 100;
const ROUNDS: usize = 20;
const COUNTERS: [&str; 3] = ["crash-north", "crash-south", "crash-west"];

/// Longer than a hold, 15 minutes, and than the provider's page, 10.
const AFTER_EVERY_HOLD: SignedDuration = SignedDuration::from_secs(16 * 60 + 30);

/// How long upkeep may take to set everything right once it is due.
const SETTLED_WITHIN: Duration = Duration::from_secs(60);

async fn platform() -> Process {
    Process::start(Options { now: NOW.parse().unwrap(), ..Options::default() }).await
}

/// A museum with ten places an hour and an entrance price, and its next untouched slots.
async fn small_museum(api: &Api, slots: usize) -> (String, Vec<String>) {
    let venues = api.get("/v1/venues").await.expect(200);
    for venue in venues["venues"].as_array().unwrap() {
        if venue["kind"] != "MUSEUM" || venue["full_price_cents"] == 0 {
            continue;
        }
        let id = venue["id"].as_str().unwrap();
        let path = format!(
            "/v1/venues/{id}/availability?product_id=admission&from=2026-11-29&to=2026-12-05"
        );
        let calendar = api.get(&path).await.expect(200);
        let untouched: Vec<String> = priced_slots(&calendar).take(slots).collect();
        if untouched.len() == slots {
            return (id.to_owned(), untouched);
        }
    }
    unreachable!("the sample has small museums");
}

fn priced_slots(calendar: &Value) -> impl Iterator<Item = String> {
    let days = calendar["days"].as_array().into_iter().flatten();
    let priced = days.filter(|day| {
        let prices = day["prices"].as_array().into_iter().flatten();
        prices.into_iter().any(|p| p["unit_id"] == "adult" && p["price_cents"] != 0)
    });
    priced
        .flat_map(|day| day["slots"].as_array().into_iter().flatten())
        .filter(|slot| slot["capacity"] == PLACES && slot["vacancies"] == PLACES)
        .map(|slot| slot["id"].as_str().unwrap().to_owned())
}

fn rounds_of_this_run() -> usize {
    std::env::var("ATRIO_CRASH_ROUNDS").map_or(ROUNDS, |rounds| rounds.parse().unwrap())
}

/// What the table counts for a slot.
async fn places(platform: &Process, venue: &str, slot: &str) -> Places {
    let (venue, product) = (VenueId::new(venue).unwrap(), ProductId::new("admission").unwrap());
    let day = slot.parse::<atrio_domain::id::SlotId>().unwrap();
    let slots = platform.store().slots(&venue, &product, day.day(), day.day()).await.unwrap();
    let untouched = Places { capacity: PLACES, taken: 0 };
    slots.get(&day).map_or(untouched, |stored| stored.places)
}

/// All buyers come at the same moment.
fn rush(
    address: &str,
    venue: &str,
    slot: &str,
    plans: Vec<Plan>,
) -> Vec<tokio::task::JoinHandle<Told>> {
    let buyers: Vec<_> = plans.into_iter().map(|plan| (Buyer::new(address), plan)).collect();
    let (venue, slot): (Arc<str>, Arc<str>) = (venue.into(), slot.into());
    let spawn = |(buyer, plan): (Buyer, Plan)| {
        let (venue, slot) = (Arc::clone(&venue), Arc::clone(&slot));
        tokio::spawn(async move { buyer.buy(&venue, &slot, plan).await })
    };
    buyers.into_iter().map(spawn).collect()
}

async fn all(buyers: Vec<tokio::task::JoinHandle<Told>>) -> Vec<Told> {
    let mut told = Vec::with_capacity(buyers.len());
    for buyer in buyers {
        told.push(buyer.await.unwrap());
    }
    told
}

/// What is wrong with refusals and with answers that nobody should get.
fn odd_answers(told: &[Told]) -> Vec<String> {
    let mut odd = Vec::new();
    for told in told {
        odd.extend(told.surprises.iter().cloned());
        odd.extend(told.faults.iter().cloned());
        let Some(refusal) = &told.refusal else { continue };
        let sold_out = refusal["type"].as_str().is_some_and(|kind| kind.ends_with("/sold-out"));
        if !sold_out || refusal["vacancies"] != 0 || refusal["errors"][0]["fix"].is_null() {
            odd.push(format!("P8: refused without a usable reason: {refusal}"));
        }
    }
    odd
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_buyers_for_ten_places_leave_with_ten_tickets_and_ninety_reasons() {
    let platform = platform().await;
    let (venue, slots) = small_museum(&platform.api(), 1).await;
    let begun = Instant::now();
    let buyers = rush(&platform.run.http, &venue, &slots[0], vec![Plan::Pay; BUYERS]);
    let told = all(buyers).await;
    println!("{BUYERS} buyers were served in {:?}", begun.elapsed());

    assert_eq!(odd_answers(&told), [""; 0]);
    let confirmed: Vec<&Told> = told.iter().filter(|told| told.confirmed).collect();
    assert_eq!(confirmed.len(), PLACES as usize, "{told:?}");
    assert!(confirmed.iter().all(|told| told.tickets.len() == 1), "{confirmed:?}");
    let tickets: BTreeSet<&String> = confirmed.iter().flat_map(|told| &told.tickets).collect();
    assert_eq!(tickets.len(), PLACES as usize);
    assert_eq!(told.iter().filter(|told| told.refusal.is_some()).count(), BUYERS - PLACES as usize);
    assert_eq!(
        places(&platform, &venue, &slots[0]).await,
        Places { capacity: PLACES, taken: PLACES }
    );
    let ledger = Ledger::read(&platform.store()).await;
    let broken =
        [ledger.oversold(), ledger.stray_tickets(), ledger.unlike(&Book::read(platform.data()))];
    assert_eq!(broken.concat(), [""; 0]);
    platform.nothing_left_over().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_first_start_that_was_cut_off_is_finished_by_the_next() {
    let mut platform = platform().await;
    let (store, api) = (platform.store(), platform.api());
    let venues =
        async || api.get("/v1/venues").await.expect(200)["venues"].as_array().unwrap().len();
    let all = venues().await;
    // As a power cut between two batches of the seed leaves it.
    let later = store.venues().await.unwrap().split_off(100);
    for venue in &later {
        let key = atrio_dynamo::key("VENUE", venue.id.as_str());
        store.transact(vec![store.delete(key).unwrap()]).await.unwrap();
    }
    platform.restart().await;
    assert_eq!((venues().await, later.len()), (all, all - 100));
}

/// P6: what buyers were told is what the table holds.
fn broken_words(told: &[Told], ledger: &Ledger) -> Vec<String> {
    let mut broken = Vec::new();
    for told in told {
        let state = ledger.state(&told.uuid);
        let mut owe = |what: &str, kept: bool| {
            if !kept {
                broken.push(format!("P6: {} was told {what}, the table says {state:?}", told.uuid));
            }
        };
        owe("that it is held", !told.held || state.is_some());
        owe("that it is sold out", told.refusal.is_none() || state.is_none());
        owe(
            "that it is cancelled",
            !told.cancelled || matches!(state, Some(BookingState::Cancelled { .. })),
        );
        owe(
            "that it is confirmed",
            !told.confirmed || matches!(state, Some(BookingState::Confirmed { .. })),
        );
        if told.confirmed {
            let kept = &ledger.bookings[&told.uuid].tickets;
            let kept: Vec<String> = kept.iter().map(ToString::to_string).collect();
            owe("the ids of its tickets", !kept.is_empty() && kept == told.tickets);
        }
    }
    broken
}

/// The rounds: who was told what, and what was seen to be wrong on the way.
struct Rounds {
    platform: Arc<RwLock<Process>>,
    address: String,
    venue: String,
    chance: Chance,
    told: Vec<Told>,
    wrong: Vec<String>,
}

impl Rounds {
    /// One slot, a hundred buyers, and a power cut so long after they came, if any.
    async fn round(&mut self, slot: &str, cut: Option<Duration>) -> Duration {
        let chance = &mut self.chance;
        let mut plan = || if cut.is_some() { Plan::drawn(chance.below(20)) } else { Plan::Pay };
        let plans = (0..BUYERS).map(|_| plan()).collect();
        let begun = Instant::now();
        let buyers = rush(&self.address, &self.venue, slot, plans);
        let mut ready = Duration::ZERO;
        if let Some(cut) = cut {
            tokio::time::sleep(cut.saturating_sub(begun.elapsed())).await;
            let pid = self.platform.read().await.pid().unwrap().to_string();
            assert!(Command::new("kill").args(["-9", &pid]).status().unwrap().success());
            let killed = Instant::now();
            self.platform.write().await.restart().await;
            ready = killed.elapsed();
        }
        let told = all(buyers).await;
        let took = begun.elapsed();
        let now = places(&*self.platform.read().await, &self.venue, slot).await;
        if now.taken > PLACES {
            self.wrong.push(format!("P1: slot {slot} has {now:?} after its round"));
        }
        let count = |which: fn(&Told) -> bool| told.iter().filter(|told| which(told)).count();
        println!(
            "{slot}: cut {cut:?}, ready again after {ready:.0?}, took {took:.1?}: {} held, {} confirmed, \
             {} refused, {} requests unanswered; {} places taken",
            count(|told| told.held),
            count(|told| told.confirmed),
            count(|told| told.refusal.is_some()),
            told.iter().map(|told| told.unanswered).sum::<u32>(),
            now.taken,
        );
        self.told.extend(told);
        took
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn twenty_power_cuts_oversell_nothing_lose_nothing_and_leak_nothing() {
    let begun = Instant::now();
    let (mut chance, seed) = Chance::of_this_run("ATRIO_CRASH_SEED");
    println!("ATRIO_CRASH_SEED={seed}");
    let process = platform().await;
    let address = process.run.http.clone();
    let cuts = rounds_of_this_run();
    let (venue, slots) = small_museum(&process.api(), cuts + 1).await;
    let first_period = process.now().round(jiff::Unit::Minute).unwrap() - 48.hours();
    let platform = Arc::new(RwLock::new(process));

    let (stop, stopped) = watch::channel(false);
    let mut counting = Vec::new();
    for name in COUNTERS {
        let counter = Counter::enrolled(&platform, &venue, name).await;
        let run = counter.run(first_period, chance.fork(), stopped.clone());
        counting.push(tokio::spawn(run));
    }
    let (told, wrong) = (Vec::new(), Vec::new());
    let mut rounds =
        Rounds { platform: Arc::clone(&platform), address, venue, chance, told, wrong };
    let needed = rounds.round(&slots[0], None).await;
    for slot in &slots[1..] {
        let cut = rounds.chance.below(u64::try_from(needed.as_micros()).unwrap());
        rounds.round(slot, Some(Duration::from_micros(cut))).await;
    }
    println!("{cuts} power cuts: {:.1?} from the start", begun.elapsed());

    // The last cut comes while the counters speak; the clock then shows a time when every hold and
    // every payment that nobody ended has to end by itself.
    platform.write().await.restart_after(AFTER_EVERY_HOLD).await;
    stop.send(true).unwrap();
    let mut acknowledged = BTreeSet::new();
    let (mut people, mut repeated) = (0, 0);
    for counter in counting {
        let counted = counter.await.unwrap();
        rounds.wrong.extend(counted.refused);
        acknowledged.extend(counted.acknowledged);
        people += i64::try_from(counted.people).unwrap();
        repeated += counted.repeated;
    }
    let mut platform = platform.write().await;
    let settled = settled(&platform).await;
    println!("everything due was done: {:.1?} from the start", begun.elapsed());
    let figures = platform.lake_agrees().await;
    let (status, _) = platform.stop().await;
    assert!(status.success(), "{status}");
    let compacted = platform.command(&["lake", "compact"]).await;
    assert!(compacted.status.success(), "{}", compacted.stderr);
    let (agrees, comparison) = platform.lake_verify().await;
    assert!(agrees, "after a stop and a compaction: {comparison}");

    let Rounds { told, mut wrong, .. } = rounds;
    let ledger = settled;
    let book = Book::read(platform.data());
    wrong.extend(odd_answers(&told));
    wrong.extend(broken_words(&told, &ledger));
    wrong.extend(ledger.oversold());
    wrong.extend(ledger.leaked());
    wrong.extend(ledger.stray_tickets());
    wrong.extend(ledger.unlike(&book));
    let reading = Reading::of(&platform.data().join("lake"));
    wrong.extend(reading.unlike(&ledger));
    wrong.extend(ledger.unlike_acknowledged(&acknowledged));
    if reading.periods() != acknowledged || reading.number("people") != people {
        wrong.push(format!(
            "P4: {} messages with {people} people were acknowledged, the lake has {} with {}",
            acknowledged.len(),
            reading.periods().len(),
            reading.number("people"),
        ));
    }
    assert_eq!(wrong, [""; 0], "with ATRIO_CRASH_SEED={seed}");
    assert_eq!(ledger.slots.len(), slots.len());
    let (payments, refunded) = book.sizes();
    println!(
        "{} buyers, {} bookings, {} confirmed, {payments} payments, {refunded} refunded, {} messages \
         acknowledged, {repeated} repeated; {figures}; {:.1?} in all",
        told.len(),
        ledger.bookings.len(),
        ledger.confirmed().count(),
        acknowledged.len(),
        begun.elapsed(),
    );
}

/// Waits until nothing is open any more, and answers what the table holds then.
async fn settled(platform: &Process) -> Ledger {
    let store = platform.store();
    eventually("every hold and payment has ended", SETTLED_WITHIN, async || {
        let ledger = Ledger::read(&store).await;
        let open = [ledger.open(), ledger.leaked(), ledger.unlike(&Book::read(platform.data()))];
        let open = open.concat();
        if open.is_empty() { Ok(ledger) } else { Err(open.join("; ")) }
    })
    .await
}
