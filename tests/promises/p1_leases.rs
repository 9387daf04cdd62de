//! P1, P2 and P6 with desks that sell by themselves: two of them with leases and a crowd in the shop want
//! the places of one slot, while lines are cut and programs are killed at moments nobody chose. Never more
//! places are taken than there are, every ticket that a clerk saw is a confirmed booking once its sale is
//! in, each drawer has what was taken, and what was not sold is in the shop again.
//!
//! `ATRIO_LEASE_SEED` repeats a run's choices, if not its timing; `ATRIO_LEASE_ROUNDS` makes it longer.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a failed expectation of a test is a panic; a run prints its seed"
)]

use std::collections::BTreeMap;
use std::time::Duration;

use atrio_domain::id::{ProductId, SlotId, VenueId};
use atrio_tests::{
    Api, Clerk, DeskProgram, Manager, Process, SOON, Visitor, Wish, eventually, fresh_uuid,
};
use serde_json::{Value, json};

use crate::chance::Chance;

const VENUE: &str = "20240";
const SLOT: &str = "2026-11-24T11:00";
const CAPACITY: u32 = 50;
const LEASED: u32 = 18;
const ROUNDS: u64 = 8;
const PARTIES_A_ROUND: usize = 3;

/// A party at a window, and what the clerk saw.
#[derive(Debug, Clone)]
struct Party {
    body: Value,
    seen: Option<Value>,
    is_over: bool,
}

/// A window with everyone who came to it.
struct Window {
    desk: DeskProgram,
    lease: String,
    shift: String,
    parties: Vec<Party>,
}

impl Window {
    async fn open(museum: &Process, name: &str) -> Self {
        let desk = DeskProgram::open(museum, VENUE, name, &[]).await;
        let lease = desk.leases(SLOT, LEASED).await;
        let shift = desk.opens_shift(0).await;
        Self { desk, lease, shift, parties: Vec::new() }
    }

    fn more_come(&mut self, chance: &mut Chance) {
        for _ in 0..PARTIES_A_ROUND {
            let (unit, method) = *chance.one_of(&[("adult", "CASH"), ("minor", "FREE")]);
            let people = 1 + u32::try_from(chance.below(2)).unwrap();
            let body = self.desk.party(&fresh_uuid(), SLOT, &[(unit, people)], method);
            self.parties.push(Party { body, seen: None, is_over: false });
        }
    }

    fn saw(&self) -> impl Iterator<Item = &Value> {
        self.parties.iter().filter_map(|party| party.seen.as_ref())
    }
}

/// Sells to who has not been served, each under its own uuid however often it is tried.
async fn serve(page: Api, parties: &mut [Party]) {
    for party in parties.iter_mut().filter(|party| party.seen.is_none() && !party.is_over) {
        match page.try_post("/v1/desk/sales", &party.body).await {
            Ok(answer) if [200, 201].contains(&answer.status) => party.seen = Some(answer.json()),
            Ok(answer) => {
                answer.expect_problem(409, "sold-out", "units");
                party.is_over = true;
            }
            // The program went down: the clerk tries again when it is back.
            Err(_) => return,
        }
    }
}

/// Everyone in the shop asks and confirms; who gets no answer asks again later.
async fn shop(api: &Api, requests: &[Value]) {
    for body in requests {
        let uuid = body["uuid"].as_str().unwrap();
        if api.try_post("/v1/bookings", body).await.is_err() {
            return;
        }
        // Refused where nothing was held.
        let _ = api.try_post(&format!("/v1/bookings/{uuid}/confirm"), &json!({})).await;
    }
}

async fn taken(museum: &Process) -> u32 {
    let (venue, product) = (VenueId::new(VENUE).unwrap(), ProductId::new("admission").unwrap());
    let slot: SlotId = SLOT.parse().unwrap();
    let slots = museum.store().slots(&venue, &product, slot.day(), slot.day()).await.unwrap();
    slots.get(&slot).map_or(0, |stored| stored.places.taken)
}

/// Places of a booking that is confirmed; none of one that never was.
async fn confirmed(api: &Api, uuid: &str) -> u32 {
    let answer = api.get(&format!("/v1/bookings/{uuid}")).await;
    if answer.status == 404 {
        return 0;
    }
    let booking = answer.expect(200);
    if booking["status"] != "CONFIRMED" {
        return 0;
    }
    let units = booking["units"].as_array().unwrap().iter();
    units.map(|unit| u32::try_from(unit["quantity"].as_u64().unwrap()).unwrap()).sum()
}

async fn make_room(museum: &Process) {
    let manager = Manager::of(museum, VENUE).await;
    let (mut product, tag) = manager.reads("products/admission").await;
    product["capacity"] = json!(CAPACITY);
    manager.changes("products/admission", &tag, &product).await.expect(200);
}

