//! Places that a desk or a totem sells by itself: leased while its line is up, with signed tickets; sold
//! whether it is up or down; each sale filed when it comes in, and what was not sold given back.

use atrio_domain::booking::{Booking, BookingState, Channel};
use atrio_domain::id::{CallerUuid, DeskId, OptionId, ProductId, SlotId, TicketId, VenueId};
use atrio_domain::lease::{
    Closing, LEASE_PLACES_MAX, Lease, LeaseRequest, LeaseState, LeasedSale, Pack, SaleRefusal,
    Sold, SoldTicket,
};
use atrio_domain::payment::{Payment, PaymentStatus};
use atrio_domain::shift::{Method, REASON_MAX_CHARS};
use atrio_domain::tariff::Cents;
use atrio_domain::text::Locale;
use atrio_dynamo::booking::{Changed, Stored};
use atrio_dynamo::lease::{Drawer, Leased, RefusedSale, StoredLease};
use atrio_runtime::{Json, Path, Problem, Query, Role, Staff, random};
use axum::extract::State;
use axum::http::StatusCode;
use jiff::Timestamp;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::view::{LeaseView, LeasedSaleView, LeasesView};
use crate::{ATTEMPTS, Context, DayQuery, internal, load, own_venue, problem};

/// Places to lease.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct LeaseBody {
    /// Made by the caller; its idempotency key.
    #[schema(value_type = String)]
    uuid: CallerUuid,
    #[schema(value_type = String)]
    product_id: ProductId,
    #[schema(value_type = String)]
    option_id: OptionId,
    /// The local start of the slot, `2026-05-01T10:00`.
    #[schema(value_type = String)]
    slot_id: SlotId,
    /// How many, at most 90.
    places: u32,
    /// `DESK`, or `TOTEM`.
    #[schema(value_type = String)]
    channel: Channel,
    /// Which desk or totem sells them.
    #[schema(value_type = String)]
    desk_id: DeskId,
}

/// Takes places of a slot for a desk or a totem to sell by itself, and answers all that it needs for that,
/// its signed tickets among it. Repeated, it answers the same lease as it stands.
#[utoipa::path(post, path = "/v1/venues/{venue_id}/leases", tag = "desk", security(("staff" = [])),
    params(("venue_id" = String, Path)), request_body = LeaseBody,
    responses((status = 201, body = LeaseView), (status = 200, body = LeaseView),
        (status = 400, body = Problem), (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 404, body = Problem), (status = 409, body = Problem), (status = 413, body = Problem),
        (status = 415, body = Problem), (status = 422, body = Problem), (status = 503, body = Problem)))]
pub(crate) async fn lease_places(
    State(context): State<Context>,
    staff: Staff,
    Path(venue_id): Path<String>,
    Json(body): Json<LeaseBody>,
) -> Result<(StatusCode, axum::Json<LeaseView>), Problem> {
    let id = own_venue(&staff, &venue_id)?;
    let venue = context.store.venue(&id).await.map_err(internal)?;
    let venue = venue.ok_or_else(|| problem::unknown_venue(&id))?;
    let LeaseBody { uuid, product_id, option_id, slot_id, places, channel, desk_id } = body;
    let request = LeaseRequest {
        uuid,
        venue: id,
        product: product_id,
        option: option_id,
        slot: slot_id,
        places,
        channel,
        desk: desk_id,
    };
    let now = context.clock.now();
    let packed = |lease: &Lease| {
        let keys = context.keys.current();
        Pack::of(lease, &venue, keys.signing(&venue.supplied_by, now), now)
            .map_err(|error| Problem::internal(&error))
    };
    let answer = |stored: StoredLease| -> Result<_, Problem> {
        let pack = matches!(stored.lease.state, LeaseState::Open)
            .then(|| packed(&stored.lease))
            .transpose()?;
        Ok((StatusCode::OK, axum::Json(LeaseView::of(&stored.lease, Vec::new(), pack))))
    };
    // A repeat is answered whatever the venue offers by now.
    if let Some(before) = context.store.lease(uuid).await.map_err(internal)? {
        if before.lease.fingerprint != request.fingerprint() {
            return Err(problem::lease_uuid_reused(uuid));
        }
        return answer(before);
    }
    let count = places.min(LEASE_PLACES_MAX);
    let tickets = (0..count).map(|_| random::ticket_id()).collect();
    let (mut lease, pools) = request
        .lease(&venue, tickets, staff.subject.to_string(), now)
        .map_err(|error| problem::lease(&error))?;
    match context.store.lease_places(&mut lease, &pools, now).await.map_err(internal)? {
        Leased::New => {
            let pack = Some(packed(&lease)?);
            Ok((StatusCode::CREATED, axum::Json(LeaseView::of(&lease, Vec::new(), pack))))
        }
        Leased::Before(before) => answer(*before),
        Leased::UuidReused => Err(problem::lease_uuid_reused(uuid)),
        Leased::SoldOut { vacancies, more_at } => {
            Err(problem::too_few_places(places, vacancies, more_at))
        }
    }
}

