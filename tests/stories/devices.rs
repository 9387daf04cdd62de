//! Devices from their certificate to a number that a manager trusts: enrolled, renewed, cut off; cells,
//! sensors and what devices say of themselves; and what staff and other programs see of it.

use std::path::PathBuf;
use std::time::Duration;

use atrio_domain::device::Content;
use atrio_dynamo::count::Kind;
use atrio_lake_query::Lake;
use atrio_tests::{Device, Process, count_message};
use jiff::{SignedDuration, Timestamp};
use rumqttc::v5::mqttbytes::v5::PubAckReason;
use serde_json::{Value, json};

const VENUE: &str = "20240";
const OTHER_VENUE: &str = "20514";
/// How long a lost right may still be used.
const CUT_OFF_WITHIN: Duration = Duration::from_secs(10);

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn count(device: &str, from: &str, seq: u64) -> Value {
    let from = at(from);
    let mut message = count_message(device, from, from + SignedDuration::from_mins(15), 3, 1);
    message["seq"] = json!(seq);
    message
}

async fn listed(museum: &Process, device: &str) -> Value {
    let output = museum.command(&["device", "list", "--venue", VENUE, "--json"]).await;
    let list: Value = serde_json::from_str(&output.stdout).unwrap();
    list.as_array().unwrap().iter().find(|one| one["device"] == device).unwrap().clone()
}

async fn rotate(museum: &Process, device: &str, out: &str) -> Result<PathBuf, String> {
    let out = museum.data().join("devices").join(out);
    let path = out.display().to_string();
    let output = museum.command(&["device", "rotate", device, "--out", &path]).await;
    if output.status.success() { Ok(out) } else { Err(output.stderr) }
}

#[tokio::test]
async fn a_renewed_certificate_ends_the_one_before_also_on_a_live_connection() {
    let museum = Process::fresh().await;
    let mut door = Device::of(&museum, VENUE, "counter-door").await;
    let yard = Device::of(&museum, VENUE, "counter-yard").await;
    let first = listed(&museum, "counter-door").await;
    assert_eq!((&first["state"], &first["heard_at"]), (&json!("ACTIVE"), &Value::Null));
    door.publish(&count("counter-door", "2026-11-24T08:00:00Z", 1)).await.unwrap();

    let renewed = rotate(&museum, "counter-door", "renewed").await.unwrap();
    assert!(door.is_cut_off(CUT_OFF_WITHIN).await, "the old certificate still speaks");
    let old = Device::connect(&museum, VENUE, "counter-door", &door.keys).await;
    assert!(old.is_err(), "the old certificate opens the door again");
    let mut door = Device::connect(&museum, VENUE, "counter-door", &renewed).await.unwrap();
    let next = count("counter-door", "2026-11-24T08:15:00Z", 2);
    assert_eq!(door.publish(&next).await.unwrap().reason, PubAckReason::Success);
    assert!(!door.is_cut_off(Duration::from_secs(3)).await, "the new certificate is as good");
    let mut yard = yard;
    let of_yard = count("counter-yard", "2026-11-24T08:00:00Z", 1);
    yard.publish(&of_yard).await.expect("others do not notice");

    let after = listed(&museum, "counter-door").await;
    assert_ne!(after["certificate_serial"], first["certificate_serial"]);
    assert_eq!(after["enrolled_at"], first["enrolled_at"], "it is the same installation");
    let again = rotate(&museum, "counter-door", "renewed").await.unwrap_err();
    assert!(again.contains("choose another directory"), "{again}");
    let unknown = rotate(&museum, "counter-roof", "roof").await.unwrap_err();
    assert!(unknown.contains("`counter-roof` is not enrolled"), "{unknown}");
}

