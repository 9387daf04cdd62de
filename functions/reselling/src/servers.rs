//! The servers of a reseller as it sees them: how each stands, what it was sent, any of it once more. OCTO registers
//! and deletes servers and has no words for the rest.

use atrio_domain::webhook::EndpointState;
use atrio_domain::webhook::delivery::{REPLAY_MAX, Replay};
use atrio_domain::webhook::secret::Secret;
use atrio_dynamo::event_log::LoggedEvent;
use atrio_dynamo::webhook::{Delivery, DeliveryState, StoredEndpoint, Waking};
use atrio_octo::webhook::OctoWebhook;
use atrio_runtime::random;
use axum::Json;
use axum::extract::State;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::{IntoParams, ToSchema};

use crate::Context;
use crate::caller::Caller;
use crate::error::{OctoError, OctoErrorView};
use crate::portal::{PageQuery, PortalRotateBody, limit};
use crate::request::{Body, Filter, Id};
use crate::webhooks::{ATTEMPTS, busy, find, record};

/// A server with where it stands.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PortalWebhookView {
    #[serde(flatten)]
    webhook: OctoWebhook,
    /// `status`: `ENABLED`; `OFF` by the reseller, `at`; or `DISABLED`, `at` and for what `reason`.
    #[schema(value_type = Object)]
    state: EndpointState,
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
}

impl PortalWebhookView {
    fn of(stored: StoredEndpoint, now: Timestamp) -> Self {
        let StoredEndpoint { endpoint, progress, failing_since, due_at, .. } = stored;
        Self {
            webhook: OctoWebhook::of(&endpoint),
            secret_made_at: endpoint.secrets.current().made_at(),
            previous_secret_until: endpoint.secrets.previous_until(now),
            secret: None,
            state: endpoint.state,
            told_up_to: progress.cursor,
            failed_attempts: progress.attempts,
            failing_since,
            next_try_at: due_at,
        }
    }
}

/// The servers of the reseller, with where each stands.
#[utoipa::path(get, path = "/octo/portal/webhooks", tag = "octo", security(("reseller" = [])),
    responses((status = 200, body = Vec<PortalWebhookView>), (status = 401, body = OctoErrorView),
        (status = 403, body = OctoErrorView)))]
pub(crate) async fn list_webhooks(
    State(context): State<Context>,
    caller: Caller,
) -> Result<Json<Vec<PortalWebhookView>>, OctoError> {
    let now = context.clock.now();
    let stored = context.store.webhooks(&caller.owner()).await?;
    Ok(Json(stored.into_iter().map(|stored| PortalWebhookView::of(stored, now)).collect()))
}

/// Whether a server is told.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(default)]
pub(crate) struct StateBody {
    /// Whether it is; left out, it is.
    enabled: Option<bool>,
}

/// Turns a server off, or on: then it is told from where it stopped.
#[utoipa::path(post, path = "/octo/portal/webhooks/{id}/state", tag = "octo",
    security(("reseller" = [])), params(("id" = String, Path)), request_body = StateBody,
    responses((status = 200, body = PortalWebhookView), (status = 400, body = OctoErrorView),
        (status = 401, body = OctoErrorView), (status = 403, body = OctoErrorView)))]
pub(crate) async fn set_webhook(
    State(context): State<Context>,
    caller: Caller,
    Id(id): Id,
    Body(body): Body<StateBody>,
) -> Result<Json<PortalWebhookView>, OctoError> {
    let wanted = body.enabled.unwrap_or(true);
    for _ in 0..ATTEMPTS {
        let stored = find(&context, &caller, &id).await?;
        let now = context.clock.now();
        if stored.endpoint.is_enabled() == wanted {
            return Ok(Json(PortalWebhookView::of(stored, now)));
        }
        let endpoint = &stored.endpoint;
        let mut settings = endpoint.settings();
        settings.enabled = wanted;
        let to = endpoint.set(&settings, endpoint.url.clone(), now);
        let waking = if wanted { Waking::Now } else { Waking::Never };
        let record = record(&caller, &to, "", json!({"enabled": wanted}), now);
        // Read once more, it stands as it was wanted.
        context.store.change_webhook(&to, waking, now, &record).await?;
    }
    Err(OctoError::from(atrio_dynamo::Error::Stale { key: id }))
}

