//! The HTTP half of the public surface, as a visitor's browser and a gate use it. It knows the
//! API's words that the traffic needs and nothing else.

use std::time::Duration;

use jiff::Timestamp;
use jiff::civil::Date;
use reqwest::header::RETRY_AFTER;
use reqwest::{Client, RequestBuilder, StatusCode, Url, redirect};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use uuid::Uuid;

use super::TrafficError;
use super::draws::Party;

/// How often a call that was told to come back later does so.
const RETRIES: u32 = 2;

/// The longest wait obeyed on `Retry-After`; a longer one counts as a refusal.
const LONGEST_WAIT: Duration = Duration::from_secs(10);

const CALL_TIMEOUT: Duration = Duration::from_secs(20);

/// A platform to call.
#[derive(Debug, Clone)]
pub(super) struct Platform {
    http: Client,
    base: Url,
}

/// Why a call did not give what was asked.
#[derive(Debug, thiserror::Error)]
pub(super) enum CallError {
    /// The platform answered with a problem document.
    #[error("{status} {kind}: {detail}")]
    Problem { status: u16, kind: String, detail: String },
    /// The platform did not answer, or not in the API's words.
    #[error("no answer in the API's words")]
    Transport(#[from] reqwest::Error),
    /// An address in an answer is not a URL.
    #[error("`{url}` is not an address")]
    Address { url: String },
}

impl CallError {
    /// Whether the problem is of that kind (the last part of its type).
    pub(super) fn is(&self, wanted: &str) -> bool {
        matches!(self, Self::Problem { kind, .. } if kind == wanted)
    }

    /// The HTTP status, when the platform answered.
    pub(super) fn status(&self) -> Option<u16> {
        match self {
            Self::Problem { status, .. } => Some(*status),
            Self::Transport(_) | Self::Address { .. } => None,
        }
    }
}

#[derive(Debug, Deserialize)]
pub(super) struct VenueList {
    pub venues: Vec<VenueSummary>,
}

#[derive(Debug, Clone, Deserialize)]
pub(super) struct VenueSummary {
    pub id: String,
    pub kind: String,
    pub latitude: Option<f64>,
    pub longitude: Option<f64>,
    pub annual_visitors: Option<u32>,
}

#[derive(Debug, Deserialize)]
pub(super) struct VenueDetail {
    pub time_zone: String,
    pub opening: Vec<OpeningSpan>,
    pub products: Vec<Product>,
}

#[derive(Debug, Deserialize)]
pub(super) struct OpeningSpan {
    pub weekday: String,
    pub from: String,
    pub last_entry: String,
}

#[derive(Debug, Deserialize)]
pub(super) struct Product {
    pub id: String,
}

#[derive(Debug, Deserialize)]
pub(super) struct Availability {
    pub days: Vec<Day>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Day {
    pub slots: Vec<Slot>,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(super) struct Slot {
    pub id: String,
    pub start: Timestamp,
    pub end: Timestamp,
    pub status: String,
    pub vacancies: u32,
}

#[derive(Debug, Deserialize)]
pub(super) struct Booking {
    pub status: String,
    pub total_cents: i64,
}

#[derive(Debug, Deserialize)]
struct PaymentStarted {
    redirect_url: String,
}

#[derive(Debug, Deserialize)]
pub(super) struct Tickets {
    pub tickets: Vec<Ticket>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Ticket {
    pub typed_code: String,
    pub status: String,
}

/// What a visitor asks for.
#[derive(Debug)]
pub(super) struct BookingRequest<'a> {
    pub uuid: Uuid,
    pub venue_id: &'a str,
    pub product_id: &'a str,
    pub slot_id: &'a str,
    pub party: Party,
    /// The sample visitor's number; the only thing known about them.
    pub visitor: u32,
    pub channel: &'static str,
}

/// A button of the sandbox provider's page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    /// The payment goes through.
    Pay,
    /// The payment is declined.
    Decline,
}

impl Platform {
    /// Prepares calls to the platform at `base_url`.
    pub(super) fn new(base_url: &str) -> Result<Self, TrafficError> {
        let base = Url::parse(base_url)
            .map_err(|_| TrafficError::Address { base_url: base_url.to_owned() })?;
        // The provider sends the browser back to a page; the traffic asks the API instead.
        let http = Client::builder()
            .redirect(redirect::Policy::none())
            .timeout(CALL_TIMEOUT)
            .build()
            .map_err(TrafficError::Client)?;
        Ok(Self { http, base })
    }

    /// The address of a path, for messages.
    pub(super) fn url(&self, path: &str) -> Result<Url, CallError> {
        self.base.join(path).map_err(|_| CallError::Address { url: path.to_owned() })
    }

    pub(super) async fn venues(&self) -> Result<VenueList, CallError> {
        self.read(self.http.get(self.url("/v1/venues")?)).await
    }

    pub(super) async fn venue(&self, venue_id: &str) -> Result<VenueDetail, CallError> {
        self.read(self.http.get(self.url(&format!("/v1/venues/{venue_id}"))?)).await
    }

