//! The line of a sold-out slot: joining it, seeing where one stands, leaving it. Whose turn it is when
//! places come back is upkeep's work; the uuid of the party becomes that of its booking.

use atrio_domain::booking::{BookingState, Channel};
use atrio_domain::calendar::SlotTimes;
use atrio_domain::hold::{HoldRequest, UnitQuantity};
use atrio_domain::id::{CallerUuid, OptionId, ProductId, Shelfmark, SlotId, VenueId};
use atrio_domain::text::Locale;
use atrio_domain::venue::Venue;
use atrio_domain::waiting::{CHANNEL, Waiting, WaitingState};
use atrio_dynamo::waiting::{Joined, Line, kept_until};
use atrio_runtime::{ClientAddress, Json, Path, Problem};
use axum::extract::State;
use axum::http::StatusCode;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::person::ContactView;
use crate::view::VenueBrief;
use crate::{ContactBody, Context, booking_uuid, decided, internal, load_venue, problem};

/// A party that wants to wait for places.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct JoinBody {
    /// Made by the caller; its idempotency key, and the uuid of the booking once places are held.
    #[schema(value_type = String)]
    uuid: CallerUuid,
    #[schema(value_type = String)]
    venue_id: VenueId,
    #[schema(value_type = String)]
    product_id: ProductId,
    #[serde(default = "crate::standard_option")]
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
    /// Whom to write to when the turn has come.
    contact: ContactBody,
    #[serde(default)]
    #[schema(value_type = String)]
    locale: Locale,
}

impl From<JoinBody> for HoldRequest {
    fn from(body: JoinBody) -> Self {
        Self {
            uuid: body.uuid,
            venue_id: body.venue_id,
            product_id: body.product_id,
            option_id: body.option_id,
            slot_id: body.slot_id,
            units: body.units,
            pieces: body.pieces,
            contact: Some(body.contact.into()),
            locale: body.locale,
            channel: CHANNEL,
            voucher: None,
            replaces: None,
        }
    }
}

/// A party in the line of a slot, or what became of it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct WaitingView {
    #[schema(value_type = String)]
    uuid: CallerUuid,
    /// `WAITING`, `OFFERED`, `LEFT` or `ENDED`: the slot started before the turn came.
    status: &'static str,
    /// Where the party stands, 1 is next; null when it waits no more. A smaller party behind it may be
    /// served before it where the places do not suffice for both.
    position: Option<u32>,
    venue: VenueBrief,
    #[schema(value_type = String)]
    product_id: ProductId,
    #[schema(value_type = String)]
    option_id: OptionId,
    #[schema(value_type = Object)]
    slot: SlotTimes,
    #[schema(value_type = Vec<Object>)]
    units: Vec<UnitQuantity>,
    #[schema(value_type = String)]
    channel: Channel,
    #[schema(value_type = String, format = DateTime)]
    joined_at: Timestamp,
    /// The places held for the party, once its turn came.
    offer: Option<OfferView>,
    /// Whom we write to; null when nobody waits any more. All that is kept of the person.
    contact: Option<ContactView>,
    /// All of this is deleted then.
    #[schema(value_type = String, format = DateTime)]
    kept_until: Timestamp,
}

/// Places held for a party.
#[derive(Debug, Serialize, ToSchema)]
struct OfferView {
    #[schema(value_type = String)]
    booking_uuid: CallerUuid,
    /// Where the booking stands.
    status: &'static str,
    /// Until when they are held; null when they are the party's, or somebody else's.
    #[schema(value_type = Option<String>, format = DateTime)]
    expires_at: Option<Timestamp>,
}

/// Joins the line of a slot that has no room for the party. Repeated, it answers what became of the
/// first request.
#[utoipa::path(post, path = "/v1/waiting", tag = "shop", request_body = JoinBody,
    responses((status = 201, body = WaitingView), (status = 200, body = WaitingView),
        (status = 400, body = Problem), (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 409, body = Problem), (status = 413, body = Problem), (status = 415, body = Problem),
        (status = 422, body = Problem)))]
