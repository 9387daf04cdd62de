//! pagoPA: a debt position at its archive of debts (GPD), then a cart at its pay pages (Checkout). The
//! shapes are those of `openapi/gpd.json` (1.0.0) and `openapi/checkout_v1.json` in `pagopa/pagopa-api`.
//! Nobody's name is sent: the debtor is anonymous and the reason names a slot.

use atrio_domain::id::PaymentId;
use atrio_domain::payment::ProviderOutcome;
use atrio_domain::payment::notice::{FiscalCode, NoticeNumber, SegregationCode, TaxonomyCode};
use atrio_domain::payment::refund::Iban;
use atrio_domain::tariff::Cents;
use jiff::tz::TimeZone;
use reqwest::header::LOCATION;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{NewPayment, PayPage, PaymentReport, ProviderError, address, client, is_signed};
use crate::environment::{self, EnvironmentError};
use crate::random;

/// Where debts stand.
const GPD_URL: &str = "ATRIO_PAGOPA_GPD_URL";
/// Where they are paid.
const CHECKOUT_URL: &str = "ATRIO_PAGOPA_CHECKOUT_URL";
/// The subscription key of both.
const API_KEY: &str = "ATRIO_PAGOPA_API_KEY";
/// The secret under which receipts are signed.
const RECEIPT_SECRET: &str = "ATRIO_PAGOPA_RECEIPT_SECRET";

/// The header in which pagoPA's gateway wants the key.
const KEY_HEADER: &str = "Ocp-Apim-Subscription-Key";

/// Shortest secret taken, in bytes: one that is guessed confirms bookings nobody paid.
const SECRET_MIN_BYTES: usize = 32;

/// Longest name of a body that pagoPA takes.
const NAME_MAX_CHARS: usize = 140;

/// How pagoPA names a debtor who need not say who they are.
const ANONYMOUS: &str = "ANONIMO";

/// Longest part of a refusal that is repeated, in characters.
const DETAIL_MAX_CHARS: usize = 200;

/// The body that is paid.
#[derive(Debug, Clone)]
pub struct Creditor {
    /// `ATRIO_PAGOPA_CREDITOR`: its fiscal code.
    pub fiscal_code: FiscalCode,
    /// `ATRIO_PAGOPA_CREDITOR_NAME`: what it is called, up to 140 characters.
    pub name: String,
    /// `ATRIO_PAGOPA_IBAN`: the account that pagoPA credits, and that refunds are paid from.
    pub iban: Iban,
    /// `ATRIO_PAGOPA_TAXONOMY`: what its tickets are, by pagoPA's taxonomy.
    pub taxonomy: TaxonomyCode,
    /// `ATRIO_PAGOPA_SEGREGATION`: the two digits that PagoPA gave this platform for it.
    pub segregation: SegregationCode,
}

/// Checks receipts. Apart from [`PagoPa`], because who asks where payments stand need not know how a
/// receipt is signed.
#[derive(Clone)]
pub struct ReceiptKey(std::sync::Arc<[u8]>);

impl std::fmt::Debug for ReceiptKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ReceiptKey(…)")
    }
}

impl ReceiptKey {
    /// The secret that the environment holds.
    ///
    /// # Errors
    /// When it is missing or too short.
    pub fn from_environment() -> Result<Self, EnvironmentError> {
        let secret =
            environment::text(RECEIPT_SECRET, "the secret under which receipts are signed")?;
        if secret.len() < SECRET_MIN_BYTES {
            let problem = format!("it is shorter than {SECRET_MIN_BYTES} bytes");
            return Err(environment::bad(RECEIPT_SECRET, problem));
        }
        Ok(Self(secret.as_bytes().into()))
    }

    /// Whether the bytes carry the signature of whoever forwards receipts.
    #[must_use]
    pub fn has_signed(&self, body: &[u8], signature: &str) -> bool {
        is_signed(&self.0, body, signature)
    }
}

