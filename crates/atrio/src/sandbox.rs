//! The sandbox payment provider: a bank of its own beside the platform, with a page on which a
//! visitor pays, declines, or makes it slow, silent or repetitive. It speaks to the platform only
//! over HTTP, with signed notifications, and moves no money.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use atrio_domain::payment::ProviderOutcome;
use atrio_runtime::provider::sandbox::{OpenPayment, Refund};
use atrio_runtime::provider::{PayPage, PaymentReport, SIGNATURE, is_signed, signature};
use atrio_runtime::{Clock, Problem};
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{Html, Redirect};
use axum::routing::{get, post};
use axum::{Form, Json, Router};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::data_dir::DataDir;
use crate::payment_book::Book;

/// How long a visitor has on the page.
const SESSION: SignedDuration = SignedDuration::from_mins(10);

/// How long "slow" takes.
const SLOW: Duration = Duration::from_secs(10);

/// How often a notification is sent until it is answered well.
const NOTIFY_ATTEMPTS: u32 = 5;

/// The name of its book in the data folder.
pub const FILE: &str = "sandbox-payments.jsonl";

/// The provider.
#[derive(Clone)]
pub struct Sandbox(Arc<Inner>);

struct Inner {
    payments: Mutex<Book<Payment>>,
    secret: Vec<u8>,
    public_url: String,
    clock: Clock,
    http: reqwest::Client,
}

#[derive(Clone, Serialize, Deserialize)]
struct Payment {
    amount_cents: i64,
    description: String,
    return_url: String,
    notify_url: String,
    opened_at: Timestamp,
    outcome: Option<ProviderOutcome>,
    /// What went back, by the platform's name for it.
    #[serde(default)]
    refunds: BTreeMap<String, i64>,
    /// Whether all of it did.
    refunded: bool,
}

impl Payment {
    /// Gives money back, once under each name; false where more would go back than came.
    fn give_back(&mut self, refund: Refund) -> bool {
        let others = self.refunds.iter().filter(|(name, _)| **name != refund.reference);
        let before: i64 = others.map(|(_, cents)| cents).sum();
        let back = before + refund.amount_cents.0;
        if back > self.amount_cents {
            return false;
        }
        self.refunds.insert(refund.reference, refund.amount_cents.0);
        self.refunded = back == self.amount_cents;
        true
    }
}

impl Sandbox {
    /// A provider that keeps its book in `data` and signs with `secret`.
    ///
    /// # Errors
    /// When its book cannot be read.
    pub fn open(
        data: &DataDir,
        secret: &[u8],
        public_url: &str,
        clock: Clock,
    ) -> std::io::Result<Self> {
        let payments = Book::open(&data.join(FILE))?;
        Ok(Self(Arc::new(Inner {
            payments: Mutex::new(payments),
            secret: secret.to_vec(),
            public_url: public_url.to_owned(),
            clock,
            http: reqwest::Client::new(),
        })))
    }

    /// Its routes, under `/sandbox`.
    pub fn router(&self) -> Router {
        Router::new()
            .route("/sandbox/payments", post(open_payment))
            .route("/sandbox/payments/{id}", get(report))
            .route("/sandbox/payments/{id}/refund", post(refund))
            .route("/sandbox/pay/{id}", get(page).post(choose))
            .with_state(self.clone())
    }

    fn payment(&self, id: &str) -> Option<Payment> {
        let mut payment = self.book().get(id)?.clone();
        let ended = self.0.clock.now().duration_since(payment.opened_at) > SESSION;
        if payment.outcome.is_none() && ended {
            payment.outcome = Some(ProviderOutcome::Expired);
        }
        Some(payment)
    }

    /// Ends a payment with this outcome, unless it has ended: what a provider has once said of a
    /// payment stands. Answers the outcome that does.
    fn end(&self, id: &str, outcome: ProviderOutcome) -> Option<ProviderOutcome> {
        let seen = self.payment(id)?.outcome;
        self.change(id, |payment| payment.outcome = payment.outcome.or(seen).or(Some(outcome)))?
            .outcome
    }

