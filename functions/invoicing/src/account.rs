//! Where a reseller stands: what is agreed, what is owed, and what came in.

use atrio_domain::id::ResellerId;
use atrio_domain::invoicing::ledger::{Account, Received};
use atrio_domain::tariff::{CURRENCY, Cents};
use atrio_dynamo::ledger::Booked;
use atrio_runtime::{Json, Path, Problem, Role, Staff};
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use crate::caller::Caller;
use crate::{Context, known, problem};

/// Where a reseller stands.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AccountView {
    #[schema(value_type = String)]
    reseller_id: ResellerId,
    name: String,
    currency: &'static str,
    /// What it owes; below nothing where it paid in advance.
    #[schema(value_type = i64)]
    owed_cents: Cents,
    /// Up to how much it may owe; null for no limit.
    #[schema(value_type = Option<i64>)]
    credit_limit_cents: Option<Cents>,
    /// What is agreed; null where nothing is.
    #[schema(value_type = Option<Object>)]
    terms: Option<atrio_domain::invoicing::terms::Terms>,
}

impl AccountView {
    fn of(reseller_id: ResellerId, name: String, account: Account) -> Self {
        let limit = account.terms.as_ref().and_then(|terms| terms.credit_limit_cents);
        Self {
            reseller_id,
            name,
            currency: CURRENCY,
            owed_cents: account.owed_cents,
            credit_limit_cents: limit,
            terms: account.terms,
        }
    }
}

/// Where the reseller of the key stands.
#[utoipa::path(get, path = "/v1/reseller/account", tag = "invoicing", security(("reseller" = [])),
    responses((status = 200, body = AccountView), (status = 401, body = Problem),
        (status = 403, body = Problem)))]
pub(crate) async fn show_account(
    State(context): State<Context>,
    Caller(reseller): Caller,
) -> Result<axum::Json<AccountView>, Problem> {
    let account = context.store.reseller_account(&reseller.id).await.map_err(problem::internal)?;
    Ok(axum::Json(AccountView::of(reseller.id, reseller.name, account)))
}

/// Puts money that came from a reseller in the books: it owes so much less. Under the same uuid it counts once.
#[utoipa::path(post, path = "/v1/resellers/{reseller_id}/payments", tag = "invoicing",
    security(("staff" = [])), params(("reseller_id" = String, Path)),
    request_body(content = Object, description = "`uuid`, `on` (the bank's date), `cents`, `note`"),
    responses((status = 200, body = AccountView), (status = 400, body = Problem),
        (status = 401, body = Problem), (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 409, body = Problem), (status = 413, body = Problem), (status = 415, body = Problem),
        (status = 422, body = Problem), (status = 503, body = Problem)))]
pub(crate) async fn record_payment(
    State(context): State<Context>,
    staff: Staff,
    Path(reseller_id): Path<String>,
    Json(received): Json<Received>,
) -> Result<axum::Json<AccountView>, Problem> {
    staff.must_be_everywhere(&[Role::Operator])?;
    let reseller = known(&context, &reseller_id).await?;
    received.check().map_err(|error| problem::received(&error))?;
    let (at, by) = (context.clock.now(), staff.subject.to_string());
    let booked = context.store.receive(&reseller.id, &received, (at, &by)).await;
    match booked.map_err(problem::internal)? {
        Booked::UuidReused => Err(problem::payment_uuid_reused(received.uuid)),
        Booked::Done => {
            let account = context.store.reseller_account(&reseller.id).await;
            let account = account.map_err(problem::internal)?;
            Ok(axum::Json(AccountView::of(reseller.id, reseller.name, account)))
        }
    }
}
