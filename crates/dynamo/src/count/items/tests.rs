use super::*;

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn stored(model: Model, content: Content) -> StoredObservation {
    let record = Observation {
        device: "door-1".parse().unwrap(),
        model,
        venue: "uffizi".parse().unwrap(),
        period_start: at("2026-05-01T10:00:00Z"),
        period_end: at("2026-05-01T10:15:00Z"),
        seq: Some(4),
        quality: Quality::AfterGap { missing: 2 },
        content,
    };
    StoredObservation {
        content_hash: record.content_hash(),
        record,
        version: 2,
        earlier_hashes: vec![ContentHash::from_stored("ab".to_owned())],
        received_at: at("2026-05-01T10:15:01.25Z"),
    }
}

fn count() -> StoredObservation {
    let people = People { count: 12, towards: Some(7), away: Some(5), cumulative: None };
    stored(Model::CrowdFlowObserved, Content::People(people))
}

fn cell(people: Option<u64>) -> StoredObservation {
    let cell = Cell {
        location_code: "048017".parse().unwrap(),
        origin: "DE".parse().unwrap(),
        aggregation: "hourly_sum".parse().unwrap(),
        people,
        least_count: 15,
    };
    stored(Model::TourismPresenceObserved, Content::Cell(cell))
}

fn reading() -> StoredObservation {
    let reading = Reading {
        name: "energy".parse().unwrap(),
        unit: "kW.h",
        value: None,
        running_sum: Some(Amount::nearest(1000.25).unwrap()),
    };
    stored(Model::SenMl, Content::Reading(reading))
}

#[test]
fn an_observation_is_read_back_as_it_was_written() {
    for (stored, sort_key) in [
        (count(), "COUNT#CrowdFlowObserved#2026-05-01T10:00:00.000000Z"),
        (
            cell(Some(40)),
            "CELL#TourismPresenceObserved#2026-05-01T10:00:00.000000Z#048017#DE#hourly_sum",
        ),
        (
            cell(None),
            "CELL#TourismPresenceObserved#2026-05-01T10:00:00.000000Z#048017#DE#hourly_sum",
        ),
        (reading(), "READING#SenML#2026-05-01T10:00:00.000000Z#energy"),
    ] {
        let item = of_observation(&stored);
        assert_eq!(item[SK].as_s().unwrap(), sort_key);
        assert!(is_observation(item[PK].as_s().unwrap(), sort_key));
        assert_eq!(stored_observation(&item).unwrap(), stored);
    }
    assert!(!of_observation(&cell(None)).contains_key("people"));
}

#[test]
fn a_malformed_count_names_the_key_and_the_attribute() {
    for (attribute, value) in [
        ("people_count", text("many")),
        ("people_count", number(-1)),
        ("quality", text("fine")),
        ("model", text("ParkingSpot")),
        ("earlier_hashes", text("ab")),
        (PK, text("DEVICE#Door 1")),
    ] {
        let mut item = of_observation(&count());
        item.insert(attribute.to_owned(), value);
        let error = stored_observation(&item).unwrap_err().to_string();
        assert!(error.contains(attribute) && error.contains("COUNT#"), "{error}");
    }
    let mut item = of_observation(&reading());
    item.insert("unit".to_owned(), text("furlong"));
    assert!(stored_observation(&item).unwrap_err().to_string().contains("unit"));
}

#[test]
fn a_state_is_read_back_as_it_was_written_and_one_of_before_still_reads() {
    let device: DeviceName = "door-1".parse().unwrap();
    let state = DeviceState {
        counted: Some(Counted {
            period_start: at("2026-05-01T10:00:00Z"),
            period_end: at("2026-05-01T10:15:00Z"),
        }),
        observed_until: Some(at("2026-05-01T10:15:00Z")),
        first_seq: Some(1),
        seq: Some(9),
        cumulative: Some(400),
        missing: 2,
        numbered: 7,
        status: Some(Status {
            at: at("2026-05-01T10:14:00Z"),
            battery_percent: Some(84),
            signal_percent: None,
            rssi_dbm: Some(-71),
            device_state: Some("ok".to_owned()),
        }),
        next_by: Some(at("2026-05-01T10:30:00Z")),
        clock_ahead_seconds: 3,
        heard_at: at("2026-05-01T10:15:01Z"),
        revision: 8,
    };
    let mut item = of_state(&device, &state);
    assert_eq!(device_state(&item).unwrap(), (device.clone(), state.clone()));
    assert_eq!(device_state(&of_state(&device, &DeviceState::default())).unwrap().1.counted, None);
    for new in ["observed_until", "numbered", "clock_ahead_seconds", "status_at", "next_by"] {
        item.remove(new);
    }
    let before = device_state(&item).unwrap().1;
    assert_eq!((before.observed_until, before.numbered), (state.observed_until, 0));
}

#[test]
fn a_dead_letter_without_its_payload_is_read_back() {
    let letter = DeadLetter {
        received_at: at("2026-05-01T23:59:59.999Z"),
        hash: ContentHash::from_stored("cd".to_owned()),
        topic: "dt/atrio/uffizi/door-1/CrowdFlowObserved".to_owned(),
        client_id: "door-1".to_owned(),
        code: "person-level-data".to_owned(),
        reason: "field `mac` describes a person".to_owned(),
        payload: None,
        payload_bytes: 90,
    };
    let item = of_dead_letter(&letter);
    assert_eq!(item[PK].as_s().unwrap(), "DEADLETTER#2026-05-01");
    assert_eq!(dead_letter(&item).unwrap(), letter);
}
