//! Devices as they meet the platform: enrolment, the broker over TLS, and what the database holds
//! after an acknowledgement.

#![expect(clippy::unwrap_used, reason = "a failed expectation of a test is a panic")]

mod harness;

use std::path::Path;

use atrio::broker::{Broker, BrokerError};
use atrio::devices::DevicesError;
use atrio_domain::device::{Model, StoredObservation};
use atrio_ingest::{DeviceMessage, Outcome};
use harness::{Museum, at_minute, count, topic};
use rumqttc::v5::mqttbytes::v5::PubAckReason;
use serde_json::json;

fn people(stored: &StoredObservation) -> u64 {
    stored.record.people().unwrap().count
}

#[tokio::test(flavor = "multi_thread")]
async fn an_acknowledged_count_is_kept_once_and_a_correction_is_its_next_version() {
    let museum = Museum::open().await;
    let mut door = museum.device("door-1").await;
    let first = count("door-1", 0, 12);
    for message in [&first, &first, &count("door-1", 15, 5)] {
        let answer = door.publish(&topic("door-1"), message).await.unwrap();
        assert_eq!(answer.reason, PubAckReason::Success);
    }
    let kept = museum.counts("door-1").await;
    assert_eq!(kept.iter().map(people).collect::<Vec<_>>(), [12, 5]);
    assert!(kept.iter().all(|count| count.version == 1));

    door.publish(&topic("door-1"), &count("door-1", 0, 14)).await.unwrap();
    door.publish(&topic("door-1"), &first).await.unwrap();
    let kept = museum.counts("door-1").await;
    assert_eq!((people(&kept[0]), kept[0].version), (14, 2));
    assert_eq!(kept.len(), 2);
    assert!(museum.dead_letters().await.is_empty());
    museum.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_device_is_kept_to_its_own_topics() {
    let museum = Museum::open().await;
    let mut door = museum.device("door-1").await;
    museum.device("door-2").await;
    for foreign in [
        topic("door-2"),
        "dt/atrio/pitti/door-1/CrowdFlowObserved".to_owned(),
        "cmd/atrio/uffizi/door-2/restart".to_owned(),
        "elsewhere".to_owned(),
    ] {
        let answer = door.publish(&foreign, &count("door-2", 0, 1)).await.unwrap();
        assert_eq!(answer.reason, PubAckReason::NotAuthorized, "{foreign}");
        let words = answer.properties.unwrap().reason_string.unwrap();
        assert!(words.contains("publishes only on `dt/atrio/uffizi/door-1/{model}`"), "{words}");
    }
    assert!(museum.counts("door-2").await.is_empty());
    assert!(!door.may_subscribe("#").await);
    assert!(!door.may_subscribe("cmd/atrio/uffizi/door-2/#").await);
    assert!(!door.may_subscribe("cmd/atrio/+/door-1/#").await);
    assert!(door.may_subscribe("cmd/atrio/uffizi/door-1/#").await);
    museum.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_gates_of_a_venue_claim_under_their_own_names_and_the_first_claim_stands() {
    let museum = Museum::open().await;
    let mut north = museum.gate("north").await;
    let mut south = museum.gate("south").await;
    let mut door = museum.device("door-1").await;
    let heard = "dt/atrio/uffizi/+/used";
    assert!(north.may_subscribe(heard).await && south.may_subscribe(heard).await);
    assert!(!door.may_subscribe(heard).await, "a counter hears nothing of tickets");
    assert!(!north.may_subscribe("dt/atrio/pitti/+/used").await, "nor a gate of other venues");
    assert!(!north.may_subscribe("dt/atrio/uffizi/#").await);

    let used = |gate: &str, nonce: u128| {
        json!({"said": "USED", "ticket": "0000000000000000", "gate_id": gate,
            "uuid": uuid::Uuid::from_u128(nonce), "at": museum.clock.now()})
    };
    let own = |gate: &str| format!("dt/atrio/uffizi/gate-uffizi-{gate}/used");
    for (topic, message) in [
        (own("south"), used("south", 1)),
        (own("north"), used("south", 1)),
        (own("north"), json!({"said": "USED"})),
        (topic("gate-uffizi-north"), count("gate-uffizi-north", 0, 1)),
    ] {
        let answer = north.publish(&topic, &message).await.unwrap();
        assert_eq!(answer.reason, PubAckReason::NotAuthorized, "{topic}");
    }
    let answer = door.publish("dt/atrio/uffizi/door-1/used", &used("north", 1)).await.unwrap();
    assert_ne!(answer.reason, PubAckReason::Success, "a counter claims no ticket");

    let first = north.publish(&own("north"), &used("north", 1)).await.unwrap();
    assert_eq!(first.reason, PubAckReason::Success);
    let second = south.publish(&own("south"), &used("south", 2)).await.unwrap();
    assert_eq!(second.reason, PubAckReason::ImplementationSpecificError);
    let words = second.properties.unwrap().reason_string.unwrap();
    let standing: serde_json::Value = serde_json::from_str(&words).unwrap();
    assert_eq!(standing["gate_id"], "north");
    museum.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_latest_certificate_of_an_enrolled_device_opens_the_door() {
    let museum = Museum::open().await;
    museum.enrol("door-1", "first").await.unwrap();
    let enter = async |client: &str, keys: &Path| museum.enter(client, Some(keys), None).await;
    let first = museum.directory("first");
    assert!(enter("door-1", &first).await.is_ok());
    assert!(enter("door-2", &first).await.is_err(), "the client id is not the certificate's name");
    assert!(museum.enter("door-1", None, None).await.is_err(), "no certificate");

    let stranger = Museum::open().await;
    stranger.enrol("door-1", "foreign").await.unwrap();
    let foreign = enter("door-1", &stranger.directory("foreign")).await;
    assert!(foreign.is_err(), "a certificate of another authority");
    stranger.close().await;

    museum.enrol("door-1", "second").await.unwrap();
    assert!(enter("door-1", &first).await.is_err(), "a retired certificate");
    let second = museum.directory("second");
    let mut door = enter("door-1", &second).await.unwrap();
    museum.store.revoke_device(&"door-1".parse().unwrap(), museum.clock.now()).await.unwrap();
    let answer = door.publish(&topic("door-1"), &count("door-1", 0, 1)).await.unwrap();
    assert_eq!(answer.reason, PubAckReason::NotAuthorized, "revoked while connected");
    assert!(enter("door-1", &second).await.is_err(), "revoked");
    assert!(museum.counts("door-1").await.is_empty());

    assert!(matches!(museum.enrol("door-3", "second").await, Err(DevicesError::Exists { .. })));
    museum.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_will_cannot_speak_where_its_device_may_not() {
    let museum = Museum::open().await;
    museum.enrol("door-1", "door-1").await.unwrap();
    let keys = museum.directory("door-1");
    let enter = async |will: &str| museum.enter("door-1", Some(&keys), Some(will)).await;
    assert!(enter("cmd/atrio/uffizi/door-2/restart").await.is_err());
    assert!(enter("dt/atrio/uffizi/door-1/gone").await.is_ok());
    museum.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_cannot_be_counted_is_acknowledged_with_the_reason_and_kept() {
    let museum = Museum::open().await;
    let mut door = museum.device("door-1").await;
    let mut counted = count("door-1", 0, 5);
    counted["cumulativeCount"] = json!(5000);
    door.publish(&topic("door-1"), &counted).await.unwrap();
    let mut backwards = count("door-1", 15, 5);
    backwards["cumulativeCount"] = json!(50);
    let mut person = count("door-1", 15, 5);
    person["macAddress"] = json!("aa:bb:cc:dd:ee:ff");
    let broken = [
        (json!({"type": "CrowdFlowObserved"}), "missing-field"),
        (count("door-1", 15, -4), "negative-count"),
        (backwards, "counter-went-backwards"),
        (person, "person-level-data"),
    ];
    for (message, code) in &broken {
        let answer = door.publish(&topic("door-1"), message).await.unwrap();
        assert_eq!(answer.reason, PubAckReason::PayloadFormatInvalid, "{message}");
        let letters = museum.dead_letters().await;
        let letter = letters.iter().find(|letter| &letter.code == code).unwrap();
        assert_eq!(answer.properties.unwrap().reason_string.as_ref(), Some(&letter.reason));
        let kept = letter.payload.as_deref() == Some(message.to_string().as_bytes());
        assert_eq!(kept, *code != "person-level-data", "{code}");
    }
    let answer = door.publish("dt/atrio/uffizi/door-1/ParkingSpot", &count("door-1", 0, 1)).await;
    assert_eq!(answer.unwrap().reason, PubAckReason::PayloadFormatInvalid);
    assert_eq!(museum.dead_letters().await.len(), broken.len() + 1);
    assert_eq!(museum.counts("door-1").await.len(), 1);
    museum.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn many_devices_at_once_lose_nothing() {
    let museum = Museum::open().await;
    let names: Vec<String> = (0..20).map(|n| format!("door-{n:02}")).collect();
    let mut doors = Vec::new();
    for name in &names {
        doors.push((name.clone(), museum.device(name).await));
    }
    let publishing = doors.into_iter().map(|(name, mut door)| {
        tokio::spawn(async move {
            for place in 0..10 {
                let answer = door.publish(&topic(&name), &count(&name, place * 15, 3)).await;
                assert_eq!(answer.unwrap().reason, PubAckReason::Success);
            }
        })
    });
    for published in publishing.collect::<Vec<_>>() {
        published.await.unwrap();
    }
    for name in &names {
        assert_eq!(museum.counts(name).await.len(), 10, "{name}");
    }
    museum.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stopped_broker_frees_its_port_and_its_devices_come_back() {
    let mut museum = Museum::open().await;
    let mut door = museum.device("door-1").await;
    door.publish(&topic("door-1"), &count("door-1", 0, 1)).await.unwrap();

    let taken = Broker::start(museum.config(), museum.queue.clone()).await.unwrap_err();
    assert!(matches!(taken, BrokerError::Bind { .. }));
    assert!(taken.to_string().contains(&museum.address().to_string()), "{taken}");

    for round in 1..=3 {
        museum.restart().await;
        assert!(door.publish(&topic("door-1"), &count("door-1", 0, 1)).await.is_err());
        door = museum.enter("door-1", Some(&museum.directory("door-1")), None).await.unwrap();
        door.publish(&topic("door-1"), &count("door-1", round * 15, 1)).await.unwrap();
    }
    assert_eq!(museum.counts("door-1").await.len(), 4);
    museum.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_written_is_not_acknowledged_and_comes_again() {
    let mut museum = Museum::open().await;
    let mut door = museum.device("door-1").await;
    door.publish(&topic("door-1"), &count("door-1", 0, 1)).await.unwrap();
    museum.lose_the_database();
    let answer = door.publish(&topic("door-1"), &count("door-1", 15, 2)).await;
    assert!(answer.is_err(), "acknowledged without a database: {answer:?}");
    museum.find_the_database();
    assert_eq!(museum.counts("door-1").await.len(), 1);
    let answer = door.wait_for_acknowledgement().await.unwrap();
    assert_eq!(answer.reason, PubAckReason::Success, "the client sends it again by itself");
    assert_eq!(people(&museum.counts("door-1").await[1]), 2);
    museum.close().await;
}

#[tokio::test(flavor = "multi_thread")]
#[expect(clippy::print_stdout, reason = "a test that did not run says so")]
async fn mosquitto_is_understood() {
    let museum = Museum::open().await;
    museum.enrol("door-1", "door-1").await.unwrap();
    let Some(published) =
        museum.mosquitto_pub("door-1", &topic("door-1"), &count("door-1", 0, 7)).await
    else {
        println!("skipped: mosquitto_pub is not installed");
        return;
    };
    assert!(published.status.success(), "{published:?}");
    assert_eq!(people(&museum.counts("door-1").await[0]), 7);

    let broken = museum.mosquitto_pub("door-1", &topic("door-1"), &json!({})).await.unwrap();
    assert!(
        broken.status.success(),
        "MQTT 3.1.1 acknowledges what will never be right: {broken:?}"
    );
    assert_eq!(museum.dead_letters().await.len(), 1);

    let foreign = museum.mosquitto_pub("door-1", &topic("door-2"), &count("door-2", 0, 7)).await;
    assert!(!foreign.unwrap().status.success(), "MQTT 3.1.1 can only be told by closing");
    museum.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_repeated_by_two_writers_at_once_is_counted_once() {
    let museum = Museum::open().await;
    museum.enrol("door-1", "door-1").await.unwrap();
    let received_at = museum.clock.now();
    let messages: Vec<DeviceMessage> = (0..60)
        .map(|place| DeviceMessage {
            topic: topic("door-1"),
            client_id: "door-1".to_owned(),
            payload: count("door-1", place * 15, 2).to_string().into_bytes(),
            received_at,
        })
        .collect();
    let accept = || {
        let (context, messages) = (museum.context(), messages.clone());
        tokio::spawn(async move { atrio_ingest::accept(&context, messages).await })
    };
    let (one, two) = (accept(), accept());
    let outcomes: Vec<Outcome> = one.await.unwrap().into_iter().chain(two.await.unwrap()).collect();
    let stored = outcomes.iter().filter(|o| **o == Outcome::Stored { version: 1 }).count();
    let unchanged = outcomes.iter().filter(|o| **o == Outcome::Unchanged).count();
    assert_eq!((stored, unchanged), (60, 60), "{outcomes:?}");
    let kept = museum
        .store
        .counts(
            &"door-1".parse().unwrap(),
            Model::CrowdFlowObserved,
            at_minute(0),
            at_minute(60 * 15),
        )
        .await
        .unwrap();
    assert_eq!(kept.iter().map(people).sum::<u64>(), 120);
    museum.close().await;
}
