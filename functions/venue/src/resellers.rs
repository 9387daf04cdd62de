//! Resellers as the platform's operator takes them on: what they are called, where they may sell, how the firm is
//! reached, and their keys, each told once. What they sell and see by those keys is no business of this function.

use std::collections::BTreeSet;

use atrio_domain::id::{CallerUuid, ResellerId, VenueId};
use atrio_domain::reseller::{
    Ending, FreshKey, KeyTerm, Mode, OVERLAP_MAX, Reseller, ResellerError, Scope, Settings,
};
use atrio_domain::staff::Reach;
use atrio_dynamo::audit::AuditRecord;
use atrio_dynamo::reseller::{ResellerWritten, StoredReseller};
use atrio_runtime::{Json, Path, Problem, Query, Role, Staff, random};
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;

use crate::view::AuditListView;
use crate::{
    ATTEMPTS, AuditQuery, Context, PAGE_MAX, Tagged, entity_tag, internal, json as written,
    must_know, problem, tagged,
};

/// All resellers.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ResellersView {
    resellers: Vec<ResellerView>,
}

/// A reseller as operators see it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ResellerView {
    #[schema(value_type = String)]
    id: ResellerId,
    /// What an operator set: `name`, `scope`, `contact`, `enabled`.
    #[serde(flatten)]
    #[schema(value_type = Object)]
    settings: Settings,
    /// `ACTIVE`, `SUSPENDED` or `REVOKED`, which is for good.
    status: &'static str,
    /// Since when it is suspended or revoked.
    #[schema(value_type = Option<String>)]
    stopped_at: Option<Timestamp>,
    #[schema(value_type = String)]
    added_at: Timestamp,
    /// Its keys that are good, the newest last.
    keys: Vec<KeyView>,
    version: u64,
}

/// A key, without what it is.
#[derive(Debug, Serialize, ToSchema)]
struct KeyView {
    id: String,
    /// How it begins.
    begins: String,
    /// `LIVE`, or `TEST` for trying out.
    #[schema(value_type = String)]
    mode: Mode,
    #[schema(value_type = String)]
    from: Timestamp,
    /// Until when; none until it is rotated or ended.
    #[schema(value_type = Option<String>)]
    until: Option<Timestamp>,
}

impl From<&KeyTerm> for KeyView {
    fn from(term: &KeyTerm) -> Self {
        let (id, begins) = (term.id().to_owned(), term.begins.clone());
        Self { id, begins, mode: term.mode(), from: term.from, until: term.until }
    }
}

impl ResellerView {
    fn of(stored: &StoredReseller, now: Timestamp) -> Self {
        let StoredReseller { reseller, version } = stored;
        let (status, stopped_at) = match (reseller.revoked_at, reseller.suspended_at) {
            (Some(at), _) => ("REVOKED", Some(at)),
            (None, Some(at)) => ("SUSPENDED", Some(at)),
            (None, None) => ("ACTIVE", None),
        };
        let good = reseller.keys.iter().filter(|term| term.is_good(now));
        Self {
            id: reseller.id.clone(),
            settings: reseller.settings(),
            status,
            stopped_at,
            added_at: reseller.added_at,
            keys: good.map(KeyView::from).collect(),
            version: *version,
        }
    }
}

/// The resellers of the platform, by id.
#[utoipa::path(get, path = "/v1/resellers", tag = "staff", security(("staff" = [])),
    responses((status = 200, body = ResellersView), (status = 401, body = Problem),
        (status = 403, body = Problem)))]
pub(crate) async fn list_resellers(
    State(context): State<Context>,
    staff: Staff,
) -> Result<axum::Json<ResellersView>, Problem> {
    staff.must_be_everywhere(&[Role::Operator])?;
    let now = context.clock.now();
    let stored = context.store.resellers().await.map_err(internal)?;
    let resellers = stored.iter().map(|stored| ResellerView::of(stored, now)).collect();
    Ok(axum::Json(ResellersView { resellers }))
}

