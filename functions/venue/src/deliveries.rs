//! What a registered server is sent: a test, events of the log once more, and what became of each.

use atrio_domain::id::CallerUuid;
use atrio_domain::webhook::delivery::{REPLAY_MAX, Replay};
use atrio_domain::webhook::event::of_test;
use atrio_dynamo::webhook::{Delivery, DeliveryState, StoredEndpoint};
use atrio_runtime::{Json, Path, Problem, Query, Staff};
use axum::extract::State;
use axum::http::StatusCode;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::webhooks::{find, venue_of};
use crate::{ATTEMPTS, AuditQuery, Context, PAGE_MAX, internal, problem};

/// Asks for a try.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TestBody {
    /// Made by the caller; its idempotency key.
    #[schema(value_type = String)]
    uuid: CallerUuid,
}

/// The event that is sent.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TestView {
    event_id: String,
}

/// Sends a server an event `webhook.test`, in its turn and at once: where an earlier event is not taken, that
/// one is tried first. What came of it is in the deliveries.
#[utoipa::path(post, path = "/v1/venues/{venue_id}/webhooks/{webhook_id}/test", tag = "staff",
    security(("staff" = [])), params(("venue_id" = String, Path), ("webhook_id" = String, Path)),
    request_body = TestBody,
    responses((status = 202, body = TestView), (status = 400, body = Problem),
        (status = 401, body = Problem), (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 409, body = Problem), (status = 413, body = Problem), (status = 415, body = Problem),
        (status = 422, body = Problem)))]
pub(crate) async fn test_webhook(
    State(context): State<Context>,
    staff: Staff,
    Path((venue_id, webhook_id)): Path<(String, String)>,
    Json(body): Json<TestBody>,
) -> Result<(StatusCode, axum::Json<TestView>), Problem> {
    let stored = find_enabled(&context, &staff, &venue_id, &webhook_id).await?;
    let now = context.clock.now();
    let news = of_test(venue_of(&stored.endpoint)?, stored.endpoint.id, body.uuid, now);
    context.store.log_event(&news, None, now).await.map_err(internal)?;
    // Where it waits after a failure; where it changed meanwhile, whoever changed it woke it.
    let stored = find_enabled(&context, &staff, &venue_id, &webhook_id).await?;
    context.store.hurry_webhook(&stored, now).await.map_err(internal)?;
    Ok((StatusCode::ACCEPTED, axum::Json(TestView { event_id: news.id.to_string() })))
}

/// Asks for events to be sent once more.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReplayBody {
    /// The number of the first.
    from: u64,
    /// The number of the last; the first alone where nothing is said.
    to: Option<u64>,
}

/// The events that are sent once more.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ReplayView {
    from: u64,
    to: u64,
}

/// Sends a server events of the log once more, with the ids that they have, before the next one. Asked for
/// again, they are sent again.
#[utoipa::path(post, path = "/v1/venues/{venue_id}/webhooks/{webhook_id}/replay", tag = "staff",
    security(("staff" = [])), params(("venue_id" = String, Path), ("webhook_id" = String, Path)),
    request_body = ReplayBody,
    responses((status = 202, body = ReplayView), (status = 400, body = Problem),
        (status = 401, body = Problem), (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 409, body = Problem), (status = 413, body = Problem), (status = 415, body = Problem),
        (status = 422, body = Problem)))]
