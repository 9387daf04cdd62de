//! What an operator does: start, stop, start again, and read what went wrong.

use std::net::TcpListener;
use std::time::Duration;

use atrio_tests::{
    Device, Gate, Manager, Outcome, Output, Process, SOON, Visitor, Wish, count_message,
    eventually, free_port,
};
use jiff::SignedDuration;
use serde_json::json;

const VENUE: &str = "20240";
const DAY: &str = "2026-11-24";

#[tokio::test]
async fn a_restart_keeps_bookings_tickets_entries_payments_counts_and_keys() {
    let mut museum = Process::fresh().await;
    let visitor = Visitor::of(&museum);
    let (gate, manager) =
        (Gate::of(&museum, VENUE, "main").await, Manager::of(&museum, VENUE).await);
    let wish = Wish::at(VENUE, "2026-11-24T10:00", &[("adult", 2)]);
    let (bought, tickets) = visitor.buys(&wish).await;
    let paying = visitor.hold(&wish).await;
    let started = visitor.start_payment(&paying).await.expect(200);
    let held = visitor.hold(&wish).await;
    let (used, unused) =
        (tickets[0]["code"].as_str().unwrap(), tickets[1]["code"].as_str().unwrap());
    gate.scan(used).await.expect(201);
    let mut door = Device::of(&museum, VENUE, "counter-door").await;
    let minute = SignedDuration::from_mins(1);
    let from = "2026-11-24T09:00:00Z".parse().unwrap();
    door.publish(&count_message("counter-door", from, from + minute, 5, 1)).await.unwrap();
    museum.lake_agrees().await;

    let before = what_is_seen(&visitor, &manager, &[&bought, &paying, &held]).await;
    for orderly in [true, false] {
        if orderly {
            assert!(museum.stop().await.0.success());
        }
        museum.restart().await;
        assert_eq!(what_is_seen(&visitor, &manager, &[&bought, &paying, &held]).await, before);
        gate.scan(used).await.expect_problem(409, "ticket-already-redeemed", "code");
    }
    // What was begun goes on: the gate admits, the link to the provider works, the device speaks.
    gate.scan(unused).await.expect(201);
    visitor.press(started["redirect_url"].as_str().unwrap(), Outcome::Pay).await;
    visitor.sees(&paying, "CONFIRMED").await;
    assert_eq!(visitor.cancel(&held).await.expect(200)["status"], "CANCELLED");
    let mut door = Device::connect(&museum, VENUE, "counter-door", &door.keys).await.unwrap();
    let next = count_message("counter-door", from + minute, from + minute * 2, 2, 0);
    door.publish(&next).await.unwrap();
    let figures = museum.nothing_left_over().await;
    assert_eq!(figures["entries"]["lake"], 2);
    assert_eq!(figures["device counts"]["lake"], 2);
}

async fn what_is_seen(
    visitor: &Visitor,
    manager: &Manager,
    bookings: &[&String],
) -> serde_json::Value {
    let mut seen = Vec::new();
    for uuid in bookings {
        seen.push(visitor.booking(uuid).await);
    }
    seen.push(json!(visitor.tickets(bookings[0]).await));
    seen.push(visitor.api.get("/v1/ticket-keys").await.expect(200));
    seen.push(manager.dashboard(DAY).await["totals"].clone());
    json!(seen)
}

/// One clear line that holds these words, and a status that is not zero.
#[track_caller]
fn fails_clearly(output: &Output, words: &[&str]) {
    assert!(!output.status.success(), "{output:?}");
    assert_eq!(output.stderr.trim().lines().count(), 1, "{}", output.stderr);
    for word in words {
        assert!(output.stderr.contains(word), "`{word}` is not in: {}", output.stderr);
    }
}

fn serve(http: u16, mqtt: u16) -> [String; 9] {
    let (http, mqtt) = (format!("127.0.0.1:{http}"), format!("127.0.0.1:{mqtt}"));
    ["serve", "--http", &http, "--mqtt", &mqtt, "--traffic", "off", "--web", "web/build"]
        .map(str::to_owned)
}

#[tokio::test]
async fn a_second_platform_on_the_same_folder_is_refused_and_the_first_goes_on() {
    let museum = Process::fresh().await;
    let arguments = serve(free_port(), free_port());
    let refused = museum.command(&arguments.each_ref().map(String::as_str)).await;
    let folder = museum.data().canonicalize().unwrap();
    fails_clearly(&refused, &["in use by another atrio", folder.to_str().unwrap(), "--data"]);
    museum.api().get("/healthz").await.expect(200);
    assert!(museum.data().join("run.json").exists(), "the first stays announced");
    Visitor::of(&museum).hold(&Wish::at(VENUE, "2026-11-24T12:00", &[("adult", 1)])).await;
}

#[tokio::test]
async fn a_taken_port_is_named_with_the_flag_that_chooses_another() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    for (http, mqtt, flag) in [(port, free_port(), "--http"), (free_port(), port, "--mqtt")] {
        let folder = tempfile::tempdir().unwrap();
        let arguments = serve(http, mqtt);
        let refused =
            Process::command_on(folder.path(), &arguments.each_ref().map(String::as_str)).await;
        fails_clearly(&refused, &[&format!("127.0.0.1:{port}"), flag]);
    }
}