    /// Changes a payment and writes the book before it answers.
    fn change(&self, id: &str, change: impl FnOnce(&mut Payment)) -> Option<Payment> {
        let mut book = self.book();
        let mut payment = book.get(id)?.clone();
        change(&mut payment);
        keep(&mut book, id, payment.clone());
        Some(payment)
    }

    fn book(&self) -> MutexGuard<'_, Book<Payment>> {
        self.0.payments.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn notify(self, id: String, payment: Payment, outcome: ProviderOutcome) {
        let body = serde_json::json!({"payment_id": id, "outcome": outcome}).to_string();
        for attempt in 0..NOTIFY_ATTEMPTS {
            let sent = self
                .0
                .http
                .post(&payment.notify_url)
                .header("content-type", "application/json")
                .header(SIGNATURE, signature(&self.0.secret, body.as_bytes()))
                .body(body.clone())
                .send()
                .await;
            if sent.is_ok_and(|answer| answer.status().is_success()) {
                return;
            }
            tokio::time::sleep(Duration::from_secs(1 << attempt)).await;
        }
    }
}

fn keep(book: &mut Book<Payment>, id: &str, payment: Payment) {
    if let Err(error) = book.put(id, payment) {
        tracing::error!(%error, "the sandbox provider's book could not be written");
    }
}

