//! Holding places, for one visit or for several in one order, confirming what is free, giving up whole or
//! in part, exchanging, waiting for places, groups. The caller's uuid is the key to the booking and its idempotency key for
//! ever: the same request answers the same, whatever crashed in between.

mod exchange;
mod give_back;
mod group;
mod holder;
mod on_sale;
mod order;
mod pass;
mod person;
mod problem;
mod quote;
mod view;
mod voucher;
mod waiting;

use atrio_domain::booking::{Booking, Channel, Contact};
use atrio_domain::hold::{HoldRequest, Offer, UnitQuantity};
use atrio_domain::id::{CallerUuid, OptionId, ProductId, Shelfmark, SlotId, VenueId};
use atrio_domain::quota::Pools;
use atrio_domain::risk::{Decision, Features, Outcome, RiskKeys, decide};
use atrio_domain::tariff::Cents;
use atrio_domain::text::Locale;
use atrio_domain::venue::Venue;
use atrio_domain::voucher::VoucherError;
use atrio_dynamo::Store;
use atrio_dynamo::booking::{Held, Stored};
use atrio_dynamo::decision::DecisionRecord;
use atrio_dynamo::settlement::Purchase;
use atrio_runtime::environment::{self, EnvironmentError};
use atrio_runtime::{
    Access, ClientAddress, Clock, Json, Path, Problem, Query, Role, Staff, random,
};
use axum::extract::{FromRef, State};
use axum::http::StatusCode;
use jiff::Timestamp;
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::view::BookingView;

/// What the function works with.
#[derive(Debug, Clone)]
pub struct Context {
    /// The table.
    pub store: Store,
    /// The time.
    pub clock: Clock,
    /// Checks the tokens of desks.
    pub access: Access,
    /// Hashes the addresses that behaviour is counted under.
    pub contact_hash_key: std::sync::Arc<[u8]>,
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
            "the secret under which mail and network addresses are hashed",
        )?;
        Ok(Self {
            access: Access::from_environment(clock, store.clone())?,
            store,
            clock,
            contact_hash_key: key.into_bytes().into(),
        })
    }
}

/// The routes of this function.
pub fn router(context: Context) -> OpenApiRouter {
    OpenApiRouter::new()
        .routes(routes!(quote::quote))
        .routes(routes!(hold))
        .routes(routes!(show))
        .routes(routes!(confirm))
        .routes(routes!(cancel))
        .routes(routes!(exchange::quote_exchange, exchange::exchange))
        .routes(routes!(give_back::give_back))
        .routes(routes!(holder::name_holders))
        .routes(routes!(on_sale::join))
        .routes(routes!(order::hold))
        .routes(routes!(order::show))
        .routes(routes!(order::confirm))
        .routes(routes!(order::cancel))
        .routes(routes!(person::show_person, person::forget_person))
        .routes(routes!(waiting::join))
        .routes(routes!(waiting::show, waiting::leave))
        .merge(group::routes())
        .with_state(context)
}

/// A request for places.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct HoldBody {
    /// Made by the caller; its idempotency key.
    #[schema(value_type = String)]
    uuid: CallerUuid,
    #[schema(value_type = String)]
    venue_id: VenueId,
    #[schema(value_type = String)]
    product_id: ProductId,
    #[serde(default = "standard_option")]
    #[schema(value_type = String)]
    option_id: OptionId,
    /// The local start of the slot, `2026-05-01T10:00`.
    #[schema(value_type = String)]
    slot_id: SlotId,
    #[schema(value_type = Vec<Object>)]
    units: Vec<UnitQuantity>,
    /// Pieces to be brought to the reading room, by shelfmark.
    #[serde(default)]
    #[schema(value_type = Vec<String>)]
    pieces: Vec<Shelfmark>,
    /// Whom to write to; only a desk may leave it out.
    contact: Option<ContactBody>,
    #[serde(default)]
    #[schema(value_type = String)]
    locale: Locale,
    #[serde(default)]
    #[schema(value_type = String)]
    channel: Channel,
    /// A discount code of the venue, in any case, with or without dashes.
    voucher_code: Option<String>,
    /// The place in the line before a sale, where the day is in one and its line has not ended.
    queue_place: Option<String>,
}

/// Whom to write to.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ContactBody {
    full_name: String,
    email: String,
    phone: Option<String>,
}

impl From<ContactBody> for Contact {
    fn from(body: ContactBody) -> Self {
        Self { full_name: body.full_name, email: body.email, phone: body.phone }
    }
}

fn standard_option() -> OptionId {
    #[expect(clippy::expect_used, reason = "a literal that is well-formed")]
    OptionId::new("standard").expect("a word")
}

impl From<HoldBody> for HoldRequest {
    fn from(body: HoldBody) -> Self {
        Self {
            uuid: body.uuid,
            venue_id: body.venue_id,
            product_id: body.product_id,
            option_id: body.option_id,
            slot_id: body.slot_id,
            units: body.units,
            pieces: body.pieces,
            contact: body.contact.map(Contact::from),
            locale: body.locale,
            channel: body.channel,
            voucher: None,
            replaces: None,
        }
    }
}

