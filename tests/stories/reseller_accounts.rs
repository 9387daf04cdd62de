//! What a reseller owes: by what was agreed, never more than was agreed, and month by month in statements that add
//! up to the cent, are signed, name no customer and never change once their month is closed.

use std::process::Command;

use atrio_tests::{
    Bookkeeper, Manager, Process, Reseller, check_signature, confirmation, firm, fresh_uuid,
    people, refusal,
};
use futures::future::join_all;
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::octo::{EXHIBITION, SITE, TOMORROW, TOUR};

const ID: &str = "example-tours";

/// A slot far enough ahead that money goes back for it still next month.
const AHEAD: &str = "2026-12-10T11:00:00+01:00";

async fn tours(museum: &Process) -> Reseller {
    Reseller::joins(museum, "Example Tours", &[]).await.asking_for("octo/pricing")
}

fn fifteen_percent() -> Value {
    json!({"commission": {"basis_points": 1_500}, "firm": firm()})
}

/// Owed by the reseller, as it reads itself.
async fn owed(reseller: &Reseller) -> i64 {
    reseller.reads("/account").await.expect(200)["owed_cents"].as_i64().unwrap()
}

/// What a listener hears of a printed statement.
fn heard(paper: &[u8]) -> String {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), paper).unwrap();
    let output = Command::new("pdfinfo").arg("-struct-text").arg(file.path()).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    String::from_utf8(output.stdout).unwrap()
}

/// The adult among unit prices.
fn adult(prices: &Value) -> Value {
    let found = prices.as_array().unwrap().iter().find(|price| price["unitId"] == "adult");
    found.unwrap().clone()
}

#[tokio::test]
async fn the_net_price_is_what_was_agreed_wherever_a_price_is_told() {
    let museum = Process::fresh().await;
    let (tours, books) = (tours(&museum).await, Bookkeeper::of(&museum).await);
    let prices = tours.availability(SITE, TOMORROW).await["unitPricing"].clone();
    assert_eq!(adult(&prices)["net"], Value::Null, "nothing is agreed yet");
    books.reads("/v1/resellers/example-tours/terms").await.expect_problem(
        404,
        "no-terms",
        "reseller_id",
    );

    books
        .agrees(
            ID,
            &json!({
                "commission": {"basis_points": 1_250},
                "exceptions": [
                    {"venue_id": "20349", "commission": {"basis_points": 2_000}},
                    {"venue_id": "20349", "product_id": "castle-tour", "unit_id": "youth",
                        "commission": {"cents": 100}},
                ],
            }),
        )
        .await;
    let product = tours.get(&format!("/products/{TOUR}")).await.expect(200);
    let nets: Vec<(String, i64)> = product["options"][0]["units"]
        .as_array()
        .unwrap()
        .iter()
        .map(|unit| {
            let net = unit["pricingFrom"][0]["net"].as_i64().unwrap();
            (unit["id"].as_str().unwrap().to_owned(), net)
        })
        .collect();
    assert_eq!(nets, [("adult".into(), 960), ("youth".into(), 500), ("minor".into(), 0)]);
    let asked = json!({
        "productId": SITE, "optionId": "standard", "availabilityIds": [TOMORROW],
        "units": [{"id": "adult", "quantity": 3}],
    });
    let slot = tours.post("/availability", &asked).await.expect(200)[0].clone();
    let one = adult(&slot["unitPricing"]);
    assert_eq!((&one["retail"], &one["net"]), (&json!(800), &json!(700)));
    assert_eq!(
        (&slot["pricing"]["retail"], &slot["pricing"]["net"]),
        (&json!(2_400), &json!(2_100))
    );

    let held = tours.holds(SITE, TOMORROW, 2).await;
    assert_eq!(held["pricing"]["net"], 1_400);
    let sold = tours.sells(&held).await;
    assert_eq!(sold["pricing"]["net"], 1_400);
    assert_eq!(sold["unitItems"][0]["pricing"]["net"], 700);
    // Terms that change later change nothing of what was sold.
    books.agrees(ID, &json!({"commission": {"basis_points": 5_000}})).await;
    assert_eq!(tours.booking(&sold).await["pricing"]["net"], 1_400);
    let next = tours.holds(SITE, TOMORROW, 2).await;
    assert_eq!(next["pricing"]["net"], 800);
    tours.takes(&next, "cancel", &json!({})).await.expect(200);
    assert_eq!(owed(&tours).await, 1_400);
    museum.nothing_left_over().await;
}

