//! Buyers that do not give up: each sends every request again, under the same uuid, until it is
//! answered, and remembers what it was told.

use std::time::{Duration, Instant};

use reqwest::{Client, Method};
use serde_json::{Value, json};

/// How long a buyer goes on sending a request that nobody answers.
const PATIENCE: Duration = Duration::from_secs(60);

/// How long a buyer looks at the page that says "your payment is being checked". What comes later
/// is looked at when all rounds are over.
const WATCHES: Duration = Duration::from_millis(1500);

/// What a buyer does once the places are held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Plan {
    /// Pays.
    Pay,
    /// Pays, and the provider says so twice.
    Twice,
    /// Is declined and pays at the second attempt.
    DeclinedFirst,
    /// Pays at a bank that takes ten seconds.
    Slow,
    /// Goes to the provider and closes the page there.
    Never,
    /// Gives the hold up.
    Cancel,
    /// Leaves without a word.
    Leave,
}

impl Plan {
    /// Most pay, some do everything else, by a number from 0 to 19.
    pub(super) fn drawn(number: u64) -> Self {
        match number {
            0 => Self::Twice,
            1 => Self::DeclinedFirst,
            2 => Self::Slow,
            3 => Self::Never,
            4 => Self::Cancel,
            5 => Self::Leave,
            _ => Self::Pay,
        }
    }
}

/// What a buyer was told, and by that what the platform owes.
#[derive(Debug, Default)]
pub(super) struct Told {
    /// The key to the booking.
    pub(super) uuid: String,
    /// The places are held.
    pub(super) held: bool,
    /// The hold was given up.
    pub(super) cancelled: bool,
    /// Why there was no place.
    pub(super) refusal: Option<Value>,
    /// The booking is confirmed.
    pub(super) confirmed: bool,
    /// The ids of its tickets.
    pub(super) tickets: Vec<String>,
    /// Answers with a status of 500 or more.
    pub(super) faults: Vec<String>,
    /// Requests that nobody answered: the platform was dead.
    pub(super) unanswered: u32,
    /// Answers that no buyer should get.
    pub(super) surprises: Vec<String>,
}

struct Answer {
    status: u16,
    body: Value,
}

/// One buyer with a browser of its own.
pub(super) struct Buyer {
    address: String,
    browser: Client,
    told: Told,
}

impl Buyer {
    pub(super) fn new(address: &str) -> Self {
        let browser = Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .timeout(Duration::from_secs(20))
            .build()
            .unwrap();
        let told = Told { uuid: uuid::Uuid::new_v4().to_string(), ..Told::default() };
        Self { address: address.to_owned(), browser, told }
    }

    /// Buys one full ticket of a slot and answers with what it was told on the way.
    pub(super) async fn buy(mut self, venue: &str, slot: &str, plan: Plan) -> Told {
        if !self.hold(venue, slot).await {
            return self.told;
        }
        match plan {
            Plan::Leave => return self.told,
            Plan::Cancel => {
                let path = format!("/v1/bookings/{}/cancel", self.told.uuid);
                let answer = self.post(&path, json!({})).await;
                self.told.cancelled = self.expect(&answer, "the cancellation", 200);
                return self.told;
            }
            Plan::DeclinedFirst => {
                self.pay("decline").await;
                if self.leaves_paying().await.as_deref() == Some("ON_HOLD") {
                    self.pay("pay").await;
                }
            }
            Plan::Pay => self.pay("pay").await,
            Plan::Twice => self.pay("twice").await,
            Plan::Slow => self.pay("slow").await,
            Plan::Never => self.pay("never").await,
        }
        if matches!(plan, Plan::Slow | Plan::Never) {
            return self.told;
        }
        if self.leaves_paying().await.as_deref() == Some("CONFIRMED") {
            self.told.confirmed = true;
            self.take_tickets().await;
        }
        self.told
    }

