//! A reseller's client, as its own people write one: it sends what OCTO says and checks every object that
//! comes back against OCTO's words, key by key.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::answer::{Answer, Api};
use crate::process::Process;
use crate::roles::fresh_uuid;

/// A product that many want and few can have: twelve places a slot.
const STATUSES: [&str; 5] = ["AVAILABLE", "FREESALE", "SOLD_OUT", "LIMITED", "CLOSED"];

/// A reseller with a key.
#[derive(Debug, Clone)]
pub struct Reseller {
    client: reqwest::Client,
    base: String,
    key: Option<String>,
    /// What it asks for beside OCTO's core.
    pub capabilities: String,
    /// In which languages it wants texts.
    pub languages: Option<String>,
}

impl Reseller {
    /// Takes a reseller on, by `atrio reseller add`.
    ///
    /// # Panics
    /// When it is not taken on.
    pub async fn joins(museum: &Process, name: &str, options: &[&str]) -> Self {
        let mut arguments = vec!["reseller", "add", name];
        arguments.extend_from_slice(options);
        let added = museum.command(&arguments).await;
        assert!(added.status.success(), "{}", added.stderr);
        Self::with_key(museum, Some(added.stdout.trim().to_owned()))
    }

    /// One that shows this key, or none.
    #[must_use]
    pub fn with_key(museum: &Process, key: Option<String>) -> Self {
        // Chooses the TLS provider, as every client does.
        let _ = Api::new(&museum.run.http, None);
        let (client, base) = (reqwest::Client::new(), format!("{}/octo", museum.run.http));
        Self { client, base, key, capabilities: String::new(), languages: None }
    }

    /// The same, asking for these capabilities.
    #[must_use]
    pub fn asking_for(&self, capabilities: &str) -> Self {
        Self { capabilities: capabilities.to_owned(), ..self.clone() }
    }

    /// Sends a request; clients say that they send JSON also where they send nothing.
    ///
    /// # Panics
    /// When no answer comes.
    pub async fn send(&self, method: &str, path: &str, body: Option<&Value>) -> Answer {
        let verb = reqwest::Method::from_bytes(method.as_bytes()).expect("a method");
        let mut request = self.client.request(verb, format!("{}{path}", self.base));
        request = request
            .header("content-type", "application/json")
            .header("octo-capabilities", &self.capabilities);
        if let Some(key) = &self.key {
            request = request.bearer_auth(key);
        }
        if let Some(languages) = &self.languages {
            request = request.header("accept-language", languages);
        }
        if let Some(body) = body {
            request = request.body(body.to_string());
        }
        Answer::of(format!("{method} {path}"), request).await.expect("an answer")
    }

    /// The key that it shows.
    #[must_use]
    pub fn key(&self) -> Option<String> {
        self.key.clone()
    }

    /// Reads its own accounts, beside OCTO.
    pub async fn reads(&self, path: &str) -> Answer {
        let accounts = Self { base: self.base.replace("/octo", "/v1/reseller"), ..self.clone() };
        accounts.send("GET", path, None).await
    }

    /// Reads.
    pub async fn get(&self, path: &str) -> Answer {
        self.send("GET", path, None).await
    }

    /// Posts.
    pub async fn post(&self, path: &str, body: &Value) -> Answer {
        self.send("POST", path, Some(body)).await
    }

    /// The products that it may sell.
    ///
    /// # Panics
    /// When they are refused.
    pub async fn products(&self) -> Vec<Value> {
        self.get("/products").await.expect(200).as_array().cloned().unwrap_or_default()
    }

    /// The availabilities of a product from one day to another.
    ///
    /// # Panics
    /// When they are refused.
    pub async fn availabilities(&self, product: &str, from: &str, to: &str) -> Vec<Value> {
        let body = json!({
            "productId": product, "optionId": "standard", "localDateStart": from, "localDateEnd": to,
        });
        let answer = self.post("/availability", &body).await.expect(200);
        answer.as_array().cloned().unwrap_or_default()
    }

