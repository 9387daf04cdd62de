//! What analysts see of the lake: released cells, the same for whoever asks and however often; and what a
//! data officer may add up.

use atrio_tests::{Api, Device, Manager, Process, Visitor, Wish, count_message};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

const VENUE: &str = "20240";

fn minute(minute: i64) -> Timestamp {
    let hour: Timestamp = "2026-11-24T08:00:00Z".parse().unwrap();
    Timestamp::from_second(hour.as_second() + 60 * minute).unwrap()
}

/// A morning of which counters saw nine hundred people come and six leave, and somebody bought a ticket.
async fn morning() -> Process {
    let museum = Process::fresh().await;
    let mut door = Device::of(&museum, VENUE, "counter-door").await;
    for at in 0..6 {
        let counted = count_message("counter-door", minute(at), minute(at + 1), 150, 1);
        door.publish(&counted).await.unwrap();
    }
    let visitor = Visitor::of(&museum);
    visitor.buys(&Wish::at(VENUE, "2026-11-24T12:00", &[("adult", 1)])).await;
    museum.lake_agrees().await;
    museum
}

async fn asker(museum: &Process, role: &str, venue: Option<&str>) -> Api {
    museum.api().with_token(Some(museum.token(role, venue).await))
}

async fn release(museum: &Process) -> Value {
    let released = museum.command(&["lake", "release", "--json"]).await;
    assert!(released.status.success(), "{}", released.stderr);
    serde_json::from_str(&released.stdout).unwrap()
}

#[tokio::test]
async fn a_day_is_released_once_with_its_precision_and_everyone_has_the_same_answer() {
    let mut museum = morning().await;
    assert_eq!(release(&museum).await, json!({"releases": 0, "cells": 0}), "the day is not over");
    museum.restart_after(SignedDuration::from_hours(24)).await;
    // One cell is above the threshold: those who came in. Who left, and the one sale, are too few.
    assert_eq!(release(&museum).await, json!({"releases": 2, "cells": 1}));
    assert_eq!(release(&museum).await, json!({"releases": 0, "cells": 0}));

    let analyst = asker(&museum, "analyst", None).await;
    let question = json!({"sql": "SELECT venue_id, direction, people, people_half_width FROM released_counts"});
    let answer = analyst.post("/v1/sql", &question).await.expect(200);
    let [row] = answer["rows"].as_array().unwrap().as_slice() else { panic!("{answer}") };
    assert_eq!((&row[0], &row[1]), (&json!(VENUE), &json!("IN")));
    let (people, half_width) = (row[2].as_i64().unwrap(), row[3].as_i64().unwrap());
    assert!((people - 900).abs() < 200 && half_width > 0, "{answer}");
    for _ in 0..5 {
        assert_eq!(analyst.post("/v1/sql", &question).await.expect(200), answer);
    }
    let printed =
        museum.command(&["sql", question["sql"].as_str().unwrap(), "--format", "csv"]).await;
    let expected =
        format!("venue_id,direction,people,people_half_width\n{VENUE},IN,{people},{half_width}\n");
    assert_eq!(printed.stdout, expected, "{}", printed.stderr);
    let sales = json!({"sql": "SELECT * FROM released_sales"});
    assert_eq!(analyst.post("/v1/sql", &sales).await.expect(200)["rows"], json!([]));

    // The venue's own staff go on to see the exact sums of what they sold and counted themselves.
    let manager = Manager::of(&museum, VENUE).await;
    assert_eq!(manager.dashboard("2026-11-24").await["totals"]["people_in"], 900);
    let figures = museum.lake_agrees().await;
    assert_eq!(figures["releases, each once"], json!({"table": 2, "lake": 2}));
    assert_eq!(figures["released cells within noise"], json!({"table": 1, "lake": 1}));

    // What came late is in the final release, four days after.
    museum.restart_after(SignedDuration::from_hours(96)).await;
    assert_eq!(release(&museum).await, json!({"releases": 2, "cells": 1}));
    let newest = json!({"sql": "SELECT version FROM released_counts ORDER BY version"});
    let analyst = asker(&museum, "analyst", None).await;
    assert_eq!(analyst.post("/v1/sql", &newest).await.expect(200)["rows"], json!([[1], [2]]));
    museum.lake_agrees().await;
}

#[tokio::test]
async fn a_question_that_is_not_allowed_says_what_to_ask_instead() {
    let museum = morning().await;
    let analyst = asker(&museum, "analyst", None).await;
    let officer = asker(&museum, "data-officer", Some(VENUE)).await;
    let ask = async |who: &Api, sql: &str| who.post("/v1/sql", &json!({"sql": sql})).await;
    for (who, sql, kind) in [
        (&analyst, "SELECT * FROM bookings", "question-unreadable"),
        (&analyst, "SELEC 1", "question-unreadable"),
        (&analyst, "EXPLAIN SELECT 1", "question-not-allowed"),
        (&analyst, "DROP TABLE released_sales", "question-not-allowed"),
        (&analyst, "SELECT * FROM releases", "question-unreadable"),
        (&analyst, "SELECT 1 / 0", "question-failed"),
        (&officer, "SELECT * FROM bookings", "question-not-allowed"),
        (&officer, "SELECT booking_key, count(*) FROM bookings GROUP BY 1", "question-not-allowed"),
    ] {
        ask(who, sql).await.expect_problem(422, kind, "sql");
    }
    let long = format!("SELECT '{}'", "x".repeat(20_000));
    ask(&analyst, &long).await.expect_problem(422, "question-too-long", "sql");
    analyst.post("/v1/sql", &json!({})).await.expect_problem(422, "invalid-field", "sql");

    // One sale is too few for any sum of facts, also when its day is settled.
    let mut museum = museum;
    museum.restart_after(SignedDuration::from_hours(120)).await;
    let officer = asker(&museum, "data-officer", Some(VENUE)).await;
    let count = ask(&officer, "SELECT count(*) FROM bookings").await.expect(200);
    assert_eq!(count["rows"], json!([[0]]));
    let csv =
        museum.command(&["sql", "SELECT count(*) AS n FROM bookings", "--role", "data-officer"]);
    assert_eq!(csv.await.stdout.trim(), "n\n0");
}