/// One reseller.
#[utoipa::path(get, path = "/v1/resellers/{reseller_id}", tag = "staff", security(("staff" = [])),
    params(("reseller_id" = String, Path)),
    responses((status = 200, body = ResellerView), (status = 400, body = Problem),
        (status = 401, body = Problem), (status = 403, body = Problem), (status = 404, body = Problem)))]
pub(crate) async fn show_reseller(
    State(context): State<Context>,
    staff: Staff,
    Path(reseller_id): Path<String>,
) -> Result<Tagged<ResellerView>, Problem> {
    staff.must_be_everywhere(&[Role::Operator])?;
    let stored = known(&context, &reseller_id_of(reseller_id)?).await?;
    answer(&stored, context.clock.now())
}

fn answer(stored: &StoredReseller, now: Timestamp) -> Result<Tagged<ResellerView>, Problem> {
    let tag = entity_tag(&written(&stored.reseller.settings())?);
    Ok(tagged((tag, ResellerView::of(stored, now))))
}

/// Takes a reseller on under an id that the caller chooses, or changes what it is called, where it sells, how it is
/// reached, and whether it may sell at all. Suspended, its keys open nothing from the next request on, and are good
/// again once it is `enabled`; what it sold stands.
#[utoipa::path(put, path = "/v1/resellers/{reseller_id}", tag = "staff", security(("staff" = [])),
    params(("reseller_id" = String, Path), ("If-Match" = Option<String>, Header),
        ("If-None-Match" = Option<String>, Header)),
    request_body(content = Object, description = "`name`, `scope`, `contact`, `enabled`, as read"),
    responses((status = 200, body = ResellerView), (status = 201, body = ResellerView),
        (status = 400, body = Problem), (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 409, body = Problem), (status = 412, body = Problem), (status = 413, body = Problem),
        (status = 415, body = Problem), (status = 422, body = Problem), (status = 428, body = Problem)))]
pub(crate) async fn change_reseller(
    State(context): State<Context>,
    staff: Staff,
    Path(reseller_id): Path<String>,
    headers: HeaderMap,
    Json(wanted): Json<SettingsBody>,
) -> Result<(StatusCode, Tagged<ResellerView>), Problem> {
    let role = staff.must_be_everywhere(&[Role::Operator])?;
    let id = reseller_id_of(reseller_id)?;
    let wanted = wanted.settings().check().map_err(|error| problem::reseller(&error))?;
    must_be_there(&context, &wanted.scope).await?;
    for _ in 0..ATTEMPTS {
        let now = context.clock.now();
        let stored = context.store.reseller(&id).await.map_err(internal)?;
        let before = stored.as_ref().map(|stored| stored.reseller.settings());
        let before = before.map(|settings| written(&settings)).transpose()?;
        let after = written(&wanted)?;
        // The same content again is a repeat after a lost answer.
        if let Some(stored) = stored.as_ref().filter(|_| before.as_ref() == Some(&after)) {
            return Ok((StatusCode::OK, answer(stored, now)?));
        }
        must_know(&headers, before.as_ref())?;
        let (from, to) = match &stored {
            Some(StoredReseller { reseller, version }) => {
                if let Some(at) = reseller.revoked_at {
                    let error = ResellerError::Revoked { id: id.clone(), at };
                    return Err(problem::reseller(&error));
                }
                (Some(*version), reseller.set(wanted.clone(), now))
            }
            None => (None, Reseller::taken_on(id.clone(), wanted.clone(), now)),
        };
        let version = from.unwrap_or(0) + 1;
        let change = Made { actor: &staff, role, part: "", before, after };
        let record = change.record(&id, version, now);
        let stored = context.store.write_reseller(&to, from, &record).await.map_err(internal)?;
        if stored == ResellerWritten::Done {
            let status = if from.is_some() { StatusCode::OK } else { StatusCode::CREATED };
            return Ok((status, answer(&StoredReseller { reseller: to, version }, now)?));
        }
    }
    Err(Problem::busy())
}

