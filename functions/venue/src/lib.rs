//! What a venue offers, as its own staff set it: hours, closures, products with capacity and tariffs.
//! Every change names the version it was made from, leaves a record of who changed what, and says
//! which booked places it leaves without a slot.

mod problem;
mod view;

use atrio_domain::calendar::{BOOKING_HORIZON_DAYS, Opening};
use atrio_domain::id::{ProductId, SlotId, VenueId};
use atrio_domain::offer::{Stranded, stranded};
use atrio_domain::venue::{HoursSource, Product, Venue};
use atrio_dynamo::Store;
use atrio_dynamo::audit::AuditRecord;
use atrio_dynamo::venue::{StoredVenue, VenueChanged};
use atrio_runtime::environment::EnvironmentError;
use atrio_runtime::{Access, Clock, Json, Path, Problem, Query, Role, Staff};
use axum::extract::{FromRef, State};
use axum::http::{HeaderMap, HeaderName, header};
use jiff::ToSpan;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::view::{AuditListView, ChangedView, OpeningView};

/// Most bytes of JSON that a venue's hours and products take together: an item holds 400 kB.
const OFFER_MAX_BYTES: usize = 300 * 1024;

/// Records in one answer, unless fewer are asked for.
const PAGE_MAX: i32 = 200;

/// What the function works with.
#[derive(Debug, Clone)]
pub struct Context {
    /// The table.
    pub store: Store,
    /// The time.
    pub clock: Clock,
    /// Checks the tokens of staff.
    pub access: Access,
}

impl FromRef<Context> for Access {
    fn from_ref(context: &Context) -> Self {
        context.access.clone()
    }
}

impl Context {
    /// Works on what the environment names.
    ///
    /// # Errors
    /// When a variable is missing or cannot be used.
    pub fn from_environment() -> Result<Self, EnvironmentError> {
        let clock = Clock::system();
        let store = atrio_runtime::aws::store_from_environment()?;
        Ok(Self { store, clock, access: Access::from_environment(clock)? })
    }
}

/// The routes of this function.
pub fn router(context: Context) -> OpenApiRouter {
    OpenApiRouter::new()
        .routes(routes!(show_opening, change_opening))
        .routes(routes!(show_product, change_product))
        .routes(routes!(list_changes))
        .with_state(context)
}

/// An answer with the entity tag of the venue's version.
type Versioned<T> = ([(HeaderName, String); 1], axum::Json<T>);

fn versioned<T>(version: u64, body: T) -> Versioned<T> {
    ([(header::ETAG, format!("\"{version}\""))], axum::Json(body))
}

/// How to change.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ChangeQuery {
    /// Says what the change would do, and does nothing.
    #[serde(default)]
    dry_run: bool,
}

/// The hours and closures of a venue, as its staff set them.
#[utoipa::path(get, path = "/v1/venues/{venue_id}/opening", tag = "staff", security(("staff" = [])),
    params(("venue_id" = String, Path)),
    responses((status = 200, body = OpeningView), (status = 400, body = Problem),
        (status = 401, body = Problem), (status = 403, body = Problem), (status = 404, body = Problem)))]
async fn show_opening(
    State(context): State<Context>,
    staff: Staff,
    Path(venue_id): Path<String>,
) -> Result<Versioned<OpeningView>, Problem> {
    let StoredVenue { venue, version } = load(&context, &staff, &venue_id).await?;
    Ok(versioned(version, OpeningView::of(venue)))
}

/// Sets the hours and closures of a venue, and says which booked places they leave without a slot.
#[utoipa::path(put, path = "/v1/venues/{venue_id}/opening", tag = "staff", security(("staff" = [])),
    params(("venue_id" = String, Path), ("If-Match" = String, Header), ChangeQuery),
    request_body(content = Object, description = "`week` and `closures`, as read"),
    responses((status = 200, body = ChangedView), (status = 400, body = Problem),
        (status = 401, body = Problem), (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 412, body = Problem), (status = 413, body = Problem), (status = 415, body = Problem),
        (status = 422, body = Problem), (status = 428, body = Problem)))]
