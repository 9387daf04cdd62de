//! Refusals of this function as problem documents: what, which field, what to do.

mod exchange;

use atrio_domain::booking::{Booking, Channel, StepError};
use atrio_domain::group::QuotaPer;
use atrio_domain::hold::HoldError;
use atrio_domain::holder::HolderError;
use atrio_domain::id::{CallerUuid, OnSaleId, VenueId};
use atrio_domain::on_sale::NotYourTurn;
use atrio_domain::order::{ORDER_MAX_PLACES, OrderError};
use atrio_domain::resource::ResourceRef;
use atrio_domain::risk::Decision;
use atrio_domain::voucher::VoucherError;
use atrio_domain::waiting::{JoinError, OnOffer};
use atrio_dynamo::person::OverLimit;
use atrio_dynamo::resource::Exhausted;
use atrio_dynamo::settlement::StepFailure;
use atrio_runtime::Problem;
use axum::http::StatusCode;

pub(crate) use self::exchange::give_back;
use self::exchange::not_exchanged;

const RULE: StatusCode = StatusCode::UNPROCESSABLE_ENTITY;

fn list<T: std::fmt::Display>(known: &[T]) -> String {
    known.iter().map(|item| format!("`{item}`")).collect::<Vec<_>>().join(", ")
}

/// Why a request cannot be held.
pub(crate) fn hold(error: &HoldError) -> Problem {
    held_at("", error)
}

/// Why an order cannot be held.
pub(crate) fn order(error: &OrderError) -> Problem {
    let (kind, field, fix) = match error {
        // What concerns the person is asked for once, beside the lines.
        OrderError::Line {
            error:
                error @ (HoldError::NoContact
                | HoldError::BadName { .. }
                | HoldError::BadEmail
                | HoldError::BadPhone),
            ..
        } => return hold(error),
        OrderError::Line { line, error } => return held_at(&in_line(*line, ""), error),
        OrderError::Size { .. } => (
            "wrong-size",
            "bookings".to_owned(),
            "send one visit to `POST /v1/bookings`, more than five in several orders".to_owned(),
        ),
        OrderError::Desk => (
            "other-channel",
            "channel".to_owned(),
            "hold each visit by `POST /v1/bookings`, or order by `WEB`".to_owned(),
        ),
        OrderError::RepeatedUuid { line, .. } => (
            "repeated-uuid",
            in_line(*line, "uuid"),
            "make a fresh uuid for each booking".to_owned(),
        ),
        OrderError::RepeatedSlot { line, first, .. } => (
            "repeated-slot",
            in_line(*line, "slot_id"),
            format!("add its units to `bookings[{first}]`, or choose another slot"),
        ),
        OrderError::RepeatedVoucher { line, first } => (
            "repeated-voucher",
            in_line(*line, "voucher_code"),
            format!("leave it out here, or in `bookings[{first}]`"),
        ),
        OrderError::TooManyPlaces { .. } => (
            "too-many-units",
            "bookings".to_owned(),
            format!("ask for at most {ORDER_MAX_PLACES} places, or make two orders"),
        ),
    };
    Problem::new(RULE, kind).detail(error).field(field, error, fix)
}

/// A field of a line of an order.
pub(crate) fn in_line(line: usize, field: &str) -> String {
    format!("bookings[{line}].{field}")
}

