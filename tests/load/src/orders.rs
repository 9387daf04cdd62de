//! Whole orders as a visitor makes them: hold, pay on the sandbox provider's page, confirmed, tickets
//! read; over all museums and all on one slot. And more buyers than places.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use atrio_domain::id::VenueId;
use reqwest::redirect::Policy;
use reqwest::{Client, RequestBuilder};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::Failure;
use crate::measure::level;
use crate::platform::Platform;
use crate::report::{self, seconds};

const CLIENTS: [usize; 4] = [1, 8, 32, 128];

/// The slot that everyone wants, with more places than a level can sell, in one item and in shards.
const HOT_SLOT: &str = "2026-12-01T11:00";
const HOT_PLACES: u32 = 100_000;
const HOT_SHARDS: u8 = 8;

/// Buyers of one place each, and the places there are.
const BUYERS: u64 = 1_500;
const PLACES: u32 = 1_000;

/// When a visitor first looks whether the payment has arrived; each look waits twice as long as the
/// one before, so that a busy platform is not asked more often than an idle one.
const FIRST_LOOK: Duration = Duration::from_millis(4);

/// Looks before a visitor gives up.
const LOOKS: u32 = 12;

/// A slot in which one venue sells.
#[derive(Debug, Clone)]
struct Place {
    venue: String,
    slot: String,
}

#[derive(Debug, Clone)]
struct Buyers {
    client: Client,
    base: String,
}

impl Buyers {
    async fn json(&self, request: RequestBuilder) -> Result<Value, Failure> {
        let answer = request.send().await?;
        let (status, text) = (answer.status(), answer.text().await?);
        if !status.is_success() {
            return Err(format!("{status} {text}").into());
        }
        Ok(serde_json::from_str(&text)?)
    }

    /// Holds places under a mail and network address of their own.
    async fn hold(&self, place: &Place, number: u64, adults: u32) -> Result<Uuid, Failure> {
        let uuid = Uuid::new_v4();
        let [a, b, c, ..] = number.to_le_bytes();
        let request = self
            .client
            .post(format!("{}/v1/bookings", self.base))
            .header("x-forwarded-for", format!("10.{c}.{b}.{a}"))
            .json(&json!({
                "uuid": uuid,
                "venue_id": place.venue,
                "product_id": "admission",
                "slot_id": place.slot,
                "units": [{"unit_id": "adult", "quantity": adults}],
                "contact": {
                    "full_name": format!("Visitor {number}"),
                    "email": format!("visitor-{uuid}@example.org"),
                },
            }));
        self.json(request).await?;
        Ok(uuid)
    }

    /// A whole order of two adults, until the tickets are read.
    async fn order(&self, place: &Place, number: u64) -> Result<(), Failure> {
        let uuid = self.hold(place, number, 2).await?;
        let booking = format!("{}/v1/bookings/{uuid}", self.base);
        let body = json!({"return_url": format!("/booking/?uuid={uuid}")});
        let pay = self.client.post(format!("{booking}/payment")).json(&body);
        let started = self.json(pay).await?;
        let page = started["redirect_url"].as_str().ok_or("no page to pay on")?;
        let form = "application/x-www-form-urlencoded";
        self.client.post(page).header("content-type", form).body("outcome=pay").send().await?;
        for look in 0..LOOKS {
            tokio::time::sleep(FIRST_LOOK * 2_u32.pow(look)).await;
            let seen = self.json(self.client.get(&booking)).await?;
            if seen["status"] == "CONFIRMED" {
                let tickets = self.json(self.client.get(format!("{booking}/tickets"))).await?;
                let read = tickets["tickets"].as_array().map_or(0, Vec::len);
                return if read == 2 { Ok(()) } else { Err(format!("{read} tickets").into()) };
            }
        }
        Err("the payment did not arrive".into())
    }
}