#[tokio::test]
async fn terms_are_changed_over_what_was_read_by_an_operator_and_on_the_command_line() {
    let museum = Process::fresh().await;
    let (tours, books) = (tours(&museum).await, Bookkeeper::of(&museum).await);
    let path = "/v1/resellers/example-tours/terms";
    let token = museum.token("operator", None).await;
    let api = museum.api().with_token(Some(token));
    api.put(path, "\"0\"", &fifteen_percent()).await.expect_problem(
        412,
        "not-there-yet",
        "If-None-Match",
    );
    let first = api.put(path, "*", &fifteen_percent()).await;
    assert_eq!(first.expect(200), json!({"version": 1, "changed": true}));
    assert_eq!(
        api.put(path, "*", &fifteen_percent()).await.expect(200)["changed"],
        false,
        "a repeat changes nothing"
    );
    let other = json!({"commission": {"basis_points": 1_000}});
    api.put(path, "\"0\"", &other).await.expect_problem(412, "changed-meanwhile", "If-Match");
    api.put(path, &first.entity_tag(), &other).await.expect(200);

    let said = museum
        .command(&[
            "reseller",
            "terms",
            "Example Tours",
            "--commission-percent",
            "12.5",
            "--credit-limit-cents",
            "100000",
            "--json",
        ])
        .await;
    assert!(said.status.success(), "{}", said.stderr);
    let said: Value = serde_json::from_str(&said.stdout).unwrap();
    assert_eq!((&said["version"], &said["owed_cents"]), (&json!(3), &json!(0)));
    let read = books.reads(path).await.expect(200);
    assert_eq!(read["commission"], json!({"basis_points": 1_250}));
    assert_eq!(read["credit_limit_cents"], 100_000);
    let own = tours.reads("/account").await.expect(200);
    assert_eq!((&own["terms"], &own["credit_limit_cents"]), (&read, &json!(100_000)));
    let nobody = museum.command(&["reseller", "terms", "nobody"]).await;
    assert!(!nobody.status.success() && nobody.stderr.contains("nobody"), "{}", nobody.stderr);

    let mut wrong_digit = fifteen_percent();
    wrong_digit["firm"]["vat_number"] = json!("01234567890");
    books.proposes(ID, &wrong_digit).await.expect_problem(422, "invalid-terms", "firm.vat_number");
    let much = json!({"commission": {"basis_points": 10_001}});
    books.proposes(ID, &much).await.expect_problem(422, "invalid-terms", "commission");
    books.proposes("nobody", &other).await.expect_problem(404, "unknown-reseller", "reseller_id");
    let invoicer = json!({"firm": firm(), "tax_regime": "RF03"});
    let refused = books.names_invoicer("~", &invoicer).await;
    refused.expect_problem(422, "invalid-invoicer", "tax_regime");
    museum.nothing_left_over().await;
}

