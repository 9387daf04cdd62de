//! Refusals at the desk as problem documents, in words a clerk can act on with people waiting.

use atrio_domain::booking::StepError;
use atrio_domain::id::{CallerUuid, DeskId};
use atrio_domain::shift::{Sale, ShiftError};
use atrio_domain::ticket::{Ticket, TicketState};
use atrio_runtime::Problem;
use axum::http::StatusCode;

const RULE: StatusCode = StatusCode::UNPROCESSABLE_ENTITY;

/// Why a shift does not do what it was asked.
pub(crate) fn shift(error: &ShiftError) -> Problem {
    let (status, kind, field, fix) = match error {
        ShiftError::Amount { field, .. } => {
            (RULE, "invalid-amount", *field, "write cents, not below 0 nor above 10000000")
        }
        ShiftError::Closed { .. } => {
            (StatusCode::CONFLICT, "shift-closed", "uuid", "open a new shift")
        }
        ShiftError::CountedOtherwise { .. } => (
            StatusCode::CONFLICT,
            "shift-closed",
            "counted_cents",
            "a count stands once given; note the difference beside the account",
        ),
        ShiftError::OtherVenue { .. } => {
            (RULE, "other-venue", "booking_uuid", "sell it at a desk of its venue")
        }
        ShiftError::OtherChannel { .. } => {
            (RULE, "other-channel", "booking_uuid", "hold the places through the channel `DESK`")
        }
        ShiftError::WrongMethod { .. } => {
            (RULE, "wrong-method", "method", "`FREE` for what costs nothing, else `CASH` or `CARD`")
        }
        ShiftError::TooLittle { .. } => {
            (RULE, "too-little", "given_cents", "ask for the rest, or leave it out for exact money")
        }
        ShiftError::BadReason { .. } => {
            (RULE, "invalid-reason", "reason", "say in a few words why the sale is taken back")
        }
    };
    Problem::new(status, kind).detail(error).field(field, error, fix)
}

/// Why a booking cannot be sold or voided.
pub(crate) fn step(error: &StepError) -> Problem {
    let (kind, fix) = match error {
        StepError::HoldExpired { .. } => ("hold-expired", "hold the places again"),
        StepError::WrongState { .. }
        | StepError::SoldAtDesk
        | StepError::Resold
        | StepError::VisitBegan { .. }
        | StepError::TicketUsed { .. }
        | StepError::PartOfOrder { .. }
        | StepError::Exchange(_)
        | StepError::RefundChanged { .. } => ("wrong-state", "look at the booking before going on"),
        StepError::HoldersMissing { .. } => {
            ("names-missing", "send `PUT /v1/bookings/{uuid}/holders` with a name for each ticket")
        }
        StepError::PaymentRequired { .. } => ("payment-required", "take the money first"),
        StepError::NothingToPay => ("nothing-to-pay", "sell it as `FREE`"),
    };
    Problem::new(StatusCode::CONFLICT, kind).detail(error).field("booking_uuid", error, fix)
}

/// The booking was confirmed otherwise.
pub(crate) fn sold_elsewhere(booking: CallerUuid) -> Problem {
    Problem::new(StatusCode::CONFLICT, "sold-elsewhere")
        .detail(format_args!("booking `{booking}` is confirmed, and not by this shift"))
        .field("booking_uuid", "is confirmed already", "take no money; its tickets are issued")
}

/// The sale stands with another method, or was taken back.
pub(crate) fn sold_before(sale: &Sale) -> Problem {
    let (what, fix) = match &sale.void {
        Some(void) => (format!("was sold and voided at {}", void.at), "hold the places again"),
        None => {
            (format!("was sold at {}, {}", sale.sold_at, sale.method.name()), "take no money again")
        }
    };
    Problem::new(StatusCode::CONFLICT, "sold-before")
        .detail(format_args!("booking `{}` {what}", sale.booking))
        .field("booking_uuid", what, fix)
}

/// This shift did not sell the booking.
pub(crate) fn not_sold_here(booking: CallerUuid) -> Problem {
    Problem::not_found(
        "unknown-sale",
        "booking_uuid",
        &booking.to_string(),
        "void it in the shift that sold it",
    )
}

/// Somebody entered with the sale.
pub(crate) fn ticket_used(ticket: &Ticket) -> Problem {
    let code = ticket.entitlement.ticket.typed_code();
    let what = match &ticket.state {
        TicketState::Redeemed { at, gate, .. } => format!("was used at {at} at gate `{gate}`"),
        TicketState::Revoked { at } => format!("was revoked at {at}"),
        TicketState::Replaced { at } => format!("was replaced by a new one at {at}"),
        TicketState::Valid => "is valid".to_owned(),
    };
    Problem::new(StatusCode::CONFLICT, "ticket-used")
        .detail(format_args!("ticket `{code}` {what}"))
        .field("booking_uuid", what, "a visit that has begun is not taken back")
}

/// Another shift is open at the desk.
pub(crate) fn desk_busy(desk: &DeskId, open: CallerUuid) -> Problem {
    Problem::new(StatusCode::CONFLICT, "desk-busy")
        .detail(format_args!("shift `{open}` is open at desk `{desk}`"))
        .field("desk_id", "has an open shift", "go on in that shift, or close it first")
        .fact("open_shift", open)
}

/// The uuid stands for another shift.
pub(crate) fn uuid_reused(uuid: CallerUuid) -> Problem {
    Problem::new(StatusCode::CONFLICT, "uuid-reused")
        .detail(format_args!("`{uuid}` was used for another shift before"))
        .field("uuid", "stands for another shift", "make a fresh uuid for each new shift")
}

/// There is no such shift at this venue.
pub(crate) fn unknown_shift(uuid: CallerUuid) -> Problem {
    let fix = "take a uuid from `GET /v1/venues/{venue_id}/shifts`";
    Problem::not_found("unknown-shift", "uuid", &uuid.to_string(), fix)
}

/// There is no such booking.
pub(crate) fn unknown_booking(uuid: CallerUuid) -> Problem {
    let fix = "hold the places first with `POST /v1/bookings`";
    Problem::not_found("unknown-booking", "booking_uuid", &uuid.to_string(), fix)
}
