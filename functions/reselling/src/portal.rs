//! What a reseller sees and does beside selling: who it is here, its keys, and all that it sold. By its own key, and in
//! OCTO's form, though OCTO has no words for it.

use atrio_domain::id::CallerUuid;
use atrio_domain::reseller::{Ending, FirmContact, FreshKey, KeyTerm, Mode, Scope};
use atrio_dynamo::reseller::ResellerWritten;
use atrio_octo::booking::OctoBooking;
use atrio_runtime::random;
use axum::Json;
use axum::extract::State;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::{IntoParams, ToSchema};

use crate::Context;
use crate::booking::told;
use crate::caller::Caller;
use crate::error::{OctoError, OctoErrorView};
use crate::request::{Body, Filter};
use crate::webhooks::{ATTEMPTS, busy, own_record};

/// Longest list.
const PAGE_MAX: i32 = 100;

/// The longest that two secrets of a server sign side by side, and two keys are good, in hours.
const OVERLAP_MAX_HOURS: u32 = 168;

/// A reseller as it sees itself.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PortalView {
    id: String,
    name: String,
    /// Of the key that asks: `LIVE` or `TEST`.
    #[schema(value_type = String)]
    mode: Mode,
    /// `all`, or `venues` with their ids.
    #[schema(value_type = Value)]
    scope: Scope,
    #[schema(value_type = Object)]
    contact: FirmContact,
    keys: Vec<PortalKeyView>,
}

/// A key, without what it is.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct PortalKeyView {
    id: String,
    begins: String,
    #[schema(value_type = String)]
    mode: Mode,
    #[schema(value_type = String)]
    from: Timestamp,
    #[schema(value_type = Option<String>)]
    until: Option<Timestamp>,
    /// Whether it is the one that asks.
    is_own: bool,
}

/// Who asks, and its keys that are good.
#[utoipa::path(get, path = "/octo/portal", tag = "octo", security(("reseller" = [])),
    responses((status = 200, body = PortalView), (status = 401, body = OctoErrorView),
        (status = 403, body = OctoErrorView)))]
pub(crate) async fn show(State(context): State<Context>, caller: Caller) -> Json<PortalView> {
    let (reseller, now) = (&caller.reseller, context.clock.now());
    let view = |term: &KeyTerm| PortalKeyView {
        id: term.id().to_owned(),
        begins: term.begins.clone(),
        mode: term.mode(),
        from: term.from,
        until: term.until,
        is_own: term.hash == caller.key,
    };
    Json(PortalView {
        id: reseller.id.to_string(),
        name: reseller.name.clone(),
        mode: caller.mode,
        scope: reseller.scope.clone(),
        contact: reseller.contact.clone(),
        keys: reseller.keys.iter().filter(|term| term.is_good(now)).map(view).collect(),
    })
}

/// Asks for another key, or another secret of a server.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct PortalRotateBody {
    /// Made by the caller; its idempotency key.
    #[schema(value_type = String)]
    uuid: Option<CallerUuid>,
    /// For how long the one before is good as well, 1 to 168; a day where nothing is said.
    overlap_hours: Option<u32>,
}

impl PortalRotateBody {
    pub(crate) fn read(&self) -> Result<(CallerUuid, SignedDuration), OctoError> {
        let uuid = self.uuid.ok_or_else(|| OctoError::bad("`uuid` is missing"))?;
        let hours = self.overlap_hours.unwrap_or(24);
        if !(1..=OVERLAP_MAX_HOURS).contains(&hours) {
            return Err(OctoError::bad(format_args!(
                "`overlapHours` is {hours}, 1 to {OVERLAP_MAX_HOURS} are taken"
            )));
        }
        Ok((uuid, SignedDuration::from_hours(hours.into())))
    }
}

/// A key, told once.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PortalFreshKeyView {
    /// The key. It is kept nowhere.
    key: String,
}

/// Gives the caller another key in the place of the one that asks, which goes on for a while. Repeated within ten
/// minutes, it answers with another in the place of the one before, for no key is told twice.
#[utoipa::path(post, path = "/octo/portal/key", tag = "octo", security(("reseller" = [])),
    request_body = PortalRotateBody,
    responses((status = 200, body = PortalFreshKeyView), (status = 400, body = OctoErrorView),
        (status = 401, body = OctoErrorView), (status = 403, body = OctoErrorView)))]
pub(crate) async fn rotate_key(
    State(context): State<Context>,
    caller: Caller,
    Body(body): Body<PortalRotateBody>,
) -> Result<Json<PortalFreshKeyView>, OctoError> {
    let (request, overlap) = body.read()?;
    let fresh = FreshKey::new(caller.mode, &random::bytes());
    for _ in 0..ATTEMPTS {
        let now = context.clock.now();
        let stored = context.store.reseller(&caller.reseller.id).await?;
        // Gone in the meantime is a key that is not known.
        let Some(stored) = stored else { break };
        let term = fresh.term(&context.contact_hash_key, now);
        let after = json!({"given": term.id(), "begins": term.begins, "replaces": caller.key.as_str().get(..12)});
        let ending = Ending::Own(&caller.key, overlap);
        let to = stored.reseller.give_key(term, request, ending, now)?;
        let record = atrio_dynamo::audit::AuditRecord {
            version: stored.version + 1,
            after,
            ..own_record(&caller, "keys", now)
        };
        let written = context.store.write_reseller(&to, Some(stored.version), &record).await?;
        if written == ResellerWritten::Done {
            return Ok(Json(PortalFreshKeyView { key: fresh.reveal().to_owned() }));
        }
    }
    Err(busy(request))
}

/// Which page of a list.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct PageQuery {
    /// How many, at most 100.
    limit: Option<i32>,
    /// `nextCursor` of the page before.
    pub(crate) cursor: Option<String>,
}

impl PageQuery {
    pub(crate) fn limit(&self) -> Result<i32, OctoError> {
        limit(self.limit)
    }
}

pub(crate) fn limit(asked: Option<i32>) -> Result<i32, OctoError> {
    let limit = asked.unwrap_or(20);
    if (1..=PAGE_MAX).contains(&limit) {
        return Ok(limit);
    }
    Err(OctoError::bad(format_args!("`limit` is {limit}, 1 to {PAGE_MAX} are answered")))
}

/// Bookings of a reseller.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct BookingsView {
    bookings: Vec<OctoBooking>,
    /// For the next page; none on the last one.
    next_cursor: Option<String>,
}

/// All that the reseller held and sold in the mode of its key, newest first.
#[utoipa::path(get, path = "/octo/portal/bookings", tag = "octo", security(("reseller" = [])),
    params(PageQuery),
    responses((status = 200, body = BookingsView), (status = 400, body = OctoErrorView),
        (status = 401, body = OctoErrorView), (status = 403, body = OctoErrorView)))]
pub(crate) async fn list_bookings(
    State(context): State<Context>,
    caller: Caller,
    Filter(query): Filter<PageQuery>,
) -> Result<Json<BookingsView>, OctoError> {
    let (limit, cursor) = (query.limit()?, query.cursor.as_deref());
    let reseller = &caller.reseller.id;
    let (found, next_cursor) = context.store.resales(reseller, caller.mode, cursor, limit).await?;
    let mut bookings = Vec::with_capacity(found.len());
    for stored in &found {
        bookings.push(told(&context, &caller, stored, None).await?);
    }
    Ok(Json(BookingsView { bookings, next_cursor }))
}
