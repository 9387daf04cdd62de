//! Calling off: everybody whose slot the venue no longer offers gets their tickets revoked and all of
//! their money back, in one action that is safe to repeat until nobody is left; or is first offered to move
//! the visit.

use std::collections::BTreeSet;

use atrio_domain::booking::{BookingState, StepError};
use atrio_domain::id::{CallerUuid, SlotId};
use atrio_domain::moving::{MOVE_MAX_DAYS, MoveOffer};
use atrio_domain::offer::offers;
use atrio_domain::staff::Reach;
use atrio_domain::tariff::Cents;
use atrio_domain::text::Text;
use atrio_domain::venue::Venue;
use atrio_dynamo::audit::AuditRecord;
use atrio_dynamo::settlement::StepFailure;
use atrio_runtime::{Json, Path, Problem, Role, Staff};
use axum::extract::State;
use jiff::civil::Date;
use jiff::{Timestamp, ToSpan};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{Context, internal, load, problem};

/// Most days looked through in one request.
const DAYS_MAX: i32 = 31;

/// Bookings called off in one request: each is a few reads and a transaction, and all must be done
/// before the gateway stops waiting.
const BOOKINGS_MAX: usize = 50;

/// Days whose visits the venue cannot keep its word for.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CallOffBody {
    /// First day.
    #[schema(value_type = String, format = Date)]
    from: Date,
    /// Last day, at most 31 days with the first.
    #[schema(value_type = String, format = Date)]
    to: Date,
    /// Days in which each visitor may move the visit to another slot, at no cost; who does not is called off
    /// then. Left out, all are called off at once.
    offer_move_days: Option<u32>,
}

/// What was called off.
#[derive(Debug, Default, Serialize, ToSchema)]
pub(crate) struct CallOffView {
    /// Bookings that this request called off.
    called_off: Vec<CalledOff>,
    /// Bookings that this request offered a move.
    offered: Vec<Offered>,
    /// Bookings that staff must look after themselves.
    left: Vec<Left>,
    /// Bookings that this request did not get to: send it again.
    remaining: usize,
}

#[derive(Debug, Serialize, ToSchema)]
struct CalledOff {
    booking_reference: String,
    #[schema(value_type = String)]
    slot_id: SlotId,
    places: u32,
    #[schema(value_type = i64)]
    refund_cents: Cents,
}

#[derive(Debug, Serialize, ToSchema)]
struct Offered {
    booking_reference: String,
    #[schema(value_type = String)]
    slot_id: SlotId,
    places: u32,
    /// By when the visitor chooses.
    #[schema(value_type = String, format = DateTime)]
    until: Timestamp,
}

#[derive(Debug, Serialize, ToSchema)]
struct Left {
    booking_reference: String,
    #[schema(value_type = String)]
    slot_id: SlotId,
    /// `sold-at-desk`: the desk takes it back; `ticket-used`: somebody has entered.
    why: &'static str,
}

/// Calls off the confirmed visits of slots that the venue no longer offers: tickets admit no more, all
/// of the money goes back, whatever the rule. With `offer_move_days` each visitor is first asked to move the
/// visit, and called off when nothing was chosen by then; visits that cannot be moved, such as groups and
/// those bought with others, are called off at once. Slots that are still offered are not touched.
#[utoipa::path(post, path = "/v1/venues/{venue_id}/call-offs", tag = "staff", security(("staff" = [])),
    params(("venue_id" = String, Path)), request_body = CallOffBody,
    responses((status = 200, body = CallOffView), (status = 400, body = Problem),
        (status = 401, body = Problem), (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 413, body = Problem), (status = 415, body = Problem), (status = 422, body = Problem)))]
pub(crate) async fn call_off(
    State(context): State<Context>,
    staff: Staff,
    Path(venue_id): Path<String>,
    Json(body): Json<CallOffBody>,
) -> Result<axum::Json<CallOffView>, Problem> {
    let stored = load(&context, &staff, &venue_id).await?;
    if body.to < body.from || body.to > body.from.saturating_add((DAYS_MAX - 1).days()) {
        return Err(problem::days(body.from, body.to, DAYS_MAX));
    }
    if let Some(days) = body.offer_move_days.filter(|days| !(1..=MOVE_MAX_DAYS).contains(days)) {
        return Err(problem::move_days(days));
    }
    let now = context.clock.now();
    let stranded = stranded_bookings(&context, &stored.venue, &body).await?;
    let mut view = CallOffView::default();
    let all = stranded.len();
    for (at, (uuid, slot_id)) in stranded.into_iter().enumerate() {
        // What staff must look after stays in the list; it must not keep the rest from their turn.
        if view.called_off.len() + view.offered.len() == BOOKINGS_MAX {
            view.remaining = all - at;
            break;
        }
        if let Some(days) = body.offer_move_days {
            let offer = MoveOffer::of_days(days, why_not(&stored.venue, slot_id), now);
            if offer_one(&context, uuid, slot_id, &offer, &mut view).await? {
                continue;
            }
        }
        call_one_off(&context, uuid, slot_id, now, &mut view).await?;
    }
    if !view.called_off.is_empty() || !view.offered.is_empty() {
        let record = AuditRecord {
            role: staff.must_be_at(&stored.venue.id, &[Role::Manager])?.name().to_owned(),
            reach: Reach::Venue(stored.venue.id),
            actor: staff.subject.to_string(),
            at: now,
            version: stored.version,
            part: format!("call-offs/{}/{}", body.from, body.to),
            before: None,
            after: serde_json::json!({ "called_off": &view.called_off, "offered": &view.offered }),
        };
        context.store.record_change(&record).await.map_err(internal)?;
    }
    Ok(axum::Json(view))
}