/// Only the platform opens, asks and pays back: whoever knows a payment's id knows no secret.
fn must_be_signed(sandbox: &Sandbox, headers: &HeaderMap, bytes: &[u8]) -> Result<(), Problem> {
    let given = headers.get(SIGNATURE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if is_signed(&sandbox.0.secret, bytes, given) {
        return Ok(());
    }
    Err(Problem::new(StatusCode::UNAUTHORIZED, "unsigned")
        .detail("the signature does not fit")
        .field(SIGNATURE, "does not fit", "sign with the shared secret"))
}

async fn open_payment(
    State(sandbox): State<Sandbox>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Json<PayPage>, Problem> {
    must_be_signed(&sandbox, &headers, &body)?;
    let open: OpenPayment = serde_json::from_slice(&body).map_err(|error| malformed(&error))?;
    let id = open.payment.payment_id.to_string();
    let pay_url = format!("{}/sandbox/pay/{id}", sandbox.0.public_url);
    let mut book = sandbox.book();
    if book.get(&id).is_none() {
        let payment = Payment {
            amount_cents: open.payment.amount_cents.0,
            description: open.payment.description,
            return_url: open.return_url,
            notify_url: open.notify_url,
            opened_at: sandbox.0.clock.now(),
            outcome: None,
            refunds: BTreeMap::new(),
            refunded: false,
        };
        keep(&mut book, &id, payment);
    }
    Ok(Json(PayPage { pay_url }))
}

fn malformed(error: &serde_json::Error) -> Problem {
    Problem::new(StatusCode::BAD_REQUEST, "malformed-json").detail(error).field(
        "body",
        error,
        "send what the client of this provider sends",
    )
}

fn unknown(id: &str) -> Problem {
    Problem::not_found("unknown-payment", "payment_id", id, "open the payment first")
}

async fn report(
    State(sandbox): State<Sandbox>,
    headers: HeaderMap,
    Path(id): Path<String>,
) -> Result<Json<PaymentReport>, Problem> {
    must_be_signed(&sandbox, &headers, id.as_bytes())?;
    let payment = sandbox.payment(&id).ok_or_else(|| unknown(&id))?;
    Ok(Json(PaymentReport { outcome: payment.outcome, received_cents: None }))
}

async fn refund(
    State(sandbox): State<Sandbox>,
    headers: HeaderMap,
    Path(id): Path<String>,
    body: Bytes,
) -> Result<StatusCode, Problem> {
    must_be_signed(&sandbox, &headers, &body)?;
    let refund: Refund = serde_json::from_slice(&body).map_err(|error| malformed(&error))?;
    let mut is_given = false;
    let given = sandbox.change(&id, |payment| is_given = payment.give_back(refund));
    given.ok_or_else(|| unknown(&id))?;
    if is_given {
        return Ok(StatusCode::NO_CONTENT);
    }
    Err(Problem::new(StatusCode::CONFLICT, "too-much")
        .detail("more would go back than was paid")
        .field("amount_cents", "is more than is left", "give back what was paid, or a part of it"))
}

async fn page(
    State(sandbox): State<Sandbox>,
    Path(id): Path<String>,
) -> Result<Html<String>, Problem> {
    let payment = sandbox.payment(&id).ok_or_else(|| unknown(&id))?;
    let (euro, cents) = (payment.amount_cents / 100, payment.amount_cents % 100);
    let ended = payment.outcome.is_some();
    let choices = if ended {
        format!(
            "<p>This payment has ended. <a href=\"{}\">Back to the venue</a></p>",
            escaped(&payment.return_url)
        )
    } else {
        CHOICES.to_owned()
    };
    Ok(Html(
        PAGE.replace("{amount}", &format!("€ {euro}.{cents:02}"))
            .replace("{description}", &escaped(&payment.description))
            .replace("{choices}", &choices),
    ))
}

#[derive(Deserialize)]
struct Choice {
    outcome: String,
}

async fn choose(
    State(sandbox): State<Sandbox>,
    Path(id): Path<String>,
    Form(choice): Form<Choice>,
) -> Result<Redirect, Problem> {
    let before = sandbox.payment(&id).ok_or_else(|| unknown(&id))?;
    let back = Redirect::to(&before.return_url);
    if before.outcome.is_some() {
        return Ok(back);
    }
    let (outcome, times, wait) = match choice.outcome.as_str() {
        "pay" => (ProviderOutcome::Paid, 1, Duration::ZERO),
        "decline" => (ProviderOutcome::Declined, 1, Duration::ZERO),
        "slow" => (ProviderOutcome::Paid, 1, SLOW),
        "twice" => (ProviderOutcome::Paid, 2, Duration::ZERO),
        // The visitor is sent back and nothing is ever said: the session ends by itself.
        "never" => return Ok(back),
        other => {
            return Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid-field")
                .detail(format_args!("`{other}` is no choice"))
                .field("outcome", "is no choice", "send pay, decline, slow, never or twice"));
        }
    };
    let stands = if wait.is_zero() { sandbox.end(&id, outcome) } else { None };
    tokio::spawn(async move {
        if !wait.is_zero() {
            tokio::time::sleep(wait).await;
        }
        let Some(outcome) = stands.or_else(|| sandbox.end(&id, outcome)) else { return };
        for _ in 0..times {
            sandbox.clone().notify(id.clone(), before.clone(), outcome).await;
        }
    });
    Ok(back)
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

const CHOICES: &str = r#"<form method="post">
<button name="outcome" value="pay" class="main">Pay / Paga</button>
<button name="outcome" value="decline">Decline / Rifiuta</button>
<button name="outcome" value="slow">Pay, but answer after 10 seconds</button>
<button name="outcome" value="never">Never answer</button>
<button name="outcome" value="twice">Pay, and answer twice</button>
</form>"#;

const PAGE: &str = r#"<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Sandbox payment provider</title>
<style>
body{font:18px/1.5 system-ui,sans-serif;background:#eef0f5;color:#17213a;margin:0;padding:1.5rem}
main{max-width:28rem;margin:2rem auto;background:#fff;border-radius:12px;padding:2rem;box-shadow:0 2px 18px #17213a22}
h1{font-size:1.1rem;letter-spacing:.02em;margin:0 0 .25rem}p{margin:.25rem 0 1rem}
.amount{font-size:2.2rem;font-weight:700;margin:.5rem 0}
button{display:block;width:100%;font:inherit;padding:.8rem;margin:.6rem 0;border-radius:8px;border:2px solid #31406b;background:#fff;color:#17213a;cursor:pointer}
button.main{background:#0b5d3b;border-color:#0b5d3b;color:#fff;font-weight:700}
button:focus-visible{outline:4px solid #f5a400;outline-offset:2px}
small{color:#4a5573}
</style></head><body><main>
<h1>Sandbox payment provider</h1><p>{description}</p><p class="amount">{amount}</p>
{choices}
<small>No money moves here. Each button plays a way in which a real provider behaves.</small>
</main></body></html>"#;
