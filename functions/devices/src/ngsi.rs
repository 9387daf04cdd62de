//! What devices observed, as NGSI-LD entities (ETSI GS CIM 009) of the Smart Data Models they spoke: the
//! latest of each, and the history of one. Reading only: entities are made by devices, not by requests.

use atrio_domain::device::{Content, DeviceName, Model, StoredObservation};
use atrio_domain::id::VenueId;
use atrio_dynamo::count::Kind;
use atrio_runtime::{Acting, Path, Problem, Query, Role, Staff};
use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use utoipa::IntoParams;

use crate::{Context, internal};

/// Entities in one answer, unless fewer are asked for.
const MOST: usize = 1000;
/// Days of a history in one answer.
const MOST_DAYS: i64 = 31;
/// Series of one hour that a feed of cells may have in an answer.
const SERIES: i32 = 400;
/// Where the meaning of the fields stands.
const CONTEXT_PATH: &str = "/ngsi-ld/v1/context.jsonld";
const CORE: &str = "https://uri.etsi.org/ngsi-ld/v1/ngsi-ld-core-context.jsonld";
const READERS: [Role; 1] = [Role::Manager];

/// Which entities.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct EntitiesQuery {
    /// `CrowdFlowObserved`, `TourismPresenceObserved`, or both with a comma between.
    #[serde(rename = "type")]
    kind: String,
    /// How many, at most 1000.
    #[serde(default = "twenty")]
    limit: usize,
    /// How many to pass over.
    #[serde(default)]
    offset: usize,
    /// `keyValues` for plain fields; the normalised form where it is left out.
    options: Option<String>,
}

/// In which form.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct EntityQuery {
    /// `keyValues` for plain fields; the normalised form where it is left out.
    options: Option<String>,
}

/// Which part of a history.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct HistoryQuery {
    /// `between`, the one that is taken.
    timerel: String,
    /// From when, by the start of the periods.
    #[serde(rename = "timeAt")]
    #[param(value_type = String, format = DateTime)]
    time_at: Timestamp,
    /// Until when.
    #[serde(rename = "endTimeAt")]
    #[param(value_type = String, format = DateTime)]
    end_time_at: Timestamp,
}

fn twenty() -> usize {
    20
}

/// How fields are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Normalised,
    KeyValues,
}

impl Form {
    fn read(options: Option<&str>) -> Result<Self, Problem> {
        match options {
            None => Ok(Self::Normalised),
            Some("keyValues") => Ok(Self::KeyValues),
            Some(other) => Err(refused("options", other, "write `keyValues`, or leave it out")),
        }
    }
}

fn refused(field: &str, value: &str, fix: &str) -> Problem {
    let shown: String = value.chars().take(80).collect();
    Problem::new(StatusCode::BAD_REQUEST, "invalid-query")
        .detail(format_args!("`{field}` is `{shown}`"))
        .field(field, format_args!("`{shown}` is not taken"), fix)
}

/// What may be asked for.
const SHOWN: [(Model, Kind); 2] =
    [(Model::CrowdFlowObserved, Kind::Count), (Model::TourismPresenceObserved, Kind::Cell)];

/// The latest that devices observed, as NGSI-LD entities, in order of venue and device.
#[utoipa::path(get, path = "/ngsi-ld/v1/entities", tag = "ngsi-ld", security(("staff" = [])),
    params(EntitiesQuery),
    responses((status = 200, body = Vec<Object>), (status = 400, body = Problem),
        (status = 401, body = Problem), (status = 403, body = Problem)))]
pub(crate) async fn list_entities(
    State(context): State<Context>,
    staff: Staff,
    Query(query): Query<EntitiesQuery>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let acting = staff.acting(&READERS)?;
    let form = Form::read(query.options.as_deref())?;
    if !(1..=MOST).contains(&query.limit) {
        let fix = format!("ask for 1 to {MOST}");
        return Err(refused("limit", &query.limit.to_string(), &fix));
    }
    let kinds = query
        .kind
        .split(',')
        .map(|name| {
            SHOWN.into_iter().find(|(model, _)| model.as_str() == name).ok_or_else(|| {
                refused("type", name, "ask for CrowdFlowObserved or TourismPresenceObserved")
            })
        })
        .collect::<Result<Vec<_>, _>>()?;
    let mut devices = Vec::new();
    match acting {
        Acting::Everywhere => devices = context.store.devices(None).await.map_err(internal)?,
        Acting::At(venues) => {
            for venue in &venues {
                devices.extend(context.store.devices(Some(venue)).await.map_err(internal)?);
            }
        }
    }
    let mut entities = Vec::new();
    let last = query.offset.saturating_add(query.limit);
    for device in devices.iter().filter(|device| device.gate.is_none()) {
        for (_, kind) in &kinds {
            let latest = latest(&context, &device.device, *kind).await?;
            entities.extend(latest.iter().map(|stored| entity(stored, form, &headers)));
        }
        if entities.len() >= last {
            break;
        }
    }
    entities.truncate(last);
    let entities: Vec<Value> = entities.into_iter().skip(query.offset).collect();
    Ok(answer(&headers, Value::Array(entities)))
}

