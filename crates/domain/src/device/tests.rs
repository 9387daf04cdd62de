use jiff::ToSpan as _;
use serde_json::{Value, json};

use super::*;

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn now() -> Timestamp {
    at("2026-05-01T12:00:00Z")
}

fn topic() -> Topic {
    "dt/atrio/uffizi/door-1/CrowdFlowObserved".parse().unwrap()
}

fn registered() -> RegisteredDevice {
    RegisteredDevice {
        device: topic().device,
        venue: topic().venue,
        gate: None,
        fingerprint: "ab".repeat(32),
        certificate_serial: "4f".repeat(16),
        enrolled_at: at("2026-01-01T00:00:00Z"),
        revoked_at: None,
    }
}

/// The quarter of an hour that starts so many minutes after 10:00.
fn message(minutes: i64, people: u64) -> Value {
    let start = at("2026-05-01T10:00:00Z") + minutes.minutes();
    json!({
        "id": "urn:ngsi-ld:CrowdFlowObserved:uffizi:door-1",
        "type": "CrowdFlowObserved",
        "dateObserved": (start + 15.minutes()).to_string(),
        "dateObservedFrom": start.to_string(),
        "dateObservedTo": (start + 15.minutes()).to_string(),
        "peopleCount": people,
    })
}

fn with(mut message: Value, field: &str, value: impl Into<Value>) -> Value {
    message[field] = value.into();
    message
}

fn hear(message: &Value) -> Result<Message, Refusal> {
    read(&topic(), message.to_string().as_bytes(), now())
}

/// The one count of a message.
fn counted(message: &Value) -> (Observation, People) {
    let observation = hear(message).unwrap().observations.remove(0);
    let people = *observation.people().unwrap();
    (observation, people)
}

/// What the database would know after these messages, in order of arrival.
#[derive(Default)]
struct Known {
    counts: std::collections::BTreeMap<Timestamp, StoredObservation>,
    state: Option<DeviceState>,
}

impl Known {
    /// The version that a message made; none where it said nothing new.
    fn take(&mut self, message: &Value) -> Result<Option<u32>, Refusal> {
        let message = hear(message)?;
        let stored = |observation: &Observation| self.counts.get(&observation.period_start);
        let decision = decide(Some(&registered()), self.state.as_ref(), stored, &message, now())?;
        let Decision::Changed { observations, state } = decision else { return Ok(None) };
        let version = observations[0].version;
        self.counts.extend(observations.into_iter().map(|one| (one.record.period_start, one)));
        self.state = Some(*state);
        Ok(Some(version))
    }

    fn quality_at(&self, minutes: i64) -> Quality {
        self.counts[&(at("2026-05-01T10:00:00Z") + minutes.minutes())].record.quality
    }

    fn total(&self) -> u64 {
        self.counts.values().map(|count| count.record.people().unwrap().count).sum()
    }

    fn missing(&self) -> u64 {
        self.state.as_ref().map_or(0, |state| state.missing)
    }
}

#[test]
fn a_message_of_the_model_becomes_the_canonical_record() {
    let message = with(with(message(0, 12), "peopleCountTowards", 7), "peopleCountAway", 5);
    let (record, people) = counted(&with(with(message, "seq", 9), "cumulativeCount", 1200));
    assert_eq!(record.venue.as_str(), "uffizi");
    assert_eq!(record.period_start, at("2026-05-01T10:00:00Z"));
    assert_eq!(record.period_end, at("2026-05-01T10:15:00Z"));
    assert_eq!((people.count, people.towards, people.away), (12, Some(7), Some(5)));
    assert_eq!((record.seq, people.cumulative), (Some(9), Some(1200)));
    assert_eq!(record.quality, Quality::Late);
}

#[test]
fn an_interval_in_date_observed_stands_for_from_and_to() {
    let message = json!({
        "id": "urn:x", "type": "CrowdFlowObserved", "peopleCountTowards": 3, "peopleCountAway": 4,
        "dateObserved": "2026-05-01T13:00:00+02:00/2026-05-01T13:15:00.400+02:00",
    });
    let (record, people) = counted(&message);
    assert_eq!(record.period_start, at("2026-05-01T11:00:00Z"));
    assert_eq!(record.period_end, at("2026-05-01T11:15:00Z"));
    assert_eq!(people.count, 7);
    assert_eq!(record.quality, Quality::Good);
}

