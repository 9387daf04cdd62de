//! The capability `octo/webhooks`: a reseller's servers are told what becomes of its own bookings, and of places
//! that it may sell. Signed and sent again like everybody's; only the form is OCTO's.

use atrio_domain::id::CallerUuid;
use atrio_domain::staff::Reach;
use atrio_domain::webhook::event::EventKind;
use atrio_domain::webhook::secret::{Secret, Secrets};
use atrio_domain::webhook::{ENDPOINTS_MAX, Endpoint, EndpointState, Owner, Settings};
use atrio_dynamo::audit::AuditRecord;
use atrio_dynamo::webhook::{StoredEndpoint, Waking};
use atrio_octo::viewer::{Capabilities, WEBHOOKS};
use atrio_octo::webhook::OctoWebhook;
use atrio_runtime::random;
use axum::Json;
use axum::extract::State;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};
use utoipa::ToSchema;

use crate::Context;
use crate::caller::Caller;
use crate::error::{OctoError, OctoErrorView};
use crate::request::{Body, Id};

/// How often a step is tried when others change the same server.
pub(crate) const ATTEMPTS: u32 = 8;

/// A server to be told.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct WebhookBody {
    /// Where.
    url: Option<String>,
    /// Of what: `booking_update` or `availability_update`.
    event: Option<String>,
    /// Headers of one's own; none are sent, so an object that holds some is refused.
    #[schema(value_type = Object)]
    headers: Map<String, Value>,
}

/// A server as it is registered, with its secret for the request that registered it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RegisteredWebhook {
    #[serde(flatten)]
    webhook: OctoWebhook,
    /// What requests are signed with; in the answer to the registration only, and to its repeats for ten minutes.
    #[serde(skip_serializing_if = "Option::is_none")]
    secret: Option<String>,
}

/// The reseller's servers that are told.
#[utoipa::path(get, path = "/octo/webhooks", tag = "octo", security(("reseller" = [])),
    responses((status = 200, body = Vec<OctoWebhook>), (status = 401, body = OctoErrorView),
        (status = 403, body = OctoErrorView)))]
pub(crate) async fn list(
    State(context): State<Context>,
    caller: Caller,
) -> Result<Json<Vec<OctoWebhook>>, OctoError> {
    let stored = context.store.webhooks(&caller.owner()).await?;
    Ok(Json(stored.iter().map(|stored| OctoWebhook::of(&stored.endpoint)).collect()))
}

/// Registers a server to be told of one kind of event, or turns it on again. An address and a kind make one server,
/// so the same request again is answered by the same.
#[utoipa::path(post, path = "/octo/webhooks", tag = "octo", security(("reseller" = [])),
    request_body = WebhookBody,
    responses((status = 200, body = RegisteredWebhook), (status = 400, body = OctoErrorView),
        (status = 401, body = OctoErrorView), (status = 403, body = OctoErrorView)))]
pub(crate) async fn register(
    State(context): State<Context>,
    caller: Caller,
    Body(body): Body<WebhookBody>,
) -> Result<Json<RegisteredWebhook>, OctoError> {
    let event = event(body.event.as_deref())?;
    let url = body.url.ok_or_else(|| OctoError::bad("`url` is missing"))?;
    if !body.headers.is_empty() {
        return Err(OctoError::unprocessable(
            "`headers` of one's own are not sent: requests are signed, which says more",
        ));
    }
    let settings = Settings { url, events: Vec::new(), description: String::new(), enabled: true };
    let url = settings.check(context.destinations)?;
    let capabilities = Capabilities { webhooks: false, ..caller.capabilities };
    let capabilities: Vec<String> = capabilities.names().into_iter().map(String::from).collect();
    let (store, owner) = (&context.store, caller.owner());
    let id = id_of(&owner, event, url.as_str());
    for _ in 0..ATTEMPTS {
        let now = context.clock.now();
        let endpoints = store.webhooks(&owner).await?;
        let count = endpoints.len();
        let Some(known) = endpoints.into_iter().find(|stored| stored.endpoint.id == id) else {
            if count >= ENDPOINTS_MAX {
                return Err(OctoError::unprocessable(format_args!(
                    "{ENDPOINTS_MAX} webhooks are registered already: delete one first"
                )));
            }
            let made = Endpoint {
                id,
                owner: owner.clone(),
                url: url.clone(),
                events: vec![event],
                capabilities: capabilities.clone(),
                description: String::new(),
                state: EndpointState::Enabled,
                secrets: Secrets::first(Secret::new(random::bytes(), id, now)),
                created_at: now,
                version: 1,
            };
            let record = record(&caller, &made, "", json!({"url": url, "event": event}), now);
            let newest = store.newest_event(&owner).await?;
            if store.register_webhook(&made, newest, &record).await? {
                return Ok(Json(registered(&made, now)));
            }
            continue;
        };
        let endpoint = known.endpoint;
        if endpoint.is_enabled() && endpoint.capabilities == capabilities {
            return Ok(Json(registered(&endpoint, now)));
        }
        let waking = if endpoint.is_enabled() { Waking::AsItWas } else { Waking::Now };
        let state = EndpointState::Enabled;
        let (capabilities, version) = (capabilities.clone(), endpoint.version + 1);
        let to = Endpoint { state, capabilities, version, ..endpoint };
        let record = record(&caller, &to, "", json!({"enabled": true}), now);
        if store.change_webhook(&to, waking, now, &record).await? {
            return Ok(Json(registered(&to, now)));
        }
    }
    Err(busy(id))
}

