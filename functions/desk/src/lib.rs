//! The ticket office: shifts with a drawer, sales in cash and by card of what a desk holds, voids with
//! a reason, the count at the end and the account of the day; and places that a desk leases, so that it
//! sells also while its line is down. A booking is confirmed in the same write that puts its money into
//! the drawer.

mod lease;
pub mod problem;
mod report;
mod view;

use atrio_domain::booking::{Booking, BookingState};
use atrio_domain::id::{CallerUuid, DeskId, VenueId};
use atrio_domain::payment::{PaymentStatus, payment_id};
use atrio_domain::shift::{Method, Sale, Shift};
use atrio_domain::tariff::Cents;
use atrio_domain::ticket::{self, KeyRing, Ticket, TicketState};
use atrio_dynamo::Store;
use atrio_dynamo::booking::{Changed, Stored};
use atrio_dynamo::shift::{AtDesk, Opened, StoredShift};
use atrio_runtime::environment::EnvironmentError;
use atrio_runtime::{Access, Clock, Json, Path, Problem, Query, Role, Shared, Staff, random};
use axum::extract::{FromRef, State};
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use jiff::ToSpan;
use jiff::civil::Date;
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::view::{DayAccountView, SaleView, ShiftView};

/// How often a step is tried when others change the drawer or the booking.
const ATTEMPTS: u32 = 16;

/// What the function works with.
#[derive(Debug, Clone)]
pub struct Context {
    /// The table.
    pub store: Store,
    /// The time.
    pub clock: Clock,
    /// Checks the tokens of staff.
    pub access: Access,
    /// The keys that sign the tickets of leases.
    pub keys: Shared<KeyRing>,
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
        let access = Access::from_environment(clock, store.clone())?;
        let keys = atrio_runtime::ticket_keys::from_environment()?;
        Ok(Self { store, clock, access, keys })
    }
}

/// The routes of this function.
pub fn router(context: Context) -> OpenApiRouter {
    OpenApiRouter::new()
        .routes(routes!(open, list))
        .routes(routes!(show))
        .routes(routes!(export))
        .routes(routes!(sell))
        .routes(routes!(void))
        .routes(routes!(close))
        .routes(routes!(lease::lease_places, lease::list_leases))
        .routes(routes!(lease::file_leased_sale))
        .routes(routes!(lease::return_lease))
        .routes(routes!(lease::withdraw_lease))
        .with_state(context)
}

/// A drawer to open.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ShiftBody {
    /// Made by the caller; its idempotency key.
    #[schema(value_type = String)]
    uuid: CallerUuid,
    #[schema(value_type = String)]
    desk_id: DeskId,
    /// What is in the drawer before the first sale.
    #[schema(value_type = i64)]
    float_cents: Cents,
}

/// Opens a shift at a desk of the venue.
#[utoipa::path(post, path = "/v1/venues/{venue_id}/shifts", tag = "desk", security(("staff" = [])),
    params(("venue_id" = String, Path)), request_body = ShiftBody,
    responses((status = 201, body = ShiftView), (status = 200, body = ShiftView),
        (status = 400, body = Problem), (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 404, body = Problem), (status = 409, body = Problem), (status = 413, body = Problem),
        (status = 415, body = Problem), (status = 422, body = Problem)))]
async fn open(
    State(context): State<Context>,
    staff: Staff,
    Path(venue_id): Path<String>,
    Json(body): Json<ShiftBody>,
) -> Result<(StatusCode, axum::Json<ShiftView>), Problem> {
    let venue = own_venue(&staff, &venue_id)?;
    if context.store.venue(&venue).await.map_err(internal)?.is_none() {
        return Err(problem::unknown_venue(&venue));
    }
    let now = context.clock.now();
    let ShiftBody { uuid, desk_id, float_cents } = body;
    let shift = Shift::open(uuid, venue, desk_id, staff.subject.to_string(), float_cents, now)
        .map_err(|error| problem::shift(&error))?;
    match context.store.open_shift(&shift).await.map_err(internal)? {
        Opened::New => Ok((StatusCode::CREATED, axum::Json(ShiftView::of(&shift, None)))),
        Opened::Before(before) => {
            let before = before.shift;
            let same = (&before.venue, &before.desk, before.float_cents)
                == (&shift.venue, &shift.desk, shift.float_cents);
            if same {
                Ok((StatusCode::OK, axum::Json(ShiftView::of(&before, None))))
            } else {
                Err(problem::uuid_reused(uuid))
            }
        }
        Opened::DeskBusy { shift: open } => Err(problem::desk_busy(&shift.desk, open)),
    }
}

