//! Why a booking is not exchanged, and why tickets are not given back.

use atrio_domain::exchange::ExchangeError;
use atrio_domain::give_back::GiveBackError;
use atrio_domain::hold::HoldError;
use atrio_runtime::Problem;
use axum::http::StatusCode;

use super::{RULE, refused_step};

/// Why a booking is not exchanged.
pub(super) fn not_exchanged(error: &ExchangeError) -> Problem {
    let (kind, field, fix) = match error {
        ExchangeError::NotOffered { .. } => {
            ("not-exchangeable", "uuid", "come as booked, or give the booking up".to_owned())
        }
        ExchangeError::TooLate { .. } => {
            ("exchange-too-late", "uuid", "come as booked, or give the booking up".to_owned())
        }
        ExchangeError::Began { .. } => ("visit-began", "uuid", "ask the venue".to_owned()),
        ExchangeError::Used { .. } => ("ticket-used", "uuid", "ask the venue".to_owned()),
        ExchangeError::SoldAtDesk => {
            ("sold-at-desk", "uuid", "ask the desk that sold it to take it back".to_owned())
        }
        ExchangeError::Resold => ("resold", "uuid", "ask whoever sold it to you".to_owned()),
        ExchangeError::Group => ("group", "uuid", "agree another day with the venue".to_owned()),
        ExchangeError::PartOfOrder { .. } => {
            let fix = "give the visit up with `POST …/cancel` and book another".to_owned();
            ("part-of-order", "uuid", fix)
        }
        ExchangeError::NotConfirmed { .. } => {
            ("wrong-state", "uuid", "read the booking to see where it stands".to_owned())
        }
        ExchangeError::SameSlot { .. } => {
            ("same-slot", "slot_id", "choose another slot".to_owned())
        }
        ExchangeError::TooLarge { .. } => ("too-large", "uuid", "ask the venue".to_owned()),
        ExchangeError::TooOften { .. } => {
            ("exchanged-too-often", "uuid", "come as booked, or give the booking up".to_owned())
        }
        ExchangeError::Nobody => {
            ("no-contact", "uuid", "give the booking up, and book another".to_owned())
        }
        ExchangeError::Changed { booking } => {
            let fix =
                format!("read `{booking}`, and ask for the exchange again under a fresh uuid");
            ("exchange-changed", "uuid", fix)
        }
    };
    Problem::new(StatusCode::CONFLICT, kind).detail(error).field(field, error, fix)
}

/// Why tickets are not given back.
pub(crate) fn give_back(error: &GiveBackError) -> Problem {
    let (status, kind, field, fix) = match error {
        GiveBackError::Step(step) => return refused_step(step),
        GiveBackError::Group => {
            (StatusCode::CONFLICT, "group", "uuid".to_owned(), "ask the venue".to_owned())
        }
        GiveBackError::PartOfOrder { .. } => (
            StatusCode::CONFLICT,
            "part-of-order",
            "uuid".to_owned(),
            "give the visit up with `POST …/cancel`".to_owned(),
        ),
        GiveBackError::NoTickets => (
            RULE,
            "no-tickets",
            "ticket_ids".to_owned(),
            "name the tickets by the ids of `GET …/tickets`".to_owned(),
        ),
        GiveBackError::Repeated { index, .. } => (
            RULE,
            "repeated-ticket",
            format!("ticket_ids[{index}]"),
            "name each ticket once".to_owned(),
        ),
        GiveBackError::Unknown { index, .. } => (
            RULE,
            "unknown-ticket",
            format!("ticket_ids[{index}]"),
            "take an id from `GET …/tickets`".to_owned(),
        ),
        GiveBackError::All => (
            RULE,
            "all-tickets",
            "ticket_ids".to_owned(),
            "give the booking up with `POST …/cancel`".to_owned(),
        ),
        GiveBackError::Company(error) => {
            let kind = match error {
                HoldError::TooManyCompanions { .. } => "too-many-companions",
                _ => "unaccompanied",
            };
            let fix = "give back also who may not come so, or keep who comes along".to_owned();
            (RULE, kind, "ticket_ids".to_owned(), fix)
        }
    };
    Problem::new(status, kind).detail(error).field(field, error, fix)
}
