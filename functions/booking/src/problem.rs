//! Refusals of this function as problem documents: what, which field, what to do.

use atrio_domain::booking::{Booking, Channel, StepError};
use atrio_domain::hold::HoldError;
use atrio_domain::id::CallerUuid;
use atrio_domain::risk::Decision;
use atrio_domain::waiting::{JoinError, OnOffer};
use atrio_dynamo::settlement::StepFailure;
use atrio_runtime::Problem;
use axum::http::StatusCode;

const RULE: StatusCode = StatusCode::UNPROCESSABLE_ENTITY;

fn list<T: std::fmt::Display>(known: &[T]) -> String {
    known.iter().map(|item| format!("`{item}`")).collect::<Vec<_>>().join(", ")
}

/// Why a request cannot be held.
pub(crate) fn hold(error: &HoldError) -> Problem {
    let (kind, field, fix) = match error {
        HoldError::UnknownProduct { known, .. } => {
            ("unknown-product", "product_id", format!("take one of {}", list(known)))
        }
        HoldError::UnknownOption { known, .. } => {
            ("unknown-option", "option_id", format!("take one of {}", list(known)))
        }
        HoldError::UnknownUnit { known, .. } => {
            ("unknown-unit", "units", format!("take some of {}", list(known)))
        }
        HoldError::RepeatedUnit { .. } => {
            ("repeated-unit", "units", "name each unit once, with its quantity".to_owned())
        }
        HoldError::NoUnits => ("no-units", "units", "ask for at least one place".to_owned()),
        HoldError::TooManyUnits { max_units, .. } => (
            "too-many-units",
            "units",
            format!("ask for at most {max_units}, or for a group with `POST /v1/groups`"),
        ),
        HoldError::Unaccompanied { accompanied_by, .. } => {
            ("unaccompanied", "units", format!("add one of {}", list(accompanied_by)))
        }
        HoldError::TooManyCompanions { accompanied, companion_of, .. } => (
            "too-many-companions",
            "units",
            format!("bring at most {accompanied}, or add to {}", list(companion_of)),
        ),
        HoldError::NoTariff { .. } => (
            "no-tariff",
            "slot_id",
            "choose a day with prices from `GET /v1/venues/{venue_id}/availability`".to_owned(),
        ),
        HoldError::TakesNoBooking { .. } => (
            "takes-no-booking",
            "slot_id",
            "come without a booking, or choose another day".to_owned(),
        ),
        HoldError::PastDay { today, .. } => {
            ("past-day", "slot_id", format!("choose a slot from {today} on"))
        }
        HoldError::TooFarAhead { last, .. } => {
            ("too-far-ahead", "slot_id", format!("choose a slot up to {last}"))
        }
        HoldError::ClosedDay { .. } => (
            "closed-day",
            "slot_id",
            "choose an open day from `GET /v1/venues/{venue_id}/availability`".to_owned(),
        ),
        HoldError::UnknownSlot { known, .. } => {
            ("unknown-slot", "slot_id", format!("take one of {}", list(known)))
        }
        HoldError::PastSlot { .. } => {
            ("past-slot", "slot_id", "choose a slot that has not ended".to_owned())
        }
        HoldError::NoContact => {
            ("invalid-contact", "contact", "write {\"full_name\": …, \"email\": …}".to_owned())
        }
        HoldError::BadName { .. } => {
            ("invalid-contact", "contact.full_name", "write the visitor's name".to_owned())
        }
        HoldError::BadEmail => (
            "invalid-contact",
            "contact.email",
            "write an address such as `name@example.org`".to_owned(),
        ),
        HoldError::BadPhone => (
            "invalid-contact",
            "contact.phone",
            "write a number such as `+39 055 123456`, or leave it out".to_owned(),
        ),
    };
    Problem::new(RULE, kind).detail(error).field(field, error, fix)
}

/// The slot has not so many places.
pub(crate) fn sold_out(
    booking: &Booking,
    vacancies: u32,
    more_at: Option<jiff::Timestamp>,
) -> Problem {
    let requested = booking.places();
    let slot = booking.slot.id;
    let fewer =
        if vacancies == 0 { String::new() } else { format!("ask for at most {vacancies}, or ") };
    let later = more_at.map(|at| format!("come back from {at}, or ")).unwrap_or_default();
    let wait = match booking.channel {
        Channel::Web => ", or wait for places with `POST /v1/waiting`",
        Channel::Totem | Channel::Desk => "",
    };
    let fix = format!("{fewer}{later}choose another slot{wait}");
    let problem = Problem::new(StatusCode::CONFLICT, "sold-out")
        .detail(format_args!(
            "slot `{slot}` has {vacancies} places left for this channel, {requested} were asked for"
        ))
        .field("units", format_args!("{requested} places are not there any more"), fix)
        .fact("requested", requested)
        .fact("vacancies", vacancies);
    match more_at {
        Some(at) => problem.fact("released_at", at),
        None => problem,
    }
}

