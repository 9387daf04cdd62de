//! The servers that are told what becomes of a venue's bookings, tickets and slots, as the venue's staff
//! register them. A secret is shown to the request that makes it, and to nobody later.

use atrio_domain::id::{CallerUuid, VenueId};
use atrio_domain::staff::Reach;
use atrio_domain::webhook::delivery::Replay;
use atrio_domain::webhook::secret::{Secret, Secrets};
use atrio_domain::webhook::{ENDPOINTS_MAX, Endpoint, EndpointState, Owner, Settings};
use atrio_dynamo::audit::AuditRecord;
use atrio_dynamo::webhook::{StoredEndpoint, Waking};
use atrio_runtime::{Json, Path, Problem, Role, Staff, random};
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;

use crate::{
    ATTEMPTS, Context, Tagged, entity_tag, internal, json as written, load, must_know, problem,
    tagged,
};

/// The longest that two secrets sign side by side.
const OVERLAP_MAX_HOURS: u32 = 168;

/// An endpoint as its venue's staff see it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct WebhookView {
    /// Its key.
    #[schema(value_type = String)]
    id: CallerUuid,
    /// What staff set: `url`, `events`, `description`, `enabled`.
    #[serde(flatten)]
    #[schema(value_type = Object)]
    settings: Settings,
    /// `status`: `ENABLED`; `OFF` by staff, `at`; or `DISABLED`, `at` and for what `reason`.
    #[schema(value_type = Object)]
    state: EndpointState,
    #[schema(value_type = String)]
    created_at: Timestamp,
    /// When its secret was made.
    #[schema(value_type = String)]
    secret_made_at: Timestamp,
    /// Until when the secret before that signs as well.
    #[schema(value_type = Option<String>)]
    previous_secret_until: Option<Timestamp>,
    /// The secret: in the answer to the request that makes it only.
    #[serde(skip_serializing_if = "Option::is_none")]
    secret: Option<String>,
    /// The number of the last event that it took, or did not want.
    told_up_to: u64,
    /// How often the next event was sent in vain.
    failed_attempts: u32,
    /// Since when.
    #[schema(value_type = Option<String>)]
    failing_since: Option<Timestamp>,
    /// When it is told next; none where there is nothing to tell.
    #[schema(value_type = Option<String>)]
    next_try_at: Option<Timestamp>,
    /// Events that are sent once more: `next` and `to`.
    #[schema(value_type = Option<Object>)]
    replay: Option<Replay>,
}

impl WebhookView {
    fn of(stored: StoredEndpoint, now: Timestamp) -> Self {
        let StoredEndpoint { endpoint, progress, failing_since, due_at, .. } = stored;
        Self {
            id: endpoint.id,
            settings: endpoint.settings(),
            created_at: endpoint.created_at,
            secret_made_at: endpoint.secrets.current().made_at(),
            previous_secret_until: endpoint.secrets.previous_until(now),
            secret: None,
            state: endpoint.state,
            told_up_to: progress.cursor,
            failed_attempts: progress.attempts,
            failing_since,
            next_try_at: due_at,
            replay: progress.replay,
        }
    }

    /// With the secret, for the request that made it.
    fn showing(self, secrets: &Secrets, request: CallerUuid, now: Timestamp) -> Self {
        Self { secret: secrets.shown_to(request, now).map(ToOwned::to_owned), ..self }
    }
}

/// The endpoints of a venue.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct WebhookListView {
    webhooks: Vec<WebhookView>,
}

/// The servers that are told of a venue's events, by id.
#[utoipa::path(get, path = "/v1/venues/{venue_id}/webhooks", tag = "staff", security(("staff" = [])),
    params(("venue_id" = String, Path)),
    responses((status = 200, body = WebhookListView), (status = 400, body = Problem),
        (status = 401, body = Problem), (status = 403, body = Problem), (status = 404, body = Problem)))]
