//! A manager sets how many people are inside a place, where the count drifted from what they see: counters
//! miss people, and visitors leave by doors without a gate.

use atrio_domain::id::{AreaId, CallerUuid, VenueId};
use atrio_domain::premises::{LIMIT_MAX, Place};
use atrio_dynamo::presence::Recount;
use atrio_runtime::extract::Path;
use atrio_runtime::{Json, Problem, Role, Staff};
use axum::extract::State;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{Context, REASON_MAX_CHARS, internal, load_venue, problem};

/// How many people are inside.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RecountBody {
    /// Fresh for each count, the same for a repeat of one.
    #[schema(value_type = String)]
    uuid: CallerUuid,
    /// The area; the whole venue when left out.
    #[schema(value_type = Option<String>)]
    area_id: Option<AreaId>,
    /// People inside now: 0 to 100000.
    inside: u32,
    /// 1 to 200 characters, which go on record; names no visitor.
    reason: String,
}

/// A count set by hand.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RecountView {
    #[schema(value_type = String)]
    uuid: CallerUuid,
    #[schema(value_type = Option<String>)]
    area_id: Option<AreaId>,
    inside: u32,
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    reason: String,
}

/// Sets how many people are inside a place with a limit today; whoever counts goes on from there. Repeated, it
/// answers the same and sets nothing.
#[utoipa::path(post, path = "/v1/venues/{venue_id}/presence", tag = "staff",
    params(("venue_id" = String, Path)), request_body = RecountBody, security(("staff" = [])),
    responses((status = 200, body = RecountView), (status = 400, body = Problem),
        (status = 401, body = Problem), (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 409, body = Problem), (status = 422, body = Problem)))]
pub(crate) async fn recount(
    State(context): State<Context>,
    staff: Staff,
    Path(venue_id): Path<String>,
    Json(body): Json<RecountBody>,
) -> Result<axum::Json<RecountView>, Problem> {
    let venue_id: VenueId = staff.at_venue(&venue_id, &[Role::Manager])?;
    let venue = load_venue(&context, &venue_id).await?;
    let place = body.area_id.clone().map_or(Place::Venue, Place::Area);
    if venue.premises.limit_of(&place).is_none() {
        return Err(problem::not_counted(&place));
    }
    if body.inside > LIMIT_MAX {
        return Err(problem::too_many_inside(body.inside));
    }
    let reason = body.reason.trim();
    if !(1..=REASON_MAX_CHARS).contains(&reason.chars().count()) {
        return Err(problem::reason("reason", REASON_MAX_CHARS));
    }
    let at = context.clock.now();
    let wanted = Recount {
        uuid: body.uuid,
        at,
        actor: staff.subject.to_string(),
        reason: reason.to_owned(),
        place,
        inside: body.inside,
    };
    let made = context.store.recount(&venue_id, venue.day_at(at), &wanted).await;
    let made = made.map_err(internal)?;
    if (&made.place, made.inside, &made.reason) != (&wanted.place, wanted.inside, &wanted.reason) {
        return Err(problem::nonce_reused(body.uuid));
    }
    let RecountBody { uuid, area_id, .. } = body;
    let Recount { inside, at, reason, .. } = made;
    Ok(axum::Json(RecountView { uuid, area_id, inside, at, reason }))
}
