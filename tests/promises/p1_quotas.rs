//! P1 with shared places: five hundred buyers through three channels for fifty places, of which each
//! channel has a share, while the machine goes down. No pool gives more than it holds, no channel
//! gets into another's pool before its release, and what is given back goes where it came from.

#![expect(clippy::unwrap_used, reason = "a failed expectation of a test is a panic")]

use std::collections::BTreeMap;

use atrio_tests::{Api, Manager, Process, SOON, Visitor, Wish, eventually, fresh_uuid};
use futures::stream::{self, StreamExt as _};
use jiff::SignedDuration;
use serde_json::{Value, json};

const VENUE: &str = "20240";
const CAPACITY: u64 = 50;
const SLOT: &str = "2026-11-25T11:00";
const BUYERS: u32 = 500;

/// Longer than a hold.
const AFTER_EVERY_HOLD: SignedDuration = SignedDuration::from_secs(16 * 60);

/// 55 hundredths online, 25 at the totem, 20 at the window until two hours before the slot: 27, 12 and
/// 10 of 50, and one that the rounding leaves open.
async fn share_the_places(museum: &Process, shards: Option<u8>) {
    let manager = Manager::of(museum, VENUE).await;
    let (mut product, tag) = manager.reads("products/admission").await;
    product["capacity"] = json!(CAPACITY);
    if let Some(shards) = shards {
        product["shards"] = json!(shards);
    }
    product["quotas"] = json!([
        {"name": "online", "channels": ["WEB"], "size": {"percent": 55}},
        {"name": "hall", "channels": ["TOTEM"], "size": {"percent": 25}},
        {
            "name": "window", "channels": ["DESK"], "size": {"percent": 20},
            "released_minutes_before": 120,
        },
    ]);
    manager.changes("products/admission", &tag, &product).await.expect(200);
}

/// Pool → places given, and the slot's own sum, as anyone can read it.
async fn split(api: &Api) -> (BTreeMap<String, u64>, u64) {
    let path = format!("/v1/venues/{VENUE}/split?product_id=admission&day=2026-11-25");
    let report = api.get(&path).await.expect(200);
    let slots = report["slots"].as_array().unwrap();
    let slot = slots.iter().find(|slot| slot["id"] == SLOT).unwrap();
    let pools = slot["pools"].as_array().unwrap().iter().map(|pool| {
        let taken = pool["taken"].as_u64().unwrap();
        assert!(taken <= pool["size"].as_u64().unwrap(), "{slot}");
        (pool["name"].as_str().unwrap().to_owned(), taken)
    });
    (pools.collect(), slot["taken"].as_u64().unwrap())
}

struct Buyer {
    api: Api,
    body: Value,
    channel: &'static str,
    party: u64,
}

async fn buyers(museum: &Process) -> Vec<Buyer> {
    let desk = museum.api().with_token(Some(museum.token("desk", Some(VENUE)).await));
    (0..BUYERS)
        .map(|number| {
            let visitor = Visitor::of(museum);
            let channel = ["WEB", "TOTEM", "DESK"][number as usize % 3];
            let party = 1 + number / 3 % 3;
            let wish = Wish::at(VENUE, SLOT, &[("minor", party)]);
            let mut body = visitor.request(&fresh_uuid(), &wish);
            body["channel"] = json!(channel);
            let api = if channel == "DESK" { desk.clone() } else { visitor.api };
            Buyer { api, body, channel, party: u64::from(party) }
        })
        .collect()
}

/// Everyone asks; answers who was told that the places are theirs.
async fn all_ask(buyers: &[Buyer]) -> Vec<bool> {
    let asked = stream::iter(buyers).map(async |buyer| {
        match buyer.api.try_post("/v1/bookings", &buyer.body).await {
            Ok(answer) if [200, 201].contains(&answer.status) => true,
            Ok(answer) => {
                answer.expect_problem(409, "sold-out", "units");
                false
            }
            // The machine went down before it answered.
            Err(_) => false,
        }
    });
    asked.buffered(64).collect().await
}

fn sum(buyers: &[Buyer], told: &[bool], channel: &str) -> u64 {
    let theirs = buyers.iter().zip(told).filter(|(buyer, told)| **told && buyer.channel == channel);
    theirs.map(|(buyer, _)| buyer.party).sum()
}