/// Speaks to pagoPA.
pub struct PagoPa {
    http: reqwest::Client,
    gpd_url: String,
    checkout_url: String,
    public_url: String,
    api_key: String,
    /// The body that is paid.
    pub creditor: Creditor,
}

impl std::fmt::Debug for PagoPa {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PagoPa").field("gpd_url", &self.gpd_url).finish_non_exhaustive()
    }
}

/// A debt position, as far as it is read.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Position {
    status: PositionStatus,
    payment_option: Vec<PaymentOption>,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
enum PositionStatus {
    Draft,
    Published,
    Valid,
    Invalid,
    Expired,
    PartiallyPaid,
    Paid,
    Reported,
}

#[derive(Deserialize)]
struct PaymentOption {
    nav: String,
    amount: Cents,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Cart<'a> {
    payment_notices: [CartNotice<'a>; 1],
    return_urls: ReturnUrls<'a>,
    id_cart: &'a str,
    #[serde(rename = "allCCP")]
    all_ccp: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct CartNotice<'a> {
    notice_number: &'a str,
    fiscal_code: &'a str,
    amount: Cents,
    company_name: &'a str,
    description: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ReturnUrls<'a> {
    return_ok_url: &'a str,
    return_cancel_url: &'a str,
    return_error_url: &'a str,
}

impl PagoPa {
    /// Speaks to what the environment names.
    ///
    /// # Errors
    /// When a variable is missing or cannot be used.
    pub fn from_environment(public_url: &str) -> Result<Self, EnvironmentError> {
        let gpd_url = environment::text(GPD_URL, "the address of pagoPA's debt positions")?;
        let checkout_url = environment::text(CHECKOUT_URL, "the address of pagoPA's checkout")?;
        let api_key = environment::text(API_KEY, "the subscription key that PagoPA gave")?;
        if api_key.is_empty() || !api_key.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(environment::bad(
                API_KEY,
                "it is empty or holds other than plain characters",
            ));
        }
        Ok(Self {
            http: client(GPD_URL)?,
            gpd_url: address(GPD_URL, &gpd_url)?,
            checkout_url: address(CHECKOUT_URL, &checkout_url)?,
            public_url: public_url.trim_end_matches('/').to_owned(),
            api_key,
            creditor: Creditor::from_environment()?,
        })
    }

    /// A notice number that nobody can guess. It is the attempt's once the table has taken it.
    #[must_use]
    pub fn fresh_notice(&self) -> NoticeNumber {
        let base = u64::from_be_bytes(random::bytes());
        NoticeNumber::of(self.creditor.segregation, base)
    }

    pub(super) async fn create(&self, payment: &NewPayment) -> Result<PayPage, ProviderError> {
        let notice = notice_of(&payment.payment_id)?;
        self.create_position(&notice, payment).await?;
        self.create_cart(&notice, payment).await
    }

    pub(super) async fn report(
        &self,
        payment: &PaymentId,
    ) -> Result<Option<PaymentReport>, ProviderError> {
        let notice = notice_of(payment)?;
        let Some(position) = self.position(&notice).await? else { return Ok(None) };
        let (outcome, received_cents) = match position.status {
            PositionStatus::Draft | PositionStatus::Published | PositionStatus::Valid => {
                (None, None)
            }
            PositionStatus::Invalid | PositionStatus::Expired => {
                (Some(ProviderOutcome::Expired), None)
            }
            PositionStatus::Paid | PositionStatus::Reported => {
                let amount = position.amount_of(&notice)?;
                (Some(ProviderOutcome::Paid), Some(amount))
            }
            PositionStatus::PartiallyPaid => {
                let problem = format!("notice {notice} has one instalment and is paid in part");
                return Err(ProviderError::Unusable(problem));
            }
        };
        Ok(Some(PaymentReport { outcome, received_cents }))
    }

