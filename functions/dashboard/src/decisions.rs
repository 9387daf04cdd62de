//! The risk decisions of a venue with their reasons, newest first, for the staff who look at them.

use atrio_domain::id::{SlotId, VenueId};
use atrio_domain::risk::{Decision, Outcome, Reason};
use atrio_dynamo::decision::DecisionRecord;
use atrio_runtime::{Problem, Query, Role, Staff};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::Context;

/// Decisions in one answer, unless fewer are asked for.
const PAGE_MAX: i32 = 200;

/// Which decisions.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct DecisionsQuery {
    /// The venue.
    venue_id: String,
    /// How many, at most 200.
    #[serde(default = "fifty")]
    limit: i32,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

fn fifty() -> i32 {
    50
}

/// A page of decisions.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DecisionListView {
    decisions: Vec<DecisionView>,
    /// Ask with it for the next page; none on the last one.
    next_cursor: Option<String>,
}

/// One decision.
#[derive(Debug, Serialize, ToSchema)]
struct DecisionView {
    /// Names the booking among staff; the uuid itself is the visitor's key.
    booking_reference: String,
    #[schema(value_type = String)]
    venue_id: VenueId,
    #[schema(value_type = String)]
    slot_id: SlotId,
    #[schema(value_type = String)]
    outcome: Outcome,
    score: u32,
    #[schema(value_type = Vec<Object>)]
    reasons: Vec<Reason>,
    #[schema(value_type = String, format = DateTime)]
    decided_at: Timestamp,
    rules_version: String,
}

impl From<DecisionRecord> for DecisionView {
    fn from(record: DecisionRecord) -> Self {
        let Decision { outcome, score, reasons, decided_at, rules_version } = record.decision;
        Self {
            booking_reference: record.booking.reference(),
            venue_id: record.venue,
            slot_id: record.slot,
            outcome,
            score,
            reasons,
            decided_at,
            rules_version,
        }
    }
}

/// The risk decisions of this month at a venue, newest first, each with its reasons.
#[utoipa::path(get, path = "/v1/decisions", tag = "staff", params(DecisionsQuery), security(("staff" = [])),
    responses((status = 200, body = DecisionListView), (status = 400, body = Problem),
        (status = 401, body = Problem), (status = 403, body = Problem)))]
pub(crate) async fn list_decisions(
    State(context): State<Context>,
    staff: Staff,
    Query(query): Query<DecisionsQuery>,
) -> Result<Json<DecisionListView>, Problem> {
    let venue = staff.at_venue(&query.venue_id, &[Role::Manager])?;
    if !(1..=PAGE_MAX).contains(&query.limit) {
        return Err(Problem::new(StatusCode::BAD_REQUEST, "invalid-query")
            .detail(format_args!("`limit` is {}, 1 to {PAGE_MAX} are answered", query.limit))
            .field("limit", "is out of range", format!("ask for at most {PAGE_MAX}")));
    }
    let (records, next_cursor) = context
        .store
        .decisions(&venue, context.clock.now(), query.cursor.as_deref(), query.limit)
        .await
        .map_err(|error| Problem::internal(&error))?;
    let decisions = records.into_iter().map(DecisionView::from).collect();
    Ok(Json(DecisionListView { decisions, next_cursor }))
}
