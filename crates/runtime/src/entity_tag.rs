//! Changes of what is read first: an entity tag names what stood there, and who changes it must have seen that.

use axum::http::{HeaderMap, HeaderName, StatusCode, header};
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::problem::Problem;

/// An answer with the entity tag of the part it is about.
pub type Tagged<T> = ([(HeaderName, String); 1], axum::Json<T>);

/// The answer with that tag.
pub fn tagged<T>((tag, body): (String, T)) -> Tagged<T> {
    ([(header::ETAG, tag)], axum::Json(body))
}

/// Names the content of a part, so that changes of different parts do not meet.
#[must_use]
pub fn entity_tag(part: &Value) -> String {
    let hash = Sha256::digest(part.to_string());
    format!("\"{}\"", hash[..8].iter().map(|byte| format!("{byte:02x}")).collect::<String>())
}

/// Whoever changes a part must have seen what stands there.
///
/// # Errors
/// A request that does not say what it was made from, or says something else.
pub fn must_know(headers: &HeaderMap, before: Option<&Value>) -> Result<(), Problem> {
    let header = |name| headers.get(name).and_then(|value| value.to_str().ok());
    match (before, header(header::IF_MATCH), header(header::IF_NONE_MATCH)) {
        (None, _, Some("*")) => Ok(()),
        (None, ..) => Err(says_not_new()),
        (Some(_), None, None) => Err(tag_missing()),
        (Some(before), Some(seen), _) if seen.trim() == entity_tag(before) => Ok(()),
        (Some(before), ..) => Err(changed_meanwhile(&entity_tag(before))),
    }
}

/// The request does not say what it was made from.
fn tag_missing() -> Problem {
    Problem::new(StatusCode::PRECONDITION_REQUIRED, "entity-tag-missing")
        .detail("a change must say what it was made from")
        .field("If-Match", "is missing", "read first, and send the entity tag that came with it")
}

/// The part is new, and the request does not say that it knows.
fn says_not_new() -> Problem {
    Problem::new(StatusCode::PRECONDITION_FAILED, "not-there-yet")
        .detail("there is nothing to change yet")
        .field("If-None-Match", "is not `*`", "send `If-None-Match: *` to make a new one")
}

/// Someone else changed the part since it was read.
fn changed_meanwhile(entity_tag: &str) -> Problem {
    Problem::new(StatusCode::PRECONDITION_FAILED, "changed-meanwhile")
        .detail("what stands there is not what the change was made from")
        .field("If-Match", "names something older", "read again and repeat the change")
        .fact("entity_tag", entity_tag)
}
