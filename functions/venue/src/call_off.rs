//! Calling off: everybody whose slot the venue no longer offers gets their tickets revoked and all of
//! their money back, in one action that is safe to repeat until nobody is left.

use std::collections::BTreeSet;

use atrio_domain::booking::{BookingState, StepError};
use atrio_domain::id::{CallerUuid, SlotId};
use atrio_domain::offer::offers;
use atrio_domain::staff::Reach;
use atrio_domain::tariff::Cents;
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
}

/// What was called off.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CallOffView {
    /// Bookings that this request called off.
    called_off: Vec<CalledOff>,
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
struct Left {
    booking_reference: String,
    #[schema(value_type = String)]
    slot_id: SlotId,
    /// `sold-at-desk`: the desk takes it back; `ticket-used`: somebody has entered.
    why: &'static str,
}

/// Calls off the confirmed visits of slots that the venue no longer offers: tickets admit no more, all
/// of the money goes back, whatever the rule. Slots that are still offered are not touched.
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
    let now = context.clock.now();
    let stranded = stranded_bookings(&context, &stored.venue, &body).await?;
    let mut view = CallOffView { called_off: Vec::new(), left: Vec::new(), remaining: 0 };
    let all = stranded.len();
    for (at, (uuid, slot_id)) in stranded.into_iter().enumerate() {
        // What staff must look after stays in the list; it must not keep the rest from their turn.
        if view.called_off.len() == BOOKINGS_MAX {
            view.remaining = all - at;
            break;
        }
        call_one_off(&context, uuid, slot_id, now, &mut view).await?;
    }
    if !view.called_off.is_empty() {
        let record = AuditRecord {
            role: staff.must_be_at(&stored.venue.id, &[Role::Manager])?.name().to_owned(),
            reach: Reach::Venue(stored.venue.id),
            actor: staff.subject.to_string(),
            at: now,
            version: stored.version,
            part: format!("call-offs/{}/{}", body.from, body.to),
            before: None,
            after: serde_json::json!({ "called_off": &view.called_off }),
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
            if !is_offered && ticket.state.name() != "REVOKED" {
                found.insert((entitlement.slot.id, ticket.booking));
            }
        }
        day = day.saturating_add(1.day());
    }
    Ok(found.into_iter().map(|(slot, booking)| (booking, slot)).collect())
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