/// The uuid stands for another request.
pub(crate) fn uuid_reused(uuid: CallerUuid) -> Problem {
    Problem::new(StatusCode::CONFLICT, "uuid-reused")
        .detail(format_args!("`{uuid}` was used for another request before"))
        .field("uuid", "stands for another request", "make a fresh uuid for each new booking")
}

/// The risk rules refuse; they say why.
pub(crate) fn blocked(decision: &Decision) -> Problem {
    let reasons: Vec<&str> =
        decision.reasons.iter().map(|reason| reason.text.en.as_str()).collect();
    Problem::new(StatusCode::FORBIDDEN, "blocked")
        .detail(format_args!("this booking is refused: {}", reasons.join("; ")))
        .field(
            "contact",
            reasons.join("; "),
            "wait an hour, or ask the venue, which sees these reasons too",
        )
        .fact("reasons", &decision.reasons)
        .fact("rules_version", &decision.rules_version)
}

/// The desk's channel is for desks.
pub(crate) fn desk_only() -> Problem {
    Problem::new(StatusCode::UNAUTHORIZED, "unauthorized")
        .detail("channel `DESK` needs a token of a desk")
        .field("channel", "is for desks", "send `Authorization: Bearer TOKEN`, or book by `WEB`")
}

/// There is no such booking.
pub(crate) fn unknown_booking(uuid: CallerUuid) -> Problem {
    Problem::not_found(
        "unknown-booking",
        "uuid",
        &uuid.to_string(),
        "check the link; a booking is kept for 30 days after its slot",
    )
}

/// Why a step was not taken.
pub(crate) fn step(failure: StepFailure) -> Problem {
    match failure {
        StepFailure::Unknown(uuid) => unknown_booking(uuid),
        StepFailure::Store(atrio_dynamo::Error::Stale { .. }) => Problem::busy(),
        StepFailure::Store(error) => Problem::internal(&error),
        StepFailure::Refused(refused) => refused_step(&refused),
    }
}

fn refused_step(refused: &StepError) -> Problem {
    let (kind, fix) = match refused {
        StepError::HoldExpired { .. } => {
            ("hold-expired", "hold the places again, under a fresh uuid")
        }
        StepError::PaymentRequired { .. } => {
            ("payment-required", "send `POST /v1/bookings/{uuid}/payment`")
        }
        StepError::NothingToPay => ("nothing-to-pay", "send `POST /v1/bookings/{uuid}/confirm`"),
        StepError::SoldAtDesk => ("sold-at-desk", "ask the desk that sold it to take it back"),
        StepError::VisitBegan { .. } => ("visit-began", "ask the venue"),
        StepError::TicketUsed { .. } => ("ticket-used", "ask the venue"),
        StepError::RefundChanged { refund, .. } => {
            let fix = format!("send `refund_cents={}`, if that is what is wanted", refund.0);
            return Problem::new(StatusCode::CONFLICT, "refund-changed")
                .detail(refused)
                .field("refund_cents", refused, fix)
                .fact("refund_cents", refund);
        }
        StepError::WrongState { .. } => ("wrong-state", "read the booking to see where it stands"),
    };
    Problem::new(StatusCode::CONFLICT, kind).detail(refused).field("uuid", refused, fix)
}

/// Why a party cannot join a line.
pub(crate) fn join(error: &JoinError) -> Problem {
    let (status, kind, field, fix) = match error {
        JoinError::PlacesLeft { .. } => (
            StatusCode::CONFLICT,
            "places-left",
            "slot_id",
            "hold the places with `POST /v1/bookings`".to_owned(),
        ),
        JoinError::NeverFits { most, .. } => {
            (RULE, "never-fits", "units", format!("ask for at most {most}, or choose another slot"))
        }
        JoinError::AlreadyWaiting => (
            StatusCode::CONFLICT,
            "already-waiting",
            "contact",
            "read where you stand with `GET /v1/waiting/{uuid}`, or leave and join again"
                .to_owned(),
        ),
        JoinError::LineFull => {
            (StatusCode::CONFLICT, "line-full", "slot_id", "choose another slot".to_owned())
        }
        JoinError::SlotBegan { .. } => {
            (RULE, "slot-began", "slot_id", "choose a slot that has not started".to_owned())
        }
    };
    Problem::new(status, kind).detail(error).field(field, error, fix)
}

/// Nobody waits, or waited, under this uuid.
pub(crate) fn unknown_waiting(uuid: CallerUuid) -> Problem {
    Problem::not_found(
        "unknown-waiting",
        "uuid",
        &uuid.to_string(),
        "check the link; a party is kept for 30 days after its slot",
    )
}

/// Who has places on offer leaves by giving them back.
pub(crate) fn on_offer(uuid: CallerUuid, error: &OnOffer) -> Problem {
    let fix = format!("give them back with `POST /v1/bookings/{uuid}/cancel`");
    Problem::new(StatusCode::CONFLICT, "on-offer").detail(error).field("uuid", error, fix)
}