    /// One availability.
    ///
    /// # Panics
    /// When there is none of that id.
    pub async fn availability(&self, product: &str, id: &str) -> Value {
        let body = json!({"productId": product, "optionId": "standard", "availabilityIds": [id]});
        let answer = self.post("/availability", &body).await.expect(200);
        assert_eq!(answer.as_array().map(Vec::len), Some(1), "{answer}");
        answer[0].clone()
    }

    /// Places left.
    ///
    /// # Panics
    /// When none are said.
    pub async fn vacancies(&self, product: &str, id: &str) -> u64 {
        self.availability(product, id).await["vacancies"].as_u64().expect("vacancies")
    }

    /// The request to hold so many adults.
    #[must_use]
    pub fn request(&self, product: &str, id: &str, adults: usize) -> Value {
        json!({
            "uuid": fresh_uuid(), "productId": product, "optionId": "standard", "availabilityId": id,
            "unitItems": people(&[("adult", adults)]),
        })
    }

    /// Holds so many adults.
    ///
    /// # Panics
    /// When they are refused, or the booking is not one on hold.
    pub async fn holds(&self, product: &str, id: &str, adults: usize) -> Value {
        let booking = self.post("/bookings", &self.request(product, id, adults)).await.expect(200);
        assert_eq!(booking["status"], "ON_HOLD");
        check_booking(&booking);
        booking
    }

    /// Takes a step of a booking: `confirm`, `extend` or `cancel`.
    pub async fn takes(&self, booking: &Value, step: &str, body: &Value) -> Answer {
        let uuid = booking["uuid"].as_str().unwrap_or_default();
        self.post(&format!("/bookings/{uuid}/{step}"), body).await
    }

    /// Changes a booking.
    pub async fn changes(&self, booking: &Value, body: &Value) -> Answer {
        let uuid = booking["uuid"].as_str().unwrap_or_default();
        self.send("PATCH", &format!("/bookings/{uuid}"), Some(body)).await
    }

    /// Sells a hold.
    ///
    /// # Panics
    /// When it is refused.
    pub async fn sells(&self, booking: &Value) -> Value {
        let sold = self.takes(booking, "confirm", &confirmation()).await.expect(200);
        assert_eq!(sold["status"], "CONFIRMED");
        check_booking(&sold);
        sold
    }

    /// Holds and sells so many adults.
    pub async fn books(&self, product: &str, id: &str, adults: usize) -> Value {
        let held = self.holds(product, id, adults).await;
        self.sells(&held).await
    }

    /// Reads a booking.
    ///
    /// # Panics
    /// When there is none.
    pub async fn booking(&self, booking: &Value) -> Value {
        let uuid = booking["uuid"].as_str().unwrap_or_default();
        let booking = self.get(&format!("/bookings/{uuid}")).await.expect(200);
        check_booking(&booking);
        booking
    }
}

/// Unit items.
#[must_use]
pub fn people(units: &[(&str, usize)]) -> Value {
    let each =
        units.iter().flat_map(|(unit, count)| (0..*count).map(move |_| json!({"unitId": unit})));
    each.collect()
}

/// Who bought a visit of the reseller.
#[must_use]
pub fn confirmation() -> Value {
    json!({
        "resellerReference": format!("R-{}", fresh_uuid()),
        "contact": {
            "fullName": "Visitor Example", "firstName": "Visitor", "lastName": "Example",
            "emailAddress": "visitor@example.org", "phoneNumber": "+39 055 1234567", "country": "IT",
            "notes": "two of them walk slowly", "locales": ["it"],
        },
    })
}

/// The error, when the answer is one of OCTO's form and this kind.
///
/// # Panics
/// When it is not.
#[track_caller]
pub fn refusal(answer: &Answer, error: &str) -> Value {
    let refused = answer.expect(400);
    assert_eq!(refused["error"], error, "{}: {refused}", answer.request);
    let message = refused["errorMessage"].as_str().unwrap_or_default();
    assert!(!message.is_empty(), "{refused}");
    refused
}

