//! What a venue offers, as its own staff set it: hours, closures, areas with limits, products with
//! capacity and tariffs; who that staff is; and which servers are told what becomes of it.
//! Every change names what it was made from, leaves a record of who changed what, and says
//! which booked places it leaves without a slot.

mod call_off;
mod campaigns;
mod deliveries;
mod events;
mod passes;
mod pieces;
mod problem;
mod resellers;
mod staff;
mod supplier;
mod templates;
mod view;
mod webhooks;

use atrio_domain::calendar::{BOOKING_HORIZON_DAYS, Opening};
use atrio_domain::id::{ProductId, VenueId};
use atrio_domain::offer::Stranded;
use atrio_domain::premises::Premises;
use atrio_domain::resource::{Resource, check_needs_of, check_resources};
use atrio_domain::staff::Reach;
use atrio_domain::venue::{HoursSource, Product, Venue};
use atrio_domain::webhook::address::Destinations;
use atrio_dynamo::Store;
use atrio_dynamo::audit::AuditRecord;
use atrio_dynamo::venue::{StoredVenue, VenueChanged};
use atrio_runtime::entity_tag::{Tagged, entity_tag, must_know, tagged};
use atrio_runtime::environment::{self, EnvironmentError};
use atrio_runtime::{Access, Clock, Json, Path, Problem, Query, Role, Staff};
use axum::extract::{FromRef, State};
use axum::http::HeaderMap;
use jiff::ToSpan;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::view::{AuditListView, ChangedView, OpeningRulesView};

/// Most bytes of JSON that a venue's hours and products take together: an item holds 400 kB.
const OFFER_MAX_BYTES: usize = 300 * 1024;

/// How often a change is tried when others change the venue at the same moment.
const ATTEMPTS: u32 = 8;

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
    /// Hashes discount codes, and the addresses of staff who have not signed in yet.
    pub contact_hash_key: std::sync::Arc<[u8]>,
    /// How far webhooks are sent.
    pub destinations: Destinations,
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
        let key = environment::text(
            "ATRIO_CONTACT_HASH_KEY",
            "the secret under which discount codes and addresses of staff are hashed",
        )?;
        Ok(Self {
            access: Access::from_environment(clock, store.clone())?,
            store,
            clock,
            contact_hash_key: key.into_bytes().into(),
            destinations: Destinations::Public,
        })
    }
}

/// The routes of this function.
pub fn router(context: Context) -> OpenApiRouter {
    OpenApiRouter::new()
        .routes(routes!(show_opening, change_opening))
        .routes(routes!(show_premises, change_premises))
        .routes(routes!(show_product, change_product))
        .routes(routes!(show_resources, change_resources))
        .routes(routes!(campaigns::show_campaigns, campaigns::change_campaigns))
        .routes(routes!(campaigns::show_usage, campaigns::make_codes))
        .routes(routes!(passes::show_passes, passes::change_passes))
        .routes(routes!(templates::list_templates))
        .routes(routes!(templates::show_template, templates::change_template))
        .routes(routes!(templates::list_followers))
        .routes(routes!(templates::show_followed, templates::change_followed))
        .routes(routes!(resellers::list_resellers))
        .routes(routes!(resellers::show_reseller, resellers::change_reseller))
        .routes(routes!(resellers::give_key))
        .routes(routes!(resellers::end_key))
        .routes(routes!(resellers::list_changes))
        .routes(routes!(supplier::show_supplier, supplier::change_supplier))
        .routes(routes!(pieces::list_pieces))
        .routes(routes!(staff::list_staff))
        .routes(routes!(staff::show_member, staff::set_member, staff::remove_member))
        .routes(routes!(list_changes))
        .routes(routes!(call_off::call_off))
        .routes(routes!(webhooks::list_webhooks))
        .routes(routes!(webhooks::show_webhook, webhooks::change_webhook, webhooks::remove_webhook))
        .routes(routes!(webhooks::rotate_secret))
        .routes(routes!(deliveries::test_webhook))
        .routes(routes!(deliveries::replay_events))
        .routes(routes!(deliveries::list_deliveries))
        .routes(routes!(events::list_events))
        .with_state(context)
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
    responses((status = 200, body = OpeningRulesView), (status = 400, body = Problem),
        (status = 401, body = Problem), (status = 403, body = Problem), (status = 404, body = Problem)))]
