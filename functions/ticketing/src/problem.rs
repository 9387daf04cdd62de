//! Refusals of this function as problem documents.

use atrio_domain::booking::StepError;
use atrio_domain::id::{CallerUuid, TicketId, VenueId};
use atrio_domain::ticket::ReissueError;
use atrio_runtime::Problem;
use axum::http::StatusCode;

/// There is no such booking.
pub(crate) fn unknown_booking(uuid: CallerUuid) -> Problem {
    Problem::not_found(
        "unknown-booking",
        "uuid",
        &uuid.to_string(),
        "check the link; a booking is kept for 30 days after its slot",
    )
}

/// A ticket exists only for a confirmed booking.
pub(crate) fn no_tickets_yet(status: &str) -> Problem {
    Problem::new(StatusCode::CONFLICT, "no-tickets")
        .detail(format_args!("the booking is {status}: tickets exist for confirmed bookings only"))
        .field("uuid", format_args!("is {status}"), "confirm or pay the booking first")
        .fact("booking_status", status)
}

/// The venue was taken out of the catalogue.
pub(crate) fn venue_gone(venue: &VenueId) -> Problem {
    Problem::not_found("unknown-venue", "venue_id", venue.as_str(), "ask the venue for the tickets")
}

/// The wallet is not set up here.
pub(crate) fn no_such_wallet(name: &str) -> Problem {
    Problem::not_found(
        "wallet-not-offered",
        "wallet",
        name,
        "take one of `wallets` that the list of tickets names, or the printed ticket",
    )
}

/// The booking has no such ticket.
pub(crate) fn unknown_ticket(id: TicketId) -> Problem {
    Problem::not_found(
        "unknown-ticket",
        "ticket_id",
        &id.typed_code(),
        "take the id from the tickets of this booking",
    )
}

/// The uuid stands for the re-issue of another ticket.
pub(crate) fn uuid_reused(uuid: CallerUuid) -> Problem {
    Problem::new(StatusCode::CONFLICT, "uuid-reused")
        .detail(format_args!("`{uuid}` stands for the re-issue of another ticket"))
        .field("uuid", "stands for another ticket", "make a fresh uuid for each ticket")
}

/// Its reseller looks after its tickets.
pub(crate) fn resold(error: &StepError) -> Problem {
    Problem::new(StatusCode::CONFLICT, "resold").detail(error).field(
        "uuid",
        error,
        "ask whoever sold it to you",
    )
}

/// The ticket is not issued again.
pub(crate) fn not_issued_again(error: &ReissueError) -> Problem {
    let problem = |kind| Problem::new(StatusCode::CONFLICT, kind).detail(error);
    match error {
        ReissueError::NotValid { state, .. } => problem("ticket-not-valid")
            .field("ticket_id", error, "read the tickets of the booking again")
            .fact("ticket_status", state),
        ReissueError::TooOften { .. } => problem("reissued-too-often").field(
            "ticket_id",
            error,
            "show the booking at the venue's desk, where a person helps",
        ),
    }
}