fn held_at(place: &str, error: &HoldError) -> Problem {
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
        HoldError::OverPersonLimit { limit, .. } => {
            ("person-limit", "units", format!("ask for at most {}", limit.tickets))
        }
        HoldError::Unaccompanied { accompanied_by, .. } => {
            ("unaccompanied", "units", format!("add one of {}", list(accompanied_by)))
        }
        HoldError::TooManyCompanions { accompanied, companion_of, .. } => (
            "too-many-companions",
            "units",
            format!("bring at most {accompanied}, or add to {}", list(companion_of)),
        ),
        HoldError::TooManyPieces { pieces_max: 0, .. } => {
            ("too-many-pieces", "pieces", "leave `pieces` out".to_owned())
        }
        HoldError::TooManyPieces { pieces_max, .. } => {
            ("too-many-pieces", "pieces", format!("ask for at most {pieces_max}"))
        }
        HoldError::RepeatedPiece { .. } => {
            ("repeated-piece", "pieces", "name each piece once".to_owned())
        }
        HoldError::ResourceClosed { .. } => {
            ("resource-closed", "slot_id", "choose another day".to_owned())
        }
        HoldError::ResourceTooSmall { .. } => {
            ("resource-too-small", "units", "come with fewer people".to_owned())
        }
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
        HoldError::NotOnSale { opens_at, .. } => {
            ("not-on-sale", "slot_id", format!("come back at {opens_at}, or choose another day"))
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
    Problem::new(RULE, kind).detail(error).field(format!("{place}{field}"), error, fix)
}

/// There is no such sale.
pub(crate) fn unknown_sale(id: &OnSaleId) -> Problem {
    let fix = "take a product with `on_sales` from `GET /v1/venues/{venue_id}`, and one of those";
    Problem::not_found("unknown-sale", "on_sale_id", id.as_str(), fix)
}

/// Nobody stands in a line without an address.
pub(crate) fn line_email() -> Problem {
    Problem::new(RULE, "invalid-contact").detail("the mail address is not one").field(
        "email",
        "is no mail address",
        "write an address such as `name@example.org`",
    )
}

/// The line before a sale does not take anyone yet.
pub(crate) fn line_not_open(opens_at: jiff::Timestamp) -> Problem {
    Problem::new(StatusCode::CONFLICT, "line-not-open")
        .detail(format_args!("the line before this sale opens at {opens_at}"))
        .field("on_sale_id", "has no line yet", format!("come back at {opens_at}"))
        .fact("opens_at", opens_at)
}

/// The line before a sale has not let this one through; `field` is where the place is shown.
pub(crate) fn not_your_turn(field: &str, error: &NotYourTurn) -> Problem {
    let (kind, fix) = match error {
        NotYourTurn::NoPlace { sale } => (
            "no-place-in-line",
            format!(
                "join with `POST …/on-sales/{sale}/places` and send its `queue_place`, by the same mail address"
            ),
        ),
        NotYourTurn::Waiting { turn_at, .. } => {
            ("not-your-turn", format!("come back at {turn_at}"))
        }
        NotYourTurn::Over { sale, .. } => {
            ("turn-over", format!("join again with `POST …/on-sales/{sale}/places`"))
        }
    };
    let problem = Problem::new(StatusCode::CONFLICT, kind).detail(error).field(field, error, fix);
    match error {
        NotYourTurn::Waiting { turn_at, .. } => problem.fact("turn_at", turn_at),
        NotYourTurn::NoPlace { .. } | NotYourTurn::Over { .. } => problem,
    }
}

/// Why a discount code reduces nothing; `place` is where its request stands.
pub(crate) fn voucher(place: &str, error: &VoucherError) -> Problem {
    let (status, kind, fix) = match error {
        VoucherError::Unknown => (
            RULE,
            "voucher-unknown",
            "check the code as it was given to you, or leave it out".to_owned(),
        ),
        VoucherError::TooManyGuesses => (
            StatusCode::TOO_MANY_REQUESTS,
            "too-many-wrong-codes",
            "leave the code out, or try again in an hour".to_owned(),
        ),
        VoucherError::NotToday { .. } => {
            (RULE, "voucher-not-today", "leave the code out, or come back then".to_owned())
        }
        VoucherError::NotThatDay { .. } => {
            (RULE, "voucher-not-that-day", "choose another day, or leave the code out".to_owned())
        }
        VoucherError::NotForProduct { products, options } => {
            let of = |what: &str, some: String| {
                if some.is_empty() { some } else { format!(" {what} {some}") }
            };
            let (products, options) = (of("product", list(products)), of("option", list(options)));
            let fix = format!("use it for{products}{options}, or leave it out");
            (RULE, "voucher-not-for-product", fix)
        }
        VoucherError::NoTicket { units } if units.is_empty() => {
            (RULE, "voucher-no-ticket", "leave the code out".to_owned())
        }
        VoucherError::NoTicket { units } => {
            let fix = format!("add some of {}, or leave the code out", list(units));
            (RULE, "voucher-no-ticket", fix)
        }
        VoucherError::UsedUp => (
            StatusCode::CONFLICT,
            "voucher-used-up",
            "leave the code out and pay the usual price".to_owned(),
        ),
    };
    let problem =
        Problem::new(status, kind).detail(error).field(format!("{place}voucher_code"), error, fix);
    match error {
        VoucherError::TooManyGuesses => problem.retry_after(3_600),
        _ => problem,
    }
}

/// The slot has not so many places.
pub(crate) fn sold_out(
    field: &str,
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
        Channel::Totem | Channel::Desk | Channel::Reseller => "",
    };
    let fix = format!("{fewer}{later}choose another slot{wait}");
    let problem = Problem::new(StatusCode::CONFLICT, "sold-out")
        .detail(format_args!(
            "slot `{slot}` has {vacancies} places left for this channel, {requested} were asked for"
        ))
        .field(field, format_args!("{requested} places are not there any more"), fix)
        .fact("requested", requested)
        .fact("vacancies", vacancies);
    match more_at {
        Some(at) => problem.fact("released_at", at),
        None => problem,
    }
}

