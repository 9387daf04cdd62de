//! Refusals at the desk as problem documents, in words a clerk can act on with people waiting.

use atrio_domain::booking::{Channel, StepError};
use atrio_domain::hold::HoldError;
use atrio_domain::id::{CallerUuid, DeskId, VenueId};
use atrio_domain::lease::{LEASE_PLACES_MAX, LeaseError, SaleRefusal};
use atrio_domain::shift::{REASON_MAX_CHARS, Sale, ShiftError};
use atrio_domain::ticket::{Ticket, TicketState};
use atrio_runtime::Problem;
use axum::http::StatusCode;
use jiff::Timestamp;

const RULE: StatusCode = StatusCode::UNPROCESSABLE_ENTITY;

/// Why a shift does not do what it was asked.
#[must_use]
pub fn shift(error: &ShiftError) -> Problem {
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

/// There is no such venue.
pub(crate) fn unknown_venue(venue: &VenueId) -> Problem {
    let fix = "take an id from `GET /v1/venues`";
    Problem::not_found("unknown-venue", "venue_id", venue.as_str(), fix)
}

/// Why places are not leased, or a lease is not closed.
pub(crate) fn lease(error: &LeaseError) -> Problem {
    let (status, kind, field, fix) = match error {
        LeaseError::Hold(error) => return hold(error),
        LeaseError::Places { .. } => {
            (RULE, "invalid-places", "places", "ask for 1 to 90, and for more by another lease")
        }
        LeaseError::Channel { .. } => {
            (RULE, "other-channel", "channel", "write `DESK`, or `TOTEM`")
        }
        LeaseError::NotLeasable { .. } => {
            (RULE, "not-leasable", "product_id", "sell it while the line is up, or lease another")
        }
        LeaseError::SalesMissing { .. } => (
            StatusCode::CONFLICT,
            "sales-missing",
            "sold_places",
            "send all sales of the lease in first; a manager withdraws a lease whose sales are lost",
        ),
    };
    Problem::new(status, kind).detail(error).field(field, error, fix)
}

/// Why a party cannot be sold to, or places of a slot not be leased.
#[must_use]
pub fn hold(error: &HoldError) -> Problem {
    let (kind, field, fix) = match error {
        HoldError::UnknownProduct { .. } => {
            ("unknown-product", "product_id", "take a product of the venue")
        }
        HoldError::UnknownOption { .. } => {
            ("unknown-option", "option_id", "take an option of the product")
        }
        HoldError::UnknownUnit { .. } => {
            ("unknown-unit", "units", "take a unit of the tariff of that day")
        }
        HoldError::RepeatedUnit { .. } => {
            ("repeated-unit", "units", "name each unit once, with its quantity")
        }
        HoldError::NoUnits => ("no-units", "units", "ask for at least one place"),
        HoldError::TooManyUnits { .. } | HoldError::OverPersonLimit { .. } => {
            ("too-many-units", "units", "sell to fewer, or in several sales")
        }
        HoldError::Unaccompanied { .. } => {
            ("unaccompanied", "units", "add one of those who must come along")
        }
        HoldError::TooManyCompanions { .. } => {
            ("too-many-companions", "units", "one companion for each whom they accompany")
        }
        HoldError::TooManyPieces { .. } | HoldError::RepeatedPiece { .. } => {
            ("too-many-pieces", "pieces", "leave them out")
        }
        HoldError::ResourceClosed { .. } | HoldError::ResourceTooSmall { .. } => {
            ("not-leasable", "product_id", "sell it while the line is up, or lease another")
        }
        HoldError::NoTariff { .. } => ("no-tariff", "slot_id", "choose a day with prices"),
        HoldError::TakesNoBooking { .. } => {
            ("takes-no-booking", "slot_id", "let visitors in without a booking that day")
        }
        HoldError::PastDay { .. } | HoldError::PastSlot { .. } => {
            ("past-slot", "slot_id", "choose a slot that has not ended")
        }
        HoldError::TooFarAhead { .. } => ("too-far-ahead", "slot_id", "choose an earlier day"),
        HoldError::ClosedDay { .. } => ("closed-day", "slot_id", "choose an open day"),
        HoldError::UnknownSlot { .. } => {
            ("unknown-slot", "slot_id", "take a slot of `GET /v1/venues/{venue_id}/availability`")
        }
        HoldError::NotOnSale { .. } => {
            ("not-on-sale", "slot_id", "lease it once the sale has opened")
        }
        HoldError::NoContact
        | HoldError::BadName { .. }
        | HoldError::BadEmail
        | HoldError::BadPhone => ("invalid-contact", "contact", "leave it out"),
    };
    Problem::new(RULE, kind).detail(error).field(field, error, fix)
}

/// The slot has not so many places for the channel.
pub(crate) fn too_few_places(
    requested: u32,
    vacancies: u32,
    more_at: Option<Timestamp>,
) -> Problem {
    let message =
        format!("{vacancies} places are left for this channel, {requested} were asked for");
    let later = more_at.map(|at| format!(", or come back from {at}")).unwrap_or_default();
    Problem::new(StatusCode::CONFLICT, "sold-out")
        .detail(&message)
        .field("places", &message, format!("ask for fewer{later}"))
        .fact("requested", requested)
        .fact("vacancies", vacancies)
}

/// The uuid stands for another lease.
pub(crate) fn lease_uuid_reused(uuid: CallerUuid) -> Problem {
    Problem::new(StatusCode::CONFLICT, "uuid-reused")
        .detail(format_args!("`{uuid}` was used for another lease before"))
        .field("uuid", "stands for another lease", "make a fresh uuid for each new lease")
}

/// The uuid stands for another booking.
pub(crate) fn sale_uuid_reused(uuid: CallerUuid) -> Problem {
    Problem::new(StatusCode::CONFLICT, "uuid-reused")
        .detail(format_args!("`{uuid}` stands for another sale or booking"))
        .field("booking_uuid", "stands for another sale", "make a fresh uuid for each new sale")
}

/// There is no such lease at this venue.
pub(crate) fn unknown_lease(uuid: CallerUuid) -> Problem {
    let fix = "take a uuid from `GET /v1/venues/{venue_id}/leases`";
    Problem::not_found("unknown-lease", "uuid", &uuid.to_string(), fix)
}

/// No places, or more than a lease has.
pub(crate) fn sold_places(count: usize) -> Problem {
    let message = format!("{count} places were named");
    let fix = format!("name 1 to {LEASE_PLACES_MAX} places of the lease");
    Problem::new(RULE, "invalid-places").detail(&message).field("places", &message, fix)
}

/// A sale at a desk without a drawer.
pub(crate) fn shift_missing() -> Problem {
    let message = "the sale of a desk names no shift";
    let fix = "open a shift, and name the one whose drawer has the money";
    Problem::new(RULE, "shift-missing").detail(message).field("shift_uuid", message, fix)
}

/// A drawer where there is none.
pub(crate) fn no_drawer(channel: Channel) -> Problem {
    let message = format!("a sale through {} is in no drawer", channel.name());
    Problem::new(RULE, "no-drawer").detail(&message).field("shift_uuid", &message, "leave it out")
}

/// No reason for withdrawing a lease, or one that is too long.
pub(crate) fn withdrawal_reason() -> Problem {
    let message = format!("a reason has 1 to {REASON_MAX_CHARS} characters");
    let fix = "say in a few words why the lease is taken back";
    Problem::new(RULE, "invalid-reason").detail(&message).field("reason", &message, fix)
}

/// Why a sale that a desk made by itself does not stand.
pub(crate) fn sale_refusal(refusal: &SaleRefusal) -> Problem {
    let conflict = StatusCode::CONFLICT;
    let (status, kind, field, fix) = match refusal {
        SaleRefusal::TakenBack { .. } => (
            conflict,
            "lease-taken-back",
            "places",
            "give the visitor another ticket, or the money back; a manager sees the sale listed",
        ),
        SaleRefusal::SoldBefore { .. } => {
            (conflict, "sold-before", "places", "let a manager look into it; the first sale stands")
        }
        SaleRefusal::NotOfLease { .. } => {
            (RULE, "not-of-lease", "places", "name tickets of this lease")
        }
        SaleRefusal::Repeated { .. } => (RULE, "repeated-place", "places", "name each ticket once"),
        SaleRefusal::Party(error) => return hold(error),
        SaleRefusal::WrongMethod { .. } => {
            (RULE, "wrong-method", "method", "`FREE` for what costs nothing, else `CASH` or `CARD`")
        }
        SaleRefusal::Payment(_) => (RULE, "invalid-field", "booking_uuid", "make a fresh uuid"),
    };
    Problem::new(status, kind).detail(refusal).field(field, refusal, fix)
}