#[tokio::test]
async fn a_revoked_device_is_cut_off_and_stays_out() {
    let mut museum = Process::fresh().await;
    let mut door = Device::of(&museum, VENUE, "counter-door").await;
    door.publish(&count("counter-door", "2026-11-24T08:00:00Z", 1)).await.unwrap();
    let revoke =
        async |museum: &Process| museum.command(&["device", "revoke", "counter-door"]).await;
    let revoked = revoke(&museum).await;
    assert!(revoked.status.success(), "{}", revoked.stderr);
    assert!(door.is_cut_off(CUT_OFF_WITHIN).await, "a revoked device still speaks");
    assert!(Device::connect(&museum, VENUE, "counter-door", &door.keys).await.is_err());
    assert_eq!(revoke(&museum).await.stdout, revoked.stdout, "since when does not change");
    let line = listed(&museum, "counter-door").await;
    assert_eq!(line["state"], "REVOKED");

    // Also where no platform runs, and after it comes back.
    museum.stop().await;
    let nobody = museum.command(&["device", "revoke", "counter-roof"]).await;
    assert!(!nobody.status.success() && nobody.stderr.contains("is not enrolled"));
    museum.restart().await;
    assert!(Device::connect(&museum, VENUE, "counter-door", &door.keys).await.is_err());
    let refused = rotate(&museum, "counter-door", "renewed").await.unwrap_err();
    assert!(refused.contains("was revoked at"), "{refused}");

    // Taken in again, it goes on where it was.
    let again = museum.data().join("again");
    let path = again.display().to_string();
    let enrol = ["device", "enrol", "counter-door", "--venue", VENUE, "--out", &path];
    assert!(museum.command(&enrol).await.status.success());
    let mut door = Device::connect(&museum, VENUE, "counter-door", &again).await.unwrap();
    let next = count("counter-door", "2026-11-24T08:15:00Z", 2);
    assert_eq!(door.publish(&next).await.unwrap().reason, PubAckReason::Success);
    assert_eq!(museum.lake_agrees().await["device counts"]["lake"], 2);
}

fn cell(origin: &str, hour: u8, people: u64) -> Vec<u8> {
    json!({
        "id": format!("urn:ngsi-ld:TourismPresenceObserved:{VENUE}:cells"),
        "type": "TourismPresenceObserved",
        "dateObserved": format!("2026-11-24T{hour:02}:30:00Z"),
        "locationCode": "077014",
        "nationality": origin,
        "aggregationType": "hourly_sum",
        "visitorCount": people,
    })
    .to_string()
    .into_bytes()
}

