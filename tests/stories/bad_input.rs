//! Whatever is wrong with a request, the answer says what, where and what to do (P8), and nothing
//! is left half done. One line a case.

use std::sync::Arc;

use atrio_domain::ticket::{sign, verify};
use atrio_tests::{Api, Gate, Process, Visitor, Wish, fresh_uuid};
use ed25519_dalek::SigningKey;
use jiff::SignedDuration;
use serde_json::{Value, json};
use tokio::sync::OnceCell;

/// Where requests for places go wrong; nothing is ever sold there.
const VENUE: &str = "105950";
const SLOT: &str = "2026-11-25T11:00";
const JSON: &str = "application/json";

async fn shared() -> Arc<Process> {
    static MUSEUM: OnceCell<Arc<Process>> = OnceCell::const_new();
    let start = async || Arc::new(Process::fresh().await);
    Arc::clone(MUSEUM.get_or_init(start).await)
}

/// One bad request and the answer it must have.
struct Line {
    case: &'static str,
    method: &'static str,
    path: String,
    content_type: Option<&'static str>,
    body: Vec<u8>,
    token: Option<String>,
    status: u16,
    kind: &'static str,
    field: &'static str,
}

fn get(case: &'static str, path: impl Into<String>) -> Line {
    let path = path.into();
    let (content_type, body, token) = (None, Vec::new(), None);
    Line { case, method: "GET", path, content_type, body, token, status: 0, kind: "", field: "" }
}

fn post(case: &'static str, path: impl Into<String>, body: &Value) -> Line {
    raw(case, path, body.to_string())
}

fn raw(case: &'static str, path: impl Into<String>, body: impl Into<Vec<u8>>) -> Line {
    Line { method: "POST", content_type: Some(JSON), body: body.into(), ..get(case, path) }
}

fn put(case: &'static str, path: impl Into<String>, body: &Value) -> Line {
    Line { method: "PUT", ..post(case, path, body) }
}

impl Line {
    fn refused(self, status: u16, kind: &'static str, field: &'static str) -> Self {
        Self { status, kind, field, ..self }
    }

    fn typed(self, content_type: Option<&'static str>) -> Self {
        Self { content_type, ..self }
    }

    fn by(self, token: &str) -> Self {
        Self { token: Some(token.to_owned()), ..self }
    }
}

/// Sends every line and lists those that were answered otherwise, all of them at once.
async fn all_refused(api: &Api, lines: &[Line]) {
    let mut faults = Vec::new();
    for line in lines {
        let sender = api.with_token(line.token.clone());
        let answer =
            sender.send(line.method, &line.path, line.content_type, line.body.clone()).await;
        if let Some(fault) = answer.fault_as_problem(line.status, line.kind, line.field) {
            faults.push(format!("{}: {fault}: {} {}", line.case, answer.status, answer.text()));
        }
    }
    assert!(faults.is_empty(), "{} of {}:\n{}", faults.len(), lines.len(), faults.join("\n"));
}

async fn calendar(api: &Api, venue: &str) -> Value {
    let span = "product_id=admission&from=2026-11-24&to=2027-01-20";
    api.get(&format!("/v1/venues/{venue}/availability?{span}")).await.expect(200)
}

async fn none_readable(api: &Api, uuids: &[String]) {
    for uuid in uuids {
        let answer = api.get(&format!("/v1/bookings/{uuid}")).await;
        answer.expect_problem(404, "unknown-booking", "uuid");
        let tickets = api.get(&format!("/v1/bookings/{uuid}/tickets")).await;
        tickets.expect_problem(404, "unknown-booking", "uuid");
    }
}

/// Well-formed requests for places, each spoilt in one way; remembers their uuids.
struct Spoiler {
    visitor: Visitor,
    uuids: Vec<String>,
}

impl Spoiler {
    fn body(&mut self, spoil: impl FnOnce(&mut Value)) -> Value {
        let uuid = fresh_uuid();
        let wish = Wish::at(VENUE, SLOT, &[("adult", 1)]);
        let mut body = self.visitor.request(&uuid, &wish);
        self.uuids.push(uuid);
        spoil(&mut body);
        body
    }

    fn hold(&mut self, case: &'static str, spoil: impl FnOnce(&mut Value)) -> Line {
        let body = self.body(spoil);
        post(case, "/v1/bookings", &body)
    }

    fn units(&mut self, case: &'static str, units: &[(&str, i64)]) -> Line {
        let units: Vec<Value> = units
            .iter()
            .map(|(unit, quantity)| json!({"unit_id": unit, "quantity": quantity}))
            .collect();
        self.hold(case, |body| body["units"] = json!(units))
    }

    fn set(&mut self, case: &'static str, pointer: &str, value: &Value) -> Line {
        let (parent, name) = pointer.rsplit_once('/').unwrap();
        self.hold(case, |body| body.pointer_mut(parent).unwrap()[name] = value.clone())
    }
}