/// What an operator sets. What is read may be written back: what only follows is passed over.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SettingsBody {
    name: String,
    scope: Scope,
    #[serde(default)]
    contact: atrio_domain::reseller::FirmContact,
    #[serde(default = "on")]
    enabled: bool,
    #[serde(default, rename = "id")]
    _id: Value,
    #[serde(default, rename = "status")]
    _status: Value,
    #[serde(default, rename = "stopped_at")]
    _stopped_at: Value,
    #[serde(default, rename = "added_at")]
    _added_at: Value,
    #[serde(default, rename = "keys")]
    _keys: Value,
    #[serde(default, rename = "version")]
    _version: Value,
}

fn on() -> bool {
    true
}

impl SettingsBody {
    fn settings(self) -> Settings {
        let Self { name, scope, contact, enabled, .. } = self;
        Settings { name, scope, contact, enabled }
    }
}

async fn must_be_there(context: &Context, scope: &Scope) -> Result<(), Problem> {
    let Scope::Venues(wanted) = scope else { return Ok(()) };
    let venues = context.store.venues().await.map_err(internal)?;
    let known: BTreeSet<&VenueId> = venues.iter().map(|venue| &venue.id).collect();
    match wanted.iter().find(|venue| !known.contains(venue)) {
        Some(venue) => Err(problem::scope(venue)),
        None => Ok(()),
    }
}

/// Asks for a key.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct KeyBody {
    /// Made by the caller; its idempotency key.
    #[schema(value_type = String)]
    uuid: CallerUuid,
    /// `LIVE`, or `TEST` for trying out: all answers are as they would be, no place is taken, no gate admits.
    #[schema(value_type = String)]
    mode: Mode,
    /// For how long the keys before of that mode go on, 0 to 720; left out, they go on for good.
    overlap_hours: Option<u32>,
}

/// A key, told once.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct FreshKeyView {
    /// The key. It is kept nowhere.
    key: String,
    reseller: ResellerView,
}

/// Gives a reseller a key, which the answer tells and nothing after it. Repeated within ten minutes, should the
/// answer have been lost, it answers with another in the place of the one before.
#[utoipa::path(post, path = "/v1/resellers/{reseller_id}/keys", tag = "staff", security(("staff" = [])),
    params(("reseller_id" = String, Path)), request_body = KeyBody,
    responses((status = 201, body = FreshKeyView), (status = 400, body = Problem),
        (status = 401, body = Problem), (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 409, body = Problem), (status = 413, body = Problem), (status = 415, body = Problem),
        (status = 422, body = Problem)))]
pub(crate) async fn give_key(
    State(context): State<Context>,
    staff: Staff,
    Path(reseller_id): Path<String>,
    Json(body): Json<KeyBody>,
) -> Result<(StatusCode, axum::Json<FreshKeyView>), Problem> {
    let role = staff.must_be_everywhere(&[Role::Operator])?;
    let id = reseller_id_of(reseller_id)?;
    let ending = match body.overlap_hours {
        Some(hours) if i64::from(hours) > OVERLAP_MAX.as_hours() => {
            return Err(problem::reseller(&ResellerError::Overlap));
        }
        Some(hours) => Ending::All(SignedDuration::from_hours(hours.into())),
        None => Ending::Nothing,
    };
    let fresh = FreshKey::new(body.mode, &random::bytes());
    for _ in 0..ATTEMPTS {
        let now = context.clock.now();
        let StoredReseller { reseller, version } = known(&context, &id).await?;
        let term = fresh.term(&context.contact_hash_key, now);
        let after = json!({"given": term.id(), "begins": term.begins, "mode": body.mode,
            "overlap_hours": body.overlap_hours});
        let given = reseller.give_key(term, body.uuid, ending, now);
        let to = given.map_err(|error| problem::reseller(&error))?;
        let change = Made { actor: &staff, role, part: "/keys", before: None, after };
        let record = change.record(&id, version + 1, now);
        let written = context.store.write_reseller(&to, Some(version), &record).await;
        if written.map_err(internal)? == ResellerWritten::Done {
            let stored = StoredReseller { reseller: to, version: version + 1 };
            let reseller = ResellerView::of(&stored, now);
            let key = fresh.reveal().to_owned();
            return Ok((StatusCode::CREATED, axum::Json(FreshKeyView { key, reseller })));
        }
    }
    Err(Problem::busy())
}

