//! What the double answers over HTTP, after it has checked what it was asked against pagoPA's published
//! descriptions, by a reading of its own.

use std::collections::BTreeMap;

use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use jiff::civil::DateTime;
use serde_json::{Value, json};

use super::{API_KEY, CREDITOR, IBAN, Moment, PagoPaDouble, Position};

/// Its routes: debt positions, carts, and the page that only a browser may come to.
pub(super) fn router(double: PagoPaDouble) -> Router {
    Router::new()
        .route("/gpd/organizations/{body}/debtpositions", post(create_position))
        .route("/gpd/organizations/{body}/debtpositions/{iupd}", get(show_position))
        .route("/gpd/organizations/{body}/debtpositions/{iupd}/invalidate", post(invalidate))
        .route("/checkout/carts", post(create_cart))
        .route("/pay/{cart}", get(pay_page))
        .with_state(double)
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
