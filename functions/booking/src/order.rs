//! Orders: several visits, at one venue or more, held, paid and confirmed in one go, all or nothing.
//! Each visit is a booking like any other, which belongs to the order until it is confirmed.

use atrio_domain::booking::{Booking, Channel, Contact};
use atrio_domain::hold::{HoldRequest, Offer, UnitQuantity};
use atrio_domain::id::{CallerUuid, OptionId, ProductId, Shelfmark, SlotId, VenueId};
use atrio_domain::order::{self, OrderRequest};
use atrio_domain::tariff::{CURRENCY, Cents};
use atrio_domain::text::{Locale, Text};
use atrio_domain::venue::Venue;
use atrio_domain::voucher::VoucherError;
use atrio_dynamo::booking::Stored;
use atrio_dynamo::order::OrderHeld;
use atrio_dynamo::settlement::{Purchase, StepFailure};
use atrio_runtime::{ClientAddress, Json, Path, Problem, random};
use axum::extract::State;
use axum::http::StatusCode;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::view::BookingView;
use crate::{
    ContactBody, Context, booking_uuid, decide_on, internal, on_sale, pass, problem, risk_keys,
    standard_option, view_of, voucher,
};

/// A request for several visits in one go.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct OrderBody {
    /// Made by the caller; its idempotency key.
    #[schema(value_type = String)]
    uuid: CallerUuid,
    /// Two to five visits of different slots, 90 places in all.
    bookings: Vec<LineBody>,
    /// Whom to write to about all of them.
    contact: ContactBody,
    #[serde(default)]
    #[schema(value_type = String)]
    locale: Locale,
    /// `WEB` or `TOTEM`.
    #[serde(default)]
    #[schema(value_type = String)]
    channel: Channel,
}

/// One visit of an order: a request for places, without what is said once for all.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct LineBody {
    /// The key of the booking that it becomes.
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
    /// A discount code of the venue.
    voucher_code: Option<String>,
    /// The place in the line before a sale, where the day is in one.
    queue_place: Option<String>,
}

impl From<OrderBody> for OrderRequest {
    fn from(OrderBody { uuid, bookings, contact, locale, channel }: OrderBody) -> Self {
        let contact = Contact::from(contact);
        let lines = bookings.into_iter().map(|line| HoldRequest {
            replaces: None,
            uuid: line.uuid,
            venue_id: line.venue_id,
            product_id: line.product_id,
            option_id: line.option_id,
            slot_id: line.slot_id,
            units: line.units,
            pieces: line.pieces,
            contact: Some(contact.clone()),
            locale,
            channel,
            voucher: None,
        });
        Self { uuid, lines: lines.collect() }
    }
}

/// An order with its bookings.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct OrderView {
    #[schema(value_type = String)]
    uuid: CallerUuid,
    /// `ON_HOLD`, `PAYING`, `CONFIRMED`, `EXPIRED` or `CANCELLED`. All bookings stand alike until they
    /// are confirmed; then the order is confirmed for as long as one of them is.
    status: &'static str,
    bookings: Vec<BookingView>,
    /// What all bookings cost, those that were given up later among them.
    #[schema(value_type = i64)]
    total_cents: Cents,
    currency: &'static str,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// Only while on hold.
    #[schema(value_type = Option<String>, format = DateTime)]
    expires_at: Option<Timestamp>,
    /// Why it is in this state, where that needs saying.
    #[schema(value_type = Option<Object>)]
    message: Option<Text>,
}

/// Holds the places of several visits for a quarter of an hour, or of none. Repeated, it answers what
/// became of the first request.
#[utoipa::path(post, path = "/v1/orders", tag = "shop", request_body = OrderBody,
    responses((status = 201, body = OrderView), (status = 200, body = OrderView),
        (status = 400, body = Problem), (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 409, body = Problem), (status = 413, body = Problem), (status = 415, body = Problem),
        (status = 422, body = Problem), (status = 503, body = Problem)))]