#[tokio::test]
async fn a_cell_with_few_people_has_no_number_anywhere() {
    let museum = Process::fresh().await;
    let mut feed = Device::of(&museum, VENUE, "cells").await;
    let topic = format!("dt/atrio/{VENUE}/cells/TourismPresenceObserved");
    for message in
        [cell("unknown", 7, 341), cell("DE", 7, 40), cell("FR", 7, 13), cell("DE", 6, 22)]
    {
        let answer = feed.publish_bytes(&topic, message).await.unwrap();
        assert_eq!(answer.reason, PubAckReason::Success);
    }
    // A correction takes a number that was told away again, where it fell below the threshold.
    feed.publish_bytes(&topic, cell("DE", 6, 14)).await.unwrap();
    let mut traced = cell("DE", 7, 40);
    traced.splice(1..1, br#""AnonymousCommuterId": "b7c1", "#.iter().copied());
    let answer = feed.publish_bytes(&topic, traced).await.unwrap();
    assert_eq!(answer.reason, PubAckReason::PayloadFormatInvalid);
    let wrong = cell("Germany", 7, 13);
    feed.publish_bytes(&topic, wrong).await.unwrap();

    let kept = museum.store().latest_observations(&"cells".parse().unwrap(), Kind::Cell, 50).await;
    let kept: Vec<_> = kept
        .unwrap()
        .iter()
        .map(|stored| match &stored.record.content {
            Content::Cell(cell) => (cell.origin.to_string(), stored.version, cell.people),
            other => panic!("{other:?}"),
        })
        .collect();
    let expected =
        [("unknown", 1, Some(341)), ("FR", 1, None), ("DE", 1, Some(40)), ("DE", 2, None)];
    assert_eq!(kept, expected.map(|(origin, version, n)| (origin.to_owned(), version, n)));
    let letters = museum.store().dead_letters("2026-11-24".parse().unwrap()).await.unwrap();
    let codes: Vec<&str> = letters.iter().map(|letter| letter.code.as_str()).collect();
    assert_eq!(codes, ["person-level-data", "invalid-field"]);
    assert!(letters.iter().all(|letter| letter.payload.is_none()), "a number below the threshold");

    assert_eq!(museum.lake_agrees().await["presence of cells, versions"]["lake"], 5);
    let lake = Lake::open(museum.run.lake.as_str()).await.unwrap();
    for (question, answer) in [
        ("SELECT count(*) FROM presence WHERE disclosure = 'suppressed'", 2),
        (
            "SELECT count(*) FROM presence WHERE (people_count IS NULL) <> (disclosure = 'suppressed')",
            0,
        ),
        ("SELECT sum(people_count) FROM presence", 341 + 40 + 22),
        ("SELECT min(people_count) FROM presence", 22),
    ] {
        assert_eq!(lake.figure(question).await.unwrap(), answer, "{question}");
    }
}

#[tokio::test]
async fn a_running_sum_loses_nothing_with_lost_messages_and_a_manager_sees_how_the_sensor_does() {
    let mut museum = Process::fresh().await;
    let mut meter = Device::of(&museum, VENUE, "meter-1").await;
    let topic = format!("dt/atrio/{VENUE}/meter-1/SenML");
    let seven = at("2026-11-24T07:00:00Z").as_second();
    let pack = |seq: u64, minutes: i64, sum: f64| {
        json!([
            {"bn": "meter-1/", "bt": seven + 60 * minutes, "n": "seq", "v": seq},
            {"n": "energy", "u": "kWh", "s": sum, "ut": 900},
            {"n": "bays/free", "u": "count", "v": 12},
            {"n": "battery", "u": "%EL", "v": 15},
            {"n": "rssi", "u": "dBm", "v": -71},
        ])
        .to_string()
        .into_bytes()
    };
    // The second of four is lost, the last two change places, one comes twice.
    for message in
        [pack(1, 0, 1000.0), pack(4, 45, 1006.5), pack(3, 30, 1004.25), pack(4, 45, 1006.5)]
    {
        let answer = meter.publish_bytes(&topic, message).await.unwrap();
        assert_eq!(answer.reason, PubAckReason::Success);
    }
    let relative = json!([{"n": "energy", "u": "kWh", "s": 1007}]).to_string().into_bytes();
    let answer = meter.publish_bytes(&topic, relative).await.unwrap();
    assert!(answer.properties.unwrap().reason_string.unwrap().contains("relative to now"));

    assert_eq!(museum.lake_agrees().await["readings, versions"]["lake"], 6);
    let lake = Lake::open(museum.run.lake.as_str()).await.unwrap();
    let used = "SELECT CAST((max(running_sum) - min(running_sum)) * 100 AS BIGINT) FROM readings \
                WHERE quantity = 'energy' AND unit = 'kW.h'";
    assert_eq!(lake.figure(used).await.unwrap(), 650);

    let manager = museum.token("manager", Some(VENUE)).await;
    let staff = museum.api().with_token(Some(manager.clone()));
    let page = staff.get("/v1/devices/meter-1").await.expect(200);
    let device = &page["device"];
    assert_eq!(device["health"], "NEEDS_CARE");
    assert_eq!((&device["battery_percent"], &device["rssi_dbm"]), (&json!(15), &json!(-71)));
    assert_eq!(
        (&device["missing_messages"], &device["missing_per_thousand"]),
        (&json!(1), &json!(250))
    );
    assert_eq!(device["observed_until"], "2026-11-24T07:45:00Z", "older data moves nothing back");
    let latest = &page["observations"][0];
    assert_eq!((&latest["quantity"], &latest["running_sum"]), (&json!("energy"), &json!("1006.5")));
    assert_eq!(page["dead_letters"][0]["code"], "bad-record");

    // It said that it would speak again within a quarter of an hour.
    museum.restart_after(SignedDuration::from_hours(1)).await;
    let staff = museum.api().with_token(Some(manager));
    let list = staff.get(&format!("/v1/venues/{VENUE}/devices")).await.expect(200);
    assert_eq!(list["devices"][0]["health"], "SILENT");
    assert_eq!(list["devices"][0]["silent_since"], list["devices"][0]["heard_at"]);
}

#[tokio::test]
async fn what_a_device_says_of_itself_is_its_state_of_now() {
    let museum = Process::fresh().await;
    let mut door = Device::of(&museum, VENUE, "counter-door").await;
    let topic = format!("dt/atrio/{VENUE}/counter-door/Device");
    let said = |time: &str, battery: f64| {
        json!({"id": "urn:ngsi-ld:Device:counter-door", "type": "Device", "batteryLevel": battery,
            "rssi": 0.6, "deviceState": "ok", "dateLastValueReported": time})
        .to_string()
        .into_bytes()
    };
    for (time, battery) in [
        ("2026-11-24T09:00:00Z", 0.8),
        ("2026-11-24T08:00:00Z", 0.9),
        ("2026-11-24T09:00:00Z", 0.8),
    ] {
        let answer = door.publish_bytes(&topic, said(time, battery)).await.unwrap();
        assert_eq!(answer.reason, PubAckReason::Success);
    }
    let refused = door.publish_bytes(&topic, said("2026-11-24T09:01:00Z", 80.0)).await.unwrap();
    assert_eq!(refused.reason, PubAckReason::PayloadFormatInvalid);
    let manager = museum.token("manager", Some(VENUE)).await;
    let staff = museum.api().with_token(Some(manager));
    let device = staff.get("/v1/devices/counter-door").await.expect(200)["device"].clone();
    assert_eq!((&device["battery_percent"], &device["signal_percent"]), (&json!(80), &json!(60)));
    assert_eq!(
        (&device["health"], &device["status_at"]),
        (&json!("GOOD"), &json!("2026-11-24T09:00:00Z"))
    );
}

#[tokio::test]
async fn another_program_reads_counts_and_cells_as_ngsi_ld() {
    let museum = Process::fresh().await;
    let mut door = Device::of(&museum, VENUE, "counter-door").await;
    let mut feed = Device::of(&museum, VENUE, "cells").await;
    for (seq, from) in [(1, "2026-11-24T08:00:00Z"), (2, "2026-11-24T08:15:00Z")] {
        door.publish(&count("counter-door", from, seq)).await.unwrap();
    }
    let topic = format!("dt/atrio/{VENUE}/cells/TourismPresenceObserved");
    for message in [cell("DE", 6, 90), cell("DE", 7, 40), cell("FR", 7, 13)] {
        feed.publish_bytes(&topic, message).await.unwrap();
    }
    let manager = museum.token("manager", Some(VENUE)).await;
    let program = museum.api().with_token(Some(manager));
    let both = "/ngsi-ld/v1/entities?type=CrowdFlowObserved,TourismPresenceObserved";
    let answer = program.get(both).await;
    assert!(answer.headers["link"].to_str().unwrap().contains("/ngsi-ld/v1/context.jsonld"));
    let entities = answer.expect(200);
    let ids: Vec<&str> =
        entities.as_array().unwrap().iter().map(|one| one["id"].as_str().unwrap()).collect();
    let cells = format!("urn:ngsi-ld:TourismPresenceObserved:{VENUE}:cells:077014");
    let counter = format!("urn:ngsi-ld:CrowdFlowObserved:{VENUE}:counter-door");
    let (of_de, of_fr) = (format!("{cells}:DE:hourly_sum"), format!("{cells}:FR:hourly_sum"));
    assert_eq!(ids, [&of_de, &of_fr, &counter], "the latest hour, the latest quarter of an hour");
    assert_eq!(entities[0]["visitorCount"], json!({"type": "Property", "value": 40}));
    assert_eq!(entities[1]["suppressed"]["value"], true);
    assert_eq!(entities[1].get("visitorCount"), None, "NGSI-LD has no null");
    let second = program.get(&format!("{both}&limit=1&offset=1")).await.expect(200);
    assert_eq!(second[0]["id"], of_fr.as_str());

    let plain = program.get(&format!("/ngsi-ld/v1/entities/{counter}?options=keyValues")).await;
    let plain = plain.expect(200);
    assert_eq!(plain["dateObserved"], "2026-11-24T08:15:00Z/2026-11-24T08:30:00Z");
    assert_eq!((&plain["peopleCount"], &plain["seq"]), (&json!(4), &json!(2)));

    let day = "timerel=between&timeAt=2026-11-24T00:00:00Z&endTimeAt=2026-11-25T00:00:00Z";
    let history = program.get(&format!("/ngsi-ld/v1/temporal/entities/{counter}?{day}")).await;
    let counts = history.expect(200)["peopleCount"].clone();
    assert_eq!(counts[0]["observedAt"], "2026-11-24T08:15:00Z");
    assert_eq!((counts.as_array().unwrap().len(), &counts[1]["value"]), (2, &json!(4)));

    let wrong = program.get("/ngsi-ld/v1/entities?type=Building").await;
    wrong.expect_problem(400, "invalid-query", "type");
    let unknown = program.get(&format!("/ngsi-ld/v1/entities/{counter}-2")).await;
    unknown.expect_problem(404, "unknown-entity", "entity_id");
    let other = museum.token("manager", Some(OTHER_VENUE)).await;
    let other = museum.api().with_token(Some(other));
    assert_eq!(other.get(both).await.expect(200), json!([]));
    let foreign = other.get(&format!("/ngsi-ld/v1/entities/{counter}")).await;
    foreign.expect_problem(403, "other-venue", "venue_id");
}

#[tokio::test]
async fn real_counts_of_the_past_give_the_sums_of_their_table_by_counter_and_month() {
    let museum = Process::fresh().await;
    let file = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../samples/counts/auckland-pedestrians-2024-03-30.csv"
    );
    let feed = ["replay", file, "--venue", VENUE, "--zone", "Pacific/Auckland", "--json"];
    let first = museum.command(&feed).await;
    assert!(first.status.success(), "{}", first.stderr);
    let first: Value = serde_json::from_str(&first.stdout).unwrap();
    let again: Value = serde_json::from_str(&museum.command(&feed).await.stdout).unwrap();
    assert_eq!((&first["new"], &again["new"]), (&first["counts"], &json!(0)), "{first} {again}");

    // Summed here by nothing but the table's own lines.
    let table = std::fs::read_to_string(file).unwrap();
    let mut lines = table.lines().map(|line| line.split(',').collect::<Vec<_>>());
    let names = lines.next().unwrap();
    let mut sums = std::collections::BTreeMap::<(String, String), i64>::new();
    for line in lines {
        for (name, people) in names.iter().zip(&line).skip(2).filter(|(_, n)| !n.is_empty()) {
            let month = line[0][..7].to_owned();
            *sums.entry(((*name).to_owned(), month)).or_default() +=
                people.trim_end_matches(".0").parse::<i64>().unwrap();
        }
    }
    museum.lake_agrees().await;
    let lake = Lake::open(museum.run.lake.as_str()).await.unwrap();
    let zone = jiff::tz::TimeZone::get("Pacific/Auckland").unwrap();
    let begins = |month: &str| {
        let day: jiff::civil::Date = format!("{month}-01").parse().unwrap();
        day.to_zoned_datetime(zone.clone()).unwrap().timestamp()
    };
    assert_eq!(sums.len(), 2 * (names.len() - 2), "two months of each counter");
    for ((name, month), sum) in &sums {
        let device =
            format!("past-{}", name.replace(['(', ')'], "").replace(' ', "-").to_lowercase());
        let next = if month == "2024-03" { "2024-04" } else { "2024-05" };
        let question = format!(
            "SELECT sum(people_count) FROM counts WHERE device = '{device}' AND period_start >= '{}' \
             AND period_start < '{}'",
            begins(month),
            begins(next)
        );
        assert_eq!(lake.figure(&question).await.unwrap(), *sum, "{name} in {month}");
    }
    let nowhere = museum.command(&["replay", file, "--venue", "nowhere"]).await;
    assert!(nowhere.stderr.contains("there is no venue `nowhere`"), "{}", nowhere.stderr);
}
