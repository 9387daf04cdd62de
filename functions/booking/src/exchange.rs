//! Exchange of a confirmed booking for another slot: what it would cost, and the hold of the new places.
//! Confirming that hold, or paying its difference, makes the exchange; nothing here does.

use atrio_domain::booking::{Booking, StepError};
use atrio_domain::exchange::ExchangeError;
use atrio_domain::hold::{HoldRequest, Offer};
use atrio_domain::id::{CallerUuid, SlotId};
use atrio_domain::tariff::{CURRENCY, Cents};
use atrio_domain::text::Text;
use atrio_domain::ticket::Ticket;
use atrio_domain::venue::Venue;
use atrio_dynamo::booking::Stored;
use atrio_dynamo::settlement::StepFailure;
use atrio_runtime::{ClientAddress, Json, Path, Problem, Query};
use axum::extract::State;
use axum::http::StatusCode;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::view::{BookingView, UnitLineView};
use crate::{
    Context, booking_uuid, decided, held, internal, load_venue, on_sale, problem, repeated,
};

/// Whether a booking may be exchanged, by the rule that it was sold under.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ExchangeRuleView {
    /// Until when; null when it never may.
    #[schema(value_type = Option<String>, format = DateTime)]
    until: Option<Timestamp>,
    /// Why so, in the venue's words.
    #[schema(value_type = Object)]
    reason: Text,
}

impl ExchangeRuleView {
    pub(crate) fn of(booking: &Booking) -> Option<Self> {
        let offer = booking.moving.as_ref().map(|offer| &offer.reason);
        let reason = offer.or(booking.exchange.as_ref().map(|rule| &rule.reason))?;
        Some(Self { until: booking.exchange_until(), reason: reason.clone() })
    }
}

/// What a booking comes in the place of.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ReplacesView {
    #[schema(value_type = String)]
    booking: CallerUuid,
    /// What was paid for it and pays for this one.
    #[schema(value_type = i64)]
    credit_cents: Cents,
    /// What is to be paid beside it; the booking is confirmed by paying, or by `…/confirm` where it is
    /// nothing.
    #[schema(value_type = i64)]
    due_cents: Cents,
    /// What goes back because this visit is cheaper.
    #[schema(value_type = i64)]
    refund_cents: Cents,
}

impl ReplacesView {
    pub(crate) fn of(booking: &Booking) -> Option<Self> {
        let replaced = booking.replaces.as_ref()?;
        // Tickets given back later are another matter.
        let refund = match &booking.reduced {
            None => replaced.credit_cents.0 - booking.total().0,
            Some(_) => 0,
        };
        Some(Self {
            booking: replaced.booking,
            credit_cents: replaced.credit_cents,
            due_cents: booking.due(),
            refund_cents: Cents(refund.max(0)),
        })
    }
}

/// For which slot.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ExchangeQuery {
    /// The local start of the other slot; without it, only whether the booking may be exchanged.
    #[param(value_type = Option<String>)]
    slot_id: Option<SlotId>,
}

/// What exchanging a booking would mean now. Nothing is held.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ExchangeView {
    is_possible: bool,
    /// Why it is not.
    #[schema(value_type = Option<Object>)]
    why_not: Option<Text>,
    /// Until when it is.
    #[schema(value_type = Option<String>, format = DateTime)]
    until: Option<Timestamp>,
    /// What was paid for the booking and pays for the new one.
    #[schema(value_type = i64)]
    credit_cents: Cents,
    /// What the same people pay in the other slot, where one is named.
    offer: Option<ExchangeOffer>,
    currency: &'static str,
}

#[derive(Debug, Serialize, ToSchema)]
struct ExchangeOffer {
    #[schema(value_type = Object)]
    slot: atrio_domain::calendar::SlotTimes,
    units: Vec<UnitLineView>,
    #[schema(value_type = i64)]
    total_cents: Cents,
    /// The difference to pay.
    #[schema(value_type = i64)]
    due_cents: Cents,
    /// The difference that goes back.
    #[schema(value_type = i64)]
    refund_cents: Cents,
}

/// Says whether a booking may be exchanged for another slot, and what that would cost.
#[utoipa::path(get, path = "/v1/bookings/{uuid}/exchange", tag = "shop",
    params(("uuid" = String, Path), ExchangeQuery),
    responses((status = 200, body = ExchangeView), (status = 400, body = Problem),
        (status = 404, body = Problem), (status = 422, body = Problem)))]