pub(crate) async fn join(
    State(context): State<Context>,
    ClientAddress(address): ClientAddress,
    Json(body): Json<JoinBody>,
) -> Result<(StatusCode, axum::Json<WaitingView>), Problem> {
    let request = HoldRequest::from(body);
    let (uuid, fingerprint) = (request.uuid, request.fingerprint());
    let venue = load_venue(&context, &request.venue_id).await?;
    if let Some(before) = context.store.waiting(uuid).await.map_err(internal)? {
        return repeated(&context, before, &fingerprint, &venue).await;
    }
    // The uuid becomes that of a booking.
    if context.store.booking(uuid).await.map_err(internal)?.is_some() {
        return Err(problem::uuid_reused("uuid", uuid));
    }
    let now = context.clock.now();
    let offer = request.offer(&venue, now).map_err(|error| problem::hold(&error))?;
    let why = decided(&context, &request, &offer, address.as_deref(), now).await?;
    let (venue_id, product_id) = (request.venue_id.clone(), request.product_id.clone());
    let line = Line { venue_id, product_id, slot: offer.slot };
    let counts = context.store.slot_counts(&line).await.map_err(internal)?;
    let others: Result<Vec<Waiting>, _> =
        context.store.waiting_in(&line).await.map_err(internal)?.into_iter().collect();
    let others = others.map_err(internal)?;
    let joining =
        request.join(&offer, &counts, &others, why, now).map_err(|error| problem::join(&error))?;
    match context.store.join_line(&joining).await.map_err(internal)? {
        Joined::New => {
            Ok((StatusCode::CREATED, axum::Json(seen(&context, &joining, &venue).await?)))
        }
        Joined::Before(before) => repeated(&context, *before, &fingerprint, &venue).await,
    }
}

async fn repeated(
    context: &Context,
    before: Waiting,
    fingerprint: &str,
    venue: &Venue,
) -> Result<(StatusCode, axum::Json<WaitingView>), Problem> {
    if before.fingerprint != fingerprint {
        return Err(problem::uuid_reused("uuid", before.request.uuid));
    }
    Ok((StatusCode::OK, axum::Json(seen(context, &before, venue).await?)))
}

/// Where a party stands.
#[utoipa::path(get, path = "/v1/waiting/{uuid}", tag = "shop", params(("uuid" = String, Path)),
    responses((status = 200, body = WaitingView), (status = 400, body = Problem),
        (status = 404, body = Problem)))]
pub(crate) async fn show(
    State(context): State<Context>,
    Path(uuid): Path<String>,
) -> Result<axum::Json<WaitingView>, Problem> {
    let waiting = load(&context, &uuid).await?;
    let venue = load_venue(&context, &waiting.request.venue_id).await?;
    Ok(axum::Json(seen(&context, &waiting, &venue).await?))
}

/// Leaves the line; nothing is kept of the person. Repeated, it answers the same.
#[utoipa::path(delete, path = "/v1/waiting/{uuid}", tag = "shop", params(("uuid" = String, Path)),
    responses((status = 204, description = "The party waits no more and is forgotten"),
        (status = 400, body = Problem), (status = 404, body = Problem), (status = 409, body = Problem)))]
pub(crate) async fn leave(
    State(context): State<Context>,
    Path(uuid): Path<String>,
) -> Result<StatusCode, Problem> {
    let waiting = load(&context, &uuid).await?;
    let left = waiting
        .leave(context.clock.now())
        .map_err(|error| problem::on_offer(waiting.request.uuid, &error))?;
    if left == waiting || context.store.move_waiting(&waiting, &left).await.map_err(internal)? {
        return Ok(StatusCode::NO_CONTENT);
    }
    // Its turn came at this moment: whoever asks again learns of it.
    Err(Problem::busy())
}

async fn load(context: &Context, uuid: &str) -> Result<Waiting, Problem> {
    let uuid = booking_uuid(uuid)?;
    let found = context.store.waiting(uuid).await.map_err(internal)?;
    found.ok_or_else(|| problem::unknown_waiting(uuid))
}

async fn seen(context: &Context, waiting: &Waiting, venue: &Venue) -> Result<WaitingView, Problem> {
    let now = context.clock.now();
    let waiting = waiting.seen_at(now);
    let position = match waiting.state {
        WaitingState::Waiting => {
            Some(context.store.ahead_of(&waiting).await.map_err(internal)?.saturating_add(1))
        }
        WaitingState::Offered { .. } | WaitingState::Left { .. } | WaitingState::Ended { .. } => {
            None
        }
    };
    let uuid = waiting.request.uuid;
    let offer = match waiting.state {
        WaitingState::Offered { .. } => context.store.booking(uuid).await.map_err(internal)?,
        WaitingState::Waiting | WaitingState::Left { .. } | WaitingState::Ended { .. } => None,
    };
    let offer = offer.map(|stored| stored.booking.seen_at(now)).map(|booking| OfferView {
        booking_uuid: uuid,
        status: booking.state.name(),
        expires_at: match booking.state {
            BookingState::OnHold { expires_at, .. } => Some(expires_at),
            BookingState::Paying { .. }
            | BookingState::Confirmed { .. }
            | BookingState::Expired { .. }
            | BookingState::Cancelled { .. } => None,
        },
    });
    Ok(WaitingView {
        uuid,
        status: waiting.state.name(),
        position,
        venue: VenueBrief::of(venue),
        product_id: waiting.request.product_id,
        option_id: waiting.request.option_id,
        slot: waiting.slot,
        units: waiting.request.units,
        channel: waiting.request.channel,
        joined_at: waiting.joined_at,
        offer,
        contact: waiting.request.contact.map(ContactView::of),
        kept_until: kept_until(&waiting.slot),
    })
}
