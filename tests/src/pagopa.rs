//! A double of pagoPA on loopback, for the platform to speak to: debt positions, carts and the pay page,
//! with the shapes of its published descriptions checked on every request, and whatever a real node
//! may do to a payment at hand for a story to play.

mod node;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use atrio_runtime::provider::signature;
use serde_json::{Value, json};
use tokio::sync::Notify;

use crate::answer::Answer;
use crate::process::Process;

const API_KEY: &str = "key-of-the-double";
const SECRET: &str = "a secret of the double, 32 bytes or more";
/// Fiscal codes and accounts that check, of nobody.
const CREDITOR: &str = "12345678903";
const IBAN: &str = "IT60X0542811101000000123456";
const RECEIPTS: &str = "/v1/payments/pagopa/receipts";

/// A debt position.
#[derive(Debug, Clone)]
pub struct Position {
    /// Its notice number.
    pub notice: String,
    /// What is asked.
    pub amount_cents: i64,
    /// As pagoPA names it: `VALID`, `INVALID`, `PAID`.
    pub status: &'static str,
}

/// A moment at which the double can be made to wait, with its work done and not answered, or not begun.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// The position is created, nobody was told.
    PositionCreated,
    /// The cart is created, nobody was told.
    CartCreated,
    /// Somebody asks where a position stands.
    Asked,
    /// The position is withdrawn, nobody was told.
    Withdrawn,
}

#[derive(Default)]
struct Book {
    /// By the key that the creditor gave.
    positions: BTreeMap<String, Position>,
    carts: usize,
    is_down: bool,
    stalls_at: Option<Moment>,
    /// What was said to it.
    bodies: Vec<String>,
    /// What was wrong with it.
    faults: Vec<String>,
}

struct Inner {
    url: String,
    book: Mutex<Book>,
    reached: Notify,
    goes_on: Notify,
}

/// The double.
#[derive(Clone)]
pub struct PagoPaDouble(Arc<Inner>);

impl std::fmt::Debug for PagoPaDouble {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PagoPaDouble").field("url", &self.0.url).finish_non_exhaustive()
    }
}