pub(crate) async fn hold(
    State(context): State<Context>,
    ClientAddress(address): ClientAddress,
    Json(mut body): Json<OrderBody>,
) -> Result<(StatusCode, axum::Json<OrderView>), Problem> {
    let taken = body.bookings.iter_mut();
    let (codes, turns): (Vec<Option<String>>, Vec<Option<String>>) =
        taken.map(|line| (line.voucher_code.take(), line.queue_place.take())).unzip();
    let mut request = OrderRequest::from(body);
    for (line, (request, code)) in request.lines.iter_mut().zip(&codes).enumerate() {
        let place = problem::in_line(line, "");
        request.voucher = voucher::key(&context, code.as_deref(), &place)?;
    }
    request.check().map_err(|error| problem::order(&error))?;
    if let Some(before) = read(&context, request.uuid).await? {
        return repeated(&context, &request, &before).await;
    }
    let venues = load_venues(&context, &request).await?;
    let now = context.clock.now();
    let mut offers = request.offers(&venues, now).map_err(|error| problem::order(&error))?;
    for (line, (visit, offer)) in request.lines.iter().zip(&mut offers).enumerate() {
        let (venue, place) = (&venues[line], problem::in_line(line, ""));
        let (turn, field) = (turns[line].as_deref(), problem::in_line(line, "queue_place"));
        on_sale::must_have_turn(&context, visit, venue, turn, &field, now).await?;
        pass::must_be_honoured(&context, visit, venue, &place).await?;
        voucher::reduce(&context, visit, offer, venue, address.as_deref(), &place, now).await?;
    }
    let places = offers.iter().map(Offer::places).sum();
    // All lines have the same contact, so any of them says under which keys it is counted.
    let first = &request.lines[0];
    let keys = risk_keys(&context, first, address.as_deref());
    let decision = decide_on(&context, &keys, places, &request.lines, now).await?;
    let pools: Vec<_> = offers.iter().map(|offer| offer.pools.clone()).collect();
    let asked = request.clone();
    let (held, mut bookings) = request.hold(offers, &decision, &keys, now);
    let outcome = context.store.hold_order(&held, &mut bookings, &pools, now).await;
    match outcome.map_err(internal)? {
        OrderHeld::New => {
            let view = view(&context, held.uuid, &bookings).await?;
            Ok((StatusCode::CREATED, axum::Json(view)))
        }
        OrderHeld::Before(_) => {
            let before = read(&context, asked.uuid).await?;
            let before = before.ok_or_else(|| problem::unknown_order(asked.uuid))?;
            repeated(&context, &asked, &before).await
        }
        OrderHeld::UuidReused { line } => {
            Err(problem::uuid_reused(&problem::in_line(line, "uuid"), bookings[line].uuid))
        }
        OrderHeld::TooFew { line } => {
            Err(problem::too_few(&problem::in_line(line, "slot_id"), &bookings[line]))
        }
        OrderHeld::Exhausted(exhausted) => {
            let place = problem::in_line(exhausted.line, "");
            Err(problem::exhausted(&place, &bookings[exhausted.line], &exhausted))
        }
        OrderHeld::OverLimit(over) => {
            Err(problem::over_limit("contact.email", &bookings[over.line], over))
        }
        OrderHeld::VoucherUsedUp { line } => {
            Err(problem::voucher(&problem::in_line(line, ""), &VoucherError::UsedUp))
        }
        OrderHeld::SoldOut { line, vacancies, more_at } => {
            let field = problem::in_line(line, "units");
            Err(problem::sold_out(&field, &bookings[line], vacancies, more_at))
        }
    }
}

/// An order as it stands now.
#[utoipa::path(get, path = "/v1/orders/{uuid}", tag = "shop", params(("uuid" = String, Path)),
    responses((status = 200, body = OrderView), (status = 400, body = Problem),
        (status = 404, body = Problem)))]
pub(crate) async fn show(
    State(context): State<Context>,
    Path(uuid): Path<String>,
) -> Result<axum::Json<OrderView>, Problem> {
    let uuid = booking_uuid(&uuid)?;
    let stored = read(&context, uuid).await?.ok_or_else(|| problem::unknown_order(uuid))?;
    answer(&context, uuid, &stored).await
}

/// Confirms an order that costs nothing.
#[utoipa::path(post, path = "/v1/orders/{uuid}/confirm", tag = "shop", params(("uuid" = String, Path)),
    responses((status = 200, body = OrderView), (status = 400, body = Problem),
        (status = 404, body = Problem), (status = 409, body = Problem), (status = 503, body = Problem)))]