#[tokio::test]
async fn a_request_for_places_that_breaks_a_rule_is_refused_and_takes_nothing() {
    let museum = shared().await;
    let api = museum.api();
    let before = calendar(&api, VENUE).await;
    let mut spoiler = Spoiler { visitor: Visitor::of(&museum), uuids: Vec::new() };
    let s = &mut spoiler;
    let unprocessable = 422;
    #[rustfmt::skip] // One line a case.
    let lines = [
        s.set("unknown venue", "/venue_id", &json!("99999")).refused(404, "unknown-venue", "venue_id"),
        s.set("unknown product", "/product_id", &json!("opera")).refused(unprocessable, "unknown-product", "product_id"),
        s.set("unknown option", "/option_id", &json!("vip")).refused(unprocessable, "unknown-option", "option_id"),
        s.set("past day", "/slot_id", &json!("2026-11-22T10:00")).refused(unprocessable, "past-day", "slot_id"),
        s.set("past slot of today", "/slot_id", &json!("2026-11-24T09:00")).refused(unprocessable, "past-slot", "slot_id"),
        s.set("closed day", "/slot_id", &json!("2026-11-30T10:00")).refused(unprocessable, "closed-day", "slot_id"),
        s.set("unknown slot", "/slot_id", &json!("2026-11-25T10:30")).refused(unprocessable, "unknown-slot", "slot_id"),
        s.set("a year ahead", "/slot_id", &json!("2027-11-24T10:00")).refused(unprocessable, "too-far-ahead", "slot_id"),
        s.units("no units", &[]).refused(unprocessable, "no-units", "units"),
        s.units("zero of a unit", &[("adult", 0)]).refused(unprocessable, "no-units", "units"),
        s.units("minus one", &[("adult", -1)]).refused(unprocessable, "invalid-field", "units[0].quantity"),
        s.units("more than an integer", &[("adult", 4_294_967_296)]).refused(unprocessable, "invalid-field", "units[0].quantity"),
        s.units("over the limit", &[("adult", 11)]).refused(unprocessable, "too-many-units", "units"),
        s.units("over the limit in all", &[("adult", 4_294_967_295), ("minor", 4_294_967_295)]).refused(unprocessable, "too-many-units", "units"),
        s.units("unknown unit", &[("centaur", 1)]).refused(unprocessable, "unknown-unit", "units"),
        s.units("repeated unit", &[("adult", 1), ("adult", 1)]).refused(unprocessable, "repeated-unit", "units"),
        s.units("a child alone", &[("child", 1)]).refused(unprocessable, "unaccompanied", "units"),
        s.set("bad mail", "/contact/email", &json!("someone")).refused(unprocessable, "invalid-contact", "contact.email"),
        s.set("bad telephone", "/contact/phone", &json!("call me")).refused(unprocessable, "invalid-contact", "contact.phone"),
        s.set("blank name", "/contact/full_name", &json!("  ")).refused(unprocessable, "invalid-contact", "contact.full_name"),
        s.set("no code", "/voucher_code", &json!("abc")).refused(unprocessable, "voucher-unknown", "voucher_code"),
        s.set("a code that nobody gave out", "/voucher_code", &json!("AUTUNNO26")).refused(unprocessable, "voucher-unknown", "voucher_code"),
        s.set("desk without a token", "/channel", &json!("DESK")).refused(401, "unauthorized", "channel"),
    ];
    all_refused(&api, &lines).await;
    assert_eq!(calendar(&api, VENUE).await, before, "no place was taken");
    none_readable(&api, &spoiler.uuids).await;
}

#[tokio::test]
async fn a_question_for_a_price_that_breaks_a_rule_is_refused() {
    let museum = shared().await;
    let mut spoiler = Spoiler { visitor: Visitor::of(&museum), uuids: Vec::new() };
    let s = &mut spoiler;
    let lines = [
        s.set("unknown venue", "/venue_id", &json!("99999")).refused(
            404,
            "unknown-venue",
            "venue_id",
        ),
        s.set("closed day", "/slot_id", &json!("2026-11-30T10:00")).refused(
            422,
            "closed-day",
            "slot_id",
        ),
        s.units("unknown unit", &[("centaur", 1)]).refused(422, "unknown-unit", "units"),
        s.set("no code", "/voucher_code", &json!("abc")).refused(
            422,
            "voucher-unknown",
            "voucher_code",
        ),
        s.set("desk without a token", "/channel", &json!("DESK")).refused(
            401,
            "unauthorized",
            "channel",
        ),
        s.set("unknown field", "/discount", &json!(100)).refused(422, "invalid-field", "discount"),
    ]
    .map(|line| Line { path: "/v1/quotes".to_owned(), ..line });
    all_refused(&museum.api(), &lines).await;
    none_readable(&museum.api(), &spoiler.uuids).await;
}

#[tokio::test]
async fn a_request_that_cannot_be_read_names_the_field_and_takes_nothing() {
    let museum = shared().await;
    let api = museum.api();
    let before = calendar(&api, VENUE).await;
    let mut spoiler = Spoiler { visitor: Visitor::of(&museum), uuids: Vec::new() };
    let s = &mut spoiler;
    let good = s.body(|_| ()).to_string();
    let half = &good[..good.len() / 2];
    let large = s.body(|body| body["contact"]["full_name"] = json!("A".repeat(70_000))).to_string();
    let path = "/v1/bookings";
    #[rustfmt::skip] // One line a case.
    let lines = [
        raw("malformed JSON", path, "{\"uuid\": oops}").refused(400, "malformed-json", "uuid"),
        raw("truncated JSON", path, half).refused(400, "malformed-json", "body"),
        raw("nothing at all", path, "").refused(400, "malformed-json", "body"),
        raw("two objects", path, format!("{good}{good}")).refused(400, "malformed-json", "body"),
        raw("no UTF-8", path, b"{\"uuid\": \"\xff\"}".as_slice()).refused(400, "malformed-json", "uuid"),
        raw("a thousand brackets", path, "[".repeat(1000)).refused(422, "invalid-field", "[0]"),
        raw("plain text", path, good.as_str()).typed(Some("text/plain")).refused(415, "wrong-content-type", "Content-Type"),
        raw("no content type", path, good.as_str()).typed(None).refused(415, "wrong-content-type", "Content-Type"),
        raw("a form", path, "uuid=1").typed(Some("application/x-www-form-urlencoded")).refused(415, "wrong-content-type", "Content-Type"),
        raw("more than 64 KiB", path, large).refused(413, "body-too-large", "body"),
        s.set("unknown field", "/discount", &json!(100)).refused(422, "invalid-field", "discount"),
        s.set("unknown field of the contact", "/contact/iban", &json!("IT60")).refused(422, "invalid-field", "contact.iban"),
        s.set("bad uuid", "/uuid", &json!(fresh_uuid().to_uppercase())).refused(422, "invalid-field", "uuid"),
        s.set("no uuid", "/uuid", &Value::Null).refused(422, "invalid-field", "uuid"),
        s.set("bad slot id", "/slot_id", &json!("tomorrow at ten")).refused(422, "invalid-field", "slot_id"),
        s.set("slot with seconds", "/slot_id", &json!("2026-11-25T11:00:00")).refused(422, "invalid-field", "slot_id"),
        s.set("bad venue id", "/venue_id", &json!("../etc/passwd")).refused(422, "invalid-field", "venue_id"),
        s.set("a number for a code", "/voucher_code", &json!(12_345_678)).refused(422, "invalid-field", "voucher_code"),
        s.set("unknown channel", "/channel", &json!("CARRIER_PIGEON")).refused(422, "invalid-field", "channel"),
        s.set("unknown language", "/locale", &json!("la")).refused(422, "invalid-field", "locale"),
        s.hold("no name", |body| drop(body["contact"].as_object_mut().unwrap().remove("full_name"))).refused(422, "invalid-field", "contact.full_name"),
        s.hold("no contact", |body| drop(body.as_object_mut().unwrap().remove("contact"))).refused(422, "invalid-contact", "contact"),
        s.set("a word for a number", "/units/0/quantity", &json!("two")).refused(422, "invalid-field", "units[0].quantity"),
    ];
    all_refused(&api, &lines).await;
    assert_eq!(calendar(&api, VENUE).await, before, "no place was taken");
    none_readable(&api, &spoiler.uuids).await;
}