/// The leases of a venue for slots of a day, with the sales that came in and do not stand.
#[utoipa::path(get, path = "/v1/venues/{venue_id}/leases", tag = "desk", security(("staff" = [])),
    params(("venue_id" = String, Path), DayQuery),
    responses((status = 200, body = LeasesView), (status = 400, body = Problem),
        (status = 401, body = Problem), (status = 403, body = Problem)))]
pub(crate) async fn list_leases(
    State(context): State<Context>,
    staff: Staff,
    Path(venue_id): Path<String>,
    Query(query): Query<DayQuery>,
) -> Result<axum::Json<LeasesView>, Problem> {
    let venue = own_venue(&staff, &venue_id)?;
    let mut leases = Vec::new();
    for stored in context.store.leases(&venue, query.day).await.map_err(internal)? {
        let refused = context.store.refused_sales(stored.lease.uuid).await.map_err(internal)?;
        leases.push(LeaseView::of(&stored.lease, refused, None));
    }
    Ok(axum::Json(LeasesView { venue_id: venue, day: query.day, leases }))
}

/// A sale that a desk made by itself.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct LeasedSaleBody {
    /// Made by the desk; the key of the sale, and of the booking that it is.
    #[schema(value_type = String)]
    booking_uuid: CallerUuid,
    /// The shift whose drawer has the money; a desk names one, a totem has none.
    #[schema(value_type = Option<String>)]
    shift_uuid: Option<CallerUuid>,
    /// Places of this lease, 1 to 90: `ticket_id` and `unit_id` of each.
    #[schema(value_type = Vec<Object>)]
    places: Vec<SoldTicket>,
    /// `CASH`, `CARD`, or `FREE` for what costs nothing; a totem takes no money without a line.
    #[schema(value_type = String)]
    method: Method,
    /// What the visitor handed over in cash.
    #[schema(value_type = Option<i64>)]
    given_cents: Option<Cents>,
    /// In which language the tickets were printed.
    #[serde(default)]
    #[schema(value_type = String)]
    locale: Locale,
    /// When, by the desk's clock.
    #[schema(value_type = String, format = DateTime)]
    sold_at: Timestamp,
}

/// Files a sale that a desk made by itself, at the price it was leased at: the booking is confirmed, its
/// tickets admit, the money is in the drawer, also of a shift that was closed meanwhile. Repeated, it
/// answers the same. One that cannot stand is refused, and listed with the reason.
#[utoipa::path(post, path = "/v1/venues/{venue_id}/leases/{uuid}/sales", tag = "desk",
    security(("staff" = [])), params(("venue_id" = String, Path), ("uuid" = String, Path)),
    request_body = LeasedSaleBody,
    responses((status = 201, body = LeasedSaleView), (status = 200, body = LeasedSaleView),
        (status = 400, body = Problem), (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 404, body = Problem), (status = 409, body = Problem), (status = 413, body = Problem),
        (status = 415, body = Problem), (status = 422, body = Problem), (status = 503, body = Problem)))]