/// Bookings with a ticket that still admits to a slot which is not offered, in order of slot.
async fn stranded_bookings(
    context: &Context,
    venue: &Venue,
    body: &CallOffBody,
) -> Result<Vec<(CallerUuid, SlotId)>, Problem> {
    let mut found = BTreeSet::new();
    let mut day = body.from;
    while day <= body.to {
        for ticket in context.store.tickets_of_day(&venue.id, day).await.map_err(internal)? {
            let entitlement = &ticket.entitlement;
            let is_offered = venue
                .product(&entitlement.product)
                .is_some_and(|product| offers(venue, product, entitlement.slot.id));
            // One whose sale has not come in is of no booking yet.
            let is_booked = ticket.state.name() != "REVOKED" && ticket.lease.is_none();
            if !is_offered && is_booked {
                found.insert((entitlement.slot.id, ticket.booking));
            }
        }
        let Ok(next) = day.checked_add(1.day()) else { break };
        day = next;
    }
    Ok(found.into_iter().map(|(slot, booking)| (booking, slot)).collect())
}

/// Why a slot is not offered, as visitors are told.
fn why_not(venue: &Venue, slot: SlotId) -> Text {
    let day = slot.day();
    let closure = venue.opening.closures.iter().find(|one| one.from <= day && day <= one.to);
    closure.map_or_else(
        || Text::new("l’orario non è più offerto", "the time is not offered any more"),
        |closure| closure.reason.clone(),
    )
}

/// Offers one booking a move; whether it has one now. One that cannot be moved is to be called off.
async fn offer_one(
    context: &Context,
    uuid: CallerUuid,
    slot_id: SlotId,
    offer: &MoveOffer,
    view: &mut CallOffView,
) -> Result<bool, Problem> {
    match context.store.offer_move(uuid, offer).await {
        Ok(stored) => {
            // One that was offered before keeps its deadline, and is listed once.
            if stored.booking.moving.as_ref() == Some(offer) {
                let (booking_reference, places) = (uuid.reference(), stored.booking.places());
                let until = offer.until;
                view.offered.push(Offered { booking_reference, slot_id, places, until });
            }
            Ok(true)
        }
        Err(StepFailure::Store(error)) => Err(internal(error)),
        Err(StepFailure::Refused(_) | StepFailure::Unknown(_) | StepFailure::UnknownOrder(_)) => {
            Ok(false)
        }
    }
}

async fn call_one_off(
    context: &Context,
    uuid: CallerUuid,
    slot_id: SlotId,
    now: Timestamp,
    view: &mut CallOffView,
) -> Result<(), Problem> {
    let booking_reference = uuid.reference();
    let why = match context.store.call_off(uuid, now).await {
        Ok(stored) => {
            // One that its visitor gave up meanwhile goes back as they were shown.
            if let BookingState::Cancelled { cancelled_at, refund: refund_cents, .. } =
                stored.booking.state
                && cancelled_at == now
            {
                let places = stored.booking.places();
                let called_off = CalledOff { booking_reference, slot_id, places, refund_cents };
                view.called_off.push(called_off);
            }
            return Ok(());
        }
        Err(StepFailure::Refused(StepError::SoldAtDesk)) => "sold-at-desk",
        Err(StepFailure::Refused(StepError::TicketUsed { .. })) => "ticket-used",
        // A booking that moved on between the two readings is found as it is the next time.
        Err(StepFailure::Refused(_) | StepFailure::Unknown(_) | StepFailure::UnknownOrder(_)) => {
            return Ok(());
        }
        Err(StepFailure::Store(error)) => return Err(internal(error)),
    };
    view.left.push(Left { booking_reference, slot_id, why });
    Ok(())
}