#[tokio::test]
async fn a_request_to_wait_that_breaks_a_rule_is_refused_and_puts_nobody_in_a_line() {
    let museum = shared().await;
    let api = museum.api();
    let mut spoiler = Spoiler { visitor: Visitor::of(&museum), uuids: Vec::new() };
    let s = &mut spoiler;
    let mut waits = |case: &'static str, pointer: &str, value: Value| {
        let line = s.hold(case, |body| *body.pointer_mut(pointer).unwrap() = value);
        Line { path: "/v1/waiting".to_owned(), ..line }
    };
    #[rustfmt::skip] // One line a case.
    let lines = [
        waits("unknown venue", "/venue_id", json!("99999")).refused(404, "unknown-venue", "venue_id"),
        waits("unknown product", "/product_id", json!("opera")).refused(422, "unknown-product", "product_id"),
        waits("closed day", "/slot_id", json!("2026-11-30T10:00")).refused(422, "closed-day", "slot_id"),
        waits("a slot that has begun", "/slot_id", json!("2026-11-24T10:00")).refused(422, "slot-began", "slot_id"),
        waits("a slot with places", "/slot_id", json!(SLOT)).refused(409, "places-left", "slot_id"),
        waits("over the limit", "/units/0/quantity", json!(11)).refused(422, "too-many-units", "units"),
        waits("bad mail", "/contact/email", json!("someone")).refused(422, "invalid-contact", "contact.email"),
        waits("no contact", "/contact", Value::Null).refused(422, "invalid-field", "contact"),
        waits("bad uuid", "/uuid", json!("1")).refused(422, "invalid-field", "uuid"),
        post("a code", "/v1/waiting", &json!({"voucher_code": "AUTUNNO26"})).refused(422, "invalid-field", "voucher_code"),
        post("a channel", "/v1/waiting", &json!({"channel": "DESK"})).refused(422, "invalid-field", "channel"),
        get("nobody of that uuid", format!("/v1/waiting/{}", fresh_uuid())).refused(404, "unknown-waiting", "uuid"),
        get("no uuid", "/v1/waiting/1").refused(400, "malformed-id", "uuid"),
    ];
    all_refused(&api, &lines).await;
    for uuid in &spoiler.uuids {
        let answer = api.get(&format!("/v1/waiting/{uuid}")).await;
        answer.expect_problem(404, "unknown-waiting", "uuid");
    }
    none_readable(&api, &spoiler.uuids).await;
}

#[tokio::test]
async fn a_request_of_a_group_that_breaks_a_rule_is_refused_and_not_kept() {
    let museum = shared().await;
    let api = museum.api();
    let mut spoiler = Spoiler { visitor: Visitor::of(&museum), uuids: Vec::new() };
    let s = &mut spoiler;
    // A museum with thirty places in a slot, so that a group fits.
    let mut asks = |case: &'static str, pointer: &str, value: Value| {
        let line = s.hold(case, |body| {
            body.as_object_mut().unwrap().remove("units");
            body["venue_id"] = json!("20240");
            let words = json!({
                "kind": "GROUP", "organisation": "Gruppo di prova", "people": 20, "leaders": 1, "note": "",
            });
            body.as_object_mut().unwrap().extend(words.as_object().unwrap().clone());
            *body.pointer_mut(pointer).unwrap() = value;
        });
        Line { path: "/v1/groups".to_owned(), ..line }
    };
    let list = |case, body: &'static str| Line {
        method: "PUT",
        content_type: Some("text/csv"),
        ..raw(case, format!("/v1/groups/{}/list", fresh_uuid()), body)
    };
    #[rustfmt::skip] // One line a case.
    let lines = [
        asks("unknown venue", "/venue_id", json!("99999")).refused(404, "unknown-venue", "venue_id"),
        asks("unknown product", "/product_id", json!("opera")).refused(422, "unknown-product", "product_id"),
        asks("closed day", "/slot_id", json!("2026-11-30T10:00")).refused(422, "closed-day", "slot_id"),
        asks("too few", "/people", json!(5)).refused(422, "group-size", "people"),
        asks("too many", "/people", json!(26)).refused(422, "group-size", "people"),
        asks("nobody leads", "/leaders", json!(0)).refused(422, "leaders", "leaders"),
        asks("two lead", "/leaders", json!(2)).refused(422, "leaders", "leaders"),
        asks("unknown kind", "/kind", json!("CHOIR")).refused(422, "invalid-field", "kind"),
        asks("no name", "/organisation", json!(" ")).refused(422, "invalid-organisation", "organisation"),
        asks("a long note", "/note", json!("a".repeat(501))).refused(422, "long-note", "note"),
        asks("bad mail", "/contact/email", json!("someone")).refused(422, "invalid-contact", "contact.email"),
        list("nobody of that uuid", "last_name,first_name,role\n").refused(404, "unknown-group", "uuid"),
        list("no CSV", "{}").typed(Some(JSON)).refused(415, "wrong-content-type", "Content-Type"),
        get("nobody of that uuid", format!("/v1/groups/{}", fresh_uuid())).refused(404, "unknown-group", "uuid"),
    ];
    all_refused(&api, &lines).await;
    for uuid in &spoiler.uuids {
        let answer = api.get(&format!("/v1/groups/{uuid}")).await;
        answer.expect_problem(404, "unknown-group", "uuid");
    }
}