#[test]
fn a_broken_message_is_refused_with_the_value_and_the_fix() {
    let cases: Vec<(Value, &str, &str)> = vec![
        (json!([1]), "not-json", "json object"),
        (with(message(0, 1), "type", "ParkingSpot"), "wrong-model", "`ParkingSpot`"),
        (with(message(0, 1), "id", Value::Null), "missing-field", "`id` is missing: add it"),
        (with(message(0, 1), "peopleCount", Value::Null), "missing-field", "`peopleCount`"),
        (with(message(0, 1), "peopleCount", -3), "negative-count", "is -3"),
        (with(message(0, 1), "peopleCount", 1.5), "wrong-type", "not an integer"),
        (with(message(0, 1), "peopleCount", json!({"value": 3})), "wrong-type", "keyValues"),
        (with(message(0, 1), "peopleCount", u64::MAX), "count-too-high", "check the counter"),
        (with(message(0, 1), "dateObservedTo", "yesterday"), "invalid-instant", "`yesterday`"),
        (with(message(0, 1), "dateObservedTo", "2026-05-01T10:15:00"), "invalid-instant", "UTC"),
        (with(message(0, 1), "dateObservedTo", "2026-05-01T10:00:00Z"), "period-reversed", "swap"),
        (
            with(message(0, 1), "dateObservedFrom", "2026-04-29T10:00:00Z"),
            "period-too-long",
            "48 hours",
        ),
        (message(-72 * 60, 1), "too-late", "for 72 hours"),
        (message(120, 1), "from-the-future", "900 seconds"),
        (
            with(with(message(0, 9), "peopleCountTowards", 3), "peopleCountAway", 4),
            "totals-disagree",
            "make 7",
        ),
    ];
    for (message, code, words) in cases {
        let refusal = hear(&message).unwrap_err();
        assert_eq!(refusal.code(), code, "{message}");
        assert!(refusal.to_string().contains(words), "{refusal}");
    }
    let refusal = read(&topic(), b"{\"id\":", now()).unwrap_err();
    assert_eq!(refusal, Refusal::NotJson { line: 1, column: 6 });
    let refusal = read(&topic(), &vec![b' '; MAX_PAYLOAD_BYTES + 1], now()).unwrap_err();
    assert_eq!(refusal.code(), "message-too-large");
}

#[test]
fn person_level_data_is_refused_wherever_it_hides_and_never_repeated() {
    let hidden = [
        with(message(0, 1), "AnonymousCommuterId", "b7c1"),
        with(message(0, 1), "mac_address", "x"),
        with(message(0, 1), "tags", json!([{"hashedMac": "9f86d081"}])),
        with(message(0, 1), "note", "seen aa:bb:cc:dd:ee:ff twice"),
        with(message(0, 1), "seen", json!(["AA-BB-CC-DD-EE-FF"])),
        with(message(0, 1), "dwell", json!({"aa:bb:cc:dd:ee:ff": 300})),
    ];
    for message in hidden {
        let refusal = hear(&message).unwrap_err();
        assert_eq!(refusal.code(), "person-level-data", "{message}");
        let words = refusal.to_string().to_lowercase();
        assert!(!["dd:ee", "dd-ee", "b7c1", "9f86"].iter().any(|s| words.contains(s)), "{words}");
        assert!(names_a_person(message.to_string().as_bytes()), "{message}");
    }
    assert!(names_a_person(b"{broken aa:bb:cc:dd:ee:ff"));
    assert!(!names_a_person(message(0, 1).to_string().as_bytes()));
}

#[test]
fn the_sensor_may_name_itself_by_its_own_mac_address() {
    let message = with(message(0, 1), "id", "urn:ngsi-ld:CrowdFlowObserved:aa:bb:cc:dd:ee:ff");
    assert!(hear(&message).is_ok());
}

#[test]
fn a_topic_has_five_levels_in_our_order() {
    for topic in [
        "dt/atrio/uffizi/door-1",
        "dt/atrio/uffizi/door-1/CrowdFlowObserved/",
        "dt/atrio/uffizi/Door 1/CrowdFlowObserved",
        "dt/atrio//door-1/CrowdFlowObserved",
        "cmd/atrio/uffizi/door-1/CrowdFlowObserved",
        "a/b/c/d/e/f/g/h/i/j",
    ] {
        assert_eq!(topic.parse::<Topic>().unwrap_err().code(), "bad-topic", "{topic}");
    }
    let long = format!("dt/atrio/uffizi/door-1/{}", "x".repeat(256));
    assert_eq!(long.parse::<Topic>().unwrap_err().code(), "topic-too-long");
    let other = "dt/atrio/uffizi/door-1/ParkingSpot".parse::<Topic>().unwrap_err();
    assert_eq!(other.code(), "wrong-model");
    assert_eq!(topic().to_string(), "dt/atrio/uffizi/door-1/CrowdFlowObserved");
}