    pub(super) async fn withdraw(&self, payment: &PaymentId) -> Result<bool, ProviderError> {
        let notice = notice_of(payment)?;
        let url = format!("{}/invalidate", self.position_url(&notice));
        let answer = self.http.post(url).header(KEY_HEADER, &self.api_key).send().await?;
        match answer.status().as_u16() {
            // One that was never created can be paid no more than one that was withdrawn.
            200 | 404 => Ok(true),
            // It ended before, one way or the other.
            409 => {
                let report = self.report(payment).await?;
                let ended = report.is_some_and(|r| r.outcome == Some(ProviderOutcome::Expired));
                Ok(ended)
            }
            _ => Err(refusal(answer).await),
        }
    }

    fn positions_url(&self) -> String {
        format!("{}/organizations/{}/debtpositions", self.gpd_url, self.creditor.fiscal_code)
    }

    fn position_url(&self, notice: &NoticeNumber) -> String {
        format!("{}/{}", self.positions_url(), iupd(notice))
    }

    async fn position(&self, notice: &NoticeNumber) -> Result<Option<Position>, ProviderError> {
        let url = self.position_url(notice);
        let answer = self.http.get(url).header(KEY_HEADER, &self.api_key).send().await?;
        match answer.status().as_u16() {
            200 => {
                let body = answer.bytes().await?;
                let read = serde_json::from_slice(&body);
                read.map(Some).map_err(|error| ProviderError::Unusable(error.to_string()))
            }
            404 => Ok(None),
            _ => Err(refusal(answer).await),
        }
    }

    /// Creates the debt, valid at once; finds it where a start that was cut off created it.
    async fn create_position(
        &self,
        notice: &NoticeNumber,
        payment: &NewPayment,
    ) -> Result<(), ProviderError> {
        let body = self.debt(notice, payment).to_string();
        let answer = self
            .http
            .post(format!("{}?toPublish=true", self.positions_url()))
            .header(KEY_HEADER, &self.api_key)
            .header("content-type", "application/json")
            .body(body)
            .send()
            .await?;
        match answer.status().as_u16() {
            201 => Ok(()),
            409 => {
                let refused = refusal(answer).await;
                let Some(position) = self.position(notice).await? else { return Err(refused) };
                if position.amount_of(notice)? == payment.amount_cents {
                    return Ok(());
                }
                Err(refused)
            }
            _ => Err(refusal(answer).await),
        }
    }

    /// The debt as GPD takes it: one instalment, one transfer, and a day by which it ends of itself.
    fn debt(&self, notice: &NoticeNumber, payment: &NewPayment) -> serde_json::Value {
        let creditor = &self.creditor;
        let due = payment.due_at.to_zoned_datetime(TimeZone::UTC).datetime();
        json!({
            "iupd": iupd(notice),
            "type": "F",
            "fiscalCode": ANONYMOUS,
            "fullName": ANONYMOUS,
            "companyName": creditor.name,
            "switchToExpired": true,
            "paymentOption": [{
                "nav": notice.as_str(),
                "iuv": notice.iuv(),
                "amount": payment.amount_cents,
                "description": payment.description,
                "isPartialPayment": false,
                "dueDate": due.strftime("%Y-%m-%dT%H:%M:%S").to_string(),
                "transfer": [{
                    "idTransfer": "1",
                    "amount": payment.amount_cents,
                    "organizationFiscalCode": creditor.fiscal_code.as_str(),
                    "remittanceInformation": payment.description,
                    "category": creditor.taxonomy.as_str(),
                    "iban": creditor.iban.as_str(),
                }],
            }],
        })
    }