#[tokio::test]
async fn sigterm_ends_within_fifteen_seconds_with_visitors_and_devices_connected() {
    let mut museum = Process::fresh().await;
    let visitor = Visitor::of(&museum);
    let uuid = visitor.hold(&Wish::at(VENUE, "2026-11-24T12:00", &[("adult", 1)])).await;
    let door = Device::of(&museum, VENUE, "counter-door").await;
    let idle = tokio::net::TcpStream::connect(museum.run.http.trim_start_matches("http://")).await;
    let (status, took) = museum.stop().await;
    assert_eq!(status.code(), Some(0), "{}", museum.log());
    assert!(took < Duration::from_secs(15), "{took:?}");
    assert!(!museum.data().join("run.json").exists(), "nothing is announced any more");
    drop((door, idle));
    museum.restart().await;
    assert_eq!(visitor.booking(&uuid).await["status"], "ON_HOLD");
}

#[tokio::test]
async fn a_hold_that_nobody_confirms_gives_its_places_back() {
    let mut museum = Process::fresh().await;
    let visitor = Visitor::of(&museum);
    let wish = Wish::at(VENUE, "2026-11-24T14:00", &[("adult", 4)]);
    let before = visitor.vacancies(&wish).await;
    let uuid = visitor.hold(&wish).await;
    assert_eq!(visitor.vacancies(&wish).await, before - 4);
    museum.restart_after(SignedDuration::from_mins(16)).await;
    assert_eq!(visitor.booking(&uuid).await["status"], "EXPIRED");
    eventually("the places go back", SOON, async || match visitor.vacancies(&wish).await {
        left if left == before => Ok(()),
        left => Err(left.to_string()),
    })
    .await;
    museum.nothing_left_over().await;
}

#[tokio::test]
async fn commands_work_on_an_installation_that_is_stopped() {
    let mut museum = Process::fresh().await;
    Visitor::of(&museum).buys(&Wish::at(VENUE, "2026-11-24T12:00", &[("adult", 1)])).await;
    museum.nothing_left_over().await;
    museum.stop().await;
    let (agrees, comparison) = museum.lake_verify().await;
    assert!(agrees, "{comparison}");
    assert_eq!(comparison["figures"]["bookings confirmed"], json!({"table": 1, "lake": 1}));
    assert!(!museum.token("manager", Some(VENUE)).await.is_empty());
    Device::enrol(&museum, VENUE, "counter-yard").await;
    let compacted = museum.command(&["lake", "compact"]).await;
    assert!(compacted.status.success(), "{}", compacted.stderr);
    let replay = museum.command(&["replay", "samples"]).await;
    fails_clearly(&replay, &["no platform runs", "atrio serve"]);
}

#[tokio::test]
async fn a_command_that_cannot_do_its_work_says_so_in_one_line() {
    let museum = Process::fresh().await;
    let out = museum.data().join("out");
    let out = out.to_str().unwrap();
    let stranger =
        museum.command(&["device", "enrol", "counter-1", "--venue", "99999", "--out", out]).await;
    fails_clearly(&stranger, &["there is no venue `99999`"]);
    Device::enrol(&museum, VENUE, "counter-2").await;
    let folder = museum.data().join("devices/counter-2");
    let again =
        ["device", "enrol", "counter-2", "--venue", VENUE, "--out", folder.to_str().unwrap()];
    fails_clearly(&museum.command(&again).await, &["exists"]);
    let king = museum.command(&["token", "--role", "king"]).await;
    assert!(!king.status.success());
    assert!(king.stderr.contains("write manager, desk, gate"), "{}", king.stderr);
}

#[tokio::test]
async fn every_command_explains_itself_with_an_example() {
    let folder = tempfile::tempdir().unwrap();
    let mut open = vec![Vec::<String>::new()];
    let mut explained = Vec::new();
    while let Some(command) = open.pop() {
        let mut arguments: Vec<&str> = command.iter().map(String::as_str).collect();
        arguments.push("--help");
        let help = Process::command_on(folder.path(), &arguments).await;
        assert!(help.status.success(), "{command:?}: {}", help.stderr);
        let listed = help.stdout.split("Commands:\n").nth(1).unwrap_or_default();
        let children = listed
            .lines()
            .take_while(|line| line.starts_with("  "))
            .filter_map(|line| line.split_whitespace().next())
            .filter(|name| *name != "help");
        let known = open.len();
        open.extend(children.map(|name| [command.clone(), vec![name.to_owned()]].concat()));
        if open.len() == known {
            let example = format!("Example: atrio {}", command.join(" "));
            assert!(help.stdout.contains(&example), "no `{example}` in:\n{}", help.stdout);
            explained.push(command.join(" "));
        }
    }
    for command in ["serve", "token", "device enrol", "lake verify", "lake compact", "replay"] {
        assert!(explained.contains(&command.to_owned()), "{command} is not among {explained:?}");
    }
}
