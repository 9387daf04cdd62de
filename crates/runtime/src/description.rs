//! What the description of the API says of every function alike: refusals are problem documents, and
//! what the readers of addresses and bodies refuse. A function describes what it refuses by itself.

use axum::http::StatusCode;
use utoipa::openapi::path::Operation;
use utoipa::openapi::{ContentBuilder, OpenApi, Ref, RefOr, Response, ResponseBuilder};

/// The media type of a problem document (RFC 9457).
const PROBLEM: &str = "application/problem+json";

/// Completes the description that the functions gave together.
pub fn complete(api: &mut OpenApi) {
    for item in api.paths.paths.values_mut() {
        let methods = [&mut item.get, &mut item.put, &mut item.post, &mut item.delete];
        for operation in methods.into_iter().flatten() {
            complete_operation(operation);
        }
    }
}

fn complete_operation(operation: &mut Operation) {
    let has_body = operation.request_body.is_some();
    let mut refused = Vec::new();
    if has_body || operation.parameters.as_ref().is_some_and(|all| !all.is_empty()) {
        refused.push(StatusCode::BAD_REQUEST);
    }
    if has_body {
        refused.extend([
            StatusCode::PAYLOAD_TOO_LARGE,
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            StatusCode::UNPROCESSABLE_ENTITY,
        ]);
    }
    let responses = &mut operation.responses.responses;
    for status in refused {
        let problem = || RefOr::T(problem(status));
        responses.entry(status.as_u16().to_string()).or_insert_with(problem);
    }
    for (status, response) in responses {
        let RefOr::T(response) = response else { continue };
        if status.as_str() >= "400"
            && let Some(content) = response.content.shift_remove("application/json")
        {
            response.content.insert(PROBLEM.to_owned(), content);
        }
    }
}

fn problem(status: StatusCode) -> Response {
    let schema = ContentBuilder::new().schema(Some(Ref::from_schema_name("Problem"))).build();
    let meaning = status.canonical_reason().unwrap_or("Refused");
    ResponseBuilder::new().description(meaning).content(PROBLEM, schema).build()
}