/// Asserts that an object has these keys and no other.
///
/// # Panics
/// When it has not.
#[track_caller]
pub fn has_keys(object: &Value, keys: &[&str]) {
    let seen: BTreeSet<&str> =
        object.as_object().into_iter().flatten().map(|(key, _)| key.as_str()).collect();
    assert_eq!(seen, keys.iter().copied().collect(), "{object}");
}

/// Asserts that a text is an instant in UTC in whole seconds.
///
/// # Panics
/// When it is not.
#[track_caller]
pub fn is_utc(text: &Value) {
    let text = text.as_str().unwrap_or_default();
    assert!(text.len() == 20 && text.ends_with('Z'), "`{text}` is not in whole seconds of UTC");
    assert!(text.parse::<jiff::Timestamp>().is_ok(), "`{text}` is no instant");
}

/// Asserts what OCTO says of an availability of a product of that type.
///
/// # Panics
/// When it is not so.
#[track_caller]
pub fn check_availability(availability: &Value, kind: &str) {
    has_keys(
        availability,
        &[
            "id",
            "localDateTimeStart",
            "localDateTimeEnd",
            "allDay",
            "available",
            "status",
            "vacancies",
            "capacity",
            "maxUnits",
            "utcCutoffAt",
            "openingHours",
        ],
    );
    check_time(availability, kind);
    is_utc(&availability["utcCutoffAt"]);
    let status = availability["status"].as_str().unwrap_or_default();
    assert!(STATUSES.contains(&status), "{availability}");
    let is_on_sale = ["AVAILABLE", "FREESALE", "LIMITED"].contains(&status);
    assert_eq!(availability["available"], is_on_sale, "{availability}");
    let number = |name: &str| availability[name].as_u64().unwrap_or_default();
    assert_eq!(number("vacancies") > 0, is_on_sale, "{availability}");
    assert!(number("vacancies") <= number("capacity"), "{availability}");
    assert!(number("maxUnits") <= number("vacancies"), "{availability}");
}

#[track_caller]
fn check_time(availability: &Value, kind: &str) {
    for name in ["localDateTimeStart", "localDateTimeEnd"] {
        let text = availability[name].as_str().unwrap_or_default();
        let has_offset =
            text.len() == 25 && (text[19..].starts_with('+') || text[19..].starts_with('-'));
        assert!(has_offset, "{name}: {availability}");
    }
    assert_eq!(availability["id"], availability["localDateTimeStart"]);
    let is_by_hours = kind == "OPENING_HOURS";
    assert_eq!(availability["allDay"], is_by_hours, "{availability}");
    let hours = availability["openingHours"].as_array().cloned().unwrap_or_default();
    assert!(hours.is_empty() != is_by_hours, "{availability}");
    for span in hours {
        for end in ["from", "to"] {
            assert_eq!(span[end].as_str().map(str::len), Some(5), "{span}");
        }
    }
}

