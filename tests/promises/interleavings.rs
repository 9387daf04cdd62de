//! P1, P2, P3 and P6 in every order that chance thinks of. The functions themselves work on an embedded
//! table behind a line on which the test decides, call by call, whose call goes through next and what
//! becomes of it: done, lost on the way, lost on the way back, throttled, met by another transaction, or
//! the last of a caller that dies there. Whoever dies or hears nothing asks again later, and others ask
//! again for no reason. After each write everything that the table holds must fit together, every
//! answer ever given must still be true, and at rest the bank's book must say the same.
//!
//! A run is repeated by `ATRIO_INTERLEAVING=seed`; `ATRIO_INTERLEAVINGS` says how many are played.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a failed expectation of a test is a panic; a run prints its seed and what it saw"
)]

mod bank;
mod line;
mod platform;
mod request;
mod table;
mod world;

use std::time::{Duration, Instant};

use atrio_domain::booking::{Booking, BookingState, Channel};
use atrio_domain::id::CallerUuid;
use atrio_domain::payment::ProviderOutcome;
use atrio_domain::shift::ShiftState;
use atrio_domain::tariff::Cents;
use jiff::SignedDuration;

use crate::chance::Chance;
use line::Luck;
use request::{Party, Request};
use world::World;

/// Steps of one run, and most callers at once.
const STEPS: usize = 600;
const AT_ONCE: usize = 4;

/// Most bookings of one run: enough to fill both slots several times over.
const BOOKINGS: usize = 24;

/// How long runs are begun where their number is not named.
const PLAYED_FOR: Duration = Duration::from_secs(15);

/// Of one day, and one of a dearer and of a cheaper day.
const SLOTS: [&str; 4] =
    ["2026-11-24T10:00", "2026-11-24T11:00", "2026-11-25T10:00", "2026-11-26T10:00"];
const GATES: [&str; 2] = ["north", "south"];
const DESKS: [&str; 2] = ["window-1", "window-2"];
const PARTIES: [Party; 6] = [
    &[("adult", 1)],
    &[("adult", 2)],
    &[("adult", 4)],
    &[("adult", 1), ("child", 1)],
    &[("minor", 1)],
    &[("minor", 3)],
];

#[tokio::test(flavor = "current_thread")]
async fn whatever_the_order_and_whatever_is_lost_all_books_agree() {
    // A refusal means that one is chosen.
    let _ = rustls::crypto::ring::default_provider().install_default();
    if let Ok(seed) = std::env::var("ATRIO_INTERLEAVING") {
        println!("{}", play(seed.parse().unwrap()).await);
        return;
    }
    let (mut chance, seed) = Chance::of_this_run("ATRIO_INTERLEAVINGS_SEED");
    println!("ATRIO_INTERLEAVINGS_SEED={seed} plays these runs");
    let number = std::env::var("ATRIO_INTERLEAVINGS").ok().map(|number| number.parse().unwrap());
    let begun = Instant::now();
    let mut played = 0;
    while number.map_or(begun.elapsed() < PLAYED_FOR, |number: usize| played < number) {
        play(chance.next()).await;
        played += 1;
    }
    println!("{played} runs in {:?}", begun.elapsed());
    assert!(played > 0, "no run was played");
}

/// One run; answers its story.
async fn play(seed: u64) -> String {
    let begun = Instant::now();
    let mut world = World::of(seed).await;
    for _ in 0..STEPS {
        let is_room = world.at_work() < AT_ONCE;
        if world.at_work() == 0 || (is_room && world.chance.percent(40)) {
            begin_something(&mut world).await;
        } else {
            world.serve_one().await;
        }
    }
    let summary = world.come_to_rest().await;
    println!("{seed}: {summary} in {:?}", begun.elapsed());
    let story = world.story();
    world.close().await;
    story
}

#[tokio::test(flavor = "current_thread")]
async fn an_opening_asked_for_again_while_others_hold_the_shift_is_not_refused_for_itself() {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let mut world = World::of(1).await;
    let shift = world.fresh();
    let opening = Request::OpenShift { shift, desk: DESKS[0] };
    let first = world.ask(opening.clone()).await;
    assert_eq!(world.serve_to_the_end(first, None).await.0, 201);
    // A sale of that shift is being written: of the shift itself nothing is told.
    let again = world.ask(opening).await;
    assert_eq!(world.serve_to_the_end(again, Some(Luck::MetPartly(1))).await.0, 200);
    world.close().await;
}

#[tokio::test(flavor = "current_thread")]
async fn a_visit_given_up_while_its_day_is_called_off_is_not_said_to_be_called_off() {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let mut world = World::of(1).await;
    let uuid = world.fresh();
    let wish = Request::Hold { uuid, slot: SLOTS[1], party: &[("minor", 1)], channel: "WEB" };
    for request in [wish, Request::ConfirmFree(uuid)] {
        let visitor = world.ask(request).await;
        world.serve_to_the_end(visitor, None).await;
    }
    world.close_the_day().await;
    let manager = world.ask(Request::CallOffTheDay).await;
    // The visit is on the manager's list when the visitor gives it up.
    world.serve_until(manager, "Query").await;
    let visitor = world.ask(Request::GiveUp(uuid)).await;
    assert_eq!(world.serve_to_the_end(visitor, None).await.0, 200);
    let (status, said) = world.serve_to_the_end(manager, None).await;
    assert_eq!(status, 200, "{said}");
    assert_eq!(said["called_off"], serde_json::json!([]), "{said}");
    world.close().await;
}