/// The person had their part; the field is what they are known by.
pub(crate) fn over_limit(field: &str, booking: &Booking, over: OverLimit) -> Problem {
    let OverLimit { limit, left, .. } = over;
    let per = booking.counted.as_ref().map_or(QuotaPer::Day, |counted| counted.limit.per);
    let fewer = if left == 0 { String::new() } else { format!("ask for at most {left}, or ") };
    Problem::new(StatusCode::CONFLICT, "person-limit")
        .detail(format_args!(
            "one person takes at most {limit} tickets per {per}, {left} are left for this contact"
        ))
        .field(
            field,
            format_args!("has {left} of {limit} tickets left per {per}"),
            format!("{fewer}choose another {per}, or give a booking back"),
        )
        .fact("limit", limit)
        .fact("left", left)
}

/// The visit does not take place.
pub(crate) fn too_few(field: &str, booking: &Booking) -> Problem {
    let slot = booking.slot.id;
    Problem::new(StatusCode::CONFLICT, "too-few-people")
        .detail(format_args!("too few people booked slot `{slot}` in time: it does not take place"))
        .field(field, "does not take place", "choose another slot")
}

/// Something the visit needs is occupied at that time; `place` is where its request stands.
pub(crate) fn exhausted(place: &str, booking: &Booking, exhausted: &Exhausted) -> Problem {
    let Exhausted { resource, left, .. } = exhausted;
    let (field, what) = match resource {
        ResourceRef::Piece(piece) => {
            let at = booking.pieces().position(|asked| asked == piece).unwrap_or(0);
            (format!("pieces[{at}]"), "is lent to another reader at that time".to_owned())
        }
        ResourceRef::Resource(id) => {
            ("slot_id".to_owned(), format!("`{id}` has {left} left at that time"))
        }
    };
    Problem::new(StatusCode::CONFLICT, "resource-occupied")
        .detail(format_args!(
            "`{resource}` has {left} left during slot `{}`, not enough for this booking",
            booking.slot.id
        ))
        .field(format!("{place}{field}"), what, "choose another slot, or ask for less")
        .fact("resource", resource)
        .fact("left", left)
}

