//! A double of pagoPA on loopback, for the platform to speak to: debt positions, carts and the pay page,
//! with the shapes of its published descriptions checked on every request, and whatever a real node
//! may do to a payment at hand for a story to play.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use atrio_runtime::provider::signature;
use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use jiff::civil::DateTime;
use serde_json::{Value, json};
use tokio::sync::Notify;

use crate::answer::Answer;
use crate::process::Process;

const API_KEY: &str = "key-of-the-double";
const SECRET: &str = "a secret of the double, 32 bytes or more";
/// Fiscal codes and accounts that check, of nobody.
const CREDITOR: &str = "06363391001";
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
        let router = Router::new()
            .route("/gpd/organizations/{body}/debtpositions", post(create_position))
            .route("/gpd/organizations/{body}/debtpositions/{iupd}", get(show_position))
            .route("/gpd/organizations/{body}/debtpositions/{iupd}/invalidate", post(invalidate))
            .route("/checkout/carts", post(create_cart))
            .route("/pay/{cart}", get(pay_page))
            .with_state(double.clone());
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
        "payer": {"fullName": "Gelsomina Vattelappesca"},
        "idPSP": "BANK",
        "PSPCompanyName": "A bank",
        "paymentDateTime": "2026-11-24T10:06:00",
    })
}

fn refuse(status: u16, detail: &str) -> Response {
    let body = json!({"title": "refused", "status": status, "detail": detail}).to_string();
    let status = StatusCode::from_u16(status).expect("a status");
    (status, [(header::CONTENT_TYPE, "application/problem+json")], body).into_response()
}

impl PagoPaDouble {
    /// What stands before every route: the key, and whether the node is up.
    fn admits(&self, headers: &HeaderMap, body: &str) -> Result<(), Box<Response>> {
        let key = headers.get("ocp-apim-subscription-key").and_then(|key| key.to_str().ok());
        let mut book = self.book();
        book.bodies.push(body.to_owned());
        if book.is_down {
            return Err(Box::new(refuse(503, "the node is down")));
        }
        if key == Some(API_KEY) { Ok(()) } else { Err(Box::new(refuse(401, "no such key"))) }
    }

    /// Answers 400 and remembers, so that a story fails even where the platform goes on.
    fn faulty(&self, fault: &str) -> Response {
        self.book().faults.push(fault.to_owned());
        refuse(400, fault)
    }
}

fn text<'v>(value: &'v Value, name: &str, longest: usize) -> Result<&'v str, String> {
    let text = value[name].as_str().ok_or_else(|| format!("{name} is no text"))?;
    let fits = (1..=longest).contains(&text.chars().count());
    if fits { Ok(text) } else { Err(format!("{name} is empty or longer than {longest}")) }
}

fn only(value: &Value, names: &[&str]) -> Result<(), String> {
    let object = value.as_object().ok_or("is no object")?;
    let odd = object.keys().find(|name| !names.contains(&name.as_str()));
    odd.map_or(Ok(()), |name| Err(format!("{name} is no field")))
}

/// Checks a notice number digit by digit.
fn notice_fault(notice: &str) -> Option<String> {
    if notice.len() != 18 || !notice.bytes().all(|byte| byte.is_ascii_digit()) {
        return Some(format!("`{notice}` has not 18 digits"));
    }
    let remainder =
        notice[..16].bytes().fold(0_u32, |rest, byte| (rest * 10 + u32::from(byte - b'0')) % 93);
    let is_checked = notice.starts_with("302") && notice[16..] == format!("{remainder:02}");
    (!is_checked).then(|| format!("`{notice}` does not check"))
}

fn position_of(body: &Value) -> Result<(String, Position), String> {
    let names = [
        "iupd",
        "type",
        "fiscalCode",
        "fullName",
        "companyName",
        "switchToExpired",
        "paymentOption",
    ];
    only(body, &names)?;
    let iupd = text(body, "iupd", 50)?;
    if body["type"] != "F" || !body["switchToExpired"].is_boolean() {
        return Err("type or switchToExpired".to_owned());
    }
    if body["fiscalCode"] != "ANONIMO" || body["fullName"] != "ANONIMO" {
        return Err("the debtor is named".to_owned());
    }
    text(body, "companyName", 140)?;
    let [option] = body["paymentOption"].as_array().map_or(&[][..], Vec::as_slice) else {
        return Err("paymentOption is not one".to_owned());
    };
    let names = ["nav", "iuv", "amount", "description", "isPartialPayment", "dueDate", "transfer"];
    only(option, &names)?;
    let notice = text(option, "nav", 18)?;
    notice_fault(notice).map_or(Ok(()), Err)?;
    if option["iuv"] != notice[1..] || option["isPartialPayment"] != false {
        return Err("iuv or isPartialPayment".to_owned());
    }
    text(option, "description", 140)?;
    text(option, "dueDate", 19)?.parse::<DateTime>().map_err(|error| error.to_string())?;
    let amount_cents = option["amount"].as_i64().filter(|cents| *cents >= 1).ok_or("amount")?;
    let [transfer] = option["transfer"].as_array().map_or(&[][..], Vec::as_slice) else {
        return Err("transfer is not one".to_owned());
    };
    let names = [
        "idTransfer",
        "amount",
        "organizationFiscalCode",
        "remittanceInformation",
        "category",
        "iban",
    ];
    only(transfer, &names)?;
    text(transfer, "remittanceInformation", 140)?;
    let is_whole = transfer["idTransfer"] == "1"
        && transfer["amount"] == amount_cents
        && transfer["organizationFiscalCode"] == CREDITOR
        && transfer["category"] == "9/0101108TS/"
        && transfer["iban"] == IBAN;
    if !is_whole {
        return Err(format!("transfer {transfer}"));
    }
    let position = Position { notice: notice.to_owned(), amount_cents, status: "VALID" };
    Ok((iupd.to_owned(), position))
}