    /// Makes the page on which the debt is paid. Its address is for the visitor's browser.
    async fn create_cart(
        &self,
        notice: &NoticeNumber,
        payment: &NewPayment,
    ) -> Result<PayPage, ProviderError> {
        // One way back, however it ended: the browser's return proves nothing.
        let back = format!("{}{}", self.public_url, payment.return_path);
        let cart = Cart {
            payment_notices: [CartNotice {
                notice_number: notice.as_str(),
                fiscal_code: self.creditor.fiscal_code.as_str(),
                amount: payment.amount_cents,
                company_name: &self.creditor.name,
                description: &payment.description,
            }],
            return_urls: ReturnUrls {
                return_ok_url: &back,
                return_cancel_url: &back,
                return_error_url: &back,
            },
            id_cart: notice.as_str(),
            all_ccp: false,
        };
        let body = serde_json::to_vec(&cart).map_err(ProviderError::Unwritable)?;
        let answer = self
            .http
            .post(format!("{}/carts", self.checkout_url))
            .header(KEY_HEADER, &self.api_key)
            .header("content-type", "application/json")
            .body(body)
            .send()
            .await?;
        if answer.status().as_u16() != 302 {
            return Err(refusal(answer).await);
        }
        let location = answer.headers().get(LOCATION).and_then(|value| value.to_str().ok());
        // Taken as it is, and only where a browser may safely be sent.
        let page = location.filter(|text| address(CHECKOUT_URL, text).is_ok());
        let pay_url = page.map(str::to_owned).ok_or_else(|| {
            ProviderError::Unusable("the cart's page has no address that can be used".to_owned())
        })?;
        Ok(PayPage { pay_url })
    }
}

impl Position {
    fn amount_of(&self, notice: &NoticeNumber) -> Result<Cents, ProviderError> {
        let option = self.payment_option.iter().find(|option| option.nav == notice.as_str());
        option.map(|option| option.amount).ok_or_else(|| {
            ProviderError::Unusable(format!("the position of notice {notice} does not hold it"))
        })
    }
}

impl Creditor {
    fn from_environment() -> Result<Self, EnvironmentError> {
        let name = "ATRIO_PAGOPA_CREDITOR_NAME";
        let called = environment::text(name, "what the body that is paid is called")?;
        if !(1..=NAME_MAX_CHARS).contains(&called.trim().chars().count()) {
            return Err(environment::bad(name, "it is empty or longer than 140 characters"));
        }
        Ok(Self {
            fiscal_code: environment::parsed(
                "ATRIO_PAGOPA_CREDITOR",
                "the fiscal code of the body that is paid",
            )?,
            name: called.trim().to_owned(),
            iban: environment::parsed("ATRIO_PAGOPA_IBAN", "the account that pagoPA credits")?,
            taxonomy: environment::parsed(
                "ATRIO_PAGOPA_TAXONOMY",
                "what the tickets are by pagoPA's taxonomy",
            )?,
            segregation: environment::parsed(
                "ATRIO_PAGOPA_SEGREGATION",
                "the two digits that PagoPA gave this platform",
            )?,
        })
    }
}

/// The key of a debt position among the body's own.
fn iupd(notice: &NoticeNumber) -> String {
    format!("atrio-{notice}")
}

fn notice_of(payment: &PaymentId) -> Result<NoticeNumber, ProviderError> {
    // An attempt that began at another provider.
    let refuse = |error| ProviderError::Unusable(format!("payment `{payment}`: {error}"));
    payment.as_str().parse().map_err(refuse)
}

/// What a refusal says: the service is out of order, or the request is wrong and the detail says how.
async fn refusal(answer: reqwest::Response) -> ProviderError {
    #[derive(Deserialize)]
    struct Document {
        detail: Option<String>,
        title: Option<String>,
    }
    let status = answer.status().as_u16();
    if status >= 500 || status == 429 {
        return ProviderError::OutOfOrder(status);
    }
    let body = answer.bytes().await.unwrap_or_default();
    let said = serde_json::from_slice::<Document>(&body).ok();
    let said = said.and_then(|document| document.detail.or(document.title));
    let detail = said.as_deref().unwrap_or("no detail").chars().take(DETAIL_MAX_CHARS).collect();
    ProviderError::Refused { status, detail }
}