pub(crate) async fn list_webhooks(
    State(context): State<Context>,
    staff: Staff,
    Path(venue_id): Path<String>,
) -> Result<axum::Json<WebhookListView>, Problem> {
    let venue = load(&context, &staff, &venue_id).await?.venue;
    let now = context.clock.now();
    let stored = context.store.webhooks(&venue.id.into()).await.map_err(internal)?;
    let webhooks = stored.into_iter().map(|stored| WebhookView::of(stored, now)).collect();
    Ok(axum::Json(WebhookListView { webhooks }))
}

/// One server that is told of a venue's events.
#[utoipa::path(get, path = "/v1/venues/{venue_id}/webhooks/{webhook_id}", tag = "staff",
    security(("staff" = [])), params(("venue_id" = String, Path), ("webhook_id" = String, Path)),
    responses((status = 200, body = WebhookView), (status = 400, body = Problem),
        (status = 401, body = Problem), (status = 403, body = Problem), (status = 404, body = Problem)))]
pub(crate) async fn show_webhook(
    State(context): State<Context>,
    staff: Staff,
    Path((venue_id, webhook_id)): Path<(String, String)>,
) -> Result<Tagged<WebhookView>, Problem> {
    let stored = find(&context, &staff, &venue_id, &webhook_id).await?;
    answer(stored, context.clock.now())
}

fn answer(stored: StoredEndpoint, now: Timestamp) -> Result<Tagged<WebhookView>, Problem> {
    let tag = entity_tag(&written(&stored.endpoint.settings())?);
    Ok(tagged((tag, WebhookView::of(stored, now))))
}

/// Registers a server to be told of a venue's events, under a uuid of the caller's, or changes it. The answer
/// to the registration holds the secret, and is the only one that does; repeated within ten minutes, it is the
/// same. What follows the registration is told; one that was off or disabled goes on where it stopped.
#[utoipa::path(put, path = "/v1/venues/{venue_id}/webhooks/{webhook_id}", tag = "staff",
    security(("staff" = [])),
    params(("venue_id" = String, Path), ("webhook_id" = String, Path),
        ("If-Match" = Option<String>, Header), ("If-None-Match" = Option<String>, Header)),
    request_body(content = Object, description = "`url`, `events`, `description`, `enabled`, as read"),
    responses((status = 200, body = WebhookView), (status = 201, body = WebhookView),
        (status = 400, body = Problem), (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 404, body = Problem), (status = 409, body = Problem), (status = 412, body = Problem),
        (status = 413, body = Problem), (status = 415, body = Problem), (status = 422, body = Problem),
        (status = 428, body = Problem)))]