#[test]
fn a_device_listens_only_to_its_own_commands() {
    for filter in ["cmd/atrio/uffizi/door-1/#", "cmd/atrio/uffizi/door-1/restart"] {
        assert!(may_subscribe(&registered(), filter), "{filter}");
    }
    for filter in [
        "#",
        "cmd/atrio/#",
        "cmd/atrio/uffizi/+/restart",
        "cmd/atrio/uffizi/door-1",
        "cmd/atrio/uffizi/door-1/",
        "cmd/atrio/uffizi/door-1/+/now",
        "cmd/atrio/uffizi/door-12/#",
        "cmd/atrio/pitti/door-1/#",
        "dt/atrio/uffizi/door-1/#",
        "$share/g/cmd/atrio/uffizi/door-1/#",
        "$SYS/#",
    ] {
        assert!(!may_subscribe(&registered(), filter), "{filter}");
    }
}

#[test]
fn a_repeated_message_changes_nothing_and_another_content_is_the_next_version() {
    let mut known = Known::default();
    assert_eq!(known.take(&message(0, 12)), Ok(Some(1)));
    assert_eq!(known.take(&message(0, 12)), Ok(None));
    assert_eq!(known.take(&message(0, 14)), Ok(Some(2)));
    assert_eq!(known.total(), 14);
}

#[test]
fn a_late_duplicate_does_not_undo_a_correction() {
    let mut known = Known::default();
    known.take(&message(0, 12)).unwrap();
    known.take(&message(0, 14)).unwrap();
    assert_eq!(known.take(&message(0, 12)), Ok(None));
    assert_eq!(known.total(), 14);
}

#[test]
fn a_correction_that_overtook_its_original_stands() {
    let mut known = Known::default();
    known.take(&with(message(0, 14), "seq", 8)).unwrap();
    assert_eq!(known.take(&with(message(0, 12), "seq", 7)), Ok(None));
    assert_eq!(known.total(), 14);
}

#[test]
fn older_data_is_counted_but_never_moves_the_device_back() {
    let mut known = Known::default();
    known.take(&with(message(30, 5), "cumulativeCount", 105)).unwrap();
    known.take(&with(message(0, 3), "cumulativeCount", 98)).unwrap();
    let state = known.state.as_ref().unwrap();
    assert_eq!(state.counted.unwrap().period_start, at("2026-05-01T10:30:00Z"));
    assert_eq!((state.cumulative, state.revision), (Some(105), 2));
    assert_eq!(known.total(), 8);
}

#[test]
fn a_gap_in_the_sequence_shows_until_the_stragglers_arrive() {
    let mut known = Known::default();
    known.take(&with(message(0, 1), "seq", 1)).unwrap();
    known.take(&with(message(45, 1), "seq", 4)).unwrap();
    assert_eq!(known.quality_at(45), Quality::AfterGap { missing: 2 });
    assert_eq!(known.missing(), 2);
    known.take(&with(message(30, 1), "seq", 3)).unwrap();
    known.take(&with(message(15, 1), "seq", 2)).unwrap();
    assert_eq!(known.missing(), 0);
    known.take(&with(message(0, 2), "seq", 5)).unwrap();
    known.take(&with(message(60, 1), "seq", 6)).unwrap();
    assert_eq!(known.missing(), 0, "a correction takes a number too");
}

#[test]
fn a_running_total_that_falls_is_refused_unless_it_began_again() {
    let mut known = Known::default();
    known.take(&with(message(0, 5), "cumulativeCount", 5000)).unwrap();
    let fallen = with(message(15, 5), "cumulativeCount", 4000);
    let refusal = Refusal::CounterWentBackwards { previous: 5000, received: 4000 };
    assert_eq!(known.take(&fallen), Err(refusal));
    let again = RegisteredDevice { enrolled_at: now() + 1.second(), ..registered() };
    let later = now() + 2.seconds();
    let state = known.state.as_ref();
    assert!(decide(Some(&again), state, |_| None, &hear(&fallen).unwrap(), later).is_ok());

    // The power was gone: no more on the total than this period itself counted.
    known.take(&with(message(15, 5), "cumulativeCount", 3)).unwrap();
    assert_eq!(known.quality_at(15), Quality::AfterReset);
    known.take(&with(message(30, 4), "cumulativeCount", 7)).unwrap();
    assert_ne!(known.quality_at(30), Quality::AfterReset);
    assert_eq!((known.total(), known.state.unwrap().cumulative), (14, Some(7)));
}

