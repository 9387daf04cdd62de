//! What can be booked: the venues, what each sells at which price and why, and the places left.
//! It reads only; nothing here takes a place.

mod pass;
mod retention;
mod view;

use std::sync::Arc;

use atrio_domain::booking::Channel;
use atrio_domain::calendar::{BOOKING_HORIZON_DAYS, Day, SlotTimes};
use atrio_domain::id::{ProductId, VenueId};
use atrio_domain::quota::Pools;
use atrio_domain::venue::{Product, Venue};
use atrio_dynamo::Store;
use atrio_dynamo::slot::StoredSlot;
use atrio_runtime::environment::EnvironmentError;
use atrio_runtime::{Clock, Path, Problem, Query};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use jiff::ToSpan;
use jiff::civil::Date;
use serde::Deserialize;
use tokio::sync::Mutex;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::pass::OtherPassView;
use crate::view::{AvailabilityView, SplitView, VenueDetailView, VenueListView};

/// Most days one answer covers.
const SPAN_MAX_DAYS: i32 = 62;

/// How long the list of venues may be old, in seconds.
const VENUES_TTL_SECONDS: i64 = 30;

/// What the function works with.
#[derive(Debug, Clone)]
pub struct Context {
    store: Store,
    clock: Clock,
    venues: Arc<Mutex<Option<Cached>>>,
}

#[derive(Debug)]
struct Cached {
    until: jiff::Timestamp,
    venues: Arc<Vec<Venue>>,
}

impl Context {
    /// Works on this table by this clock.
    #[must_use]
    pub fn new(store: Store, clock: Clock) -> Self {
        Self { store, clock, venues: Arc::default() }
    }

    /// Works on what the environment names.
    ///
    /// # Errors
    /// When a variable is missing or cannot be used.
    pub fn from_environment() -> Result<Self, EnvironmentError> {
        Ok(Self::new(atrio_runtime::aws::store_from_environment()?, Clock::system()))
    }

    async fn venues(&self) -> Result<Arc<Vec<Venue>>, Problem> {
        let now = self.clock.now();
        let mut cached = self.venues.lock().await;
        if let Some(fresh) = cached.as_ref().filter(|cached| now < cached.until) {
            return Ok(Arc::clone(&fresh.venues));
        }
        let venues =
            Arc::new(self.store.venues().await.map_err(|error| Problem::internal(&error))?);
        *cached =
            Some(Cached { until: now + VENUES_TTL_SECONDS.seconds(), venues: Arc::clone(&venues) });
        Ok(venues)
    }

    async fn venue(&self, id: &str) -> Result<Venue, Problem> {
        let id = VenueId::new(id).map_err(|error| Problem::malformed_id("venue_id", error))?;
        // Not from the list: who changed what a venue offers sees it at once.
        let found = self.store.venue(&id).await.map_err(|error| Problem::internal(&error))?;
        found.ok_or_else(|| {
            Problem::not_found(
                "unknown-venue",
                "venue_id",
                id.as_str(),
                "take an id from `GET /v1/venues`",
            )
        })
    }
}

/// The routes of this function.
pub fn router(context: Context) -> OpenApiRouter {
    OpenApiRouter::new()
        .routes(routes!(list_venues))
        .routes(routes!(show_venue))
        .routes(routes!(show_availability))
        .routes(routes!(show_split))
        .routes(routes!(retention::show_retention))
        .with_state(context)
}

/// All venues.
#[utoipa::path(get, path = "/v1/venues", tag = "shop", responses((status = 200, body = VenueListView)))]
async fn list_venues(State(context): State<Context>) -> Result<Json<VenueListView>, Problem> {
    Ok(Json(VenueListView::of(&context.venues().await?, context.clock.now())))
}

/// One venue with its hours, products and tariffs.
#[utoipa::path(get, path = "/v1/venues/{venue_id}", tag = "shop", params(("venue_id" = String, Path)),
    responses((status = 200, body = VenueDetailView), (status = 404, body = Problem)))]
async fn show_venue(
    State(context): State<Context>,
    Path(venue_id): Path<String>,
) -> Result<Json<VenueDetailView>, Problem> {
    let (venue, now) = (context.venue(&venue_id).await?, context.clock.now());
    let mut passes = Vec::new();
    for pass in &venue.honoured_passes {
        let seller = context.store.venue(&pass.venue_id).await;
        let seller = seller.map_err(|error| Problem::internal(&error))?;
        passes.extend(
            seller.and_then(|seller| OtherPassView::of(&seller, &pass.product_id, &venue.id, now)),
        );
    }
    Ok(Json(VenueDetailView::of(&venue, passes, now)))
}

/// Which days of which product.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct AvailabilityQuery {
    /// The product.
    product_id: String,
    /// First day, `2026-05-01`.
    #[param(value_type = String, format = Date)]
    from: Date,
    /// Last day, at most 61 days later.
    #[param(value_type = String, format = Date)]
    to: Date,
    /// Whose places are counted as left: `WEB`, `TOTEM`, `DESK` or `RESELLER`.
    #[serde(default)]
    #[param(value_type = Option<String>)]
    channel: Channel,
}