pub(crate) async fn change_webhook(
    State(context): State<Context>,
    staff: Staff,
    Path((venue_id, webhook_id)): Path<(String, String)>,
    headers: HeaderMap,
    Json(wanted): Json<Settings>,
) -> Result<(StatusCode, Tagged<WebhookView>), Problem> {
    let owner: Owner = load(&context, &staff, &venue_id).await?.venue.id.into();
    let id = webhook_id_of(&webhook_id)?;
    let url = wanted.check(context.destinations).map_err(|error| problem::webhook(&error))?;
    let wanted = Settings { url: url.as_str().to_owned(), ..wanted };
    let store = &context.store;
    for _ in 0..ATTEMPTS {
        let now = context.clock.now();
        let endpoints = store.webhooks(&owner).await.map_err(internal)?;
        let count = endpoints.len();
        let known = endpoints.into_iter().find(|stored| stored.endpoint.id == id);
        let Some(known) = known else {
            must_know(&headers, None)?;
            if count >= ENDPOINTS_MAX {
                return Err(problem::too_many_webhooks());
            }
            let secrets = Secrets::first(Secret::new(random::bytes(), id, now));
            let state = if wanted.enabled {
                EndpointState::Enabled
            } else {
                EndpointState::Off { at: now }
            };
            let (events, description) = (wanted.events.clone(), wanted.description.clone());
            let (owner, url) = (owner.clone(), url.clone());
            let made = Endpoint {
                id,
                owner,
                url,
                events,
                capabilities: Vec::new(),
                description,
                state,
                secrets,
                created_at: now,
                version: 1,
            };
            let record = record(&context, &staff, &made, "", None, written(&wanted)?)?;
            let newest = store.newest_event(&made.owner).await.map_err(internal)?;
            if store.register_webhook(&made, newest, &record).await.map_err(internal)? {
                let stored = find(&context, &staff, &venue_id, &webhook_id).await?;
                let (tag, axum::Json(view)) = answer(stored, now)?;
                let view = view.showing(&made.secrets, id, now);
                return Ok((StatusCode::CREATED, (tag, axum::Json(view))));
            }
            continue;
        };
        let before = written(&known.endpoint.settings())?;
        // The same content again is a repeat after a lost answer.
        if before == written(&wanted)? {
            let secrets = known.endpoint.secrets.clone();
            let (tag, axum::Json(view)) = answer(known, now)?;
            return Ok((StatusCode::OK, (tag, axum::Json(view.showing(&secrets, id, now)))));
        }
        must_know(&headers, Some(&before))?;
        let waking = match (known.endpoint.is_enabled(), wanted.enabled) {
            (_, false) => Waking::Never,
            (false, true) => Waking::Now,
            // Whoever mends the address of one that fails wants to see it told.
            (true, true) if known.failing_since.is_some() => Waking::Now,
            (true, true) => Waking::AsItWas,
        };
        let to = known.endpoint.set(&wanted, url.clone(), now);
        let record = record(&context, &staff, &to, "", Some(before), written(&wanted)?)?;
        if store.change_webhook(&to, waking, now, &record).await.map_err(internal)? {
            let stored = find(&context, &staff, &venue_id, &webhook_id).await?;
            return Ok((StatusCode::OK, answer(stored, now)?));
        }
    }
    Err(Problem::busy())
}

/// That an endpoint is no more.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RemovedView {
    #[schema(value_type = String)]
    id: CallerUuid,
}

/// Takes a server away: it is told nothing more. The log of the venue's events ends with its last one.
#[utoipa::path(delete, path = "/v1/venues/{venue_id}/webhooks/{webhook_id}", tag = "staff",
    security(("staff" = [])), params(("venue_id" = String, Path), ("webhook_id" = String, Path)),
    responses((status = 200, body = RemovedView), (status = 400, body = Problem),
        (status = 401, body = Problem), (status = 403, body = Problem), (status = 404, body = Problem)))]
pub(crate) async fn remove_webhook(
    State(context): State<Context>,
    staff: Staff,
    Path((venue_id, webhook_id)): Path<(String, String)>,
) -> Result<axum::Json<RemovedView>, Problem> {
    let owner: Owner = load(&context, &staff, &venue_id).await?.venue.id.into();
    let id = webhook_id_of(&webhook_id)?;
    if let Some(stored) = context.store.webhook(&owner, id).await.map_err(internal)? {
        let before = Some(written(&stored.endpoint.settings())?);
        let record = record(&context, &staff, &stored.endpoint, "", before, Value::Null)?;
        // One that another request took away meanwhile is away.
        context.store.remove_webhook(&owner, id, &record).await.map_err(internal)?;
    }
    Ok(axum::Json(RemovedView { id }))
}

/// Asks for another secret.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RotateBody {
    /// Made by the caller; its idempotency key.
    #[schema(value_type = String)]
    uuid: CallerUuid,
    /// For how long the secret before signs as well, 0 to 168; a day where nothing is said.
    #[serde(default = "a_day")]
    overlap_hours: u32,
}

fn a_day() -> u32 {
    24
}