/// Makes another secret of a server; for a while requests carry a signature under each. The answer holds it, and is
/// the only one that does; repeated within ten minutes, it is the same.
#[utoipa::path(post, path = "/octo/portal/webhooks/{id}/rotate", tag = "octo",
    security(("reseller" = [])), params(("id" = String, Path)), request_body = PortalRotateBody,
    responses((status = 200, body = PortalWebhookView), (status = 400, body = OctoErrorView),
        (status = 401, body = OctoErrorView), (status = 403, body = OctoErrorView)))]
pub(crate) async fn rotate_secret(
    State(context): State<Context>,
    caller: Caller,
    Id(id): Id,
    Body(body): Body<PortalRotateBody>,
) -> Result<Json<PortalWebhookView>, OctoError> {
    let (request, overlap) = body.read()?;
    for _ in 0..ATTEMPTS {
        let stored = find(&context, &caller, &id).await?;
        let now = context.clock.now();
        let secrets = stored.endpoint.secrets.clone();
        if secrets.made_by(request) {
            let secret = secrets.shown_to(request, now).ok_or_else(|| {
                OctoError::unprocessable(
                    "the secret of this request was shown, and is not shown again",
                )
            })?;
            let secret = Some(secret.to_owned());
            return Ok(Json(PortalWebhookView { secret, ..PortalWebhookView::of(stored, now) }));
        }
        let fresh = Secret::new(random::bytes(), request, now);
        let mut to = stored.endpoint;
        to.secrets = secrets.rotated(fresh, overlap, now);
        to.version += 1;
        let after = json!({"rotated": true, "overlap_hours": overlap.as_hours()});
        let record = record(&caller, &to, "/secret", after, now);
        // Read once more, it is a repeat of this request.
        context.store.change_webhook(&to, Waking::AsItWas, now, &record).await?;
    }
    Err(busy(request))
}

/// Asks for events to be sent once more.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(default)]
pub(crate) struct PortalReplayBody {
    /// The number of the first.
    from: u64,
    /// The number of the last; the first alone where nothing is said.
    to: Option<u64>,
}

/// The events that are sent once more.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PortalReplayView {
    from: u64,
    to: u64,
}

/// Sends a server events of the log once more, with the ids that they have and as things stand by then.
#[utoipa::path(post, path = "/octo/portal/webhooks/{id}/replay", tag = "octo",
    security(("reseller" = [])), params(("id" = String, Path)), request_body = PortalReplayBody,
    responses((status = 200, body = PortalReplayView), (status = 400, body = OctoErrorView),
        (status = 401, body = OctoErrorView), (status = 403, body = OctoErrorView)))]
pub(crate) async fn replay(
    State(context): State<Context>,
    caller: Caller,
    Id(id): Id,
    Body(body): Body<PortalReplayBody>,
) -> Result<Json<PortalReplayView>, OctoError> {
    let (from, to) = (body.from, body.to.unwrap_or(body.from));
    if from == 0 || to < from || to - from >= REPLAY_MAX {
        return Err(OctoError::bad(format_args!(
            "`from` and `to` name no 1 to {REPLAY_MAX} events, counted from 1"
        )));
    }
    for _ in 0..ATTEMPTS {
        let stored = find(&context, &caller, &id).await?;
        if !stored.endpoint.is_enabled() {
            return Err(OctoError::unprocessable("the webhook is off, so nothing is sent to it"));
        }
        let newest = context.store.newest_event(&stored.endpoint.owner).await?;
        if to > newest {
            return Err(OctoError::unprocessable(format_args!(
                "`to` is {to}, the newest event is {newest}"
            )));
        }
        match stored.progress.replay {
            // A repeat after a lost answer.
            Some(replay) if replay.to == to && replay.next >= from => {
                return Ok(Json(PortalReplayView { from, to }));
            }
            Some(Replay { next, to }) => {
                return Err(OctoError::unprocessable(format_args!(
                    "the events {next} to {to} are being sent once more: ask again when those are sent"
                )));
            }
            None => {}
        }
        let replay = Replay { next: from, to };
        if context.store.replay_events(&stored, replay, context.clock.now()).await? {
            return Ok(Json(PortalReplayView { from, to }));
        }
    }
    Err(OctoError::from(atrio_dynamo::Error::Stale { key: id }))
}

/// What became of one event.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct PortalDeliveryView {
    /// The event's number.
    sequence: u64,
    event_id: String,
    event: String,
    /// `DELIVERED`, `WAITING` or `GIVEN_UP`.
    status: &'static str,
    /// When it is sent again.
    #[schema(value_type = Option<String>)]
    next_at: Option<Timestamp>,
    attempts: u32,
    #[schema(value_type = String)]
    last_at: Timestamp,
    /// What the server answered, or why it did not.
    last_outcome: String,
    last_millis: u64,
}