/// Tells a server no more.
#[utoipa::path(delete, path = "/octo/webhooks/{id}", tag = "octo", security(("reseller" = [])),
    params(("id" = String, Path)),
    responses((status = 200, body = OctoWebhook), (status = 400, body = OctoErrorView),
        (status = 401, body = OctoErrorView), (status = 403, body = OctoErrorView)))]
pub(crate) async fn remove(
    State(context): State<Context>,
    caller: Caller,
    Id(id): Id,
) -> Result<Json<OctoWebhook>, OctoError> {
    let endpoint = find(&context, &caller, &id).await?.endpoint;
    let now = context.clock.now();
    let record = record(&caller, &endpoint, "", Value::Null, now);
    // Whoever else removed it meanwhile did the same.
    context.store.remove_webhook(&endpoint.owner, endpoint.id, &record).await?;
    Ok(Json(OctoWebhook::of(&endpoint)))
}

fn event(name: Option<&str>) -> Result<EventKind, OctoError> {
    let name = name.ok_or_else(|| OctoError::bad("`event` is missing"))?;
    let known = EventKind::OF_RESELLERS.into_iter().find(|event| event.name() == name);
    known.ok_or_else(|| {
        let names = EventKind::OF_RESELLERS.map(EventKind::name).join("`, `");
        OctoError::bad(format_args!("`event` is `{name}`, one of `{names}` is told"))
    })
}

/// The id that an address and a kind of event make.
fn id_of(owner: &Owner, event: EventKind, url: &str) -> CallerUuid {
    let hash = Sha256::new()
        .chain_update(owner.to_string())
        .chain_update([0])
        .chain_update(event.name())
        .chain_update([0])
        .chain_update(url)
        .finalize();
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&hash[..16]);
    uuid::Builder::from_random_bytes(bytes).into_uuid().into()
}

fn registered(endpoint: &Endpoint, now: Timestamp) -> RegisteredWebhook {
    let secret = endpoint.secrets.shown_to(endpoint.id, now).map(ToOwned::to_owned);
    RegisteredWebhook { webhook: OctoWebhook::of(endpoint), secret }
}

/// A server of this reseller; one of another is none.
pub(crate) async fn find(
    context: &Context,
    caller: &Caller,
    id: &str,
) -> Result<StoredEndpoint, OctoError> {
    let unknown = || OctoError::Webhook(id.to_owned());
    let key: CallerUuid = id.parse().map_err(|_| unknown())?;
    context.store.webhook(&caller.owner(), key).await?.ok_or_else(unknown)
}

/// The record of what a reseller changed of a server by itself.
pub(crate) fn record(
    caller: &Caller,
    endpoint: &Endpoint,
    part: &str,
    after: Value,
    at: Timestamp,
) -> AuditRecord {
    let part = format!("webhooks/{}{part}", endpoint.id);
    AuditRecord { version: endpoint.version, after, ..own_record(caller, &part, at) }
}

/// The record of what a reseller changed by itself: of its key, and of nobody's in person.
pub(crate) fn own_record(caller: &Caller, part: &str, at: Timestamp) -> AuditRecord {
    let id = &caller.reseller.id;
    AuditRecord {
        reach: Reach::Platform,
        actor: format!("{}.{id}", caller.mode.name()),
        role: "reseller".to_owned(),
        at,
        version: caller.version,
        part: format!("resellers/{id}/{part}"),
        before: None,
        after: Value::Null,
    }
}

pub(crate) fn busy(id: CallerUuid) -> OctoError {
    atrio_dynamo::Error::Stale { key: format!("{WEBHOOKS} {id}") }.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_and_a_kind_of_event_make_one_server_of_one_reseller() {
        let [live, test]: [Owner; 2] =
            ["live.example-tours", "test.example-tours"].map(|text| text.parse().unwrap());
        let id = |owner, event| id_of(owner, event, "https://tours.example/atrio");
        assert_eq!(id(&live, EventKind::BookingUpdate), id(&live, EventKind::BookingUpdate));
        assert_ne!(id(&live, EventKind::BookingUpdate), id(&live, EventKind::AvailabilityUpdate));
        assert_ne!(id(&live, EventKind::BookingUpdate), id(&test, EventKind::BookingUpdate));
    }
}