/// Measures whole orders at each number of clients, then the crowd.
pub(crate) async fn measure(platform: &Platform, span: Duration) -> Result<(), Failure> {
    // The provider's answer to the button is a redirect that nobody need follow.
    let client = Client::builder().redirect(Policy::none()).build()?;
    let buyers = Buyers { client, base: platform.run.http.clone() };
    let museums = paying_museums(platform).await?;
    let on = |museum: &String| Place { venue: museum.clone(), slot: HOT_SLOT.to_owned() };
    let (hot, sharded) = (on(&museums[0]), on(&museums[2]));
    widen(platform, &hot, HOT_PLACES, None).await?;
    widen(platform, &sharded, HOT_PLACES, Some(HOT_SHARDS)).await?;
    let next = Arc::new(AtomicU64::new(0));
    let mut rates = BTreeMap::new();
    let wanted = [
        ("orders over venues", None),
        ("orders on one slot", Some(hot)),
        ("orders on one sharded slot", Some(sharded)),
    ];
    for (name, place) in wanted {
        for clients in CLIENTS {
            platform.rest().await?;
            let (buyers, museums, place) = (buyers.clone(), museums.clone(), place.clone());
            let next = Arc::clone(&next);
            let orders = level(clients, span, u64::MAX, move |_| {
                let number = next.fetch_add(1, Ordering::Relaxed);
                let place = place.clone().unwrap_or_else(|| spread_place(&museums, number));
                let buyers = buyers.clone();
                async move { buyers.order(&place, number).await }
            })
            .await;
            rates.insert((name, clients), orders.per_second());
            report::row(name, &format!("{clients} clients"), &orders.to_string());
        }
    }
    for clients in CLIENTS {
        let rate = |name| rates.get(&(name, clients)).copied().unwrap_or_default();
        let ratio = rate("orders on one sharded slot") / rate("orders on one slot");
        report::row(
            "ratio, sharded to plain",
            &format!("{clients} clients"),
            &format!("{ratio:.2}"),
        );
    }
    let behind = platform.rest().await?;
    report::row("stream at rest after the orders", "", &seconds(behind));
    crowd(platform, &buyers, &museums[1]).await
}

/// Two places of each slot in turn, so that no capacity is met.
fn spread_place(museums: &[String], number: u64) -> Place {
    let index = usize::try_from(number).unwrap_or(0);
    let (venue, round) = (&museums[index % museums.len()], index / museums.len());
    // Open days of three weeks in January, ten slots each, five orders a slot.
    let (hour, day) = (9 + round % 10, 12 + (round / 10) % 6);
    Place { venue: venue.clone(), slot: format!("2027-01-{day}T{hour:02}:00") }
}

async fn paying_museums(platform: &Platform) -> Result<Vec<String>, Failure> {
    let listed: Value =
        platform.client.get(platform.url("/v1/venues")).send().await?.json().await?;
    let paying = listed["venues"].as_array().into_iter().flatten().filter(|venue| {
        venue["kind"] == "MUSEUM" && venue["full_price_cents"].as_i64().unwrap_or(0) > 0
    });
    let ids: Vec<String> =
        paying.filter_map(|venue| venue["id"].as_str().map(ToOwned::to_owned)).collect();
    if ids.len() < 3 {
        Err("the sample has too few museums that ask a price".into())
    } else {
        Ok(ids)
    }
}

/// Gives the admission of a venue so many places in each slot, spread over so many shards.
async fn widen(
    platform: &Platform,
    place: &Place,
    capacity: u32,
    shards: Option<u8>,
) -> Result<(), Failure> {
    let store = platform.store();
    let id = VenueId::new(place.venue.as_str())?;
    let mut venue = store.venue(&id).await?.ok_or("the venue is gone")?;
    venue.products[0].capacity = capacity;
    venue.products[0].shards = shards;
    Ok(store.put_venues(&[venue]).await?)
}

/// More buyers at once than places.
async fn crowd(platform: &Platform, buyers: &Buyers, venue: &str) -> Result<(), Failure> {
    let place = Place { venue: venue.to_owned(), slot: "2026-12-02T11:00".to_owned() };
    widen(platform, &place, PLACES, None).await?;
    let (buying, wanted) = (buyers.clone(), place.clone());
    let attempts = level(128, Duration::from_mins(5), BUYERS, move |number| {
        let (buying, wanted) = (buying.clone(), wanted.clone());
        async move { buying.hold(&wanted, 1_000_000 + number, 1).await.map(drop) }
    })
    .await;
    let path = format!("/v1/venues/{venue}/split?product_id=admission&day=2026-12-02");
    let report: Value = platform.client.get(platform.url(&path)).send().await?.json().await?;
    let slots = report["slots"].as_array().into_iter().flatten();
    let taken = slots.filter(|slot| slot["id"] == "2026-12-02T11:00").map(|slot| &slot["taken"]);
    let taken: Vec<String> = taken.map(ToString::to_string).collect();
    let value = format!(
        "{} held, {} refused, {} places taken; {:.0} attempts/s",
        attempts.times.len(),
        attempts.refused,
        taken.join(" "),
        attempts.per_second() * (BUYERS as f64 / attempts.times.len().max(1) as f64),
    );
    report::row("1,500 buyers of 1,000 places", "128 clients", &value);
    Ok(())
}