#[tokio::test]
async fn a_reseller_owes_no_more_than_was_agreed_however_many_confirm_at_once() {
    let museum = Process::fresh().await;
    let (tours, books) = (tours(&museum).await, Bookkeeper::of(&museum).await);
    // Seven bookings of 680 cents fit, and 239 cents are left.
    let mut terms = fifteen_percent();
    terms["credit_limit_cents"] = json!(7 * 680 + 239);
    books.agrees(ID, &terms).await;
    let mut held = Vec::new();
    for _ in 0..24 {
        held.push(tours.holds(SITE, TOMORROW, 1).await);
    }
    let one = |booking: Value| {
        let tours = &tours;
        async move { (tours.takes(&booking, "confirm", &confirmation()).await, booking) }
    };
    let answers = join_all(held.into_iter().map(one)).await;
    let (sold, refused): (Vec<_>, Vec<_>) = answers.into_iter().partition(|(a, _)| a.status == 200);
    assert_eq!((sold.len(), refused.len()), (7, 17));
    for (answer, booking) in &refused {
        let message = refusal(answer, "UNPROCESSABLE_ENTITY")["errorMessage"].to_string();
        assert!(message.contains("49.99 EUR") && message.contains("6.80 EUR"), "{message}");
        assert_eq!(tours.booking(booking).await["status"], "ON_HOLD", "its places are kept");
    }
    assert_eq!(owed(&tours).await, 7 * 680);

    // Who comes for nothing is not refused; who gives up in time is owed for no more, once.
    let free = json!({
        "uuid": fresh_uuid(), "productId": SITE, "optionId": "standard",
        "availabilityId": TOMORROW, "unitItems": people(&[("minor", 2)]),
    });
    let free = tours.post("/bookings", &free).await.expect(200);
    tours.sells(&free).await;
    let waiting = &refused[0].1;
    let body = confirmation();
    refusal(&tours.takes(waiting, "confirm", &body).await, "UNPROCESSABLE_ENTITY");
    for _ in 0..3 {
        tours.takes(&sold[0].1, "cancel", &json!({})).await.expect(200);
    }
    assert_eq!(owed(&tours).await, 6 * 680);
    tours.takes(waiting, "confirm", &body).await.expect(200);
    refusal(&tours.takes(&refused[1].1, "confirm", &confirmation()).await, "UNPROCESSABLE_ENTITY");

    // What is paid makes room, counted once under its uuid.
    let uuid = fresh_uuid();
    for _ in 0..2 {
        let account = books.receives(ID, &uuid, 680).await.expect(200);
        assert_eq!(account["owed_cents"], 6 * 680);
    }
    books.receives(ID, &uuid, 681).await.expect_problem(409, "uuid-reused", "uuid");
    books.receives(ID, &fresh_uuid(), 0).await.expect_problem(422, "invalid-field", "cents");
    tours.takes(&refused[1].1, "confirm", &confirmation()).await.expect(200);
    assert_eq!(owed(&tours).await, 7 * 680);
    for (_, booking) in &refused[2..] {
        tours.takes(booking, "cancel", &json!({})).await.expect(200);
    }
    museum.nothing_left_over().await;
}

