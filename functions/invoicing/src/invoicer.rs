//! Who invoices for a supplier, as an operator of the platform sets it. `~` names the installation's own supplier.

use atrio_domain::id::SupplierId;
use atrio_domain::invoicing::invoice::Invoicer;
use atrio_domain::staff::Reach;
use atrio_dynamo::audit::AuditRecord;
use atrio_dynamo::venue::VenueChanged;
use atrio_runtime::entity_tag::{Tagged, entity_tag, must_know, tagged};
use atrio_runtime::{Json, Path, Problem, Role, Staff};
use axum::extract::State;
use axum::http::HeaderMap;
use serde::Serialize;
use utoipa::ToSchema;

use crate::terms::written;
use crate::{Context, problem};

/// What naming who invoices did.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct InvoicerChangedView {
    /// The version now.
    version: u64,
    /// Whether this request changed it: a repeat does not.
    changed: bool,
}

/// The supplier that an address names.
pub(crate) fn supplier_of(text: &str) -> Result<Option<SupplierId>, Problem> {
    if text == "~" {
        return Ok(None);
    }
    let malformed = |error| Problem::malformed_id("supplier_id", error);
    SupplierId::new(text).map(Some).map_err(malformed)
}

/// Who invoices for a supplier.
#[utoipa::path(get, path = "/v1/suppliers/{supplier_id}/invoicer", tag = "invoicing",
    security(("staff" = [])),
    params(("supplier_id" = String, Path, description = "`~` for the installation's own")),
    responses((status = 200, body = Object), (status = 400, body = Problem),
        (status = 401, body = Problem), (status = 403, body = Problem), (status = 404, body = Problem)))]
pub(crate) async fn show_invoicer(
    State(context): State<Context>,
    staff: Staff,
    Path(supplier_id): Path<String>,
) -> Result<Tagged<Invoicer>, Problem> {
    staff.must_be_everywhere(&[Role::Operator])?;
    let supplier = supplier_of(&supplier_id)?;
    let found = context.store.invoicer(supplier.as_ref()).await.map_err(problem::internal)?;
    let invoicer = found.ok_or_else(|| problem::no_invoicer(&supplier_id))?.invoicer;
    Ok(tagged((entity_tag(&written(&invoicer)?), invoicer)))
}

/// Sets who invoices for a supplier, on record. Invoices that were issued stay as they are.
#[utoipa::path(put, path = "/v1/suppliers/{supplier_id}/invoicer", tag = "invoicing",
    security(("staff" = [])),
    params(("supplier_id" = String, Path, description = "`~` for the installation's own"),
        ("If-Match" = Option<String>, Header), ("If-None-Match" = Option<String>, Header)),
    request_body(content = Object, description = "`firm`, `tax_regime`, `iban`, `show_vat_basis_points`"),
    responses((status = 200, body = InvoicerChangedView), (status = 400, body = Problem),
        (status = 401, body = Problem), (status = 403, body = Problem), (status = 412, body = Problem),
        (status = 413, body = Problem), (status = 415, body = Problem), (status = 422, body = Problem),
        (status = 428, body = Problem), (status = 503, body = Problem)))]
pub(crate) async fn change_invoicer(
    State(context): State<Context>,
    staff: Staff,
    Path(supplier_id): Path<String>,
    headers: HeaderMap,
    Json(invoicer): Json<Invoicer>,
) -> Result<Tagged<InvoicerChangedView>, Problem> {
    let role = staff.must_be_everywhere(&[Role::Operator])?;
    let supplier = supplier_of(&supplier_id)?;
    invoicer.check().map_err(|error| problem::invoicer(&error))?;
    let found = context.store.invoicer(supplier.as_ref()).await.map_err(problem::internal)?;
    let version = found.as_ref().map_or(0, |stored| stored.version);
    let before = found.map(|stored| written(&stored.invoicer)).transpose()?;
    let after = written(&invoicer)?;
    let tag = entity_tag(&after);
    if before.as_ref() == Some(&after) {
        return Ok(tagged((tag, InvoicerChangedView { version, changed: false })));
    }
    must_know(&headers, before.as_ref())?;
    let record = AuditRecord {
        reach: Reach::Platform,
        actor: staff.subject.to_string(),
        role: role.name().to_owned(),
        at: context.clock.now(),
        version: version + 1,
        part: format!("suppliers/{supplier_id}/invoicer"),
        before,
        after,
    };
    let to = (&invoicer, version);
    let stored = context.store.change_invoicer(supplier.as_ref(), to, &record).await;
    match stored.map_err(problem::internal)? {
        VenueChanged::Done => {
            Ok(tagged((tag, InvoicerChangedView { version: version + 1, changed: true })))
        }
        VenueChanged::Stale => Err(Problem::busy()),
    }
}