#[test]
fn a_device_that_is_unknown_revoked_or_elsewhere_is_not_heard() {
    let message = hear(&message(0, 1)).unwrap();
    let ask = |registered: Option<&RegisteredDevice>| {
        decide(registered, None, |_| None, &message, now()).unwrap_err()
    };
    assert_eq!(ask(None).code(), "unknown-device");
    let revoked = RegisteredDevice { revoked_at: Some(now()), ..registered() };
    assert_eq!(ask(Some(&revoked)).code(), "device-revoked");
    let elsewhere = RegisteredDevice { venue: VenueId::new("pitti").unwrap(), ..registered() };
    let refusal = ask(Some(&elsewhere));
    assert_eq!(refusal.code(), "wrong-venue");
    assert!(refusal.is_about_permission());
}

#[test]
fn duplicates_and_disorder_leave_the_totals_of_a_clean_run() {
    let messages: Vec<Value> = (0_u64..96)
        .map(|n| {
            let minutes = i64::try_from(n).unwrap() * 15 - 24 * 60;
            with(with(message(minutes, n), "seq", n), "cumulativeCount", (0..=n).sum::<u64>())
        })
        .collect();
    let mut clean = Known::default();
    for message in &messages {
        clean.take(message).unwrap();
    }
    let mut disturbed = Known::default();
    for place in 0..messages.len() {
        // 37 and 96 have no common factor, so this visits every message once, far out of order.
        let message = &messages[(place * 37 + 50) % messages.len()];
        disturbed.take(message).unwrap();
        if place % 10 == 0 {
            assert_eq!(disturbed.take(message), Ok(None));
        }
    }
    assert_eq!(disturbed.total(), clean.total());
    assert_eq!(disturbed.missing(), 0);
    assert_eq!(disturbed.state.unwrap().cumulative, clean.state.unwrap().cumulative);
}

#[test]
fn a_dead_letter_keeps_the_message_unless_it_names_a_person() {
    let refusal = Refusal::NegativeCount { field: "peopleCount", value: -3 };
    let letter = |payload: &[u8]| DeadLetter::new("dt/x", "door-1", payload, now(), &refusal);
    assert_eq!(letter(b"{}").payload.as_deref(), Some(b"{}".as_slice()));
    assert_eq!(letter(&[b'x'; 20_000]).payload.map(|kept| kept.len()), Some(KEPT_PAYLOAD_BYTES));
    assert_eq!(letter(b"{\"mac\":1}").payload, None);
    assert_eq!(letter(b"{\"mac\":1}").hash, letter(b"{\"mac\":2}").hash);
    assert_ne!(letter(b"{}").hash, letter(b"{ }").hash);
}

/// What a cell of the network counted in the hour from 10 to 11.
fn cell(people: impl Into<Value>) -> Value {
    json!({
        "id": "urn:ngsi-ld:TourismPresenceObserved:uffizi:1",
        "type": "TourismPresenceObserved",
        "dateObserved": "2026-05-01T12:30:00+02:00",
        "locationCode": "048017",
        "nationality": "unknown",
        "aggregationType": "hourly_sum",
        "visitorCount": people.into(),
    })
}

fn hear_cell(message: &Value) -> Result<Message, Refusal> {
    let topic: Topic = "dt/atrio/uffizi/tim-1/TourismPresenceObserved".parse().unwrap();
    read(&topic, message.to_string().as_bytes(), now())
}

#[test]
fn a_cell_with_few_people_keeps_no_number() {
    let people = |message: &Value| {
        let observation = hear_cell(message).unwrap().observations.remove(0);
        assert_eq!(observation.period_start, at("2026-05-01T10:00:00Z"));
        assert_eq!(observation.period_end, at("2026-05-01T11:00:00Z"));
        let hash = observation.content_hash();
        let Content::Cell(cell) = observation.content else { panic!("not a cell") };
        assert_eq!(cell.series(), "048017#unknown#hourly_sum");
        (cell.people, cell.least_count, hash)
    };
    let (told, least, _) = people(&cell(15));
    assert_eq!((told, least), (Some(15), 15));
    let (none, _, of_fourteen) = people(&cell(14));
    let (_, _, of_three) = people(&cell(3));
    assert_eq!((none, of_fourteen), (None, of_three), "not even the hash tells them apart");
    let stricter = with(cell(40), "minCount", 50);
    assert_eq!((people(&stricter).0, people(&stricter).1), (None, 50));
    assert_eq!(people(&with(cell(40), "suppressed", true)).0, None);
    assert_eq!(people(&with(cell(Value::Null), "suppressed", true)).0, None);
}