#[tokio::test]
async fn a_month_adds_up_is_signed_and_stays_as_it_was_when_it_closed() {
    let mut museum = Process::fresh().await;
    let (tours, books) = (tours(&museum).await, Bookkeeper::of(&museum).await);
    books.agrees(ID, &fifteen_percent()).await;
    let kept = tours.books(SITE, AHEAD, 2).await;
    let given_up = tours.books(EXHIBITION, TOMORROW, 1).await;
    tours
        .takes(&given_up, "cancel", &json!({"reason": "Visitor Example is ill"}))
        .await
        .expect(200);
    tours.holds(SITE, TOMORROW, 4).await;
    books.receives(ID, &fresh_uuid(), 500).await.expect(200);

    let open = books.statement(ID, "2026-11").await;
    assert_eq!((&open["state"], &open["lines"].as_array().unwrap().len()), (&json!("OPEN"), &3));
    let path = "/statements/2026-11/signatures.json";
    tours.reads(path).await.expect_problem(409, "month-open", "month");
    let early = books.invoices(ID, "2026-11").await;
    early.expect_problem(409, "month-open", "month");

    museum.restart_after(SignedDuration::from_hours(7 * 24)).await;
    let (tours, books) = (
        Reseller::with_key(&museum, tours.key()).asking_for("octo/pricing"),
        Bookkeeper::of(&museum).await,
    );
    let closed = books.statement(ID, "2026-11").await;
    assert_eq!(closed["state"], "CLOSED");
    assert_eq!(closed["totals"]["gross_cents"], 1_600);
    assert_eq!(closed["totals"]["commission_cents"], 240);
    assert_eq!(closed["totals"]["net_cents"], 1_360);
    assert_eq!((&closed["totals"]["sold"], &closed["totals"]["cancelled"]), (&json!(2), &json!(1)));
    assert_eq!(closed["received"][0]["cents"], 500);
    let lines = closed["lines"].as_array().unwrap();
    let sum = |name: &str| lines.iter().map(|line| line[name].as_i64().unwrap()).sum::<i64>();
    let by_venue = |name: &str| {
        let venues = closed["venues"].as_array().unwrap().iter();
        venues.map(|venue| venue[name].as_i64().unwrap()).sum::<i64>()
    };
    for name in ["gross_cents", "commission_cents", "net_cents"] {
        assert_eq!(closed["totals"][name], sum(name), "{name}");
        assert_eq!(closed["totals"][name], by_venue(name), "{name}");
    }
    assert!(lines.iter().any(|line| line["reference"] == kept["supplierReference"]), "{lines:?}");
    let written = closed.to_string();
    for personal in ["Visitor", "example.org", "+39", kept["uuid"].as_str().unwrap()] {
        assert!(!written.contains(personal), "{personal} is in {written}");
    }

    // A correction of the closed month is in the next, and the closed one keeps its bytes and signatures.
    let files = ["statement.json", "statement.csv", "statement.pdf", "signatures.json"];
    let mut before = Vec::new();
    for file in files {
        let answer = tours.reads(&format!("/statements/2026-11/{file}")).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        if file != "signatures.json" {
            check_signature(&museum, &answer).await;
        }
        before.push(answer.body);
    }
    let paper = heard(&before[2]);
    let mut rest = paper.as_str();
    for part in ["H1", "Example Tours", "Table", "TR", "TH", "Totale", "13.60", "Table", "-10.00"] {
        let (_, after) = rest.split_once(part).unwrap();
        rest = after;
    }
    tours.takes(&kept, "cancel", &json!({})).await.expect(200);
    for (file, bytes) in files.iter().zip(&before) {
        let answer = tours.reads(&format!("/statements/2026-11/{file}")).await;
        assert!(answer.body == *bytes, "{file} of a closed month changed");
        let same = books.reads(&format!("/v1/resellers/{ID}/statements/2026-11/{file}")).await;
        assert!(same.body == *bytes, "{file} is another for the operator");
    }
    let next = books.statement(ID, "2026-12").await;
    assert_eq!((&next["state"], &next["totals"]["net_cents"]), (&json!("OPEN"), &json!(-1_360)));
    assert_eq!(owed(&tours).await, -500, "what it paid is its own again");
    tours.reads("/statements/2026-13/statement.json").await.expect_problem(
        400,
        "malformed-id",
        "month",
    );
    let unknown = tours.reads("/statements/2026-11/statement.xls").await;
    unknown.expect_problem(404, "unknown-file", "file");
    museum.nothing_left_over().await;
}

#[tokio::test]
async fn what_a_venue_calls_off_is_owed_for_no_more() {
    let museum = Process::fresh().await;
    let (tours, books) = (tours(&museum).await, Bookkeeper::of(&museum).await);
    books.agrees(ID, &fifteen_percent()).await;
    let sold = tours.books(SITE, TOMORROW, 2).await;
    assert_eq!(owed(&tours).await, 1_360);
    let manager = Manager::of(&museum, "20346").await;
    let (mut hours, tag) = manager.reads("opening").await;
    hours["closures"] = json!([{"from": "2026-11-25", "to": "2026-11-25",
        "reason": {"it": "sciopero", "en": "strike"}}]);
    manager.changes("opening", &tag, &hours).await.expect(200);
    manager.calls_off("2026-11-25", "2026-11-25").await.expect(200);
    assert_eq!(tours.booking(&sold).await["status"], "CANCELLED");
    assert_eq!(owed(&tours).await, 0);
    let statement = books.statement(ID, "2026-11").await;
    assert_eq!(statement["totals"]["net_cents"], 0);
    assert_eq!(statement["totals"]["cancelled"], 1);
    museum.nothing_left_over().await;
}

#[tokio::test]
async fn what_is_only_rehearsed_is_owed_by_nobody() {
    let museum = Process::fresh().await;
    let trying = Reseller::joins(&museum, "Example Tours", &["--test"]).await;
    let trying = trying.asking_for("octo/pricing");
    let books = Bookkeeper::of(&museum).await;
    books.agrees(ID, &fifteen_percent()).await;
    let sold = trying.books(SITE, TOMORROW, 2).await;
    assert_eq!(sold["pricing"]["net"], 1_360, "but it is told what would be owed");
    assert_eq!(owed(&trying).await, 0);
    assert_eq!(books.statement(ID, "2026-11").await["lines"], json!([]));
    museum.nothing_left_over().await;
}