#[tokio::test]
async fn a_sold_out_slot_says_how_many_places_are_left() {
    let museum = shared().await;
    let visitor = Visitor::of(&museum);
    let slot = |quantity| Wish::at("103432", "2026-11-25T15:00", &[("minor", quantity)]);
    visitor.books_free(&slot(8)).await;
    let late = Visitor::of(&museum);
    let refused = late.ask(&slot(3)).await.expect_problem(409, "sold-out", "units");
    assert_eq!((&refused["vacancies"], &refused["requested"]), (&json!(2), &json!(3)));
    late.books_free(&slot(2)).await;
    let uuid = fresh_uuid();
    let refused = late.api.post("/v1/bookings", &late.request(&uuid, &slot(1))).await;
    assert_eq!(refused.expect_problem(409, "sold-out", "units")["vacancies"], 0);
    none_readable(&late.api, &[uuid]).await;
    assert_eq!(late.vacancies(&slot(1)).await, 0);
}

#[tokio::test]
async fn a_step_that_the_booking_does_not_allow_changes_nothing() {
    let museum = shared().await;
    let visitor = Visitor::of(&museum);
    let api = &visitor.api;
    let venue = "20240";
    let priced_wish = Wish::at(venue, "2026-11-25T11:00", &[("adult", 1)]);
    let priced = visitor.hold(&priced_wish).await;
    let free = visitor.hold(&Wish::at(venue, "2026-11-25T12:00", &[("minor", 1)])).await;
    let mut other = visitor.request(&priced, &priced_wish);
    other["units"][0]["quantity"] = json!(2);
    let seen = [visitor.booking(&priced).await, visitor.booking(&free).await];
    let before = calendar(api, venue).await;
    let (unknown, nothing) = (fresh_uuid(), json!({}));
    let pay = |uuid: &str| format!("/v1/bookings/{uuid}/payment");
    let home = json!({"return_url": "/booking/"});
    let away = |url: &str| json!({"return_url": url});
    let paid = json!({"payment_id": format!("{priced}-1"), "outcome": "PAID"});
    let names = |uuid: &str| format!("/v1/bookings/{uuid}/holders");
    let exchange = |uuid: &str| format!("/v1/bookings/{uuid}/exchange");
    let gives = |uuid: &str| format!("/v1/bookings/{uuid}/give-back");
    let elsewhere = json!({"uuid": unknown, "slot_id": "2026-11-26T11:00"});
    #[rustfmt::skip] // One line a case.
    let lines = [
        post("uuid reused with another body", "/v1/bookings", &other).refused(409, "uuid-reused", "uuid"),
        post("confirm a priced booking", format!("/v1/bookings/{priced}/confirm"), &nothing).refused(409, "payment-required", "uuid"),
        post("pay a free booking", pay(&free), &home).refused(409, "nothing-to-pay", "uuid"),
        post("return to a stranger", pay(&priced), &away("https://evil.example/")).refused(422, "foreign-return", "return_url"),
        post("return to a stranger, in short", pay(&priced), &away("//evil.example/")).refused(422, "foreign-return", "return_url"),
        post("return to a script", pay(&priced), &away("javascript:alert(1)")).refused(422, "foreign-return", "return_url"),
        post("no return", pay(&priced), &nothing).refused(422, "invalid-field", "return_url"),
        post("unsigned notification", "/v1/payments/notifications", &paid).refused(401, "unsigned", "X-Atrio-Signature"),
        get("tickets of a hold", format!("/v1/bookings/{priced}/tickets")).refused(409, "no-tickets", "uuid"),
        get("printed tickets of a hold", format!("/v1/bookings/{priced}/tickets.pdf")).refused(409, "no-tickets", "uuid"),
        put("names of tickets that name nobody", names(&priced), &json!({"holders": ["Visitor"]})).refused(409, "not-nominative", "holders"),
        put("names that are no list", names(&priced), &json!({"holders": "Visitor"})).refused(422, "invalid-field", "holders"),
        put("names of an unknown booking", names(&unknown), &json!({"holders": ["Visitor"]})).refused(404, "unknown-booking", "uuid"),
        post("exchange of a hold", exchange(&priced), &elsewhere).refused(409, "wrong-state", "uuid"),
        post("exchange for nowhere", exchange(&priced), &json!({"uuid": unknown})).refused(422, "invalid-field", "slot_id"),
        post("exchange for a word", exchange(&priced), &json!({"uuid": unknown, "slot_id": "soon"})).refused(422, "invalid-field", "slot_id"),
        post("exchange of an unknown booking", exchange(&unknown), &elsewhere).refused(404, "unknown-booking", "uuid"),
        get("exchange of no uuid", exchange("1")).refused(400, "malformed-id", "uuid"),
        raw("exchange that is no JSON", exchange(&priced), "{").refused(400, "malformed-json", "body"),
        post("tickets of a hold given back", gives(&priced), &json!({"uuid": unknown, "ticket_ids": []})).refused(409, "wrong-state", "uuid"),
        post("what is no ticket given back", gives(&priced), &json!({"uuid": unknown, "ticket_ids": ["x"]})).refused(422, "invalid-field", "ticket_ids[0]"),
        post("no list given back", gives(&priced), &json!({"uuid": unknown})).refused(422, "invalid-field", "ticket_ids"),
        post("tickets of an unknown booking given back", gives(&unknown), &json!({"uuid": unknown, "ticket_ids": []})).refused(404, "unknown-booking", "uuid"),
        get("unknown booking", format!("/v1/bookings/{unknown}")).refused(404, "unknown-booking", "uuid"),
        get("bad uuid", "/v1/bookings/mine").refused(400, "malformed-id", "uuid"),
        post("confirm an unknown booking", format!("/v1/bookings/{unknown}/confirm"), &nothing).refused(404, "unknown-booking", "uuid"),
        post("cancel an unknown booking", format!("/v1/bookings/{unknown}/cancel"), &nothing).refused(404, "unknown-booking", "uuid"),
        post("pay an unknown booking", pay(&unknown), &home).refused(404, "unknown-booking", "uuid"),
        get("tickets of an unknown booking", format!("/v1/bookings/{unknown}/tickets")).refused(404, "unknown-booking", "uuid"),
    ];
    all_refused(api, &lines).await;
    let forged = api.notify(&"0".repeat(64), &paid.to_string()).await;
    forged.expect_problem(401, "unsigned", "X-Atrio-Signature");
    assert_eq!([visitor.booking(&priced).await, visitor.booking(&free).await], seen);
    assert_eq!(calendar(api, venue).await, before, "no place was taken or given back");
}

