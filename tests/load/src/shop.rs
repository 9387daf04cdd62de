//! Holds and confirmations over HTTP, beside the bare transaction they come down to, at the same
//! numbers of clients and in the same minutes.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use atrio_dynamo::Store;
use atrio_dynamo::attributes::{number, text};
use atrio_dynamo::transaction::{Condition, Written};
use jiff::ToSpan as _;
use jiff::civil::{Date, Weekday};
use reqwest::{Client, Response};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::Failure;
use crate::measure::{Level, level};
use crate::platform::Platform;
use crate::report::{self, seconds};

const CLIENTS: [usize; 3] = [1, 8, 32];

/// The first day that is booked: the day after the platform's today.
const FIRST_DAY: Date = Date::constant(2026, 11, 25);

/// Open days that bookings are spread over.
const OPEN_DAYS: usize = 120;

/// Slots of a day.
const SLOTS: usize = 10;

/// About what a booking's item weighs.
const ITEM_BYTES: usize = 1_200;

/// Makes requests that no rule refuses: each for another slot, mail address and network address.
#[derive(Debug, Clone)]
pub(crate) struct Visitors {
    client: Client,
    base: String,
    venues: Arc<[Offered]>,
    days: Arc<[Date]>,
}

#[derive(Debug)]
struct Offered {
    venue: String,
    product: &'static str,
    unit: &'static str,
}

/// A booking that was held.
#[derive(Debug, Clone)]
pub(crate) struct HeldBooking {
    pub(crate) uuid: Uuid,
    pub(crate) venue: String,
    pub(crate) day: Date,
}

impl Visitors {
    pub(crate) async fn of(platform: &Platform) -> Result<Self, Failure> {
        let answer = platform.client.get(platform.url("/v1/venues")).send().await?;
        let listed: Value = answer.error_for_status()?.json().await?;
        let venues: Vec<Offered> = listed["venues"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|venue| {
                let id = venue["id"].as_str()?.to_owned();
                // Minors enter free and alone, readers too: such bookings need no payment.
                let museum = venue["kind"] == "MUSEUM";
                let (product, unit) =
                    if museum { ("admission", "minor") } else { ("reading-room", "reader") };
                Some(Offered { venue: id, product, unit })
            })
            .collect();
        if venues.is_empty() {
            return Err("the platform has no venues".into());
        }
        let mut days = Vec::with_capacity(OPEN_DAYS);
        let mut day = FIRST_DAY;
        while days.len() < OPEN_DAYS {
            if day.weekday() != Weekday::Monday {
                days.push(day);
            }
            day = day.checked_add(1.day())?;
        }
        let (client, base) = (platform.client.clone(), platform.run.http.clone());
        Ok(Self { client, base, venues: venues.into(), days: days.into() })
    }

    /// Holds two places for the visitor of that number.
    pub(crate) async fn hold(&self, visitor: u64) -> Result<HeldBooking, Failure> {
        let index = usize::try_from(visitor)?;
        let offered = &self.venues[index % self.venues.len()];
        let round = index / self.venues.len();
        let day = self.days[(round / SLOTS) % self.days.len()];
        let hour = 9 + round % SLOTS;
        let uuid = Uuid::new_v4();
        let body = json!({
            "uuid": uuid,
            "venue_id": offered.venue,
            "product_id": offered.product,
            "slot_id": format!("{day}T{hour:02}:00"),
            "units": [{"unit_id": offered.unit, "quantity": 2}],
            "contact": {
                "full_name": format!("Visitor {visitor}"),
                "email": format!("visitor-{uuid}@example.org"),
            },
        });
        let [a, b, c, _, _, _, _, _] = visitor.to_le_bytes();
        let answer = self
            .client
            .post(format!("{}/v1/bookings", self.base))
            .header("x-forwarded-for", format!("10.{c}.{b}.{a}"))
            .json(&body)
            .send()
            .await?;
        accepted(answer).await?;
        Ok(HeldBooking { uuid, venue: offered.venue.clone(), day })
    }