/// Which day.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct DayQuery {
    /// The local day on which the shifts were opened, or of the slots that were leased, `2026-05-01`.
    #[param(value_type = String, format = Date)]
    day: Date,
}

/// The shifts of a day and their sum: the account of the day.
#[utoipa::path(get, path = "/v1/venues/{venue_id}/shifts", tag = "desk", security(("staff" = [])),
    params(("venue_id" = String, Path), DayQuery),
    responses((status = 200, body = DayAccountView), (status = 400, body = Problem),
        (status = 401, body = Problem), (status = 403, body = Problem)))]
async fn list(
    State(context): State<Context>,
    staff: Staff,
    Path(venue_id): Path<String>,
    Query(query): Query<DayQuery>,
) -> Result<axum::Json<DayAccountView>, Problem> {
    let venue = own_venue(&staff, &venue_id)?;
    let midnight = |day: Date| {
        let zoned = day.in_tz(atrio_domain::venue::TIME_ZONE);
        zoned.map(|zoned| zoned.timestamp()).map_err(|error| Problem::malformed_id("day", error))
    };
    let (from, until) = (midnight(query.day)?, midnight(query.day.saturating_add(1.day()))?);
    let shifts = context.store.shifts(&venue, from, until).await.map_err(internal)?;
    Ok(axum::Json(DayAccountView::of(venue, query.day, &shifts)))
}

/// A shift with its sales.
#[utoipa::path(get, path = "/v1/venues/{venue_id}/shifts/{uuid}", tag = "desk", security(("staff" = [])),
    params(("venue_id" = String, Path), ("uuid" = String, Path)),
    responses((status = 200, body = ShiftView), (status = 400, body = Problem),
        (status = 401, body = Problem), (status = 403, body = Problem), (status = 404, body = Problem)))]
async fn show(
    State(context): State<Context>,
    staff: Staff,
    Path((venue_id, uuid)): Path<(String, String)>,
) -> Result<axum::Json<ShiftView>, Problem> {
    let shift = load(&context, &own_venue(&staff, &venue_id)?, &uuid).await?.shift;
    let sales = context.store.sales(shift.uuid).await.map_err(internal)?;
    Ok(axum::Json(ShiftView::of(&shift, Some(&sales))))
}

/// The sales of a shift, a line for each unit, as a file for the accountant.
#[utoipa::path(get, path = "/v1/venues/{venue_id}/shifts/{uuid}/sales.csv", tag = "desk",
    security(("staff" = [])), params(("venue_id" = String, Path), ("uuid" = String, Path)),
    responses((status = 200, content_type = "text/csv"), (status = 400, body = Problem),
        (status = 401, body = Problem), (status = 403, body = Problem), (status = 404, body = Problem)))]
async fn export(
    State(context): State<Context>,
    staff: Staff,
    Path((venue_id, uuid)): Path<(String, String)>,
) -> Result<impl IntoResponse, Problem> {
    let shift = load(&context, &own_venue(&staff, &venue_id)?, &uuid).await?.shift;
    let sales = context.store.sales(shift.uuid).await.map_err(internal)?;
    let text = report::csv(&shift, &sales).map_err(|error| Problem::internal(&error))?;
    let name = format!("attachment; filename=\"shift-{}.csv\"", shift.uuid);
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8; header=present".to_owned()),
        (header::CONTENT_DISPOSITION, name),
    ];
    Ok((headers, text))
}

/// A booking to sell.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct SaleBody {
    /// A booking on hold, made through the channel `DESK`.
    #[schema(value_type = String)]
    booking_uuid: CallerUuid,
    /// `CASH`, `CARD`, or `FREE` for what costs nothing.
    #[schema(value_type = String)]
    method: Method,
    /// What the visitor hands over in cash; the answer says the change.
    #[schema(value_type = Option<i64>)]
    given_cents: Option<Cents>,
}

/// Takes the money for a booking and issues its tickets. Repeated, it answers the same sale.
#[utoipa::path(post, path = "/v1/venues/{venue_id}/shifts/{uuid}/sales", tag = "desk",
    security(("staff" = [])), params(("venue_id" = String, Path), ("uuid" = String, Path)),
    request_body = SaleBody,
    responses((status = 201, body = SaleView), (status = 200, body = SaleView),
        (status = 400, body = Problem), (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 404, body = Problem), (status = 409, body = Problem), (status = 413, body = Problem),
        (status = 415, body = Problem), (status = 422, body = Problem), (status = 503, body = Problem)))]