/// The places left on each day and slot. Sold-out and closed ones are listed, not hidden.
#[utoipa::path(get, path = "/v1/venues/{venue_id}/availability", tag = "shop",
    params(("venue_id" = String, Path), AvailabilityQuery),
    responses((status = 200, body = AvailabilityView), (status = 400, body = Problem), (status = 404, body = Problem)))]
async fn show_availability(
    State(context): State<Context>,
    Path(venue_id): Path<String>,
    Query(query): Query<AvailabilityQuery>,
) -> Result<Json<AvailabilityView>, Problem> {
    let venue = context.venue(&venue_id).await?;
    let product = product_of(&venue, &query.product_id)?;
    let days = asked_days(&query)?;
    let zone = venue.time_zone();
    let now = context.clock.now();
    let last_on_sale = venue.day_at(now).saturating_add(BOOKING_HORIZON_DAYS.days());
    let left = context
        .store
        .vacancies(&venue, product, query.channel, (query.from, query.to))
        .await
        .map_err(|error| Problem::internal(&error))?;
    let places = |slot: &SlotTimes| left.places(slot, now);
    let days = days
        .into_iter()
        .map(|day| match venue.opening.day(product, day, &zone) {
            Day::Open { .. } if day > last_on_sale => {
                view::closed_day(day, view::not_on_sale_yet())
            }
            Day::Open { .. } if product.options.iter().all(|o| o.tariff_on(day).is_none()) => {
                view::closed_day(day, view::no_tariff())
            }
            Day::Open { slots } => match product.free_day(day) {
                Some(free) if !free.takes_booking(query.channel) => {
                    view::day_at_the_door(product, day, free)
                }
                _ => view::open_day(product, day, &slots, places, now),
            },
            Day::Closed { reason } => view::closed_day(day, reason),
        })
        .collect();
    let product_id = product.id.clone();
    Ok(Json(AvailabilityView { venue_id: venue.id, product_id, days }))
}

/// Which day's sharing of places.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct SplitQuery {
    /// The product.
    product_id: String,
    /// The day, `2026-05-01`.
    #[param(value_type = String, format = Date)]
    day: Date,
}

/// How the places of a day are shared between channels, and what each pool has given: public, so
/// that anyone can check that no stock is kept aside.
#[utoipa::path(get, path = "/v1/venues/{venue_id}/split", tag = "shop",
    params(("venue_id" = String, Path), SplitQuery),
    responses((status = 200, body = SplitView), (status = 400, body = Problem), (status = 404, body = Problem)))]
async fn show_split(
    State(context): State<Context>,
    Path(venue_id): Path<String>,
    Query(query): Query<SplitQuery>,
) -> Result<Json<SplitView>, Problem> {
    let venue = context.venue(&venue_id).await?;
    let product = product_of(&venue, &query.product_id)?;
    let touched = context
        .store
        .slots(&venue.id, &product.id, query.day, query.day)
        .await
        .map_err(|error| Problem::internal(&error))?;
    let slots = match venue.opening.day(product, query.day, &venue.time_zone()) {
        Day::Open { slots } => slots,
        Day::Closed { .. } => Vec::new(),
    };
    let slots = slots
        .iter()
        .map(|slot| {
            let stored = touched.get(&slot.id);
            let counts = stored.map(|stored| stored.counts.clone()).unwrap_or_default();
            let split = stored.map(StoredSlot::split).unwrap_or_default();
            let pools = Pools::of(product, slot.start);
            view::split_slot(slot, &pools, &counts, split, context.clock.now())
        })
        .collect();
    Ok(Json(SplitView {
        product_id: product.id.clone(),
        day: query.day,
        slots,
        venue_id: venue.id,
    }))
}

fn product_of<'v>(venue: &'v Venue, id: &str) -> Result<&'v Product, Problem> {
    let id = ProductId::new(id).map_err(|error| Problem::malformed_id("product_id", error))?;
    venue.product(&id).ok_or_else(|| {
        let fix = "take an id from `GET /v1/venues/{venue_id}`";
        Problem::not_found("unknown-product", "product_id", id.as_str(), fix)
    })
}

fn asked_days(query: &AvailabilityQuery) -> Result<Vec<Date>, Problem> {
    let span_days = (query.to - query.from).get_days();
    if !(0..SPAN_MAX_DAYS).contains(&span_days) {
        return Err(Problem::new(StatusCode::BAD_REQUEST, "invalid-query")
            .detail(format_args!(
                "from {} to {} is not 1 to {SPAN_MAX_DAYS} days",
                query.from, query.to
            ))
            .field(
                "to",
                "is before `from`, or too far after it",
                format!("ask for at most {SPAN_MAX_DAYS} days"),
            ));
    }
    Ok((0..=span_days).map(|offset| query.from.saturating_add(offset.days())).collect())
}