async fn begin_something(world: &mut World) {
    if world.chance.percent(8) {
        let seconds = *world.chance.one_of(&[1, 25, 131, 377, 623]);
        world.wait(SignedDuration::from_secs(seconds));
    }
    if world.chance.percent(18) && world.ask_for_an_old_thing().await.is_some() {
        return;
    }
    if let Some(request) = something_new(world) {
        world.ask(request).await;
    }
    // Others are at the same booking at the same moment.
    while world.chance.percent(45) && world.at_work() < AT_ONCE {
        let bookings = world.bookings();
        let same = bookings.iter().find(|stored| Some(stored.booking.uuid) == world.last);
        let Some(same) = same else { return };
        if let Some(request) = next_step(world, &same.booking, &same.tickets) {
            world.ask(request).await;
        }
    }
}

fn something_new(world: &mut World) -> Option<Request> {
    match world.chance.below(100) {
        0..5 => Some(Request::Upkeep),
        5..8 => {
            let shift = world.fresh();
            let desk = *world.chance.one_of(&DESKS);
            Some(Request::OpenShift { shift, desk })
        }
        8 => some_shift(world, false).map(Request::CloseShift),
        9..14 => {
            let entries: Vec<_> = world.table.entries.values().cloned().collect();
            let entry = pick(world, &entries)?;
            Some(Request::Undo { nonce: entry.uuid, gate: entry.gate.as_str().to_owned() })
        }
        // The bank says so late, or again.
        14..18 => {
            let payments = world.payments();
            let payment = pick(world, &payments)?;
            world.choose(&payment, ProviderOutcome::Paid)
        }
        18..38 if world.table.bookings.len() < BOOKINGS => {
            let uuid = world.fresh();
            let channel = *world.chance.one_of(&["WEB", "WEB", "TOTEM", "DESK"]);
            // Most want the same two, so that these fill up.
            let near = if world.chance.percent(80) { &SLOTS[..2] } else { &SLOTS[..] };
            let (slot, party) = (*world.chance.one_of(near), *world.chance.one_of(&PARTIES));
            Some(Request::Hold { uuid, slot, party, channel })
        }
        // What is begun in the place of another booking goes on.
        38..54 => {
            let mut begun = world.bookings();
            begun.retain(|stored| {
                let booking = &stored.booking;
                booking.replaces.is_some() && stored.tickets.is_empty() && booking.takes_places()
            });
            let stored = pick(world, &begun)?;
            world.last = Some(stored.booking.uuid);
            next_step(world, &stored.booking, &stored.tickets)
        }
        _ => {
            let bookings = world.bookings();
            let stored = world.one_of_late(&bookings)?;
            world.last = Some(stored.booking.uuid);
            next_step(world, &stored.booking, &stored.tickets)
        }
    }
}

/// What may be asked of a booking, rightly or not.
fn next_step(
    world: &mut World,
    booking: &Booking,
    tickets: &[atrio_domain::id::TicketId],
) -> Option<Request> {
    let uuid = booking.uuid;
    if world.chance.percent(4) {
        return Some(Request::GiveUp(uuid));
    }
    let is_free = booking.due() == Cents::ZERO;
    match &booking.state {
        BookingState::Paying { payment, .. } => {
            let choice = if world.chance.percent(70) {
                ProviderOutcome::Paid
            } else {
                ProviderOutcome::Declined
            };
            let says = world.choose(payment.as_str(), choice);
            // Now and then it says nothing, and is asked.
            says.filter(|_| world.chance.percent(80))
        }
        BookingState::OnHold { .. } if booking.channel == Channel::Desk => {
            let shift = some_shift(world, true)?;
            let method = if is_free { "FREE" } else { *world.chance.one_of(&["CASH", "CARD"]) };
            Some(Request::Sell { shift, booking: uuid, method })
        }
        BookingState::OnHold { .. } if is_free => Some(Request::ConfirmFree(uuid)),
        BookingState::OnHold { .. } => Some(Request::StartPayment(uuid)),
        BookingState::Confirmed { .. } | BookingState::Cancelled { .. } => {
            let ticket = pick(world, tickets)?;
            let request = world.fresh();
            let gate = *world.chance.one_of(&GATES);
            Some(match world.chance.below(44) {
                20..36 => {
                    let slot = *world.chance.one_of(&SLOTS);
                    Request::Exchange { old: uuid, uuid: request, slot }
                }
                36.. => Request::GiveBack { booking: uuid, request, ticket },
                0..7 => Request::Redeem { nonce: request, ticket, gate },
                7..10 => Request::FileOffline { nonce: request, ticket, gate, at: world.now },
                10..14 => Request::Reissue { booking: uuid, ticket, request },
                14..17 => Request::GiveUp(uuid),
                _ => {
                    let sales: Vec<_> = world.table.sales.keys().copied().collect();
                    match sales.into_iter().find(|(_, sold)| *sold == uuid) {
                        Some((shift, booking)) => Request::Void { shift, booking },
                        None => Request::CallOff(uuid),
                    }
                }
            })
        }
        BookingState::Expired { .. } => Some(Request::StartPayment(uuid)),
    }
}

fn some_shift(world: &mut World, is_open: bool) -> Option<CallerUuid> {
    let shifts = world
        .table
        .shifts
        .values()
        .filter(|stored| !is_open || matches!(stored.shift.state, ShiftState::Open));
    let shifts: Vec<_> = shifts.map(|stored| stored.shift.uuid).collect();
    pick(world, &shifts)
}

fn pick<T: Clone>(world: &mut World, of: &[T]) -> Option<T> {
    (!of.is_empty()).then(|| world.chance.one_of(of).clone())
}