async fn sell(
    State(context): State<Context>,
    staff: Staff,
    Path((venue_id, uuid)): Path<(String, String)>,
    Json(body): Json<SaleBody>,
) -> Result<(StatusCode, axum::Json<SaleView>), Problem> {
    let venue = own_venue(&staff, &venue_id)?;
    for _ in 0..ATTEMPTS {
        let shift = load(&context, &venue, &uuid).await?;
        if let Some(before) = find_sale(&context, &shift, body.booking_uuid).await? {
            return repeated(&before, &body);
        }
        let stored = load_booking(&context, body.booking_uuid).await?;
        if let Some(sale) = sell_once(&context, &shift, &stored, &body).await? {
            return Ok((StatusCode::CREATED, axum::Json(SaleView::of(&sale))));
        }
    }
    Err(Problem::busy())
}

/// Sells, unless somebody else changed the booking or the drawer meanwhile.
async fn sell_once(
    context: &Context,
    shift: &StoredShift,
    stored: &Stored,
    body: &SaleBody,
) -> Result<Option<Sale>, Problem> {
    let now = context.clock.now();
    let booking = &stored.booking;
    let (after, sale) = shift
        .shift
        .sell(booking, body.method, body.given_cents, now)
        .map_err(|error| problem::shift(&error))?;
    if matches!(booking.state, BookingState::Confirmed { .. }) {
        return Err(problem::sold_elsewhere(booking.uuid));
    }
    let paid = (sale.amount_cents > Cents::ZERO)
        .then(|| payment_id(booking.uuid, booking.payment_attempts + 1))
        .transpose()
        .map_err(|error| Problem::internal(&error))?;
    let to = booking.sell(paid.clone(), now).map_err(|error| problem::step(&error))?;
    let payment = paid.map(|id| to.payment(id, PaymentStatus::Paid, now, now));
    let ids = (0..to.places()).map(|_| random::ticket_id());
    let tickets = ticket::issue(&to, ids, now);
    let sold = AtDesk {
        from: stored,
        to: &to,
        tickets: &tickets,
        payment: payment.as_ref(),
        shift,
        after: &after,
        sale: &sale,
    };
    let changed = context.store.sell(sold).await.map_err(internal)?;
    Ok((changed == Changed::Done).then_some(sale))
}

fn repeated(before: &Sale, body: &SaleBody) -> Result<(StatusCode, axum::Json<SaleView>), Problem> {
    if before.method != body.method || before.void.is_some() {
        return Err(problem::sold_before(before));
    }
    Ok((StatusCode::OK, axum::Json(SaleView::of(before))))
}

/// A sale to take back.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct VoidBody {
    #[schema(value_type = String)]
    booking_uuid: CallerUuid,
    /// Why, 1 to 200 characters. No names: the account is kept for years.
    reason: String,
}

/// Takes a sale of this shift back: the money is returned, the places are free, and none of its
/// tickets admits any more. Refused once somebody has entered. Repeated, it answers the same.
#[utoipa::path(post, path = "/v1/venues/{venue_id}/shifts/{uuid}/void", tag = "desk",
    security(("staff" = [])), params(("venue_id" = String, Path), ("uuid" = String, Path)),
    request_body = VoidBody,
    responses((status = 200, body = SaleView),
        (status = 400, body = Problem), (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 404, body = Problem), (status = 409, body = Problem), (status = 413, body = Problem),
        (status = 415, body = Problem), (status = 422, body = Problem), (status = 503, body = Problem)))]
async fn void(
    State(context): State<Context>,
    staff: Staff,
    Path((venue_id, uuid)): Path<(String, String)>,
    Json(body): Json<VoidBody>,
) -> Result<axum::Json<SaleView>, Problem> {
    let venue = own_venue(&staff, &venue_id)?;
    for _ in 0..ATTEMPTS {
        let shift = load(&context, &venue, &uuid).await?;
        let sale = find_sale(&context, &shift, body.booking_uuid).await?;
        let sale = sale.ok_or_else(|| problem::not_sold_here(body.booking_uuid))?;
        if sale.void.is_some() {
            return Ok(axum::Json(SaleView::of(&sale)));
        }
        let stored = load_booking(&context, body.booking_uuid).await?;
        if let Some(voided) = void_once(&context, &shift, &stored, &sale, &body.reason).await? {
            return Ok(axum::Json(SaleView::of(&voided)));
        }
    }
    Err(Problem::busy())
}