/// The uuid stands for another request.
pub(crate) fn uuid_reused(field: &str, uuid: CallerUuid) -> Problem {
    Problem::new(StatusCode::CONFLICT, "uuid-reused")
        .detail(format_args!("`{uuid}` was used for another request before"))
        .field(field, "stands for another request", "make a fresh uuid for each new booking")
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

/// The resellers' channel is for resellers.
pub(crate) fn reseller_only() -> Problem {
    Problem::new(StatusCode::FORBIDDEN, "other-channel")
        .detail("channel `RESELLER` is for resellers, with their key")
        .field("channel", "is for resellers", "book by `/octo/bookings`, or here by `WEB`")
}

/// There is no such venue.
pub(crate) fn unknown_venue(field: &str, id: &VenueId) -> Problem {
    Problem::not_found("unknown-venue", field, id.as_str(), "take an id from `GET /v1/venues`")
}

/// There is no such order.
pub(crate) fn unknown_order(uuid: CallerUuid) -> Problem {
    Problem::not_found(
        "unknown-order",
        "uuid",
        &uuid.to_string(),
        "check the link; an order is kept for 30 days after its last slot",
    )
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
        StepFailure::UnknownOrder(uuid) => unknown_order(uuid),
        StepFailure::Store(atrio_dynamo::Error::Stale { .. }) => Problem::busy(),
        StepFailure::Store(error) => Problem::internal(&error),
        StepFailure::Refused(refused) => refused_step(&refused),
    }
}

pub(crate) fn refused_step(refused: &StepError) -> Problem {
    let (kind, fix) = match refused {
        StepError::HoldExpired { .. } => {
            ("hold-expired", "hold the places again, under a fresh uuid")
        }
        StepError::PaymentRequired { .. } => {
            ("payment-required", "send `POST …/payment` in the place of `…/confirm`")
        }
        StepError::NothingToPay => ("nothing-to-pay", "send `POST …/confirm`"),
        StepError::PartOfOrder { order } => {
            let fix = format!("send the request to `/v1/orders/{order}`");
            return Problem::new(StatusCode::CONFLICT, "part-of-order")
                .detail(refused)
                .field("uuid", refused, fix)
                .fact("order", order);
        }
        StepError::HoldersMissing { .. } => {
            ("names-missing", "send `PUT /v1/bookings/{uuid}/holders` with a name for each ticket")
        }
        StepError::Resold => ("resold", "ask whoever sold it to you"),
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
        StepError::Exchange(error) => return not_exchanged(error),
        StepError::WrongState { .. } => ("wrong-state", "read the booking to see where it stands"),
    };
    Problem::new(StatusCode::CONFLICT, kind).detail(refused).field("uuid", refused, fix)
}

/// Why names are not taken.
pub(crate) fn holders(error: &HolderError) -> Problem {
    let (status, kind, field, fix) = match error {
        HolderError::Step(step) => return refused_step(step),
        HolderError::NotNominative => (
            StatusCode::CONFLICT,
            "not-nominative",
            "holders".to_owned(),
            "leave names out: whoever carries a ticket enters".to_owned(),
        ),
        HolderError::Count { places, .. } => {
            (RULE, "wrong-number-of-names", "holders".to_owned(), format!("send {places} names"))
        }
        HolderError::BadName { index, .. } => (
            RULE,
            "invalid-name",
            format!("holders[{index}]"),
            "write the name as the document has it".to_owned(),
        ),
        HolderError::TooLate { .. } => (
            StatusCode::CONFLICT,
            "names-stand",
            "holders".to_owned(),
            "come as named, or ask the venue".to_owned(),
        ),
        HolderError::Exchanged => (
            StatusCode::CONFLICT,
            "names-stand",
            "holders".to_owned(),
            "change the names of the booking by its rule once it is confirmed".to_owned(),
        ),
        HolderError::TooOften { .. } => (
            StatusCode::CONFLICT,
            "names-changed-too-often",
            "holders".to_owned(),
            "come as named, or ask the venue".to_owned(),
        ),
    };
    Problem::new(status, kind).detail(error).field(field, error, fix)
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
