//! Devices that break, lie or are not ours: none is counted, each is told why, and what they sent
//! is kept for the installer.

use atrio_domain::device::DeadLetter;
use atrio_tests::{Device, Process, count_message};
use jiff::{SignedDuration, Timestamp};
use rumqttc::v5::mqttbytes::v5::PubAckReason;
use serde_json::{Value, json};

const VENUE: &str = "20240";

/// A minute of this morning.
fn minute(number: i32) -> (Timestamp, Timestamp) {
    let start: Timestamp = "2026-11-24T08:00:00Z".parse().unwrap();
    let from = start + SignedDuration::from_mins(1) * number;
    (from, from + SignedDuration::from_mins(1))
}

fn counted(device: &str, number: i32, total: u64) -> Value {
    let (from, to) = minute(number);
    let mut message = count_message(device, from, to, 3, 1);
    message["cumulativeCount"] = json!(total);
    message
}

async fn dead_letters(museum: &Process) -> Vec<DeadLetter> {
    museum.store().dead_letters("2026-11-24".parse().unwrap()).await.unwrap()
}

#[tokio::test]
async fn a_certificate_of_another_authority_opens_nothing() {
    let (museum, stranger) = tokio::join!(Process::fresh(), Process::fresh());
    let foreign = Device::enrol(&stranger, VENUE, "counter-door").await;
    let own = Device::enrol(&museum, VENUE, "counter-door").await;
    assert!(Device::connect(&museum, VENUE, "counter-door", &foreign).await.is_err());
    assert!(Device::connect(&museum, VENUE, "counter-yard", &own).await.is_err(), "another's name");
    assert!(Device::connect(&museum, VENUE, "counter-door", &own).await.is_ok());
}

#[tokio::test]
async fn a_device_that_speaks_for_another_is_refused_and_counts_nothing() {
    let museum = Process::fresh().await;
    let mut door = Device::of(&museum, VENUE, "counter-door").await;
    let yard = Device::of(&museum, VENUE, "counter-yard").await;
    for topic in [
        yard.topic(),
        "dt/atrio/20514/counter-door/CrowdFlowObserved".to_owned(),
        "dt/atrio/20240/counter-door/../counter-yard/CrowdFlowObserved".to_owned(),
        "$SYS/broker".to_owned(),
    ] {
        let message = counted("counter-yard", 0, 4).to_string().into_bytes();
        match door.publish_bytes(&topic, message).await {
            Ok(answer) => assert_ne!(answer.reason, PubAckReason::Success, "{topic}"),
            // Closing the door on it is a refusal as well.
            Err(_) => {
                door = Device::connect(&museum, VENUE, "counter-door", &door.keys).await.unwrap();
            }
        }
    }
    let figures = museum.lake_agrees().await;
    assert_eq!(figures["device counts"], json!({"table": 0, "lake": 0}));
    door.publish(&counted("counter-door", 0, 4)).await.unwrap();
    assert_eq!(
        museum.lake_agrees().await["device counts"]["table"],
        1,
        "the door itself counts on"
    );
}

#[tokio::test]
async fn a_message_that_cannot_be_counted_is_a_dead_letter_with_its_reason() {
    let museum = Process::fresh().await;
    let mut door = Device::of(&museum, VENUE, "counter-door").await;
    door.publish(&counted("counter-door", 0, 18_211)).await.unwrap();
    let mut person = counted("counter-door", 1, 18_215);
    person["macAddress"] = json!("02:00:00:00:00:01");
    let mut negative = counted("counter-door", 1, 18_215);
    negative["peopleCountAway"] = json!(-1);
    let mut reversed = counted("counter-door", 1, 18_215);
    let (from, to) = minute(1);
    reversed["dateObserved"] = json!(from.to_string());
    (reversed["dateObservedFrom"], reversed["dateObservedTo"]) =
        (json!(to.to_string()), json!(from.to_string()));
    let cut = counted("counter-door", 1, 18_215).to_string();
    let broken = [
        (cut.as_bytes()[..40].to_vec(), "not-json"),
        (b"\x00\xff".to_vec(), "not-json"),
        (counted("counter-door", 1, 12).to_string().into_bytes(), "counter-went-backwards"),
        (counted("counter-door", 600, 18_300).to_string().into_bytes(), "from-the-future"),
        (counted("counter-door", -6000, 12).to_string().into_bytes(), "too-late"),
        (negative.to_string().into_bytes(), "negative-count"),
        (reversed.to_string().into_bytes(), "period-reversed"),
        (person.to_string().into_bytes(), "person-level-data"),
    ];
    for (payload, code) in &broken {
        let answer = door.publish_bytes(&door.topic(), payload.clone()).await.unwrap();
        assert_eq!(answer.reason, PubAckReason::PayloadFormatInvalid, "{code}");
        let words = answer.properties.and_then(|told| told.reason_string).unwrap();
        let letters = dead_letters(&museum).await;
        let found = letters.iter().find(|letter| &letter.code == code && letter.reason == words);
        let letter = found.unwrap_or_else(|| panic!("{code}: {letters:?}"));
        assert_eq!(
            (letter.client_id.as_str(), letter.topic.as_str()),
            ("counter-door", door.topic().as_str())
        );
        let kept = letter.payload.as_deref() == Some(payload.as_slice());
        assert_eq!(kept, *code != "person-level-data", "{code}: a person's data is not even kept");
    }
    assert_eq!(dead_letters(&museum).await.len(), broken.len());
    let figures = museum.lake_agrees().await;
    assert_eq!(figures["device counts, versions"], json!({"table": 1, "lake": 1}));
}
