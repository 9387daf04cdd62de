//! What a gate carries so that it can decide by itself while its line is down.

use atrio_domain::gate::bundle::Bundle;
use atrio_runtime::extract::{Path, is_known};
use atrio_runtime::{Problem, Query, Role, Staff};
use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use jiff::civil::Date;
use serde::Deserialize;
use sha2::{Digest, Sha256};
use utoipa::IntoParams;

use crate::{Context, internal, load_venue};

/// Which day.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct DayQuery {
    /// The day at the venue, `2026-11-24`; today when left out.
    #[param(value_type = Option<String>, format = Date)]
    day: Option<Date>,
}

/// What the gates of a venue need for a day: keys, expected tickets and where each stands, without
/// any personal data. With the entity tag of the last answer, an unchanged day answers 304.
#[utoipa::path(get, path = "/v1/venues/{venue_id}/gate-bundle", tag = "gate",
    params(("venue_id" = String, Path), DayQuery), security(("staff" = [])),
    responses((status = 200, body = Object), (status = 304, description = "Nothing changed"),
        (status = 400, body = Problem), (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 404, body = Problem)))]
pub(crate) async fn show_bundle(
    State(context): State<Context>,
    staff: Staff,
    Path(venue_id): Path<String>,
    Query(query): Query<DayQuery>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let venue_id = staff.at_venue(&venue_id, &[Role::Gate, Role::Manager])?;
    let venue = load_venue(&context, &venue_id).await?;
    let now = context.clock.now();
    let day = query.day.unwrap_or_else(|| venue.day_at(now));
    let tickets = context.store.tickets_of_day(&venue_id, day).await.map_err(internal)?;
    let bundle = Bundle::of(&venue, day, &context.ticket_keys.current(), tickets, now);
    let tag = entity_tag(&bundle)?;
    let caching = [
        (header::ETAG, tag.clone()),
        (header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache")),
    ];
    if is_known(&headers, &tag) {
        return Ok((StatusCode::NOT_MODIFIED, caching).into_response());
    }
    Ok((caching, Json(bundle)).into_response())
}

/// Names what the bundle says, whenever it was made.
fn entity_tag(bundle: &Bundle) -> Result<HeaderValue, Problem> {
    let undated = Bundle { made_at: Timestamp::UNIX_EPOCH, ..bundle.clone() };
    let text = serde_json::to_vec(&undated).map_err(|error| Problem::internal(&error))?;
    let digest = Sha256::digest(text);
    let name: String = digest[..12].iter().map(|byte| format!("{byte:02x}")).collect();
    HeaderValue::from_str(&format!("\"{name}\"")).map_err(|error| Problem::internal(&error))
}