/// The latest that one device observed, as an NGSI-LD entity.
#[utoipa::path(get, path = "/ngsi-ld/v1/entities/{entity_id}", tag = "ngsi-ld",
    security(("staff" = [])), params(("entity_id" = String, Path), EntityQuery),
    responses((status = 200, body = Object), (status = 400, body = Problem),
        (status = 401, body = Problem), (status = 403, body = Problem), (status = 404, body = Problem)))]
pub(crate) async fn show_entity(
    State(context): State<Context>,
    staff: Staff,
    Path(entity_id): Path<String>,
    Query(query): Query<EntityQuery>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let asked = EntityId::read(&entity_id)?;
    staff.must_be_at(&asked.venue, &READERS)?;
    let form = Form::read(query.options.as_deref())?;
    let latest = latest(&context, &asked.device, asked.kind).await?;
    let found = latest.iter().find(|stored| id_of(stored) == entity_id);
    match found {
        Some(stored) => Ok(answer(&headers, entity(stored, form, &headers))),
        None => Err(unknown(&entity_id)),
    }
}

/// What one device observed over a time of at most 31 days, as the temporal form of an NGSI-LD entity; at most
/// 1000 periods, the earliest of them.
#[utoipa::path(get, path = "/ngsi-ld/v1/temporal/entities/{entity_id}", tag = "ngsi-ld",
    security(("staff" = [])), params(("entity_id" = String, Path), HistoryQuery),
    responses((status = 200, body = Object), (status = 400, body = Problem),
        (status = 401, body = Problem), (status = 403, body = Problem), (status = 404, body = Problem)))]
pub(crate) async fn show_history(
    State(context): State<Context>,
    staff: Staff,
    Path(entity_id): Path<String>,
    Query(query): Query<HistoryQuery>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let asked = EntityId::read(&entity_id)?;
    staff.must_be_at(&asked.venue, &READERS)?;
    if query.timerel != "between" {
        return Err(refused("timerel", &query.timerel, "write `between`"));
    }
    if query.end_time_at <= query.time_at {
        let said = query.end_time_at.to_string();
        return Err(refused("endTimeAt", &said, "name an instant after `timeAt`"));
    }
    if query.end_time_at.duration_since(query.time_at) > SignedDuration::from_hours(24 * MOST_DAYS)
    {
        let fix = format!("ask for {MOST_DAYS} days at most, and go on from there");
        return Err(refused("endTimeAt", &query.end_time_at.to_string(), &fix));
    }
    let window = (query.time_at, query.end_time_at);
    let found = context.store.observed(&asked.device, asked.kind, asked.model, window).await;
    let found = found.map_err(internal)?;
    let mut fields: Map<String, Value> = Map::new();
    for stored in found.iter().filter(|stored| id_of(stored) == entity_id).take(MOST) {
        let observed_at = stored.record.period_end.to_string();
        for (name, value) in said(stored) {
            let instance = json!({"type": "Property", "value": value, "observedAt": observed_at});
            let instances = fields.entry(name).or_insert_with(|| json!([]));
            if let Value::Array(instances) = instances {
                instances.push(instance);
            }
        }
    }
    if fields.is_empty() {
        return Err(unknown(&entity_id));
    }
    fields.insert("id".to_owned(), json!(entity_id));
    fields.insert("type".to_owned(), json!(asked.model.as_str()));
    add_context(&mut fields, &headers);
    Ok(answer(&headers, Value::Object(fields)))
}

/// What the fields mean: those of the Smart Data Models, and ours.
#[utoipa::path(get, path = "/ngsi-ld/v1/context.jsonld", tag = "ngsi-ld",
    responses((status = 200, body = Object, content_type = "application/ld+json")))]
pub(crate) async fn show_context() -> Response {
    let body = Json(json!({"@context": context()})).into_response();
    ([(header::CONTENT_TYPE, "application/ld+json")], body).into_response()
}

fn context() -> Value {
    const MODELS: &str = "https://raw.githubusercontent.com/smart-data-models/dataModel";
    json!([
        {
            "minCount": "urn:atrio:terms:minCount",
            "suppressed": "urn:atrio:terms:suppressed",
            "seq": "urn:atrio:terms:seq",
            "cumulativeCount": "urn:atrio:terms:cumulativeCount",
            "quality": "urn:atrio:terms:quality",
            "version": "urn:atrio:terms:version",
        },
        format!("{MODELS}.Transportation/master/context.jsonld"),
        format!("{MODELS}.TourismDestinations/master/context.jsonld"),
        CORE,
    ])
}

/// The latest observation of a counter, or those of the latest hour of a feed of cells.
async fn latest(
    context: &Context,
    device: &DeviceName,
    kind: Kind,
) -> Result<Vec<StoredObservation>, Problem> {
    let limit = if kind == Kind::Cell { SERIES } else { 1 };
    let mut found =
        context.store.latest_observations(device, kind, limit).await.map_err(internal)?;
    let newest = found.first().map(|stored| stored.record.period_start);
    found.retain(|stored| Some(stored.record.period_start) == newest);
    // By series, as their keys are in order.
    found.reverse();
    Ok(found)
}