    async fn hold(&mut self, venue: &str, slot: &str) -> bool {
        let uuid = self.told.uuid.clone();
        let body = json!({
            "uuid": uuid,
            "venue_id": venue,
            "product_id": "admission",
            "option_id": "standard",
            "slot_id": slot,
            "units": [{"unit_id": "adult", "quantity": 1}],
            "contact": {"full_name": "Visitor 1", "email": format!("{uuid}@example.org")},
            "locale": "it",
        });
        let answer = self.post("/v1/bookings", body).await;
        if answer.status == 409 {
            self.told.refusal = Some(answer.body);
            return false;
        }
        // 200 when the answer to an earlier try was lost.
        self.told.held = matches!(answer.status, 200 | 201) && answer.body["status"] == "ON_HOLD";
        if !self.told.held {
            self.surprise("the hold", &answer);
        }
        self.told.held
    }

    async fn pay(&mut self, choice: &str) {
        let uuid = self.told.uuid.clone();
        let body = json!({"return_url": format!("/booking/?uuid={uuid}")});
        let answer = self.post(&format!("/v1/bookings/{uuid}/payment"), body).await;
        if !self.expect(&answer, "the start of a payment", 200) {
            return;
        }
        let id = answer.body["payment"]["id"].as_str().unwrap_or_default().to_owned();
        let form = ("application/x-www-form-urlencoded", format!("outcome={choice}"));
        let answer = self.ask(Method::POST, &format!("/sandbox/pay/{id}"), Some(form)).await;
        self.expect(&answer, "the provider's page", 303);
    }

    /// Looks until the provider's word arrived; the status then, none when it took too long.
    async fn leaves_paying(&mut self) -> Option<String> {
        let path = format!("/v1/bookings/{}", self.told.uuid);
        let since = Instant::now();
        while since.elapsed() < WATCHES {
            let answer = self.ask(Method::GET, &path, None).await;
            self.expect(&answer, "the booking", 200);
            match answer.body["status"].as_str() {
                Some("PAYING") => tokio::time::sleep(Duration::from_millis(60)).await,
                other => return other.map(ToOwned::to_owned),
            }
        }
        None
    }

    async fn take_tickets(&mut self) {
        let path = format!("/v1/bookings/{}/tickets", self.told.uuid);
        let answer = self.ask(Method::GET, &path, None).await;
        self.expect(&answer, "the tickets", 200);
        let tickets = answer.body["tickets"].as_array().into_iter().flatten();
        self.told.tickets =
            tickets.filter_map(|ticket| ticket["id"].as_str().map(ToOwned::to_owned)).collect();
    }

    async fn post(&mut self, path: &str, body: Value) -> Answer {
        self.ask(Method::POST, path, Some(("application/json", body.to_string()))).await
    }

    /// Sends a request until it is answered.
    async fn ask(&mut self, method: Method, path: &str, body: Option<(&str, String)>) -> Answer {
        let since = Instant::now();
        loop {
            let url = format!("{}{path}", self.address);
            let mut request = self.browser.request(method.clone(), url);
            if let Some((kind, body)) = &body {
                request = request.header("content-type", *kind).body(body.clone());
            }
            if let Ok(answer) = request.send().await {
                let status = answer.status().as_u16();
                match answer.bytes().await {
                    Ok(text) if status < 500 => {
                        let body = serde_json::from_slice(&text).unwrap_or(Value::Null);
                        return Answer { status, body };
                    }
                    Ok(text) => {
                        let text = String::from_utf8_lossy(&text).into_owned();
                        self.told.faults.push(format!("{method} {path}: {status} {text}"));
                    }
                    Err(_) => self.told.unanswered += 1,
                }
            } else {
                self.told.unanswered += 1;
            }
            assert!(
                since.elapsed() < PATIENCE,
                "{method} {path} was not answered; {:?}",
                self.told
            );
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
    }

    fn expect(&mut self, answer: &Answer, of: &str, status: u16) -> bool {
        if answer.status != status {
            self.surprise(of, answer);
        }
        answer.status == status
    }

    fn surprise(&mut self, of: &str, answer: &Answer) {
        let told = format!("{of} of {}: {} {}", self.told.uuid, answer.status, answer.body);
        self.told.surprises.push(told);
    }
}
