//! Refusals as problem documents, in words for the person who has the file.

use atrio_domain::feed::MappingError;
use atrio_domain::id::{MappingId, VenueId};
use atrio_runtime::Problem;
use axum::http::StatusCode;

use crate::load::LoadError;
use crate::refusal::FileRefusal;

const RULE: StatusCode = StatusCode::UNPROCESSABLE_ENTITY;

/// Why a file is not read.
pub(crate) fn file(refusal: &FileRefusal) -> Problem {
    let status = match refusal {
        FileRefusal::TooLarge { .. } => StatusCode::PAYLOAD_TOO_LARGE,
        FileRefusal::BrokeOff => StatusCode::BAD_REQUEST,
        FileRefusal::Disk(_) => return Problem::internal(refusal),
        FileRefusal::Empty
        | FileRefusal::OtherKind { .. }
        | FileRefusal::WideLetters
        | FileRefusal::NoHeader { .. }
        | FileRefusal::OtherSeparator { .. }
        | FileRefusal::MissingColumns { .. }
        | FileRefusal::TwiceTheColumn { .. }
        | FileRefusal::NoWorkbook
        | FileRefusal::UnpacksTooLarge { .. }
        | FileRefusal::NoSheet { .. } => RULE,
    };
    let field = match refusal {
        FileRefusal::OtherSeparator { .. } => "format.separator",
        FileRefusal::NoHeader { .. } => "format.header_row",
        FileRefusal::NoSheet { .. } => "format.sheet",
        FileRefusal::OtherKind { .. } => "format.kind",
        _ => "body",
    };
    Problem::new(status, refusal.kind()).detail(refusal).field(field, refusal, refusal.fix())
}

/// Why a file is not loaded to its end.
pub(crate) fn load(error: &LoadError) -> Problem {
    match error {
        LoadError::File(refusal) => file(refusal),
        LoadError::Contended { .. } => Problem::busy(),
        LoadError::Mapping(_)
        | LoadError::Table(_)
        | LoadError::Read(_)
        | LoadError::Write(_)
        | LoadError::Schema(_)
        | LoadError::Number(_)
        | LoadError::Reading(_) => Problem::internal(error),
    }
}

/// A mapping that would misread files.
pub(crate) fn mapping(error: &MappingError) -> Problem {
    Problem::new(RULE, "invalid-mapping").detail(error).field(&error.field, error, error.fix)
}

/// A mapping that calls itself something else than its address.
pub(crate) fn other_id(found: &MappingId, wanted: &MappingId) -> Problem {
    let message = format!("the mapping is called `{found}`, its address `{wanted}`");
    Problem::new(RULE, "invalid-mapping").detail(&message).field(
        "id",
        &message,
        "write the same in both",
    )
}

/// There is no such mapping.
pub(crate) fn unknown_mapping(id: &MappingId) -> Problem {
    let fix = "take one of `GET /v1/venues/{venue_id}/feeds`, or `PUT` one of your own";
    Problem::not_found("unknown-mapping", "mapping_id", id.as_str(), fix)
}

/// There is no such file.
pub(crate) fn unknown_file(id: &str) -> Problem {
    let fix = "take one of `GET /v1/venues/{venue_id}/feeds`";
    Problem::not_found("unknown-file", "file_id", id, fix)
}

/// There is no such venue.
pub(crate) fn unknown_venue(venue: &VenueId) -> Problem {
    Problem::not_found(
        "unknown-venue",
        "venue_id",
        venue.as_str(),
        "take an id from `GET /v1/venues`",
    )
}

/// Days in the wrong order, or too many.
pub(crate) fn days(most: i32) -> Problem {
    let message = format!("the days are in the wrong order, or more than {most}");
    Problem::new(RULE, "invalid-days").detail(&message).field(
        "last_day",
        &message,
        "ask for less at a time",
    )
}

/// The table did not do what it was asked.
#[expect(clippy::needless_pass_by_value, reason = "for `map_err`")]
pub(crate) fn internal(error: atrio_dynamo::Error) -> Problem {
    match error {
        atrio_dynamo::Error::Stale { .. } => Problem::busy(),
        atrio_dynamo::Error::Malformed { .. } | atrio_dynamo::Error::Service { .. } => {
            Problem::internal(&error)
        }
    }
}