/// The parts of `urn:ngsi-ld:{model}:{venue}:{device}`, behind which a cell has its series.
struct EntityId {
    model: Model,
    kind: Kind,
    venue: VenueId,
    device: DeviceName,
}

impl EntityId {
    fn read(text: &str) -> Result<Self, Problem> {
        let malformed = || {
            let form = "an id is `urn:ngsi-ld:{model}:{venue}:{device}`, as the list writes it";
            Problem::malformed_id("entity_id", form)
        };
        let mut parts = text.strip_prefix("urn:ngsi-ld:").ok_or_else(malformed)?.splitn(4, ':');
        let mut part = || parts.next().ok_or_else(malformed);
        let name = part()?;
        let (model, kind) =
            SHOWN.into_iter().find(|(model, _)| model.as_str() == name).ok_or_else(malformed)?;
        Ok(Self {
            model,
            kind,
            venue: VenueId::new(part()?).map_err(|_| malformed())?,
            device: DeviceName::new(part()?).map_err(|_| malformed())?,
        })
    }
}

fn unknown(entity_id: &str) -> Problem {
    let fix = "take one from `GET /ngsi-ld/v1/entities`";
    Problem::not_found("unknown-entity", "entity_id", entity_id, fix)
}

fn id_of(stored: &StoredObservation) -> String {
    let record = &stored.record;
    let base = format!("urn:ngsi-ld:{}:{}:{}", record.model, record.venue, record.device);
    match &record.content {
        Content::Cell(cell) => format!("{base}:{}", cell.series().replace('#', ":")),
        Content::People(_) | Content::Reading(_) => base,
    }
}

/// The fields of the model, and ours.
fn said(stored: &StoredObservation) -> Vec<(String, Value)> {
    let record = &stored.record;
    let (from, to) = (record.period_start, record.period_end);
    let mut fields = match &record.content {
        Content::People(people) => vec![
            ("dateObserved", json!(format!("{from}/{to}"))),
            ("dateObservedFrom", json!(from.to_string())),
            ("dateObservedTo", json!(to.to_string())),
            ("peopleCount", json!(people.count)),
            ("peopleCountTowards", json!(people.towards)),
            ("peopleCountAway", json!(people.away)),
            ("cumulativeCount", json!(people.cumulative)),
        ],
        Content::Cell(cell) => {
            let middle =
                from + jiff::SignedDuration::from_secs(to.duration_since(from).as_secs() / 2);
            vec![
                ("dateObserved", json!(middle.to_string())),
                ("locationCode", json!(cell.location_code.as_str())),
                ("nationality", json!(cell.origin.to_string())),
                ("aggregationType", json!(cell.aggregation.as_str())),
                ("visitorCount", json!(cell.people)),
                ("suppressed", json!(cell.people.is_none())),
                ("minCount", json!(cell.least_count)),
            ]
        }
        Content::Reading(_) => Vec::new(),
    };
    fields.push(("seq", json!(record.seq)));
    fields.push(("version", json!(stored.version)));
    fields.push(("quality", json!(record.quality.as_str())));
    // NGSI-LD has no null: what is not known is not written.
    fields.retain(|(_, value)| !value.is_null());
    fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

fn entity(stored: &StoredObservation, form: Form, headers: &HeaderMap) -> Value {
    let mut fields: Map<String, Value> = said(stored)
        .into_iter()
        .map(|(name, value)| match form {
            Form::KeyValues => (name, value),
            Form::Normalised => (name, json!({"type": "Property", "value": value})),
        })
        .collect();
    fields.insert("id".to_owned(), json!(id_of(stored)));
    fields.insert("type".to_owned(), json!(stored.record.model.as_str()));
    add_context(&mut fields, headers);
    Value::Object(fields)
}

/// Whoever asks for JSON-LD gets the context within, others a link to it (clause 6.3.5 and 6.3.6).
fn wants_linked_data(headers: &HeaderMap) -> bool {
    let accept = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok());
    accept.is_some_and(|accept| accept.contains("application/ld+json"))
}

fn add_context(fields: &mut Map<String, Value>, headers: &HeaderMap) {
    if wants_linked_data(headers) {
        fields.insert("@context".to_owned(), context());
    }
}

fn answer(headers: &HeaderMap, body: Value) -> Response {
    let mut response = Json(body).into_response();
    let answered = response.headers_mut();
    answered.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
    if wants_linked_data(headers) {
        let kind = HeaderValue::from_static("application/ld+json");
        answered.insert(header::CONTENT_TYPE, kind);
    } else {
        let link = format!(
            "<{CONTEXT_PATH}>; rel=\"http://www.w3.org/ns/json-ld#context\"; type=\"application/ld+json\""
        );
        if let Ok(link) = HeaderValue::from_str(&link) {
            answered.insert(header::LINK, link);
        }
    }
    response
}
