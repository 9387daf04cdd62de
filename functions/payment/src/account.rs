//! What a visitor sees of money that goes back, and where they want it. The account is personal data:
//! it is taken only while a refund waits for it, and shown to nobody here.

use atrio_domain::id::{CallerUuid, PaymentId};
use atrio_domain::payment::refund::Account;
use atrio_domain::payment::{Payment, PaymentStatus};
use atrio_domain::tariff::Cents;
use atrio_dynamo::settlement::StepFailure;
use atrio_runtime::provider::Provider;
use atrio_runtime::{Json, Path, Problem};
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{Context, problem};

/// What goes back for a booking.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RefundsView {
    refunds: Vec<RefundView>,
}

#[derive(Debug, Serialize, ToSchema)]
struct RefundView {
    #[schema(value_type = String)]
    payment_id: PaymentId,
    #[schema(value_type = i64)]
    amount_cents: Cents,
    /// `REFUND_DUE` or `REFUNDED`.
    #[schema(value_type = String)]
    status: PaymentStatus,
    /// Whether it waits for `PUT /v1/bookings/{uuid}/refund-account`.
    needs_account: bool,
}

/// What goes back for a booking, and whether it waits for an account.
#[utoipa::path(get, path = "/v1/bookings/{uuid}/refunds", tag = "shop", params(("uuid" = String, Path)),
    responses((status = 200, body = RefundsView), (status = 400, body = Problem), (status = 404, body = Problem)))]
pub(crate) async fn show_refunds(
    State(context): State<Context>,
    Path(uuid): Path<String>,
) -> Result<axum::Json<RefundsView>, Problem> {
    let mut refunds = Vec::new();
    for payment in payments(&context, &uuid).await? {
        let is_due = payment.status == PaymentStatus::RefundDue;
        if !is_due && payment.status != PaymentStatus::Refunded {
            continue;
        }
        let is_by_transfer = matches!(*context.provider, Provider::PagoPa(_));
        let needs_account = is_due && is_by_transfer && {
            let given = context.store.account(payment.booking, &payment.id).await;
            given.map_err(|error| problem::step(error.into()))?.is_none()
        };
        refunds.push(RefundView {
            amount_cents: payment.refund_cents(),
            payment_id: payment.id,
            status: payment.status,
            needs_account,
        });
    }
    Ok(axum::Json(RefundsView { refunds }))
}

/// Where the money shall go.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AccountBody {
    /// As the bank has it, 1 to 70 characters.
    account_holder: String,
    /// With or without spaces.
    iban: String,
}

/// Takes the account that a refund goes to, and with it those of bookings that were paid together with
/// this one, so that nobody gives it twice. It is kept until the money is back, 60 days at most.
#[utoipa::path(put, path = "/v1/bookings/{uuid}/refund-account", tag = "shop",
    params(("uuid" = String, Path)), request_body = AccountBody,
    responses((status = 204, description = "It is kept"), (status = 400, body = Problem),
        (status = 404, body = Problem), (status = 409, body = Problem), (status = 413, body = Problem),
        (status = 415, body = Problem), (status = 422, body = Problem)))]
pub(crate) async fn give_account(
    State(context): State<Context>,
    Path(uuid): Path<String>,
    Json(body): Json<AccountBody>,
) -> Result<StatusCode, Problem> {
    let account =
        Account::new(&body.account_holder, &body.iban).map_err(|error| problem::account(&error))?;
    let mut due = Vec::new();
    for payment in payments(&context, &uuid).await? {
        if payment.status == PaymentStatus::RefundDue {
            let parts = context.store.parts(&payment.id).await;
            due.extend(parts.map_err(|error| problem::step(error.into()))?);
        }
    }
    due.retain(|payment| payment.status == PaymentStatus::RefundDue);
    if due.is_empty() || matches!(*context.provider, Provider::Sandbox(_)) {
        return Err(problem::no_refund_due());
    }
    let mut is_taken = false;
    for payment in &due {
        let given = context.store.give_account(payment, &account, context.clock.now()).await;
        is_taken |= given.map_err(|error| problem::step(error.into()))?;
    }
    if is_taken { Ok(StatusCode::NO_CONTENT) } else { Err(problem::refund_filed()) }
}

async fn payments(context: &Context, uuid: &str) -> Result<Vec<Payment>, Problem> {
    let uuid: CallerUuid = uuid.parse().map_err(|error| Problem::malformed_id("uuid", error))?;
    let store = &context.store;
    let known = store.booking(uuid).await.map_err(|error| problem::step(error.into()))?;
    known.ok_or_else(|| problem::step(StepFailure::Unknown(uuid)))?;
    store.payments(uuid).await.map_err(|error| problem::step(error.into()))
}
