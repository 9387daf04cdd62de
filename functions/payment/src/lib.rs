//! Taking the money: sending a visitor to the payment provider, and doing what the provider itself
//! says afterwards, once, however late or often it says it. The browser's return proves nothing. And
//! giving it back by transfer, where the provider pays nothing back itself.

mod account;
mod problem;
mod refunds;
mod sepa;

use std::sync::Arc;

use atrio_domain::booking::{Booking, BookingState, StepError};
use atrio_domain::id::{CallerUuid, PaymentId};
use atrio_domain::payment::receipt::{Receipt, Written};
use atrio_domain::payment::{DEBT_STANDS, PaymentStatus, ProviderOutcome};
use atrio_domain::tariff::CURRENCY;
use atrio_dynamo::Store;
use atrio_dynamo::payment::Taken;
use atrio_dynamo::settlement::{Purchase, Settled, StepFailure};
use atrio_runtime::environment::EnvironmentError;
use atrio_runtime::provider::pagopa::ReceiptKey;
use atrio_runtime::provider::{NewPayment, Provider, SIGNATURE};
use atrio_runtime::{Access, Clock, Json, Path, Problem, random};
use axum::body::Bytes;
use axum::extract::{FromRef, State};
use axum::http::HeaderMap;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// What the function works with.
#[derive(Debug, Clone)]
pub struct Context {
    /// The table.
    pub store: Store,
    /// The time.
    pub clock: Clock,
    /// The payment provider.
    pub provider: Arc<Provider>,
    /// Checks receipts, where the provider sends them.
    pub receipts: Option<ReceiptKey>,
    /// Checks the tokens of staff.
    pub access: Access,
}

impl FromRef<Context> for Access {
    fn from_ref(context: &Context) -> Self {
        context.access.clone()
    }
}

impl Context {
    /// Works on what the environment names.
    ///
    /// # Errors
    /// When a variable is missing or cannot be used.
    pub fn from_environment() -> Result<Self, EnvironmentError> {
        let clock = Clock::system();
        let store = atrio_runtime::aws::store_from_environment()?;
        let provider = Provider::from_environment()?;
        let receipts = receipt_key(&provider)?;
        let access = Access::from_environment(clock, store.clone())?;
        Ok(Self { store, clock, provider: Arc::new(provider), receipts, access })
    }
}

/// What receipts are checked with, where the provider sends them.
///
/// # Errors
/// When the variable is missing or cannot be used.
pub fn receipt_key(provider: &Provider) -> Result<Option<ReceiptKey>, EnvironmentError> {
    match provider {
        Provider::Sandbox(_) => Ok(None),
        Provider::PagoPa(_) => ReceiptKey::from_environment().map(Some),
    }
}

/// The routes of this function.
pub fn router(context: Context) -> OpenApiRouter {
    OpenApiRouter::new()
        .routes(routes!(start_payment))
        .routes(routes!(start_order_payment))
        .routes(routes!(take_notification))
        .routes(routes!(take_receipt))
        .routes(routes!(account::show_refunds))
        .routes(routes!(account::give_account))
        .routes(routes!(refunds::list))
        .routes(routes!(refunds::file))
        .routes(routes!(refunds::pay_back))
        .with_state(context)
}

/// How the visitor wants to come back.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct PaymentBody {
    /// A path of this site, such as `/booking/?uuid=…`.
    return_url: String,
}

/// Where to send the browser.
#[derive(Debug, Serialize, ToSchema)]
struct StartedView {
    payment: PaymentBrief,
    redirect_url: String,
}

#[derive(Debug, Serialize, ToSchema)]
struct PaymentBrief {
    #[schema(value_type = String)]
    id: PaymentId,
    #[schema(value_type = String)]
    status: PaymentStatus,
}

/// Begins to pay. From here on the places stay held until the provider has spoken.
#[utoipa::path(post, path = "/v1/bookings/{uuid}/payment", tag = "shop", params(("uuid" = String, Path)),
    request_body = PaymentBody,
    responses((status = 200, body = StartedView), (status = 404, body = Problem), (status = 409, body = Problem),
        (status = 422, body = Problem), (status = 502, body = Problem), (status = 503, body = Problem)))]
async fn start_payment(
    State(context): State<Context>,
    Path(uuid): Path<String>,
    Json(body): Json<PaymentBody>,
) -> Result<axum::Json<StartedView>, Problem> {
    let uuid = uuid.parse().map_err(|error| Problem::malformed_id("uuid", error))?;
    start(&context, Purchase::Booking(uuid), body.return_url).await
}