#[tokio::test]
async fn five_hundred_buyers_through_three_channels_get_each_its_share_and_no_more() {
    five_hundred_buyers(None).await;
}

#[tokio::test]
async fn five_hundred_buyers_of_a_sharded_slot_get_each_its_channels_share_and_no_more() {
    five_hundred_buyers(Some(6)).await;
}

async fn five_hundred_buyers(shards: Option<u8>) {
    let mut museum = Process::fresh().await;
    share_the_places(&museum, shards).await;
    let buyers = buyers(&museum).await;

    // The first time the power goes while they ask; the second time, nobody who was told loses.
    let first = {
        let kill = async {
            tokio::time::sleep(std::time::Duration::from_millis(120)).await;
            museum.kill9();
        };
        tokio::join!(all_ask(&buyers), kill).0
    };
    museum.restart().await;
    let told = all_ask(&buyers).await;
    for (before, after) in first.iter().zip(&told) {
        assert!(*after || !before, "an acknowledged hold is kept");
    }

    let (pools, taken) = split(&museum.api()).await;
    let (web, totem, desk) =
        (sum(&buyers, &told, "WEB"), sum(&buyers, &told, "TOTEM"), sum(&buyers, &told, "DESK"));
    assert_eq!(taken, CAPACITY, "there were parties of one enough to fill every pool");
    assert_eq!(web + totem + desk, taken);
    assert_eq!(pools.values().sum::<u64>(), taken);
    assert_eq!(
        pools,
        BTreeMap::from([
            ("online".to_owned(), 27),
            ("hall".to_owned(), 12),
            ("window".to_owned(), 10),
            ("open".to_owned(), 1),
        ])
    );
    // The open place went to one of the three; the shares are exact.
    let beyond = [web - 27, totem - 12, desk - 10];
    assert_eq!(beyond.iter().sum::<u64>(), 1, "{web} {totem} {desk}");

    // Half of those who have places confirm; the others let them go.
    let mut kept = 0;
    let holders = buyers.iter().zip(&told).filter(|(_, told)| **told).map(|(buyer, _)| buyer);
    for (number, buyer) in holders.enumerate() {
        if number % 2 == 0 {
            let uuid = buyer.body["uuid"].as_str().unwrap();
            let path = format!("/v1/bookings/{uuid}/confirm");
            buyer.api.post(&path, &json!({})).await.expect(200);
            kept += buyer.party;
        }
    }
    museum.restart_after(AFTER_EVERY_HOLD).await;
    let api = museum.api();
    eventually("every place that was let go is back in its pool", SOON, async || {
        let (pools, taken) = split(&api).await;
        let right = taken == kept && pools.values().sum::<u64>() == kept;
        if right { Ok(()) } else { Err(format!("{pools:?}, {taken} taken, {kept} kept")) }
    })
    .await;
    museum.nothing_left_over().await;
}

#[tokio::test]
async fn what_the_window_does_not_sell_is_for_everyone_two_hours_before() {
    let mut museum = Process::fresh().await;
    share_the_places(&museum, None).await;
    let wish = |party| Wish::at(VENUE, SLOT, &[("minor", party)]);
    for party in [10, 10, 8] {
        Visitor::of(&museum).hold(&wish(party)).await;
    }
    let late = Visitor::of(&museum);
    assert_eq!(late.vacancies(&wish(1)).await, 0, "27 of its own and the open one are gone");
    let refused = late.ask(&wish(1)).await.expect_problem(409, "sold-out", "units");
    assert_eq!(refused["released_at"], "2026-11-25T08:00:00Z", "{refused}");

    // The next morning at nine, two hours before eleven, ended holds are back and the window's
    // places are for all.
    let until_nine = SignedDuration::from_secs(22 * 3_600 + 56 * 60);
    museum.restart_after(until_nine).await;
    let late = Visitor::of(&museum);
    eventually("the window's places are on sale online", SOON, async || {
        let left = late.vacancies(&wish(1)).await;
        if left == 38 { Ok(()) } else { Err(left.to_string()) }
    })
    .await;
    for party in [10, 10, 10, 8] {
        Visitor::of(&museum).hold(&wish(party)).await;
    }
    let (pools, taken) = split(&museum.api()).await;
    assert_eq!((pools["window"], pools["hall"], taken), (10, 0, 38), "the totem keeps its share");
}
