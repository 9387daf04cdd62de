//! Refusals about groups as problem documents: what, which field, what to do.

use atrio_domain::booking::Booking;
use atrio_domain::group::{DecisionError, GroupError, GroupState, ListError};
use atrio_domain::id::CallerUuid;
use atrio_runtime::Problem;
use axum::http::StatusCode;
use jiff::Timestamp;

const RULE: StatusCode = StatusCode::UNPROCESSABLE_ENTITY;
const HEADER: &str = "begin the file with the row `last_name,first_name,role`";

/// Why a group cannot be taken.
pub(crate) fn group(error: &GroupError) -> Problem {
    let (kind, field, fix) = match error {
        GroupError::Hold(error) => return crate::problem::hold(error),
        GroupError::NoGroups { .. } => (
            "no-groups",
            "product_id",
            "choose a product that takes groups, or ask the venue".to_owned(),
        ),
        GroupError::NoSchools { .. } => (
            "no-schools",
            "kind",
            "ask the venue, whose director sets a quota for schools".to_owned(),
        ),
        GroupError::People { min, max, .. } => (
            "group-size",
            "people",
            format!("ask for {min} to {max}; fewer hold places by themselves"),
        ),
        GroupError::Leaders { most, .. } => (
            "leaders",
            "leaders",
            format!("write 1 to {most}, and count the others among the people"),
        ),
        GroupError::NeverFits { most, .. } => {
            ("never-fits", "people", format!("ask for at most {most} in all, or for several slots"))
        }
        GroupError::BadOrganisation { .. } => (
            "invalid-organisation",
            "organisation",
            "write what the school or group is called".to_owned(),
        ),
        GroupError::LongNote { .. } => ("long-note", "note", "write a shorter note".to_owned()),
    };
    Problem::new(RULE, kind).detail(error).field(field, error, fix)
}

/// Why a decision is not taken.
pub(crate) fn decision(error: &DecisionError) -> Problem {
    let conflict = StatusCode::CONFLICT;
    match error {
        DecisionError::Group(error) => group(error),
        DecisionError::Decided { .. } => Problem::new(conflict, "already-decided")
            .detail(error)
            .field("uuid", error, "read the request to see where it stands"),
        DecisionError::OverQuota { requested, left, .. } => Problem::new(conflict, "school-quota")
            .detail(error)
            .field(
                "uuid",
                error,
                format!("take at most {left} that day or slot, or raise the quota of the product"),
            )
            .fact("requested", requested)
            .fact("left", left),
        DecisionError::HoldUntil { start, .. } => {
            Problem::new(RULE, "hold-until").detail(error).field(
                "hold_until",
                error,
                format!("write an instant from now to {start}, or leave it out"),
            )
        }
        DecisionError::BadReason { .. } => Problem::new(RULE, "invalid-reason")
            .detail(error)
            .field("reason", error, "write why, for who asked to read"),
        DecisionError::PlacesHeld => Problem::new(conflict, "places-held").detail(error).field(
            "uuid",
            error,
            "give them back with `POST /v1/bookings/{uuid}/cancel` first",
        ),
    }
}

/// The slot has not so many places by now.
pub(crate) fn no_room(booking: &Booking, vacancies: u32, more_at: Option<Timestamp>) -> Problem {
    let requested = booking.places();
    let problem = Problem::new(StatusCode::CONFLICT, "sold-out")
        .detail(format_args!(
            "slot `{}` has {vacancies} places left for this channel, {requested} were asked for",
            booking.slot.id
        ))
        .field(
            "uuid",
            format_args!("{requested} places are not there any more"),
            "refuse the request and offer another slot, or raise the places of the product",
        )
        .fact("requested", requested)
        .fact("vacancies", vacancies);
    match more_at {
        Some(at) => problem.fact("released_at", at),
        None => problem,
    }
}

/// Nobody asked under this uuid.
pub(crate) fn unknown(uuid: CallerUuid) -> Problem {
    Problem::not_found(
        "unknown-group",
        "uuid",
        &uuid.to_string(),
        "check the link; a request is kept for 30 days after its slot",
    )
}

/// No list was sent in.
pub(crate) fn no_list(uuid: CallerUuid) -> Problem {
    let fix = "wait until who asked has sent it in";
    Problem::not_found("no-list", "uuid", &uuid.to_string(), fix)
}

/// Nobody comes whose names are wanted.
pub(crate) fn not_coming(state: &GroupState) -> Problem {
    let detail = format!("the request is {}, no names are wanted", state.name());
    Problem::new(StatusCode::CONFLICT, "already-decided").detail(&detail).field(
        "uuid",
        detail,
        "send a new request",
    )
}

/// The body is no CSV.
pub(crate) fn not_csv() -> Problem {
    Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "wrong-content-type")
        .detail("the list is a CSV file")
        .field("Content-Type", "is not CSV", "send `Content-Type: text/csv`")
}

/// The file is larger than any list.
pub(crate) fn list_too_large(most: usize) -> Problem {
    Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "body-too-large")
        .detail(format_args!("the body is larger than {most} bytes, or was cut"))
        .field("body", "is too large", format!("send at most {most} bytes"))
}

/// The file is no text.
pub(crate) fn not_text() -> Problem {
    Problem::new(StatusCode::BAD_REQUEST, "malformed-list").detail("the list is not UTF-8").field(
        "body",
        "is not UTF-8",
        "save the file as CSV UTF-8",
    )
}

/// Why a file is no list of the group.
pub(crate) fn list(error: &ListError) -> Problem {
    let problem = Problem::new(RULE, "invalid-list").detail(error);
    match error {
        ListError::Header => problem.field("row 1", error, HEADER),
        ListError::Empty => problem.field("row 2", error, "write a row for each who comes"),
        ListError::TooMany { .. } => {
            problem.field("role", error, "leave some out, or send a new request for more")
        }
        ListError::Rows(faults) => faults.iter().fold(problem, |problem, fault| {
            let field = format!("row {}, {}", fault.row, fault.column);
            problem.field(
                field,
                fault.message,
                "write last name, first name, and `person` or `leader`",
            )
        }),
    }
}
