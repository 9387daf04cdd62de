//! The log of what became of a venue's bookings, tickets and slots, for systems that read it by themselves or
//! look for what their endpoint missed.

use atrio_runtime::{Path, Problem, Query, Staff};
use axum::extract::State;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

use crate::{Context, PAGE_MAX, fifty, internal, load, problem};

/// Which events.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct EventsQuery {
    /// The number behind which to read on: `next_after` of the answer before, 0 for all that are kept.
    #[serde(default)]
    after: u64,
    /// How many, at most 200.
    #[serde(default = "fifty")]
    limit: i32,
}

/// Events of a venue.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct EventListView {
    /// The events, oldest first, each as it is sent to endpoints.
    #[schema(value_type = Vec<Object>)]
    events: Vec<Value>,
    /// Where to read on.
    next_after: u64,
    /// The number of the newest event: reading is done when `next_after` is that.
    newest: u64,
}

/// What became of a venue's bookings, tickets and slots, oldest first; kept for 30 days, since the venue has
/// an endpoint.
#[utoipa::path(get, path = "/v1/venues/{venue_id}/events", tag = "staff", security(("staff" = [])),
    params(("venue_id" = String, Path), EventsQuery),
    responses((status = 200, body = EventListView), (status = 400, body = Problem),
        (status = 401, body = Problem), (status = 403, body = Problem), (status = 404, body = Problem)))]
pub(crate) async fn list_events(
    State(context): State<Context>,
    staff: Staff,
    Path(venue_id): Path<String>,
    Query(query): Query<EventsQuery>,
) -> Result<axum::Json<EventListView>, Problem> {
    let owner = load(&context, &staff, &venue_id).await?.venue.id.into();
    if !(1..=PAGE_MAX).contains(&query.limit) {
        return Err(problem::limit(query.limit, PAGE_MAX));
    }
    // Before the events: one that comes meanwhile is then news, not missed.
    let newest = context.store.newest_event(&owner).await.map_err(internal)?;
    let window = (query.after, u64::MAX);
    let found = context.store.events(&owner, window, query.limit).await.map_err(internal)?;
    let next_after = found.last().map_or(query.after, |event| event.sequence);
    let events: Result<Vec<Value>, _> =
        found.iter().map(|event| serde_json::from_str(&event.body)).collect();
    let events = events.map_err(|error| Problem::internal(&error))?;
    Ok(axum::Json(EventListView { events, next_after, newest: newest.max(next_after) }))
}