pub(crate) async fn file_leased_sale(
    State(context): State<Context>,
    staff: Staff,
    Path((venue_id, uuid)): Path<(String, String)>,
    Json(body): Json<LeasedSaleBody>,
) -> Result<(StatusCode, axum::Json<LeasedSaleView>), Problem> {
    let venue = own_venue(&staff, &venue_id)?;
    if !(1..=LEASE_PLACES_MAX as usize).contains(&body.places.len()) {
        return Err(problem::sold_places(body.places.len()));
    }
    for _ in 0..ATTEMPTS {
        let stored = load_lease(&context, &venue, &uuid).await?;
        if let Some(before) = filed_before(&context, &stored, &body).await? {
            return Ok((StatusCode::OK, axum::Json(before)));
        }
        match sell_once(&context, &stored, &body).await? {
            Ok(Some(sold)) => {
                return Ok((StatusCode::CREATED, axum::Json(LeasedSaleView::of(&sold))));
            }
            Ok(None) => {}
            Err(refusal) => {
                // It may have been filed by the same request just now.
                if let Some(before) = filed_before(&context, &stored, &body).await? {
                    return Ok((StatusCode::OK, axum::Json(before)));
                }
                list_refused(&context, &stored.lease, &body, &refusal).await?;
                return Err(problem::sale_refusal(&refusal));
            }
        }
    }
    Err(Problem::busy())
}

/// The sale as it was filed before; none where it was not.
async fn filed_before(
    context: &Context,
    stored: &StoredLease,
    body: &LeasedSaleBody,
) -> Result<Option<LeasedSaleView>, Problem> {
    let Some(before) = context.store.booking(body.booking_uuid).await.map_err(internal)? else {
        return Ok(None);
    };
    let is_same = before.booking.fingerprint == format!("lease {}", stored.lease.uuid)
        && before.tickets.len() == body.places.len()
        && body.places.iter().all(|place| before.tickets.contains(&place.ticket));
    if !is_same {
        return Err(problem::sale_uuid_reused(body.booking_uuid));
    }
    let Stored { booking, .. } = before;
    Ok(Some(LeasedSaleView::of(&booking)))
}

/// Files the sale; none when something was faster.
async fn sell_once(
    context: &Context,
    stored: &StoredLease,
    body: &LeasedSaleBody,
) -> Result<Result<Option<Booking>, SaleRefusal>, Problem> {
    let lease = &stored.lease;
    let sale = LeasedSale {
        booking: body.booking_uuid,
        places: body.places.clone(),
        method: body.method,
        locale: body.locale,
        sold_at: body.sold_at,
    };
    let mut ids: Vec<TicketId> = body.places.iter().map(|place| place.ticket).collect();
    ids.sort_unstable();
    ids.dedup();
    let tickets = context.store.tickets(&ids).await.map_err(internal)?;
    let now = context.clock.now();
    let sold = match lease.sell(&sale, &tickets, now) {
        Ok(sold) => sold,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let booking = &sold.booking;
    let payment = match &booking.state {
        BookingState::Confirmed { payment: Some(id), confirmed_at } => {
            Some(booking.payment(id.clone(), PaymentStatus::Paid, *confirmed_at, now))
        }
        _ => None,
    };
    let changed = match (lease.channel, body.shift_uuid) {
        (Channel::Desk, Some(shift)) => {
            file_in_drawer(context, stored, &sold, payment.as_ref(), shift, body).await?
        }
        (Channel::Desk, None) => return Err(problem::shift_missing()),
        (Channel::Totem | Channel::Web | Channel::Reseller, Some(_)) => {
            return Err(problem::no_drawer(lease.channel));
        }
        (Channel::Totem | Channel::Web | Channel::Reseller, None) => {
            let filed = context.store.sell_leased(stored, &sold, payment.as_ref(), None);
            filed.await.map_err(internal)?
        }
    };
    Ok(Ok((changed == Changed::Done).then_some(sold.booking)))
}

async fn file_in_drawer(
    context: &Context,
    stored: &StoredLease,
    sold: &Sold,
    payment: Option<&Payment>,
    shift: CallerUuid,
    body: &LeasedSaleBody,
) -> Result<Changed, Problem> {
    let shift = load(context, &stored.lease.venue, &shift.to_string()).await?;
    let sold_at = sold.booking.created_at;
    let (after, sale) = shift
        .shift
        .file(&sold.booking, body.method, body.given_cents, sold_at)
        .map_err(|error| problem::shift(&error))?;
    let drawer = Drawer { shift: &shift, after: &after, sale: &sale };
    context.store.sell_leased(stored, sold, payment, Some(drawer)).await.map_err(internal)
}

async fn list_refused(
    context: &Context,
    lease: &Lease,
    body: &LeasedSaleBody,
    refusal: &SaleRefusal,
) -> Result<(), Problem> {
    let refused = RefusedSale {
        booking: body.booking_uuid,
        shift: body.shift_uuid,
        method: body.method,
        places: body.places.len(),
        sold_at: body.sold_at,
        refused_at: context.clock.now(),
        reason: refusal.to_string(),
    };
    context.store.list_refused_sale(lease, &refused).await.map_err(internal)
}

/// That a desk gives back what it did not sell.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReturnBody {
    /// How many places of the lease it sold, all of which have come in.
    sold_places: u32,
}

