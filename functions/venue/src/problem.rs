//! Refusals of this function as problem documents.

use atrio_domain::id::ProductId;
use atrio_domain::offer::OfferError;
use atrio_runtime::Problem;
use axum::http::StatusCode;

/// The offer cannot be booked by.
pub(crate) fn offer(error: &OfferError) -> Problem {
    Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid-offer").detail(error).field(
        error.field(),
        error,
        error.fix(),
    )
}

/// The product in the body is another than that of the address.
pub(crate) fn other_product(address: &ProductId, body: &ProductId) -> Problem {
    Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid-offer")
        .detail(format_args!("the address names product `{address}`, the body `{body}`"))
        .field("id", "is another product's", format!("write `{address}`, or change the address"))
}

/// All that the venue offers does not fit its record.
pub(crate) fn too_large(bytes: usize, most: usize) -> Problem {
    Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "venue-too-large")
        .detail(format_args!("hours and products of the venue are {bytes} bytes of JSON"))
        .field("body", "does not fit", format!("keep all of them together under {most} bytes"))
}

/// There is no such product.
pub(crate) fn unknown_product(id: &ProductId) -> Problem {
    Problem::not_found(
        "unknown-product",
        "product_id",
        id.as_str(),
        "take an id from `GET /v1/venues/{venue_id}`",
    )
}

/// The request does not say which version it changes.
pub(crate) fn version_missing(version: u64) -> Problem {
    Problem::new(StatusCode::PRECONDITION_REQUIRED, "version-missing")
        .detail("a change must say which version it was made from")
        .field(
            "If-Match",
            "is missing",
            format!("read first, then send the entity tag, now `\"{version}\"`"),
        )
}

/// The version in the request is none.
pub(crate) fn version_malformed(given: &str) -> Problem {
    let shown: String = given.chars().take(80).collect();
    Problem::new(StatusCode::BAD_REQUEST, "malformed-version")
        .detail(format_args!("`{shown}` is no entity tag of a venue"))
        .field(
            "If-Match",
            "is malformed",
            "send one entity tag as it was answered, such as `\"3\"`",
        )
}

/// Someone else changed the venue since it was read.
pub(crate) fn changed_meanwhile(seen: u64, now: u64) -> Problem {
    Problem::new(StatusCode::PRECONDITION_FAILED, "changed-meanwhile")
        .detail(format_args!("the venue is at version {now}, the change was made from {seen}"))
        .field("If-Match", "is not the present version", "read again and repeat the change")
        .fact("version", now)
}

/// The page of records cannot be that long.
pub(crate) fn limit(given: i32, most: i32) -> Problem {
    Problem::new(StatusCode::BAD_REQUEST, "invalid-query")
        .detail(format_args!("`limit` is {given}, 1 to {most} are answered"))
        .field("limit", "is out of range", format!("ask for at most {most}"))
}