/// Holds places for a quarter of an hour. Repeated, it answers what became of the first request.
#[utoipa::path(post, path = "/v1/bookings", tag = "shop", request_body = HoldBody,
    responses((status = 201, body = BookingView), (status = 200, body = BookingView),
        (status = 403, body = Problem), (status = 404, body = Problem), (status = 409, body = Problem),
        (status = 422, body = Problem)))]
async fn hold(
    State(context): State<Context>,
    ClientAddress(address): ClientAddress,
    staff: Option<Desk>,
    Json(mut body): Json<HoldBody>,
) -> Result<(StatusCode, axum::Json<BookingView>), Problem> {
    let (code, place) = (body.voucher_code.take(), body.queue_place.take());
    let voucher = voucher::key(&context, code.as_deref(), "")?;
    let request = HoldRequest { voucher, ..HoldRequest::from(body) };
    match request.channel {
        Channel::Desk => staff.ok_or_else(problem::desk_only)?.must_sell_at(&request.venue_id)?,
        Channel::Reseller => return Err(problem::reseller_only()),
        Channel::Web | Channel::Totem => {}
    }
    let before = async { context.store.booking(request.uuid).await.map_err(internal) };
    let (venue, before) = tokio::try_join!(load_venue(&context, &request.venue_id), before)?;
    let now = context.clock.now();
    if let Some(before) = before {
        return repeated(&request, &before, &venue, now);
    }
    let mut offer = request.offer(&venue, now).map_err(|error| problem::hold(&error))?;
    on_sale::must_have_turn(&context, &request, &venue, place.as_deref(), "queue_place", now)
        .await?;
    pass::must_be_honoured(&context, &request, &venue, "").await?;
    let network = address.as_deref();
    voucher::reduce(&context, &request, &mut offer, &venue, network, "", now).await?;
    let (decision, keys) = decided(&context, &request, &offer, address.as_deref(), now).await?;
    let pools = offer.pools.clone();
    let booking = request.clone().hold(offer, decision, keys, now);
    held(&context, &request, booking, &pools, &venue, now).await
}

/// Takes the places of a booking and answers what became of the request.
async fn held(
    context: &Context,
    request: &HoldRequest,
    mut booking: Booking,
    pools: &Pools,
    venue: &Venue,
    now: Timestamp,
) -> Result<(StatusCode, axum::Json<BookingView>), Problem> {
    match context.store.hold(&mut booking, pools, now).await.map_err(internal)? {
        Held::New => {
            Ok((StatusCode::CREATED, axum::Json(BookingView::of(&booking, None, venue, now))))
        }
        Held::Before(before) => repeated(request, &before, venue, now),
        Held::UuidReused => Err(problem::uuid_reused("uuid", booking.uuid)),
        Held::SoldOut { vacancies, more_at } => {
            Err(problem::sold_out("units", &booking, vacancies, more_at))
        }
        Held::TooFew => Err(problem::too_few("slot_id", &booking)),
        Held::Exhausted(exhausted) => Err(problem::exhausted("", &booking, &exhausted)),
        Held::OverLimit(over) => Err(problem::over_limit("contact.email", &booking, over)),
        Held::VoucherUsedUp => Err(problem::voucher("", &VoucherError::UsedUp)),
    }
}

/// Decides on visits that are asked for in one go, and files the refusal of each where they are blocked.
///
/// # Errors
/// The refusal, or the table's own.
async fn decide_on(
    context: &Context,
    keys: &RiskKeys,
    places: u32,
    requests: &[HoldRequest],
    now: Timestamp,
) -> Result<Decision, Problem> {
    let (contact, client) = context.store.velocities(keys, now).await.map_err(internal)?;
    let decision = decide(&Features { places, contact, client }, now);
    if decision.outcome != Outcome::Block {
        return Ok(decision);
    }
    for request in requests {
        let record = DecisionRecord {
            booking: request.uuid,
            venue: request.venue_id.clone(),
            slot: request.slot_id,
            decision: decision.clone(),
        };
        context.store.record_decision(&record).await.map_err(internal)?;
    }
    Err(problem::blocked(&decision))
}

/// The same of one visit, with the keys under which its behaviour is counted.
async fn decided(
    context: &Context,
    request: &HoldRequest,
    offer: &Offer,
    address: Option<&str>,
    now: Timestamp,
) -> Result<(Decision, RiskKeys), Problem> {
    let keys = risk_keys(context, request, address);
    let alone = std::slice::from_ref(request);
    let decision = decide_on(context, &keys, offer.places(), alone, now).await?;
    Ok((decision, keys))
}

/// A desk's visitors share its address, and many have no other: only a contact they leave counts.
fn risk_keys(context: &Context, request: &HoldRequest, address: Option<&str>) -> RiskKeys {
    let email = request.contact.as_ref().map(|contact| contact.email.as_str());
    let address = address.filter(|_| request.channel != Channel::Desk);
    RiskKeys::of(&context.contact_hash_key, email, address)
}