async fn change_opening(
    State(context): State<Context>,
    staff: Staff,
    Path(venue_id): Path<String>,
    Query(query): Query<ChangeQuery>,
    headers: HeaderMap,
    Json(opening): Json<Opening>,
) -> Result<Versioned<ChangedView>, Problem> {
    let from = load(&context, &staff, &venue_id).await?;
    opening.check().map_err(|error| problem::offer(&error))?;
    let change = Change {
        part: "opening".to_owned(),
        before: Some(json(&from.venue.opening)?),
        after: json(&opening)?,
    };
    let to = Venue { opening, hours: HoursSource::Own, ..from.venue.clone() };
    make(&context, &staff, &headers, &query, from, to, change).await
}

/// One product of a venue, as its staff set it.
#[utoipa::path(get, path = "/v1/venues/{venue_id}/products/{product_id}", tag = "staff",
    security(("staff" = [])), params(("venue_id" = String, Path), ("product_id" = String, Path)),
    responses((status = 200, body = Object), (status = 400, body = Problem),
        (status = 401, body = Problem), (status = 403, body = Problem), (status = 404, body = Problem)))]
async fn show_product(
    State(context): State<Context>,
    staff: Staff,
    Path((venue_id, product_id)): Path<(String, String)>,
) -> Result<Versioned<Product>, Problem> {
    let StoredVenue { venue, version } = load(&context, &staff, &venue_id).await?;
    let id = product_id_of(product_id)?;
    let product = venue.product(&id).ok_or_else(|| problem::unknown_product(&id))?;
    Ok(versioned(version, product.clone()))
}

/// Sets a product of a venue, a new one where there is none of that id, and says which booked
/// places the change leaves without a slot. What was sold keeps the price it was sold at.
#[utoipa::path(put, path = "/v1/venues/{venue_id}/products/{product_id}", tag = "staff",
    security(("staff" = [])),
    params(("venue_id" = String, Path), ("product_id" = String, Path),
        ("If-Match" = String, Header), ChangeQuery),
    request_body(content = Object, description = "the whole product, as read"),
    responses((status = 200, body = ChangedView), (status = 400, body = Problem),
        (status = 401, body = Problem), (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 412, body = Problem), (status = 413, body = Problem), (status = 415, body = Problem),
        (status = 422, body = Problem), (status = 428, body = Problem)))]
async fn change_product(
    State(context): State<Context>,
    staff: Staff,
    Path((venue_id, product_id)): Path<(String, String)>,
    Query(query): Query<ChangeQuery>,
    headers: HeaderMap,
    Json(product): Json<Product>,
) -> Result<Versioned<ChangedView>, Problem> {
    let from = load(&context, &staff, &venue_id).await?;
    let id = product_id_of(product_id)?;
    if product.id != id {
        return Err(problem::other_product(&id, &product.id));
    }
    product.check().map_err(|error| problem::offer(&error))?;
    let mut to = from.venue.clone();
    let before = to.products.iter_mut().find(|known| known.id == id);
    let change = Change {
        part: format!("products/{id}"),
        before: before.as_deref().map(json).transpose()?,
        after: json(&product)?,
    };
    match before {
        Some(known) => *known = product,
        None => to.products.push(product),
    }
    make(&context, &staff, &headers, &query, from, to, change).await
}

/// What changes of a venue, for its record.
struct Change {
    part: String,
    before: Option<Value>,
    after: Value,
}

async fn make(
    context: &Context,
    staff: &Staff,
    headers: &HeaderMap,
    query: &ChangeQuery,
    from: StoredVenue,
    to: Venue,
    change: Change,
) -> Result<Versioned<ChangedView>, Problem> {
    let stranded = left_without_slot(context, &to).await?;
    let answer = |version, made| versioned(version, ChangedView::of(version, made, stranded));
    // The same content again is a repeat after a lost answer, whatever version it names.
    if change.before.as_ref() == Some(&change.after) {
        return Ok(answer(from.version, false));
    }
    let seen = version_seen(headers, from.version)?;
    if seen != from.version {
        return Err(problem::changed_meanwhile(seen, from.version));
    }
    let bytes = json(&(&to.opening, &to.products))?.to_string().len();
    if bytes > OFFER_MAX_BYTES {
        return Err(problem::too_large(bytes, OFFER_MAX_BYTES));
    }
    if query.dry_run {
        return Ok(answer(from.version, false));
    }
    let version = from.version + 1;
    let record = AuditRecord {
        venue: to.id.clone(),
        actor: staff.subject.clone(),
        role: staff.role.name().to_owned(),
        at: context.clock.now(),
        version,
        part: change.part,
        before: change.before,
        after: change.after,
    };
    match context.store.change_venue(from.version, &to, &record).await.map_err(internal)? {
        VenueChanged::Done => Ok(answer(version, true)),
        VenueChanged::Stale => Err(problem::changed_meanwhile(from.version, version)),
    }
}

