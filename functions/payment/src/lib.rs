//! Taking the money: sending a visitor to the payment provider, and doing what the provider itself
//! says afterwards, once, however late or often it says it. The browser's return proves nothing.

mod problem;

use std::sync::Arc;

use atrio_domain::id::{CallerUuid, PaymentId};
use atrio_domain::payment::{PaymentStatus, ProviderOutcome};
use atrio_domain::tariff::CURRENCY;
use atrio_dynamo::Store;
use atrio_dynamo::settlement::Settled;
use atrio_runtime::environment::EnvironmentError;
use atrio_runtime::provider::{NewPayment, Provider, SIGNATURE};
use atrio_runtime::{Clock, Json, Path, Problem, random};
use axum::body::Bytes;
use axum::extract::State;
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
}

impl Context {
    /// Works on what the environment names.
    ///
    /// # Errors
    /// When a variable is missing or cannot be used.
    pub fn from_environment() -> Result<Self, EnvironmentError> {
        Ok(Self {
            store: atrio_runtime::aws::store_from_environment()?,
            clock: Clock::system(),
            provider: Arc::new(Provider::from_environment()?),
        })
    }
}

/// The routes of this function.
pub fn router(context: Context) -> OpenApiRouter {
    OpenApiRouter::new()
        .routes(routes!(start_payment))
        .routes(routes!(take_notification))
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
        (status = 422, body = Problem), (status = 503, body = Problem)))]
async fn start_payment(
    State(context): State<Context>,
    Path(uuid): Path<String>,
    Json(body): Json<PaymentBody>,
) -> Result<axum::Json<StartedView>, Problem> {
    let uuid: CallerUuid = uuid.parse().map_err(|error| Problem::malformed_id("uuid", error))?;
    // A path only: a full address could send the visitor to a stranger's page after paying.
    if !body.return_url.starts_with('/') || body.return_url.starts_with("//") {
        return Err(problem::foreign_return());
    }
    let started = context.store.start_payment(uuid, context.clock.now()).await;
    let (stored, id) = started.map_err(problem::step)?;
    let page = context
        .provider
        .create(&NewPayment {
            payment_id: id.clone(),
            amount_cents: stored.booking.total(),
            currency: CURRENCY.to_owned(),
            // No personal data in the text that a bank may print.
            description: format!("atrio {}", stored.booking.slot.id),
            return_path: body.return_url,
        })
        .await
        .map_err(|error| problem::provider_down(&error))?;
    let payment = PaymentBrief { id, status: PaymentStatus::Started };
    Ok(axum::Json(StartedView { payment, redirect_url: page.pay_url }))
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
    let signature =
        headers.get(SIGNATURE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if !context.provider.signed(&body, signature) {
        return Err(problem::unsigned());
    }
    let notification: Notification =
        serde_json::from_slice(&body).map_err(|error| problem::malformed(&error))?;
    let uuid = booking_of(&notification.payment_id)?;
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
    let result = match settled {
        Settled::Confirmed => "CONFIRMED",
        Settled::OnHoldAgain => "ON_HOLD",
        Settled::Released => "RELEASED",
        Settled::RefundDue => "REFUND_DUE",
        Settled::Known => "KNOWN",
    };
    Ok(axum::Json(NotedView { result }))
}

/// The booking that an attempt belongs to: the attempt's id begins with its uuid.
fn booking_of(payment: &PaymentId) -> Result<CallerUuid, Problem> {
    payment
        .as_str()
        .get(..36)
        .and_then(|uuid| uuid.parse().ok())
        .ok_or_else(|| problem::unknown_payment(payment))
}