/// Asserts what OCTO says of any booking, and of one in its state.
///
/// # Panics
/// When it is not so.
#[track_caller]
pub fn check_booking(booking: &Value) {
    let mut keys = vec![
        "id",
        "uuid",
        "testMode",
        "resellerReference",
        "supplierReference",
        "status",
        "utcCreatedAt",
        "utcUpdatedAt",
        "utcExpiresAt",
        "utcRedeemedAt",
        "utcConfirmedAt",
        "productId",
        "product",
        "optionId",
        "option",
        "cancellable",
        "cancellation",
        "freesale",
        "availabilityId",
        "availability",
        "contact",
        "notes",
        "deliveryMethods",
        "voucher",
        "unitItems",
    ];
    if booking.get("pricing").is_some() {
        keys.push("pricing");
    }
    has_keys(booking, &keys);
    let status = booking["status"].as_str().unwrap_or_default();
    is_utc(&booking["utcCreatedAt"]);
    is_utc(&booking["utcUpdatedAt"]);
    let is_open = ["ON_HOLD", "EXPIRED"].contains(&status);
    assert_eq!(booking["utcExpiresAt"].is_string(), is_open, "{booking}");
    if status == "ON_HOLD" {
        assert_eq!(booking["utcConfirmedAt"], Value::Null);
    }
    if ["CONFIRMED", "REDEEMED"].contains(&status) {
        is_utc(&booking["utcConfirmedAt"]);
    }
    assert_eq!(booking["utcRedeemedAt"].is_string(), status == "REDEEMED", "{booking}");
    let is_over = ["CANCELLED", "EXPIRED"].contains(&status);
    assert_eq!(booking["cancellation"].is_object(), is_over, "{booking}");
    if is_over {
        has_keys(&booking["cancellation"], &["refund", "reason", "utcCancelledAt"]);
    }
    assert_eq!(booking["productId"], booking["product"]["id"]);
    assert_eq!(booking["optionId"], booking["option"]["id"]);
    assert_eq!(booking["availabilityId"], booking["availability"]["id"]);
    assert_eq!(booking["deliveryMethods"], booking["product"]["deliveryMethods"]);
    assert_eq!(booking["voucher"], Value::Null, "tickets are of persons");
    let availability = &booking["availability"];
    has_keys(
        availability,
        &["id", "localDateTimeStart", "localDateTimeEnd", "allDay", "openingHours"],
    );
    check_time(availability, booking["product"]["availabilityType"].as_str().unwrap_or_default());
    check_contact(&booking["contact"]);
    check_items(booking, status);
}

#[track_caller]
fn check_items(booking: &Value, status: &str) {
    let items = booking["unitItems"].as_array().cloned().unwrap_or_default();
    assert!(!items.is_empty(), "{booking}");
    let uuids: BTreeSet<&str> = items.iter().filter_map(|item| item["uuid"].as_str()).collect();
    assert_eq!(uuids.len(), items.len(), "{booking}");
    let mut codes = BTreeSet::new();
    for item in &items {
        let mut keys = vec![
            "uuid",
            "resellerReference",
            "supplierReference",
            "unitId",
            "unit",
            "status",
            "utcRedeemedAt",
            "contact",
            "ticket",
        ];
        if item.get("pricing").is_some() {
            keys.push("pricing");
        }
        has_keys(item, &keys);
        assert_eq!(item["unitId"], item["unit"]["id"]);
        check_contact(&item["contact"]);
        let ticket = &item["ticket"];
        has_keys(ticket, &["redemptionMethod", "utcRedeemedAt", "deliveryOptions"]);
        let options = ticket["deliveryOptions"].as_array().cloned().unwrap_or_default();
        if status == "ON_HOLD" {
            assert!(options.is_empty(), "no ticket before it is sold: {item}");
        }
        for option in &options {
            has_keys(option, &["deliveryFormat", "deliveryValue"]);
            if option["deliveryFormat"] == "QRCODE" {
                codes.insert(option["deliveryValue"].to_string());
            }
        }
        assert_eq!(codes.is_empty(), options.is_empty(), "{item}");
    }
    if !codes.is_empty() {
        assert_eq!(codes.len(), items.len(), "a code for each: {booking}");
    }
}

#[track_caller]
fn check_contact(contact: &Value) {
    has_keys(
        contact,
        &[
            "fullName",
            "firstName",
            "lastName",
            "emailAddress",
            "phoneNumber",
            "locales",
            "postalCode",
            "country",
            "notes",
        ],
    );
    assert!(contact["locales"].is_array(), "{contact}");
}

/// The code of a booking's item.
///
/// # Panics
/// When it has none.
#[must_use]
pub fn code(booking: &Value, item: usize) -> String {
    let options = booking["unitItems"][item]["ticket"]["deliveryOptions"].as_array();
    let option = options.into_iter().flatten().find(|o| o["deliveryFormat"] == "QRCODE");
    option.and_then(|option| option["deliveryValue"].as_str()).expect("a code").to_owned()
}