/// The version that the request was made from.
fn version_seen(headers: &HeaderMap, now: u64) -> Result<u64, Problem> {
    let tag = headers.get(header::IF_MATCH).ok_or_else(|| problem::version_missing(now))?;
    let text = tag.to_str().unwrap_or_default();
    text.trim()
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'))
        .and_then(|version| version.parse().ok())
        .ok_or_else(|| problem::version_malformed(text))
}

/// Places taken from today on whose slot the venue, changed so, would not offer.
async fn left_without_slot(context: &Context, venue: &Venue) -> Result<Vec<Stranded>, Problem> {
    let today = context.clock.now().to_zoned_datetime(venue.time_zone()).date();
    let last = today.saturating_add(BOOKING_HORIZON_DAYS.days());
    let mut left = Vec::new();
    for product in &venue.products {
        let touched =
            context.store.slots(&venue.id, &product.id, today, last).await.map_err(internal)?;
        let taken = touched.into_iter().map(|(slot, places): (SlotId, _)| (slot, places.taken));
        left.extend(stranded(venue, product, taken));
    }
    Ok(left)
}

/// Which records.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct AuditQuery {
    /// How many, at most 200.
    #[serde(default = "fifty")]
    limit: i32,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

fn fifty() -> i32 {
    50
}

/// Who changed what the venue offers, newest first.
#[utoipa::path(get, path = "/v1/venues/{venue_id}/changes", tag = "staff", security(("staff" = [])),
    params(("venue_id" = String, Path), AuditQuery),
    responses((status = 200, body = AuditListView), (status = 400, body = Problem),
        (status = 401, body = Problem), (status = 403, body = Problem), (status = 404, body = Problem)))]
async fn list_changes(
    State(context): State<Context>,
    staff: Staff,
    Path(venue_id): Path<String>,
    Query(query): Query<AuditQuery>,
) -> Result<axum::Json<AuditListView>, Problem> {
    let venue = load(&context, &staff, &venue_id).await?.venue;
    if !(1..=PAGE_MAX).contains(&query.limit) {
        return Err(problem::limit(query.limit, PAGE_MAX));
    }
    let (records, next_cursor) = context
        .store
        .audit(&venue.id, query.cursor.as_deref(), query.limit)
        .await
        .map_err(internal)?;
    Ok(axum::Json(AuditListView::of(records, next_cursor)))
}

/// The venue, for the managers it belongs to.
async fn load(context: &Context, staff: &Staff, venue_id: &str) -> Result<StoredVenue, Problem> {
    staff.must_be(&[Role::Manager])?;
    let id = VenueId::new(venue_id).map_err(|error| Problem::malformed_id("venue_id", error))?;
    staff.must_see(&id)?;
    let found = context.store.stored_venue(&id).await.map_err(internal)?;
    found.ok_or_else(|| {
        let fix = "take an id from `GET /v1/venues`";
        Problem::not_found("unknown-venue", "venue_id", id.as_str(), fix)
    })
}

fn product_id_of(text: String) -> Result<ProductId, Problem> {
    ProductId::new(text).map_err(|error| Problem::malformed_id("product_id", error))
}

fn json(value: &impl Serialize) -> Result<Value, Problem> {
    serde_json::to_value(value).map_err(|error| Problem::internal(&error))
}

#[expect(clippy::needless_pass_by_value, reason = "the shape `map_err` asks for")]
fn internal(error: atrio_dynamo::Error) -> Problem {
    match error {
        atrio_dynamo::Error::Stale { .. } => Problem::busy(),
        atrio_dynamo::Error::Malformed { .. } | atrio_dynamo::Error::Service { .. } => {
            Problem::internal(&error)
        }
    }
}