    /// Confirms a booking, tickets and all.
    pub(crate) async fn confirm(&self, uuid: Uuid) -> Result<(), Failure> {
        let url = format!("{}/v1/bookings/{uuid}/confirm", self.base);
        accepted(self.client.post(url).json(&json!({})).send().await?).await
    }
}

/// Reads the whole answer, as a client would.
async fn accepted(answer: Response) -> Result<(), Failure> {
    let status = answer.status();
    let text = answer.text().await?;
    if status.is_success() { Ok(()) } else { Err(format!("{status} {text}").into()) }
}

/// Measures the transaction, the hold and the confirmation at each number of clients.
pub(crate) async fn measure(platform: &Platform, span: Duration) -> Result<(), Failure> {
    let visitors = Visitors::of(platform).await?;
    let store = platform.store();
    // Connections and caches are there when the first level begins.
    for visitor in 0..20 {
        visitors.hold(visitor).await?;
    }
    let mut next = 20;
    for clients in CLIENTS {
        let at = format!("{clients} clients");
        platform.rest().await?;
        let bare = transactions(&store, clients, span).await;
        report::row("two-item transactions, bare", &at, &bare.to_string());
        platform.rest().await?;

        let (held, holds) = holds(&visitors, clients, span, next).await;
        next += holds.times.len() as u64 + holds.refused;
        report::row("holds", &at, &beside(&holds, &bare));
        let behind = platform.rest().await?;
        report::row("stream at rest after the holds", &at, &seconds(behind));

        let most = held.len() as u64;
        let (held, confirming): (Arc<[HeldBooking]>, _) = (held.into(), visitors.clone());
        let confirmations = level(clients, span, most, move |number| {
            let uuid = usize::try_from(number)
                .ok()
                .and_then(|index| held.get(index))
                .map(|held| held.uuid);
            let confirming = confirming.clone();
            async move { confirming.confirm(uuid.ok_or("nothing is held")?).await }
        })
        .await;
        report::row("confirmations", &at, &beside(&confirmations, &bare));
    }
    platform.rest().await?;
    Ok(())
}

fn beside(level: &Level, bare: &Level) -> String {
    format!("{level}; {:.2} of the bare rate", level.per_second() / bare.per_second().max(1.0))
}

async fn holds(
    visitors: &Visitors,
    clients: usize,
    span: Duration,
    first: u64,
) -> (Vec<HeldBooking>, Level) {
    let held = Arc::new(Mutex::new(Vec::new()));
    let (visitors, keeping) = (visitors.clone(), Arc::clone(&held));
    let level = level(clients, span, u64::MAX, move |number| {
        let (visitors, keeping) = (visitors.clone(), Arc::clone(&keeping));
        async move {
            let booking = visitors.hold(first + number).await?;
            keeping.lock().unwrap_or_else(PoisonError::into_inner).push(booking);
            Ok(())
        }
    })
    .await;
    let held = std::mem::take(&mut *held.lock().unwrap_or_else(PoisonError::into_inner));
    (held, level)
}

/// A counter moved under a condition and an item put that must be new, as in a hold, with nothing
/// around them.
async fn transactions(store: &Store, clients: usize, span: Duration) -> Level {
    let store = store.clone();
    level(clients, span, u64::MAX, move |_| {
        let store = store.clone();
        async move {
            let uuid = Uuid::new_v4();
            let mut item = atrio_dynamo::key(format!("LOAD#{uuid}"), "LOAD");
            item.insert("content".to_owned(), text("x".repeat(ITEM_BYTES)));
            let room = Condition::when("attribute_not_exists(taken) OR taken <= :room")
                .value(":room", number(10))
                .value(":places", number(2));
            let counter = atrio_dynamo::key(format!("LOAD#COUNTER#{uuid}"), "LOAD");
            let writes = vec![
                store.update(counter, "ADD taken :places", room)?,
                store.put(item, Condition::absent())?,
            ];
            match store.transact(writes).await? {
                Written::All => Ok(()),
                Written::Refused(_) => Err("the transaction was refused".into()),
            }
        }
    })
    .await
}