/// Gives back the places of a lease that its desk did not sell: their tickets admit no more, and the shop
/// sells them again. Refused while a sale has not come in. Repeated, it answers the same.
#[utoipa::path(post, path = "/v1/venues/{venue_id}/leases/{uuid}/return", tag = "desk",
    security(("staff" = [])), params(("venue_id" = String, Path), ("uuid" = String, Path)),
    request_body = ReturnBody,
    responses((status = 200, body = LeaseView), (status = 400, body = Problem),
        (status = 401, body = Problem), (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 409, body = Problem), (status = 413, body = Problem), (status = 415, body = Problem),
        (status = 422, body = Problem), (status = 503, body = Problem)))]
pub(crate) async fn return_lease(
    State(context): State<Context>,
    staff: Staff,
    Path((venue_id, uuid)): Path<(String, String)>,
    Json(body): Json<ReturnBody>,
) -> Result<axum::Json<LeaseView>, Problem> {
    let venue = own_venue(&staff, &venue_id)?;
    close(&context, &venue, &uuid, &Closing::ByDesk { sold: body.sold_places }).await
}

/// That a manager takes a lease back.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct WithdrawBody {
    /// Why, 1 to 200 characters. It goes on record.
    reason: String,
}

/// Takes a lease back from a desk that is lost: tickets whose sale has not come in admit no more, and their
/// places go back. A sale of them that comes in after is refused and listed; a place that somebody entered
/// on stays taken. Repeated, the first stands.
#[utoipa::path(post, path = "/v1/venues/{venue_id}/leases/{uuid}/withdraw", tag = "staff",
    security(("staff" = [])), params(("venue_id" = String, Path), ("uuid" = String, Path)),
    request_body = WithdrawBody,
    responses((status = 200, body = LeaseView), (status = 400, body = Problem),
        (status = 401, body = Problem), (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 413, body = Problem), (status = 415, body = Problem), (status = 422, body = Problem),
        (status = 503, body = Problem)))]
pub(crate) async fn withdraw_lease(
    State(context): State<Context>,
    staff: Staff,
    Path((venue_id, uuid)): Path<(String, String)>,
    Json(body): Json<WithdrawBody>,
) -> Result<axum::Json<LeaseView>, Problem> {
    let venue = staff.at_venue(&venue_id, &[Role::Manager])?;
    let reason = body.reason.trim().to_owned();
    if !(1..=REASON_MAX_CHARS).contains(&reason.chars().count()) {
        return Err(problem::withdrawal_reason());
    }
    let how = Closing::ByManager { actor: staff.subject.to_string(), reason };
    close(&context, &venue, &uuid, &how).await
}

/// Closes a lease.
async fn close(
    context: &Context,
    venue: &VenueId,
    uuid: &str,
    how: &Closing,
) -> Result<axum::Json<LeaseView>, Problem> {
    for _ in 0..ATTEMPTS {
        let stored = load_lease(context, venue, uuid).await?;
        let tickets = context.store.tickets(&stored.lease.tickets).await.map_err(internal)?;
        let closed = stored
            .lease
            .close(tickets, how.clone(), context.clock.now())
            .map_err(|error| problem::lease(&error))?;
        let lease = match closed {
            None => stored.lease,
            Some(closed) => {
                if context.store.close_lease(&stored, &closed).await.map_err(internal)?
                    == Changed::Stale
                {
                    continue;
                }
                closed.to
            }
        };
        let refused = context.store.refused_sales(lease.uuid).await.map_err(internal)?;
        return Ok(axum::Json(LeaseView::of(&lease, refused, None)));
    }
    Err(Problem::busy())
}

async fn load_lease(
    context: &Context,
    venue: &VenueId,
    uuid: &str,
) -> Result<StoredLease, Problem> {
    let id: CallerUuid = uuid.parse().map_err(|error| Problem::malformed_id("uuid", error))?;
    let found = context.store.lease(id).await.map_err(internal)?;
    found.filter(|stored| &stored.lease.venue == venue).ok_or_else(|| problem::unknown_lease(id))
}
