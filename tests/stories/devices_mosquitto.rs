//! A standard client that knows nothing of us, `mosquitto` of Debian: what it may do, and that each thing
//! that is forbidden is refused.

use std::path::Path;
use std::process::{Command, Output, Stdio};

use atrio_tests::{Device, Process, count_message};
use jiff::SignedDuration;

const VENUE: &str = "20240";

/// Runs one of the two clients with a device's certificate, or without any.
async fn mosquitto(
    museum: &Process,
    program: &'static str,
    keys: Option<&Path>,
    arguments: &[&str],
) -> Output {
    let port = museum.run.mqtt.rsplit(':').next().unwrap().to_owned();
    let mut command = Command::new(program);
    command.args(["-V", "mqttv5", "-h", "localhost", "-p", &port]);
    command.arg("--cafile").arg(museum.data().join("ca/ca.pem"));
    if let Some(keys) = keys {
        command.arg("--cert").arg(keys.join("cert.pem")).arg("--key").arg(keys.join("key.pem"));
    }
    command.args(arguments).stdin(Stdio::null());
    tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap()
}

#[tokio::test]
#[expect(clippy::print_stdout, reason = "a test that did not run says so")]
async fn a_standard_client_is_understood_and_refused_on_each_forbidden_thing() {
    if Command::new("mosquitto_pub").arg("--version").output().is_err() {
        println!("skipped: mosquitto-clients is not installed");
        return;
    }
    let museum = Process::fresh().await;
    let door = Device::enrol(&museum, VENUE, "counter-door").await;
    let yard = Device::enrol(&museum, VENUE, "counter-yard").await;
    let own = format!("dt/atrio/{VENUE}/counter-door/CrowdFlowObserved");
    let from = "2026-11-24T08:00:00Z".parse().unwrap();
    let message = count_message("counter-door", from, from + SignedDuration::from_mins(15), 3, 1);
    let message = message.to_string();
    let as_door = ["-i", "counter-door", "-q", "1"];
    let publish = async |keys: Option<&Path>, more: &[&str]| {
        let arguments = [&as_door[..], more].concat();
        mosquitto(&museum, "mosquitto_pub", keys, &arguments).await
    };
    let taken = publish(Some(&door), &["-t", &own, "-m", &message]).await;
    assert!(taken.status.success(), "{taken:?}");

    let told = |output: &Output| String::from_utf8_lossy(&output.stderr).into_owned();
    let nobody = publish(None, &["-t", &own, "-m", &message]).await;
    assert!(!nobody.status.success(), "no certificate");
    let borrowed = publish(Some(&yard), &["-t", &own, "-m", &message]).await;
    assert!(!borrowed.status.success(), "another's certificate");
    let foreign = format!("dt/atrio/{VENUE}/counter-yard/CrowdFlowObserved");
    for topic in [foreign.as_str(), "dt/atrio/20514/counter-door/CrowdFlowObserved", "elsewhere"] {
        let refused = publish(Some(&door), &["-t", topic, "-m", &message]).await;
        assert!(told(&refused).contains("Not authorized"), "{topic}: {refused:?}");
    }
    let large = async |bytes: usize| {
        let file = museum.data().join("large");
        std::fs::write(&file, vec![b' '; bytes]).unwrap();
        publish(Some(&door), &["-d", "-t", &own, "-f", file.to_str().unwrap()]).await
    };
    let refused = large(132 * 1024).await;
    assert!(told(&refused).contains("send at most 131072"), "{refused:?}");
    // Beyond what a packet may be at all: the client itself keeps it back, or is cut off.
    let refused = large(400 * 1024).await;
    let heard = String::from_utf8_lossy(&refused.stdout).into_owned();
    assert!(heard.contains("CONNACK (0)") && !heard.contains("PUBACK"), "{refused:?}");
    let exactly_once = mosquitto(
        &museum,
        "mosquitto_pub",
        Some(&door),
        &["-i", "counter-door", "-q", "2", "-t", &own, "-m", &message],
    )
    .await;
    assert!(told(&exactly_once).contains("QoS not supported"), "{exactly_once:?}");
    for filter in ["#", "dt/atrio/#", "dt/atrio/20240/+/CrowdFlowObserved", "cmd/atrio/20240/+/#"] {
        let arguments = ["-i", "counter-door", "-q", "1", "-t", filter, "-W", "3", "-E"];
        let refused = mosquitto(&museum, "mosquitto_sub", Some(&door), &arguments).await;
        let words = told(&refused);
        assert!(words.contains("subscription requests were denied"), "{filter}: {refused:?}");
    }
    let commands = format!("cmd/atrio/{VENUE}/counter-door/#");
    let arguments = ["-i", "counter-door", "-q", "1", "-t", &commands, "-W", "3", "-E"];
    let heard = mosquitto(&museum, "mosquitto_sub", Some(&door), &arguments).await;
    assert!(heard.status.success() && told(&heard).is_empty(), "its own commands: {heard:?}");

    let revoked = museum.command(&["device", "revoke", "counter-door"]).await;
    assert!(revoked.status.success(), "{}", revoked.stderr);
    let refused = publish(Some(&door), &["-t", &own, "-m", &message]).await;
    assert!(told(&refused).contains("Not authorized"), "revoked: {refused:?}");

    let figures = museum.lake_agrees().await;
    assert_eq!(figures["device counts, versions"]["lake"], 1, "one message was taken, once");
    let letters = museum.store().dead_letters("2026-11-24".parse().unwrap()).await.unwrap();
    assert!(letters.is_empty(), "nothing else came as far as to be judged: {letters:?}");
}