#[tokio::test]
async fn two_desks_and_a_shop_never_sell_more_than_there_is_whoever_is_killed() {
    let (mut chance, seed) = Chance::of_this_run("ATRIO_LEASE_SEED");
    println!("ATRIO_LEASE_SEED={seed}");
    let rounds = std::env::var("ATRIO_LEASE_ROUNDS").map_or(ROUNDS, |n| n.parse().unwrap());
    let mut museum = Process::fresh().await;
    make_room(&museum).await;
    let mut one = Window::open(&museum, "window-1").await;
    let mut two = Window::open(&museum, "window-2").await;
    let mut visitors: Vec<Value> = Vec::new();
    for _ in 0..rounds {
        one.more_come(&mut chance);
        two.more_come(&mut chance);
        let first = visitors.len();
        for _ in 0..4 {
            let people = 1 + u32::try_from(chance.below(2)).unwrap();
            let wish = Wish::at(VENUE, SLOT, &[("minor", people)]);
            visitors.push(Visitor::of(&museum).request(&fresh_uuid(), &wish));
        }
        for line in [&one.desk.line, &two.desk.line] {
            if chance.percent(50) { line.cut() } else { line.mend() }
        }
        let (page_one, page_two) = (one.desk.page.clone(), two.desk.page.clone());
        let (victim, pause) = (chance.below(3), Duration::from_millis(chance.below(120)));
        let api = museum.api();
        let selling = async {
            tokio::join!(
                serve(page_one, &mut one.parties),
                serve(page_two, &mut two.parties),
                shop(&api, &visitors[first..]),
            )
        };
        let killing = async {
            tokio::time::sleep(pause).await;
            match victim {
                0 => museum.kill9(),
                1 => one.desk.kill9(),
                _ => two.desk.kill9(),
            }
        };
        tokio::join!(selling, killing);
        match victim {
            0 => museum.restart().await,
            1 => one.desk.restart().await,
            _ => two.desk.restart().await,
        }
        let taken = taken(&museum).await;
        assert!(taken <= CAPACITY, "{taken} of {CAPACITY} places are taken");
    }
    let api = museum.api();
    shop(&api, &visitors).await;
    for window in [&mut one, &mut two] {
        serve(window.desk.page.clone(), &mut window.parties).await;
        let state = window.desk.finds_its_line().await;
        assert_eq!(state["refused"], json!([]), "nothing was withdrawn");
    }

    // What a clerk saw is a booking with those tickets, and what was taken for it is in the drawer.
    let mut sold = BTreeMap::new();
    let clerk = Clerk::of(&museum, VENUE).await;
    for window in [&one, &two] {
        let mut cash = 0;
        for seen in window.saw() {
            let uuid = seen["booking_uuid"].as_str().unwrap();
            let places = confirmed(&api, uuid).await;
            let tickets = seen["tickets"].as_array().unwrap();
            assert_eq!(places as usize, tickets.len(), "{seen}");
            let issued = Visitor::of(&museum).tickets(uuid).await;
            for ticket in tickets {
                assert!(issued.iter().any(|one| one["code"] == ticket["code"]), "{ticket}");
            }
            cash += seen["amount_cents"].as_i64().unwrap();
            sold.insert(uuid.to_owned(), places);
        }
        let drawer = clerk.reads(&format!("/{}", window.shift)).await.expect(200);
        assert_eq!(drawer["totals"]["cash_cents"], cash, "{drawer}");
        assert_eq!(drawer["totals"]["sales"], window.saw().count());
    }
    assert!(!sold.is_empty(), "somebody was sold to");

    // What was not sold is in the shop again, to the last place.
    for window in [&one, &two] {
        window.desk.gives_back(SLOT).await;
        let returned =
            |state: &Value| window.desk.lease(state, &window.lease)["status"] == "RETURNED";
        window.desk.sees("it gave back", returned).await;
    }
    let mut standing: u32 = sold.values().sum();
    for visitor in &visitors {
        standing += confirmed(&api, visitor["uuid"].as_str().unwrap()).await;
    }
    eventually("the slot counts what stands", SOON, async || match taken(&museum).await {
        taken if taken == standing => Ok(()),
        taken => Err(format!("{taken} are taken, {standing} stand")),
    })
    .await;
    for _ in standing..CAPACITY {
        Visitor::of(&museum).books_free(&Wish::at(VENUE, SLOT, &[("minor", 1)])).await;
    }
    let full = Visitor::of(&museum).ask(&Wish::at(VENUE, SLOT, &[("minor", 1)])).await;
    full.expect_problem(409, "sold-out", "units");
    assert_eq!(taken(&museum).await, CAPACITY);
    museum.nothing_left_over().await;
}