async fn show_opening(
    State(context): State<Context>,
    staff: Staff,
    Path(venue_id): Path<String>,
) -> Result<Tagged<OpeningRulesView>, Problem> {
    let venue = load(&context, &staff, &venue_id).await?.venue;
    Ok(tagged((entity_tag(&json(&venue.opening)?), OpeningRulesView::of(venue))))
}

/// Sets the hours and closures of a venue, and says which booked places they leave without a slot.
#[utoipa::path(put, path = "/v1/venues/{venue_id}/opening", tag = "staff", security(("staff" = [])),
    params(("venue_id" = String, Path), ("If-Match" = Option<String>, Header),
        ("If-None-Match" = Option<String>, Header), ChangeQuery),
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
) -> Result<Tagged<ChangedView>, Problem> {
    staff.at_venue(&venue_id, &[Role::Manager])?;
    opening.check().map_err(|error| problem::offer(&error))?;
    let after = json(&opening)?;
    let change = |venue: &Venue| {
        let before = Some(json(&venue.opening)?);
        let to = Venue { opening: opening.clone(), hours: HoursSource::Own, ..venue.clone() };
        Ok(Change { part: "opening".to_owned(), before, after: after.clone(), to })
    };
    Wanted { context, staff, venue_id, headers, is_rehearsal: query.dry_run }.make(change).await
}

/// The areas of a venue and how many people may be present, as its staff set them.
#[utoipa::path(get, path = "/v1/venues/{venue_id}/premises", tag = "staff", security(("staff" = [])),
    params(("venue_id" = String, Path)),
    responses((status = 200, body = Object), (status = 400, body = Problem),
        (status = 401, body = Problem), (status = 403, body = Problem), (status = 404, body = Problem)))]
async fn show_premises(
    State(context): State<Context>,
    staff: Staff,
    Path(venue_id): Path<String>,
) -> Result<Tagged<Premises>, Problem> {
    let premises = load(&context, &staff, &venue_id).await?.venue.premises;
    Ok(tagged((entity_tag(&json(&premises)?), premises)))
}

/// Sets the areas of a venue, how many people may be present in it and in each, and who counts them: gates, or
/// the counters at the doors. People who are inside already are not counted before their next entry.
#[utoipa::path(put, path = "/v1/venues/{venue_id}/premises", tag = "staff", security(("staff" = [])),
    params(("venue_id" = String, Path), ("If-Match" = Option<String>, Header),
        ("If-None-Match" = Option<String>, Header), ChangeQuery),
    request_body(content = Object, description = "`limit`, `counted_by` and `areas`, as read"),
    responses((status = 200, body = ChangedView), (status = 400, body = Problem),
        (status = 401, body = Problem), (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 412, body = Problem), (status = 413, body = Problem), (status = 415, body = Problem),
        (status = 422, body = Problem), (status = 428, body = Problem)))]
async fn change_premises(
    State(context): State<Context>,
    staff: Staff,
    Path(venue_id): Path<String>,
    Query(query): Query<ChangeQuery>,
    headers: HeaderMap,
    Json(premises): Json<Premises>,
) -> Result<Tagged<ChangedView>, Problem> {
    staff.at_venue(&venue_id, &[Role::Manager])?;
    premises.check().map_err(|error| problem::premises(&error))?;
    let after = json(&premises)?;
    let change = |venue: &Venue| {
        premises.check_products(&venue.products).map_err(|error| problem::premises(&error))?;
        let before = Some(json(&venue.premises)?);
        let to = Venue { premises: premises.clone(), ..venue.clone() };
        Ok(Change { part: "premises".to_owned(), before, after: after.clone(), to })
    };
    Wanted { context, staff, venue_id, headers, is_rehearsal: query.dry_run }.make(change).await
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
) -> Result<Tagged<Product>, Problem> {
    let venue = load(&context, &staff, &venue_id).await?.venue;
    let id = product_id_of(product_id)?;
    let product = venue.product(&id).ok_or_else(|| problem::unknown_product(&id))?;
    Ok(tagged((entity_tag(&json(product)?), product.clone())))
}