#[tokio::test]
async fn a_gate_admits_nobody_with_a_code_that_is_no_ticket_for_here_and_now() {
    let museum = shared().await;
    let (venue, elsewhere) = ("106484", "20514");
    let visitor = Visitor::of(&museum);
    let ticket = |venue: &'static str, slot: &'static str| {
        let visitor = visitor.clone();
        async move { visitor.books_free(&Wish::at(venue, slot, &[("minor", 1)])).await }
    };
    let (booking, tickets) = ticket(venue, "2026-11-24T10:00").await;
    let (_, other_venues) = ticket(elsewhere, "2026-11-24T10:00").await;
    let (_, evenings) = ticket(venue, "2026-11-24T17:00").await;
    let code = |tickets: &[Value]| tickets[0]["code"].as_str().unwrap().to_owned();
    let good = code(&tickets);

    let published = visitor.api.get("/v1/ticket-keys").await.expect(200);
    let key: atrio_domain::ticket::PublishedKey =
        serde_json::from_value(published["keys"][0].clone()).unwrap();
    let entitlement = verify(&good, &[key.verifying_key().unwrap()]).unwrap();
    let strangers = sign(&entitlement, &SigningKey::from_bytes(&[7; 32])).unwrap();
    let (prefix, body) = good.split_at(4);
    let mut bytes = base45::decode(body).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    let forged = format!("{prefix}{}", base45::encode(&bytes));

    let gate = Gate::of(&museum, venue, "main").await;
    for (case, shown, status, kind) in [
        ("forged", forged.as_str(), 422, "ticket-forged"),
        ("signed by a stranger", &strangers, 422, "ticket-forged"),
        ("cut", &good[..good.len() / 2], 422, "ticket-unreadable"),
        ("another QR code", "https://example.org/menu-of-the-day", 422, "ticket-unreadable"),
        ("typed rubbish", "HELLO", 422, "ticket-unreadable"),
        ("nothing", "", 422, "ticket-unreadable"),
        ("unknown", "0000-0000-0000-0000", 404, "ticket-unknown"),
        ("of another venue", &code(&other_venues), 422, "ticket-other-venue"),
        ("too early", &code(&evenings), 422, "ticket-too-early"),
    ] {
        let fault = gate.scan(shown).await.fault_as_problem(status, kind, "code");
        assert_eq!(fault, None, "{case}");
    }
    let seen = visitor.tickets(&booking).await;
    assert!(seen.iter().all(|ticket| ticket["status"] == "VALID"), "{seen:?}");
    let nonce = fresh_uuid();
    gate.scan_again(&nonce, &good).await.expect(201);
    let evening = gate.scan_again(&nonce, &code(&evenings)).await;
    assert_eq!(evening.status, 422, "a nonce does not carry over: {}", evening.text());
}

