use serde_json::{Value, json};

use super::*;
use crate::device::{DeviceName, names_a_person};

const NOON: i64 = 1_777_636_800;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(NOON + second).unwrap()
}

fn topic() -> Topic {
    "dt/atrio/uffizi/room-4/SenML".parse().unwrap()
}

fn hear(pack: &Value) -> Result<Message, Refusal> {
    crate::device::read(&topic(), pack.to_string().as_bytes(), at(60))
}

/// Name, unit, value, running sum, and the second after noon.
type Line = (String, &'static str, Option<String>, Option<String>, i64);

fn readings(message: &Message) -> Vec<Line> {
    message
        .observations
        .iter()
        .map(|observation| {
            let Content::Reading(reading) = &observation.content else { panic!("no reading") };
            let text = |amount: Option<Amount>| amount.map(|amount| amount.to_string());
            (
                reading.name.as_str().to_owned(),
                reading.unit,
                text(reading.value),
                text(reading.running_sum),
                observation.period_end.as_second() - NOON,
            )
        })
        .collect()
}

#[test]
fn base_fields_are_resolved_and_units_become_ucum() {
    let pack = json!([
        {"bn": "urn:dev:ow:room-4:", "bt": NOON, "bu": "Cel", "bv": 20, "bs": 1000, "bver": 10},
        {"n": "temperature", "v": 1.3},
        {"n": "energy", "u": "kWh", "s": 0.25, "t": -30, "ut": 900},
        {"n": "window", "vb": true},
        {"bn": "room-4/", "bv": 0, "n": "co2", "u": "ppm", "v": 612, "note": "passed over"},
    ]);
    let message = hear(&pack).unwrap();
    let some = |text: &str| Some(text.to_owned());
    assert_eq!(
        readings(&message),
        [
            ("temperature".to_owned(), "Cel", some("21.3"), None, 0),
            ("energy".to_owned(), "kW.h", None, some("1000.25"), -30),
            ("window".to_owned(), "1", some("1"), None, 0),
            ("co2".to_owned(), "[ppm]", some("612"), None, 0),
        ]
    );
    assert_eq!(message.next_by, Some(at(870)));
}

#[test]
fn what_a_device_says_of_itself_is_no_reading() {
    let pack = json!([
        {"bt": NOON, "n": "seq", "v": 41},
        {"n": "battery", "u": "%EL", "v": 84.4},
        {"n": "rssi", "u": "dBW", "v": -101.2},
        {"n": "bays/free", "u": "count", "v": 12},
    ]);
    let message = hear(&pack).unwrap();
    assert_eq!(readings(&message).len(), 1);
    assert_eq!((message.seq, message.observations[0].seq), (Some(41), Some(41)));
    let status = message.status.unwrap();
    assert_eq!((status.battery_percent, status.rssi_dbm), (Some(84), Some(-71)));
}

#[test]
fn cbor_says_the_same_in_fewer_bytes() {
    use ciborium::Value::{Array, Float, Integer, Map, Tag, Text};
    let label = |number: i64| Integer(number.into());
    let pack = Array(vec![
        Map(vec![
            (label(-2), Text("room-4/".to_owned())),
            (label(-3), label(NOON)),
            (label(0), Text("temperature".to_owned())),
            (label(1), Text("Cel".to_owned())),
            (label(2), Tag(4, Box::new(Array(vec![label(-1), label(213)])))),
        ]),
        Map(vec![
            (label(0), Text("energy".to_owned())),
            (label(1), Text("kWh".to_owned())),
            (label(5), Float(1000.25)),
        ]),
    ]);
    let mut payload = Vec::new();
    ciborium::into_writer(&pack, &mut payload).unwrap();
    let message = crate::device::read(&topic(), &payload, at(60)).unwrap();
    let same = json!([
        {"bn": "room-4/", "bt": NOON, "n": "temperature", "u": "Cel", "v": 21.3},
        {"n": "energy", "u": "kWh", "s": 1000.25},
    ]);
    assert_eq!(message, hear(&same).unwrap());
    assert!(!names_a_person(&payload));

    let cut = crate::device::read(&topic(), &payload[..payload.len() - 3], at(60)).unwrap_err();
    assert_eq!(cut.code(), "not-senml");
    assert!(names_a_person(&payload[..payload.len() - 3]), "what cannot be read is not kept");
    payload.push(0);
    assert_eq!(crate::device::read(&topic(), &payload, at(60)).unwrap_err().code(), "not-senml");
}

#[test]
fn a_pack_that_cannot_be_taken_says_which_record_and_why() {
    let reading = |fields: Value| {
        let mut record = json!({"bt": NOON, "n": "co2", "u": "ppm", "v": 1});
        for (label, value) in fields.as_object().unwrap() {
            record[label] = value.clone();
        }
        json!([record])
    };
    let cases = [
        (json!({}), "not-senml", "not an array"),
        (json!([1]), "not-senml", "not a map"),
        (json!([]), "not-senml", "no quantity"),
        (Value::Array(vec![json!({}); 41]), "not-senml", "at most 40"),
        (reading(json!({"bver": 11})), "bad-record", "above 10"),
        (reading(json!({"bt": 0})), "bad-record", "relative to now"),
        (json!([{"n": "co2", "u": "ppm", "v": 1}]), "bad-record", "relative to now"),
        (reading(json!({"u": "furlong"})), "bad-record", "`furlong`"),
        (reading(json!({"u": "lat"})), "bad-record", "`lat`"),
        (reading(json!({"v": "12"})), "bad-record", "`v` is not a number"),
        (reading(json!({"v": 1e30})), "bad-record", "`v` is not a number between"),
        (reading(json!({"vs": "on"})), "bad-record", "`vs` is not taken"),
        (reading(json!({"must_": 1})), "bad-record", "`must_` is not known"),
        (reading(json!({"n": "a b"})), "bad-record", "the name `a b`"),
        (reading(json!({"ut": -1})), "bad-record", "`ut`"),
        (json!([{"bt": NOON, "n": "co2", "v": 1}]), "bad-record", "`u` is missing"),
        (json!([{"bt": NOON, "n": "co2", "u": "ppm"}]), "bad-record", "neither `v` nor `s`"),
        (
            json!([{"bt": NOON, "n": "co2", "u": "ppm", "v": 1}, {"n": "co2", "u": "ppm", "v": 2}]),
            "bad-record",
            "record 2 of the pack: `co2` is read twice",
        ),
        (reading(json!({"n": "battery", "u": "%EL", "v": 140})), "bad-record", "0 to 100"),
        (reading(json!({"n": "seq", "v": 1.5})), "bad-record", "whole number"),
        (reading(json!({"bt": NOON + 3600})), "from-the-future", "set the device's clock"),
        (reading(json!({"bt": NOON - 73 * 3600})), "too-late", "72 hours"),
        (reading(json!({"n": "seen/imsi"})), "person-level-data", "describes a person"),
        (reading(json!({"note": "aa:bb:cc:dd:ee:ff"})), "person-level-data", "`note`"),
    ];
    for (pack, code, words) in cases {
        let refusal = hear(&pack).unwrap_err();
        assert_eq!(refusal.code(), code, "{pack}");
        assert!(refusal.to_string().contains(words), "{refusal}");
    }
}

#[test]
fn every_unit_is_listed_once() {
    let names: HashSet<&str> = UCUM_UNITS.iter().map(|(name, _)| *name).collect();
    assert_eq!(names.len(), UCUM_UNITS.len());
}

#[test]
fn the_device_that_speaks_is_the_topics() {
    let device: DeviceName =
        hear(&json!([{"bt": NOON, "n": "x", "u": "1/s", "v": 0}])).unwrap().device;
    assert_eq!(device.as_str(), "room-4");
}