fn repeated(
    request: &HoldRequest,
    before: &Stored,
    venue: &Venue,
    now: Timestamp,
) -> Result<(StatusCode, axum::Json<BookingView>), Problem> {
    if before.booking.fingerprint != request.fingerprint() {
        return Err(problem::uuid_reused("uuid", request.uuid));
    }
    let seen = before.booking.seen_at(now);
    Ok((StatusCode::OK, axum::Json(BookingView::of(&seen, None, venue, now))))
}

/// A desk's token, where one came with the request.
struct Desk(Staff);

impl<S> axum::extract::OptionalFromRequestParts<S> for Desk
where
    S: Send + Sync,
    Access: FromRef<S>,
{
    type Rejection = Problem;

    async fn from_request_parts(
        parts: &mut axum::http::request::Parts,
        state: &S,
    ) -> Result<Option<Self>, Problem> {
        if !parts.headers.contains_key(axum::http::header::AUTHORIZATION) {
            return Ok(None);
        }
        let staff =
            <Staff as axum::extract::FromRequestParts<S>>::from_request_parts(parts, state).await?;
        Ok(Some(Self(staff)))
    }
}

impl Desk {
    fn must_sell_at(&self, venue: &VenueId) -> Result<(), Problem> {
        self.0.must_be_at(venue, &[Role::Desk, Role::Manager]).map(|_| ())
    }
}

/// One booking as it stands now.
#[utoipa::path(get, path = "/v1/bookings/{uuid}", tag = "shop", params(("uuid" = String, Path)),
    responses((status = 200, body = BookingView), (status = 404, body = Problem)))]
async fn show(
    State(context): State<Context>,
    Path(uuid): Path<String>,
) -> Result<axum::Json<BookingView>, Problem> {
    let uuid = booking_uuid(&uuid)?;
    let stored = context.store.booking(uuid).await.map_err(internal)?;
    let stored = stored.ok_or_else(|| problem::unknown_booking(uuid))?;
    answer(&context, stored).await
}

/// Confirms a booking that costs nothing.
#[utoipa::path(post, path = "/v1/bookings/{uuid}/confirm", tag = "shop", params(("uuid" = String, Path)),
    responses((status = 200, body = BookingView), (status = 404, body = Problem), (status = 409, body = Problem)))]
async fn confirm(
    State(context): State<Context>,
    Path(uuid): Path<String>,
) -> Result<axum::Json<BookingView>, Problem> {
    let uuid = booking_uuid(&uuid)?;
    let now = context.clock.now();
    let purchase = Purchase::Booking(uuid);
    let confirmed = context.store.confirm_free(purchase, random::ticket_id, now).await;
    let confirmed = confirmed.map_err(problem::step)?.into_iter().next();
    answer(&context, confirmed.ok_or_else(|| problem::unknown_booking(uuid))?).await
}

/// How to give a booking up.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct CancelQuery {
    /// What the visitor was shown goes back. Where it is another amount by now, nothing is done and
    /// the answer says which; without it, what the rule says is done.
    #[param(value_type = Option<i64>)]
    refund_cents: Option<Cents>,
}

/// Gives a booking up; its places go back at once. A confirmed one loses its tickets, and the money
/// goes back as `cancellation` of the booking says. Repeated, it answers the same.
#[utoipa::path(post, path = "/v1/bookings/{uuid}/cancel", tag = "shop",
    params(("uuid" = String, Path), CancelQuery),
    responses((status = 200, body = BookingView), (status = 400, body = Problem),
        (status = 404, body = Problem), (status = 409, body = Problem)))]
async fn cancel(
    State(context): State<Context>,
    Path(uuid): Path<String>,
    Query(query): Query<CancelQuery>,
) -> Result<axum::Json<BookingView>, Problem> {
    let uuid = booking_uuid(&uuid)?;
    let cancelled = context.store.cancel(uuid, query.refund_cents, context.clock.now()).await;
    answer(&context, cancelled.map_err(problem::step)?).await
}

async fn answer(context: &Context, stored: Stored) -> Result<axum::Json<BookingView>, Problem> {
    view_of(context, &stored.booking, context.clock.now()).await.map(axum::Json)
}

async fn view_of(
    context: &Context,
    booking: &Booking,
    now: Timestamp,
) -> Result<BookingView, Problem> {
    let booking = booking.seen_at(now);
    let payment = async {
        match view::payment_id(&booking) {
            Some(id) => context.store.payment(booking.uuid, id).await.map_err(internal),
            None => Ok(None),
        }
    };
    let (venue, payment) = tokio::try_join!(load_venue(context, &booking.venue_id), payment)?;
    Ok(BookingView::of(&booking, payment.as_ref(), &venue, now))
}

async fn load_venue(context: &Context, id: &VenueId) -> Result<Venue, Problem> {
    let venue = context.store.venue(id).await.map_err(internal)?;
    venue.ok_or_else(|| problem::unknown_venue("venue_id", id))
}

fn booking_uuid(text: &str) -> Result<CallerUuid, Problem> {
    text.parse().map_err(|error| Problem::malformed_id("uuid", error))
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