async fn create_position(
    State(double): State<PagoPaDouble>,
    Path(body_code): Path<String>,
    Query(query): Query<BTreeMap<String, String>>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let body = String::from_utf8_lossy(&body).into_owned();
    if let Err(refused) = double.admits(&headers, &body) {
        return *refused;
    }
    if body_code != CREDITOR || query.get("toPublish").map(String::as_str) != Some("true") {
        return double.faulty("another body, or not published");
    }
    let read = serde_json::from_str(&body).map_err(|error| error.to_string());
    let (iupd, position) = match read.and_then(|body: Value| position_of(&body)) {
        Ok(read) => read,
        Err(fault) => return double.faulty(&fault),
    };
    {
        let mut book = double.book();
        let is_known = book.positions.contains_key(&iupd)
            || book.positions.values().any(|known| known.notice == position.notice);
        if is_known {
            return refuse(409, "a position with this iupd or iuv exists");
        }
        book.positions.insert(iupd.clone(), position.clone());
    }
    double.passes(Moment::PositionCreated).await;
    (StatusCode::CREATED, Json(shown(&iupd, &position))).into_response()
}

fn shown(iupd: &str, position: &Position) -> Value {
    let is_paid = position.status == "PAID";
    json!({
        "iupd": iupd,
        "organizationFiscalCode": CREDITOR,
        "type": "F",
        "status": position.status,
        "paymentOption": [{
            "nav": position.notice,
            "iuv": position.notice[1..],
            "amount": position.amount_cents,
            "status": if is_paid { "PO_PAID" } else { "PO_UNPAID" },
        }],
    })
}

async fn show_position(
    State(double): State<PagoPaDouble>,
    Path((_, iupd)): Path<(String, String)>,
    headers: HeaderMap,
) -> Response {
    if let Err(refused) = double.admits(&headers, "") {
        return *refused;
    }
    let found = double.book().positions.get(&iupd).cloned();
    double.passes(Moment::Asked).await;
    found.map_or_else(
        || refuse(404, "no such position"),
        |position| Json(shown(&iupd, &position)).into_response(),
    )
}

async fn invalidate(
    State(double): State<PagoPaDouble>,
    Path((_, iupd)): Path<(String, String)>,
    headers: HeaderMap,
) -> Response {
    if let Err(refused) = double.admits(&headers, "") {
        return *refused;
    }
    let position = {
        let mut book = double.book();
        let Some(position) = book.positions.get_mut(&iupd) else {
            return refuse(404, "no such position");
        };
        if position.status != "VALID" {
            return refuse(409, "the position cannot be invalidated");
        }
        position.status = "INVALID";
        position.clone()
    };
    double.passes(Moment::Withdrawn).await;
    Json(shown(&iupd, &position)).into_response()
}

fn cart_fault(cart: &Value) -> Result<(String, i64), String> {
    only(cart, &["paymentNotices", "returnUrls", "idCart", "allCCP"])?;
    let urls = &cart["returnUrls"];
    only(urls, &["returnOkUrl", "returnCancelUrl", "returnErrorUrl"])?;
    for name in ["returnOkUrl", "returnCancelUrl", "returnErrorUrl"] {
        let url = text(urls, name, 2_000)?;
        reqwest::Url::parse(url).map_err(|error| format!("{name}: {error}"))?;
    }
    text(cart, "idCart", 100)?;
    let [notice] = cart["paymentNotices"].as_array().map_or(&[][..], Vec::as_slice) else {
        return Err("paymentNotices is not one".to_owned());
    };
    only(notice, &["noticeNumber", "fiscalCode", "amount", "companyName", "description"])?;
    if notice["fiscalCode"] != CREDITOR || cart["allCCP"] != false {
        return Err("fiscalCode or allCCP".to_owned());
    }
    text(notice, "companyName", 140)?;
    text(notice, "description", 140)?;
    let number = text(notice, "noticeNumber", 18)?.to_owned();
    Ok((number, notice["amount"].as_i64().ok_or("amount is no whole number of cents")?))
}

async fn create_cart(
    State(double): State<PagoPaDouble>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let body = String::from_utf8_lossy(&body).into_owned();
    if let Err(refused) = double.admits(&headers, &body) {
        return *refused;
    }
    let read = serde_json::from_str(&body).map_err(|error| error.to_string());
    let (notice, cents) = match read.and_then(|cart: Value| cart_fault(&cart)) {
        Ok(read) => read,
        Err(fault) => return double.faulty(&fault),
    };
    let number = {
        let mut book = double.book();
        let known = book.positions.values().find(|position| position.notice == notice);
        if known.is_none_or(|position| position.amount_cents != cents) {
            return refuse(422, "no such notice of that amount");
        }
        book.carts += 1;
        book.carts
    };
    double.passes(Moment::CartCreated).await;
    let page = format!("{}/pay/{notice}-{number}", double.0.url);
    (StatusCode::FOUND, [(header::LOCATION, page)]).into_response()
}

/// Only a visitor's browser comes here, and those of the stories pay without it.
async fn pay_page(State(double): State<PagoPaDouble>) -> Response {
    double.faulty("the platform followed the way to the pay page")
}