/// Voids, unless somebody entered, or changed the booking or the drawer meanwhile.
async fn void_once(
    context: &Context,
    shift: &StoredShift,
    stored: &Stored,
    sale: &Sale,
    reason: &str,
) -> Result<Option<Sale>, Problem> {
    let now = context.clock.now();
    let (after, voided) =
        shift.shift.void(sale, reason, now).map_err(|error| problem::shift(&error))?;
    let mut tickets = context.store.tickets(&stored.tickets).await.map_err(internal)?;
    if let Some(used) = tickets.iter().find(|ticket| ticket.state != TicketState::Valid) {
        return Err(problem::ticket_used(used));
    }
    let to = stored.booking.void(now).map_err(|error| problem::step(&error))?;
    let payment = match paid_by(&stored.booking) {
        Some(id) => context.store.payment(stored.booking.uuid, id).await.map_err(internal)?,
        None => None,
    };
    let payment = payment.map(|mut payment| {
        (payment.status, payment.updated_at) = (PaymentStatus::Refunded, now);
        payment
    });
    revoke(&mut tickets, now);
    let at_desk = AtDesk {
        from: stored,
        to: &to,
        tickets: &tickets,
        payment: payment.as_ref(),
        shift,
        after: &after,
        sale: &voided,
    };
    let changed = context.store.void_sale(at_desk).await.map_err(internal)?;
    Ok((changed == Changed::Done).then_some(voided))
}

fn revoke(tickets: &mut [Ticket], now: jiff::Timestamp) {
    for ticket in tickets {
        ticket.state = TicketState::Revoked { at: now };
    }
}

fn paid_by(booking: &Booking) -> Option<&atrio_domain::id::PaymentId> {
    match &booking.state {
        BookingState::Confirmed { payment, .. } => payment.as_ref(),
        _ => None,
    }
}

/// A counted drawer.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct CloseBody {
    /// What is in the drawer.
    #[schema(value_type = i64)]
    counted_cents: Cents,
}

/// Ends a shift with the count of its drawer. Repeated with the same count, it answers the same.
#[utoipa::path(post, path = "/v1/venues/{venue_id}/shifts/{uuid}/close", tag = "desk",
    security(("staff" = [])), params(("venue_id" = String, Path), ("uuid" = String, Path)),
    request_body = CloseBody,
    responses((status = 200, body = ShiftView),
        (status = 400, body = Problem), (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 404, body = Problem), (status = 409, body = Problem), (status = 413, body = Problem),
        (status = 415, body = Problem), (status = 422, body = Problem), (status = 503, body = Problem)))]
async fn close(
    State(context): State<Context>,
    staff: Staff,
    Path((venue_id, uuid)): Path<(String, String)>,
    Json(body): Json<CloseBody>,
) -> Result<axum::Json<ShiftView>, Problem> {
    let venue = own_venue(&staff, &venue_id)?;
    for _ in 0..ATTEMPTS {
        let from = load(&context, &venue, &uuid).await?;
        let to = from.shift.close(body.counted_cents, context.clock.now());
        let to = to.map_err(|error| problem::shift(&error))?;
        let closed = to == from.shift
            || context.store.close_shift(&from, &to).await.map_err(internal)? == Changed::Done;
        if closed {
            let sales = context.store.sales(to.uuid).await.map_err(internal)?;
            return Ok(axum::Json(ShiftView::of(&to, Some(&sales))));
        }
    }
    Err(Problem::busy())
}

fn own_venue(staff: &Staff, venue_id: &str) -> Result<VenueId, Problem> {
    staff.at_venue(venue_id, &[Role::Desk, Role::Manager])
}

async fn load(context: &Context, venue: &VenueId, uuid: &str) -> Result<StoredShift, Problem> {
    let id: CallerUuid = uuid.parse().map_err(|error| Problem::malformed_id("uuid", error))?;
    let found = context.store.shift(id).await.map_err(internal)?;
    found.filter(|stored| &stored.shift.venue == venue).ok_or_else(|| problem::unknown_shift(id))
}

async fn load_booking(context: &Context, uuid: CallerUuid) -> Result<Stored, Problem> {
    let found = context.store.booking(uuid).await.map_err(internal)?;
    found.ok_or_else(|| problem::unknown_booking(uuid))
}

async fn find_sale(
    context: &Context,
    shift: &StoredShift,
    booking: CallerUuid,
) -> Result<Option<Sale>, Problem> {
    context.store.sale(shift.shift.uuid, booking).await.map_err(internal)
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
