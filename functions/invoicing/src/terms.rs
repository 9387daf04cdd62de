//! What is agreed with a reseller, as an operator of the platform sets it.

use atrio_domain::invoicing::terms::Terms;
use atrio_domain::staff::Reach;
use atrio_dynamo::audit::AuditRecord;
use atrio_dynamo::venue::VenueChanged;
use atrio_runtime::entity_tag::{Tagged, entity_tag, must_know, tagged};
use atrio_runtime::{Json, Path, Problem, Role, Staff};
use axum::extract::State;
use axum::http::HeaderMap;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use crate::{Context, known, problem};

/// What a change of the terms did.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TermsChangedView {
    /// The version of the terms now.
    version: u64,
    /// Whether this request changed them: a repeat does not.
    changed: bool,
}

/// What is written, as it is read back.
pub(crate) fn written(value: &impl Serialize) -> Result<Value, Problem> {
    serde_json::to_value(value).map_err(|error| Problem::internal(&error))
}

/// What is agreed with a reseller.
#[utoipa::path(get, path = "/v1/resellers/{reseller_id}/terms", tag = "invoicing",
    security(("staff" = [])), params(("reseller_id" = String, Path)),
    responses((status = 200, body = Object), (status = 400, body = Problem),
        (status = 401, body = Problem), (status = 403, body = Problem), (status = 404, body = Problem)))]
pub(crate) async fn show_terms(
    State(context): State<Context>,
    staff: Staff,
    Path(reseller_id): Path<String>,
) -> Result<Tagged<Terms>, Problem> {
    staff.must_be_everywhere(&[Role::Operator])?;
    let reseller = known(&context, &reseller_id).await?;
    let account = context.store.reseller_account(&reseller.id).await.map_err(problem::internal)?;
    let terms = account.terms.ok_or_else(|| problem::no_terms(reseller.id.as_str()))?;
    Ok(tagged((entity_tag(&written(&terms)?), terms)))
}

/// Sets what is agreed with a reseller, on record. What it sold before keeps what was agreed then.
#[utoipa::path(put, path = "/v1/resellers/{reseller_id}/terms", tag = "invoicing",
    security(("staff" = [])),
    params(("reseller_id" = String, Path), ("If-Match" = Option<String>, Header),
        ("If-None-Match" = Option<String>, Header)),
    request_body(content = Object, description = "all of the terms, as read: `commission`, `exceptions`, \
        `credit_limit_cents`, `payment_days`, `firm`"),
    responses((status = 200, body = TermsChangedView), (status = 400, body = Problem),
        (status = 401, body = Problem), (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 412, body = Problem), (status = 413, body = Problem), (status = 415, body = Problem),
        (status = 422, body = Problem), (status = 428, body = Problem), (status = 503, body = Problem)))]
pub(crate) async fn change_terms(
    State(context): State<Context>,
    staff: Staff,
    Path(reseller_id): Path<String>,
    headers: HeaderMap,
    Json(terms): Json<Terms>,
) -> Result<Tagged<TermsChangedView>, Problem> {
    let role = staff.must_be_everywhere(&[Role::Operator])?;
    let reseller = known(&context, &reseller_id).await?;
    terms.check().map_err(|error| problem::terms(&error))?;
    let account = context.store.reseller_account(&reseller.id).await.map_err(problem::internal)?;
    let before = account.terms.as_ref().map(written).transpose()?;
    let after = written(&terms)?;
    let tag = entity_tag(&after);
    if before.as_ref() == Some(&after) {
        let view = TermsChangedView { version: account.version, changed: false };
        return Ok(tagged((tag, view)));
    }
    must_know(&headers, before.as_ref())?;
    let record = AuditRecord {
        reach: Reach::Platform,
        actor: staff.subject.to_string(),
        role: role.name().to_owned(),
        at: context.clock.now(),
        version: account.version + 1,
        part: format!("resellers/{}/terms", reseller.id),
        before,
        after,
    };
    let stored = context.store.change_terms(&reseller.id, &terms, account.version, &record).await;
    match stored.map_err(problem::internal)? {
        VenueChanged::Done => {
            Ok(tagged((tag, TermsChangedView { version: record.version, changed: true })))
        }
        VenueChanged::Stale => Err(Problem::busy()),
    }
}