    pub(super) async fn availability(
        &self,
        venue_id: &str,
        product_id: &str,
        from: Date,
        to: Date,
    ) -> Result<Availability, CallError> {
        let path = format!(
            "/v1/venues/{venue_id}/availability?product_id={product_id}&from={from}&to={to}"
        );
        self.read(self.http.get(self.url(&path)?)).await
    }

    pub(super) async fn book(&self, request: &BookingRequest<'_>) -> Result<Booking, CallError> {
        let units: Vec<Value> = request
            .party
            .units
            .iter()
            .map(|(unit_id, quantity)| json!({"unit_id": unit_id, "quantity": quantity}))
            .collect();
        let body = json!({
            "uuid": request.uuid,
            "venue_id": request.venue_id,
            "product_id": request.product_id,
            "option_id": "standard",
            "slot_id": request.slot_id,
            "units": units,
            "contact": {
                "full_name": format!("Visitor {:06}", request.visitor),
                "email": format!("visitor-{:06}@sample.invalid", request.visitor),
            },
            "locale": if request.visitor.is_multiple_of(3) { "en" } else { "it" },
            "channel": request.channel,
        });
        // Every sample visitor has an address of its own, of the range kept for tests (RFC 2544):
        // the platform believes it from a proxy on the same machine only.
        let address = format!("198.18.{}.{}", request.visitor / 256 % 256, request.visitor % 256);
        let request = self.http.post(self.url("/v1/bookings")?).header("x-forwarded-for", address);
        self.read(request.json(&body)).await
    }

    pub(super) async fn booking(&self, uuid: Uuid) -> Result<Booking, CallError> {
        self.read(self.http.get(self.url(&format!("/v1/bookings/{uuid}"))?)).await
    }

    pub(super) async fn confirm(&self, uuid: Uuid) -> Result<Booking, CallError> {
        self.read(
            self.http.post(self.url(&format!("/v1/bookings/{uuid}/confirm"))?).json(&json!({})),
        )
        .await
    }

    pub(super) async fn cancel(&self, uuid: Uuid) -> Result<Booking, CallError> {
        self.read(
            self.http.post(self.url(&format!("/v1/bookings/{uuid}/cancel"))?).json(&json!({})),
        )
        .await
    }

    /// Starts the payment and presses a button on the provider's page.
    pub(super) async fn pay(&self, uuid: Uuid, outcome: Outcome) -> Result<(), CallError> {
        let body = json!({"return_url": format!("/booking/?uuid={uuid}")});
        let started: PaymentStarted = self
            .read(self.http.post(self.url(&format!("/v1/bookings/{uuid}/payment"))?).json(&body))
            .await?;
        let form = match outcome {
            Outcome::Pay => "outcome=pay",
            Outcome::Decline => "outcome=decline",
        };
        let pressed = self
            .http
            .post(self.url(&started.redirect_url)?)
            .header("content-type", "application/x-www-form-urlencoded")
            .body(form)
            .send()
            .await?;
        if pressed.status().is_client_error() || pressed.status().is_server_error() {
            return Err(problem(pressed).await);
        }
        Ok(())
    }

    pub(super) async fn tickets(&self, uuid: Uuid) -> Result<Tickets, CallError> {
        self.read(self.http.get(self.url(&format!("/v1/bookings/{uuid}/tickets"))?)).await
    }

    /// Redeems one ticket at the main gate.
    pub(super) async fn redeem(
        &self,
        token: &str,
        venue_id: &str,
        code: &str,
    ) -> Result<(), CallError> {
        let body =
            json!({"uuid": Uuid::new_v4(), "venue_id": venue_id, "gate_id": "main", "code": code});
        let request = self.http.post(self.url("/v1/redemptions")?).bearer_auth(token).json(&body);
        self.read::<Value>(request).await.map(|_| ())
    }

    /// Sends the request, comes back later when told to, and reads the answer.
    async fn read<T: DeserializeOwned>(&self, request: RequestBuilder) -> Result<T, CallError> {
        let mut request = request;
        let mut retries = 0;
        loop {
            let again = request.try_clone();
            let response = request.send().await?;
            if response.status().is_success() {
                return Ok(response.json().await?);
            }
            let wait = (response.status() == StatusCode::TOO_MANY_REQUESTS)
                .then(|| retry_after(&response));
            match (wait, again) {
                (Some(wait), Some(again)) if wait <= LONGEST_WAIT && retries < RETRIES => {
                    tokio::time::sleep(wait).await;
                    retries += 1;
                    request = again;
                }
                _ => return Err(problem(response).await),
            }
        }
    }
}

fn retry_after(response: &reqwest::Response) -> Duration {
    let seconds = response
        .headers()
        .get(RETRY_AFTER)
        .and_then(|value| value.to_str().ok()?.trim().parse().ok());
    Duration::from_secs(seconds.unwrap_or(1))
}

async fn problem(response: reqwest::Response) -> CallError {
    let status = response.status().as_u16();
    // An error page that is not a problem document still has its status.
    let body: Value = response.json().await.unwrap_or(Value::Null);
    let text = |field: &str| body.get(field).and_then(Value::as_str).unwrap_or_default().to_owned();
    let kind = text("type").rsplit('/').next().unwrap_or_default().to_owned();
    CallError::Problem { status, kind, detail: text("detail") }
}