impl From<Delivery> for PortalDeliveryView {
    fn from(delivery: Delivery) -> Self {
        let (status, next_at) = match delivery.state {
            DeliveryState::Delivered => ("DELIVERED", None),
            DeliveryState::Waiting { next_at } => ("WAITING", Some(next_at)),
            DeliveryState::GivenUp => ("GIVEN_UP", None),
        };
        let Delivery {
            sequence, event, kind, attempts, last_at, last_outcome, last_millis, ..
        } = delivery;
        Self {
            sequence,
            event_id: event,
            event: kind,
            status,
            next_at,
            attempts,
            last_at,
            last_outcome,
            last_millis,
        }
    }
}

/// What became of the events of one server.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DeliveriesView {
    deliveries: Vec<PortalDeliveryView>,
    /// For the next page; none on the last one.
    next_cursor: Option<String>,
}

/// What became of the events that a server was sent, newest event first; kept for 30 days.
#[utoipa::path(get, path = "/octo/portal/webhooks/{id}/deliveries", tag = "octo",
    security(("reseller" = [])), params(("id" = String, Path), PageQuery),
    responses((status = 200, body = DeliveriesView), (status = 400, body = OctoErrorView),
        (status = 401, body = OctoErrorView), (status = 403, body = OctoErrorView)))]
pub(crate) async fn list_deliveries(
    State(context): State<Context>,
    caller: Caller,
    Id(id): Id,
    Filter(query): Filter<PageQuery>,
) -> Result<Json<DeliveriesView>, OctoError> {
    let (limit, cursor) = (query.limit()?, query.cursor.as_deref());
    let endpoint = find(&context, &caller, &id).await?.endpoint;
    let (found, next_cursor) =
        context.store.deliveries(&endpoint.owner, endpoint.id, cursor, limit).await?;
    let deliveries = found.into_iter().map(PortalDeliveryView::from).collect();
    Ok(Json(DeliveriesView { deliveries, next_cursor }))
}

/// Which events.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct EventsQuery {
    /// The number behind which to read on: `nextAfter` of the answer before, 0 for all that are kept.
    after: Option<u64>,
    /// How many, at most 100.
    limit: Option<i32>,
}

/// An event, as one server is told of it.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct EventView {
    /// Its number.
    sequence: u64,
    event_id: String,
    event: &'static str,
    /// The server that is told of it.
    webhook_id: Option<String>,
    /// As it is sent.
    #[schema(value_type = Object)]
    body: Value,
}

impl From<LoggedEvent> for EventView {
    fn from(event: LoggedEvent) -> Self {
        Self {
            sequence: event.sequence,
            event_id: event.id.to_string(),
            event: event.kind.name(),
            webhook_id: event.only_for.map(|id| id.to_string()),
            // What we wrote ourselves can be read.
            body: serde_json::from_str(&event.body).unwrap_or_default(),
        }
    }
}

/// Events of a reseller.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct EventsView {
    /// The events, oldest first.
    events: Vec<EventView>,
    /// Where to read on.
    next_after: u64,
    /// The number of the newest event: reading is done when `nextAfter` is that.
    newest: u64,
}

/// What became of the reseller's bookings and of places that it may sell, oldest first; kept for 30 days, since it has
/// a server.
#[utoipa::path(get, path = "/octo/portal/events", tag = "octo", security(("reseller" = [])),
    params(EventsQuery),
    responses((status = 200, body = EventsView), (status = 400, body = OctoErrorView),
        (status = 401, body = OctoErrorView), (status = 403, body = OctoErrorView)))]
pub(crate) async fn list_events(
    State(context): State<Context>,
    caller: Caller,
    Filter(query): Filter<EventsQuery>,
) -> Result<Json<EventsView>, OctoError> {
    let (owner, after, limit) = (caller.owner(), query.after.unwrap_or(0), limit(query.limit)?);
    // Before the events: one that comes meanwhile is then news, not missed.
    let newest = context.store.newest_event(&owner).await?;
    let found = context.store.events(&owner, (after, u64::MAX), limit).await?;
    let next_after = found.last().map_or(after, |event| event.sequence);
    let events = found.into_iter().map(EventView::from).collect();
    Ok(Json(EventsView { events, next_after, newest: newest.max(next_after) }))
}
