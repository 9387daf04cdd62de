//! Who gets how much of the stock: an allotment is one reseller's until its cut-off and then for all, and the public
//! report of the split names each channel and each reseller, and adds up.

use std::collections::BTreeMap;

use atrio_tests::{Manager, Process, Reseller, Visitor, Wish, refusal};
use futures::future::join_all;
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::octo::{TOMORROW, TOUR};

/// The slot of the report that starts tomorrow at eleven.
async fn split(museum: &Process, venue: &str, product: &str) -> Value {
    let path = format!("/v1/venues/{venue}/split?product_id={product}&day=2026-11-25");
    let report = museum.api().get(&path).await.expect(200);
    let slots = report["slots"].as_array().unwrap().iter();
    slots.clone().find(|slot| slot["id"] == "2026-11-25T11:00").unwrap().clone()
}

/// Places by who took them, once it is seen that they add up.
fn shares(slot: &Value) -> BTreeMap<String, u64> {
    let shares: BTreeMap<String, u64> = slot["shares"]
        .as_array()
        .unwrap()
        .iter()
        .map(|share| {
            let who = share["reseller_id"].as_str().or(share["channel"].as_str()).unwrap();
            (who.to_owned(), share["places"].as_u64().unwrap())
        })
        .collect();
    let sum = shares.values().sum::<u64>() + slot["uncounted"].as_u64().unwrap();
    assert_eq!(sum, slot["taken"].as_u64().unwrap(), "{slot}");
    shares
}

#[tokio::test]
async fn fifty_two_resellers_at_once_sell_twelve_places_and_the_report_adds_up() {
    let museum = Process::fresh().await;
    let mut resellers = Vec::new();
    for number in 0..52 {
        resellers.push(Reseller::joins(&museum, &format!("Tours {number}"), &[]).await);
    }
    let one = |(number, reseller): (usize, &Reseller)| {
        let (reseller, name) = (reseller.clone(), format!("tours-{number}"));
        async move {
            let answer = reseller.post("/bookings", &reseller.request(TOUR, TOMORROW, 1)).await;
            if answer.status != 200 {
                refusal(&answer, "UNPROCESSABLE_ENTITY");
                return None;
            }
            Some((reseller.clone(), reseller.sells(&answer.json()).await, name))
        }
    };
    let sold: Vec<_> =
        join_all(resellers.iter().enumerate().map(one)).await.into_iter().flatten().collect();
    assert_eq!(sold.len(), 12);
    let slot = split(&museum, "20349", "castle-tour").await;
    assert_eq!((&slot["taken"], &slot["uncounted"]), (&json!(12), &json!(0)));
    let told = shares(&slot);
    let names: BTreeMap<String, u64> = sold.iter().map(|(_, _, name)| (name.clone(), 1)).collect();
    assert_eq!(told, names, "each of the twelve, and nobody else");

    // A place that comes back is nobody's, and then the visitor's who buys it.
    let (owner, gone, name) = &sold[0];
    owner.takes(gone, "cancel", &json!({})).await.expect(200);
    let told = shares(&split(&museum, "20349", "castle-tour").await);
    assert!(!told.contains_key(name), "{told:?}");
    museum.nothing_left_over().await;
}

#[tokio::test]
async fn the_split_tells_channels_and_resellers_apart_on_one_item() {
    tells_apart(None).await;
}

#[tokio::test]
async fn the_split_tells_channels_and_resellers_apart_over_shards() {
    tells_apart(Some(4)).await;
}

