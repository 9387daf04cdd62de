//! The payment provider of these tests: a bank with a book of its own, whose answers may be lost too. A
//! payment that it called declined or over may still be made, as a visitor tries again on its page; one
//! that was made stays made.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use atrio_domain::payment::ProviderOutcome;
use atrio_runtime::provider::sandbox::{OpenPayment, Refund};
use atrio_runtime::provider::{PayPage, PaymentReport};
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Json, Router};
use jiff::{SignedDuration, Timestamp};

use crate::chance::Chance;

/// How long a visitor has on its page.
const SESSION: SignedDuration = SignedDuration::from_mins(10);

/// The bank.
#[derive(Debug, Clone)]
pub(super) struct Bank(Arc<Mutex<Book>>);

/// What it knows.
#[derive(Debug)]
pub(super) struct Book {
    /// By attempt.
    pub(super) accounts: BTreeMap<String, Account>,
    /// What it shall show.
    pub(super) now: Timestamp,
    /// What it was asked that no honest platform asks.
    pub(super) wrong: Vec<String>,
    chance: Chance,
    one_in: u64,
}

/// One payment.
#[derive(Debug, Clone)]
pub(super) struct Account {
    amount: i64,
    opened_at: Timestamp,
    outcome: Option<ProviderOutcome>,
    /// What went back, by the platform's name for it.
    refunds: BTreeMap<String, i64>,
}

impl Account {
    fn outcome_at(&self, now: Timestamp) -> Option<ProviderOutcome> {
        let is_over = now.duration_since(self.opened_at) > SESSION;
        self.outcome.or(is_over.then_some(ProviderOutcome::Expired))
    }

    /// What it took and did not give back.
    pub(super) fn kept_cents(&self) -> i64 {
        let taken = if self.outcome == Some(ProviderOutcome::Paid) { self.amount } else { 0 };
        taken - self.refunds.values().sum::<i64>()
    }
}

impl Bank {
    /// Opens on a port of its own; one in `one_in` of its answers is lost.
    pub(super) async fn open(now: Timestamp, chance: Chance, one_in: u64) -> (Self, String) {
        let book = Book { accounts: BTreeMap::new(), now, wrong: Vec::new(), chance, one_in };
        let bank = Self(Arc::new(Mutex::new(book)));
        let router = Router::new()
            .route("/payments", post(open))
            .route("/payments/{id}", get(report))
            .route("/payments/{id}/refund", post(refund))
            .with_state(bank.clone());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, router).await });
        (bank, address)
    }

    /// Its book.
    pub(super) fn book(&self) -> MutexGuard<'_, Book> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A visitor pays or declines on its page, or leaves it; answers what stands, if the page is there.
    pub(super) fn choose(&self, id: &str, choice: ProviderOutcome) -> Option<ProviderOutcome> {
        let mut book = self.book();
        let now = book.now;
        let account = book.accounts.get_mut(id)?;
        account.outcome = match (choice, account.outcome_at(now)) {
            (ProviderOutcome::Paid, _) => Some(choice),
            (_, standing) => standing.or(Some(choice)),
        };
        account.outcome
    }

    /// Its answers arrive from now on.
    pub(super) fn calm_down(&self) {
        self.book().one_in = u64::MAX;
    }

    /// Whether this request is not heard, or its answer not.
    fn loses(&self) -> Option<bool> {
        let mut book = self.book();
        let one_in = book.one_in;
        (book.chance.below(one_in) == 0).then(|| book.chance.percent(50))
    }
}

type Answer<T> = Result<Json<T>, StatusCode>;

/// Does it, unless the request is lost, and answers, unless the answer is.
fn answer<T>(bank: &Bank, act: impl FnOnce(&mut Book) -> Answer<T>) -> Answer<T> {
    let lost = bank.loses();
    if lost == Some(false) {
        return Err(StatusCode::SERVICE_UNAVAILABLE);
    }
    let answer = act(&mut bank.book());
    if lost == Some(true) { Err(StatusCode::BAD_GATEWAY) } else { answer }
}

async fn open(State(bank): State<Bank>, Json(open): Json<OpenPayment>) -> Answer<PayPage> {
    answer(&bank, |book| {
        let id = open.payment.payment_id.to_string();
        let amount = open.payment.amount_cents.0;
        let fresh =
            Account { amount, opened_at: book.now, outcome: None, refunds: BTreeMap::new() };
        let account = book.accounts.entry(id.clone()).or_insert(fresh);
        if account.amount != amount {
            book.wrong.push(format!("payment {id} was opened again with {amount} cents"));
        }
        Ok(Json(PayPage { pay_url: format!("/pay/{id}") }))
    })
}

async fn report(State(bank): State<Bank>, Path(id): Path<String>) -> Answer<PaymentReport> {
    answer(&bank, |book| {
        let account = book.accounts.get(&id).ok_or(StatusCode::NOT_FOUND)?;
        let outcome = account.outcome_at(book.now);
        Ok(Json(PaymentReport { outcome, received_cents: None }))
    })
}

async fn refund(
    State(bank): State<Bank>,
    Path(id): Path<String>,
    Json(refund): Json<Refund>,
) -> Answer<()> {
    answer(&bank, |book| {
        let account = book.accounts.get_mut(&id).ok_or(StatusCode::NOT_FOUND)?;
        if account.outcome != Some(ProviderOutcome::Paid) {
            book.wrong.push(format!("payment {id} was never paid and shall go back"));
            return Err(StatusCode::CONFLICT);
        }
        account.refunds.insert(refund.reference, refund.amount_cents.0);
        if account.kept_cents() < 0 {
            book.wrong.push(format!("more than was paid of payment {id} shall go back"));
        }
        Ok(Json(()))
    })
}
