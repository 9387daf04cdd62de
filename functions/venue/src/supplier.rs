//! Who operates a venue, as an operator of the platform says: the venue's tickets are signed with the keys of
//! that supplier. The keys themselves are no business of this function.

use atrio_domain::id::{SupplierId, VenueId};
use atrio_domain::staff::Reach;
use atrio_domain::supplier::SuppliedBy;
use atrio_domain::venue::Venue;
use atrio_dynamo::audit::AuditRecord;
use atrio_dynamo::venue::{StoredVenue, VenueChanged};
use atrio_runtime::{Json, Path, Problem, Role, Staff};
use axum::extract::State;
use axum::http::HeaderMap;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use crate::{
    ATTEMPTS, Context, Tagged, entity_tag, internal, json as written, must_know, tagged,
    unknown_venue,
};

/// Who operates a venue.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SupplierBody {
    /// The supplier; null for the installation's own.
    #[schema(value_type = Option<String>)]
    supplier_id: Option<SupplierId>,
}

/// What naming a supplier did.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SupplierChangedView {
    /// The venue's version now.
    version: u64,
    /// Whether this request changed it: a repeat does not.
    changed: bool,
}

fn part(supplied_by: &SuppliedBy) -> Result<Value, Problem> {
    written(&SupplierBody { supplier_id: supplied_by.supplier_id.clone() })
}

async fn load(context: &Context, venue_id: &str) -> Result<StoredVenue, Problem> {
    let malformed = |error| Problem::malformed_id("venue_id", error);
    let id = VenueId::new(venue_id).map_err(malformed)?;
    let found = context.store.stored_venue(&id).await.map_err(internal)?;
    found.ok_or_else(|| unknown_venue(&id))
}

/// Who operates a venue.
#[utoipa::path(get, path = "/v1/venues/{venue_id}/supplier", tag = "staff", security(("staff" = [])),
    params(("venue_id" = String, Path)),
    responses((status = 200, body = SupplierBody), (status = 400, body = Problem),
        (status = 401, body = Problem), (status = 403, body = Problem), (status = 404, body = Problem)))]
pub(crate) async fn show_supplier(
    State(context): State<Context>,
    staff: Staff,
    Path(venue_id): Path<String>,
) -> Result<Tagged<SupplierBody>, Problem> {
    staff.must_be_everywhere(&[Role::Operator])?;
    let supplied_by = load(&context, &venue_id).await?.venue.supplied_by;
    let tag = entity_tag(&part(&supplied_by)?);
    Ok(tagged((tag, SupplierBody { supplier_id: supplied_by.supplier_id })))
}

/// Says who operates a venue: its tickets are signed with the keys of that supplier from then on. Tickets that
/// the keys of the one before signed still admit.
#[utoipa::path(put, path = "/v1/venues/{venue_id}/supplier", tag = "staff", security(("staff" = [])),
    params(("venue_id" = String, Path), ("If-Match" = Option<String>, Header)),
    request_body = SupplierBody,
    responses((status = 200, body = SupplierChangedView), (status = 400, body = Problem),
        (status = 401, body = Problem), (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 412, body = Problem), (status = 413, body = Problem), (status = 415, body = Problem),
        (status = 422, body = Problem), (status = 428, body = Problem)))]
pub(crate) async fn change_supplier(
    State(context): State<Context>,
    staff: Staff,
    Path(venue_id): Path<String>,
    headers: HeaderMap,
    Json(wanted): Json<SupplierBody>,
) -> Result<Tagged<SupplierChangedView>, Problem> {
    let role = staff.must_be_everywhere(&[Role::Operator])?;
    for _ in 0..ATTEMPTS {
        let StoredVenue { venue: from, version } = load(&context, &venue_id).await?;
        let before = part(&from.supplied_by)?;
        let at = context.clock.now();
        let supplied_by = from.supplied_by.taken_over(wanted.supplier_id.clone(), at);
        let after = part(&supplied_by)?;
        let tag = entity_tag(&after);
        if before == after {
            return Ok(tagged((tag, SupplierChangedView { version, changed: false })));
        }
        must_know(&headers, Some(&before))?;
        let record = AuditRecord {
            reach: Reach::Venue(from.id.clone()),
            actor: staff.subject.to_string(),
            role: role.name().to_owned(),
            at,
            version: version + 1,
            part: "supplier".to_owned(),
            before: Some(before),
            after,
        };
        let to = Venue { supplied_by, ..from };
        let stored = context.store.change_venue(version, &to, &record).await.map_err(internal)?;
        if stored == VenueChanged::Done {
            let view = SupplierChangedView { version: version + 1, changed: true };
            return Ok(tagged((tag, view)));
        }
    }
    Err(Problem::busy())
}