/// Begins to pay for all bookings of an order at once. From here on their places stay held until the
/// provider has spoken.
#[utoipa::path(post, path = "/v1/orders/{uuid}/payment", tag = "shop", params(("uuid" = String, Path)),
    request_body = PaymentBody,
    responses((status = 200, body = StartedView), (status = 400, body = Problem), (status = 404, body = Problem),
        (status = 409, body = Problem), (status = 413, body = Problem), (status = 415, body = Problem),
        (status = 422, body = Problem), (status = 502, body = Problem), (status = 503, body = Problem)))]
async fn start_order_payment(
    State(context): State<Context>,
    Path(uuid): Path<String>,
    Json(body): Json<PaymentBody>,
) -> Result<axum::Json<StartedView>, Problem> {
    let uuid = uuid.parse().map_err(|error| Problem::malformed_id("uuid", error))?;
    start(&context, Purchase::Order(uuid), body.return_url).await
}

async fn start(
    context: &Context,
    purchase: Purchase,
    return_path: String,
) -> Result<axum::Json<StartedView>, Problem> {
    // A path only: a full address could send the visitor to a stranger's page after paying.
    if !return_path.starts_with('/') || return_path.starts_with("//") {
        return Err(problem::foreign_return());
    }
    let number = |booking, attempt| context.provider.payment_id(booking, attempt);
    let started = context.store.start_payment(purchase, number, context.clock.now()).await;
    let (stored, id) = started.map_err(problem::step)?;
    let amount_cents = stored.iter().map(|stored| stored.booking.due()).sum();
    let Some((first, others)) = stored.split_first() else { return Err(Problem::busy()) };
    let BookingState::Paying { started_at, .. } = &first.booking.state else {
        return Err(ended(&first.booking));
    };
    // No personal data in the text that a bank may print.
    let mut description = format!("atrio {}", first.booking.slot.id);
    if !others.is_empty() {
        description = format!("{description} + {}", others.len());
    }
    let page = context
        .provider
        .create(&NewPayment {
            payment_id: id.clone(),
            amount_cents,
            currency: CURRENCY.to_owned(),
            description,
            return_path,
            due_at: started_at.saturating_add(DEBT_STANDS).unwrap_or(*started_at),
        })
        .await
        .map_err(|error| problem::provider(&error))?;
    // Upkeep may have ended the attempt before the provider had heard of it.
    let uuid = first.booking.uuid;
    let seen = context.store.booking(uuid).await.map_err(|error| problem::step(error.into()))?;
    let seen = seen.ok_or_else(|| problem::step(StepFailure::Unknown(uuid)))?.booking;
    if !matches!(&seen.state, BookingState::Paying { payment, .. } if *payment == id) {
        let withdrawn = context.provider.withdraw(&id).await;
        withdrawn.map_err(|error| problem::provider(&error))?;
        return Err(ended(&seen));
    }
    let payment = PaymentBrief { id, status: PaymentStatus::Started };
    Ok(axum::Json(StartedView { payment, redirect_url: page.pay_url }))
}

/// The attempt to pay is over already.
fn ended(booking: &Booking) -> Problem {
    let state = booking.state.name();
    problem::step(StepFailure::Refused(StepError::WrongState { state, step: "paid" }))
}

/// What the provider says of a payment.
#[derive(Debug, Deserialize, ToSchema)]
struct Notification {
    #[schema(value_type = String)]
    payment_id: PaymentId,
    #[schema(value_type = String)]
    outcome: ProviderOutcome,
}

/// What the provider's word did.
#[derive(Debug, Serialize, ToSchema)]
struct NotedView {
    /// `CONFIRMED`, `ON_HOLD`, `RELEASED`, `REFUND_DUE` or `KNOWN`.
    result: &'static str,
}

/// Takes the provider's word, signed with HMAC-SHA256 in `X-Atrio-Signature`. Safe to repeat.
#[utoipa::path(post, path = "/v1/payments/notifications", tag = "payment provider", request_body = Notification,
    security(("provider" = [])),
    responses((status = 200, body = NotedView), (status = 401, body = Problem), (status = 404, body = Problem)))]