#[tokio::test]
async fn staff_doors_say_what_is_wrong_with_the_key() {
    let museum = shared().await;
    let api = museum.api();
    let venue = "20240";
    let scan = json!({"uuid": fresh_uuid(), "venue_id": venue, "gate_id": "main", "code": "0000-0000-0000-0000"});
    let gate = "/v1/redemptions";
    let (analyst, elsewhere) =
        (museum.token("analyst", None).await, museum.token("gate", Some("20514")).await);
    let folder = tempfile::tempdir().unwrap();
    let stranger = Process::command_on(folder.path(), &["token", "--role", "admin"])
        .await
        .stdout
        .trim()
        .to_owned();
    let own = museum.token("gate", Some(venue)).await;
    let altered = format!("{}AAAA", &own[..own.len() - 4]);
    let manager = museum.token("manager", Some(venue)).await;
    let wrong = (401, "unauthorized", "Authorization");
    let refused = |line: Line| line.refused(wrong.0, wrong.1, wrong.2);
    let entry = json!({"uuid": fresh_uuid(), "gate_id": "main", "code": "0000-0000-0000-0000", "redeemed_at": "2026-11-24T09:00:00Z"});
    let mut undated = entry.clone();
    undated["redeemed_at"] = json!("this morning");
    let (mut sideways, mut nowhere) = (scan.clone(), scan.clone());
    sideways["direction"] = json!("SIDEWAYS");
    nowhere["area_id"] = json!("the tower");
    #[rustfmt::skip] // One line a case.
    let lines = [
        refused(post("no token", gate, &scan)),
        refused(post("garbage token", gate, &scan).by("garbage")),
        refused(post("token of another installation", gate, &scan).by(&stranger)),
        refused(post("altered token", gate, &scan).by(&altered)),
        get("no page of staff that large", format!("/v1/venues/{venue}/staff?limit=500")).by(&manager).refused(400, "invalid-query", "limit"),
        get("a cursor that is none", format!("/v1/venues/{venue}/staff?cursor=next")).by(&manager).refused(400, "invalid-query", "cursor"),
        get("a member by no id", format!("/v1/venues/{venue}/staff/carlo")).by(&manager).refused(400, "malformed-id", "member_id"),
        get("a member nobody added", format!("/v1/venues/{venue}/staff/{}", fresh_uuid())).by(&manager).refused(404, "unknown-member", "member_id"),
        put("a member under no id", format!("/v1/venues/{venue}/staff/carlo"), &json!({"address": "carlo@museo.example", "roles": ["desk"]})).by(&manager).refused(400, "malformed-id", "member_id"),
        put("a member who is nobody", format!("/v1/venues/{venue}/staff/{}", fresh_uuid()), &json!({"roles": ["desk"]})).by(&manager).refused(422, "invalid-member", "address"),
        put("a member without a word on roles", format!("/v1/venues/{venue}/staff/{}", fresh_uuid()), &json!({"address": "carlo@museo.example"})).by(&manager).refused(422, "invalid-field", "roles"),
        put("a member of an unknown role", format!("/v1/venues/{venue}/staff/{}", fresh_uuid()), &json!({"address": "carlo@museo.example", "roles": ["emperor"]})).by(&manager).refused(422, "invalid-field", "roles[0]"),
        put("a member under no address", format!("/v1/venues/{venue}/staff/{}", fresh_uuid()), &json!({"address": "carlo", "roles": ["desk"]})).by(&manager).refused(422, "invalid-field", "address"),
        put("a member under no subject", format!("/v1/venues/{venue}/staff/{}", fresh_uuid()), &json!({"subject": "two words", "roles": ["desk"]})).by(&manager).refused(422, "invalid-field", "subject"),
        put("a new member, not said to be one", format!("/v1/venues/{venue}/staff/{}", fresh_uuid()), &json!({"address": "carlo@museo.example", "roles": ["desk"]})).by(&manager).refused(412, "not-there-yet", "If-None-Match"),
        Line { method: "DELETE", ..get("a member removed by no id", format!("/v1/venues/{venue}/staff/carlo")) }.by(&manager).refused(400, "malformed-id", "member_id"),
        post("wrong role", gate, &scan).by(&analyst).refused(403, "wrong-role", "Authorization"),
        post("token of another venue", gate, &scan).by(&elsewhere).refused(403, "other-venue", "venue_id"),
        post("too many entries made offline", "/v1/redemptions/offline", &json!({"venue_id": venue, "entries": vec![entry.clone(); 51]})).by(&own).refused(422, "invalid-field", "entries"),
        post("an entry made offline at no time", "/v1/redemptions/offline", &json!({"venue_id": venue, "entries": [undated]})).by(&own).refused(422, "invalid-field", "entries[0].redeemed_at"),
        post("an undo without a reason", format!("/v1/redemptions/{}/undo", fresh_uuid()), &json!({"venue_id": venue, "gate_id": "main"})).by(&own).refused(422, "invalid-field", "reason"),
        post("an undo of no entry", "/v1/redemptions/7/undo", &json!({"venue_id": venue, "gate_id": "main", "reason": "stuck"})).by(&own).refused(400, "malformed-id", "uuid"),
        post("a scan sideways", gate, &sideways).by(&own).refused(422, "invalid-field", "direction"),
        post("a scan into no area's name", gate, &nowhere).by(&own).refused(422, "invalid-field", "area_id"),
        post("a party of nobody's venue", "/v1/redemptions/party", &scan).by(&elsewhere).refused(403, "other-venue", "venue_id"),
        post("a party of no ticket", "/v1/redemptions/party", &scan).by(&own).refused(404, "ticket-unknown", "code"),
        post("a party looked at sideways", "/v1/redemptions/party", &sideways).by(&own).refused(422, "invalid-field", "direction"),
        post("a scan made offline sideways", "/v1/redemptions/offline", &json!({"venue_id": venue, "entries": [{"direction": "OUT"}]})).by(&own).refused(422, "invalid-field", "entries[0].direction"),
        put("areas without a word", format!("/v1/venues/{venue}/premises"), &json!({"areas": [{"id": "tower", "name": {"it": "Torre", "en": ""}}]})).by(&manager).refused(422, "invalid-offer", "areas[0].name"),
        post("no day to choose a move", format!("/v1/venues/{venue}/call-offs"), &json!({"from": "2026-11-27", "to": "2026-11-27", "offer_move_days": 0})).by(&manager).refused(422, "invalid-field", "offer_move_days"),
        put("a template followed by no name", format!("/v1/venues/{venue}/template"), &json!({"kind": "TEMPLATE"})).by(&manager).refused(422, "invalid-field", "template_id"),
        put("a template that is not there", format!("/v1/venues/{venue}/template"), &json!({"kind": "TEMPLATE", "template_id": "none"})).by(&manager).refused(404, "unknown-template", "template_id"),
        put("a part of no template", format!("/v1/venues/{venue}/template"), &json!({"kind": "NONE", "own": ["roof"]})).by(&manager).refused(422, "invalid-field", "own[0]"),
        put("a template by a manager", "/v1/templates/state".to_owned(), &json!({"id": "state", "name": {"it": "a", "en": "b"}, "product_id": "admission", "parts": {}})).by(&manager).refused(403, "wrong-role", "Authorization"),
        put("a pass honoured twice", format!("/v1/venues/{venue}/passes"), &json!({"honours": [{"venue_id": "1", "product_id": "card"}, {"venue_id": "1", "product_id": "card"}]})).by(&manager).refused(422, "invalid-offer", "honours[1]"),
        put("a pass of no venue", format!("/v1/venues/{venue}/passes"), &json!({"honours": [{"product_id": "card"}]})).by(&manager).refused(422, "invalid-field", "honours[0].venue_id"),
        put("a limit for nobody", format!("/v1/venues/{venue}/premises"), &json!({"limit": 0})).by(&manager).refused(422, "invalid-offer", "limit"),
        put("premises over nothing read", format!("/v1/venues/{venue}/premises"), &json!({"limit": 5})).by(&manager).refused(428, "entity-tag-missing", "If-Match"),
        put("a campaign that takes nothing off", format!("/v1/venues/{venue}/campaigns"), &json!({"campaigns": [{"id": "none", "name": {"it": "Niente", "en": "Nothing"}, "effect": {"percent_off": 0}}]})).by(&manager).refused(422, "invalid-offer", "campaigns[0].effect"),
        put("a campaign with an unknown effect", format!("/v1/venues/{venue}/campaigns"), &json!({"campaigns": [{"id": "none", "name": {"it": "Niente", "en": "Nothing"}, "effect": {"half_off": 1}}]})).by(&manager).refused(422, "invalid-field", "campaigns[0].effect"),
        put("campaigns over nothing read", format!("/v1/venues/{venue}/campaigns"), &json!({"campaigns": [{"id": "half", "name": {"it": "Metà", "en": "Half"}, "effect": {"percent_off": 50}}]})).by(&manager).refused(428, "entity-tag-missing", "If-Match"),
        post("codes of no campaign", format!("/v1/venues/{venue}/campaigns/none/codes"), &json!({"uuid": fresh_uuid(), "count": 1})).by(&manager).refused(404, "unknown-campaign", "campaign_id"),
        get("how codes of a malformed campaign are used", format!("/v1/venues/{venue}/campaigns/a%20b/codes")).by(&manager).refused(400, "malformed-id", "campaign_id"),
        get("campaigns of another venue", "/v1/venues/20514/campaigns").by(&manager).refused(403, "other-venue", "venue_id"),
        get("presence at another venue", "/v1/venues/20514/presence").by(&own).refused(403, "other-venue", "venue_id"),
        get("presence nowhere", "/v1/venues/a%20b/presence").by(&own).refused(400, "malformed-id", "venue_id"),
        get("a bundle of no day", format!("/v1/venues/{venue}/gate-bundle?day=today")).by(&own).refused(400, "invalid-query", "day"),
        get("conflicts of another venue", "/v1/venues/20514/conflicts").by(&own).refused(403, "other-venue", "venue_id"),
        get("dashboard without a token", format!("/v1/dashboard/{venue}")).refused(wrong.0, wrong.1, wrong.2),
        get("dashboard by a gate", format!("/v1/dashboard/{venue}")).by(&own).refused(403, "wrong-role", "Authorization"),
        get("dashboard of another venue", "/v1/dashboard/20514").by(&manager).refused(403, "other-venue", "venue_id"),
        get("dashboard of no day", format!("/v1/dashboard/{venue}?day=today")).by(&manager).refused(400, "invalid-query", "day"),
        get("dashboard of the first day there is", format!("/v1/dashboard/{venue}?day=-009999-01-01")).by(&manager).refused(400, "invalid-query", "day"),
        get("no decisions", format!("/v1/decisions?venue_id={venue}&limit=0")).by(&manager).refused(400, "invalid-query", "limit"),
        get("decisions of nowhere", "/v1/decisions").by(&manager).refused(400, "invalid-query", "venue_id"),
    ];
    all_refused(&api, &lines).await;
}