/// Makes another secret; for a while requests carry a signature under each. The answer holds it, and is the
/// only one that does; repeated within ten minutes, it is the same.
#[utoipa::path(post, path = "/v1/venues/{venue_id}/webhooks/{webhook_id}/rotate", tag = "staff",
    security(("staff" = [])), params(("venue_id" = String, Path), ("webhook_id" = String, Path)),
    request_body = RotateBody,
    responses((status = 200, body = WebhookView), (status = 400, body = Problem),
        (status = 401, body = Problem), (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 409, body = Problem), (status = 413, body = Problem), (status = 415, body = Problem),
        (status = 422, body = Problem)))]
pub(crate) async fn rotate_secret(
    State(context): State<Context>,
    staff: Staff,
    Path((venue_id, webhook_id)): Path<(String, String)>,
    Json(body): Json<RotateBody>,
) -> Result<Tagged<WebhookView>, Problem> {
    let overlap_hours = body.overlap_hours;
    if overlap_hours > OVERLAP_MAX_HOURS {
        return Err(problem::overlap(overlap_hours, OVERLAP_MAX_HOURS));
    }
    for _ in 0..ATTEMPTS {
        let stored = find(&context, &staff, &venue_id, &webhook_id).await?;
        let now = context.clock.now();
        let secrets = &stored.endpoint.secrets;
        if secrets.made_by(body.uuid) {
            let secrets = secrets.clone();
            if secrets.shown_to(body.uuid, now).is_none() {
                return Err(problem::secret_shown_before());
            }
            let (tag, axum::Json(view)) = answer(stored, now)?;
            return Ok((tag, axum::Json(view.showing(&secrets, body.uuid, now))));
        }
        let fresh = Secret::new(random::bytes(), body.uuid, now);
        let overlap = SignedDuration::from_hours(overlap_hours.into());
        let secrets = secrets.rotated(fresh, overlap, now);
        let version = stored.endpoint.version + 1;
        let to = Endpoint { secrets, version, ..stored.endpoint };
        let after = json!({"rotated": true, "overlap_hours": overlap_hours});
        let record = record(&context, &staff, &to, "/secret", None, after)?;
        let store = &context.store;
        // Read once more, it is a repeat of this request.
        store.change_webhook(&to, Waking::AsItWas, now, &record).await.map_err(internal)?;
    }
    Err(Problem::busy())
}

fn webhook_id_of(text: &str) -> Result<CallerUuid, Problem> {
    text.parse().map_err(|error| Problem::malformed_id("webhook_id", error))
}

pub(crate) async fn find(
    context: &Context,
    staff: &Staff,
    venue_id: &str,
    webhook_id: &str,
) -> Result<StoredEndpoint, Problem> {
    let owner: Owner = load(context, staff, venue_id).await?.venue.id.into();
    let id = webhook_id_of(webhook_id)?;
    let found = context.store.webhook(&owner, id).await.map_err(internal)?;
    found.ok_or_else(|| problem::unknown_webhook(id))
}

/// The venue that an endpoint is of; those of resellers are no business of a venue's staff.
pub(crate) fn venue_of(endpoint: &Endpoint) -> Result<&VenueId, Problem> {
    endpoint.owner.venue().ok_or_else(|| problem::unknown_webhook(endpoint.id))
}

fn record(
    context: &Context,
    staff: &Staff,
    endpoint: &Endpoint,
    part: &str,
    before: Option<Value>,
    after: Value,
) -> Result<AuditRecord, Problem> {
    let venue = venue_of(endpoint)?;
    let role = staff.must_be_at(venue, &[Role::Manager])?;
    Ok(AuditRecord {
        reach: Reach::Venue(venue.clone()),
        actor: staff.subject.to_string(),
        role: role.name().to_owned(),
        at: context.clock.now(),
        version: endpoint.version,
        part: format!("webhooks/{}{part}", endpoint.id),
        before,
        after,
    })
}