pub(crate) async fn confirm(
    State(context): State<Context>,
    Path(uuid): Path<String>,
) -> Result<axum::Json<OrderView>, Problem> {
    let uuid = booking_uuid(&uuid)?;
    let (purchase, now) = (Purchase::Order(uuid), context.clock.now());
    let confirmed = context.store.confirm_free(purchase, random::ticket_id, now).await;
    answer(&context, uuid, &confirmed.map_err(problem::step)?).await
}

/// Gives the hold of an order up; the places of all its bookings go back at once. Once it is confirmed,
/// each booking is given up by itself. Repeated, it answers the same.
#[utoipa::path(post, path = "/v1/orders/{uuid}/cancel", tag = "shop", params(("uuid" = String, Path)),
    responses((status = 200, body = OrderView), (status = 400, body = Problem),
        (status = 404, body = Problem), (status = 409, body = Problem), (status = 503, body = Problem)))]
pub(crate) async fn cancel(
    State(context): State<Context>,
    Path(uuid): Path<String>,
) -> Result<axum::Json<OrderView>, Problem> {
    let uuid = booking_uuid(&uuid)?;
    let cancelled = context.store.cancel_order(uuid, context.clock.now()).await;
    answer(&context, uuid, &cancelled.map_err(problem::step)?).await
}

/// The bookings of an order; none where there is no such order.
async fn read(context: &Context, uuid: CallerUuid) -> Result<Option<Vec<Stored>>, Problem> {
    match context.store.purchased(Purchase::Order(uuid)).await {
        Ok(stored) => Ok(Some(stored)),
        Err(StepFailure::UnknownOrder(_)) => Ok(None),
        Err(failure) => Err(problem::step(failure)),
    }
}

async fn repeated(
    context: &Context,
    request: &OrderRequest,
    before: &[Stored],
) -> Result<(StatusCode, axum::Json<OrderView>), Problem> {
    let bookings: Vec<Booking> = before.iter().map(|stored| stored.booking.clone()).collect();
    if !request.is_repeat_of(&bookings) {
        return Err(problem::uuid_reused("uuid", request.uuid));
    }
    let view = view(context, request.uuid, &bookings).await?;
    Ok((StatusCode::OK, axum::Json(view)))
}

async fn load_venues(context: &Context, request: &OrderRequest) -> Result<Vec<Venue>, Problem> {
    let mut venues = Vec::with_capacity(request.lines.len());
    for (line, HoldRequest { venue_id, .. }) in request.lines.iter().enumerate() {
        let venue = context.store.venue(venue_id).await.map_err(internal)?;
        let unknown = || problem::unknown_venue(&problem::in_line(line, "venue_id"), venue_id);
        venues.push(venue.ok_or_else(unknown)?);
    }
    Ok(venues)
}

async fn answer(
    context: &Context,
    uuid: CallerUuid,
    stored: &[Stored],
) -> Result<axum::Json<OrderView>, Problem> {
    let bookings: Vec<Booking> = stored.iter().map(|stored| stored.booking.clone()).collect();
    view(context, uuid, &bookings).await.map(axum::Json)
}

async fn view(
    context: &Context,
    uuid: CallerUuid,
    bookings: &[Booking],
) -> Result<OrderView, Problem> {
    let now = context.clock.now();
    let seen: Vec<Booking> = bookings.iter().map(|booking| booking.seen_at(now)).collect();
    let status = order::status(&seen);
    let mut views = Vec::with_capacity(seen.len());
    for booking in &seen {
        views.push(view_of(context, booking, now).await?);
    }
    let (first, total_cents) = (views.first(), order::total(&seen));
    let expires_at = first.and_then(BookingView::expires_at);
    // Of an amount other than asked, the first booking that costs anything knows.
    let of_money = views.iter().find(|view| view.has_payment()).or(first);
    let message = of_money.and_then(BookingView::message).filter(|_| status != "CONFIRMED");
    Ok(OrderView {
        uuid,
        status,
        total_cents,
        currency: CURRENCY,
        created_at: seen.first().map_or(now, |booking| booking.created_at),
        expires_at,
        message: message.cloned(),
        bookings: views,
    })
}