/// Sets a product of a venue, a new one where there is none of that id, and says which booked
/// places the change leaves without a slot. What was sold keeps the price it was sold at.
#[utoipa::path(put, path = "/v1/venues/{venue_id}/products/{product_id}", tag = "staff",
    security(("staff" = [])),
    params(("venue_id" = String, Path), ("product_id" = String, Path),
        ("If-Match" = Option<String>, Header),
        ("If-None-Match" = Option<String>, Header), ChangeQuery),
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
) -> Result<Tagged<ChangedView>, Problem> {
    let seller = staff.at_venue(&venue_id, &[Role::Manager])?;
    let id = product_id_of(product_id)?;
    if product.id != id {
        return Err(problem::other_product(&id, &product.id));
    }
    product.check().map_err(|error| problem::offer(&error))?;
    if let Some(rule) = &product.pass {
        passes::must_be_honoured(&context, &seller, &id, rule).await?;
    }
    let after = json(&product)?;
    let change = |venue: &Venue| {
        check_needs_of(&product, venue).map_err(|error| problem::offer(&error.into()))?;
        venue.premises.check_product(&product).map_err(|error| problem::premises(&error))?;
        let mut to = venue.clone();
        let known = to.products.iter_mut().find(|known| known.id == id);
        let before = known.as_deref().map(json).transpose()?;
        match known {
            Some(known) => *known = product.clone(),
            None => to.products.push(product.clone()),
        }
        Ok(Change { part: format!("products/{id}"), before, after: after.clone(), to })
    };
    Wanted { context, staff, venue_id, headers, is_rehearsal: query.dry_run }.make(change).await
}

/// What visits of a venue's products occupy together.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Resources {
    resources: Vec<Resource>,
}

/// What visits of several products of a venue occupy together: people in a room, guides, equipment.
#[utoipa::path(get, path = "/v1/venues/{venue_id}/resources", tag = "staff", security(("staff" = [])),
    params(("venue_id" = String, Path)),
    responses((status = 200, body = Object), (status = 400, body = Problem),
        (status = 401, body = Problem), (status = 403, body = Problem), (status = 404, body = Problem)))]
async fn show_resources(
    State(context): State<Context>,
    staff: Staff,
    Path(venue_id): Path<String>,
) -> Result<Tagged<Resources>, Problem> {
    let venue = load(&context, &staff, &venue_id).await?.venue;
    let body = Resources { resources: venue.resources };
    Ok(tagged((entity_tag(&json(&body)?), body)))
}

/// Sets the resources of a venue. What bookings occupy already stays occupied, even where there are
/// fewer now.
#[utoipa::path(put, path = "/v1/venues/{venue_id}/resources", tag = "staff", security(("staff" = [])),
    params(("venue_id" = String, Path), ("If-Match" = Option<String>, Header),
        ("If-None-Match" = Option<String>, Header), ChangeQuery),
    request_body(content = Object, description = "`resources`, as read"),
    responses((status = 200, body = ChangedView), (status = 400, body = Problem),
        (status = 401, body = Problem), (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 412, body = Problem), (status = 413, body = Problem), (status = 415, body = Problem),
        (status = 422, body = Problem), (status = 428, body = Problem)))]