async fn tells_apart(shards: Option<u8>) {
    let museum = Process::fresh().await;
    let (ours, theirs) = (
        Reseller::joins(&museum, "Our Tours", &[]).await,
        Reseller::joins(&museum, "Their Trips", &[]).await,
    );
    let manager = Manager::of(&museum, "20240").await;
    let (mut product, tag) = manager.reads("products/admission").await;
    product["resellers"] = json!("OPEN");
    if let Some(shards) = shards {
        product["shards"] = json!(shards);
    }
    manager.changes("products/admission", &tag, &product).await.expect(200);
    let id = "20240.admission";
    Visitor::of(&museum).books_free(&Wish::at("20240", "2026-11-25T11:00", &[("minor", 2)])).await;
    let first = ours.books(id, TOMORROW, 3).await;
    let second = theirs.holds(id, TOMORROW, 1).await;
    let told = shares(&split(&museum, "20240", "admission").await);
    let wanted = [("WEB", 2), ("our-tours", 3), ("their-trips", 1)];
    assert_eq!(told, wanted.map(|(who, places)| (who.to_owned(), places)).into());

    // A hold that grows, a sale that is given up.
    let grown =
        json!({"unitItems": [{"unitId": "adult"}, {"unitId": "adult"}, {"unitId": "adult"}]});
    theirs.changes(&second, &grown).await.expect(200);
    ours.takes(&first, "cancel", &json!({})).await.expect(200);
    let told = shares(&split(&museum, "20240", "admission").await);
    let wanted = [("WEB", 2), ("their-trips", 3)];
    assert_eq!(told, wanted.map(|(who, places)| (who.to_owned(), places)).into());
    theirs.takes(&second, "cancel", &json!({})).await.expect(200);
    museum.nothing_left_over().await;
}

#[tokio::test]
async fn an_allotment_is_one_resellers_until_its_cut_off_and_then_for_all() {
    let mut museum = Process::fresh().await;
    let (ours, theirs) = (
        Reseller::joins(&museum, "Our Tours", &[]).await,
        Reseller::joins(&museum, "Their Trips", &[]).await,
    );
    let manager = Manager::of(&museum, "20349").await;
    let (mut product, tag) = manager.reads("products/castle-tour").await;
    let allotment = json!({
        "name": "our-tours", "channels": ["RESELLER"], "resellers": ["our-tours"],
        "size": {"places": 8}, "released_minutes_before": 1_440,
    });
    let mut wrong = product.clone();
    wrong["quotas"] = json!([allotment]);
    wrong["quotas"][0]["channels"] = json!(["RESELLER", "WEB"]);
    let refused = manager.changes("products/castle-tour", &tag, &wrong).await;
    refused.expect_problem(422, "invalid-offer", "quotas[0].resellers");
    product["quotas"] = json!([allotment]);
    manager.changes("products/castle-tour", &tag, &product).await.expect(200);

    // Twelve places, eight of them one reseller's. More than a day before, the others find four.
    assert_eq!(ours.vacancies(TOUR, TOMORROW).await, 12);
    assert_eq!(theirs.vacancies(TOUR, TOMORROW).await, 4);
    let kept = ours.books(TOUR, TOMORROW, 3).await;
    theirs.books(TOUR, TOMORROW, 4).await;
    let refused = theirs.post("/bookings", &theirs.request(TOUR, TOMORROW, 1)).await;
    refusal(&refused, "UNPROCESSABLE_ENTITY");
    let slot = split(&museum, "20349", "castle-tour").await;
    let pool = &slot["pools"][0];
    assert_eq!(
        (&pool["resellers"], &pool["size"], &pool["taken"], &pool["is_released"]),
        (&json!(["our-tours"]), &json!(8), &json!(3), &json!(false))
    );
    let told = shares(&slot);
    assert_eq!((told["our-tours"], told["their-trips"]), (3, 4));

    // A day before, what it did not sell is for all.
    museum.restart_after(SignedDuration::from_hours(1)).await;
    let theirs = Reseller::with_key(&museum, theirs.key());
    assert_eq!(theirs.vacancies(TOUR, TOMORROW).await, 5);
    theirs.books(TOUR, TOMORROW, 5).await;
    let ours = Reseller::with_key(&museum, ours.key());
    assert_eq!(ours.vacancies(TOUR, TOMORROW).await, 0);
    assert_eq!(ours.booking(&kept).await["status"], "CONFIRMED", "what it sold stands");
    assert_eq!(shares(&split(&museum, "20349", "castle-tour").await)["their-trips"], 9);
    museum.nothing_left_over().await;
}