pub(crate) async fn replay_events(
    State(context): State<Context>,
    staff: Staff,
    Path((venue_id, webhook_id)): Path<(String, String)>,
    Json(body): Json<ReplayBody>,
) -> Result<(StatusCode, axum::Json<ReplayView>), Problem> {
    let (from, to) = (body.from, body.to.unwrap_or(body.from));
    if from == 0 || to < from {
        let fix = "write the numbers of the first and the last, counted from 1";
        return Err(problem::replay("from", "begins no range", fix));
    }
    if to - from >= REPLAY_MAX {
        let what = format!("is {} events away, at most {REPLAY_MAX} are sent", to - from + 1);
        return Err(problem::replay("to", what, "ask for fewer, and for the others later"));
    }
    for _ in 0..ATTEMPTS {
        let stored = find_enabled(&context, &staff, &venue_id, &webhook_id).await?;
        let newest = context.store.newest_event(&stored.endpoint.owner).await.map_err(internal)?;
        if to > newest {
            let what = format!("is {to}, the newest event is {newest}");
            return Err(problem::replay(
                if body.to.is_some() { "to" } else { "from" },
                what,
                "take a number from `GET /v1/venues/{venue_id}/events`",
            ));
        }
        let answer = (StatusCode::ACCEPTED, axum::Json(ReplayView { from, to }));
        match stored.progress.replay {
            // A repeat after a lost answer.
            Some(replay) if replay.to == to && replay.next >= from => return Ok(answer),
            Some(replay) => return Err(problem::replay_running(replay.next, replay.to)),
            None => {}
        }
        let replay = Replay { next: from, to };
        let now = context.clock.now();
        if context.store.replay_events(&stored, replay, now).await.map_err(internal)? {
            return Ok(answer);
        }
    }
    Err(Problem::busy())
}

/// What became of one event.
#[derive(Debug, Serialize, ToSchema)]
struct DeliveryView {
    /// The event's number.
    sequence: u64,
    event_id: String,
    #[serde(rename = "type")]
    kind: String,
    /// `DELIVERED`; `WAITING`, until `next_at`; or `GIVEN_UP`.
    #[serde(flatten)]
    #[schema(value_type = Object)]
    state: DeliveryState,
    attempts: u32,
    #[schema(value_type = String)]
    last_at: Timestamp,
    /// What the server answered, or why it did not.
    last_outcome: String,
    last_millis: u64,
}

impl From<Delivery> for DeliveryView {
    fn from(delivery: Delivery) -> Self {
        let Delivery { sequence, event, kind, state, attempts, last_at, last_outcome, last_millis } =
            delivery;
        Self {
            sequence,
            event_id: event,
            kind,
            state,
            attempts,
            last_at,
            last_outcome,
            last_millis,
        }
    }
}

/// What became of the events of one server.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DeliveryListView {
    deliveries: Vec<DeliveryView>,
    /// For the next page; none on the last one.
    next_cursor: Option<String>,
}

/// What became of the events that a server was sent, newest event first; kept for 30 days.
#[utoipa::path(get, path = "/v1/venues/{venue_id}/webhooks/{webhook_id}/deliveries", tag = "staff",
    security(("staff" = [])),
    params(("venue_id" = String, Path), ("webhook_id" = String, Path), AuditQuery),
    responses((status = 200, body = DeliveryListView), (status = 400, body = Problem),
        (status = 401, body = Problem), (status = 403, body = Problem), (status = 404, body = Problem)))]
pub(crate) async fn list_deliveries(
    State(context): State<Context>,
    staff: Staff,
    Path((venue_id, webhook_id)): Path<(String, String)>,
    Query(query): Query<AuditQuery>,
) -> Result<axum::Json<DeliveryListView>, Problem> {
    let endpoint = find(&context, &staff, &venue_id, &webhook_id).await?.endpoint;
    if !(1..=PAGE_MAX).contains(&query.limit) {
        return Err(problem::limit(query.limit, PAGE_MAX));
    }
    let cursor = query.cursor.as_deref();
    let (found, next_cursor) = context
        .store
        .deliveries(&endpoint.owner, endpoint.id, cursor, query.limit)
        .await
        .map_err(internal)?;
    let deliveries = found.into_iter().map(DeliveryView::from).collect();
    Ok(axum::Json(DeliveryListView { deliveries, next_cursor }))
}

async fn find_enabled(
    context: &Context,
    staff: &Staff,
    venue_id: &str,
    webhook_id: &str,
) -> Result<StoredEndpoint, Problem> {
    let found = find(context, staff, venue_id, webhook_id).await?;
    if found.endpoint.is_enabled() { Ok(found) } else { Err(problem::webhook_off()) }
}