#[tokio::test]
async fn an_address_that_leads_nowhere_says_where_to_look() {
    let museum = shared().await;
    let api = museum.api();
    let calendar = |query: &str| format!("/v1/venues/{VENUE}/availability?{query}");
    let bad =
        |case, query: &str, field| get(case, calendar(query)).refused(400, "invalid-query", field);
    #[rustfmt::skip] // One line a case.
    let lines = [
        get("unknown route", "/v1/paintings").refused(404, "unknown-route", "path"),
        Line { method: "DELETE", ..get("wrong method", "/v1/venues") }.refused(405, "wrong-method", "method"),
        Line { method: "PUT", ..post("wrong method of a booking", "/v1/bookings", &json!({})) }.refused(405, "wrong-method", "method"),
        get("unknown venue", "/v1/venues/99999").refused(404, "unknown-venue", "venue_id"),
        get("malformed venue", "/v1/venues/a%20b").refused(400, "malformed-id", "venue_id"),
        bad("no dates", "product_id=admission", "from"),
        bad("no product", "from=2026-11-24&to=2026-11-25", "product_id"),
        bad("a date in words", "product_id=admission&from=tomorrow&to=2026-11-25", "from"),
        bad("a day that is not", "product_id=admission&from=2026-11-24&to=2026-11-31", "to"),
        bad("to before from", "product_id=admission&from=2026-11-25&to=2026-11-24", "to"),
        bad("range too long", "product_id=admission&from=2026-11-24&to=2027-01-25", "to"),
        bad("the longest range there is", "product_id=admission&from=-009999-01-01&to=9999-12-31", "to"),
        bad("unknown parameter", "product_id=admission&from=2026-11-24&to=2026-11-25&page=2", "page"),
        get("unknown product", calendar("product_id=opera&from=2026-11-24&to=2026-11-25")).refused(404, "unknown-product", "product_id"),
    ];
    all_refused(&api, &lines).await;
}

