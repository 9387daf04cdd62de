//! The rights of the person behind a booking: a copy of all that is kept of them (GDPR, article 15),
//! and forgetting them (article 17). The uuid that opens the booking is the key to both.

use atrio_domain::booking::Contact;
use atrio_domain::id::{CallerUuid, GateId, PaymentId, TicketId};
use atrio_domain::payment::{Payment, PaymentStatus};
use atrio_domain::resale::Customer;
use atrio_domain::risk::Decision;
use atrio_domain::tariff::Cents;
use atrio_domain::text::Locale;
use atrio_domain::ticket::{Ticket, TicketState};
use atrio_dynamo::booking::kept_until;
use atrio_runtime::{Path, Problem};
use axum::extract::State;
use axum::http::StatusCode;
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use crate::view::BookingView;
use crate::{Context, booking_uuid, internal, load_venue, problem};

/// All that is kept of the person behind a booking.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PersonView {
    /// Whom we write to; null once forgotten, or where a desk asked no name.
    contact: Option<ContactView>,
    /// Who enters with each ticket, where the tickets name somebody.
    holders: Vec<String>,
    /// What a reseller told of who booked and of each visitor, where one sold the visit.
    #[schema(value_type = Vec<Object>)]
    customers: Vec<Customer>,
    /// What the reseller noted of the visit.
    notes: Option<String>,
    #[schema(value_type = String)]
    locale: Locale,
    booking: BookingView,
    tickets: Vec<TicketUse>,
    payments: Vec<PaymentRecord>,
    /// What the risk rules said of the booking, and why.
    #[schema(value_type = Object)]
    decision: Decision,
    /// All of this is deleted then.
    #[schema(value_type = String, format = DateTime)]
    kept_until: Timestamp,
}

#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ContactView {
    full_name: String,
    email: String,
    phone: Option<String>,
}

/// A ticket and where it was used.
#[derive(Debug, Serialize, ToSchema)]
struct TicketUse {
    #[schema(value_type = String)]
    id: TicketId,
    status: &'static str,
    #[schema(value_type = Option<String>, format = DateTime)]
    redeemed_at: Option<Timestamp>,
    #[schema(value_type = Option<String>)]
    gate_id: Option<GateId>,
    /// When its visitor went out, if a gate recorded it.
    #[schema(value_type = Option<String>, format = DateTime)]
    left_at: Option<Timestamp>,
}

#[derive(Debug, Serialize, ToSchema)]
struct PaymentRecord {
    #[schema(value_type = String)]
    id: PaymentId,
    #[schema(value_type = String)]
    status: PaymentStatus,
    #[schema(value_type = i64)]
    amount_cents: Cents,
    #[schema(value_type = String, format = DateTime)]
    started_at: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    updated_at: Timestamp,
}

/// A copy of all that is kept of the person behind a booking.
#[utoipa::path(get, path = "/v1/bookings/{uuid}/person", tag = "shop", params(("uuid" = String, Path)),
    responses((status = 200, body = PersonView), (status = 400, body = Problem),
        (status = 404, body = Problem)))]
pub(crate) async fn show_person(
    State(context): State<Context>,
    Path(uuid): Path<String>,
) -> Result<axum::Json<PersonView>, Problem> {
    let uuid = booking_uuid(&uuid)?;
    let stored = context.store.booking(uuid).await.map_err(internal)?;
    let stored = stored.ok_or_else(|| problem::unknown_booking(uuid))?;
    let now = context.clock.now();
    let booking = stored.booking.seen_at(now);
    let venue = load_venue(&context, &booking.venue_id).await?;
    let tickets = context.store.tickets(&stored.tickets).await.map_err(internal)?;
    let payments = context.store.payments(uuid).await.map_err(internal)?;
    let attempt = payments.iter().rfind(|payment| payment.of.is_none());
    let resale = booking.resale.as_deref();
    Ok(axum::Json(PersonView {
        contact: booking.contact.clone().map(ContactView::of),
        holders: booking.holders.names.clone(),
        customers: resale.iter().flat_map(|resale| resale.customers().cloned()).collect(),
        notes: resale.and_then(|resale| resale.notes.clone()),
        locale: booking.locale,
        booking: BookingView::of(&booking, attempt, &venue, now),
        tickets: tickets.iter().map(TicketUse::of).collect(),
        payments: payments.into_iter().map(PaymentRecord::of).collect(),
        decision: booking.decision.clone(),
        kept_until: kept_until(&booking),
    }))
}

/// Forgets the person behind a booking. The tickets stay good: they admit whoever carries them.
#[utoipa::path(delete, path = "/v1/bookings/{uuid}/person", tag = "shop", params(("uuid" = String, Path)),
    responses((status = 204, description = "Nothing is kept of the person"), (status = 400, body = Problem),
        (status = 404, body = Problem), (status = 409, body = Problem)))]
pub(crate) async fn forget_person(
    State(context): State<Context>,
    Path(uuid): Path<String>,
) -> Result<StatusCode, Problem> {
    let uuid = booking_uuid(&uuid)?;
    let forgotten = context.store.forget_person(uuid, context.clock.now()).await;
    forgotten.map_err(problem::step)?;
    forget_request(&context, uuid).await.map_err(internal)?;
    Ok(StatusCode::NO_CONTENT)
}

/// Forgets who waited for the places of a booking, or asked for them in the name of a group.
async fn forget_request(context: &Context, uuid: CallerUuid) -> Result<(), atrio_dynamo::Error> {
    if let Some(waited) = context.store.waiting(uuid).await? {
        let forgotten = waited.forget_person();
        if forgotten != waited {
            context.store.move_waiting(&waited, &forgotten).await?;
        }
    }
    if let Some(asked) = context.store.group(uuid).await? {
        let forgotten = asked.group.forget_person();
        if forgotten != asked.group && !context.store.move_group(&asked, &forgotten).await? {
            return Err(atrio_dynamo::Error::Stale { key: format!("GROUP#{uuid}") });
        }
    }
    Ok(())
}

impl ContactView {
    pub(crate) fn of(contact: Contact) -> Self {
        let Contact { full_name, email, phone } = contact;
        Self { full_name, email, phone }
    }
}

impl TicketUse {
    fn of(ticket: &Ticket) -> Self {
        let (redeemed_at, gate_id, left_at) = match &ticket.state {
            TicketState::Redeemed { at, gate, exit, .. } => {
                (Some(*at), Some(gate.clone()), exit.as_ref().map(|exit| exit.at))
            }
            TicketState::Valid | TicketState::Revoked { .. } | TicketState::Replaced { .. } => {
                (None, None, None)
            }
        };
        let (id, status) = (ticket.entitlement.ticket, ticket.state.name());
        Self { id, status, redeemed_at, gate_id, left_at }
    }
}

impl PaymentRecord {
    fn of(payment: Payment) -> Self {
        let Payment { id, status, amount_cents, started_at, updated_at, .. } = payment;
        Self { id, status, amount_cents, started_at, updated_at }
    }
}