async fn take_notification(
    State(context): State<Context>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<axum::Json<NotedView>, Problem> {
    let signed = match &*context.provider {
        Provider::Sandbox(sandbox) => sandbox.signed(&body, signature_of(&headers)),
        // It sends receipts, to their own route.
        Provider::PagoPa(_) => false,
    };
    if !signed {
        return Err(problem::unsigned());
    }
    let notification: Notification =
        serde_json::from_slice(&body).map_err(|error| problem::malformed(&error))?;
    let uuid = booking_of(&context, "payment_id", &notification.payment_id).await?;
    let settled = context
        .store
        .settle(
            uuid,
            &notification.payment_id,
            notification.outcome,
            random::ticket_id,
            context.clock.now(),
        )
        .await
        .map_err(problem::step)?;
    Ok(axum::Json(NotedView::of(settled)))
}

/// What a receipt says (`paSendRTV2`, `ctReceiptV2`), with pagoPA's own names. Whatever else it holds,
/// such as who paid, is not read.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct ReceiptBody {
    /// The notice that was paid, 18 digits.
    notice_number: String,
    /// Its IUV, 17 digits.
    creditor_reference_id: String,
    /// The fiscal code of the body that was paid.
    fiscal_code: String,
    /// `OK` or `KO`.
    outcome: String,
    /// Euro with two decimals, such as `12.50`.
    payment_amount: String,
}

/// Takes a receipt of pagoPA, forwarded by whoever receives it for the body and signed by them with
/// HMAC-SHA256 in `X-Atrio-Signature`. Safe to repeat.
#[utoipa::path(post, path = "/v1/payments/pagopa/receipts", tag = "payment provider",
    request_body = ReceiptBody, security(("provider" = [])),
    responses((status = 200, body = NotedView), (status = 400, body = Problem), (status = 401, body = Problem),
        (status = 404, body = Problem), (status = 409, body = Problem), (status = 422, body = Problem),
        (status = 502, body = Problem), (status = 503, body = Problem)))]
async fn take_receipt(
    State(context): State<Context>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<axum::Json<NotedView>, Problem> {
    let (Provider::PagoPa(pagopa), Some(key)) = (&*context.provider, &context.receipts) else {
        return Err(problem::unsigned());
    };
    if !key.has_signed(&body, signature_of(&headers)) {
        return Err(problem::unsigned());
    }
    let body: ReceiptBody =
        serde_json::from_slice(&body).map_err(|error| problem::malformed_receipt(&error))?;
    let written = Written {
        notice: &body.notice_number,
        iuv: &body.creditor_reference_id,
        creditor: &body.fiscal_code,
        outcome: &body.outcome,
        amount: &body.payment_amount,
    };
    let receipt = Receipt::read(written, &pagopa.creditor.fiscal_code)
        .map_err(|error| problem::receipt(&error))?;
    let id = receipt.notice.payment_id().map_err(|error| Problem::internal(&error))?;
    let uuid = booking_of(&context, "noticeNumber", &id).await?;
    settle(&context, uuid, &id, &receipt).await.map(axum::Json)
}

/// Does what a receipt says.
async fn settle(
    context: &Context,
    uuid: CallerUuid,
    id: &PaymentId,
    receipt: &Receipt,
) -> Result<NotedView, Problem> {
    let (store, now) = (&context.store, context.clock.now());
    match receipt.outcome {
        ProviderOutcome::Paid => {
            let taken = store.settle_amount(uuid, id, receipt.amount, random::ticket_id, now);
            match taken.await.map_err(problem::step)? {
                Taken::Settled(settled) => Ok(NotedView::of(settled)),
                Taken::Contradiction { payment } => {
                    Err(problem::contradiction(&payment, receipt.amount))
                }
            }
        }
        outcome @ (ProviderOutcome::Declined | ProviderOutcome::Expired) => {
            // A notice that can still be paid must not outlive its attempt.
            let withdrawn = context.provider.withdraw(id).await;
            if !withdrawn.map_err(|error| problem::provider(&error))? {
                return Ok(NotedView::of(Settled::Known));
            }
            let settled = store.settle(uuid, id, outcome, random::ticket_id, now).await;
            Ok(NotedView::of(settled.map_err(problem::step)?))
        }
    }
}

impl NotedView {
    fn of(settled: Settled) -> Self {
        let result = match settled {
            Settled::Confirmed => "CONFIRMED",
            Settled::OnHoldAgain => "ON_HOLD",
            Settled::Released => "RELEASED",
            Settled::RefundDue => "REFUND_DUE",
            Settled::Known => "KNOWN",
        };
        Self { result }
    }
}

fn signature_of(headers: &HeaderMap) -> &str {
    headers.get(SIGNATURE).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

/// The booking that an attempt belongs to, or one of them.
async fn booking_of(
    context: &Context,
    field: &str,
    payment: &PaymentId,
) -> Result<CallerUuid, Problem> {
    let found = context.store.booking_of_payment(payment).await;
    let found = found.map_err(|error| problem::step(error.into()))?;
    found.ok_or_else(|| problem::unknown_payment(field, payment))
}