#[tokio::test]
async fn an_order_that_breaks_a_rule_names_the_line_and_takes_nothing() {
    let museum = shared().await;
    let api = museum.api();
    let before = calendar(&api, VENUE).await;
    let visitor = Visitor::of(&museum);
    let wishes =
        ["2026-11-25T11:00", "2026-11-25T12:00"].map(|slot| Wish::at(VENUE, slot, &[("adult", 1)]));
    let set = |case: &'static str, pointer: &str, value: Value| {
        let mut body = visitor.order_request(&fresh_uuid(), &wishes);
        let (parent, name) = pointer.rsplit_once('/').unwrap();
        let parent = body.pointer_mut(parent).unwrap();
        match (name.parse::<usize>(), parent) {
            (Ok(place), Value::Array(list)) => list[place] = value,
            (_, parent) => parent[name] = value,
        }
        post(case, "/v1/orders", &body)
    };
    let line = |number: u32| {
        let wish = Wish::at(VENUE, &format!("2026-11-25T{}:00", 10 + number), &[("adult", 1)]);
        visitor.order_request(&fresh_uuid(), &[wish])["bookings"][0].clone()
    };
    let repeated = line(3);
    let unknown = "/v1/orders/6f1c2a34-9b1e-4c55-8a10-2f6f3f7d9a01";
    let home = json!({"return_url": "/order/"});
    let unprocessable = 422;
    #[rustfmt::skip] // One line a case.
    let lines = [
        set("no booking", "/bookings", json!([])).refused(unprocessable, "wrong-size", "bookings"),
        set("one booking", "/bookings", json!([line(1)])).refused(unprocessable, "wrong-size", "bookings"),
        set("six bookings", "/bookings", (0..6).map(line).collect()).refused(unprocessable, "wrong-size", "bookings"),
        set("a slot twice", "/bookings/1/slot_id", json!("2026-11-25T11:00")).refused(unprocessable, "repeated-slot", "bookings[1].slot_id"),
        set("a key twice", "/bookings", json!([repeated, {"uuid": repeated["uuid"], "venue_id": VENUE, "product_id": "admission", "slot_id": "2026-11-25T15:00", "units": []}])).refused(unprocessable, "repeated-uuid", "bookings[1].uuid"),
        set("unknown venue", "/bookings/1/venue_id", json!("99999")).refused(404, "unknown-venue", "bookings[1].venue_id"),
        set("no code", "/bookings/1/voucher_code", json!("abc")).refused(unprocessable, "voucher-unknown", "bookings[1].voucher_code"),
        set("unknown product", "/bookings/1/product_id", json!("opera")).refused(unprocessable, "unknown-product", "bookings[1].product_id"),
        set("closed day", "/bookings/0/slot_id", json!("2026-11-30T10:00")).refused(unprocessable, "closed-day", "bookings[0].slot_id"),
        set("over the limit", "/bookings/1/units/0/quantity", json!(11)).refused(unprocessable, "too-many-units", "bookings[1].units"),
        set("minus one", "/bookings/1/units/0/quantity", json!(-1)).refused(unprocessable, "invalid-field", "bookings[1].units[0].quantity"),
        set("bad slot id", "/bookings/0/slot_id", json!("tomorrow at ten")).refused(unprocessable, "invalid-field", "bookings[0].slot_id"),
        set("a contact of its own", "/bookings/0/contact", json!({})).refused(unprocessable, "invalid-field", "bookings[0].contact"),
        set("no contact", "/contact", Value::Null).refused(unprocessable, "invalid-field", "contact"),
        set("bad mail", "/contact/email", json!("someone")).refused(unprocessable, "invalid-contact", "contact.email"),
        set("a desk", "/channel", json!("DESK")).refused(unprocessable, "other-channel", "channel"),
        set("unknown field", "/discount", json!(100)).refused(unprocessable, "invalid-field", "discount"),
        set("bad uuid", "/uuid", json!("1")).refused(unprocessable, "invalid-field", "uuid"),
        raw("no JSON", "/v1/orders", "{").refused(400, "malformed-json", "body"),
        raw("plain text", "/v1/orders", "order").typed(Some("text/plain")).refused(415, "wrong-content-type", "Content-Type"),
        raw("more than 64 KiB", "/v1/orders", "[".repeat(70_000)).refused(413, "body-too-large", "body"),
        get("unknown order", unknown).refused(404, "unknown-order", "uuid"),
        get("no uuid", "/v1/orders/1").refused(400, "malformed-id", "uuid"),
        post("unknown order confirmed", format!("{unknown}/confirm"), &json!({})).refused(404, "unknown-order", "uuid"),
        post("unknown order cancelled", format!("{unknown}/cancel"), &json!({})).refused(404, "unknown-order", "uuid"),
        post("unknown order paid", format!("{unknown}/payment"), &home).refused(404, "unknown-order", "uuid"),
        post("a stranger's page", format!("{unknown}/payment"), &json!({"return_url": "https://example.org"})).refused(unprocessable, "foreign-return", "return_url"),
    ];
    all_refused(&api, &lines).await;
    assert_eq!(calendar(&api, VENUE).await, before, "no place was taken");
}

#[tokio::test]
async fn an_address_that_is_no_text_is_a_problem_document_too() {
    let museum = shared().await;
    #[rustfmt::skip] // One line a case.
    let lines = [
        get("venue", "/v1/venues/%FF").refused(400, "malformed-id", "venue_id"),
        get("booking", "/v1/bookings/%FF").refused(400, "malformed-id", "uuid"),
        get("tickets", "/v1/bookings/%FF/tickets").refused(400, "malformed-id", "uuid"),
    ];
    all_refused(&museum.api(), &lines).await;
}

#[tokio::test]
async fn an_ended_hold_and_a_ticket_of_this_morning_are_refused_by_the_clock() {
    let mut museum = Process::fresh().await;
    let visitor = Visitor::of(&museum);
    let (venue, slot) = ("20240", "2026-11-24T10:00");
    let (_, tickets) = visitor.books_free(&Wish::at(venue, slot, &[("minor", 1)])).await;
    let held = visitor.hold(&Wish::at(venue, slot, &[("minor", 2)])).await;
    museum.restart_after(SignedDuration::from_mins(16)).await;
    visitor.confirm(&held).await.expect_problem(409, "hold-expired", "uuid");
    visitor.cancel(&held).await.expect_problem(409, "hold-expired", "uuid");
    visitor.start_payment(&held).await.expect_problem(409, "nothing-to-pay", "uuid");
    visitor.ask_tickets(&held).await.expect_problem(409, "no-tickets", "uuid");
    assert_eq!(visitor.booking(&held).await["status"], "EXPIRED");

    let gate = Gate::of(&museum, venue, "main").await;
    museum.restart_after(SignedDuration::from_hours(2)).await;
    let late = gate.scan(tickets[0]["code"].as_str().unwrap()).await;
    late.expect_problem(422, "ticket-too-late", "code");
    museum.restart_after(SignedDuration::from_hours(12)).await;
    gate.scan("0000-0000-0000-0000").await.expect_problem(401, "unauthorized", "Authorization");
    let figures = museum.nothing_left_over().await;
    assert_eq!(figures["entries"]["table"], 0);
}