#[test]
fn a_cell_that_is_not_of_the_model_says_what_is_taken() {
    for (message, code, words) in [
        (with(cell(20), "dateObserved", "2026-05-01T10:00:00Z"), "invalid-field", "middle"),
        (with(cell(20), "nationality", "Italian"), "invalid-field", "`unknown`"),
        (with(cell(20), "nationality", Value::Null), "missing-field", "`nationality`"),
        (with(cell(20), "aggregationType", "daily"), "invalid-field", "hourly_sum"),
        (with(cell(20), "locationCode", "a b"), "invalid-field", "`locationCode`"),
        (cell(2.5), "wrong-type", "`visitorCount`"),
        (cell(Value::Null), "missing-field", "`visitorCount`"),
        (with(cell(20), "suppressed", "yes"), "wrong-type", "`suppressed`"),
        (with(cell(20), "AnonymousCommuterId", "b7c1"), "person-level-data", "person"),
    ] {
        let refusal = hear_cell(&message).unwrap_err();
        assert_eq!(refusal.code(), code, "{message}");
        assert!(refusal.to_string().contains(words), "{refusal}");
        let topic = "dt/atrio/uffizi/tim-1/TourismPresenceObserved";
        let payload = message.to_string();
        let letter = DeadLetter::new(topic, "tim-1", payload.as_bytes(), now(), &refusal);
        assert_eq!(letter.payload, None, "a number under the threshold is not kept there either");
    }
}

#[test]
fn a_device_says_how_it_is_and_older_news_does_not_overwrite_newer() {
    let topic: Topic = "dt/atrio/uffizi/door-1/Device".parse().unwrap();
    let say = |time: &str, fields: Value| {
        let mut message = json!({"id": "urn:x", "type": "Device"});
        message["dateLastValueReported"] = json!(format!("2026-05-01T{time}:00Z"));
        for (field, value) in fields.as_object().unwrap() {
            message[field] = value.clone();
        }
        read(&topic, message.to_string().as_bytes(), now())
    };
    let mut state: Option<DeviceState> = None;
    let mut hear = |message: Message| match decide(
        Some(&registered()),
        state.as_ref(),
        |_| None,
        &message,
        now(),
    )
    .unwrap()
    {
        Decision::Changed { state: after, .. } => {
            state = Some(*after);
            state.clone().and_then(|state| state.status)
        }
        Decision::Unchanged => None,
    };
    let first = hear(say("11:00", json!({"batteryLevel": 0.8, "rssi": 0.5})).unwrap()).unwrap();
    assert_eq!((first.battery_percent, first.signal_percent), (Some(80), Some(50)));
    assert_eq!(hear(say("10:00", json!({"batteryLevel": 0.9})).unwrap()), None);
    let last = hear(say("11:30", json!({"batteryLevel": 0.7, "deviceState": "ok"})).unwrap());
    let last = last.unwrap();
    assert_eq!((last.battery_percent, last.signal_percent), (Some(70), Some(50)));
    assert_eq!(say("11:00", json!({"batteryLevel": 80})).unwrap_err().code(), "invalid-field");
    assert_eq!(say("11:00", json!({"deviceState": "<b>"})).unwrap_err().code(), "invalid-field");
}

#[test]
fn a_device_is_silent_from_when_it_should_have_spoken() {
    let mut known = Known::default();
    known.take(&with(message(90, 1), "seq", 1)).unwrap();
    known.take(&with(message(105, 1), "seq", 9)).unwrap();
    let state = known.state.unwrap();
    assert_eq!(state.missing_per_thousand(), Some(778), "7 of 9");
    assert_eq!(state.silent_since(now() + 2.hours()), None);
    assert_eq!(state.silent_since(now() + 3.hours()), Some(now()));
    let told = DeviceState { next_by: Some(now() + 10.minutes()), ..state };
    assert_eq!(told.silent_since(now() + 15.minutes()), None);
    assert_eq!(told.silent_since(now() + 16.minutes()), Some(now()));
}