pub(crate) async fn quote_exchange(
    State(context): State<Context>,
    Path(uuid): Path<String>,
    Query(query): Query<ExchangeQuery>,
) -> Result<axum::Json<ExchangeView>, Problem> {
    let now = context.clock.now();
    let (stored, tickets) = load(&context, booking_uuid(&uuid)?).await?;
    let booking = &stored.booking;
    let mut view = ExchangeView {
        is_possible: true,
        why_not: None,
        until: None,
        credit_cents: booking.total(),
        offer: None,
        currency: CURRENCY,
    };
    let possible = booking.may_be_exchanged(&tickets, now).and_then(|until| {
        let request = query.slot_id.map(|slot| booking.asks_for(booking.uuid, slot)).transpose()?;
        Ok((until, request))
    });
    match possible {
        Ok((until, request)) => {
            view.until = Some(until);
            if let Some(request) = request {
                let venue = load_venue(&context, &booking.venue_id).await?;
                view.offer = Some(ExchangeOffer::of(booking, &request, &venue, now)?);
            }
        }
        Err(error) => (view.is_possible, view.why_not) = (false, Some(error.text())),
    }
    Ok(axum::Json(view))
}

impl ExchangeOffer {
    fn of(
        booking: &Booking,
        request: &HoldRequest,
        venue: &Venue,
        now: Timestamp,
    ) -> Result<Self, Problem> {
        let offer = priced(booking, request, venue, now)?;
        let total = offer.units.iter().map(|line| line.price_cents.times(line.quantity)).sum();
        let (Cents(total_cents), Cents(credit)) = (total, booking.total());
        Ok(Self {
            slot: offer.slot,
            units: offer.units.iter().map(UnitLineView::of).collect(),
            total_cents: total,
            due_cents: Cents((total_cents - credit).max(0)),
            refund_cents: Cents((credit - total_cents).max(0)),
        })
    }
}

/// Which new places.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ExchangeBody {
    /// Of the new booking, made by the caller; its idempotency key.
    #[schema(value_type = String)]
    uuid: CallerUuid,
    /// The local start of the other slot, `2026-05-01T10:00`.
    #[schema(value_type = String)]
    slot_id: SlotId,
    /// The place in the line before a sale, where the other slot's day is in one.
    queue_place: Option<String>,
}

/// Holds places in another slot for the same people. Confirming the new booking, or paying its
/// `replaces.due_cents`, makes the exchange in one step: the new tickets are issued, the old ones end, and
/// their places and `replaces.refund_cents` go back. Until then the old booking is untouched, whatever
/// becomes of the hold. Repeated, it answers what became of the first request.
#[utoipa::path(post, path = "/v1/bookings/{uuid}/exchange", tag = "shop", params(("uuid" = String, Path)),
    request_body = ExchangeBody,
    responses((status = 201, body = BookingView), (status = 200, body = BookingView),
        (status = 400, body = Problem), (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 409, body = Problem), (status = 413, body = Problem), (status = 415, body = Problem),
        (status = 422, body = Problem), (status = 503, body = Problem)))]
pub(crate) async fn exchange(
    State(context): State<Context>,
    ClientAddress(address): ClientAddress,
    Path(uuid): Path<String>,
    Json(body): Json<ExchangeBody>,
) -> Result<(StatusCode, axum::Json<BookingView>), Problem> {
    let (old, now) = (booking_uuid(&uuid)?, context.clock.now());
    let (stored, tickets) = load(&context, old).await?;
    let booking = &stored.booking;
    let venue = load_venue(&context, &booking.venue_id).await?;
    let request = booking.asks_for(body.uuid, body.slot_id).map_err(|error| refused(&error))?;
    if let Some(before) = context.store.booking(body.uuid).await.map_err(internal)? {
        return repeated(&request, &before, &venue, now);
    }
    booking.may_be_exchanged(&tickets, now).map_err(|error| refused(&error))?;
    let offer = priced(booking, &request, &venue, now)?;
    let place = body.queue_place.as_deref();
    on_sale::must_have_turn(&context, &request, &venue, place, "queue_place", now).await?;
    let (decision, keys) = decided(&context, &request, &offer, address.as_deref(), now).await?;
    let pools = offer.pools.clone();
    let hold = booking.replaced_by(request.clone(), offer, decision, keys, now);
    held(&context, &request, hold, &pools, &venue, now).await
}

async fn load(context: &Context, uuid: CallerUuid) -> Result<(Stored, Vec<Ticket>), Problem> {
    let stored = context.store.booking(uuid).await.map_err(internal)?;
    let stored = stored.ok_or_else(|| problem::unknown_booking(uuid))?;
    let tickets = context.store.tickets(&stored.tickets).await.map_err(internal)?;
    Ok((stored, tickets))
}

/// What the same people pay in the other slot today.
fn priced(
    booking: &Booking,
    request: &HoldRequest,
    venue: &Venue,
    now: Timestamp,
) -> Result<Offer, Problem> {
    let mut offer = request.offer(venue, now).map_err(|error| problem::hold(&error))?;
    booking.reduces(request, &mut offer, venue, now);
    Ok(offer)
}

fn refused(error: &ExchangeError) -> Problem {
    problem::step(StepFailure::Refused(StepError::Exchange(error.clone())))
}