/// Ends a key, from the next request on; repeated, it answers the same. What was sold by it stands.
#[utoipa::path(delete, path = "/v1/resellers/{reseller_id}/keys/{key_id}", tag = "staff",
    security(("staff" = [])), params(("reseller_id" = String, Path), ("key_id" = String, Path)),
    responses((status = 200, body = ResellerView), (status = 400, body = Problem),
        (status = 401, body = Problem), (status = 403, body = Problem), (status = 404, body = Problem)))]
pub(crate) async fn end_key(
    State(context): State<Context>,
    staff: Staff,
    Path((reseller_id, key_id)): Path<(String, String)>,
) -> Result<axum::Json<ResellerView>, Problem> {
    let role = staff.must_be_everywhere(&[Role::Operator])?;
    let id = reseller_id_of(reseller_id)?;
    for _ in 0..ATTEMPTS {
        let now = context.clock.now();
        let stored = known(&context, &id).await?;
        let Some(term) = stored.reseller.keys.iter().find(|term| term.id() == key_id) else {
            return Ok(axum::Json(ResellerView::of(&stored, now)));
        };
        let before = Some(json!({"begins": term.begins, "mode": term.mode()}));
        let after = json!({"ended": key_id});
        let change = Made { actor: &staff, role, part: "/keys", before, after };
        let record = change.record(&id, stored.version + 1, now);
        let to = stored.reseller.end_key(&key_id);
        // Read once more, it has no such key.
        context.store.write_reseller(&to, Some(stored.version), &record).await.map_err(internal)?;
    }
    Err(Problem::busy())
}

/// Who changed what of a reseller, newest first, the reseller itself among them. A page may hold fewer than were
/// asked for, or none, and have a next one.
#[utoipa::path(get, path = "/v1/resellers/{reseller_id}/changes", tag = "staff",
    security(("staff" = [])), params(("reseller_id" = String, Path), AuditQuery),
    responses((status = 200, body = AuditListView), (status = 400, body = Problem),
        (status = 401, body = Problem), (status = 403, body = Problem), (status = 404, body = Problem)))]
pub(crate) async fn list_changes(
    State(context): State<Context>,
    staff: Staff,
    Path(reseller_id): Path<String>,
    Query(query): Query<AuditQuery>,
) -> Result<axum::Json<AuditListView>, Problem> {
    staff.must_be_everywhere(&[Role::Operator])?;
    let id = known(&context, &reseller_id_of(reseller_id)?).await?.reseller.id;
    if !(1..=PAGE_MAX).contains(&query.limit) {
        return Err(problem::limit(query.limit, PAGE_MAX));
    }
    let page = context.store.platform_audit(query.cursor.as_deref(), query.limit).await;
    let (mut records, next_cursor) = page.map_err(internal)?;
    let own = format!("resellers/{id}");
    records.retain(|record| {
        record.part.strip_prefix(&own).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    });
    Ok(axum::Json(AuditListView::of(records, next_cursor)))
}

/// A change by a member of staff.
struct Made<'a> {
    actor: &'a Staff,
    role: Role,
    /// What of the reseller.
    part: &'a str,
    before: Option<Value>,
    after: Value,
}

impl Made<'_> {
    fn record(self, id: &ResellerId, version: u64, at: Timestamp) -> AuditRecord {
        AuditRecord {
            reach: Reach::Platform,
            actor: self.actor.subject.to_string(),
            role: self.role.name().to_owned(),
            at,
            version,
            part: format!("resellers/{id}{}", self.part),
            before: self.before,
            after: self.after,
        }
    }
}

async fn known(context: &Context, id: &ResellerId) -> Result<StoredReseller, Problem> {
    let found = context.store.reseller(id).await.map_err(internal)?;
    found.ok_or_else(|| {
        let fix = "take an id from `GET /v1/resellers`";
        Problem::not_found("unknown-reseller", "reseller_id", id.as_str(), fix)
    })
}

fn reseller_id_of(text: String) -> Result<ResellerId, Problem> {
    ResellerId::new(text).map_err(|error| Problem::malformed_id("reseller_id", error))
}