impl PagoPaDouble {
    /// Starts on a free port.
    ///
    /// # Panics
    /// When there is none.
    pub async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("its address"));
        let double = Self(Arc::new(Inner {
            url,
            book: Mutex::default(),
            reached: Notify::new(),
            goes_on: Notify::new(),
        }));
        let router = node::router(double.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        double
    }

    /// The variables that make a platform speak to it.
    #[must_use]
    pub fn environment(&self) -> Vec<(String, String)> {
        let url = &self.0.url;
        let (gpd, checkout) = (format!("{url}/gpd"), format!("{url}/checkout"));
        [
            ("ATRIO_PAYMENT_KIND", "pagopa"),
            ("ATRIO_PAGOPA_GPD_URL", &gpd),
            ("ATRIO_PAGOPA_CHECKOUT_URL", &checkout),
            ("ATRIO_PAGOPA_API_KEY", API_KEY),
            ("ATRIO_PAGOPA_RECEIPT_SECRET", SECRET),
            ("ATRIO_PAGOPA_CREDITOR", CREDITOR),
            ("ATRIO_PAGOPA_CREDITOR_NAME", "Direzione regionale musei (prova)"),
            ("ATRIO_PAGOPA_IBAN", IBAN),
            ("ATRIO_PAGOPA_TAXONOMY", "9/0101108TS/"),
            ("ATRIO_PAGOPA_SEGREGATION", "02"),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .to_vec()
    }

    fn book(&self) -> MutexGuard<'_, Book> {
        self.0.book.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// From now on it answers nothing but status 503, or all again.
    pub fn is_down(&self, is_down: bool) {
        self.book().is_down = is_down;
    }

    /// The next request that comes to this moment waits there.
    pub fn stalls_at(&self, moment: Moment) {
        self.book().stalls_at = Some(moment);
    }

    /// Waits until a request waits.
    pub async fn is_reached(&self) {
        self.0.reached.notified().await;
    }

    /// Lets requests go on.
    pub fn goes_on(&self) {
        self.book().stalls_at = None;
        self.0.goes_on.notify_waiters();
    }

    async fn passes(&self, moment: Moment) {
        let waits = {
            let mut book = self.book();
            let waits = book.stalls_at == Some(moment);
            if waits {
                book.stalls_at = None;
            }
            waits
        };
        if waits {
            self.0.reached.notify_one();
            self.0.goes_on.notified().await;
        }
    }

    /// All positions, in no order.
    #[must_use]
    pub fn positions(&self) -> Vec<Position> {
        self.book().positions.values().cloned().collect()
    }

    /// The position of a notice.
    ///
    /// # Panics
    /// When there is none.
    #[must_use]
    pub fn position(&self, notice: &str) -> Position {
        let found = self.positions().into_iter().find(|position| position.notice == notice);
        found.expect("a position")
    }

    /// How many carts were made.
    #[must_use]
    pub fn carts(&self) -> usize {
        self.book().carts
    }

    /// Everything that was said to it, and what was wrong with it.
    #[must_use]
    pub fn said(&self) -> (String, Vec<String>) {
        let book = self.book();
        (book.bodies.join("\n"), book.faults.clone())
    }

    fn change(&self, notice: &str, change: impl FnOnce(&mut Position)) {
        let mut book = self.book();
        let found = book.positions.values_mut().find(|position| position.notice == notice);
        change(found.expect("a position"));
    }

    /// A visitor pays on the page they were sent to; answers the receipt, or none where the notice can
    /// be paid no more.
    ///
    /// # Panics
    /// When the page is none of the double's.
    #[must_use]
    pub fn pays(&self, pay_url: &str) -> Option<Value> {
        let notice = self.notice_of(pay_url);
        if self.position(&notice).status != "VALID" {
            return None;
        }
        Some(self.is_charged(&notice))
    }

    /// The notice that a page is for.
    ///
    /// # Panics
    /// When the page is none of the double's.
    #[must_use]
    pub fn notice_of(&self, pay_url: &str) -> String {
        let rest = pay_url.strip_prefix(&format!("{}/pay/", self.0.url)).expect("its own page");
        rest.split('-').next().unwrap_or_default().to_owned()
    }

    /// Money is taken for a notice, whether or not it is still valid: what was under way at a bank when
    /// it was withdrawn. Answers the receipt.
    #[must_use]
    pub fn is_charged(&self, notice: &str) -> Value {
        self.change(notice, |position| position.status = "PAID");
        receipt(notice, self.position(notice).amount_cents, "OK")
    }

    /// Another amount is taken for a notice than was asked. Answers the receipt.
    #[must_use]
    pub fn is_charged_otherwise(&self, notice: &str, cents: i64) -> Value {
        self.change(notice, |position| {
            position.status = "PAID";
            position.amount_cents = cents;
        });
        receipt(notice, cents, "OK")
    }

    /// A receipt that says that nothing was taken.
    #[must_use]
    pub fn declines(&self, notice: &str) -> Value {
        receipt(notice, self.position(notice).amount_cents, "KO")
    }

    /// Forwards a receipt to a platform.
    pub async fn sends(&self, museum: &Process, receipt: &Value) -> Answer {
        let body = receipt.to_string();
        museum.api().signed(RECEIPTS, &signature(SECRET.as_bytes(), body.as_bytes()), &body).await
    }

    /// Forwards a receipt and hangs up where no answer comes.
    ///
    /// # Errors
    /// When no answer comes.
    pub async fn tries_to_send(
        &self,
        museum: &Process,
        receipt: &Value,
    ) -> Result<Answer, reqwest::Error> {
        let body = receipt.to_string();
        let signed = signature(SECRET.as_bytes(), body.as_bytes());
        museum.api().try_signed(RECEIPTS, &signed, &body).await
    }
}

/// A receipt as pagoPA writes it, with more in it than the platform may keep.
fn receipt(notice: &str, cents: i64, outcome: &str) -> Value {
    json!({
        "receiptId": format!("rt-{notice}"),
        "noticeNumber": notice,
        "fiscalCode": CREDITOR,
        "outcome": outcome,
        "creditorReferenceId": &notice[1..],
        "paymentAmount": format!("{}.{:02}", cents / 100, cents % 100),
        "description": "atrio",
        "companyName": "Direzione regionale musei (prova)",
        "debtor": {"fullName": "ANONIMO"},
        "payer": {"fullName": "The payer of the receipt"},
        "idPSP": "BANK",
        "PSPCompanyName": "A bank",
        "paymentDateTime": "2026-11-24T10:06:00",
    })
}