async fn change_resources(
    State(context): State<Context>,
    staff: Staff,
    Path(venue_id): Path<String>,
    Query(query): Query<ChangeQuery>,
    headers: HeaderMap,
    Json(wanted): Json<Resources>,
) -> Result<Tagged<ChangedView>, Problem> {
    staff.at_venue(&venue_id, &[Role::Manager])?;
    let after = json(&wanted)?;
    let change = |venue: &Venue| {
        let before = Some(json(&Resources { resources: venue.resources.clone() })?);
        let to = Venue { resources: wanted.resources.clone(), ..venue.clone() };
        check_resources(&to).map_err(|error| problem::offer(&error.into()))?;
        Ok(Change { part: "resources".to_owned(), before, after: after.clone(), to })
    };
    Wanted { context, staff, venue_id, headers, is_rehearsal: query.dry_run }.make(change).await
}

/// One part of what a venue offers, before and after.
struct Change {
    part: String,
    before: Option<Value>,
    after: Value,
    to: Venue,
}

/// A change asked for: by whom, of which venue, on which condition.
struct Wanted {
    context: Context,
    staff: Staff,
    venue_id: String,
    headers: HeaderMap,
    is_rehearsal: bool,
}

impl Wanted {
    async fn make(
        self,
        change: impl Fn(&Venue) -> Result<Change, Problem>,
    ) -> Result<Tagged<ChangedView>, Problem> {
        for _ in 0..ATTEMPTS {
            let from = load(&self.context, &self.staff, &self.venue_id).await?;
            let mut change = change(&from.venue)?;
            if change.part != templates::PART {
                change.to.note_own(&from.venue);
            }
            let stranded = left_without_slot(&self.context, &change.to).await?;
            let tag = entity_tag(&change.after);
            let answer = |version, changed| (tag, ChangedView::of(version, changed, stranded));
            // The same content again is a repeat after a lost answer, whatever it was made from.
            if change.before.as_ref() == Some(&change.after) {
                return Ok(tagged(answer(from.version, false)));
            }
            must_know(&self.headers, change.before.as_ref())?;
            let bytes = json(&(
                &change.to.opening,
                &change.to.resources,
                &change.to.premises,
                &change.to.products,
                &change.to.campaigns,
                &change.to.honoured_passes,
            ))?
            .to_string()
            .len();
            if bytes > OFFER_MAX_BYTES {
                return Err(problem::too_large(bytes, OFFER_MAX_BYTES));
            }
            if self.is_rehearsal {
                let known = change.before.as_ref().map(entity_tag).unwrap_or_default();
                let (_, view) = answer(from.version, false);
                return Ok(tagged((known, view)));
            }
            let version = from.version + 1;
            let record = self.record(&change, version)?;
            let stored = self.context.store.change_venue(from.version, &change.to, &record).await;
            // Someone changed another part, or this one: the next reading shows which.
            if stored.map_err(internal)? == VenueChanged::Done {
                return Ok(tagged(answer(version, true)));
            }
        }
        Err(Problem::busy())
    }

    fn record(&self, change: &Change, version: u64) -> Result<AuditRecord, Problem> {
        let role = self.staff.must_be_at(&change.to.id, &[Role::Manager])?;
        Ok(AuditRecord {
            reach: Reach::Venue(change.to.id.clone()),
            actor: self.staff.subject.to_string(),
            role: role.name().to_owned(),
            at: self.context.clock.now(),
            version,
            part: change.part.clone(),
            before: change.before.clone(),
            after: change.after.clone(),
        })
    }
}

/// Places taken from today on whose slot the venue, changed so, would not offer.
async fn left_without_slot(context: &Context, venue: &Venue) -> Result<Vec<Stranded>, Problem> {
    let today = venue.day_at(context.clock.now());
    let last = today.saturating_add(BOOKING_HORIZON_DAYS.days());
    context.store.stranded(venue, today, last).await.map_err(internal)
}

/// Which records.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct AuditQuery {
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
    let id = staff.at_venue(venue_id, &[Role::Manager])?;
    let found = context.store.stored_venue(&id).await.map_err(internal)?;
    found.ok_or_else(|| unknown_venue(&id))
}

fn unknown_venue(id: &VenueId) -> Problem {
    let fix = "take an id from `GET /v1/venues`";
    Problem::not_found("unknown-venue", "venue_id", id.as_str(), fix)
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
