//! Refusals of this function as problem documents.

use atrio_domain::id::{CallerUuid, VenueId};
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
